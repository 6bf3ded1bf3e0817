//! Money that arrives.

use crate::world::{SOL, World, eventually};
use proto::wallet::{DepositChanged, DepositState};
use solana_keypair::Keypair;
use solana_signer::Signer as _;
use wallet_svc::{
    domain::ledger::{Account, Kind},
    store,
};

#[tokio::test]
async fn a_deposit_is_seen_then_credited_once_and_swept() {
    let world = World::funded().await;
    let (account, address) = world.account().await;
    let payer = world.outside.wallet(3 * SOL).await;
    let signature = world.outside.send(&payer, &[(address, SOL + 7)]).await;
    eventually("credited", || async { world.available(account).await == SOL + 7 }).await;

    let told: Vec<DepositChanged> = world.told().await;
    let states: Vec<DepositState> = told.iter().map(DepositChanged::state).collect();
    assert_eq!(states, [DepositState::Seen, DepositState::Credited]);
    assert!(told.iter().all(|told| told.lamports == SOL + 7 && told.signature == signature.to_string()));
    assert!(told.iter().all(|told| told.account_id == account.bytes()));
    assert_eq!(told[0].deposit_id, told[1].deposit_id);
    assert_eq!(told[1].available_lamports, SOL + 7);

    eventually("swept", || async { world.lies_at(&address).await == 0 }).await;
    assert_eq!(world.outside.lamports(&address).await, 0);
    world.check_books().await;
    // The user pays nothing for it, capital does: two signatures.
    assert_eq!(world.available(account).await, SOL + 7);
    let capital = world.balance(Account::house(Kind::Capital)).await;
    assert!((SOL - 15_000..SOL - 10_000 + 1).contains(&capital), "{capital}");
}

#[tokio::test]
async fn several_transfers_in_one_transaction_are_several_deposits() {
    let world = World::funded().await;
    let (one, first) = world.account().await;
    let (two, second) = world.account().await;
    let payer = world.outside.wallet(9 * SOL).await;
    world.outside.send(&payer, &[(first, SOL), (second, 2 * SOL), (first, 3 * SOL)]).await;
    eventually("credited", || async {
        world.available(one).await == 4 * SOL && world.available(two).await == 2 * SOL
    })
    .await;
    let credited: i64 = sqlx::query_scalar("SELECT count(*) FROM wallet.deposit WHERE owner IN ($1, $2)")
        .bind(one.uuid())
        .bind(two.uuid())
        .fetch_one(world.db.pool())
        .await
        .unwrap();
    assert_eq!(credited, 3);
    world.check_books().await;
}

#[tokio::test]
async fn a_history_read_again_from_its_start_credits_nothing_twice() {
    let mut world = World::funded().await;
    let account = world.rich_account(SOL).await;
    // A second replica, and both forget how far they were.
    let url = world.chain.url();
    world.serve(&[&url], &[]).await;
    sqlx::query("UPDATE wallet.address SET cursor = NULL, due_at = '-infinity'")
        .execute(world.db.pool())
        .await
        .unwrap();
    let forgotten = || async {
        let left: i64 = sqlx::query_scalar("SELECT count(*) FROM wallet.address WHERE cursor IS NULL")
            .fetch_one(world.db.pool())
            .await
            .unwrap();
        left == 0
    };
    eventually("read again", forgotten).await;
    assert_eq!(world.available(account).await, SOL);
    assert_eq!(world.told::<DepositChanged>().await.len(), 2);
    world.check_books().await;
}

#[tokio::test]
async fn dust_is_credited_without_a_message() {
    let world = World::funded().await;
    let (account, address) = world.account().await;
    let payer = world.outside.wallet(2 * SOL).await;
    // Above the rent minimum, below the notice minimum of 0.001 SOL.
    world.outside.send(&payer, &[(address, 999_999)]).await;
    eventually("credited", || async { world.available(account).await == 999_999 }).await;
    assert_eq!(world.told::<DepositChanged>().await, []);
}

#[tokio::test]
async fn sweeps_wait_for_capital_and_touch_no_users_money() {
    let world = World::start().await;
    let (account, address) = world.account().await;
    let payer = world.outside.wallet(3 * SOL).await;
    world.outside.send(&payer, &[(address, SOL)]).await;
    eventually("credited", || async { world.available(account).await == SOL }).await;
    // Rounds pass and nothing is built: the comparison of ledger and chain keeps running meanwhile.
    eventually("compared", || async { world.drift().await.is_some() }).await;
    assert_eq!(world.attempts().await, []);
    world.fund_capital(SOL / 10).await;
    eventually("swept", || async { world.lies_at(&address).await == 0 }).await;
    assert_eq!(world.available(account).await, SOL);
    world.check_books().await;
}

#[tokio::test]
async fn a_failed_transfer_and_a_transfer_elsewhere_are_no_deposits() {
    let world = World::start().await;
    let (account, address) = world.account().await;
    let payer = world.outside.wallet(2 * SOL).await;
    // Names the address without paying it, then pays it.
    let elsewhere = Keypair::new().pubkey();
    world.outside.send(&payer, &[(elsewhere, SOL / 2)]).await;
    world.outside.send(&payer, &[(address, SOL / 4)]).await;
    eventually("credited", || async { world.available(account).await == SOL / 4 }).await;
    assert!(store::key::is_ours(world.db.pool(), &address).await.unwrap());
    assert!(!store::key::is_ours(world.db.pool(), &elsewhere).await.unwrap());
    world.check_books().await;
}
