//! An operator wants a proof of liabilities now.

use crate::store;
use chassis::{
    Delivery, Fault, Unit,
    operators::{self, Operators},
};
use proto::wallet::{TakeProof, TakeProofDone};
use uuid::Uuid;

/// Asks for a proof. Its outcome follows when it is taken.
pub(super) async fn take<M>(
    unit: &mut Unit,
    delivery: &Delivery<M>,
    command: &TakeProof,
    allowed: &Operators,
) -> Result<(), Fault> {
    if delivery.repeat {
        // It waits: what is decided has a stored outcome.
        return Ok(());
    }
    match allowed.take(unit, delivery, command).await {
        Ok(_) => store::proof::request(unit.conn(), Uuid::now_v7(), Some(delivery.id)).await,
        Err(refused) => operators::answer::<_, TakeProofDone>(unit, delivery, Err(refused)),
    }
}
