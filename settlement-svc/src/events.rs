//! Events of others this service follows.

use crate::{
    domain::{Bet, Frozen, Settlement, State, Step},
    messages,
    saga::{self, ANCHOR, FREEZE, PAYOUTS, chunk_key},
    store::{
        errand::{self, Errand},
        facts::{self, Receipt},
        settlement,
    },
};
use chassis::{Fault, Unit};
use proto::{room::RoomFrozen, wallet::PayoutsPosted, wallet::ReceiptAnchored};
use std::time::Duration;

/// A room froze. With its bets at hand it is paid in the same transaction.
pub async fn room_frozen(
    unit: &mut Unit,
    settlement: &mut Settlement,
    message: &RoomFrozen,
    bets: Option<Vec<Bet>>,
) -> Result<(), Fault> {
    let frozen = Frozen::try_from(message)?;
    unit.settled(FREEZE, settlement.room.uuid()).await?;
    if settlement.state.step(State::Frozen)? == Step::Repeated {
        return Ok(());
    }
    facts::freeze(unit.conn(), &frozen).await?;
    match bets.map(|bets| saga::book(settlement, &frozen, &bets)) {
        Some(Ok(book)) => saga::pay(unit, settlement, &frozen, &book).await,
        // Not at hand, or no book can be made of them: the errand tries again, or says why not.
        Some(Err(_)) | None => {
            errand::add(unit.conn(), settlement.room, Errand::ReadBets, Duration::ZERO).await?;
            settlement::save(unit.conn(), settlement, None).await
        }
    }
}

/// The ledger has a chunk. The last one is issued when it is the only one left, and settles the
/// room.
pub async fn payouts_posted(
    unit: &mut Unit,
    settlement: &mut Settlement,
    message: &PayoutsPosted,
) -> Result<(), Fault> {
    let room = settlement.room;
    let totals = facts::totals(unit.conn(), room).await?;
    let totals = totals.filter(|totals| message.chunk < totals.chunks);
    let totals = totals.ok_or_else(|| Fault::bug(format!("room {room} has no chunk {}", message.chunk)))?;
    unit.settled(PAYOUTS, chunk_key(room, message.chunk)).await?;
    match facts::post_chunk(unit.conn(), room, message.chunk).await? {
        Some(posted) if posted == totals.chunks => saga::settle(unit, settlement, &totals).await,
        Some(posted) if posted + 1 == totals.chunks => saga::issue_last_chunk(unit, room, &totals).await,
        Some(_) | None => Ok(()),
    }
}

/// The receipt is on chain. Nothing is left to do.
pub async fn receipt_anchored(
    unit: &mut Unit,
    settlement: &mut Settlement,
    message: &ReceiptAnchored,
) -> Result<(), Fault> {
    let (room, state) = (settlement.room, &mut settlement.state);
    let step = state.step(State::Anchored)?;
    unit.settled(ANCHOR, room.uuid()).await?;
    if step == Step::Repeated {
        return Ok(());
    }
    let receipt =
        Receipt { signature: message.signature.clone(), slot: message.slot, memo: message.memo.clone() };
    facts::anchor(unit.conn(), room, &receipt).await?;
    settlement::save(unit.conn(), settlement, None).await?;
    unit.event(&messages::receipt_ready(room, &receipt));
    Ok(())
}
