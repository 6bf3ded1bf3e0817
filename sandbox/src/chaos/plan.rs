//! What happens in a run, decided by its seed alone: the same seed is the same list of strikes at the same times.

use std::fmt;
use std::time::Duration;

use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::venues::Venue;
use crate::world::links::Server;

/// What is killed, frozen and cut off.
pub const SERVICES: [&str; 7] = [
    "gateway",
    "room-svc",
    "wallet-svc",
    "settlement-svc",
    "oracle-svc",
    "notifier-svc",
    "oracle-polymarket",
];

/// Before the first strike: the load finds its rate, which recoveries are measured by.
const CALM: u64 = 6_000;

/// After a strike whose recovery is measured, in milliseconds.
const AFTER_SERVICE: u64 = 7_000;
/// After PostgreSQL.
const AFTER_DATABASE: u64 = 13_000;
/// After a salvo.
const AFTER_SALVO: u64 = 5_000;

/// How messages come to the services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deliveries {
    /// As the broker has them.
    AsSent,
    /// Each twice.
    Twice,
    /// In another order.
    Shuffled,
}

/// What the chain's endpoint does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RpcLie {
    /// Takes a transaction and breaks the connection before it answers.
    BreaksAfterSend,
    /// Takes a transaction and answers an error.
    ErrsAfterSend,
    /// Answers and passes nothing on.
    Swallows,
    /// Knows of no transaction.
    FindsNothing,
    /// Lags behind.
    Behind,
    /// Answers everything with an error.
    Refuses,
}

/// What is wrong with a venue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VenueLie {
    /// Prices are off by so many percent.
    Wrong(i64),
    /// No new quote comes.
    Stale,
    /// Not a byte comes.
    Silent,
    /// Refuses connections.
    Down,
    /// Its clock is off by so many seconds.
    Clock(i64),
}

/// One thing that goes wrong. Times are in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A service is killed.
    Kill(&'static str),
    /// A service stands still.
    Freeze(&'static str, u64),
    /// A wire between a service and a server is cut.
    Cut(&'static str, Server, u64),
    /// A wire is slow: how long, and by how much.
    Slow(&'static str, Server, u64, u64),
    /// nats-server is stopped and started.
    BrokerRestart,
    /// nats-server is killed and started.
    BrokerKill,
    /// nats-server stands still.
    BrokerFreeze(u64),
    /// nats-server is killed and comes back without its store.
    BrokerWipe,
    /// There is no room left in nats-server's store.
    BrokerFull(u64),
    /// PostgreSQL is killed and started.
    DatabaseKill,
    /// PostgreSQL is stopped and started.
    DatabaseRestart,
    /// The clock that decides is stepped.
    ClockStep(i64),
    /// A venue lies or is lost.
    Venue(Venue, VenueLie, u64),
    /// An endpoint of the chain, by its place, misbehaves.
    Rpc(usize, RpcLie, u64),
}

/// A fault at its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Strike {
    /// Milliseconds after the load has begun.
    pub at: u64,
    /// What goes wrong.
    pub fault: Fault,
    /// Milliseconds for which nothing else does, neither before nor after it: its recovery is measured.
    pub alone: Option<u64>,
}

/// A run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What it was made of.
    pub seed: u64,
    /// How messages come.
    pub deliveries: Deliveries,
    /// In the order of their times.
    pub strikes: Vec<Strike>,
}

impl Plan {
    /// The strikes of a seed within so many seconds. A longer run begins as the shorter one of the same seed.
    #[must_use]
    pub fn of(seed: u64, seconds: u64) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let deliveries = match random.random_range(0..4) {
            0 => Deliveries::Twice,
            1 => Deliveries::Shuffled,
            _ => Deliveries::AsSent,
        };
        let end = seconds.saturating_mul(1_000);
        let (mut strikes, mut at) = (Vec::new(), CALM);
        // The first is one whose recovery is measured.
        let mut phase = 0;
        while at < end {
            let alone = match phase {
                0..30 => Some((Fault::Kill(service(&mut random)), AFTER_SERVICE)),
                30..40 => Some((Fault::DatabaseKill, AFTER_DATABASE)),
                _ => None,
            };
            if let Some((fault, quiet)) = alone {
                strikes.push(Strike { at, fault, alone: Some(quiet) });
                at += quiet;
            } else {
                for _ in 0..random.random_range(6..=10) {
                    strikes.push(Strike { at, fault: salvo(&mut random), alone: None });
                    at += random.random_range(100..900);
                }
                at += AFTER_SALVO;
            }
            phase = random.random_range(0..100);
        }
        strikes.retain(|strike| strike.at < end);
        Self { seed, deliveries, strikes }
    }
}

impl Fault {
    /// Whether prices may be missing for a while.
    #[must_use]
    pub fn blinds(&self) -> bool {
        match self {
            Self::Kill(service)
            | Self::Freeze(service, _)
            | Self::Cut(service, ..)
            | Self::Slow(service, ..) => *service == "oracle-svc",
            Self::DatabaseKill | Self::DatabaseRestart | Self::ClockStep(_) | Self::Venue(..) => true,
            _ => false,
        }
    }
}

/// The services that bets need are struck more often than the others.
fn service(random: &mut ChaCha8Rng) -> &'static str {
    let place = match random.random_range(0..20) {
        0..5 => 1,
        5..10 => 2,
        10..13 => 3,
        13..15 => 0,
        15..17 => 5,
        17..19 => 4,
        _ => 6,
    };
    SERVICES.get(place).copied().unwrap_or("room-svc")
}

/// One strike of a salvo.
fn salvo(random: &mut ChaCha8Rng) -> Fault {
    let lasts = random.random_range(500..4_000);
    let server = if random.random_bool(0.5) { Server::Broker } else { Server::Database };
    match random.random_range(0..100) {
        0..56 => Fault::Kill(service(random)),
        56..66 => Fault::Freeze(service(random), lasts),
        66..72 => Fault::Cut(service(random), server, lasts),
        72..77 => Fault::Slow(service(random), server, lasts, random.random_range(20..200)),
        77..79 => Fault::BrokerRestart,
        79..81 => Fault::BrokerKill,
        81..83 => Fault::BrokerFreeze(lasts),
        83..85 => Fault::BrokerWipe,
        85..87 => Fault::BrokerFull(lasts),
        87..88 => Fault::DatabaseKill,
        88..89 => Fault::DatabaseRestart,
        89..91 => Fault::ClockStep(random.random_range(-1_500..=2_000)),
        91..96 => Fault::Venue(venue(random), venue_lie(random), lasts + 1_000),
        _ => Fault::Rpc(random.random_range(0..2), rpc_lie(random), lasts + 1_000),
    }
}

fn venue(random: &mut ChaCha8Rng) -> Venue {
    Venue::ALL.choose(random).copied().unwrap_or(Venue::Kraken)
}

fn venue_lie(random: &mut ChaCha8Rng) -> VenueLie {
    let sign = if random.random_bool(0.5) { 1 } else { -1 };
    match random.random_range(0..6) {
        0 => VenueLie::Stale,
        1 => VenueLie::Silent,
        2 => VenueLie::Down,
        3 => VenueLie::Clock(5 * sign),
        _ => VenueLie::Wrong(random.random_range(4..40) * sign),
    }
}

fn rpc_lie(random: &mut ChaCha8Rng) -> RpcLie {
    let all = [
        RpcLie::BreaksAfterSend,
        RpcLie::ErrsAfterSend,
        RpcLie::Swallows,
        RpcLie::FindsNothing,
        RpcLie::Behind,
        RpcLie::Refuses,
    ];
    all.choose(random).copied().unwrap_or(RpcLie::Refuses)
}

fn seconds(ms: u64) -> String {
    format!("{:.1} s", Duration::from_millis(ms).as_secs_f64())
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kill(service) => write!(f, "{service} is killed"),
            Self::Freeze(service, ms) => write!(f, "{service} stands still for {}", seconds(*ms)),
            Self::Cut(service, server, ms) => {
                write!(f, "{service} is cut off from {server} for {}", seconds(*ms))
            }
            Self::Slow(service, server, ms, by) => {
                write!(f, "{service} and {server} hear each other {by} ms late for {}", seconds(*ms))
            }
            Self::BrokerRestart => write!(f, "nats-server is restarted"),
            Self::BrokerKill => write!(f, "nats-server is killed"),
            Self::BrokerFreeze(ms) => write!(f, "nats-server stands still for {}", seconds(*ms)),
            Self::BrokerWipe => write!(f, "nats-server is killed and loses its store"),
            Self::BrokerFull(ms) => write!(f, "nats-server's store is full for {}", seconds(*ms)),
            Self::DatabaseKill => write!(f, "PostgreSQL is killed"),
            Self::DatabaseRestart => write!(f, "PostgreSQL is restarted"),
            Self::ClockStep(ms) => write!(f, "the database's clock is stepped by {ms} ms"),
            Self::Venue(venue, lie, ms) => write!(f, "{venue} {lie} for {}", seconds(*ms)),
            Self::Rpc(place, lie, ms) => write!(f, "endpoint {} {lie} for {}", place + 1, seconds(*ms)),
        }
    }
}

impl fmt::Display for VenueLie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wrong(percent) => write!(f, "is wrong by {percent} %"),
            Self::Stale => f.write_str("freezes"),
            Self::Silent => f.write_str("falls silent"),
            Self::Down => f.write_str("is down"),
            Self::Clock(seconds) => write!(f, "has a clock that is off by {seconds} s"),
        }
    }
}

impl fmt::Display for RpcLie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BreaksAfterSend => "breaks the connection after it took a transaction",
            Self::ErrsAfterSend => "takes a transaction and answers an error",
            Self::Swallows => "swallows transactions",
            Self::FindsNothing => "knows of no transaction",
            Self::Behind => "lags behind",
            Self::Refuses => "refuses everything",
        })
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = match self.deliveries {
            Deliveries::AsSent => "as sent",
            Deliveries::Twice => "each twice",
            Deliveries::Shuffled => "in another order",
        };
        writeln!(f, "seed {}: messages come {how}", self.seed)?;
        for strike in &self.strikes {
            writeln!(f, "{:>8}  {}", seconds(strike.at), strike.fault)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services;
    use std::collections::BTreeSet;
    use std::mem::discriminant;

    #[test]
    fn a_seed_is_one_plan_and_a_longer_run_begins_as_the_shorter_one() {
        for seed in 0..50 {
            let plan = Plan::of(seed, 60);
            assert_eq!(plan, Plan::of(seed, 60));
            let longer = Plan::of(seed, 120);
            assert_eq!(plan.strikes, longer.strikes[..plan.strikes.len()]);
            assert!(longer.strikes.len() > plan.strikes.len());
            assert!(plan.strikes.is_sorted_by_key(|strike| strike.at));
            assert_eq!(plan.to_string(), Plan::of(seed, 60).to_string());
        }
        assert_ne!(Plan::of(1, 60).strikes, Plan::of(2, 60).strikes);
    }

    #[test]
    fn every_fault_comes_and_every_service_is_killed() {
        let plans: Vec<Plan> = (0..20).map(|seed| Plan::of(seed, 60)).collect();
        let strikes = || plans.iter().flat_map(|plan| &plan.strikes);
        let kinds: Vec<_> = strikes().map(|strike| discriminant(&strike.fault)).collect();
        let different =
            kinds.iter().enumerate().filter(|(place, kind)| !kinds[..*place].contains(kind)).count();
        assert_eq!(different, 14, "all kinds of faults");
        let killed: BTreeSet<&str> = strikes()
            .filter_map(|strike| if let Fault::Kill(name) = strike.fault { Some(name) } else { None })
            .collect();
        assert_eq!(killed, SERVICES.into());
        assert_eq!(services::processes().map(|process| process.name).collect::<BTreeSet<_>>(), killed);
        let kills = strikes().filter(|strike| matches!(strike.fault, Fault::Kill(_))).count();
        assert!(kills >= 200, "{kills}");
        let all: Vec<Deliveries> = plans.iter().map(|plan| plan.deliveries).collect();
        for deliveries in [Deliveries::AsSent, Deliveries::Twice, Deliveries::Shuffled] {
            assert!(all.contains(&deliveries));
        }
    }

    #[test]
    fn what_is_measured_stands_alone() {
        for plan in (0..50).map(|seed| Plan::of(seed, 120)) {
            assert!(plan.strikes[0].alone.is_some());
            for pair in plan.strikes.windows(2) {
                let (one, next) = (&pair[0], &pair[1]);
                assert!(one.alone.is_none_or(|quiet| next.at >= one.at + quiet), "{}", plan.seed);
            }
        }
    }
}
