//! Watch-lists and price alerts: what people may have on them, and what the Polymarket role is asked for because of it.

use crate::{
    eventually,
    gateway::event,
    polymarket::{Role, ask, at, market, now, people, token, wallet},
    world::{World, account},
};
use futures::future::join_all;
use proto::{
    AccountId, Refusal,
    common::RefusalCode,
    frame,
    notifier::{
        ListPriceAlertsRequest, ListTrackedRequest, PriceAlert, RemovePriceAlert, RemovePriceAlertDone,
        RenameWallet, RenameWalletDone, SetPriceAlert, SetPriceAlertDone, TrackWallet, TrackWalletDone,
        UntrackWallet, UntrackWalletDone, notice::Kind,
    },
    oracle::{FollowAddress, MarketResolved, MarketsResolved, PriceReached},
    wallet::AccountClosed,
};
use std::time::Duration;
use uuid::Uuid;

pub fn track_command(account: AccountId, address: &str, alias: &str) -> TrackWallet {
    TrackWallet { account_id: account.bytes(), address: address.into(), alias: alias.into() }
}

pub async fn track(
    world: &World,
    account: AccountId,
    address: &str,
    alias: &str,
) -> Result<TrackWalletDone, Refusal> {
    ask(world, &track_command(account, address, alias)).await
}

pub async fn untrack(world: &World, account: AccountId, address: &str) -> Result<UntrackWalletDone, Refusal> {
    ask(world, &UntrackWallet { account_id: account.bytes(), address: address.into() }).await
}

/// An account's list: addresses with names.
pub async fn tracked(world: &World, account: AccountId) -> Vec<(String, String)> {
    let request = ListTrackedRequest { account_id: account.bytes() };
    let answer = world.grpc().list_tracked(request).await.unwrap().into_inner();
    assert_eq!(answer.max, 20);
    answer.wallets.into_iter().map(|wallet| (wallet.address, wallet.alias)).collect()
}

fn malformed(field: &str) -> Refusal {
    Refusal::new(RefusalCode::Malformed).with("field", field)
}

/// Waits until the sagas have all their answers.
async fn answered(world: &World) {
    eventually("answered", || async { world.count("SELECT count(*) FROM notifier.issued").await == 0 }).await;
}

#[tokio::test]
async fn p5_a_wallet_is_followed_once_however_many_track_it() {
    let world = World::new(&[]).await;
    let (role, _) = Role::serve();
    role.listen(&world).await;
    let [anna, ben, cleo] = people();
    track(&world, anna, &wallet(1), "").await.unwrap();
    track(&world, ben, &wallet(1), "the other one").await.unwrap();
    untrack(&world, anna, &wallet(1)).await.unwrap();
    answered(&world).await;
    let follow = |version, follow| FollowAddress { address: wallet(1), version, follow };
    assert_eq!(role.state.lock().unwrap().follows, [follow(1, true)]);
    untrack(&world, ben, &wallet(1)).await.unwrap();
    track(&world, cleo, &wallet(1), "").await.unwrap();
    answered(&world).await;
    let follows = role.state.lock().unwrap().follows.clone();
    assert_eq!(follows, [follow(1, true), follow(2, false), follow(3, true)]);
}

#[tokio::test]
async fn the_role_is_asked_until_it_answers_and_only_for_the_newest() {
    let world = World::new(&[]).await;
    let (role, _) = Role::serve();
    role.state.lock().unwrap().silent = true;
    role.listen(&world).await;
    let anna = account(0);
    track(&world, anna, &wallet(1), "").await.unwrap();
    untrack(&world, anna, &wallet(1)).await.unwrap();
    eventually("both heard", || async { role.state.lock().unwrap().follows.len() >= 2 }).await;
    world.db.advance(Duration::from_secs(60)).await.unwrap();
    eventually("asked again", || async { role.state.lock().unwrap().follows.len() >= 3 }).await;
    let again = role.state.lock().unwrap().follows[2].clone();
    assert_eq!((again.version, again.follow), (2, false), "not for what is over");
    role.state.lock().unwrap().silent = false;
    world.db.advance(Duration::from_secs(60)).await.unwrap();
    answered(&world).await;
}

/// P12: the limit is the database's, so no race passes it. P9: who is refused is told so, and has nothing.
#[tokio::test]
async fn p9_p12_of_thirty_wallets_at_once_twenty_fit_and_the_others_are_refused() {
    let mut world = World::new(&[("BUS_FAULTS", "shuffle")]).await;
    world.start().await;
    let (anna, ben) = (account(0), account(1));
    let wallets: Vec<String> = (0..30).map(wallet).collect();
    let outcomes = join_all(wallets.iter().map(|address| track(&world, anna, address, ""))).await;
    let refusal = Refusal::new(RefusalCode::TrackedTooMany).with("max", 20);
    let (fit, refused): (Vec<_>, Vec<_>) =
        wallets.iter().zip(outcomes).partition(|(_, outcome)| outcome.is_ok());
    assert_eq!((fit.len(), refused.len()), (20, 10));
    assert!(refused.iter().all(|(_, outcome)| *outcome == Err(refusal.clone())));
    let mut listed: Vec<String> =
        tracked(&world, anna).await.into_iter().map(|(address, _)| address).collect();
    listed.sort();
    assert_eq!(listed, fit.iter().map(|(address, _)| (*address).clone()).collect::<Vec<_>>());
    assert_eq!(world.count("SELECT count(*) FROM notifier.following").await, 20, "nothing of the others");

    // Somebody else's list is another one, whoever tracks the same.
    track(&world, ben, fit[0].0, "").await.unwrap();
    // A place that is left can be taken.
    untrack(&world, anna, fit[7].0).await.unwrap();
    track(&world, anna, refused[0].0, "").await.unwrap();
    assert_eq!(track(&world, anna, refused[1].0, "").await, Err(refusal));
    assert_eq!(tracked(&world, ben).await.len(), 1);
}

/// P7, P8, P10, P11: a list is kept, under one spelling, and says what it did.
#[tokio::test]
async fn p7_p11_a_list_outlives_the_process_and_tells_what_was_there() {
    let mut world = World::new(&[]).await;
    let (anna, ben) = (account(0), account(1));
    let first = track(&world, anna, &wallet(0xabc), " Whale ").await.unwrap();
    assert!(!first.already);
    let second = track(&world, anna, &wallet(0xabc), "Other").await.unwrap();
    assert_eq!((second.already, second.wallet), (true, first.wallet));
    assert_eq!(track(&world, anna, &wallet(0xabc).to_uppercase(), "").await, Err(malformed("address")));
    assert_eq!(track(&world, anna, &wallet(1), &"x".repeat(41)).await, Err(malformed("alias")));
    track(&world, anna, &wallet(2), "").await.unwrap();

    world.replicas.remove(0).stop().await.unwrap();
    world.start().await;
    let name = |alias: &str| (wallet(0xabc), alias.to_owned());
    assert_eq!(tracked(&world, anna).await, [name("Whale"), (wallet(2), String::new())]);

    let rename = RenameWallet { account_id: anna.bytes(), address: wallet(0xabc), alias: "Kit".into() };
    let renamed: RenameWalletDone = ask(&world, &rename).await.unwrap();
    assert_eq!(renamed.wallet.unwrap().alias, "Kit");
    let not_found = Refusal::new(RefusalCode::NotFound);
    let others = RenameWallet { account_id: ben.bytes(), ..rename };
    assert_eq!(ask::<_, RenameWalletDone>(&world, &others).await, Err(not_found.clone()));
    assert_eq!(untrack(&world, ben, &wallet(0xabc)).await, Err(not_found.clone()));
    untrack(&world, anna, &wallet(0xabc)).await.unwrap();
    assert_eq!(untrack(&world, anna, &wallet(0xabc)).await, Err(not_found));
    assert_eq!(tracked(&world, anna).await, [(wallet(2), String::new())]);
}

fn alert(id: u128, below: bool) -> PriceAlert {
    PriceAlert {
        alert_id: Uuid::from_u128(id).as_bytes().to_vec(),
        market: Some(market(1)),
        outcome: "Yes".into(),
        token_id: token(1, "Yes"),
        price: "0.62".into(),
        below,
    }
}

async fn set(world: &World, account: AccountId, alert: &PriceAlert) -> Result<SetPriceAlertDone, Refusal> {
    ask(world, &SetPriceAlert { account_id: account.bytes(), alert: Some(alert.clone()) }).await
}

async fn remove(world: &World, account: AccountId, alert: &PriceAlert) {
    let command = RemovePriceAlert { account_id: account.bytes(), alert_id: alert.alert_id.clone() };
    let _: RemovePriceAlertDone = ask(world, &command).await.unwrap();
}

async fn waiting(world: &World, account: AccountId) -> Vec<PriceAlert> {
    let request = ListPriceAlertsRequest { account_id: account.bytes() };
    world.grpc().list_price_alerts(request).await.unwrap().into_inner().alerts
}

async fn reached(world: &World, alert: &PriceAlert) -> frame::Message {
    event(&PriceReached { alert_id: alert.alert_id.clone(), price: "0.63".into(), at: at(now(world).await) })
}

#[tokio::test]
async fn a_price_that_is_reached_is_told_once_to_whoever_waits_for_it() {
    let world = World::new(&[]).await;
    world.gateway.open();
    let (role, _) = Role::serve();
    role.listen(&world).await;
    let (anna, ben) = (account(0), account(1));
    world.register(&[anna, ben]).await;
    let (above, below) = (alert(1, false), alert(2, true));
    set(&world, anna, &above).await.unwrap();
    set(&world, anna, &above).await.unwrap();
    set(&world, ben, &below).await.unwrap();
    assert_eq!(set(&world, ben, &above).await, Err(malformed("alert_id")), "it is somebody else's");
    assert_eq!(
        set(&world, ben, &PriceAlert { price: "1".into(), ..alert(3, false) }).await,
        Err(malformed("price"))
    );
    answered(&world).await;
    assert_eq!(waiting(&world, anna).await, std::slice::from_ref(&above));

    let told = reached(&world, &above).await;
    world.tell(std::slice::from_ref(&told)).await;
    world.all_done(1).await;
    world.tell(&[reached(&world, &above).await]).await;
    // Not hers to remove.
    remove(&world, anna, &below).await;
    assert_eq!(waiting(&world, ben).await, std::slice::from_ref(&below));
    remove(&world, ben, &below).await;
    remove(&world, ben, &below).await;
    world.tell(&[reached(&world, &below).await]).await;
    answered(&world).await;
    assert!(waiting(&world, anna).await.is_empty() && waiting(&world, ben).await.is_empty());
    let watches = role.state.lock().unwrap().watches.clone();
    let watched: Vec<_> = watches.iter().map(|watch| (&watch.alert_id, watch.below, watch.watch)).collect();
    assert_eq!(
        watched,
        [(&above.alert_id, false, true), (&below.alert_id, true, true), (&below.alert_id, true, false)]
    );
    // What nobody waits for is told to nobody: the next alert is the second notification.
    set(&world, ben, &alert(4, false)).await.unwrap();
    world.tell(&[reached(&world, &alert(4, false)).await]).await;
    world.all_done(2).await;
    let deliver = &world.gateway.told()[0];
    let Some(Kind::PriceAlert(fired)) = deliver.notice.as_ref().unwrap().kind.clone() else {
        panic!("{deliver:?}")
    };
    assert_eq!(
        (deliver.account_id.clone(), fired.alert.unwrap(), fired.price.as_str()),
        (anna.bytes(), above, "0.63")
    );
}

#[tokio::test]
async fn a_decided_market_and_a_closed_account_end_what_is_waited_for() {
    let world = World::new(&[]).await;
    let (role, _) = Role::serve();
    role.listen(&world).await;
    let (anna, ben) = (account(0), account(1));
    for number in 1..=20 {
        set(&world, anna, &alert(number, false)).await.unwrap();
    }
    let refusal = Refusal::new(RefusalCode::PriceAlertsTooMany).with("max", 20);
    assert_eq!(set(&world, anna, &alert(21, false)).await, Err(refusal));
    let elsewhere = PriceAlert { market: Some(market(2)), ..alert(22, false) };
    set(&world, ben, &elsewhere).await.unwrap();
    let decided = MarketResolved { market: Some(market(1)), ..Default::default() };
    world.tell(&[event(&MarketsResolved { items: vec![decided] })]).await;
    eventually("over", || async { waiting(&world, anna).await.is_empty() }).await;
    assert_eq!(waiting(&world, ben).await, [elsewhere]);
    track(&world, ben, &wallet(1), "").await.unwrap();
    track(&world, ben, &wallet(2), "").await.unwrap();
    track(&world, anna, &wallet(2), "").await.unwrap();

    world.tell(&[event(&AccountClosed { account_id: ben.bytes() })]).await;
    eventually("forgotten", || async { tracked(&world, ben).await.is_empty() }).await;
    assert!(waiting(&world, ben).await.is_empty());
    answered(&world).await;
    let state = role.state.lock().unwrap();
    assert_eq!(state.watches.iter().filter(|watch| !watch.watch).count(), 21);
    let ended: Vec<_> =
        state.follows.iter().filter(|follow| !follow.follow).map(|follow| &follow.address).collect();
    assert_eq!(ended, [&wallet(1)], "somebody else tracks the other one");
}

/// P8, P12, P13: what the code keeps to, the schema insists on.
#[tokio::test]
async fn p8_p12_p13_the_database_refuses_other_spellings_and_taken_places() {
    let world = World::new(&[]).await;
    let anna = account(0);
    track(&world, anna, &wallet(0xabc), "").await.unwrap();
    let refused = async |statement: &'static str| {
        let error = sqlx::query(statement).execute(world.db.pool()).await.unwrap_err();
        error.into_database_error().unwrap().code().unwrap().into_owned()
    };
    let upper = "INSERT INTO notifier.following SELECT upper(address), 1, true FROM notifier.following";
    assert_eq!(refused(upper).await, "23514");
    let taken = "INSERT INTO notifier.tracked SELECT account_id, '0x' || repeat('1', 40), place, '', tracked_at FROM notifier.tracked";
    assert_eq!(refused(taken).await, "23505");
    let twice =
        "INSERT INTO notifier.tracked SELECT account_id, address, 2, '', tracked_at FROM notifier.tracked";
    assert_eq!(refused(twice).await, "23505");
    let unfollowed = "INSERT INTO notifier.tracked SELECT account_id, '0x' || repeat('1', 40), 2, '', tracked_at FROM notifier.tracked";
    assert_eq!(refused(unfollowed).await, "23503");
    let beyond = "UPDATE notifier.tracked SET place = 101";
    assert_eq!(refused(beyond).await, "23514");
}
