//! Table `wallet.proof`, and what the ledger owes at one moment.

use super::{height_in, height_out};
use crate::domain::{
    debts::{Books, Debt, Stake},
    ledger::{Account, Kind},
    liabilities::SaltKey,
};
use chassis::{Fault, Pool};
use proto::{
    Lamports, LamportsError,
    proof::{Hash, Header},
};
use solana_signature::Signature;
use sqlx::{PgConnection, PgExecutor};
use std::time::Duration;
use time::OffsetDateTime;
use uuid::Uuid;

/// A snapshot of many users may take longer than a decision. Workers that gather arrays in parallel are slower than one.
const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
     SET LOCAL statement_timeout = '60s'; SET LOCAL max_parallel_workers_per_gather = 0";

/// Everything that is owed, and what its sum has to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// When it was read.
    pub at: OffsetDateTime,
    /// One line per owner.
    pub debts: Vec<Debt>,
    /// The sum of the ledger's accounts for others' money.
    pub total: Lamports,
}

/// Reads what is owed to everybody, in one transaction that sees one moment.
///
/// # Errors
/// The database, or amounts beyond the ledger's.
pub async fn snapshot(pool: &Pool) -> Result<Snapshot, Fault> {
    let mut tx = pool.begin_with(BEGIN).await?;
    let at = sqlx::query_scalar!(r#"SELECT wallet.db_clock() AS "at!""#).fetch_one(&mut *tx).await?;
    let books = books(&mut tx).await?;
    tx.commit().await?;
    let beyond = |error: LamportsError| Fault::bug(error.to_string());
    Ok(Snapshot { at, debts: books.debts().map_err(beyond)?, total: books.total().map_err(beyond)? })
}

/// Each statement answers with one row of arrays: 100,000 users come at once, not one by one.
async fn books(conn: &mut PgConnection) -> Result<Books, Fault> {
    let users = sqlx::query!(
        r#"SELECT coalesce(array_agg(owner), '{}') AS "owners!", coalesce(array_agg(balance), '{}') AS "balances!"
           FROM wallet.ledger_account WHERE kind = $1"#,
        Kind::Available.number(),
    )
    .fetch_one(&mut *conn)
    .await?;
    let others = sqlx::query!(
        r#"SELECT coalesce(array_agg(kind), '{}') AS "kinds!", coalesce(array_agg(owner), '{}') AS "owners!",
                  coalesce(array_agg(balance), '{}') AS "balances!"
           FROM wallet.ledger_account WHERE kind <> $1 AND balance <> 0"#,
        Kind::Available.number(),
    )
    .fetch_one(&mut *conn)
    .await?;
    let holds = sqlx::query!(
        r#"SELECT coalesce(array_agg(account), '{}') AS "accounts!", coalesce(array_agg(room), '{}') AS "rooms!",
                  coalesce(array_agg(amount), '{}') AS "amounts!"
           FROM wallet.hold WHERE state = 1"#,
    )
    .fetch_one(&mut *conn)
    .await?;
    // All open withdrawals, which have an index, less those whose money is still in `available` or `held`.
    let leaving = sqlx::query!(
        r#"SELECT coalesce(array_agg(account_id), '{}') AS "accounts!", coalesce(array_agg(lamports), '{}') AS "lamports!"
           FROM wallet.withdrawal
           WHERE state IN ('REQUESTED', 'HELD', 'APPROVED', 'SIGNED', 'SUBMITTED', 'EXPIRED')
             AND state NOT IN ('REQUESTED', 'HELD') AND (state <> 'APPROVED' OR chain_tx_id IS NOT NULL)"#,
    )
    .fetch_one(&mut *conn)
    .await?;
    let amounts = |amounts: Vec<i64>| amounts.into_iter().map(Lamports::new);
    let kinds = others.kinds.into_iter().map(|number| {
        let kind = Kind::ALL.into_iter().find(|kind| kind.number() == number);
        kind.ok_or_else(|| Fault::bug("an unknown kind of account"))
    });
    let accounts = kinds.zip(others.owners).map(|(kind, owner)| Ok(Account { kind: kind?, owner }));
    let accounts = accounts.collect::<Result<Vec<_>, Fault>>()?;
    let stakes = holds.accounts.into_iter().zip(holds.rooms).zip(amounts(holds.amounts));
    Ok(Books {
        available: users.owners.into_iter().zip(amounts(users.balances)).collect(),
        others: accounts.into_iter().zip(amounts(others.balances)).collect(),
        stakes: stakes.map(|((account, room), amount)| Stake { account, room, amount }).collect(),
        leaving: leaving.accounts.into_iter().zip(amounts(leaving.lamports)).collect(),
    })
}

/// When the next regular proof is due; nothing before a worker has looked for the first time.
///
/// # Errors
/// The database.
pub async fn due(executor: impl PgExecutor<'_>) -> Result<Option<OffsetDateTime>, Fault> {
    Ok(sqlx::query_scalar!("SELECT at FROM wallet.proof_due").fetch_optional(executor).await?)
}

/// Asks for the regular proof, if it is due; the next one is then due at the next multiple of `every` since 1970. The
/// first one is due when the first period is over.
///
/// # Errors
/// The database.
pub async fn request_regular(conn: &mut PgConnection, id: Uuid, every: Duration) -> Result<(), Fault> {
    let due = sqlx::query_scalar!(
        r#"INSERT INTO wallet.proof_due AS d (at)
           SELECT to_timestamp((floor(extract(epoch FROM wallet.db_clock()) / $1::float8) + 1) * $1::float8)
           ON CONFLICT (one) DO UPDATE SET at = EXCLUDED.at WHERE d.at <= wallet.db_clock()
           RETURNING xmax::text <> '0' AS "due!""#,
        every.as_secs_f64(),
    )
    .fetch_optional(&mut *conn)
    .await?;
    if due == Some(true) { request(conn, id, None).await } else { Ok(()) }
}

/// Asks for a proof, once per command.
///
/// # Errors
/// The database.
pub async fn request(conn: &mut PgConnection, id: Uuid, command: Option<Uuid>) -> Result<(), Fault> {
    sqlx::query!(
        "INSERT INTO wallet.proof (id, command_id, requested_at) VALUES ($1, $2, wallet.db_clock())
         ON CONFLICT (command_id) DO NOTHING",
        id,
        command,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A proof that was asked for and is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Requested {
    /// Which.
    pub id: Uuid,
    /// The command that waits for its outcome.
    pub command: Option<Uuid>,
}

/// The oldest proof that is not taken.
///
/// # Errors
/// The database.
pub async fn requested(executor: impl PgExecutor<'_>) -> Result<Option<Requested>, Fault> {
    let row = sqlx::query!(
        "SELECT id, command_id FROM wallet.proof WHERE anchored_at IS NULL AND taken_at IS NULL
         ORDER BY requested_at LIMIT 1",
    )
    .fetch_optional(executor)
    .await?;
    Ok(row.map(|row| Requested { id: row.id, command: row.command_id }))
}

/// Stores what a proof says, with the leaves that its files are made of.
///
/// # Errors
/// The database, or a header with numbers beyond the ledger's.
pub async fn take(
    conn: &mut PgConnection,
    header: &Header,
    at: OffsetDateTime,
    memo: &str,
    key: &SaltKey,
    owed: &[u8],
) -> Result<(), Fault> {
    sqlx::query!(
        "UPDATE wallet.proof SET taken_at = $2, leaves = $3, liabilities = $4, chain = $5, slot = $6, tree = $7,
                memo = $8, salt_key = $9, owed = $10
         WHERE id = $1 AND taken_at IS NULL",
        header.proof,
        at,
        height_in(header.leaves)?,
        height_in(header.liabilities)?,
        height_in(header.chain)?,
        height_in(header.slot)?,
        &header.tree,
        memo,
        key.expose(),
        owed,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A memo that is not on chain yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    /// Whose.
    pub proof: Uuid,
    /// The text.
    pub memo: String,
    /// The transaction whose attempts are all dead, if there is one.
    pub chain_tx: Option<Uuid>,
}

/// The oldest proof that is taken and that no live transaction carries.
///
/// # Errors
/// The database.
pub async fn open(executor: impl PgExecutor<'_>) -> Result<Option<Open>, Fault> {
    let row = sqlx::query!(
        r#"SELECT id, memo AS "memo!", chain_tx_id FROM wallet.proof AS p
           WHERE anchored_at IS NULL AND taken_at IS NOT NULL
             AND (retry_after IS NULL OR retry_after < wallet.db_clock())
             AND NOT EXISTS (SELECT FROM wallet.chain_tx c WHERE c.id = p.chain_tx_id AND c.state <> 'DEAD')
           ORDER BY requested_at LIMIT 1"#,
    )
    .fetch_optional(executor)
    .await?;
    Ok(row.map(|row| Open { proof: row.id, memo: row.memo, chain_tx: row.chain_tx_id }))
}

/// A transaction carries it.
///
/// # Errors
/// The database.
pub async fn assign(conn: &mut PgConnection, proof: Uuid, chain_tx: Uuid) -> Result<(), Fault> {
    sqlx::query!("UPDATE wallet.proof SET chain_tx_id = $2 WHERE id = $1", proof, chain_tx)
        .execute(conn)
        .await?;
    Ok(())
}

/// Its transaction is on chain.
///
/// # Errors
/// The database.
pub async fn mark_anchored(
    conn: &mut PgConnection,
    chain_tx: Uuid,
    signature: &Signature,
    slot: u64,
) -> Result<(), Fault> {
    sqlx::query!(
        "UPDATE wallet.proof SET signature = $2, anchored_slot = $3, anchored_at = wallet.db_clock()
         WHERE chain_tx_id = $1 AND anchored_at IS NULL",
        chain_tx,
        signature.as_ref(),
        height_in(slot)?,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Its transaction failed on chain: another one is made after a pause.
///
/// # Errors
/// The database.
pub async fn give_back(conn: &mut PgConnection, chain_tx: Uuid, pause: Duration) -> Result<(), Fault> {
    sqlx::query!(
        "UPDATE wallet.proof SET chain_tx_id = NULL, retry_after = wallet.db_clock() + make_interval(secs => $2)
         WHERE chain_tx_id = $1 AND anchored_at IS NULL",
        chain_tx,
        pause.as_secs_f64(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Drops the leaves of all anchored proofs but the newest few. Their roots stay.
///
/// # Errors
/// The database.
pub async fn forget_leaves(conn: &mut PgConnection, keep: i64) -> Result<(), Fault> {
    sqlx::query!(
        "UPDATE wallet.proof SET owed = NULL, salt_key = NULL
         WHERE owed IS NOT NULL AND anchored_at IS NOT NULL AND id NOT IN (
             SELECT id FROM wallet.proof WHERE anchored_at IS NOT NULL ORDER BY taken_at DESC LIMIT $1)",
        keep,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A proof on chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Anchored {
    /// What it says.
    pub header: Header,
    /// Where.
    pub signature: Signature,
}

/// The newest proof on chain.
///
/// # Errors
/// The database.
pub async fn newest(executor: impl PgExecutor<'_>) -> Result<Option<Anchored>, Fault> {
    let row = sqlx::query!(
        r#"SELECT id, taken_at AS "taken_at!", leaves AS "leaves!", liabilities AS "liabilities!", chain AS "chain!",
                  slot AS "slot!", tree AS "tree!", signature AS "signature!"
           FROM wallet.proof WHERE anchored_at IS NOT NULL ORDER BY taken_at DESC LIMIT 1"#,
    )
    .fetch_optional(executor)
    .await?;
    row.map(|row| {
        let tree: Hash = row.tree.try_into().map_err(|_| Fault::bug("a stored hash has not 32 bytes"))?;
        let header = Header {
            proof: row.id,
            taken_at: height_out(row.taken_at.unix_timestamp())?,
            leaves: height_out(row.leaves)?,
            liabilities: height_out(row.liabilities)?,
            chain: height_out(row.chain)?,
            slot: height_out(row.slot)?,
            tree,
        };
        Ok(Anchored { header, signature: super::signature(&row.signature)? })
    })
    .transpose()
}

/// The stored leaves of a proof and the key of their salts; nothing once they are dropped.
///
/// # Errors
/// The database.
pub async fn leaves(executor: impl PgExecutor<'_>, proof: Uuid) -> Result<Option<(SaltKey, Vec<u8>)>, Fault> {
    let row = sqlx::query!("SELECT salt_key, owed FROM wallet.proof WHERE id = $1", proof)
        .fetch_optional(executor)
        .await?;
    let Some((key, owed)) = row.and_then(|row| row.salt_key.zip(row.owed)) else { return Ok(None) };
    let key: Hash = key.try_into().map_err(|_| Fault::bug("a stored key has not 32 bytes"))?;
    Ok(Some((SaltKey::new(key), owed)))
}
