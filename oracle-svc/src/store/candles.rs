//! Minute candles: the fold of the stored seconds.

use crate::domain::{Asset, Minute, Second};
use chassis::{Fault, Pool};
use rust_decimal::Decimal;
use sqlx::PgConnection;

/// Most candles read at once.
pub(crate) const PAGE: i64 = 1_000;

/// A stored candle.
pub(crate) struct Candle {
    pub(crate) minute: i64,
    pub(crate) open: Decimal,
    pub(crate) high: Decimal,
    pub(crate) low: Decimal,
    pub(crate) close: Decimal,
    pub(crate) seconds: i16,
}

/// The first minute that has stored seconds and no candle yet, if any second is stored after the last candle.
pub(crate) async fn first_open(pool: &Pool, asset: Asset) -> Result<Option<Minute>, Fault> {
    let second = sqlx::query_scalar!(
        "SELECT min(second) FROM oracle.second
         WHERE asset = $1 AND second >= coalesce((SELECT max(minute) + 60 FROM oracle.candle WHERE asset = $1), 0)",
        asset.name()
    )
    .fetch_one(pool)
    .await?;
    Ok(second.map(|second| Minute::of(Second::new(second))))
}

/// Makes the candles of the minutes from `from` to before `to` out of the seconds that are stored. Making them again
/// gives the same.
pub(crate) async fn fold(
    conn: &mut PgConnection,
    asset: Asset,
    from: Minute,
    to: Minute,
) -> Result<(), Fault> {
    sqlx::query!(
        "INSERT INTO oracle.candle AS c (asset, minute, open, high, low, close, seconds)
         SELECT $1, second / 60 * 60,
                (array_agg(price ORDER BY second))[1], max(price), min(price),
                (array_agg(price ORDER BY second DESC))[1], count(*)
         FROM oracle.second
         WHERE asset = $1 AND second >= $2 AND second < $3 AND price IS NOT NULL
         GROUP BY second / 60 ORDER BY second / 60
         ON CONFLICT (asset, minute) DO UPDATE
            SET open = EXCLUDED.open, high = EXCLUDED.high, low = EXCLUDED.low, close = EXCLUDED.close,
                seconds = EXCLUDED.seconds",
        asset.name(),
        from.first().number(),
        to.first().number(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The first [`PAGE`] candles of the minutes that begin within [first, last], ascending.
pub(crate) async fn between(
    pool: &Pool,
    asset: Asset,
    first: Second,
    last: Second,
) -> Result<Vec<Candle>, sqlx::Error> {
    sqlx::query_as!(
        Candle,
        "SELECT minute, open, high, low, close, seconds FROM oracle.candle
         WHERE asset = $1 AND minute BETWEEN $2 AND $3 ORDER BY minute LIMIT $4",
        asset.name(),
        first.number(),
        last.number(),
        PAGE,
    )
    .fetch_all(pool)
    .await
}

/// Forgets candles older than so many days.
pub(crate) async fn forget(pool: &Pool, days: i32) -> Result<(), Fault> {
    sqlx::query!(
        "DELETE FROM oracle.candle
         WHERE minute < extract(epoch FROM clock_timestamp())::bigint - $1::bigint * 86400",
        i64::from(days)
    )
    .execute(pool)
    .await?;
    Ok(())
}
