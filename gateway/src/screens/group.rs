//! What a group sees of us: rooms, odds and prices, and never whose stake is whose.

use super::{Action, Button, Prices, Screen, format, question, result, room_card, rooms};
use crate::{
    callbacks::Callback,
    domain::{About, Question, RoomView, Verdict},
    locales::Language,
};
use proto::{
    Lamports, Malformed,
    room::{Bet, BetState},
    settlement::RoomSettled,
};
use rust_decimal::{Decimal, RoundingStrategy};
use time::OffsetDateTime;

/// Live rooms that one answer tells of.
pub const ROOMS: u32 = 5;

/// Sends the reader on to the private chat.
#[must_use]
pub fn in_private(language: Language, link: String) -> Screen {
    Screen::new([language.say("group-hello")]).row([private(language, link)])
}

fn private(language: Language, link: String) -> Button {
    Button::link(language.plain("button-open-private", &[]), link)
}

/// Somebody has brought the bot.
#[must_use]
pub fn welcome(language: Language, create: Option<String>) -> Screen {
    Screen::new([language.say("group-welcome")]).row(create.map(|link| create_here(language, link)))
}

/// What can be asked.
#[must_use]
pub fn group_help(language: Language) -> Screen {
    let line = |name: &str| {
        let what = language.say(&format!("group-command-{name}"));
        language.fill("group-help-line", &[("command", name.into()), ("what", what.into())])
    };
    let mut lines = vec![language.say("group-help-title"), String::new()];
    lines.extend(About::MENU.map(line));
    lines.extend([String::new(), language.say("group-help-number"), language.say("group-help-private")]);
    Screen::new(lines)
}

/// The way into the wizard.
#[must_use]
pub fn group_create(language: Language, link: Option<String>) -> Screen {
    Screen::new([language.say("group-create")]).row(link.map(|link| create_here(language, link)))
}

fn create_here(language: Language, link: String) -> Button {
    Button::link(language.plain("button-create-here", &[]), link)
}

/// There is nothing to tell of.
#[must_use]
pub fn no_group_room(language: Language, named: bool, create: Option<String>) -> Screen {
    let key = if named { "group-room-unknown" } else { "group-rooms-none" };
    Screen::new([language.say(key)]).row(create.map(|link| create_here(language, link)))
}

/// The rooms of a group, each with a button for its card.
#[must_use]
pub fn group_rooms(language: Language, shown: &[RoomView], total: u64, now: OffsetDateTime) -> Screen {
    let told = shown.iter().map(|room| vec![rooms::facts(language, room, now)]);
    let buttons = shown.iter().map(|room| {
        let number = room.number.to_string().into();
        let short = question::short(language, room).into();
        let label = language.plain("button-room", &[("number", number), ("short", short)]);
        let press = Callback::GroupRoom { room: room.id }.fresh();
        Button { label, action: Action::Press(press) }
    });
    let screen = about(language, shown, total, told, now).under(&language.say("group-rooms-title"));
    buttons.fold(screen, |screen, button| screen.row([button]))
}

/// A room's card for everybody who reads here, with the buttons of a group.
#[must_use]
pub fn group_card(
    language: Language,
    room: &RoomView,
    card: Screen,
    link: Option<String>,
    now: OffsetDateTime,
) -> Screen {
    let answers = if room.takes_bets(now) { room_card::answers(language, room) } else { Vec::new() };
    let refresh = (!room.is_over())
        .then(|| Button::go(language, "button-refresh", Callback::GroupRoom { room: room.id }));
    let result =
        room.is_over().then(|| Button::go(language, "button-result", Callback::Verdict { room: room.id }));
    let link = link.map(|link| private(language, link));
    let screen = answers.into_iter().fold(Screen { keyboard: Vec::new(), ..card }, Screen::row);
    screen.row(refresh.into_iter().chain(result).chain(link))
}

/// What the pools are and would pay.
#[must_use]
pub fn group_odds(language: Language, shown: &[RoomView], total: u64, now: OffsetDateTime) -> Screen {
    let told = shown.iter().map(|room| {
        let pools = (0..room.outcomes.len()).map(|outcome| room_card::pool(language, room, outcome));
        let pending = (room.pending > Lamports::ZERO)
            .then(|| language.fill("card-pending", &[("pending", room.pending.into())]));
        pools.chain(pending).collect()
    });
    about(language, shown, total, told, now)
}

/// When betting and the room end.
#[must_use]
pub fn group_times(language: Language, shown: &[RoomView], total: u64, now: OffsetDateTime) -> Screen {
    let told = shown.iter().map(|room| room_card::times(language, room, room.takes_bets(now), now).to_vec());
    about(language, shown, total, told, now)
}

/// How many play, and on what; who they are stays with them.
#[must_use]
pub fn group_players(
    language: Language,
    shown: &[(RoomView, Vec<Bet>)],
    total: u64,
    now: OffsetDateTime,
) -> Screen {
    let rooms: Vec<RoomView> = shown.iter().map(|(room, _)| room.clone()).collect();
    let told = shown.iter().map(|(room, bets)| players(language, room, bets));
    let screen = about(language, &rooms, total, told, now);
    let secret = language.say("group-players-secret");
    Screen { text: format!("{}\n\n{secret}", screen.text), ..screen }
}

fn players(language: Language, room: &RoomView, bets: &[Bet]) -> Vec<String> {
    let (taken, seats) = room.players;
    let mut lines =
        vec![language.fill("group-players", &[("players", taken.into()), ("seats", seats.into())])];
    let counts = |bet: &&Bet| !matches!(bet.state(), BetState::Refused | BetState::Cancelled);
    let on = |index: usize| {
        let playing = bets.iter().filter(counts).filter(|bet| usize::try_from(bet.outcome) == Ok(index));
        let outcome = question::outcome(language, room, index).into();
        language.fill("group-players-on", &[("outcome", outcome), ("players", playing.count().into())])
    };
    if !bets.is_empty() {
        lines.extend((0..room.outcomes.len()).map(on));
    }
    if bets.iter().filter(counts).any(|bet| bet.by_host) {
        lines.push(language.say("group-players-host"));
    }
    lines
}

/// The price now with its age, and how far it is to the target.
#[must_use]
pub fn group_oracle(
    language: Language,
    shown: &[(RoomView, Prices)],
    total: u64,
    now: OffsetDateTime,
) -> Screen {
    let rooms: Vec<RoomView> = shown.iter().map(|(room, _)| room.clone()).collect();
    let told = shown.iter().map(|(room, prices)| {
        let mut lines = room_card::price_now(language, room, *prices);
        lines.extend(distance(language, room, *prices));
        if !lines.is_empty() {
            lines.push(language.fill("group-oracle-quorum", &[("quorum", room.quorum.into())]));
        }
        lines
    });
    about(language, &rooms, total, told, now)
}

fn distance(language: Language, room: &RoomView, prices: Prices) -> Option<String> {
    let (Question::Touch(target) | Question::Close(target)) = &room.question else { return None };
    let price = prices.asset?.price;
    let now = match room.question.supply() {
        Some(supply) => price.checked_mul(supply)?,
        None => price,
    };
    let percent = (target.level - now).checked_mul(Decimal::ONE_HUNDRED)?.checked_div(now)?;
    let percent = percent.round_dp_with_strategy(2, RoundingStrategy::ToZero);
    let target = ("target", question::level(room, target.level).into());
    Some(language.fill("group-oracle-target", &[target, ("percent", format!("{percent:+.2}").into())]))
}

/// A paragraph for each room, and how many more there are.
fn about(
    language: Language,
    shown: &[RoomView],
    total: u64,
    told: impl Iterator<Item = Vec<String>>,
    now: OffsetDateTime,
) -> Screen {
    let mut lines = Vec::new();
    for (room, told) in shown.iter().zip(told) {
        let question = question::question(language, room, now).into();
        let number = room.number.to_string().into();
        lines.push(language.fill("group-room", &[("number", number), ("question", question)]));
        lines.extend(told);
        lines.push(String::new());
    }
    let more = total.saturating_sub(u64::try_from(shown.len()).unwrap_or(u64::MAX));
    if more > 0 {
        lines.push(language.fill("group-rooms-more", &[("more", more.into())]));
    }
    Screen::new(lines)
}

/// What of a private screen one member sees in the group: the way on with the bet, and the way into the private chat.
#[must_use]
pub fn whispered(language: Language, screen: Screen, link: Option<String>) -> Screen {
    let goes_on = |button: &Button| match &button.action {
        Action::Press(press) => matches!(
            press.callback,
            Callback::Outcome { .. } | Callback::Stake { .. } | Callback::Confirm { .. }
        ),
        Action::Link(_) | Action::Copy(_) => false,
    };
    let keyboard = screen.keyboard.into_iter();
    let keyboard = keyboard.map(|row| row.into_iter().filter(goes_on).collect::<Vec<_>>());
    let screen = Screen { keyboard: keyboard.filter(|row| !row.is_empty()).collect(), ..screen };
    screen.under(&language.say("group-whisper")).row(link.map(|link| private(language, link)))
}

/// The bet of one member is on its way.
#[must_use]
pub fn whispered_placing(language: Language, stake: Lamports, link: Option<String>) -> Screen {
    Screen::new([
        language.say("group-whisper"),
        String::new(),
        language.fill("group-whisper-placing", &[("stake", stake.into())]),
    ])
    .row(link.map(|link| private(language, link)))
}

/// The result of a room for the group that hosted it.
///
/// # Errors
/// A field that does not hold what the contract says.
pub(super) fn settled(language: Language, settled: &RoomSettled) -> Result<Screen, Malformed> {
    let terms = settled.terms.as_ref().ok_or(Malformed("result without terms"))?;
    let verdict = settled.verdict.as_ref().ok_or(Malformed("result without a verdict"))?;
    let verdict = Verdict::of_settlement(verdict)?;
    let room = RoomView::of_terms(settled.room_number, terms, &settled.pools_lamports)?;
    let number = ("number", room.number.to_string().into());
    let heading = if verdict.void.is_some() { "notice-group-void" } else { "notice-group-settled" };
    let asked = question::dated_question(language, &room).into();
    let mut lines = vec![
        language.fill(heading, &[number]),
        language.fill("notice-question", &[("question", asked)]),
        String::new(),
    ];
    lines.extend(result::decision(language, &room, &verdict));
    lines.push(String::new());
    for (index, pool) in room.pools.iter().enumerate() {
        let outcome = question::outcome(language, &room, index).into();
        lines.push(language.fill("notice-group-pool", &[("outcome", outcome), ("pool", (*pool).into())]));
    }
    if room.pool() > Lamports::ZERO {
        lines.push(language.say("notice-group-players"));
    }
    Ok(Screen::new(lines).row([Button::go(language, "button-result", Callback::Verdict { room: room.id })]))
}

/// A room in the list of somebody who searches from another chat: plain text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shared {
    /// Its number and question in short.
    pub title: String,
    /// How it stands.
    pub description: String,
    /// Everything that words are looked for in.
    pub searched: String,
}

/// A room for a search.
#[must_use]
pub fn shared(language: Language, room: &RoomView, now: OffsetDateTime) -> Shared {
    let short = question::short(language, room);
    let title = [("number", room.number.to_string().into()), ("short", short.as_str().into())];
    let pool = ("pool", room.pool().into());
    let description = if room.takes_bets(now) {
        let closes = ("closes", format::relative(language, room.lock_at, now).into());
        language.plain("inline-open", &[("players", room.players.0.into()), pool, closes])
    } else {
        language.plain("inline-closed", &[pool])
    };
    let answers = (0..room.outcomes.len()).map(|index| question::outcome(language, room, index));
    let mut searched = vec![question::question(language, room, now), short, room.asset.clone()];
    searched.extend(answers);
    Shared { title: language.plain("inline-title", &title), description, searched: searched.join(" ") }
}

/// A card that is shared into another chat: it does not change, so it says when it was true.
#[must_use]
pub fn shared_card(language: Language, room: &RoomView, link: String, now: OffsetDateTime) -> Screen {
    let asked = question::dated_question(language, room).into();
    let mut lines = vec![
        room_card::head(language, room),
        language.fill("card-question", &[("question", asked)]),
        String::new(),
    ];
    lines.extend((0..room.outcomes.len()).map(|outcome| room_card::pool(language, room, outcome)));
    if room.takes_bets(now) {
        lines.push(language.fill("inline-closes", &[("at", format::date(language, room.lock_at).into())]));
    }
    lines.push(language.fill("inline-as-of", &[("at", format::date(language, now).into())]));
    Screen::new(lines).row([Button::link(language.plain("button-inline", &[]), link)])
}
