//! Stakes of bets.
//!
//! | movement | available(a) | escrow(r) |
//! |---|---|---|
//! | held, one movement per list | −x for each bet | +Σx per room |
//! | released | +x | −x |
//!
//! A bet's row in `wallet.hold` is the key of its hold; [`crate::domain::stake`] decides. Limits that an account has set
//! for itself are decided here and nowhere else, under its lock.

use crate::{
    domain::{
        ledger::{Account, Movement},
        stake::{self, Returned, StakeError, Taken, Unwanted},
    },
    store,
};
use chassis::{Fault, Unit};
use proto::wallet::{StakeDecision, StakeRelease};
use std::collections::BTreeSet;
use uuid::Uuid;

pub use crate::domain::stake::Wanted;

impl From<StakeError> for Fault {
    fn from(error: StakeError) -> Self {
        Self::bug(error.to_string())
    }
}

/// Decides lists of holds, each with the key of its message, in their order. Returns one decision
/// per item, in order.
///
/// # Errors
/// The database; a broken item; a bet whose hold came before with another amount.
pub async fn hold(unit: &mut Unit, lists: &[(Uuid, Vec<Wanted>)]) -> Result<Vec<StakeDecision>, Fault> {
    let wanted = || lists.iter().flat_map(|(_, list)| list);
    let escrows: BTreeSet<Account> = wanted().map(|item| Account::escrow(item.room)).collect();
    store::ledger::open(unit, &escrows).await?;
    let accounts = escrows.into_iter().chain(wanted().map(|item| Account::available(item.account))).collect();
    let mut balances = store::ledger::lock(unit, &accounts).await?;
    // Read under the accounts' locks: two lists with the same bet wait for each other there.
    let bets: Vec<Uuid> = wanted().map(|item| item.bet.uuid()).collect();
    let mut holds = store::hold::of_bets(unit, &bets).await?;
    let now = unit.now().await?;
    let owners: BTreeSet<Uuid> = wanted().map(|item| item.account.uuid()).collect();
    let mut players =
        store::limit::players(unit.conn(), &owners.into_iter().collect::<Vec<_>>(), now).await?;
    let Taken { decisions, fresh, movements } =
        stake::hold(lists, &mut holds, &mut balances, &mut players, now)?;
    store::hold::insert(unit, &fresh.iter().collect::<Vec<_>>()).await?;
    store::ledger::write(unit, &movements.iter().collect::<Vec<_>>(), &balances).await?;
    Ok(decisions)
}

/// Gives stakes back, or makes sure that they are never taken. Returns one decision per item.
///
/// # Errors
/// The database; a broken item; a bet that a settlement has paid.
pub async fn release(unit: &mut Unit, items: &[StakeRelease]) -> Result<Vec<StakeDecision>, Fault> {
    let items = items.iter().map(Unwanted::try_from).collect::<Result<Vec<_>, _>>()?;
    let both = |item: &Unwanted| [Account::available(item.account), Account::escrow(item.room)];
    let accounts: BTreeSet<Account> = items.iter().flat_map(both).collect();
    let mut balances = store::ledger::lock(unit, &accounts).await?;
    let bets: Vec<Uuid> = items.iter().map(|item| item.bet.uuid()).collect();
    let mut holds = store::hold::of_bets(unit, &bets).await?;
    let Returned { decisions, tombstones, given_back, movements } =
        stake::release(&items, &mut holds, &mut balances)?;
    store::hold::insert(unit, &tombstones.iter().collect::<Vec<_>>()).await?;
    if !given_back.is_empty() {
        let given_back: Vec<Uuid> = given_back.iter().map(|bet| bet.uuid()).collect();
        store::hold::release(unit, &given_back).await?;
    }
    store::ledger::write(unit, &movements.iter().collect::<Vec<&Movement>>(), &balances).await?;
    Ok(decisions)
}
