//! Opening a room: from what a host or an operator asks for to the terms that stand.

mod custom;
mod market_cap;
mod price;

use proto::{
    AccountId, Lamports, Malformed, Refusal, RoomId,
    common::RefusalCode,
    oracle::Token,
    room::{Comparator, Kind, OpenOperatorRoom, OpenRoom, Terms},
    timestamp,
};
use rust_decimal::Decimal;
use std::{collections::HashMap, time::Duration};
use time::OffsetDateTime;

/// The rules of opening, from settings; what concerns a room is frozen in its terms.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Shortest horizon.
    pub horizon_min: Duration,
    /// Longest horizon.
    pub horizon_max: Duration,
    /// The lock is at least this long before the deadline.
    pub lock_margin: Duration,
    /// Least stake.
    pub min_stake: Lamports,
    /// Largest stake.
    pub max_stake: Lamports,
    /// Seats.
    pub max_players: u32,
    /// Live rooms of one host.
    pub max_live: u32,
    /// Protocol's part of the losing pools, in basis points.
    pub protocol_fee_bps: u32,
    /// Host's part of the losing pools, in basis points.
    pub host_fee_bps: u32,
    /// Bets accepted this long before a touch, or later, are void.
    pub past_post: Duration,
    /// Length of the mean that is the deadline price.
    pub mean: Duration,
    /// Venues that must agree.
    pub quorum: u32,
    /// A deciding price less certain than this waits for operators, in basis points.
    pub suspicion_bps: u32,
    /// How long it waits.
    pub suspicion_wait: Duration,
    /// How long after the settlement a player may dispute it.
    pub dispute: Duration,
    /// Of rooms on a market cap.
    pub cap: CapRules,
    /// Of questions in words.
    pub custom: CustomRules,
}

/// What is different for rooms on the market cap of a token.
#[derive(Clone, Debug)]
pub struct CapRules {
    /// Length of the mean that is judged.
    pub mean: Duration,
    /// Bets accepted this long before a touch, or later, are void.
    pub past_post: Duration,
    /// Largest stake.
    pub max_stake: Lamports,
    /// Age of the oldest pair.
    pub pair_age: Duration,
    /// Least liquidity of the pair, in whole USD.
    pub liquidity_usd: u32,
    /// Least distance of the target, in basis points of the cap.
    pub distance_bps: u32,
    /// All stakes together, in basis points of the liquidity; on the curve, of the real reserves.
    pub pool_bps: u32,
}

/// What is different for a question in words.
#[derive(Clone, Debug)]
pub struct CustomRules {
    /// Longest horizon.
    pub horizon_max: Duration,
    /// Void so long after the deadline.
    pub unresolved: Duration,
}

/// Assets with a series of their own.
pub const ASSETS: [&str; 3] = ["BTC", "ETH", "SOL"];

/// Seats that operators may give.
pub const OPERATORS_MAX_PLAYERS: u32 = 100_000;

const MAX_SUBTITLE_CHARS: usize = 80;

/// Who opens a room.
#[derive(Clone, Copy, Debug)]
pub enum By<'a> {
    /// A user, who is then its host.
    Host,
    /// An operator, with what only operators may ask for.
    Operators(&'a OpenOperatorRoom),
}

/// What oracle-svc said.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Per asset; none without a quorum.
    pub prices: HashMap<String, Decimal>,
    /// Per mint; none that could not be read.
    pub tokens: HashMap<String, Token>,
}

impl Known {
    fn price(&self, asset: &str) -> Result<Decimal, Refusal> {
        let price = self.prices.get(asset).copied().filter(|_| ASSETS.contains(&asset));
        price.ok_or_else(|| no_price(asset))
    }
}

fn no_price(asset: &str) -> Refusal {
    Refusal::new(RefusalCode::RoomNoPrice).with("asset", asset)
}

fn malformed(field: &'static str) -> Refusal {
    Refusal::new(RefusalCode::Malformed).with("field", field)
}

/// Builds the terms of a room that opens now.
///
/// # Errors
/// Outer: the message breaks its contract. Inner: a rule of spec 2 with its numbers.
pub fn open(
    rules: &Rules,
    request: &OpenRoom,
    by: By<'_>,
    known: &Known,
    now: OffsetDateTime,
) -> Result<Result<Terms, Refusal>, Malformed> {
    let room_id = RoomId::try_from_bytes(&request.room_id)?;
    match by {
        By::Host => {
            AccountId::try_from_bytes(&request.host_account_id)?;
        }
        // A host is not part of what operators sign.
        By::Operators(_) if !request.host_account_id.is_empty() => {
            return Ok(Err(malformed("host")));
        }
        By::Operators(_) => {}
    }
    Ok(decide(rules, request, room_id, by, known, now))
}

fn decide(
    rules: &Rules,
    request: &OpenRoom,
    room_id: RoomId,
    by: By<'_>,
    known: &Known,
    now: OffsetDateTime,
) -> Result<Terms, Refusal> {
    let horizon = horizon(rules, request)?;
    if request.subtitle.chars().count() > MAX_SUBTITLE_CHARS {
        return Err(malformed("subtitle"));
    }
    let max_players = seats(rules, request, by)?;
    let asked = match (request.kind(), by) {
        (Kind::Touch, _) => price::touch(rules, request, known, horizon)?,
        (Kind::Close, _) => price::close(rules, request, known)?,
        (Kind::UpDown, _) => price::up_down(rules, request, known)?,
        (Kind::Buckets, _) => price::buckets(rules, request, known)?,
        (Kind::HeadToHead, _) => price::head_to_head(rules, request, known)?,
        (Kind::CapTouch | Kind::CapClose, _) => market_cap::open(rules, request, by, known, now)?,
        (Kind::Custom, By::Operators(open)) => custom::open(rules, open)?,
        (Kind::Custom, By::Host) => return Err(Refusal::new(RefusalCode::RoomOperatorsOnly)),
        (Kind::Unspecified, _) => return Err(malformed("kind")),
    };
    Ok(Terms {
        room_id: room_id.bytes(),
        kind: request.kind,
        open_at: Some(timestamp(now)),
        lock_at: Some(timestamp(now + lock_after(horizon, rules.lock_margin))),
        deadline: Some(timestamp(now + horizon)),
        min_stake_lamports: rules.min_stake.get(),
        max_players,
        min_players: request.min_players,
        protocol_fee_bps: rules.protocol_fee_bps,
        host_fee_bps: rules.host_fee_bps,
        host_account_id: request.host_account_id.clone(),
        subtitle: request.subtitle.clone(),
        scope_chat_id: request.scope_chat_id,
        dispute_seconds: seconds(rules.dispute),
        ..asked
    })
}

fn horizon(rules: &Rules, request: &OpenRoom) -> Result<Duration, Refusal> {
    let horizon = Duration::from_secs(request.horizon_seconds.into());
    let max = if request.kind() == Kind::Custom { rules.custom.horizon_max } else { rules.horizon_max };
    // A start price is a whole mean between the lock and half-way to the deadline; half of the horizon lies behind the
    // lock at least.
    let compares = matches!(request.kind(), Kind::UpDown | Kind::HeadToHead);
    let behind_lock = horizon.saturating_sub(lock_after(horizon, rules.lock_margin));
    let no_start = compares && behind_lock < rules.mean * 2;
    let min = if no_start { rules.horizon_min.max(rules.mean * 4) } else { rules.horizon_min };
    if horizon < min || horizon > max {
        return Err(Refusal::new(RefusalCode::RoomHorizon)
            .with("min", min.as_secs())
            .with("max", max.as_secs()));
    }
    Ok(horizon)
}

/// Seats of the room. Operators may give more of them in public; a queue is shorter than the room is large.
fn seats(rules: &Rules, request: &OpenRoom, by: By<'_>) -> Result<u32, Refusal> {
    let refusal = |max| Refusal::new(RefusalCode::RoomPlayers).with("min", 2).with("max", max);
    let seats = match by {
        By::Operators(open) if open.max_players != 0 => {
            let max = if request.scope_chat_id == 0 { OPERATORS_MAX_PLAYERS } else { rules.max_players };
            if !(2..=max).contains(&open.max_players) {
                return Err(refusal(max));
            }
            open.max_players
        }
        By::Operators(_) | By::Host => rules.max_players,
    };
    if request.min_players != 0 && !(2..=seats).contains(&request.min_players) {
        return Err(refusal(seats));
    }
    Ok(seats)
}

fn seconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_secs()).unwrap_or(u32::MAX)
}

/// A positive decimal below `most` with at most eight places.
fn positive(text: &str, most: Decimal) -> Option<Decimal> {
    proto::decimal(text)
        .ok()
        .filter(|number| *number > Decimal::ZERO && *number < most && number.scale() <= 8)
        .map(|number| number.normalize())
}

/// The side that the host chose.
fn chosen(request: &OpenRoom) -> Result<Comparator, Refusal> {
    match request.comparator() {
        Comparator::Unspecified => Err(malformed("comparator")),
        comparator => Ok(comparator),
    }
}

fn binary() -> Vec<String> {
    vec!["YES".to_owned(), "NO".to_owned()]
}

/// Half of the horizon, at latest the larger of the margin and a fifth before the deadline: money
/// that comes when the result is all but known must not be riskless.
fn lock_after(horizon: Duration, margin: Duration) -> Duration {
    (horizon / 2).min(horizon.saturating_sub(margin.max(horizon / 5)))
}

#[cfg(test)]
mod tests;
