//! What operators tell everybody, and what became of everything that was told.

use crate::{
    events::deposit,
    eventually, office,
    preferences::{ask, quiet, switch},
    world::{World, account, accounts},
};
use proto::{
    Refusal,
    common::RefusalCode,
    gateway::Deliver,
    notifier::{
        Broadcast, BroadcastProgress, BroadcastState, Category, DeliveryStatistics, GetDeliveriesRequest,
        Lane, ListBroadcastsRequest, ListNotificationsRequest, PreviewBroadcastRequest, StartBroadcast,
        notice::Kind,
    },
    wallet::DepositState,
};
use std::{collections::BTreeSet, time::Duration};
use tonic::Code;

const BULK: usize = 4;

async fn office(settings: &[(&'static str, &'static str)]) -> World {
    let mut all = vec![("OPERATOR_KEYS", office::key())];
    all.extend(settings);
    World::new(&all).await
}

async fn progress(world: &World) -> BroadcastProgress {
    let page = ListBroadcastsRequest::default();
    let list = world.grpc().list_broadcasts(page).await.unwrap().into_inner();
    list.broadcasts.into_iter().next().unwrap()
}

fn told(world: &World) -> Vec<Deliver> {
    let told = world.gateway.told().into_iter();
    told.filter(|deliver| deliver.lane() == Lane::Broadcast).collect()
}

async fn statistics(world: &World, category: Category) -> DeliveryStatistics {
    let days = world.grpc().get_deliveries(GetDeliveriesRequest { days: 2 }).await.unwrap().into_inner().days;
    let of = days.into_iter().filter(|day| day.category() == category);
    // Midnight may come between.
    of.reduce(|sum, day| DeliveryStatistics {
        sent: sum.sent + day.sent,
        waiting: sum.waiting + day.waiting,
        unwanted: sum.unwanted + day.unwanted,
        ..day
    })
    .unwrap_or_default()
}

#[tokio::test]
async fn operators_tell_everybody_and_delay_no_money() {
    let world = office(&[
        ("NOTIFIER_CREDIT", "8"),
        ("NOTIFIER_BULK_CREDIT", "4"),
        ("NOTIFIER_BROADCAST_WAITING", "10"),
    ])
    .await;
    let people = accounts(40);
    world.register(&people).await;
    eventually("everybody can be reached", || async {
        world.count("SELECT count(*) FROM notifier.contact").await == 40
    })
    .await;
    ask(&world, people[38], quiet(&world).await).await.unwrap();
    ask(&world, people[39], switch(Category::System, false)).await.unwrap();
    let words = office::words(1);
    let preview = PreviewBroadcastRequest { broadcast: Some(words.clone()) };
    assert_eq!(world.grpc().preview_broadcast(preview).await.unwrap().into_inner().recipients, 39);
    assert_eq!(office::start(&world, &words).await.unwrap().recipients, 39);
    eventually("its part of the credit is used up", || async { told(&world).len() == BULK }).await;

    // Money has the rest of the credit, also of those who have the broadcast before them.
    let deposits: Vec<_> =
        people[..4].iter().map(|account| deposit(*account, 1, DepositState::Credited)).collect();
    world.tell(&deposits).await;
    eventually("money is told", || async { world.gateway.told().len() == 2 * BULK }).await;
    assert_eq!(told(&world).len(), BULK);
    let waiting = "SELECT count(*) FROM notifier.notification WHERE lane = 7 AND state = 'WAITING'";
    assert!(world.count(waiting).await <= 10, "so many of it wait at a time");

    office::steer(&world, &words, BroadcastState::Paused).await.unwrap();
    world.gateway.open();
    eventually("nothing is in hand", || async { !world.states().await.contains_key("RELEASED") }).await;
    // Another turn, which would have released more of it.
    world.tell(&[deposit(people[5], 2, DepositState::Credited)]).await;
    eventually("a fifth deposit", || async { world.gateway.told().len() == 2 * BULK + 1 }).await;
    assert_eq!((told(&world).len(), progress(&world).await.state()), (BULK, BroadcastState::Paused));

    office::steer(&world, &words, BroadcastState::Running).await.unwrap();
    eventually("all but who sleeps", || async { progress(&world).await.sent == 38 }).await;
    assert_eq!(progress(&world).await.state(), BroadcastState::Running);
    world.db.advance(Duration::from_secs(3 * 3600)).await.unwrap();
    eventually("the end", || async { progress(&world).await.state() == BroadcastState::Ended }).await;

    let last = progress(&world).await;
    assert_eq!((last.recipients, last.sent, last.failed), (39, 39, 0));
    assert_eq!(last.broadcast, Some(words.clone()));
    let heard: BTreeSet<Vec<u8>> = told(&world).iter().map(|deliver| deliver.account_id.clone()).collect();
    assert_eq!((heard.len(), told(&world).len()), (39, 39), "each once");
    assert!(!heard.contains(&people[39].bytes()));
    for deliver in told(&world) {
        assert_eq!(deliver.notice.unwrap().kind, Some(Kind::Broadcast(words.clone())));
    }
    assert_eq!(world.gateway.heard.lock().unwrap().contradictions, 0);
    let request = ListNotificationsRequest { account_id: people[20].bytes(), page: None };
    let history = world.grpc().list_notifications(request).await.unwrap().into_inner().notifications;
    assert_eq!(
        history[0].notice.clone().unwrap().kind,
        Some(Kind::Broadcast(words)),
        "history has the words"
    );
    let system = statistics(&world, Category::System).await;
    assert_eq!((system.sent, system.waiting, statistics(&world, Category::Money).await.sent), (39, 0, 5));
    assert_eq!(statistics(&world, Category::Whale).await, DeliveryStatistics::default());
}

#[tokio::test]
async fn what_is_not_sent_of_an_ended_broadcast_will_not_be() {
    let world = office(&[("NOTIFIER_BULK_CREDIT", "1")]).await;
    world.register(&accounts(3)).await;
    eventually("everybody can be reached", || async {
        world.count("SELECT count(*) FROM notifier.contact").await == 3
    })
    .await;
    let words = office::words(2);
    let by_nobody = StartBroadcast { broadcast: Some(words.clone()), by: None };
    let request =
        proto::notifier::StartBroadcastRequest { request_id: vec![1; 16], command: Some(by_nobody) };
    let mut door = proto::notifier::notifier_operator_service_client::NotifierOperatorServiceClient::connect(
        format!("http://{}", world.replicas[0].grpc()),
    )
    .await
    .unwrap();
    assert_eq!(door.start_broadcast(request).await.unwrap_err().code(), Code::InvalidArgument);
    let wordless = Broadcast { texts: Vec::new(), ..words.clone() };
    let refused = office::start(&world, &wordless).await.unwrap_err();
    assert_eq!(refused, Refusal::new(RefusalCode::Malformed).with("field", "language"));

    office::start(&world, &words).await.unwrap();
    let state = Refusal::new(RefusalCode::BroadcastState);
    assert_eq!(office::start(&world, &words).await, Err(state.clone()), "an id is one broadcast for ever");
    eventually("the first is in hand", || async { told(&world).len() == 1 }).await;
    eventually("the others wait", || async { world.states().await.get("WAITING") == Some(&2) }).await;
    office::steer(&world, &words, BroadcastState::Ended).await.unwrap();
    assert_eq!(world.states().await["UNWANTED"], 2);
    assert_eq!(office::steer(&world, &words, BroadcastState::Running).await, Err(state.clone()));
    assert_eq!(office::steer(&world, &office::words(3), BroadcastState::Paused).await, Err(state));
    world.gateway.open();
    world.all_done(3).await;
    assert_eq!((told(&world).len(), progress(&world).await.sent), (1, 1));
    assert_eq!(statistics(&world, Category::System).await.unwanted, 2);
    assert_eq!(told(&world)[0].account_id.len(), account(0).bytes().len());
}
