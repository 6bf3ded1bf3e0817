//! Two replicas over one shuffled set of commands: the same result, and nobody waits in a circle.

use crate::world::{STAKE, World, touch, wager};
use chassis::Outgoing;
use futures::future::join_all;
use proto::{
    Service,
    common::RefusalCode,
    frame,
    room::{OpenRoom, OpenRoomDone, PlaceBetDone},
};
use std::collections::HashSet;
use uuid::Uuid;

fn asked(id: Uuid, command: &impl proto::Command) -> frame::Message {
    Outgoing::command(command).id(id).reply_to(Service::Gateway).into_message()
}

/// Every other message first, then the rest backwards: an order in which two batches meet.
async fn publish(world: &World, messages: &[frame::Message]) {
    let there = messages.iter().step_by(2);
    let back = messages.iter().skip(1).step_by(2).rev();
    let messages: Vec<_> = there.chain(back).map(|message| (message, "")).collect();
    join_all(messages.chunks(messages.len() / 4).map(|part| world.bus.publish(part)))
        .await
        .into_iter()
        .collect::<Result<(), _>>()
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_question_asked_by_two_hosts_at_once_has_one_room() {
    let mut world = World::start(&[]).await;
    world.replica().await;
    // A deadline at the end of a minute could be in the next one for the second host.
    let second: i32 = sqlx::query_scalar("SELECT extract(second FROM room.db_clock())::int")
        .fetch_one(world.db.pool())
        .await
        .unwrap();
    if second > 40 {
        world.db.advance(std::time::Duration::from_secs(25)).await.unwrap();
    }
    let questions: Vec<OpenRoom> = (0..60).map(|_| touch("165")).collect();
    let again = |first: &OpenRoom| OpenRoom { scope_chat_id: first.scope_chat_id, ..touch("165") };
    let commands: Vec<(Uuid, OpenRoom)> = questions
        .iter()
        .flat_map(|first| [first.clone(), again(first)])
        .map(|room| (Uuid::now_v7(), room))
        .collect();
    let messages: Vec<_> = commands.iter().map(|(id, room)| asked(*id, room)).collect();
    publish(&world, &messages).await;
    for pair in commands.chunks(2) {
        let (first, second) =
            (world.outcome::<OpenRoomDone>(pair[0].0).await, world.outcome::<OpenRoomDone>(pair[1].0).await);
        let (room, refusal) = match (first, second) {
            (Ok(room), Err(refusal)) | (Err(refusal), Ok(room)) => (room.room.unwrap(), refusal),
            other => panic!("two rooms or none: {other:?}"),
        };
        assert_eq!(refusal.code, RefusalCode::RoomDuplicate);
        assert!(refusal.params.contains(&("number".to_owned(), room.number.to_string())), "{refusal}");
    }
    assert_eq!(world.count("SELECT count(*) FROM room.room").await, 60);
    assert_eq!(world.count("SELECT count(*) FROM room.dead_letter").await, 0);
    assert_eq!(world.deadlocks().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn bets_on_many_rooms_are_shared_and_counted_once() {
    let mut world = World::start(&[("ROOM_MAX_PLAYERS", "100")]).await;
    world.replica().await;
    let rooms: Vec<Uuid> = join_all((0..10).map(|_| world.room())).await;
    let slips: Vec<Uuid> = (0..400).map(|_| Uuid::now_v7()).collect();
    let messages: Vec<_> = slips
        .iter()
        .enumerate()
        .map(|(index, slip)| {
            let outcome = u32::try_from(index / 10 % 2).unwrap();
            asked(*slip, &wager(rooms[index % 10], Uuid::now_v7(), outcome, STAKE))
        })
        .collect();
    publish(&world, &messages).await;
    let accepted = join_all(slips.iter().map(|slip| world.outcome::<PlaceBetDone>(*slip))).await;
    let bets: HashSet<Vec<u8>> = accepted.into_iter().map(|done| done.unwrap().bet.unwrap().bet_id).collect();
    assert_eq!(bets.len(), 400);
    for room in rooms {
        assert_eq!(world.row(room).await, (2, vec![20, 20], vec![20 * STAKE, 20 * STAKE], 0));
    }
    assert_eq!(world.count("SELECT count(*) FROM room.dead_letter").await, 0);
    assert_eq!(world.deadlocks().await, 0);
}
