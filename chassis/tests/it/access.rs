//! What the broker lets each user do: the real server with the real configuration.

use async_nats::{
    Client, ConnectOptions, Event, ServerError,
    jetstream::consumer::{Consumer, pull},
};
use chassis::{
    access::{self, User},
    bus::Bus,
    settings::{BusFaults, Endpoint, Nats as NatsSettings, Value},
};
use futures::StreamExt;
use proto::{Service, frame};
use servers::{Nats, NatsAccess, NatsOptions, scratch::Scratch};
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const OBSERVER: &str = "observer";

struct Broker {
    nats: Nats,
    _scratch: Scratch,
}

impl Broker {
    /// With users, and with everything that `topology` makes.
    async fn start() -> Self {
        let scratch = Scratch::create().unwrap();
        let config = scratch.path().join("access.conf");
        std::fs::write(&config, access::server_config(Some(OBSERVER))).unwrap();
        let users = access::users().into_iter().map(|user| user.name).chain([OBSERVER]);
        let options = NatsOptions {
            store_dir: scratch.path().join("store"),
            log: scratch.path().join("nats.log"),
            port: None,
            monitor_port: None,
            access: Some(NatsAccess {
                config,
                password: "p4ssword".to_owned(),
                users: users.map(str::to_owned).collect(),
            }),
        };
        let broker = Self { nats: Nats::start(options).await.unwrap(), _scratch: scratch };
        broker.bus(access::TOPOLOGY, Service::Room).await.ensure_topology().await.unwrap();
        broker
    }

    async fn bus(&self, user: &str, service: Service) -> Bus {
        let urls = vec![Endpoint::parse(&self.nats.url_for(user)).unwrap()];
        let settings = NatsSettings { urls, replicas: 1, ca_file: None };
        Bus::connect(service, &settings, BusFaults::None).await.unwrap()
    }

    /// A client of a user, and what the server refuses it.
    async fn client(&self, user: &str) -> (Client, Arc<Mutex<Vec<String>>>) {
        let refused: Arc<Mutex<Vec<String>>> = Arc::default();
        let kept = Arc::clone(&refused);
        let options = ConnectOptions::with_user_and_password(user.to_owned(), "p4ssword".to_owned());
        let options = options.custom_inbox_prefix(access::inbox(user)).event_callback(move |event| {
            if let Event::ServerError(ServerError::Other(text)) = event {
                kept.lock().unwrap().push(text);
            }
            std::future::ready(())
        });
        (options.connect(self.nats.url()).await.unwrap(), refused)
    }

    /// Messages in a stream now.
    async fn stored(&self, stream: &str) -> u64 {
        let bus = self.bus(OBSERVER, Service::Room).await;
        bus.context().get_stream(stream).await.unwrap().cached_info().state.messages
    }
}

/// One subject that a pattern stands for.
fn one_of(pattern: &str) -> String {
    pattern.replace('*', "07").replace('>', "x.y")
}

/// The subject in `Permissions Violation for Publish to "a.b"`, of which the client tells lower case alone.
fn subject_of(refusal: &str) -> String {
    refusal.split('"').nth(1).unwrap_or(refusal).to_lowercase()
}

#[test]
fn the_committed_configuration_is_what_the_code_says() {
    let committed = concat!(env!("CARGO_MANIFEST_DIR"), "/../helm/files/nats/users.conf");
    let committed = std::fs::read_to_string(committed).unwrap();
    assert!(
        committed == access::server_config(None),
        "cargo run -- nats-access > helm/files/nats/users.conf"
    );
}

/// Every user tries whatever any user may do, and some things that none may.
#[tokio::test]
async fn each_user_may_do_its_own_and_nothing_else() {
    let broker = Broker::start().await;
    let nobodys =
        ["rooms.evt.room", "rooms.cmd.wallet.07.nothing", "$JS.API.STREAM.DELETE.EVENTS", "elsewhere"];
    let users = access::users();
    let everything: BTreeSet<String> = users
        .iter()
        .flat_map(|user| user.publish.iter().map(|pattern| one_of(pattern)))
        .chain(
            Service::ALL
                .map(|service| format!("$JS.API.STREAM.MSG.GET.CMD_{}", service.token().to_uppercase())),
        )
        .chain(nobodys.map(str::to_owned))
        .collect();
    for User { name, publish, .. } in &users {
        let may: BTreeSet<String> = publish.iter().map(|pattern| one_of(pattern)).collect();
        let expected: BTreeSet<String> =
            everything.difference(&may).map(|subject| subject.to_lowercase()).collect();
        let (client, refused) = broker.client(name).await;
        let told = || refused.lock().unwrap().iter().map(|text| subject_of(text)).collect::<BTreeSet<_>>();
        // In parts: what a client is told beyond some hundred refusals at once it forgets.
        let subjects: Vec<&String> = everything.iter().collect();
        for (part, subjects) in subjects.chunks(64).enumerate() {
            for subject in subjects {
                // Nothing of it is understood by anybody.
                client.publish((*subject).clone(), "x".into()).await.unwrap();
            }
            client.flush().await.unwrap();
            let tried = everything.iter().take((part + 1) * 64);
            let so_far: BTreeSet<String> = tried
                .filter(|subject| !may.contains(*subject))
                .map(|subject| subject.to_lowercase())
                .collect();
            let waiting = async {
                while told() != so_far {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            };
            // What is missing after that, or too much, is told below.
            let _ = tokio::time::timeout(Duration::from_secs(10), waiting).await;
        }
        assert_eq!(told(), expected, "{name}");
    }
}

#[tokio::test]
async fn nobody_hears_what_is_another_users() {
    let broker = Broker::start().await;
    for User { name, subscribe, .. } in access::users() {
        let others =
            ["rooms.>", "rooms.evt.>", "rooms.cmd.wallet.*.hold_stakes", "_INBOX.>", "$JS.>", "$KV.>", ">"];
        let others = others.map(str::to_owned).into_iter();
        let foreign = access::users().into_iter().flat_map(|user| user.subscribe);
        let foreign: BTreeSet<String> =
            others.chain(foreign).filter(|subject| !subscribe.contains(subject)).collect();
        let (client, refused) = broker.client(name).await;
        let mut heard = Vec::new();
        for subject in foreign.iter().chain(&subscribe) {
            heard.push(client.subscribe(subject.clone()).await.unwrap());
        }
        client.flush().await.unwrap();
        crate::eventually("the server has refused", || async {
            refused.lock().unwrap().len() >= foreign.len()
        })
        .await;
        let told: BTreeSet<String> = refused.lock().unwrap().iter().map(|text| subject_of(text)).collect();
        let expected: BTreeSet<String> = foreign.iter().map(|subject| subject.to_lowercase()).collect();
        assert_eq!(told, expected, "{name}");
    }
}

/// Over the bus, as services do it.
#[tokio::test]
async fn a_command_reaches_its_service_and_an_event_its_followers() {
    let broker = Broker::start().await;
    let message = |subject: &str| frame::Message {
        subject: subject.to_owned(),
        id: Uuid::now_v7().as_bytes().to_vec(),
        r#type: "rooms.wallet.v1.HoldStakes".to_owned(),
        ..Default::default()
    };
    let room = broker.bus("room", Service::Room).await;
    let wallet = broker.bus("wallet", Service::Wallet).await;
    // Finds everything made, and asks for nothing it may not.
    room.ensure_topology().await.unwrap();
    let hold = message("rooms.cmd.wallet.07.hold_stakes");
    room.publish(&[(&hold, "")]).await.unwrap();
    let decided = message("rooms.evt.wallet.stakes_decided");
    room.publish(&[(&decided, "")]).await.unwrap_err();
    assert_eq!(broker.stored("EVENTS").await, 0, "no event of another service");
    wallet.publish(&[(&decided, "")]).await.unwrap();

    for (bus, consumer, sent, name) in
        [(wallet, "wallet-commands", &hold, "CMD_WALLET"), (room, "room-events", &decided, "EVENTS")]
    {
        let stream = bus.context().get_stream_no_info(name).await.unwrap();
        let consumer: Consumer<pull::Config> = stream.get_consumer(consumer).await.unwrap();
        let mut taken = consumer.fetch().max_messages(1).messages().await.unwrap();
        let taken = taken.next().await.unwrap().unwrap();
        assert_eq!(taken.subject.as_str(), sent.subject);
        taken.ack().await.unwrap();
        crate::eventually("acknowledged", || async { broker.stored(name).await == 0 }).await;
    }
}

/// The streams are lost while only services run; whoever makes them again is `topology`.
#[tokio::test]
async fn what_a_wiped_broker_lost_is_made_again_by_topology_alone() {
    let broker = Broker::start().await;
    let room = broker.bus("room", Service::Room).await;
    let event = frame::Message {
        subject: "rooms.evt.room.room_frozen".to_owned(),
        id: Uuid::now_v7().as_bytes().to_vec(),
        ..Default::default()
    };
    room.publish(&[(&event, "")]).await.unwrap();
    broker.nats.wipe_and_restart().await.unwrap();
    crate::eventually("it is back", || async { room.reachable().await.is_ok() }).await;
    room.ensure_topology().await.unwrap();
    room.publish(&[(&event, "")]).await.unwrap_err();
    let stop = CancellationToken::new();
    let topology = broker.bus(access::TOPOLOGY, Service::Room).await;
    let keeping = tokio::spawn(topology.keep_topology(stop.clone()));
    crate::eventually("published", || async { room.publish(&[(&event, "")]).await.is_ok() }).await;
    stop.cancel();
    keeping.await.unwrap();
}
