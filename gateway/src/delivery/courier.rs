//! One call to Telegram, and what became of it.

use super::{Letter, album::Album, whisper};
use chassis::{clock::monotonic, measures};
use serde::{Deserialize, Serialize};
use std::{sync::Arc, time::Duration};
use teloxide::{
    ApiError, Bot, RequestError,
    payloads::{EditMessageTextSetters as _, SendDocumentSetters as _, SendMessageSetters as _},
    requests::Requester as _,
    types::{ChatId, InputFile, LinkPreviewOptions, MessageId, ParseMode},
};

/// The client sleeps ten seconds after a 5xx before it says so; by then we have gone on.
pub(super) const LIMIT: Duration = Duration::from_secs(8);

/// In measures.
const TELEGRAM: &str = "telegram";

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fate {
    /// It is there, as this message.
    Sent(i32),
    /// A later edit of the same message took its place.
    Superseded,
    /// Not now: wait so many seconds.
    Later(u64),
    /// The user does not want to hear from us.
    Blocked,
    /// The message to edit is gone.
    Gone,
    /// Telegram will never take it.
    Refused(String),
    /// It did not reach Telegram.
    Unsent(String),
    /// Nobody knows whether Telegram took it.
    Unknown(String),
}

/// Speaks to Telegram.
#[derive(Clone)]
pub struct Courier {
    pub(super) bot: Bot,
    pub(super) album: Arc<Album>,
}

impl Courier {
    /// Takes the bot it speaks for.
    #[must_use]
    pub fn new(bot: Bot) -> Self {
        Self { bot, album: Arc::new(Album::new()) }
    }

    /// Makes the call.
    pub async fn deliver(&self, letter: &Letter) -> Fate {
        let called_at = monotonic();
        let fate = match &letter.whisper {
            Some(to) => whisper::deliver(&self.bot, letter, to).await,
            None => self.carry(letter).await,
        };
        metrics::counter!("telegram_messages_total", "fate" => fate.name()).increment(1);
        let result = if matches!(fate, Fate::Unsent(_) | Fate::Unknown(_)) { "failed" } else { "answered" };
        measures::called(TELEGRAM, result, called_at.elapsed());
        fate
    }

    /// A text or a file as a new message, or a text in place of another.
    pub(super) async fn plain(&self, letter: &Letter, edit: Option<i32>) -> Fate {
        let chat = ChatId(letter.chat_id);
        let call = async {
            match (edit, &letter.document) {
                (None, Some(document)) => {
                    let file = InputFile::memory(document.bytes.clone()).file_name(document.name.clone());
                    let call = self.bot.send_document(chat, file).caption(&letter.text);
                    let call = call.disable_notification(letter.silent);
                    call.parse_mode(ParseMode::Html).reply_markup(letter.keyboard.clone()).await
                }
                (None, None) => {
                    let call = self.bot.send_message(chat, &letter.text);
                    call.parse_mode(ParseMode::Html)
                        .link_preview_options(no_preview())
                        .disable_notification(letter.silent)
                        .reply_markup(letter.keyboard.clone())
                        .await
                }
                (Some(message), _) => {
                    let call = self.bot.edit_message_text(chat, MessageId(message), &letter.text);
                    call.parse_mode(ParseMode::Html)
                        .link_preview_options(no_preview())
                        .reply_markup(letter.keyboard.clone())
                        .await
                }
            }
        };
        match tokio::time::timeout(LIMIT, call).await {
            Ok(Ok(message)) => Fate::Sent(message.id.0),
            Ok(Err(error)) => fate_of(&error, edit),
            Err(_) => Fate::Unknown("no answer in time".to_owned()),
        }
    }
}

impl Fate {
    const fn name(&self) -> &'static str {
        match self {
            Self::Sent(_) => "sent",
            Self::Superseded => "superseded",
            Self::Later(_) => "later",
            Self::Blocked => "blocked",
            Self::Gone => "gone",
            Self::Refused(_) => "refused",
            Self::Unsent(_) => "unsent",
            Self::Unknown(_) => "unknown",
        }
    }
}

/// An error in our terms. Unknown texts of the API that name a server error are not a refusal.
pub(super) fn fate_of(error: &RequestError, edit: Option<i32>) -> Fate {
    match error {
        RequestError::RetryAfter(seconds) => Fate::Later(u64::from(seconds.seconds())),
        RequestError::Api(error) => match (error, edit) {
            (ApiError::MessageNotModified, Some(message)) => Fate::Sent(message),
            (
                ApiError::BotBlocked
                | ApiError::UserDeactivated
                | ApiError::CantInitiateConversation
                | ApiError::CantTalkWithBots
                | ApiError::ChatNotFound
                | ApiError::BotKicked
                | ApiError::BotKickedFromSupergroup
                | ApiError::BotKickedFromChannel,
                _,
            ) => Fate::Blocked,
            (
                ApiError::MessageToEditNotFound | ApiError::MessageCantBeEdited | ApiError::MessageIdInvalid,
                Some(_),
            ) => Fate::Gone,
            (ApiError::Unknown(text), _)
                if text.starts_with("Bad Request") || text.starts_with("Forbidden") =>
            {
                Fate::Refused(text.clone())
            }
            (ApiError::Unknown(text), _) => Fate::Unknown(text.clone()),
            (other, _) => Fate::Refused(other.to_string()),
        },
        RequestError::MigrateToChatId(chat) => Fate::Refused(format!("the group is now {}", chat.0)),
        RequestError::Network(network) if network.is_connect() => Fate::Unsent(network.to_string()),
        RequestError::Network(network) => Fate::Unknown(network.to_string()),
        // The raw text may hold what the user wrote.
        RequestError::InvalidJson { .. } => Fate::Unknown("an answer that is not JSON".to_owned()),
        RequestError::Io(error) => Fate::Unsent(error.to_string()),
    }
}

/// A message speaks for itself.
#[must_use]
pub const fn no_preview() -> LinkPreviewOptions {
    LinkPreviewOptions {
        is_disabled: true,
        url: None,
        prefer_small_media: false,
        prefer_large_media: false,
        show_above_text: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use teloxide::types::Seconds;

    #[test]
    fn errors_say_what_to_do_next() {
        let api = |text: &str| {
            serde_json::from_value(serde_json::Value::from(text)).map(RequestError::Api).unwrap()
        };
        for (error, edit, fate) in [
            (RequestError::RetryAfter(Seconds::from_seconds(3)), None, Fate::Later(3)),
            (api("Forbidden: bot was blocked by the user"), None, Fate::Blocked),
            (api("Bad Request: message to edit not found"), Some(5), Fate::Gone),
            (
                api(
                    "Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message",
                ),
                Some(5),
                Fate::Sent(5),
            ),
            (
                api("Bad Request: can't parse entities"),
                None,
                Fate::Refused("Bad Request: can't parse entities".into()),
            ),
            (api("Bad Gateway"), None, Fate::Unknown("Bad Gateway".into())),
        ] {
            assert_eq!(fate_of(&error, edit), fate, "{error}");
        }
    }
}
