//! Whatever happens to messages, servers and processes: every command has its effect once, and only
//! a message that is itself to blame is put aside.

use crate::{
    counter::{DIVIDE, EXPIRING, Ground, PANIC, commands, ids},
    eventually,
};
use async_nats::jetstream::{AckKind, consumer::pull};
use chassis::{Fault, Lease, Outgoing, clock::Clock, lease::Held, topology};
use futures::StreamExt;
use proto::room::FreezeRoom;
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

#[tokio::test]
async fn poison_is_buried_alone_and_its_neighbours_are_obeyed() {
    let ground = Ground::prepare("none").await;
    let good = ids(60);
    let mut messages = commands(good.clone());
    messages.insert(7, commands([Uuid::from_u128(PANIC | 1)]).remove(0));
    messages.insert(23, commands([Uuid::from_u128(DIVIDE | 2)]).remove(0));
    let mut torn = commands(ids(1)).remove(0);
    torn.payload = vec![0xff, 0xff, 0xff];
    messages.insert(41, torn);
    let mut reused = commands(ids(1)).remove(0);
    reused.id.clone_from(&messages[0].id);
    // All are there before the service is, so that they come in one batch; with them the first id
    // again with another body, which the broker would drop as a repeat if it were not told apart.
    ground.publish(&messages).await;
    ground.bus.publish(&[(&reused, ":again")]).await.unwrap();
    let running = ground.counter().await;
    eventually("all neighbours", async || ground.counted().await == (60, 1)).await;
    eventually("four dead letters", async || ground.dead_letters().await.len() == 4).await;
    // And once more, long after the first was obeyed.
    ground.bus.publish(&[(&reused, ":later")]).await.unwrap();
    eventually("five dead letters", async || ground.dead_letters().await.len() == 5).await;
    let reasons = ground.dead_letters().await.join("\n");
    for reason in ["panic: told to panic", "division by zero", "malformed message", "another body"] {
        assert!(reasons.contains(reason), "{reason} is not in:\n{reasons}");
    }
    assert_eq!(ground.counted().await, (60, 1));
    running.stop().await.unwrap();
}

#[tokio::test]
async fn no_outage_of_the_database_buries_anything() {
    let ground = Ground::prepare("none").await;
    let running = ground.counter().await;
    ground.publish(&commands(ids(20))).await;
    eventually("before the outage", async || ground.counted().await == (20, 1)).await;
    ground.postgres.kill().await;
    let late = commands(ids(20));
    ground.publish(&late).await;
    // A replica that takes messages and dies, again and again: each is delivered many times.
    let stream =
        ground.bus.context().get_stream(topology::command_stream(proto::Service::Room)).await.unwrap();
    let thief: async_nats::jetstream::consumer::Consumer<pull::Config> =
        stream.get_consumer("room-freezes").await.unwrap();
    let stolen = commands(ids(5));
    ground.publish(&stolen).await;
    let mut most = 0;
    for _ in 0..60 {
        let mut batch = thief.fetch().max_messages(50).messages().await.unwrap();
        while let Some(Ok(message)) = batch.next().await {
            most = most.max(message.info().unwrap().delivered);
            message.ack_with(AckKind::Nak(None)).await.unwrap();
        }
        if most > 3 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    ground.postgres.restart().await.unwrap();
    eventually("after the outage", async || ground.counted().await == (45, 1)).await;
    assert_eq!(ground.dead_letters().await, Vec::<String>::new());
    running.stop().await.unwrap();
}

#[tokio::test]
async fn a_wiped_broker_loses_no_command() {
    let ground = Ground::prepare("none").await;
    let running = ground.counter().await;
    let wanted = ids(200);
    let db = ground.inside();
    for (round, ids) in wanted.chunks(50).enumerate() {
        let mut unit = db.unit().await.unwrap();
        let issue =
            ids.iter().map(|id| (*id, Outgoing::command(&FreezeRoom { room_id: id.as_bytes().to_vec() })));
        unit.issue_all("count", issue.collect()).await.unwrap();
        unit.commit().await.unwrap();
        if round == 1 || round == 3 {
            ground.nats.wipe_and_restart().await.unwrap();
        }
    }
    eventually("all effects", async || ground.counted().await == (200, 1)).await;
    let left = "SELECT count(*) FROM room.issued";
    eventually("nothing left to re-issue", async || {
        sqlx::query_scalar::<_, i64>(left).fetch_one(ground.db.superuser()).await.unwrap() == 0
    })
    .await;
    running.stop().await.unwrap();
}

#[tokio::test]
async fn a_stream_that_was_lost_is_filled_again_from_the_outbox() {
    let ground = Ground::prepare("none").await;
    let publisher = ground.counter().await;
    let db = ground.inside();
    // Wallet-svc does not run, so the command stays in its stream until the store is lost.
    let receipt =
        proto::wallet::AnchorReceipt { room_id: Uuid::now_v7().as_bytes().to_vec(), ..Default::default() };
    let mut unit = db.unit().await.unwrap();
    unit.command(&receipt);
    unit.commit().await.unwrap();
    let stored = async || {
        let stream = ground.bus.context().get_stream("CMD_WALLET").await;
        match stream {
            Ok(stream) => stream.get_info().await.is_ok_and(|info| info.state.messages == 1),
            Err(_) => false,
        }
    };
    eventually("published", stored).await;
    let seen = "SELECT count(*) FROM room.stream_epoch WHERE stream = 'CMD_WALLET'";
    eventually("the epoch is known", async || {
        sqlx::query_scalar::<_, i64>(seen).fetch_one(ground.db.superuser()).await.unwrap() == 1
    })
    .await;
    ground.nats.wipe_and_restart().await.unwrap();
    eventually("published again", stored).await;
    publisher.stop().await.unwrap();
}

#[tokio::test]
async fn a_frame_that_was_left_behind_is_swept() {
    let ground = Ground::prepare("none").await;
    let running = ground.counter().await;
    let id = ids(1)[0];
    // A unit whose process died between the commit and the relay: the exit of its relay is gone.
    let (relay, exit) = chassis::outbox::Relay::new();
    drop(exit);
    let orphan = chassis::Db::new(proto::Service::Settlement, ground.inside().pool().clone(), relay);
    let mut unit = orphan.unit().await.unwrap();
    unit.command(&FreezeRoom { room_id: id.as_bytes().to_vec() });
    unit.commit().await.unwrap();
    eventually("swept", async || ground.counted().await == (1, 1)).await;
    running.stop().await.unwrap();
}

/// A broker owes one connection so many acknowledgements at most, and a burst or a long outage leaves more to publish.
#[tokio::test]
async fn a_frame_of_more_messages_than_may_be_in_flight_is_published() {
    let ground = Ground::prepare("none").await;
    let running = ground.counter().await;
    let mut unit = ground.inside().unit().await.unwrap();
    for id in ids(6_000) {
        unit.command(&FreezeRoom { room_id: id.as_bytes().to_vec() });
    }
    unit.commit().await.unwrap();
    eventually("all effects", async || ground.counted().await == (6_000, 1)).await;
    running.stop().await.unwrap();
}

async fn same_result_under(faults: &'static str) {
    let ground = Ground::prepare(faults).await;
    let running = ground.counter().await;
    for chunk in ids(300).chunks(30) {
        ground.publish(&commands(chunk.to_vec())).await;
    }
    eventually("all effects", async || ground.counted().await == (300, 1)).await;
    let total: i64 =
        sqlx::query_scalar("SELECT count FROM room.total").fetch_one(ground.db.superuser()).await.unwrap();
    assert_eq!(total, 300);
    assert_eq!(ground.dead_letters().await, Vec::<String>::new());
    running.stop().await.unwrap();
}

#[tokio::test]
async fn everything_delivered_twice_has_one_effect() {
    same_result_under("twice").await;
}

#[tokio::test]
async fn everything_delivered_in_any_order_has_one_effect() {
    same_result_under("shuffle").await;
}

#[tokio::test]
async fn two_replicas_share_the_work_without_deadlocks() {
    let ground = Ground::prepare("twice").await;
    let (first, second) = (ground.counter().await, ground.counter().await);
    for chunk in ids(2_000).chunks(100) {
        ground.publish(&commands(chunk.to_vec())).await;
    }
    eventually("all effects", async || ground.counted().await == (2_000, 1)).await;
    let deadlocks: i64 =
        sqlx::query_scalar("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
            .fetch_one(ground.db.superuser())
            .await
            .unwrap();
    assert_eq!(deadlocks, 0);
    first.stop().await.unwrap();
    second.stop().await.unwrap();
}

#[tokio::test]
async fn an_expired_command_is_refused_and_stays_refused() {
    let _alone = EXPIRING.lock().await;
    let ground = Ground::prepare("none").await;
    let running = ground.counter().await;
    let id = ids(1)[0];
    let past = time::OffsetDateTime::UNIX_EPOCH + Duration::from_secs(1);
    let freeze = FreezeRoom { room_id: id.as_bytes().to_vec() };
    let message =
        Outgoing::command(&freeze).reply_to(proto::Service::Gateway).expires_at(past).into_message();
    let mut outcomes = ground
        .bus
        .client()
        .subscribe(proto::common::Outcomes::subject(proto::Service::Settlement))
        .await
        .unwrap();
    ground.bus.client().flush().await.unwrap();
    for attempt in ["", ":again"] {
        ground.bus.publish(&[(&message, attempt)]).await.unwrap();
        let heard = tokio::time::timeout(Duration::from_secs(20), outcomes.next()).await.unwrap().unwrap();
        let heard = <proto::common::Outcomes as prost::Message>::decode(heard.payload).unwrap();
        let refused = heard.items[0].decided::<proto::room::OpenRoomDone>().unwrap().unwrap_err();
        assert_eq!(refused.code, proto::common::RefusalCode::Expired, "{attempt}");
    }
    assert_eq!(ground.counted().await, (0, 0));
    running.stop().await.unwrap();
}

#[tokio::test]
async fn a_holder_that_was_replaced_commits_nothing() {
    let ground = Ground::prepare("none").await;
    let running = ground.counter().await;
    let db = ground.inside();
    let term = Duration::from_millis(600);
    let first: Arc<Mutex<Option<Held>>> = Arc::default();
    let noted = Arc::clone(&first);
    let stop = CancellationToken::new();
    let lease = |name| Lease::new(db.pool().clone(), name, term);
    let asleep = tokio::spawn(lease("job").run(stop.clone(), move |held| {
        *noted.lock().unwrap() = Some(held);
        std::future::pending::<Result<(), Fault>>()
    }));
    eventually("the first holder", async || first.lock().unwrap().is_some()).await;
    let held = first.lock().unwrap().clone().unwrap();
    let mut unit = db.unit().await.unwrap();
    held.check(&mut unit).await.unwrap();
    drop(unit);
    // The first holder falls asleep for longer than its term: nobody renews.
    asleep.abort();
    let second: Arc<Mutex<Option<Held>>> = Arc::default();
    let noted = Arc::clone(&second);
    let awake = tokio::spawn(lease("job").run(stop.clone(), move |held| {
        *noted.lock().unwrap() = Some(held);
        std::future::pending::<Result<(), Fault>>()
    }));
    eventually("the second holder", async || second.lock().unwrap().is_some()).await;
    let mut unit = db.unit().await.unwrap();
    assert!(matches!(held.check(&mut unit).await, Err(Fault::LeaseLost(name)) if name == "job"));
    let other = second.lock().unwrap().clone().unwrap();
    assert!(other.epoch() > held.epoch());
    stop.cancel();
    awake.await.unwrap();
    running.stop().await.unwrap();
}

#[tokio::test]
async fn the_clock_is_the_databases() {
    let ground = Ground::prepare("none").await;
    let clock = Clock::new(ground.db.pool().clone());
    clock.measure().await.unwrap();
    let before = clock.now();
    ground.db.advance(Duration::from_secs(3_600)).await.unwrap();
    clock.measure().await.unwrap();
    let stepped = clock.now() - before;
    assert!(stepped >= time::Duration::HOUR && stepped < time::Duration::HOUR * 2, "{stepped}");
    assert!(clock.uncertainty().unwrap() < Duration::from_millis(250));
}
