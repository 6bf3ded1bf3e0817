//! Rooms that operators open, with their signature, through either door.

use crate::{
    eventually,
    kinds::token,
    office::{operators, signed},
    world::{World, touch},
};
use proto::{
    common::RefusalCode,
    oracle::{RegisterWatch, Token},
    room::{
        Kind, OpenOperatorRoom, OpenOperatorRoomRequest, OpenRoom, OpenRoomDone, RoomState, VoidReason,
        room_operator_service_client::RoomOperatorServiceClient,
    },
    settlement::{ResolveRoom, RoomDecided, Verdict},
};
use std::time::Duration;
use time::OffsetDateTime;
use tonic::Code;
use uuid::Uuid;

const DAY: u32 = 86_400;

pub async fn now(world: &World) -> OffsetDateTime {
    sqlx::query_scalar("SELECT room.db_clock()").fetch_one(world.db.pool()).await.unwrap()
}

pub fn custom() -> OpenOperatorRoom {
    let room = OpenRoom {
        host_account_id: Vec::new(),
        kind: Kind::Custom.into(),
        asset: String::new(),
        horizon_seconds: 30 * DAY,
        scope_chat_id: 0,
        ..touch("")
    };
    OpenOperatorRoom {
        room: Some(room),
        max_players: 1_000,
        question: format!("Who wins cup {}?", Uuid::now_v7()),
        outcomes: ["Reds", "Blues", "Draw"].map(ToOwned::to_owned).into(),
        criterion: "The association's final table.".to_owned(),
        source_url: "https://example.org/table".to_owned(),
        ..Default::default()
    }
}

/// A room of another kind, as operators open it.
fn priced(room: OpenRoom) -> OpenOperatorRoom {
    OpenOperatorRoom { room: Some(OpenRoom { host_account_id: Vec::new(), ..room }), ..Default::default() }
}

async fn obeyed(world: &World, command: &OpenOperatorRoom) -> Result<OpenRoomDone, proto::Refusal> {
    let id = Uuid::now_v7();
    world.send(id, command, "").await;
    world.outcome(id).await
}

async fn open(world: &World, room: &OpenOperatorRoom) -> Result<proto::room::Room, proto::Refusal> {
    let command = signed(&operators()[0], now(world).await, room);
    Ok(obeyed(world, &command).await?.room.unwrap())
}

#[tokio::test]
async fn a_question_in_words_is_opened_through_either_door_once() {
    let world = World::start(&[]).await;
    let command = signed(&operators()[0], now(&world).await, &custom());
    let id = Uuid::now_v7();
    let request =
        OpenOperatorRoomRequest { request_id: id.as_bytes().to_vec(), command: Some(command.clone()) };
    let mut door = RoomOperatorServiceClient::new(world.channel());
    let outcome = door.open_operator_room(request.clone()).await.unwrap().into_inner().outcome.unwrap();
    let room = outcome.decided::<OpenRoomDone>().unwrap().unwrap().room.unwrap();
    let terms = room.terms.clone().unwrap();
    assert_eq!((room.state(), terms.kind()), (RoomState::Open, Kind::Custom));
    assert_eq!((terms.max_players, terms.host_account_id.len()), (1_000, 0));
    assert_eq!(terms.unresolved_seconds, 72 * 3_600);

    // The same request through both doors is the same room; another request with the same signature is none.
    world.send(id, &command, ":again").await;
    eventually("told again", async || world.outcomes(id).len() > 1).await;
    assert!(world.outcomes(id).iter().all(|told| *told == outcome));
    let again = door.open_operator_room(request.clone()).await.unwrap().into_inner().outcome.unwrap();
    assert_eq!(again, outcome);
    assert_eq!(obeyed(&world, &command).await.unwrap_err().code, RefusalCode::OperatorSignature);
    let unsigned = OpenOperatorRoomRequest {
        request_id: Uuid::now_v7().as_bytes().to_vec(),
        command: Some(OpenOperatorRoom { by: None, ..command.clone() }),
    };
    assert_eq!(door.open_operator_room(unsigned).await.unwrap_err().code(), Code::InvalidArgument);
    assert_eq!(world.count("SELECT count(*) FROM room.room").await, 1);
    assert_eq!(world.count("SELECT count(*) FROM room.audit WHERE action = 'open_operator_room'").await, 1);
    assert_eq!(world.count("SELECT count(*) FROM room.statement").await, 1);
    let error = sqlx::query("DELETE FROM room.statement").execute(world.db.pool()).await.unwrap_err();
    assert_eq!(error.as_database_error().unwrap().code().unwrap(), "42501", "append-only");

    // No oracle watches it, and people bet on each answer.
    let id = Uuid::from_slice(&room.room_id).unwrap();
    for outcome in 0..3 {
        world.bet(id, outcome).await.1.unwrap();
    }
    assert_eq!(world.told::<RegisterWatch>(), []);
}

#[tokio::test]
async fn what_is_not_signed_is_not_opened() {
    let world = World::start(&[]).await;
    let at = now(&world).await;
    let [first, _] = operators();
    let stranger = ed25519_dalek::SigningKey::from_bytes(&[9; 32]);
    let genuine = signed(&first, at, &custom());
    let other_answers = OpenOperatorRoom {
        outcomes: ["Reds", "Blues"].map(ToOwned::to_owned).into(),
        ..signed(&first, at, &custom())
    };
    let forged = [
        signed(&stranger, at, &custom()),
        signed(&first, at - Duration::from_secs(660), &custom()),
        other_answers,
        OpenOperatorRoom { by: None, ..genuine.clone() },
    ];
    for command in forged {
        assert_eq!(obeyed(&world, &command).await.unwrap_err().code, RefusalCode::OperatorSignature);
    }
    // A host has not signed, so a room of operators has none.
    let mut with_host = genuine;
    with_host.room.as_mut().unwrap().host_account_id = Uuid::now_v7().as_bytes().to_vec();
    let refusal = obeyed(&world, &with_host).await.unwrap_err();
    assert_eq!(refusal.to_string(), "REFUSAL_CODE_MALFORMED field=host");
    let empty = OpenOperatorRoom { by: with_host.by.clone(), ..Default::default() };
    assert_eq!(obeyed(&world, &empty).await.unwrap_err().code, RefusalCode::OperatorSignature);
    let by_host = OpenRoom { kind: Kind::Custom.into(), ..touch("165") };
    assert_eq!(world.open(&by_host).await.unwrap_err().code, RefusalCode::RoomOperatorsOnly);
    assert_eq!(world.count("SELECT count(*) FROM room.room").await, 0);
    assert_eq!(world.count("SELECT count(*) FROM room.dead_letter").await, 0);
}

#[tokio::test]
async fn operators_give_more_seats_and_open_tokens_on_their_curve() {
    let world = World::start(&[]).await;
    let public =
        OpenOperatorRoom { max_players: 100_000, ..priced(OpenRoom { scope_chat_id: 0, ..touch("165") }) };
    let room = open(&world, &public).await.unwrap();
    assert_eq!(room.terms.unwrap().max_players, 100_000);
    eventually("watched", async || {
        world.told::<RegisterWatch>().iter().any(|watch| watch.room_id == room.room_id)
    })
    .await;
    let in_chat = OpenOperatorRoom { max_players: 11, ..priced(touch("165")) };
    let refusal = open(&world, &in_chat).await.unwrap_err();
    assert_eq!(refusal.to_string(), "REFUSAL_CODE_ROOM_PLAYERS min=2 max=10");

    let curve = Token {
        on_curve: true,
        authority_revoked: false,
        pair_created_at: None,
        liquidity_usd: String::new(),
        curve_reserves_lamports: 40_000_000_000,
        ..token(&world).await
    };
    *world.oracle.token.lock().unwrap() = Some(curve.clone());
    let on_curve = OpenRoom { kind: Kind::CapTouch.into(), asset: curve.mint.clone(), ..touch("3000000") };
    assert_eq!(world.open(&on_curve).await.unwrap_err().code, RefusalCode::RoomOperatorsOnly);
    let room = open(&world, &priced(on_curve)).await.unwrap();
    assert_eq!(room.terms.unwrap().max_pool_lamports, 400_000_000);
}

/// 72 hours after the deadline the room asks for its void, once settlement-svc has no verdict until then.
#[tokio::test]
async fn what_nobody_resolves_is_void_in_the_end() {
    let world = World::start(&[]).await;
    let [lost, resolved] = [open(&world, &custom()).await.unwrap(), open(&world, &custom()).await.unwrap()]
        .map(|room| Uuid::from_slice(&room.room_id).unwrap());
    for room in [lost, resolved] {
        for outcome in [0, 1] {
            world.bet(room, outcome).await.1.unwrap();
        }
    }
    let verdict = Some(Verdict { outcome: 1, ..Default::default() });
    world.tell(&RoomDecided { room_id: resolved.as_bytes().to_vec(), verdict, version: 1 }).await;
    eventually("settling", async || world.row(resolved).await.0 == 4).await;
    let due: OffsetDateTime =
        sqlx::query_scalar("SELECT deadline + interval '72 hours' FROM room.room WHERE id = $1")
            .bind(lost)
            .fetch_one(world.db.pool())
            .await
            .unwrap();
    world.stop_clock(due - Duration::from_millis(1)).await;
    eventually("locked", async || world.row(lost).await.0 == 3).await;
    // The worker looks once a second.
    tokio::time::timeout(Duration::from_millis(2_500), async {
        eventually("never", async || !world.told::<ResolveRoom>().is_empty()).await;
    })
    .await
    .unwrap_err();
    world.stop_clock(due).await;
    eventually("void", async || !world.told::<ResolveRoom>().is_empty()).await;
    let void = Verdict { void_reason: VoidReason::Unresolved.into(), ..Default::default() };
    for told in world.told::<ResolveRoom>() {
        assert_eq!(told, ResolveRoom { room_id: lost.as_bytes().to_vec(), verdict: Some(void.clone()) });
    }
    world.tell(&RoomDecided { room_id: lost.as_bytes().to_vec(), verdict: Some(void), version: 1 }).await;
    eventually("settling", async || world.row(lost).await.0 == 4).await;
    assert_eq!(world.count("SELECT count(*) FROM room.issued WHERE saga = 'resolve'").await, 0);
}
