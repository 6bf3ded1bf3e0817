//! The rows of the Data API: one trade, one deed, one position.

use rust_decimal::Decimal;
use serde::Serialize;

use super::super::exchange::Exchange;
use super::super::holdings::{Holding, Token};
use super::super::tape::{Kind, Row};
use super::{Number, date};

/// An outcome that is not known.
const NO_OUTCOME: usize = 999;

/// Fewer tokens are dust.
pub(super) const DUST: Decimal = Decimal::from_parts(1, 0, 0, false, 2);

/// What trades and activity tell about market and owner.
#[derive(Serialize)]
pub(super) struct About<'a> {
    title: &'a str,
    slug: &'a str,
    icon: &'a str,
    event_slug: &'a str,
    outcome: &'a str,
    outcome_index: usize,
    name: &'a str,
    pseudonym: &'a str,
    bio: &'a str,
    profile_image: &'a str,
    profile_image_optimized: &'a str,
}

#[derive(Serialize)]
pub(super) struct Trade<'a> {
    proxy_wallet: &'a str,
    side: &'a str,
    token_id: &'a str,
    condition_id: &'a str,
    size: Number,
    price: Number,
    timestamp: i64,
    #[serde(flatten)]
    about: About<'a>,
    transaction_hash: &'a str,
}

#[derive(Serialize)]
pub(super) struct Activity<'a> {
    proxy_wallet: &'a str,
    timestamp: i64,
    condition_id: &'a str,
    r#type: &'a str,
    size: Number,
    usdc_size: Number,
    transaction_hash: &'a str,
    price: Number,
    token_id: &'a str,
    side: &'a str,
    #[serde(flatten)]
    about: About<'a>,
}

#[derive(Serialize)]
pub(super) struct Position<'a> {
    proxy_wallet: &'a str,
    token_id: &'a str,
    condition_id: &'a str,
    current_size: Number,
    avg_price: Number,
    entry_cost_usdc: Number,
    entry_fees_usdc: Number,
    total_cost_usdc: Number,
    current_price: Number,
    current_value: Number,
    total_size: Number,
    realized_pnl: Number,
    unrealized_pnl: Number,
    total_pnl: Number,
    percent_pnl: Number,
    percent_realized_pnl: Number,
    status: &'a str,
    redeemable: bool,
    mergeable: bool,
    negative_risk: bool,
    archived: bool,
    title: &'a str,
    slug: &'a str,
    icon: &'a str,
    event_id: String,
    event_slug: &'a str,
    outcome: &'a str,
    outcome_index: usize,
    opposite_outcome: &'a str,
    opposite_token_id: &'a str,
    end_date: String,
    last_event_at: i64,
    name: &'a str,
    profile_image: &'a str,
    verified: bool,
}

pub(super) const fn kind_of(row: &Row) -> &'static str {
    match row.kind {
        Kind::Trade { .. } => "TRADE",
        Kind::Split => "SPLIT",
        Kind::Merge => "MERGE",
        Kind::Redeem { .. } => "REDEEM",
        Kind::Reward => "REWARD",
    }
}

fn about<'a>(exchange: &'a Exchange, row: &Row) -> About<'a> {
    let market = row.market.and_then(|market| exchange.markets().get(market));
    let event = market.and_then(|market| exchange.events().get(market.event));
    let wallet = exchange.wallets().get(row.wallet);
    let outcome = market.zip(row.outcome).and_then(|(market, outcome)| market.outcomes.get(outcome));
    About {
        title: market.map_or("", |market| &market.question),
        slug: market.map_or("", |market| &market.slug),
        icon: "",
        event_slug: event.map_or("", |event| &event.slug),
        outcome: outcome.map_or("", String::as_str),
        outcome_index: row.outcome.unwrap_or(NO_OUTCOME),
        name: wallet.map_or("", |wallet| &wallet.name),
        pseudonym: wallet.map_or("", |wallet| &wallet.pseudonym),
        bio: "",
        profile_image: "",
        profile_image_optimized: "",
    }
}

/// Of a row: its owner's address, the market's condition, the answer's token.
fn ids<'a>(exchange: &'a Exchange, row: &Row) -> (&'a str, &'a str, &'a str) {
    let market = row.market.and_then(|market| exchange.markets().get(market));
    let token = market.zip(row.outcome).and_then(|(market, outcome)| market.tokens.get(outcome));
    let wallet = exchange.wallets().get(row.wallet).map_or("", |wallet| &wallet.address);
    (wallet, market.map_or("", |market| &market.condition), token.map_or("", String::as_str))
}

pub(super) fn trade<'a>(exchange: &'a Exchange, row: &'a Row) -> Trade<'a> {
    let (proxy_wallet, condition_id, token_id) = ids(exchange, row);
    Trade {
        proxy_wallet,
        side: row.side.map_or("", |side| side.word()),
        token_id,
        condition_id,
        size: Number(row.shares),
        price: Number(row.price),
        timestamp: row.at,
        about: about(exchange, row),
        transaction_hash: &row.transaction,
    }
}

pub(super) fn deed<'a>(exchange: &'a Exchange, row: &'a Row) -> Activity<'a> {
    let (proxy_wallet, condition_id, token_id) = ids(exchange, row);
    Activity {
        proxy_wallet,
        timestamp: row.at,
        condition_id,
        r#type: kind_of(row),
        size: Number(row.shares),
        usdc_size: Number(row.usd),
        transaction_hash: &row.transaction,
        price: Number(row.price),
        token_id,
        side: row.side.map_or("", |side| side.word()),
        about: about(exchange, row),
    }
}

pub(super) fn has_status(
    exchange: &Exchange,
    wallet: Option<usize>,
    token: Token,
    held: &Holding,
    status: &str,
) -> bool {
    let resolution = exchange.markets().get(token.market).and_then(|market| market.resolution);
    let other = Token { outcome: 1 - token.outcome.min(1), ..token };
    let both = || wallet.is_some_and(|wallet| exchange.shown().shares(wallet, other) >= DUST);
    let open = held.shares >= DUST;
    let lost = resolution.is_some_and(|how| how.winner != token.outcome);
    match status {
        "CLOSED" => !open,
        "REDEEMABLE" => open && resolution.is_some() && !lost,
        "REDEEMABLE_LOST" => open && lost,
        "MERGEABLE" => open && resolution.is_none() && both(),
        // A winner that is not redeemed is open, what lost is not.
        _ => open && !lost,
    }
}

pub(super) fn position<'a>(
    exchange: &'a Exchange,
    wallet: usize,
    token: Token,
    held: &Holding,
) -> Option<Position<'a>> {
    let market = exchange.markets().get(token.market)?;
    let event = exchange.events().get(market.event)?;
    let owner = exchange.wallets().get(wallet)?;
    let other = 1 - token.outcome.min(1);
    let price = market.price(token.outcome);
    let value = held.shares * price;
    let unrealized = value - held.cost;
    let percent = |part: Decimal| {
        if held.cost.is_zero() { Decimal::ZERO } else { part / held.cost * Decimal::ONE_HUNDRED }
    };
    let redeemable = market.resolution.is_some_and(|how| how.winner == token.outcome);
    let lost = market.resolution.is_some() && !redeemable;
    let open = held.shares >= DUST;
    let status = match (open, redeemable, lost) {
        (false, ..) => "CLOSED",
        (true, true, _) => "REDEEMABLE",
        (true, false, true) => "REDEEMABLE_LOST",
        (true, false, false) => "OPEN",
    };
    Some(Position {
        proxy_wallet: &owner.address,
        token_id: market.tokens.get(token.outcome)?,
        condition_id: &market.condition,
        current_size: Number(held.shares),
        avg_price: Number(held.average()),
        entry_cost_usdc: Number(held.cost),
        entry_fees_usdc: Number(Decimal::ZERO),
        total_cost_usdc: Number(held.cost),
        current_price: Number(price),
        current_value: Number(value),
        total_size: Number(held.bought),
        realized_pnl: Number(held.realized),
        unrealized_pnl: Number(unrealized),
        total_pnl: Number(held.realized + unrealized),
        percent_pnl: Number(percent(unrealized)),
        percent_realized_pnl: Number(percent(held.realized)),
        status,
        redeemable: open && redeemable,
        mergeable: open && exchange.shown().shares(wallet, Token { outcome: other, ..token }) >= DUST,
        negative_risk: event.exclusive,
        archived: false,
        title: &market.question,
        slug: &market.slug,
        icon: "",
        event_id: event.id.to_string(),
        event_slug: &event.slug,
        outcome: market.outcomes.get(token.outcome)?,
        outcome_index: token.outcome,
        opposite_outcome: market.outcomes.get(other)?,
        opposite_token_id: market.tokens.get(other)?,
        end_date: date(market.ends).chars().take(10).collect(),
        last_event_at: held.changed,
        name: &owner.name,
        profile_image: "",
        verified: false,
    })
}
