//! What a bot does in a group of which it is an administrator.

use super::{Telegram, chat_json, user_json};
use serde_json::{Value, json};

const METHODS: [&str; 8] = [
    "SetChatTitle",
    "SetChatPermissions",
    "CreateChatInviteLink",
    "RevokeChatInviteLink",
    "BanChatMember",
    "UnbanChatMember",
    "ApproveChatJoinRequest",
    "DeclineChatJoinRequest",
];

pub const LINK: &str = "https://t.me/+q7";

impl Telegram {
    /// What the bot did in a group, oldest first: the method and what matters of its parameters.
    pub fn deeds(&self, chat: i64) -> Vec<(String, Value)> {
        let deeds = self.lock().deeds.clone();
        deeds.into_iter().filter(|(_, params)| params["chat_id"] == chat).collect()
    }

    /// A user opens the link of a group.
    pub fn asks_to_join(&self, chat: i64, user: i64) -> i64 {
        let request =
            json!({"chat": chat_json(chat), "from": user_json(user), "user_chat_id": user, "date": 1});
        self.push(json!({"chat_join_request": request}))
    }

    pub(super) fn obey_in_arena(&self, method: &str, params: &Value) -> Option<Value> {
        if !METHODS.contains(&method) {
            return None;
        }
        self.lock().deeds.push((method.to_owned(), params.clone()));
        Some(match method {
            "CreateChatInviteLink" | "RevokeChatInviteLink" => json!({
                "invite_link": LINK, "creator": {"id": 4711, "is_bot": true, "first_name": "ROOMS"},
                "creates_join_request": true, "is_primary": false, "is_revoked": method.starts_with("Revoke"),
            }),
            _ => true.into(),
        })
    }
}
