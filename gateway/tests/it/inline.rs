//! Searches from other chats.

use crate::stage::Stage;
use proto::{RoomId, settlement::GetReferralsResponse};
use serde_json::Value;
use uuid::Uuid;

const ANNA: i64 = 5_000_000_001;
const STRANGER: i64 = 5_000_000_009;

fn titles(found: &[Value]) -> Vec<&str> {
    found.iter().map(|result| result["title"].as_str().unwrap()).collect()
}

fn link(result: &Value) -> &str {
    result["reply_markup"]["inline_keyboard"][0][0]["url"].as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_live_public_room_is_shared_with_the_sharers_code() {
    let stage = Stage::set().await;
    let telegram = stage.telegram.clone();
    for (number, room) in [(31, 1_u128), (32, 2), (33, 3)] {
        stage.services.open_room(RoomId::new(Uuid::from_u128(room)), number);
    }
    {
        let mut state = stage.services.state.lock().unwrap();
        state.rooms[1].terms.as_mut().unwrap().asset = "BTC".into();
        state.rooms[2].terms.as_mut().unwrap().scope_chat_id = -1_002_100_000_001;
        state.referrals = GetReferralsResponse { code: "k7Qx2m".into(), ..Default::default() };
    }

    // While nobody can say which rooms there are, a search ends without a word in anybody's chat.
    stage.services.state.lock().unwrap().broken = true;
    let vain = telegram.type_search(STRANGER, "sol");
    crate::eventually("it is done with", || async { telegram.offset() > vain }).await;
    stage.services.state.lock().unwrap().broken = false;

    // Whoever has no account finds and shares, too: without a code.
    let all = telegram.search(STRANGER, "").await;
    assert_eq!(titles(&all), ["#31 · SOL ↑ $165", "#32 · BTC ↑ $165"], "rooms of groups stay there");
    let found = telegram.search(STRANGER, "sol 165").await;
    assert_eq!(titles(&found), ["#31 · SOL ↑ $165"]);
    let shared = &found[0];
    let room = gateway::callbacks::deep_link_of(RoomId::new(Uuid::from_u128(1)));
    assert_eq!(link(shared), format!("https://t.me/rooms_test_bot?start={room}"));
    let text = shared["input_message_content"]["message_text"].as_str().unwrap();
    assert!(text.contains("Will SOL rise to $165") && text.contains("As of"), "{text}");
    assert_eq!(shared["input_message_content"]["parse_mode"], "HTML");
    assert!(telegram.messages(STRANGER).is_empty(), "nobody is written to for a search");

    stage.member(ANNA).await;
    let found = telegram.search(ANNA, "#32").await;
    assert_eq!(titles(&found), ["#32 · BTC ↑ $165"]);
    let payload = link(&found[0]).rsplit_once("start=").unwrap().1.to_owned();
    assert!(payload.ends_with("_k7Qx2m"), "{payload}");
    assert_eq!(titles(&telegram.search(ANNA, "doge").await), Vec::<&str>::new());

    // The link leads a stranger to the room.
    telegram.say(STRANGER, &format!("/start {payload}"));
    let terms = telegram.with_button(STRANGER, "I accept").await;
    assert!(terms.button("I accept").unwrap().contains("k7Qx2m"));
}
