//! An update of Telegram as the gateway understands it.

use teloxide::types::{Chat, ChatKind, MaybeInaccessibleMessage, Message, Update, UpdateKind, User};

/// Somebody did something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// Telegram's number of the update.
    pub update_id: i64,
    /// Who.
    pub user_id: i64,
    /// Their application's language.
    pub language_tag: String,
    /// Where.
    pub chat_id: i64,
    /// Whether nobody else reads there.
    pub private: bool,
    /// What.
    pub content: Content,
    /// The message that was typed, if one was.
    pub typed: Option<i32>,
}

/// What somebody did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Wrote a text.
    Text(String),
    /// Sent something else.
    Other,
    /// Brought the bot into a group.
    Added,
    /// Types in another chat what they look for.
    Search {
        /// To be answered.
        query_id: String,
        /// What stands there so far.
        words: String,
    },
    /// Pressed a button.
    Press {
        /// To be answered.
        query_id: String,
        /// What the button carries.
        data: String,
        /// The message it belongs to.
        message_id: i32,
    },
}

impl Arrival {
    /// Nothing for updates that are not answered: edits, service messages, other bots.
    #[must_use]
    pub fn of(update: &Update) -> Option<Self> {
        let update_id = i64::from(update.id.0);
        match &update.kind {
            UpdateKind::Message(message) => Self::of_message(update_id, message),
            UpdateKind::CallbackQuery(query) => {
                let (chat, message_id) = match query.message.as_ref()? {
                    MaybeInaccessibleMessage::Regular(message) => (&message.chat, message.id.0),
                    MaybeInaccessibleMessage::Inaccessible(message) => (&message.chat, message.message_id.0),
                };
                let data = query.data.clone().unwrap_or_default();
                let content = Content::Press { query_id: query.id.0.clone(), data, message_id };
                Self::by(update_id, &query.from, chat, content)
            }
            UpdateKind::InlineQuery(query) => Some(Self {
                update_id,
                user_id: i64::try_from(query.from.id.0).ok()?,
                language_tag: query.from.language_code.clone().unwrap_or_default(),
                // Where it is typed nobody tells.
                chat_id: i64::try_from(query.from.id.0).ok()?,
                private: true,
                content: Content::Search { query_id: query.id.0.clone(), words: query.query.clone() },
                typed: None,
            }),
            UpdateKind::MyChatMember(change) => {
                let came = !change.old_chat_member.is_present() && change.new_chat_member.is_present();
                let group = change.chat.is_group() || change.chat.is_supergroup();
                (came && group).then(|| Self::by(update_id, &change.from, &change.chat, Content::Added))?
            }
            _ => None,
        }
    }

    fn of_message(update_id: i64, message: &Message) -> Option<Self> {
        let content = match message.text() {
            Some(text) => Content::Text(text.to_owned()),
            // Service messages (members, titles, pins) say nothing to us.
            None if matches!(message.kind, teloxide::types::MessageKind::Common(_)) => Content::Other,
            None => return None,
        };
        let arrival = Self::by(update_id, message.from.as_ref()?, &message.chat, content)?;
        Some(Self { typed: Some(message.id.0), ..arrival })
    }

    fn by(update_id: i64, user: &User, chat: &Chat, content: Content) -> Option<Self> {
        if user.is_bot {
            return None;
        }
        Some(Self {
            update_id,
            user_id: i64::try_from(user.id.0).ok()?,
            language_tag: user.language_code.clone().unwrap_or_default(),
            chat_id: chat.id.0,
            private: matches!(chat.kind, ChatKind::Private(_)),
            content,
            typed: None,
        })
    }

    /// The pressed message.
    #[must_use]
    pub const fn message_id(&self) -> Option<i32> {
        match &self.content {
            Content::Press { message_id, .. } => Some(*message_id),
            _ => None,
        }
    }
}
