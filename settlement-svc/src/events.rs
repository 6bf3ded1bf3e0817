//! Events of others this service follows.

use crate::{
    audit,
    domain::{
        Bet, Due, Frozen, Ruling, SagaStep, Settlement, State, Step,
        referral::{Rates, Tally},
    },
    messages, referrals,
    saga::{self, ANCHOR, FREEZE, PAYOUTS, chunk_key, took},
    store::{
        broken,
        errand::{self, Errand},
        facts::{self, Place, Receipt},
        settlement,
    },
};
use chassis::{Fault, Unit};
use proto::{
    Malformed,
    merkle::Hash,
    receipt_anchors,
    room::{RoomFrozen, RoomState, VoidReason},
    wallet::PayoutsPosted,
    wallet::ReceiptAnchored,
};
use std::time::Duration;

/// A room froze. With its bets at hand it is paid in the same transaction.
pub async fn room_frozen(
    unit: &mut Unit,
    settlement: &mut Settlement,
    message: &RoomFrozen,
    bets: Option<Vec<Bet>>,
    rates: &Rates,
) -> Result<(), Fault> {
    let frozen = Frozen::try_from(message)?;
    unit.settled(FREEZE, settlement.room.uuid()).await?;
    if settlement.state.step(State::Frozen)? == Step::Repeated {
        return Ok(());
    }
    facts::freeze(unit.conn(), &frozen).await?;
    took(SagaStep::Freeze);
    without_players(unit, settlement, message).await?;
    if wait(unit, settlement, &frozen).await? {
        return Ok(());
    }
    match bets.map(|bets| saga::book(settlement, &frozen, &bets)) {
        Some(Ok(book)) => saga::pay(unit, settlement, &frozen, &book, rates).await,
        // Not at hand, or no book can be made of them: the errand tries again, or says why not.
        Some(Err(_)) | None => {
            errand::add(unit.conn(), settlement.room, Errand::ReadBets, Duration::ZERO).await?;
            settlement::save(unit.conn(), settlement, None).await
        }
    }
}

/// A room that still queued when its outcome came, as after an early touch, never had its players: it is void. The room
/// says so by its state, as its bets alone do not: some may have been taken back after it had opened.
async fn without_players(
    unit: &mut Unit,
    settlement: &mut Settlement,
    message: &RoomFrozen,
) -> Result<(), Fault> {
    let queued = message.room.as_ref().is_some_and(|room| room.state() == RoomState::Queuing);
    if queued && matches!(settlement.verdict.ruling, Ruling::Outcome(_)) {
        settlement::void(unit.conn(), settlement, VoidReason::MinPlayers).await?;
        audit::decided(unit, "room", settlement.room, &settlement.verdict);
        unit.event(&messages::room_decided(settlement));
    }
    Ok(())
}

/// A suspicious verdict gives operators time to look before it is paid.
async fn wait(unit: &mut Unit, settlement: &mut Settlement, frozen: &Frozen) -> Result<bool, Fault> {
    let (room, now) = (settlement.room, unit.now().await?);
    let until = settlement.wait(frozen.terms.suspicion_wait_seconds).filter(|until| now < *until);
    let Some(until) = until else { return Ok(false) };
    tracing::warn!(%room, suspicions = ?settlement.verdict.suspicions, %until, "waits for operators");
    metrics::counter!("rooms_suspicious_total").increment(1);
    settlement.waits_until = Some(until);
    settlement::save(unit.conn(), settlement, None).await?;
    errand::add(unit.conn(), room, Errand::ReadBets, Duration::ZERO).await?;
    errand::due_at(unit.conn(), room, Errand::ReadBets, until).await?;
    Ok(true)
}

/// The ledger has a chunk. The last one is issued when it is the only one left, and settles the
/// room.
pub async fn payouts_posted(
    unit: &mut Unit,
    settlement: &mut Settlement,
    message: &PayoutsPosted,
    tally: &mut Tally,
) -> Result<(), Fault> {
    let room = settlement.room;
    let totals = facts::totals(unit.conn(), room).await?;
    let totals = totals.filter(|totals| message.chunk < totals.chunks);
    let totals = totals.ok_or_else(|| Fault::bug(format!("room {room} has no chunk {}", message.chunk)))?;
    unit.settled(PAYOUTS, chunk_key(room, message.chunk)).await?;
    let Some(posted) = facts::post_chunk(unit.conn(), room, message.chunk).await? else { return Ok(()) };
    referrals::earned(unit, room, message, tally).await?;
    let due = totals.due(posted);
    if due == Due::Settled {
        return saga::settle(unit, settlement, &totals).await;
    }
    took(SagaStep::Post);
    if due == Due::LastChunk { saga::issue_last_chunk(unit, room, &totals).await } else { Ok(()) }
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
    let receipt = Receipt::try_from(message)?;
    if !anchors(unit, settlement, &receipt).await? {
        return Err(Fault::bug(format!("room {room} is not what {} anchors", receipt.signature)));
    }
    facts::anchor(unit.conn(), room, &receipt).await?;
    settlement::save(unit.conn(), settlement, None).await?;
    took(SagaStep::Anchor);
    unit.event(&messages::receipt_ready(room, &receipt));
    Ok(())
}

/// Whether what was written on chain is what this room asked for: the evidence must lead to it.
async fn anchors(unit: &mut Unit, settlement: &Settlement, receipt: &Receipt) -> Result<bool, Fault> {
    let room = settlement.room;
    let frozen = facts::frozen(unit.conn(), room).await?;
    let totals = facts::totals(unit.conn(), room).await?;
    let (frozen, totals) = frozen.zip(totals).ok_or_else(|| broken("a receipt of a room without a book"))?;
    let asked = messages::anchor_receipt(&frozen, &settlement.verdict, &totals);
    let place = receipt.place.as_ref();
    let (leaf, leaves) = place.map_or((0, 0), |place| (place.leaf, place.leaves));
    let branch = place.map_or(&[][..], |place| &place.branch);
    Ok(receipt_anchors(&asked, &receipt.memo, leaf, leaves, branch)?)
}

impl TryFrom<&ReceiptAnchored> for Receipt {
    type Error = Malformed;

    fn try_from(message: &ReceiptAnchored) -> Result<Self, Malformed> {
        let hash = |bytes: &Vec<u8>| Hash::try_from(bytes.as_slice()).map_err(|_| Malformed("not a hash"));
        let branch = message.branch.iter().map(hash).collect::<Result<_, _>>()?;
        Ok(Self {
            signature: message.signature.clone(),
            slot: message.slot,
            memo: message.memo.clone(),
            place: (message.leaves > 0).then_some(Place {
                leaf: message.leaf,
                leaves: message.leaves,
                branch,
            }),
        })
    }
}
