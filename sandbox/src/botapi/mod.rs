//! A local Telegram: the Bot API over HTTP, a web page to play users on, and a client to script
//! them.
//!
//! A bot that is pointed at this server (`TELEGRAM_API_URL`) cannot tell it from Telegram as far as
//! the methods here go: the same parameters, the same checks, the same words in errors, the same
//! flood control. Differences are deliberate: one bot only; webhooks may be plain HTTP and are
//! delivered one at a time; bare domains in texts are not made into links; MarkdownV2 is refused.
//!
//! | Path | For |
//! |---|---|
//! | `/bot<TOKEN>/<method>`, `/file/bot<TOKEN>/<path>` | the bot |
//! | `/`, `/page/…` | people: the chat page |
//! | `/sandbox/…` | the page and tests, see [`control`] |
//!
//! State is kept in a folder (see `journal`), so numbering goes on after a restart.

pub mod control;
pub mod player;

mod content;
mod crowd;
mod detect;
mod entities;
mod faults;
mod guests;
mod journal;
mod limits;
mod methods;
mod page;
mod params;
mod people;
mod picture;
mod refusal;
mod search;
mod state;
mod updates;
mod webhook;
pub(crate) mod wire;
mod world;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{broadcast, watch};

pub use control::NewUser;
pub use faults::{Fault, FaultKind};
pub use limits::{Limits, Peaks};
pub use player::{Game, GroupNow, Player, Press, Shown};
pub use state::Answer;
pub use wire::{Button, Chat, Command, CopyText, Document, Entity, Keyboard, Message, PhotoSize, User};
pub use world::Counters;

use journal::Journal;
use limits::Limiter;
use refusal::Refusal;
use world::World;

/// Uploads above this are refused, as by Telegram (50 MB).
const MAX_BODY: usize = 50 * 1024 * 1024;

/// What the server is started with.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where users, chats, messages and numbering are kept.
    pub folder: PathBuf,
    /// As BotFather gives it: the bot's id, a colon, a secret.
    pub token: String,
    /// The bot's name in the chat list.
    pub name: String,
    /// Ends in `bot`, without `@`.
    pub username: String,
    /// The flood control.
    pub limits: Limits,
    /// How long a press can be answered; Telegram gives about 15 s.
    pub callback_life: Duration,
}

impl Config {
    /// Telegram's own numbers and a bot called ROOMS.
    pub fn new(folder: impl Into<PathBuf>, token: impl Into<String>) -> Self {
        Self {
            folder: folder.into(),
            token: token.into(),
            name: "ROOMS".into(),
            username: "rooms_sandbox_bot".into(),
            limits: Limits::default(),
            callback_life: Duration::from_secs(15),
        }
    }
}

/// The running server; clones share one world.
#[derive(Clone)]
pub struct BotApi(Arc<Inner>);

struct Inner {
    token: String,
    bot: User,
    world: Mutex<World>,
    /// Moves whenever the world changes, for those who wait.
    pulse: watch::Sender<u64>,
    /// What the page is told, each a JSON text.
    events: broadcast::Sender<Arc<str>>,
    /// Number of the newest `getUpdates`; an older one that still waits has lost.
    polls: AtomicU64,
}

impl BotApi {
    /// Opens the world in `config.folder` and starts delivering webhooks for as long as a clone of
    /// the returned handle lives. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// The folder cannot be read or written, its journal is not one, or the token has no bot id.
    pub fn open(config: Config) -> std::io::Result<Self> {
        let id = config.token.split_once(':').and_then(|(id, _)| id.parse().ok());
        let Some(id) = id else {
            return Err(std::io::Error::new(
                std::io::ErrorKind::InvalidInput,
                "a bot token begins with the bot's id and a colon",
            ));
        };
        let (journal, state) = Journal::open(&config.folder, world::unix_now())?;
        let bot = User {
            id,
            is_bot: true,
            first_name: config.name,
            last_name: None,
            username: Some(config.username),
            language_code: None,
        };
        let limiter = Limiter::new(config.limits);
        let world = World::new(state, journal, limiter, bot.clone(), config.folder, config.callback_life);
        let api = Self(Arc::new(Inner {
            token: config.token,
            bot,
            world: Mutex::new(world),
            pulse: watch::channel(0).0,
            events: broadcast::channel(4096).0,
            polls: AtomicU64::new(0),
        }));
        tokio::spawn(webhook::run(Arc::downgrade(&api.0), api.0.pulse.subscribe()));
        Ok(api)
    }

    /// The bot's own user.
    #[must_use]
    pub fn bot(&self) -> &User {
        &self.0.bot
    }

    fn lock(&self) -> MutexGuard<'_, World> {
        // A panic while holding the lock cannot leave a half-made change: each record is applied
        // in one step.
        self.0.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        look(&self.lock())
    }

    /// Changes the world and tells those who wait or watch.
    fn change<T>(&self, make: impl FnOnce(&mut World) -> Result<T, Refusal>) -> Result<T, Refusal> {
        let mut world = self.lock();
        let made = make(&mut world);
        // Sent under the lock so that the page sees changes in the order in which they were made.
        for event in std::mem::take(&mut world.news) {
            self.tell(&event);
        }
        drop(world);
        self.0.pulse.send_modify(|beat| *beat = beat.wrapping_add(1));
        made
    }

    fn tell(&self, event: &Value) {
        // An error means that no page is open.
        let _ = self.0.events.send(event.to_string().into());
    }

    /// Begins a `getUpdates`: every older one that still waits is terminated.
    fn begin_poll(&self) -> u64 {
        let number = self.0.polls.fetch_add(1, Ordering::SeqCst).wrapping_add(1);
        self.0.pulse.send_modify(|beat| *beat = beat.wrapping_add(1));
        number
    }

    fn newest_poll(&self) -> u64 {
        self.0.polls.load(Ordering::SeqCst)
    }
}

/// All routes; can be merged with others under `/sandbox/` that are not in [`control`].
pub fn router(api: BotApi) -> Router {
    Router::new()
        .merge(page::routes())
        .merge(control::routes())
        .merge(methods::routes())
        .layer(axum::extract::DefaultBodyLimit::max(MAX_BODY))
        .with_state(api)
}

/// Serves [`router`] on a bound listener until the future is dropped.
///
/// # Errors
/// Those of the listener.
pub async fn serve(listener: TcpListener, api: BotApi) -> std::io::Result<()> {
    axum::serve(listener, router(api)).await
}
