//! Groups, messages that one member alone sees, and searches from other chats.

use super::{Message, Response, Telegram, chat_json, error, user_json};
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};

#[derive(Default)]
pub(super) struct Places {
    members: HashMap<i64, HashSet<i64>>,
    /// The server knows messages that one member alone sees.
    whispers: bool,
    /// It knows their methods, and shows them to all: no server does, and the gateway must not trust it.
    betrays: bool,
    whispered: Vec<Whispered>,
    searches: Vec<Value>,
}

/// A message that one member alone sees.
#[derive(Clone, Debug)]
pub struct Whispered {
    pub id: i64,
    pub user: i64,
    /// The press that allowed it.
    pub query: String,
    pub message: Message,
}

impl Telegram {
    /// Who is in a group; the bot is.
    pub fn gather(&self, chat: i64, users: &[i64]) {
        self.lock().places.members.insert(chat, users.iter().copied().collect());
    }

    /// From now on the server can show a message to one member alone.
    pub fn can_whisper(&self) {
        self.lock().places.whispers = true;
    }

    pub fn betrays(&self) {
        self.lock().places.betrays = true;
    }

    /// What one member alone has seen in a group.
    pub fn whispered(&self, chat: i64, user: i64) -> Vec<Whispered> {
        let seen = |one: &&Whispered| one.message.chat == chat && one.user == user;
        self.lock().places.whispered.iter().filter(seen).cloned().collect()
    }

    /// Waits until somebody alone sees a text.
    pub async fn hears(&self, chat: i64, user: i64, text: &str) -> Whispered {
        let found = || self.whispered(chat, user).into_iter().find(|one| one.message.text.contains(text));
        crate::eventually(&format!("{text:?} whispered to {user}"), || async { found().is_some() }).await;
        found().unwrap()
    }

    /// Presses a button of such a message: they have no number among those of the group.
    pub fn press_whispered(&self, whispered: &Whispered, label: &str) -> i64 {
        let data = whispered.message.button(label).unwrap_or_else(|| panic!("no {label} in {whispered:?}"));
        self.press_in(whispered.message.chat, whispered.user, 0, &data)
    }

    /// Somebody brings the bot into a group, or removes it.
    pub fn bot_in(&self, chat: i64, by: i64, here: bool) -> i64 {
        let bot = json!({"id": 4711, "is_bot": true, "first_name": "ROOMS", "username": "rooms_test_bot"});
        let (old, new) = if here { ("left", "member") } else { ("member", "left") };
        self.push(json!({"my_chat_member": {"chat": chat_json(chat), "from": user_json(by), "date": 1,
            "old_chat_member": {"user": bot, "status": old}, "new_chat_member": {"user": bot, "status": new}}}))
    }

    /// Somebody types in another chat.
    pub fn type_search(&self, user: i64, words: &str) -> i64 {
        let id = format!("i{}", self.lock().next_update);
        self.push(json!({"inline_query": {"id": id, "from": user_json(user), "query": words, "offset": ""}}))
    }

    /// The same; waits for what they are offered.
    pub async fn search(&self, user: i64, words: &str) -> Vec<Value> {
        let id = format!("i{}", self.type_search(user, words));
        let found = || {
            let searches = &self.lock().places.searches;
            searches.iter().find(|search| search["inline_query_id"] == id.as_str()).cloned()
        };
        crate::eventually("an answer to a search", || async { found().is_some() }).await;
        let answer = found().unwrap();
        assert_eq!((&answer["is_personal"], &answer["cache_time"]), (&json!(true), &json!(5)));
        answer["results"].as_array().unwrap().clone()
    }

    /// What is answered to the methods of groups; nothing to others.
    pub(super) fn obey_in_group(&self, method: &str, params: &Value) -> Option<Result<Value, Response>> {
        let mut inner = self.lock();
        let number = |name: &str| params[name].as_i64().unwrap_or_default();
        let chat = number("chat_id");
        let bad = |text: &str| Some(Err(error(400, &format!("Bad Request: {text}"), None)));
        match method {
            "GetChatMember" => {
                let Some(members) = inner.places.members.get(&chat) else { return bad("chat not found") };
                let status = if members.contains(&number("user_id")) { "member" } else { "left" };
                Some(Ok(json!({"user": user_json(number("user_id")), "status": status})))
            }
            "GetChat" => Some(Ok(json!({"id": chat, "type": "supergroup", "title": "Friends & Co",
                "accent_color_id": 0, "max_reaction_count": 11, "permissions": {"can_send_messages": true},
                "accepted_gift_types": {"unlimited_gifts": false, "limited_gifts": false,
                    "unique_gifts": false, "premium_subscription": false, "gifts_from_channels": false}}))),
            "AnswerInlineQuery" => {
                inner.places.searches.push(params.clone());
                Some(Ok(true.into()))
            }
            "DeleteEphemeralMessage" if !(inner.places.whispers || inner.places.betrays) => {
                Some(Err(error(404, "Not Found: method not found", None)))
            }
            "DeleteEphemeralMessage" => bad("MESSAGE_ID_INVALID"),
            "SendMessage" if params["receiver_user_id"].is_i64() && inner.places.whispers => {
                assert_eq!(
                    params["ephemeral_message_parameters"]["callback_query_id"],
                    params["callback_query_id"]
                );
                let id = i64::try_from(inner.places.whispered.len()).unwrap() + 1;
                let message = Message {
                    id: 0,
                    chat,
                    text: params["text"].as_str().unwrap().to_owned(),
                    keyboard: params["reply_markup"].clone(),
                    edits: 0,
                    document: None,
                    photo: None,
                    silent: false,
                };
                let query = params["callback_query_id"].as_str().unwrap().to_owned();
                let user = number("receiver_user_id");
                inner.places.whispered.push(Whispered { id, user, query, message });
                Some(Ok(json!({"message_id": 0, "ephemeral_message_id": id, "date": 1})))
            }
            "EditEphemeralMessageText" => {
                let id = number("ephemeral_message_id");
                let user = number("receiver_user_id");
                let mut all = inner.places.whispered.iter_mut();
                let Some(one) = all.find(|one| one.id == id && one.user == user && one.message.chat == chat)
                else {
                    return bad("message to edit not found");
                };
                one.message.text = params["text"].as_str().unwrap().to_owned();
                one.message.keyboard = params["reply_markup"].clone();
                one.message.edits += 1;
                Some(Ok(true.into()))
            }
            _ => None,
        }
    }
}
