//! Operators end betting in a room before its time.

use crate::{
    eventually,
    office::{key, operators, sign},
    operators::now,
    world::{STAKE, World, wager},
};
use proto::{
    Decided,
    common::{Outcome, RefusalCode},
    room::{
        LockRoom, LockRoomDone, LockRoomRequest, RoomState, VoidReason,
        room_operator_service_client::RoomOperatorServiceClient,
    },
    settlement::ResolveRoom,
};
use tonic::{Code, transport::Channel};
use uuid::Uuid;

/// Bets as an operator does, too.
const PLAYING: Uuid = Uuid::from_u128(0xa);

async fn locking(world: &World, place: usize, room: Uuid) -> LockRoom {
    sign(&operators()[place], now(world).await, |by| LockRoom {
        room_id: room.as_bytes().to_vec(),
        reason: "the news is out".to_owned(),
        by: Some(by),
    })
}

async fn lock(world: &World, command: &LockRoom) -> Decided<LockRoomDone> {
    let id = Uuid::now_v7();
    world.send(id, command, "").await;
    world.outcome(id).await
}

/// Asks again with the same id, as roomsctl does, while the service is still working.
async fn through(door: &mut RoomOperatorServiceClient<Channel>, request: &LockRoomRequest) -> Outcome {
    for _ in 0..30 {
        match door.lock_room(request.clone()).await {
            Ok(answer) => return answer.into_inner().outcome.unwrap(),
            Err(status) => assert_eq!(status.code(), Code::Unavailable, "{status}"),
        }
    }
    panic!("no outcome");
}

#[tokio::test]
async fn an_operator_who_does_not_play_there_locks_a_room_once() {
    let accounts = format!("{}={PLAYING}", key(&operators()[0]));
    let world = World::start(&[("OPERATOR_ACCOUNTS", &accounts)]).await;
    let room = world.room().await;
    for (account, outcome) in [(PLAYING, 0), (Uuid::now_v7(), 1)] {
        world.place(&wager(room, account, outcome, STAKE)).await.1.unwrap();
    }
    let code = |decided: Decided<LockRoomDone>| decided.unwrap_err().code;
    let playing = locking(&world, 0, room).await;
    assert_eq!(code(lock(&world, &playing).await), RefusalCode::SettlementInterest);
    let forged = LockRoom { reason: "something else".to_owned(), ..locking(&world, 1, room).await };
    assert_eq!(code(lock(&world, &forged).await), RefusalCode::OperatorSignature);
    let unknown = locking(&world, 1, Uuid::now_v7()).await;
    assert_eq!(code(lock(&world, &unknown).await), RefusalCode::NotFound);
    assert_eq!(world.shown(room).await.state(), RoomState::Open);

    let command = locking(&world, 1, room).await;
    let request =
        LockRoomRequest { request_id: Uuid::now_v7().as_bytes().to_vec(), command: Some(command.clone()) };
    let mut door = RoomOperatorServiceClient::new(world.channel());
    let outcome = through(&mut door, &request).await;
    let locked = outcome.decided::<LockRoomDone>().unwrap().unwrap().room.unwrap();
    assert_eq!(locked.state(), RoomState::Locked);
    assert_eq!(locked.terms, world.shown(room).await.terms, "its terms stay as they were");
    assert_eq!(through(&mut door, &request).await, outcome);
    let late = world.place(&wager(room, Uuid::now_v7(), 0, STAKE)).await.1;
    assert_eq!(late.unwrap_err().code, RefusalCode::BetLocked);
    assert_eq!(code(lock(&world, &command).await), RefusalCode::OperatorSignature, "used up");
    let again = sign(&operators()[1], now(&world).await, |by| LockRoom {
        reason: "once more".to_owned(),
        by: Some(by),
        ..command.clone()
    });
    assert_eq!(code(lock(&world, &again).await), RefusalCode::BetLocked);
    assert_eq!(world.told::<ResolveRoom>(), [], "it goes on to its deadline");
}

#[tokio::test]
async fn a_locked_room_with_one_side_is_void() {
    let world = World::start(&[]).await;
    let room = world.room().await;
    world.bet(room, 0).await.1.unwrap();
    lock(&world, &locking(&world, 0, room).await).await.unwrap();
    eventually("void", async || {
        let asked = world.told::<ResolveRoom>();
        let reason = VoidReason::NoOpposition;
        asked.iter().any(|asked| asked.verdict.as_ref().is_some_and(|one| one.void_reason() == reason))
    })
    .await;
}
