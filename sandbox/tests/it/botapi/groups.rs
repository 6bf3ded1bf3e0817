//! What one member of a group alone sees, searches from other chats, and the bot that comes and goes.

use super::{BOUND, Telegram};
use serde_json::{Value, json};

#[tokio::test]
async fn a_message_for_one_member_is_seen_by_nobody_else() {
    let telegram = Telegram::start().await;
    let ann = telegram.game.player("Ann").await.unwrap().patient(BOUND);
    let bob = telegram.game.player("Bob").await.unwrap();
    let eve = telegram.game.player("Eve").await.unwrap();
    let group = telegram.game.group("Friends", &[&ann, &bob]).await.unwrap();
    let card = json!({"chat_id": group.id, "text": "Room", "reply_markup":
        {"inline_keyboard": [[{"text": "Bet", "callback_data": "bet"}]]}});
    telegram.ok("sendMessage", card).await;
    let card = ann.find_in(group.id, |shown| shown.text == "Room").await.unwrap();
    let press = ann.press(&card, "Bet").await.unwrap();

    let to = |user: i64, query: &str| json!({"receiver_user_id": user, "callback_query_id": query});
    let slip = |to: Value| {
        json!({"chat_id": group.id, "text": "<b>Only you</b>", "parse_mode": "HTML", "ephemeral_message_parameters": to,
            "reply_markup": {"inline_keyboard": [[{"text": "Confirm", "callback_data": "ok"}]]}})
    };
    let id = press.callback_query_id.as_str();
    for (to, why) in [
        (to(ann.id(), "1"), "query is too old"),
        (to(bob.id(), id), "query is too old"),
        (to(eve.id(), id), "user not found"),
    ] {
        let refused = telegram.refused("sendMessage", slip(to)).await;
        assert!(refused.contains(why), "{refused}");
    }
    let sent = telegram.ok("sendMessage", slip(to(ann.id(), id))).await;
    let number = sent["ephemeral_message_id"].as_i64().unwrap();
    assert_eq!((&sent["message_id"], &sent["receiver_user"]["id"]), (&json!(0), &json!(ann.id())));
    // As before Bot API 10.3.
    let older =
        json!({"chat_id": group.id, "text": "older", "receiver_user_id": ann.id(), "callback_query_id": id});
    assert_eq!(telegram.ok("sendMessage", older).await["ephemeral_message_id"], number + 1);

    let seen = ann.wait_in(group.id, |shown| shown.text == "Only you").await.unwrap();
    let of_bob = bob.messages_in(group.id).await.unwrap();
    assert!(of_bob.iter().any(|shown| shown.text == "Room"));
    assert!(of_bob.iter().all(|shown| shown.message.receiver_user.is_none()));
    assert!(bob.press_data(&seen, "ok").await.is_err(), "nobody else has that button");

    let press = ann.press(&seen, "Confirm").await.unwrap();
    let updates = telegram.ok("getUpdates", json!({"timeout": 0})).await;
    let query = &updates.as_array().unwrap().last().unwrap()["callback_query"];
    assert_eq!(query["id"], press.callback_query_id.as_str());
    assert_eq!(
        (&query["message"]["message_id"], &query["message"]["ephemeral_message_id"]),
        (&json!(0), &json!(number))
    );

    let edit = |user: i64| json!({"chat_id": group.id, "receiver_user_id": user, "ephemeral_message_id": number, "text": "Done"});
    assert_eq!(telegram.ok("editEphemeralMessageText", edit(ann.id())).await, true);
    ann.wait_in(group.id, |shown| shown.text == "Done" && shown.buttons.is_empty()).await.unwrap();
    telegram.refused("editEphemeralMessageText", edit(bob.id())).await;
    let gone = json!({"chat_id": group.id, "receiver_user_id": ann.id(), "ephemeral_message_id": number});
    assert_eq!(telegram.ok("deleteEphemeralMessage", gone.clone()).await, true);
    telegram.refused("deleteEphemeralMessage", gone).await;
    assert!(ann.messages_in(group.id).await.unwrap().iter().all(|shown| shown.text != "Done"));
}

#[tokio::test]
async fn what_a_bot_offers_for_a_search_is_sent_in_its_name() {
    let telegram = Telegram::start().await;
    let ann = telegram.game.player("Ann").await.unwrap().patient(BOUND);
    let bob = telegram.game.player("Bob").await.unwrap();
    let group = telegram.game.group("Friends", &[&ann, &bob]).await.unwrap();
    assert_eq!(telegram.ok("getMe", json!({})).await["supports_inline_queries"], true);
    let article = |id: &str, text: &str| {
        json!({"type": "article", "id": id, "title": format!("Room {id}"),
            "input_message_content": {"message_text": text, "parse_mode": "HTML"},
            "reply_markup": {"inline_keyboard": [[{"text": "Bet", "url": "https://t.me/rooms_bot?start=room_1"}]]}})
    };
    // What the group has told so far is seen.
    let seen = telegram.updates(0, 0).await;
    let offset = seen.last().unwrap()["update_id"].as_i64().unwrap() + 1;
    let asking = {
        let ann = ann.clone();
        tokio::spawn(async move { ann.search("sol 165").await })
    };
    let updates = telegram
        .ok("getUpdates", json!({"offset": offset, "timeout": 20, "allowed_updates": ["inline_query", "chosen_inline_result"]}))
        .await;
    let query = &updates[0]["inline_query"];
    assert_eq!((&query["query"], &query["from"]["id"]), (&json!("sol 165"), &json!(ann.id())));
    let answer =
        |results: Value| json!({"inline_query_id": query["id"], "results": results, "cache_time": 5});
    for (results, why) in [
        (json!([article("1", "a"), article("1", "b")]), "RESULT_ID_INVALID"),
        (json!([article("1", "")]), "message text is empty"),
        (json!([article("1", "<b>open")]), "can't parse entities"),
        (json!([{"type": "gif", "id": "1"}]), "articles"),
    ] {
        let refused = telegram.refused("answerInlineQuery", answer(results)).await;
        assert!(refused.contains(why), "{refused}");
    }
    telegram.ok("answerInlineQuery", answer(json!([article("1", "<b>Room 1</b>"), article("2", "x")]))).await;
    let twice = telegram.refused("answerInlineQuery", answer(json!([]))).await;
    assert!(twice.contains("query is too old"), "{twice}");

    let found = asking.await.unwrap().unwrap();
    assert_eq!(found.titles(), ["Room 1", "Room 2"]);
    assert!(bob.share(&found, "Room 1", &group).await.is_err(), "it was offered to somebody else");
    let shared = ann.share(&found, "Room 1", &group).await.unwrap();
    assert_eq!((shared.text.as_str(), shared.from_bot, shared.buttons.len()), ("Room 1", false, 1));
    assert!(shared.message.via_bot.as_ref().is_some_and(|bot| bot.is_bot));
    let seen = bob.messages_in(group.id).await.unwrap();
    assert!(seen.iter().any(|shown| shown.text == "Room 1" && shown.message.from.id == ann.id()));
    let offset = updates[0]["update_id"].as_i64().unwrap() + 1;
    let updates = telegram.ok("getUpdates", json!({"offset": offset, "timeout": 20})).await;
    assert_eq!(updates[0]["chosen_inline_result"]["result_id"], "1");
}

#[tokio::test]
async fn a_bot_that_is_removed_hears_and_says_nothing_there() {
    let telegram = Telegram::start().await;
    let ann = telegram.game.player("Ann").await.unwrap();
    let group = telegram.game.group("Friends", &[&ann]).await.unwrap();
    let hello = json!({"chat_id": group.id, "text": "hello"});
    telegram.ok("sendMessage", hello.clone()).await;
    ann.bring_bot(&group, false).await.unwrap();
    ann.say_in(&group, "/room").await.unwrap();
    assert!(telegram.refused("sendMessage", hello.clone()).await.starts_with("Forbidden"));
    ann.bring_bot(&group, true).await.unwrap();
    telegram.ok("sendMessage", hello).await;
    let updates = telegram.ok("getUpdates", json!({})).await;
    let changes = updates.as_array().unwrap().iter().filter_map(|update| update.get("my_chat_member"));
    let states: Vec<_> =
        changes.map(|change| change["new_chat_member"]["status"].as_str().unwrap()).collect();
    assert_eq!(states, ["member", "kicked", "member"]);
    let texts = updates.as_array().unwrap().iter().filter(|update| update["message"]["text"] == "/room");
    assert_eq!(texts.count(), 0);
}
