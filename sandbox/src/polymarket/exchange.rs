//! The markets, the wallets and everything they do: one deed after another, each booked at once and shown by the APIs
//! when its time comes. It knows no clock; whoever applies a deed says when.

use std::collections::HashMap;

use rust_decimal::Decimal;

use super::catalogue::{self, Event, Market, Resolution};
use super::holdings::{Holdings, Token};
use super::names;
use super::tape::{Kind, Row, Side, Tape};

/// Prices are whole cents between these.
const LOWEST: Decimal = Decimal::from_parts(1, 0, 0, false, 2);
const HIGHEST: Decimal = Decimal::from_parts(99, 0, 0, false, 2);

/// Somebody who trades.
#[derive(Clone, Debug)]
pub struct Wallet {
    /// `0x` and 40 digits in lower case.
    pub address: String,
    /// Public; empty for none.
    pub name: String,
    /// What the page calls them otherwise.
    pub pseudonym: String,
}

/// A wallet's part of a trade.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fill {
    /// Whose.
    pub wallet: usize,
    /// Of which answer.
    pub token: Token,
    /// Which way.
    pub side: Side,
    /// How many.
    pub shares: Decimal,
    /// USD a share.
    pub price: Decimal,
    /// Their order came to the book, rather than waited in it.
    pub taker: bool,
}

/// What somebody does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// An order meets others, in one transaction.
    Trade(Vec<Fill>),
    /// Dollars become shares of both answers.
    Split {
        /// Whose.
        wallet: usize,
        /// The market's place.
        market: usize,
        /// How many of each.
        shares: Decimal,
    },
    /// Shares of both answers become dollars.
    Merge {
        /// Whose.
        wallet: usize,
        /// The market's place.
        market: usize,
        /// How many of each.
        shares: Decimal,
    },
    /// All shares of a decided market become dollars, or nothing.
    Redeem {
        /// Whose.
        wallet: usize,
        /// The market's place.
        market: usize,
    },
    /// Polymarket gives dollars.
    Reward {
        /// To whom.
        wallet: usize,
        /// How many.
        usd: Decimal,
    },
    /// A market is decided.
    Resolve {
        /// Its place.
        market: usize,
        /// The right answer.
        winner: usize,
    },
    /// The next event's markets begin to trade.
    Open,
}

/// When a deed is done, and when the APIs show it.
#[derive(Clone, Copy, Debug)]
pub struct When {
    /// Unix milliseconds.
    pub at: i64,
    /// Unix milliseconds, not before it.
    pub visible_at: i64,
}

/// Why a deed cannot be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// A place beyond all markets.
    #[error("there is no such market")]
    NoMarket,
    /// A place beyond all wallets.
    #[error("there is no such wallet")]
    NoWallet,
    /// It is decided.
    #[error("the market is decided")]
    Decided,
    /// It is not decided.
    #[error("the market is not decided")]
    Undecided,
    /// More than the wallet has.
    #[error("the wallet does not have that many shares")]
    Short,
    /// Not above zero.
    #[error("shares are more than zero, at most two digits after the point")]
    Shares,
    /// No whole cents between 0.01 and 0.99.
    #[error("a price is 0.01 to 0.99 in whole cents")]
    Price,
}

/// All of it.
#[derive(Clone, Debug)]
pub struct Exchange {
    seed: u64,
    events: Vec<Event>,
    markets: Vec<Market>,
    wallets: Vec<Wallet>,
    by_address: HashMap<String, usize>,
    by_token: HashMap<String, Token>,
    by_condition: HashMap<String, usize>,
    held: Holdings,
    shown: Holdings,
    tape: Tape,
    transactions: usize,
}

impl Exchange {
    /// So many wallets, and the markets of so many events, at this unix second.
    #[must_use]
    pub fn new(seed: u64, wallets: usize, events: usize, at: i64) -> Self {
        let mut exchange = Self {
            seed,
            events: Vec::new(),
            markets: Vec::new(),
            wallets: Vec::new(),
            by_address: HashMap::new(),
            by_token: HashMap::new(),
            by_condition: HashMap::new(),
            held: Holdings::default(),
            shown: Holdings::default(),
            tape: Tape::default(),
            transactions: 0,
        };
        (0..wallets).for_each(|number| {
            exchange.welcome(names::address(seed, number), names::person(seed, number));
        });
        (0..events).for_each(|_| exchange.open(at));
        exchange
    }

    /// The place of the wallet with this address, which is there from now on.
    pub fn wallet_or_new(&mut self, address: &str) -> usize {
        match self.wallet_at(address) {
            Some(place) => place,
            None => self.welcome(address.to_ascii_lowercase(), String::new()),
        }
    }

    fn welcome(&mut self, address: String, name: String) -> usize {
        let place = self.wallets.len();
        self.by_address.insert(address.clone(), place);
        self.wallets.push(Wallet { address, name, pseudonym: names::pseudonym(self.seed, place) });
        place
    }

    fn open(&mut self, at: i64) {
        let (event, markets) = catalogue::event(self.seed, self.events.len(), self.markets.len(), at);
        for (nth, market) in markets.iter().enumerate() {
            let place = self.markets.len() + nth;
            self.by_condition.insert(market.condition.clone(), place);
            for (outcome, token) in market.tokens.iter().enumerate() {
                self.by_token.insert(token.clone(), Token { market: place, outcome });
            }
        }
        self.events.push(event);
        self.markets.extend(markets);
    }

    /// Does it, or nothing at all. Returns the places of its first row and the one after its last.
    ///
    /// # Errors
    /// It cannot be done.
    pub fn apply(&mut self, deed: &Deed, when: When) -> Result<(usize, usize), Refused> {
        let first = self.tape.rows().len();
        match deed {
            Deed::Trade(fills) => self.trade(fills, when)?,
            Deed::Split { wallet, market, shares } => {
                self.tradable(*market)?;
                self.known(*wallet)?;
                sound(*shares)?;
                let row = self.row(*wallet, Kind::Split, Some(*market), *shares, when);
                self.write(row);
            }
            Deed::Merge { wallet, market, shares } => {
                self.tradable(*market)?;
                self.known(*wallet)?;
                sound(*shares)?;
                let both =
                    (0..2).map(|outcome| self.held.shares(*wallet, Token { market: *market, outcome }));
                if both.min().unwrap_or_default() < *shares {
                    return Err(Refused::Short);
                }
                let row = self.row(*wallet, Kind::Merge, Some(*market), *shares, when);
                self.write(row);
            }
            Deed::Redeem { wallet, market } => self.redeem(*wallet, *market, when)?,
            Deed::Reward { wallet, usd } => {
                self.known(*wallet)?;
                let row = self.row(*wallet, Kind::Reward, None, *usd, when);
                self.write(row);
            }
            Deed::Resolve { market, winner } => {
                let known = self.markets.get_mut(*market).ok_or(Refused::NoMarket)?;
                if known.resolution.is_some() {
                    return Err(Refused::Decided);
                }
                known.resolution = Some(Resolution { winner: (*winner).min(1), at: when.at / 1_000 });
            }
            Deed::Open => self.open(when.at / 1_000),
        }
        Ok((first, self.tape.rows().len()))
    }

    fn trade(&mut self, fills: &[Fill], when: When) -> Result<(), Refused> {
        // Everything is looked at before anything is written; what one sells twice must be there twice.
        let mut sold: HashMap<(usize, Token), Decimal> = HashMap::new();
        for fill in fills {
            self.tradable(fill.token.market)?;
            self.known(fill.wallet)?;
            sound(fill.shares)?;
            if fill.price < LOWEST || fill.price > HIGHEST || fill.price.normalize().scale() > 2 {
                return Err(Refused::Price);
            }
            if fill.side == Side::Sell {
                let sold = sold.entry((fill.wallet, fill.token)).or_default();
                *sold += fill.shares;
                if self.held.shares(fill.wallet, fill.token) < *sold {
                    return Err(Refused::Short);
                }
            }
        }
        let transaction = self.transaction();
        for fill in fills {
            let kind = Kind::Trade { taker: fill.taker };
            self.write(Row {
                outcome: Some(fill.token.outcome),
                side: Some(fill.side),
                price: fill.price,
                usd: fill.shares * fill.price,
                transaction: transaction.clone(),
                ..blank(fill.wallet, kind, Some(fill.token.market), fill.shares, when)
            });
            if let Some(market) = self.markets.get_mut(fill.token.market).filter(|_| fill.taker) {
                let first = if fill.token.outcome == 0 { fill.price } else { Decimal::ONE - fill.price };
                market.prices.push((when.at / 1_000, first));
                market.volume += fill.shares * fill.price;
            }
        }
        Ok(())
    }

    fn redeem(&mut self, wallet: usize, market: usize, when: When) -> Result<(), Refused> {
        self.known(wallet)?;
        let resolution = self.markets.get(market).ok_or(Refused::NoMarket)?.resolution;
        let winner = resolution.ok_or(Refused::Undecided)?.winner;
        let held = |outcome| self.held.shares(wallet, Token { market, outcome });
        let (right, wrong) = (held(winner), held(1 - winner));
        if right + wrong == Decimal::ZERO {
            return Err(Refused::Short);
        }
        let row = self.row(wallet, Kind::Redeem { winner }, Some(market), right, when);
        self.write(row);
        Ok(())
    }

    fn row(&mut self, wallet: usize, kind: Kind, market: Option<usize>, amount: Decimal, when: When) -> Row {
        Row { transaction: self.transaction(), ..blank(wallet, kind, market, amount, when) }
    }

    fn write(&mut self, row: Row) {
        self.held.book(&row);
        self.tape.write(row);
    }

    fn transaction(&mut self) -> String {
        self.transactions += 1;
        names::transaction(self.seed, self.transactions)
    }

    fn tradable(&self, market: usize) -> Result<(), Refused> {
        let market = self.markets.get(market).ok_or(Refused::NoMarket)?;
        if market.resolution.is_some() { Err(Refused::Decided) } else { Ok(()) }
    }

    fn known(&self, wallet: usize) -> Result<(), Refused> {
        if wallet < self.wallets.len() { Ok(()) } else { Err(Refused::NoWallet) }
    }

    /// The APIs' positions follow what they show by now.
    pub fn appear(&mut self, now: i64) {
        while let Some(row) = self.tape.appear(now) {
            self.shown.book(row);
        }
    }

    /// Everything that happened.
    #[must_use]
    pub const fn tape(&self) -> &Tape {
        &self.tape
    }

    /// Who holds what.
    #[must_use]
    pub const fn held(&self) -> &Holdings {
        &self.held
    }

    /// Who holds what by what the APIs show.
    #[must_use]
    pub const fn shown(&self) -> &Holdings {
        &self.shown
    }

    /// USD that a wallet's shares are worth.
    #[must_use]
    pub fn worth(&self, wallet: usize) -> Decimal {
        self.held.of(wallet).map(|(token, held)| held.shares * self.price(token)).sum()
    }

    /// USD for a share now.
    #[must_use]
    pub fn price(&self, token: Token) -> Decimal {
        self.markets.get(token.market).map_or(Decimal::ZERO, |market| market.price(token.outcome))
    }

    /// All events.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// All markets, decided ones too.
    #[must_use]
    pub fn markets(&self) -> &[Market] {
        &self.markets
    }

    /// All wallets.
    #[must_use]
    pub fn wallets(&self) -> &[Wallet] {
        &self.wallets
    }

    /// The place of a wallet, by its address in any letter case.
    #[must_use]
    pub fn wallet_at(&self, address: &str) -> Option<usize> {
        self.by_address.get(&address.to_ascii_lowercase()).copied()
    }

    /// The market with this condition.
    #[must_use]
    pub fn market_of(&self, condition: &str) -> Option<usize> {
        self.by_condition.get(&condition.to_ascii_lowercase()).copied()
    }

    /// The answer with this token.
    #[must_use]
    pub fn token(&self, token: &str) -> Option<Token> {
        self.by_token.get(token).copied()
    }
}

/// A row without its names: of a split or a merge the dollars are the shares, a redeemed share is one, too.
fn blank(wallet: usize, kind: Kind, market: Option<usize>, amount: Decimal, when: When) -> Row {
    Row {
        sequence: 0,
        at: when.at / 1_000,
        visible_at: when.visible_at,
        kind,
        wallet,
        market,
        outcome: None,
        side: None,
        shares: amount,
        price: Decimal::ZERO,
        usd: amount,
        transaction: String::new(),
    }
}

fn sound(shares: Decimal) -> Result<(), Refused> {
    if shares > Decimal::ZERO && shares.normalize().scale() <= 2 { Ok(()) } else { Err(Refused::Shares) }
}
