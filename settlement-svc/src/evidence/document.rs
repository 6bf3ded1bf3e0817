//! The shapes of the evidence bundle: JSON with amounts and prices as decimal strings, so that no
//! reader rounds them, hashes in hexadecimal and times in RFC 3339.

use crate::{
    domain::{Frozen, Line, Rules, Ruling, void_word},
    store::{
        facts::{Receipt, Totals},
        line::word,
        settlement::Standing,
    },
};
use prost_types::Timestamp;
use proto::{Lamports, from_timestamp, oracle, room};
use serde::Serialize;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// Everything but the bets, the series and the receipt, which follow page by page.
#[derive(Serialize)]
pub struct Head {
    format: &'static str,
    room_id: String,
    room_number: i64,
    /// The hashed bytes, and what they say.
    terms_hash: String,
    terms_bytes: String,
    terms: Terms,
    verdict: Verdict,
    book: Book,
    /// Merkle root over the bets below.
    root: String,
    decided_at: String,
    settled_at: Option<String>,
}

#[derive(Serialize)]
struct Terms {
    kind: &'static str,
    asset: String,
    comparator: &'static str,
    target: String,
    open_price: String,
    open_at: Option<String>,
    lock_at: Option<String>,
    deadline: Option<String>,
    outcomes: Vec<String>,
    min_stake_lamports: String,
    max_stake_lamports: String,
    min_players: u32,
    max_players: u32,
    protocol_fee_bps: u32,
    host_fee_bps: u32,
    past_post_seconds: u32,
    mean_seconds: u32,
    quorum: u32,
}

#[derive(Serialize)]
struct Verdict {
    #[serde(flatten)]
    ruling: Named,
    price: Option<String>,
    observed_at: Option<String>,
    /// First and last second of the deciding series, in Unix time.
    series: Option<[i64; 2]>,
}

#[derive(Serialize)]
struct Book {
    #[serde(flatten)]
    ruling: Named,
    /// Bets accepted at this moment or later are void.
    cut_off: Option<String>,
    /// Stakes accepted, and those of them that counted.
    frozen_lamports: Vec<String>,
    pools_lamports: Vec<String>,
    protocol_fee_lamports: String,
    host_fee_lamports: String,
}

#[derive(Serialize)]
struct Named {
    outcome: Option<u32>,
    void_reason: Option<&'static str>,
    label: String,
}

impl Named {
    fn new(ruling: Ruling, outcomes: &[String]) -> Self {
        let (outcome, void_reason) = match ruling {
            Ruling::Outcome(outcome) => (Some(outcome), None),
            Ruling::Void(reason) => (None, Some(void_word(reason))),
        };
        Self { outcome, void_reason, label: ruling.label(outcomes) }
    }
}

impl Head {
    /// Puts together what was decided.
    pub fn new(standing: &Standing, frozen: &Frozen, totals: &Totals) -> Self {
        let (terms, verdict) = (&frozen.terms, &standing.settlement.verdict);
        let cut_off = Rules::try_from(terms).ok().and_then(|rules| rules.cut_off(verdict));
        Self {
            format: "rooms-evidence/1",
            room_id: frozen.room.to_string(),
            room_number: frozen.number,
            terms_hash: hex::encode(frozen.terms_hash()),
            terms_bytes: hex::encode(&frozen.terms_bytes),
            terms: Terms::new(terms),
            verdict: Verdict {
                ruling: Named::new(verdict.ruling, &terms.outcomes),
                price: verdict.price.map(|price| price.to_string()),
                observed_at: verdict.observed_at.map(moment),
                series: verdict.series.as_ref().map(|series| [*series.start(), *series.end()]),
            },
            book: Book {
                ruling: Named::new(totals.ruling, &terms.outcomes),
                cut_off: cut_off.map(moment),
                frozen_lamports: amounts(&frozen.pools),
                pools_lamports: amounts(&totals.pools),
                protocol_fee_lamports: lamports(totals.protocol_fee),
                host_fee_lamports: lamports(totals.host_fee),
            },
            root: hex::encode(totals.root),
            decided_at: moment(standing.decided_at),
            settled_at: standing.settled_at.map(moment),
        }
    }
}

impl Terms {
    fn new(terms: &room::Terms) -> Self {
        Self {
            kind: terms.kind().as_str_name().trim_start_matches("KIND_"),
            asset: terms.asset.clone(),
            comparator: terms.comparator().as_str_name().trim_start_matches("COMPARATOR_"),
            target: terms.target.clone(),
            open_price: terms.open_price.clone(),
            open_at: stamp(terms.open_at.as_ref()),
            lock_at: stamp(terms.lock_at.as_ref()),
            deadline: stamp(terms.deadline.as_ref()),
            outcomes: terms.outcomes.clone(),
            min_stake_lamports: terms.min_stake_lamports.to_string(),
            max_stake_lamports: terms.max_stake_lamports.to_string(),
            min_players: terms.min_players,
            max_players: terms.max_players,
            protocol_fee_bps: terms.protocol_fee_bps,
            host_fee_bps: terms.host_fee_bps,
            past_post_seconds: terms.past_post_seconds,
            mean_seconds: terms.mean_seconds,
            quorum: terms.quorum,
        }
    }
}

/// One bet. Whose it is stays out: the id of an account would tie a player's rooms together.
#[derive(Serialize)]
pub struct Bet {
    bet_id: String,
    outcome: u32,
    stake_lamports: String,
    accepted_at: String,
    min_odds_percent: u32,
    fate: &'static str,
    payout_lamports: String,
}

impl From<&Line> for Bet {
    fn from(line: &Line) -> Self {
        Self {
            bet_id: line.bet.id.to_string(),
            outcome: line.bet.outcome,
            stake_lamports: lamports(line.bet.stake),
            accepted_at: moment(line.bet.accepted_at),
            min_odds_percent: line.bet.min_odds_percent,
            fate: word(line.fate),
            payout_lamports: lamports(line.payout),
        }
    }
}

/// One stored second of the oracle.
#[derive(Serialize)]
pub struct Second {
    second: i64,
    complete: bool,
    aggregates: Vec<Aggregate>,
}

#[derive(Serialize)]
struct Aggregate {
    at: Option<String>,
    /// Empty: no quorum, no price.
    price: String,
    confidence: String,
    band: String,
    usdt_usd: String,
    quotes: Vec<Quote>,
    rate_quotes: Vec<Quote>,
}

#[derive(Serialize)]
struct Quote {
    venue: String,
    price: String,
    price_usdt: String,
    venue_at: Option<String>,
    received_at: Option<String>,
    counted: bool,
    excluded: bool,
}

impl From<oracle::Second> for Second {
    fn from(second: oracle::Second) -> Self {
        let aggregates = second.aggregates.into_iter().map(Aggregate::from);
        Self { second: second.second, complete: second.complete, aggregates: aggregates.collect() }
    }
}

impl From<oracle::Aggregate> for Aggregate {
    fn from(aggregate: oracle::Aggregate) -> Self {
        Self {
            at: stamp(aggregate.at.as_ref()),
            price: aggregate.price,
            confidence: aggregate.confidence,
            band: aggregate.band,
            usdt_usd: aggregate.usdt_usd,
            quotes: aggregate.quotes.into_iter().map(Quote::from).collect(),
            rate_quotes: aggregate.rate_quotes.into_iter().map(Quote::from).collect(),
        }
    }
}

impl From<oracle::Quote> for Quote {
    fn from(quote: oracle::Quote) -> Self {
        Self {
            venue: quote.venue,
            price: quote.price,
            price_usdt: quote.price_usdt,
            venue_at: stamp(quote.venue_at.as_ref()),
            received_at: stamp(quote.received_at.as_ref()),
            counted: quote.counted,
            excluded: quote.excluded,
        }
    }
}

/// The receipt on chain.
#[derive(Serialize)]
pub struct Anchor {
    signature: String,
    slot: u64,
    memo: String,
}

impl From<Receipt> for Anchor {
    fn from(receipt: Receipt) -> Self {
        Self { signature: receipt.signature, slot: receipt.slot, memo: receipt.memo }
    }
}

fn lamports(amount: Lamports) -> String {
    amount.get().to_string()
}

fn amounts(amounts: &[Lamports]) -> Vec<String> {
    amounts.iter().copied().map(lamports).collect()
}

/// Every time of a message lies in the years that RFC 3339 can write.
fn moment(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_default()
}

fn stamp(at: Option<&Timestamp>) -> Option<String> {
    from_timestamp(at).ok().map(moment)
}
