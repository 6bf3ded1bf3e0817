//! The shapes of the evidence bundle: JSON with amounts and prices as decimal strings, so that no
//! reader rounds them, hashes in hexadecimal and times in RFC 3339. `docs/evidence.md` explains
//! every member.

use crate::{
    domain::{Frozen, Line, Rules, Ruling, Totals, suspicion_word, void_word},
    store::{
        facts::{Place, Receipt},
        line::word,
        settlement::Standing,
    },
};
use prost_types::Timestamp;
use proto::{Lamports, from_timestamp, oracle, room, settlement};
use serde::Serialize;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use uuid::Uuid;

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
    frozen: FrozenBets,
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
    rival_asset: String,
    comparator: &'static str,
    target: String,
    bounds: Vec<String>,
    supply: String,
    open_price: String,
    open_at: Option<String>,
    lock_at: Option<String>,
    deadline: Option<String>,
    outcomes: Vec<String>,
    question: String,
    criterion: String,
    source_url: String,
    subtitle: String,
    host_account_id: String,
    scope_chat_id: i64,
    min_stake_lamports: String,
    max_stake_lamports: String,
    max_pool_lamports: String,
    min_players: u32,
    max_players: u32,
    protocol_fee_bps: u32,
    host_fee_bps: u32,
    past_post_seconds: u32,
    mean_seconds: u32,
    quorum: u32,
    suspicion_bps: u32,
    suspicion_wait_seconds: u32,
    dispute_seconds: u32,
    unresolved_seconds: u32,
}

#[derive(Serialize)]
struct Verdict {
    #[serde(flatten)]
    ruling: Named,
    price: Option<String>,
    observed_at: Option<String>,
    /// First and last second of the deciding series, in Unix time.
    series: Option<[i64; 2]>,
    suspicions: Vec<&'static str>,
    /// The second after the deciding window's last.
    window_end: Option<i64>,
    start_price: Option<String>,
    start_window_end: Option<i64>,
    rival_price: Option<String>,
    rival_start_price: Option<String>,
    /// When operators agreed on what stands.
    ruled_at: Option<String>,
}

#[derive(Serialize)]
struct FrozenBets {
    bets: u32,
    pools_lamports: Vec<String>,
}

#[derive(Serialize)]
struct Book {
    #[serde(flatten)]
    ruling: Named,
    /// Bets accepted at this moment or later are void.
    cut_off: Option<String>,
    /// Stakes that counted.
    pools_lamports: Vec<String>,
    protocol_fee_lamports: String,
    host_fee_lamports: String,
    /// Of the protocol's fee, what went to those who brought the winners.
    referral_lamports: String,
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
        let (terms, settlement) = (&frozen.terms, &standing.settlement);
        let cut_off = Rules::try_from(terms).ok().and_then(|rules| rules.cut_off(&settlement.verdict));
        Self {
            format: "rooms-evidence/2",
            room_id: frozen.room.to_string(),
            room_number: frozen.number,
            terms_hash: hex::encode(frozen.terms_hash()),
            terms_bytes: hex::encode(&frozen.terms_bytes),
            terms: Terms::from(terms.clone()),
            verdict: Verdict::new(standing, terms),
            frozen: FrozenBets { bets: frozen.bet_count, pools_lamports: amounts(&frozen.pools) },
            book: Book {
                ruling: Named::new(totals.ruling, &terms.outcomes),
                cut_off: cut_off.map(moment),
                pools_lamports: amounts(&totals.pools),
                protocol_fee_lamports: lamports(totals.protocol_fee),
                host_fee_lamports: lamports(totals.host_fee),
                referral_lamports: lamports(totals.referrals),
            },
            root: hex::encode(totals.root),
            decided_at: moment(settlement.decided_at),
            settled_at: standing.settled_at.map(moment),
        }
    }
}

impl Verdict {
    fn new(standing: &Standing, terms: &room::Terms) -> Self {
        let verdict = &standing.settlement.verdict;
        let told = settlement::Verdict::from(verdict);
        Self {
            ruling: Named::new(verdict.ruling, &terms.outcomes),
            price: present(told.price),
            observed_at: verdict.observed_at.map(moment),
            series: verdict.series.as_ref().map(|series| [*series.start(), *series.end()]),
            suspicions: verdict.suspicions.iter().map(|suspicion| suspicion_word(*suspicion)).collect(),
            window_end: verdict.window_end,
            start_price: present(told.start_price),
            start_window_end: verdict.start_window_end,
            rival_price: present(told.rival_price),
            rival_start_price: present(told.rival_start_price),
            ruled_at: standing.settlement.ruled_at.map(moment),
        }
    }
}

impl From<room::Terms> for Terms {
    fn from(terms: room::Terms) -> Self {
        Self {
            kind: terms.kind().as_str_name().trim_start_matches("KIND_"),
            comparator: terms.comparator().as_str_name().trim_start_matches("COMPARATOR_"),
            open_at: stamp(terms.open_at.as_ref()),
            lock_at: stamp(terms.lock_at.as_ref()),
            deadline: stamp(terms.deadline.as_ref()),
            host_account_id: Uuid::from_slice(&terms.host_account_id).unwrap_or_default().to_string(),
            min_stake_lamports: terms.min_stake_lamports.to_string(),
            max_stake_lamports: terms.max_stake_lamports.to_string(),
            max_pool_lamports: terms.max_pool_lamports.to_string(),
            asset: terms.asset,
            rival_asset: terms.rival_asset,
            target: terms.target,
            bounds: terms.bounds,
            supply: terms.supply,
            open_price: terms.open_price,
            outcomes: terms.outcomes,
            question: terms.question,
            criterion: terms.criterion,
            source_url: terms.source_url,
            subtitle: terms.subtitle,
            scope_chat_id: terms.scope_chat_id,
            min_players: terms.min_players,
            max_players: terms.max_players,
            protocol_fee_bps: terms.protocol_fee_bps,
            host_fee_bps: terms.host_fee_bps,
            past_post_seconds: terms.past_post_seconds,
            mean_seconds: terms.mean_seconds,
            quorum: terms.quorum,
            suspicion_bps: terms.suspicion_bps,
            suspicion_wait_seconds: terms.suspicion_wait_seconds,
            dispute_seconds: terms.dispute_seconds,
            unresolved_seconds: terms.unresolved_seconds,
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

/// What has no value is left out: a day's series holds millions of these.
#[derive(Serialize)]
struct Aggregate {
    at: Option<String>,
    /// Absent: no quorum, no price.
    #[serde(skip_serializing_if = "String::is_empty")]
    price: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    confidence: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    band: String,
    /// Into USD, of prices in something else.
    #[serde(skip_serializing_if = "String::is_empty")]
    rate: String,
    quotes: Vec<Quote>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rate_quotes: Vec<Quote>,
}

#[derive(Serialize)]
struct Quote {
    venue: String,
    price: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    own_price: String,
    venue_at: Option<String>,
    received_at: Option<String>,
    #[serde(skip_serializing_if = "is_not")]
    counted: bool,
    #[serde(skip_serializing_if = "is_not")]
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
            rate: aggregate.usdt_usd,
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
            own_price: quote.price_usdt,
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
    /// The room's place under a memo of several, how many those are, and the hashes up to its root; 0 under its own.
    leaf: u32,
    leaves: u32,
    branch: Vec<String>,
}

impl From<Receipt> for Anchor {
    fn from(receipt: Receipt) -> Self {
        let Receipt { signature, slot, memo, place } = receipt;
        let Place { leaf, leaves, branch } =
            place.unwrap_or(Place { leaf: 0, leaves: 0, branch: Vec::new() });
        Self { signature, slot, memo, leaf, leaves, branch: branch.iter().map(hex::encode).collect() }
    }
}

/// What the bundle says of itself at its end, so that a part that is missing can be named.
#[derive(Clone, Copy, Default, Serialize)]
pub struct End {
    /// How many records each array has.
    pub bets: u64,
    pub series: u64,
    pub rival_series: u64,
    /// Whether there is a receipt.
    pub anchored: bool,
}

fn present(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_not(flag: &bool) -> bool {
    !*flag
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
