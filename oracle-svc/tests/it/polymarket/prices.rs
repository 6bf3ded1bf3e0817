//! Prices that somebody waits for, and trades that everybody wants to know of.

use super::{
    stand::{NO, YES},
    world::{World, wallet},
};
use crate::eventually;
use serde_json::json;

#[tokio::test]
async fn a_price_is_told_once_by_whichever_says_it_first() {
    let world = World::new("1d").await;
    let service = world.start().await;
    world.read().await;
    world.watch(1, YES, "0.7", (false, true)).await;
    world.watch(2, YES, "0.2", (true, true)).await;
    world.watch(3, NO, "0.9", (false, true)).await;
    world.watch(4, YES, "0.7", (false, true)).await;
    world.watch(4, "", "", (false, false)).await;
    let reached = || {
        let heard = world.heard.lock().unwrap();
        heard.reached.iter().map(|told| (told.alert_id[0], told.price.clone())).collect::<Vec<_>>()
    };
    world.stand.fill(&wallet(5), "0xa", (YES, false), 1.0, 0.69);
    world.stand.fill(&wallet(5), "0xb", (YES, false), 1.0, 0.71);
    eventually("the feed says it", || async { reached().len() == 1 }).await;
    eventually("it listens", || async { world.stand.listens_for(NO) }).await;
    let said = |token: &str, price: &str| {
        let at = (world.stand.now().unix_timestamp() * 1_000).to_string();
        world.stand.say(&json!({
            "event_type": "last_trade_price", "asset_id": token, "market": "0x1", "price": price, "side": "BUY",
            "size": "1", "fee_rate_bps": "0", "timestamp": at,
        }));
    };
    said(NO, "0.89");
    said(NO, "0.95");
    eventually("the socket says it", || async { reached().len() == 2 }).await;
    world.stand.fill(&wallet(5), "0xc", (NO, false), 1.0, 0.96);
    world.stand.fill(&wallet(5), "0xd", (YES, true), 1.0, 0.15);
    eventually("the last one", || async { reached().len() >= 3 }).await;
    assert_eq!(reached(), [(1, "0.71".to_owned()), (3, "0.95".to_owned()), (2, "0.15".to_owned())]);
    service.stop().await.unwrap();
}

#[tokio::test]
async fn a_large_trade_of_anybody_is_told_once() {
    let world = World::new("1d").await;
    world.stand.fill(&wallet(7), "0x1", (YES, false), 100_000.0, 0.5);
    let service = world.start().await;
    world.read().await;
    let large = || world.heard.lock().unwrap().large.len();
    // Two fills of one order are one trade.
    world.stand.fill(&wallet(8), "0xa", (NO, true), 10_000.0, 0.6);
    world.stand.fill(&wallet(8), "0xa", (NO, true), 10_000.0, 0.5);
    world.stand.fill(&wallet(8), "0xb", (NO, true), 10_000.0, 0.5);
    eventually("it is told", || async { large() == 1 }).await;
    world.stand.fill(&wallet(8), "0xc", (NO, false), 20_000.0, 0.5);
    eventually("the next one is told", || async { large() >= 2 }).await;
    {
        let heard = world.heard.lock().unwrap();
        assert_eq!(heard.large.len(), 2, "nothing twice, nothing of before: {:?}", heard.large);
        let first = &heard.large[0];
        assert_eq!((first.usd.as_str(), first.price.as_str(), first.sell), ("11000", "0.55", true));
        assert_eq!((first.address.clone(), first.name.as_str()), (wallet(8), "Owl"));
    }
    service.stop().await.unwrap();
}
