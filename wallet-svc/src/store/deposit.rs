//! Deposits: money that arrived at an address of ours from outside.

use super::{height_in, signature};
use crate::keys::KeyOwner;
use chassis::Fault;
use proto::{AccountId, DepositId, Lamports};
use solana_pubkey::Pubkey;
use solana_signature::Signature;
use sqlx::{PgConnection, PgExecutor};
use std::time::Duration;
use uuid::Uuid;

/// Where the ids of deposits are derived from their natural key.
const NAMESPACE: Uuid = Uuid::from_u128(0x9a2f_4c1e_7d53_4b0a_8f61_2e0b_5c77_d3a4);

/// An arrival at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deposit {
    /// Derived from signature, indexes and address.
    pub id: DepositId,
    /// Whose address.
    pub owner: KeyOwner,
    /// The address.
    pub address: Pubkey,
    /// The transaction.
    pub signature: Signature,
    /// Index of the instruction; none where the balance rose by more than the transfers say.
    pub outer: Option<u16>,
    /// Index among the instructions that it called.
    pub inner: Option<u16>,
    /// How much.
    pub lamports: Lamports,
    /// The slot that includes it.
    pub slot: u64,
}

impl Deposit {
    /// The id of an arrival: the same whoever sees it, and however often.
    #[must_use]
    pub fn id_of(
        signature: &Signature,
        outer: Option<u16>,
        inner: Option<u16>,
        address: &Pubkey,
    ) -> DepositId {
        let name =
            [signature.as_ref(), &index(outer).to_be_bytes(), &index(inner).to_be_bytes(), address.as_ref()]
                .concat();
        DepositId::new(Uuid::new_v5(&NAMESPACE, &name))
    }
}

/// An index in the database, where -1 is none.
fn index(index: Option<u16>) -> i32 {
    index.map_or(-1, i32::from)
}

/// Notes arrivals that are confirmed but not finalized. Returns the ids of those not noted before.
///
/// # Errors
/// The database.
pub async fn note_seen(conn: &mut PgConnection, deposit: &Deposit) -> Result<bool, Fault> {
    let noted = sqlx::query!(
        "INSERT INTO wallet.deposit
            (id, owner, address, signature, outer_index, inner_index, lamports, slot, state, seen_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'SEEN', wallet.db_clock())
         ON CONFLICT DO NOTHING",
        deposit.id.uuid(),
        deposit.owner.id(),
        &deposit.address.to_bytes(),
        deposit.signature.as_ref(),
        index(deposit.outer),
        index(deposit.inner),
        deposit.lamports.get(),
        height_in(deposit.slot)?,
    )
    .execute(conn)
    .await?;
    Ok(noted.rows_affected() == 1)
}

/// Marks an arrival as credited. False if it was credited before: then nothing may be posted.
///
/// # Errors
/// The database.
pub async fn mark_credited(conn: &mut PgConnection, deposit: &Deposit) -> Result<bool, Fault> {
    let marked = sqlx::query!(
        "INSERT INTO wallet.deposit AS d
            (id, owner, address, signature, outer_index, inner_index, lamports, slot, state, seen_at, credited_at)
         SELECT $1, $2, $3, $4, $5, $6, $7, $8, 'CREDITED', now, now FROM wallet.db_clock() AS now
         ON CONFLICT (id) DO UPDATE SET state = 'CREDITED', credited_at = EXCLUDED.credited_at, slot = EXCLUDED.slot
            WHERE d.state = 'SEEN'",
        deposit.id.uuid(),
        deposit.owner.id(),
        &deposit.address.to_bytes(),
        deposit.signature.as_ref(),
        index(deposit.outer),
        index(deposit.inner),
        deposit.lamports.get(),
        height_in(deposit.slot)?,
    )
    .execute(conn)
    .await?;
    Ok(marked.rows_affected() == 1)
}

/// Which of these transactions were noted as seen at this address already.
///
/// # Errors
/// The database.
pub async fn seen_before(
    executor: impl PgExecutor<'_>,
    address: &Pubkey,
    signatures: &[Signature],
) -> Result<Vec<Signature>, Fault> {
    let asked: Vec<Vec<u8>> = signatures.iter().map(|signature| signature.as_ref().to_vec()).collect();
    let rows = sqlx::query_scalar!(
        "SELECT DISTINCT signature FROM wallet.deposit WHERE address = $1 AND signature = ANY($2)",
        &address.to_bytes(),
        &asked,
    )
    .fetch_all(executor)
    .await?;
    rows.iter().map(|bytes| signature(bytes)).collect()
}

/// What was credited to an account within the last while.
///
/// # Errors
/// The database.
pub async fn credited_within(
    executor: impl PgExecutor<'_>,
    account: AccountId,
    age: Duration,
) -> Result<Lamports, Fault> {
    let sum = sqlx::query_scalar!(
        r#"SELECT coalesce(sum(lamports), 0)::bigint AS "sum!" FROM wallet.deposit
           WHERE owner = $1 AND credited_at > wallet.db_clock() - make_interval(secs => $2)"#,
        account.uuid(),
        age.as_secs_f64(),
    );
    Ok(Lamports::new(sum.fetch_one(executor).await?))
}
