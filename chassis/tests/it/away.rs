//! A long outage. Tests start in the order of their names: this one first, and the others run beside it.

use crate::{
    counter::{Ground, commands, ids},
    eventually,
};
use chassis::topology;
use std::time::Duration;

/// Longer than `ack_wait` takes for four deliveries of what the service has taken and cannot write.
#[tokio::test]
async fn two_minutes_without_the_database_bury_nothing() {
    const AWAY: Duration = Duration::from_secs(125);
    let ground = Ground::prepare("none").await;
    let running = ground.counter().await;
    ground.publish(&commands(ids(20))).await;
    eventually("before the outage", async || ground.counted().await == (20, 1)).await;
    ground.postgres.kill().await;
    let away = tokio::time::Instant::now();
    // One after the other, so that the first is a batch of its own, and the others wait behind it.
    for chunk in commands(ids(200)).chunks(20) {
        ground.publish(chunk).await;
    }
    tokio::time::sleep_until(away + AWAY).await;
    let stream =
        ground.bus.context().get_stream(topology::command_stream(proto::Service::Room)).await.unwrap();
    let consumer = stream.consumer_info("room-freezes").await.unwrap();
    let again = consumer.delivered.consumer_sequence - consumer.delivered.stream_sequence;
    let waiting = u64::try_from(consumer.num_redelivered).unwrap();
    assert!(waiting > 0 && again >= 3 * waiting, "{waiting} messages were delivered again {again} times");
    ground.postgres.restart().await.unwrap();
    eventually("after the outage", async || ground.counted().await == (220, 1)).await;
    assert_eq!(ground.dead_letters().await, Vec::<String>::new());
    running.stop().await.unwrap();
}
