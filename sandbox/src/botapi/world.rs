//! The running world: the kept state, and what need not outlive the process.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::time::Duration;

use rand::Rng;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::botapi::faults::Faults;
use crate::botapi::journal::{self, Journal, Record};
use crate::botapi::limits::{Kind, Limiter, Peaks};
use crate::botapi::params::{Params, Upload};
use crate::botapi::picture;
use crate::botapi::refusal::Refusal;
use crate::botapi::search::{self, Searches};
use crate::botapi::state::{Answer, FileMeta, Pending, State, Stored};
use crate::botapi::wire::{Chat, Message, User};

/// Kinds of updates that Telegram sends only to bots that ask for them.
const ON_REQUEST: [&str; 3] = ["chat_member", "message_reaction", "message_reaction_count"];

/// What Telegram takes for a picture: the longer side so many times the shorter one, and so many bytes.
/// <https://core.telegram.org/bots/api#sendphoto>
const MAX_RATIO: u32 = 20;
const MAX_PHOTO_BYTES: usize = 10 * 1024 * 1024;

/// How often what was done, since the start of the process.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// Calls by method, refused ones included.
    pub calls: BTreeMap<String, u64>,
    /// New messages of the bot.
    pub sent: u64,
    /// Edits that changed something.
    pub edited: u64,
    /// Edits refused because they changed nothing.
    pub not_modified: u64,
    /// Messages the bot deleted.
    pub deleted: u64,
    /// Presses of buttons.
    pub callbacks: u64,
    /// Presses the bot answered in time.
    pub answered: u64,
    /// Answers that came too late, twice or for an unknown press.
    pub answered_in_vain: u64,
    /// Presses without an answer so far.
    pub unanswered: u64,
    /// Calls refused by the flood control.
    pub too_many_requests: u64,
    /// Injected faults that hit a call.
    pub faults: u64,
    /// Refused calls by description.
    pub refused: BTreeMap<String, u64>,
    /// Webhook deliveries that were not answered with 2xx.
    pub webhook_failures: u64,
}

struct Press {
    user_id: i64,
    chat_id: i64,
    at: Instant,
}

/// Everything behind the lock.
pub(crate) struct World {
    pub(crate) state: State,
    pub(crate) bot: User,
    pub(crate) folder: PathBuf,
    pub(crate) faults: Faults,
    pub(crate) counters: Counters,
    journal: Journal,
    limiter: Limiter,
    presses: HashMap<String, Press>,
    callback_life: Duration,
    pub(crate) searches: Searches,
    /// Events to be shown once the lock is released.
    pub(crate) news: Vec<Value>,
}

impl World {
    pub(crate) fn new(
        state: State,
        journal: Journal,
        limiter: Limiter,
        bot: User,
        folder: PathBuf,
        callback_life: Duration,
    ) -> Self {
        Self {
            state,
            bot,
            folder,
            faults: Faults::default(),
            counters: Counters::default(),
            journal,
            limiter,
            presses: HashMap::new(),
            callback_life,
            searches: Searches::default(),
            news: Vec::new(),
        }
    }

    /// Makes a fact last, then true.
    pub(crate) fn record(&mut self, record: Record) -> Result<(), Refusal> {
        self.journal.append(&record)?;
        self.state.apply(record);
        Ok(())
    }

    fn next_seq(&self) -> u64 {
        self.state.seq.saturating_add(1)
    }

    /// Lets a message or edit of the bot through the flood control.
    pub(crate) fn admit(&mut self, chat: &Chat, kind: Kind) -> Result<(), Refusal> {
        let verdict = self.limiter.admit(chat.id, chat.is_private(), kind, Instant::now());
        verdict.map_err(Refusal::too_many)
    }

    pub(crate) fn peaks(&self) -> Peaks {
        self.limiter.peaks()
    }

    /// An empty message from `from`, numbered and dated.
    pub(crate) fn draft(&self, from: &User, chat: &Chat) -> Message {
        Message {
            message_id: self.state.message_id_for(chat),
            from: from.clone(),
            chat: chat.clone(),
            date: unix_now(),
            edit_date: None,
            reply_to_message: None,
            text: None,
            entities: Vec::new(),
            photo: Vec::new(),
            document: None,
            caption: None,
            caption_entities: Vec::new(),
            reply_markup: None,
            link_preview_options: None,
            new_chat_members: Vec::new(),
            left_chat_member: None,
            new_chat_title: None,
            via_bot: None,
            ephemeral_message_id: None,
            receiver_user: None,
        }
    }

    /// Puts a changed message in the place of the old one.
    pub(crate) fn change(&mut self, mut stored: Stored) -> Result<Stored, Refusal> {
        stored.changed = self.next_seq();
        self.put(stored)
    }

    /// Puts a message into its chat, numbered by its caller.
    pub(crate) fn put(&mut self, stored: Stored) -> Result<Stored, Refusal> {
        self.record(Record::Message(Box::new(stored.clone())))?;
        self.news.push(json!({"type": "message", "message": stored}));
        Ok(stored)
    }

    /// The id of the update that an event of this kind would make now, if the bot asks for it.
    pub(crate) fn upcoming_update(&self, kind: &str) -> Option<i64> {
        let allowed = &self.state.allowed_updates;
        let wanted = if allowed.is_empty() {
            !ON_REQUEST.contains(&kind)
        } else {
            allowed.iter().any(|allowed| allowed == kind)
        };
        wanted.then_some(self.state.next_update_id)
    }

    /// Puts an update into the bot's queue, unless the bot did not ask for its kind.
    pub(crate) fn enqueue(&mut self, kind: &str, body: Value) -> Result<(), Refusal> {
        let Some(update_id) = self.upcoming_update(kind) else { return Ok(()) };
        self.record(Record::Update(Pending { update_id, date: unix_now(), kind: kind.to_owned(), body }))
    }

    /// Notes that the bot has seen all updates below `below`.
    pub(crate) fn confirm(&mut self, below: i64) -> Result<(), Refusal> {
        if self.state.pending.front().is_none_or(|first| first.update_id >= below) {
            return Ok(());
        }
        self.record(Record::Confirmed { below })?;
        self.news.push(json!({"type": "confirmed", "below": self.state.confirmed_below}));
        Ok(())
    }

    /// Makes the callback query of a pressed button.
    pub(crate) fn press(&mut self, user: &User, message: &Message, data: &str) -> Result<String, Refusal> {
        let life = self.callback_life;
        self.presses.retain(|_, press| press.at.elapsed() < life);
        let id = rand::rng().random_range(1_u64 << 60..1 << 62).to_string();
        let query = json!({
            "id": id,
            "from": user,
            "message": message.for_bot(),
            "chat_instance": chat_instance(message.chat.id),
            "data": data,
        });
        self.enqueue("callback_query", query)?;
        let press = Press { user_id: user.id, chat_id: message.chat.id, at: Instant::now() };
        self.presses.insert(id.clone(), press);
        self.counters.callbacks = self.counters.callbacks.saturating_add(1);
        Ok(id)
    }

    /// Whether a press is young enough to be followed by a message that its presser alone sees.
    pub(crate) fn is_pressed(&self, id: &str, user: i64, chat: i64) -> bool {
        let press = self.presses.get(id).filter(|press| press.at.elapsed() < self.callback_life);
        press.is_some_and(|press| press.user_id == user && press.chat_id == chat)
    }

    /// Takes the bot's answer to a search.
    pub(crate) fn answer_search(&mut self, params: &Params) -> Result<Value, Refusal> {
        let life = self.callback_life;
        search::answer(self, params, life)
    }

    /// Gives the bot's answer to whoever pressed; a press is answered once and not for long.
    pub(crate) fn answer(
        &mut self,
        id: &str,
        text: Option<String>,
        show_alert: bool,
        url: Option<String>,
    ) -> Result<(), Refusal> {
        let life = self.callback_life;
        let press = self.presses.remove(id).filter(|press| press.at.elapsed() < life);
        let Some(press) = press else {
            self.counters.answered_in_vain = self.counters.answered_in_vain.saturating_add(1);
            return Err(Refusal::bad("query is too old and response timeout expired or query ID is invalid"));
        };
        let answer = Answer {
            seq: self.next_seq(),
            user_id: press.user_id,
            chat_id: press.chat_id,
            callback_query_id: id.to_owned(),
            text,
            show_alert,
            url,
        };
        self.news.push(json!({"type": "answer", "answer": answer}));
        self.counters.answered = self.counters.answered.saturating_add(1);
        self.record(Record::Answer(answer))
    }

    /// Keeps an uploaded file; `photo` demands a picture.
    pub(crate) fn keep_file(&mut self, upload: &Upload, photo: bool) -> Result<FileMeta, Refusal> {
        if upload.bytes.is_empty() {
            return Err(Refusal::bad("file must be non-empty"));
        }
        let pixels = picture::pixels(&upload.bytes);
        if photo && pixels.is_none() {
            return Err(Refusal::bad("IMAGE_PROCESS_FAILED"));
        }
        let misshapen = |(w, h): (u32, u32)| {
            w.saturating_add(h) > 10_000 || w.max(h) > w.min(h).saturating_mul(MAX_RATIO)
        };
        if photo && pixels.is_some_and(misshapen) {
            return Err(Refusal::bad("PHOTO_INVALID_DIMENSIONS"));
        }
        if photo && upload.bytes.len() > MAX_PHOTO_BYTES {
            return Err(Refusal::bad("file is too big"));
        }
        let prefix = if photo { "AgACAgIAAx" } else { "BQACAgIAAx" };
        let meta = FileMeta {
            file_id: format!("{prefix}{:032x}", rand::rng().random::<u128>()),
            file_unique_id: fingerprint(&upload.bytes),
            name: upload.name.clone(),
            mime_type: upload.mime_type.clone(),
            size: u64::try_from(upload.bytes.len()).unwrap_or(u64::MAX),
            pixels,
        };
        journal::write_file(&self.folder, &meta.file_id, &upload.bytes)?;
        self.record(Record::File(meta.clone()))?;
        Ok(meta)
    }

    /// The counters with those that follow from the state.
    pub(crate) fn counted(&self) -> Counters {
        let mut counters = self.counters.clone();
        counters.unanswered = counters.callbacks.saturating_sub(counters.answered);
        counters
    }
}

/// Sixteen digits that are equal for equal files.
fn fingerprint(bytes: &[u8]) -> String {
    use sha2::Digest;
    let digest = sha2::Sha256::digest(bytes);
    format!("AQAD{}", hex::encode(digest.get(..8).unwrap_or_default()))
}

/// Stable for a chat and different between chats.
fn chat_instance(chat: i64) -> String {
    chat.wrapping_mul(0x5851_F42D_4C95_7F2D).to_string()
}

/// The time that messages are stamped with, in Unix seconds.
#[expect(clippy::disallowed_methods, reason = "Telegram has a clock of its own")]
pub(crate) fn unix_now() -> i64 {
    time::OffsetDateTime::now_utc().unix_timestamp()
}
