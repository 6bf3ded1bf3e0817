use async_nats::jetstream::{self, stream};
use futures::StreamExt;
use servers::{Nats, NatsOptions};

use crate::eventually;

async fn client(nats: &Nats) -> jetstream::Context {
    jetstream::new(async_nats::connect(nats.url()).await.unwrap())
}

/// Creates a stream and stores one message in it.
async fn store_one(js: &jetstream::Context) {
    js.create_stream(stream::Config {
        name: "S".to_owned(),
        subjects: vec!["s.>".to_owned()],
        ..Default::default()
    })
    .await
    .unwrap();
    let ack = js.publish("s.one", "1".into()).await.unwrap();
    assert_eq!(ack.await.unwrap().sequence, 1);
}

/// Stream names, once the client has found the server again.
async fn streams(nats: &Nats) -> Vec<String> {
    let names = client(nats).await.stream_names();
    names.map(Result::unwrap).collect().await
}

#[tokio::test]
async fn a_killed_broker_keeps_its_store_and_port() {
    let nats = Nats::for_test().await.unwrap();
    let js = client(&nats).await;
    store_one(&js).await;
    nats.kill().await;
    assert!(servers::port::is_free(nats.port()));
    nats.restart().await.unwrap();
    eventually("the old client is served again", || async {
        js.get_stream("S").await.is_ok_and(|stream| stream.cached_info().state.messages == 1)
    })
    .await;
}

#[tokio::test]
async fn a_wiped_broker_has_lost_everything() {
    let nats = Nats::for_test().await.unwrap();
    store_one(&client(&nats).await).await;
    assert_eq!(streams(&nats).await, ["S"]);
    nats.wipe_and_restart().await.unwrap();
    assert!(streams(&nats).await.is_empty());
}

#[tokio::test]
async fn a_taken_port_is_an_error_that_says_so() {
    let first = Nats::for_test().await.unwrap();
    let scratch = servers::scratch::Scratch::create().unwrap();
    let second = Nats::start(NatsOptions {
        store_dir: scratch.path().join("store"),
        log: scratch.path().join("log"),
        port: Some(first.port()),
        access: None,
        monitor_port: None,
    })
    .await;
    let text = format!("{:#}", second.unwrap_err());
    assert!(text.contains("address already in use"), "{text}");
}

#[tokio::test]
async fn a_test_broker_takes_its_store_along() {
    let nats = Nats::for_test().await.unwrap();
    let store = nats.store_dir().to_owned();
    assert!(store.is_dir());
    drop(nats);
    assert!(!store.exists());
}
