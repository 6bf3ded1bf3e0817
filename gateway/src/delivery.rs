//! Messages out. One process speaks to Telegram, whoever holds the lease; the others hand their
//! messages over to it. See `schedule` for the limits, `notices` for what must arrive.

mod courier;
mod notices;
mod post;
pub mod schedule;
pub mod secrets;
mod sender;

pub use courier::{Courier, Fate};
pub use post::Post;
pub use sender::Sender;

use crate::screens::{Action, Document, Screen};
use serde::{Deserialize, Serialize};
use teloxide::types::{CopyTextButton, InlineKeyboardButton, InlineKeyboardMarkup};

/// A message ready to go.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Letter {
    /// Where to.
    pub chat_id: i64,
    /// The message it changes, if it is not a new one.
    pub edit: Option<i32>,
    /// Telegram HTML.
    pub text: String,
    /// Below the text.
    pub keyboard: InlineKeyboardMarkup,
    /// A file above the text, in a new message.
    #[serde(default)]
    pub document: Option<Document>,
}

impl Letter {
    /// A new message.
    #[must_use]
    pub fn new(chat_id: i64, screen: &Screen) -> Self {
        let (text, document) = (screen.text.clone(), screen.document.clone());
        Self { chat_id, edit: None, text, keyboard: keyboard(screen), document }
    }

    /// A change of an earlier message.
    #[must_use]
    pub fn edit(chat_id: i64, message_id: i32, screen: &Screen) -> Self {
        Self { edit: Some(message_id), ..Self::new(chat_id, screen) }
    }
}

/// The keyboard as Telegram wants it. A link that is none is left out.
fn keyboard(screen: &Screen) -> InlineKeyboardMarkup {
    let button = |button: &crate::screens::Button| {
        let label = button.label.clone();
        match &button.action {
            Action::Press(press) => Some(InlineKeyboardButton::callback(label, press.encode())),
            Action::Link(url) => Some(InlineKeyboardButton::url(label, url.parse().ok()?)),
            Action::Copy(text) => {
                Some(InlineKeyboardButton::copy_text_button(label, CopyTextButton { text: text.clone() }))
            }
        }
    };
    let rows = screen.keyboard.iter().map(|row| row.iter().filter_map(button).collect::<Vec<_>>());
    InlineKeyboardMarkup::new(rows.filter(|row| !row.is_empty()))
}

/// The page of a signature, where the network has a public explorer.
#[must_use]
pub fn explorer(network: chassis::settings::Network, signature: &str) -> Option<String> {
    use chassis::settings::Network;
    let page = (!signature.is_empty()).then(|| format!("https://explorer.solana.com/tx/{signature}"))?;
    match network {
        Network::Mainnet => Some(page),
        Network::Devnet => Some(format!("{page}?cluster=devnet")),
        Network::Local => None,
    }
}
