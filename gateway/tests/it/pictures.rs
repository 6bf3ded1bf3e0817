//! Rooms as pictures: sent, changed in place, given way to texts, sent again by the name that Telegram gave them.

use crate::{
    dialogue::accepted,
    stage::Stage,
    telegram::{Fault, Message},
};
use gateway::callbacks::deep_link_of;
use proto::{RoomId, Service, common::Outcome, room::PlaceBet};
use uuid::Uuid;

const ANNA: i64 = 5_000_000_001;
const BEN: i64 = 5_000_000_002;

/// A stage with a room whose price is known, and a member who looks at it.
async fn looking() -> (Stage, RoomId, Message) {
    let stage = Stage::set().await;
    let room = RoomId::new(Uuid::now_v7());
    stage.services.open_room(room, 12);
    stage.services.state.lock().unwrap().charted = Some("160.55".into());
    stage.member(ANNA).await;
    stage.telegram.forget_messages(ANNA);
    let card = look(&stage, ANNA, room).await;
    (stage, room, card)
}

async fn look(stage: &Stage, user: i64, room: RoomId) -> Message {
    stage.telegram.say(user, &format!("/start {}", deep_link_of(room)));
    stage.telegram.sees(user, "Room #12").await
}

/// The newest message of a chat, once it has this text.
async fn showing(stage: &Stage, text: &str) -> Message {
    let message = stage.telegram.sees(ANNA, text).await;
    let newest = stage.telegram.messages(ANNA).pop().unwrap();
    assert_eq!(newest.id, message.id, "nothing came after it");
    message
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_is_a_picture_all_through_a_bet_and_gives_way_to_a_text() {
    let (stage, _, card) = looking().await;
    let picture = stage.telegram.photo(&card);
    assert!(picture.starts_with(b"\x89PNG") && picture.len() < 300_000, "{} bytes", picture.len());
    assert!(card.text.contains("low $160.21, high $160.55"), "{}", card.text);

    // Below the same picture, in the same message.
    stage.telegram.press(ANNA, "YES").await;
    let stake = showing(&stage, "0.05").await;
    assert_eq!((stake.id, &stake.photo), (card.id, &card.photo));
    stage.telegram.press(ANNA, "0.5 SOL").await;
    stage.telegram.press(ANNA, "Confirm").await;
    let bet = stage.next::<PlaceBet>().await;
    stage.tell(Service::Room, Outcome::done(bet.id.as_bytes(), &accepted(&bet.command, bet.id))).await;
    let placed = showing(&stage, "Bet accepted").await;
    assert_eq!((placed.id, &placed.photo), (card.id, &card.photo));
    stage.told().await;

    // A bet is a record: its buttons answer below it, with the room as it is now.
    stage.telegram.press(ANNA, "Open room").await;
    let again = stage.telegram.sees(ANNA, "Betting closes").await;
    assert!(again.id > card.id && again.photo.is_some(), "{again:#?}");

    // A text takes the picture's place: the new message first, then the old one goes.
    stage.telegram.press(ANNA, "Desk").await;
    let desk = stage.telegram.with_button(ANNA, "Wallet").await;
    assert!(desk.id > again.id && desk.photo.is_none());
    crate::eventually("the picture goes", || async {
        !stage.telegram.messages(ANNA).iter().any(|message| message.id == again.id)
    })
    .await;
    // And a picture that of a text.
    stage.telegram.press(ANNA, "Rooms").await;
    stage.telegram.press(ANNA, "#12").await;
    let card = stage.telegram.sees(ANNA, "Betting closes").await;
    assert_eq!(card.id, desk.id);
    assert!(card.photo.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn telegram_gets_a_picture_once() {
    let (stage, room, card) = looking().await;
    stage.member(BEN).await;
    stage.telegram.forget_messages(BEN);
    // Whoever looks within the same five seconds sees the same picture: both look anew until they did.
    let mut shared = false;
    for _ in 0..4 {
        stage.telegram.forget_messages(ANNA);
        stage.telegram.forget_messages(BEN);
        let (one, other) = tokio::join!(look(&stage, ANNA, room), look(&stage, BEN, room));
        assert!(one.photo.is_some() && other.photo.is_some());
        stage.telegram.forget_messages(BEN);
        let third = look(&stage, BEN, room).await;
        shared |= third.photo == other.photo || third.photo == one.photo;
        if shared {
            break;
        }
    }
    assert!(shared, "the name that Telegram gave it is used");
    assert!(card.photo.is_some());

    // A name that is good no more: the picture goes out whole, and nobody notices.
    stage.telegram.forget_pictures();
    stage.telegram.forget_messages(BEN);
    let anew = look(&stage, BEN, room).await;
    assert!(stage.telegram.photo(&anew).starts_with(b"\x89PNG"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_picture_the_card_is_a_text() {
    let (mut stage, room, card) = looking().await;
    // The sender that sent it is gone, and the next one does not know that the message has a picture.
    stage.start().await;
    stage.stop().await;
    stage.telegram.press_in(ANNA, ANNA, card.id, &card.button("Desk").unwrap());
    let desk = stage.telegram.with_button(ANNA, "Wallet").await;
    assert!(desk.id > card.id && desk.photo.is_none());

    // What Telegram does not take goes out as its text.
    stage.telegram.forget_messages(ANNA);
    stage.telegram.inject("SendPhoto", Fault::Refused("Bad Request: IMAGE_PROCESS_FAILED"));
    stage.telegram.inject("SendPhoto", Fault::Refused("Bad Request: IMAGE_PROCESS_FAILED"));
    assert_eq!(look(&stage, ANNA, room).await.photo, None);

    // Nothing is known of the price: nothing is drawn, and nothing is complained of.
    stage.telegram.forget_messages(ANNA);
    stage.services.state.lock().unwrap().charted = None;
    let other = RoomId::new(Uuid::now_v7());
    stage.services.open_room(other, 13);
    stage.telegram.say(ANNA, &format!("/start {}", deep_link_of(other)));
    let text = stage.telegram.sees(ANNA, "Room #13").await;
    assert!(text.photo.is_none() && !text.text.contains("Chart"), "{}", text.text);
}
