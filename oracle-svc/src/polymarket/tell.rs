//! Says what happened: values of the domain as messages, and the one transaction that stores and tells them.

use crate::{
    domain::polymarket::{ActivityKind, Change, Decision, Effect, MarketName, Order, Wallet},
    store::polymarket::{self as store, prices, wallets},
};
use chassis::{Fault, Unit};
use proto::{
    oracle::{
        self, LargeTrade, LargeTrades, MarketRef, MarketResolved, MarketsResolved, PriceReached,
        WalletChange, WalletChangeKind, WalletsChanged,
    },
    timestamp,
};
use rust_decimal::Decimal;
use time::OffsetDateTime;
use uuid::Uuid;

/// Things told by one message, below the broker's limit on its size.
const TOGETHER: usize = 500;

/// A decimal as messages have it: at most 6 places, which is what the chain has.
pub(super) fn text(value: Decimal) -> String {
    value.round_dp(6).normalize().to_string()
}

/// The same of what may be unknown.
pub(super) fn perhaps(value: Option<Decimal>) -> String {
    value.map(text).unwrap_or_default()
}

pub(super) fn market(name: &MarketName) -> MarketRef {
    MarketRef {
        condition_id: name.condition.as_str().to_owned(),
        question: name.question.clone(),
        slug: name.slug.clone(),
        event_slug: name.event_slug.clone(),
    }
}

pub(super) fn kind(kind: ActivityKind) -> oracle::ActivityKind {
    match kind {
        ActivityKind::Buy => oracle::ActivityKind::Buy,
        ActivityKind::Sell => oracle::ActivityKind::Sell,
        ActivityKind::Redeem => oracle::ActivityKind::Redeem,
        ActivityKind::Split => oracle::ActivityKind::Split,
        ActivityKind::Merge => oracle::ActivityKind::Merge,
        ActivityKind::Other => oracle::ActivityKind::Other,
    }
}

/// What an order did, as a message.
pub(super) fn change(change: &Change, wallet: Option<&Wallet>, seen_at: OffsetDateTime) -> WalletChange {
    let kind = match change.effect {
        Effect::Opened => WalletChangeKind::Opened,
        Effect::Increased => WalletChangeKind::Increased,
        Effect::Reduced => WalletChangeKind::Reduced,
        Effect::Closed => WalletChangeKind::Closed,
        Effect::Bought => WalletChangeKind::Bought,
        Effect::Sold => WalletChangeKind::Sold,
    };
    let part = &change.part;
    WalletChange {
        change_id: change.id.as_bytes().to_vec(),
        address: part.key.address.as_str().to_owned(),
        kind: kind.into(),
        market: Some(market(&part.market)),
        outcome: part.outcome.clone(),
        token_id: part.key.token.clone(),
        shares: text(part.shares),
        price: text(part.price()),
        usd: text(part.usd),
        shares_after: perhaps(change.after),
        portfolio_usd: perhaps(wallet.and_then(|wallet| wallet.portfolio)),
        filled_at: Some(timestamp(part.at)),
        seen_at: Some(timestamp(seen_at)),
        transaction_hash: part.key.transaction.clone(),
    }
}

/// Tells what followed wallets did.
pub(super) fn changes(unit: &mut Unit, items: Vec<WalletChange>) {
    for item in &items {
        let kind = item.kind().as_str_name().trim_start_matches("WALLET_CHANGE_KIND_");
        metrics::counter!("rooms_polymarket_changes_total", "kind" => kind).increment(1);
    }
    for items in items.chunks(TOGETHER) {
        unit.event(&WalletsChanged { items: items.to_vec() });
    }
}

/// Tells those of the orders that were not told as large before.
pub(super) async fn large(
    unit: &mut Unit,
    orders: &[&Order],
    seen_at: OffsetDateTime,
    now: OffsetDateTime,
) -> Result<(), Fault> {
    let ids: Vec<Uuid> = orders.iter().map(|order| order.key.id()).collect();
    let new = store::large(unit.conn(), &ids, now).await?;
    let items: Vec<LargeTrade> = orders
        .iter()
        .filter(|order| new.contains(&order.key.id()))
        .map(|order| LargeTrade {
            trade_id: order.key.id().as_bytes().to_vec(),
            address: order.key.address.as_str().to_owned(),
            name: order.name.clone(),
            sell: order.key.sell,
            market: Some(market(&order.market)),
            outcome: order.outcome.clone(),
            shares: text(order.shares),
            price: text(order.price()),
            usd: text(order.usd),
            filled_at: Some(timestamp(order.at)),
            seen_at: Some(timestamp(seen_at)),
        })
        .collect();
    metrics::counter!("rooms_polymarket_large_trades_total")
        .increment(u64::try_from(items.len()).unwrap_or_default());
    for items in items.chunks(TOGETHER) {
        unit.event(&LargeTrades { items: items.to_vec() });
    }
    Ok(())
}

/// Tells those who wait for a price that a trade reached it.
pub(super) async fn prices(
    unit: &mut Unit,
    trades: &[prices::Traded],
    now: OffsetDateTime,
) -> Result<(), Fault> {
    for reached in prices::reach(unit.conn(), trades, now).await? {
        unit.event(&PriceReached {
            alert_id: reached.alert.as_bytes().to_vec(),
            price: text(reached.price),
            at: Some(timestamp(reached.at)),
        });
    }
    Ok(())
}

/// Tells once that a market was decided, and to whom of the followed wallets it matters. Whoever hears it first tells it.
pub(super) async fn decided(
    unit: &mut Unit,
    condition: &crate::domain::polymarket::ConditionId,
    decision: &Decision,
    seen_at: OffsetDateTime,
) -> Result<(), Fault> {
    let now = unit.now().await?;
    let Some(name) = store::decide(unit.conn(), condition, now).await? else { return Ok(()) };
    let (outcome, token_id) = decision.winner.clone().unwrap_or_default();
    let resolved =
        MarketResolved { market: Some(market(&name)), outcome, token_id, at: Some(timestamp(seen_at)) };
    unit.event(&MarketsResolved { items: vec![resolved] });
    let holders = wallets::holders(unit.conn(), condition).await?;
    let items = holders.iter().map(|holder| {
        let paid = decision.payout(&holder.token);
        let words = ["resolved", condition.as_str(), &holder.token, holder.address.as_str()];
        WalletChange {
            change_id: crate::domain::polymarket::id(&words).as_bytes().to_vec(),
            address: holder.address.as_str().to_owned(),
            kind: WalletChangeKind::Resolved.into(),
            market: Some(market(&name)),
            outcome: holder.outcome.clone(),
            token_id: holder.token.clone(),
            shares: text(holder.shares),
            price: text(paid),
            usd: text(holder.shares.saturating_mul(paid)),
            shares_after: text(holder.shares),
            portfolio_usd: perhaps(holder.portfolio),
            filled_at: Some(timestamp(seen_at)),
            seen_at: Some(timestamp(seen_at)),
            transaction_hash: String::new(),
        }
    });
    changes(unit, items.collect());
    tracing::info!(market = name.slug, "market decided");
    Ok(())
}
