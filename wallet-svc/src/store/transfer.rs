//! A user's movements as the user sees them: what changed the available balance, newest first.

use crate::domain::ledger::MovementKind;
use chassis::{Fault, Pool};
use proto::{
    AccountId, timestamp,
    wallet::{Transfer, TransferKind},
};

/// One page, and how many there are in all.
///
/// # Errors
/// The database.
pub async fn of_account(
    pool: &Pool,
    account: AccountId,
    offset: i64,
    limit: i64,
) -> Result<(Vec<Transfer>, i64), Fault> {
    let rows = sqlx::query!(
        "SELECT e.lamports, e.movement, e.reference, e.posted_at, coalesce(d.signature, c.signature) AS signature,
                coalesce(w.state, '') AS \"state!\", h.amount AS \"stake?\"
         FROM wallet.entry AS e
         LEFT JOIN wallet.hold AS h ON e.movement = 4 AND h.bet_id = e.reference
         LEFT JOIN wallet.deposit AS d ON e.movement = 1 AND d.id = e.reference
         LEFT JOIN wallet.withdrawal AS w ON e.movement IN (5, 8) AND w.id = e.reference
         LEFT JOIN wallet.chain_tx AS c ON c.id = w.chain_tx_id AND c.state IN ('SUBMITTED', 'FINALIZED', 'FAILED')
         WHERE e.kind = 1 AND e.owner = $1
         ORDER BY e.posted_at DESC, e.reference, e.lamports LIMIT $3 OFFSET $2",
        account.uuid(),
        offset,
        limit
    )
    .fetch_all(pool)
    .await?;
    let total = sqlx::query_scalar!(
        "SELECT count(*) AS \"count!\" FROM wallet.entry WHERE kind = 1 AND owner = $1",
        account.uuid()
    )
    .fetch_one(pool)
    .await?;
    let transfers = rows.into_iter().map(|row| Transfer {
        kind: kind(row.movement, row.lamports, row.stake).into(),
        lamports: row.lamports,
        at: Some(timestamp(row.posted_at)),
        signature: row.signature.map(|signature| bs58::encode(signature).into_string()).unwrap_or_default(),
        reference: row.reference.as_bytes().to_vec(),
        state: row.state,
    });
    Ok((transfers.collect(), total))
}

/// A credit of a settlement that refers to a room instead of a bet is the host's part of the takeout;
/// one of exactly the stake is the stake come back, as from a void room or for a void bet.
fn kind(movement: i16, lamports: i64, stake: Option<i64>) -> TransferKind {
    const DEPOSIT: i16 = MovementKind::Deposit.number();
    const STAKE: i16 = MovementKind::Stake.number();
    const RETURNED: i16 = MovementKind::StakeReturned.number();
    const PAYOUT: i16 = MovementKind::Payout.number();
    const HELD: i16 = MovementKind::WithdrawalHeld.number();
    const GIVEN_BACK: i16 = MovementKind::WithdrawalReturned.number();
    const REFUND: i16 = MovementKind::Refund.number();
    const REFERRAL: i16 = MovementKind::Referral.number();
    match movement {
        DEPOSIT => TransferKind::Deposit,
        STAKE => TransferKind::Stake,
        RETURNED => TransferKind::StakeReturned,
        PAYOUT => match stake {
            Some(stake) if stake == lamports => TransferKind::StakeReturned,
            Some(_) => TransferKind::Payout,
            None => TransferKind::HostFee,
        },
        HELD => TransferKind::Withdrawal,
        GIVEN_BACK => TransferKind::WithdrawalReturned,
        REFUND => TransferKind::Refund,
        REFERRAL => TransferKind::Referral,
        _ => TransferKind::Unspecified,
    }
}
