//! Taking SOL out, and taking that back.

use crate::{delivery, services::ADDRESS, stage::Stage};
use proto::{
    Refusal, Service, WithdrawalId,
    common::{Outcome, RefusalCode},
    wallet::{CancelWithdrawal, CancelWithdrawalDone, RequestWithdrawal, Withdrawal, WithdrawalState},
};
use std::time::Duration;
use uuid::Uuid;

const ANNA: i64 = 5_000_000_001;
const ELSEWHERE: &str = "So11111111111111111111111111111111111111112";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scenario_12_no_forged_amount_gets_past_the_chat() {
    let stage = Stage::set().await;
    stage.member(ANNA).await;
    stage.telegram.say(ANNA, "/withdraw");
    stage.telegram.sees(ANNA, "Send me the Solana address").await;
    stage.telegram.say(ANNA, ELSEWHERE);
    let amount = stage.telegram.sees(ANNA, "How much?").await;
    for typed in ["-1", "NaN", "1e3", "0x10", "inf", "0.0000000001", "99999999999"] {
        stage.telegram.say(ANNA, typed);
        stage.telegram.sees(ANNA, "That is not an amount in SOL").await;
        stage.telegram.forget_messages(ANNA);
    }
    for typed in ["0", "0.009999999"] {
        stage.telegram.say(ANNA, typed);
        stage.telegram.sees(ANNA, "The smallest withdrawal is 0.01 SOL").await;
        stage.telegram.forget_messages(ANNA);
    }
    let nobodys = format!("2ok!.{}", "A".repeat(21) + "Q");
    for data in ["2wdp.-100", "2wdp.+100", "2wdp.100.1", "cb:withdraw_100:-5", "2ok!.-1", &nobodys] {
        stage.telegram.press_in(ANNA, ANNA, amount.id, data);
    }
    // A share beyond all is all.
    stage.telegram.press_in(ANNA, ANNA, amount.id, "2wdp.4000000000");
    stage.telegram.sees(ANNA, "Leaves your balance <b>2 SOL</b>").await;
    assert!(stage.take::<RequestWithdrawal>(Duration::from_millis(300)).await.is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scenario_13_a_wrong_address_is_refused_before_the_amount() {
    let stage = Stage::set().await;
    stage.member(ANNA).await;
    stage.telegram.say(ANNA, "/withdraw");
    stage.telegram.sees(ANNA, "Send me the Solana address").await;
    for (typed, answer) in [
        ("0x52908400098527886E0F7030069857D2E4169EE7", "not a Solana address"),
        (ADDRESS, "That is a deposit address of ROOMS"),
    ] {
        stage.telegram.forget_messages(ANNA);
        stage.telegram.say(ANNA, typed);
        let screen = stage.telegram.sees(ANNA, answer).await;
        assert!(screen.text.contains("Send me the Solana address"), "{}", screen.text);
    }
    stage.telegram.say(ANNA, ELSEWHERE);
    stage.telegram.sees(ANNA, "How much?").await;
}

fn withdrawal(account: &[u8], id: Uuid, state: WithdrawalState, version: u64) -> Withdrawal {
    Withdrawal {
        withdrawal_id: id.as_bytes().to_vec(),
        account_id: account.to_vec(),
        address: ELSEWHERE.into(),
        lamports: 2_000_000_000,
        fee_lamports: 10_000,
        state: state.into(),
        approvals_needed: 2,
        version,
        ..Withdrawal::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_withdrawal_that_waits_is_taken_back_in_its_own_message() {
    let stage = Stage::set().await;
    let account = stage.member(ANNA).await;
    let id = Uuid::now_v7();
    let held = withdrawal(&account, id, WithdrawalState::Held, 2);
    delivery::deliver(&stage, ANNA, delivery::of_withdrawal(held)).await;
    let notice = stage.telegram.sees(ANNA, "0 of 2 have approved it").await;
    // Two taps are one command.
    stage.telegram.press(ANNA, "Cancel the withdrawal").await;
    stage.telegram.press(ANNA, "Cancel the withdrawal").await;
    let cancel = stage.next::<CancelWithdrawal>().await;
    assert_eq!(cancel.command.account_id, account);
    assert_eq!(WithdrawalId::try_from_bytes(&cancel.command.withdrawal_id).unwrap().uuid(), id);
    let done =
        CancelWithdrawalDone { withdrawal: Some(withdrawal(&account, id, WithdrawalState::Cancelled, 3)) };
    stage.tell(Service::Wallet, Outcome::done(cancel.id.as_bytes(), &done)).await;
    let cancelled = stage.telegram.sees(ANNA, "✗ Cancelled.").await;
    assert_eq!(cancelled.id, notice.id, "edited, not sent anew");
    assert!(cancelled.button("Cancel the withdrawal").is_none());
    assert!(stage.take::<CancelWithdrawal>(Duration::from_millis(300)).await.is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancel_that_comes_too_late_says_so_above_the_withdrawal() {
    let stage = Stage::set().await;
    let account = stage.member(ANNA).await;
    let id = Uuid::now_v7();
    let held = withdrawal(&account, id, WithdrawalState::Held, 2);
    delivery::deliver(&stage, ANNA, delivery::of_withdrawal(held)).await;
    stage.telegram.sees(ANNA, "<b>Withdrawal</b>").await;
    stage.telegram.press(ANNA, "Cancel the withdrawal").await;
    let cancel = stage.next::<CancelWithdrawal>().await;
    let submitted = withdrawal(&account, id, WithdrawalState::Submitted, 5);
    stage.services.state.lock().unwrap().withdrawal = Some(submitted);
    let late = Refusal::new(RefusalCode::WithdrawState).with("state", "SUBMITTED");
    stage.tell(Service::Wallet, Outcome::refused(cancel.id.as_bytes(), &late)).await;
    let message = stage.telegram.sees(ANNA, "It is too late").await;
    assert!(message.text.contains("✓ sent to Solana"), "{}", message.text);
}
