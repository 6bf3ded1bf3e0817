//! Tokens as the world outside shows them: their accounts on a chain, through RPC endpoints that need not tell the same,
//! and their pairs in DexScreener's listing. All of it can be steered, and made to fail.

mod accounts;
mod serve;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rust_decimal::Decimal;

pub use accounts::{Account, Addresses};
pub use serve::{Servers, serve};

/// Where a token is traded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Along pump.fun's bonding curve.
    Curve,
    /// In the PumpSwap pool that pump.fun makes of a completed curve.
    AfterCurve,
    /// In a PumpSwap pool that somebody made.
    Pool,
}

/// A token.
#[derive(Clone, Debug, PartialEq)]
pub struct Token {
    /// The address of its mint, in base58.
    pub mint: String,
    /// Its name for people.
    pub symbol: String,
    /// A token is ten to this power of smallest units.
    pub decimals: u8,
    /// Smallest units in existence.
    pub units: u64,
    /// Somebody can make more of it.
    pub mintable: bool,
    /// Where it is traded.
    pub place: Place,
    /// SOL per token.
    pub price: Decimal,
    /// Product of the lamports and the smallest units that trade against each other: how deep its market is.
    pub product: u128,
    /// When its pair came to be, in milliseconds since the Unix epoch.
    pub created_ms: i64,
    /// The chain that the listing says it is on.
    pub listed_on: String,
}

impl Token {
    /// A billion tokens of six decimals on the curve, at the price that every curve begins with.
    #[must_use]
    pub fn on_curve(mint: &str, symbol: &str, created_ms: i64) -> Self {
        Self {
            mint: mint.to_owned(),
            symbol: symbol.to_owned(),
            decimals: 6,
            units: 1_000_000_000_000_000,
            mintable: false,
            place: Place::Curve,
            price: Decimal::new(28, 9),
            product: 30_000_000_000 * 1_073_000_000_000_000,
            created_ms,
            listed_on: "solana".to_owned(),
        }
    }

    /// The same in a pool of 1,000 SOL and as much in tokens, at `price` SOL each.
    #[must_use]
    pub fn in_pool(mint: &str, symbol: &str, created_ms: i64, price: Decimal) -> Self {
        let token = Self { place: Place::Pool, price, ..Self::on_curve(mint, symbol, created_ms) };
        Self { product: accounts::product(1_000_000_000_000, &token), ..token }
    }

    /// What trades against each other, in smallest units and lamports.
    #[must_use]
    pub fn reserves(&self) -> (u64, u64) {
        accounts::reserves(self)
    }
}

/// What is wrong with an endpoint or the listing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Fault {
    /// Nothing.
    #[default]
    None,
    /// It answers with status 503.
    Away,
    /// It takes the question and says nothing.
    Silent,
    /// It answers with status 429 and wants to be left alone for so many seconds.
    Limited(u64),
    /// Prices are off by so many per cent.
    Wrong(Decimal),
    /// It is so many slots behind.
    Behind(u64),
    /// It answers something else.
    Garbled,
}

/// The tokens and their servers' faults; all clones steer the same.
#[derive(Clone)]
pub struct Tokens {
    state: Arc<Mutex<State>>,
}

struct State {
    tokens: BTreeMap<String, Token>,
    sol_usd: Decimal,
    endpoints: Vec<Fault>,
    listing: Fault,
    asked: u64,
}

impl Tokens {
    /// No token yet; SOL at so many dollars, for the listing's prices.
    #[must_use]
    pub fn new(sol_usd: Decimal) -> Self {
        let state =
            State { tokens: BTreeMap::new(), sol_usd, endpoints: Vec::new(), listing: Fault::None, asked: 0 };
        Self { state: Arc::new(Mutex::new(state)) }
    }

    /// Adds a token, or replaces it.
    pub fn put(&self, token: Token) {
        self.state().tokens.insert(token.mint.clone(), token);
    }

    /// Changes a token; whether it is there.
    pub fn change(&self, mint: &str, change: impl FnOnce(&mut Token)) -> bool {
        self.state().tokens.get_mut(mint).map(change).is_some()
    }

    /// The token and everything that belongs to it is gone; whether it was there.
    pub fn remove(&self, mint: &str) -> bool {
        self.state().tokens.remove(mint).is_some()
    }

    /// All tokens.
    #[must_use]
    pub fn all(&self) -> Vec<Token> {
        self.state().tokens.values().cloned().collect()
    }

    /// What the listing takes SOL to be worth, in USD.
    pub fn set_sol_usd(&self, price: Decimal) {
        self.state().sol_usd = price;
    }

    /// From now on this is wrong with an endpoint, counted from 0; whether there is such an endpoint.
    pub fn set_endpoint(&self, endpoint: usize, fault: Fault) -> bool {
        self.state().endpoints.get_mut(endpoint).map(|old| *old = fault).is_some()
    }

    /// What is wrong with the endpoints.
    #[must_use]
    pub fn endpoints(&self) -> Vec<Fault> {
        self.state().endpoints.clone()
    }

    /// From now on this is wrong with the listing.
    pub fn set_listing(&self, fault: Fault) {
        self.state().listing = fault;
    }

    /// What is wrong with the listing.
    #[must_use]
    pub fn listing(&self) -> Fault {
        self.state().listing
    }

    /// How often the listing was asked.
    #[must_use]
    pub fn asked(&self) -> u64 {
        self.state().asked
    }

    /// A poisoned lock only means that somebody panicked; what it protects is whole.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
