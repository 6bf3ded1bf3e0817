//! Disputes: when a player may open one, and what it takes to judge those of a room.

use super::{Said, agreeing};
use proto::{
    Lamports, Refusal,
    common::RefusalCode,
    settlement::{DisputeState, Judgement},
};
use time::{Duration, OffsetDateTime};

/// Longest text of a dispute, in characters.
const TEXT_MAX: usize = 500;

/// Different people who must say the same.
const NEEDED: usize = 2;

/// What the player wrote, trimmed.
///
/// # Errors
/// `MALFORMED`: empty, or longer than 500 characters.
pub fn text(written: &str) -> Result<&str, Refusal> {
    let written = written.trim();
    if written.is_empty() || written.chars().count() > TEXT_MAX {
        return Err(Refusal::new(RefusalCode::Malformed).with("field", "text"));
    }
    Ok(written)
}

/// Whether the time for disputes is over.
///
/// # Errors
/// `DISPUTE_LATE`.
pub fn in_time(settled_at: OffsetDateTime, seconds: u32, now: OffsetDateTime) -> Result<(), Refusal> {
    let until = settled_at.saturating_add(Duration::seconds(seconds.into()));
    if now < until {
        return Ok(());
    }
    Err(Refusal::new(RefusalCode::DisputeLate).with("until", until.unix_timestamp()))
}

/// How much agreement a judgement has, and whether that is enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// Different people who say it.
    pub judgements: usize,
    /// How many are needed.
    pub needed: usize,
    /// One of them has to be an admin and none is.
    pub admin_needed: bool,
}

impl Agreement {
    /// Whether it takes effect.
    #[must_use]
    pub const fn is_enough(&self) -> bool {
        self.judgements >= self.needed && !self.admin_needed
    }
}

/// Two people have to say the same. A refund above `alone` needs an admin besides them, so three, one of them an admin.
pub fn agreement<K: Copy + PartialEq>(
    said: &[Said<K, Judgement>],
    judgement: Judgement,
    refund: Lamports,
    alone: Lamports,
    counts: impl Fn(&K) -> bool,
    is_admin: impl Fn(&K) -> bool,
) -> Agreement {
    let agree = agreeing(said, &judgement, counts);
    let large = judgement == Judgement::Refund && refund > alone;
    Agreement {
        judgements: agree.len(),
        needed: if large { NEEDED + 1 } else { NEEDED },
        admin_needed: large && !agree.iter().any(is_admin),
    }
}

/// The states from which disputes come to a state, all of a room together.
#[must_use]
pub const fn before(to: DisputeState) -> &'static [DisputeState] {
    match to {
        DisputeState::Upheld | DisputeState::Refunding => &[DisputeState::Open],
        DisputeState::AwaitingFunds => &[DisputeState::Refunding],
        DisputeState::Refunded => &[DisputeState::Refunding, DisputeState::AwaitingFunds],
        DisputeState::Open | DisputeState::Unspecified => &[],
    }
}

/// The word in the database.
#[must_use]
pub fn state_word(state: DisputeState) -> &'static str {
    let name = state.as_str_name();
    name.strip_prefix("DISPUTE_STATE_").unwrap_or(name)
}

/// Reads [`state_word`].
#[must_use]
pub fn state_from_word(word: &str) -> Option<DisputeState> {
    DisputeState::from_str_name(&format!("DISPUTE_STATE_{word}"))
        .filter(|state| *state != DisputeState::Unspecified)
}

/// The word in the database and in the audit log.
#[must_use]
pub fn judgement_word(judgement: Judgement) -> &'static str {
    let name = judgement.as_str_name();
    name.strip_prefix("JUDGEMENT_").unwrap_or(name)
}

/// Reads [`judgement_word`].
#[must_use]
pub fn judgement_from_word(word: &str) -> Option<Judgement> {
    Judgement::from_str_name(&format!("JUDGEMENT_{word}"))
        .filter(|judgement| *judgement != Judgement::Unspecified)
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn a_dispute_has_words_and_an_end() {
        assert_eq!(text("  the price was 164 "), Ok("the price was 164"));
        assert!(text(" \n").is_err());
        assert!(text(&"ж".repeat(TEXT_MAX)).is_ok());
        assert!(text(&"ж".repeat(TEXT_MAX + 1)).is_err());
    }

    #[test]
    fn a_dispute_comes_in_time_or_hears_when_that_was() {
        let settled = datetime!(2026-01-01 12:00 UTC);
        let open = |seconds| in_time(settled, 86_400, settled + Duration::seconds(seconds));
        assert!(open(0).is_ok() && open(86_399).is_ok());
        let late = open(86_400).unwrap_err();
        assert_eq!(late.code, RefusalCode::DisputeLate);
        assert_eq!(late.params, [("until".to_owned(), (settled.unix_timestamp() + 86_400).to_string())]);
    }

    /// `o` and `p` are operators, `a` and `b` are admins, `x` is nobody any more.
    fn judge(who: &str, judgement: Judgement, refund: i64) -> Agreement {
        let said: Vec<_> = who.chars().map(|by| Said { by, what: judgement }).collect();
        let limit = Lamports::new(50);
        agreement(&said, judgement, Lamports::new(refund), limit, |by| *by != 'x', |by| "ab".contains(*by))
    }

    #[test]
    fn two_have_to_say_the_same() {
        for judgement in [Judgement::Uphold, Judgement::Refund] {
            for (who, enough) in
                [("", false), ("o", false), ("oo", false), ("ox", false), ("op", true), ("oa", true)]
            {
                assert_eq!(judge(who, judgement, 50).is_enough(), enough, "{who} {judgement:?}");
            }
        }
        let said = [('o', Judgement::Uphold), ('p', Judgement::Refund)].map(|(by, what)| Said { by, what });
        let split = agreement(&said, Judgement::Refund, Lamports::ZERO, Lamports::ZERO, |_| true, |_| false);
        assert_eq!((split.judgements, split.is_enough()), (1, false));
    }

    #[test]
    fn a_large_refund_needs_an_admin_besides() {
        for (who, enough) in [("op", false), ("oa", false), ("opq", false), ("opa", true), ("oab", true)] {
            assert_eq!(judge(who, Judgement::Refund, 51).is_enough(), enough, "{who}");
        }
        let waits = judge("op", Judgement::Refund, 51);
        assert_eq!(waits, Agreement { judgements: 2, needed: 3, admin_needed: true });
        // It moves no money.
        assert!(judge("op", Judgement::Uphold, 51).is_enough());
    }

    #[test]
    fn words_read_back() {
        for number in 1..=5 {
            let state = DisputeState::try_from(number).unwrap();
            assert_eq!(state_from_word(state_word(state)), Some(state));
        }
        for judgement in [Judgement::Uphold, Judgement::Refund] {
            assert_eq!(judgement_from_word(judgement_word(judgement)), Some(judgement));
        }
        assert_eq!(state_from_word("UNSPECIFIED"), None);
        assert_eq!(judgement_from_word("UNSPECIFIED"), None);
    }
}
