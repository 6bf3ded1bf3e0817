//! Who is who: the only table that knows, sealed.

use crate::{
    locales::Language,
    vault::{Person, SealedPerson, Vault},
};
use chassis::Fault;
use proto::AccountId;
use sqlx::{PgConnection, PgExecutor};
use std::collections::HashMap;
use time::OffsetDateTime;
use uuid::Uuid;

/// A user who accepted the terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Opaque identity, the only one other services know.
    pub id: AccountId,
    /// Chosen language.
    pub language: String,
}

/// The account of a Telegram user.
///
/// # Errors
/// The database, or another master key.
pub async fn find(
    db: impl PgExecutor<'_>,
    vault: &Vault,
    telegram_user_id: i64,
) -> Result<Option<Account>, Fault> {
    let row = sqlx::query!(
        r#"SELECT account_id, data_key AS "data_key!", sealed FROM gateway.person
           WHERE lookup = $1 AND erased_at IS NULL"#,
        &vault.lookup(telegram_user_id)
    )
    .fetch_optional(db)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let id = AccountId::new(row.account_id);
    let person = vault.open(id, &SealedPerson { key: row.data_key, person: row.sealed })?;
    Ok(Some(Account { id, language: person.language }))
}

/// Where the owners of these accounts are reached. Whoever is erased is reached nowhere.
///
/// # Errors
/// The database, or another master key.
pub async fn reach(
    db: impl PgExecutor<'_>,
    vault: &Vault,
    accounts: &[Uuid],
) -> Result<HashMap<AccountId, Person>, Fault> {
    let rows = sqlx::query!(
        r#"SELECT account_id, data_key AS "data_key!", sealed FROM gateway.person
           WHERE account_id = ANY($1) AND erased_at IS NULL"#,
        accounts
    )
    .fetch_all(db)
    .await?;
    let people = rows.into_iter().map(|row| {
        let id = AccountId::new(row.account_id);
        Ok((id, vault.open(id, &SealedPerson { key: row.data_key, person: row.sealed })?))
    });
    people.collect()
}

/// Keeps a new account. False: the user has one already, and this one is dropped.
///
/// # Errors
/// The database, or no randomness.
pub async fn insert(
    db: impl PgExecutor<'_>,
    vault: &Vault,
    account: AccountId,
    person: &Person,
    now: OffsetDateTime,
) -> Result<bool, Fault> {
    let sealed = vault.seal(account, person)?;
    let inserted = sqlx::query!(
        "INSERT INTO gateway.person (account_id, lookup, data_key, sealed, accepted_at)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (lookup) DO NOTHING",
        account.uuid(),
        &vault.lookup(person.telegram_user_id),
        sealed.key,
        sealed.person,
        now
    )
    .execute(db)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// Remembers the language that somebody chose. Whoever is erased has none any more.
///
/// # Errors
/// The database, another master key, or no randomness.
pub async fn speak(
    conn: &mut PgConnection,
    vault: &Vault,
    account: AccountId,
    language: Language,
) -> Result<(), Fault> {
    let row = sqlx::query!(
        r#"SELECT data_key AS "data_key!", sealed FROM gateway.person
           WHERE account_id = $1 AND erased_at IS NULL FOR NO KEY UPDATE"#,
        account.uuid()
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(row) = row else { return Ok(()) };
    let person = vault.open(account, &SealedPerson { key: row.data_key, person: row.sealed })?;
    let sealed = vault.seal(account, &Person { language: language.code().to_owned(), ..person })?;
    sqlx::query!(
        "UPDATE gateway.person SET data_key = $2, sealed = $3 WHERE account_id = $1",
        account.uuid(),
        sealed.key,
        sealed.person
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Until when somebody is excluded by an account that is gone.
///
/// # Errors
/// The database.
pub async fn excluded_until(
    db: impl PgExecutor<'_>,
    vault: &Vault,
    telegram_user_id: i64,
    now: OffsetDateTime,
) -> Result<Option<OffsetDateTime>, Fault> {
    let until = sqlx::query_scalar!(
        "SELECT until FROM gateway.exclusion WHERE person = $1 AND until > $2",
        &vault.exclusion(telegram_user_id),
        now
    );
    Ok(until.fetch_optional(db).await?)
}

/// Forgets the data key of an account and with it the person. An exclusion that goes on is kept under a hash.
///
/// # Errors
/// The database, or another master key.
pub async fn erase(
    conn: &mut PgConnection,
    vault: &Vault,
    account: AccountId,
    excluded_until: Option<OffsetDateTime>,
    now: OffsetDateTime,
) -> Result<(), Fault> {
    let person = reach(&mut *conn, vault, &[account.uuid()]).await?.remove(&account);
    if let (Some(person), Some(until)) = (person, excluded_until.filter(|until| *until > now)) {
        sqlx::query!(
            "INSERT INTO gateway.exclusion AS e (person, until) VALUES ($1, $2)
             ON CONFLICT (person) DO UPDATE SET until = greatest(e.until, EXCLUDED.until)",
            &vault.exclusion(person.telegram_user_id),
            until
        )
        .execute(&mut *conn)
        .await?;
    }
    sqlx::query!(
        "UPDATE gateway.person SET data_key = NULL, lookup = NULL, erased_at = $2
         WHERE account_id = $1 AND erased_at IS NULL",
        account.uuid(),
        now
    )
    .execute(&mut *conn)
    .await?;
    // Their own words are known to settlement-svc, which judges by them, and to nobody else any more.
    sqlx::query!(
        "UPDATE gateway.request SET body = '' WHERE account_id = $1 AND kind = 'open_dispute'",
        account.uuid()
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!("DELETE FROM gateway.slip WHERE account_id = $1 AND kind = 'open_dispute'", account.uuid())
        .execute(&mut *conn)
        .await?;
    // What the person was in the middle of is theirs, too.
    sqlx::query!("DELETE FROM gateway.draft WHERE account_id = $1", account.uuid())
        .execute(&mut *conn)
        .await?;
    sqlx::query!("DELETE FROM gateway.thread WHERE account_id = $1", account.uuid()).execute(conn).await?;
    Ok(())
}
