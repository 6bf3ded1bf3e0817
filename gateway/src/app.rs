//! What every handler can reach.

use crate::{
    clients::Clients, delivery::Post, domain::RoomView, limits::Limiter, settings::Settings, vault::Vault,
};
use chassis::{Clock, Db};
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
    /// Flood control.
    pub limiter: Limiter,
    /// Numbers.
    pub settings: Settings,
    /// Requests were opened or decided.
    pub requests: Arc<Notify>,
}

impl App {
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
