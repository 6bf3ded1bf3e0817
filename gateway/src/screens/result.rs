//! The settlement card: verdict, own stake and payout, receipt, and the way to check all of it.

use super::{
    Button, Screen, format, home,
    pictured::{self, Outline},
    question,
    room_card::{head, pool},
};
use crate::{
    callbacks::Callback,
    domain::{Question, Reader, RoomView, Verdict},
    locales::{Language, Word},
};
use proto::{
    Lamports, from_timestamp,
    room::{BetState, VoidReason},
    settlement::{GetSettlementResponse, SettlementState},
};
use rust_decimal::Decimal;
use time::OffsetDateTime;

/// What is known of a settlement beside the room itself.
#[derive(Clone, Debug, Default)]
pub struct Settled<'a> {
    /// What settlement-svc decided, once it has.
    pub settlement: Option<(&'a GetSettlementResponse, &'a Verdict)>,
    /// Venues whose quotes made the deciding price.
    pub venues: &'a [String],
    /// The receipt's page, where the network has a public explorer.
    pub explorer: Option<String>,
    /// Where everybody can get the evidence, if they can.
    pub evidence: Option<String>,
}

/// The settlement card for one reader.
#[must_use]
pub fn result(
    language: Language,
    room: &RoomView,
    reader: &Reader,
    settled: Settled,
    now: OffsetDateTime,
) -> Screen {
    card(language, room, reader, settled, None, true, now)
}

/// The card as a caption with the numbers of its picture, from long to short.
#[must_use]
pub fn result_captions(
    language: Language,
    room: &RoomView,
    reader: &Reader,
    settled: &Settled,
    outline: &Outline,
    now: OffsetDateTime,
) -> [Screen; 2] {
    [true, false].map(|help| card(language, room, reader, settled.clone(), Some(outline), help, now))
}

/// With the numbers of a picture, if there is one, and with `help` to check the result.
fn card(
    language: Language,
    room: &RoomView,
    reader: &Reader,
    settled: Settled,
    drawn: Option<&Outline>,
    help: bool,
    now: OffsetDateTime,
) -> Screen {
    let asked = question::dated_question(language, room).into();
    let mut lines =
        vec![head(language, room), language.fill("card-question", &[("question", asked)]), String::new()];
    match settled.settlement {
        Some((settlement, verdict)) => {
            lines.extend(decision(language, room, verdict));
            lines.extend(decided_by(language, room, settled.venues));
            if room.corrected {
                lines.push(language.say("result-corrected"));
            }
            lines.extend(own(language, room, reader));
            if let Some(drawn) = drawn {
                lines.push(String::new());
                lines.extend((0..room.outcomes.len()).map(|outcome| pool(language, room, outcome)));
                lines.push(pictured::outline(language, drawn, now));
            }
            match waiting(language, settlement, now) {
                // Nothing is paid or written anywhere yet.
                Some(waits) => lines.extend([String::new(), waits]),
                None => lines.extend(proof(language, room, settlement, verdict)),
            }
            lines.extend(settled.evidence.iter().filter(|_| help).map(|_| language.say("result-verify")));
        }
        None => lines.push(language.say("result-pending")),
    }
    let explorer = settled.explorer.map(|url| Button::link(language.plain("button-explorer", &[]), url));
    let evidence = settled.evidence.map(|url| Button::link(language.plain("button-verify", &[]), url));
    let dispute = room
        .disputable_until(reader)
        .filter(|until| now < *until)
        .map(|_| Button::go(language, "button-dispute", Callback::Dispute { room: room.id }));
    Screen::new(lines)
        .row(evidence.into_iter().chain(explorer))
        .row(dispute)
        .row([Button::go(language, "button-open-room", Callback::Room { room: room.id }), home(language)])
}

/// Outcome, prices and moment, or why there is none.
pub(super) fn decision(language: Language, room: &RoomView, verdict: &Verdict) -> Vec<String> {
    let mut lines = vec![match verdict.void {
        Some(reason) => language.fill("result-void", &[("reason", void_reason(language, reason))]),
        None => {
            let outcome = question::outcome(language, room, verdict.outcome).into();
            language.fill("result-outcome", &[("outcome", outcome)])
        }
    }];
    lines.extend(prices(language, room, verdict));
    lines
}

/// The prices that decided, and when they were observed.
pub(super) fn prices(language: Language, room: &RoomView, verdict: &Verdict) -> Vec<String> {
    let mut lines = Vec::new();
    let moved = |asset: &str, from: Decimal, to: Decimal| {
        let values = [
            ("asset", question::asset(asset).into()),
            ("from", format::exact(from).into()),
            ("to", format::exact(to).into()),
            ("percent", format::change(from, to).unwrap_or_else(|| "?".to_owned()).into()),
        ];
        language.fill("result-moved", &values)
    };
    match (verdict.start, verdict.price) {
        (Some(start), Some(price)) => lines.push(moved(&room.asset, start, price)),
        (_, Some(price)) => {
            let key = if room.question.supply().is_some() { "result-cap" } else { "result-price" };
            lines.push(language.fill(key, &[("price", question::level(room, price).into())]));
        }
        (_, None) => {}
    }
    if let (Question::HeadToHead { rival }, Some((price, start))) = (&room.question, verdict.rival) {
        lines.push(moved(rival, start, price));
    }
    if let Some(at) = verdict.observed_at {
        lines.push(language.fill("result-observed", &[("at", format::date(language, at).into())]));
    }
    lines
}

fn decided_by(language: Language, room: &RoomView, venues: &[String]) -> Option<String> {
    if matches!(room.question, Question::Custom(_)) {
        return Some(language.say("result-operators"));
    }
    let name = |venue: &String| language.plain("venue-name", &[("venue", venue.as_str().into())]);
    let names: Vec<_> = venues.iter().map(name).collect();
    let separator = language.plain("list-separator", &[]);
    (!names.is_empty()).then(|| language.fill("result-venues", &[("venues", names.join(&separator).into())]))
}

/// An answer that looks manipulated waits for operators before it is paid.
fn waiting(language: Language, settlement: &GetSettlementResponse, now: OffsetDateTime) -> Option<String> {
    let unpaid = matches!(settlement.state(), SettlementState::Decided | SettlementState::Frozen);
    let until =
        from_timestamp(settlement.waits_until.as_ref()).ok().filter(|until| unpaid && now < *until)?;
    Some(language.fill("result-waits", &[("until", format::moment(language, until, now).into())]))
}

/// The reader's stake and what it brought.
fn own(language: Language, room: &RoomView, reader: &Reader) -> Vec<String> {
    let Some(bet) = reader.bet else { return Vec::new() };
    let outcome = question::outcome(language, room, bet.outcome).into();
    let stake = language.fill("notice-stake", &[("stake", bet.stake.into()), ("outcome", outcome)]);
    let payout = ("payout", bet.payout.into());
    let brought = match bet.state {
        BetState::Won | BetState::Voided => Some(language.fill("notice-returned", &[payout])),
        BetState::Lost => Some(language.fill("notice-loss", &[("stake", bet.stake.into())])),
        _ => None,
    };
    [Some(String::new()), Some(stake), brought].into_iter().flatten().collect()
}

/// Fee, hashes and receipt.
fn proof(
    language: Language,
    room: &RoomView,
    settlement: &GetSettlementResponse,
    verdict: &Verdict,
) -> Vec<String> {
    let mut lines = Vec::new();
    // What referrals get is a part of the protocol's fee.
    let fees = Lamports::new(settlement.protocol_fee_lamports)
        .checked_add(Lamports::new(settlement.host_fee_lamports));
    if let (Ok(fees), None) = (fees, verdict.void) {
        lines.push(language.fill("result-fees", &[("fee", fees.into())]));
    }
    let hash = |hash: String| language.fill("hash", &[("hash", hash.into())]);
    lines.extend([String::new(), language.say("result-terms"), hash(hex::encode(&room.terms_hash))]);
    if !settlement.root.is_empty() {
        lines.extend([language.say("result-root"), hash(hex::encode(&settlement.root))]);
    }
    if settlement.receipt_signature.is_empty() {
        lines.push(language.say("result-receipt-pending"));
    } else {
        lines.extend([language.say("result-receipt"), hash(settlement.receipt_signature.clone())]);
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
