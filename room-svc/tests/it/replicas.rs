//! Two replicas over one set of commands in which their batches cross: the same result, and nobody
//! waits in a circle.

use crate::{
    office::{operators, signed},
    operators::{custom, now},
    world::{STAKE, World, taking_back, touch, wager},
};
use chassis::Outgoing;
use futures::future::join_all;
use proto::{
    Service,
    common::RefusalCode,
    frame,
    room::{CancelBetDone, OpenRoom, OpenRoomDone, PlaceBet, PlaceBetDone},
};
use std::{collections::HashSet, time::Duration};
use uuid::Uuid;

pub fn asked(id: Uuid, command: &impl proto::Command) -> frame::Message {
    Outgoing::command(command).id(id).reply_to(Service::Gateway).into_message()
}

/// Has both replicas take large batches at the same moment: while no room can be written, each waits
/// with its first message and the others pile up behind. The broker deals them in turn.
pub async fn meet(world: &World, messages: &[frame::Message]) {
    let barrier = world.barrier().await;
    let mut messages = messages.iter().map(|message| (message, ""));
    let mut both = false;
    while !both {
        world.bus.publish(&[messages.next().unwrap()]).await.unwrap();
        let wait = async {
            while world.waiting().await < 2 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        both = tokio::time::timeout(Duration::from_millis(200), wait).await.is_ok();
    }
    world.bus.publish(&messages.collect::<Vec<_>>()).await.unwrap();
    world.taken().await;
    barrier.commit().await.unwrap();
}

/// One after the other in one direction, and the others in the other: dealt in turn, they cross.
pub fn crossing<T>(there: Vec<T>, back: Vec<T>) -> Vec<T> {
    there.into_iter().zip(back.into_iter().rev()).flat_map(|(one, other)| [one, other]).collect()
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
        world.db.advance(Duration::from_secs(25)).await.unwrap();
    }
    let questions: Vec<OpenRoom> = (0..60).map(|_| touch("165")).collect();
    let again = |first: &OpenRoom| OpenRoom { scope_chat_id: first.scope_chat_id, ..touch("165") };
    let commands =
        |rooms: Vec<OpenRoom>| rooms.into_iter().map(|room| (Uuid::now_v7(), room)).collect::<Vec<_>>();
    let (there, back) = (commands(questions.clone()), commands(questions.iter().map(again).collect()));
    let messages =
        |commands: &[(Uuid, OpenRoom)]| commands.iter().map(|(id, room)| asked(*id, room)).collect();
    meet(&world, &crossing(messages(&there), messages(&back))).await;
    for ((first, _), (second, _)) in there.iter().zip(&back) {
        let (first, second) =
            (world.outcome::<OpenRoomDone>(*first).await, world.outcome::<OpenRoomDone>(*second).await);
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
    let rooms: Vec<Uuid> = join_all((0..40).map(|_| world.room())).await;
    let slips: Vec<Uuid> = (0..400).map(|_| Uuid::now_v7()).collect();
    let message = |(index, slip): (usize, &Uuid)| {
        let outcome = u32::try_from(index / 40 % 2).unwrap();
        asked(*slip, &wager(rooms[index % 40], Uuid::now_v7(), outcome, STAKE))
    };
    let messages: Vec<frame::Message> = slips.iter().enumerate().map(message).collect();
    let (there, back) = messages.split_at(200);
    meet(&world, &crossing(there.to_vec(), back.to_vec())).await;
    let accepted = join_all(slips.iter().map(|slip| world.outcome::<PlaceBetDone>(*slip))).await;
    let bets: HashSet<Vec<u8>> = accepted.into_iter().map(|done| done.unwrap().bet.unwrap().bet_id).collect();
    assert_eq!(bets.len(), 400);
    for room in rooms {
        assert_eq!(world.row(room).await, (2, vec![5, 5], vec![5 * STAKE, 5 * STAKE], 0));
    }
    assert_eq!(world.count("SELECT count(*) FROM room.dead_letter").await, 0);
    assert_eq!(world.deadlocks().await, 0);
}

/// Bets that are taken back, bets that take their places, and statements of operators that somebody sends twice: each has
/// its effect once, whoever of the two gets it.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_back_and_what_is_signed_counts_once() {
    let mut world = World::start(&[("ROOM_MAX_PLAYERS", "2")]).await;
    world.replica().await;
    let rooms: Vec<Uuid> = join_all((0..40).map(|_| world.room())).await;
    let lock_at = join_all(rooms.iter().map(|room| world.lock_at(*room))).await.into_iter().min().unwrap();
    world.stop_clock(lock_at - Duration::from_secs(600)).await;
    let bets: Vec<PlaceBet> = rooms.iter().map(|room| wager(*room, Uuid::now_v7(), 0, STAKE)).collect();
    let slips: Vec<Uuid> = join_all(bets.iter().map(|bet| async { world.place(bet).await.0 })).await;

    let at = now(&world).await;
    let statements: Vec<_> = (0..20).map(|_| signed(&operators()[0], at, &custom())).collect();
    let backs: Vec<Uuid> = slips.iter().map(|_| Uuid::now_v7()).collect();
    let anew: Vec<(Uuid, PlaceBet)> =
        bets.iter().map(|bet| (Uuid::now_v7(), PlaceBet { outcome: 1, ..bet.clone() })).collect();
    let sent: Vec<(Uuid, Uuid)> = statements.iter().map(|_| (Uuid::now_v7(), Uuid::now_v7())).collect();
    let mut there: Vec<frame::Message> = backs
        .iter()
        .zip(slips.iter().zip(&bets))
        .map(|(id, (slip, bet))| asked(*id, &taking_back(*slip, bet)))
        .collect();
    there.extend(sent.iter().zip(&statements).map(|((first, _), room)| asked(*first, room)));
    let mut back: Vec<frame::Message> = anew.iter().map(|(id, bet)| asked(*id, bet)).collect();
    back.extend(sent.iter().zip(&statements).map(|((_, second), room)| asked(*second, room)));
    meet(&world, &crossing(there, back)).await;

    let taken_back = join_all(backs.iter().map(|id| world.outcome::<CancelBetDone>(*id))).await;
    assert!(taken_back.iter().all(Result::is_ok));
    for (first, second) in &sent {
        let (first, second) =
            (world.outcome::<OpenRoomDone>(*first).await, world.outcome::<OpenRoomDone>(*second).await);
        let refusal = match (first, second) {
            (Ok(_), Err(refusal)) | (Err(refusal), Ok(_)) => refusal,
            other => panic!("two rooms or none: {other:?}"),
        };
        assert_eq!(refusal.code, RefusalCode::OperatorSignature);
    }
    // Whether one came to bet anew is a matter of what was taken first; what counts is that everything adds up.
    for (room, (id, _)) in rooms.iter().zip(&anew) {
        let again = i32::from(world.outcome::<PlaceBetDone>(*id).await.is_ok());
        assert_eq!(world.row(*room).await, (2, vec![0, again], vec![0, i64::from(again) * STAKE], 0));
    }
    assert_eq!(world.count("SELECT count(*) FROM room.room").await, 60);
    assert_eq!(world.count("SELECT count(*) FROM room.statement").await, 20);
    assert_eq!(world.count("SELECT count(*) FROM room.dead_letter").await, 0);
    assert_eq!(world.deadlocks().await, 0);
}
