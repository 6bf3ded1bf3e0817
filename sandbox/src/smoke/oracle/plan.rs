//! Which rooms are played, and what must come of them.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::super::plan::{Book, NO, YES};
use crate::venues::Asset;

/// Everybody opens two rooms and bets in four.
pub const NAMES: [&str; 3] = ["Ann", "Bob", "Cid"];

/// Of each, in lamports.
pub const DEPOSIT: i64 = 3_000_000_000;

/// What happens around a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// TOUCH: the market goes to the target and stays, while the writer of the series is killed.
    Touched,
    /// TOUCH: the market jumps beyond the target for a second.
    Flashed,
    /// TOUCH: some venue says that the target is passed, and the market never comes near it.
    LiedAbout,
    /// CLOSE: the market crosses the target before the deadline.
    Closed,
    /// CLOSE: at the deadline there is no price, and afterwards there is.
    Delayed,
    /// TOUCH: there is no price for longer than such a room can bear.
    Blind,
}

/// A room.
#[derive(Clone, Copy, Debug)]
pub struct Planned {
    /// What happens around it.
    pub fate: Fate,
    /// What is priced.
    pub asset: Asset,
    /// Percent of the price at the beginning.
    pub target_percent: u32,
    /// The outcome; nothing where the room must be void for want of a price.
    pub winner: Option<usize>,
    /// In lamports, by YES and NO.
    pub stakes: [i64; 2],
}

/// An evening.
#[derive(Clone, Debug)]
pub struct Plan {
    /// For everything else that is drawn.
    pub seed: u64,
    /// Whether SOL goes up or down.
    pub upward: bool,
    /// One of each fate.
    pub rooms: Vec<Planned>,
    /// Their books, in the same order.
    pub books: Vec<Book>,
}

impl Fate {
    /// In the transcript.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Touched => "touched",
            Self::Flashed => "flashed",
            Self::LiedAbout => "lied about",
            Self::Closed => "closed",
            Self::Delayed => "delayed",
            Self::Blind => "blind",
        }
    }

    /// Whether the target may be reached at any time.
    pub const fn is_touch(self) -> bool {
        matches!(self, Self::Touched | Self::Flashed | Self::LiedAbout | Self::Blind)
    }
}

impl Planned {
    /// Who says an outcome is right, by the room's place: somebody else each time.
    pub const fn bettor(place: usize, outcome: usize) -> usize {
        (place + outcome) % NAMES.len()
    }
}

impl Plan {
    /// The same for the same seed.
    ///
    /// # Errors
    /// Every drawing has a tie in the rounding, which has never happened.
    pub fn try_of(seed: u64) -> Result<Self> {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        (0..100).find_map(|_| Self::draw(seed, &mut random).ok()).context("every drawing has a tie")
    }

    fn draw(seed: u64, random: &mut ChaCha8Rng) -> Result<Self> {
        let upward = random.random_bool(0.5);
        let (beyond, far_beyond, crossed) = if upward { (101, 103, YES) } else { (99, 97, NO) };
        let mut room = |fate, asset, target_percent, winner| Planned {
            fate,
            asset,
            target_percent,
            winner,
            stakes: [
                random.random_range(60_000_000..350_000_000),
                random.random_range(60_000_000..350_000_000),
            ],
        };
        let rooms = vec![
            room(Fate::Touched, Asset::Sol, beyond, Some(YES)),
            room(Fate::Flashed, Asset::Eth, 101, Some(NO)),
            room(Fate::LiedAbout, Asset::Btc, far_beyond, Some(NO)),
            // At or above: the market comes to lie on the far side, 1.5 % away from where it began.
            room(Fate::Closed, Asset::Sol, beyond, Some(crossed)),
            room(Fate::Delayed, Asset::Eth, 99, Some(YES)),
            room(Fate::Blind, Asset::Btc, 105, None),
        ];
        let book = |room: &Planned| {
            let [yes, no] = room.stakes;
            Book::try_new(&[(YES, yes), (NO, no)], room.winner)
        };
        let books = rooms.iter().map(book).collect::<Result<_>>()?;
        Ok(Self { seed, upward, rooms, books })
    }

    /// What must be left of everybody's money.
    pub fn balances(&self) -> BTreeMap<&'static str, i64> {
        let mut balances = NAMES.map(|_| DEPOSIT);
        for (place, (room, book)) in self.rooms.iter().zip(&self.books).enumerate() {
            let of_each = room.stakes.iter().zip(&book.payouts).enumerate();
            for (outcome, (stake, payout)) in of_each {
                if let Some(balance) = balances.get_mut(Planned::bettor(place, outcome)) {
                    *balance += payout - stake;
                }
            }
            if let Some(host) = balances.get_mut(place % NAMES.len()) {
                *host += book.host_fee;
            }
        }
        NAMES.into_iter().zip(balances).collect()
    }

    /// What the protocol must have earned.
    pub fn protocol_fees(&self) -> i64 {
        self.books.iter().map(|book| book.protocol_fee).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_decides_everything_and_no_money_is_made_or_lost() {
        let mut directions = Vec::new();
        for seed in 0..20 {
            let plan = Plan::try_of(seed).unwrap();
            let stakes = |plan: &Plan| plan.rooms.iter().map(|room| room.stakes).collect::<Vec<_>>();
            assert_eq!(stakes(&plan), stakes(&Plan::try_of(seed).unwrap()));
            let left: i64 = plan.balances().values().sum();
            assert_eq!(left + plan.protocol_fees(), DEPOSIT * 3);
            directions.push(plan.upward);
        }
        assert!(directions.contains(&true) && directions.contains(&false));
    }
}
