//! An operator wants a proof of liabilities now.

use super::operators;
use crate::{keys::Operators, store};
use chassis::{Delivery, Fault, Unit};
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
    match operators::take(unit, delivery, command, allowed).await {
        Ok(_) => store::proof::request(unit.conn(), Uuid::now_v7(), Some(delivery.id)).await,
        Err(refused) => operators::answer::<_, TakeProofDone>(unit, delivery, Err(refused)),
    }
}
