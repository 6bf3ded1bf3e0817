//! The room card: everything one needs to decide on a bet.

use super::{Button, Quote, Screen, format, home, question, result::decision, rooms::state};
use super::{
    pictured::{self, Outline},
    rules::{Print, rules},
};
use crate::{
    callbacks::Callback,
    domain::{Player, Question, Reader, RoomFilter, RoomView},
    locales::Language,
};
use proto::Lamports;
use time::OffsetDateTime;

/// Answers with labels of at most so many characters stand side by side.
const SIDE_BY_SIDE: usize = 16;

/// Characters of an answer on a button.
const LABEL: usize = 40;

/// Prices at this moment, where they are known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Prices {
    /// Of what the room is about.
    pub asset: Option<Quote>,
    /// Of what that runs against.
    pub rival: Option<Quote>,
}

/// The card for one reader.
#[must_use]
pub fn room_card(
    language: Language,
    room: &RoomView,
    reader: &Reader,
    prices: Prices,
    now: OffsetDateTime,
) -> Screen {
    card(language, room, reader, prices, None, Print::Whole, now)
}

/// The card as a caption with the numbers of its picture, from long to short.
#[must_use]
pub fn room_captions(
    language: Language,
    room: &RoomView,
    reader: &Reader,
    prices: Prices,
    outline: &Outline,
    now: OffsetDateTime,
) -> [Screen; 3] {
    [Print::Whole, Print::Short, Print::Least]
        .map(|print| card(language, room, reader, prices, Some(outline), print, now))
}

fn card(
    language: Language,
    room: &RoomView,
    reader: &Reader,
    prices: Prices,
    outline: Option<&Outline>,
    print: Print,
    now: OffsetDateTime,
) -> Screen {
    let open = room.takes_bets(now);
    let mut lines = vec![head(language, room)];
    let asked = question::question(language, room, now).into();
    lines.push(language.fill("card-question", &[("question", asked)]));
    if !room.subtitle.is_empty() {
        lines.push(language.fill("card-subtitle", &[("subtitle", room.subtitle.as_str().into())]));
    }
    lines.push(String::new());
    lines.extend((0..room.outcomes.len()).map(|outcome| pool(language, room, outcome)));
    if room.pending > Lamports::ZERO {
        lines.push(language.fill("card-pending", &[("pending", room.pending.into())]));
    }
    lines.push(players(language, room));
    lines.extend(reader.host.then(|| language.say("card-host")));
    lines.extend(reader.bet.iter().map(|player| own_bet(language, room, player, now)));
    lines.push(String::new());
    lines.extend(room.verdict.iter().flat_map(|verdict| decision(language, room, verdict)));
    if room.corrected {
        lines.push(language.say("result-corrected"));
    }
    if !room.is_over() {
        lines.extend(price_now(language, room, prices));
    }
    lines.extend(outline.map(|outline| pictured::outline(language, outline, now)));
    lines.extend(times(language, room, open, now));
    if !open && !room.is_over() {
        lines.push(language.say("card-provisional"));
    }
    lines.push(String::new());
    lines.push(rules(language, room, print));
    Screen { keyboard: keyboard(language, room, reader, open, now), ..Screen::new(lines) }
}

/// The number and state of a room.
pub(super) fn head(language: Language, room: &RoomView) -> String {
    let number = room.number.to_string().into();
    language.fill("card-head", &[("number", number), ("state", state(language, room.state).into())])
}

/// One pool, and what it pays.
pub(super) fn pool(language: Language, room: &RoomView, outcome: usize) -> String {
    let name = ("outcome", question::outcome(language, room, outcome).into());
    match (room.pools.get(outcome), room.odds(outcome)) {
        (Some(pool), Some(odds)) if *pool > Lamports::ZERO => {
            let share = ("share", room.share(outcome).into());
            language.fill("card-pool", &[name, ("pool", (*pool).into()), share, ("odds", odds.into())])
        }
        _ => language.fill("card-pool-empty", &[name]),
    }
}

fn players(language: Language, room: &RoomView) -> String {
    let seats = ("seats", room.players.1.into());
    match room.queue() {
        Some((players, needed)) => {
            language.fill("card-queuing", &[("players", players.into()), ("needed", needed.into()), seats])
        }
        None => language.fill("card-players", &[("players", room.players.0.into()), seats]),
    }
}

fn own_bet(language: Language, room: &RoomView, player: &Player, now: OffsetDateTime) -> String {
    let outcome = question::outcome(language, room, player.outcome);
    let mut values = vec![("stake", player.stake.into()), ("outcome", outcome.into())];
    // Until it is in the pools that are shown, they say nothing about it.
    let counted = !room.is_over() && player.is_counted(now);
    let line = match room.payout(player.outcome, player.stake).filter(|_| counted) {
        Some(payout) => {
            values.push(("payout", payout.into()));
            language.fill("card-your-bet-pays", &values)
        }
        None => language.fill("card-your-bet", &values),
    };
    if player.by_host { format!("{line}{}", language.say("bet-by-host")) } else { line }
}

/// What the room is about, at this moment.
pub(super) fn price_now(language: Language, room: &RoomView, prices: Prices) -> Vec<String> {
    let price = |asset: &str, quote: Option<Quote>| {
        let asset = ("asset", question::asset(asset).into());
        match quote {
            Some(quote) => {
                let price = ("price", format::price(quote.price).into());
                let age = ("age", format::age(language, quote).into());
                language.fill("card-price", &[asset, price, age])
            }
            None => language.fill("card-no-price", &[asset]),
        }
    };
    match (&room.question, room.question.supply()) {
        (Question::Custom(_), _) => Vec::new(),
        (Question::HeadToHead { rival }, _) => {
            vec![price(&room.asset, prices.asset), price(rival, prices.rival)]
        }
        (_, None) => vec![price(&room.asset, prices.asset)],
        (_, Some(supply)) => {
            let asset = ("asset", question::asset(&room.asset).into());
            let cap = prices.asset.and_then(|quote| Some((quote.price.checked_mul(supply)?, quote)));
            vec![match cap {
                Some((cap, quote)) => {
                    let age = ("age", format::age(language, quote).into());
                    language.fill("card-cap", &[asset, ("cap", format::cap(cap).into()), age])
                }
                None => language.fill("card-no-cap", &[asset]),
            }]
        }
    }
}

/// When betting and the room end.
pub(super) fn times(language: Language, room: &RoomView, open: bool, now: OffsetDateTime) -> [String; 2] {
    let at = |moment| ("at", format::moment(language, moment, now).into());
    let relative = |moment| ("relative", format::relative(language, moment, now).into());
    let closes = if open {
        language.fill("card-closes", &[at(room.lock_at), relative(room.lock_at)])
    } else if now >= room.lock_at {
        language.fill("card-closed", &[at(room.lock_at)])
    } else {
        // Decided before its lock: the touch closed it, and when is told with the result.
        String::new()
    };
    let deadline = if room.is_over() || now >= room.deadline {
        language.fill("card-deadline-past", &[at(room.deadline)])
    } else {
        language.fill("card-deadline", &[at(room.deadline), relative(room.deadline)])
    };
    [closes, deadline]
}

fn keyboard(
    language: Language,
    room: &RoomView,
    reader: &Reader,
    open: bool,
    now: OffsetDateTime,
) -> Vec<Vec<Button>> {
    let answers = if open && reader.bet.is_none() { answers(language, room) } else { Vec::new() };
    let take_back = reader.bet.filter(|player| player.may_cancel(now)).map(|player| {
        Button::go(language, "button-cancel-bet", Callback::CancelBet { bet: player.bet, room: room.id })
    });
    let take_room_back = room
        .may_cancel(reader)
        .then(|| Button::go(language, "button-cancel-room", Callback::CancelRoom { room: room.id }));
    let follow_up = if room.is_over() {
        Button::go(language, "button-result", Callback::Verdict { room: room.id })
    } else {
        Button::go(language, "button-refresh", Callback::Room { room: room.id })
    };
    let filter = if room.public { RoomFilter::Live } else { RoomFilter::Of { chat: room.scope } };
    let screen = answers.into_iter().fold(Screen::default(), Screen::row);
    screen
        .row(take_back)
        .row(take_room_back)
        .row([follow_up, Button::go(language, "button-share-room", Callback::Share { room: room.id })])
        .row([Button::go(language, "button-rooms", Callback::Rooms { filter, page: 0 }), home(language)])
        .keyboard
}

/// One button per answer: short ones side by side.
pub(super) fn answers(language: Language, room: &RoomView) -> Vec<Vec<Button>> {
    let names: Vec<_> = (0..room.outcomes.len()).map(|i| question::outcome(language, room, i)).collect();
    let beside = if names.iter().all(|name| name.chars().count() <= SIDE_BY_SIDE) { 2 } else { 1 };
    let buttons: Vec<_> = names
        .iter()
        .enumerate()
        .filter_map(|(index, name)| {
            let name = ("outcome", question::cut(name, LABEL).into());
            let label = match room.odds(index) {
                Some(odds) => language.plain("button-bet-on-odds", &[name, ("odds", odds.into())]),
                None => language.plain("button-bet-on", &[name]),
            };
            let outcome = u32::try_from(index).ok()?;
            Some(Button::press(label, Callback::Outcome { room: room.id, outcome }))
        })
        .collect();
    buttons.chunks(beside).map(<[Button]>::to_vec).collect()
}
