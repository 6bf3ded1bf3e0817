//! Placing a bet, and one's bets.

use super::{Button, Screen, home, pager, pages_of, question, standings};
use crate::{
    callbacks::Callback,
    domain::{CancelRule, Player, Record, RoomFilter, RoomView, multiple},
    locales::Language,
};
use proto::{
    CommandId, Lamports, RoomId,
    room::{Bet, BetState},
};
use time::OffsetDateTime;

/// Bets on a page.
pub const PAGE: u32 = 5;

/// Offered stakes: 0.05, 0.1, 0.5 and 1 SOL.
const PRESETS: [i64; 4] = [50_000_000, 100_000_000, 500_000_000, 1_000_000_000];

/// Characters of an answer on a button.
const LABEL: usize = 32;

/// First tap: how much?
#[must_use]
pub fn stake(
    language: Language,
    room: &RoomView,
    outcome: u32,
    balance: Option<Lamports>,
    now: OffsetDateTime,
) -> Screen {
    let mut lines = title(language, room, outcome, now);
    lines.push(language.fill("stake-ask", &limits(room)));
    lines.extend(balance.map(|balance| language.fill("stake-balance", &[("balance", balance.into())])));
    let fits = |stake: &Lamports| (room.stakes.0..=room.stakes.1).contains(stake);
    let presets: Vec<_> = PRESETS
        .map(Lamports::new)
        .into_iter()
        .filter(fits)
        .map(|stake| {
            let label = language.plain("button-stake", &[("stake", stake.into())]);
            Button::press(label, Callback::Stake { room: room.id, outcome, stake })
        })
        .collect();
    let mut screen = Screen::new(lines);
    for pair in presets.chunks(2) {
        screen = screen.row(pair.to_vec());
    }
    screen
        .row([Button::go(language, "button-stake-custom", Callback::TypeStake { room: room.id, outcome })])
        .row([back_to(language, room.id)])
}

/// The stake is typed; `wrong` explains why the last text was none.
#[must_use]
pub fn type_stake(
    language: Language,
    room: &RoomView,
    outcome: u32,
    wrong: bool,
    now: OffsetDateTime,
) -> Screen {
    let mut lines = title(language, room, outcome, now);
    if wrong {
        lines.push(language.say("stake-not-a-number"));
    }
    lines.push(language.fill("stake-type", &limits(room)));
    Screen::new(lines).row([Button::go(
        language,
        "button-back",
        Callback::Outcome { room: room.id, outcome },
    )])
}

/// A bet that is not placed yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wager {
    /// Index of the outcome.
    pub outcome: u32,
    /// How much.
    pub stake: Lamports,
    /// What it would pay, with its own impact.
    pub payout: Lamports,
}

/// Second tap: what it would pay. Confirming is the third.
#[must_use]
pub fn preview(
    language: Language,
    room: &RoomView,
    wager: Wager,
    slip: CommandId,
    cancel: CancelRule,
    now: OffsetDateTime,
) -> Screen {
    let Wager { outcome, stake, payout } = wager;
    let index = usize::try_from(outcome).unwrap_or(usize::MAX);
    let name = question::outcome(language, room, index);
    let label = language.plain(
        "button-confirm-bet",
        &[("stake", stake.into()), ("outcome", question::cut(&name, LABEL).into())],
    );
    let opposed = room.pools.iter().enumerate().any(|(other, pool)| other != index && *pool > Lamports::ZERO);
    let number = room.number.to_string().into();
    let asked = question::question(language, room, now).into();
    let mut lines = vec![
        language.fill("preview-title", &[("number", number)]),
        language.fill("card-question", &[("question", asked)]),
        String::new(),
        language.fill("preview-stake", &[("stake", stake.into()), ("outcome", name.as_str().into())]),
    ];
    if opposed {
        let odds = multiple(payout, stake).unwrap_or_default().into();
        let values = [("outcome", name.as_str().into()), ("payout", payout.into()), ("odds", odds)];
        lines.push(language.fill("preview-pays", &values));
        lines.push(language.say("preview-moves"));
    } else {
        lines.push(language.fill("preview-alone", &[("outcome", name.as_str().into())]));
    }
    let seconds = ("seconds", cancel.within.whole_seconds().into());
    lines.push(language.fill("preview-loses", &[("outcome", name.into()), seconds]));
    Screen::new(lines).row([Button::press(label, Callback::Confirm { slip })]).row([
        Button::go(language, "button-change-stake", Callback::Outcome { room: room.id, outcome }),
        back_to(language, room.id),
    ])
}

/// The bet is on its way.
#[must_use]
pub fn placing(language: Language, stake: Lamports) -> Screen {
    Screen::new([language.fill("placing-bet", &[("stake", stake.into())])])
}

/// The bet is accepted, and for a moment it can be taken back.
#[must_use]
pub fn placed(
    language: Language,
    room: &RoomView,
    bet: &Player,
    cancel: CancelRule,
    now: OffsetDateTime,
) -> Screen {
    let outcome = question::outcome(language, room, bet.outcome).into();
    let asked = question::question(language, room, now).into();
    let mut lines = vec![
        language.fill("bet-placed", &[("number", room.number.to_string().into())]),
        language.fill("notice-question", &[("question", asked)]),
        String::new(),
        language.fill("bet-placed-line", &[("stake", bet.stake.into()), ("outcome", outcome)]),
        language.say("bet-placed-next"),
    ];
    let take_back = bet.may_cancel(now).then(|| {
        let seconds = cancel.within.whole_seconds().into();
        lines.push(language.fill("bet-placed-cancel", &[("seconds", seconds)]));
        Button::go(language, "button-cancel-bet", Callback::CancelBet { bet: bet.bet, room: room.id })
    });
    Screen::new(lines)
        .row(take_back)
        .row([
            Button::go(language, "button-open-room", Callback::Room { room: room.id }),
            Button::go(language, "button-bets", Callback::Bets { page: 0 }),
            home(language),
        ])
        .lasting()
}

/// A bet with its room.
pub type BetLine<'a> = (&'a Bet, &'a RoomView);

/// One page of bets, newest first, under what all settled ones came to.
#[must_use]
pub fn bets(
    language: Language,
    page: u32,
    total: u64,
    shown: &[BetLine],
    record: Option<&Record>,
    now: OffsetDateTime,
) -> Screen {
    let pages = pages_of(total, PAGE);
    let mut lines = vec![language.say("bets-title"), String::new()];
    if shown.is_empty() {
        lines.push(language.say("bets-none"));
    }
    if let Some(record) = record.filter(|record| record.settled() > 0) {
        lines.extend([standings::lifetime(language, record), String::new()]);
    }
    for (bet, room) in shown {
        let question = question::question(language, room, now).into();
        let number = room.number.to_string().into();
        lines.push(language.fill("bet-line-question", &[("number", number), ("question", question)]));
        lines.push(fate(language, room, bet));
        lines.push(String::new());
    }
    if pages > 1 {
        let page = u64::from(page) + 1;
        lines.push(language.fill("bets-page", &[("page", page.into()), ("pages", pages.into())]));
    }
    let mut screen = Screen::new(lines);
    let mut rooms: Vec<&RoomView> = Vec::new();
    for (_, room) in shown {
        if !rooms.iter().any(|other| other.id == room.id) {
            rooms.push(room);
        }
    }
    for room in rooms {
        let short = question::short(language, room).into();
        let label =
            language.plain("button-room", &[("number", room.number.to_string().into()), ("short", short)]);
        screen = screen.row([Button::press(label, Callback::Room { room: room.id })]);
    }
    screen.row(pager(language, page, pages, |page| Callback::Bets { page })).row([
        Button::go(language, "button-rooms", Callback::Rooms { filter: RoomFilter::Live, page: 0 }),
        Button::go(language, "button-recent", Callback::Recent { page: 0 }),
        Button::go(language, "button-refresh", Callback::Bets { page }),
        home(language),
    ])
}

fn fate(language: Language, room: &RoomView, bet: &Bet) -> String {
    let index = usize::try_from(bet.outcome).unwrap_or(usize::MAX);
    let mut values = vec![
        ("stake", Lamports::new(bet.stake_lamports).into()),
        ("outcome", question::outcome(language, room, index).into()),
    ];
    let key = match bet.state() {
        BetState::Pending | BetState::Unspecified => "bet-line-pending",
        BetState::Accepted => "bet-line-accepted",
        BetState::Refused => "bet-line-refused",
        BetState::Lost => "bet-line-lost",
        BetState::Cancelled => "bet-line-cancelled",
        BetState::Voided => "bet-line-voided",
        BetState::Won => {
            values.push(("payout", Lamports::new(bet.payout_lamports).into()));
            "bet-line-won"
        }
    };
    let line = language.fill(key, &values);
    if bet.by_host { format!("{line}{}", language.say("bet-by-host")) } else { line }
}

fn title(language: Language, room: &RoomView, outcome: u32, now: OffsetDateTime) -> Vec<String> {
    let index = usize::try_from(outcome).unwrap_or(usize::MAX);
    let name = question::outcome(language, room, index).into();
    let number = room.number.to_string().into();
    let question = question::question(language, room, now).into();
    vec![
        language.fill("stake-title", &[("outcome", name), ("number", number)]),
        language.fill("notice-question", &[("question", question)]),
        String::new(),
    ]
}

fn limits(room: &RoomView) -> [(&'static str, crate::locales::Word); 2] {
    [("min", room.stakes.0.into()), ("max", room.stakes.1.into())]
}

fn back_to(language: Language, room: RoomId) -> Button {
    Button::go(language, "button-back", Callback::Room { room })
}
