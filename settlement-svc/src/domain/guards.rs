//! Minimum odds: "void my bet if it would pay less than x".

use super::{Bet, BookError, Rules, book::Pools};
use proto::BetId;
use time::OffsetDateTime;

/// A guarded bet, ordered so that the next one to be voided is the greatest: the highest guard,
/// among equals the latest bet.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Guard {
    percent: u32,
    accepted_at: OffsetDateTime,
    bet: BetId,
    /// Where the bet stands in the room's list.
    index: usize,
    stake: proto::Lamports,
}

/// Voids, one after another, the bets whose guard the pools do not meet, and takes their stakes
/// out of the pools. Returns their places in `bets`.
///
/// A guard is held against the odds of its outcome before rounding, so all bets of an outcome
/// stand or fall by one ratio and only the highest guard of each outcome has to be looked at:
/// O(n log n) for the order and O(outcomes) for each voided bet.
pub fn void_unmet(
    rules: &Rules,
    bets: &[Bet],
    standing: impl Fn(usize) -> bool,
    pools: &mut Pools,
) -> Result<Vec<usize>, BookError> {
    let mut queues: Vec<Vec<Guard>> = (0..rules.outcomes()).map(|_| Vec::new()).collect();
    for (index, bet) in bets.iter().enumerate().filter(|(index, _)| standing(*index)) {
        let Bet { id, stake, accepted_at, min_odds_percent: percent, .. } = *bet;
        if percent > 0
            && let Some(queue) = usize::try_from(bet.outcome).ok().and_then(|outcome| queues.get_mut(outcome))
        {
            queue.push(Guard { percent, accepted_at, bet: id, index, stake });
        }
    }
    queues.iter_mut().for_each(|queue| queue.sort_unstable());

    let mut voided = Vec::new();
    loop {
        let mut worst: Option<(Guard, u32)> = None;
        for (outcome, queue) in (0..).zip(&queues) {
            if let Some(guard) = queue.last()
                && !meets(rules, pools, outcome, guard.percent)?
            {
                worst = worst.max(Some((*guard, outcome)));
            }
        }
        let Some((guard, outcome)) = worst else { return Ok(voided) };
        if let Some(queue) = usize::try_from(outcome).ok().and_then(|outcome| queues.get_mut(outcome)) {
            queue.pop();
        }
        pools.take(outcome, guard.stake)?;
        voided.push(guard.index);
    }
}

/// Whether winning on `outcome` pays at least `percent` hundredths of the stake:
/// (W + L − fee) / W ≥ percent / 100.
fn meets(rules: &Rules, pools: &Pools, outcome: u32, percent: u32) -> Result<bool, BookError> {
    let (winning, losing) = pools.split(outcome)?;
    let (protocol, host) = rules.takeout(losing)?;
    let gross = winning.wide() + losing.wide() - protocol.wide() - host.wide();
    Ok(gross * 100 >= winning.wide() * i128::from(percent))
}
