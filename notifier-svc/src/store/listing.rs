//! Pages of notifications for screens and tools.

use super::notification::{notice, state};
use chassis::{Fault, Pool};
use proto::{
    AccountId,
    notifier::{Notification, NotificationState},
    timestamp,
};
use time::OffsetDateTime;
use uuid::Uuid;

/// Where a page begins: after this time of storing and id, newest first.
pub type Place = (OffsetDateTime, Uuid);

/// Notifications of an account, newest first, each with its place.
///
/// # Errors
/// The database.
pub async fn notifications(
    pool: &Pool,
    account: AccountId,
    after: Option<Place>,
    limit: i64,
) -> Result<Vec<(Place, Notification)>, Fault> {
    let (at, id) = after.unzip();
    let rows = sqlx::query!(
        "SELECT n.id, n.state, coalesce(b.notice, n.notice) AS \"notice!\", n.created_at
         FROM notifier.notification n LEFT JOIN notifier.broadcast b ON b.id = n.broadcast_id
         WHERE n.account_id = $1 AND ($2::timestamptz IS NULL OR (n.created_at, n.id) < ($2, $3))
         ORDER BY n.created_at DESC, n.id DESC LIMIT $4",
        account.uuid(),
        at,
        id,
        limit
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter()
        .map(|row| {
            let state: NotificationState = state(&row.state)?.to_message();
            let notification = Notification {
                notification_id: row.id.as_bytes().to_vec(),
                account_id: account.bytes(),
                state: state.into(),
                notice: Some(notice(&row.notice)?),
                created_at: Some(timestamp(row.created_at)),
            };
            Ok(((row.created_at, row.id), notification))
        })
        .collect()
}
