//! How much is in the gateway's hands, and whose.

use crate::{
    events::{deposit, withdrawal},
    eventually,
    gateway::event,
    polymarket::now,
    preferences::{ask, switch},
    scenarios::trade,
    world::{World, account, accounts, registration},
};
use proto::{
    notifier::{Category, Lane},
    oracle::LargeTrades,
    wallet::{DepositState, WithdrawalState},
};
use std::time::Duration;

const CREDIT: usize = 8;

#[tokio::test]
async fn the_credit_is_used_up_and_never_exceeded_and_urgent_notices_go_first() {
    let world = World::new(&[("NOTIFIER_CREDIT", "8")]).await;
    let accounts = accounts(100);
    world.register(&accounts).await;
    let deposits: Vec<_> =
        accounts[..95].iter().map(|account| deposit(*account, 1, DepositState::Credited)).collect();
    world.tell(&deposits).await;
    world.all_stored(95).await;
    let urgent: Vec<_> =
        accounts[95..].iter().map(|account| withdrawal(*account, WithdrawalState::Held, 2)).collect();
    world.tell(&urgent).await;
    world.all_stored(100).await;
    eventually("the credit is used up", || async { world.gateway.told().len() == CREDIT }).await;
    let states = world.states().await;
    assert_eq!((states["RELEASED"], states["WAITING"]), (CREDIT as i64, 100 - CREDIT as i64));

    world.gateway.open();
    world.all_done(100).await;
    assert_eq!(world.gateway.heard.lock().unwrap().most_in_hand, CREDIT);
    let told = world.gateway.told();
    assert_eq!(told.len(), 100);
    // They came last and are released next; a frame of up to eight has no order of its own.
    let early = told.iter().take(2 * CREDIT).filter(|deliver| deliver.lane() == Lane::Security);
    assert_eq!(early.count(), 5);
}

#[tokio::test]
async fn who_has_blocked_us_stalls_nobody() {
    let world = World::new(&[("NOTIFIER_CREDIT", "4")]).await;
    let accounts = accounts(11);
    let blocked = accounts[0];
    world.gateway.heard.lock().unwrap().blocked.insert(blocked.bytes());
    world.register(&accounts).await;
    let mut events: Vec<_> =
        (1..=20).map(|number| deposit(blocked, number, DepositState::Credited)).collect();
    events.extend(accounts[1..].iter().map(|account| deposit(*account, 1, DepositState::Credited)));
    world.tell(&events).await;
    world.all_stored(30).await;
    eventually("the credit is used up", || async { world.gateway.told().len() == 4 }).await;

    world.gateway.open();
    world.all_done(30).await;
    let states = world.states().await;
    assert_eq!((states["SENT"], states["BLOCKED"]), (10, 20));
    let tries =
        || world.gateway.told().iter().filter(|deliver| deliver.account_id == blocked.bytes()).count();
    assert_eq!(tries(), 1, "one answer is enough");

    // Nothing is tried for a while; then the next notice finds out.
    world.tell(&[deposit(blocked, 21, DepositState::Credited)]).await;
    world.all_done(31).await;
    assert_eq!(tries(), 1);
    world.gateway.heard.lock().unwrap().blocked.clear();
    world.db.advance(Duration::from_secs(3601)).await.unwrap();
    world.tell(&[deposit(blocked, 22, DepositState::Credited)]).await;
    world.all_done(32).await;
    assert_eq!((tries(), world.states().await["SENT"]), (2, 11));
    let marked = "SELECT count(*) FROM notifier.contact WHERE blocked_at IS NOT NULL";
    assert_eq!(world.count(marked).await, 0);
}

#[tokio::test]
async fn who_registers_again_is_told_again() {
    let world = World::new(&[]).await;
    world.gateway.open();
    world.gateway.heard.lock().unwrap().blocked.insert(account(0).bytes());
    world.register(&[account(0)]).await;
    world.tell(&[deposit(account(0), 1, DepositState::Credited)]).await;
    world.all_done(1).await;
    assert_eq!(world.states().await["BLOCKED"], 1);
    world.gateway.heard.lock().unwrap().blocked.clear();
    world.tell(&[registration(account(0))]).await;
    let marked = "SELECT count(*) FROM notifier.contact WHERE blocked_at IS NOT NULL";
    eventually("unmarked", || async { world.count(marked).await == 0 }).await;
    world.tell(&[deposit(account(0), 2, DepositState::Credited)]).await;
    world.all_done(2).await;
    assert_eq!(world.states().await["SENT"], 1);
}

/// A thread's next notice waits for the one in hand, and for it alone.
#[tokio::test]
async fn a_thread_is_told_in_order() {
    let world = World::new(&[]).await;
    world.register(&accounts(1)).await;
    world.tell(&[withdrawal(account(0), WithdrawalState::Held, 2)]).await;
    eventually("in hand", || async { world.gateway.told().len() == 1 }).await;
    world.tell(&[withdrawal(account(0), WithdrawalState::Submitted, 5)]).await;
    world.all_stored(2).await;
    world.tell(&[withdrawal(account(0), WithdrawalState::Finalized, 6)]).await;
    world.all_stored(3).await;
    let states = world.states().await;
    assert_eq!((states["RELEASED"], states["WAITING"], states["SUPERSEDED"]), (1, 1, 1));
    world.gateway.open();
    world.all_done(3).await;
    assert_eq!(world.gateway.told().len(), 2);
}

/// Of two alerts the second waits for the first, and is too old when its turn comes. Money never is.
#[tokio::test]
async fn an_alert_that_is_too_old_is_not_told() {
    let world = World::new(&[]).await;
    let anna = account(0);
    world.register(&[anna]).await;
    ask(&world, anna, switch(Category::Whale, true)).await.unwrap();
    let seen = now(&world).await;
    for number in [1, 2] {
        world.tell(&[event(&LargeTrades { items: vec![trade(number, "60000", seen)] })]).await;
        world.all_stored(i64::from(number)).await;
    }
    for number in [1, 2] {
        world.tell(&[deposit(anna, number, DepositState::Credited)]).await;
        world.all_stored(2 + i64::from(number)).await;
    }
    eventually("an alert and a deposit are in hand", || async { world.gateway.told().len() == 2 }).await;
    world.db.advance(Duration::from_secs(29 * 60)).await.unwrap();
    assert_eq!(world.states().await["WAITING"], 2);
    world.db.advance(Duration::from_secs(2 * 60)).await.unwrap();
    eventually("one is too old", || async { world.states().await.get("EXPIRED") == Some(&1) }).await;
    world.gateway.open();
    world.all_done(4).await;
    assert_eq!(world.states().await["SENT"], 3);
    let lanes: Vec<Lane> = world.gateway.told().iter().map(|deliver| deliver.lane()).collect();
    assert_eq!(lanes.iter().filter(|lane| **lane == Lane::Whale).count(), 1, "{lanes:?}");
}
