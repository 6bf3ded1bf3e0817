//! The wizard that opens a room.

use super::{Button, Quote, Screen, chosen, format, home, question, room_card};
use crate::{
    callbacks::Callback,
    domain::{Asset, Comparator, CreateDraft, CreateStep, Kind, RoomView},
    locales::Language,
};
use proto::CommandId;
use rust_decimal::{Decimal, RoundingStrategy};
use time::{Duration, OffsetDateTime};

/// What the wizard needs beside the draft.
#[derive(Clone, Copy, Debug, Default)]
pub struct Opening<'a> {
    /// Price of the chosen asset.
    pub quote: Option<Quote>,
    /// Offered horizons in seconds.
    pub presets: &'a [u32],
    /// Both fees in percent.
    pub fee_percent: &'a str,
    /// The last text was not understood.
    pub wrong: bool,
    /// Minted with the review.
    pub slip: Option<CommandId>,
}

/// The wizard at the draft's step.
#[must_use]
pub fn create(language: Language, draft: &CreateDraft, opening: &Opening) -> Screen {
    let screen = match draft.step {
        CreateStep::Kind => kind(language, draft),
        CreateStep::Asset => asset(language, draft),
        CreateStep::Comparator => comparator(language, draft),
        CreateStep::Target => target(language, draft, opening),
        CreateStep::Horizon => horizon(language, draft, opening),
        CreateStep::CustomHorizon => custom_horizon(language, draft, opening),
        CreateStep::Review => return review(language, draft, opening),
    };
    let back = draft.previous().map(|step| Button::go(language, "button-back", Callback::Create { step }));
    let cancel = Button::go(language, "button-cancel", Callback::CreateCancel);
    screen.row(back.into_iter().chain([cancel]))
}

fn lines(language: Language, draft: &CreateDraft) -> Vec<String> {
    let summary = question::summary(language, draft);
    let so_far = language.fill("create-so-far", &[("summary", summary.as_str().into())]);
    let title = language.say("create-title");
    if summary.is_empty() { vec![title, String::new()] } else { vec![title, so_far, String::new()] }
}

fn option(language: Language, key: &str, is: bool, callback: Callback) -> Button {
    Button::press(chosen(language, "button-chosen", language.plain(key, &[]), is), callback)
}

fn kind(language: Language, draft: &CreateDraft) -> Screen {
    let mut lines = lines(language, draft);
    lines.extend([
        language.say("create-kind"),
        String::new(),
        language.say("create-kind-touch-help"),
        language.say("create-kind-close-help"),
    ]);
    let touch = draft.kind == Some(Kind::Touch);
    let close = draft.kind == Some(Kind::Close);
    Screen::new(lines).row([
        option(language, "button-kind-touch", touch, Callback::CreateKind { kind: Kind::Touch }),
        option(language, "button-kind-close", close, Callback::CreateKind { kind: Kind::Close }),
    ])
}

fn asset(language: Language, draft: &CreateDraft) -> Screen {
    let mut lines = lines(language, draft);
    lines.push(language.say("create-asset"));
    Screen::new(lines).row(Asset::ALL.map(|asset| {
        let label = language.plain("button-asset", &[("asset", asset.symbol().into())]);
        let label = chosen(language, "button-chosen", label, draft.asset == Some(asset));
        Button::press(label, Callback::CreateAsset { asset })
    }))
}

fn comparator(language: Language, draft: &CreateDraft) -> Screen {
    let mut lines = lines(language, draft);
    lines.push(language.say("create-comparator"));
    let choices =
        [(Comparator::AtOrAbove, "button-at-or-above"), (Comparator::AtOrBelow, "button-at-or-below")];
    choices.into_iter().fold(Screen::new(lines), |screen, (comparator, key)| {
        let is = draft.comparator == Some(comparator);
        screen.row([option(language, key, is, Callback::CreateComparator { comparator })])
    })
}

fn target(language: Language, draft: &CreateDraft, opening: &Opening) -> Screen {
    let mut lines = lines(language, draft);
    if opening.wrong {
        lines.extend([language.say("create-target-invalid"), String::new()]);
    }
    lines.extend(draft.asset.map(|asset| price_now(language, asset, opening.quote)));
    lines.push(language.say("create-target"));
    let keep = draft.target.map(|target| {
        let label = language.plain("button-keep-target", &[("target", format::exact(target).into())]);
        Button::press(label, Callback::Create { step: CreateStep::Horizon })
    });
    Screen::new(lines).row(keep)
}

fn price_now(language: Language, asset: Asset, quote: Option<Quote>) -> String {
    let asset = ("asset", asset.symbol().into());
    match quote {
        Some(quote) => {
            let price = ("price", format::price(quote.price).into());
            language.fill("create-price-now", &[asset, price, ("age", format::age(language, quote).into())])
        }
        None => language.fill("create-price-unavailable", &[asset]),
    }
}

fn horizon(language: Language, draft: &CreateDraft, opening: &Opening) -> Screen {
    let mut lines = lines(language, draft);
    lines.push(language.say("create-horizon"));
    let presets: Vec<_> = opening
        .presets
        .iter()
        .map(|seconds| {
            let label = format::span(language, Duration::seconds(i64::from(*seconds)));
            let label = chosen(language, "button-chosen", label, draft.horizon_seconds == Some(*seconds));
            Button::press(label, Callback::CreateHorizon { seconds: *seconds })
        })
        .collect();
    let custom = Callback::Create { step: CreateStep::CustomHorizon };
    presets.chunks(3).fold(Screen::new(lines), |screen, row| screen.row(row.to_vec())).row([Button::go(
        language,
        "button-horizon-custom",
        custom,
    )])
}

fn custom_horizon(language: Language, draft: &CreateDraft, opening: &Opening) -> Screen {
    let mut lines = lines(language, draft);
    if opening.wrong {
        lines.extend([language.say("create-horizon-invalid"), String::new()]);
    }
    lines.push(language.say("create-horizon-custom"));
    Screen::new(lines)
}

fn review(language: Language, draft: &CreateDraft, opening: &Opening) -> Screen {
    let mut lines = vec![
        language.say("create-review-title"),
        language.fill("create-so-far", &[("summary", question::summary(language, draft).into())]),
        String::new(),
    ];
    if let (Some(asset), Some(target)) = (draft.asset, draft.target) {
        lines.push(match opening.quote {
            Some(quote) => distance(language, asset, target, quote.price),
            None => language.fill("create-price-unavailable", &[("asset", asset.symbol().into())]),
        });
    }
    if let Some(seconds) = draft.horizon_seconds {
        let span = format::span(language, Duration::seconds(i64::from(seconds)));
        lines.push(language.fill("create-review-horizon", &[("span", span.into())]));
    }
    lines.extend([
        String::new(),
        language.fill("create-review-rules", &[("fee", opening.fee_percent.into())]),
    ]);
    let open =
        opening.slip.map(|slip| Button::go(language, "button-open-this-room", Callback::Confirm { slip }));
    let edit = |key, step| Button::go(language, key, Callback::Create { step });
    Screen::new(lines)
        .row(open)
        .row([
            edit("button-edit-kind", CreateStep::Kind),
            edit("button-edit-asset", CreateStep::Asset),
            edit("button-edit-target", CreateStep::Target),
            edit("button-edit-horizon", CreateStep::Horizon),
        ])
        .row([Button::go(language, "button-cancel", Callback::CreateCancel), home(language)])
}

/// How far the target is from the price, in percent with two places.
fn distance(language: Language, asset: Asset, target: Decimal, price: Decimal) -> String {
    let away = (target - price).abs().checked_mul(Decimal::ONE_HUNDRED).and_then(|d| d.checked_div(price));
    let percent =
        away.map(|away| away.round_dp_with_strategy(2, RoundingStrategy::ToZero).normalize().to_string());
    language.fill(
        "create-review-distance",
        &[
            ("asset", asset.symbol().into()),
            ("price", format::price(price).into()),
            ("percent", percent.unwrap_or_else(|| "?".to_owned()).into()),
            ("direction", if target >= price { "above" } else { "below" }.into()),
        ],
    )
}

/// The room is on its way.
#[must_use]
pub fn opening(language: Language) -> Screen {
    Screen::new([language.say("opening-room")])
}

/// The room is open: its card, with a word of congratulation.
#[must_use]
pub fn opened(language: Language, room: &RoomView, quote: Option<Quote>, now: OffsetDateTime) -> Screen {
    room_card(language, room, None, quote, now).under(&language.say("room-opened"))
}
