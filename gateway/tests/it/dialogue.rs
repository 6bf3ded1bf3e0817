//! The road of a user through the chat.

use crate::{stage::Stage, telegram::Telegram};
use proto::{
    RoomId, Service,
    common::{Outcome, RefusalCode},
    notifier::RegisterContact,
    room::{Bet, BetState, OpenRoom, OpenRoomDone, PlaceBet, PlaceBetDone},
    wallet::{
        OpenAccount, RequestWithdrawal, RequestWithdrawalDone, WatchDeposits, Withdrawal, WithdrawalState,
    },
};
use std::time::Duration;
use uuid::Uuid;

const ANNA: i64 = 5_000_000_001;
const BEN: i64 = 5_000_000_002;

pub fn accepted(command: &PlaceBet, id: Uuid) -> PlaceBetDone {
    PlaceBetDone {
        bet: Some(Bet {
            bet_id: id.as_bytes().to_vec(),
            room_id: command.room_id.clone(),
            account_id: command.account_id.clone(),
            outcome: command.outcome,
            stake_lamports: command.stake_lamports,
            state: BetState::Accepted.into(),
            ..Bet::default()
        }),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newcomer_accepts_the_terms_and_gets_a_wallet() {
    let stage = Stage::set().await;
    stage.telegram.say(ANNA, "/wallet");
    let terms = stage.telegram.sees(ANNA, "18 or older").await;
    assert!(terms.text.contains("custodial"));
    let agreed = stage.telegram.press(ANNA, "I accept").await;
    let open = stage.next::<OpenAccount>().await;
    assert_eq!((open.reply_to.as_str(), open.expires), ("gateway", false));
    let contact = stage.next::<RegisterContact>().await;
    assert_eq!(contact.command.account_id, open.command.account_id);
    assert_eq!((contact.command.chat_id, contact.command.language.as_str()), (0, ""), "nothing personal");

    let done = proto::wallet::OpenAccountDone {
        account: Some(crate::stage::wallet_account(&open.command.account_id)),
    };
    stage.tell(Service::Wallet, Outcome::done(open.id.as_bytes(), &done)).await;
    let desk = stage.telegram.sees(ANNA, "Your wallet is ready").await;
    assert_eq!(desk.id, terms.id, "told in the message whose button was pressed");
    assert!(desk.text.contains("2 SOL") && desk.text.contains("$320.42"), "{}", desk.text);

    // The same press again, as after a crash: nothing new is said, and no second account opened.
    stage.telegram.redeliver(agreed);
    stage.telegram.say(ANNA, "/help");
    stage.telegram.sees(ANNA, "How it works").await;
    assert_eq!(stage.telegram.messages(ANNA).len(), 2);
    let accounts: i64 =
        sqlx::query_scalar("SELECT count(*) FROM gateway.person").fetch_one(stage.db.pool()).await.unwrap();
    assert_eq!(accounts, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bet_takes_three_taps_and_two_confirms_are_one_command() {
    let stage = Stage::set().await;
    let room = RoomId::new(Uuid::now_v7());
    stage.services.open_room(room, 12);
    let account = stage.member(ANNA).await;
    stage.telegram.say(ANNA, &format!("/start {}", gateway::callbacks::deep_link_of(room)));
    let card = stage.telegram.sees(ANNA, "Room #12").await;

    stage.telegram.press(ANNA, "YES").await;
    stage.telegram.press(ANNA, "0.5 SOL").await;
    let preview = stage.telegram.with_button(ANNA, "Confirm").await;
    assert_eq!(preview.id, card.id);
    assert!(preview.text.contains("<b>1 SOL</b> (×2.00)"), "{}", preview.text);
    let confirm = preview.button("Confirm").unwrap();
    // A press of the same button by somebody else, and then two by its owner.
    let before = stage.telegram.answers().len();
    stage.member(BEN).await;
    stage.telegram.press_in(BEN, BEN, 100, &confirm);
    crate::eventually("the stranger is told", || async {
        stage
            .telegram
            .answers()
            .iter()
            .skip(before)
            .any(|answer| answer["text"].as_str().is_some_and(|text| text.contains("somebody else")))
    })
    .await;
    stage.telegram.press_in(ANNA, ANNA, preview.id, &confirm);
    stage.telegram.press_in(ANNA, ANNA, preview.id, &confirm);

    let bet = stage.next::<PlaceBet>().await;
    assert_eq!((bet.reply_to.as_str(), bet.expires), ("gateway", true));
    assert_eq!(
        (&bet.command.account_id, bet.command.stake_lamports, bet.command.outcome),
        (&account, 500_000_000, 0)
    );
    stage.telegram.sees(ANNA, "Still working").await;
    stage.tell(Service::Room, Outcome::done(bet.id.as_bytes(), &accepted(&bet.command, bet.id))).await;
    let told = stage.telegram.sees(ANNA, "Bet accepted").await;
    assert_eq!(told.id, card.id, "the result is told in the same message");
    // Re-issued until the outcome was seen, always under the same id; no other command.
    while let Some(again) = stage.take::<PlaceBet>(Duration::from_millis(300)).await {
        assert_eq!(again.id, bet.id);
    }
    let issued: i64 = sqlx::query_scalar("SELECT count(*) FROM gateway.issued WHERE saga = 'request'")
        .fetch_one(stage.db.pool())
        .await
        .unwrap();
    assert_eq!(issued, 0, "nothing is repeated after the outcome");
    // A late third tap.
    stage.telegram.press_in(ANNA, ANNA, preview.id, &confirm);
    crate::eventually("the late tap is answered", || async {
        stage
            .telegram
            .answers()
            .iter()
            .any(|answer| answer["text"].as_str().is_some_and(|text| text.contains("Confirmed already")))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_bet_names_the_rule_and_the_number() {
    let stage = Stage::set().await;
    let room = RoomId::new(Uuid::now_v7());
    stage.services.open_room(room, 3);
    stage.member(ANNA).await;
    stage.telegram.say(ANNA, "/rooms");
    stage.telegram.press(ANNA, "#3").await;
    stage.telegram.press(ANNA, "NO").await;
    stage.telegram.press(ANNA, "Other amount").await;
    stage.telegram.sees(ANNA, "Type your stake").await;
    stage.telegram.say(ANNA, "a lot");
    stage.telegram.sees(ANNA, "not an amount").await;
    stage.telegram.say(ANNA, "0,01");
    stage.telegram.press(ANNA, "Confirm").await;
    let bet = stage.next::<PlaceBet>().await;
    assert_eq!(bet.command.stake_lamports, 10_000_000);
    let refusal =
        proto::Refusal::new(RefusalCode::BetTooSmall).with("min", 50_000_000).with("stake", 10_000_000);
    stage.tell(Service::Room, Outcome::refused(bet.id.as_bytes(), &refusal)).await;
    let told = stage.telegram.sees(ANNA, "Not placed").await;
    assert!(told.text.contains("0.05 SOL") && told.text.contains("0.01 SOL"), "{}", told.text);
}

async fn wizard_to_target(telegram: &Telegram) {
    telegram.say(ANNA, "/create");
    telegram.press(ANNA, "Close").await;
    telegram.press(ANNA, "BTC").await;
    telegram.press(ANNA, "at or above").await;
    telegram.sees(ANNA, "Type the target price").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_draft_survives_a_restart_and_a_wiped_broker() {
    let mut stage = Stage::set().await;
    let account = stage.member(ANNA).await;
    wizard_to_target(&stage.telegram).await;
    stage.stop().await;
    stage.nats.wipe_and_restart().await.unwrap();
    stage.start().await;
    stage.telegram.say(ANNA, "ten");
    stage.telegram.sees(ANNA, "cannot read that as a price").await;
    stage.telegram.say(ANNA, "104.5k");
    stage.telegram.press(ANNA, "30 min").await;
    stage.telegram.sees(ANNA, "Review your room").await;
    // Back and forth loses nothing.
    stage.telegram.press(ANNA, "Asset").await;
    stage.telegram.press(ANNA, "• BTC").await;
    stage.telegram.sees(ANNA, "Review your room").await;
    stage.telegram.press(ANNA, "Open this room").await;
    let open = stage.next::<OpenRoom>().await;
    let wanted = OpenRoom {
        room_id: open.command.room_id.clone(),
        host_account_id: account,
        kind: proto::room::Kind::Close.into(),
        asset: "BTC".into(),
        comparator: proto::room::Comparator::AtOrAbove.into(),
        target: "104500".into(),
        horizon_seconds: 1_800,
        ..OpenRoom::default()
    };
    assert_eq!(open.command, wanted);
    let id = RoomId::try_from_bytes(&open.command.room_id).unwrap();
    stage.services.open_room(id, 77);
    let room = stage.services.state.lock().unwrap().rooms[0].clone();
    stage.tell(Service::Room, Outcome::done(open.id.as_bytes(), &OpenRoomDone { room: Some(room) })).await;
    stage.telegram.sees(ANNA, "Your room is open").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_withdrawal_is_followed_in_one_message() {
    let stage = Stage::set().await;
    let account = stage.member(ANNA).await;
    stage.telegram.say(ANNA, "/withdraw");
    stage.telegram.sees(ANNA, "Send me the Solana address").await;
    stage.telegram.say(ANNA, "my wallet");
    stage.telegram.sees(ANNA, "not a Solana address").await;
    stage.telegram.say(ANNA, "So11111111111111111111111111111111111111112");
    stage.telegram.sees(ANNA, "How much?").await;
    stage.telegram.say(ANNA, "0.001");
    stage.telegram.sees(ANNA, "The smallest withdrawal is 0.01 SOL").await;
    stage.telegram.press(ANNA, "100 %").await;
    let preview = stage.telegram.sees(ANNA, "Check it once more").await;
    assert!(preview.text.contains("1.999995 SOL"), "{}", preview.text);
    stage.telegram.press(ANNA, "Confirm 2 SOL").await;
    let request = stage.next::<RequestWithdrawal>().await;
    assert_eq!(request.command.lamports, 2_000_000_000);
    let withdrawal = |state: WithdrawalState, version| Withdrawal {
        withdrawal_id: request.id.as_bytes().to_vec(),
        account_id: account.clone(),
        address: request.command.address.clone(),
        lamports: 2_000_000_000,
        fee_lamports: 5_000,
        state: state.into(),
        version,
        ..Withdrawal::default()
    };
    let done = RequestWithdrawalDone { withdrawal: Some(withdrawal(WithdrawalState::Requested, 1)) };
    stage.tell(Service::Wallet, Outcome::done(request.id.as_bytes(), &done)).await;
    let progress = stage.telegram.sees(ANNA, "<b>Withdrawal</b> 2 SOL").await;
    assert_eq!(progress.id, preview.id);

    for (state, version, seen) in [
        (WithdrawalState::Submitted, 4, "✓ sent to Solana"),
        (WithdrawalState::Finalized, 5, "✓ final on chain"),
    ] {
        crate::delivery::deliver(&stage, ANNA, crate::delivery::of_withdrawal(withdrawal(state, version)))
            .await;
        let message = stage.telegram.sees(ANNA, seen).await;
        assert_eq!(message.id, preview.id, "edited, not sent anew");
    }
    // What comes late says nothing any more.
    let late = crate::delivery::of_withdrawal(withdrawal(WithdrawalState::Held, 2));
    let id = crate::delivery::deliver(&stage, ANNA, late).await;
    crate::delivery::ended(&stage, id, "sent").await;
    assert!(stage.telegram.messages(ANNA).iter().any(|message| message.text.contains("✓ final on chain")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_deposit_screen_asks_for_attention() {
    let stage = Stage::set().await;
    let account = stage.member(ANNA).await;
    stage.telegram.say(ANNA, "/deposit");
    let screen = stage.telegram.sees(ANNA, "Deposit SOL").await;
    assert!(screen.text.contains(crate::services::ADDRESS) && screen.text.contains("0.001 SOL"));
    assert!(screen.photo.is_some(), "with a code for the wallet on another phone");
    assert_eq!(stage.next::<WatchDeposits>().await.command.account_id, account);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_fails_is_told_with_a_reference() {
    let stage = Stage::set().await;
    stage.member(ANNA).await;
    stage.services.state.lock().unwrap().broken = true;
    stage.telegram.say(ANNA, "/wallet");
    let fault = stage.telegram.sees(ANNA, "on our side").await;
    assert!(fault.text.contains("Reference <code>"), "{}", fault.text);
    assert!(!fault.text.contains("42"), "nothing of the inside: {}", fault.text);
    // The desk shows what it knows, and that it does not know the rest.
    stage.telegram.press(ANNA, "Desk").await;
    stage.telegram.sees(ANNA, "unavailable at the moment").await;
    stage.services.state.lock().unwrap().broken = false;
    stage.telegram.say(ANNA, "/wallet");
    stage.telegram.sees(ANNA, "<b>Wallet</b>").await;
}
