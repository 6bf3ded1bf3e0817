//! Languages of users' apps, and the menus of commands.

use super::Telegram;
use serde_json::{Value, json};
use std::collections::HashMap;

/// Commands of private chats with their descriptions, by language; the empty one is everybody else's.
pub type Menus = HashMap<String, HashMap<String, String>>;

#[derive(Default)]
pub(super) struct Tongues {
    apps: HashMap<i64, String>,
    menus: Menus,
}

impl Telegram {
    /// The language of a user's app from now on; it is English otherwise.
    pub fn speaks(&self, user: i64, language: &str) {
        self.lock().tongues.apps.insert(user, language.to_owned());
    }

    /// The menus as they were set.
    pub fn menus(&self) -> Menus {
        self.lock().tongues.menus.clone()
    }

    pub(super) fn user(&self, user: i64) -> Value {
        let language = self.lock().tongues.apps.get(&user).cloned().unwrap_or_else(|| "en".to_owned());
        json!({"id": user, "is_bot": false, "first_name": "User", "language_code": language})
    }

    pub(super) fn set_menu(&self, params: &Value) {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        if params["scope"]["type"] != "all_private_chats" {
            return;
        }
        let commands = params["commands"].as_array().unwrap().iter();
        let menu = commands.map(|command| (text(&command["command"]), text(&command["description"])));
        self.lock().tongues.menus.insert(text(&params["language_code"]), menu.collect());
    }
}
