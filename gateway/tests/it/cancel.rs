//! Taking back: a bet within seconds, a room while nobody else is in it.

use crate::stage::{Got, Stage};
use proto::{
    Refusal, RoomId, Service,
    common::{Outcome, RefusalCode},
    room::{
        Bet, BetState, CancelBet, CancelBetDone, CancelRoom, CancelRoomDone, PlaceBet, PlaceBetDone,
        RoomState,
    },
    timestamp,
};
use std::time::Duration;
use time::OffsetDateTime;
use uuid::Uuid;

const ANNA: i64 = 5_000_000_001;

/// A stage with a room in it.
async fn with_room(extra: &[(&'static str, &str)]) -> (Stage, RoomId) {
    let extra = extra.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    let stage = Stage::set_with(extra).await;
    let room = RoomId::new(Uuid::now_v7());
    stage.services.open_room(room, 12);
    (stage, room)
}

/// Anna's half a SOL on NO is accepted and told.
pub async fn placed(stage: &Stage) -> (Got<PlaceBet>, Bet) {
    stage.telegram.say(ANNA, "/rooms");
    stage.telegram.press(ANNA, "#12").await;
    stage.telegram.press(ANNA, "NO").await;
    stage.telegram.press(ANNA, "0.5 SOL").await;
    stage.telegram.press(ANNA, "Confirm").await;
    let got = stage.next::<PlaceBet>().await;
    let bet = Bet {
        bet_id: got.id.as_bytes().to_vec(),
        room_id: got.command.room_id.clone(),
        account_id: got.command.account_id.clone(),
        outcome: got.command.outcome,
        stake_lamports: got.command.stake_lamports,
        state: BetState::Accepted.into(),
        accepted_at: Some(timestamp(OffsetDateTime::now_utc())),
        ..Bet::default()
    };
    stage.services.state.lock().unwrap().bets.push(bet.clone());
    let done = PlaceBetDone { bet: Some(bet.clone()) };
    stage.tell(Service::Room, Outcome::done(got.id.as_bytes(), &done)).await;
    (got, bet)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fresh_bet_is_taken_back_in_one_tap_and_its_own_message() {
    let (stage, room) = with_room(&[("ROOM_CANCEL_WITHIN", "20s")]).await;
    let account = stage.member(ANNA).await;
    let (_, bet) = placed(&stage).await;
    let told = stage.telegram.sees(ANNA, "Bet accepted").await;
    stage.told().await;
    assert!(told.text.contains("within 20 seconds"), "{}", told.text);
    // Two taps are one command.
    let button = told.button("Take it back").unwrap();
    stage.telegram.press_in(ANNA, ANNA, told.id, &button);
    stage.telegram.press_in(ANNA, ANNA, told.id, &button);
    let cancel = stage.next::<CancelBet>().await;
    let wanted = CancelBet { bet_id: bet.bet_id.clone(), room_id: room.bytes(), account_id: account };
    assert_eq!((&cancel.command, cancel.reply_to.as_str()), (&wanted, "gateway"));
    let bet = Bet { state: BetState::Cancelled.into(), ..bet };
    stage.services.state.lock().unwrap().bets = vec![bet.clone()];
    let done = CancelBetDone { bet: Some(bet) };
    stage.tell(Service::Room, Outcome::done(cancel.id.as_bytes(), &done)).await;
    let back = stage.telegram.sees(ANNA, "Bet taken back").await;
    assert_eq!(back.id, told.id);
    while let Some(again) = stage.take::<CancelBet>(Duration::from_millis(300)).await {
        assert_eq!(again.id, cancel.id);
    }
    // One may bet again, and that bet stands: the card offers no way back.
    let (_, _) = placed(&stage).await;
    let told = stage.telegram.sees(ANNA, "Bet accepted").await;
    assert_eq!(told.button("Take it back"), None, "{}", told.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_way_back_goes_after_its_time() {
    let (stage, _) = with_room(&[("ROOM_CANCEL_WITHIN", "8s")]).await;
    stage.member(ANNA).await;
    placed(&stage).await;
    let told = stage.telegram.sees(ANNA, "Bet accepted").await;
    let button = told.button("Take it back").unwrap();
    crate::eventually("the button goes", || async {
        let messages = stage.telegram.messages(ANNA);
        messages.iter().any(|message| message.id == told.id && message.button("Take it back").is_none())
    })
    .await;
    // Whoever kept it is told the rule, and the bet stays on record.
    stage.telegram.press_in(ANNA, ANNA, told.id, &button);
    let cancel = stage.next::<CancelBet>().await;
    let late = Refusal::new(RefusalCode::BetNotCancellable).with("seconds", 8);
    stage.tell(Service::Room, Outcome::refused(cancel.id.as_bytes(), &late)).await;
    let told = stage.telegram.sees(ANNA, "within 8 seconds, and not right before").await;
    assert!(told.text.contains("Bet accepted"), "{}", told.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_takes_an_empty_room_back_after_one_question() {
    let (stage, room) = with_room(&[]).await;
    let account = stage.member(ANNA).await;
    {
        let mut state = stage.services.state.lock().unwrap();
        let room = &mut state.rooms[0];
        room.players = 0;
        room.pools_lamports = vec![0, 0];
        room.terms.as_mut().unwrap().host_account_id = account.clone();
    }
    stage.telegram.say(ANNA, "/start room_12_nobody");
    let card = stage.telegram.sees(ANNA, "You opened this room").await;
    stage.telegram.press(ANNA, "Take the room back").await;
    stage.telegram.sees(ANNA, "It closes for good").await;
    assert!(stage.take::<CancelRoom>(Duration::from_millis(300)).await.is_none(), "asked first");
    stage.telegram.press(ANNA, "Yes, take it back").await;
    let cancel = stage.next::<CancelRoom>().await;
    assert_eq!(cancel.command, CancelRoom { room_id: room.bytes(), host_account_id: account });
    let over = {
        let mut state = stage.services.state.lock().unwrap();
        state.rooms[0].state = RoomState::Settling.into();
        state.rooms[0].clone()
    };
    let done = CancelRoomDone { room: Some(over) };
    stage.tell(Service::Room, Outcome::done(cancel.id.as_bytes(), &done)).await;
    let told = stage.telegram.sees(ANNA, "Your room is taken back").await;
    assert_eq!(told.id, card.id);
    assert_eq!(told.button("Take the room back"), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_whose_room_was_joined_meanwhile_is_told_why_it_stays() {
    let (stage, _) = with_room(&[]).await;
    let account = stage.member(ANNA).await;
    {
        let mut state = stage.services.state.lock().unwrap();
        state.rooms[0].players = 0;
        state.rooms[0].terms.as_mut().unwrap().host_account_id = account;
    }
    stage.telegram.say(ANNA, "/rooms");
    stage.telegram.press(ANNA, "#12").await;
    stage.telegram.press(ANNA, "Take the room back").await;
    stage.telegram.press(ANNA, "Yes, take it back").await;
    let cancel = stage.next::<CancelRoom>().await;
    stage.services.state.lock().unwrap().rooms[0].players = 1;
    let refusal = Refusal::new(RefusalCode::RoomNotCancellable);
    stage.tell(Service::Room, Outcome::refused(cancel.id.as_bytes(), &refusal)).await;
    let told = stage.telegram.sees(ANNA, "somebody else has bet").await;
    assert!(told.text.contains("Room #12"), "{}", told.text);
    assert_eq!(told.button("Take the room back"), None);
}
