//! Operators' money, sent to the treasury. It pays the network fees of sweeps and receipts (`network_fee`).
//!
//! | movement | chain | capital |
//! |---|---|---|
//! | operators fill it up | −x | +x |

use super::{CAPITAL, deposit};
use crate::store::ledger;
use chassis::{Db, Fault, Unit};
use proto::{DepositId, Lamports};

/// Credits what operators sent to the treasury.
///
/// # Errors
/// The database, or the same deposit with another body.
pub async fn fill_up(unit: &mut Unit, id: DepositId, lamports: Lamports) -> Result<(), Fault> {
    deposit::arrive(unit, id, CAPITAL, lamports).await
}

/// What there is, outside any decision.
///
/// # Errors
/// The database.
pub async fn balance(db: &Db) -> Result<Lamports, Fault> {
    let balances = ledger::balances(db.pool(), &[CAPITAL]).await?;
    Ok(balances.get(&CAPITAL).copied().unwrap_or_default())
}
