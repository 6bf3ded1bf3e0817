//! The wizard that opens a room.

use super::{Button, Quote, Screen, chosen, format, home, question};
use crate::{
    callbacks::Callback,
    domain::{Asset, Comparator, CreateDraft, CreateStep, Kind},
    locales::Language,
};
use proto::CommandId;
use rust_decimal::{Decimal, RoundingStrategy};
use time::Duration;

/// Offered numbers of players that a room waits for; 0 is none.
const PLAYERS: [u32; 5] = [0, 2, 3, 5, 10];

/// What the wizard needs beside the draft.
#[derive(Clone, Copy, Debug, Default)]
pub struct Opening<'a> {
    /// Price of the chosen asset, or market cap of the chosen token.
    pub quote: Option<Quote>,
    /// What the chosen token calls itself.
    pub symbol: &'a str,
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
        CreateStep::Asset if draft.is_cap() => mint(language, draft, opening),
        CreateStep::Asset => asset(language, draft),
        CreateStep::Rival => rival(language, draft),
        CreateStep::Comparator => comparator(language, draft),
        CreateStep::Target if draft.kind == Some(Kind::Buckets) => bounds(language, draft, opening),
        CreateStep::Target => target(language, draft, opening),
        CreateStep::Horizon => horizon(language, draft, opening),
        CreateStep::CustomHorizon => custom_horizon(language, draft, opening),
        CreateStep::Players => players(language, draft, opening),
        CreateStep::Subtitle => subtitle(language, draft, opening),
        CreateStep::Review => return review(language, draft, opening),
    };
    let back = draft.previous().map(|step| Button::go(language, "button-back", Callback::Create { step }));
    let cancel = Button::go(language, "button-cancel", Callback::CreateCancel);
    screen.row(back.into_iter().chain([cancel]))
}

fn lines(language: Language, draft: &CreateDraft) -> Vec<String> {
    let summary = summary(language, draft);
    let so_far = language.fill("create-so-far", &[("summary", summary.as_str().into())]);
    let title = language.say("create-title");
    let so_far = (!summary.is_empty()).then_some(so_far);
    let lines = [Some(title), for_group(language, draft), so_far, Some(String::new())];
    lines.into_iter().flatten().collect()
}

/// Whose room it will be, unless it is everybody's.
fn for_group(language: Language, draft: &CreateDraft) -> Option<String> {
    let scope = draft.scope.as_ref()?;
    Some(language.fill("create-for-group", &[("title", scope.title.as_str().into())]))
}

/// What a draft has so far, in one line: what its kind does not need is left out.
fn summary(language: Language, draft: &CreateDraft) -> String {
    let kind = draft.kind.map(|kind| language.plain(kind_key(kind), &[]));
    let asset = if draft.is_cap() {
        draft.mint.as_deref().map(question::asset)
    } else {
        draft.asset.map(|asset| asset.symbol().to_owned())
    };
    let rival = draft.rival.filter(|_| draft.kind == Some(Kind::HeadToHead));
    let rival = rival.map(|rival| language.plain("summary-rival", &[("asset", rival.symbol().into())]));
    let side = draft.comparator.filter(|_| matches!(draft.kind, Some(Kind::Close | Kind::CapClose)));
    let level = match draft.kind {
        Some(Kind::UpDown | Kind::Buckets | Kind::HeadToHead) => None,
        _ => draft.level().map(|level| shown(draft, level)),
    };
    let level = match (side, level) {
        (Some(comparator), Some(level)) => {
            let key = match comparator {
                Comparator::AtOrAbove => "summary-at-or-above",
                Comparator::AtOrBelow => "summary-at-or-below",
            };
            Some(language.plain(key, &[("target", level.into())]))
        }
        (Some(Comparator::AtOrAbove), None) => Some(language.plain("button-at-or-above", &[])),
        (Some(Comparator::AtOrBelow), None) => Some(language.plain("button-at-or-below", &[])),
        (None, level) => level.map(|level| language.plain("asset-price", &[("price", level.into())])),
    };
    let ranges = (draft.kind == Some(Kind::Buckets) && !draft.bounds.is_empty()).then(|| listed(draft));
    let horizon = draft
        .horizon_seconds
        .map(|seconds| format::span(language, time::Duration::seconds(i64::from(seconds))));
    let parts: Vec<_> = [kind, asset, rival, level, ranges, horizon].into_iter().flatten().collect();
    parts.join(&language.plain("summary-separator", &[]))
}

/// A price, or a market cap.
fn shown(draft: &CreateDraft, level: Decimal) -> String {
    if draft.is_cap() { format::exact_cap(level) } else { format::exact(level) }
}

fn listed(draft: &CreateDraft) -> String {
    let bounds: Vec<_> = draft.bounds.iter().map(|bound| format!("${}", format::exact(*bound))).collect();
    bounds.join(" ")
}

const fn kind_key(kind: Kind) -> &'static str {
    match kind {
        Kind::Touch => "button-kind-touch",
        Kind::Close => "button-kind-close",
        Kind::UpDown => "button-kind-up-down",
        Kind::Buckets => "button-kind-buckets",
        Kind::HeadToHead => "button-kind-head-to-head",
        Kind::CapTouch => "button-kind-cap-touch",
        Kind::CapClose => "button-kind-cap-close",
    }
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
        language.say("create-kind-up-down-help"),
        language.say("create-kind-buckets-help"),
        language.say("create-kind-head-to-head-help"),
        language.say("create-kind-cap-help"),
    ]);
    let kinds = Kind::ALL.map(|kind| {
        option(language, kind_key(kind), draft.kind == Some(kind), Callback::CreateKind { kind })
    });
    kinds.chunks(2).fold(Screen::new(lines), |screen, row| screen.row(row.to_vec()))
}

fn asset(language: Language, draft: &CreateDraft) -> Screen {
    let mut lines = lines(language, draft);
    lines.push(language.say("create-asset"));
    Screen::new(lines)
        .row(Asset::ALL.map(|asset| named(language, asset, draft.asset, Callback::CreateAsset { asset })))
}

fn rival(language: Language, draft: &CreateDraft) -> Screen {
    let mut lines = lines(language, draft);
    lines.push(language.say("create-rival"));
    let others = Asset::ALL.into_iter().filter(|asset| draft.asset != Some(*asset));
    Screen::new(lines)
        .row(others.map(|asset| named(language, asset, draft.rival, Callback::CreateRival { asset })))
}

fn named(language: Language, asset: Asset, now: Option<Asset>, callback: Callback) -> Button {
    let label = language.plain("button-asset", &[("asset", asset.symbol().into())]);
    Button::press(chosen(language, "button-chosen", label, now == Some(asset)), callback)
}

fn mint(language: Language, draft: &CreateDraft, opening: &Opening) -> Screen {
    let mut lines = lines(language, draft);
    if opening.wrong {
        lines.extend([language.say("create-mint-invalid"), String::new()]);
    }
    lines.push(language.say("create-mint"));
    Screen::new(lines).row(draft.mint.as_deref().map(|mint| keep(language, draft, question::asset(mint))))
}

/// Goes on with what is there.
fn keep(language: Language, draft: &CreateDraft, what: String) -> Button {
    let label = language.plain("button-keep", &[("what", what.into())]);
    Button::press(label, Callback::Create { step: draft.next() })
}

fn comparator(language: Language, draft: &CreateDraft) -> Screen {
    let mut lines = lines(language, draft);
    lines.push(language.say(if draft.is_cap() { "create-comparator-cap" } else { "create-comparator" }));
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
    lines.extend(price_now(language, draft, opening));
    lines.push(language.say(if draft.is_cap() { "create-cap" } else { "create-target" }));
    let kept = draft.level().map(|level| keep(language, draft, format!("${}", shown(draft, level))));
    Screen::new(lines).row(kept)
}

fn bounds(language: Language, draft: &CreateDraft, opening: &Opening) -> Screen {
    let mut lines = lines(language, draft);
    if opening.wrong {
        lines.extend([language.say("create-bounds-invalid"), String::new()]);
    }
    lines.extend(price_now(language, draft, opening));
    lines.push(language.say("create-bounds"));
    Screen::new(lines).row((!draft.bounds.is_empty()).then(|| keep(language, draft, listed(draft))))
}

/// What the target, or the ranges, will be compared with.
fn price_now(language: Language, draft: &CreateDraft, opening: &Opening) -> Option<String> {
    let (now, unavailable, asset) = if draft.is_cap() {
        let mint = question::asset(draft.mint.as_deref()?);
        let name = [opening.symbol, mint.as_str()].into_iter().filter(|name| !name.is_empty());
        let name = name.map(|name| question::cut(name, 20)).collect::<Vec<_>>().join(" ");
        ("create-cap-now", "create-cap-unavailable", name)
    } else {
        ("create-price-now", "create-price-unavailable", draft.asset?.symbol().to_owned())
    };
    let asset = ("asset", asset.into());
    Some(match opening.quote {
        Some(quote) => {
            let price = if draft.is_cap() { format::cap(quote.price) } else { format::price(quote.price) };
            let age = ("age", format::age(language, quote).into());
            language.fill(now, &[asset, ("price", price.into()), age])
        }
        None => language.fill(unavailable, &[asset]),
    })
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

fn players(language: Language, draft: &CreateDraft, opening: &Opening) -> Screen {
    let mut lines = lines(language, draft);
    if opening.wrong {
        lines.extend([language.say("create-players-invalid"), String::new()]);
    }
    lines.push(language.say("create-players"));
    let choices = PLAYERS.map(|players| {
        let label = language.plain("button-players", &[("players", players.into())]);
        let label = chosen(language, "button-chosen", label, draft.min_players == players);
        Button::press(label, Callback::CreatePlayers { players })
    });
    let [at_once, others @ ..] = choices;
    Screen::new(lines).row([at_once]).row(others)
}

fn subtitle(language: Language, draft: &CreateDraft, opening: &Opening) -> Screen {
    let mut lines = lines(language, draft);
    if opening.wrong {
        lines.extend([language.say("create-subtitle-long"), String::new()]);
    }
    if !draft.subtitle.is_empty() {
        lines.extend([added(language, draft), String::new()]);
    }
    lines.push(language.say("create-subtitle"));
    Screen::new(lines)
}

/// What the host adds below the question, as the room's card will show it.
fn added(language: Language, draft: &CreateDraft) -> String {
    language.fill("card-subtitle", &[("subtitle", draft.subtitle.as_str().into())])
}

fn review(language: Language, draft: &CreateDraft, opening: &Opening) -> Screen {
    let mut lines = vec![
        language.say("create-review-title"),
        language.fill("create-so-far", &[("summary", summary(language, draft).into())]),
    ];
    if !draft.subtitle.is_empty() {
        lines.push(added(language, draft));
    }
    lines.push(String::new());
    let level = draft
        .level()
        .filter(|_| !matches!(draft.kind, Some(Kind::Buckets | Kind::UpDown | Kind::HeadToHead)));
    match (level, opening.quote) {
        (Some(level), Some(quote)) => lines.push(distance(language, draft, level, quote.price)),
        _ => lines.extend(price_now(language, draft, opening)),
    }
    if let Some(seconds) = draft.horizon_seconds {
        let span = format::span(language, Duration::seconds(i64::from(seconds)));
        lines.push(language.fill("create-review-horizon", &[("span", span.into())]));
    }
    lines.extend(for_group(language, draft));
    if draft.min_players > 0 {
        lines.push(language.fill("create-review-players", &[("players", draft.min_players.into())]));
    }
    lines.extend([
        String::new(),
        language.fill("create-review-rules", &[("fee", opening.fee_percent.into())]),
    ]);
    let open =
        opening.slip.map(|slip| Button::go(language, "button-open-this-room", Callback::Confirm { slip }));
    let edits: Vec<_> = edits(draft)
        .into_iter()
        .map(|(key, step)| Button::go(language, key, Callback::Create { step }))
        .collect();
    let public =
        draft.scope.as_ref().map(|_| Button::go(language, "button-create-public", Callback::CreatePublic));
    let screen = Screen::new(lines).row(open).row(public);
    edits
        .chunks(3)
        .fold(screen, |screen, row| screen.row(row.to_vec()))
        .row([Button::go(language, "button-cancel", Callback::CreateCancel), home(language)])
}

/// Where the review leads back to.
fn edits(draft: &CreateDraft) -> Vec<(&'static str, CreateStep)> {
    let middle = match draft.kind {
        Some(Kind::HeadToHead) => Some(("button-edit-rival", CreateStep::Rival)),
        Some(Kind::Buckets) => Some(("button-edit-bounds", CreateStep::Target)),
        Some(Kind::UpDown) => None,
        _ => Some(("button-edit-target", CreateStep::Target)),
    };
    let side = matches!(draft.kind, Some(Kind::Close | Kind::CapClose))
        .then_some(("button-edit-comparator", CreateStep::Comparator));
    let asset = if draft.is_cap() { "button-edit-mint" } else { "button-edit-asset" };
    [
        Some(("button-edit-kind", CreateStep::Kind)),
        Some((asset, CreateStep::Asset)),
        side,
        middle,
        Some(("button-edit-horizon", CreateStep::Horizon)),
        Some(("button-edit-players", CreateStep::Players)),
        Some(("button-edit-subtitle", CreateStep::Subtitle)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// How far the target is from the price, or the market cap, in percent with two places.
fn distance(language: Language, draft: &CreateDraft, target: Decimal, price: Decimal) -> String {
    let away = (target - price).abs().checked_mul(Decimal::ONE_HUNDRED).and_then(|d| d.checked_div(price));
    let percent =
        away.map(|away| away.round_dp_with_strategy(2, RoundingStrategy::ToZero).normalize().to_string());
    let percent = ("percent", percent.unwrap_or_else(|| "?".to_owned()).into());
    let direction = ("direction", if target >= price { "above" } else { "below" }.into());
    if draft.is_cap() {
        let cap = ("price", format::cap(price).into());
        return language.fill("create-review-distance-cap", &[cap, percent, direction]);
    }
    let asset = ("asset", draft.asset.map_or("", Asset::symbol).into());
    let price = ("price", format::price(price).into());
    language.fill("create-review-distance", &[asset, price, percent, direction])
}

/// The room is on its way.
#[must_use]
pub fn opening(language: Language) -> Screen {
    Screen::new([language.say("opening-room")])
}
