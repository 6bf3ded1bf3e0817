//! What followed wallets do is told once, by its right name and with its real price.

use super::{
    stand::{NO, YES},
    world::{World, wallet},
};
use crate::eventually;
use proto::oracle::WalletChangeKind as Kind;
use serde_json::json;
use std::collections::BTreeSet;

const BUY: (&str, bool) = (YES, false);
const SELL: (&str, bool) = (YES, true);

fn told(kind: Kind, shares: &str, price: &str) -> (Kind, String, String) {
    (kind, shares.to_owned(), price.to_owned())
}

#[tokio::test]
async fn each_order_is_told_once_however_the_pages_repeat_and_overlap() {
    let world = World::new("1d").await;
    let one = wallet(1);
    world.stand.hold(&one, NO, 100.0);
    let service = world.start().await;
    world.read().await;
    world.know(1).await;
    assert_eq!(world.changes(), [], "the first snapshot tells nothing");
    world.stand.pages(3, 2);
    world.stand.fill(&one, "0xa", BUY, 10.0, 0.5);
    world.stand.fill(&one, "0xa", BUY, 30.0, 0.7);
    world.stand.fill(&wallet(2), "0xa", SELL, 40.0, 0.65);
    world.until_changes(1).await;
    world.stand.fill(&one, "0xb", BUY, 5.0, 0.61);
    world.until_changes(2).await;
    for number in 0..12 {
        world.stand.fill(&wallet(3), &format!("0x9{number}"), BUY, 1.0, 0.5);
    }
    world.stand.fill(&one, "0xc", SELL, 20.0, 0.62);
    world.until_changes(3).await;
    world.stand.fill(&one, "0xd", SELL, 25.0, 0.63);
    world.stand.fill(&one, "0xe", (NO, true), 40.0, 0.37);
    world.until_changes(5).await;
    let expected = [
        told(Kind::Opened, "40", "0.65"),
        told(Kind::Increased, "5", "0.61"),
        told(Kind::Reduced, "20", "0.62"),
        told(Kind::Closed, "25", "0.63"),
        told(Kind::Reduced, "40", "0.37"),
    ];
    assert_eq!(world.changes(), expected);
    // Another process begins from what is stored, and finds the same rows.
    service.stop().await.unwrap();
    let service = world.start().await;
    world.stand.fill(&one, "0xf", BUY, 1.0, 0.5);
    world.until_changes(6).await;
    assert_eq!(world.changes()[..5], expected);
    assert_eq!(world.changes()[5], told(Kind::Opened, "1", "0.5"));
    {
        let heard = world.heard.lock().unwrap();
        let first = &heard.changes[0];
        assert_eq!(
            (first.usd.as_str(), first.shares_after.as_str(), first.outcome.as_str()),
            ("26", "40", "Yes")
        );
        assert_eq!((first.portfolio_usd.as_str(), first.transaction_hash.as_str()), ("50", "0xa"));
        assert_eq!(first.market.as_ref().unwrap().event_slug, "weather");
        let ids: BTreeSet<_> = heard.changes.iter().map(|change| &change.change_id).collect();
        assert_eq!(ids.len(), heard.changes.len());
    }
    service.stop().await.unwrap();
}

#[tokio::test]
async fn two_replicas_and_the_ring_beside_the_feed_tell_nothing_twice() {
    let world = World::new("1s").await;
    let (first, second) = (world.start().await, world.start().await);
    world.read().await;
    world.know(1).await;
    for number in 0..10 {
        world.stand.fill(&wallet(1), &format!("0x1{number}"), BUY, 10.0, 0.5);
    }
    // The feed never shows this one, so the ring does.
    world.stand.hide("0x1f");
    world.stand.fill(&wallet(1), "0x1f", (NO, false), 7.0, 0.4);
    world.until_changes(11).await;
    first.stop().await.unwrap();
    world.stand.fill(&wallet(1), "0x20", SELL, 100.0, 0.6);
    world.until_changes(12).await;
    world.looked_again().await;
    let changes = world.changes();
    assert_eq!(changes.len(), 12, "{changes:?}");
    assert!(changes.contains(&told(Kind::Opened, "7", "0.4")), "{changes:?}");
    assert_eq!(changes[11], told(Kind::Closed, "100", "0.6"));
    second.stop().await.unwrap();
}

#[tokio::test]
async fn who_is_followed_no_more_is_told_of_no_more_and_begins_anew() {
    let world = World::new("1s").await;
    let service = world.start().await;
    world.read().await;
    world.know(1).await;
    world.know(2).await;
    world.follow(1, 3, false).await;
    // A late command of an older version changes nothing.
    world.follow(1, 2, true).await;
    world.stand.fill(&wallet(1), "0xa", BUY, 10.0, 0.5);
    world.stand.fill(&wallet(2), "0xb", BUY, 20.0, 0.5);
    world.until_changes(1).await;
    world.looked_again().await;
    assert_eq!(world.changes(), [told(Kind::Opened, "20", "0.5")]);
    // Second granularity: what happened in the second of following anew would be told.
    let second = world.stand.now().unix_timestamp();
    eventually("the second is over", || async { world.stand.now().unix_timestamp() > second }).await;
    world.follow(1, 4, true).await;
    world.known().await;
    world.stand.fill(&wallet(1), "0xc", SELL, 4.0, 0.5);
    world.until_changes(2).await;
    world.looked_again().await;
    assert_eq!(world.changes()[1..], [told(Kind::Reduced, "4", "0.5")]);
    // Followed by one more: what is known stays known.
    world.follow(1, 5, true).await;
    let known = "SELECT count(*) FROM oracle.followed_wallet WHERE snapshot_at IS NOT NULL";
    assert_eq!(world.scalar::<i64>(known).await, 2);
    service.stop().await.unwrap();
}

#[tokio::test]
async fn a_decided_market_is_told_to_its_holders_and_a_redemption_is_no_sale() {
    let world = World::new("1s").await;
    world.stand.hold(&wallet(1), YES, 150.0);
    world.stand.hold(&wallet(2), NO, 30.0);
    let service = world.start().await;
    world.know(1).await;
    world.know(2).await;
    eventually("it listens", || async { world.stand.listens_for(YES) && world.stand.listens_for(NO) }).await;
    // The WebSocket says it first, and Gamma says it again.
    world.stand.say(&json!({
        "event_type": "market_resolved", "market": super::stand::CONDITION, "assets_ids": [YES, NO],
        "winning_asset_id": YES, "winning_outcome": "Yes", "timestamp": "1766790415550",
    }));
    world.until_changes(2).await;
    world.stand.decide(1.0);
    let asked = world.stand.asked("/v2/positions");
    eventually("both were looked at", || async { world.stand.asked("/v2/positions") >= asked + 4 }).await;
    world.stand.redeem(&wallet(1), "0xr");
    world.until_changes(3).await;
    world.looked_again().await;
    let expected =
        [told(Kind::Resolved, "150", "1"), told(Kind::Resolved, "30", "0"), told(Kind::Redeemed, "150", "1")];
    assert_eq!(world.changes(), expected);
    {
        let heard = world.heard.lock().unwrap();
        assert_eq!((heard.changes[2].outcome.as_str(), heard.changes[2].usd.as_str()), ("Yes", "150"));
        let resolved: Vec<_> = heard.resolved.iter().flat_map(|event| &event.items).collect();
        assert_eq!((resolved.len(), resolved[0].outcome.as_str()), (1, "Yes"));
    }
    service.stop().await.unwrap();
}

#[tokio::test]
async fn a_decision_that_the_websocket_did_not_say_is_found() {
    let world = World::new("1d").await;
    world.stand.hold(&wallet(1), NO, 30.0);
    let service = world.start().await;
    world.know(1).await;
    world.stand.decide(0.5);
    world.until_changes(1).await;
    assert_eq!(world.changes(), [told(Kind::Resolved, "30", "0.5")]);
    assert_eq!(world.heard.lock().unwrap().resolved[0].items[0].outcome, "", "it was split");
    service.stop().await.unwrap();
}
