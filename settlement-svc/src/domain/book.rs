//! The book: what every bet of a room is paid. One pure function of all accepted bets, the terms
//! and the verdict; run it again and it says the same to the lamport.

use super::{MalformedTerms, Rules, Ruling, Verdict, guards};
use proto::{AccountId, BetId, Lamports, LamportsError, room::VoidReason};
use std::cmp::Reverse;
use time::OffsetDateTime;

/// An accepted bet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bet {
    /// Its id, which settles ties.
    pub id: BetId,
    /// Whose it is.
    pub account: AccountId,
    /// Index of the outcome it is on.
    pub outcome: u32,
    /// What was staked, more than nothing.
    pub stake: Lamports,
    /// When room-svc accepted it.
    pub accepted_at: OffsetDateTime,
    /// "Void it below this gross payout per stake", in hundredths; 0 is no guard.
    pub min_odds_percent: u32,
}

/// What became of a bet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Gets its stake and its share.
    Won,
    /// Gets nothing.
    Lost,
    /// Gets its stake: the room is void.
    RoomVoid,
    /// Gets its stake: it was accepted when the result could be seen.
    PastPost,
    /// Gets its stake: the odds it asked for were not met.
    MinOdds,
}

/// One bet's line of the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// The bet.
    pub bet: Bet,
    /// What became of it.
    pub fate: Fate,
    /// What its account is credited.
    pub payout: Lamports,
}

/// A settled room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Book {
    /// The verdict's ruling, or that nobody stood against the winners.
    pub ruling: Ruling,
    /// Stakes that counted, per outcome.
    pub pools: Vec<Lamports>,
    /// The protocol's part of the takeout.
    pub protocol_fee: Lamports,
    /// The host's part of the takeout.
    pub host_fee: Lamports,
    /// One line per bet, in ascending bet id.
    pub lines: Vec<Line>,
}

impl Book {
    /// The lines in the parts in which they are paid, of at most `each` lines; of a book without lines one empty part, by
    /// which the ledger confirms that it holds nothing for the room either.
    #[must_use]
    pub fn chunks(&self, each: usize) -> Vec<&[Line]> {
        if self.lines.is_empty() { vec![&[]] } else { self.lines.chunks(each.max(1)).collect() }
    }
}

/// Input that no frozen room can have; never a user's fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BookError {
    /// The terms make no sense.
    #[error(transparent)]
    Terms(#[from] MalformedTerms),
    /// The pools exceed the ledger's range.
    #[error("pools: {0}")]
    Pools(#[from] LamportsError),
    /// A bet, or the verdict, names an outcome the room does not have.
    #[error("the room has no outcome {0}")]
    NoSuchOutcome(u32),
    /// A bet without a stake.
    #[error("bet {0} stakes nothing")]
    NoStake(BetId),
    /// The bets do not ascend by id, or one is there twice.
    #[error("bet {0} is out of order")]
    OutOfOrder(BetId),
}

/// Stakes per outcome that still count.
#[derive(Clone, Debug)]
pub(super) struct Pools(Vec<Lamports>);

impl Pools {
    /// Fails where the whole does not fit the ledger, so no sum of parts can.
    fn try_new(rules: &Rules, bets: &[Bet]) -> Result<Self, BookError> {
        let mut pools = Self((0..rules.outcomes()).map(|_| Lamports::ZERO).collect());
        for bet in bets {
            let pool = pools.pool(bet.outcome)?;
            *pool = pool.checked_add(bet.stake)?;
        }
        Lamports::checked_sum(pools.0.iter().copied())?;
        Ok(pools)
    }

    fn pool(&mut self, outcome: u32) -> Result<&mut Lamports, BookError> {
        let pool = usize::try_from(outcome).ok().and_then(|outcome| self.0.get_mut(outcome));
        pool.ok_or(BookError::NoSuchOutcome(outcome))
    }

    pub(super) fn take(&mut self, outcome: u32, stake: Lamports) -> Result<(), BookError> {
        let pool = self.pool(outcome)?;
        *pool = pool.checked_sub(stake)?;
        Ok(())
    }

    /// The pool of an outcome and the sum of all others.
    pub(super) fn split(&self, outcome: u32) -> Result<(Lamports, Lamports), BookError> {
        let winning = usize::try_from(outcome).ok().and_then(|outcome| self.0.get(outcome));
        let winning = *winning.ok_or(BookError::NoSuchOutcome(outcome))?;
        let losing = Lamports::checked_sum(self.0.iter().copied())?.checked_sub(winning)?;
        Ok((winning, losing))
    }
}

/// Settles a room: `bets` are all its accepted bets in ascending id. Voids what was placed on a
/// known result, then what misses its minimum odds, then the whole room if nobody is left on one
/// side; pays the rest. The sum of payouts and fees is the sum of stakes, and no winner gets less
/// than the stake.
///
/// # Errors
/// `BookError` for input that no frozen room can have.
pub fn settle(rules: &Rules, verdict: &Verdict, bets: &[Bet]) -> Result<Book, BookError> {
    check(bets)?;
    let mut pools = Pools::try_new(rules, bets)?;
    let winner = match verdict.ruling {
        Ruling::Void(reason) => return Ok(void(reason, pools, bets, |_| None)),
        Ruling::Outcome(winner) => winner,
    };
    let mut voided: Vec<Option<Fate>> = vec![None; bets.len()];
    if let Some(cut_off) = rules.cut_off(verdict) {
        for (bet, fate) in bets.iter().zip(&mut voided).filter(|(bet, _)| bet.accepted_at >= cut_off) {
            *fate = Some(Fate::PastPost);
            pools.take(bet.outcome, bet.stake)?;
        }
    }
    let standing = |index| matches!(voided.get(index), Some(None));
    for index in guards::void_unmet(rules, bets, standing, &mut pools)? {
        if let Some(fate) = voided.get_mut(index) {
            *fate = Some(Fate::MinOdds);
        }
    }
    let (winning, losing) = pools.split(winner)?;
    if winning == Lamports::ZERO || losing == Lamports::ZERO {
        let fate = |index| voided.get(index).copied().flatten();
        return Ok(void(VoidReason::NoOpposition, pools, bets, fate));
    }
    let (protocol_fee, host_fee) = rules.takeout(losing)?;
    let prize = losing.checked_sub(protocol_fee)?.checked_sub(host_fee)?;
    let mut lines: Vec<Line> = bets
        .iter()
        .zip(voided)
        .map(|(bet, voided)| match voided {
            Some(fate) => Line { bet: *bet, fate, payout: bet.stake },
            None if bet.outcome == winner => Line { bet: *bet, fate: Fate::Won, payout: bet.stake },
            None => Line { bet: *bet, fate: Fate::Lost, payout: Lamports::ZERO },
        })
        .collect();
    share(prize, winning, lines.iter_mut().filter(|line| line.fate == Fate::Won))?;
    Ok(Book { ruling: Ruling::Outcome(winner), pools: pools.0, protocol_fee, host_fee, lines })
}

fn check(bets: &[Bet]) -> Result<(), BookError> {
    let mut last = None;
    for bet in bets {
        if last.replace(bet.id).is_some_and(|last| last >= bet.id) {
            return Err(BookError::OutOfOrder(bet.id));
        }
        if bet.stake <= Lamports::ZERO {
            return Err(BookError::NoStake(bet.id));
        }
    }
    Ok(())
}

/// Every stake goes back; a bet that was void anyway keeps its own reason.
fn void(reason: VoidReason, pools: Pools, bets: &[Bet], own: impl Fn(usize) -> Option<Fate>) -> Book {
    let line = |(index, bet): (usize, &Bet)| Line {
        bet: *bet,
        fate: own(index).unwrap_or(Fate::RoomVoid),
        payout: bet.stake,
    };
    Book {
        ruling: Ruling::Void(reason),
        pools: pools.0,
        protocol_fee: Lamports::ZERO,
        host_fee: Lamports::ZERO,
        lines: bets.iter().enumerate().map(line).collect(),
    }
}

/// Adds to each winner floor(stake × prize / winning). What rounding leaves over, fewer lamports
/// than there are winners, goes one each to the largest remainders, among equals to the lower bet
/// id.
fn share<'a>(
    prize: Lamports,
    winning: Lamports,
    winners: impl Iterator<Item = &'a mut Line>,
) -> Result<(), LamportsError> {
    let mut breakage = prize;
    let mut by_remainder = Vec::new();
    for line in winners {
        // At most 2^126: both factors are below 2^63.
        let product = line.bet.stake.wide() * prize.wide();
        let part = Lamports::try_from_wide(product / winning.wide())?;
        line.payout = line.payout.checked_add(part)?;
        breakage = breakage.checked_sub(part)?;
        by_remainder.push((Reverse(product % winning.wide()), line));
    }
    by_remainder.sort_unstable_by_key(|(remainder, line)| (*remainder, line.bet.id));
    for (_, line) in by_remainder {
        if breakage == Lamports::ZERO {
            break;
        }
        line.payout = line.payout.checked_add(Lamports::new(1))?;
        breakage = breakage.checked_sub(Lamports::new(1))?;
    }
    Ok(())
}
