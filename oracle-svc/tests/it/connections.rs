//! The venue clients alone: what a connection does when its venue misbehaves.

use crate::{
    eventually,
    venues::{Market, Mood},
};
use oracle_svc::{
    domain::{Asset, Currency, Moment, VenueId},
    venues::{Connection, SharedBoard, Timing, all},
};
use std::{sync::Arc, time::Duration};
use tokio_util::sync::{CancellationToken, DropGuard};

fn now() -> Moment {
    Moment::from_time(crate::now())
}

/// A connection to each venue of a market, impatient enough for a test.
async fn connect(market: &Arc<Market>, timing: Timing) -> (SharedBoard, DropGuard) {
    let board = SharedBoard::default();
    let stop = CancellationToken::new();
    for (venue, _) in all() {
        let url = market.serve(venue.id()).await;
        let connection = Connection::new(venue, url, board.clone(), Arc::new(now), timing);
        tokio::spawn(connection.run(stop.clone()));
    }
    (board, stop.drop_guard())
}

fn fresh(board: &SharedBoard, venue: VenueId) -> bool {
    let currency = match venue {
        VenueId::Binance | VenueId::Okx => Currency::Usdt,
        _ => Currency::Usd,
    };
    board.with(|board| board.fresh(Asset::Sol, currency, now()).any(|held| held.venue == venue))
}

fn quick() -> Timing {
    Timing { idle: Duration::from_secs(3), backoff: Duration::from_millis(50), ..Timing::default() }
}

#[tokio::test]
async fn every_venue_quotes_and_three_know_the_rate_of_usdt() {
    let market = Market::new();
    let (board, _stop) = connect(&market, quick()).await;
    for venue in VenueId::EXCHANGES {
        eventually("a fresh quote", || async { fresh(&board, *venue) }).await;
    }
    eventually("rates of three", || async { board.with(|board| board.rates(now()).count()) == 3 }).await;
}

#[tokio::test]
async fn returns_when_the_venue_leaves() {
    let market = Market::new();
    let (board, _stop) = connect(&market, quick()).await;
    for venue in VenueId::EXCHANGES {
        eventually("a fresh quote", || async { fresh(&board, *venue) }).await;
        let before = market.connections(*venue);
        market.mood(*venue, Mood::Leaving);
        eventually("a new connection", || async { market.connections(*venue) > before }).await;
        market.mood(*venue, Mood::Well);
        eventually("a fresh quote again", || async { fresh(&board, *venue) }).await;
    }
}

#[tokio::test]
async fn a_silent_venue_is_stale_at_once_and_given_up_later() {
    let market = Market::new();
    let (board, _stop) = connect(&market, quick()).await;
    for venue in VenueId::EXCHANGES {
        eventually("a fresh quote", || async { fresh(&board, *venue) }).await;
    }
    // Those that are pinged by text. WebSocket ping frames are answered by the library.
    for venue in [VenueId::Bitstamp, VenueId::Kraken, VenueId::Okx] {
        let before = market.connections(venue);
        market.mood(venue, Mood::Silent);
        eventually("stale", || async { !fresh(&board, venue) }).await;
        eventually("a new connection", || async { market.connections(venue) > before }).await;
    }
}

#[tokio::test]
async fn a_quiet_venue_that_answers_pings_stays_fresh() {
    let market = Market::new();
    let (board, _stop) = connect(&market, quick()).await;
    for venue in VenueId::EXCHANGES {
        eventually("a fresh quote", || async { fresh(&board, *venue) }).await;
        market.mood(*venue, Mood::Stuck);
    }
    let quiet_until = tokio::time::Instant::now() + Duration::from_secs(5);
    while tokio::time::Instant::now() < quiet_until {
        for venue in VenueId::EXCHANGES {
            assert!(fresh(&board, *venue), "{venue} was lost");
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn missing_messages_make_a_new_connection() {
    let market = Market::new();
    let (board, _stop) = connect(&market, quick()).await;
    // Those that count: Coinbase its messages, Binance its trades.
    for venue in [VenueId::Coinbase, VenueId::Binance] {
        eventually("a fresh quote", || async { fresh(&board, venue) }).await;
        let before = market.connections(venue);
        market.mood(venue, Mood::Gappy);
        eventually("a new connection after the gap", || async { market.connections(venue) > before }).await;
    }
}

#[tokio::test]
async fn gaps_that_repeat_do_not_use_up_the_connections_a_venue_allows() {
    let market = Market::new();
    market.mood(VenueId::Binance, Mood::Gappy);
    let timing = Timing { backoff: Duration::from_secs(4), ..quick() };
    let (_board, _stop) = connect(&market, timing).await;
    eventually("the second connection", || async { market.connections(VenueId::Binance) == 2 }).await;
    // The second gap comes a second later; the pause after it is 4 s at least.
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert_eq!(market.connections(VenueId::Binance), 2);
}

/// Looks at a venue again and again until it was connected to so often; it must be fresh all the time.
async fn stays_fresh(board: &SharedBoard, market: &Market, venue: VenueId, connections: u32) {
    eventually("another connection without a break", || async {
        assert!(fresh(board, venue), "{venue} was lost");
        market.connections(venue) >= connections
    })
    .await;
}

#[tokio::test]
async fn the_next_connection_takes_over_before_an_old_one_ends() {
    let market = Market::new();
    let (board, _stop) = connect(&market, Timing { life: Duration::from_secs(1), ..quick() }).await;
    for venue in VenueId::EXCHANGES {
        eventually("a fresh quote", || async { fresh(&board, *venue) }).await;
    }
    let all = VenueId::EXCHANGES.iter().map(|venue| stays_fresh(&board, &market, *venue, 5));
    futures::future::join_all(all).await;
}

#[tokio::test]
async fn a_venue_that_asks_is_connected_anew_while_the_old_connection_quotes() {
    let market = Market::new();
    let (board, _stop) = connect(&market, quick()).await;
    for venue in [VenueId::Binance, VenueId::Bitstamp, VenueId::Okx] {
        eventually("a fresh quote", || async { fresh(&board, venue) }).await;
        market.retire(venue);
        stays_fresh(&board, &market, venue, 2).await;
        // The old one is closed meanwhile.
        let until = tokio::time::Instant::now() + Duration::from_secs(3);
        while tokio::time::Instant::now() < until {
            assert!(fresh(&board, venue), "{venue} was lost");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(market.connections(venue), 2, "{venue}");
    }
}

#[tokio::test]
async fn pongs_that_nobody_asked_for_keep_nothing_fresh() {
    let market = Market::new();
    // Without pings of ours no pong is an answer.
    let timing = Timing { ping: Duration::from_secs(60), idle: Duration::from_secs(3_600), ..quick() };
    let (board, _stop) = connect(&market, timing).await;
    for venue in VenueId::EXCHANGES {
        eventually("a fresh quote", || async { fresh(&board, *venue) }).await;
        market.mood(*venue, Mood::Chatty);
    }
    for venue in VenueId::EXCHANGES {
        eventually("stale", || async { !fresh(&board, *venue) }).await;
    }
}

#[tokio::test]
async fn a_venue_that_does_not_trade_does_not_count() {
    let market = Market::new();
    let (board, _stop) = connect(&market, quick()).await;
    eventually("a fresh quote", || async { fresh(&board, VenueId::Kraken) }).await;
    market.mood(VenueId::Kraken, Mood::Halted);
    eventually("no quote", || async { !fresh(&board, VenueId::Kraken) }).await;
    let until = tokio::time::Instant::now() + Duration::from_secs(2);
    while tokio::time::Instant::now() < until {
        assert!(!fresh(&board, VenueId::Kraken));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(market.connections(VenueId::Kraken), 1, "it is there, and says when it trades again");
}

#[tokio::test]
async fn quotes_of_a_wrong_clock_never_count() {
    let skewed_only = Market::new();
    for venue in VenueId::EXCHANGES {
        skewed_only.mood(*venue, Mood::Skewed(-3));
    }
    let (blind, _stop) = connect(&skewed_only, quick()).await;
    for venue in VenueId::EXCHANGES {
        eventually("connected", || async { skewed_only.connections(*venue) > 0 }).await;
    }
    let until = tokio::time::Instant::now() + Duration::from_secs(1);
    while tokio::time::Instant::now() < until {
        assert!(VenueId::EXCHANGES.iter().all(|venue| !fresh(&blind, *venue)));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn an_old_connection_is_replaced() {
    let market = Market::new();
    let (_board, _stop) = connect(&market, Timing { life: Duration::from_millis(500), ..quick() }).await;
    for venue in VenueId::EXCHANGES {
        eventually("the third connection", || async { market.connections(*venue) >= 3 }).await;
    }
}

#[tokio::test]
async fn one_refused_subscription_does_not_spoil_the_others() {
    let market = Market::new();
    market.mood(VenueId::Bitstamp, Mood::Picky);
    let (board, _stop) = connect(&market, quick()).await;
    eventually("a fresh quote", || async { fresh(&board, VenueId::Bitstamp) }).await;
    eventually("rates of the two others", || async { board.with(|board| board.rates(now()).count()) == 2 })
        .await;
    assert_eq!(market.connections(VenueId::Bitstamp), 1);
}

#[tokio::test]
async fn a_venue_that_lives_and_never_quotes_is_connected_anew() {
    let market = Market::new();
    for venue in VenueId::EXCHANGES {
        market.mood(*venue, Mood::Stuck);
    }
    let (_board, _stop) = connect(&market, Timing { quiet: Duration::from_secs(1), ..quick() }).await;
    for venue in VenueId::EXCHANGES {
        eventually("a new connection", || async { market.connections(*venue) >= 2 }).await;
    }
}
