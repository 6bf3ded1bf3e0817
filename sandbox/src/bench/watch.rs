//! What one look at the venues costs oracle-svc when many rooms wait for a price and a few of them are touched.
//!
//! The fold is the one that decides rooms. Every tick that reaches ten targets is timed: those that begin a run, those that
//! extend it, and the one that confirms it and resolves ten rooms. The same ticks go to a fold with few watches and to one
//! with many, in turns.

use super::figures::{median, percentile, range};
use crate::report::Report;
use anyhow::{Context, Result, ensure};
use clap::Args;
use oracle_svc::domain::{
    Asset, Board, Currency, Fold, Moment, Pair, Price, SECOND, Tick, VenueId, VenueQuote, Watch,
};
use proto::{RoomId, room, timestamp};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeSet;
use tokio::time::Instant;
use uuid::Uuid;

/// Microseconds for a tick, and how many times longer it may take with many watches.
const GOAL_MICROS: f64 = 50.0;
const GOAL_RATIO: f64 = 2.0;
/// Rooms that are touched.
const TOUCHED: u32 = 10;
/// Two ticks a second; a run is confirmed by the seventh, 3 s after the first.
const PACE: i64 = SECOND / 2;
const RUN: usize = 7;
/// In 2026.
const BEGIN: i64 = 1_796_040_000;
/// Venues whose quotes are in USD, a quorum of them.
const VENUES: [VenueId; 3] = [VenueId::Bitstamp, VenueId::Coinbase, VenueId::Kraken];

/// Arguments of `bench watch`.
#[derive(Args, Clone, Debug)]
pub struct Arguments {
    /// Watches on one asset
    #[arg(long, default_value_t = 100_000)]
    pub watches: u32,
    /// Watches to compare with
    #[arg(long, default_value_t = 1_000)]
    pub few: u32,
    /// Rounds, each with both numbers of watches
    #[arg(long, default_value_t = 15)]
    pub rounds: usize,
    /// Runs of touching ticks in a round
    #[arg(long, default_value_t = 100)]
    pub runs: usize,
    /// For the same targets again
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

/// Measures.
///
/// # Errors
/// The fold did not do what it was measured for.
pub fn run(arguments: &Arguments, report: &mut Report) -> Result<()> {
    ensure!(arguments.rounds > 0 && arguments.runs > 0, "nothing to measure");
    ensure!(arguments.few >= TOUCHED && arguments.watches >= arguments.few, "too few watches");
    let mut few = Waiting::new(arguments.few, arguments.seed)?;
    let mut many = Waiting::new(arguments.watches, arguments.seed)?;
    // Into the caches, and out of the figures.
    few.round(arguments.runs)?;
    many.round(arguments.runs)?;
    let (mut of_few, mut of_many) = (Vec::new(), Vec::new());
    for _ in 0..arguments.rounds {
        of_few.push(percentile(&few.round(arguments.runs)?, 99));
        of_many.push(percentile(&many.round(arguments.runs)?, 99));
    }
    let (small, large) = (median(&of_few), median(&of_many));
    let ratio = large / small;
    let spread = |values: &[f64]| {
        let (low, high) = range(values);
        format!("{low:.1} to {high:.1}")
    };
    report.check(
        &format!("a tick that touches {TOUCHED} of {} watches, p99", arguments.watches),
        format!("<= {GOAL_MICROS} µs"),
        format!("{large:.1} µs ({})", spread(&of_many)),
        large <= GOAL_MICROS,
    );
    report.check(
        &format!("the same against {} watches", arguments.few),
        format!("<= {GOAL_RATIO} times"),
        format!("{ratio:.2} times {small:.1} µs ({})", spread(&of_few)),
        ratio <= GOAL_RATIO,
    );
    report.note(
        "watch",
        serde_json::json!({
            "rounds": arguments.rounds, "ticks_a_round": arguments.runs * RUN,
            "few": {"watches": arguments.few, "p99_micros": of_few},
            "many": {"watches": arguments.watches, "p99_micros": of_many},
        }),
    );
    Ok(())
}

/// A fold with rooms that wait.
struct Waiting {
    fold: Fold,
    /// The rooms whose targets the price reaches now and then.
    touched: Vec<Watch>,
    board: Board,
    now: Moment,
}

impl Waiting {
    /// Half of the rooms wait for a higher price and half for a lower one; ten wait for one just above the present.
    fn new(watches: u32, seed: u64) -> Result<Self> {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let now = Moment::from_micros(BEGIN * SECOND);
        let touched: Vec<Watch> = (0..TOUCHED)
            .map(|n| watch(room::Comparator::AtOrAbove, &format!("165.{n:02}"), &mut random))
            .collect::<Result<_>>()?;
        let mut fold = Fold::new(now.second());
        touched.iter().for_each(|watch| fold.follow(watch.clone()));
        for n in TOUCHED..watches {
            let (comparator, dollars) = if n % 2 == 0 {
                (room::Comparator::AtOrAbove, random.random_range(170..1_000))
            } else {
                (room::Comparator::AtOrBelow, random.random_range(1..160))
            };
            let target = format!("{dollars}.{:04}", random.random_range(0..10_000));
            fold.follow(watch(comparator, &target, &mut random)?);
        }
        ensure!(fold.len() == usize::try_from(watches)?, "{} watches are followed", fold.len());
        let mut board = Board::default();
        VENUES.iter().for_each(|venue| board.connected(*venue, now));
        Ok(Self { fold, touched, board, now })
    }

    /// So many runs; how long each of their ticks took, in microseconds.
    fn round(&mut self, runs: usize) -> Result<Vec<f64>> {
        let mut times = Vec::with_capacity(runs * RUN);
        for _ in 0..runs {
            let quiet = self.next_tick("164")?;
            ensure!(self.fold.tick(&quiet)?.is_empty(), "a quiet tick resolved a room");
            let mut resolved = 0;
            for _ in 0..RUN {
                let tick = self.next_tick("166")?;
                let began = Instant::now();
                let answers = self.fold.tick(&tick)?;
                times.push(began.elapsed().as_secs_f64() * 1e6);
                resolved += answers.len();
            }
            ensure!(resolved == self.touched.len(), "{resolved} rooms are resolved");
            self.touched.iter().for_each(|watch| self.fold.follow(watch.clone()));
        }
        Ok(times)
    }

    /// Three venues that agree, half a second later.
    fn next_tick(&mut self, dollars: &str) -> Result<Tick> {
        self.now = self.now.plus(PACE);
        let price = Price::parse(dollars)?;
        let quote = VenueQuote { pair: Pair::Asset(Asset::Sol, Currency::Usd), price, venue_time: self.now };
        for venue in VENUES {
            self.board.quoted(venue, quote, self.now)?;
        }
        let tick = Tick::take(&self.board, Asset::Sol, self.now, &BTreeSet::new(), VENUES.len());
        ensure!(tick.aggregate.is_some(), "the venues do not agree");
        Ok(tick)
    }
}

fn watch(comparator: room::Comparator, target: &str, random: &mut ChaCha8Rng) -> Result<Watch> {
    let at = |hours: i64| Some(timestamp(Moment::from_micros((BEGIN + hours * 3_600) * SECOND).time()));
    let terms = room::Terms {
        room_id: RoomId::new(Uuid::from_u128(random.random())).bytes(),
        kind: room::Kind::Touch.into(),
        asset: Asset::Sol.name().to_owned(),
        comparator: comparator.into(),
        target: target.to_owned(),
        open_at: at(0),
        deadline: at(24),
        quorum: u32::try_from(VENUES.len())?,
        ..Default::default()
    };
    Watch::try_from_terms(&terms, VENUES.len()).context("a watch")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_measures_what_it_says() {
        let arguments = Arguments { watches: 500, few: 50, rounds: 3, runs: 4, seed: 7 };
        let mut report = Report::new();
        run(&arguments, &mut report).unwrap();
        let report = serde_json::to_value(&report).unwrap();
        assert_eq!(report["checks"].as_array().unwrap().len(), 2);
        assert_eq!(report["watch"]["many"]["p99_micros"].as_array().unwrap().len(), 3);
        // Slow beyond doubt even for a debug build: a thousand times the goal.
        let slowest =
            report["watch"]["many"]["p99_micros"].as_array().unwrap().iter().filter_map(|p99| p99.as_f64());
        assert!(slowest.fold(0.0, f64::max) < 1_000.0 * GOAL_MICROS);
    }
}
