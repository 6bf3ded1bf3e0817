//! A room as its readers see it, taken from the contract once and for all.

use super::Question;
use proto::{
    AccountId, BasisPoints, Lamports, Malformed, RoomId, from_timestamp,
    room::{self, RoomState, VoidReason},
};
use rust_decimal::Decimal;
use time::{Duration, OffsetDateTime};

/// A room with every field read and checked.
#[derive(Clone, Debug, PartialEq)]
pub struct RoomView {
    /// Identity.
    pub id: RoomId,
    /// Short number for people.
    pub number: i64,
    /// What is asked.
    pub question: Question,
    /// `SOL`, `BTC`, `ETH`; the mint's address where a market cap is meant; empty where no price decides.
    pub asset: String,
    /// The aggregate at opening, in USD; of a market cap, the cap.
    pub open_price: Option<Decimal>,
    /// When it was opened; absent from what a preview shows.
    pub open_at: Option<OffsetDateTime>,
    /// No bet is accepted from here on.
    pub lock_at: OffsetDateTime,
    /// The question is about this moment.
    pub deadline: OffsetDateTime,
    /// Labels by index, as hashed.
    pub outcomes: Vec<String>,
    /// Accepted stakes by outcome, without those that may still be taken back.
    pub pools: Vec<Lamports>,
    /// Stakes that are not in the pools yet.
    pub pending: Lamports,
    /// Limits of one stake.
    pub stakes: (Lamports, Lamports),
    /// Taken seats and all seats.
    pub players: (u32, u32),
    /// While it queues: so many have to bet before it begins.
    pub min_players: u32,
    /// Protocol and host share of the losing pools.
    pub fees: (BasisPoints, BasisPoints),
    /// Aggregates need so many venues.
    pub quorum: u32,
    /// Length of the mean at the deadline.
    pub mean_seconds: u32,
    /// Bets so long before the touch are returned.
    pub past_post_seconds: u32,
    /// A player may dispute the result for so long.
    pub dispute: Duration,
    /// Who opened it; operators have no account.
    pub host: Option<AccountId>,
    /// Whether everybody may look at it.
    pub public: bool,
    /// The group whose members may, if it is not public.
    pub scope: i64,
    /// Added by the host.
    pub subtitle: String,
    /// Of the canonical terms.
    pub terms_hash: Vec<u8>,
    /// Where it stands.
    pub state: RoomState,
    /// Once settled or void.
    pub verdict: Option<Verdict>,
    /// When its credits were posted.
    pub settled_at: Option<OffsetDateTime>,
    /// A dispute was answered by repaying the losing stakes.
    pub corrected: bool,
}

/// How a room ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// Index of the winning outcome; meaningless if void.
    pub outcome: usize,
    /// Why there is no winner.
    pub void: Option<VoidReason>,
    /// The deciding price in USD, where there is one.
    pub price: Option<Decimal>,
    /// When it was observed, where it was.
    pub observed_at: Option<OffsetDateTime>,
    /// What the price started from, where that matters.
    pub start: Option<Decimal>,
    /// The rival's price and what it started from.
    pub rival: Option<(Decimal, Decimal)>,
}

impl TryFrom<&room::Room> for RoomView {
    type Error = Malformed;

    fn try_from(room: &room::Room) -> Result<Self, Malformed> {
        let terms = room.terms.as_ref().ok_or(Malformed("room without terms"))?;
        let result = room.result.as_ref();
        let settled_at = result.and_then(|result| result.settled_at.as_ref());
        Ok(Self {
            verdict: result.map(Verdict::of_result).transpose()?,
            settled_at: settled_at.map(|at| from_timestamp(Some(at))).transpose()?,
            corrected: result.is_some_and(|result| result.corrected),
            pending: Lamports::try_positive(room.pending_lamports)
                .map_err(|_| Malformed("negative amount"))?,
            terms_hash: room.terms_hash.clone(),
            state: room.state(),
            players: (room.players, terms.max_players),
            ..Self::of_terms(room.number, terms, &room.pools_lamports)?
        })
    }
}

impl RoomView {
    /// A room known by its terms, as results name it.
    ///
    /// # Errors
    /// A field that does not hold what the contract says.
    pub fn of_terms(number: i64, terms: &room::Terms, pools: &[i64]) -> Result<Self, Malformed> {
        let rate = |points| BasisPoints::try_new(points).map_err(|_| Malformed("fee above 100 %"));
        let amount = |lamports| Lamports::try_positive(lamports).map_err(|_| Malformed("negative amount"));
        let mut pools = pools.iter().map(|pool| amount(*pool)).collect::<Result<Vec<_>, _>>()?;
        // A room nobody has bet in may come without its zeros.
        pools.resize(terms.outcomes.len(), Lamports::ZERO);
        let host = (!terms.host_account_id.is_empty())
            .then(|| AccountId::try_from_bytes(&terms.host_account_id))
            .transpose()?;
        Ok(Self {
            id: RoomId::try_from_bytes(&terms.room_id)?,
            number,
            question: Question::of_terms(terms)?,
            asset: terms.asset.clone(),
            open_price: price(&terms.open_price)?,
            open_at: terms.open_at.as_ref().map(|at| from_timestamp(Some(at))).transpose()?,
            lock_at: from_timestamp(terms.lock_at.as_ref())?,
            deadline: from_timestamp(terms.deadline.as_ref())?,
            outcomes: terms.outcomes.clone(),
            pools,
            pending: Lamports::ZERO,
            stakes: (amount(terms.min_stake_lamports)?, amount(terms.max_stake_lamports)?),
            players: (0, terms.max_players),
            min_players: terms.min_players,
            fees: (rate(terms.protocol_fee_bps)?, rate(terms.host_fee_bps)?),
            quorum: terms.quorum,
            mean_seconds: terms.mean_seconds,
            past_post_seconds: terms.past_post_seconds,
            dispute: Duration::seconds(i64::from(terms.dispute_seconds)),
            host,
            public: terms.scope_chat_id == 0,
            scope: terms.scope_chat_id,
            subtitle: terms.subtitle.clone(),
            terms_hash: Vec::new(),
            state: RoomState::Unspecified,
            verdict: None,
            settled_at: None,
            corrected: false,
        })
    }

    /// All stakes together; the services refuse a bet beyond the ledger's range.
    #[must_use]
    pub fn pool(&self) -> Lamports {
        Lamports::checked_sum(self.pools.iter().copied()).unwrap_or(Lamports::MAX)
    }

    /// Whether a bet can be placed at this moment, as far as the gateway can tell.
    #[must_use]
    pub fn takes_bets(&self, now: OffsetDateTime) -> bool {
        matches!(self.state, RoomState::Open | RoomState::Queuing) && now < self.lock_at
    }

    /// Whether there is nothing left to decide.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        matches!(self.state, RoomState::Settled | RoomState::Voided | RoomState::Archived)
    }

    /// How many players it still needs to begin, with how many that takes.
    #[must_use]
    pub const fn queue(&self) -> Option<(u32, u32)> {
        match self.state {
            RoomState::Queuing => Some((self.players.0, self.min_players)),
            _ => None,
        }
    }

    /// What a stake already in the pools pays if its outcome wins now: spec 3, rounded down.
    #[must_use]
    pub fn payout(&self, outcome: usize, stake: Lamports) -> Option<Lamports> {
        let winners = self.pools.get(outcome)?.wide();
        let losers = self.pool().wide().checked_sub(winners)?;
        if winners == 0 {
            return None;
        }
        let losing = Lamports::try_from_wide(losers).ok()?;
        let fee = self.fees.0.of_floor(losing).ok()?.wide() + self.fees.1.of_floor(losing).ok()?.wide();
        Lamports::try_from_wide(stake.wide() + stake.wide() * (losers - fee) / winners).ok()
    }

    /// Gross payout per stake in hundredths, rounded down; nothing while nobody is on that side.
    #[must_use]
    pub fn odds(&self, outcome: usize) -> Option<String> {
        let pool = *self.pools.get(outcome)?;
        multiple(self.payout(outcome, pool)?, pool)
    }

    /// A pool's part of all stakes, in whole percent rounded down.
    #[must_use]
    pub fn share(&self, outcome: usize) -> i64 {
        let (pool, all) = (self.pools.get(outcome).map_or(0, |pool| pool.wide()), self.pool().wide());
        if all == 0 { 0 } else { i64::try_from(pool * 100 / all).unwrap_or_default() }
    }
}

/// `payout ÷ stake` with two places, rounded down: `1.85`.
#[must_use]
pub fn multiple(payout: Lamports, stake: Lamports) -> Option<String> {
    let hundredths = (payout.wide() * 100).checked_div(stake.wide())?;
    Some(format!("{}.{:02}", hundredths / 100, hundredths % 100))
}

impl Verdict {
    fn of_result(result: &room::Result) -> Result<Self, Malformed> {
        Self::read(result.outcome, result.void_reason(), &result.price, result.observed_at.as_ref())
    }

    /// The verdict of a settlement.
    ///
    /// # Errors
    /// A price that is none.
    pub fn of_settlement(verdict: &proto::settlement::Verdict) -> Result<Self, Malformed> {
        let read =
            Self::read(verdict.outcome, verdict.void_reason(), &verdict.price, verdict.observed_at.as_ref())?;
        let rival = price(&verdict.rival_price)?.zip(price(&verdict.rival_start_price)?);
        Ok(Self { start: price(&verdict.start_price)?, rival, ..read })
    }

    fn read(
        outcome: u32,
        void: VoidReason,
        decided: &str,
        observed_at: Option<&prost_types::Timestamp>,
    ) -> Result<Self, Malformed> {
        Ok(Self {
            outcome: usize::try_from(outcome).unwrap_or(usize::MAX),
            void: (void != VoidReason::Unspecified).then_some(void),
            price: price(decided)?,
            observed_at: observed_at.map(|at| from_timestamp(Some(at))).transpose()?,
            start: None,
            rival: None,
        })
    }
}

/// A price that may be absent.
fn price(text: &str) -> Result<Option<Decimal>, Malformed> {
    (!text.is_empty()).then(|| proto::decimal(text)).transpose()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// W = L = 10 SOL at 2 % and 1 %: the example of the rules.
    pub(in crate::domain) fn even() -> RoomView {
        let terms = room::Terms {
            room_id: RoomId::new(uuid::Uuid::from_u128(1)).bytes(),
            kind: room::Kind::Touch.into(),
            asset: "SOL".into(),
            target: "165".into(),
            open_price: "160".into(),
            lock_at: Some(prost_types::Timestamp { seconds: 1_000, nanos: 0 }),
            deadline: Some(prost_types::Timestamp { seconds: 2_000, nanos: 0 }),
            outcomes: vec!["YES".into(), "NO".into()],
            protocol_fee_bps: 200,
            host_fee_bps: 100,
            max_players: 10,
            ..Default::default()
        };
        RoomView::of_terms(1, &terms, &[10_000_000_000, 10_000_000_000]).unwrap()
    }

    #[test]
    fn odds_follow_the_payout_formula() {
        let room = even();
        assert_eq!(room.payout(0, Lamports::new(10_000_000_000)), Some(Lamports::new(19_700_000_000)));
        assert_eq!(room.odds(0).as_deref(), Some("1.97"));
        assert_eq!(room.share(1), 50);
        let lonely = RoomView { pools: vec![Lamports::new(5), Lamports::ZERO], ..room };
        assert_eq!(lonely.odds(0).as_deref(), Some("1.00"), "nothing to win, nothing to lose");
        assert_eq!(lonely.odds(1), None);
        assert_eq!(lonely.odds(7), None);
    }

    #[test]
    fn the_largest_pools_do_not_overflow() {
        let room = RoomView { pools: vec![Lamports::new(1), Lamports::new(i64::MAX - 1)], ..even() };
        assert!(room.payout(0, Lamports::new(1)).is_some());
        assert_eq!(room.pool(), Lamports::MAX);
    }
}
