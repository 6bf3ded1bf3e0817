//! The bus over TLS. The certificates were made for this test and are worth nothing.

use chassis::{
    bus::Bus,
    settings::{BusFaults, Endpoint, Nats as NatsSettings, Value},
};
use proto::Service;
use servers::{Nats, NatsAccess, NatsOptions, scratch::Scratch};
use std::path::{Path, PathBuf};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/tls").join(name)
}

async fn start(scratch: &Scratch) -> Nats {
    let config = scratch.path().join("tls.conf");
    let (cert, key) = (file("server.pem"), file("server.key"));
    let text = format!(
        "tls {{cert_file: {cert:?}, key_file: {key:?}}}\n\
         authorization {{users: [{{user: room, password: $NATS_ROOM_PASSWORD}}]}}\n"
    );
    std::fs::write(&config, text).unwrap();
    let options = NatsOptions {
        store_dir: scratch.path().join("store"),
        log: scratch.path().join("nats.log"),
        port: None,
        monitor_port: None,
        access: Some(NatsAccess { config, password: "p4ssword".to_owned(), users: vec!["room".to_owned()] }),
    };
    Nats::start(options).await.unwrap()
}

async fn bus(url: String, ca_file: Option<PathBuf>) -> Bus {
    let settings = NatsSettings { urls: vec![Endpoint::parse(&url).unwrap()], replicas: 1, ca_file };
    Bus::connect(Service::Room, &settings, BusFaults::None).await.unwrap()
}

#[tokio::test]
async fn a_broker_is_trusted_for_its_certificate_alone() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let scratch = Scratch::create().unwrap();
    let nats = start(&scratch).await;
    let url = nats.url_for("room").replace("nats://", "tls://");
    let stranger = bus(url.clone(), None).await;
    let trusting = bus(url, Some(file("ca.pem"))).await;
    crate::eventually("connected", || async { trusting.reachable().await.is_ok() }).await;
    // Whose authority nobody named here; it has had as long to try, and goes on.
    assert_eq!(stranger.reachable().await, Err("not connected".to_owned()));
    let log = || std::fs::read_to_string(scratch.path().join("nats.log")).unwrap();
    crate::eventually("it turned away", || async { log().contains("TLS handshake error") }).await;
}

/// `tls://` is a demand: a server without TLS is none.
#[tokio::test]
async fn a_server_without_tls_is_refused_where_it_is_demanded() {
    let nats = Nats::for_test().await.unwrap();
    let plain = bus(nats.url(), None).await;
    let demanding = bus(nats.url().replace("nats://", "tls://"), Some(file("ca.pem"))).await;
    crate::eventually("connected", || async { plain.reachable().await.is_ok() }).await;
    assert!(demanding.reachable().await.is_err());
}
