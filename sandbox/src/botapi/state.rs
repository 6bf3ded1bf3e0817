//! What the local Telegram knows, as a fold over journal records.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::botapi::guests::House;
use crate::botapi::journal::Record;
use crate::botapi::wire::{Chat, Command, Message, User};

/// Answers kept for readers that come late.
const ANSWERS_KEPT: usize = 10_000;
/// Telegram keeps an update for a day (<https://core.telegram.org/bots/api#getting-updates>).
const UPDATE_LIFE_SECS: i64 = 24 * 3600;

/// A user and how the user stands to the bot.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Person {
    pub(crate) user: User,
    /// A bot may write only to users who wrote first.
    pub(crate) started: bool,
    pub(crate) blocked: bool,
}

/// A group and who is in it, the creator first.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Group {
    pub(crate) chat: Chat,
    pub(crate) members: Vec<i64>,
    pub(crate) has_bot: bool,
    #[serde(default)]
    pub(crate) house: House,
}

/// A message with what Telegram's own clients know beyond the Bot API.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Stored {
    /// Number of the change that made the message.
    pub(crate) created: u64,
    /// Number of its latest change.
    pub(crate) changed: u64,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) deleted: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) silent: bool,
    /// The placeholder of the answer that the bot asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) force_reply: Option<String>,
    /// The update that told the bot about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) update_id: Option<i64>,
    pub(crate) message: Message,
}

/// An update the bot has not confirmed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Pending {
    pub(crate) update_id: i64,
    pub(crate) date: i64,
    /// `message`, `callback_query`, …
    pub(crate) kind: String,
    pub(crate) body: Value,
}

impl Pending {
    /// As `getUpdates` returns it.
    pub(crate) fn wire(&self) -> Value {
        let mut update = Map::new();
        update.insert("update_id".into(), self.update_id.into());
        update.insert(self.kind.clone(), self.body.clone());
        Value::Object(update)
    }
}

/// What the bot answered to a press of a button.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Answer {
    /// Number of the change, in one row with those of messages.
    pub seq: u64,
    /// Who pressed.
    pub user_id: i64,
    /// In which chat.
    pub chat_id: i64,
    /// Which press.
    pub callback_query_id: String,
    /// The text of the toast or dialog; none only stops the button's waiting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// A dialog to be closed instead of a toast.
    #[serde(default)]
    pub show_alert: bool,
    /// A page to be opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// A file that was uploaded.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct FileMeta {
    pub(crate) file_id: String,
    pub(crate) file_unique_id: String,
    pub(crate) name: String,
    pub(crate) mime_type: String,
    pub(crate) size: u64,
    /// Width and height when it is a picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) pixels: Option<(u32, u32)>,
}

/// Where updates are pushed to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Webhook {
    pub(crate) url: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) secret_token: Option<String>,
    pub(crate) max_connections: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) last_error: Option<(i64, String)>,
}

/// The whole world; changed only by [`State::apply`].
pub(crate) struct State {
    pub(crate) next_update_id: i64,
    /// Private chats share one row of message numbers, as a real account's do.
    pub(crate) next_message_id: i64,
    pub(crate) next_user_id: i64,
    pub(crate) next_group_id: i64,
    pub(crate) seq: u64,
    pub(crate) people: BTreeMap<i64, Person>,
    pub(crate) groups: BTreeMap<i64, Group>,
    pub(crate) messages: BTreeMap<(i64, i64), Stored>,
    /// Messages by their latest change, so that readers find news without a scan.
    pub(crate) by_change: BTreeMap<u64, (i64, i64)>,
    pub(crate) files: BTreeMap<String, FileMeta>,
    pub(crate) pending: VecDeque<Pending>,
    pub(crate) confirmed_below: i64,
    pub(crate) answers: VecDeque<Answer>,
    /// Empty: all kinds but those that must be asked for.
    pub(crate) allowed_updates: Vec<String>,
    pub(crate) webhook: Option<Webhook>,
    pub(crate) commands: BTreeMap<(String, String), Vec<Command>>,
    pub(crate) profile: BTreeMap<String, Value>,
}

impl State {
    /// An empty world.
    pub(crate) fn new() -> Self {
        Self {
            next_update_id: 1,
            next_message_id: 1,
            next_user_id: 7_100_000_001,
            next_group_id: -1_002_100_000_001,
            seq: 0,
            people: BTreeMap::new(),
            groups: BTreeMap::new(),
            messages: BTreeMap::new(),
            by_change: BTreeMap::new(),
            files: BTreeMap::new(),
            pending: VecDeque::new(),
            confirmed_below: 0,
            answers: VecDeque::new(),
            allowed_updates: Vec::new(),
            webhook: None,
            commands: BTreeMap::new(),
            profile: BTreeMap::new(),
        }
    }

    /// Takes one record in; applying the same record twice changes nothing more.
    pub(crate) fn apply(&mut self, record: Record) {
        match record {
            Record::Numbers { update_id, message_id, user_id, group_id, seq } => {
                self.next_update_id = self.next_update_id.max(update_id);
                self.next_message_id = self.next_message_id.max(message_id);
                self.next_user_id = self.next_user_id.max(user_id);
                self.next_group_id = self.next_group_id.min(group_id);
                self.seq = self.seq.max(seq);
            }
            Record::Person(person) => {
                self.next_user_id = self.next_user_id.max(person.user.id.saturating_add(1));
                self.people.insert(person.user.id, person);
            }
            Record::Group(group) => {
                self.next_group_id = self.next_group_id.min(group.chat.id.saturating_sub(1));
                self.groups.insert(group.chat.id, group);
            }
            Record::Message(stored) => self.apply_message(*stored),
            Record::File(meta) => {
                self.files.insert(meta.file_id.clone(), meta);
            }
            Record::Update(pending) => {
                let id = pending.update_id;
                self.next_update_id = self.next_update_id.max(id.saturating_add(1));
                let newest = self.pending.back().is_none_or(|last| last.update_id < id);
                if newest && id >= self.confirmed_below {
                    self.pending.push_back(pending);
                }
            }
            Record::Confirmed { below } => {
                self.pending.retain(|pending| pending.update_id >= below);
                self.confirmed_below = self.confirmed_below.max(below);
            }
            Record::Answer(answer) => {
                self.seq = self.seq.max(answer.seq);
                self.answers.push_back(answer);
                if self.answers.len() > ANSWERS_KEPT {
                    self.answers.pop_front();
                }
            }
            Record::AllowedUpdates { kinds } => self.allowed_updates = kinds,
            Record::Webhook(webhook) => self.webhook = webhook,
            Record::Commands { scope, language, commands } => {
                self.commands.insert((scope, language), commands);
            }
            Record::Profile { field, value } => {
                self.profile.insert(field, value);
            }
        }
    }

    fn apply_message(&mut self, stored: Stored) {
        self.seq = self.seq.max(stored.changed);
        let key = (stored.message.chat.id, stored.message.message_id);
        if stored.message.chat.is_private() {
            self.next_message_id = self.next_message_id.max(key.1.saturating_add(1));
        }
        self.by_change.insert(stored.changed, key);
        if let Some(old) = self.messages.insert(key, stored) {
            let now = self.messages.get(&key).map(|stored| stored.changed);
            if now != Some(old.changed) {
                self.by_change.remove(&old.changed);
            }
        }
    }

    /// The shortest row of records that gives this state.
    pub(crate) fn records(&self) -> Vec<Record> {
        let mut records = vec![Record::Numbers {
            update_id: self.next_update_id,
            message_id: self.next_message_id,
            user_id: self.next_user_id,
            group_id: self.next_group_id,
            seq: self.seq,
        }];
        records.push(Record::Confirmed { below: self.confirmed_below });
        records.extend(self.people.values().cloned().map(Record::Person));
        records.extend(self.groups.values().cloned().map(Record::Group));
        records.extend(self.files.values().cloned().map(Record::File));
        let boxed = |stored: &Stored| Record::Message(Box::new(stored.clone()));
        records.extend(self.messages.values().map(boxed));
        records.extend(self.pending.iter().cloned().map(Record::Update));
        records.extend(self.answers.iter().cloned().map(Record::Answer));
        records.push(Record::AllowedUpdates { kinds: self.allowed_updates.clone() });
        records.push(Record::Webhook(self.webhook.clone()));
        records.extend(self.commands.iter().map(|((scope, language), commands)| {
            let (scope, language) = (scope.clone(), language.clone());
            Record::Commands { scope, language, commands: commands.clone() }
        }));
        records.extend(
            self.profile
                .iter()
                .map(|(field, value)| Record::Profile { field: field.clone(), value: value.clone() }),
        );
        records
    }

    /// The number of the next message in a chat.
    pub(crate) fn message_id_for(&self, chat: &Chat) -> i64 {
        if chat.is_private() {
            return self.next_message_id;
        }
        let last = self.messages.range((chat.id, 0)..=(chat.id, i64::MAX)).next_back();
        last.map_or(1, |(key, _)| key.1.saturating_add(1))
    }

    /// The number of the next message in a chat that one member alone sees.
    pub(crate) fn next_ephemeral(&self, chat: i64) -> i64 {
        let first = self.messages.range((chat, i64::MIN)..(chat, 0)).next();
        first.map_or(1, |(key, _)| key.1.saturating_neg().saturating_add(1))
    }

    /// Messages of one chat that everybody there sees, oldest first.
    pub(crate) fn messages_of(&self, chat: i64) -> impl Iterator<Item = &Stored> {
        self.messages.range((chat, 0)..=(chat, i64::MAX)).map(|(_, stored)| stored)
    }

    /// The private chat of a known user, or a known group.
    pub(crate) fn chat(&self, id: i64) -> Option<Chat> {
        match self.people.get(&id) {
            Some(person) => Some(Chat::private(&person.user)),
            None => self.groups.get(&id).map(|group| group.chat.clone()),
        }
    }

    /// Up to `limit` of the waiting updates from `offset` on, those older than a day left out.
    pub(crate) fn waiting(&self, offset: i64, limit: usize, now: i64) -> Vec<&Pending> {
        let young = |pending: &&Pending| now.saturating_sub(pending.date) < UPDATE_LIFE_SECS;
        let due = self.pending.iter().filter(|pending| pending.update_id >= offset);
        due.filter(young).take(limit).collect()
    }
}
