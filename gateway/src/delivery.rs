//! Messages out. One process speaks to Telegram, whoever holds the lease; the others hand their
//! messages over to it. See `schedule` for the limits, `notices` for what must arrive.

mod album;
mod courier;
mod handed;
mod notices;
mod photos;
mod post;
pub mod schedule;
pub mod secrets;
mod sender;
pub mod whisper;

pub use courier::{Courier, Fate, no_preview};
pub use post::Post;
pub use sender::Sender;
pub use whisper::Whisper;

use crate::screens::{self, Action, Art, Document, Screen};
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
    /// A picture above the text.
    #[serde(default)]
    pub art: Art,
    /// Shown to one member of a group alone.
    #[serde(default)]
    pub whisper: Option<Box<Whisper>>,
    /// Without a sound.
    #[serde(default)]
    pub silent: bool,
}

impl Letter {
    /// A new message.
    #[must_use]
    pub fn new(chat_id: i64, screen: &Screen) -> Self {
        let (text, document) = (screen.text.clone(), screen.document.clone());
        // What is too long for a caption stands alone.
        let art = if screens::fits_caption(&text) { screen.art.clone() } else { Art::None };
        let keyboard = keyboard(screen);
        Self { chat_id, edit: None, text, keyboard, document, art, whisper: None, silent: false }
    }

    /// A change of an earlier message.
    #[must_use]
    pub fn edit(chat_id: i64, message_id: i32, screen: &Screen) -> Self {
        Self { edit: Some(message_id), ..Self::new(chat_id, screen) }
    }
}

/// The keyboard as Telegram wants it. A link that is none is left out.
#[must_use]
pub fn keyboard(screen: &Screen) -> InlineKeyboardMarkup {
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
