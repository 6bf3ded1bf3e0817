//! What a call says, as JSON: the public words of `docs/webhooks.md`. Amounts of money are strings, in lamports; prices, shares
//! and USD are decimal strings.

use crate::store::webhook::Call;
use prost_types::Timestamp;
use proto::{
    from_timestamp,
    notifier::{Notice, PriceAlert, Signal, WalletAlert, notice::Kind},
    oracle::{LargeTrade, MarketRef},
};
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use uuid::Uuid;

/// The body of a call.
pub fn of(call: &Call) -> Value {
    let (event, data) = told(&call.notice);
    json!({
        "id": call.notification.to_string(),
        "account_id": call.account.to_string(),
        "category": word(call.manner.category.as_str_name(), "CATEGORY_"),
        "event": event,
        "created_at": time(call.created_at),
        "data": data,
    })
}

fn told(notice: &Notice) -> (&'static str, Value) {
    match &notice.kind {
        Some(Kind::Deposit(deposit)) => (
            "deposit",
            json!({
                "deposit_id": id(&deposit.deposit_id),
                "state": word(deposit.state().as_str_name(), "DEPOSIT_STATE_"),
                "lamports": deposit.lamports.to_string(),
                "signature": deposit.signature,
            }),
        ),
        Some(Kind::Withdrawal(withdrawal)) => (
            "withdrawal",
            json!({
                "withdrawal_id": id(&withdrawal.withdrawal_id),
                "state": word(withdrawal.state().as_str_name(), "WITHDRAWAL_STATE_"),
                "lamports": withdrawal.lamports.to_string(),
                "fee_lamports": withdrawal.fee_lamports.to_string(),
                "address": withdrawal.address,
                "signature": withdrawal.signature,
                "version": withdrawal.version,
            }),
        ),
        Some(Kind::Security(security)) => (
            "security",
            json!({
                "change": word(security.change().as_str_name(), "SECURITY_CHANGE_"),
                "at": moment(security.at.as_ref()),
            }),
        ),
        Some(Kind::BetResult(result)) => {
            let (room, bet) =
                (result.room.clone().unwrap_or_default(), result.bet.clone().unwrap_or_default());
            (
                "bet_result",
                json!({
                    "room_id": id(&room.room_id),
                    "room_number": room.room_number,
                    "bet_id": id(&bet.bet_id),
                    "fate": word(bet.fate().as_str_name(), "FATE_"),
                    "stake_lamports": bet.stake_lamports.to_string(),
                    "payout_lamports": bet.payout_lamports.to_string(),
                    "settled_at": moment(room.settled_at.as_ref()),
                }),
            )
        }
        Some(Kind::BetRefunded(refunded)) => {
            let (room, bet) =
                (refunded.room.clone().unwrap_or_default(), refunded.bet.clone().unwrap_or_default());
            (
                "bet_refunded",
                json!({
                    "room_id": id(&room.room_id),
                    "room_number": room.room_number,
                    "bet_id": id(&bet.bet_id),
                    "lamports": bet.lamports.to_string(),
                    "reason": room.reason,
                }),
            )
        }
        Some(Kind::Dispute(dispute)) => (
            "dispute",
            json!({
                "dispute_id": id(&dispute.dispute_id),
                "room_id": id(&dispute.room_id),
                "state": word(dispute.state().as_str_name(), "DISPUTE_STATE_"),
                "reason": dispute.reason,
            }),
        ),
        Some(Kind::Wallet(alert)) => ("wallet", wallet(alert)),
        Some(Kind::LargeTrade(trade)) => ("large_trade", large_trade(trade)),
        Some(Kind::Signal(signal)) => ("signal", self::signal(signal)),
        Some(Kind::PriceAlert(fired)) => {
            let alert = fired.alert.clone().unwrap_or_default();
            ("price_alert", price_alert(&alert, &fired.price, fired.at.as_ref()))
        }
        // Of groups, of what was told before, and of operators: none of them comes here.
        Some(Kind::RoomSettled(_) | Kind::Digest(_) | Kind::Broadcast(_)) | None => ("other", json!({})),
    }
}

fn wallet(alert: &WalletAlert) -> Value {
    let change = alert.change.clone().unwrap_or_default();
    json!({
        "alias": alert.alias,
        "address": change.address,
        "change": word(change.kind().as_str_name(), "WALLET_CHANGE_KIND_"),
        "market": market(change.market.as_ref()),
        "outcome": change.outcome,
        "shares": change.shares,
        "price": change.price,
        "usd": change.usd,
        "shares_after": known(&change.shares_after),
        "portfolio_usd": known(&change.portfolio_usd),
        "filled_at": moment(change.filled_at.as_ref()),
        "transaction_hash": change.transaction_hash,
    })
}

fn large_trade(trade: &LargeTrade) -> Value {
    json!({
        "address": trade.address,
        "name": known(&trade.name),
        "side": if trade.sell { "sell" } else { "buy" },
        "market": market(trade.market.as_ref()),
        "outcome": trade.outcome,
        "shares": trade.shares,
        "price": trade.price,
        "usd": trade.usd,
        "filled_at": moment(trade.filled_at.as_ref()),
    })
}

fn signal(signal: &Signal) -> Value {
    let holder = |holder: &proto::notifier::SignalHolder| json!({ "address": holder.address, "label": holder.label, "usd": holder.usd });
    json!({
        "signal_id": id(&signal.signal_id),
        "market": market(signal.market.as_ref()),
        "outcome": signal.outcome,
        "wallets": signal.wallets,
        "usd": signal.usd,
        "score": signal.score,
        "top": signal.top.iter().map(holder).collect::<Vec<_>>(),
        "at": moment(signal.at.as_ref()),
    })
}

fn price_alert(alert: &PriceAlert, price: &str, at: Option<&Timestamp>) -> Value {
    json!({
        "alert_id": id(&alert.alert_id),
        "market": market(alert.market.as_ref()),
        "outcome": alert.outcome,
        "waited_for": alert.price,
        "direction": if alert.below { "below" } else { "above" },
        "price": price,
        "at": moment(at),
    })
}

fn market(market: Option<&MarketRef>) -> Value {
    market.map_or(Value::Null, |market| {
        json!({
            "condition_id": market.condition_id,
            "question": market.question,
            "url": format!("https://polymarket.com/event/{}/{}", market.event_slug, market.slug),
        })
    })
}

/// `DEPOSIT_STATE_SEEN` is `seen`.
fn word(name: &str, prefix: &str) -> String {
    name.strip_prefix(prefix).unwrap_or(name).to_lowercase()
}

fn id(bytes: &[u8]) -> Value {
    Uuid::from_slice(bytes).map_or(Value::Null, |id| id.to_string().into())
}

/// An empty text of a message is unknown.
fn known(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

fn moment(at: Option<&Timestamp>) -> Option<String> {
    from_timestamp(at).ok().and_then(time)
}

fn time(at: OffsetDateTime) -> Option<String> {
    at.format(&Rfc3339).ok()
}
