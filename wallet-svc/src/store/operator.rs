//! Approvals of withdrawals, with the signatures over them. The statements they are over are kept by `chassis::operators`.

use super::signature;
use crate::keys::Approval;
use chassis::{
    Fault,
    operators::{OperatorKey, Signed},
};
use proto::WithdrawalId;
use sqlx::{PgConnection, PgExecutor};
use std::collections::HashMap;
use uuid::Uuid;

/// Adds an approval of a locked withdrawal. False if the operator approved it before.
///
/// # Errors
/// The database.
pub async fn approve(conn: &mut PgConnection, id: WithdrawalId, signed: &Signed) -> Result<bool, Fault> {
    let added = sqlx::query!(
        "INSERT INTO wallet.approval (withdrawal_id, operator, signature) VALUES ($1, $2, $3)
         ON CONFLICT (withdrawal_id, operator) DO NOTHING",
        id.uuid(),
        signed.operator.bytes().as_slice(),
        signed.signature.as_slice(),
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
            operator: OperatorKey::try_from_bytes(&row.operator)?,
            signature: signature(&row.signature)?,
            signed_at: row.signed_at,
        });
    }
    Ok(approvals)
}
