//! What every handler can reach.

use crate::{
    clients::Clients, delivery::Post, domain::RoomView, groups::Groups, handlers::pictured::Glances,
    inline::Catalogue, limits::Limiter, pictures::Pictures, settings::Settings, vault::Vault,
};
use chassis::{Clock, Db, grpc::Identity, kv::Bucket};
use std::sync::{Arc, OnceLock};
use teloxide::Bot;
use tokio::sync::Notify;

/// The gateway from a handler's point of view.
pub struct App {
    /// Own rows, and the way out for commands.
    pub db: Db,
    /// Who people are.
    pub vault: Arc<Vault>,
    /// Time outside transactions.
    pub clock: Clock,
    /// Questions to other services.
    pub clients: Clients,
    /// Messages out.
    pub post: Post,
    /// Answers to presses go out directly: they are not messages and not limited like them.
    pub bot: Bot,
    /// The bot's name, once Telegram told it.
    pub username: OnceLock<String>,
    /// Who is in which group.
    pub groups: Groups,
    /// What is found from other chats.
    pub catalogue: Catalogue,
    /// Pictures of rooms.
    pub pictures: Pictures,
    /// What the pictures show.
    pub glances: Glances,
    /// Flood control.
    pub limiter: Limiter,
    /// Numbers.
    pub settings: Settings,
    /// Requests were opened or decided.
    pub requests: Arc<Notify>,
}

/// What an [`App`] is made of, beside its settings.
pub struct Parts {
    /// Own rows.
    pub db: Db,
    /// Time outside transactions.
    pub clock: Clock,
    /// Speaks to Telegram.
    pub bot: Bot,
    /// Messages out.
    pub post: Post,
    /// Counts what users do.
    pub counters: Bucket,
    /// Remembers who is in which group.
    pub groups: Bucket,
    /// Requests were opened or decided.
    pub requests: Arc<Notify>,
    /// As whom other services are asked.
    pub identity: Identity,
}

impl App {
    /// Puts the parts together. Nobody is asked anything yet.
    ///
    /// # Errors
    /// The address of a service is none.
    pub fn new(settings: Settings, parts: Parts) -> Result<Self, tonic::transport::Error> {
        let Parts { db, clock, bot, post, counters, groups, requests, identity } = parts;
        Ok(Self {
            db,
            vault: Arc::clone(&settings.vault),
            clients: Clients::new(&identity, &settings.services)?,
            post,
            username: OnceLock::new(),
            groups: Groups::new(bot.clone(), groups, clock.clone()),
            bot,
            catalogue: Catalogue::default(),
            pictures: Pictures::new(settings.picture_patience),
            glances: Glances::default(),
            limiter: Limiter::new(counters, clock.clone(), settings.limits),
            clock,
            settings,
            requests,
        })
    }

    /// A link that opens the private chat with a payload for `/start`.
    #[must_use]
    pub fn deep_link(&self, payload: &str) -> Option<String> {
        let username = self.username.get()?;
        Some(format!("https://t.me/{username}?start={payload}"))
    }

    /// Where everybody can get the evidence of a room: only of public rooms, once they have a result, and where the setting
    /// says so.
    #[must_use]
    pub fn evidence(&self, room: &RoomView) -> Option<String> {
        let served = self.settings.evidence.as_ref().filter(|_| room.public && room.is_over())?;
        Some(format!("{}/{}", served.expose().trim_end_matches('/'), room.id.uuid()))
    }

    /// The page of a signature, where the network has a public explorer.
    #[must_use]
    pub fn explorer(&self, signature: &str) -> Option<String> {
        crate::delivery::explorer(self.settings.network, signature)
    }
}
