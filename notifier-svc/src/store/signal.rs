//! Signals: found once per market, side and day, told to everybody in turn, and right or wrong in the end.

use chassis::Fault;
use prost::Message as _;
use proto::{
    AccountId,
    notifier::{Signal, SignalEnd},
};
use sqlx::{PgConnection, PgExecutor};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

/// Where a page begins: after this day, score and id, the newest day and its strongest first.
pub type Place = (Date, i16, Uuid);

/// Keeps the signals of a day that are new, and returns how many are.
///
/// # Errors
/// The database.
pub async fn insert(
    conn: &mut PgConnection,
    signals: &[Signal],
    day: Date,
    now: OffsetDateTime,
) -> Result<u64, Fault> {
    let ids = signals
        .iter()
        .map(|signal| Uuid::from_slice(&signal.signal_id).map_err(|_| Fault::bug("a signal without an id")));
    let ids: Vec<Uuid> = ids.collect::<Result<_, _>>()?;
    let conditions: Vec<String> = signals.iter().map(condition).collect();
    let tokens: Vec<String> = signals.iter().map(|signal| signal.token_id.clone()).collect();
    let scores = signals.iter().map(|signal| i16::try_from(signal.score));
    let scores: Vec<i16> = scores.collect::<Result<_, _>>().map_err(|_| Fault::bug("a score beyond 100"))?;
    let bodies: Vec<Vec<u8>> = signals.iter().map(Signal::encode_to_vec).collect();
    let inserted = sqlx::query!(
        "INSERT INTO notifier.signal (id, condition_id, token_id, day, score, signal, signalled_at, asked_at)
         SELECT t.id, t.condition_id, t.token_id, $6, t.score, t.signal, $7, $7
         FROM unnest($1::uuid[], $2::text[], $3::text[], $4::smallint[], $5::bytea[])
              AS t (id, condition_id, token_id, score, signal)
         ON CONFLICT DO NOTHING",
        &ids,
        &conditions,
        &tokens,
        &scores,
        &bodies,
        day,
        now
    );
    Ok(inserted.execute(conn).await?.rows_affected())
}

fn condition(signal: &Signal) -> String {
    signal.market.as_ref().map_or_else(String::new, |market| market.condition_id.clone())
}

/// A signal that not everybody is told of yet.
#[derive(Clone, Debug)]
pub struct Untold {
    /// Which.
    pub id: Uuid,
    /// What is told.
    pub signal: Signal,
    /// When it was found.
    pub at: OffsetDateTime,
    told_to: Uuid,
}

/// The next signal that not everybody is told of. In one's turn only.
///
/// # Errors
/// The database.
pub async fn untold(conn: &mut PgConnection) -> Result<Option<Untold>, Fault> {
    let row = sqlx::query!(
        "SELECT id, signal, signalled_at, told_to FROM notifier.signal WHERE told_at IS NULL ORDER BY id LIMIT 1"
    );
    let row = row.fetch_optional(conn).await?;
    row.map(|row| {
        Ok(Untold { id: row.id, signal: decode(&row.signal)?, at: row.signalled_at, told_to: row.told_to })
    })
    .transpose()
}

/// Whether there is a signal that not everybody is told of, asked without waiting for one's turn.
///
/// # Errors
/// The database.
pub async fn is_untold(db: impl PgExecutor<'_>) -> Result<bool, Fault> {
    let untold = sqlx::query_scalar!(
        "SELECT EXISTS (SELECT FROM notifier.signal WHERE told_at IS NULL) AS \"untold!\""
    );
    Ok(untold.fetch_one(db).await?)
}

/// The next accounts that are told of a signal, at most so many: whoever can be reached and did not turn signals off. The place
/// is kept, and when nobody is left the signal is told.
///
/// # Errors
/// The database.
pub async fn audience(
    conn: &mut PgConnection,
    signal: &Untold,
    limit: i64,
    now: OffsetDateTime,
) -> Result<Vec<AccountId>, Fault> {
    let accounts = sqlx::query_scalar!(
        "SELECT c.account_id FROM notifier.contact c LEFT JOIN notifier.preferences p USING (account_id)
         WHERE c.chat_id IS NULL AND c.account_id > $1 AND (p.off IS NULL OR NOT p.off @> ARRAY[5]::smallint[])
         ORDER BY c.account_id LIMIT $2",
        signal.told_to,
        limit
    )
    .fetch_all(&mut *conn)
    .await?;
    let done = accounts.last().is_none();
    sqlx::query!(
        "UPDATE notifier.signal SET told_to = coalesce($2, told_to), told_at = CASE WHEN $3 THEN $4::timestamptz END WHERE id = $1",
        signal.id,
        accounts.last(),
        done,
        now
    )
    .execute(conn)
    .await?;
    Ok(accounts.into_iter().map(AccountId::new).collect())
}

/// Ends the open signals of decided markets: each market with the token that won, none if it was split.
///
/// # Errors
/// The database.
pub async fn end(
    conn: &mut PgConnection,
    decided: &[(String, Option<String>)],
    now: OffsetDateTime,
) -> Result<u64, Fault> {
    let (conditions, winners): (Vec<String>, Vec<Option<String>>) = decided.iter().cloned().unzip();
    let ended = sqlx::query!(
        "UPDATE notifier.signal AS s
         SET ending = CASE WHEN t.winner IS NULL THEN 'SPLIT' WHEN t.winner = s.token_id THEN 'RIGHT' ELSE 'WRONG' END,
             ended_at = $3
         FROM unnest($1::text[], $2::text[]) AS t (condition_id, winner)
         WHERE s.condition_id = t.condition_id AND s.ending IS NULL",
        &conditions,
        &winners as &[Option<String>],
        now
    );
    Ok(ended.execute(conn).await?.rows_affected())
}

/// Takes a market with an open signal about which nobody has asked for so long.
///
/// # Errors
/// The database.
pub async fn claim_open(
    db: impl PgExecutor<'_>,
    before: OffsetDateTime,
    now: OffsetDateTime,
) -> Result<Option<String>, Fault> {
    let claimed = sqlx::query_scalar!(
        "UPDATE notifier.signal AS s SET asked_at = $2
         FROM (SELECT condition_id FROM notifier.signal WHERE ending IS NULL AND asked_at < $1
               ORDER BY asked_at LIMIT 1 FOR UPDATE SKIP LOCKED) AS next
         WHERE s.condition_id = next.condition_id AND s.ending IS NULL
         RETURNING s.condition_id",
        before,
        now
    );
    Ok(claimed.fetch_all(db).await?.pop())
}

/// Signals that were found after a moment, each with its place.
///
/// # Errors
/// The database.
pub async fn page(
    db: impl PgExecutor<'_>,
    since: OffsetDateTime,
    after: Option<Place>,
    limit: i64,
) -> Result<Vec<(Place, Signal)>, Fault> {
    let (day, score, id) =
        after.map_or((None, None, None), |(day, score, id)| (Some(day), Some(score), Some(id)));
    let rows = sqlx::query!(
        "SELECT id, day, score, signal, ending FROM notifier.signal
         WHERE signalled_at > $1 AND ($2::date IS NULL OR (day, score) < ($2, $3) OR ((day, score) = ($2, $3) AND id > $4))
         ORDER BY day DESC, score DESC, id LIMIT $5",
        since,
        day,
        score,
        id,
        limit
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            let end = match row.ending.as_deref() {
                None => SignalEnd::Open,
                Some("RIGHT") => SignalEnd::Right,
                Some("WRONG") => SignalEnd::Wrong,
                Some(_) => SignalEnd::Split,
            };
            let signal = Signal { end: end.into(), ..decode(&row.signal)? };
            Ok(((row.day, row.score, row.id), signal))
        })
        .collect()
}

/// How many signals were right and how many wrong, of all there ever were.
///
/// # Errors
/// The database.
pub async fn record(db: impl PgExecutor<'_>) -> Result<(i64, i64), Fault> {
    let row = sqlx::query!(
        "SELECT count(*) FILTER (WHERE ending = 'RIGHT') AS \"right!\", count(*) FILTER (WHERE ending = 'WRONG') AS \"wrong!\"
         FROM notifier.signal"
    );
    let row = row.fetch_one(db).await?;
    Ok((row.right, row.wrong))
}

fn decode(bytes: &[u8]) -> Result<Signal, Fault> {
    Signal::decode(bytes).map_err(|_| Fault::bug("a stored signal does not decode"))
}
