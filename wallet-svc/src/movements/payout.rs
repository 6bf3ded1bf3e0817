//! Credits of a settlement, one chunk per movement, and beside it what goes to those who brought its winners.
//!
//! | movement | escrow(r) | available(a) | protocol_fees | available(host) |
//! |---|---|---|---|---|
//! | a chunk | −Σ credits | +credit for each line | | |
//! | with the last chunk | −(p + h) | | +p | +h |
//! | referrals of a chunk | −Σ parts | +part for each referrer | | |
//!
//! Every bet of the room has one line in one chunk, losers with nothing: the line moves the bet's
//! hold from HELD to SPENT. The last chunk leaves no hold of the room and nothing in its escrow. What would go to a host
//! or a referrer without an account, or to one who has left, is excluded or banned, goes to `protocol_fees`.

use crate::{
    domain::{
        ledger::{Account, Balances, Entry, Kind},
        payout::{Asked, PayoutError},
    },
    store,
};
use chassis::{Fault, Unit};
use proto::{
    AccountId, Lamports, Malformed,
    wallet::{PostPayouts, ReferralCredit},
};
use std::collections::BTreeSet;
use uuid::Uuid;

const PROTOCOL: Account = Account::house(Kind::ProtocolFees);

/// What became of a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chunk {
    /// It is posted, now or before.
    Posted,
    /// It is the last one and others, or a release, are still on their way.
    TooEarly,
}

impl From<PayoutError> for Fault {
    fn from(error: PayoutError) -> Self {
        Self::bug(error.to_string())
    }
}

/// Posts a chunk whole.
///
/// # Errors
/// The database; lines that do not fit the holds, or amounts that do not fit the escrow, which
/// must page somebody and change nothing.
pub async fn post_chunk(unit: &mut Unit, chunk: &PostPayouts) -> Result<Chunk, Fault> {
    let asked = Asked::try_from(chunk)?;
    let Asked { room, number, last, .. } = asked;
    let credits = credits(unit, &asked).await?;
    let as_asked = asked.as_asked(&credits)?;
    let escrow = Account::escrow(room);
    let mut accounts = asked.players(&credits);
    // Chunks of one room meet in its escrow, and all chunks that pay fees or withhold referrals in the protocol's account. The
    // last one, which may have no lines, meets its own repeats there.
    let mut shared = BTreeSet::from([escrow]);
    shared.extend((last || !asked.referrals.is_empty()).then_some(PROTOCOL));
    if last {
        store::ledger::open(unit, &shared).await?;
        accounts.extend(&shared);
    }
    let balances = store::ledger::lock(unit, &accounts).await?;

    match store::ledger::posted_hash(unit, asked.key()).await? {
        Some(hash) if hash == as_asked.request_hash() => return Ok(Chunk::Posted),
        Some(_) => return Err(Fault::bug(format!("chunk {number} of room {room} came with another body"))),
        None => {}
    }
    let ours = i64::try_from(asked.lines.len()).map_err(|_| Malformed("too many lines"))?;
    // Counted with the last chunk alone: with each, a room would cost the square of its bets.
    if last && store::hold::held_in_room(unit, room).await? > ours {
        return Ok(Chunk::TooEarly);
    }
    let spent = store::hold::spend(unit, &asked.lines).await?;
    if i64::try_from(spent) != Ok(ours) {
        return Err(Fault::bug(format!("chunk {number} of room {room}: {ours} lines met {spent} holds")));
    }
    let earners = earners(unit, &asked, &balances).await?;
    let movements = asked.movements(credits, &earners)?;
    let late = if last { BTreeSet::new() } else { shared };
    store::ledger::post_new(unit, &movements, balances, &late).await?;
    if last {
        let left = store::ledger::lock(unit, &BTreeSet::from([escrow])).await?.get(escrow);
        if left != Some(Lamports::ZERO) {
            return Err(Fault::bug(format!("escrow of room {room} keeps {left:?}")));
        }
    }
    Ok(Chunk::Posted)
}

/// Of a posted chunk's referrals, those that went to the protocol.
///
/// # Errors
/// The database; a chunk that breaks its contract.
pub async fn withheld(unit: &mut Unit, chunk: &PostPayouts) -> Result<Vec<ReferralCredit>, Fault> {
    if chunk.referrals.is_empty() {
        return Ok(Vec::new());
    }
    let asked = Asked::try_from(chunk)?;
    let accounts: Vec<Uuid> = asked.referrals.iter().map(|(account, _)| account.uuid()).collect();
    let credited = store::ledger::credited(unit, asked.referrals_key(), &accounts).await?;
    let referrals = chunk.referrals.iter().zip(&accounts);
    let withheld = referrals.filter(|(_, account)| !credited.contains(*account));
    Ok(withheld.map(|(referral, _)| referral.clone()).collect())
}

/// What the lines give. The holds are read unlocked, only to learn their accounts, which never change.
async fn credits(unit: &mut Unit, asked: &Asked) -> Result<Vec<Entry>, Fault> {
    let bets: Vec<Uuid> = asked.lines.iter().map(|(bet, _)| bet.uuid()).collect();
    let holds = store::hold::of_bets(unit, &bets).await?;
    Ok(asked.credits(&holds)?)
}

/// Hosts and referrers who take part in the takeout: who has an account, has not left, and is neither excluded nor
/// banned. Their accounts are locked, so none of this changes meanwhile.
async fn earners(unit: &mut Unit, asked: &Asked, balances: &Balances) -> Result<BTreeSet<AccountId>, Fault> {
    let there = asked.named().filter(|account| balances.get(Account::available(*account)).is_some());
    let there: BTreeSet<AccountId> = there.collect();
    if there.is_empty() {
        return Ok(there);
    }
    let ids: Vec<Uuid> = there.iter().map(|account| account.uuid()).collect();
    let now = unit.now().await?;
    let players = store::limit::rules(unit.conn(), &ids).await?;
    let stays = |account: &AccountId| players.get(account).is_none_or(|player| player.earns(now));
    Ok(there.into_iter().filter(stays).collect())
}
