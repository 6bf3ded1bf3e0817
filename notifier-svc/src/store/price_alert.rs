//! Prices that accounts wait for. Written in one's turn alone (`store::take_turn`).

use chassis::Fault;
use prost::Message as _;
use proto::{AccountId, notifier::PriceAlert};
use sqlx::{PgConnection, PgExecutor};
use time::OffsetDateTime;
use uuid::Uuid;

/// A price that somebody waits for.
#[derive(Clone, Debug, PartialEq)]
pub struct Waiting {
    /// Who.
    pub account: AccountId,
    /// For what.
    pub alert: PriceAlert,
}

/// The alert of this id, if it still waits.
///
/// # Errors
/// The database.
pub async fn find(db: impl PgExecutor<'_>, id: Uuid) -> Result<Option<Waiting>, Fault> {
    let found = sqlx::query!("SELECT account_id, alert FROM notifier.price_alert WHERE id = $1", id);
    let found = found.fetch_optional(db).await?;
    found
        .map(|row| Ok(Waiting { account: AccountId::new(row.account_id), alert: alert(&row.alert)? }))
        .transpose()
}

/// Those of an account that still wait, oldest first.
///
/// # Errors
/// The database.
pub async fn list(db: impl PgExecutor<'_>, account: AccountId) -> Result<Vec<PriceAlert>, Fault> {
    let rows = sqlx::query_scalar!(
        "SELECT alert FROM notifier.price_alert WHERE account_id = $1 ORDER BY set_at, id",
        account.uuid()
    );
    rows.fetch_all(db).await?.iter().map(|bytes| alert(bytes)).collect()
}

/// Keeps an alert in the first free place of its account; false if all are taken.
///
/// # Errors
/// The database.
pub async fn add(
    conn: &mut PgConnection,
    id: Uuid,
    account: AccountId,
    condition_id: &str,
    alert: &PriceAlert,
    places: u8,
    now: OffsetDateTime,
) -> Result<bool, Fault> {
    let added = sqlx::query!(
        "INSERT INTO notifier.price_alert (id, account_id, place, condition_id, alert, set_at)
         SELECT $1, $2, place, $3, $4, $6 FROM generate_series(1, $5::int) AS free (place)
         WHERE NOT EXISTS (SELECT FROM notifier.price_alert a WHERE a.account_id = $2 AND a.place = free.place)
         ORDER BY place LIMIT 1",
        id,
        account.uuid(),
        condition_id,
        alert.encode_to_vec(),
        i32::from(places),
        now
    );
    Ok(added.execute(conn).await?.rows_affected() == 1)
}

/// Forgets an account's alert; nothing if it does not wait any more.
///
/// # Errors
/// The database.
pub async fn remove(
    conn: &mut PgConnection,
    id: Uuid,
    account: AccountId,
) -> Result<Option<PriceAlert>, Fault> {
    let removed = sqlx::query_scalar!(
        "DELETE FROM notifier.price_alert WHERE id = $1 AND account_id = $2 RETURNING alert",
        id,
        account.uuid()
    );
    removed.fetch_optional(conn).await?.map(|bytes| alert(&bytes)).transpose()
}

/// Forgets alerts whose price is reached, and returns them.
///
/// # Errors
/// The database.
pub async fn take(conn: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<(Uuid, Waiting)>, Fault> {
    let rows = sqlx::query!(
        "DELETE FROM notifier.price_alert WHERE id = ANY($1) RETURNING id, account_id, alert",
        ids
    );
    let rows = rows.fetch_all(conn).await?;
    rows.into_iter()
        .map(|row| {
            let account = AccountId::new(row.account_id);
            Ok((row.id, Waiting { account, alert: alert(&row.alert)? }))
        })
        .collect()
}

/// Forgets the alerts of decided markets, and returns them: their prices will not be reached.
///
/// # Errors
/// The database.
pub async fn take_of_markets(
    conn: &mut PgConnection,
    conditions: &[String],
) -> Result<Vec<(Uuid, PriceAlert)>, Fault> {
    let rows = sqlx::query!(
        "DELETE FROM notifier.price_alert WHERE condition_id = ANY($1) RETURNING id, alert",
        conditions
    );
    rows.fetch_all(conn).await?.into_iter().map(|row| Ok((row.id, alert(&row.alert)?))).collect()
}

/// Forgets whatever these accounts wait for, and returns it.
///
/// # Errors
/// The database.
pub async fn forget(conn: &mut PgConnection, accounts: &[Uuid]) -> Result<Vec<(Uuid, PriceAlert)>, Fault> {
    let rows = sqlx::query!(
        "DELETE FROM notifier.price_alert WHERE account_id = ANY($1) RETURNING id, alert",
        accounts
    );
    rows.fetch_all(conn).await?.into_iter().map(|row| Ok((row.id, alert(&row.alert)?))).collect()
}

fn alert(bytes: &[u8]) -> Result<PriceAlert, Fault> {
    PriceAlert::decode(bytes).map_err(|_| Fault::bug("a stored price alert does not decode"))
}
