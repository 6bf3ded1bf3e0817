//! What became of notifications.

use chassis::Fault;
use proto::notifier::DeliveryStatistics;
use sqlx::PgExecutor;

/// By day and category, newest day first, of the last so many days.
///
/// # Errors
/// The database.
pub async fn deliveries(db: impl PgExecutor<'_>, days: u32) -> Result<Vec<DeliveryStatistics>, Fault> {
    let before = i32::try_from(days.saturating_sub(1)).unwrap_or(i32::MAX);
    let rows = sqlx::query!(
        "SELECT to_char(n.day, 'YYYY-MM-DD') AS \"day!\", n.category,
                count(*) FILTER (WHERE state = 'SENT') AS \"sent!\",
                count(*) FILTER (WHERE state = 'FAILED') AS \"failed!\",
                count(*) FILTER (WHERE state = 'BLOCKED') AS \"blocked!\",
                count(*) FILTER (WHERE state = 'EXPIRED') AS \"expired!\",
                count(*) FILTER (WHERE state = 'DIGESTED') AS \"digested!\",
                count(*) FILTER (WHERE state = 'SUPERSEDED') AS \"superseded!\",
                count(*) FILTER (WHERE state = 'UNWANTED') AS \"unwanted!\",
                count(*) FILTER (WHERE done_at IS NULL) AS \"waiting!\",
                percentile_disc(0.5) WITHIN GROUP (ORDER BY ms) FILTER (WHERE state = 'SENT' AND NOT held) AS p50,
                percentile_disc(0.99) WITHIN GROUP (ORDER BY ms) FILTER (WHERE state = 'SENT' AND NOT held) AS p99
         FROM notifier.db_clock() AS now CROSS JOIN LATERAL (
             SELECT (created_at AT TIME ZONE 'UTC')::date AS day, category, state, done_at, held,
                    (extract(epoch FROM done_at - event_at) * 1000)::bigint AS ms
             FROM notifier.notification
             WHERE created_at >= ((now AT TIME ZONE 'UTC')::date - $1::integer)::timestamp AT TIME ZONE 'UTC'
         ) AS n
         GROUP BY n.day, n.category ORDER BY n.day DESC, n.category",
        before
    )
    .fetch_all(db)
    .await?;
    let count = |count: i64| u64::try_from(count).unwrap_or_default();
    let rows = rows.into_iter().map(|row| DeliveryStatistics {
        day: row.day,
        category: row.category.into(),
        sent: count(row.sent),
        failed: count(row.failed),
        blocked: count(row.blocked),
        expired: count(row.expired),
        digested: count(row.digested),
        superseded: count(row.superseded),
        waiting: count(row.waiting),
        p50_ms: count(row.p50.unwrap_or_default()),
        p99_ms: count(row.p99.unwrap_or_default()),
        unwanted: count(row.unwanted),
    });
    Ok(rows.collect())
}
