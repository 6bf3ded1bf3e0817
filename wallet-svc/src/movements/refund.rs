//! Losing stakes of a room that operators corrected, repaid out of their money, one chunk per movement.
//!
//! | movement | capital | available(a) | unclaimed |
//! |---|---|---|---|
//! | a chunk | −Σ stakes | +stake for each line | +stake for each line of an owner who has left |
//!
//! A stake is repaid once, whatever the chunk says, and only one that a settlement spent for nothing. What the capital
//! does not have is not posted at all.

use super::CAPITAL;
use crate::{
    domain::ledger::{Account, Entry, Kind, Movement, MovementKind},
    store::{
        self,
        ledger::{self, Posted},
    },
};
use chassis::{Fault, Unit};
use proto::{BetId, Lamports, Malformed, RoomId, wallet::RefundStakes};
use serde_json::json;
use std::collections::BTreeSet;
use uuid::Uuid;

const UNCLAIMED: Account = Account::house(Kind::Unclaimed);

/// What became of a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refund {
    /// It is posted, now or before.
    Posted,
    /// `capital` is short; nothing is posted.
    AwaitingFunds,
}

/// Repays a chunk whole.
///
/// # Errors
/// The database; lines that are not losses of this room, or were repaid with another chunk, which must page somebody
/// and change nothing.
pub async fn refund_chunk(unit: &mut Unit, message: &RefundStakes) -> Result<Refund, Fault> {
    let room = RoomId::try_from_bytes(&message.room_id)?;
    if message.chunk >= message.chunks {
        return Err(Malformed("a chunk beyond the last").into());
    }
    let chunk = i32::try_from(message.chunk).map_err(|_| Malformed("chunk"))?;
    let lines = lines(message)?;
    let bets: Vec<Uuid> = lines.iter().map(|(bet, _)| bet.uuid()).collect();
    let losses = store::refund::losses(unit.conn(), &bets).await?;
    let mut refunds = Vec::with_capacity(lines.len());
    for (bet, lamports) in &lines {
        let loss = losses.get(bet).filter(|loss| loss.room == room && *lamports <= loss.amount);
        let loss =
            loss.ok_or_else(|| Fault::bug(format!("bet {bet} lost no {lamports} SOL in room {room}")))?;
        refunds.push((*bet, loss.account, *lamports));
    }
    let owners: BTreeSet<Account> =
        refunds.iter().map(|(_, account, _)| Account::available(*account)).collect();
    let house = BTreeSet::from([CAPITAL, UNCLAIMED]);
    ledger::open(unit, &house).await?;
    ledger::lock(unit, &owners.union(&house).copied().collect()).await?;
    // Under the lock of the capital nobody else repays, and under those of their accounts nobody leaves.
    let before = store::refund::of_bets(unit.conn(), &bets).await?;
    if !before.is_empty() {
        let same = lines.iter().all(|(bet, lamports)| before.get(bet) == Some(&(chunk, *lamports)));
        let overlap = || Fault::bug(format!("refund {chunk} of room {room} repays a stake again"));
        return if same { Ok(Refund::Posted) } else { Err(overlap()) };
    }
    let owners: Vec<Uuid> = owners.iter().map(|account| account.owner).collect();
    let players = store::limit::rules(unit.conn(), &owners).await?;
    let mut entries = Vec::with_capacity(refunds.len() + 1);
    for (bet, account, lamports) in refunds {
        let left = players.get(&account).is_some_and(|player| player.closed);
        let to = if left { UNCLAIMED } else { Account::available(account) };
        entries.push(Entry { account: to, lamports, reference: bet.uuid() });
    }
    let broken = |error: proto::LamportsError| Fault::bug(error.to_string());
    let sum = Lamports::checked_sum(entries.iter().map(|entry| entry.lamports)).map_err(broken)?;
    let unclaimed = entries.iter().filter(|entry| entry.account == UNCLAIMED).map(|entry| entry.lamports);
    let unclaimed = Lamports::checked_sum(unclaimed).map_err(broken)?;
    let out = Lamports::ZERO.checked_sub(sum).map_err(broken)?;
    entries.push(Entry { account: CAPITAL, lamports: out, reference: room.uuid() });
    let key = super::key(room.uuid(), &format!("refund {chunk}"));
    let movement = Movement::try_new(key, MovementKind::Refund, entries)?;
    match ledger::post(unit, &[movement]).await?.first() {
        Some(Posted::Now) => {}
        Some(Posted::Short(_)) => return Ok(Refund::AwaitingFunds),
        other => return Err(Fault::bug(format!("refund {chunk} of room {room}: {other:?}"))),
    }
    store::refund::insert(unit, room, chunk, &lines).await?;
    let body = json!({
        "chunk": chunk,
        "bets": lines.len(),
        "lamports": sum.get(),
        "unclaimed_lamports": unclaimed.get(),
    });
    unit.audit("settlement", "refund_stakes", room.uuid().as_bytes(), &body);
    Ok(Refund::Posted)
}

fn lines(message: &RefundStakes) -> Result<Vec<(BetId, Lamports)>, Malformed> {
    let mut lines = Vec::with_capacity(message.lines.len());
    for line in &message.lines {
        let lamports = Lamports::try_positive(line.lamports).map_err(|_| Malformed("refund"))?;
        if lamports == Lamports::ZERO {
            return Err(Malformed("a refund of nothing"));
        }
        lines.push((BetId::try_from_bytes(&line.bet_id)?, lamports));
    }
    if lines.is_empty() {
        return Err(Malformed("a refund without lines"));
    }
    if lines.iter().map(|(bet, _)| bet).collect::<BTreeSet<_>>().len() != lines.len() {
        return Err(Malformed("two refunds of one bet"));
    }
    Ok(lines)
}
