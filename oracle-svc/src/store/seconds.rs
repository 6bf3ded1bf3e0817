//! The series: one row per asset and second.

use crate::domain::{Asset, Frame, Price, Second, VenueId};
use chassis::Fault;
use prost::Message as _;
use proto::oracle;
use rust_decimal::Decimal;
use sqlx::{PgConnection, PgPool};

/// Most frames read at once.
pub(crate) const PAGE: i64 = 1_000;

/// Stores seconds. A complete second is never changed: an attempt means that two processes write
/// one series, which the lease excludes.
pub(crate) async fn put(conn: &mut PgConnection, asset: Asset, frames: &[Frame]) -> Result<(), Fault> {
    let seconds: Vec<i64> = frames.iter().map(|frame| frame.second.number()).collect();
    let bytes: Vec<Vec<u8>> = frames.iter().map(|frame| frame.encode(asset)).collect();
    let prices: Vec<Option<Decimal>> = frames.iter().map(|frame| frame.sample().map(Price::get)).collect();
    let complete: Vec<bool> = frames.iter().map(|frame| frame.complete).collect();
    let stored = sqlx::query!(
        "INSERT INTO oracle.second AS s (asset, second, frame, price, complete)
         SELECT $1, t.second, t.frame, t.price, t.complete
         FROM unnest($2::bigint[], $3::bytea[], $4::numeric[], $5::boolean[]) AS t (second, frame, price, complete)
         ORDER BY t.second
         ON CONFLICT (asset, second) DO UPDATE
            SET frame = EXCLUDED.frame, price = EXCLUDED.price, complete = EXCLUDED.complete
            WHERE NOT s.complete",
        asset.name(),
        &seconds,
        &bytes,
        &prices as &[Option<Decimal>],
        &complete,
    )
    .execute(conn)
    .await?
    .rows_affected();
    if usize::try_from(stored) == Ok(frames.len()) {
        Ok(())
    } else {
        Err(Fault::bug(format!("a complete second of {asset} was written twice")))
    }
}

/// The newest stored second.
pub(crate) async fn last(pool: &PgPool, asset: Asset) -> Result<Option<Second>, Fault> {
    let last = sqlx::query_scalar!("SELECT max(second) FROM oracle.second WHERE asset = $1", asset.name())
        .fetch_one(pool)
        .await?;
    Ok(last.map(Second::new))
}

/// The newest stored second as it was sent.
pub(crate) async fn latest(pool: &PgPool, asset: Asset) -> Result<Option<oracle::Second>, Fault> {
    let frame = sqlx::query_scalar!(
        "SELECT frame FROM oracle.second WHERE asset = $1 ORDER BY second DESC LIMIT 1",
        asset.name()
    )
    .fetch_optional(pool)
    .await?;
    let decode = |bytes: Vec<u8>| oracle::Second::decode(bytes.as_slice());
    frame.map(decode).transpose().map_err(|_| Fault::bug("a stored second does not decode"))
}

/// The venues without a vote in the newest stored second, unless that is older than `since`.
pub(crate) async fn excluded(pool: &PgPool, asset: Asset, since: Second) -> Result<Vec<VenueId>, Fault> {
    let Some(latest) = latest(pool, asset).await?.filter(|latest| latest.second >= since.number()) else {
        return Ok(Vec::new());
    };
    let quotes = latest.aggregates.last().map(|aggregate| aggregate.quotes.as_slice()).unwrap_or_default();
    let excluded = quotes.iter().filter(|quote| quote.excluded);
    Ok(excluded.filter_map(|quote| VenueId::from_name(&quote.venue)).collect())
}

/// The samples of [first, last], ascending.
pub(crate) async fn samples(
    pool: &PgPool,
    asset: Asset,
    first: Second,
    last: Second,
) -> Result<Vec<(Second, Price)>, Fault> {
    let rows = sqlx::query!(
        r#"SELECT second, price AS "price!" FROM oracle.second
           WHERE asset = $1 AND second BETWEEN $2 AND $3 AND price IS NOT NULL ORDER BY second"#,
        asset.name(),
        first.number(),
        last.number(),
    )
    .fetch_all(pool)
    .await?;
    let sample = |price| Price::try_new(price).map_err(|_| Fault::bug("a stored price is none"));
    rows.into_iter().map(|row| Ok((Second::new(row.second), sample(row.price)?))).collect()
}

/// The first [`PAGE`] frames of [first, last], ascending.
pub(crate) async fn frames(
    pool: &PgPool,
    asset: Asset,
    first: Second,
    last: Second,
) -> Result<Vec<Frame>, Fault> {
    let rows = encoded(pool, asset, first, last).await?;
    let decode = |bytes: &Vec<u8>| Frame::decode(bytes).map_err(|error| Fault::bug(error.to_string()));
    rows.iter().map(decode).collect()
}

/// The bytes of the first [`PAGE`] frames of [first, last], ascending.
pub(crate) async fn encoded(
    pool: &PgPool,
    asset: Asset,
    first: Second,
    last: Second,
) -> Result<Vec<Vec<u8>>, sqlx::Error> {
    sqlx::query_scalar!(
        "SELECT frame FROM oracle.second
         WHERE asset = $1 AND second BETWEEN $2 AND $3 ORDER BY second LIMIT $4",
        asset.name(),
        first.number(),
        last.number(),
        PAGE,
    )
    .fetch_all(pool)
    .await
}

/// The last sample of each `every` seconds of [first, last], ascending: what a chart shows.
pub(crate) async fn points(
    pool: &PgPool,
    asset: Asset,
    first: Second,
    last: Second,
    every: i64,
) -> Result<Vec<(i64, Decimal)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT DISTINCT ON (second / $4) second, price AS "price!" FROM oracle.second
           WHERE asset = $1 AND second BETWEEN $2 AND $3 AND price IS NOT NULL
           ORDER BY second / $4, second DESC LIMIT $5"#,
        asset.name(),
        first.number(),
        last.number(),
        every,
        PAGE,
    )
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(|row| (row.second, row.price)).collect())
}

/// Makes the partitions of the coming days and drops those past their time.
pub(crate) async fn keep_partitions(pool: &PgPool, days: i32) -> Result<(), Fault> {
    sqlx::query!(
        "SELECT oracle.keep_second_partitions((clock_timestamp() AT TIME ZONE 'UTC')::date, $1)",
        days
    )
    .execute(pool)
    .await?;
    Ok(())
}
