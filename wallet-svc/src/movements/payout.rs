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
//! or a referrer without an account, or to one who has left or is excluded, goes to `protocol_fees`.

use crate::{
    domain::ledger::{Account, Balances, Entry, Kind, Movement, MovementKind},
    store,
};
use chassis::{Fault, Unit};
use proto::{
    AccountId, BetId, Lamports, Malformed, RoomId,
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

/// A chunk as settlement-svc asks for it.
struct Asked {
    room: RoomId,
    number: u32,
    last: bool,
    lines: Vec<(BetId, Lamports)>,
    /// With the last chunk; a host who is none is the protocol.
    protocol_fee: Lamports,
    host_fee: Lamports,
    host: Option<AccountId>,
    referrals: Vec<(AccountId, Lamports)>,
}

impl TryFrom<&PostPayouts> for Asked {
    type Error = Malformed;

    fn try_from(chunk: &PostPayouts) -> Result<Self, Malformed> {
        if chunk.chunk >= chunk.chunks {
            return Err(Malformed("a chunk beyond the last"));
        }
        let amount = |lamports, what| Lamports::try_positive(lamports).map_err(|_| Malformed(what));
        let line = |bet: &[u8], lamports| Ok((BetId::try_from_bytes(bet)?, amount(lamports, "credit")?));
        let lines = chunk.lines.iter().map(|one| line(&one.bet_id, one.credit_lamports));
        let lines = lines.collect::<Result<Vec<_>, Malformed>>()?;
        if lines.iter().map(|(bet, _)| bet).collect::<BTreeSet<_>>().len() != lines.len() {
            return Err(Malformed("two lines of one bet"));
        }
        let referral = |one: &ReferralCredit| {
            Ok((AccountId::try_from_bytes(&one.account_id)?, amount(one.lamports, "referral")?))
        };
        let referrals = chunk.referrals.iter().map(referral).collect::<Result<Vec<_>, Malformed>>()?;
        let host = chunk.host_account_id.as_slice();
        Ok(Self {
            room: RoomId::try_from_bytes(&chunk.room_id)?,
            number: chunk.chunk,
            last: chunk.chunk.checked_add(1) == Some(chunk.chunks),
            lines,
            protocol_fee: amount(chunk.protocol_fee_lamports, "fee")?,
            host_fee: amount(chunk.host_fee_lamports, "fee")?,
            host: (!host.is_empty()).then(|| AccountId::try_from_bytes(host)).transpose()?,
            referrals,
        })
    }
}

impl Asked {
    fn key(&self) -> Uuid {
        Uuid::new_v5(&self.room.uuid(), format!("payouts {}", self.number).as_bytes())
    }

    fn referrals_key(&self) -> Uuid {
        Uuid::new_v5(&self.room.uuid(), format!("referrals {}", self.number).as_bytes())
    }

    /// What goes to players as hosts and referrers, where `earns` says that they take part in the takeout.
    fn takeout(&self, earns: impl Fn(AccountId) -> bool) -> (Vec<Entry>, Vec<Entry>) {
        let line = |to: Option<AccountId>, lamports| {
            let account = to.filter(|account| earns(*account)).map_or(PROTOCOL, Account::available);
            Entry { account, lamports, reference: self.room.uuid() }
        };
        let fees = if self.last {
            vec![line(None, self.protocol_fee), line(self.host, self.host_fee)]
        } else {
            Vec::new()
        };
        (fees, self.referrals.iter().map(|(account, lamports)| line(Some(*account), *lamports)).collect())
    }

    /// Takes out of escrow what the entries give.
    fn movement(&self, key: Uuid, kind: MovementKind, mut entries: Vec<Entry>) -> Result<Movement, Fault> {
        let sum = Lamports::checked_sum(entries.iter().map(|entry| entry.lamports));
        let out = sum.and_then(|sum| Lamports::ZERO.checked_sub(sum));
        let out = out.map_err(|error| Fault::bug(error.to_string()))?;
        entries.push(Entry {
            account: Account::escrow(self.room),
            lamports: out,
            reference: self.room.uuid(),
        });
        Ok(Movement::try_new(key, kind, entries)?)
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
    let (fees, referrals) = asked.takeout(|_| true);
    let as_asked = [credits.as_slice(), &fees, &referrals].concat();
    let escrow = Account::escrow(room);
    let mut accounts: BTreeSet<Account> = as_asked.iter().map(|entry| entry.account).collect();
    // Chunks of one room meet in its escrow, and all chunks that pay fees or withhold referrals in the protocol's account. The
    // last one, which may have no lines, meets its own repeats there.
    let mut shared = BTreeSet::from([escrow]);
    shared.extend((last || !asked.referrals.is_empty()).then_some(PROTOCOL));
    if last {
        store::ledger::open(unit, &shared).await?;
        accounts.extend(&shared);
    }
    let balances = store::ledger::lock(unit, &accounts).await?;

    let as_asked = asked.movement(asked.key(), MovementKind::Payout, as_asked)?;
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
    let (fees, referrals) = asked.takeout(|account| earners.contains(&account));
    let payouts = asked.movement(asked.key(), MovementKind::Payout, [credits, fees].concat())?;
    let mut movements = vec![payouts.for_request(&as_asked)];
    if !referrals.is_empty() {
        movements.push(asked.movement(asked.referrals_key(), MovementKind::Referral, referrals)?);
    }
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
    let credits = asked.lines.iter().map(|(bet, credit)| {
        let hold = holds.get(bet).filter(|hold| hold.room == asked.room);
        let hold = hold.ok_or_else(|| Fault::bug(format!("bet {bet} has no hold in room {}", asked.room)))?;
        Ok(Entry { account: Account::available(hold.account), lamports: *credit, reference: bet.uuid() })
    });
    credits.collect()
}

/// Hosts and referrers who take part in the takeout: who has an account, has not left, and is not excluded. A break of
/// days does not end that. Their accounts are locked, so none of this changes meanwhile.
async fn earners(unit: &mut Unit, asked: &Asked, balances: &Balances) -> Result<BTreeSet<AccountId>, Fault> {
    let named = asked.referrals.iter().map(|(account, _)| *account).chain(asked.host.filter(|_| asked.last));
    let there = named.filter(|account| balances.get(Account::available(*account)).is_some());
    let there: BTreeSet<AccountId> = there.collect();
    if there.is_empty() {
        return Ok(there);
    }
    let ids: Vec<Uuid> = there.iter().map(|account| account.uuid()).collect();
    let now = unit.now().await?;
    let players = store::limit::rules(unit.conn(), &ids).await?;
    let stays = |account: &AccountId| {
        players
            .get(account)
            .is_none_or(|player| !player.closed && player.excluded_until.is_none_or(|until| until <= now))
    };
    Ok(there.into_iter().filter(stays).collect())
}
