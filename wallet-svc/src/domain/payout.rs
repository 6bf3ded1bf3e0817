//! A chunk of a settlement's payouts: what it asks for, and the movements it comes to.

use super::{
    hold::Hold,
    ledger::{Account, Entry, Kind, Movement, MovementError, MovementKind},
};
use proto::{
    AccountId, BetId, Lamports, LamportsError, Malformed, RoomId,
    wallet::{PostPayouts, ReferralCredit},
};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

const PROTOCOL: Account = Account::house(Kind::ProtocolFees);

/// A chunk as settlement-svc asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Whose escrow pays.
    pub room: RoomId,
    /// Which chunk, from 0.
    pub number: u32,
    /// It is the last one, which pays the fees and leaves nothing.
    pub last: bool,
    /// Every bet of the chunk with its credit, losers with nothing.
    pub lines: Vec<(BetId, Lamports)>,
    /// Who brought winners of the chunk, with what they get.
    pub referrals: Vec<(AccountId, Lamports)>,
    /// With the last chunk; a host who is none is the protocol.
    host: Option<AccountId>,
    protocol_fee: Lamports,
    host_fee: Lamports,
}

/// Lines that do not fit the holds, or amounts that do not fit: it must page somebody and change nothing.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PayoutError {
    /// A line of a bet whose stake the room does not have.
    #[error("bet {bet} has no hold in room {room}")]
    NoHold {
        /// The bet.
        bet: BetId,
        /// The room that was to be paid.
        room: RoomId,
    },
    /// Entries that do not sum to zero.
    #[error(transparent)]
    Movement(#[from] MovementError),
    /// The amounts do not fit.
    #[error("amounts do not fit the ledger")]
    Overflow(#[from] LamportsError),
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
    /// The ledger key of its credits and fees.
    #[must_use]
    pub fn key(&self) -> Uuid {
        Uuid::new_v5(&self.room.uuid(), format!("payouts {}", self.number).as_bytes())
    }

    /// The ledger key of its referrals.
    #[must_use]
    pub fn referrals_key(&self) -> Uuid {
        Uuid::new_v5(&self.room.uuid(), format!("referrals {}", self.number).as_bytes())
    }

    /// Who besides the players may get a part: referrers, and the host with the last chunk.
    pub fn named(&self) -> impl Iterator<Item = AccountId> {
        self.referrals.iter().map(|(account, _)| *account).chain(self.host.filter(|_| self.last))
    }

    /// What the lines give to the accounts of their holds.
    ///
    /// # Errors
    /// A line without a hold in this room.
    pub fn credits(&self, holds: &BTreeMap<BetId, Hold>) -> Result<Vec<Entry>, PayoutError> {
        let credits = self.lines.iter().map(|(bet, credit)| {
            let hold = holds.get(bet).filter(|hold| hold.room == self.room);
            let hold = hold.ok_or(PayoutError::NoHold { bet: *bet, room: self.room })?;
            Ok(Entry { account: Account::available(hold.account), lamports: *credit, reference: bet.uuid() })
        });
        credits.collect()
    }

    /// Accounts of everybody whom the chunk may credit and of its losers: at their locks it meets its own repeats.
    #[must_use]
    pub fn players(&self, credits: &[Entry]) -> BTreeSet<Account> {
        credits.iter().map(|entry| entry.account).chain(self.named().map(Account::available)).collect()
    }

    /// Everything in one movement with everybody taking part: by this a repeat is known, whoever takes part by then.
    ///
    /// # Errors
    /// Amounts beyond the ledger.
    pub fn as_asked(&self, credits: &[Entry]) -> Result<Movement, PayoutError> {
        let (fees, referrals) = self.takeout(|_| true);
        self.movement(self.key(), MovementKind::Payout, [credits, &fees, &referrals].concat())
    }

    /// The credits with the fees, and the referrals where there are any. What would go to somebody who is no earner goes
    /// to the protocol.
    ///
    /// # Errors
    /// Amounts beyond the ledger.
    pub fn movements(
        &self,
        credits: Vec<Entry>,
        earners: &BTreeSet<AccountId>,
    ) -> Result<Vec<Movement>, PayoutError> {
        let as_asked = self.as_asked(&credits)?;
        let (fees, referrals) = self.takeout(|account| earners.contains(&account));
        let payouts = self.movement(self.key(), MovementKind::Payout, [credits, fees].concat())?;
        let mut movements = vec![payouts.for_request(&as_asked)];
        if !referrals.is_empty() {
            movements.push(self.movement(self.referrals_key(), MovementKind::Referral, referrals)?);
        }
        Ok(movements)
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
    fn movement(
        &self,
        key: Uuid,
        kind: MovementKind,
        mut entries: Vec<Entry>,
    ) -> Result<Movement, PayoutError> {
        let sum = Lamports::checked_sum(entries.iter().map(|entry| entry.lamports))?;
        entries.push(Entry {
            account: Account::escrow(self.room),
            lamports: Lamports::ZERO.checked_sub(sum)?,
            reference: self.room.uuid(),
        });
        Ok(Movement::try_new(key, kind, entries)?)
    }
}

#[cfg(test)]
mod tests;
