//! Messages with a picture, and texts that take the place of one.
//!
//! Telegram puts a picture into a text message and changes it there, but never takes it out: a text takes the place of a
//! picture as a new message, and the old one goes once the new one is there.

use super::{Courier, Fate, Letter, courier::LIMIT, courier::fate_of, schedule::Kind};
use crate::{pictures::Picture, screens::Art};
use teloxide::{
    payloads::{EditMessageCaptionSetters as _, EditMessageMediaSetters as _, SendPhotoSetters as _},
    requests::Requester as _,
    types::{ChatId, InputFile, InputMedia, InputMediaPhoto, MessageId, ParseMode},
};

/// What Telegram answers where a text is to change that is a caption.
const NO_TEXT: &str = "Bad Request: there is no text in the message to edit";

impl Courier {
    /// What a letter will do in its chat, as far as it is known before its turn.
    pub(super) fn kind(&self, letter: &Letter) -> Kind {
        let Some(message) = letter.edit else { return Kind::Send };
        let message = self.album.current(letter.chat_id, message);
        let replaces = letter.art == Art::None && self.album.is_pictured(letter.chat_id, message);
        if replaces { Kind::Send } else { Kind::Edit(message) }
    }

    /// A new message or a change, with a picture or without.
    pub(super) async fn carry(&self, letter: &Letter) -> Fate {
        match letter.edit {
            Some(message) => self.change(letter, self.album.current(letter.chat_id, message)).await,
            None => self.send(letter).await,
        }
    }

    async fn send(&self, letter: &Letter) -> Fate {
        if let Art::New(picture) = &letter.art {
            match self.photo(letter, None, picture).await {
                Fate::Refused(why) => tracing::warn!(why, "a picture is not taken; its text goes alone"),
                fate => return fate,
            }
        }
        self.plain(letter, None).await
    }

    async fn change(&self, letter: &Letter, message: i32) -> Fate {
        if let Art::New(picture) = &letter.art {
            match self.photo(letter, Some(message), picture).await {
                Fate::Refused(why) => tracing::warn!(why, "a picture is not taken; its text goes alone"),
                fate => return fate,
            }
        }
        if !self.album.is_pictured(letter.chat_id, message) {
            match self.plain(letter, Some(message)).await {
                // It has a picture that another sender sent.
                Fate::Refused(why) if why == NO_TEXT => self.album.pictured(letter.chat_id, message),
                fate => return fate,
            }
        }
        match letter.art {
            Art::None => self.replace(letter, message).await,
            Art::Kept | Art::New(_) => self.caption(letter, message).await,
        }
    }

    /// Under the name that Telegram gave the picture, if it has it already.
    async fn photo(&self, letter: &Letter, edit: Option<i32>, picture: &Picture) -> Fate {
        if let Some(file) = self.album.file(picture) {
            match self.photo_as(letter, edit, picture, InputFile::file_id(file)).await {
                Fate::Refused(why) => {
                    tracing::info!(why, "a picture is sent again");
                    self.album.unname(picture);
                }
                fate => return fate,
            }
        }
        let file = InputFile::memory(picture.bytes.clone()).file_name("picture.png");
        self.photo_as(letter, edit, picture, file).await
    }

    async fn photo_as(&self, letter: &Letter, edit: Option<i32>, picture: &Picture, file: InputFile) -> Fate {
        let (chat, keyboard) = (ChatId(letter.chat_id), letter.keyboard.clone());
        let call = async {
            match edit {
                None => {
                    let call = self.bot.send_photo(chat, file).caption(&letter.text);
                    let call = call.disable_notification(letter.silent);
                    call.parse_mode(ParseMode::Html).reply_markup(keyboard).await
                }
                Some(message) => {
                    let media = InputMediaPhoto::new(file).caption(&letter.text).parse_mode(ParseMode::Html);
                    let call =
                        self.bot.edit_message_media(chat, MessageId(message), InputMedia::Photo(media));
                    call.reply_markup(keyboard).await
                }
            }
        };
        match tokio::time::timeout(LIMIT, call).await {
            Ok(Ok(message)) => {
                if let Some(largest) = message.photo().and_then(|sizes| sizes.last()) {
                    self.album.name(picture, largest.file.id.clone());
                }
                self.album.pictured(letter.chat_id, message.id.0);
                Fate::Sent(message.id.0)
            }
            Ok(Err(error)) => fate_of(&error, edit),
            Err(_) => Fate::Unknown("no answer in time".to_owned()),
        }
    }

    /// Another text below the same picture.
    async fn caption(&self, letter: &Letter, message: i32) -> Fate {
        let call = self.bot.edit_message_caption(ChatId(letter.chat_id), MessageId(message));
        let call = call.caption(&letter.text).parse_mode(ParseMode::Html);
        let call = call.reply_markup(letter.keyboard.clone());
        match tokio::time::timeout(LIMIT, call.into_future()).await {
            Ok(Ok(_)) => Fate::Sent(message),
            Ok(Err(error)) => fate_of(&error, Some(message)),
            Err(_) => Fate::Unknown("no answer in time".to_owned()),
        }
    }

    /// A text instead of a picture. While the new message is not there, the old one stays.
    async fn replace(&self, letter: &Letter, message: i32) -> Fate {
        let fate = self.plain(letter, None).await;
        if let Fate::Sent(by) = fate {
            self.album.replaced(letter.chat_id, message, by);
            self.remove(ChatId(letter.chat_id), MessageId(message)).await;
        }
        fate
    }

    /// Telegram deletes nothing that is older than two days: then the message loses its buttons.
    async fn remove(&self, chat: ChatId, message: MessageId) {
        let deletion = self.bot.delete_message(chat, message);
        if matches!(tokio::time::timeout(LIMIT, deletion.into_future()).await, Ok(Ok(_))) {
            return;
        }
        let bare = self.bot.edit_message_reply_markup(chat, message);
        match tokio::time::timeout(LIMIT, bare.into_future()).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::info!(%error, "a replaced message stays"),
            Err(_) => tracing::info!("a replaced message stays"),
        }
    }
}
