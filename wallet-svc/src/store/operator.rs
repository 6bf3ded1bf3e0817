//! What operators signed: statements, each worth one action, and approvals of withdrawals with their signatures.

use super::{pubkey, signature};
use crate::keys::Approval;
use chassis::Fault;
use proto::WithdrawalId;
use solana_pubkey::Pubkey;
use solana_signature::Signature;
use sqlx::{PgConnection, PgExecutor};
use std::collections::HashMap;
use time::OffsetDateTime;
use uuid::Uuid;

/// A statement whose signature was found genuine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signed {
    /// Who signed it.
    pub operator: Pubkey,
    /// The signature.
    pub signature: Signature,
    /// The action's name, as on its subject.
    pub action: &'static str,
    /// When it was signed, to the second.
    pub at: OffsetDateTime,
}

/// Uses up a signature. False if it was used before.
///
/// # Errors
/// The database.
pub async fn take(
    conn: &mut PgConnection,
    signed: &Signed,
    command: Uuid,
    now: OffsetDateTime,
) -> Result<bool, Fault> {
    let taken = sqlx::query!(
        "INSERT INTO wallet.statement (signature, operator, action, signed_at, command_id, taken_at)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
        signed.signature.as_ref(),
        &signed.operator.to_bytes(),
        signed.action,
        signed.at,
        command,
        now,
    );
    Ok(taken.execute(conn).await?.rows_affected() == 1)
}

/// Adds an approval of a locked withdrawal. False if the operator approved it before.
///
/// # Errors
/// The database.
pub async fn approve(conn: &mut PgConnection, id: WithdrawalId, signed: &Signed) -> Result<bool, Fault> {
    let added = sqlx::query!(
        "INSERT INTO wallet.approval (withdrawal_id, operator, signature) VALUES ($1, $2, $3)
         ON CONFLICT (withdrawal_id, operator) DO NOTHING",
        id.uuid(),
        &signed.operator.to_bytes(),
        signed.signature.as_ref(),
    );
    Ok(added.execute(conn).await?.rows_affected() == 1)
}

/// The approvals of these withdrawals.
///
/// # Errors
/// The database.
pub async fn approvals(
    executor: impl PgExecutor<'_>,
    ids: &[WithdrawalId],
) -> Result<HashMap<WithdrawalId, Vec<Approval>>, Fault> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query!(
        "SELECT a.withdrawal_id, a.operator, a.signature, s.signed_at
         FROM wallet.approval a JOIN wallet.statement s USING (signature)
         WHERE a.withdrawal_id = ANY($1) ORDER BY a.withdrawal_id, a.operator",
        &ids
    );
    let mut approvals: HashMap<WithdrawalId, Vec<Approval>> = HashMap::new();
    for row in rows.fetch_all(executor).await? {
        approvals.entry(WithdrawalId::new(row.withdrawal_id)).or_default().push(Approval {
            operator: pubkey(&row.operator)?,
            signature: signature(&row.signature)?,
            signed_at: row.signed_at,
        });
    }
    Ok(approvals)
}
