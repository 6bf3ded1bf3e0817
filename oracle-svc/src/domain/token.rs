//! The price of a token: what its account on chain says through every endpoint, if they say the same and the listing
//! agrees.

use super::aggregate::confirmed;
use super::chain::{Account, AccountError, Curve, MintState, Pool, WRAPPED_SOL};
use super::listing::{Gates, ListedPair, candidates};
use super::market::VenueId;
use super::mint::Mint;
use super::moment::{Moment, SECOND};
use super::price::Price;
use super::quote::Held;
use super::tick::{Quote, Rate, Tick};
use solana_pubkey::Pubkey;

/// A listing is asked over HTTP; what it said is believed for this long.
pub const LISTED_WITHIN: i64 = 15 * SECOND;
/// SOL is looked at at least twice a second: an older look is not of this moment.
const SOL_WITHIN: i64 = 1_500_000;
/// An endpoint that is further behind the newest slot than this tells of another moment.
const SLOTS_APART: u64 = 10;
/// Programs whose pools we can read, in the listing's words.
const READABLE: [&str; 2] = ["pumpswap", "raydium"];
/// The listing's word for bonding curves.
const CURVES: &str = "pumpfun";

/// Where a token's price lies on chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// It is still sold along its bonding curve.
    Curve(Pubkey),
    /// It trades in a pool.
    Pool {
        /// The pool's account.
        address: Pubkey,
        /// Where its sides lie.
        pool: Pool,
        /// It was found in the listing, by age and depth, and is believed while it has both. The pool that pump.fun
        /// makes of a completed curve is known by its address instead.
        gated: bool,
    },
}

/// Why an account gave no price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoReading {
    /// The curve is sold out: the price lies elsewhere now.
    #[error("the curve is complete")]
    Complete,
    /// An account is not there.
    #[error("account {0} of the source is missing")]
    Missing(usize),
    /// An account is something else.
    #[error("account {0} of the source")]
    Account(usize, #[source] AccountError),
    /// The reserves make no price that 12 places can tell.
    #[error("too small or too large a price")]
    Price,
}

impl Source {
    /// The account that the listing knows it by.
    #[must_use]
    pub const fn address(&self) -> Pubkey {
        match self {
            Self::Curve(address) | Self::Pool { address, .. } => *address,
        }
    }

    /// The accounts to read, all of one slot.
    #[must_use]
    pub fn accounts(&self) -> Vec<Pubkey> {
        match self {
            Self::Curve(address) => vec![*address],
            Self::Pool { address, pool, .. } => vec![*address, pool.units_vault, pool.lamports_vault],
        }
    }

    /// SOL per token by what an endpoint told of [`Source::accounts`], in their order.
    ///
    /// # Errors
    /// They are not what they were, or hold nothing.
    pub fn price(&self, mint: Mint, decimals: u8, accounts: &[Option<Account>]) -> Result<Price, NoReading> {
        let account = |n: usize| accounts.get(n).and_then(Option::as_ref).ok_or(NoReading::Missing(n));
        let reserves = match self {
            Self::Curve(_) => {
                let curve = Curve::parse(account(0)?).map_err(|error| NoReading::Account(0, error))?;
                if curve.complete {
                    return Err(NoReading::Complete);
                }
                curve.priced_by
            }
            Self::Pool { pool: known, .. } => {
                let pool = Pool::parse(account(0)?, mint).map_err(|error| NoReading::Account(0, error))?;
                if (pool.units_vault, pool.lamports_vault) != (known.units_vault, known.lamports_vault) {
                    return Err(NoReading::Account(0, AccountError::Tokens));
                }
                let reserves = pool.reserves(mint, account(1)?, account(2)?);
                reserves.map_err(|error| NoReading::Account(1, error))?
            }
        };
        reserves.price(decimals).ok_or(NoReading::Price)
    }

    /// The listed pair that is this very account, if the listing has it, with a price, and it may be believed.
    #[must_use]
    pub fn listed<'a>(
        &self,
        pairs: &'a [ListedPair],
        mint: Mint,
        gates: Gates,
        now: Moment,
    ) -> Option<&'a ListedPair> {
        let address = self.address().to_string();
        pairs.iter().filter(|pair| pair.is_of(mint)).find(|pair| match self {
            Self::Curve(_) => pair.dex == CURVES || pair.address == address,
            Self::Pool { gated: false, .. } => pair.address == address,
            Self::Pool { gated: true, .. } => pair.address == address && pair.passes(gates, now),
        })
    }
}

/// What is looked at on chain to find out where a token's price lies.
#[derive(Clone, Debug)]
pub struct Survey {
    mint: Mint,
    candidates: Vec<Pubkey>,
}

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// The token itself.
    pub mint: MintState,
    /// Its curve, if it ever had one.
    pub curve: Option<Curve>,
    /// Where its price lies, if anywhere.
    pub source: Option<Source>,
}

impl Survey {
    /// A token, and its pools by the listing.
    #[must_use]
    pub fn new(mint: Mint, pairs: &[ListedPair], gates: Gates, now: Moment) -> Self {
        let sol = WRAPPED_SOL.to_string();
        let candidates = candidates(pairs, mint, gates, now)
            .into_iter()
            .filter(|pair| READABLE.contains(&pair.dex.as_str()) && pair.quote == sol)
            .filter_map(|pair| pair.address.parse().ok())
            .collect();
        Self { mint, candidates }
    }

    /// The accounts to read.
    #[must_use]
    pub fn accounts(&self) -> Vec<Pubkey> {
        let known = [self.mint.address(), Curve::address(self.mint), Pool::address_after_curve(self.mint)];
        known.into_iter().chain(self.candidates.iter().copied()).collect()
    }

    /// What they say; nothing where there is no such mint.
    ///
    /// # Errors
    /// The account of the curve is something else.
    pub fn look(&self, accounts: &[Option<Account>]) -> Result<Option<Found>, AccountError> {
        let account = |n: usize| accounts.get(n).and_then(Option::as_ref);
        let Some(mint) = account(0).and_then(|account| MintState::parse(account).ok()) else {
            return Ok(None);
        };
        let curve = match account(1).map(Curve::parse) {
            // Priced in another token: to us, no curve at all.
            Some(Err(AccountError::Tokens)) => None,
            other => other.transpose()?,
        };
        let source = match curve {
            Some(Curve { complete: false, .. }) => Some(Source::Curve(Curve::address(self.mint))),
            _ => self.pool(accounts).or_else(|| {
                let pool = Pool::parse(account(2)?, self.mint).ok().filter(|_| curve.is_some())?;
                Some(Source::Pool { address: Pool::address_after_curve(self.mint), pool, gated: false })
            }),
        };
        Ok(Some(Found { mint, curve, source }))
    }

    /// The deepest listed pool that is one on chain.
    fn pool(&self, accounts: &[Option<Account>]) -> Option<Source> {
        self.candidates.iter().zip(accounts.iter().skip(3)).find_map(|(address, account)| {
            let pool = Pool::parse(account.as_ref()?, self.mint).ok()?;
            Some(Source::Pool { address: *address, pool, gated: true })
        })
    }
}

/// What one endpoint said about a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Which endpoint.
    pub venue: VenueId,
    /// SOL per token.
    pub in_sol: Price,
    /// As of this slot.
    pub slot: u64,
    /// When it was asked.
    pub asked_at: Moment,
    /// When it had answered.
    pub received_at: Moment,
}

/// The readings of about the same moment: an endpoint that is behind tells of another one.
#[must_use]
pub fn abreast(mut readings: Vec<Reading>) -> Vec<Reading> {
    let newest = readings.iter().map(|reading| reading.slot).max().unwrap_or_default();
    readings.retain(|reading| newest.saturating_sub(reading.slot) <= SLOTS_APART);
    readings
}

/// What the listing said about a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listed {
    /// In USD.
    pub price: Price,
    /// When it had answered; it does not say of when its price is.
    pub received_at: Moment,
}

impl Tick {
    /// What is known about a token at a moment. `sol` is the oracle's own look at SOL, which turns the endpoints' prices
    /// into USD; without its price they say nothing.
    #[must_use]
    pub fn of_token(at: Moment, sol: Option<&Tick>, readings: &[Reading], listed: Option<Listed>) -> Self {
        let rate = sol.filter(|sol| at.since(sol.at) <= SOL_WITHIN).and_then(sol_rate);
        let mut quotes: Vec<Quote> = readings
            .iter()
            .filter_map(|reading| {
                let usd = reading.in_sol.get().checked_mul(rate.as_ref()?.value.get())?;
                Some(Quote {
                    venue: reading.venue,
                    price: Price::try_new(usd).ok()?,
                    in_usdt: Some(reading.in_sol),
                    venue_time: reading.asked_at,
                    received_at: reading.received_at,
                    excluded: false,
                })
            })
            .collect();
        quotes.sort_unstable_by_key(|quote| quote.venue);
        let listed = listed.filter(|listed| at.since(listed.received_at) <= LISTED_WITHIN);
        quotes.extend(listed.map(|Listed { price, received_at }| Quote {
            venue: VenueId::DexScreener,
            price,
            in_usdt: None,
            venue_time: received_at,
            received_at,
            excluded: false,
        }));
        let votes: Vec<_> = quotes.iter().map(|quote| (quote.venue, quote.price)).collect();
        let aggregate = confirmed(&votes).ok();
        Self { at, quotes, rate, aggregate }
    }
}

/// USD per SOL, with the quotes whose median it is.
fn sol_rate(sol: &Tick) -> Option<Rate> {
    let value = sol.aggregate.as_ref()?.price;
    let held = |quote: &Quote| Held {
        venue: quote.venue,
        price: quote.price,
        venue_time: quote.venue_time,
        received_at: quote.received_at,
    };
    let quotes = sol.quotes.iter().filter(|quote| !quote.excluded).map(held).collect();
    Some(Rate { value, quotes })
}

#[cfg(test)]
#[path = "token_tests.rs"]
mod tests;
