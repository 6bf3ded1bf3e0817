//! What groups need beside messages: who is in one, how often a command was answered there, and where somebody's private
//! slip stands. All of it may be lost at any moment; who is in a group, Telegram says.

use crate::recent::Recent;
use bytes::Bytes;
use chassis::{Clock, Fault, clock::monotonic, kv::Bucket};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use teloxide::{
    ApiError, Bot, RequestError,
    requests::Requester as _,
    types::{ChatId, UserId},
};

/// Telegram is asked again after this: somebody who leaves a group sees its rooms no longer than that.
const KNOWN: Duration = Duration::from_secs(60);

/// Members of groups that are remembered at most.
const MEMBERS: usize = 20_000;

/// As long as a preview can be confirmed.
const SLIP: Duration = Duration::from_secs(900);

/// One question to Telegram.
const LIMIT: Duration = Duration::from_secs(5);

/// What is known of groups. Clones share it.
#[derive(Clone)]
pub struct Groups {
    bot: Bot,
    bucket: Bucket,
    clock: Clock,
    /// When Telegram last said that a user is in a chat. In this process alone: it lets people in, and what is in the bucket
    /// never does.
    members: Arc<Recent<(i64, i64), Instant>>,
    whispers: Arc<AtomicBool>,
}

impl Groups {
    /// Keeps it in a bucket.
    #[must_use]
    pub fn new(bot: Bot, bucket: Bucket, clock: Clock) -> Self {
        let members = Arc::new(Recent::new(MEMBERS));
        Self { bot, bucket, clock, members, whispers: Arc::default() }
    }

    /// Whether a user is in a group in which the bot is, too.
    ///
    /// # Errors
    /// Telegram does not answer.
    pub async fn has(&self, chat: i64, user: i64) -> Result<bool, Fault> {
        let known = self.members.get(&(chat, user));
        if known.is_some_and(|seen: Instant| seen.elapsed() < KNOWN) {
            return Ok(true);
        }
        let is_in = self.ask(chat, user).await?;
        if is_in {
            self.members.put((chat, user), monotonic());
        } else {
            self.members.forget(&(chat, user));
        }
        Ok(is_in)
    }

    async fn ask(&self, chat: i64, user: i64) -> Result<bool, Fault> {
        let Ok(id) = u64::try_from(user) else { return Ok(false) };
        let call = self.bot.get_chat_member(ChatId(chat), UserId(id));
        match tokio::time::timeout(LIMIT, call.into_future()).await {
            Ok(Ok(member)) => Ok(member.kind.is_present()),
            // Not in the group, or the bot is not, or there is none.
            Ok(Err(RequestError::Api(error))) if !is_outage(&error) => Ok(false),
            Ok(Err(RequestError::MigrateToChatId(_))) => Ok(false),
            Ok(Err(error)) => Err(Fault::upstream("Telegram", plain(&error))),
            Err(_) => Err(Fault::upstream("Telegram", "no answer in time")),
        }
    }

    /// A group's name, for whoever is in it.
    pub async fn title(&self, chat: i64) -> Option<String> {
        let call = self.bot.get_chat(ChatId(chat));
        let chat = tokio::time::timeout(LIMIT, call.into_future()).await.ok()?.ok()?;
        chat.title().map(str::to_owned)
    }

    /// Whether a user's command is answered in a group: not again within `pause`. Replicas agree by the bucket; without it
    /// everything is answered.
    pub async fn may_ask(&self, chat: i64, user: i64, command: &str, pause: Duration) -> bool {
        let key = format!("{}.{command}", key('c', chat, user));
        let now = self.clock.now().unix_timestamp_nanos();
        let stamp = Bytes::copy_from_slice(&now.to_be_bytes());
        let pause = pause.max(Duration::from_millis(1));
        let written = match self.bucket.get(&key).await {
            Err(_) => return true,
            Ok(None) => self.bucket.create(&key, stamp, pause).await,
            Ok(Some(last)) => {
                let last_at = last.value.as_ref().try_into().map_or(0, i128::from_be_bytes);
                let passed = now.saturating_sub(last_at);
                if i128::try_from(pause.as_nanos()).is_ok_and(|pause| passed < pause) {
                    return false;
                }
                self.bucket.update(&key, stamp, pause, last.revision).await
            }
        };
        // Another replica answers the same command at this moment.
        !matches!(written, Ok(None))
    }

    /// Whether the server can show a message to one member of a group alone.
    #[must_use]
    pub fn can_whisper(&self) -> bool {
        self.whispers.load(Ordering::Relaxed)
    }

    /// The server can, or cannot.
    pub fn set_whisper(&self, can: bool) {
        self.whispers.store(can, Ordering::Relaxed);
    }

    /// The private slip of a user in a group, if it may still be shown.
    pub async fn slip(&self, chat: i64, user: i64) -> Option<i64> {
        let entry = self.bucket.get(&key('w', chat, user)).await.ok()??;
        entry.value.as_ref().try_into().map(i64::from_be_bytes).ok()
    }

    /// Remembers a private slip.
    pub async fn keep_slip(&self, chat: i64, user: i64, message: i64) {
        let message = Bytes::copy_from_slice(&message.to_be_bytes());
        // Lost, the next press makes another one.
        let _ = self.bucket.put(&key('w', chat, user), message, SLIP).await;
    }
}

/// A server error in the shape of an answer is no answer.
fn is_outage(error: &ApiError) -> bool {
    match error {
        ApiError::Unknown(text) => !(text.starts_with("Bad Request") || text.starts_with("Forbidden")),
        _ => false,
    }
}

/// Without what the network error carries: its address has the token in it.
fn plain(error: &RequestError) -> String {
    match error {
        RequestError::Network(_) => "the network".to_owned(),
        other => other.to_string(),
    }
}

fn key(letter: char, chat: i64, user: i64) -> String {
    format!("{letter}.{chat}.{user}")
}
