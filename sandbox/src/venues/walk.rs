//! The price of one asset: a seeded random walk that can be steered.

use std::{collections::VecDeque, time::Duration};

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rust_decimal::Decimal;

/// Time between two steps of a walk.
pub const STEP: Duration = Duration::from_millis(50);

/// Decimals that a walk keeps; venues round to fewer.
const SCALE: u32 = 8;

/// More than the largest lag of a venue.
const KEPT: usize = 8;

/// Where a price goes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Course {
    Free,
    Held,
    Drifting { from: Decimal, to: Decimal, done: u32, steps: u32, then_held: bool },
}

/// One asset's price. The same seed, number and orders give the same prices, step by step.
#[derive(Debug)]
pub(crate) struct Walk {
    price: Decimal,
    past: VecDeque<Decimal>,
    course: Course,
    swing_ppb: i64,
    rng: ChaCha8Rng,
}

impl Walk {
    /// A walk from `price`. A step is the sum of four draws from ± `swing_ppb` parts per billion.
    pub fn new(price: Decimal, swing_ppb: u32, seed: u64, number: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(number);
        let price = price.round_dp(SCALE);
        Walk {
            price,
            past: VecDeque::from([price]),
            course: Course::Free,
            swing_ppb: i64::from(swing_ppb),
            rng,
        }
    }

    pub fn price(&self) -> Decimal {
        self.price
    }

    /// The price `steps` ago, or the oldest one known.
    pub fn price_before(&self, steps: usize) -> Decimal {
        self.past.get(steps).or_else(|| self.past.back()).copied().unwrap_or(self.price)
    }

    pub fn is_held(&self) -> bool {
        match self.course {
            Course::Held => true,
            Course::Drifting { then_held, .. } => then_held,
            Course::Free => false,
        }
    }

    /// Jumps to `price` at once, also for venues that lag, and goes on freely or stays there.
    pub fn set(&mut self, price: Decimal, held: bool) {
        self.price = price.round_dp(SCALE);
        self.past = VecDeque::from([self.price]);
        self.hold(held);
    }

    /// Stays where it is, or goes on freely. A drift is given up.
    pub fn hold(&mut self, held: bool) {
        self.course = if held { Course::Held } else { Course::Free };
    }

    /// Goes to `to` in a straight line within `over`, then on freely or stays there.
    pub fn drift(&mut self, to: Decimal, over: Duration, then_held: bool) {
        let steps = u32::try_from(over.as_millis() / STEP.as_millis()).unwrap_or(u32::MAX).max(1);
        self.course =
            Course::Drifting { from: self.price, to: to.round_dp(SCALE), done: 0, steps, then_held };
    }

    /// Takes one step. Prices up to ten million with eight decimals times a step of nine digits fit into the
    /// 96 bits of a `Decimal`, so no product overflows.
    pub fn step(&mut self) {
        match &mut self.course {
            Course::Held => {}
            Course::Free => {
                let swing = self.swing_ppb;
                let ppb: i64 = (0..4).map(|_| self.rng.random_range(-swing..=swing)).sum();
                let moved = self.price + self.price * Decimal::new(ppb, 9);
                self.price = moved.round_dp(SCALE).max(Decimal::new(1, SCALE));
            }
            Course::Drifting { from, to, done, steps, then_held } => {
                *done += 1;
                if *done >= *steps {
                    self.price = *to;
                    self.course = if *then_held { Course::Held } else { Course::Free };
                } else {
                    let part = (*to - *from) * Decimal::from(*done) / Decimal::from(*steps);
                    self.price = (*from + part).round_dp(SCALE);
                }
            }
        }
        self.past.push_front(self.price);
        self.past.truncate(KEPT);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sol(seed: u64) -> Walk {
        Walk::new(Decimal::from(150), super::super::market::SWING_PPB, seed, 0)
    }

    fn path(walk: &mut Walk, steps: usize) -> Vec<Decimal> {
        (0..steps)
            .map(|_| {
                walk.step();
                walk.price()
            })
            .collect()
    }

    #[test]
    fn a_seed_repeats_its_path_and_another_one_does_not() {
        let first = path(&mut sol(7), 200);
        assert_eq!(first, path(&mut sol(7), 200));
        assert_ne!(first, path(&mut sol(8), 200));
    }

    #[test]
    fn fifteen_minutes_move_less_than_a_tenth_of_a_per_cent() {
        for seed in 0..20 {
            let mut walk = sol(seed);
            for price in path(&mut walk, 15 * 60 * 20) {
                let moved = (price - Decimal::from(150)).abs() / Decimal::from(150);
                assert!(moved < Decimal::new(1, 3), "seed {seed} moved {moved}");
            }
        }
    }

    #[test]
    fn a_held_walk_does_not_move_and_a_released_one_does() {
        let mut walk = sol(1);
        walk.set(Decimal::from(165), true);
        assert!(path(&mut walk, 100).iter().all(|price| *price == Decimal::from(165)));
        walk.hold(false);
        assert!(path(&mut walk, 100).iter().any(|price| *price != Decimal::from(165)));
    }

    #[test]
    fn a_drift_arrives_exactly_in_time_and_never_turns_back() {
        let mut walk = sol(1);
        walk.drift(Decimal::from(165), STEP * 40, true);
        let way = path(&mut walk, 40);
        assert!(way.is_sorted() && way[38] < Decimal::from(165));
        assert_eq!(way[39], Decimal::from(165));
        assert_eq!(path(&mut walk, 5), vec![Decimal::from(165); 5]);
    }

    #[test]
    fn a_jump_is_seen_without_lag() {
        let mut walk = sol(1);
        path(&mut walk, 20);
        walk.set(Decimal::from(99), false);
        assert_eq!(walk.price_before(3), Decimal::from(99));
    }
}
