//! A room that asks what a market asks: filled in, or why that cannot be.

use super::{asked, condition, outcome};
use crate::{
    callbacks::Callback,
    locales::Language,
    screens::{Button, Screen, format, home},
};
use proto::{from_timestamp, oracle::Market};
use time::{Duration, OffsetDateTime};

/// What stands above the wizard that a market filled in.
#[must_use]
pub fn room_filled(language: Language, market: &Market, now: OffsetDateTime) -> String {
    let question = ("question", asked(market.r#ref.as_ref()).into());
    let ends = from_timestamp(market.ends_at.as_ref()).ok().filter(|at| *at > now + Duration::DAY);
    match ends {
        Some(at) => {
            let until = ("until", format::date(language, at).into());
            language.fill("room-from-market-day", &[question, until])
        }
        None => language.fill("room-from-market", &[question]),
    }
}

fn back(language: Language, market: &Market) -> Vec<Button> {
    let market = condition(market.r#ref.as_ref());
    let back = market.map(|market| Button::go(language, "button-back", Callback::Market { market }));
    back.into_iter().chain([home(language)]).collect()
}

/// Why a market makes no room that anybody opens.
#[must_use]
pub fn room_not_possible(language: Language, market: &Market) -> Screen {
    let question = asked(market.r#ref.as_ref());
    let key = if market.closed { "room-from-market-over" } else { "room-from-market-not" };
    Screen::new([language.fill("market-question", &[("question", question.into())]), language.say(key)])
        .row(back(language, market))
}

/// How an operator opens it: it takes a signature, so there is no button for it.
#[must_use]
pub fn room_custom(language: Language, market: &Market, command: &str) -> Screen {
    let question = asked(market.r#ref.as_ref());
    Screen::new([
        language.fill("market-question", &[("question", question.into())]),
        language.say("room-custom"),
        String::new(),
        language.fill("room-custom-command", &[("command", command.into())]),
    ])
    .row(back(language, market))
}

/// The command of `roomsctl` that opens a CUSTOM room with what a market asks; nothing for one that such a room cannot ask: its
/// question has 10 to 200 characters and 2 to 10 answers, and it is decided within 90 days.
#[must_use]
pub fn custom_command(market: &Market, now: OffsetDateTime) -> Option<String> {
    let reference = market.r#ref.as_ref()?;
    let length = reference.question.chars().count();
    let ends = from_timestamp(market.ends_at.as_ref()).ok()?;
    let minutes = (ends - now).whole_minutes();
    let fits = (10..=200).contains(&length)
        && (2..=10).contains(&market.outcomes.len())
        && (15..=90 * 24 * 60).contains(&minutes);
    if market.closed || !fits {
        return None;
    }
    let mut words = vec![
        "roomsctl room open --kind custom".to_owned(),
        format!("--question {}", quoted(&reference.question)),
    ];
    words.extend(market.outcomes.iter().map(|one| format!("--outcome {}", quoted(&outcome(&one.name)))));
    words.push(format!("--criterion {}", quoted("As Polymarket resolves it")));
    let source = format!("https://polymarket.com/event/{}/{}", reference.event_slug, reference.slug);
    words.push(format!("--source {}", quoted(&source)));
    words.push(format!("--horizon {minutes}m"));
    Some(words.join(" "))
}

/// As a shell takes it literally.
fn quoted(text: &str) -> String {
    let text: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::oracle::{MarketOutcome, MarketRef};

    #[test]
    fn a_command_quotes_what_comes_from_outside() {
        let now = OffsetDateTime::UNIX_EPOCH;
        let market = Market {
            r#ref: Some(MarketRef {
                question: "Will it's $(rm -rf) happen?".into(),
                slug: "will-it".into(),
                event_slug: "it".into(),
                ..MarketRef::default()
            }),
            outcomes: ["Yes", "No"]
                .map(|name| MarketOutcome { name: name.into(), ..MarketOutcome::default() })
                .to_vec(),
            ends_at: Some(proto::timestamp(now + Duration::DAY)),
            ..Market::default()
        };
        assert_eq!(
            custom_command(&market, now).as_deref(),
            Some(
                "roomsctl room open --kind custom --question 'Will it'\\''s $(rm -rf) happen?' --outcome 'Yes' \
                 --outcome 'No' --criterion 'As Polymarket resolves it' \
                 --source 'https://polymarket.com/event/it/will-it' --horizon 1440m"
            )
        );
        let far = Market { ends_at: Some(proto::timestamp(now + Duration::days(91))), ..market.clone() };
        assert_eq!(custom_command(&far, now), None);
        assert_eq!(custom_command(&Market { closed: true, ..market }, now), None);
    }
}
