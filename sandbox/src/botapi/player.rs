//! Plays users by script: what a person does on the page, for end-to-end tests and the smoke.
//!
//! ```no_run
//! # async fn play() -> anyhow::Result<()> {
//! use sandbox::botapi::Game;
//! let game = Game::new("http://127.0.0.1:8081");
//! let ann = game.player("Ann").await?;
//! ann.say("/start").await?;
//! let dashboard = ann.wait_for(|screen| screen.text.contains("Balance")).await?;
//! ann.press(&dashboard, "Rooms").await?;
//! let rooms = ann.wait_for(|screen| screen.text.starts_with("Rooms")).await?;
//! # drop(rooms); Ok(()) }
//! ```

mod shown;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use reqwest::Client;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::botapi::control::NewUser;
use crate::botapi::state::{Answer, Group, Stored};
use crate::botapi::wire::{Chat, Message, User};
use crate::botapi::world::Counters;
use crate::botapi::{Fault, webhook};

pub use shown::Shown;

/// How long a player waits for the bot unless told otherwise.
const PATIENCE: Duration = Duration::from_secs(15);

/// A running server as a script sees it.
#[derive(Clone, Debug)]
pub struct Game {
    base: Arc<str>,
    http: Client,
    /// The data of every button that players of this game pressed.
    pressed: Arc<Mutex<BTreeSet<String>>>,
}

/// A press of a button, by which its answer is recognised.
#[derive(Clone, Debug)]
pub struct Press {
    /// As the bot gets it.
    pub callback_query_id: String,
    seq: u64,
}

impl Press {
    /// Number of the last change before it.
    #[must_use]
    pub const fn seq(&self) -> u64 {
        self.seq
    }
}

/// A group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupNow {
    /// What it is called.
    pub title: String,
    /// Ids of its members, the owner first; without the bot.
    pub members: Vec<i64>,
    /// Whether members may not write.
    pub muted: bool,
}

#[derive(Deserialize)]
struct Groups {
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Opened {
    joined: bool,
}

#[derive(Deserialize)]
struct Done {
    seq: u64,
    message: Message,
}

#[derive(Deserialize)]
struct Pressed {
    seq: u64,
    callback_query_id: String,
}

/// What the bot offers for `@bot query`.
#[derive(Clone, Debug)]
pub struct Search {
    id: String,
    /// As the bot has written them.
    pub results: Vec<Value>,
}

impl Search {
    /// The titles of the results.
    #[must_use]
    pub fn titles(&self) -> Vec<&str> {
        self.results.iter().map(title_of).collect()
    }
}

fn title_of(result: &Value) -> &str {
    result.get("title").and_then(Value::as_str).unwrap_or_default()
}

#[derive(Deserialize)]
struct Offered {
    results: Option<Vec<Value>>,
}

#[derive(Deserialize)]
struct Messages {
    messages: Vec<Stored>,
}

#[derive(Deserialize)]
struct Answers {
    answers: Vec<Answer>,
}

#[derive(Deserialize)]
struct Counted {
    counters: Counters,
}

impl Game {
    /// A server by its address, `http://host:port`.
    #[must_use]
    pub fn new(base: impl AsRef<str>) -> Self {
        let base = base.as_ref().trim_end_matches('/').into();
        Self { base, http: webhook::http_client(), pressed: Arc::default() }
    }

    /// The data of every button that players of this game pressed, each once.
    #[must_use]
    pub fn pressed(&self) -> Vec<String> {
        // A poisoned lock only means that somebody panicked; the set is whole.
        self.pressed.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// Makes a new user, who has not written to the bot yet.
    ///
    /// # Errors
    /// The server cannot be reached or refuses the name.
    pub async fn player(&self, first_name: &str) -> Result<Player> {
        let new = NewUser {
            first_name: first_name.to_owned(),
            last_name: None,
            username: None,
            language_code: None,
        };
        self.player_as(&new).await
    }

    /// Makes a new user with a name, a language and so on.
    ///
    /// # Errors
    /// The server cannot be reached or refuses the user.
    pub async fn player_as(&self, new: &NewUser) -> Result<Player> {
        let user: User = self.post("users", json!(new)).await?;
        Ok(Player { game: self.clone(), user, mark: Arc::default(), patience: PATIENCE })
    }

    /// Makes a group with the bot in it; the first player owns it.
    ///
    /// # Errors
    /// The server cannot be reached or there is no player.
    pub async fn group(&self, title: &str, players: &[&Player]) -> Result<Chat> {
        let members: Vec<i64> = players.iter().map(|player| player.user.id).collect();
        self.post("groups", json!({"title": title, "members": members})).await
    }

    /// Makes the bot an administrator of a group, or takes that back.
    ///
    /// # Errors
    /// The server cannot be reached, or the bot is not in the group.
    pub async fn appoint(&self, chat: &Chat, here: bool) -> Result<()> {
        let path = format!("groups/{}/administrator", chat.id);
        self.post::<Value>(&path, json!({"here": here})).await.map(drop)
    }

    /// A group as it is now.
    ///
    /// # Errors
    /// The server cannot be reached, or there is no such group.
    pub async fn group_now(&self, chat: i64) -> Result<GroupNow> {
        let state: Groups = self.get("state", &[]).await?;
        let group = state.groups.into_iter().find(|group| group.chat.id == chat);
        let Group { chat, members, house, .. } = group.with_context(|| format!("no group {chat}"))?;
        Ok(GroupNow { title: chat.title.unwrap_or_default(), members, muted: house.muted })
    }

    /// Injects a fault between the bot and the server.
    ///
    /// # Errors
    /// The server cannot be reached.
    pub async fn inject(&self, fault: &Fault) -> Result<()> {
        self.post::<Value>("faults", json!(fault)).await.map(drop)
    }

    /// Ends all injected faults.
    ///
    /// # Errors
    /// The server cannot be reached.
    pub async fn clear_faults(&self) -> Result<()> {
        self.http.delete(self.url("faults")).send().await?.error_for_status()?;
        Ok(())
    }

    /// How often what was done since the server started.
    ///
    /// # Errors
    /// The server cannot be reached.
    pub async fn counters(&self) -> Result<Counters> {
        Ok(self.get::<Counted>("counters", &[]).await?.counters)
    }

    fn url(&self, path: &str) -> String {
        format!("{}/sandbox/{path}", self.base)
    }

    async fn get<T: DeserializeOwned>(&self, path: &str, query: &[(&str, String)]) -> Result<T> {
        // Boxed, here and below: scripts hold many of these in each other, and an unoptimised stack holds them all.
        Box::pin(async { read(self.http.get(self.url(path)).query(query).send().await?).await }).await
    }

    async fn post<T: DeserializeOwned>(&self, path: &str, body: Value) -> Result<T> {
        Box::pin(async { read(self.http.post(self.url(path)).json(&body).send().await?).await }).await
    }
}

async fn read<T: DeserializeOwned>(response: reqwest::Response) -> Result<T> {
    let (status, url) = (response.status(), response.url().clone());
    let text = response.text().await?;
    ensure!(status.is_success(), "{} answered {status}: {text}", url.path());
    serde_json::from_str(&text).with_context(|| format!("{} answered {text}", url.path()))
}

/// A user in the hands of a script. Clones are the same user.
///
/// Waiting looks at what the bot wrote or changed since the player's last deed (`say`, `start`,
/// `press`, …) in any chat, so an old screen is never taken for the answer.
#[derive(Clone, Debug)]
pub struct Player {
    game: Game,
    user: User,
    /// Number of the last change before the player's last deed.
    mark: Arc<AtomicU64>,
    patience: Duration,
}

impl Player {
    /// The user.
    #[must_use]
    pub fn user(&self) -> &User {
        &self.user
    }

    /// The user's id, which is also the id of the private chat.
    #[must_use]
    pub fn id(&self) -> i64 {
        self.user.id
    }

    /// The same player with another bound for waiting.
    #[must_use]
    pub fn patient(&self, patience: Duration) -> Self {
        Self { patience, ..self.clone() }
    }

    async fn act(&self, path: &str, body: Value) -> Result<Shown> {
        let done: Done = self.game.post(path, body).await?;
        self.mark.store(done.seq, Ordering::SeqCst);
        let seq = done.seq;
        Ok(Stored {
            created: seq,
            changed: seq,
            deleted: false,
            silent: false,
            force_reply: None,
            update_id: None,
            message: done.message,
        }
        .into())
    }

    /// Writes to the bot.
    ///
    /// # Errors
    /// The server refuses: text empty or too long, bot blocked.
    pub async fn say(&self, text: &str) -> Result<Shown> {
        self.act("messages", json!({"user": self.user.id, "text": text})).await
    }

    /// Writes into a group.
    ///
    /// # Errors
    /// As [`Player::say`], or the player is not in the group.
    pub async fn say_in(&self, chat: &Chat, text: &str) -> Result<Shown> {
        self.act("messages", json!({"user": self.user.id, "chat": chat.id, "text": text})).await
    }

    /// Answers to a message where it stands.
    ///
    /// # Errors
    /// As [`Player::say`], or the message is gone.
    pub async fn reply(&self, to: &Shown, text: &str) -> Result<Shown> {
        let body = json!({"user": self.user.id, "chat": to.chat_id, "text": text,
            "reply_to": to.message_id});
        self.act("messages", body).await
    }

    /// Opens the bot, by a deep link if there is a payload; a blocked bot is unblocked.
    ///
    /// # Errors
    /// The payload is not one (`[A-Za-z0-9_-]`, at most 64).
    pub async fn start(&self, payload: Option<&str>) -> Result<Shown> {
        self.act("start", json!({"user": self.user.id, "payload": payload})).await
    }

    /// Presses the button whose label is `label` or else begins with it, on the message as it is
    /// now.
    ///
    /// # Errors
    /// There is no such button; the message says which there are.
    pub async fn press(&self, on: &Shown, label: &str) -> Result<Press> {
        let press = self.press_with(on, json!({"button": label})).await?;
        self.note(on.data(label).unwrap_or_default());
        Ok(press)
    }

    fn note(&self, data: &str) {
        self.game.pressed.lock().unwrap_or_else(PoisonError::into_inner).insert(data.to_owned());
    }

    /// Sends any data in the name of a button, as a forged client would.
    ///
    /// # Errors
    /// The message is gone.
    pub async fn press_data(&self, on: &Shown, data: &str) -> Result<Press> {
        let press = self.press_with(on, json!({"data": data})).await?;
        self.note(data);
        Ok(press)
    }

    async fn press_with(&self, on: &Shown, mut body: Value) -> Result<Press> {
        if let Some(fields) = body.as_object_mut() {
            fields.insert("user".into(), self.user.id.into());
            fields.insert("chat".into(), on.chat_id.into());
            fields.insert("message_id".into(), on.message_id.into());
        }
        let Pressed { seq, callback_query_id } = self.game.post("press", body).await?;
        self.mark.store(seq, Ordering::SeqCst);
        Ok(Press { callback_query_id, seq })
    }

    /// Blocks the bot.
    ///
    /// # Errors
    /// The server cannot be reached.
    pub async fn block(&self) -> Result<()> {
        self.game.post::<Value>("block", json!({"user": self.user.id})).await.map(drop)
    }

    /// Unblocks the bot.
    ///
    /// # Errors
    /// The server cannot be reached.
    pub async fn unblock(&self) -> Result<()> {
        self.game.post::<Value>("unblock", json!({"user": self.user.id})).await.map(drop)
    }

    /// Comes into a group.
    ///
    /// # Errors
    /// There is no such group.
    pub async fn join(&self, chat: &Chat) -> Result<()> {
        let path = format!("groups/{}/join", chat.id);
        self.game.post::<Value>(&path, json!({"user": self.user.id})).await.map(drop)
    }

    /// Opens a link into a group. True if that is all it took; else the player asks to be let in.
    ///
    /// # Errors
    /// The link has expired, or the player is banned.
    pub async fn open_link(&self, link: &str) -> Result<bool> {
        let body = json!({"user": self.user.id, "link": link});
        Ok(self.game.post::<Opened>("invitations", body).await?.joined)
    }

    /// Brings the bot into a group, or removes it.
    ///
    /// # Errors
    /// The player is not in the group.
    pub async fn bring_bot(&self, chat: &Chat, here: bool) -> Result<()> {
        let path = format!("groups/{}/bot", chat.id);
        self.game.post::<Value>(&path, json!({"user": self.user.id, "here": here})).await.map(drop)
    }

    /// Types `@bot query` in some chat and waits for what the bot offers.
    ///
    /// # Errors
    /// The bot does not answer within the player's patience.
    pub async fn search(&self, query: &str) -> Result<Search> {
        let asked: Value = self.game.post("inline", json!({"user": self.user.id, "query": query})).await?;
        let id =
            asked.get("inline_query_id").and_then(Value::as_str).context("a search has an id")?.to_owned();
        let wait = [("wait", self.patience.as_secs().to_string())];
        let found: Offered = self.game.get(&format!("inline/{id}"), &wait).await?;
        let results = found.results.with_context(|| format!("{query:?} was not answered"))?;
        Ok(Search { id, results })
    }

    /// Sends the result with this title, or else the first whose title begins with it, into a chat.
    ///
    /// # Errors
    /// There is no such result, or the player cannot write there.
    pub async fn share(&self, search: &Search, title: &str, chat: &Chat) -> Result<Shown> {
        let titled = |result: &&Value| title_of(result).starts_with(title);
        let result = search.results.iter().find(titled).and_then(|result| result.get("id")?.as_str());
        let Some(result) = result else {
            bail!("no result begins with {title:?}, there are {:?}", search.titles())
        };
        let body = json!({"user": self.user.id, "chat": chat.id, "result": result});
        self.act(&format!("inline/{}/choose", search.id), body).await
    }

    /// Waits for a message of the bot in the private chat, new or changed since the last deed.
    ///
    /// # Errors
    /// None came within the player's patience; the error shows those that did come.
    pub async fn wait_for(&self, wanted: impl Fn(&Shown) -> bool) -> Result<Shown> {
        self.wait_in(self.user.id, wanted).await
    }

    /// As [`Player::wait_for`], in any chat.
    ///
    /// # Errors
    /// As [`Player::wait_for`].
    pub async fn wait_in(&self, chat: i64, wanted: impl Fn(&Shown) -> bool) -> Result<Shown> {
        self.wait_since(chat, self.mark.load(Ordering::SeqCst), wanted).await
    }

    /// The first message of the bot in the private chat that is wanted, whether it is there already or
    /// still has to come: for what the bot says by itself, such as a result.
    ///
    /// # Errors
    /// As [`Player::wait_for`].
    pub async fn find(&self, wanted: impl Fn(&Shown) -> bool) -> Result<Shown> {
        self.wait_since(self.user.id, 0, wanted).await
    }

    /// As [`Player::find`], in any chat.
    ///
    /// # Errors
    /// As [`Player::wait_for`].
    pub async fn find_in(&self, chat: i64, wanted: impl Fn(&Shown) -> bool) -> Result<Shown> {
        self.wait_since(chat, 0, wanted).await
    }

    async fn wait_since(&self, chat: i64, mut after: u64, wanted: impl Fn(&Shown) -> bool) -> Result<Shown> {
        let deadline = Instant::now() + self.patience;
        let mut others = Vec::new();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            for shown in self.changes(chat, after, left.as_secs().saturating_add(1)).await? {
                after = after.max(shown.seq);
                if shown.from_bot && !shown.deleted && wanted(&shown) {
                    return Ok(shown);
                }
                others.push(shown.text);
            }
            if left.is_zero() {
                let (name, patience) = (&self.user.first_name, self.patience);
                bail!("{name} waited {patience:?} in vain; what came was {others:#?}");
            }
        }
    }

    /// What was written, changed or deleted in a chat after the change numbered `after`, as soon as there is something; nothing
    /// if there is nothing within so many seconds.
    ///
    /// # Errors
    /// The server cannot be reached.
    pub async fn news(&self, chat: i64, after: u64, seconds: u64) -> Result<Vec<Shown>> {
        self.changes(chat, after, seconds).await
    }

    async fn changes(&self, chat: i64, after: u64, wait: u64) -> Result<Vec<Shown>> {
        let query = [
            ("chat", chat.to_string()),
            ("user", self.user.id.to_string()),
            ("after", after.to_string()),
            ("wait", wait.to_string()),
        ];
        let found: Messages = self.game.get("messages", &query).await?;
        Ok(found.messages.into_iter().map(Shown::from).collect())
    }

    /// All messages of a chat as they stand, by their latest change; deleted ones are left out.
    ///
    /// # Errors
    /// The server cannot be reached.
    pub async fn messages_in(&self, chat: i64) -> Result<Vec<Shown>> {
        let mut all = self.changes(chat, 0, 0).await?;
        all.retain(|shown| !shown.deleted);
        Ok(all)
    }

    /// All messages of the private chat, by their latest change.
    ///
    /// # Errors
    /// The server cannot be reached.
    pub async fn messages(&self) -> Result<Vec<Shown>> {
        self.messages_in(self.user.id).await
    }

    /// The message of the bot that changed last in the private chat.
    ///
    /// # Errors
    /// The bot has written nothing.
    pub async fn last_screen(&self) -> Result<Shown> {
        let last = self.messages().await?.into_iter().rfind(|shown| shown.from_bot);
        last.context("the bot has written nothing")
    }

    /// Waits for the bot's answer to a press: a toast, a dialog or nothing to be seen.
    ///
    /// # Errors
    /// None came within the player's patience.
    pub async fn answer(&self, press: &Press) -> Result<Answer> {
        let deadline = Instant::now() + self.patience;
        let mut after = press.seq;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let query = [
                ("user", self.user.id.to_string()),
                ("after", after.to_string()),
                ("wait", left.as_secs().saturating_add(1).to_string()),
            ];
            let found: Answers = self.game.get("answers", &query).await?;
            for answer in found.answers {
                after = after.max(answer.seq);
                if answer.callback_query_id == press.callback_query_id {
                    return Ok(answer);
                }
            }
            if left.is_zero() {
                bail!("the press {} was not answered", press.callback_query_id);
            }
        }
    }
}
