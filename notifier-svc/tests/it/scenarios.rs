//! Scenarios of the product's original description that end here.

use crate::{
    events::{deposit, withdrawal},
    eventually,
    gateway::event,
    polymarket::{at, market, now},
    preferences::{ask, in_minutes, switch},
    world::{World, account, accounts},
};
use proto::{
    AccountId,
    gateway::Deliver,
    notifier::{Category, Lane, QuietHours, change_preferences::Change, notice::Kind},
    oracle::{LargeTrade, LargeTrades},
    wallet::{DepositState, WithdrawalState},
};
use std::time::Duration;
use uuid::Uuid;

/// The `number`th trade of a stranger, of so many USD.
pub fn trade(number: u8, usd: &str, seen: time::OffsetDateTime) -> LargeTrade {
    LargeTrade {
        trade_id: Uuid::from_bytes([number; 16]).as_bytes().to_vec(),
        address: format!("0x{number:040x}"),
        market: Some(market(1)),
        outcome: "Yes".into(),
        shares: "100000".into(),
        price: "0.5".into(),
        usd: usd.into(),
        filled_at: at(seen),
        seen_at: at(seen),
        ..Default::default()
    }
}

fn told_to(world: &World, account: AccountId) -> Vec<Deliver> {
    let told = world.gateway.told().into_iter();
    told.filter(|deliver| deliver.account_id == account.bytes()).collect()
}

fn trades(deliver: &Deliver) -> Vec<String> {
    match deliver.notice.clone().unwrap().kind.unwrap() {
        Kind::LargeTrade(trade) => vec![trade.usd],
        Kind::Digest(digest) => digest
            .items
            .into_iter()
            .map(|item| match item.kind {
                Some(Kind::LargeTrade(trade)) => trade.usd,
                other => panic!("{other:?}"),
            })
            .collect(),
        other => panic!("{other:?}"),
    }
}

/// Quiet hours across midnight in the user's zone, whatever the time of the test is: its zone is chosen so.
async fn across_midnight(world: &World) -> Change {
    // Whole hours east of Greenwich, so that it is about 23 there; POSIX signs these names the other way round.
    let hour = i64::from(in_minutes(world, 0).await / 60);
    let east = (23 - hour + 12).rem_euclid(24) - 12;
    let time_zone = match east {
        0 => "Etc/UTC".to_owned(),
        1.. => format!("Etc/GMT-{east}"),
        _ => format!("Etc/GMT+{}", -east),
    };
    Change::Quiet(QuietHours { on: true, from_minute: 22 * 60, until_minute: 8 * 60, time_zone })
}

#[tokio::test]
async fn scenario_57_quiet_hours_hold_alerts_for_a_digest_and_let_urgent_ones_pass() {
    let mut world = World::new(&[]).await;
    world.gateway.open();
    let (anna, ben) = (account(0), account(1));
    world.register(&accounts(2)).await;
    for account in [anna, ben] {
        ask(&world, account, switch(Category::Whale, true)).await.unwrap();
    }
    ask(&world, anna, Change::WhaleUsd("50000".into())).await.unwrap();
    ask(&world, anna, across_midnight(&world).await).await.unwrap();

    // At eleven at night: three are large enough for Anna, and she is told of none.
    let seen = now(&world).await;
    let usd = ["60000", "20000", "70000", "80000"];
    for (number, usd) in (1..).zip(usd) {
        world.tell(&[event(&LargeTrades { items: vec![trade(number, usd, seen)] })]).await;
        eventually("told to Ben", || async { told_to(&world, ben).len() == usize::from(number) }).await;
    }
    world.tell(&[deposit(anna, 1, DepositState::Credited), withdrawal(anna, WithdrawalState::Held, 2)]).await;
    eventually("money passes", || async { told_to(&world, anna).len() == 2 }).await;
    let urgent = told_to(&world, anna);
    assert!(
        urgent
            .iter()
            .all(|deliver| deliver.silent && matches!(deliver.lane(), Lane::Security | Lane::Result))
    );
    assert!(told_to(&world, ben).iter().all(|deliver| !deliver.silent));

    // What is said and what is held outlive the process.
    world.replicas.remove(0).stop().await.unwrap();
    world.start().await;
    world.db.advance(Duration::from_secs(6 * 3600)).await.unwrap();
    world.tell(&[deposit(anna, 2, DepositState::Credited)]).await;
    eventually("it is still night", || async { told_to(&world, anna).len() == 3 }).await;

    world.db.advance(Duration::from_secs(4 * 3600)).await.unwrap();
    eventually("the morning's digest", || async { told_to(&world, anna).len() == 4 }).await;
    let digest = &told_to(&world, anna)[3];
    assert_eq!((digest.lane(), digest.silent), (Lane::Digest, false));
    assert_eq!(trades(digest), ["60000", "70000", "80000"]);
    assert_eq!(world.states().await["DIGESTED"], 3);

    // By day they come one by one; what is off does not come.
    let seen = now(&world).await;
    world.tell(&[event(&LargeTrades { items: vec![trade(9, "90000", seen)] })]).await;
    eventually("at once", || async { told_to(&world, anna).len() == 5 }).await;
    assert_eq!(trades(&told_to(&world, anna)[4]), ["90000"]);
    ask(&world, anna, switch(Category::Whale, false)).await.unwrap();
    world.tell(&[event(&LargeTrades { items: vec![trade(10, "95000", seen)] })]).await;
    eventually("told to Ben alone", || async { told_to(&world, ben).len() == 6 }).await;
    world.tell(&[deposit(anna, 3, DepositState::Credited)]).await;
    eventually("and Anna of her money", || async { told_to(&world, anna).len() == 6 }).await;
    assert_eq!(told_to(&world, anna)[5].lane(), Lane::Result);
}
