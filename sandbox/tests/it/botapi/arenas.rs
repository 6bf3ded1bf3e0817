//! A group of which the bot is an administrator: names, silence, links, who comes and who goes.

use super::Telegram;
use serde_json::{Value, json};

#[tokio::test]
async fn an_administrator_renames_mutes_invites_and_removes() {
    let mut telegram = Telegram::start().await;
    let ann = telegram.game.player("Ann").await.unwrap();
    let bob = telegram.game.player("Bob").await.unwrap();
    let group = telegram.game.group("Hall", &[&ann]).await.unwrap();
    let id = group.id;
    let title = |title: &str| json!({"chat_id": id, "title": title});
    let refused = telegram.refused("setChatTitle", title("ROOMS")).await;
    assert_eq!(refused, "Bad Request: not enough rights to change chat title");
    telegram.game.appoint(&group, true).await.unwrap();
    let me = telegram.ok("getChatMember", json!({"chat_id": id, "user_id": 7_000_000_001_i64})).await;
    assert_eq!((&me["status"], &me["can_restrict_members"]), (&json!("administrator"), &json!(true)));

    assert_eq!(telegram.ok("setChatTitle", title("ROOMS")).await, true);
    assert_eq!(
        telegram.refused("setChatTitle", title("ROOMS")).await,
        "Bad Request: chat title is not modified"
    );
    assert_eq!(telegram.ok("getChat", json!({"chat_id": id})).await["title"], "ROOMS");
    let said = ann.find_in(id, |shown| shown.message.new_chat_title.is_some()).await.unwrap();
    assert_eq!(said.message.new_chat_title.as_deref(), Some("ROOMS"));

    let may = |may: Value| json!({"chat_id": id, "permissions": may});
    telegram.ok("setChatPermissions", may(json!({}))).await;
    assert_eq!(
        telegram.refused("setChatPermissions", may(json!({}))).await,
        "Bad Request: CHAT_NOT_MODIFIED"
    );

    // A link that asks: the bot is told, and decides.
    let past = json!({"chat_id": id, "expire_date": 1});
    assert_eq!(telegram.refused("createChatInviteLink", past).await, "Bad Request: EXPIRE_DATE_INVALID");
    let wish =
        json!({"chat_id": id, "name": "#7", "creates_join_request": true, "expire_date": 4_000_000_000_i64});
    let link = telegram.ok("createChatInviteLink", wish).await;
    assert_eq!((&link["is_revoked"], &link["creates_join_request"]), (&json!(false), &json!(true)));
    let url = link["invite_link"].as_str().unwrap().to_owned();
    assert!(!bob.open_link(&url).await.unwrap());
    // The world knows who asked after a restart, too.
    telegram.restart().await;
    let bob = {
        let kinds = json!({"allowed_updates": ["chat_join_request"], "timeout": 0});
        let updates = telegram.ok("getUpdates", kinds).await;
        let request =
            updates.as_array().unwrap().iter().find_map(|update| update.get("chat_join_request")).unwrap();
        assert_eq!((&request["from"]["id"], &request["user_chat_id"]), (&json!(bob.id()), &json!(bob.id())));
        assert_eq!(request["invite_link"]["invite_link"], url.as_str());
        bob.id()
    };
    let user = json!({"chat_id": id, "user_id": bob});
    assert_eq!(telegram.ok("approveChatJoinRequest", user.clone()).await, true);
    let again = telegram.refused("declineChatJoinRequest", user.clone()).await;
    assert_eq!(again, "Bad Request: USER_ALREADY_PARTICIPANT");
    let now = telegram.game.group_now(id).await.unwrap();
    assert_eq!((now.title.as_str(), now.members, now.muted), ("ROOMS", vec![ann.id(), bob], true));

    // Silent for members, not for the owner.
    let says = async |user: i64| {
        let body = json!({"user": user, "chat": id, "text": "hello"});
        let url = format!("{}/sandbox/messages", telegram.url);
        telegram.http.post(url).json(&body).send().await.unwrap().status().is_success()
    };
    assert_eq!((says(bob).await, says(ann.id()).await), (false, true));
    telegram.ok("setChatPermissions", may(json!({"can_send_messages": true}))).await;
    assert!(says(bob).await);

    // Out, and free to come again; the owner stays.
    telegram.ok("banChatMember", user.clone()).await;
    assert_eq!(telegram.game.group_now(id).await.unwrap().members, [ann.id()]);
    let owner = json!({"chat_id": id, "user_id": ann.id()});
    assert_eq!(telegram.refused("banChatMember", owner).await, "Bad Request: can't remove chat owner");
    let opens = async || {
        let body = json!({"user": bob, "link": url});
        let answer = telegram.http.post(format!("{}/sandbox/invitations", telegram.url)).json(&body).send();
        answer.await.unwrap().text().await.unwrap()
    };
    assert!(opens().await.contains("USER_BANNED_IN_CHANNEL"));
    telegram.ok("unbanChatMember", json!({"chat_id": id, "user_id": bob, "only_if_banned": true})).await;
    assert!(opens().await.contains("\"joined\":false"));
    let revoked = telegram.ok("revokeChatInviteLink", json!({"chat_id": id, "invite_link": url})).await;
    assert_eq!(revoked["is_revoked"], true);
    assert!(opens().await.contains("INVITE_HASH_EXPIRED"));
    assert_eq!(telegram.ok("declineChatJoinRequest", user.clone()).await, true);
    assert_eq!(telegram.refused("declineChatJoinRequest", user).await, "Bad Request: HIDE_REQUESTER_MISSING");
}
