//! What is owed to whom, out of the ledger at one moment.

use super::ledger::{Account, Kind};
use proto::{Lamports, LamportsError, proof::Owed};
use std::collections::HashMap;
use uuid::Uuid;

/// What one owner is owed. Besides accounts there is nil, for money that belongs to nobody we know, and the id of a
/// room whose payouts were being posted when the ledger was read: what was in its escrow is owed to its players.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Debt {
    /// Whose.
    pub owner: Uuid,
    /// How much.
    pub owed: Owed,
}

/// A stake that is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stake {
    /// Whose.
    pub account: Uuid,
    /// In which room.
    pub room: Uuid,
    /// How much.
    pub amount: Lamports,
}

/// The ledger at one moment, as far as it is about others' money.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Books {
    /// Every user with what is available to them, nothing too.
    pub available: Vec<(Uuid, Lamports)>,
    /// All other accounts with a balance.
    pub others: Vec<(Account, Lamports)>,
    /// Stakes of bets that are not settled.
    pub stakes: Vec<Stake>,
    /// Withdrawals whose message is committed and not finalized.
    pub leaving: Vec<(Uuid, Lamports)>,
}

/// What is owed, by owner.
#[derive(Default)]
struct Debts {
    debts: Vec<Debt>,
    places: HashMap<Uuid, usize>,
}

impl Debts {
    /// Adds to one part of what is owed to an owner.
    fn add(
        &mut self,
        owner: Uuid,
        amount: Lamports,
        part: impl Fn(&mut Owed) -> &mut Lamports,
    ) -> Result<(), LamportsError> {
        let place = *self.places.entry(owner).or_insert(self.debts.len());
        if place == self.debts.len() {
            self.debts.push(Debt { owner, owed: Owed::default() });
        }
        if let Some(debt) = self.debts.get_mut(place) {
            let part = part(&mut debt.owed);
            *part = part.checked_add(amount)?;
        }
        Ok(())
    }
}

impl Books {
    /// What is owed to whom.
    ///
    /// A room's escrow is what its bets hold, but for the moments in which its payouts are posted chunk by chunk: what
    /// is left then is one debt to its players together.
    ///
    /// # Errors
    /// Amounts beyond the ledger's range.
    pub fn debts(&self) -> Result<Vec<Debt>, LamportsError> {
        let mut debts = Debts::default();
        debts.debts.reserve(self.available.len());
        debts.places.reserve(self.available.len());
        for (owner, amount) in &self.available {
            debts.add(*owner, *amount, |owed| &mut owed.available)?;
        }
        let mut escrows: HashMap<Uuid, Lamports> = HashMap::new();
        debts.add(Uuid::nil(), Lamports::ZERO, |owed| &mut owed.available)?;
        for (account, amount) in &self.others {
            match account.kind {
                Kind::Held => debts.add(account.owner, *amount, |owed| &mut owed.held)?,
                Kind::Unclaimed => debts.add(Uuid::nil(), *amount, |owed| &mut owed.available)?,
                Kind::Escrow => drop(escrows.insert(account.owner, *amount)),
                // What is in flight is in `leaving`, by owner; the rest is the house's own, and the chain.
                _ => {}
            }
        }
        let mut held: HashMap<Uuid, Lamports> = HashMap::new();
        for stake in &self.stakes {
            let sum = held.entry(stake.room).or_default();
            *sum = sum.checked_add(stake.amount)?;
        }
        held.retain(|room, sum| escrows.get(room) == Some(sum));
        for stake in self.stakes.iter().filter(|stake| held.contains_key(&stake.room)) {
            debts.add(stake.account, stake.amount, |owed| &mut owed.staked)?;
        }
        for (room, escrow) in escrows.into_iter().filter(|(room, _)| !held.contains_key(room)) {
            debts.add(room, escrow, |owed| &mut owed.staked)?;
        }
        for (account, amount) in &self.leaving {
            debts.add(*account, *amount, |owed| &mut owed.leaving)?;
        }
        Ok(debts.debts)
    }

    /// What the debts have to sum up to: all accounts that hold others' money.
    ///
    /// # Errors
    /// Amounts beyond the ledger's range.
    pub fn total(&self) -> Result<Lamports, LamportsError> {
        let others = self.others.iter().filter(|(account, _)| {
            matches!(account.kind, Kind::Held | Kind::Escrow | Kind::WithdrawalsInFlight | Kind::Unclaimed)
        });
        let available = self.available.iter().map(|(_, amount)| *amount);
        Lamports::checked_sum(available.chain(others.map(|(_, amount)| *amount)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debts_sum_up_to_the_accounts_of_others_money() {
        let id = Uuid::from_u128;
        let (ann, ben, whole, settling) = (id(1), id(2), id(11), id(12));
        let lamports = Lamports::new;
        let account = |kind, owner, amount| (Account { kind, owner }, lamports(amount));
        let stake = |account, room, amount| Stake { account, room, amount: lamports(amount) };
        let books = Books {
            available: vec![(ann, lamports(100)), (ben, Lamports::ZERO)],
            others: vec![
                account(Kind::Held, ann, 20),
                account(Kind::Escrow, whole, 12),
                account(Kind::Escrow, settling, 3),
                account(Kind::WithdrawalsInFlight, Uuid::nil(), 9),
                account(Kind::Unclaimed, Uuid::nil(), 4),
                account(Kind::Capital, Uuid::nil(), 1_000),
                account(Kind::Chain, Uuid::nil(), -1_148),
            ],
            // The winner of the second room is paid already.
            stakes: vec![stake(ann, whole, 5), stake(ben, whole, 7), stake(ben, settling, 30)],
            leaving: vec![(ben, lamports(9))],
        };
        let owed = |available, held, staked, leaving| Owed {
            available: lamports(available),
            held: lamports(held),
            staked: lamports(staked),
            leaving: lamports(leaving),
        };
        let debts = books.debts().unwrap();
        let expected = [
            (ann, owed(100, 20, 5, 0)),
            (ben, owed(0, 0, 7, 9)),
            (Uuid::nil(), owed(4, 0, 0, 0)),
            (settling, owed(0, 0, 3, 0)),
        ];
        assert_eq!(debts, expected.map(|(owner, owed)| Debt { owner, owed }));
        assert_eq!(books.total(), Ok(lamports(148)));
        let sum: u64 = debts.iter().map(|debt| debt.owed.sum().unwrap()).sum();
        assert_eq!(sum, 148);
        let broken = Books { stakes: vec![stake(ann, whole, i64::MAX), stake(ben, whole, 7)], ..books };
        assert_eq!(broken.debts(), Err(LamportsError::Overflow));
    }
}
