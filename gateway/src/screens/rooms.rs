//! The room list.

use super::{Button, Screen, chosen, format, home, pager, pages_of, question};
use crate::{
    callbacks::Callback,
    domain::{CreateStep, RoomFilter, RoomView},
    locales::Language,
};
use proto::room::RoomState;
use time::OffsetDateTime;

/// Rooms on a page.
pub const PAGE: u32 = 5;

/// One page of rooms.
#[must_use]
pub fn rooms(
    language: Language,
    filter: RoomFilter,
    page: u32,
    total: u64,
    shown: &[RoomView],
    now: OffsetDateTime,
) -> Screen {
    let (title, none) = match filter {
        RoomFilter::Live => ("rooms-title-live", "rooms-none-live"),
        RoomFilter::Mine => ("rooms-title-mine", "rooms-none-mine"),
        RoomFilter::Past => ("rooms-title-past", "rooms-none-past"),
        RoomFilter::Of { .. } => ("rooms-title-here", "rooms-none-here"),
    };
    let pages = pages_of(total, PAGE);
    let mut lines = vec![language.say(title), String::new()];
    if shown.is_empty() {
        lines.push(language.say(none));
    }
    for room in shown {
        let question = question::question(language, room, now).into();
        lines.push(language.fill(
            "rooms-line-question",
            &[("number", room.number.to_string().into()), ("question", question)],
        ));
        lines.push(facts(language, room, now));
        lines.push(String::new());
    }
    if pages > 1 {
        let page = u64::from(page) + 1;
        lines.push(language.fill("rooms-page", &[("page", page.into()), ("pages", pages.into())]));
    }
    let mut screen = Screen::new(lines);
    for room in shown {
        let short = question::short(language, room).into();
        let label =
            language.plain("button-room", &[("number", room.number.to_string().into()), ("short", short)]);
        screen = screen.row([Button::press(label, Callback::Room { room: room.id })]);
    }
    let tabs = [
        (RoomFilter::Live, "button-filter-live"),
        (RoomFilter::Mine, "button-filter-mine"),
        (RoomFilter::Past, "button-filter-past"),
    ];
    let here = matches!(filter, RoomFilter::Of { .. }).then_some((filter, "button-filter-here"));
    screen
        .row(pager(language, page, pages, |page| Callback::Rooms { filter, page }))
        .row(tabs.into_iter().chain(here).map(|(tab, key)| {
            let label = chosen(language, "button-filter-chosen", language.plain(key, &[]), tab == filter);
            Button::press(label, Callback::Rooms { filter: tab, page: 0 })
        }))
        .row([
            Button::go(language, "button-create", Callback::Create { step: CreateStep::Review }),
            Button::go(language, "button-refresh", Callback::Rooms { filter, page }),
            home(language),
        ])
}

/// State, pool, players and the end of betting in one line.
pub(super) fn facts(language: Language, room: &RoomView, now: OffsetDateTime) -> String {
    let mut values = vec![
        ("state", state(language, room.state).into()),
        ("pool", room.pool().into()),
        ("players", room.players.0.into()),
    ];
    if room.takes_bets(now) {
        values.push(("closes", format::relative(language, room.lock_at, now).into()));
        let Some((_, needed)) = room.queue() else { return language.fill("rooms-line-live", &values) };
        values.push(("needed", needed.into()));
        return language.fill("rooms-line-queuing", &values);
    }
    language.fill("rooms-line-ended", &values)
}

/// A room's state in words.
pub(super) fn state(language: Language, state: RoomState) -> String {
    language.say(match state {
        RoomState::Queuing => "state-queuing",
        RoomState::Open | RoomState::Unspecified => "state-open",
        RoomState::Locked => "state-locked",
        RoomState::Settling => "state-settling",
        RoomState::Settled => "state-settled",
        RoomState::Voided => "state-voided",
        RoomState::Archived => "state-archived",
    })
}
