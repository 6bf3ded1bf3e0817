//! The objects of the Bot API, as far as this server speaks them.
//!
//! Field names and the presence rules are those of <https://core.telegram.org/bots/api>: optional
//! fields are left out, never `null`, because strict clients refuse a `null`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A user or the bot itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Above 2³², as accounts opened today have it.
    pub id: i64,
    /// True for the bot.
    pub is_bot: bool,
    /// Never empty.
    pub first_name: String,
    /// The second part of the name, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// Without the leading `@`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// IETF tag of the user's application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language_code: Option<String>,
}

/// A private chat (its id is the user's) or a supergroup (its id is negative).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chat {
    /// Unique over users and groups.
    pub id: i64,
    /// `private` or `supergroup`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Of groups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Of private chats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// Of private chats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// Of private chats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
}

impl Chat {
    /// The chat a user has with the bot.
    pub(crate) fn private(user: &User) -> Self {
        Self {
            id: user.id,
            kind: "private".into(),
            title: None,
            first_name: Some(user.first_name.clone()),
            last_name: user.last_name.clone(),
            username: user.username.clone(),
        }
    }

    /// A group.
    pub(crate) fn supergroup(id: i64, title: String) -> Self {
        Self {
            id,
            kind: "supergroup".into(),
            title: Some(title),
            first_name: None,
            last_name: None,
            username: None,
        }
    }

    pub(crate) fn is_private(&self) -> bool {
        self.kind == "private"
    }
}

/// A part of a text with a meaning or a look; offsets count UTF-16 code units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entity {
    /// `bold`, `code`, `text_link`, `bot_command`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// First code unit.
    pub offset: usize,
    /// Number of code units.
    pub length: usize,
    /// Of `text_link`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Of `text_mention`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<User>,
    /// Of `pre`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Of `custom_emoji`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom_emoji_id: Option<String>,
}

impl Entity {
    pub(crate) fn new(kind: &str, offset: usize, length: usize) -> Self {
        Self {
            kind: kind.into(),
            offset,
            length,
            url: None,
            user: None,
            language: None,
            custom_emoji_id: None,
        }
    }

    pub(crate) fn end(&self) -> usize {
        self.offset.saturating_add(self.length)
    }
}

/// One size of a picture; this server keeps only the size that was uploaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhotoSize {
    /// Sends the picture again.
    pub file_id: String,
    /// Equal for equal pictures.
    pub file_unique_id: String,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// In bytes.
    pub file_size: u64,
}

/// A file that is not shown as a picture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Sends the file again.
    pub file_id: String,
    /// Equal for equal files.
    pub file_unique_id: String,
    /// As the sender named it.
    pub file_name: String,
    /// As the sender declared it.
    pub mime_type: String,
    /// In bytes.
    pub file_size: u64,
}

/// A message as bots see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Unique in its chat.
    pub message_id: i64,
    /// Who wrote it.
    pub from: User,
    /// Where.
    pub chat: Chat,
    /// Unix seconds.
    pub date: i64,
    /// Unix seconds of the last edit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edit_date: Option<i64>,
    /// The message answered to, without what that one answered to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to_message: Option<Box<Message>>,
    /// Of text messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Of the text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entities: Vec<Entity>,
    /// The sizes of a picture.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub photo: Vec<PhotoSize>,
    /// A file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<Document>,
    /// Of pictures and files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
    /// Of the caption.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub caption_entities: Vec<Entity>,
    /// The inline keyboard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_markup: Option<Keyboard>,
    /// As the bot gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link_preview_options: Option<Value>,
    /// Service message: who came into the group.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub new_chat_members: Vec<User>,
    /// Service message: who left the group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_chat_member: Option<User>,
    /// Service message: what the group is called now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_chat_title: Option<String>,
    /// The bot whose inline result it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via_bot: Option<User>,
    /// Its number among the messages that one member alone sees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ephemeral_message_id: Option<i64>,
    /// Who alone sees it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receiver_user: Option<User>,
}

impl Message {
    /// As bots get it: what one member alone sees has no number among the messages of the chat.
    pub(crate) fn for_bot(&self) -> Value {
        let hidden = self.ephemeral_message_id.map(|_| Self { message_id: 0, ..self.clone() });
        serde_json::json!(hidden.as_ref().unwrap_or(self))
    }

    /// Whether a user sees it.
    pub(crate) fn is_for(&self, user: Option<i64>) -> bool {
        self.receiver_user.as_ref().is_none_or(|receiver| Some(receiver.id) == user)
    }
}

/// An inline keyboard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keyboard {
    /// Rows from top to bottom.
    pub inline_keyboard: Vec<Vec<Button>>,
}

/// A button of an inline keyboard; exactly one of the optional actions is there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Button {
    /// The label.
    pub text: String,
    /// 1 to 64 bytes that come back in a callback query.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callback_data: Option<String>,
    /// Opens a page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Copies a text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy_text: Option<CopyText>,
    /// Opens the choice of a chat with `@bot query` typed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub switch_inline_query: Option<String>,
    /// Types `@bot query` into this chat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub switch_inline_query_current_chat: Option<String>,
    /// `primary`, `success` or `danger`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub style: Option<String>,
}

/// What a copy button copies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopyText {
    /// 1 to 256 characters.
    pub text: String,
}

/// A line of the command menu.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// Without the slash.
    pub command: String,
    /// Shown beside it.
    pub description: String,
}

/// Length of a text as Telegram counts it.
pub(crate) fn utf16_len(text: &str) -> usize {
    text.encode_utf16().count()
}
