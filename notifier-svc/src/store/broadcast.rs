//! What operators tell everybody. Writing happens in one's turn.

use super::listing::Place;
use crate::domain::broadcast::Stand;
use chassis::Fault;
use proto::{
    AccountId,
    notifier::{Broadcast, BroadcastProgress, notice::Kind},
    timestamp,
};
use sqlx::{PgConnection, PgExecutor};
use time::OffsetDateTime;
use uuid::Uuid;

/// How many would be told: people who can be reached and have not turned it off.
///
/// # Errors
/// The database.
pub async fn recipients(db: impl PgExecutor<'_>) -> Result<u64, Fault> {
    let count = sqlx::query_scalar!(
        "SELECT count(*) AS \"count!\" FROM notifier.contact c
         WHERE c.chat_id IS NULL AND c.blocked_at IS NULL
           AND NOT EXISTS (SELECT FROM notifier.preferences p WHERE p.account_id = c.account_id AND 7 = ANY(p.off))"
    );
    Ok(u64::try_from(count.fetch_one(db).await?).unwrap_or_default())
}

/// Begins one. Returns whether there was none of this id.
///
/// # Errors
/// The database.
pub async fn begin(
    conn: &mut PgConnection,
    id: Uuid,
    notice: &[u8],
    operator: &[u8],
    recipients: u64,
    now: OffsetDateTime,
) -> Result<bool, Fault> {
    let begun = sqlx::query!(
        "INSERT INTO notifier.broadcast (id, notice, operator, state, recipients, started_at)
         VALUES ($1, $2, $3, 'RUNNING', $4, $5) ON CONFLICT DO NOTHING",
        id,
        notice,
        operator,
        i64::try_from(recipients).unwrap_or(i64::MAX),
        now
    );
    Ok(begun.execute(conn).await?.rows_affected() > 0)
}

/// Where one stands.
///
/// # Errors
/// The database.
pub async fn stand(conn: &mut PgConnection, id: Uuid) -> Result<Option<Stand>, Fault> {
    let state = sqlx::query_scalar!("SELECT state FROM notifier.broadcast WHERE id = $1", id);
    state.fetch_optional(conn).await?.map(|name| read(&name)).transpose()
}

/// Brings one where an operator wants it. What waits of it waits for as long as it is paused, and ends with it; returns how
/// many ended.
///
/// # Errors
/// The database.
pub async fn steer(
    conn: &mut PgConnection,
    id: Uuid,
    wanted: Stand,
    now: OffsetDateTime,
) -> Result<u64, Fault> {
    let ended_at = (wanted == Stand::Ended).then_some(now);
    sqlx::query!(
        "UPDATE notifier.broadcast SET state = $2, ended_at = $3 WHERE id = $1",
        id,
        wanted.name(),
        ended_at
    )
    .execute(&mut *conn)
    .await?;
    let waiting = match wanted {
        Stand::Running => sqlx::query!(
            "UPDATE notifier.notification SET not_before = NULL
             WHERE broadcast_id = $1 AND state = 'WAITING' AND not_before = 'infinity'",
            id
        ),
        Stand::Paused => sqlx::query!(
            "UPDATE notifier.notification SET not_before = 'infinity', held = true
             WHERE broadcast_id = $1 AND state = 'WAITING'",
            id
        ),
        Stand::Ended => sqlx::query!(
            "UPDATE notifier.notification SET state = 'UNWANTED', done_at = $2
             WHERE broadcast_id = $1 AND state IN ('UNADDRESSED', 'WAITING')",
            id,
            now
        ),
    };
    let changed = waiting.execute(conn).await?.rows_affected();
    Ok(if wanted == Stand::Ended { changed } else { 0 })
}

/// One that has more to tell: its next recipients, in the order of their ids, as many as fit into what may wait of it.
#[derive(Clone, Debug)]
pub struct Piece {
    /// Which.
    pub id: Uuid,
    /// To whom.
    pub accounts: Vec<AccountId>,
    /// Nobody comes after them.
    pub last: bool,
}

/// The next piece of a broadcast, if there is one to tell.
///
/// # Errors
/// The database.
pub async fn next_piece(conn: &mut PgConnection, waiting: i64) -> Result<Option<Piece>, Fault> {
    let broadcast = sqlx::query!(
        "SELECT b.id, b.filled_to,
                (SELECT count(*) FROM notifier.notification n
                 WHERE n.broadcast_id = b.id AND n.state = 'WAITING' AND n.not_before IS NULL) AS \"waiting!\"
         FROM notifier.broadcast b WHERE b.state = 'RUNNING' AND NOT b.filled ORDER BY b.started_at, b.id LIMIT 1"
    );
    let Some(broadcast) = broadcast.fetch_optional(&mut *conn).await? else { return Ok(None) };
    let room = waiting - broadcast.waiting;
    if room <= 0 {
        return Ok(None);
    }
    let accounts = sqlx::query_scalar!(
        "SELECT c.account_id FROM notifier.contact c
         WHERE c.account_id > $1 AND c.chat_id IS NULL AND c.blocked_at IS NULL
           AND NOT EXISTS (SELECT FROM notifier.preferences p WHERE p.account_id = c.account_id AND 7 = ANY(p.off))
         ORDER BY c.account_id LIMIT $2",
        broadcast.filled_to,
        room
    );
    let accounts: Vec<AccountId> = accounts.fetch_all(conn).await?.into_iter().map(AccountId::new).collect();
    let last = i64::try_from(accounts.len()).is_ok_and(|count| count < room);
    Ok(Some(Piece { id: broadcast.id, accounts, last }))
}

/// Remembers how far one has come.
///
/// # Errors
/// The database.
pub async fn filled(conn: &mut PgConnection, piece: &Piece) -> Result<(), Fault> {
    sqlx::query!(
        "UPDATE notifier.broadcast SET filled_to = coalesce($2, filled_to), filled = $3 WHERE id = $1",
        piece.id,
        piece.accounts.last().map(|account| account.uuid()),
        piece.last
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Ends those of which everybody was told.
///
/// # Errors
/// The database.
pub async fn finish(conn: &mut PgConnection, now: OffsetDateTime) -> Result<(), Fault> {
    sqlx::query!(
        "UPDATE notifier.broadcast b SET state = 'ENDED', ended_at = $1
         WHERE b.state = 'RUNNING' AND b.filled
           AND NOT EXISTS (SELECT FROM notifier.notification n
                           WHERE n.broadcast_id = b.id AND n.state IN ('UNADDRESSED', 'WAITING', 'RELEASED'))",
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Whether any runs, asked without waiting for one's turn.
///
/// # Errors
/// The database.
pub async fn is_running(db: impl PgExecutor<'_>) -> Result<bool, Fault> {
    let running = sqlx::query_scalar!(
        "SELECT EXISTS (SELECT FROM notifier.broadcast WHERE state = 'RUNNING') AS \"running!\""
    );
    Ok(running.fetch_one(db).await?)
}

/// Broadcasts with their progress, newest first, each with its place.
///
/// # Errors
/// The database, or a stored notice that does not read back.
pub async fn list(
    db: impl PgExecutor<'_>,
    after: Option<Place>,
    limit: i64,
) -> Result<Vec<(Place, BroadcastProgress)>, Fault> {
    let (at, id) = after.unzip();
    let rows = sqlx::query!(
        "SELECT b.id, b.notice, b.state, b.recipients, b.started_at, b.ended_at, n.sent AS \"sent!\", n.failed AS \"failed!\"
         FROM notifier.broadcast b
         CROSS JOIN LATERAL (
             SELECT count(*) FILTER (WHERE state = 'SENT') AS sent,
                    count(*) FILTER (WHERE state IN ('FAILED', 'BLOCKED')) AS failed
             FROM notifier.notification WHERE broadcast_id = b.id
         ) AS n
         WHERE $1::timestamptz IS NULL OR (b.started_at, b.id) < ($1, $2)
         ORDER BY b.started_at DESC, b.id DESC LIMIT $3",
        at,
        id,
        limit
    );
    let count = |count: i64| u64::try_from(count).unwrap_or_default();
    let rows = rows.fetch_all(db).await?.into_iter().map(|row| {
        let progress = BroadcastProgress {
            broadcast: Some(words(&row.notice)?),
            state: read(&row.state)?.to_message().into(),
            recipients: count(row.recipients),
            sent: count(row.sent),
            failed: count(row.failed),
            started_at: Some(timestamp(row.started_at)),
            ended_at: row.ended_at.map(timestamp),
        };
        Ok(((row.started_at, row.id), progress))
    });
    rows.collect()
}

fn words(notice: &[u8]) -> Result<Broadcast, Fault> {
    match super::notification::notice(notice)?.kind {
        Some(Kind::Broadcast(broadcast)) => Ok(broadcast),
        _ => Err(Fault::bug("a broadcast that tells something else")),
    }
}

fn read(name: &str) -> Result<Stand, Fault> {
    Stand::of_name(name).ok_or_else(|| Fault::bug("a broadcast in no known state"))
}
