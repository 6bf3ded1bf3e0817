//! What the network is offered, and who pays it.

use crate::{
    faulty_rpc::{Faults, FaultyRpc},
    world::{SOL, World, eventually},
};
use solana_keypair::Keypair;
use solana_signer::Signer as _;
use std::collections::BTreeSet;
use wallet_svc::{
    domain::{
        ledger::{Account, Kind},
        withdrawal::State,
    },
    store,
};

#[tokio::test]
async fn the_offer_follows_the_accounts_written_to_and_never_passes_its_limit() {
    let mut world = World::funded().await;
    let account = world.rich_account(3 * SOL).await;
    world.stop().await;
    let rpc = FaultyRpc::start(world.chain.url(), Faults::default()).await.unwrap();
    world.serve(&[&rpc.url], &[("PRIORITY_FEE_LIMIT", "4000")]).await;
    let mut collected = world.balance(Account::house(Kind::NetworkFees)).await;
    // Nothing asked, a price within the limit, and one far beyond it: 80,000 units and a few more.
    for (price, least, most) in [(0, 0, 0), (10_000, 1, 3_999), (u64::MAX / 2, 3_900, 4_000)] {
        rpc.set(Faults { price: Some(price), ..Faults::default() });
        let to = Keypair::new().pubkey();
        let id = world.request(account, &to, SOL / 2).await;
        world.until_state(id, State::Finalized).await;
        assert_eq!(world.outside.lamports(&to).await, SOL / 2 - 10_000, "as the preview said");
        let chain_tx = world.withdrawal(id).await.chain_tx.unwrap();
        let (offered, paid): (i64, i64) =
            sqlx::query_as("SELECT max_fee, fee FROM wallet.chain_tx WHERE id = $1 AND fee IS NOT NULL")
                .bind(chain_tx)
                .fetch_one(world.db.pool())
                .await
                .unwrap();
        assert_eq!(paid, offered, "known before it is paid");
        assert!((least..=most).contains(&(offered - 5_000)), "{price}: {offered}");
        collected += 10_000 - paid;
        assert_eq!(
            world.balance(Account::house(Kind::NetworkFees)).await,
            collected,
            "the user's fee pays it"
        );
        let asked: BTreeSet<String> = rpc.priced().into_iter().collect();
        assert_eq!(asked, [world.treasury().await, to].iter().map(ToString::to_string).collect());
    }
    world.check_books().await;
}

#[tokio::test]
async fn sweeps_are_packed_paid_from_capital_and_move_nothing_twice() {
    let mut world = World::start().await;
    let payer = world.outside.wallet(20 * SOL).await;
    let mut accounts = Vec::new();
    for _ in 0..12 {
        accounts.push(world.account().await);
    }
    let transfers: Vec<_> = accounts.iter().map(|(_, address)| (*address, SOL)).collect();
    world.outside.send(&payer, &transfers).await;
    for (account, _) in &accounts {
        eventually("credited", || async { world.available(*account).await == SOL }).await;
    }
    assert_eq!(world.attempts().await, [], "no capital, no sweep");
    // Two replicas see the money for it at the same time.
    let url = world.chain.url();
    world.serve(&[&url], &[]).await;
    world.fund_capital(SOL / 10).await;
    for (_, address) in &accounts {
        eventually("swept", || async { world.lies_at(address).await == 0 }).await;
    }
    world.check_books().await;
    let sweeps = world.attempts().await;
    assert!((2..=3).contains(&sweeps.len()), "{sweeps:?}");
    let treasury = world.treasury().await;
    assert_eq!(
        store::address::balance(world.db.pool(), &treasury).await.unwrap().get(),
        world.outside.lamports(&treasury).await
    );
    // One signature of the treasury and one of each source, at the least.
    let spent = SOL / 10 - world.balance(Account::house(Kind::Capital)).await;
    let signatures = 12 + i64::try_from(sweeps.len()).unwrap();
    assert!((5_000 * signatures..=5_000 * signatures + 15_000).contains(&spent), "{spent}");
    for (account, _) in &accounts {
        assert_eq!(world.available(*account).await, SOL, "the user pays nothing");
    }
}
