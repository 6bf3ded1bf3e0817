//! Notifications that are kept back, alone or for a digest, and those that grow too old. In one's turn only.

use super::notification::{self, Told};
use crate::domain::{manner::Manner, news::News, pace::Freshness};
use chassis::Fault;
use proto::{
    AccountId, NotificationId,
    notifier::{Digest, Lane, notice::Kind},
    timestamp,
};
use sqlx::{PgConnection, PgExecutor};
use std::{collections::BTreeMap, time::Duration};
use time::OffsetDateTime;
use uuid::Uuid;

/// Accounts whose digests are made in one round.
const DIGESTS: i64 = 200;

/// Notices of one digest: Telegram takes 4,096 characters.
const ITEMS: i64 = 20;

/// Whether the time of anything has come.
///
/// # Errors
/// The database.
pub async fn is_due(db: impl PgExecutor<'_>) -> Result<bool, Fault> {
    let due = sqlx::query_scalar!(
        "SELECT EXISTS (SELECT FROM notifier.notification WHERE state = 'WAITING' AND not_before <= now)
             OR EXISTS (SELECT FROM notifier.notification
                        WHERE state IN ('UNADDRESSED', 'WAITING') AND not_before IS NULL AND expires_at <= now) AS \"due!\"
         FROM notifier.db_clock() AS now"
    );
    Ok(due.fetch_one(db).await?)
}

/// Ends what is too old to be told.
///
/// # Errors
/// The database.
pub async fn expire(conn: &mut PgConnection, now: OffsetDateTime) -> Result<u64, Fault> {
    let expired = sqlx::query!(
        "UPDATE notifier.notification SET state = 'EXPIRED', done_at = $1
         WHERE state IN ('UNADDRESSED', 'WAITING') AND not_before IS NULL AND expires_at <= $1",
        now
    );
    Ok(expired.execute(conn).await?.rows_affected())
}

/// Keeps notifications back until a moment, or lets them go.
///
/// # Errors
/// The database.
pub async fn hold(
    conn: &mut PgConnection,
    held: &[(NotificationId, Option<OffsetDateTime>, bool)],
) -> Result<(), Fault> {
    let ids: Vec<Uuid> = held.iter().map(|(id, ..)| id.uuid()).collect();
    if held.is_empty() {
        return Ok(());
    }
    let until: Vec<Option<OffsetDateTime>> = held.iter().map(|(_, until, _)| *until).collect();
    let gather: Vec<bool> = held.iter().map(|(.., gather)| *gather).collect();
    sqlx::query!(
        "UPDATE notifier.notification AS n SET not_before = t.until, gather = t.gather, held = n.held OR t.until IS NOT NULL
         FROM unnest($1::uuid[], $2::timestamptz[], $3::boolean[]) AS t (id, until, gather)
         WHERE n.id = t.id AND n.state = 'WAITING'",
        &ids,
        &until as &[Option<OffsetDateTime>],
        &gather
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Makes one digest for each account that has several notifications to be gathered by now; one that is alone is told as it
/// is. Returns how many went into digests.
///
/// # Errors
/// The database, or a stored notice that does not read back.
pub async fn gather(conn: &mut PgConnection, now: OffsetDateTime) -> Result<u64, Fault> {
    let items = sqlx::query!(
        "WITH due AS (
             SELECT account_id, count(*) AS items, min(event_at) AS since FROM notifier.notification
             WHERE state = 'WAITING' AND gather AND not_before <= $1
             GROUP BY account_id HAVING count(*) > 1 ORDER BY account_id LIMIT $2
         )
         SELECT due.account_id, due.items AS \"items!\", due.since AS \"since!\", first.notice AS \"notice!\"
         FROM due CROSS JOIN LATERAL (
             SELECT n.notice, n.event_at, n.created_at, n.id FROM notifier.notification n
             WHERE n.account_id = due.account_id AND n.state = 'WAITING' AND n.gather AND n.not_before <= $1
             ORDER BY n.event_at, n.created_at, n.id LIMIT $3
         ) AS first
         ORDER BY due.account_id, first.event_at, first.created_at, first.id",
        now,
        DIGESTS,
        ITEMS
    )
    .fetch_all(&mut *conn)
    .await?;
    let mut digests: BTreeMap<AccountId, Digest> = BTreeMap::new();
    for item in items {
        let digest = digests.entry(AccountId::new(item.account_id)).or_default();
        digest.since = Some(timestamp(item.since));
        digest.items.push(notification::notice(&item.notice)?);
        let all = usize::try_from(item.items).unwrap_or(usize::MAX);
        digest.more = u32::try_from(all.saturating_sub(digest.items.len())).unwrap_or(u32::MAX);
    }
    if digests.is_empty() {
        return Ok(0);
    }
    let accounts: Vec<Uuid> = digests.keys().map(|account| account.uuid()).collect();
    let digested = sqlx::query!(
        "UPDATE notifier.notification SET state = 'DIGESTED', done_at = $2
         WHERE account_id = ANY($1) AND state = 'WAITING' AND gather AND not_before <= $2",
        &accounts,
        now
    )
    .execute(&mut *conn)
    .await?
    .rows_affected();
    write_digests(conn, digests, now).await?;
    Ok(digested)
}

async fn write_digests(
    conn: &mut PgConnection,
    digests: BTreeMap<AccountId, Digest>,
    now: OffsetDateTime,
) -> Result<(), Fault> {
    let key = format!("digest:{}", now.unix_timestamp_nanos());
    let told = digests.into_iter().map(|(account, digest)| Told {
        news: News::new(account, key.clone(), Kind::Digest(digest)),
        at: now,
        held: None,
        expires_at: None,
    });
    notification::insert(conn, &told.collect::<Vec<_>>(), Duration::ZERO, now).await
}

/// Lets go what was kept back until now.
///
/// # Errors
/// The database.
pub async fn let_go(conn: &mut PgConnection, freshness: Freshness, now: OffsetDateTime) -> Result<(), Fault> {
    sqlx::query!(
        "UPDATE notifier.notification AS n
         SET not_before = NULL, gather = false, expires_at = CASE lane WHEN 4 THEN $2 WHEN 5 THEN $3::timestamptz END
         FROM (SELECT id, gather, count(*) FILTER (WHERE gather) OVER (PARTITION BY account_id) AS together
               FROM notifier.notification WHERE state = 'WAITING' AND not_before <= $1) AS due
         WHERE n.id = due.id AND (NOT due.gather OR due.together = 1)",
        now,
        freshness.end(Lane::Tracker, now),
        freshness.end(Lane::Whale, now)
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Ends what waits in a category that its account has turned off.
///
/// # Errors
/// The database.
pub async fn drop_unwanted(
    conn: &mut PgConnection,
    account: AccountId,
    off: &[i16],
    now: OffsetDateTime,
) -> Result<u64, Fault> {
    let dropped = sqlx::query!(
        "UPDATE notifier.notification SET state = 'UNWANTED', done_at = $3
         WHERE account_id = $1 AND state IN ('UNADDRESSED', 'WAITING') AND category = ANY($2)",
        account.uuid(),
        off,
        now
    );
    Ok(dropped.execute(conn).await?.rows_affected())
}

/// What an account's hours keep back, or may keep back from now on.
///
/// # Errors
/// The database.
pub async fn waiting(
    conn: &mut PgConnection,
    account: AccountId,
) -> Result<Vec<(NotificationId, Manner)>, Fault> {
    let rows = sqlx::query!(
        "SELECT id, lane, category FROM notifier.notification
         WHERE account_id = $1 AND state = 'WAITING' AND not_before IS DISTINCT FROM 'infinity'",
        account.uuid()
    );
    let rows = rows.fetch_all(conn).await?;
    rows.into_iter()
        .map(|row| Ok((NotificationId::new(row.id), notification::manner(row.lane, row.category)?)))
        .collect()
}
