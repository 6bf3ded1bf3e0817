//! Whose turn it is. In one's turn only, but for the question whether anybody's is.

use super::notification::{manner, notice};
use crate::domain::{manner::Manner, pace::Credit};
use chassis::Fault;
use proto::{AccountId, NotificationId, gateway::Deliver};
use sqlx::{PgConnection, PgExecutor};
use time::OffsetDateTime;
use uuid::Uuid;

/// Waiting notifications looked at in one release. More of one account than that, all before
/// everybody else's, delay the others by one round.
const HEAD: i64 = 1_000;

/// A notification whose turn has come.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Which.
    pub id: NotificationId,
    /// Whom to.
    pub account: AccountId,
    /// How it is told.
    pub manner: Manner,
    /// The chat, if it is a group's.
    chat: Option<i64>,
    notice: Vec<u8>,
    thread_key: Option<String>,
}

impl Candidate {
    /// The command that hands it over.
    ///
    /// # Errors
    /// A stored row that does not read back.
    pub fn deliver(self, silent: bool) -> Result<Deliver, Fault> {
        Ok(Deliver {
            notification_id: self.id.bytes(),
            lane: self.manner.lane.into(),
            notice: Some(notice(&self.notice)?),
            thread_key: self.thread_key.unwrap_or_default(),
            account_id: self.chat.map_or_else(|| self.account.bytes(), |_| Vec::new()),
            chat_id: self.chat.unwrap_or_default(),
            silent,
            ..Deliver::default()
        })
    }
}

/// What the credit allows, by lane, then age: of an account at most one, and one of money, security or an own result.
///
/// # Errors
/// The database.
pub async fn candidates(conn: &mut PgConnection, credit: Credit) -> Result<Vec<Candidate>, Fault> {
    let rows = sqlx::query!(
        "WITH hands AS (
             SELECT count(*) AS taken, count(*) FILTER (WHERE lane >= 5) AS bulk
             FROM notifier.notification WHERE state = 'RELEASED'
         ), head AS (
             SELECT id, account_id, lane, created_at FROM notifier.notification w
             WHERE state = 'WAITING' AND not_before IS NULL
               AND lane <= (SELECT CASE WHEN bulk < $2 THEN 7 ELSE 4 END FROM hands)
               AND NOT EXISTS (SELECT FROM notifier.notification r
                               WHERE r.state = 'RELEASED' AND r.account_id = w.account_id AND (r.lane <= 2) = (w.lane <= 2))
             ORDER BY lane, created_at, id LIMIT $3
         ), first AS (
             SELECT DISTINCT ON (account_id, lane <= 2) id, lane, created_at FROM head
             ORDER BY account_id, lane <= 2, lane, created_at, id
         ), counted AS (
             SELECT id, lane, created_at, count(*) FILTER (WHERE lane >= 5) OVER (ORDER BY lane, created_at, id) AS bulk
             FROM first
         ), next AS (
             SELECT id FROM counted WHERE lane < 5 OR bulk <= $2 - (SELECT bulk FROM hands)
             ORDER BY lane, created_at, id LIMIT greatest(0, $1 - (SELECT taken FROM hands))
         )
         SELECT n.id, n.account_id, c.chat_id, n.lane, n.category, coalesce(b.notice, n.notice) AS \"notice!\", n.thread_key
         FROM next JOIN notifier.notification n ON n.id = next.id JOIN notifier.contact c ON c.account_id = n.account_id
         LEFT JOIN notifier.broadcast b ON b.id = n.broadcast_id
         ORDER BY n.lane, n.created_at, n.id",
        i64::from(credit.all),
        i64::from(credit.bulk),
        HEAD
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Candidate {
                id: NotificationId::new(row.id),
                account: AccountId::new(row.account_id),
                manner: manner(row.lane, row.category)?,
                chat: row.chat_id,
                notice: row.notice,
                thread_key: row.thread_key,
            })
        })
        .collect()
}

/// Hands these over.
///
/// # Errors
/// The database.
pub async fn release(conn: &mut PgConnection, ids: &[Uuid], now: OffsetDateTime) -> Result<(), Fault> {
    sqlx::query!(
        "UPDATE notifier.notification SET state = 'RELEASED', released_at = $2 WHERE id = ANY($1)",
        ids,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Whether there is anything to release, asked without waiting for one's turn.
///
/// # Errors
/// The database.
pub async fn is_releasable(db: impl PgExecutor<'_>, credit: Credit) -> Result<bool, Fault> {
    let releasable = sqlx::query_scalar!(
        "WITH hands AS (
             SELECT count(*) AS taken, count(*) FILTER (WHERE lane >= 5) AS bulk
             FROM notifier.notification WHERE state = 'RELEASED'
         )
         SELECT hands.taken < $1
            AND EXISTS (SELECT FROM notifier.notification w
                        WHERE state = 'WAITING' AND not_before IS NULL
                          AND lane <= CASE WHEN hands.bulk < $2 THEN 7 ELSE 4 END
                          AND NOT EXISTS (SELECT FROM notifier.notification r
                                          WHERE r.state = 'RELEASED' AND r.account_id = w.account_id
                                            AND (r.lane <= 2) = (w.lane <= 2))) AS \"releasable!\"
         FROM hands",
        i64::from(credit.all),
        i64::from(credit.bulk)
    );
    Ok(releasable.fetch_one(db).await?)
}
