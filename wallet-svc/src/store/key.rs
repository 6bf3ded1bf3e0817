//! Sealed keys. Of a row, nothing is changed but what it is sealed under.

use super::{addresses_in, pubkey};
use crate::keys::{KeyOwner, MasterId, SealedKey};
use chassis::Fault;
use solana_pubkey::Pubkey;
use sqlx::{PgConnection, PgExecutor};
use std::time::Duration;
use uuid::Uuid;

struct Row {
    owner: Uuid,
    address: Vec<u8>,
    sealed: Vec<u8>,
    master: Option<Vec<u8>>,
}

impl TryFrom<Row> for SealedKey {
    type Error = Fault;

    fn try_from(row: Row) -> Result<Self, Fault> {
        Ok(Self {
            owner: KeyOwner::from_id(row.owner),
            address: pubkey(&row.address)?,
            sealed: row.sealed,
            master: row.master.as_deref().and_then(MasterId::try_from_bytes),
        })
    }
}

fn read(rows: Vec<Row>) -> Result<Vec<SealedKey>, Fault> {
    rows.into_iter().map(SealedKey::try_from).collect()
}

/// Stores the key of an owner who has none, and begins to watch its address, often for the time
/// given. Returns the owner's address, which is that of an earlier key if there is one.
///
/// # Errors
/// The database.
pub async fn add(conn: &mut PgConnection, key: &SealedKey, hot_for: Duration) -> Result<Pubkey, Fault> {
    let (owner, address) = (key.owner.id(), key.address.to_bytes());
    let stored = sqlx::query!(
        "INSERT INTO wallet.key (owner, address, sealed, master) VALUES ($1, $2, $3, $4) ON CONFLICT (owner) DO NOTHING",
        owner,
        &address,
        key.sealed,
        key.master.as_ref().map(MasterId::bytes),
    )
    .execute(&mut *conn)
    .await?;
    if stored.rows_affected() == 1 {
        sqlx::query!(
            "INSERT INTO wallet.address (address, owner, hot_until, due_at)
             SELECT $1, $2, now + make_interval(secs => $3), now FROM wallet.db_clock() AS now",
            &address,
            owner,
            hot_for.as_secs_f64(),
        )
        .execute(&mut *conn)
        .await?;
        return Ok(key.address);
    }
    let earlier =
        sqlx::query_scalar!("SELECT address FROM wallet.key WHERE owner = $1", owner).fetch_one(conn).await?;
    pubkey(&earlier)
}

/// The key of an owner.
///
/// # Errors
/// The database.
pub async fn of_owner(executor: impl PgExecutor<'_>, owner: KeyOwner) -> Result<Option<SealedKey>, Fault> {
    let row = sqlx::query_as!(
        Row,
        "SELECT owner, address, sealed, master FROM wallet.key WHERE owner = $1",
        owner.id()
    )
    .fetch_optional(executor)
    .await?;
    row.map(SealedKey::try_from).transpose()
}

/// The keys of addresses, in no particular order; those that are not ours are left out.
///
/// # Errors
/// The database.
pub async fn of_addresses(
    executor: impl PgExecutor<'_>,
    addresses: &[Pubkey],
) -> Result<Vec<SealedKey>, Fault> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT owner, address, sealed, master FROM wallet.key WHERE address = ANY($1)",
        &addresses_in(addresses),
    )
    .fetch_all(executor)
    .await?;
    read(rows)
}

/// Whether an address is a deposit address or the treasury.
///
/// # Errors
/// The database.
pub async fn is_ours(executor: impl PgExecutor<'_>, address: &Pubkey) -> Result<bool, Fault> {
    let found = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM wallet.key WHERE address = $1) AS "found!""#,
        &address.to_bytes(),
    );
    Ok(found.fetch_one(executor).await?)
}

/// Someone whose key is under a master key that is none of these; envelopes that nobody has looked at do not count.
///
/// # Errors
/// The database.
pub async fn under_none_of(
    executor: impl PgExecutor<'_>,
    masters: &[MasterId],
) -> Result<Option<KeyOwner>, Fault> {
    let owner = sqlx::query_scalar!(
        "SELECT owner FROM wallet.key WHERE master <> ALL($1) ORDER BY owner LIMIT 1",
        &masters.iter().map(|master| master.bytes().to_vec()).collect::<Vec<_>>(),
    );
    Ok(owner.fetch_optional(executor).await?.map(KeyOwner::from_id))
}

/// Locks keys in envelopes that are not known to be under this master key.
///
/// # Errors
/// The database.
pub async fn lock_older(
    conn: &mut PgConnection,
    current: &MasterId,
    limit: i64,
) -> Result<Vec<SealedKey>, Fault> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT owner, address, sealed, master FROM wallet.key
         WHERE master IS DISTINCT FROM $1 AND get_byte(sealed, 0) = 1
         ORDER BY owner LIMIT $2 FOR NO KEY UPDATE",
        current.bytes(),
        limit,
    )
    .fetch_all(conn)
    .await?;
    read(rows)
}

/// Stores envelopes that were sealed anew.
///
/// # Errors
/// The database.
pub async fn reseal(conn: &mut PgConnection, current: &MasterId, keys: &[SealedKey]) -> Result<(), Fault> {
    let (owners, sealed): (Vec<Uuid>, Vec<Vec<u8>>) =
        keys.iter().map(|key| (key.owner.id(), key.sealed.clone())).unzip();
    sqlx::query!(
        "UPDATE wallet.key AS k SET sealed = t.sealed, master = $1
         FROM unnest($2::uuid[], $3::bytea[]) AS t (owner, sealed) WHERE k.owner = t.owner",
        current.bytes(),
        &owners,
        &sealed,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Keys in the order of their owners, those after one of them.
///
/// # Errors
/// The database.
pub async fn page(
    executor: impl PgExecutor<'_>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<SealedKey>, Fault> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT owner, address, sealed, master FROM wallet.key
         WHERE $1::uuid IS NULL OR owner > $1 ORDER BY owner LIMIT $2",
        after,
        limit,
    )
    .fetch_all(executor)
    .await?;
    read(rows)
}
