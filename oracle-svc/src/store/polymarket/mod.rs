//! What is stored of Polymarket.

pub(crate) mod prices;
pub(crate) mod wallets;

use crate::domain::polymarket::{ConditionId, MarketName};
use chassis::{Fault, Pool};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// How far the feed of all trades was read; nothing before the first time.
pub(crate) async fn read_until(pool: &Pool) -> Result<Option<OffsetDateTime>, Fault> {
    Ok(sqlx::query_scalar!("SELECT read_until FROM oracle.trades_feed").fetch_optional(pool).await?)
}

/// The feed was read up to here.
pub(crate) async fn read(conn: &mut PgConnection, until: OffsetDateTime) -> Result<(), Fault> {
    sqlx::query!(
        "INSERT INTO oracle.trades_feed AS f (read_until) VALUES ($1)
         ON CONFLICT (the_only) DO UPDATE SET read_until = greatest(f.read_until, EXCLUDED.read_until)",
        until,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Remembers large trades and says which were not told before.
pub(crate) async fn large(
    conn: &mut PgConnection,
    trades: &[Uuid],
    now: OffsetDateTime,
) -> Result<Vec<Uuid>, Fault> {
    Ok(sqlx::query_scalar!(
        "INSERT INTO oracle.large_trade (id, told_at) SELECT id, $2 FROM unnest($1::uuid[]) AS t (id) ORDER BY id
         ON CONFLICT (id) DO NOTHING RETURNING id",
        trades,
        now,
    )
    .fetch_all(conn)
    .await?)
}

/// The markets that may be decided by now, the one that waits longest first: held by somebody whom we follow.
pub(crate) async fn due(pool: &Pool, limit: i64) -> Result<Vec<ConditionId>, Fault> {
    let rows = sqlx::query_scalar!(
        "SELECT condition_id FROM oracle.polymarket m
         WHERE decided_at IS NULL AND next_look_at <= oracle.db_clock()
           AND EXISTS (SELECT FROM oracle.wallet_position p WHERE p.condition_id = m.condition_id AND p.shares > 0)
         ORDER BY next_look_at LIMIT $1",
        limit,
    )
    .fetch_all(pool)
    .await?;
    rows.iter().map(|row| wallets::condition(row)).collect()
}

/// Asks about markets again after so many seconds.
pub(crate) async fn put_off(pool: &Pool, markets: &[ConditionId], seconds: f64) -> Result<(), Fault> {
    let ids: Vec<String> = markets.iter().map(|market| market.as_str().to_owned()).collect();
    sqlx::query!(
        "UPDATE oracle.polymarket SET next_look_at = oracle.db_clock() + $2 * interval '1 second'
         WHERE condition_id = ANY($1)",
        &ids,
        seconds,
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// A market is decided; its name if nobody said so before.
pub(crate) async fn decide(
    conn: &mut PgConnection,
    market: &ConditionId,
    now: OffsetDateTime,
) -> Result<Option<MarketName>, Fault> {
    let row = sqlx::query!(
        "UPDATE oracle.polymarket SET decided_at = $2 WHERE condition_id = $1 AND decided_at IS NULL
         RETURNING question, slug, event_slug",
        market.as_str(),
        now,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| MarketName {
        condition: market.clone(),
        question: row.question,
        slug: row.slug,
        event_slug: row.event_slug,
    }))
}

/// Forgets what was told so many days ago, watches that ended then, and markets that nobody holds any more.
pub(crate) async fn forget(pool: &Pool, days: i32) -> Result<(), Fault> {
    sqlx::query!(
        "DELETE FROM oracle.wallet_order WHERE told_at < oracle.db_clock() - $1 * interval '1 day'",
        f64::from(days),
    )
    .execute(pool)
    .await?;
    sqlx::query!(
        "DELETE FROM oracle.large_trade WHERE told_at < oracle.db_clock() - $1 * interval '1 day'",
        f64::from(days),
    )
    .execute(pool)
    .await?;
    sqlx::query!(
        "DELETE FROM oracle.price_watch
         WHERE (NOT watch OR reached_at IS NOT NULL) AND asked_at < oracle.db_clock() - $1 * interval '1 day'",
        f64::from(days),
    )
    .execute(pool)
    .await?;
    sqlx::query!(
        "DELETE FROM oracle.polymarket m WHERE decided_at IS NULL
           AND next_look_at < oracle.db_clock() - interval '1 day'
           AND NOT EXISTS (SELECT FROM oracle.wallet_position p WHERE p.condition_id = m.condition_id)",
    )
    .execute(pool)
    .await?;
    Ok(())
}
