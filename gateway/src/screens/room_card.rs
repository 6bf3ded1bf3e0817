//! The room card: everything one needs to decide on a bet.

use super::{Button, Quote, Screen, format, home, question, result::decision, rooms::state};
use crate::{
    callbacks::Callback,
    domain::{Player, RoomFilter, RoomView},
    locales::Language,
};
use proto::{Lamports, room::Kind};
use time::OffsetDateTime;

/// The card for one reader.
#[must_use]
pub fn room_card(
    language: Language,
    room: &RoomView,
    player: Option<Player>,
    quote: Option<Quote>,
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
    lines.push(
        language
            .fill("card-players", &[("players", room.players.0.into()), ("seats", room.players.1.into())]),
    );
    lines.extend(player.map(|player| own_bet(language, room, player)));
    lines.push(String::new());
    lines.extend(room.verdict.iter().flat_map(|verdict| decision(language, room, verdict)));
    if !room.is_over() {
        lines.push(price(language, room, quote));
    }
    lines.extend(times(language, room, open, now));
    if !open && !room.is_over() {
        lines.push(language.say("card-provisional"));
    }
    lines.push(String::new());
    lines.push(rules(language, room));
    Screen { keyboard: keyboard(language, room, player, open), ..Screen::new(lines) }
}

/// The number and state of a room.
pub(super) fn head(language: Language, room: &RoomView) -> String {
    let number = room.number.to_string().into();
    language.fill("card-head", &[("number", number), ("state", state(language, room.state).into())])
}

fn pool(language: Language, room: &RoomView, outcome: usize) -> String {
    let name = ("outcome", format::outcome(language, &room.outcomes, outcome).into());
    match (room.pools.get(outcome), room.odds(outcome)) {
        (Some(pool), Some(odds)) if *pool > Lamports::ZERO => {
            let share = ("share", room.share(outcome).into());
            language.fill("card-pool", &[name, ("pool", (*pool).into()), share, ("odds", odds.into())])
        }
        _ => language.fill("card-pool-empty", &[name]),
    }
}

fn own_bet(language: Language, room: &RoomView, player: Player) -> String {
    let outcome = format::outcome(language, &room.outcomes, player.outcome);
    let mut values = vec![("stake", player.stake.into()), ("outcome", outcome.into())];
    match room.payout(player.outcome, player.stake).filter(|_| !room.is_over()) {
        Some(payout) => {
            values.push(("payout", payout.into()));
            language.fill("card-your-bet-pays", &values)
        }
        None => language.fill("card-your-bet", &values),
    }
}

fn price(language: Language, room: &RoomView, quote: Option<Quote>) -> String {
    let asset = ("asset", room.asset.as_str().into());
    match quote {
        Some(quote) => {
            let price = ("price", format::price(quote.price).into());
            language.fill("card-price", &[asset, price, ("age", format::age(language, quote).into())])
        }
        None => language.fill("card-no-price", &[asset]),
    }
}

fn times(language: Language, room: &RoomView, open: bool, now: OffsetDateTime) -> [String; 2] {
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

/// The small print, folded away: how it is decided, what it costs, what was hashed.
fn rules(language: Language, room: &RoomView) -> String {
    let decided = match room.kind {
        Kind::Touch => language.fill(
            "card-rule-touch",
            &[("target", format::exact(room.target).into()), ("quorum", room.quorum.into())],
        ),
        _ => language
            .fill("card-rule-close", &[("mean", room.mean_seconds.into()), ("quorum", room.quorum.into())]),
    };
    let past_post = (room.kind == Kind::Touch && room.past_post_seconds > 0)
        .then(|| language.fill("card-rule-past-post", &[("seconds", room.past_post_seconds.into())]));
    let open = format::price(room.open_price).into();
    let fee = language.fill("card-rule-fee", &[("fee", fee_percent(room).into()), ("open", open)]);
    let hash: String = hex::encode(&room.terms_hash).chars().take(16).collect();
    let terms = (!hash.is_empty()).then(|| language.fill("card-terms", &[("hash", hash.into())]));
    let lines: Vec<_> = [Some(decided), past_post, Some(fee), terms].into_iter().flatten().collect();
    format!("<blockquote expandable>{}</blockquote>", lines.join("\n"))
}

/// Both fees together in percent.
fn fee_percent(room: &RoomView) -> String {
    let points = u32::from(room.fees.0.get()) + u32::from(room.fees.1.get());
    format::exact_percent(points)
}

fn keyboard(language: Language, room: &RoomView, player: Option<Player>, open: bool) -> Vec<Vec<Button>> {
    let bets = (0..room.outcomes.len()).filter(|_| open && player.is_none()).filter_map(|outcome| {
        let name = ("outcome", format::outcome(language, &room.outcomes, outcome).into());
        let label = match room.odds(outcome) {
            Some(odds) => language.plain("button-bet-on-odds", &[name, ("odds", odds.into())]),
            None => language.plain("button-bet-on", &[name]),
        };
        let outcome = u32::try_from(outcome).ok()?;
        Some(Button::press(label, Callback::Outcome { room: room.id, outcome }))
    });
    let follow_up = if room.is_over() {
        Button::go(language, "button-result", Callback::Verdict { room: room.id })
    } else {
        Button::go(language, "button-refresh", Callback::Room { room: room.id })
    };
    Screen::default()
        .row(bets)
        .row([
            follow_up,
            Button::go(language, "button-rooms", Callback::Rooms { filter: RoomFilter::Live, page: 0 }),
            home(language),
        ])
        .keyboard
}
