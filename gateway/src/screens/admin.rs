//! The operators' overview: what is going on and what waits for them. Nothing is decided here.

use super::{Button, Screen, format, home};
use crate::{
    callbacks::Callback,
    locales::{Language, Word},
};
use proto::{RoomId, from_timestamp, room::RoomState, wallet::Pause};
use time::OffsetDateTime;

/// Lines of a list at most; `roomsctl` has the whole of it.
pub const LINES: usize = 5;

/// What operators see. What could not be read is `None`, and the screen says so.
#[derive(Clone, Debug, Default)]
pub struct Overview {
    /// How many public rooms there are in each state.
    pub rooms: Option<Vec<(RoomState, u64)>>,
    /// Rooms that wait for a ruling, oldest first.
    pub waiting: Option<Listed<Waiting>>,
    /// Rooms with open disputes, newest first, once per dispute.
    pub disputes: Option<Listed<Disputed>>,
    /// Withdrawals that wait for an address or for operators.
    pub held: Option<u64>,
    /// What stops withdrawals.
    pub pauses: Option<Vec<Pause>>,
}

/// The beginning of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed<T> {
    /// At most [`LINES`].
    pub shown: Vec<T>,
    /// How many there are in all that was read.
    pub total: usize,
    /// Whether there are even more.
    pub more: bool,
}

/// A room by its id, and by its number where that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named {
    /// Identity.
    pub id: RoomId,
    /// Shown to everybody.
    pub number: Option<i64>,
}

/// A room that waits for a ruling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Which.
    pub room: Named,
    /// When it is paid as it stands; nothing while no verdict stands.
    pub until: Option<OffsetDateTime>,
    /// Rulings so far.
    pub rulings: usize,
}

/// A dispute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disputed {
    /// About which room.
    pub room: Named,
    /// Since.
    pub at: OffsetDateTime,
}

/// The overview.
#[must_use]
pub fn admin(language: Language, overview: &Overview, now: OffsetDateTime) -> Screen {
    let gap = String::new;
    let mut lines = vec![language.say("admin-title"), gap()];
    lines.extend(rooms(language, overview.rooms.as_deref()));
    lines.push(gap());
    lines.extend(list(language, "admin-waiting", overview.waiting.as_ref(), |room| {
        waiting(language, room, now)
    }));
    lines.push(gap());
    lines.extend(list(language, "admin-disputes", overview.disputes.as_ref(), |dispute| {
        let when = format::moment(language, dispute.at, now);
        language.fill("admin-dispute-line", &[named(dispute.room), ("when", when.into())])
    }));
    lines.push(gap());
    lines.push(counted(language, "admin-held", overview.held.map(Word::from)));
    lines.extend(pauses(language, overview.pauses.as_deref(), now));
    lines.extend([gap(), language.say("admin-act"), language.say("admin-commands")]);
    Screen::new(lines).row([Button::go(language, "button-refresh", Callback::Admin), home(language)])
}

fn counted(language: Language, key: &str, count: Option<Word>) -> String {
    let unknown = || Word::Html(language.say("admin-unavailable"));
    language.fill(key, &[("count", count.unwrap_or_else(unknown))])
}

fn rooms(language: Language, rooms: Option<&[(RoomState, u64)]>) -> Vec<String> {
    let mut lines = vec![language.say("admin-rooms")];
    match rooms {
        None => lines.push(language.say("admin-unavailable")),
        Some(rooms) => lines.extend(rooms.iter().map(|(state, count)| {
            let state = super::rooms::state(language, *state).into();
            language.fill("admin-rooms-line", &[("state", state), ("count", (*count).into())])
        })),
    }
    lines
}

fn list<T>(
    language: Language,
    key: &str,
    list: Option<&Listed<T>>,
    line: impl Fn(&T) -> String,
) -> Vec<String> {
    let Some(list) = list else { return vec![counted(language, key, None)] };
    let count = if list.more { Word::Text(format!("{}+", list.total)) } else { list.total.into() };
    let mut lines = vec![counted(language, key, Some(count))];
    lines.extend(list.shown.iter().map(line));
    if let Some(more) = list.total.checked_sub(list.shown.len()).filter(|more| *more > 0) {
        lines.push(language.fill("admin-more", &[("count", more.into())]));
    }
    lines
}

fn waiting(language: Language, waiting: &Waiting, now: OffsetDateTime) -> String {
    let (room, rulings) = (named(waiting.room), ("rulings", waiting.rulings.into()));
    match waiting.until {
        Some(until) => {
            let until = format::moment(language, until, now).into();
            language.fill("admin-waiting-line", &[room, rulings, ("until", until)])
        }
        None => language.fill("admin-waiting-line-open", &[room, rulings]),
    }
}

fn pauses(language: Language, pauses: Option<&[Pause]>, now: OffsetDateTime) -> Vec<String> {
    match pauses {
        None => vec![language.say("admin-unavailable")],
        Some([]) => vec![language.say("admin-running")],
        Some(pauses) => pauses
            .iter()
            .map(|pause| {
                let since = from_timestamp(pause.since.as_ref()).unwrap_or(now);
                let values = [
                    ("since", format::moment(language, since, now).into()),
                    ("cause", pause.cause.as_str().into()),
                    ("reason", pause.reason.as_str().into()),
                ];
                language.fill("admin-pause", &values)
            })
            .collect(),
    }
}

/// As `roomsctl` takes it.
fn named(room: Named) -> (&'static str, Word) {
    let name = room.number.map_or_else(|| room.id.to_string(), |number| format!("#{number}"));
    ("room", name.into())
}
