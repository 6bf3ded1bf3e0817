//! `simulate`: the decisions of room-svc, wallet-svc and settlement-svc, the very functions that the services call,
//! together in one deterministic world in memory.
//!
//! What is modelled here is everything around them: tables, inbox, outbox and re-issued commands that are committed
//! together or not at all; a broker that loses, repeats, delays and reorders; processes that die before a commit, after it
//! and before the acknowledgement; players who tap twice, an oracle, hosts and operators; and a clock that only moves when
//! told to. All chance comes from one seed, so a failing evening is played again by its number.

mod broker;
mod chance;
mod checker;
mod disk;
mod evening;
mod message;
mod people;
mod rooms;
mod settling;
mod wallet;

#[cfg(test)]
mod tests;

use crate::report::Report;
use anyhow::{Result, ensure};
use chassis::clock::monotonic;
use clap::{Args, ValueEnum};
use evening::{Played, Violation};
use std::{collections::BTreeMap, process::ExitCode, time::Duration};

/// A mistake that is planted to see whether it is noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Bug {
    /// A transaction forgets which messages it has taken in.
    NoInboxRow,
    /// A stake that went back goes back again when its release is repeated.
    DoubleCredit,
    /// A transaction forgets what it had to tell.
    LostOutboxRow,
    /// A room whose outcome happened is paid as void.
    WrongVoid,
}

/// Arguments of `simulate`.
#[derive(Args, Clone, Debug)]
pub struct Arguments {
    /// The first evening; the next ones have the numbers after it
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Play evenings until they have taken so many steps together
    #[arg(long, default_value_t = 1_000_000)]
    steps: u64,
    /// Plant a mistake, to see that it is noticed
    #[arg(long, value_name = "MISTAKE")]
    plant: Option<Bug>,
    /// Print one JSON object on standard output
    #[arg(long)]
    json: bool,
}

/// What all evenings of a run came to.
#[derive(Debug, Default)]
struct Sum {
    evenings: u64,
    played: Played,
}

impl Sum {
    fn add(&mut self, evening: &Played) {
        self.evenings += 1;
        let sum = &mut self.played;
        sum.steps += evening.steps;
        sum.bets += evening.bets;
        sum.crashes += evening.crashes;
        sum.lost += evening.lost;
        sum.repeated += evening.repeated;
        for (ending, rooms) in &evening.endings {
            *sum.endings.entry(ending).or_default() += rooms;
        }
    }
}

/// Plays evenings until they have taken `steps` steps together.
fn simulate(seed: u64, steps: u64, bug: Option<Bug>) -> (Sum, Result<(), Box<Violation>>) {
    let mut sum = Sum::default();
    for seed in seed.. {
        match evening::play(seed, bug) {
            Ok(played) => sum.add(&played),
            Err(violation) => return (sum, Err(violation)),
        }
        if sum.played.steps >= steps {
            break;
        }
    }
    (sum, Ok(()))
}

/// Every way in which a room can end here; a run of some length must have seen them all.
const ENDINGS: [&str; 6] =
    ["settled", "no opposition", "min players", "host cancel", "operator void", "oracle void"];

/// Plays, and tells what was found. The exit status says whether everything held.
///
/// # Errors
/// Nothing was to be played.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    ensure!(arguments.steps > 0, "no steps are nothing to play");
    let began = monotonic();
    let (sum, ended) = simulate(arguments.seed, arguments.steps, arguments.plant);
    let took = began.elapsed();
    let mut report = Report::new();
    let held = match &ended {
        Ok(()) => format!("{} evenings", sum.evenings),
        Err(violation) => format!("seed {}, step {}: {:#}", violation.seed, violation.step, violation.what),
    };
    report.check("invariants", "held", held, ended.is_ok());
    if ended.is_ok() && sum.evenings >= 100 {
        let seen = ENDINGS.iter().filter(|ending| sum.played.endings.contains_key(**ending)).count();
        report.check("ways in which rooms ended", ENDINGS.len(), seen, seen == ENDINGS.len());
    }
    report.note("seed", arguments.seed);
    report.note("evenings", sum.evenings);
    report.note("steps", sum.played.steps);
    report.note("seconds", format!("{:.1}", took.as_secs_f64()));
    report.note("steps_per_minute", per_minute(sum.played.steps, took));
    let played = &sum.played;
    let (bets, crashes, lost, repeated) = (played.bets, played.crashes, played.lost, played.repeated);
    report.note(
        "happened",
        BTreeMap::from([("bets", bets), ("crashes", crashes), ("lost", lost), ("repeated", repeated)]),
    );
    report.note("rooms", &sum.played.endings);
    eprintln!(
        "{} steps a minute, {} rooms",
        per_minute(played.steps, took),
        played.endings.values().sum::<u64>()
    );
    Ok(report.print(arguments.json))
}

fn per_minute(steps: u64, took: Duration) -> u128 {
    u128::from(steps) * 60_000 / took.as_millis().max(1)
}
