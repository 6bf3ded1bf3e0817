//! The series: one row per asset and second.

use crate::domain::{Asset, Doubt, Frame, Price, Sample, Second, VenueId};
use chassis::{Fault, Pool};
use prost::Message as _;
use proto::oracle;
use rust_decimal::Decimal;
use sqlx::PgConnection;
use std::collections::BTreeSet;

/// Most frames read at once.
pub(crate) const PAGE: i64 = 1_000;

/// Stores seconds. A complete second is never changed: an attempt means that two processes write
/// one series, which the lease excludes.
pub(crate) async fn put(conn: &mut PgConnection, asset: Asset, frames: &[Frame]) -> Result<(), Fault> {
    let seconds: Vec<i64> = frames.iter().map(|frame| frame.second.number()).collect();
    let bytes: Vec<Vec<u8>> = frames.iter().map(|frame| frame.encode(asset)).collect();
    let prices: Vec<Option<Decimal>> = frames.iter().map(|frame| frame.sample().map(Price::get)).collect();
    let complete: Vec<bool> = frames.iter().map(|frame| frame.complete).collect();
    let doubts: Vec<Doubt> = frames.iter().map(|frame| frame.kept().doubt).collect();
    let confidence: Vec<i64> = doubts.iter().map(|doubt| doubt.confidence_bps.into()).collect();
    let excluded: Vec<bool> = doubts.iter().map(|doubt| doubt.excluded).collect();
    let stored = sqlx::query!(
        "INSERT INTO oracle.second AS s (asset, second, frame, price, complete, confidence_bps, excluded)
         SELECT $1, t.second, t.frame, t.price, t.complete, t.confidence_bps, t.excluded
         FROM unnest($2::bigint[], $3::bytea[], $4::numeric[], $5::boolean[], $6::bigint[], $7::boolean[])
              AS t (second, frame, price, complete, confidence_bps, excluded)
         ORDER BY t.second
         ON CONFLICT (asset, second) DO UPDATE
            SET frame = EXCLUDED.frame, price = EXCLUDED.price, complete = EXCLUDED.complete,
                confidence_bps = EXCLUDED.confidence_bps, excluded = EXCLUDED.excluded
            WHERE NOT s.complete",
        asset.name(),
        &seconds,
        &bytes,
        &prices as &[Option<Decimal>],
        &complete,
        &confidence,
        &excluded,
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
pub(crate) async fn last(pool: &Pool, asset: Asset) -> Result<Option<Second>, Fault> {
    let last = sqlx::query_scalar!("SELECT max(second) FROM oracle.second WHERE asset = $1", asset.name())
        .fetch_one(pool)
        .await?;
    Ok(last.map(Second::new))
}

/// The first second that is not over in the stored series. The newest one may still run.
pub(crate) async fn end(pool: &Pool, asset: Asset) -> Result<Option<Second>, Fault> {
    let newest = sqlx::query!(
        "SELECT second, complete FROM oracle.second WHERE asset = $1 ORDER BY second DESC LIMIT 1",
        asset.name()
    )
    .fetch_optional(pool)
    .await?;
    Ok(newest.map(|newest| Second::new(newest.second).plus(newest.complete.into())))
}

/// The newest stored second as it was sent.
pub(crate) async fn latest(pool: &Pool, asset: Asset) -> Result<Option<oracle::Second>, Fault> {
    let frame = sqlx::query_scalar!(
        "SELECT frame FROM oracle.second WHERE asset = $1 ORDER BY second DESC LIMIT 1",
        asset.name()
    )
    .fetch_optional(pool)
    .await?;
    let decode = |bytes: Vec<u8>| oracle::Second::decode(bytes.as_slice());
    frame.map(decode).transpose().map_err(|_| Fault::bug("a stored second does not decode"))
}

/// The venues that had no vote when they were last seen, looking back over the newest `seconds` that are stored (at most
/// a [`PAGE`]): a venue that was excluded and then fell silent has not come back.
pub(crate) async fn excluded(pool: &Pool, asset: Asset, seconds: i64) -> Result<BTreeSet<VenueId>, Fault> {
    let Some(last) = last(pool, asset).await? else { return Ok(BTreeSet::new()) };
    let mut excluded = BTreeSet::new();
    let frames = frames(pool, asset, last.plus(1 - seconds.min(PAGE)), last).await?;
    for quote in frames.iter().flat_map(|frame| &frame.ticks).flat_map(|tick| &tick.quotes) {
        if quote.excluded {
            excluded.insert(quote.venue)
        } else {
            excluded.remove(&quote.venue)
        };
    }
    Ok(excluded)
}

/// What is kept of the seconds of [first, last], ascending.
pub(crate) async fn samples(
    pool: &Pool,
    asset: Asset,
    first: Second,
    last: Second,
) -> Result<Vec<Sample>, Fault> {
    let rows = sqlx::query!(
        r#"SELECT second, price, confidence_bps, excluded,
                  CASE WHEN confidence_bps IS NULL THEN frame END AS "frame?"
           FROM oracle.second WHERE asset = $1 AND second BETWEEN $2 AND $3 ORDER BY second"#,
        asset.name(),
        first.number(),
        last.number(),
    )
    .fetch_all(pool)
    .await?;
    let sample = |price| Price::try_new(price).map_err(|_| Fault::bug("a stored price is none"));
    let samples = rows.into_iter().map(|row| match (row.confidence_bps.zip(row.excluded), row.frame) {
        (Some((confidence_bps, excluded)), _) => Ok(Sample {
            second: Second::new(row.second),
            price: row.price.map(sample).transpose()?,
            doubt: Doubt { confidence_bps: u32::try_from(confidence_bps).unwrap_or(u32::MAX), excluded },
        }),
        // Stored by a version that did not keep how certain it was.
        (None, frame) => Ok(decode(&frame.unwrap_or_default())?.kept()),
    });
    samples.collect()
}

/// The first [`PAGE`] frames of [first, last], ascending.
pub(crate) async fn frames(
    pool: &Pool,
    asset: Asset,
    first: Second,
    last: Second,
) -> Result<Vec<Frame>, Fault> {
    let rows = encoded(pool, asset, first, last).await?;
    rows.iter().map(|bytes| decode(bytes)).collect()
}

fn decode(frame: &[u8]) -> Result<Frame, Fault> {
    Frame::decode(frame).map_err(|error| Fault::bug(error.to_string()))
}

/// The bytes of the first [`PAGE`] frames of [first, last], ascending.
pub(crate) async fn encoded(
    pool: &Pool,
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
    pool: &Pool,
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
pub(crate) async fn keep_partitions(pool: &Pool, days: i32) -> Result<(), Fault> {
    sqlx::query!(
        "SELECT oracle.keep_second_partitions((clock_timestamp() AT TIME ZONE 'UTC')::date, $1)",
        days
    )
    .execute(pool)
    .await?;
    Ok(())
}
