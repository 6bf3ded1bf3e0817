//! What the sender remembers of pictures: their names at Telegram, which messages have one, and which message took the
//! place of which. All of it is bounded and may be forgotten; then a picture is sent whole, or one call more is made.

use crate::{pictures::Picture, recent::Recent};
use teloxide::types::FileId;

/// Telegram's names of pictures, some 200 bytes each.
const FILES: usize = 20_000;
/// Messages, some 50 bytes each.
const MESSAGES: usize = 50_000;

/// The memory of a sender.
#[derive(Debug)]
pub(super) struct Album {
    files: Recent<[u8; 32], FileId>,
    messages: Recent<(i64, i32), Known>,
}

/// What is known of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    /// It has a picture.
    Pictured,
    /// It went, and this one came in its place.
    Replaced(i32),
}

impl Album {
    pub(super) fn new() -> Self {
        Self { files: Recent::new(FILES), messages: Recent::new(MESSAGES) }
    }

    /// What Telegram calls a picture that it has.
    pub(super) fn file(&self, picture: &Picture) -> Option<FileId> {
        self.files.get(&picture.key)
    }

    pub(super) fn name(&self, picture: &Picture, file: FileId) {
        self.files.put(picture.key, file);
    }

    pub(super) fn unname(&self, picture: &Picture) {
        self.files.forget(&picture.key);
    }

    /// The message that stands for one that may have been replaced.
    pub(super) fn current(&self, chat: i64, message: i32) -> i32 {
        let mut current = message;
        // A message is replaced by a younger one, so this ends; the bound is for what must not happen.
        for _ in 0..64 {
            match self.messages.get(&(chat, current)) {
                Some(Known::Replaced(by)) => current = by,
                _ => break,
            }
        }
        current
    }

    pub(super) fn is_pictured(&self, chat: i64, message: i32) -> bool {
        self.messages.get(&(chat, message)) == Some(Known::Pictured)
    }

    pub(super) fn pictured(&self, chat: i64, message: i32) {
        self.messages.put((chat, message), Known::Pictured);
    }

    pub(super) fn replaced(&self, chat: i64, message: i32, by: i32) {
        self.messages.put((chat, message), Known::Replaced(by));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replaced_message_is_found_where_it_went() {
        let album = Album::new();
        album.pictured(7, 1);
        assert!(album.is_pictured(7, 1) && !album.is_pictured(8, 1));
        album.replaced(7, 1, 2);
        album.replaced(7, 2, 5);
        assert_eq!((album.current(7, 1), album.current(7, 3), album.current(8, 1)), (5, 3, 1));
        assert!(!album.is_pictured(7, 1));
    }

    #[test]
    fn a_picture_has_a_name_until_it_is_not_taken() {
        let (album, picture) = (Album::new(), Picture::new(vec![1, 2, 3]));
        assert_eq!(album.file(&picture), None);
        album.name(&picture, FileId("AgAC".to_owned()));
        assert_eq!(album.file(&Picture::new(vec![1, 2, 3])), Some(FileId("AgAC".to_owned())));
        album.unname(&picture);
        assert_eq!(album.file(&picture), None);
    }
}
