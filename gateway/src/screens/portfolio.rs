//! How somebody has fared, as a chart of their settled bets.

use super::{Button, Screen, home, standings::signed};
use crate::{
    callbacks::Callback,
    domain::Settled,
    locales::Language,
    pictures::{Drawing, Portfolio, Step},
};
use proto::{LAMPORTS_PER_SOL, Lamports, settlement::Fate};
use rust_decimal::Decimal;

/// The chart shows so many bets at most.
pub const BETS: u32 = 200;

/// What a chart of settled bets tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Course {
    bets: usize,
    won: usize,
    lost: usize,
    result: Lamports,
    extremes: (Lamports, Lamports),
}

/// The course of settled bets, the newest first, and its picture; nothing for fewer than two.
#[must_use]
pub fn course(settled: &[Settled]) -> Option<(Drawing, Course)> {
    if settled.len() < 2 {
        return None;
    }
    let mut total = Lamports::ZERO;
    let mut extremes = (total, total);
    let mut steps = Vec::with_capacity(settled.len());
    for bet in settled.iter().rev() {
        total = total.checked_add(bet.net).ok()?;
        extremes = (extremes.0.min(total), extremes.1.max(total));
        let won = match bet.fate {
            Fate::Won => Some(true),
            Fate::Lost => Some(false),
            _ => None,
        };
        steps.push(Step { total: sol(total)?, won });
    }
    let count = |won| steps.iter().filter(|step| step.won == Some(won)).count();
    let (won, lost) = (count(true), count(false));
    let course = Course { bets: steps.len(), won, lost, result: total, extremes };
    let (low, high) = extremes;
    let drawing = Portfolio {
        steps,
        result: format!("{} SOL", signed(total)),
        counts: (won.to_string(), lost.to_string()),
        extremes: (low < high).then(|| (signed(low), signed(high))),
    };
    Some((Drawing::Portfolio(drawing), course))
}

fn sol(amount: Lamports) -> Option<Decimal> {
    Decimal::from(amount.get()).checked_div(Decimal::from(LAMPORTS_PER_SOL))
}

/// The chart in words; the picture stands above them.
#[must_use]
pub fn portfolio(language: Language, course: Option<&Course>) -> Screen {
    let line = match course {
        Some(course) => language.fill(
            "portfolio-course",
            &[
                ("bets", course.bets.into()),
                ("won", course.won.into()),
                ("lost", course.lost.into()),
                ("result", signed(course.result).into()),
                ("low", signed(course.extremes.0).into()),
                ("high", signed(course.extremes.1).into()),
            ],
        ),
        None => language.say("portfolio-none"),
    };
    Screen::new([language.say("portfolio-title"), String::new(), line])
        .row([Button::go(language, "button-recent", Callback::Recent { page: 0 }), home(language)])
}
