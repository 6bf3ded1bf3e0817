//! Polymarket fails, and nothing that is unknown passes for nothing.

use super::{
    stand::{Mood, NO, YES},
    world::{World, wallet},
};
use crate::eventually;
use proto::{from_timestamp, oracle::WalletChangeKind as Kind};
use std::time::Duration;

#[tokio::test]
async fn ten_minutes_of_outage_tell_nothing_false_and_lose_no_trade() {
    let world = World::new("2s").await;
    let one = wallet(1);
    world.stand.hold(&one, NO, 500.0);
    let service = world.start().await;
    world.read().await;
    world.know(1).await;
    world.stand.pages(50, 5);
    let began = world.stand.now();
    for (minute, mood) in
        [Mood::ErrorObject, Mood::Broken, Mood::Limited].into_iter().cycle().take(10).enumerate()
    {
        world.stand.mood(mood);
        world.advance(Duration::from_secs(60)).await;
        world.stand.fill(
            &one,
            &format!("0x{minute}"),
            (YES, minute % 2 == 1),
            10.0,
            0.4 + 0.01 * minute as f64,
        );
        for number in 0..30 {
            world.stand.fill(&wallet(9), &format!("0xf{minute}{number}"), (NO, false), 1.0, 0.5);
        }
        if minute < 3 {
            let asked = world.stand.asked("/v2/trades") + world.stand.asked("/v2/positions");
            eventually("it asks and fails", || async {
                world.stand.asked("/v2/trades") + world.stand.asked("/v2/positions") > asked
            })
            .await;
        }
    }
    assert_eq!(world.changes(), [], "nobody answers: nothing is known, so nothing is told");
    let held = "SELECT shares::text FROM oracle.wallet_position WHERE token_id = '12'";
    assert_eq!(world.scalar::<String>(held).await.parse::<f64>().unwrap(), 500.0);
    world.stand.mood(Mood::Well);
    world.until_changes(10).await;
    world.looked_again().await;
    let expected: Vec<_> = (0..10)
        .map(|minute| {
            let kind = if minute % 2 == 1 { Kind::Closed } else { Kind::Opened };
            (kind, "10".to_owned(), format!("{}", f64::from(40 + minute) / 100.0))
        })
        .collect();
    let mut changes = world.changes();
    {
        let heard = world.heard.lock().unwrap();
        let filled: Vec<_> =
            heard.changes.iter().map(|one| from_timestamp(one.filled_at.as_ref()).unwrap()).collect();
        assert!(filled.iter().all(|at| *at > began), "{filled:?}");
        assert!(filled.is_sorted(), "the oldest first");
    }
    assert_eq!(changes.len(), 10, "{changes:?}");
    changes.truncate(10);
    assert_eq!(changes, expected);
    service.stop().await.unwrap();
}

#[tokio::test]
async fn a_lost_snapshot_comes_back_in_silence() {
    let world = World::new("1s").await;
    let one = wallet(1);
    world.stand.hold(&one, NO, 500.0);
    let service = world.start().await;
    world.read().await;
    world.know(1).await;
    // While it is down nothing replaces what is lost.
    world.stand.mood(Mood::Broken);
    let asked = world.stand.asked("/v2/positions");
    eventually("a look fails", || async { world.stand.asked("/v2/positions") > asked }).await;
    for lost in [
        "DELETE FROM oracle.wallet_position",
        "UPDATE oracle.followed_wallet SET snapshot_at = NULL, portfolio_usd = NULL",
    ] {
        sqlx::query(lost).execute(world.db.pool()).await.unwrap();
    }
    world.stand.hold(&one, YES, 20.0);
    world.stand.mood(Mood::Well);
    world.advance(Duration::from_secs(60)).await;
    world.known().await;
    world.looked_again().await;
    assert_eq!(world.changes(), []);
    world.stand.fill(&one, "0xa", (NO, true), 500.0, 0.5);
    world.until_changes(1).await;
    assert_eq!(world.changes()[0].0, Kind::Closed, "what it holds is known again");
    service.stop().await.unwrap();
}

#[tokio::test]
async fn an_outage_longer_than_one_walk_is_made_up_for_wallet_by_wallet() {
    let mut world = World::new("1d").await;
    world.settings.push(("POLYMARKET_CATCH_UP_PAGES".to_owned(), "2".to_owned()));
    let one = wallet(1);
    let service = world.start().await;
    world.read().await;
    world.know(1).await;
    world.stand.pages(5, 0);
    world.stand.mood(Mood::Broken);
    world.stand.fill(&one, "0xa", (YES, false), 10.0, 0.5);
    world.stand.fill(&one, "0xb", (YES, true), 4.0, 0.6);
    for number in 0..40 {
        world.stand.fill(&wallet(9), &format!("0xf{number}"), (NO, false), 1.0, 0.5);
    }
    world.stand.mood(Mood::Well);
    world.until_changes(2).await;
    let kinds: Vec<_> = world.changes().into_iter().map(|(kind, ..)| kind).collect();
    assert_eq!(kinds, [Kind::Opened, Kind::Reduced]);
    service.stop().await.unwrap();
}

#[tokio::test]
async fn what_is_sold_without_having_been_bought_is_told_as_sold() {
    let world = World::new("1d").await;
    let one = wallet(1);
    let service = world.start().await;
    world.read().await;
    world.know(1).await;
    // It split money into shares, which no feed of trades shows.
    world.stand.hold(&one, YES, 50.0);
    world.stand.hold(&one, NO, 50.0);
    world.stand.fill(&one, "0xa", (NO, true), 50.0, 0.45);
    world.until_changes(1).await;
    assert_eq!(world.changes()[0].0, Kind::Sold);
    // What was stored is doubted, and soon mended.
    world.advance(Duration::from_secs(15)).await;
    world.known().await;
    world.stand.fill(&one, "0xb", (YES, true), 20.0, 0.55);
    world.until_changes(2).await;
    assert_eq!(world.changes()[1].0, Kind::Reduced);
    service.stop().await.unwrap();
}
