//! Money that leaves: paid once or given back, whatever the endpoints say.

use crate::{
    faulty_rpc::{Faults, FaultyRpc},
    world::{SOL, World, eventually},
};
use proto::{
    common::RefusalCode,
    wallet::{RequestWithdrawalDone, WithdrawalChanged, WithdrawalState},
};
use serde_json::json;
use solana_client::rpc_request::RpcRequest;
use solana_keypair::Keypair;
use solana_pubkey::Pubkey;
use solana_signer::Signer as _;
use std::{collections::HashSet, time::Duration};
use uuid::Uuid;
use wallet_svc::domain::{
    ledger::{Account, Kind},
    withdrawal::State,
};

fn stranger() -> Pubkey {
    Keypair::new().pubkey()
}

/// Attempts to pay withdrawals and their states.
async fn payments(world: &World) -> Vec<(i32, String)> {
    let attempts = world.attempts().await.into_iter();
    attempts
        .filter(|(_, _, purpose, _)| purpose == "WITHDRAWAL")
        .map(|(_, attempt, _, state)| (attempt, state))
        .collect()
}

#[tokio::test]
async fn a_withdrawal_is_paid_and_told() {
    let world = World::funded().await;
    let account = world.rich_account(2 * SOL).await;
    let to = stranger();
    let id = world.request(account, &to, SOL).await;
    assert_eq!(world.available(account).await, SOL);
    world.until_state(id, State::Finalized).await;
    assert_eq!(world.outside.lamports(&to).await, SOL - 10_000);

    let done: RequestWithdrawalDone = world.outcome(id.uuid()).await.unwrap().decided().unwrap().unwrap();
    assert_eq!(done.withdrawal.unwrap().state(), WithdrawalState::Held);
    let told: Vec<WithdrawalChanged> = world.told().await;
    let told: Vec<_> = told.into_iter().filter_map(|told| told.withdrawal).collect();
    let states: Vec<WithdrawalState> = told.iter().map(proto::wallet::Withdrawal::state).collect();
    use WithdrawalState::{Approved, Finalized, Held, Signed, Submitted};
    assert_eq!(states, [Held, Approved, Signed, Submitted, Finalized]);
    let versions: Vec<u64> = told.iter().map(|told| told.version).collect();
    assert_eq!(versions, [2, 3, 4, 5, 6]);
    let signature = world.withdrawal(id).await.signature.unwrap().to_string();
    assert!(told[2..].iter().all(|told| told.signature == signature));

    world.check_books().await;
    assert_eq!(world.balance(Account::held(account)).await, 0);
    assert_eq!(world.balance(Account::house(Kind::WithdrawalsInFlight)).await, 0);
    // The fee of 10,000 less one signature.
    assert_eq!(world.balance(Account::house(Kind::NetworkFees)).await, 5_000);
}

#[tokio::test]
async fn the_same_request_twice_is_one_withdrawal() {
    let world = World::funded().await;
    let account = world.rich_account(3 * SOL).await;
    let (slip, to) = (Uuid::now_v7(), stranger());
    for _ in 0..2 {
        world.request_as(slip, account, &to.to_string(), SOL, &world.settings()).await;
    }
    let id = proto::WithdrawalId::new(slip);
    world.until_state(id, State::Finalized).await;
    world.request_as(slip, account, &to.to_string(), SOL, &world.settings()).await;
    assert_eq!(world.available(account).await, 2 * SOL);
    assert_eq!(world.outside.lamports(&to).await, SOL - 10_000);
    world.check_books().await;
}

#[tokio::test]
async fn scenarios_12_and_13_refusals_reserve_nothing() {
    let world = World::funded().await;
    let account = world.rich_account(2 * SOL).await;
    let (_, other) = world.account().await;
    let (derived, _) = Pubkey::find_program_address(&[b"x"], &stranger());
    let treasury = world.treasury().await.to_string();
    for (to, lamports, code) in [
        (stranger().to_string(), SOL / 100 - 1, RefusalCode::WithdrawTooSmall),
        (stranger().to_string(), 0, RefusalCode::WithdrawTooSmall),
        (stranger().to_string(), -SOL, RefusalCode::WithdrawTooSmall),
        (stranger().to_string(), 2 * SOL + 1, RefusalCode::WithdrawNotEnough),
        (derived.to_string(), SOL, RefusalCode::WithdrawAddressInvalid),
        ("not an address".to_owned(), SOL, RefusalCode::WithdrawAddressInvalid),
        (other.to_string(), SOL, RefusalCode::WithdrawAddressIsDeposit),
        (treasury, SOL, RefusalCode::WithdrawAddressIsDeposit),
    ] {
        let id = Uuid::now_v7();
        world.request_as(id, account, &to, lamports, &world.settings()).await;
        let refused = world.outcome(id).await.unwrap().decided::<RequestWithdrawalDone>().unwrap();
        assert_eq!(refused.unwrap_err().code, code, "{to} {lamports}");
    }
    assert_eq!(world.available(account).await, 2 * SOL);
    assert_eq!(world.balance(Account::held(account)).await, 0);
}

#[tokio::test]
async fn a_destination_below_rent_is_refused_and_the_money_given_back() {
    let mut world = World::parts().await;
    let url = world.chain.url();
    world.serve(&[&url], &[("WITHDRAW_MIN", "100000")]).await;
    world.fund_capital(SOL).await;
    let account = world.rich_account(SOL).await;
    let mut settings = world.settings();
    settings.withdrawals.min = proto::Lamports::new(100_000);
    let id = Uuid::now_v7();
    let withdrawal = world.request_as(id, account, &stranger().to_string(), 200_000, &settings).await;
    world.until_state(withdrawal, State::Rejected).await;
    let refused = world.outcome(id).await.unwrap().decided::<RequestWithdrawalDone>().unwrap();
    assert_eq!(refused.unwrap_err().code, RefusalCode::WithdrawBelowRent);
    assert_eq!(world.available(account).await, SOL);
    assert_eq!(payments(&world).await, []);
    world.check_books().await;
}

#[tokio::test]
async fn a_new_address_waits_and_then_goes_by_itself() {
    let mut world = World::parts().await;
    let url = world.chain.url();
    world.serve(&[&url], &[("WITHDRAW_NEW_ADDRESS_HOLD", "24h")]).await;
    world.fund_capital(SOL).await;
    let account = world.rich_account(SOL).await;
    let mut settings = world.settings();
    settings.withdrawals.new_address_hold = Duration::from_secs(86_400);
    let to = stranger();
    let id = world.request_as(Uuid::now_v7(), account, &to.to_string(), SOL / 2, &settings).await;
    world.until_state(id, State::Held).await;
    world.db.advance(Duration::from_secs(86_400 - 60)).await.unwrap();
    // The jobs go on meanwhile: a comparison is a round of theirs.
    eventually("compared", || async { world.drift().await.is_some() }).await;
    assert_eq!(world.withdrawal(id).await.state, State::Held);
    world.db.advance(Duration::from_secs(61)).await.unwrap();
    world.until_state(id, State::Finalized).await;
    assert_eq!(world.outside.lamports(&to).await, SOL / 2 - 10_000);
}

#[tokio::test]
async fn two_replicas_pay_many_withdrawals_once_each() {
    let mut world = World::funded().await;
    let url = world.chain.url();
    world.serve(&[&url], &[]).await;
    let account = world.rich_account(8 * SOL).await;
    let destinations: Vec<Pubkey> = (0..25).map(|_| stranger()).collect();
    let mut ids = Vec::new();
    for to in &destinations {
        ids.push(world.request(account, to, SOL / 10).await);
    }
    for id in &ids {
        world.until_state(*id, State::Finalized).await;
    }
    for to in &destinations {
        assert_eq!(world.outside.lamports(to).await, SOL / 10 - 10_000);
    }
    let transactions: HashSet<Uuid> = {
        let mut all = HashSet::new();
        for id in &ids {
            all.extend(world.withdrawal(*id).await.chain_tx);
        }
        all
    };
    assert!(transactions.len() < ids.len() / 2, "packed: {} transactions", transactions.len());
    world.check_books().await;
}

#[tokio::test]
async fn landed_but_the_answer_was_lost() {
    let mut world = World::funded().await;
    let account = world.rich_account(2 * SOL).await;
    world.stop().await;
    let broken = Faults { breaks_after_send: true, ..Faults::default() };
    let first = FaultyRpc::start(world.chain.url(), broken.clone()).await.unwrap();
    let second = FaultyRpc::start(world.chain.url(), broken).await.unwrap();
    world.serve(&[&first.url, &second.url], &[]).await;
    let to = stranger();
    let id = world.request(account, &to, SOL).await;
    world.until_state(id, State::Finalized).await;
    assert!(first.sends() + second.sends() >= 1);
    assert_eq!(payments(&world).await, [(1, "FINALIZED".to_owned())]);
    assert_eq!(world.outside.lamports(&to).await, SOL - 10_000);
    world.check_books().await;
}

#[tokio::test]
async fn scenario_11_what_never_landed_is_signed_again_only_after_its_death() {
    let mut world = World::funded().await;
    let account = world.rich_account(2 * SOL).await;
    world.stop().await;
    let swallows = Faults { swallows_sends: true, ..Faults::default() };
    let first = FaultyRpc::start(world.chain.url(), swallows.clone()).await.unwrap();
    let second = FaultyRpc::start(world.chain.url(), swallows).await.unwrap();
    world.serve(&[&first.url, &second.url], &[]).await;
    let to = stranger();
    let id = world.request(account, &to, SOL).await;
    world.until_state(id, State::Submitted).await;
    let lost = world.withdrawal(id).await.signature.unwrap();
    eventually("dead", || async { payments(&world).await.contains(&(1, "DEAD".to_owned())) }).await;
    first.set(Faults::default());
    second.set(Faults::default());
    world.until_state(id, State::Finalized).await;
    let paid = payments(&world).await;
    assert!(paid.len() >= 2, "{paid:?}");
    let (last, dead) = paid.split_last().unwrap();
    assert_eq!(last.1, "FINALIZED");
    assert!(dead.iter().all(|(_, state)| state == "DEAD"), "{paid:?}");
    assert_ne!(world.withdrawal(id).await.signature.unwrap(), lost);
    assert_eq!(world.outside.lamports(&to).await, SOL - 10_000);
    world.check_books().await;
}

/// Stops the making of blocks, so that a transaction is neither landed nor dead.
async fn clock(world: &World, method: &'static str) {
    let request = RpcRequest::Custom { method };
    world.outside.rpc.send::<serde_json::Value>(request, json!([])).await.unwrap();
}

#[tokio::test]
async fn one_lying_endpoint_never_makes_a_second_signature() {
    let mut world = World::funded().await;
    let account = world.rich_account(2 * SOL).await;
    world.stop().await;
    // It claims a height far beyond every deadline: death, if it were believed.
    let lies = Faults { height_ahead: 1_000_000, ..Faults::default() };
    let liar = FaultyRpc::start(world.chain.url(), Faults::default()).await.unwrap();
    let honest = world.chain.url();
    world.serve(&[&liar.url, &honest], &[]).await;
    // No block is made from here on: what is submitted neither lands nor dies.
    clock(&world, "surfnet_pauseClock").await;
    let to = stranger();
    let id = world.request(account, &to, SOL).await;
    world.until_state(id, State::Submitted).await;
    liar.set(lies);
    let asked = liar.asked();
    eventually("rounds in which the lie is heard", || async { liar.asked() > asked + 10 }).await;
    assert_eq!(payments(&world).await, [(1, "SUBMITTED".to_owned())]);
    clock(&world, "surfnet_resumeClock").await;
    world.until_state(id, State::Finalized).await;
    assert_eq!(payments(&world).await, [(1, "FINALIZED".to_owned())]);
    assert_eq!(world.outside.lamports(&to).await, SOL - 10_000);
}

#[tokio::test]
async fn one_endpoint_that_says_failed_gives_no_money_back() {
    let mut world = World::funded().await;
    let account = world.rich_account(2 * SOL).await;
    world.stop().await;
    let liar =
        FaultyRpc::start(world.chain.url(), Faults { says_failed: true, ..Faults::default() }).await.unwrap();
    let honest = world.chain.url();
    world.serve(&[&liar.url, &honest], &[]).await;
    let to = stranger();
    let id = world.request(account, &to, SOL).await;
    eventually("landed", || async { world.outside.lamports(&to).await > 0 }).await;
    // The lie is heard before the transaction is finalized and after: first the other endpoint says
    // less, then it says the opposite.
    let asked = liar.asked();
    eventually("rounds in which the lie is heard", || async { liar.asked() > asked + 40 }).await;
    assert_eq!(world.withdrawal(id).await.state, State::Submitted);
    assert_eq!(world.available(account).await, SOL);
    liar.set(Faults::default());
    world.until_state(id, State::Finalized).await;
    assert_eq!(world.available(account).await, SOL);
    world.check_books().await;
}

#[tokio::test]
async fn a_failed_pack_is_split_and_only_the_failing_one_is_given_back() {
    let mut world = World::funded().await;
    let account = world.rich_account(3 * SOL).await;
    world.stop().await;
    let faults = Faults { invents_accounts: true, skips_preflight: true, ..Faults::default() };
    let rpc = FaultyRpc::start(world.chain.url(), faults).await.unwrap();
    let (good, bad) = (stranger(), stranger());
    let mut settings = world.settings();
    settings.withdrawals.min = proto::Lamports::new(100_000);
    // Requested while nobody runs, so that both meet in one transaction.
    let paid = world.request_as(Uuid::now_v7(), account, &good.to_string(), SOL, &settings).await;
    let returned = world.request_as(Uuid::now_v7(), account, &bad.to_string(), 200_000, &settings).await;
    world.serve(&[&rpc.url], &[("DRIFT_PAUSE", "1h")]).await;
    world.until_state(paid, State::Finalized).await;
    world.until_state(returned, State::Failed).await;
    assert_eq!(world.outside.lamports(&good).await, SOL - 10_000);
    assert_eq!(world.outside.lamports(&bad).await, 0);
    assert_eq!(world.available(account).await, 2 * SOL);
    let states: Vec<String> = payments(&world).await.into_iter().map(|(_, state)| state).collect();
    assert_eq!(states.iter().filter(|state| *state == "FAILED").count(), 2, "{states:?}");
    assert_eq!(states.iter().filter(|state| *state == "FINALIZED").count(), 1, "{states:?}");
    rpc.set(Faults::default());
    world.check_books().await;
}
