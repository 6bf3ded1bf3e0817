//! Messages as the user of a chat sees them.

use crate::botapi::{
    state::Stored,
    wire::{Button, Keyboard, Message},
};

/// A message as a user sees it.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Number of its latest change.
    pub seq: u64,
    /// Where it stands.
    pub chat_id: i64,
    /// Its number there.
    pub message_id: i64,
    /// Text or caption, without formatting.
    pub text: String,
    /// Labels of the inline keyboard, row by row.
    pub buttons: Vec<Vec<String>>,
    /// True for messages of the bot.
    pub from_bot: bool,
    /// True once the text was changed.
    pub edited: bool,
    /// True once it is gone from the chat.
    pub deleted: bool,
    /// True if it came without a sound.
    pub silent: bool,
    /// The message with all its fields.
    pub message: Message,
}

impl From<Stored> for Shown {
    fn from(stored: Stored) -> Self {
        let message = stored.message;
        let labels = |keyboard: &Keyboard| {
            let row = |row: &Vec<Button>| row.iter().map(|button| button.text.clone()).collect();
            keyboard.inline_keyboard.iter().map(row).collect()
        };
        Self {
            seq: stored.changed,
            chat_id: message.chat.id,
            message_id: message.message_id,
            text: message.text.clone().or(message.caption.clone()).unwrap_or_default(),
            buttons: message.reply_markup.as_ref().map(labels).unwrap_or_default(),
            from_bot: message.from.is_bot,
            edited: message.edit_date.is_some(),
            deleted: stored.deleted,
            silent: stored.silent,
            message,
        }
    }
}

impl Shown {
    /// The label of the first button that begins with `prefix`.
    #[must_use]
    pub fn button(&self, prefix: &str) -> Option<&str> {
        self.buttons.iter().flatten().map(String::as_str).find(|label| label.starts_with(prefix))
    }

    /// The data behind the button with this label, or else the first that begins so.
    #[must_use]
    pub fn data(&self, prefix: &str) -> Option<&str> {
        let keyboard = self.message.reply_markup.as_ref()?;
        let buttons = || keyboard.inline_keyboard.iter().flatten();
        let exact = buttons().find(|button| button.text == prefix);
        let found = exact.or_else(|| buttons().find(|button| button.text.starts_with(prefix)));
        found?.callback_data.as_deref()
    }
}
