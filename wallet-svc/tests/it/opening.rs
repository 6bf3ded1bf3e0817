//! Accounts are opened once, whoever asks how often.

use crate::{bank::Branch, world::eventually};
use chassis::Outgoing;
use proto::{
    AccountId,
    wallet::{AccountOpened, OpenAccount},
};
use std::collections::BTreeSet;
use uuid::Uuid;

/// Two replicas open the same accounts, one in ascending and one in descending order.
#[tokio::test(flavor = "multi_thread")]
async fn accounts_asked_for_in_crossing_batches_are_opened_once() {
    let mut branch = Branch::open(2).await;
    let accounts: Vec<AccountId> = (0..60).map(|_| AccountId::new(Uuid::now_v7())).collect();
    let open = |account: &AccountId| {
        Outgoing::command(&OpenAccount { account_id: account.bytes(), ..Default::default() }).into_message()
    };
    let there_and_back = accounts.iter().zip(accounts.iter().rev());
    let messages: Vec<_> = there_and_back.flat_map(|(there, back)| [open(there), open(back)]).collect();
    branch.meet(&messages).await;
    let obeyed = "SELECT count(*) FROM wallet.inbox";
    eventually("all obeyed", || async { branch.bank.count(obeyed).await == 120 }).await;
    eventually("all told", || async { branch.told::<AccountOpened>().len() >= 60 }).await;
    assert_eq!(branch.deadlocks().await, 0);
    let told = branch.told::<AccountOpened>().into_iter().map(|told| told.account.unwrap().account_id);
    let told: Vec<Vec<u8>> = told.collect();
    assert_eq!(told.len(), 60, "one event for each account");
    assert_eq!(
        told.into_iter().collect::<BTreeSet<_>>(),
        accounts.iter().map(|account| account.bytes()).collect()
    );
    let of_users = "SELECT count(*) FROM wallet.ledger_account WHERE kind IN (1, 2)";
    assert_eq!(branch.bank.count(of_users).await, 120, "available and held of each");
    assert_eq!(branch.dead_letters().await, [] as [String; 0]);
}
