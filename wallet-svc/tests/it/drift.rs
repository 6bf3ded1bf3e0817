//! When ledger and chain disagree, and when it is another chain.

use crate::world::{SOL, World, eventually};
use proto::WithdrawalId;
use servers::LocalChain;
use solana_keypair::Keypair;
use solana_message::{VersionedMessage, v0};
use solana_signer::Signer as _;
use solana_system_interface::instruction as system;
use solana_transaction::versioned::VersionedTransaction;
use std::time::Duration;
use time::OffsetDateTime;
use uuid::Uuid;
use wallet_svc::{
    domain::{pause::Cause, withdrawal::State},
    keys::{Authorization, KeyOwner, Order, Payment, Signer as _},
    store,
};

#[tokio::test]
async fn money_that_leaves_behind_our_back_pauses_withdrawals() {
    let world = World::funded().await;
    let account = world.rich_account(2 * SOL).await;
    eventually("agreement", || async { world.drift().await == Some(proto::Lamports::ZERO) }).await;
    assert!(!world.paused().await);

    // Somebody has the treasury's key.
    let treasury = store::key::of_owner(world.db.pool(), KeyOwner::Treasury).await.unwrap().unwrap();
    let hash = world.outside.rpc.get_latest_blockhash().await.unwrap();
    let thief = Keypair::new().pubkey();
    let theft = [system::transfer(&treasury.address, &thief, 1_000_000)];
    let message =
        VersionedMessage::V0(v0::Message::try_compile(&treasury.address, &theft, &[], hash).unwrap());
    let payment = Payment {
        withdrawal: WithdrawalId::new(Uuid::now_v7()),
        to: thief,
        lamports: proto::Lamports::new(1_000_000),
        fee: proto::Lamports::ZERO,
        approvals_needed: 0,
        approvals: Vec::new(),
    };
    let order = Order {
        message: &message.serialize(),
        keys: &[treasury],
        authorization: &Authorization::Withdrawals(vec![payment]),
        committed_at: OffsetDateTime::UNIX_EPOCH,
    };
    let transaction =
        VersionedTransaction { signatures: world.signer().sign(&order).await.unwrap(), message };
    world.outside.rpc.send_and_confirm_transaction(&transaction).await.unwrap();

    eventually("paused", || world.paused()).await;
    assert_eq!(world.drift().await, Some(proto::Lamports::new(-1_005_000)));
    let refused = world.request(account, &Keypair::new().pubkey(), SOL).await;
    let outcome = world.outcome(refused.uuid()).await.unwrap();
    let refusal = outcome.decided::<proto::wallet::RequestWithdrawalDone>().unwrap().unwrap_err();
    assert_eq!(refusal.code, proto::common::RefusalCode::WithdrawPaused);
}

#[tokio::test]
async fn a_pause_stops_what_is_not_signed_yet() {
    let mut world = World::parts().await;
    let url = world.chain.url();
    world.serve(&[&url], &[("WITHDRAW_NEW_ADDRESS_HOLD", "24h")]).await;
    world.fund_capital(SOL).await;
    let account = world.rich_account(2 * SOL).await;
    let mut settings = world.settings();
    settings.withdrawals.new_address_hold = Duration::from_secs(86_400);
    let to = Keypair::new().pubkey();
    let id = world.request_as(Uuid::now_v7(), account, &to.to_string(), SOL, &settings).await;
    world.until_state(id, State::Held).await;
    let mut unit = world.unit().await;
    store::pause::begin(unit.conn(), Cause::Operator, "an operator says so").await.unwrap();
    unit.commit().await.unwrap();
    world.db.advance(Duration::from_secs(86_401)).await.unwrap();
    // A later request is still looked at, in the round after which approval would have come.
    sqlx::query("DELETE FROM wallet.pause").execute(world.db.superuser()).await.unwrap();
    world.until_state(id, State::Finalized).await;
}

#[tokio::test]
async fn on_another_chain_nothing_moves() {
    let mut world = World::funded().await;
    let account = world.rich_account(2 * SOL).await;
    world.stop().await;
    let other = LocalChain::for_test(crate::world::SLOT).await.unwrap();
    world.serve(&[&other.url()], &[]).await;
    eventually("not ready", || async {
        let ready = world.ready().await;
        ready["checks"].as_array().unwrap().iter().any(|check| {
            check["name"] == "chain"
                && check["state"] == "failing"
                && check["last_error"].to_string().contains("newest finalized")
        })
    })
    .await;
    let before = world.attempts().await;
    let id = world.request(account, &Keypair::new().pubkey(), SOL).await;
    // The guard looks every second; two more looks are time enough for a job to move, if it could.
    eventually("looked again", || async { world.ready().await["status"] == "failing" }).await;
    assert_eq!(world.withdrawal(id).await.state, State::Requested);
    assert_eq!(world.attempts().await, before);

    // Back on its own chain the same service goes on.
    world.stop().await;
    let own = world.chain.url();
    world.serve(&[&own], &[]).await;
    world.until_state(id, State::Finalized).await;
    world.check_books().await;
}

#[tokio::test]
async fn a_killed_chain_that_comes_back_loses_nothing() {
    let world = World::funded().await;
    let account = world.rich_account(2 * SOL).await;
    let to = Keypair::new().pubkey();
    let id = world.request(account, &to, SOL).await;
    world.until_state(id, State::Submitted).await;
    world.chain.kill().await;
    world.chain.restart().await.unwrap();
    world.until_state(id, State::Finalized).await;
    assert_eq!(world.outside.lamports(&to).await, SOL - 10_000);
    assert_eq!(world.available(account).await, SOL);
}
