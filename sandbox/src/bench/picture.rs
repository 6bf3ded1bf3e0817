//! How long the gateway draws a picture, and how large it gets: rooms with few and many outcomes, of seconds and of minutes,
//! and results of settled bets. No two are the same, so nothing is drawn already.

use super::figures::{median, percentile};
use crate::report::Report;
use anyhow::{Result, ensure};
use clap::Args;
use gateway::pictures::{
    Badge, Card, Chart, Drawing, Event, Level, Moment, Point, Pool, Portfolio, Step, Track,
};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rust_decimal::Decimal;

const GOAL_MS: f64 = 150.0;
const GOAL_BYTES: usize = 300_000;

/// Arguments of `bench picture`.
#[derive(Args, Clone, Debug)]
pub struct Arguments {
    /// Pictures of each kind
    #[arg(long, default_value_t = 50)]
    pictures: usize,
    /// For the same pictures again
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

pub(super) fn run(arguments: &Arguments, report: &mut Report) -> Result<()> {
    ensure!(arguments.pictures > 0, "no pictures");
    let mut random = ChaCha8Rng::seed_from_u64(arguments.seed);
    let (mut took, mut largest) = (Vec::new(), 0);
    for _ in 0..arguments.pictures {
        let drawings = [
            Drawing::Card(card(&mut random, 2, 0)),
            Drawing::Card(card(&mut random, 8, 30)),
            Drawing::Portfolio(portfolio(&mut random)),
        ];
        for drawing in drawings {
            let begun = chassis::clock::monotonic();
            let picture = drawing.draw().map_err(|fault| anyhow::anyhow!(fault.chain()))?;
            took.push(begun.elapsed().as_secs_f64() * 1_000.0);
            largest = largest.max(picture.bytes.len());
        }
    }
    let (middle, slow) = (median(&took), percentile(&took, 99));
    let measured = format!("{slow:.1} ms at p99, {middle:.1} ms in the middle");
    report.check("drawn and written as PNG", format!("<= {GOAL_MS} ms"), measured, slow <= GOAL_MS);
    report.check(
        "largest",
        format!("<= {GOAL_BYTES} bytes"),
        format!("{largest} bytes"),
        largest <= GOAL_BYTES,
    );
    report.note(
        "pictures",
        serde_json::json!({"count": took.len(), "p50_ms": middle, "p99_ms": slow, "bytes": largest}),
    );
    Ok(())
}

/// A room whose price wanders; `spread` is how far it strays within a point, in cents.
fn card(random: &mut ChaCha8Rng, outcomes: usize, spread: i64) -> Card {
    let mut cents: i64 = random.random_range(10_000..20_000);
    let points: Vec<Point> = (0..400)
        .map(|at| {
            cents += random.random_range(-30..=30);
            let stray = Decimal::new(random.random_range(0..=spread), 2);
            let close = Decimal::new(cents, 2);
            Point { second: at * 10, low: close - stray, high: close + stray, close }
        })
        .collect();
    let level = |value: i64| Level {
        value: Decimal::new(value, 2),
        label: Decimal::new(value, 2).to_string(),
        word: if outcomes == 2 { "TARGET" } else { "" },
    };
    let levels = if outcomes == 2 { 1 } else { outcomes - 1 };
    let pool = |index: usize| Pool {
        label: if outcomes == 2 {
            ["YES", "NO"].get(index).unwrap_or(&"?").to_string()
        } else {
            format!("≥ {index}")
        },
        amount: "1.25 SOL".to_owned(),
        share: Some((u16::try_from(1_000 / outcomes).unwrap_or(0), "50 %".to_owned())),
        odds: Some("×1.97".to_owned()),
        won: None,
    };
    Card {
        number: random.random_range(1..100_000),
        title: "SOL ↑ $165".to_owned(),
        badge: Badge::Open,
        price: Some(format!("${}", Decimal::new(cents, 2))),
        chart: Chart {
            span: (0, 6_000),
            since: "17:00".to_owned(),
            tracks: vec![Track { name: String::new(), points, label: Decimal::new(cents, 2).to_string() }],
            levels: (0..levels).map(|_| level(cents + random.random_range(-300..=300))).collect(),
            moments: vec![
                Moment { second: 4_500, event: Event::Lock, label: "18:00".to_owned() },
                Moment { second: 5_900, event: Event::Deadline, label: "18:30 UTC".to_owned() },
            ],
            extremes: Some(("158.20".to_owned(), "163.10".to_owned())),
            decided: None,
        },
        pools: (0..outcomes).map(pool).collect(),
    }
}

fn portfolio(random: &mut ChaCha8Rng) -> Portfolio {
    let mut total = Decimal::ZERO;
    let steps = (0..200).map(|_| {
        let result = Decimal::new(random.random_range(-500..=500), 3);
        total += result;
        Step { total, won: Some(result > Decimal::ZERO) }
    });
    Portfolio {
        steps: steps.collect(),
        result: "+1.25 SOL".to_owned(),
        counts: ("97".to_owned(), "103".to_owned()),
        extremes: Some(("−2.5".to_owned(), "+3.75".to_owned())),
    }
}
