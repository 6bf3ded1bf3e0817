//! Two replicas over one workload.

use crate::{
    room::{Room, touched, void},
    world::World,
};
use futures::future::join_all;
use proto::room::VoidReason;

async fn settle_many(faults: &'static str) {
    let mut world = World::without_service(faults).await;
    world.misbehave(|all| all.twice = true);
    world.start().await;
    world.start().await;
    let rooms: Vec<Room> = (1..=40).map(Room::ordinary).collect();
    for room in &rooms {
        world.open(room);
    }
    join_all(rooms.iter().map(|room| async {
        // Two parties race for each verdict.
        world.resolve(room.id, &touched()).await;
        world.resolve(room.id, &void(VoidReason::OperatorVoid)).await;
    }))
    .await;
    for room in &rooms {
        world.anchored(room).await;
        let traces = world.traces(room).await;
        let fees = traces.account.fees.map_or(0, |(protocol, host, _)| protocol + host);
        assert_eq!(traces.account.credits.values().sum::<i64>() + fees, room.stakes());
        let verdict = traces.verdict.unwrap();
        assert_eq!(fees == 0, verdict.void_reason() == VoidReason::OperatorVoid);
        // Whoever asked was told the same.
        let told = world.parties.told.lock().unwrap();
        let of_room = told.decided.iter().filter(|decided| decided.room_id == room.id.bytes());
        assert!(of_room.clone().count() >= 2);
        assert!(of_room.clone().all(|decided| decided.verdict.as_ref() == Some(&verdict)));
    }
    assert_eq!(world.deadlocks().await, 0);
}

#[tokio::test]
async fn shuffled_work_of_two_replicas_comes_to_one_result() {
    settle_many("shuffle").await;
}

#[tokio::test]
async fn doubled_work_of_two_replicas_comes_to_one_result() {
    settle_many("twice").await;
}
