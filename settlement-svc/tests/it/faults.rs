//! Whatever is lost, repeated or killed: the same traces in the end.

use crate::{
    eventually,
    room::{Room, touched},
    world::{World, undisturbed},
};
use futures::{StreamExt, future::join_all, stream};
use prost::{Message, Name};
use proto::{
    Event,
    room::{FreezeRoom, RoomFrozen},
    wallet::{AnchorReceipt, PayoutsPosted, PostPayouts},
};
use std::{os::unix::process::ExitStatusExt, process::Stdio, time::Duration};
use tokio::process::Command;

#[tokio::test]
async fn everything_twice_changes_nothing() {
    let room = Room::ordinary(1);
    let mut world = World::without_service("twice").await;
    world.misbehave(|all| all.twice = true);
    world.start().await;
    world.open(&room);
    for _ in 0..3 {
        world.resolve(room.id, &touched()).await;
    }
    world.anchored(&room).await;
    // What comes after the end changes nothing either.
    for (subject, kind, payload) in
        [(room.frozen().subject(), RoomFrozen::full_name(), room.frozen().encode_to_vec()), posted(&room, 0)]
    {
        world.parties.publish(subject, kind, payload).await.unwrap();
    }
    world.resolve(room.id, &touched()).await;
    let heard = || world.parties.told.lock().unwrap().decided.len();
    eventually("the last message is handled", || async { heard() >= 4 }).await;
    assert_eq!(world.traces(&room).await, undisturbed(&room, &touched()).await);
}

fn posted(room: &Room, chunk: u32) -> (String, String, Vec<u8>) {
    let event = PayoutsPosted { room_id: room.id.bytes(), chunk, ..Default::default() };
    (event.subject(), PayoutsPosted::full_name(), event.encode_to_vec())
}

/// Each hand-over is lost once before its effect and once after it.
#[tokio::test]
async fn lost_commands_and_lost_answers_are_made_up_for() {
    let room = Room::ordinary(1);
    let expected = undisturbed(&room, &touched()).await;
    let lost = [FreezeRoom::full_name(), PostPayouts::full_name(), AnchorReceipt::full_name()];
    let tests = lost.iter().flat_map(|kind| [(kind, true), (kind, false)]).map(|(kind, before)| {
        let (room, expected) = (&room, &expected);
        async move {
            let world = World::new().await;
            world.misbehave(|all| {
                let which = if before { &mut all.lose } else { &mut all.silent };
                which.insert(kind.clone(), 1);
            });
            world.open(room);
            world.resolve(room.id, &touched()).await;
            world.anchored(room).await;
            assert_eq!(world.traces(room).await, *expected, "{kind} lost, before its effect: {before}");
        }
    });
    join_all(tests).await;
}

#[tokio::test]
async fn questions_are_asked_again() {
    let room = Room::ordinary(1);
    let world = World::new().await;
    world.misbehave(|all| {
        all.unavailable.insert("bets", 3);
        all.unavailable.insert("series", 2);
    });
    world.open(&room);
    world.resolve(room.id, &touched()).await;
    world.anchored(&room).await;
    assert_eq!(world.traces(&room).await, undisturbed(&room, &touched()).await);
    let left = world.parties.misbehaviour.lock().unwrap().unavailable.values().sum::<u32>();
    assert_eq!(left, 0, "the questions were refused as told");
    let copied: i64 = sqlx::query_scalar("SELECT count(*) FROM settlement.series_page")
        .fetch_one(world.db.pool())
        .await
        .unwrap();
    assert_eq!(copied, 2);
}

/// Nobody is paid by bets other than the ones frozen; other rooms are.
#[tokio::test]
async fn forged_bets_are_not_paid() {
    let (forged, honest) = (Room::ordinary(1), Room::ordinary(2));
    let world = World::new().await;
    world.misbehave(|all| all.forged = true);
    world.open(&forged);
    world.resolve(forged.id, &touched()).await;
    let problem = || async {
        sqlx::query_scalar::<_, String>(
            "SELECT problem FROM settlement.errand
             WHERE room_id = $1 AND kind = 'READ_BETS' AND next_attempt_at IS NULL",
        )
        .bind(forged.id.uuid())
        .fetch_optional(world.db.pool())
        .await
        .unwrap()
    };
    eventually("parked", || async { problem().await.is_some() }).await;
    assert!(problem().await.unwrap().contains("the bets read are not the bets frozen"));
    assert_eq!(world.state(forged.id).await.as_deref(), Some("FROZEN"));
    assert!(world.parties.ledger.lock().unwrap().rooms.is_empty());

    world.misbehave(|all| all.forged = false);
    world.open(&honest);
    world.resolve(honest.id, &touched()).await;
    eventually("the other is settled", || async { world.parts(&honest).is_some() }).await;

    // A person looked, and has the errand run again.
    sqlx::query("UPDATE settlement.errand SET next_attempt_at = settlement.db_clock()")
        .execute(world.db.pool())
        .await
        .unwrap();
    world.anchored(&forged).await;
    assert_eq!(world.traces(&forged).await, undisturbed(&forged, &touched()).await);
}

/// Terms that were not hashed blame the message: it is buried, the rest goes on.
#[tokio::test]
async fn a_poisoned_answer_is_buried_alone() {
    let room = Room::ordinary(1);
    let world = World::new().await;
    world.misbehave(|all| {
        all.lose.insert(FreezeRoom::full_name(), 1);
    });
    world.open(&room);
    world.resolve(room.id, &touched()).await;
    eventually("decided", || async { world.state(room.id).await.is_some() }).await;
    let mut poisoned = room.frozen();
    poisoned.terms.push(0);
    let payload = poisoned.encode_to_vec();
    world.parties.publish(poisoned.subject(), RoomFrozen::full_name(), payload).await.unwrap();
    world.anchored(&room).await;
    let buried: Vec<String> = sqlx::query_scalar("SELECT type FROM settlement.dead_letter")
        .fetch_all(world.db.pool())
        .await
        .unwrap();
    assert_eq!(buried, [RoomFrozen::full_name()]);
    assert_eq!(world.traces(&room).await, undisturbed(&room, &touched()).await);
}

/// The broker loses everything while a step is under way, twice.
#[tokio::test]
async fn a_wiped_broker_loses_nothing() {
    let room = Room::ordinary(1);
    let mut world = World::without_service("none").await;
    world.misbehave(|all| {
        all.lose.insert(FreezeRoom::full_name(), 1);
        all.silent.insert(PostPayouts::full_name(), 1);
    });
    world.start().await;
    world.open(&room);
    world.resolve(room.id, &touched()).await;
    eventually("decided", || async { world.state(room.id).await.is_some() }).await;
    world.nats.wipe_and_restart().await.unwrap();
    eventually("posting", || async {
        world.parties.ledger.lock().unwrap().rooms.contains_key(&room.id.bytes())
    })
    .await;
    world.nats.wipe_and_restart().await.unwrap();
    world.anchored(&room).await;
    assert_eq!(world.traces(&room).await, undisturbed(&room, &touched()).await);
}

/// SIGKILL before the commit, after the commit, and with the frame on its way, for each of the
/// batches of a settlement.
#[tokio::test]
async fn a_killed_service_goes_on_where_it_was() {
    let room = Room::ordinary(1);
    let expected = undisturbed(&room, &touched()).await;
    let steps = ["batch.decided", "batch.committed", "relay.published"];
    let kills = steps.iter().flat_map(|step| (1..=4).map(move |count| format!("{step}:{count}")));
    let tests = kills.map(|kill| {
        let (room, expected) = (&room, &expected);
        async move {
            let mut world = World::without_service("none").await;
            world.open(room);
            world.resolve(room.id, &touched()).await;
            killed_at(&world, &kill).await;
            world.start().await;
            // Its sender repeats a verdict until it is told that one stands.
            world.resolve(room.id, &touched()).await;
            world.anchored(room).await;
            assert_eq!(world.traces(room).await, *expected, "killed at {kill}");
        }
    });
    stream::iter(tests).buffer_unordered(3).collect::<()>().await;
}

/// Runs the service as a process of its own until it kills itself.
pub async fn killed_at(world: &World, kill: &str) {
    let mut service = Command::new(env!("CARGO_BIN_EXE_settlement-svc"))
        .env_clear()
        .envs(world.variables())
        .env("FAULT_KILL_AT", kill)
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let status = tokio::time::timeout(Duration::from_secs(30), service.wait()).await;
    let status = status.unwrap_or_else(|_| panic!("{kill} was not reached")).unwrap();
    assert_eq!(status.signal(), Some(9), "{kill}");
}
