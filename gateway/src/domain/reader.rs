//! What a room is to whoever looks at it, and what they may still do.

use super::RoomView;
use proto::{
    AccountId, BetId, Lamports, Malformed, from_timestamp,
    room::{Bet, BetState, RoomState},
};
use time::{Duration, OffsetDateTime};

/// What a room is to its reader.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reader {
    /// Their bet that counts, or counted.
    pub bet: Option<Player>,
    /// They opened the room.
    pub host: bool,
}

/// The reader's own bet in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Player {
    /// Identity.
    pub bet: BetId,
    /// Index of the outcome.
    pub outcome: usize,
    /// How much.
    pub stake: Lamports,
    /// Credited by the settlement.
    pub payout: Lamports,
    /// How it stands.
    pub state: BetState,
    /// They are the room's host.
    pub by_host: bool,
    /// It is in the pools that are shown from then on.
    pub counted_from: Option<OffsetDateTime>,
    /// It may be taken back until then.
    pub cancel_until: Option<OffsetDateTime>,
}

/// When a bet may be taken back, as room-svc has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CancelRule {
    /// So long after its acceptance.
    pub within: Duration,
    /// But not in so long before the lock.
    pub before_lock: Duration,
}

impl Reader {
    /// Reads the bets of one account in a room, newest first.
    ///
    /// # Errors
    /// A field that does not hold what the contract says.
    pub fn of(
        room: &RoomView,
        account: AccountId,
        bets: &[Bet],
        rule: CancelRule,
    ) -> Result<Self, Malformed> {
        let counts = |bet: &&Bet| !matches!(bet.state(), BetState::Refused | BetState::Cancelled);
        // Once per room.
        let used = bets.iter().any(|bet| bet.state() == BetState::Cancelled);
        let bet = bets.iter().find(counts).map(|bet| Player::of(room, bet, rule)).transpose()?;
        let bet = bet.map(|bet| Player { cancel_until: bet.cancel_until.filter(|_| !used), ..bet });
        Ok(Self { bet, host: room.host == Some(account) })
    }
}

impl Player {
    /// Reads a bet.
    ///
    /// # Errors
    /// A field that does not hold what the contract says.
    pub fn of(room: &RoomView, bet: &Bet, rule: CancelRule) -> Result<Self, Malformed> {
        let accepted = bet.accepted_at.as_ref().map(|at| from_timestamp(Some(at))).transpose()?;
        let counted_from = accepted.map(|at| at + rule.within);
        let cancel_until = counted_from
            .filter(|_| bet.state() == BetState::Accepted)
            .map(|until| until.min(room.lock_at - rule.before_lock));
        Ok(Self {
            bet: BetId::try_from_bytes(&bet.bet_id)?,
            outcome: usize::try_from(bet.outcome).unwrap_or(usize::MAX),
            stake: Lamports::new(bet.stake_lamports),
            payout: Lamports::new(bet.payout_lamports),
            state: bet.state(),
            by_host: bet.by_host,
            counted_from,
            cancel_until,
        })
    }

    /// Whether the pools that are shown hold it.
    #[must_use]
    pub fn is_counted(&self, now: OffsetDateTime) -> bool {
        self.counted_from.is_some_and(|from| now >= from)
    }

    /// Whether it may be taken back now, as far as the gateway can tell.
    #[must_use]
    pub fn may_cancel(&self, now: OffsetDateTime) -> bool {
        self.cancel_until.is_some_and(|until| now < until)
    }
}

impl RoomView {
    /// Whether its host may take it back, as far as the gateway can tell: nobody else has bet.
    #[must_use]
    pub const fn may_cancel(&self, reader: &Reader) -> bool {
        let others = match reader.bet {
            Some(_) => self.players.0 > 1,
            None => self.players.0 > 0,
        };
        reader.host && !others && matches!(self.state, RoomState::Queuing | RoomState::Open)
    }

    /// Until when this reader may say that the result is wrong: whoever lost, and not for long.
    #[must_use]
    pub fn disputable_until(&self, reader: &Reader) -> Option<OffsetDateTime> {
        let lost = reader.bet.is_some_and(|bet| bet.state == BetState::Lost);
        let until = self.settled_at.filter(|_| lost && self.dispute > Duration::ZERO)? + self.dispute;
        (self.state == RoomState::Settled && !self.corrected).then_some(until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::room::tests::even;

    fn bet(state: BetState, accepted_second: i64) -> Bet {
        Bet {
            bet_id: vec![3; 16],
            stake_lamports: 50_000_000,
            state: state.into(),
            accepted_at: Some(prost_types::Timestamp { seconds: accepted_second, nanos: 0 }),
            ..Default::default()
        }
    }

    fn at(second: i64) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(second).unwrap()
    }

    const RULE: CancelRule = CancelRule { within: Duration::seconds(5), before_lock: Duration::MINUTE };

    #[test]
    fn a_bet_may_be_taken_back_for_a_moment_and_once_per_room() {
        use BetState::{Accepted, Cancelled, Pending, Refused};
        let (room, me) = (even(), AccountId::new(uuid::Uuid::from_u128(9)));
        let until =
            |bets: &[Bet]| Reader::of(&room, me, bets, RULE).unwrap().bet.and_then(|bet| bet.cancel_until);
        assert_eq!(until(&[bet(Accepted, 900)]), Some(at(905)));
        assert_eq!(until(&[bet(Accepted, 938)]), Some(at(940)), "not in the last minute before the lock");
        assert_eq!(until(&[bet(Accepted, 970)]), Some(at(940)));
        assert_eq!(until(&[bet(Pending, 900)]), None);
        assert_eq!(until(&[bet(Accepted, 900), bet(Cancelled, 800)]), None, "the second one stands");
        assert_eq!(until(&[bet(Refused, 900), bet(Accepted, 800)]), Some(at(805)));
        assert_eq!(
            Reader::of(&room, me, &[bet(Cancelled, 900)], RULE).unwrap().bet,
            None,
            "one may bet again"
        );
    }

    #[test]
    fn a_host_may_take_an_empty_room_back() {
        let me = AccountId::new(uuid::Uuid::from_u128(9));
        let mine = RoomView { host: Some(me), state: RoomState::Open, ..even() };
        let alone = Reader::of(&mine, me, &[], RULE).unwrap();
        let playing = Reader::of(&mine, me, &[bet(BetState::Accepted, 1)], RULE).unwrap();
        let with = |players| RoomView { players: (players, 10), ..mine.clone() };
        assert!(with(0).may_cancel(&alone) && with(1).may_cancel(&playing));
        assert!(!with(1).may_cancel(&alone) && !with(2).may_cancel(&playing), "somebody else has bet");
        assert!(!with(0).may_cancel(&Reader::default()), "not the host");
        assert!(!RoomView { state: RoomState::Locked, ..with(0) }.may_cancel(&alone));
    }

    #[test]
    fn who_lost_may_dispute_for_a_while() {
        let settled = RoomView {
            state: RoomState::Settled,
            settled_at: Some(at(5_000)),
            dispute: Duration::hours(24),
            ..even()
        };
        let me = AccountId::new(uuid::Uuid::from_u128(9));
        let reader = |state| Reader::of(&settled, me, &[bet(state, 1)], RULE).unwrap();
        let (lost, won) = (reader(BetState::Lost), reader(BetState::Won));
        assert_eq!(settled.disputable_until(&lost), Some(at(5_000 + 86_400)));
        assert_eq!(settled.disputable_until(&won), None);
        assert_eq!(settled.disputable_until(&Reader::default()), None);
        let corrected = RoomView { corrected: true, ..settled };
        assert_eq!(corrected.disputable_until(&lost), None);
    }
}
