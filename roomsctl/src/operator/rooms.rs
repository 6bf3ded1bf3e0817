//! What operators do to rooms: open those that only they open, say what stands, see what waits for them.

use super::{OperatorKey, request_id, settle};
use crate::{
    cli::{Lock, Open, Options, Rule},
    client,
    commands::{find_room, malformed, room_id},
    failure::Failure,
    output,
    view::{
        RoomView,
        desk::{RuledView, WaitingView, verdict},
    },
};
use proto::{
    Malformed, RoomId,
    room::{
        Comparator, Kind, LockRoom, LockRoomDone, LockRoomRequest, OpenOperatorRoom, OpenOperatorRoomRequest,
        OpenRoom, OpenRoomDone, Room, Terms, VoidReason,
    },
    settlement::{ListWaitingRequest, RuleRoom, RuleRoomDone, RuleRoomRequest},
};
use serde_json::json;
use uuid::Uuid;

/// `roomsctl rooms open`. The room's id is made here, so that asking again opens it once.
pub async fn open(options: &Options, open: Open) -> Result<(), Failure> {
    let service = client::room_operators(options)?;
    let key = OperatorKey::read(&open.key.key)?;
    let horizon_seconds = u32::try_from(open.horizon.as_secs()).unwrap_or(u32::MAX);
    let room = OpenRoom {
        room_id: Uuid::now_v7().as_bytes().to_vec(),
        kind: Kind::from(open.kind).into(),
        asset: open.asset,
        rival_asset: open.rival,
        comparator: open.comparator.map_or(Comparator::Unspecified, Into::into).into(),
        target: open.target,
        bounds: open.bounds,
        horizon_seconds,
        subtitle: open.subtitle,
        scope_chat_id: open.chat,
        min_players: open.min_players,
        ..OpenRoom::default()
    };
    let asked = OpenOperatorRoom {
        room: Some(room),
        max_players: open.max_players,
        question: open.question,
        outcomes: open.outcomes,
        criterion: open.criterion,
        source_url: open.source,
        by: None,
    };
    let command = key.signed(|by| OpenOperatorRoom { by: Some(by), ..asked.clone() })?;
    let request = OpenOperatorRoomRequest { request_id: request_id(options), command: Some(command) };
    let done: OpenRoomDone = settle(&service, |mut client| {
        let request = request.clone();
        async move { Ok(client.open_operator_room(request).await?.map(|answer| answer.outcome)) }
    })
    .await?;
    show(options, done.room)
}

fn show(options: &Options, room: Option<Room>) -> Result<(), Failure> {
    let room = room.ok_or(Malformed("an answer without room"));
    let room = room.and_then(|room| RoomView::try_from(&room)).map_err(malformed(client::ROOM))?;
    if options.json { output::json(&room) } else { output::room(&room) }
}

/// `roomsctl rooms lock`.
pub async fn lock(options: &Options, lock: Lock) -> Result<(), Failure> {
    let service = client::room_operators(options)?;
    let key = OperatorKey::read(&lock.key.key)?;
    let room = room_id(options, lock.room).await?;
    let what = format!("End betting in room {room} now. It cannot be opened again.");
    let command = key.confirmed(options, &what, |by| LockRoom {
        room_id: room.bytes(),
        reason: lock.reason.clone(),
        by: Some(by),
    })?;
    let request = LockRoomRequest { request_id: request_id(options), command: Some(command) };
    let done: LockRoomDone = settle(&service, |mut client| {
        let request = request.clone();
        async move { Ok(client.lock_room(request).await?.map(|answer| answer.outcome)) }
    })
    .await?;
    show(options, done.room)
}

/// `roomsctl rooms rule`. What is signed is the answer's place in the terms, looked up at room-svc.
pub async fn rule(options: &Options, rule: Rule) -> Result<(), Failure> {
    let key = OperatorKey::read(&rule.key.key)?;
    let found = find_room(options, rule.room).await?;
    let room = RoomId::try_from_bytes(&found.room_id).map_err(malformed(client::ROOM))?;
    let terms = found.terms.unwrap_or_default();
    let outcome = rule.outcome.as_deref().map(|answer| place(&terms, answer)).transpose()?;
    let outcome = outcome.unwrap_or_default();
    let void_reason = rule.void.map_or(VoidReason::Unspecified, VoidReason::from).into();
    let what = format!(
        "Say of room #{}: {}, because \"{}\". The second operator who says so has it paid by that.",
        found.number,
        rule.outcome.as_deref().map_or_else(|| verdict(outcome, void_reason), ToOwned::to_owned),
        rule.reason
    );
    let command = key.confirmed(options, &what, |by| RuleRoom {
        room_id: room.bytes(),
        outcome,
        void_reason,
        reason: rule.reason.clone(),
        by: Some(by),
    })?;
    let service = client::settlement_operators(options)?;
    let request = RuleRoomRequest { request_id: request_id(options), command: Some(command) };
    let done: RuleRoomDone = settle(&service, |mut client| {
        let request = request.clone();
        async move { Ok(client.rule_room(request).await?.map(|answer| answer.outcome)) }
    })
    .await?;
    let view = RuledView::new(room, verdict(outcome, void_reason), &done);
    if options.json { output::json(&view) } else { output::desk::ruled(&view) }
}

/// An answer as the terms word it, in any case.
fn place(terms: &Terms, answer: &str) -> Result<u32, Failure> {
    let place = terms.outcomes.iter().position(|label| label.eq_ignore_ascii_case(answer));
    let place = place.and_then(|place| u32::try_from(place).ok());
    place.ok_or_else(|| Failure::NoOutcome { answer: answer.to_owned(), known: terms.outcomes.join(", ") })
}

/// `roomsctl rooms waiting`.
pub async fn waiting(options: &Options) -> Result<(), Failure> {
    let service = client::settlement_operators(options)?;
    let answer = service.ask(async |mut client| client.list_waiting(ListWaitingRequest {}).await).await?;
    let rooms: Result<Vec<WaitingView>, Malformed> = answer.rooms.iter().map(WaitingView::try_from).collect();
    let rooms = rooms.map_err(malformed(service.name))?;
    if options.json { output::json(&json!({"rooms": rooms})) } else { output::desk::waiting(&rooms) }
}
