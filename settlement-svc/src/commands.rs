//! Commands this service obeys.

pub mod disputes;
pub mod judgements;
pub mod rulings;

use crate::{
    audit,
    domain::{Settlement, Verdict},
    messages, saga,
    store::settlement,
};
use chassis::{
    Delivery, Fault, Unit,
    operators::{OperatorAccounts, Operators},
};
use proto::{Lamports, Malformed, RoomId, settlement::ResolveRoom};

/// Who speaks about rooms, and what their word is worth.
#[derive(Clone, Debug)]
pub struct Panel {
    /// They rule and judge.
    pub operators: Operators,
    /// They judge, too, and have to where much is refunded.
    pub admins: Operators,
    /// Under which accounts both play.
    pub accounts: OperatorAccounts,
    /// A larger refund needs an admin.
    pub refund_alone: Lamports,
}

/// A verdict is told about a room that has none as yet. Another replica may let its own stand in this very moment.
pub async fn first_verdict<M>(
    unit: &mut Unit,
    delivery: &Delivery<M>,
    room: RoomId,
    message: &ResolveRoom,
) -> Result<(), Fault> {
    let told = message.verdict.as_ref().ok_or(Malformed("no verdict"))?;
    let verdict = Verdict::try_from(told)?;
    if settlement::insert(unit.conn(), room, &verdict).await? {
        tracing::info!(%room, ruling = ?verdict.ruling, "decided");
        audit::decided(unit, &delivery.actor, room, &verdict);
        saga::decided(unit, room).await?;
    }
    Ok(())
}

/// A verdict was told. Whoever tells one learns which one stands, were it another's.
pub fn resolve_room(unit: &mut Unit, standing: &Settlement) {
    unit.event(&messages::room_decided(standing));
}
