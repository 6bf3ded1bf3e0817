//! What the gateway keeps of an account, and how others' rows are shown beside it.

use crate::commands::RequestKind;
use chassis::{Fault, Pool};
use prost::Message as _;
use proto::{AccountId, from_timestamp, notifier, room, settlement, settlement::OpenDispute};
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

fn seconds(at: OffsetDateTime) -> i64 {
    at.unix_timestamp()
}

fn id(bytes: &[u8]) -> Option<Uuid> {
    Uuid::from_slice(bytes).ok()
}

/// Own rows: when the terms were accepted, drafts, requests, notices. Moments are Unix seconds.
///
/// # Errors
/// The database.
pub async fn all(pool: &Pool, account: AccountId) -> Result<Value, Fault> {
    let accepted_at =
        sqlx::query_scalar!("SELECT accepted_at FROM gateway.person WHERE account_id = $1", account.uuid())
            .fetch_optional(pool)
            .await?;
    let drafts = sqlx::query!(
        "SELECT kind, body, touched_at FROM gateway.draft WHERE account_id = $1",
        account.uuid()
    )
    .fetch_all(pool)
    .await?;
    let requests = sqlx::query!(
        "SELECT command_id, kind, body, requested_at, decided_at FROM gateway.request
         WHERE account_id = $1 ORDER BY requested_at",
        account.uuid()
    )
    .fetch_all(pool)
    .await?;
    let deliveries = sqlx::query!(
        "SELECT notification_id, state, created_at FROM gateway.delivery
         WHERE account_id = $1 ORDER BY created_at",
        account.uuid()
    )
    .fetch_all(pool)
    .await?;
    let drafts = drafts
        .into_iter()
        .map(|row| json!({"kind": row.kind, "draft": row.body, "touched_at": seconds(row.touched_at)}));
    let requests = requests.into_iter().map(|row| {
        // The one thing among them that people write themselves.
        let dispute = (row.kind == RequestKind::OpenDispute.name())
            .then(|| OpenDispute::decode(row.body.as_slice()).ok().map(|dispute| dispute.text));
        json!({
            "command_id": row.command_id,
            "kind": row.kind,
            "text": dispute.flatten(),
            "requested_at": seconds(row.requested_at),
            "decided_at": row.decided_at.map(seconds),
        })
    });
    let deliveries = deliveries.into_iter().map(|row| {
        json!({
            "notification_id": row.notification_id,
            "state": row.state,
            "created_at": seconds(row.created_at),
        })
    });
    Ok(json!({
        "accepted_at": accepted_at.map(seconds),
        "drafts": drafts.collect::<Vec<_>>(),
        "requests": requests.collect::<Vec<_>>(),
        "deliveries": deliveries.collect::<Vec<_>>(),
    }))
}

/// A bet, for the file.
#[must_use]
pub fn bet(bet: &room::Bet) -> Value {
    json!({
        "bet_id": id(&bet.bet_id),
        "room_id": id(&bet.room_id),
        "outcome": bet.outcome,
        "stake_lamports": bet.stake_lamports,
        "state": bet.state().as_str_name(),
        "accepted_at": from_timestamp(bet.accepted_at.as_ref()).ok().map(seconds),
        "payout_lamports": bet.payout_lamports,
        "min_odds_percent": bet.min_odds_percent,
    })
}

/// Who came by the account's link, and what that earned, for the file.
#[must_use]
pub fn referrals(found: &settlement::GetReferralsResponse) -> Value {
    let levels = found
        .levels
        .iter()
        .map(|level| json!({"accounts": level.accounts, "earned_lamports": level.earned_lamports}));
    json!({"code": found.code, "referred": found.referred, "levels": levels.collect::<Vec<_>>()})
}

/// A notification, for the file.
#[must_use]
pub fn notification(notification: &notifier::Notification) -> Value {
    let about = notification.notice.as_ref().and_then(|notice| notice.kind.as_ref()).map(|kind| match kind {
        notifier::notice::Kind::Deposit(_) => "deposit",
        notifier::notice::Kind::Withdrawal(_) => "withdrawal",
        notifier::notice::Kind::BetResult(_) => "bet_result",
        notifier::notice::Kind::Security(_) => "security",
        notifier::notice::Kind::BetRefunded(_) => "bet_refunded",
        notifier::notice::Kind::Dispute(_) => "dispute",
        notifier::notice::Kind::RoomSettled(_) => "room_settled",
        notifier::notice::Kind::Wallet(_) => "wallet",
        notifier::notice::Kind::LargeTrade(_) => "large_trade",
        notifier::notice::Kind::Signal(_) => "signal",
        notifier::notice::Kind::PriceAlert(_) => "price_alert",
        notifier::notice::Kind::Digest(_) => "digest",
        notifier::notice::Kind::Broadcast(_) => "broadcast",
    });
    json!({
        "notification_id": id(&notification.notification_id),
        "about": about,
        "state": notification.state().as_str_name(),
        "created_at": from_timestamp(notification.created_at.as_ref()).ok().map(seconds),
    })
}
