//! A look at all tokens, once a second.

use super::{Tokens, Watched, report};
use crate::{
    domain::{LISTED_WITHIN, Listed, Mint, Moment, NoReading, Reading, SECOND, Source, Tick, abreast},
    venues::{MOST_ACCOUNTS, Rpc},
};
use chassis::{health::Report, tasks::with_sources};
use futures::future::join_all;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::time::{sleep, timeout};

/// Endpoints that have not answered by then are away: the look has to lie in the second it belongs to.
const DEADLINE: Duration = Duration::from_millis(800);

/// A chain whose slots do not advance for this long stands still, and says nothing about the present.
const STANDS_STILL: i64 = 10 * SECOND;

/// A token to look at: where its price lies.
#[derive(Clone, Copy)]
struct Aim {
    mint: Mint,
    source: Source,
    decimals: u8,
}

/// The newest slot any endpoint told of, and since when.
#[derive(Default)]
struct Newest {
    slot: u64,
    since: Moment,
}

impl Newest {
    /// Takes note of a look; whether the chain goes on.
    fn goes_on(&mut self, slot: u64, at: Moment) -> bool {
        if slot != self.slot {
            *self = Self { slot, since: at };
        }
        at.since(self.since) <= STANDS_STILL
    }
}

impl Tokens {
    /// Looks at the beginning of each second.
    pub(super) async fn keep_looking(&self, alive: &Report, priced: &Report) {
        // Ticks carry the database's time; without one measurement there is none.
        while self.clock.uncertainty().is_none() {
            sleep(Duration::from_millis(10)).await;
        }
        // Up to a second before the first tick.
        alive.ok();
        let (mut last, mut newest) = (Moment::default(), Newest::default());
        loop {
            let next = self.now().second().plus(1).begin();
            let wait = u64::try_from(next.since(self.now())).unwrap_or_default();
            sleep(Duration::from_micros(wait)).await;
            alive.ok();
            let tokens = self.all();
            let mut read = self.read(&tokens).await;
            let at = self.now().max(next).max(last.plus(1));
            last = at;
            let slot = read.values().flatten().map(|reading| reading.slot).max();
            if slot.is_some_and(|slot| !newest.goes_on(slot, at)) {
                read.clear();
            }
            let sol = self.sol.last();
            let mut without = Vec::new();
            for token in &tokens {
                let readings = abreast(read.remove(&token.mint).unwrap_or_default());
                let tick = Tick::of_token(at, sol.as_deref(), &readings, self.listed(token, at));
                let has_price = tick.aggregate.is_some();
                metrics::counter!("rooms_oracle_ticks_total", "asset" => "token", "price" => has_price.to_string())
                    .increment(1);
                if !has_price {
                    without.push(token.mint);
                }
                token.tape.push(tick);
            }
            report(priced, &without);
        }
    }

    /// What the listing says about the very account that is read.
    fn listed(&self, token: &Watched, at: Moment) -> Option<Listed> {
        token.with(|known| {
            let (source, _) = known.source?;
            let pair = source.listed(&known.pairs, token.mint, self.gates, at)?;
            let is_fresh = at.since(known.listed_at) <= LISTED_WITHIN;
            pair.price.filter(|_| is_fresh).map(|price| Listed { price, received_at: known.listed_at })
        })
    }

    /// What every endpoint says about every token, as far as it says so in time.
    async fn read(&self, tokens: &[Arc<Watched>]) -> BTreeMap<Mint, Vec<Reading>> {
        let aims: Vec<Aim> = tokens
            .iter()
            .filter_map(|token| {
                let (source, decimals) = token.with(|known| known.source)?;
                Some(Aim { mint: token.mint, source, decimals })
            })
            .collect();
        let mut read: BTreeMap<Mint, Vec<Reading>> = BTreeMap::new();
        let mut moved = Vec::new();
        for told in join_all(self.rpcs.iter().map(|rpc| self.read_through(rpc, &aims))).await {
            for (mint, told) in told {
                match told {
                    Ok(reading) => read.entry(mint).or_default().push(reading),
                    Err(NoReading::Complete) => moved.push(mint),
                    Err(error) => tracing::debug!(%mint, error = with_sources(&error), "token not read"),
                }
            }
        }
        for token in tokens.iter().filter(|token| moved.contains(&token.mint)) {
            tracing::info!(mint = %token.mint, "its curve is complete");
            token.with(|known| (known.source, known.surveyed_at) = (None, Moment::default()));
        }
        read
    }

    async fn read_through(&self, rpc: &Rpc, aims: &[Aim]) -> Vec<(Mint, Result<Reading, NoReading>)> {
        let mut told = Vec::new();
        let asking = async {
            for group in groups(aims) {
                let accounts: Vec<_> = group.iter().flat_map(|aim| aim.source.accounts()).collect();
                let asked_at = self.now();
                let read = match rpc.accounts(&accounts).await {
                    Ok(read) => read,
                    Err(error) => {
                        let venue = rpc.venue.name();
                        metrics::counter!("rooms_oracle_rpc_failures_total", "venue" => venue).increment(1);
                        tracing::debug!(venue, error = with_sources(&error), "accounts not read");
                        return;
                    }
                };
                let received_at = self.now();
                let mut rest = read.accounts.as_slice();
                for aim in group {
                    let count = aim.source.accounts().len().min(rest.len());
                    let (own, others) = rest.split_at(count);
                    rest = others;
                    let price = aim.source.price(aim.mint, aim.decimals, own);
                    let (venue, slot) = (rpc.venue, read.slot);
                    let reading = price.map(|in_sol| Reading { venue, in_sol, slot, asked_at, received_at });
                    told.push((aim.mint, reading));
                }
            }
        };
        let _ = timeout(DEADLINE, asking).await;
        told
    }
}

/// As many tokens at a time as one request can ask for; the accounts of a token are of one slot.
fn groups(aims: &[Aim]) -> Vec<Vec<Aim>> {
    let mut groups: Vec<Vec<Aim>> = Vec::new();
    let mut room = 0_usize;
    for aim in aims {
        let needed = aim.source.accounts().len();
        match groups.last_mut() {
            Some(group) if needed <= room => group.push(*aim),
            _ => {
                groups.push(vec![*aim]);
                room = MOST_ACCOUNTS;
            }
        }
        room = room.saturating_sub(needed);
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Curve, Pool};
    use solana_pubkey::Pubkey;

    #[test]
    fn a_token_s_accounts_stay_together_and_no_request_is_too_long() {
        let mint = Mint::parse("9BB6NFEcjBCtnNLFko2FqVQBq8HHM13kCyYcdQbgpump").unwrap();
        let pool = Pool {
            units_vault: Pubkey::default(),
            lamports_vault: Pubkey::default(),
            units_beside: 0,
            lamports_beside: 0,
        };
        let sources = [
            Source::Curve(Curve::address(mint)),
            Source::Pool { address: Pubkey::default(), pool, gated: true },
        ];
        let aims: Vec<_> =
            (0..121).map(|n| Aim { mint, source: sources[usize::from(n % 4 > 0)], decimals: 6 }).collect();
        let groups = groups(&aims);
        let lengths = groups.iter().map(|group| group.iter().map(|aim| aim.source.accounts().len()).sum());
        let lengths: Vec<usize> = lengths.collect();
        assert!(lengths.iter().all(|length| *length <= MOST_ACCOUNTS), "{lengths:?}");
        assert_eq!(lengths.iter().sum::<usize>(), 31 + 90 * 3);
        assert_eq!(groups.len(), 4);
    }

    #[test]
    fn a_chain_that_stands_still_is_noticed_and_one_that_begins_anew_is_none() {
        let at = |second: i64| Moment::from_micros(second * SECOND);
        let mut newest = Newest::default();
        assert!(newest.goes_on(500, at(100)));
        assert!(newest.goes_on(500, at(110)));
        assert!(!newest.goes_on(500, at(111)));
        assert!(newest.goes_on(501, at(112)));
        assert!(newest.goes_on(7, at(113)));
    }
}
