//! Own results with their sums, and the leaderboard.

use super::{Button, Screen, chosen, format, home, pager, pages_of, question};
use crate::{
    callbacks::Callback,
    clients::Results,
    domain::{Board, Period, Record, Settled, Standing, pseudonym},
    locales::{Language, Word},
};
use proto::{AccountId, Lamports, settlement::Fate};
use rust_decimal::Decimal;
use time::OffsetDateTime;

/// Results on a page.
pub const RESULTS: u32 = 5;

/// Places on a page.
pub const PLACES: u32 = 10;

/// One page of settled bets, newest first: all of them, or those that won. The sums are of all pages.
#[must_use]
pub fn results(
    language: Language,
    won_only: bool,
    page: u32,
    found: &Results,
    now: OffsetDateTime,
) -> Screen {
    let (title, none) = if won_only { ("won-title", "won-none") } else { ("recent-title", "recent-none") };
    let pages = pages_of(found.total, RESULTS);
    let mut lines = vec![language.say(title), String::new()];
    if found.total == 0 {
        lines.push(language.say(none));
    } else {
        lines.push(if won_only { won(language, &found.totals) } else { lifetime(language, &found.totals) });
        lines.push(String::new());
    }
    for settled in &found.shown {
        let asked = question::question(language, &settled.room, now).into();
        let number = settled.room.number.to_string().into();
        lines.push(language.fill("bet-line-question", &[("number", number), ("question", asked)]));
        lines.push(fate(language, settled));
        let when = format::moment(language, settled.at, now).into();
        lines.push(language.fill("settled-when", &[("when", when)]));
        lines.push(String::new());
    }
    if pages > 1 {
        let page = u64::from(page) + 1;
        lines.push(language.fill("settled-page", &[("page", page.into()), ("pages", pages.into())]));
    }
    let to = |page| if won_only { Callback::Won { page } } else { Callback::Recent { page } };
    let mut screen = Screen::new(lines);
    for settled in &found.shown {
        let short = question::short(language, &settled.room).into();
        let values = [("number", settled.room.number.to_string().into()), ("short", short)];
        let label = language.plain("button-room", &values);
        screen = screen.row([Button::press(label, Callback::Verdict { room: settled.room.id })]);
    }
    let other = if won_only {
        Button::go(language, "button-recent", Callback::Recent { page: 0 })
    } else {
        Button::go(language, "button-won", Callback::Won { page: 0 })
    };
    let chart = Button::go(language, "button-chart", Callback::Portfolio);
    screen
        .row(pager(language, page, pages, to))
        .row((found.totals.settled() > 1).then_some(chart))
        .row([other, Button::go(language, "button-bets", Callback::Bets { page: 0 })])
        .row([Button::go(language, "button-refresh", to(page)), home(language)])
}

/// What all settled bets came to.
pub(super) fn lifetime(language: Language, record: &Record) -> String {
    let returned = ("returned", record.returned.into());
    match record.win_percent() {
        Some(rate) => {
            let [won, lost, net, rate] = decided(record, rate);
            language.fill("recent-totals", &[won, lost, returned, net, rate])
        }
        None => language.fill("recent-totals-returned", &[returned]),
    }
}

/// What was settled within the last 24 hours.
pub(super) fn day(language: Language, record: Option<&Record>) -> String {
    match record.map(|record| (record, record.win_percent())) {
        Some((record, Some(rate))) => language.fill("desk-day", &decided(record, rate)),
        Some((_, None)) => language.say("desk-day-none"),
        None => language.say("desk-day-unknown"),
    }
}

fn decided(record: &Record, rate: u64) -> [(&'static str, Word); 4] {
    [
        ("won", record.won.into()),
        ("lost", record.lost.into()),
        ("net", signed(record.net).into()),
        ("rate", rate.into()),
    ]
}

fn won(language: Language, record: &Record) -> String {
    let values = [
        ("won", record.won.into()),
        ("paid", record.paid.into()),
        ("staked", record.staked.into()),
        ("net", signed(record.net).into()),
    ];
    language.fill("won-totals", &values)
}

fn fate(language: Language, settled: &Settled) -> String {
    let key = match settled.fate {
        Fate::Won => "settled-won",
        Fate::Lost => "settled-lost",
        Fate::RoomVoid | Fate::Unspecified => "settled-void",
        Fate::PastPost => "settled-late",
        Fate::MinOdds => "settled-odds",
    };
    let outcome = question::outcome(language, &settled.room, settled.outcome).into();
    let values = [
        ("stake", settled.stake.into()),
        ("outcome", outcome),
        ("payout", settled.payout.into()),
        ("net", signed(settled.net).into()),
    ];
    language.fill(key, &values)
}

/// An amount with exactly one sign; nothing gained or lost has none.
pub(super) fn signed(amount: Lamports) -> String {
    let text = amount.to_string();
    match text.strip_prefix('-') {
        Some(lost) => format!("−{lost}"),
        None if amount == Lamports::ZERO => text,
        None => format!("+{text}"),
    }
}

/// Basis points in percent, with their sign and two places: `+35.20`.
fn percent(bps: i64) -> String {
    let text = format!("{:+.2}", Decimal::new(bps, 2));
    text.strip_prefix('-').map_or_else(|| text.clone(), |loss| format!("−{loss}"))
}

/// A page of the leaderboard as one member sees it. Nobody is named.
#[must_use]
pub fn leaderboard(
    language: Language,
    period: Period,
    page: u32,
    board: &Board,
    reader: AccountId,
    hidden: bool,
) -> Screen {
    let pages = pages_of(board.total, PLACES);
    let word = match period {
        Period::Day => "day",
        Period::Week => "week",
        Period::All => "all",
    };
    let needed = [("bets", board.min_bets.into()), ("staked", board.min_staked.into())];
    let mut lines = vec![
        language.fill("leaderboard-title", &[("period", word.into())]),
        language.fill("leaderboard-how", &needed),
        String::new(),
    ];
    if board.standings.is_empty() {
        lines.push(language.say("leaderboard-none"));
    }
    lines.extend(board.standings.iter().map(|standing| place(language, standing, reader)));
    lines.push(String::new());
    if pages > 1 {
        let page = u64::from(page) + 1;
        lines.push(language.fill("leaderboard-page", &[("page", page.into()), ("pages", pages.into())]));
    }
    lines.push(match &board.own {
        _ if hidden => language.say("leaderboard-own-hidden"),
        Some(own) => {
            let rate = percent(own.return_bps).into();
            let values = [("rank", own.rank.into()), ("total", board.total.into()), ("return", rate)];
            language.fill("leaderboard-own", &values)
        }
        None => language.say("leaderboard-own-none"),
    });
    if !hidden {
        lines.push(language.fill("leaderboard-shown-as", &[("name", name(language, reader).into())]));
    }
    let tab = |one: Period| {
        let key = match one {
            Period::Day => "button-period-day",
            Period::Week => "button-period-week",
            Period::All => "button-period-all",
        };
        let label = chosen(language, "button-filter-chosen", language.plain(key, &[]), one == period);
        Button::press(label, Callback::Leaderboard { period: one, page: 0 })
    };
    let to = |key, page| Button::go(language, key, Callback::Leaderboard { period, page });
    let higher = page.checked_sub(1).map(|page| to("button-higher", page));
    let lower = page.checked_add(1).filter(|next| *next < pages).map(|page| to("button-lower", page));
    let choice = if hidden {
        Button::go(language, "button-leaderboard-show", Callback::LeaderboardShow)
    } else {
        Button::go(language, "button-leaderboard-hide", Callback::LeaderboardHide)
    };
    Screen::new(lines)
        .row(higher.into_iter().chain(lower))
        .row(Period::EACH.map(tab))
        .row([choice])
        .row([to("button-refresh", page), home(language)])
}

fn place(language: Language, standing: &Standing, reader: AccountId) -> String {
    let own = standing.account == reader;
    let values = [
        ("rank", standing.rank.into()),
        ("name", name(language, standing.account).into()),
        ("return", percent(standing.return_bps).into()),
        ("won", standing.record.won.into()),
        ("lost", standing.record.lost.into()),
    ];
    language.fill(if own { "leaderboard-line-own" } else { "leaderboard-line" }, &values)
}

fn name(language: Language, account: AccountId) -> String {
    language.plain("leaderboard-name", &[("code", pseudonym(account).into())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gains_and_losses_carry_one_sign() {
        for (lamports, shown) in [(1_500_000_000, "+1.5"), (-50_000_000, "−0.05"), (0, "0")] {
            assert_eq!(signed(Lamports::new(lamports)), shown);
        }
        for (bps, shown) in [(3_520, "+35.20"), (-10_000, "−100.00"), (0, "+0.00"), (-5, "−0.05")] {
            assert_eq!(percent(bps), shown);
        }
    }
}
