//! Links into the private chat: what stands behind `start=`.

use super::{Field as _, compact};
use crate::domain::{Link, ReferralCode, RoomKey};
use proto::RoomId;

/// The payload of a deep link to a room: `room_<id>`.
#[must_use]
pub fn deep_link_of(room: RoomId) -> String {
    format!("room_{}", compact::encode(room.uuid()))
}

/// The payload of a link: `room_<id>`, `room_<id>_<code>`, `room_<number>_<code>` or `ref_<code>`; nothing for one that
/// leads nowhere.
#[must_use]
pub fn payload_of(link: Link) -> Option<String> {
    let room = link.room.map(|room| match room {
        RoomKey::Id(room) => deep_link_of(room),
        RoomKey::Number(number) => format!("room_{number}"),
    });
    match (room, link.code) {
        (Some(room), Some(code)) => Some(format!("{room}_{}", code.as_str())),
        (None, Some(code)) => Some(format!("ref_{}", code.as_str())),
        (room, None) => room,
    }
}

/// The payload of a link that opens a room for a group. Whether whoever follows it is in that group, Telegram is asked.
#[must_use]
pub fn group_link_of(chat: i64) -> String {
    format!("group_{chat}")
}

/// The group of a payload.
#[must_use]
pub fn group_of(payload: &str) -> Option<i64> {
    payload.strip_prefix("group_")?.parse().ok().filter(|chat: &i64| *chat < 0)
}

/// Reads the payload of `/start`. What cannot be read leads nowhere: it never keeps anybody from starting.
#[must_use]
pub fn link_of(payload: &str) -> Link {
    if let Some(code) = payload.strip_prefix("ref_") {
        return Link { room: None, code: ReferralCode::parse(code) };
    }
    let Some(rest) = payload.strip_prefix("room_") else { return Link::default() };
    // An id may contain the separator, so it goes by its length.
    let (id, code) = rest.split_at_checked(compact::LENGTH).unwrap_or((rest, ""));
    let whole = code.is_empty() || code.starts_with('_');
    if let Some(room) = RoomId::read(id).filter(|_| whole) {
        return Link {
            room: Some(RoomKey::Id(room)),
            code: code.strip_prefix('_').and_then(ReferralCode::parse),
        };
    }
    let (number, code) = rest.split_once('_').unwrap_or((rest, ""));
    let room = number.parse().ok().filter(|number: &i64| *number > 0).map(RoomKey::Number);
    Link { room, code: ReferralCode::parse(code).filter(|_| room.is_some()) }
}
