//! One look of the oracle at its venues, as a bundle has it: read, and held against the rules.

use super::aggregate::{Combined, RATE_QUORUM, combine, confirm};
use super::fields::Fields;
use super::finding::{Findings, shown};
use super::price::{PLACES, parse_price, times, write};
use serde_json::Value;
use std::collections::BTreeSet;

/// Microseconds in a second.
pub(super) const SECOND: i64 = 1_000_000;
/// Largest distance between a venue's time and the receipt, and how far back an aggregate may be dated.
const SKEW: i64 = 2 * SECOND;
/// A quote counts so long after it last changed.
const CHANGED_WITHIN: i64 = 30 * SECOND;
/// A rate of USDT is believed so long.
const RATE_WITHIN: i64 = 600 * SECOND;
/// An answer over HTTP is believed so long.
const ASKED_WITHIN: i64 = 15 * SECOND;

/// What prices an asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Market {
    /// Exchanges, some of which quote in USDT.
    Exchanges,
    /// A token's account on chain, in SOL, and a listing.
    Token,
}

/// A venue, and whether its own price is in something else than USD.
type Venue = (&'static str, bool);

const EXCHANGES: [Venue; 5] =
    [("binance", true), ("bitstamp", false), ("coinbase", false), ("kraken", false), ("okx", true)];
/// Exchanges that trade USDT against USD.
const RATE_VENUES: [Venue; 3] = [("bitstamp", false), ("coinbase", false), ("kraken", false)];
const LISTING: &str = "dexscreener";
const TOKEN: [Venue; 4] = [("chain-1", true), ("chain-2", true), ("chain-3", true), (LISTING, false)];

impl Market {
    /// A token is named by its mint's address: 32 bytes in base58.
    pub(super) const fn of(asset: &str) -> Self {
        if asset.len() < 32 { Self::Exchanges } else { Self::Token }
    }

    const fn venues(self) -> &'static [Venue] {
        match self {
            Self::Exchanges => &EXCHANGES,
            Self::Token => &TOKEN,
        }
    }

    /// Who can say what a USDT, or a SOL, is worth in USD, and for how long.
    const fn rates(self) -> (&'static [Venue], i64) {
        match self {
            Self::Exchanges => (&RATE_VENUES, RATE_WITHIN),
            // SOL's own aggregate was taken up to 2 s before.
            Self::Token => (&EXCHANGES, CHANGED_WITHIN + SKEW),
        }
    }

    const fn fresh(self) -> i64 {
        match self {
            Self::Exchanges => CHANGED_WITHIN,
            Self::Token => ASKED_WITHIN,
        }
    }
}

/// What an aggregate comes to.
#[derive(Clone, Debug, Default)]
pub(super) struct Tick {
    /// When it was taken, in microseconds since 1970.
    pub(super) at: i64,
    /// The price in 10^-12 USD, if there is one.
    pub(super) price: Option<u128>,
    /// Distance to the farther quartile, in 10^-12 USD.
    pub(super) confidence: u128,
    /// Whether a venue had no vote.
    pub(super) excluded: bool,
    /// Price and venue time of the counted quotes.
    counted: Vec<(u128, i64)>,
}

impl Tick {
    /// The date of this aggregate for whoever waits for a price: the earliest venue time among the counted quotes that
    /// `reached` it, at most 2 s before it was taken and not after.
    pub(super) fn dated(&self, reached: impl Fn(u128) -> bool) -> i64 {
        let earliest = self.counted.iter().filter(|(price, _)| reached(*price)).map(|(_, at)| *at).min();
        earliest.unwrap_or(self.at).clamp(self.at.saturating_sub(SKEW), self.at)
    }
}

struct Quote<'a> {
    venue: &'a str,
    price: u128,
    venue_at: i64,
    counted: bool,
    excluded: bool,
}

/// Reads an aggregate and names what does not follow from its quotes.
pub(super) fn read(at: &str, value: &Value, market: Market, quorum: usize, findings: &mut Findings) -> Tick {
    let Some(members) = value.as_object() else {
        findings.add(at, "should be an object");
        return Tick::default();
    };
    let fields = Fields::new(at, members);
    fields.only(&["at", "price", "confidence", "band", "rate", "quotes", "rate_quotes"], findings);
    let taken_at = fields.moment("at", findings).unwrap_or_default();
    let rate = rate(&fields, market, quorum, taken_at, findings);
    let quotes = quotes(&fields, market, taken_at, rate, findings);
    let votes = quotes.iter().flatten().filter(|quote| !quote.excluded);
    let combined = match market {
        Market::Exchanges => combine(&votes.map(|quote| quote.price).collect::<Vec<_>>(), quorum),
        Market::Token => {
            let (listed, on_chain): (Vec<&Quote<'_>>, Vec<_>) =
                votes.partition(|quote| quote.venue == LISTING);
            let on_chain: Vec<u128> = on_chain.iter().map(|quote| quote.price).collect();
            confirm(&on_chain, listed.first().map(|quote| quote.price))
        }
    };
    compare(&fields, combined.as_ref(), findings);
    for (index, quote) in quotes.iter().enumerate() {
        let Some(quote) = quote else { continue };
        let counts = !quote.excluded && combined.is_some_and(|combined| combined.counts(quote.price));
        let path = format!("{at}.quotes[{index}].counted");
        findings.compare(path, word(quote.counted), "price and band make", word(counts));
    }
    Tick {
        at: taken_at,
        price: combined.map(|combined| combined.price),
        confidence: combined.map(|combined| combined.confidence).unwrap_or_default(),
        excluded: quotes.iter().flatten().any(|quote| quote.excluded),
        counted: quotes
            .iter()
            .flatten()
            .filter(|quote| quote.counted)
            .map(|it| (it.price, it.venue_at))
            .collect(),
    }
}

const fn word(flag: bool) -> &'static str {
    if flag { "true" } else { "false" }
}

fn compare(fields: &Fields<'_, '_>, combined: Option<&Combined>, findings: &mut Findings) {
    let texts =
        combined.map(|found| [write(found.price, PLACES), found.confidence_text(), found.band_text()]);
    for (name, should) in ["price", "confidence", "band"].into_iter().zip(texts.unwrap_or_default()) {
        let is = fields.optional_text(name, findings);
        findings.compare(fields.path(name), is, "the quotes make", &should);
    }
}

/// The rate into USD, if the aggregate has one.
fn rate(
    fields: &Fields<'_, '_>,
    market: Market,
    quorum: usize,
    taken_at: i64,
    findings: &mut Findings,
) -> Option<u128> {
    let items = fields.optional_array("rate_quotes", findings);
    let (known, fresh) = market.rates();
    let mut votes = Vec::new();
    let mut venues = BTreeSet::new();
    for (index, item) in items.iter().enumerate() {
        let path = format!("{}[{index}]", fields.path("rate_quotes"));
        let Some(members) = item.as_object() else {
            findings.add(path, "should be an object");
            continue;
        };
        let quote = Fields::new(&path, members);
        quote.only(&["venue", "price", "venue_at", "received_at"], findings);
        venue(&quote, known, &mut venues, findings);
        times_of(&quote, taken_at, fresh, findings);
        votes.extend(price(&quote, "price", findings));
    }
    let needed = match market {
        Market::Exchanges => RATE_QUORUM,
        Market::Token => quorum,
    };
    let made = combine(&votes, needed).map(|combined| combined.price);
    let should = made.map(|rate| write(rate, PLACES)).unwrap_or_default();
    let is = fields.optional_text("rate", findings);
    findings.compare(fields.path("rate"), is, "its quotes make", &should);
    made
}

/// The venue of a quote, if it may have one and has none yet.
fn venue<'a>(
    quote: &Fields<'_, 'a>,
    known: &[Venue],
    seen: &mut BTreeSet<&'a str>,
    findings: &mut Findings,
) -> Option<(&'a str, bool)> {
    let name = quote.text("venue", findings)?;
    let Some((_, foreign)) = known.iter().find(|(known, _)| *known == name) else {
        findings.add(quote.path("venue"), format!("is {}, which has no say here", shown(name)));
        return None;
    };
    if !seen.insert(name) {
        findings.add(quote.path("venue"), format!("is {name} again"));
    }
    Some((name, *foreign))
}

/// The quotes, each a vote unless it is excluded. A quote that cannot be read is nothing.
fn quotes<'a>(
    fields: &Fields<'_, 'a>,
    market: Market,
    taken_at: i64,
    rate: Option<u128>,
    findings: &mut Findings,
) -> Vec<Option<Quote<'a>>> {
    let mut venues = BTreeSet::new();
    let mut found = Vec::new();
    for (index, item) in fields.array("quotes", findings).iter().enumerate() {
        let path = format!("{}[{index}]", fields.path("quotes"));
        let Some(members) = item.as_object() else {
            findings.add(path, "should be an object");
            continue;
        };
        let quote = Fields::new(&path, members);
        quote.only(
            &["venue", "price", "own_price", "venue_at", "received_at", "counted", "excluded"],
            findings,
        );
        let by = venue(&quote, market.venues(), &mut venues, findings);
        match by {
            Some((_, true)) => corrected(&quote, rate, findings),
            Some((name, false)) if quote.value("own_price").is_some() => {
                findings.add(quote.path("own_price"), format!("should be absent: {name} quotes in USD"));
            }
            Some(_) | None => {}
        }
        let venue_at = times_of(&quote, taken_at, market.fresh(), findings);
        let (counted, excluded) = (quote.flag("counted", findings), quote.flag("excluded", findings));
        let venue = by.map(|(name, _)| name).unwrap_or_default();
        let price = price(&quote, "price", findings);
        found.push(price.map(|price| Quote { venue, price, venue_at, counted, excluded }));
    }
    found
}

/// A quote in USDT or SOL is its own price times the rate.
fn corrected(quote: &Fields<'_, '_>, rate: Option<u128>, findings: &mut Findings) {
    let own = price(quote, "own_price", findings);
    let should = own.zip(rate).and_then(|(own, rate)| times(own, rate));
    let should = should.map(|price| write(price, PLACES)).unwrap_or_default();
    let is = quote.optional_text("price", findings);
    findings.compare(quote.path("price"), is, "own_price × rate is", &should);
}

fn price(fields: &Fields<'_, '_>, name: &str, findings: &mut Findings) -> Option<u128> {
    let text = fields.text(name, findings)?;
    let price = parse_price(text).filter(|price| write(*price, PLACES) == text);
    if price.is_none() {
        findings.add(fields.path(name), "should be a price of at most 12 places, without zeros at its end");
    }
    price
}

/// Holds the two times of a quote against each other and against when the aggregate was taken. Returns the venue's.
fn times_of(quote: &Fields<'_, '_>, taken_at: i64, fresh: i64, findings: &mut Findings) -> i64 {
    let venue_at = quote.moment("venue_at", findings);
    let received_at = quote.moment("received_at", findings);
    if let Some((venue_at, received_at)) = venue_at.zip(received_at) {
        if venue_at.abs_diff(received_at) > SKEW.unsigned_abs() {
            findings.add(quote.path("venue_at"), "is more than 2 s away from received_at");
        }
        if taken_at.saturating_sub(received_at) > fresh {
            findings
                .add(quote.path("received_at"), format!("is more than {} s before its use", fresh / SECOND));
        }
    }
    venue_at.unwrap_or_default()
}
