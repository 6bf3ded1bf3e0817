//! The book, computed from the bets alone: who is void and why, what everybody is paid, and the fees.

use super::terms::Ruling;
use proto::room::VoidReason;
use std::collections::BTreeSet;
use uuid::Uuid;

/// A bet of the bundle. Its place in the array is its name here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bet {
    /// The bet's id; bets come in ascending order of it.
    pub id: Uuid,
    /// What it is on.
    pub outcome: u32,
    /// Lamports, more than 0.
    pub stake: i64,
    /// Microseconds since 1970.
    pub accepted_at: i64,
    /// Least gross payout per stake in hundredths; 0 is none.
    pub min_odds_percent: u32,
}

/// What becomes of a bet, numbered as in the leaf of the root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Stake and share.
    Won = 1,
    /// Nothing.
    Lost = 2,
    /// Its stake: the room is void.
    RoomVoid = 3,
    /// Its stake: it came when the result could be seen.
    PastPost = 4,
    /// Its stake: its minimum odds were not met.
    MinOdds = 5,
}

impl Fate {
    const ALL: [Self; 5] = [Self::Won, Self::Lost, Self::RoomVoid, Self::PastPost, Self::MinOdds];

    /// Its word in a bundle.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Won => "WON",
            Self::Lost => "LOST",
            Self::RoomVoid => "ROOM_VOID",
            Self::PastPost => "PAST_POST",
            Self::MinOdds => "MIN_ODDS",
        }
    }

    /// Reads [`Fate::word`].
    pub(super) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|fate| fate.word() == word)
    }
}

/// What a room promises about paying.
#[derive(Clone, Copy, Debug)]
pub struct Promise {
    /// How many outcomes there are.
    pub outcomes: usize,
    /// Of the losing pools.
    pub protocol_fee_bps: u32,
    /// Of the losing pools.
    pub host_fee_bps: u32,
}

/// What the rules make of the bets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Book {
    /// The winning outcome, or nothing: every stake goes back.
    pub winner: Option<u32>,
    /// Whether it is void because nobody stood on one side.
    pub no_opposition: bool,
    /// Stakes that counted, per outcome.
    pub pools: Vec<i64>,
    /// Lamports.
    pub protocol_fee: i64,
    /// Lamports.
    pub host_fee: i64,
    /// Of each bet, what became of it and what it is paid.
    pub lines: Vec<(Fate, i64)>,
}

/// Settles the bets: `winner` is the outcome that happened, nothing where the room is void; bets accepted at `cut_off` or
/// later knew the result. Nothing where the numbers are those of no room.
#[must_use]
pub fn settle(promise: &Promise, winner: Option<u32>, cut_off: Option<i64>, bets: &[Bet]) -> Option<Book> {
    let mut pools = vec![0_i64; promise.outcomes];
    for bet in bets {
        let pool = pools.get_mut(usize::try_from(bet.outcome).ok()?)?;
        *pool = pool.checked_add(bet.stake)?;
    }
    pools.iter().try_fold(0_i64, |sum, pool| sum.checked_add(*pool))?;
    let Some(winner) = winner else {
        let lines = bets.iter().map(|bet| (Fate::RoomVoid, bet.stake)).collect();
        return Some(Book { winner: None, no_opposition: false, pools, protocol_fee: 0, host_fee: 0, lines });
    };
    let mut fates: Vec<Option<Fate>> = vec![None; bets.len()];
    for (bet, fate) in bets.iter().zip(&mut fates) {
        if cut_off.is_some_and(|cut_off| bet.accepted_at >= cut_off) {
            *fate = Some(Fate::PastPost);
            take(&mut pools, bet)?;
        }
    }
    void_unmet(promise, bets, &mut fates, &mut pools)?;
    let (winning, losing) = sides(&pools, winner)?;
    if winning == 0 || losing == 0 {
        let lines =
            bets.iter().zip(fates).map(|(bet, fate)| (fate.unwrap_or(Fate::RoomVoid), bet.stake)).collect();
        return Some(Book { winner: None, no_opposition: true, pools, protocol_fee: 0, host_fee: 0, lines });
    }
    let (protocol_fee, host_fee) = fees(promise, losing)?;
    let prize = losing - protocol_fee - host_fee;
    let mut left = prize;
    let mut remainders = Vec::new();
    let mut lines = Vec::with_capacity(bets.len());
    for (index, (bet, fate)) in bets.iter().zip(fates).enumerate() {
        lines.push(match fate {
            Some(fate) => (fate, bet.stake),
            None if bet.outcome != winner => (Fate::Lost, 0),
            None => {
                let product = i128::from(bet.stake) * prize;
                left -= product / winning;
                remainders.push((product % winning, index));
                (Fate::Won, i64::try_from(i128::from(bet.stake) + product / winning).ok()?)
            }
        });
    }
    // What rounding left goes to the largest remainders; bets come in the order of their ids, which settles ties.
    remainders.sort_by(|one, other| other.0.cmp(&one.0).then(one.1.cmp(&other.1)));
    for (_, index) in remainders.into_iter().take(usize::try_from(left).ok()?) {
        let (_, payout) = lines.get_mut(index)?;
        *payout = payout.checked_add(1)?;
    }
    let fee = |fee: i128| i64::try_from(fee).ok();
    let (protocol_fee, host_fee) = (fee(protocol_fee)?, fee(host_fee)?);
    Some(Book { winner: Some(winner), no_opposition: false, pools, protocol_fee, host_fee, lines })
}

/// While some bet would be paid less than it asks for, the one that asks for most is void, among equals the latest.
fn void_unmet(promise: &Promise, bets: &[Bet], fates: &mut [Option<Fate>], pools: &mut [i64]) -> Option<()> {
    // Bets on one outcome are all paid by one ratio, so the one that asks for most falls first.
    let mut asking: Vec<BTreeSet<(u32, i64, Uuid, usize)>> = vec![BTreeSet::new(); promise.outcomes];
    for (index, bet) in bets.iter().enumerate() {
        if bet.min_odds_percent > 0 && fates.get(index)?.is_none() {
            let asks = (bet.min_odds_percent, bet.accepted_at, bet.id, index);
            asking.get_mut(usize::try_from(bet.outcome).ok()?)?.insert(asks);
        }
    }
    loop {
        let mut worst = None;
        for (outcome, asking) in asking.iter().enumerate() {
            if let Some(most) = asking.last()
                && !pays(promise, pools, u32::try_from(outcome).ok()?, most.0)?
            {
                worst = worst.max(Some((*most, outcome)));
            }
        }
        let Some((most, outcome)) = worst else { return Some(()) };
        asking.get_mut(outcome)?.pop_last();
        *fates.get_mut(most.3)? = Some(Fate::MinOdds);
        take(pools, bets.get(most.3)?)?;
    }
}

/// Whether a stake on an outcome would be paid at least `percent` hundredths of itself: (W + L − fees) × 100 ≥ W × percent.
fn pays(promise: &Promise, pools: &[i64], outcome: u32, percent: u32) -> Option<bool> {
    let (winning, losing) = sides(pools, outcome)?;
    let (protocol_fee, host_fee) = fees(promise, losing)?;
    Some((winning + losing - protocol_fee - host_fee) * 100 >= winning * i128::from(percent))
}

fn take(pools: &mut [i64], bet: &Bet) -> Option<()> {
    let pool = pools.get_mut(usize::try_from(bet.outcome).ok()?)?;
    *pool = pool.checked_sub(bet.stake)?;
    Some(())
}

/// The pool of an outcome, and the sum of all others.
fn sides(pools: &[i64], outcome: u32) -> Option<(i128, i128)> {
    let winning = i128::from(*pools.get(usize::try_from(outcome).ok()?)?);
    Some((winning, pools.iter().map(|pool| i128::from(*pool)).sum::<i128>() - winning))
}

fn fees(promise: &Promise, losing: i128) -> Option<(i128, i128)> {
    const WHOLE: i128 = 10_000;
    let (protocol, host) = (i128::from(promise.protocol_fee_bps), i128::from(promise.host_fee_bps));
    (protocol + host <= WHOLE).then(|| (losing * protocol / WHOLE, losing * host / WHOLE))
}

impl Book {
    /// What the room was settled by, after a verdict.
    pub(super) fn ruling(&self, verdict: Ruling) -> Ruling {
        if self.no_opposition { Ruling::Void(VoidReason::NoOpposition) } else { verdict }
    }
}
