//! Table `wallet.ban`: whom operators keep from playing.

use chassis::{Fault, operators::OperatorKey};
use proto::{AccountId, timestamp, wallet};
use sqlx::{PgConnection, PgExecutor};
use time::OffsetDateTime;
use uuid::Uuid;

struct Row {
    account: Uuid,
    reason: String,
    operator: Vec<u8>,
    since: OffsetDateTime,
}

impl TryFrom<Row> for wallet::Ban {
    type Error = Fault;

    fn try_from(row: Row) -> Result<Self, Fault> {
        Ok(Self {
            account_id: AccountId::new(row.account).bytes(),
            reason: row.reason,
            since: Some(timestamp(row.since)),
            operator: OperatorKey::try_from_bytes(&row.operator)?.to_string(),
        })
    }
}

/// Bans a watched account, unless it is. Returns the ban that stands.
///
/// # Errors
/// The database.
pub async fn begin(
    conn: &mut PgConnection,
    account: AccountId,
    reason: &str,
    operator: OperatorKey,
    now: OffsetDateTime,
) -> Result<wallet::Ban, Fault> {
    sqlx::query!(
        "INSERT INTO wallet.ban (account, reason, operator, since) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        account.uuid(),
        reason,
        operator.bytes(),
        now
    )
    .execute(&mut *conn)
    .await?;
    let row = sqlx::query_as!(
        Row,
        "SELECT account, reason, operator, since FROM wallet.ban WHERE account = $1",
        account.uuid()
    );
    row.fetch_one(conn).await?.try_into()
}

/// Lifts the ban of an account. Returns whether there was one.
///
/// # Errors
/// The database.
pub async fn end(conn: &mut PgConnection, account: AccountId) -> Result<bool, Fault> {
    let lifted = sqlx::query!("DELETE FROM wallet.ban WHERE account = $1", account.uuid());
    Ok(lifted.execute(conn).await?.rows_affected() > 0)
}

/// A page of the bans in force, newest first, and how many there are.
///
/// # Errors
/// The database.
pub async fn page(
    executor: impl PgExecutor<'_> + Copy,
    offset: i64,
    limit: i64,
) -> Result<(Vec<wallet::Ban>, i64), Fault> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT account, reason, operator, since FROM wallet.ban ORDER BY since DESC, account OFFSET $1 LIMIT $2",
        offset,
        limit
    );
    let bans = rows.fetch_all(executor).await?.into_iter().map(wallet::Ban::try_from);
    let bans = bans.collect::<Result<_, _>>()?;
    let total = sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM wallet.ban"#);
    Ok((bans, total.fetch_one(executor).await?))
}
