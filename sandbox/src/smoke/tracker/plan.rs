//! Who follows whom, and what happens in a day: drawn from the seed on a copy of the exchange, so that each deed can be done
//! when its turn comes.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::{Context, Result};
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rust_decimal::Decimal;

use crate::polymarket::{Deed, Exchange, Life, Token, When, life};

/// Who follows.
pub const NAMES: [&str; 3] = ["Ann", "Bob", "Cid"];

/// Wallets that somebody follows. One of them is a maker, whose orders wait in the books.
const FOLLOWED: usize = 9;

/// A day, and how long it takes here.
const DAY: i64 = 86_400;
pub const PLAYED_IN: Duration = Duration::from_secs(60);

/// What each followed wallet holds and keeps all day: a percent or two of it are more than the 500 USD from which on a change
/// is told, so 500 USD decide.
const KEPT: i64 = 60_000;

/// Markets that are decided in the evening.
const DECIDED: usize = 3;

/// Somebody who follows wallets.
#[derive(Clone, Debug)]
pub struct Follower {
    /// As Telegram shows it.
    pub name: &'static str,
    /// The places of the wallets, each with the name that they give it.
    pub wallets: BTreeMap<usize, String>,
}

/// A day.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Three people.
    pub followers: Vec<Follower>,
    /// What is done before anybody looks.
    pub dawn: Vec<Deed>,
    /// What is done all day: second of the day and deed.
    pub day: Vec<(i64, Deed)>,
    /// Markets that are decided in the evening, and their right answers.
    pub decided: Vec<(usize, usize)>,
}

impl Plan {
    /// The same for the same seed and exchange.
    ///
    /// # Errors
    /// The exchange is too small.
    pub fn try_of(seed: u64, exchange: &Exchange, deeds: u32) -> Result<Self> {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(7);
        let followed = followed(exchange, &mut random)?;
        let followers = followers(&followed);
        let mut copy = exchange.clone();
        let kept = life::tradable(exchange).next().context("no market")?;
        let keep =
            |wallet: &usize| Deed::Split { wallet: *wallet, market: kept, shares: Decimal::from(KEPT) };
        let dawn: Vec<Deed> = followed.iter().map(keep).collect();
        let when = When { at: crate::polymarket::now(), visible_at: crate::polymarket::now() };
        for deed in &dawn {
            copy.apply(deed, when)?;
        }
        let mut life = Life::new(seed.wrapping_add(1));
        let mut day = Vec::new();
        let mut second = 0;
        let step = DAY / i64::from(deeds.max(1));
        while second < DAY {
            let Some(deed) = life.next(&copy) else { break };
            // Results come in the evening, and what is kept is kept.
            if matches!(deed, Deed::Resolve { .. } | Deed::Redeem { .. }) || touches(&deed, kept) {
                continue;
            }
            copy.apply(&deed, when)?;
            day.push((second, deed));
            second += random.random_range(1..=step * 2);
        }
        let mut held: Vec<usize> =
            markets_of(&copy, &followed).into_iter().filter(|market| *market != kept).collect();
        held.shuffle(&mut random);
        let decided =
            held.into_iter().take(DECIDED).map(|market| (market, random.random_range(0..2))).collect();
        Ok(Self { followers, dawn, day, decided })
    }

    /// All wallets that somebody follows.
    #[must_use]
    pub fn followed(&self) -> BTreeSet<usize> {
        self.followers.iter().flat_map(|follower| follower.wallets.keys().copied()).collect()
    }
}

/// How long after the beginning a second of the day comes.
#[must_use]
pub fn played_at(second: i64) -> Duration {
    let second = u32::try_from(second).unwrap_or_default();
    PLAYED_IN * second / u32::try_from(DAY).unwrap_or(1)
}

/// As on a clock.
#[must_use]
pub fn clock(second: i64) -> String {
    format!("{:02}:{:02}", second / 3_600, second / 60 % 60)
}

fn followed(exchange: &Exchange, random: &mut ChaCha8Rng) -> Result<Vec<usize>> {
    let mut traders: Vec<usize> = (life::MAKERS..exchange.wallets().len()).collect();
    traders.shuffle(random);
    traders.truncate(FOLLOWED - 1);
    anyhow::ensure!(traders.len() == FOLLOWED - 1, "too few wallets");
    traders.push(0);
    Ok(traders)
}

/// Most wallets are followed by one, two of them by two, and one by all three.
fn followers(followed: &[usize]) -> Vec<Follower> {
    let mut followers = NAMES.map(|name| Follower { name, wallets: BTreeMap::new() });
    for (nth, wallet) in followed.iter().enumerate() {
        for (place, follower) in followers.iter_mut().enumerate() {
            let is_shared = nth == 0 || (nth < 3 && place + 1 != NAMES.len());
            if is_shared || nth % NAMES.len() == place {
                follower.wallets.insert(*wallet, format!("{} no {}", follower.name, nth + 1));
            }
        }
    }
    followers.into()
}

fn touches(deed: &Deed, market: usize) -> bool {
    match deed {
        Deed::Trade(fills) => fills.iter().any(|fill| fill.token.market == market),
        Deed::Split { market: of, .. } | Deed::Merge { market: of, .. } | Deed::Redeem { market: of, .. } => {
            *of == market
        }
        Deed::Resolve { .. } | Deed::Reward { .. } | Deed::Open => false,
    }
}

/// Markets in which one of these holds shares, and which are not decided.
fn markets_of(exchange: &Exchange, wallets: &[usize]) -> BTreeSet<usize> {
    let open: BTreeSet<usize> = life::tradable(exchange).collect();
    let held = wallets.iter().flat_map(|wallet| exchange.held().of(*wallet));
    let held = held.filter(|(_, held)| held.shares > Decimal::ZERO).map(|(Token { market, .. }, _)| market);
    held.filter(|market| open.contains(market)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exchange() -> Exchange {
        Exchange::new(1, 24, 8, 1_790_000_000)
    }

    #[test]
    fn every_deed_of_every_seed_can_be_done() {
        for seed in 0..10 {
            let plan = Plan::try_of(seed, &exchange(), 200).unwrap();
            let mut exchange = exchange();
            let when = When { at: 0, visible_at: 0 };
            for deed in plan.dawn.iter().chain(plan.day.iter().map(|(_, deed)| deed)) {
                exchange.apply(deed, when).unwrap();
            }
            for (market, winner) in &plan.decided {
                exchange.apply(&Deed::Resolve { market: *market, winner: *winner }, when).unwrap();
            }
            assert!(plan.day.len() > 100 && plan.decided.len() == DECIDED, "{}", plan.day.len());
            let least = plan.followed().into_iter().map(|wallet| exchange.worth(wallet)).min().unwrap();
            assert!(least >= Decimal::from(KEPT / 2), "{least}");
        }
    }

    #[test]
    fn wallets_are_shared() {
        let plan = Plan::try_of(3, &exchange(), 50).unwrap();
        let followed_by = |wallet: &usize| {
            plan.followers.iter().filter(|follower| follower.wallets.contains_key(wallet)).count()
        };
        let counts: Vec<usize> = plan.followed().iter().map(followed_by).collect();
        assert_eq!(counts.len(), FOLLOWED);
        assert!(counts.contains(&3) && counts.contains(&2) && counts.contains(&1), "{counts:?}");
        assert!(plan.followed().contains(&0), "a maker is followed, too");
    }
}
