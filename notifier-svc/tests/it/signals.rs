//! What the wallets of the operators' list agree on.

use crate::{
    eventually,
    gateway::event,
    polymarket::{Role, ask, market, now, people, token, wallet},
    preferences::{ask as prefer, switch},
    world::World,
};
use chassis::operators::OperatorKey;
use ed25519_dalek::{Signer, SigningKey};
use proto::{
    AccountId, Refusal,
    common::{Page, RefusalCode},
    notifier::{
        Category, Lane, ListSignalsRequest, ListSignalsResponse, ListSmartWalletsRequest, SetSmartWallet,
        SetSmartWalletDone, SetSmartWalletRequest, SignalEnd, SignalLevel, notice::Kind,
        notifier_operator_service_client::NotifierOperatorServiceClient,
    },
    oracle::{Market, MarketOutcome, MarketResolved, MarketsResolved, Position},
    statement::Statement,
    timestamp,
    wallet::OperatorSignature,
};
use std::{sync::Arc, time::Duration};
use tonic::transport::Channel;
use uuid::Uuid;

const DAY: Duration = Duration::from_secs(24 * 3600);

fn operator() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

/// A command about the list that an operator signs.
async fn signed(world: &World, address: &str, label: &str, listed: bool) -> SetSmartWallet {
    let key = OperatorKey::try_from_bytes(operator().verifying_key().as_bytes()).unwrap().to_string();
    let at = timestamp(now(world).await);
    let mut command = SetSmartWallet {
        address: address.into(),
        label: label.into(),
        listed,
        by: Some(OperatorSignature { operator: key, signature: Vec::new(), signed_at: Some(at) }),
    };
    let signature = operator().sign(&command.bytes().unwrap()).to_bytes().to_vec();
    command.by.as_mut().unwrap().signature = signature;
    command
}

async fn list(world: &World, address: &str, label: &str) {
    let command = signed(world, address, label, true).await;
    let _: SetSmartWalletDone = ask(world, &command).await.unwrap();
}

/// A world whose schedule is at six, with the role and three wallets on the list: Ada, Bob and Cy.
async fn world(more: &[(&'static str, &'static str)]) -> (World, Arc<Role>) {
    let (role, url) = Role::serve();
    let key = OperatorKey::try_from_bytes(operator().verifying_key().as_bytes()).unwrap().to_string();
    let mut settings =
        vec![("POLYMARKET_URL", url), ("OPERATOR_KEYS", &*key.leak()), ("SIGNAL_SCAN_PAUSE", "20ms")];
    settings.extend(more);
    let world = World::new(&settings).await;
    world.gateway.open();
    role.listen(&world).await;
    for (number, label) in [(1, "Ada"), (2, "Bob"), (3, "Cy")] {
        list(&world, &wallet(number), label).await;
    }
    // There is none for a moment before the list was made.
    scans(&world, 1).await;
    (world, role)
}

/// Waits until so many scans have ended.
async fn scans(world: &World, count: i64) {
    let ended = "SELECT count(*) FROM notifier.scan WHERE ended_at IS NOT NULL";
    eventually(&format!("{count} scans"), || async { world.count(ended).await >= count }).await;
    assert_eq!(world.count(ended).await, count);
}

fn position(number: u32, outcome: &str, shares: &str, price: &str) -> Position {
    Position {
        market: Some(market(number)),
        outcome: outcome.into(),
        token_id: token(number, outcome),
        shares: shares.into(),
        price: price.into(),
        ..Default::default()
    }
}

/// Three wallets for Yes in one market, two in another, beside other things.
fn agree(role: &Role) {
    let mut state = role.state.lock().unwrap();
    let dust = || position(9, "Yes", "3", "0.5");
    let held = [
        vec![position(1, "Yes", "10000", "0.6"), position(2, "No", "9000", "0.9"), dust()],
        vec![position(1, "Yes", "8000", "0.6"), position(2, "No", "9000", "0.9"), dust()],
        vec![position(1, "Yes", "5000", "0.6"), position(1, "No", "500", "0.4"), dust()],
    ];
    for (number, positions) in (1..).zip(held) {
        state.holdings.insert(wallet(number), (positions, "100000".into()));
    }
}

async fn signals(world: &World) -> ListSignalsResponse {
    world.grpc().list_signals(ListSignalsRequest { page: None }).await.unwrap().into_inner()
}

fn heard(world: &World) -> Vec<AccountId> {
    let mut heard: Vec<_> = world
        .gateway
        .told()
        .into_iter()
        .map(|deliver| {
            let kind = deliver.notice.as_ref().unwrap().kind.clone().unwrap();
            assert!(matches!(kind, Kind::Signal(_)) && deliver.lane() == Lane::Whale, "{deliver:?}");
            AccountId::try_from_bytes(&deliver.account_id).unwrap()
        })
        .collect();
    heard.sort();
    heard
}

#[tokio::test]
async fn p17_a_signal_is_told_once_to_everybody_who_did_not_mute_it() {
    let (mut world, role) = world(&[]).await;
    let [anna, ben, cleo] = people();
    world.register(&[anna, ben, cleo]).await;
    prefer(&world, ben, switch(Category::Consensus, false)).await.unwrap();
    // A mute outlives the process.
    world.replicas.remove(0).stop().await.unwrap();
    world.start().await;
    world.start().await;
    agree(&role);
    world.db.advance(DAY).await.unwrap();
    scans(&world, 2).await;
    world.all_done(2).await;
    assert_eq!(heard(&world), [anna, cleo]);
    let listed = signals(&world).await;
    let [signal] = listed.signals.as_slice() else { panic!("{listed:?}") };
    assert_eq!((signal.token_id.clone(), signal.wallets, signal.usd.as_str()), (token(1, "Yes"), 3, "13500"));
    // 10 for the third wallet, 13 for 13 thousand, 11 for 4.5 %, 15 as the largest has less than half.
    assert_eq!((signal.score, signal.level(), signal.end()), (49, SignalLevel::Medium, SignalEnd::Open));
    let top: Vec<_> = signal.top.iter().map(|holder| (holder.label.as_str(), holder.usd.as_str())).collect();
    assert_eq!(top, [("Ada", "6000"), ("Bob", "4800"), ("Cy", "2700")], "net of what it holds against it");
    assert!(listed.scanned_at.is_some());

    // The next day it is news again; and of a later day than seven ago nothing is listed.
    world.db.advance(DAY).await.unwrap();
    scans(&world, 3).await;
    world.all_done(4).await;
    assert_eq!(heard(&world), [anna, anna, cleo, cleo]);
    role.state.lock().unwrap().holdings.clear();
    world.db.advance(6 * DAY + DAY / 2).await.unwrap();
    eventually("one is old", || async { signals(&world).await.signals.len() == 1 }).await;
}

/// P14, P17: a signal is kept whether or not there is anybody to hear it, once a day.
#[tokio::test]
async fn p14_p17_a_signal_without_an_audience_is_kept_once_a_day() {
    let (world, role) =
        world(&[("SIGNAL_SCAN_CRON", "0 */6 * * *"), ("SIGNAL_SCAN_ZONE", "Asia/Tokyo")]).await;
    agree(&role);
    for scan in 2..=5 {
        world.db.advance(DAY / 4).await.unwrap();
        scans(&world, scan).await;
    }
    let days = world.count("SELECT count(DISTINCT day) FROM notifier.scan WHERE due_at > (SELECT min(due_at) FROM notifier.scan)");
    let days = days.await;
    let listed = signals(&world).await;
    assert!(days < 4, "four scans are of two days at most");
    assert_eq!(listed.signals.len() as i64, days);
    let untold = "SELECT count(*) FROM notifier.signal WHERE told_at IS NULL";
    eventually("told to nobody", || async { world.count(untold).await == 0 }).await;
    assert_eq!(world.count("SELECT count(*) FROM notifier.notification").await, 0);
}

/// P1: a wallet that cannot be read is asked again, also by another process; until then nothing is concluded from its silence.
#[tokio::test]
async fn p1_a_scan_waits_for_who_cannot_be_read_and_outlives_the_process() {
    let (mut world, role) = world(&[]).await;
    agree(&role);
    role.state.lock().unwrap().unreachable.insert(wallet(3));
    world.db.advance(DAY).await.unwrap();
    let asked = |number: u32| {
        let address = wallet(number);
        role.state.lock().unwrap().asked.iter().filter(|asked| **asked == address).count()
    };
    let read = "SELECT count(*) FROM notifier.scan_wallet WHERE read_at IS NOT NULL";
    eventually("asked", || async { asked(3) == 1 && world.count(read).await == 2 }).await;
    world.db.advance(Duration::from_secs(61)).await.unwrap();
    eventually("asked again", || async { asked(3) == 2 }).await;
    world.replicas.remove(0).stop().await.unwrap();
    let before = (asked(1), asked(2));
    role.state.lock().unwrap().unreachable.clear();
    world.start().await;
    world.db.advance(Duration::from_secs(121)).await.unwrap();
    scans(&world, 2).await;
    assert_eq!(signals(&world).await.signals.len(), 1);
    assert_eq!((asked(1), asked(2)), before, "what is read is not read again");

    // A scan that has lost patience goes by the others, and by them alone: two are no signal.
    role.state.lock().unwrap().unreachable.insert(wallet(1));
    world.db.advance(DAY).await.unwrap();
    eventually("the others are read", || async { world.count(read).await == 5 }).await;
    world.db.advance(Duration::from_secs(901)).await.unwrap();
    scans(&world, 3).await;
    let unknown = "SELECT count(*) FROM notifier.scan_wallet WHERE read_at IS NULL";
    assert_eq!((signals(&world).await.signals.len(), world.count(unknown).await), (1, 1));
}

/// P15: what passed while nobody was there is caught up with once, at whatever minute somebody is there again.
#[tokio::test]
async fn p15_days_without_us_are_caught_up_with_once() {
    let (mut world, role) = world(&[]).await;
    agree(&role);
    world.replicas.remove(0).stop().await.unwrap();
    world.db.advance(33 * DAY + Duration::from_secs(7 * 3600)).await.unwrap();
    world.start().await;
    let ended = "SELECT count(*) FROM notifier.scan WHERE ended_at > notifier.db_clock() - interval '1 hour'";
    eventually("caught up", || async { world.count(ended).await == 1 }).await;
    assert_eq!(signals(&world).await.signals.len(), 1);
    assert_eq!(
        world.count("SELECT count(*) FROM notifier.scan").await,
        1,
        "those of last month are forgotten"
    );
    let due = "SELECT count(*) FROM notifier.scan WHERE due_at > notifier.db_clock() - interval '1 day'
                 AND due_at <= notifier.db_clock() AND extract(hour FROM due_at AT TIME ZONE 'UTC') = 6";
    assert_eq!(world.count(due).await, 1, "the newest of them");
}

/// Right, wrong, and neither; told by an event, or asked for where nobody tells.
#[tokio::test]
async fn signals_are_right_or_wrong_once_their_market_is_decided() {
    let (world, role) = world(&[]).await;
    {
        let mut state = role.state.lock().unwrap();
        let positions = (1..=4).map(|number| position(number, "Yes", "10000", "0.6"));
        let positions: Vec<_> = positions.collect();
        for number in 1..=3 {
            state.holdings.insert(wallet(number), (positions.clone(), String::new()));
        }
    }
    world.db.advance(DAY).await.unwrap();
    scans(&world, 2).await;
    assert_eq!(signals(&world).await.signals.len(), 4);
    let decided = |number: u32, outcome: &str| MarketResolved {
        market: Some(market(number)),
        outcome: outcome.into(),
        token_id: if outcome.is_empty() { String::new() } else { token(number, outcome) },
        at: None,
    };
    let items = vec![decided(1, "Yes"), decided(2, "No"), decided(3, ""), decided(8, "Yes")];
    world.tell(&[event(&MarketsResolved { items: items.clone() })]).await;
    let record = async || {
        let listed = signals(&world).await;
        (listed.right, listed.wrong)
    };
    eventually("decided", || async { record().await == (1, 1) }).await;
    // What is decided stands, whatever is told later.
    let contrary = MarketsResolved { items: vec![decided(1, "No"), decided(2, "Yes")] };
    world.tell(&[event(&contrary)]).await;

    let outcome =
        |name: &str| MarketOutcome { name: name.into(), token_id: token(4, name), ..Default::default() };
    let fourth = Market {
        r#ref: Some(market(4)),
        outcomes: vec![outcome("Yes"), outcome("No")],
        closed: true,
        resolved: "Yes".into(),
        ..Default::default()
    };
    {
        let mut state = role.state.lock().unwrap();
        state.markets.insert(market(4).condition_id, fourth);
        // Six hours on may be another day's scan, which would find the same four once more.
        state.holdings.clear();
    }
    world.db.advance(Duration::from_secs(6 * 3600 + 1)).await.unwrap();
    eventually("asked for", || async { record().await == (2, 1) }).await;
    let listed = signals(&world).await;
    let mut ends: Vec<_> = listed
        .signals
        .iter()
        .map(|signal| (signal.market.as_ref().unwrap().slug.clone(), signal.end()))
        .collect();
    ends.sort_by(|a, b| a.0.cmp(&b.0));
    let expected = [SignalEnd::Right, SignalEnd::Wrong, SignalEnd::Split, SignalEnd::Right];
    assert_eq!(ends.iter().map(|(_, end)| *end).collect::<Vec<_>>(), expected);

    // By pages it is the same list.
    let mut token = String::new();
    let mut paged = Vec::new();
    loop {
        let page = Some(Page { size: 3, token: token.clone() });
        let answer = world.grpc().list_signals(ListSignalsRequest { page }).await.unwrap().into_inner();
        paged.extend(answer.signals);
        token = answer.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(paged, listed.signals);
}

#[tokio::test]
async fn the_list_of_smart_wallets_is_the_operators_and_one_id_has_one_effect() {
    let (world, _role) = world(&[]).await;
    let listed = async |token: &str| {
        let page = Some(Page { size: 2, token: token.to_owned() });
        let answer =
            world.grpc().list_smart_wallets(ListSmartWalletsRequest { page }).await.unwrap().into_inner();
        let labels: Vec<String> = answer.wallets.into_iter().map(|wallet| wallet.label).collect();
        (labels, answer.next_page_token)
    };
    let (labels, next) = listed("").await;
    assert_eq!((labels, listed(&next).await.0), (vec!["Ada".into(), "Bob".into()], vec!["Cy".into()]));

    let channel =
        Channel::from_shared(format!("http://{}", world.replicas[0].grpc())).unwrap().connect_lazy();
    let mut operators = NotifierOperatorServiceClient::new(channel);
    let command = signed(&world, &wallet(1), "", false).await;
    let request = SetSmartWalletRequest {
        request_id: Uuid::now_v7().as_bytes().to_vec(),
        command: Some(command.clone()),
    };
    for _ in 0..2 {
        let outcome =
            operators.set_smart_wallet(request.clone()).await.unwrap().into_inner().outcome.unwrap();
        assert_eq!(outcome.decided::<SetSmartWalletDone>().unwrap(), Ok(SetSmartWalletDone {}));
    }
    assert_eq!(listed("").await.0, ["Bob", "Cy"]);
    let signature = Refusal::new(RefusalCode::OperatorSignature);
    assert_eq!(ask::<_, SetSmartWalletDone>(&world, &command).await, Err(signature.clone()), "used before");
    let other = SetSmartWallet { address: wallet(2), ..signed(&world, &wallet(3), "", false).await };
    assert_eq!(ask::<_, SetSmartWalletDone>(&world, &other).await, Err(signature), "signed for another");
    let gone = signed(&world, &wallet(9), "", false).await;
    let not_found = Refusal::new(RefusalCode::NotFound);
    assert_eq!(ask::<_, SetSmartWalletDone>(&world, &gone).await, Err(not_found));
    let long = signed(&world, &wallet(1), &"x".repeat(41), true).await;
    let refused = ask::<_, SetSmartWalletDone>(&world, &long).await.unwrap_err();
    assert_eq!(refused.code, RefusalCode::Malformed);
}
