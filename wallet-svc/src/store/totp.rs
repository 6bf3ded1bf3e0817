//! Authenticators. Whoever writes one has locked its account.

use crate::{domain::totp::Authenticator, keys::MasterId};
use chassis::Fault;
use proto::AccountId;
use sqlx::{PgConnection, PgExecutor};
use time::OffsetDateTime;
use uuid::Uuid;

/// An authenticator with its sealed secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Stored {
    /// What its codes are judged by.
    pub authenticator: Authenticator,
    /// The envelope of its secret.
    pub sealed: Vec<u8>,
}

/// The authenticator of an account, confirmed or not.
///
/// # Errors
/// The database.
pub async fn get(executor: impl PgExecutor<'_>, account: AccountId) -> Result<Option<Stored>, Fault> {
    let row = sqlx::query!(
        "SELECT sealed, confirmed_at, last_step, wrong, locked_until FROM wallet.totp WHERE account_id = $1",
        account.uuid(),
    )
    .fetch_optional(executor)
    .await?;
    Ok(row.map(|row| Stored {
        authenticator: Authenticator {
            confirmed_at: row.confirmed_at,
            last_step: row.last_step,
            wrong: row.wrong,
            locked_until: row.locked_until,
        },
        sealed: row.sealed,
    }))
}

/// Stores a secret to be scanned, unless the account has one. Returns the one that is stored.
///
/// # Errors
/// The database; an account that does not exist is a violated constraint.
pub async fn begin(
    conn: &mut PgConnection,
    account: AccountId,
    sealed: &[u8],
    master: &MasterId,
) -> Result<Option<Stored>, Fault> {
    sqlx::query!(
        "INSERT INTO wallet.totp (account_id, sealed, master) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        account.uuid(),
        sealed,
        master.bytes(),
    )
    .execute(&mut *conn)
    .await?;
    get(conn, account).await
}

/// Writes what became of an authenticator.
///
/// # Errors
/// The database; a code that would count again is a violated constraint.
pub async fn update(
    conn: &mut PgConnection,
    account: AccountId,
    authenticator: &Authenticator,
) -> Result<(), Fault> {
    sqlx::query!(
        "UPDATE wallet.totp SET confirmed_at = $2, last_step = $3, wrong = $4, locked_until = $5
         WHERE account_id = $1",
        account.uuid(),
        authenticator.confirmed_at,
        authenticator.last_step,
        authenticator.wrong,
        authenticator.locked_until,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Forgets an authenticator and its secret.
///
/// # Errors
/// The database.
pub async fn remove(conn: &mut PgConnection, account: AccountId) -> Result<(), Fault> {
    sqlx::query!("DELETE FROM wallet.totp WHERE account_id = $1", account.uuid()).execute(conn).await?;
    Ok(())
}

/// Whether a secret is under a master key that is none of these.
///
/// # Errors
/// The database.
pub async fn under_none_of(executor: impl PgExecutor<'_>, masters: &[MasterId]) -> Result<bool, Fault> {
    let found = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM wallet.totp WHERE master <> ALL($1)) AS "found!""#,
        &masters.iter().map(|master| master.bytes().to_vec()).collect::<Vec<_>>(),
    );
    Ok(found.fetch_one(executor).await?)
}

/// Locks secrets that are not under this master key: account and envelope.
///
/// # Errors
/// The database.
pub async fn lock_older(
    conn: &mut PgConnection,
    current: &MasterId,
    limit: i64,
) -> Result<Vec<(Uuid, Vec<u8>)>, Fault> {
    let rows = sqlx::query!(
        "SELECT account_id, sealed FROM wallet.totp WHERE master <> $1
         ORDER BY account_id LIMIT $2 FOR NO KEY UPDATE",
        current.bytes(),
        limit,
    );
    Ok(rows.fetch_all(conn).await?.into_iter().map(|row| (row.account_id, row.sealed)).collect())
}

/// Stores envelopes that were sealed anew.
///
/// # Errors
/// The database.
pub async fn reseal(
    conn: &mut PgConnection,
    current: &MasterId,
    secrets: &[(Uuid, Vec<u8>)],
) -> Result<(), Fault> {
    let (accounts, sealed): (Vec<Uuid>, Vec<Vec<u8>>) = secrets.iter().cloned().unzip();
    sqlx::query!(
        "UPDATE wallet.totp AS k SET sealed = t.sealed, master = $1
         FROM unnest($2::uuid[], $3::bytea[]) AS t (account_id, sealed) WHERE k.account_id = t.account_id",
        current.bytes(),
        &accounts,
        &sealed,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Accounts and envelopes in the order of the accounts, those after one of them.
///
/// # Errors
/// The database.
pub async fn page(
    executor: impl PgExecutor<'_>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<(Uuid, Vec<u8>)>, Fault> {
    let rows = sqlx::query!(
        "SELECT account_id, sealed FROM wallet.totp
         WHERE $1::uuid IS NULL OR account_id > $1 ORDER BY account_id LIMIT $2",
        after,
        limit,
    );
    Ok(rows.fetch_all(executor).await?.into_iter().map(|row| (row.account_id, row.sealed)).collect())
}

/// The database's time, for answers that decide nothing.
///
/// # Errors
/// The database.
pub async fn now(executor: impl PgExecutor<'_>) -> Result<OffsetDateTime, Fault> {
    Ok(sqlx::query_scalar!(r#"SELECT wallet.db_clock() AS "now!""#).fetch_one(executor).await?)
}
