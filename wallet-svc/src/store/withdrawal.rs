//! Withdrawals.

use super::pubkey;
use crate::domain::withdrawal::{State, Step};
use chassis::{Fault, Pool, operators::OperatorKey};
use proto::{AccountId, Lamports, WithdrawalId, timestamp, wallet};
use solana_pubkey::Pubkey;
use solana_signature::Signature;
use sqlx::{PgConnection, PgExecutor};
use time::OffsetDateTime;
use uuid::Uuid;

/// A withdrawal as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdrawal {
    /// The id of the command that asked for it.
    pub id: WithdrawalId,
    /// Whose.
    pub account: AccountId,
    /// Where to.
    pub address: Pubkey,
    /// What leaves the balance; the fee is inside.
    pub lamports: Lamports,
    /// What stays with us and pays the network.
    pub fee: Lamports,
    /// Where it stands.
    pub state: State,
    /// When it was asked for.
    pub requested_at: OffsetDateTime,
    /// When the hold on a new address ends, or ended.
    pub held_until: OffsetDateTime,
    /// The transaction that pays it.
    pub chain_tx: Option<Uuid>,
    /// It is sent alone: a transaction with others has failed.
    pub alone: bool,
    /// The signature of that transaction's newest attempt.
    pub signature: Option<Signature>,
    /// Counts its changes from 1.
    pub version: i64,
    /// How many operators approved it.
    pub approvals: i16,
    /// How many different ones have to.
    pub approvals_needed: i16,
    /// Why it was rejected.
    pub reason: Option<String>,
    /// The operator who rejected it.
    pub rejected_by: Option<OperatorKey>,
}

impl Withdrawal {
    /// What arrives.
    ///
    /// # Errors
    /// Never: a constraint keeps the fee below the amount.
    pub fn arrives(&self) -> Result<Lamports, Fault> {
        self.lamports.checked_sub(self.fee).map_err(|_| Fault::bug("a fee above its amount"))
    }

    /// For messages.
    #[must_use]
    pub fn wire(&self) -> wallet::Withdrawal {
        wallet::Withdrawal {
            withdrawal_id: self.id.bytes(),
            account_id: self.account.bytes(),
            address: self.address.to_string(),
            lamports: self.lamports.get(),
            fee_lamports: self.fee.get(),
            state: self.state.wire().into(),
            requested_at: Some(timestamp(self.requested_at)),
            held_until: (self.held_until > self.requested_at).then(|| timestamp(self.held_until)),
            signature: self.signature.map(|signature| signature.to_string()).unwrap_or_default(),
            version: u64::try_from(self.version).unwrap_or_default(),
            // What the chain had against its address is no text for its owner.
            reason: self.reason.clone().filter(|_| self.rejected_by.is_some()).unwrap_or_default(),
            approvals: u32::try_from(self.approvals).unwrap_or_default(),
            approvals_needed: u32::try_from(self.approvals_needed).unwrap_or_default(),
        }
    }
}

struct Row {
    id: Uuid,
    account_id: Uuid,
    address: Vec<u8>,
    lamports: i64,
    fee: i64,
    state: String,
    requested_at: OffsetDateTime,
    held_until: OffsetDateTime,
    chain_tx_id: Option<Uuid>,
    alone: bool,
    signature: Option<Vec<u8>>,
    version: i64,
    approvals: i16,
    approvals_needed: i16,
    reason: Option<String>,
    rejected_by: Option<Vec<u8>>,
}

impl TryFrom<Row> for Withdrawal {
    type Error = Fault;

    fn try_from(row: Row) -> Result<Self, Fault> {
        Ok(Self {
            id: WithdrawalId::new(row.id),
            account: AccountId::new(row.account_id),
            address: pubkey(&row.address)?,
            lamports: Lamports::new(row.lamports),
            fee: Lamports::new(row.fee),
            state: State::from_word(&row.state).ok_or_else(|| Fault::bug("an unknown state is stored"))?,
            requested_at: row.requested_at,
            held_until: row.held_until,
            chain_tx: row.chain_tx_id,
            alone: row.alone,
            signature: row.signature.as_deref().map(super::signature).transpose()?,
            version: row.version,
            approvals: row.approvals,
            approvals_needed: row.approvals_needed,
            reason: row.reason,
            rejected_by: row.rejected_by.as_deref().map(OperatorKey::try_from_bytes).transpose()?,
        })
    }
}

fn read(rows: Vec<Row>) -> Result<Vec<Withdrawal>, Fault> {
    rows.into_iter().map(Withdrawal::try_from).collect()
}

/// Stores a new withdrawal in state REQUESTED.
///
/// # Errors
/// The database; an id that exists is a violated constraint.
pub async fn insert(conn: &mut PgConnection, withdrawal: &Withdrawal) -> Result<(), Fault> {
    sqlx::query!(
        "INSERT INTO wallet.withdrawal (id, account_id, address, lamports, fee, state, requested_at, held_until,
                                        approvals_needed)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        withdrawal.id.uuid(),
        withdrawal.account.uuid(),
        &withdrawal.address.to_bytes(),
        withdrawal.lamports.get(),
        withdrawal.fee.get(),
        withdrawal.state.word(),
        withdrawal.requested_at,
        withdrawal.held_until,
        withdrawal.approvals_needed,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// One withdrawal.
///
/// # Errors
/// The database.
pub async fn get(executor: impl PgExecutor<'_>, id: WithdrawalId) -> Result<Option<Withdrawal>, Fault> {
    let row = sqlx::query_as!(
        Row,
        "SELECT id, account_id, address, lamports, fee, state, requested_at, held_until, chain_tx_id, alone, version,
                approvals, approvals_needed, reason, rejected_by,
                (SELECT c.signature FROM wallet.chain_tx c WHERE c.id = chain_tx_id ORDER BY c.attempt DESC LIMIT 1)
         FROM wallet.withdrawal WHERE id = $1",
        id.uuid(),
    )
    .fetch_optional(executor)
    .await?;
    row.map(Withdrawal::try_from).transpose()
}

/// Withdrawals in one state that are not part of a transaction, the oldest first.
///
/// # Errors
/// The database.
pub async fn unassigned(
    executor: impl PgExecutor<'_>,
    state: State,
    limit: i64,
) -> Result<Vec<Withdrawal>, Fault> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, account_id, address, lamports, fee, state, requested_at, held_until, chain_tx_id, alone, version,
                approvals, approvals_needed, reason, rejected_by,
                NULL::bytea AS signature
         FROM wallet.withdrawal WHERE state = $1 AND chain_tx_id IS NULL ORDER BY requested_at, id LIMIT $2",
        state.word(),
        limit,
    )
    .fetch_all(executor)
    .await?;
    read(rows)
}

/// Withdrawals whose hold is over and that have the approvals they need, the oldest first.
///
/// # Errors
/// The database.
pub async fn hold_over(executor: impl PgExecutor<'_>, limit: i64) -> Result<Vec<WithdrawalId>, Fault> {
    let ids = sqlx::query_scalar!(
        "SELECT id FROM wallet.withdrawal WHERE state = 'HELD' AND held_until <= wallet.db_clock()
           AND approvals >= approvals_needed
         ORDER BY held_until LIMIT $1",
        limit,
    );
    Ok(ids.fetch_all(executor).await?.into_iter().map(WithdrawalId::new).collect())
}

/// What withdrawals that are part of a transaction still take from the treasury.
///
/// # Errors
/// The database.
pub async fn leaving(executor: impl PgExecutor<'_>) -> Result<Lamports, Fault> {
    let sum = sqlx::query_scalar!(
        r#"SELECT coalesce(sum(lamports), 0)::bigint AS "sum!" FROM wallet.withdrawal
           WHERE chain_tx_id IS NOT NULL AND state IN ('APPROVED', 'SIGNED', 'SUBMITTED', 'EXPIRED')"#,
    );
    Ok(Lamports::new(sum.fetch_one(executor).await?))
}

/// Withdrawals whose transaction is dead, of one transaction.
///
/// # Errors
/// The database.
pub async fn expired_together(executor: impl PgExecutor<'_>) -> Result<Vec<Withdrawal>, Fault> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, account_id, address, lamports, fee, state, requested_at, held_until, chain_tx_id, alone, version,
                approvals, approvals_needed, reason, rejected_by,
                NULL::bytea AS signature
         FROM wallet.withdrawal
         WHERE state = 'EXPIRED' AND chain_tx_id = (
             SELECT w.chain_tx_id FROM wallet.withdrawal w
             WHERE w.state = 'EXPIRED' AND w.chain_tx_id IS NOT NULL AND NOT EXISTS (
                 SELECT FROM wallet.chain_tx c WHERE c.id = w.chain_tx_id AND c.state <> 'DEAD')
             ORDER BY w.requested_at LIMIT 1)
         ORDER BY requested_at, id",
    )
    .fetch_all(executor)
    .await?;
    read(rows)
}

/// Withdrawals paid by one transaction, in the order of their ids.
///
/// # Errors
/// The database.
pub async fn of_chain_tx(executor: impl PgExecutor<'_>, chain_tx: Uuid) -> Result<Vec<Withdrawal>, Fault> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, account_id, address, lamports, fee, state, requested_at, held_until, chain_tx_id, alone, version,
                approvals, approvals_needed, reason, rejected_by,
                (SELECT c.signature FROM wallet.chain_tx c WHERE c.id = chain_tx_id ORDER BY c.attempt DESC LIMIT 1)
         FROM wallet.withdrawal WHERE chain_tx_id = $1 AND state IN ('APPROVED', 'SIGNED', 'SUBMITTED', 'EXPIRED')
         ORDER BY id",
        chain_tx,
    )
    .fetch_all(executor)
    .await?;
    read(rows)
}

/// Withdrawals by id, locked, in the order of their ids.
///
/// # Errors
/// The database.
pub async fn lock(conn: &mut PgConnection, ids: &[WithdrawalId]) -> Result<Vec<Withdrawal>, Fault> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, account_id, address, lamports, fee, state, requested_at, held_until, chain_tx_id, alone, version,
                approvals, approvals_needed, reason, rejected_by,
                (SELECT c.signature FROM wallet.chain_tx c WHERE c.id = chain_tx_id ORDER BY c.attempt DESC LIMIT 1)
         FROM wallet.withdrawal WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE",
        &ids,
    )
    .fetch_all(conn)
    .await?;
    read(rows)
}

/// Whether a message that pays a locked withdrawal is committed, signed or not, and can still land or has.
///
/// # Errors
/// The database.
pub async fn may_be_paid(conn: &mut PgConnection, id: WithdrawalId) -> Result<bool, Fault> {
    let found = sqlx::query_scalar!(
        r#"SELECT EXISTS (
               SELECT FROM wallet.withdrawal AS w JOIN wallet.chain_tx AS c ON c.id = w.chain_tx_id
               WHERE w.id = $1 AND c.state NOT IN ('DEAD', 'FAILED')) AS "found!""#,
        id.uuid(),
    );
    Ok(found.fetch_one(conn).await?)
}

/// Takes a step with a locked withdrawal and writes everything that goes with its state.
///
/// # Errors
/// The database, or a step that the state does not allow.
pub async fn step(conn: &mut PgConnection, withdrawal: &mut Withdrawal, step: Step) -> Result<(), Fault> {
    withdrawal.state = withdrawal.state.after(step).map_err(|illegal| Fault::bug(illegal.to_string()))?;
    withdrawal.version = withdrawal.version.saturating_add(1);
    let ended =
        matches!(withdrawal.state, State::Finalized | State::Failed | State::Cancelled | State::Rejected);
    sqlx::query!(
        "UPDATE wallet.withdrawal
         SET state = $2, version = $3, chain_tx_id = $4, alone = $5,
             ended_at = CASE WHEN $6 THEN wallet.db_clock() END, reason = $7, rejected_by = $8
         WHERE id = $1",
        withdrawal.id.uuid(),
        withdrawal.state.word(),
        withdrawal.version,
        withdrawal.chain_tx,
        withdrawal.alone,
        ended,
        withdrawal.reason,
        withdrawal.rejected_by.map(|operator| operator.bytes().to_vec()),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Puts a locked withdrawal into a transaction, before its message is signed.
///
/// # Errors
/// The database; a transaction that may still pay it is a violated constraint.
pub async fn assign(
    conn: &mut PgConnection,
    withdrawal: &mut Withdrawal,
    chain_tx: Uuid,
) -> Result<(), Fault> {
    withdrawal.chain_tx = Some(chain_tx);
    sqlx::query!(
        "UPDATE wallet.withdrawal SET chain_tx_id = $2 WHERE id = $1",
        withdrawal.id.uuid(),
        chain_tx
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Counts one more approval of a locked withdrawal, which is a change of it.
///
/// # Errors
/// The database.
pub async fn count_approval(conn: &mut PgConnection, withdrawal: &mut Withdrawal) -> Result<(), Fault> {
    withdrawal.approvals = withdrawal.approvals.saturating_add(1);
    withdrawal.version = withdrawal.version.saturating_add(1);
    sqlx::query!(
        "UPDATE wallet.withdrawal SET approvals = $2, version = $3 WHERE id = $1",
        withdrawal.id.uuid(),
        withdrawal.approvals,
        withdrawal.version,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Whose withdrawals these are; ids that nothing has are left out.
///
/// # Errors
/// The database.
pub async fn owners(executor: impl PgExecutor<'_>, ids: &[WithdrawalId]) -> Result<Vec<AccountId>, Fault> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let owners =
        sqlx::query_scalar!("SELECT DISTINCT account_id FROM wallet.withdrawal WHERE id = ANY($1)", &ids);
    Ok(owners.fetch_all(executor).await?.into_iter().map(AccountId::new).collect())
}

/// One page of withdrawals, newest first, and how many there are in all: of one account or of all, in one state or in
/// any.
///
/// # Errors
/// The database.
pub async fn list(
    pool: &Pool,
    account: Option<AccountId>,
    state: Option<State>,
    offset: i64,
    limit: i64,
) -> Result<(Vec<Withdrawal>, i64), Fault> {
    let (account, state) = (account.map(AccountId::uuid), state.map(State::word));
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, account_id, address, lamports, fee, state, requested_at, held_until, chain_tx_id, alone, version,
                approvals, approvals_needed, reason, rejected_by,
                (SELECT c.signature FROM wallet.chain_tx c WHERE c.id = chain_tx_id ORDER BY c.attempt DESC LIMIT 1)
         FROM wallet.withdrawal
         WHERE ($1::uuid IS NULL OR account_id = $1) AND ($2::text IS NULL OR state = $2)
         ORDER BY requested_at DESC, id DESC LIMIT $4 OFFSET $3",
        account,
        state,
        offset,
        limit,
    )
    .fetch_all(pool)
    .await?;
    let total = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM wallet.withdrawal
           WHERE ($1::uuid IS NULL OR account_id = $1) AND ($2::text IS NULL OR state = $2)"#,
        account,
        state,
    );
    Ok((read(rows)?, total.fetch_one(pool).await?))
}
