//! What operators may rule, and when enough of them agree.

use super::{Ruling, Settlement, State};
use proto::{
    Malformed, Refusal,
    common::RefusalCode,
    from_timestamp,
    room::{Kind, Terms, VoidReason},
    settlement::RuleRoom,
};
use time::OffsetDateTime;

/// What a ruling comes to once operators agree on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It is the room's first verdict.
    Decide,
    /// It stands instead of the verdict before.
    Replace,
    /// It stands already: whoever waits need not wait longer.
    Confirm,
}

/// Reads a ruling. An unknown void reason is refused: read as "not void" it would pay out a room that was to be voided.
///
/// # Errors
/// `SETTLEMENT_RULING`: a void that is not for operators to give.
pub fn ruling(command: &RuleRoom) -> Result<Ruling, Refusal> {
    match VoidReason::try_from(command.void_reason) {
        Ok(VoidReason::Unspecified) => Ok(Ruling::Outcome(command.outcome)),
        Ok(reason @ (VoidReason::OperatorVoid | VoidReason::ManipulationSuspected)) => {
            Ok(Ruling::Void(reason))
        }
        Ok(_) | Err(_) => Err(Refusal::new(RefusalCode::SettlementRuling)),
    }
}

/// What a ruling comes to, were there enough operators who say it now.
///
/// The outcome of a room that the oracle judges is not theirs to choose: they may let it stand or void the room.
///
/// # Errors
/// `SETTLEMENT_PAID`: the book is made. `SETTLEMENT_RULING`: an outcome that the room does not have, or that is not
/// theirs to give, or not yet.
pub fn effect(
    ruling: Ruling,
    terms: &Terms,
    standing: Option<&Settlement>,
    now: OffsetDateTime,
) -> Result<Effect, Refusal> {
    if standing.is_some_and(|settlement| settlement.state > State::Frozen) {
        return Err(Refusal::new(RefusalCode::SettlementPaid));
    }
    let effect = match standing {
        None => Effect::Decide,
        Some(settlement) if settlement.verdict.ruling == ruling => Effect::Confirm,
        Some(_) => Effect::Replace,
    };
    let theirs = match ruling {
        Ruling::Void(_) => true,
        Ruling::Outcome(_) if effect == Effect::Confirm => true,
        Ruling::Outcome(outcome) => {
            let known = usize::try_from(outcome).is_ok_and(|outcome| outcome < terms.outcomes.len());
            known && terms.kind() == Kind::Custom && is_over(terms, now)
        }
    };
    if theirs { Ok(effect) } else { Err(Refusal::new(RefusalCode::SettlementRuling)) }
}

fn is_over(terms: &Terms, now: OffsetDateTime) -> bool {
    let deadline: Result<_, Malformed> = from_timestamp(terms.deadline.as_ref());
    deadline.is_ok_and(|deadline| now >= deadline)
}

/// One person's word, the newest of theirs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said<K, T> {
    /// Who.
    pub by: K,
    /// What.
    pub what: T,
}

/// Who says the same, each once, of those whose word counts.
pub fn agreeing<K: Copy + PartialEq, T: PartialEq>(
    said: &[Said<K, T>],
    what: &T,
    counts: impl Fn(&K) -> bool,
) -> Vec<K> {
    let mut agree: Vec<K> = Vec::new();
    for one in said.iter().filter(|one| one.what == *what && counts(&one.by)) {
        if !agree.contains(&one.by) {
            agree.push(one.by);
        }
    }
    agree
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Verdict;
    use proto::{RoomId, timestamp};
    use time::{Duration, macros::datetime};
    use uuid::Uuid;

    const DEADLINE: OffsetDateTime = datetime!(2026-01-01 12:00 UTC);
    const VOID: Ruling = Ruling::Void(VoidReason::OperatorVoid);

    fn terms(kind: Kind) -> Terms {
        Terms {
            kind: kind.into(),
            outcomes: vec!["YES".to_owned(), "NO".to_owned()],
            deadline: Some(timestamp(DEADLINE)),
            ..Terms::default()
        }
    }

    fn standing(ruling: Ruling, state: State) -> Settlement {
        Settlement {
            room: RoomId::new(Uuid::from_u128(1)),
            verdict: Verdict::of(ruling),
            state,
            version: 1,
            decided_at: DEADLINE,
            ruled_at: None,
            waits_until: None,
        }
    }

    fn code(result: Result<Effect, Refusal>) -> Result<Effect, RefusalCode> {
        result.map_err(|refusal| refusal.code)
    }

    #[test]
    fn an_outcome_is_theirs_in_custom_rooms_after_the_deadline() {
        let custom = terms(Kind::Custom);
        let early = DEADLINE - Duration::SECOND;
        let rule = |outcome, now| code(effect(Ruling::Outcome(outcome), &custom, None, now));
        assert_eq!(rule(1, DEADLINE), Ok(Effect::Decide));
        assert_eq!(rule(1, early), Err(RefusalCode::SettlementRuling));
        assert_eq!(rule(2, DEADLINE), Err(RefusalCode::SettlementRuling));
        for kind in [Kind::Touch, Kind::Close, Kind::UpDown, Kind::Buckets, Kind::HeadToHead] {
            let refused = code(effect(Ruling::Outcome(1), &terms(kind), None, DEADLINE));
            assert_eq!(refused, Err(RefusalCode::SettlementRuling), "{kind:?}");
        }
    }

    #[test]
    fn a_void_is_theirs_until_the_book_is_made() {
        let touch = terms(Kind::Touch);
        let early = DEADLINE - Duration::hours(1);
        assert_eq!(code(effect(VOID, &touch, None, early)), Ok(Effect::Decide));
        for (state, expected) in [
            (State::Decided, Ok(Effect::Replace)),
            (State::Frozen, Ok(Effect::Replace)),
            (State::Computed, Err(RefusalCode::SettlementPaid)),
            (State::Posting, Err(RefusalCode::SettlementPaid)),
            (State::Posted, Err(RefusalCode::SettlementPaid)),
            (State::Anchored, Err(RefusalCode::SettlementPaid)),
        ] {
            let settlement = standing(Ruling::Outcome(0), state);
            assert_eq!(code(effect(VOID, &touch, Some(&settlement), early)), expected, "{state:?}");
        }
    }

    #[test]
    fn the_oracles_outcome_is_let_stand_and_never_turned() {
        let touch = terms(Kind::Touch);
        let settlement = standing(Ruling::Outcome(0), State::Frozen);
        let rule = |outcome| code(effect(Ruling::Outcome(outcome), &touch, Some(&settlement), DEADLINE));
        assert_eq!(rule(0), Ok(Effect::Confirm));
        assert_eq!(rule(1), Err(RefusalCode::SettlementRuling));
        let custom = terms(Kind::Custom);
        let turned = effect(Ruling::Outcome(1), &custom, Some(&settlement), DEADLINE);
        assert_eq!(code(turned), Ok(Effect::Replace));
    }

    #[test]
    fn only_two_voids_are_for_operators() {
        let read = |void_reason| ruling(&RuleRoom { void_reason, outcome: 1, ..RuleRoom::default() });
        assert_eq!(read(0), Ok(Ruling::Outcome(1)));
        let theirs = [VoidReason::OperatorVoid, VoidReason::ManipulationSuspected];
        for reason in 1..=9 {
            let known = VoidReason::try_from(reason).ok().filter(|reason| theirs.contains(reason));
            assert_eq!(read(reason).ok(), known.map(Ruling::Void), "{reason}");
        }
    }

    #[test]
    fn a_word_counts_once_and_only_of_those_who_count() {
        let said = [("ann", 1), ("bob", 2), ("cid", 1), ("ann", 1)].map(|(by, what)| Said { by, what });
        assert_eq!(agreeing(&said, &1, |_| true), ["ann", "cid"]);
        assert_eq!(agreeing(&said, &1, |by| *by != "cid"), ["ann"]);
        assert!(agreeing(&said, &3, |_| true).is_empty());
    }

    #[test]
    fn a_suspicious_outcome_waits_until_somebody_agreed() {
        let mut settlement = standing(Ruling::Outcome(0), State::Frozen);
        assert_eq!(settlement.wait(3_600), None);
        settlement.verdict.suspicions = vec![proto::settlement::Suspicion::Confidence];
        assert_eq!(settlement.wait(3_600), Some(DEADLINE + Duration::hours(1)));
        assert_eq!(settlement.wait(0), None);
        settlement.ruled_at = Some(DEADLINE);
        assert_eq!(settlement.wait(3_600), None);
        settlement.waits_until = Some(DEADLINE);
        assert!(settlement.waits(DEADLINE - Duration::SECOND) && !settlement.waits(DEADLINE));
    }
}
