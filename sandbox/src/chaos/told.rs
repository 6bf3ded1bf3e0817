//! What came of the runs, for people and for machines.

use serde::Serialize;
use serde_json::json;

use super::check::{Books, Rule, Violation};
use super::history::{Answer, History};
use super::pace::back_after;
use super::plan::{Fault, Plan};
use crate::bench::figures::{median, percentile};
use crate::report::Report;
use crate::supervise::Exit;

/// Within so many seconds the rate must be back after a service, and after PostgreSQL.
const GOALS: [(&str, f64); 2] = [("a service", 5.0), ("PostgreSQL", 10.0)];

/// Violations of a rule that are named in the table; all are on standard error.
const NAMED: usize = 3;

/// What came of one seed.
#[derive(Clone, Debug)]
pub struct Outcome {
    seed: u64,
    /// What does not hold.
    pub violations: Vec<Violation>,
    kills: usize,
    unasked: Vec<String>,
    counts: Counts,
    /// Seconds until the rate was back, of strikes at services and at PostgreSQL; nothing where it was not.
    back: [Vec<Option<f64>>; 2],
}

#[derive(Clone, Copy, Debug, Default, Serialize)]
struct Counts {
    strikes: usize,
    rooms: usize,
    rooms_void: usize,
    bets_accepted: usize,
    bets_refused: usize,
    withdrawals: usize,
    results_told: usize,
}

impl Outcome {
    /// Counts what happened.
    pub fn new(
        plan: &Plan,
        history: &History,
        books: &Books,
        exits: Vec<Exit>,
        struck: &[(usize, u64)],
        answered: &[u64],
        violations: Vec<Violation>,
    ) -> Self {
        let (killed, unasked): (Vec<Exit>, Vec<Exit>) =
            exits.into_iter().partition(|exit| exit.status.contains("SIGKILL"));
        let mut back = [Vec::new(), Vec::new()];
        for (place, at) in struck {
            let Some(strike) = plan.strikes.get(*place) else { continue };
            let Some(quiet) = strike.alone else { continue };
            let [services, database] = &mut back;
            let whose = if strike.fault == Fault::DatabaseKill { database } else { services };
            let after = back_after(answered, *at, at + quiet);
            whose.push(after.and_then(|ms| u32::try_from(ms).ok()).map(|ms| f64::from(ms) / 1_000.0));
        }
        let answers = history.bets.values().filter_map(|bet| bet.answers.only());
        let (accepted, refused): (Vec<_>, Vec<_>) = answers.partition(|answer| *answer == Answer::Done);
        let counts = Counts {
            strikes: struck.len(),
            rooms: books.rooms.len(),
            rooms_void: books.rooms.values().filter(|room| room.state == 6).count(),
            bets_accepted: accepted.len(),
            bets_refused: refused.len(),
            withdrawals: books.withdrawals.len(),
            results_told: books.told.len(),
        };
        let unasked = unasked.into_iter().map(|exit| format!("{}: {}", exit.service, exit.status)).collect();
        Self { seed: plan.seed, violations, kills: killed.len(), unasked, counts, back }
    }
}

/// All seeds together.
pub fn tell(outcomes: &[Outcome], report: &mut Report) {
    if outcomes.is_empty() {
        return;
    }
    for rule in Rule::ALL {
        let broken =
            outcomes.iter().flat_map(|one| one.violations.iter().map(move |found| (one.seed, found)));
        let broken: Vec<String> = broken
            .filter(|(_, found)| found.rule == rule)
            .map(|(seed, found)| format!("seed {seed}: {}", found.what))
            .collect();
        let more = broken.len().saturating_sub(NAMED);
        let mut measured = broken.iter().take(NAMED).cloned().collect::<Vec<_>>().join("\n");
        if more > 0 {
            measured = format!("{measured}\nand {more} more");
        }
        let measured = if broken.is_empty() { "always".to_owned() } else { measured };
        report.check(rule.name(), "always", measured, broken.is_empty());
    }
    let unasked: Vec<&str> = outcomes.iter().flat_map(|one| &one.unasked).map(String::as_str).collect();
    report.check("services that ended unasked", "none", unasked.join(", "), unasked.is_empty());
    for (place, (whose, goal)) in GOALS.into_iter().enumerate() {
        recovery(outcomes, place, whose, goal, report);
    }
    let kills: usize = outcomes.iter().map(|one| one.kills).sum();
    report.note("kills", kills);
    report.note(
        "seeds",
        outcomes
            .iter()
            .map(|one| json!({"seed": one.seed, "kills": one.kills, "counts": one.counts}))
            .collect::<Vec<_>>(),
    );
    eprintln!("{kills} kills of services in {} runs", outcomes.len());
}

/// How soon the rate was back. Only a release build is held to the goal: a debug build needs seconds to start.
fn recovery(outcomes: &[Outcome], place: usize, whose: &str, goal: f64, report: &mut Report) {
    let all: Vec<Option<f64>> =
        outcomes.iter().filter_map(|one| one.back.get(place)).flatten().copied().collect();
    if all.is_empty() {
        return;
    }
    let came: Vec<f64> = all.iter().flatten().copied().collect();
    let never = all.len() - came.len();
    let worst = percentile(&came, 100);
    let measured = format!(
        "{worst:.1} s at most, {:.1} s in the middle, of {}; not back in the time that was watched: {never}",
        median(&came),
        all.len(),
    );
    if cfg!(debug_assertions) {
        report.note(&format!("back to 90 % of the rate after {whose}"), &measured);
        eprintln!("back to 90 % of the rate after {whose}: {measured} (a debug build has no goal)");
    } else {
        let name = format!("back to 90 % of the rate after {whose}");
        report.check(&name, format!("within {goal} s"), measured, never == 0 && worst <= goal);
    }
}
