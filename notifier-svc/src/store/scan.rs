//! Looks at all wallets of the list, one at a time under way, and what was seen so far.

use crate::domain::{
    consensus::{Backer, Stand},
    cron::Due,
};
use chassis::Fault;
use prost::Message as _;
use proto::oracle::MarketRef;
use rust_decimal::Decimal;
use sqlx::{PgConnection, PgExecutor};
use time::{Date, Duration, OffsetDateTime};

/// So long one can see which wallets a scan could not read.
const KEPT: Duration = Duration::days(30);

/// Begins the scan of a moment unless there was one for it or a later one, or another is under way.
///
/// # Errors
/// The database.
pub async fn begin(conn: &mut PgConnection, due: Due, now: OffsetDateTime) -> Result<bool, Fault> {
    let begun = sqlx::query!(
        "INSERT INTO notifier.scan (due_at, day, started_at)
         SELECT $1, $2, $3
         WHERE NOT EXISTS (SELECT FROM notifier.scan WHERE due_at >= $1 OR ended_at IS NULL)
         ON CONFLICT DO NOTHING",
        due.at,
        due.day,
        now
    );
    if begun.execute(&mut *conn).await?.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query!(
        "INSERT INTO notifier.scan_wallet (due_at, address, label, next_attempt_at)
         SELECT $1, address, label, $2 FROM notifier.smart_wallet",
        due.at,
        now
    )
    .execute(&mut *conn)
    .await?;
    forget(conn, now - KEPT).await?;
    Ok(true)
}

/// Forgets scans that ended before a moment.
async fn forget(conn: &mut PgConnection, before: OffsetDateTime) -> Result<(), Fault> {
    sqlx::query!(
        "DELETE FROM notifier.scan_wallet w USING notifier.scan s WHERE w.due_at = s.due_at AND s.ended_at < $1",
        before
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!("DELETE FROM notifier.scan WHERE ended_at < $1", before).execute(conn).await?;
    Ok(())
}

/// A wallet of the scan under way that is not read yet.
#[derive(Clone, Debug)]
pub struct Unread {
    /// Of which scan.
    pub due_at: OffsetDateTime,
    /// Which.
    pub address: String,
}

/// Takes the next wallet to read for a minute, in which no other replica reads it. One that could not be read comes again, later
/// each time.
///
/// # Errors
/// The database.
pub async fn claim(db: impl PgExecutor<'_>, now: OffsetDateTime) -> Result<Option<Unread>, Fault> {
    let claimed = sqlx::query_as!(
        Unread,
        "UPDATE notifier.scan_wallet AS w
         SET attempts = attempts + 1, next_attempt_at = $1::timestamptz + least(attempts + 1, 5) * interval '1 minute'
         FROM (SELECT due_at, address FROM notifier.scan_wallet JOIN notifier.scan USING (due_at)
               WHERE ended_at IS NULL AND read_at IS NULL AND next_attempt_at <= $1
               ORDER BY next_attempt_at, address LIMIT 1 FOR UPDATE OF scan_wallet SKIP LOCKED) AS next
         WHERE w.due_at = next.due_at AND w.address = next.address
         RETURNING w.due_at, w.address",
        now
    );
    Ok(claimed.fetch_optional(db).await?)
}

/// Writes what a wallet stands for, unless its scan has ended or it was read before.
///
/// # Errors
/// The database.
pub async fn read(
    conn: &mut PgConnection,
    wallet: &Unread,
    stands: &[Stand],
    now: OffsetDateTime,
) -> Result<(), Fault> {
    // The scan's row first, so that it does not end meanwhile.
    let open = sqlx::query!(
        "SELECT due_at FROM notifier.scan WHERE due_at = $1 AND ended_at IS NULL FOR SHARE",
        wallet.due_at
    );
    if open.fetch_optional(&mut *conn).await?.is_none() {
        return Ok(());
    }
    let read = sqlx::query!(
        "UPDATE notifier.scan_wallet SET read_at = $3 WHERE due_at = $1 AND address = $2 AND read_at IS NULL",
        wallet.due_at,
        wallet.address,
        now
    );
    if read.execute(&mut *conn).await?.rows_affected() == 0 {
        return Ok(());
    }
    let texts = |of: fn(&Stand) -> String| stands.iter().map(of).collect::<Vec<String>>();
    let markets: Vec<Vec<u8>> = stands.iter().map(|stand| stand.market.encode_to_vec()).collect();
    let usd: Vec<Decimal> = stands.iter().map(|stand| stand.usd).collect();
    let parts: Vec<Option<Decimal>> = stands.iter().map(|stand| stand.part).collect();
    sqlx::query!(
        "INSERT INTO notifier.scan_stand (due_at, address, condition_id, token_id, outcome, market, usd, part)
         SELECT $1, $2, t.condition_id, t.token_id, t.outcome, t.market, t.usd, t.part
         FROM unnest($3::text[], $4::text[], $5::text[], $6::bytea[], $7::numeric[], $8::numeric[])
              AS t (condition_id, token_id, outcome, market, usd, part)",
        wallet.due_at,
        wallet.address,
        &texts(|stand| stand.market.condition_id.clone()),
        &texts(|stand| stand.token_id.clone()),
        &texts(|stand| stand.outcome.clone()),
        &markets,
        &usd,
        &parts as &[Option<Decimal>]
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The scan that is under way.
#[derive(Clone, Copy, Debug)]
pub struct UnderWay {
    /// Of which moment.
    pub due_at: OffsetDateTime,
    /// Of which day.
    pub day: Date,
    /// Since when.
    pub started_at: OffsetDateTime,
    /// Wallets of which it is not known what they hold.
    pub unread: i64,
}

/// The scan that is under way, if there is one.
///
/// # Errors
/// The database.
pub async fn under_way(db: impl PgExecutor<'_>) -> Result<Option<UnderWay>, Fault> {
    let scan = sqlx::query_as!(
        UnderWay,
        "SELECT due_at, day, started_at,
                (SELECT count(*) FROM notifier.scan_wallet w WHERE w.due_at = s.due_at AND w.read_at IS NULL) AS \"unread!\"
         FROM notifier.scan s WHERE ended_at IS NULL"
    );
    Ok(scan.fetch_optional(db).await?)
}

/// Ends a scan and returns what its wallets stand for, which is then forgotten; nothing if another replica was faster.
///
/// # Errors
/// The database.
pub async fn end(
    conn: &mut PgConnection,
    due_at: OffsetDateTime,
    now: OffsetDateTime,
) -> Result<Option<Vec<Backer>>, Fault> {
    let ended = sqlx::query!(
        "UPDATE notifier.scan SET ended_at = $2 WHERE due_at = $1 AND ended_at IS NULL",
        due_at,
        now
    );
    if ended.execute(&mut *conn).await?.rows_affected() == 0 {
        return Ok(None);
    }
    let rows = sqlx::query!(
        "WITH gone AS (DELETE FROM notifier.scan_stand WHERE due_at = $1
                       RETURNING address, token_id, outcome, market, usd, part)
         SELECT g.address, w.label, g.token_id, g.outcome, g.market, g.usd, g.part
         FROM gone g JOIN notifier.scan_wallet w ON w.due_at = $1 AND w.address = g.address
         ORDER BY g.address",
        due_at
    )
    .fetch_all(conn)
    .await?;
    let backers = rows.into_iter().map(|row| {
        let market = MarketRef::decode(row.market.as_slice())
            .map_err(|_| Fault::bug("a stored market does not decode"))?;
        let stand =
            Stand { market, outcome: row.outcome, token_id: row.token_id, usd: row.usd, part: row.part };
        Ok(Backer { address: row.address, label: row.label, stand })
    });
    backers.collect::<Result<Vec<_>, Fault>>().map(Some)
}

/// When the wallets were last looked at to the end.
///
/// # Errors
/// The database.
pub async fn last(db: impl PgExecutor<'_>) -> Result<Option<OffsetDateTime>, Fault> {
    let last = sqlx::query_scalar!("SELECT max(ended_at) FROM notifier.scan");
    Ok(last.fetch_one(db).await?)
}
