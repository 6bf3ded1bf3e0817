//! The steps of a settlement, each inside the transaction of what brought it about.

use crate::{
    audit,
    domain::{
        Bet, Book, BookError, Frozen, OutOfOrder, Rules, SagaStep, Settlement, State, Totals,
        referral::Rates, settle as make_book,
    },
    measures, messages, referrals,
    store::{
        broken,
        errand::{self, Errand},
        facts, line, record, referral, settlement,
    },
};
use chassis::{Fault, Outgoing, Unit};
use proto::{BetId, Lamports, LamportsError, RoomId, room::FreezeRoom};
use std::time::Duration;
use uuid::Uuid;

/// The sagas under which commands are re-issued.
pub const FREEZE: &str = "freeze";
/// Key: [`chunk_key`].
pub const PAYOUTS: &str = "payouts";
/// Key: the room.
pub const ANCHOR: &str = "anchor";

/// Lines of one chunk of payouts and of one part of the result: some 120 KB, and tens of milliseconds of
/// ledger. Of a refund, too.
pub const LINES: usize = 2_000;

/// The oracle completes the second in which it decided before it is copied.
const SERIES_DELAY: Duration = Duration::from_secs(2);

impl From<OutOfOrder> for Fault {
    fn from(error: OutOfOrder) -> Self {
        Self::bug(error.to_string())
    }
}

/// Names a chunk of a room among the commands that are re-issued.
pub fn chunk_key(room: RoomId, chunk: u32) -> Uuid {
    Uuid::new_v5(&room.uuid(), &chunk.to_be_bytes())
}

/// Counts a step.
pub fn took(step: SagaStep) {
    metrics::counter!("rooms_settlement_steps_total", "step" => step.word()).increment(1);
}

/// A verdict came to stand: no bet may change any more.
pub async fn decided(unit: &mut Unit, room: RoomId) -> Result<(), Fault> {
    took(SagaStep::Decide);
    unit.issue(FREEZE, room.uuid(), &FreezeRoom { room_id: room.bytes() }).await
}

/// Makes the book of a frozen room.
pub fn book(settlement: &Settlement, frozen: &Frozen, bets: &[Bet]) -> Result<Book, BookError> {
    make_book(&Rules::try_from(&frozen.terms)?, &settlement.verdict, bets)
}

/// Closes the book and sends the payouts on their way: all chunks but the last, which posts the
/// fees and requires that nothing is left in escrow, and so has to wait for the others.
pub async fn pay(
    unit: &mut Unit,
    settlement: &mut Settlement,
    frozen: &Frozen,
    book: &Book,
    rates: &Rates,
) -> Result<(), Fault> {
    let room = settlement.room;
    settlement.state.step(State::Computed)?;
    let chunks = book.chunks(LINES);
    let count = u32::try_from(chunks.len()).map_err(|_| Fault::bug("more chunks than can be"))?;
    let credits = referrals::credits(unit, book, &chunks, rates).await?;
    let referrals = credits.iter().flatten().map(|credit| credit.lamports);
    let referrals = Lamports::checked_sum(referrals).map_err(beyond)?;
    let totals = Totals::new(book, referrals, count);
    facts::close_book(unit.conn(), room, &totals).await?;
    for ((chunk, lines), credits) in (0..).zip(&chunks).zip(&credits) {
        line::insert(unit.conn(), room, chunk, lines).await?;
        referral::insert_credits(unit.conn(), room, chunk, credits).await?;
    }
    settlement.state.step(State::Posting)?;
    settlement.waits_until = None;
    settlement::save(unit.conn(), settlement, None).await?;
    errand::done(unit.conn(), room, Errand::ReadBets).await?;
    if settlement.verdict.series.is_some() {
        errand::add(unit.conn(), room, Errand::CopySeries, SERIES_DELAY).await?;
    }
    let mut commands = Vec::with_capacity(chunks.len());
    for ((chunk, lines), credits) in totals.at_once().zip(chunks).zip(&credits) {
        let fees = totals.fees(chunk).map_err(beyond)?;
        let command = messages::post_payouts(&frozen.terms, chunk, count, lines, credits, fees);
        commands.push((chunk_key(room, chunk), Outgoing::command(&command)));
    }
    took(SagaStep::Pay);
    tracing::info!(%room, bets = book.lines.len(), chunks = count, ruling = ?book.ruling, "payouts issued");
    unit.issue_all(PAYOUTS, commands).await
}

/// All chunks but the last are in the ledger.
pub async fn issue_last_chunk(unit: &mut Unit, room: RoomId, totals: &Totals) -> Result<(), Fault> {
    let last = totals.last();
    let before = line::last_before(unit.conn(), room, last).await?;
    let lines = line::page(unit.conn(), room, before, LINES).await?;
    let frozen = frozen(unit, room).await?;
    let credits = referral::credits(unit.conn(), room, last).await?;
    let fees = totals.fees(last).map_err(beyond)?;
    let command = messages::post_payouts(&frozen.terms, last, totals.chunks, &lines, &credits, fees);
    unit.issue(PAYOUTS, chunk_key(room, last), &command).await
}

/// All chunks are in the ledger: the room is settled. The receipt follows and delays nothing.
pub async fn settle(unit: &mut Unit, settlement: &mut Settlement, totals: &Totals) -> Result<(), Fault> {
    let room = settlement.room;
    settlement.state.step(State::Posted)?;
    let settled_at = unit.now().await?;
    settlement::save(unit.conn(), settlement, Some(settled_at)).await?;
    record::enqueue(unit.conn(), room, settled_at).await?;
    let frozen = frozen(unit, room).await?;
    let mut result = messages::room_settled(&frozen, &settlement.verdict, totals, settled_at);
    let mut after: Option<BetId> = None;
    for part in 0..totals.chunks {
        let lines = line::page(unit.conn(), room, after, LINES).await?;
        after = lines.last().map(|line| line.bet.id);
        result.part = part;
        result.bets = lines.iter().map(messages::settled_bet).collect();
        unit.event(&result);
    }
    took(SagaStep::Settle);
    tracing::info!(%room, ruling = ?totals.ruling, "settled");
    audit::settled(unit, room, totals);
    measures::settled(unit, totals);
    let receipt = messages::anchor_receipt(&frozen, &settlement.verdict, totals);
    unit.issue(ANCHOR, room.uuid(), &receipt).await
}

fn beyond(error: LamportsError) -> Fault {
    Fault::bug(error.to_string())
}

async fn frozen(unit: &mut Unit, room: RoomId) -> Result<Frozen, Fault> {
    facts::frozen(unit.conn(), room).await?.ok_or_else(|| broken("a book of a room that is not frozen"))
}
