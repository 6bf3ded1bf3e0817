//! One row per account and event. All but reading happens in one's turn (`store::take_turn`).

use crate::domain::{
    manner::Manner,
    news::{News, Thread},
    state::State,
};
use chassis::Fault;
use prost::Message as _;
use proto::{
    AccountId, NotificationId,
    notifier::{Category, Lane, Notice},
};
use sqlx::{PgConnection, PgExecutor};
use std::time::Duration;
use time::OffsetDateTime;
use uuid::Uuid;

/// Rows of one statement: a settlement brings many thousand, and no statement may take seconds.
const ROWS: usize = 2_000;

/// What one webhook may have waiting. What comes when it has that much is told in Telegram alone.
const CALLS: i64 = 1_000;

/// News as they are stored.
#[derive(Clone, Debug)]
pub struct Told {
    /// What.
    pub news: News,
    /// When its event was told.
    pub at: OffsetDateTime,
    /// Until when it is kept back, and whether it is gathered then with others.
    pub held: Option<(OffsetDateTime, bool)>,
    /// When it is too old to be told.
    pub expires_at: Option<OffsetDateTime>,
}

/// Stores news. What is stored already stays as it is.
///
/// # Errors
/// The database.
pub async fn insert(
    conn: &mut PgConnection,
    told: &[Told],
    blocked_pause: Duration,
    now: OffsetDateTime,
) -> Result<(), Fault> {
    for told in told.chunks(ROWS) {
        let news = || told.iter().map(|told| &told.news);
        let ids: Vec<Uuid> = news().map(|news| news.id.uuid()).collect();
        let accounts: Vec<Uuid> = news().map(|news| news.account.uuid()).collect();
        let keys: Vec<String> = news().map(|news| news.event_key.clone()).collect();
        let lanes: Vec<i16> = news().map(|news| number(news.manner.lane)).collect::<Result<_, _>>()?;
        let categories: Vec<i16> =
            news().map(|news| number(news.manner.category)).collect::<Result<_, _>>()?;
        let notices: Vec<Vec<u8>> = news().map(|news| news.notice.clone()).collect();
        let threads = || news().map(|news| news.thread.as_ref());
        let thread_keys: Vec<Option<String>> =
            threads().map(|thread| thread.map(|thread| thread.key.clone())).collect();
        let versions: Vec<i64> = threads().map(|thread| thread.map_or(0, |thread| thread.version)).collect();
        let times: Vec<OffsetDateTime> = told.iter().map(|told| told.at).collect();
        let held: Vec<Option<OffsetDateTime>> =
            told.iter().map(|told| told.held.map(|(until, _)| until)).collect();
        let gather: Vec<bool> = told.iter().map(|told| told.held.is_some_and(|(_, gather)| gather)).collect();
        let broadcasts: Vec<Option<Uuid>> = news().map(|news| news.broadcast).collect();
        let stale: Vec<Option<OffsetDateTime>> = told.iter().map(|told| told.expires_at).collect();
        sqlx::query!(
            "WITH fresh AS (
             INSERT INTO notifier.notification (id, account_id, event_key, lane, category, notice, thread_key, thread_version,
                                                event_at, created_at, not_before, gather, held, expires_at, broadcast_id, state, done_at)
             SELECT t.id, t.account_id, t.event_key, t.lane, t.category, t.notice, t.thread_key, t.thread_version, t.event_at,
                    $9::timestamptz, t.held, t.gather, t.held IS NOT NULL, t.stale, t.broadcast,
                    CASE WHEN c.account_id IS NULL THEN 'UNADDRESSED' WHEN b.blocked THEN 'BLOCKED' ELSE 'WAITING' END,
                    CASE WHEN b.blocked THEN $9 END
             FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::smallint[], $5::bytea[], $6::text[], $7::bigint[],
                         $8::timestamptz[], $11::smallint[], $12::timestamptz[], $13::boolean[], $14::timestamptz[], $15::uuid[])
                  AS t (id, account_id, event_key, lane, notice, thread_key, thread_version, event_at, category, held, gather,
                        stale, broadcast)
             LEFT JOIN notifier.contact c ON c.account_id = t.account_id
             CROSS JOIN LATERAL (SELECT coalesce(c.blocked_at > $9::timestamptz - make_interval(secs => $10), false)) AS b (blocked)
             ON CONFLICT DO NOTHING
             RETURNING id, account_id, lane, event_at
             )
             INSERT INTO notifier.webhook_call (account_id, notification_id, created_at)
             SELECT f.account_id, f.id, $9 FROM fresh f JOIN notifier.webhook w ON w.account_id = f.account_id
             WHERE f.lane < 6
               AND (SELECT count(*) FROM notifier.webhook_call c WHERE c.account_id = f.account_id) < $16
             ORDER BY f.event_at, f.id",
            &ids,
            &accounts,
            &keys,
            &lanes,
            &notices,
            &thread_keys as &[Option<String>],
            &versions,
            &times,
            now,
            blocked_pause.as_secs_f64(),
            &categories,
            &held as &[Option<OffsetDateTime>],
            &gather,
            &stale as &[Option<OffsetDateTime>],
            &broadcasts as &[Option<Uuid>],
            CALLS
        )
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

/// Ends what waits in these threads behind a newer state, whichever of the two came first.
///
/// # Errors
/// The database.
pub async fn supersede(
    conn: &mut PgConnection,
    threads: &[(AccountId, &Thread)],
    now: OffsetDateTime,
) -> Result<u64, Fault> {
    let (accounts, keys): (Vec<Uuid>, Vec<String>) =
        threads.iter().map(|(account, thread)| (account.uuid(), thread.key.clone())).unzip();
    let superseded = sqlx::query!(
        "UPDATE notifier.notification AS n SET state = 'SUPERSEDED', done_at = $3
         FROM unnest($1::uuid[], $2::text[]) AS t (account_id, thread_key)
         WHERE n.account_id = t.account_id AND n.thread_key = t.thread_key AND n.state IN ('UNADDRESSED', 'WAITING')
           AND EXISTS (SELECT FROM notifier.notification newer
                       WHERE newer.account_id = n.account_id AND newer.thread_key = n.thread_key
                         AND newer.thread_version > n.thread_version)",
        &accounts,
        &keys,
        now
    );
    Ok(superseded.execute(conn).await?.rows_affected())
}

/// How the delivery of one notification ended.
#[derive(Clone, Debug)]
pub struct End {
    /// Which.
    pub id: NotificationId,
    /// Sent, blocked or failed.
    pub state: State,
    /// Why it failed.
    pub error: String,
}

/// A notification that has just ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// Whose.
    pub account: AccountId,
    /// How.
    pub state: State,
    /// What it was about.
    pub category: Category,
    /// From its event to its end, in seconds.
    pub seconds: f64,
}

/// Ends released notifications; an end that is known stays.
///
/// # Errors
/// The database.
pub async fn end(conn: &mut PgConnection, ends: &[End], now: OffsetDateTime) -> Result<Vec<Ended>, Fault> {
    let ids: Vec<Uuid> = ends.iter().map(|end| end.id.uuid()).collect();
    let states: Vec<String> = ends.iter().map(|end| end.state.name().to_owned()).collect();
    let errors: Vec<String> = ends.iter().map(|end| end.error.clone()).collect();
    let rows = sqlx::query!(
        "UPDATE notifier.notification AS n SET state = t.state, error = t.error, done_at = $4
         FROM unnest($1::uuid[], $2::text[], $3::text[]) AS t (id, state, error)
         WHERE n.id = t.id AND n.state = 'RELEASED'
         RETURNING n.account_id, n.state, n.lane, n.category, extract(epoch FROM $4 - n.event_at)::float8 AS \"seconds!\"",
        &ids,
        &states,
        &errors,
        now
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let (account, state) = (AccountId::new(row.account_id), state(&row.state)?);
            let Manner { category, .. } = manner(row.lane, row.category)?;
            Ok(Ended { account, state, category, seconds: row.seconds })
        })
        .collect()
}

/// How many are not done, by state.
///
/// # Errors
/// The database.
pub async fn open(db: impl PgExecutor<'_>) -> Result<[(State, i64); 3], Fault> {
    let row = sqlx::query!(
        "SELECT (SELECT count(*) FROM notifier.notification WHERE state = 'UNADDRESSED') AS \"unaddressed!\",
                (SELECT count(*) FROM notifier.notification WHERE state = 'WAITING') AS \"waiting!\",
                (SELECT count(*) FROM notifier.notification WHERE state = 'RELEASED') AS \"released!\""
    )
    .fetch_one(db)
    .await?;
    Ok([
        (State::Unaddressed, row.unaddressed),
        (State::Waiting, row.waiting),
        (State::Released, row.released),
    ])
}

pub(super) fn state(name: &str) -> Result<State, Fault> {
    State::of_name(name).ok_or_else(|| Fault::bug("a notification in no known state"))
}

pub(super) fn notice(bytes: &[u8]) -> Result<Notice, Fault> {
    Notice::decode(bytes).map_err(|_| Fault::bug("a stored notice does not decode"))
}

pub(super) fn manner(lane: i16, category: i16) -> Result<Manner, Fault> {
    let lane = Lane::try_from(i32::from(lane)).map_err(|_| Fault::bug("a notification in no lane"));
    let category =
        Category::try_from(i32::from(category)).map_err(|_| Fault::bug("a notification of no category"));
    Ok(Manner { lane: lane?, category: category? })
}

/// A lane or category as it is stored.
///
/// # Errors
/// It does not fit.
pub fn number(named: impl Into<i32>) -> Result<i16, Fault> {
    i16::try_from(named.into()).map_err(|_| Fault::bug("a lane or category beyond its column"))
}
