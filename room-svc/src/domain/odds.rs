//! What a stake would pay now, and which bets count towards that: spec 2, "Minimum odds".
//!
//! settlement-svc runs the same rule over the whole book, once, when a room ends. This one is asked all day and so reads
//! no more of a room than it has to: bets with a guard alone, the highest guards first, a page at a time. Bets without a
//! guard are in the pools and nowhere else.

use proto::{BasisPoints, BetId, Lamports, LamportsError, Malformed, room::Terms};
use std::collections::VecDeque;
use time::OffsetDateTime;

/// Pools after so many voided bets are good enough to be shown: more are never read for one question.
const MOST_VOIDED: usize = 20_000;

/// The fees of a room, in parts of the losing pools.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Takeout {
    protocol: BasisPoints,
    host: BasisPoints,
}

impl TryFrom<&Terms> for Takeout {
    type Error = Malformed;

    fn try_from(terms: &Terms) -> Result<Self, Malformed> {
        let fee = |points| BasisPoints::try_new(points).map_err(|_| Malformed("fee"));
        Ok(Self { protocol: fee(terms.protocol_fee_bps)?, host: fee(terms.host_fee_bps)? })
    }
}

/// Pools that would count if the room ended now, and what is taken out of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Stakes per outcome.
    pub pools: Vec<Lamports>,
    /// Fees.
    pub takeout: Takeout,
}

impl Offer {
    /// Winning pool and the others less fees, if `outcome` wins and `stake` is put on it before.
    fn split(&self, outcome: u32, stake: Lamports) -> Result<(Lamports, Lamports), LamportsError> {
        let index = usize::try_from(outcome).unwrap_or(usize::MAX);
        let own = self.pools.get(index).copied().unwrap_or(Lamports::ZERO);
        let losing = Lamports::checked_sum(self.pools.iter().copied())?.checked_sub(own)?;
        let fees =
            self.takeout.protocol.of_floor(losing)?.checked_add(self.takeout.host.of_floor(losing)?)?;
        Ok((own.checked_add(stake)?, losing.checked_sub(fees)?))
    }

    /// The gross payout of a stake if its outcome wins, with its own impact: `s + floor(s * (L - fee) / W)`.
    ///
    /// # Errors
    /// The pools do not fit the ledger.
    pub fn payout(&self, outcome: u32, stake: Lamports) -> Result<Lamports, LamportsError> {
        let (winning, prize) = self.split(outcome, stake)?;
        let share = prize.wide() * stake.wide() / winning.wide().max(1);
        stake.checked_add(Lamports::try_from_wide(share)?)
    }

    /// Whether a stake added to its outcome pays at least `percent` hundredths of itself if it wins: before rounding,
    /// `(W + L - fee) / W >= percent / 100`. All bets of an outcome share this ratio.
    ///
    /// # Errors
    /// The pools do not fit the ledger.
    pub fn pays(&self, outcome: u32, stake: Lamports, percent: u32) -> Result<bool, LamportsError> {
        let (winning, prize) = self.split(outcome, stake)?;
        Ok((winning.wide() + prize.wide()) * 100 >= winning.wide() * i128::from(percent))
    }

    fn take(&mut self, outcome: usize, stake: Lamports) -> Result<(), LamportsError> {
        if let Some(pool) = self.pools.get_mut(outcome) {
            *pool = pool.checked_sub(stake)?;
        }
        Ok(())
    }
}

/// An accepted bet with a guard, ordered so that the next one to be voided is the greatest: the highest guard, among
/// equals the latest bet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Guard {
    /// Least gross payout per stake, in hundredths.
    pub percent: u32,
    /// When it was accepted.
    pub accepted_at: OffsetDateTime,
    /// Which bet.
    pub bet: BetId,
    /// Its stake.
    pub stake: Lamports,
}

/// Guarded bets of one outcome in descending order, as far as they are read.
#[derive(Debug, Default)]
struct Queue {
    ahead: VecDeque<Guard>,
    last: Option<Guard>,
    complete: bool,
}

/// The rule over one room, stopped wherever it needs bets that are not read yet.
#[derive(Debug)]
pub struct Standing {
    offer: Offer,
    queues: Vec<Queue>,
    voided: usize,
}

/// Bets that the rule has to see next: those of an outcome below the last one it saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Index of the outcome.
    pub outcome: usize,
    /// The last one seen; nothing to begin with the greatest.
    pub below: Option<Guard>,
}

impl Standing {
    /// Begins with all accepted stakes that count without the rule.
    #[must_use]
    pub fn new(offer: Offer) -> Self {
        let queues = offer.pools.iter().map(|_| Queue::default()).collect();
        Self { offer, queues, voided: 0 }
    }

    /// Takes bets that were wanted, in descending order. `complete` says that there are no more.
    pub fn read(&mut self, outcome: usize, guards: Vec<Guard>, complete: bool) {
        if let Some(queue) = self.queues.get_mut(outcome) {
            queue.last = guards.last().copied().or(queue.last);
            queue.ahead.extend(guards);
            queue.complete |= complete;
        }
    }

    /// Voids one bet after the other while some bet violates its guard: the violating one with the highest guard, the
    /// latest among equals. Stops where it has to see more, and says what; nothing when it is done.
    ///
    /// # Errors
    /// The pools do not fit the ledger.
    pub fn run(&mut self) -> Result<Vec<Wanted>, LamportsError> {
        while self.voided < MOST_VOIDED {
            let dry = |(_, queue): &(usize, &Queue)| queue.ahead.is_empty() && !queue.complete;
            let wanted: Vec<Wanted> = self
                .queues
                .iter()
                .enumerate()
                .filter(dry)
                .map(|(outcome, queue)| Wanted { outcome, below: queue.last })
                .collect();
            if !wanted.is_empty() {
                return Ok(wanted);
            }
            let mut worst: Option<(Guard, usize)> = None;
            for (index, outcome) in (0_usize..).zip(0_u32..).take(self.queues.len()) {
                if let Some(guard) = self.queues.get(index).and_then(|queue| queue.ahead.front())
                    && !self.offer.pays(outcome, Lamports::ZERO, guard.percent)?
                {
                    worst = worst.max(Some((*guard, index)));
                }
            }
            let Some((guard, outcome)) = worst else { break };
            self.offer.take(outcome, guard.stake)?;
            if let Some(queue) = self.queues.get_mut(outcome) {
                queue.ahead.pop_front();
            }
            self.voided += 1;
        }
        Ok(Vec::new())
    }

    /// The pools that are left.
    #[must_use]
    pub fn offer(self) -> Offer {
        self.offer
    }
}

#[cfg(test)]
mod tests;
