//! What followed wallets and strangers do, and who hears of it.

use crate::{
    events::again,
    gateway::event,
    polymarket::{at, market, now, people, token, wallet},
    preferences::{ask as prefer, switch},
    watchlists::{track, untrack},
    world::{World, account, accounts},
};
use notifier_svc::domain::preferences::{Preferences, Thresholds};
use proto::{
    AccountId, decimal, frame,
    gateway::Deliver,
    notifier::{
        Category, Lane, RenameWallet, RenameWalletDone, WalletAlert, change_preferences::Change, notice::Kind,
    },
    oracle::{LargeTrade, LargeTrades, WalletChange, WalletChangeKind, WalletsChanged},
};
use std::collections::BTreeSet;
use time::OffsetDateTime;
use uuid::Uuid;

/// The `number`th change of a wallet, of so many USD.
fn change(number: u32, address: &str, usd: &str, portfolio: &str, filled_at: OffsetDateTime) -> WalletChange {
    WalletChange {
        change_id: Uuid::from_u128(0xc4a0_0000 + u128::from(number)).as_bytes().to_vec(),
        address: address.into(),
        kind: WalletChangeKind::Reduced.into(),
        market: Some(market(1)),
        outcome: "Yes".into(),
        token_id: token(1, "Yes"),
        shares: "100".into(),
        price: "0.37".into(),
        usd: usd.into(),
        shares_after: "20".into(),
        portfolio_usd: portfolio.into(),
        filled_at: at(filled_at),
        seen_at: at(filled_at + time::Duration::seconds(1)),
        transaction_hash: format!("0x{number:064x}"),
    }
}

fn changed(items: &[WalletChange]) -> frame::Message {
    event(&WalletsChanged { items: items.to_vec() })
}

fn alerts(world: &World) -> Vec<(AccountId, WalletAlert)> {
    let of = |deliver: Deliver| match deliver.notice.unwrap().kind.unwrap() {
        Kind::Wallet(alert) => {
            assert_eq!(deliver.lane, i32::from(Lane::Tracker));
            Some((AccountId::try_from_bytes(&deliver.account_id).unwrap(), alert))
        }
        _ => None,
    };
    world.gateway.told().into_iter().filter_map(of).collect()
}

/// P4: whoever cannot be reached costs nobody else an alert. P9: a new name is told. P19: price, kind and name are told as
/// they are, whole.
#[tokio::test]
async fn p4_p9_p19_each_follower_is_told_of_each_change_once_by_their_own_name_for_the_wallet() {
    let world = World::new(&[("BUS_FAULTS", "shuffle")]).await;
    world.gateway.open();
    let [anna, ben, cleo] = people();
    world.gateway.heard.lock().unwrap().blocked.insert(anna.bytes());
    world.register(&[anna, ben, cleo]).await;
    track(&world, anna, &wallet(1), "").await.unwrap();
    let long = "A name of forty characters, all of them.";
    track(&world, ben, &wallet(1), "short").await.unwrap();
    let rename = RenameWallet { account_id: ben.bytes(), address: wallet(1), alias: long.into() };
    let _: RenameWalletDone = crate::polymarket::ask(&world, &rename).await.unwrap();
    track(&world, cleo, &wallet(2), "").await.unwrap();

    let filled_at = now(&world).await;
    let changes: Vec<_> = (0..30).map(|number| change(number, &wallet(1), "700", "", filled_at)).collect();
    let events: Vec<_> = changes.chunks(10).map(changed).collect();
    world.tell(&events).await;
    world.tell(&again(&events)).await;
    world.all_done(60).await;
    let told = alerts(&world);
    let of_ben: BTreeSet<Vec<u8>> = told
        .iter()
        .filter(|(account, _)| *account == ben)
        .map(|(_, alert)| {
            assert_eq!(alert.alias, long);
            let told = alert.change.clone().unwrap();
            assert!(changes.contains(&told), "as it was told to us");
            told.change_id
        })
        .collect();
    assert_eq!(of_ben.len(), 30);
    assert_eq!(told.iter().filter(|(account, _)| *account == ben).count(), 30);
    assert_eq!(told.iter().filter(|(account, _)| *account == cleo).count(), 0);
    assert_eq!(world.count("SELECT count(*) FROM notifier.dead_letter").await, 0);
}

#[tokio::test]
async fn p7_what_happened_before_or_after_somebody_tracked_a_wallet_is_not_told() {
    let world = World::new(&[]).await;
    world.gateway.open();
    let (anna, ben) = (account(0), account(1));
    world.register(&[anna, ben]).await;
    track(&world, ben, &wallet(1), "").await.unwrap();
    world.db.advance(std::time::Duration::from_secs(60)).await.unwrap();
    track(&world, anna, &wallet(1), "").await.unwrap();
    let now = now(&world).await;
    let before = change(1, &wallet(1), "700", "", now - time::Duration::seconds(30));
    world.tell(&[changed(&[before]), changed(&[change(2, &wallet(1), "700", "", now)])]).await;
    world.all_done(3).await;
    untrack(&world, anna, &wallet(1)).await.unwrap();
    world.tell(&[changed(&[change(3, &wallet(1), "700", "", now)])]).await;
    world.all_done(4).await;
    let told = |account| alerts(&world).iter().filter(|(of, _)| *of == account).count();
    assert_eq!((told(anna), told(ben)), (1, 3));
}

/// The statement finds exactly those that the pure rule names.
#[tokio::test]
async fn thresholds_are_each_followers_own() {
    let world = World::new(&[]).await;
    world.gateway.open();
    let followers = accounts(4);
    world.register(&followers).await;
    let usual = Preferences::usual(Thresholds {
        min_usd: 500.into(),
        min_portfolio_bps: 200,
        whale_usd: 10_000.into(),
    });
    let mut wanted = vec![usual; 4];
    let wishes = [
        (1, Change::MinUsd("1000".into())),
        (2, Change::MinPortfolioBps(2_500)),
        (3, Change::MinUsd("1000000".into())),
        (3, Change::MinPortfolioBps(10_000)),
    ];
    for (of, wish) in wishes {
        prefer(&world, followers[of], wish.clone()).await.unwrap();
        wanted[of].change(&wish).unwrap();
    }
    for follower in &followers {
        track(&world, *follower, &wallet(1), "").await.unwrap();
    }
    let weights = [
        ("500", ""),
        ("499.99", ""),
        ("999.99", "1000000"),
        ("1000", "1000000"),
        ("20", "1000"),
        ("19.99", "1000"),
        ("250", "1000"),
        ("249.99", "1000"),
        ("10", "0"),
        ("1000", "1000"),
        ("0", "0"),
    ];
    let now = now(&world).await;
    let mut expected = BTreeSet::new();
    let mut items = Vec::new();
    for (number, (usd, portfolio)) in (0..).zip(weights) {
        items.push(change(number, &wallet(1), usd, portfolio, now));
        let portfolio = (!portfolio.is_empty()).then(|| decimal(portfolio).unwrap());
        let told = followers
            .iter()
            .zip(&wanted)
            .filter(|(_, wanted)| wanted.wants_change(decimal(usd).unwrap(), portfolio));
        expected.extend(told.map(|(account, _)| (*account, items[number as usize].change_id.clone())));
    }
    world.tell(&[changed(&items)]).await;
    world.all_done(expected.len() as i64).await;
    let told: BTreeSet<_> = alerts(&world)
        .into_iter()
        .map(|(account, alert)| (account, alert.change.unwrap().change_id))
        .collect();
    assert_eq!(told, expected);
    assert_eq!(told.iter().filter(|(account, _)| *account == followers[0]).count(), 7);
    assert_eq!(told.iter().filter(|(account, _)| *account == followers[3]).count(), 1);
}

/// What a wallet had in a market that was decided against it is told by what it would have paid.
#[tokio::test]
async fn a_lost_market_is_told_to_who_turned_the_tracker_on() {
    let world = World::new(&[]).await;
    world.gateway.open();
    let (anna, ben) = (account(0), account(1));
    world.register(&[anna, ben]).await;
    for follower in [anna, ben] {
        track(&world, follower, &wallet(1), "").await.unwrap();
    }
    prefer(&world, ben, switch(Category::Tracker, false)).await.unwrap();
    let now = now(&world).await;
    let lost = |number, shares: &str| WalletChange {
        kind: WalletChangeKind::Resolved.into(),
        shares: shares.into(),
        price: "0".into(),
        ..change(number, &wallet(1), "0", "0", now)
    };
    world.tell(&[changed(&[lost(1, "499"), lost(2, "500")])]).await;
    world.all_done(1).await;
    let told = alerts(&world);
    assert_eq!((told[0].0, told[0].1.change.as_ref().unwrap().shares.as_str()), (anna, "500"));
}

#[tokio::test]
async fn large_trades_are_told_to_who_asked_for_their_size() {
    let world = World::new(&[]).await;
    world.gateway.open();
    let [anna, ben, cleo] = people();
    world.register(&[anna, ben, cleo]).await;
    prefer(&world, anna, switch(Category::Whale, true)).await.unwrap();
    prefer(&world, ben, switch(Category::Whale, true)).await.unwrap();
    prefer(&world, ben, Change::WhaleUsd("50000".into())).await.unwrap();
    // A threshold alone turns nothing on.
    prefer(&world, cleo, Change::WhaleUsd("1".into())).await.unwrap();
    let now = now(&world).await;
    let trade = |number: u32, usd: &str| LargeTrade {
        trade_id: Uuid::from_u128(u128::from(number)).as_bytes().to_vec(),
        address: wallet(number),
        market: Some(market(1)),
        usd: usd.into(),
        filled_at: at(now),
        seen_at: at(now),
        ..Default::default()
    };
    let trades = vec![trade(1, "9999.99"), trade(2, "10000"), trade(3, "50000")];
    let told = event(&LargeTrades { items: trades });
    world.tell(std::slice::from_ref(&told)).await;
    world.tell(&again(&[told])).await;
    world.all_done(3).await;
    let heard: BTreeSet<_> = world
        .gateway
        .told()
        .into_iter()
        .map(|deliver| match deliver.notice.unwrap().kind.unwrap() {
            Kind::LargeTrade(trade) => (AccountId::try_from_bytes(&deliver.account_id).unwrap(), trade.usd),
            other => panic!("{other:?}"),
        })
        .collect();
    let expected = [(anna, "10000"), (anna, "50000"), (ben, "50000")];
    assert_eq!(heard, expected.map(|(account, usd)| (account, usd.to_owned())).into());
}

/// Whoever tracks the wallet of a large trade reads of it once; by the other way only if not by that one.
#[tokio::test]
async fn a_large_trade_of_a_tracked_wallet_is_told_once() {
    let world = World::new(&[]).await;
    world.gateway.open();
    let [anna, ben, cleo] = people();
    world.register(&[anna, ben, cleo]).await;
    for person in [anna, ben, cleo] {
        prefer(&world, person, switch(Category::Whale, true)).await.unwrap();
        track(&world, person, &wallet(1), "").await.unwrap();
    }
    prefer(&world, ben, switch(Category::Tracker, false)).await.unwrap();
    prefer(&world, cleo, Change::MinUsd("1000000".into())).await.unwrap();
    let now = now(&world).await;
    let trade = LargeTrade {
        trade_id: Uuid::from_u128(1).as_bytes().to_vec(),
        address: wallet(1),
        market: Some(market(1)),
        usd: "20000".into(),
        filled_at: at(now),
        seen_at: at(now),
        ..Default::default()
    };
    world
        .tell(&[
            event(&LargeTrades { items: vec![trade] }),
            changed(&[change(1, &wallet(1), "20000", "", now)]),
        ])
        .await;
    world.all_done(3).await;
    let mut heard: Vec<_> = world
        .gateway
        .told()
        .into_iter()
        .map(|deliver| (AccountId::try_from_bytes(&deliver.account_id).unwrap(), deliver.lane))
        .collect();
    heard.sort();
    let (tracker, whale) = (i32::from(Lane::Tracker), i32::from(Lane::Whale));
    let mut expected = vec![(anna, tracker), (ben, whale), (cleo, whale)];
    expected.sort();
    assert_eq!(heard, expected);
}

#[tokio::test]
async fn a_change_that_breaks_its_contract_is_buried_alone() {
    let world = World::new(&[]).await;
    world.gateway.open();
    world.register(&accounts(1)).await;
    track(&world, account(0), &wallet(1), "").await.unwrap();
    let now = now(&world).await;
    let good = |number| changed(&[change(number, &wallet(1), "700", "", now)]);
    let bad = changed(&[change(2, &wallet(1), "much", "", now)]);
    world.tell(&[good(1), bad, good(3)]).await;
    world.all_done(2).await;
    crate::eventually("buried", || async {
        world.count("SELECT count(DISTINCT id) FROM notifier.dead_letter").await == 1
    })
    .await;
}
