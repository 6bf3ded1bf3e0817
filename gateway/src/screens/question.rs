//! The question of a room, made from its terms in the reader's language.

use super::format;
use crate::{
    domain::{Comparator, CreateDraft, Kind, RoomView},
    locales::Language,
};
use proto::room::Kind as WireKind;
use time::OffsetDateTime;

/// The whole question, plain: it goes into other texts, which escape it.
#[must_use]
pub fn question(language: Language, room: &RoomView, now: OffsetDateTime) -> String {
    ask(language, room, format::moment(language, room.deadline, now))
}

/// The question with the deadline's date, for what is read later.
#[must_use]
pub fn dated_question(language: Language, room: &RoomView) -> String {
    ask(language, room, format::date(language, room.deadline))
}

fn ask(language: Language, room: &RoomView, deadline: String) -> String {
    let key = match (room.kind, room.upward) {
        (WireKind::Touch, true) => "question-touch-up",
        (WireKind::Touch, false) => "question-touch-down",
        (_, true) => "question-close-above",
        (_, false) => "question-close-below",
    };
    let asset = room.asset.as_str().into();
    let target = format::exact(room.target).into();
    language.plain(key, &[("asset", asset), ("target", target), ("deadline", deadline.into())])
}

/// A few characters for a button: `SOL ↑ $165`.
#[must_use]
pub fn short(language: Language, room: &RoomView) -> String {
    let key = match (room.kind, room.upward) {
        (WireKind::Touch, true) => "short-touch-up",
        (WireKind::Touch, false) => "short-touch-down",
        (_, true) => "short-close-above",
        (_, false) => "short-close-below",
    };
    let target = format::exact(room.target).into();
    language.plain(key, &[("asset", room.asset.as_str().into()), ("target", target)])
}

/// What a draft has so far, in one line.
#[must_use]
pub fn summary(language: Language, draft: &CreateDraft) -> String {
    let kind = draft.kind.map(|kind| match kind {
        Kind::Touch => language.plain("button-kind-touch", &[]),
        Kind::Close => language.plain("button-kind-close", &[]),
    });
    let asset = draft.asset.map(|asset| asset.symbol().to_owned());
    let side = draft.comparator.filter(|_| draft.kind == Some(Kind::Close));
    let target = draft.target.map(format::exact);
    let side = match (side, target) {
        (Some(comparator), Some(target)) => {
            let key = match comparator {
                Comparator::AtOrAbove => "summary-at-or-above",
                Comparator::AtOrBelow => "summary-at-or-below",
            };
            Some(language.plain(key, &[("target", target.into())]))
        }
        (Some(Comparator::AtOrAbove), None) => Some(language.plain("button-at-or-above", &[])),
        (Some(Comparator::AtOrBelow), None) => Some(language.plain("button-at-or-below", &[])),
        (None, target) => target.map(|target| language.plain("asset-price", &[("price", target.into())])),
    };
    let horizon = draft
        .horizon_seconds
        .map(|seconds| format::span(language, time::Duration::seconds(i64::from(seconds))));
    let parts: Vec<_> = [kind, asset, side, horizon].into_iter().flatten().collect();
    parts.join(&language.plain("summary-separator", &[]))
}
