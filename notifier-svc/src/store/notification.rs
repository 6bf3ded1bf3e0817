//! One row per account and event. All but reading happens in one's turn (`store::take_turn`).

use crate::domain::{
    news::{News, Thread},
    state::State,
};
use chassis::Fault;
use prost::Message as _;
use proto::{
    AccountId, NotificationId,
    gateway::Deliver,
    notifier::{Lane, Notice},
};
use sqlx::{PgConnection, PgExecutor};
use std::time::Duration;
use time::OffsetDateTime;
use uuid::Uuid;

/// Rows of one statement: a settlement brings many thousand, and no statement may take seconds.
const ROWS: usize = 2_000;

/// Waiting notifications looked at in one release. More of one account than that, all before
/// everybody else's, delay the others by one round.
const HEAD: i64 = 1_000;

/// Stores news, each with the time of its event. What is stored already stays as it is.
///
/// # Errors
/// The database.
pub async fn insert(
    conn: &mut PgConnection,
    news: &[(News, OffsetDateTime)],
    blocked_pause: Duration,
    now: OffsetDateTime,
) -> Result<(), Fault> {
    for news in news.chunks(ROWS) {
        let uuids = |of: fn(&News) -> Uuid| news.iter().map(|(news, _)| of(news)).collect::<Vec<_>>();
        let (ids, accounts) = (uuids(|news| news.id.uuid()), uuids(|news| news.account.uuid()));
        let keys: Vec<String> = news.iter().map(|(news, _)| news.event_key.clone()).collect();
        let lanes: Vec<i16> = news.iter().map(|(news, _)| number(news.lane)).collect::<Result<_, _>>()?;
        let notices: Vec<Vec<u8>> = news.iter().map(|(news, _)| news.notice.clone()).collect();
        let threads = || news.iter().map(|(news, _)| news.thread.as_ref());
        let thread_keys: Vec<Option<String>> =
            threads().map(|thread| thread.map(|thread| thread.key.clone())).collect();
        let versions: Vec<i64> = threads().map(|thread| thread.map_or(0, |thread| thread.version)).collect();
        let times: Vec<OffsetDateTime> = news.iter().map(|(_, at)| *at).collect();
        sqlx::query!(
            "INSERT INTO notifier.notification (id, account_id, event_key, lane, notice, thread_key, thread_version,
                                                event_at, created_at, state, done_at)
             SELECT t.id, t.account_id, t.event_key, t.lane, t.notice, t.thread_key, t.thread_version, t.event_at, $9::timestamptz,
                    CASE WHEN c.account_id IS NULL THEN 'UNADDRESSED' WHEN b.blocked THEN 'BLOCKED' ELSE 'WAITING' END,
                    CASE WHEN b.blocked THEN $9 END
             FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::smallint[], $5::bytea[], $6::text[], $7::bigint[],
                         $8::timestamptz[])
                  AS t (id, account_id, event_key, lane, notice, thread_key, thread_version, event_at)
             LEFT JOIN notifier.contact c ON c.account_id = t.account_id
             CROSS JOIN LATERAL (SELECT coalesce(c.blocked_at > $9::timestamptz - make_interval(secs => $10), false)) AS b (blocked)
             ON CONFLICT DO NOTHING",
            &ids,
            &accounts,
            &keys,
            &lanes,
            &notices,
            &thread_keys as &[Option<String>],
            &versions,
            &times,
            now,
            blocked_pause.as_secs_f64()
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

/// A notification whose turn has come.
#[derive(Clone, Debug)]
pub struct Released {
    /// Which.
    pub id: NotificationId,
    /// Whom to.
    pub account: AccountId,
    /// The chat, if it is a group's.
    chat: Option<i64>,
    lane: i16,
    notice: Vec<u8>,
    thread_key: Option<String>,
}

impl Released {
    /// The command that hands it over.
    ///
    /// # Errors
    /// A stored row that does not read back.
    pub fn deliver(self) -> Result<Deliver, Fault> {
        Ok(Deliver {
            notification_id: self.id.bytes(),
            lane: self.lane.into(),
            notice: Some(notice(&self.notice)?),
            thread_key: self.thread_key.unwrap_or_default(),
            account_id: self.chat.map_or_else(|| self.account.bytes(), |_| Vec::new()),
            chat_id: self.chat.unwrap_or_default(),
            ..Deliver::default()
        })
    }
}

/// Releases what the credit allows, by lane, then age, at most one per account.
///
/// # Errors
/// The database.
pub async fn release(
    conn: &mut PgConnection,
    credit: u32,
    now: OffsetDateTime,
) -> Result<Vec<Released>, Fault> {
    let rows = sqlx::query!(
        "WITH head AS (
             SELECT id, account_id, lane, created_at FROM notifier.notification w
             WHERE state = 'WAITING'
               AND NOT EXISTS (SELECT FROM notifier.notification r WHERE r.state = 'RELEASED' AND r.account_id = w.account_id)
             ORDER BY lane, created_at, id LIMIT $3
         ), first AS (
             SELECT DISTINCT ON (account_id) id, lane, created_at FROM head ORDER BY account_id, lane, created_at, id
         ), next AS (
             SELECT id FROM first ORDER BY lane, created_at, id
             LIMIT greatest(0, $2 - (SELECT count(*) FROM notifier.notification WHERE state = 'RELEASED'))
         )
         UPDATE notifier.notification AS n SET state = 'RELEASED', released_at = $1
         FROM next, notifier.contact AS c
         WHERE n.id = next.id AND c.account_id = n.account_id
         RETURNING n.id, n.account_id, c.chat_id, n.lane, n.notice, n.thread_key",
        now,
        i64::from(credit),
        HEAD
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Released {
            id: NotificationId::new(row.id),
            account: AccountId::new(row.account_id),
            chat: row.chat_id,
            lane: row.lane,
            notice: row.notice,
            thread_key: row.thread_key,
        })
        .collect())
}

/// Whether there is anything to release, asked without waiting for one's turn.
///
/// # Errors
/// The database.
pub async fn is_releasable(db: impl PgExecutor<'_>, credit: u32) -> Result<bool, Fault> {
    let releasable = sqlx::query_scalar!(
        "SELECT (SELECT count(*) FROM notifier.notification WHERE state = 'RELEASED') < $1
            AND EXISTS (SELECT FROM notifier.notification w
                        WHERE state = 'WAITING'
                          AND NOT EXISTS (SELECT FROM notifier.notification r
                                          WHERE r.state = 'RELEASED' AND r.account_id = w.account_id)) AS \"releasable!\"",
        i64::from(credit)
    );
    Ok(releasable.fetch_one(db).await?)
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
         RETURNING n.account_id, n.state, extract(epoch FROM $4 - n.event_at)::float8 AS \"seconds!\"",
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
            Ok(Ended { account, state, seconds: row.seconds })
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

fn number(lane: Lane) -> Result<i16, Fault> {
    i16::try_from(i32::from(lane)).map_err(|_| Fault::bug("a lane beyond its column"))
}
