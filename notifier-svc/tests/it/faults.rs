//! Whatever is lost, repeated, doubled or killed: each player hears the same.

use crate::{
    events::{EVERYTHING, again, check_everything, deposit, everything},
    eventually,
    world::{World, accounts},
};
use futures::future::join_all;
use proto::wallet::DepositState;
use std::{os::unix::process::ExitStatusExt, process::Stdio, time::Duration};
use tokio::process::Command;

async fn share_work(faults: &'static str) {
    let mut world = World::new(&[("BUS_FAULTS", faults), ("NOTIFIER_CREDIT", "8")]).await;
    world.start().await;
    world.gateway.open();
    let accounts = accounts(80);
    let events = everything(&accounts);
    tokio::join!(
        world.register(&accounts),
        world.tell(&events),
        async { world.tell(&again(&events)).await },
        async { world.tell(&again(&events)).await },
    );
    check_everything(&world, &accounts).await;
    let most = world.gateway.heard.lock().unwrap().most_in_hand;
    assert!(most <= 8, "{most} in hand");
    let deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
    assert_eq!(world.count(deadlocks).await, 0);
    let metrics = format!("http://{}/metrics", world.replicas[0].http());
    let metrics = reqwest::get(metrics).await.unwrap().text().await.unwrap();
    assert!(metrics.contains("rooms_notifications_done_total"), "{metrics}");
    assert!(!metrics.contains("cause=\"deadlock\""), "{metrics}");
}

#[tokio::test]
async fn two_replicas_share_shuffled_work() {
    share_work("shuffle").await;
}

#[tokio::test]
async fn two_replicas_share_doubled_work() {
    share_work("twice").await;
}

#[tokio::test]
async fn lost_answers_are_asked_for_again() {
    let world = World::new(&[("NOTIFIER_CREDIT", "4")]).await;
    world.gateway.heard.lock().unwrap().silent = 3;
    world.gateway.open();
    let accounts = accounts(5);
    world.register(&accounts).await;
    world.tell(&everything(&accounts)).await;
    check_everything(&world, &accounts).await;
    assert_eq!(world.gateway.heard.lock().unwrap().silent, 0);
    assert!(world.gateway.heard.lock().unwrap().repeats >= 3);
}

#[tokio::test]
async fn a_restarted_service_goes_on() {
    let mut world = World::new(&[("NOTIFIER_CREDIT", "4")]).await;
    world.register(&accounts(25)).await;
    let deposits: Vec<_> =
        accounts(25).iter().map(|account| deposit(*account, 1, DepositState::Credited)).collect();
    world.tell(&deposits[..20]).await;
    world.all_stored(20).await;
    eventually("the credit is used up", || async { world.gateway.told().len() == 4 }).await;
    world.replicas.remove(0).stop().await.unwrap();
    world.tell(&deposits[20..]).await;
    world.gateway.open();
    world.start().await;
    world.all_done(25).await;
    assert_eq!(world.gateway.told().len(), 25);
}

/// The broker loses everything while notifications are in hand and others wait.
#[tokio::test]
async fn a_wiped_broker_loses_nothing() {
    let world = World::new(&[("NOTIFIER_CREDIT", "4")]).await;
    world.gateway.heard.lock().unwrap().silent = 2;
    let accounts = accounts(8);
    world.register(&accounts).await;
    world.tell(&everything(&accounts)).await;
    world.all_stored(EVERYTHING * 8).await;
    eventually("the credit is used up", || async { world.gateway.told().len() == 4 }).await;
    world.nats.wipe_and_restart().await.unwrap();
    world.gateway.open();
    eventually("it goes on", || async { world.gateway.told().len() > 4 }).await;
    world.nats.wipe_and_restart().await.unwrap();
    check_everything(&world, &accounts).await;
}

/// SIGKILL before the transaction, before and after its commit, and with its frame on its way.
#[tokio::test]
async fn a_killed_service_goes_on_where_it_was() {
    let kills =
        ["batch.taken:1", "batch.decided:1", "batch.committed:1", "batch.committed:2", "relay.published:1"];
    let tests = kills.map(|kill| async move {
        let mut world = World::without_service(&[("NOTIFIER_CREDIT", "4")]).await;
        world.gateway.open();
        let accounts = accounts(10);
        world.register(&accounts).await;
        world.tell(&everything(&accounts)).await;
        killed_at(&world, kill).await;
        world.start().await;
        check_everything(&world, &accounts).await;
        assert_eq!(world.count("SELECT count(*) FROM notifier.contact").await, 10, "killed at {kill}");
    });
    join_all(tests).await;
}

/// Runs the service as a process of its own until it kills itself.
async fn killed_at(world: &World, kill: &str) {
    let mut service = Command::new(env!("CARGO_BIN_EXE_notifier-svc"))
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
