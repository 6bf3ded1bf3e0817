//! The rules of notifications as settings, with the defaults of the product.

use chassis::settings::{Invalid, Reader};
use std::time::Duration;

/// What notifier-svc is configured with.
#[derive(Clone, Copy, Debug)]
pub struct NotifierSettings {
    /// Notifications in the gateway's hands at most.
    pub credit: u32,
    /// How long nothing is tried after a user was found to have blocked the bot.
    pub blocked_pause: Duration,
}

impl NotifierSettings {
    /// Declares and reads them.
    ///
    /// # Errors
    /// A value is wrong; all problems are reported together.
    pub fn declare(r: &mut Reader) -> Result<Self, Invalid> {
        let credit = r
            .setting("NOTIFIER_CREDIT", "Notifications in the gateway's hands at most.")
            .between(1, 1_000)
            .or(64);
        let blocked_pause = r
            .setting(
                "NOTIFIER_BLOCKED_PAUSE",
                "How long nothing is tried after a user was found to have blocked the bot.",
            )
            .or(Duration::from_secs(3600));
        Ok(Self { credit: credit?, blocked_pause: blocked_pause? })
    }
}
