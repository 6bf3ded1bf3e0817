//! How accounts have fared, and who stands where on the leaderboard.

use proto::{AccountId, Lamports};
use std::cmp::Reverse;

/// The whole of a stake in basis points.
const WHOLE: i128 = 10_000;

/// What an account's settled bets came to. Those that were returned stake nothing and pay nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// Bets that won.
    pub won: u64,
    /// Bets that lost.
    pub lost: u64,
    /// Bets whose stake came back whole: their room was void, or they were themselves.
    pub returned: u64,
    /// Stakes of won and lost bets.
    pub staked: Lamports,
    /// Payouts of won bets, stakes included.
    pub paid: Lamports,
}

impl Record {
    /// `(paid - staked) / staked` in basis points, rounded down; -10,000 is all. Nothing where nothing was staked.
    #[must_use]
    pub fn return_bps(&self) -> Option<i64> {
        let staked = self.staked.wide();
        if staked <= 0 {
            return None;
        }
        // At most 2^77: a payout is below 2^63. The divisor is positive, so this is the floor.
        let bps = ((self.paid.wide() - staked) * WHOLE).div_euclid(staked);
        Some(i64::try_from(bps).unwrap_or(i64::MAX))
    }
}

/// What a place on the leaderboard takes: one lucky bet is no skill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Won and lost bets.
    pub bets: u32,
    /// Staked in them.
    pub staked: Lamports,
}

impl Sample {
    /// Whether a record is enough for a place.
    #[must_use]
    pub fn suffices(&self, record: &Record) -> bool {
        record.won.saturating_add(record.lost) >= self.bets.into() && record.staked >= self.staked
    }
}

/// Whether an account may be on the leaderboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listed {
    /// With a sufficient record.
    Shown,
    /// By its own choice not.
    Hidden,
    /// It has left: never again.
    Closed,
}

/// A place on the leaderboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Whose.
    pub account: AccountId,
    /// From 1. Equals share one, and the next is as far behind as if they had not.
    pub rank: u32,
    /// What it rests on.
    pub record: Record,
    /// The return by which it is ranked.
    pub return_bps: i64,
}

/// The best return on stakes first, among equals whoever staked more. Records that do not suffice have no place.
#[must_use]
pub fn ranked(records: impl IntoIterator<Item = (AccountId, Record)>, sample: &Sample) -> Vec<Standing> {
    let sufficient = records.into_iter().filter(|(_, record)| sample.suffices(record));
    let mut standings: Vec<Standing> = sufficient
        .filter_map(|(account, record)| {
            Some(Standing { account, rank: 1, record, return_bps: record.return_bps()? })
        })
        .collect();
    standings.sort_unstable_by_key(|one| (Reverse((one.return_bps, one.record.staked)), one.account));
    let mut above: Option<(u32, i64)> = None;
    for (place, standing) in (1..).zip(&mut standings) {
        standing.rank = match above {
            Some((rank, bps)) if bps == standing.return_bps => rank,
            _ => place,
        };
        above = Some((standing.rank, standing.return_bps));
    }
    standings
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn record(won: u64, lost: u64, staked: i64, paid: i64) -> Record {
        Record { won, lost, returned: 0, staked: Lamports::new(staked), paid: Lamports::new(paid) }
    }

    #[test]
    fn returns_are_rounded_down() {
        for (staked, paid, bps) in [
            (100, 150, Some(5_000)),
            (100, 100, Some(0)),
            (100, 0, Some(-10_000)),
            (3, 4, Some(3_333)),
            (3, 2, Some(-3_334)),
            (i64::MAX, i64::MAX - 1, Some(-1)),
            (1, i64::MAX, Some(i64::MAX)),
            (0, 0, None),
        ] {
            assert_eq!(record(1, 0, staked, paid).return_bps(), bps, "{paid} of {staked}");
        }
    }

    #[test]
    fn equals_share_a_rank_and_small_samples_have_none() {
        let sample = Sample { bets: 2, staked: Lamports::new(100) };
        let records = [
            record(2, 0, 100, 150),
            record(1, 0, 100, 900),
            record(1, 1, 200, 300),
            record(9, 9, 99, 900),
            record(0, 2, 100, 0),
            record(1, 1, 300, 600),
        ];
        let account = |number| AccountId::new(Uuid::from_u128(number));
        let ranked = ranked((1..).map(account).zip(records), &sample);
        let places: Vec<_> =
            ranked.iter().map(|one| (one.account.uuid().as_u128(), one.rank, one.return_bps)).collect();
        assert_eq!(places, [(6, 1, 10_000), (3, 2, 5_000), (1, 2, 5_000), (5, 4, -10_000)]);
    }

    proptest! {
        #[test]
        fn a_rank_counts_those_who_did_better(sums in proptest::collection::vec((1..20_i64, 0..40_i64), 0..40)) {
            let account = |number| AccountId::new(Uuid::from_u128(number));
            let records = sums.iter().map(|(staked, paid)| record(1, 0, *staked, *paid));
            let sample = Sample { bets: 1, staked: Lamports::new(1) };
            let all = ranked((1..).map(account).zip(records), &sample);
            prop_assert_eq!(all.len(), sums.len());
            for one in &all {
                let better = all.iter().filter(|other| other.return_bps > one.return_bps).count();
                prop_assert_eq!(usize::try_from(one.rank).unwrap(), better + 1);
            }
        }
    }
}
