//! Credits of a settlement, one chunk per movement.
//!
//! | movement | escrow(r) | available(a) | protocol_fees | available(host) |
//! |---|---|---|---|---|
//! | a chunk | −Σ credits | +credit for each line | | |
//! | with the last chunk | −(p + h) | | +p | +h |
//!
//! Every bet of the room has one line in one chunk, losers with nothing: the line moves the bet's
//! hold from HELD to SPENT. The last chunk leaves no hold of the room and nothing in its escrow.

use crate::{
    domain::ledger::{Account, Entry, Kind, Movement, MovementKind},
    store::{
        self,
        ledger::{Posted, post},
    },
};
use chassis::{Fault, Unit};
use proto::{AccountId, BetId, Lamports, Malformed, RoomId, wallet::PostPayouts};
use std::collections::BTreeSet;
use uuid::Uuid;

/// What became of a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chunk {
    /// It is posted, now or before.
    Posted,
    /// It is the last one and others, or a release, are still on their way.
    TooEarly,
}

/// Posts a chunk whole.
///
/// # Errors
/// The database; lines that do not fit the holds, or amounts that do not fit the escrow, which
/// must page somebody and change nothing.
pub async fn post_chunk(unit: &mut Unit, chunk: &PostPayouts) -> Result<Chunk, Fault> {
    let room = RoomId::try_from_bytes(&chunk.room_id)?;
    if chunk.chunk >= chunk.chunks {
        return Err(Malformed("a chunk beyond the last").into());
    }
    let last = chunk.chunk.checked_add(1) == Some(chunk.chunks);
    let mut lines = Vec::with_capacity(chunk.lines.len());
    for line in &chunk.lines {
        let credit = Lamports::try_positive(line.credit_lamports).map_err(|_| Malformed("credit"))?;
        lines.push((BetId::try_from_bytes(&line.bet_id)?, credit));
    }
    let bets: Vec<Uuid> = lines.iter().map(|(bet, _)| bet.uuid()).collect();
    if bets.iter().collect::<BTreeSet<_>>().len() != bets.len() {
        return Err(Malformed("two lines of one bet").into());
    }
    // Unlocked: only to learn the accounts, which never change.
    let holds = store::hold::of_bets(unit, &bets).await?;
    let mut entries = Vec::with_capacity(lines.len() + 4);
    for (bet, credit) in &lines {
        let hold = holds.get(bet).filter(|hold| hold.room == room);
        let hold = hold.ok_or_else(|| Fault::bug(format!("bet {bet} has no hold in room {room}")))?;
        entries.push(Entry {
            account: Account::available(hold.account),
            lamports: *credit,
            reference: bet.uuid(),
        });
    }
    if last {
        entries.extend(fees(unit, chunk, room).await?);
    }
    let sum = Lamports::checked_sum(entries.iter().map(|entry| entry.lamports));
    let out =
        sum.and_then(|sum| Lamports::ZERO.checked_sub(sum)).map_err(|error| Fault::bug(error.to_string()))?;
    entries.push(Entry { account: Account::escrow(room), lamports: out, reference: room.uuid() });

    let key = Uuid::new_v5(&room.uuid(), format!("payouts {}", chunk.chunk).as_bytes());
    let accounts: BTreeSet<Account> =
        entries.iter().map(|entry| entry.account).chain([Account::escrow(room)]).collect();
    store::ledger::open(unit, &BTreeSet::from([Account::escrow(room), Account::house(Kind::ProtocolFees)]))
        .await?;
    store::ledger::lock(unit, &accounts).await?;
    let movement = Movement::try_new(key, MovementKind::Payout, entries)?;
    match store::ledger::posted_hash(unit, key).await? {
        Some(hash) if hash == movement.request_hash() => return Ok(Chunk::Posted),
        Some(_) => {
            return Err(Fault::bug(format!("chunk {} of room {room} came with another body", chunk.chunk)));
        }
        None => {}
    }
    let held = store::hold::held_in_room(unit, room).await?;
    let ours = i64::try_from(bets.len()).map_err(|_| Malformed("too many lines"))?;
    if last && held > ours {
        return Ok(Chunk::TooEarly);
    }
    let spent = store::hold::spend(unit, &lines).await?;
    if i64::try_from(spent) != Ok(ours) {
        return Err(Fault::bug(format!(
            "chunk {} of room {room}: {ours} lines met {spent} holds",
            chunk.chunk
        )));
    }
    match post(unit, &[movement]).await?.first() {
        Some(Posted::Now) => {}
        other => return Err(Fault::bug(format!("chunk {} of room {room}: {other:?}", chunk.chunk))),
    }
    if last {
        let left = store::ledger::lock(unit, &BTreeSet::from([Account::escrow(room)]))
            .await?
            .get(Account::escrow(room));
        if left != Some(Lamports::ZERO) {
            return Err(Fault::bug(format!("escrow of room {room} keeps {left:?}")));
        }
    }
    Ok(Chunk::Posted)
}

/// The part of a host without an account, or of one who has left or excluded themselves, goes to the protocol.
async fn fees(unit: &mut Unit, chunk: &PostPayouts, room: RoomId) -> Result<Vec<Entry>, Fault> {
    let fee = |lamports| Lamports::try_positive(lamports).map_err(|_| Malformed("fee"));
    let host = match chunk.host_account_id.as_slice() {
        [] => Account::house(Kind::ProtocolFees),
        id => {
            let host = Account::available(AccountId::try_from_bytes(id)?);
            let earns = store::ledger::exists(unit, host).await? && may_earn(unit, host.owner).await?;
            if earns { host } else { Account::house(Kind::ProtocolFees) }
        }
    };
    let line = |account, lamports| Entry { account, lamports, reference: room.uuid() };
    Ok(vec![
        line(Account::house(Kind::ProtocolFees), fee(chunk.protocol_fee_lamports)?),
        line(host, fee(chunk.host_fee_lamports)?),
    ])
}

/// Whether an account takes part in the takeout as a host. A break of days does not end that, an exclusion does.
async fn may_earn(unit: &mut Unit, account: Uuid) -> Result<bool, Fault> {
    let now = unit.now().await?;
    let players = store::limit::rules(unit.conn(), &[account]).await?;
    Ok(players
        .values()
        .all(|player| !player.closed && player.excluded_until.is_none_or(|until| until <= now)))
}
