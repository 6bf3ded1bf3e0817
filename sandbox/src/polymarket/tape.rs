//! What happened, row by row, and what of it the APIs show yet.

use std::collections::{BTreeSet, HashMap};

use rust_decimal::Decimal;

/// Which way shares went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The wallet paid.
    Buy,
    /// The wallet was paid.
    Sell,
}

impl Side {
    /// As on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Buy => "BUY",
            Self::Sell => "SELL",
        }
    }

    /// The counterparty's.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Buy => Self::Sell,
            Self::Sell => Self::Buy,
        }
    }
}

/// What a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An order was filled.
    Trade {
        /// It came to the book, rather than waited in it.
        taker: bool,
    },
    /// Dollars became shares of both answers.
    Split,
    /// Shares of both answers became dollars.
    Merge,
    /// Shares of a decided market became dollars, or nothing.
    Redeem {
        /// The right answer.
        winner: usize,
    },
    /// Polymarket gave dollars.
    Reward,
}

/// One thing that one wallet did.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its place on the tape.
    pub sequence: usize,
    /// Unix seconds of its block; never less than those before.
    pub at: i64,
    /// Unix milliseconds from which on the APIs show it.
    pub visible_at: i64,
    /// What it is.
    pub kind: Kind,
    /// Whose.
    pub wallet: usize,
    /// The market's place, if it is about one.
    pub market: Option<usize>,
    /// The answer's place, if it is about one.
    pub outcome: Option<usize>,
    /// Of trades.
    pub side: Option<Side>,
    /// Shares; redeemed ones are those of the right answer.
    pub shares: Decimal,
    /// USD a share.
    pub price: Decimal,
    /// USD.
    pub usd: Decimal,
    /// `0x` and 64 digits; shared by all rows of a transaction.
    pub transaction: String,
}

impl Row {
    /// Whether it is a trade, and not only another's order that was taken.
    #[must_use]
    pub const fn is_trade(&self, takers_only: bool) -> bool {
        matches!(self.kind, Kind::Trade { taker } if taker || !takers_only)
    }
}

/// All rows.
#[derive(Clone, Debug, Default)]
pub struct Tape {
    rows: Vec<Row>,
    of_wallets: HashMap<usize, Vec<usize>>,
    /// When rows come to be seen that are not yet.
    hidden: BTreeSet<(i64, usize)>,
}

impl Tape {
    /// Writes a row, which gets its place.
    pub(super) fn write(&mut self, row: Row) {
        let sequence = self.rows.len();
        self.of_wallets.entry(row.wallet).or_default().push(sequence);
        self.hidden.insert((row.visible_at, sequence));
        self.rows.push(Row { sequence, ..row });
    }

    /// The next that is to be seen by now, each once, in the order in which they come to be seen.
    pub(super) fn appear(&mut self, now: i64) -> Option<&Row> {
        let first = self.hidden.first().filter(|(visible_at, _)| *visible_at <= now)?;
        let (_, sequence) = *first;
        self.hidden.pop_first();
        self.rows.get(sequence)
    }

    /// All of it, whether it is shown or not.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// What is shown by now, the newest first, from before this place on.
    pub fn shown(&self, now: i64, before: usize) -> impl Iterator<Item = &Row> {
        let before = before.min(self.rows.len());
        let (rows, _) = self.rows.split_at(before);
        rows.iter().rev().filter(move |row| row.visible_at <= now)
    }

    /// The same of one wallet.
    pub fn shown_of(&self, wallet: usize, now: i64) -> impl DoubleEndedIterator<Item = &Row> {
        let rows = self.of_wallets.get(&wallet).into_iter().flatten();
        rows.rev().filter_map(|sequence| self.rows.get(*sequence)).filter(move |row| row.visible_at <= now)
    }
}
