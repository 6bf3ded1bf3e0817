//! Slips in a group that their presser alone sees.

use super::Intake;
use crate::{
    arrival::{Arrival, Content},
    delivery::{Fate, Letter, Whisper},
    screens::Screen,
};
use std::time::Duration;

/// Telegram allows it for 15 s after the press.
const PATIENCE: Duration = Duration::from_secs(8);

impl Intake {
    /// Shows a screen to whoever pressed: in the slip that was pressed, or in a new one. False: it could not be shown.
    pub(super) async fn whisper(&self, arrival: &Arrival, screen: &Screen) -> bool {
        let Content::Press { query_id, message_id, .. } = &arrival.content else { return false };
        let groups = &self.app.groups;
        // Messages that one member alone sees have no number among those of the group.
        let message = match message_id {
            0 => groups.slip(arrival.chat_id, arrival.user_id).await,
            _ => None,
        };
        let whisper = Whisper { user_id: arrival.user_id, query_id: query_id.clone(), message };
        let letter = Letter { whisper: Some(Box::new(whisper)), ..Letter::new(arrival.chat_id, screen) };
        match tokio::time::timeout(PATIENCE, self.app.post.post(letter)).await {
            Ok(Fate::Sent(id)) => {
                groups.keep_slip(arrival.chat_id, arrival.user_id, i64::from(id)).await;
                true
            }
            Ok(fate) => {
                tracing::warn!(?fate, "a slip is not shown in the group");
                false
            }
            Err(_) => false,
        }
    }
}
