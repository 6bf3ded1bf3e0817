//! Updates that were seen.

use proto::AccountId;
use sqlx::PgExecutor;
use time::OffsetDateTime;

/// What is known of an update, and of the message whose button was pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Before {
    /// Its effects are committed.
    pub seen: bool,
    /// Its answer was sent, too.
    pub answered: bool,
    /// A request is still being worked on in the pressed message.
    pub busy: bool,
    /// It is decided, and the message says so already or is about to.
    pub decided: bool,
}

/// Asks both in one statement.
///
/// # Errors
/// The database.
pub async fn before(
    db: impl PgExecutor<'_>,
    update_id: i64,
    account: Option<AccountId>,
    message_id: Option<i32>,
) -> sqlx::Result<Before> {
    let row = sqlx::query!(
        r#"SELECT (SELECT answered FROM gateway.seen_update WHERE update_id = $1) AS answered,
                  open.requests > 0 AS "busy!", open.requests > 0 AND open.undecided = 0 AS "decided!"
           FROM (SELECT count(*) AS requests, count(*) FILTER (WHERE outcome IS NULL) AS undecided
                 FROM gateway.request WHERE account_id = $2 AND message_id = $3 AND shown < 3) open"#,
        update_id,
        account.map(AccountId::uuid),
        message_id
    )
    .fetch_one(db)
    .await?;
    Ok(Before {
        seen: row.answered.is_some(),
        answered: row.answered == Some(true),
        busy: row.busy,
        decided: row.decided,
    })
}

/// Marks an update inside the transaction of its effects. False: another delivery of it was first.
///
/// # Errors
/// The database.
pub async fn enter(
    db: impl PgExecutor<'_>,
    update_id: i64,
    answered: bool,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let entered = sqlx::query!(
        "INSERT INTO gateway.seen_update (update_id, answered, seen_at) VALUES ($1, $2, $3)
         ON CONFLICT (update_id) DO NOTHING",
        update_id,
        answered,
        now
    )
    .execute(db)
    .await?;
    Ok(entered.rows_affected() == 1)
}

/// The answer was sent.
///
/// # Errors
/// The database.
pub async fn answered(db: impl PgExecutor<'_>, update_id: i64, now: OffsetDateTime) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO gateway.seen_update (update_id, answered, seen_at) VALUES ($1, TRUE, $2)
         ON CONFLICT (update_id) DO UPDATE SET answered = TRUE",
        update_id,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}
