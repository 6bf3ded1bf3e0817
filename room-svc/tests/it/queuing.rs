//! Rooms that wait for players.

use crate::{
    eventually,
    world::{STAKE, World, touch, wager},
};
use proto::{
    common::RefusalCode,
    room::{FreezeRoom, OpenRoom, PlaceBetDone, RoomFrozen, RoomState, VoidReason},
    settlement::{ResolveRoom, RoomDecided, Verdict},
    wallet::StakeState,
};
use uuid::Uuid;

const QUEUING: i16 = RoomState::Queuing as i16;
const OPEN: i16 = RoomState::Open as i16;
const LOCKED: i16 = RoomState::Locked as i16;
const SETTLING: i16 = RoomState::Settling as i16;

async fn queue(world: &World, min_players: u32) -> Uuid {
    let room = world.open(&OpenRoom { min_players, ..touch("165") }).await.unwrap();
    assert_eq!((room.state(), room.terms.unwrap().min_players), (RoomState::Queuing, min_players));
    Uuid::from_slice(&room.room_id).unwrap()
}

fn freeze(room: Uuid) -> FreezeRoom {
    FreezeRoom { room_id: room.as_bytes().to_vec() }
}

#[tokio::test]
async fn a_room_queues_until_enough_players_are_accepted_and_never_again() {
    let world = World::start(&[]).await;
    for min_players in [1, 11] {
        let refusal = world.open(&OpenRoom { min_players, ..touch("165") }).await.unwrap_err();
        assert_eq!(refusal.to_string(), "REFUSAL_CODE_ROOM_PLAYERS min=2 max=10");
    }
    let room = queue(&world, 3).await;
    world.well_before_lock(room).await;
    let last = wager(room, Uuid::now_v7(), 1, STAKE);
    world.bet(room, 0).await.1.unwrap();
    world.bet(room, 1).await.1.unwrap();
    assert_eq!(world.row(room).await.0, QUEUING);
    let (slip, placed) = world.place(&last).await;
    placed.unwrap();
    assert_eq!(world.row(room).await.0, OPEN);
    world.cancel(slip, &last).await.unwrap();
    assert_eq!(world.row(room).await, (OPEN, vec![1, 1], vec![STAKE, STAKE], 0), "never back");

    // At the lock it goes on with the players it has.
    world.stop_clock(world.lock_at(room).await).await;
    eventually("locked", async || world.row(room).await.0 == LOCKED).await;
    assert_eq!(world.count("SELECT count(*) FROM room.issued WHERE saga = 'resolve'").await, 0);
}

/// What settlement-svc makes of a verdict depends on what the room was when it came: so a room that still queues says so
/// when it is frozen.
#[tokio::test]
async fn a_touch_finds_a_room_queuing_or_not() {
    let world = World::start(&[]).await;
    let frozen = async |room: Uuid| {
        let told = |frozen: &RoomFrozen| frozen.room.as_ref().unwrap().room_id == room.as_bytes();
        eventually("frozen", async || world.told::<RoomFrozen>().iter().any(told)).await;
        let frozen = world.told::<RoomFrozen>().into_iter().find(told).unwrap();
        (frozen.room.unwrap().state(), frozen.bet_count)
    };
    let [early, in_time] = [queue(&world, 2).await, queue(&world, 2).await];
    for room in [early, in_time] {
        world.bet(room, 0).await.1.unwrap();
    }
    world.silence_wallet();
    let [refused, held] = [world.pending_bet(early, 1).await, world.pending_bet(in_time, 1).await];
    for room in [early, in_time] {
        world.send(Uuid::now_v7(), &freeze(room), "").await;
        eventually("asked", async || {
            let asked = "SELECT freeze_asked FROM room.room WHERE id = $1";
            sqlx::query_scalar::<_, bool>(asked).bind(room).fetch_one(world.db.pool()).await.unwrap()
        })
        .await;
        assert_eq!(world.bet(room, 1).await.1.unwrap_err().code, RefusalCode::BetLocked);
    }
    // Both bet before the touch; what their stakes came to was known after it.
    world.decide(refused, StakeState::Refused, Some(RefusalCode::BetNotEnough)).await;
    world.decide(held, StakeState::Held, None).await;
    world.outcome::<PlaceBetDone>(held).await.unwrap();
    assert_eq!(frozen(early).await, (RoomState::Queuing, 1));
    assert_eq!(frozen(in_time).await, (RoomState::Settling, 2));
    assert_eq!((world.row(early).await.0, world.row(in_time).await.0), (QUEUING, SETTLING));
    assert_eq!(world.told::<ResolveRoom>(), []);
}

#[tokio::test]
async fn a_room_that_still_queues_at_its_lock_is_void() {
    let world = World::start(&[]).await;
    let room = queue(&world, 3).await;
    // Two are opposition enough, and not players enough.
    world.bet(room, 0).await.1.unwrap();
    world.bet(room, 1).await.1.unwrap();
    world.stop_clock(world.lock_at(room).await).await;
    eventually("void", async || !world.told::<ResolveRoom>().is_empty()).await;
    let void = Verdict { void_reason: VoidReason::MinPlayers.into(), ..Default::default() };
    let room_id = room.as_bytes().to_vec();
    assert_eq!(
        world.told::<ResolveRoom>()[0],
        ResolveRoom { room_id: room_id.clone(), verdict: Some(void.clone()) }
    );
    assert_eq!(world.row(room).await, (QUEUING, vec![1, 1], vec![STAKE, STAKE], 0));
    world.tell(&RoomDecided { room_id, verdict: Some(void), version: 1 }).await;
    eventually("frozen", async || !world.told::<RoomFrozen>().is_empty()).await;
}
