//! Verdict and receipt of a room, for who wants to check.

use super::{Button, Screen, format, home, question, room_card::head};
use crate::{
    callbacks::Callback,
    domain::{RoomView, Verdict},
    locales::{Language, Word},
};
use proto::{Lamports, room::VoidReason, settlement::GetSettlementResponse};

/// What settlement-svc decided and where it is written. `explorer` opens a signature, where the
/// network has a public explorer.
#[must_use]
pub fn result(
    language: Language,
    room: &RoomView,
    settlement: Option<(&GetSettlementResponse, &Verdict)>,
    explorer: Option<String>,
) -> Screen {
    let asked = question::dated_question(language, room).into();
    let mut lines =
        vec![head(language, room), language.fill("card-question", &[("question", asked)]), String::new()];
    match settlement {
        Some((settlement, verdict)) => {
            lines.extend(decision(language, room, verdict));
            let fees = Lamports::new(settlement.protocol_fee_lamports)
                .checked_add(Lamports::new(settlement.host_fee_lamports));
            if let (Ok(fees), None) = (fees, verdict.void) {
                lines.push(language.fill("result-fees", &[("fee", fees.into())]));
            }
            lines.extend([
                String::new(),
                language.say("result-terms"),
                hash(language, hex::encode(&room.terms_hash)),
            ]);
            if !settlement.root.is_empty() {
                lines.extend([language.say("result-root"), hash(language, hex::encode(&settlement.root))]);
            }
            if settlement.receipt_signature.is_empty() {
                lines.push(language.say("result-receipt-pending"));
            } else {
                lines.extend([
                    language.say("result-receipt"),
                    hash(language, settlement.receipt_signature.clone()),
                ]);
            }
        }
        None => lines.push(language.say("result-pending")),
    }
    let link = explorer.map(|url| Button::link(language.plain("button-explorer", &[]), url));
    Screen::new(lines)
        .row(link)
        .row([Button::go(language, "button-open-room", Callback::Room { room: room.id }), home(language)])
}

fn hash(language: Language, hash: String) -> String {
    language.fill("hash", &[("hash", hash.into())])
}

/// Outcome, price and moment, or why there is none.
pub(super) fn decision(language: Language, room: &RoomView, verdict: &Verdict) -> Vec<String> {
    let mut lines = vec![match verdict.void {
        Some(reason) => language.fill("result-void", &[("reason", void_reason(language, reason))]),
        None => {
            let outcome = format::outcome(language, &room.outcomes, verdict.outcome).into();
            language.fill("result-outcome", &[("outcome", outcome)])
        }
    }];
    if let Some(price) = verdict.price {
        lines.push(language.fill("result-price", &[("price", format::exact(price).into())]));
    }
    if let Some(at) = verdict.observed_at {
        lines.push(language.fill("result-observed", &[("at", format::date(language, at).into())]));
    }
    lines
}

/// Why a room has no result.
pub(super) fn void_reason(language: Language, reason: VoidReason) -> Word {
    Word::Html(language.say(match reason {
        VoidReason::NoOpposition => "void-no-opposition",
        VoidReason::Tie => "void-tie",
        VoidReason::OracleInsufficient => "void-oracle-insufficient",
        VoidReason::MinPlayers => "void-min-players",
        VoidReason::HostCancel => "void-host-cancel",
        VoidReason::OperatorVoid => "void-operator-void",
        VoidReason::ManipulationSuspected => "void-manipulation-suspected",
        VoidReason::Unresolved | VoidReason::Unspecified => "void-unresolved",
    }))
}
