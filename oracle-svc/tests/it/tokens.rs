//! Tokens: their accounts read through two RPC endpoints, DexScreener's listing, and rooms on their market caps.

use crate::{
    eventually, now,
    world::{World, client, terms},
};
use chassis::service::Running;
use oracle_svc::domain::{Frame, VenueId, confirmed};
use proto::{
    oracle::{Aggregate, GetAggregateRequest, GetTokenRequest, Token as TokenMessage},
    room::{self, Kind, VoidReason},
};
use rust_decimal::Decimal;
use servers::tokens::{Fault, Place, Servers, Token, Tokens, serve};
use std::time::Duration;
use tonic::Code;

const FROG: &str = "6M4NzvmC78qmHKw85w9JWztt7pwuXUERoWupFf3Jd6pe";
const HOUR_MS: i64 = 3_600_000;
const NOW: Duration = Duration::ZERO;

struct Stage {
    world: World,
    tokens: Tokens,
    _servers: Servers,
}

fn hours_ago(hours: i64) -> i64 {
    now().unix_timestamp() * 1_000 - hours * HOUR_MS
}

/// A billion tokens in a pool of 1,000 SOL at 0.00003 SOL each. SOL is at 160, so one is worth 0.0048 USD and all of them
/// 4.8 million.
fn frog() -> Token {
    Token::in_pool(FROG, "FROG", hours_ago(30), Decimal::new(3, 5))
}

impl Stage {
    async fn new(token: Token) -> (Self, Running) {
        let tokens = Tokens::new(Decimal::from(160));
        tokens.put(token);
        let servers = serve(&tokens, 2, None, 0).await.unwrap();
        let mut world = World::new().await;
        world.set("TOKEN_RPC_URLS", &servers.rpc_urls.join(","));
        world.set("DEXSCREENER_URL", &servers.listing_url);
        let service = world.start().await;
        world.priced(&service, "160").await;
        (Self { world, tokens, _servers: servers }, service)
    }

    /// Asks about the token from now on, with a target that decides nothing.
    async fn watch(&self) {
        let terms = cap(Kind::CapTouch, "900000000", Duration::from_secs(3_600));
        self.world.register(&terms).await;
    }

    fn price(&self, sol: Decimal) {
        assert!(self.tokens.change(FROG, |token| token.price = sol));
    }
}

fn cap(kind: Kind, target: &str, horizon: Duration) -> room::Terms {
    room::Terms {
        asset: FROG.to_owned(),
        supply: "1000000000".to_owned(),
        past_post_seconds: 60,
        ..terms(kind, target, NOW, horizon)
    }
}

async fn aggregate(service: &Running) -> Aggregate {
    let request = GetAggregateRequest { asset: FROG.to_owned() };
    client(service).get_aggregate(request).await.unwrap().into_inner().aggregate.unwrap()
}

/// Within a hundredth of a percent: reserves are integers.
fn is_about(text: &str, expected: Decimal) -> bool {
    let Ok(found) = text.parse::<Decimal>() else { return false };
    ((found - expected) / expected).abs() < Decimal::new(1, 4)
}

async fn priced(service: &Running, usd: Decimal) {
    eventually("the token has its price", || async { is_about(&aggregate(service).await.price, usd) }).await;
}

async fn unpriced(service: &Running) {
    eventually("the token has no price", || async { aggregate(service).await.price.is_empty() }).await;
}

/// For longer than it takes to find, read and store a price.
async fn stays_unpriced(service: &Running) {
    let until = tokio::time::Instant::now() + Duration::from_secs(6);
    while tokio::time::Instant::now() < until {
        let found = aggregate(service).await;
        assert!(found.price.is_empty(), "{found:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn ask(service: &Running, mint: &str) -> Result<TokenMessage, Code> {
    let answer = client(service).get_token(GetTokenRequest { mint: mint.to_owned() }).await;
    answer.map(|answer| answer.into_inner().token.unwrap()).map_err(|status| status.code())
}

#[tokio::test]
async fn scenario_41_a_market_cap_is_compared_and_not_a_price() {
    let (mut stage, service) = Stage::new(frog()).await;
    // As a price, 0.0048 is far below either target; as a cap, 4.8 million is above one of them.
    let reached = cap(Kind::CapClose, "4700000", Duration::from_secs(15));
    let missed = cap(Kind::CapClose, "4900000", Duration::from_secs(15));
    stage.world.register(&reached).await;
    stage.world.register(&missed).await;
    for _ in 0..2 {
        let told = stage.world.resolution().await;
        let verdict = told.verdict.unwrap();
        let expected = u32::from(told.room_id == missed.room_id);
        assert_eq!(
            (verdict.outcome, verdict.void_reason()),
            (expected, VoidReason::Unspecified),
            "{verdict:?}"
        );
        assert!(is_about(&verdict.price, Decimal::from(4_800_000)), "{verdict:?}");
    }
    service.stop().await.unwrap();
}

#[tokio::test]
async fn a_cap_that_is_touched_settles_at_once_and_its_evidence_gives_the_price_again() {
    let (mut stage, service) = Stage::new(frog()).await;
    let terms = cap(Kind::CapTouch, "6000000", Duration::from_secs(900));
    stage.world.register(&terms).await;
    priced(&service, Decimal::new(48, 4)).await;
    stage.price(Decimal::new(5, 5));
    let verdict = stage.world.resolution().await.verdict.unwrap();
    assert_eq!((verdict.outcome, verdict.void_reason()), (0, VoidReason::Unspecified));
    assert!(verdict.price.parse::<Decimal>().unwrap() >= Decimal::from(6_000_000), "{verdict:?}");

    let frames: Vec<Vec<u8>> = sqlx::query_scalar(
        "SELECT frame FROM oracle.second WHERE asset = $1 AND second BETWEEN $2 AND $3 ORDER BY second",
    )
    .bind(FROG)
    .bind(verdict.series_first_second)
    .bind(verdict.series_last_second)
    .fetch_all(stage.world.db.pool())
    .await
    .unwrap();
    let ticks = frames.iter().flat_map(|bytes| Frame::decode(bytes).unwrap().ticks);
    let priced: Vec<_> = ticks.filter(|tick| tick.aggregate.is_some()).collect();
    assert!(priced.len() > 3);
    for tick in priced {
        let rate = tick.rate.unwrap();
        assert_eq!(rate.value.to_string(), "160");
        assert!(rate.quotes.len() >= 3);
        for quote in tick.quotes.iter().filter(|quote| quote.venue != VenueId::DexScreener) {
            let usd = quote.in_usdt.unwrap().get() * rate.value.get();
            assert_eq!(usd.round_dp(12).normalize(), quote.price.get());
        }
        let votes: Vec<_> = tick.quotes.iter().map(|quote| (quote.venue, quote.price)).collect();
        assert_eq!(confirmed(&votes).ok(), tick.aggregate);
    }
    service.stop().await.unwrap();
}

#[tokio::test]
async fn scenario_44_a_thin_or_freshly_created_pair_or_one_of_the_wrong_chain_is_not_used() {
    let thin = Token { product: frog().product / 100, ..frog() };
    let (stage, service) = Stage::new(thin).await;
    stage.watch().await;
    stays_unpriced(&service).await;
    stage.tokens.put(Token { created_ms: hours_ago(23), ..frog() });
    stays_unpriced(&service).await;
    stage.tokens.put(Token { listed_on: "ethereum".to_owned(), ..frog() });
    stays_unpriced(&service).await;
    stage.tokens.put(frog());
    priced(&service, Decimal::new(48, 4)).await;
    // And not any more when it becomes thin.
    stage.tokens.put(Token { product: frog().product / 100, ..frog() });
    unpriced(&service).await;
    service.stop().await.unwrap();
}

#[tokio::test]
async fn no_price_while_an_endpoint_or_the_listing_is_away_or_contradicts() {
    let (stage, service) = Stage::new(frog()).await;
    stage.watch().await;
    let price = Decimal::new(48, 4);
    for fault in
        [Fault::Wrong(Decimal::from(5)), Fault::Away, Fault::Behind(30), Fault::Garbled, Fault::Silent]
    {
        priced(&service, price).await;
        assert!(stage.tokens.set_endpoint(1, fault));
        unpriced(&service).await;
        stage.tokens.set_endpoint(1, Fault::None);
    }
    for percent in [3, -3] {
        priced(&service, price).await;
        stage.tokens.set_listing(Fault::Wrong(Decimal::from(percent)));
        unpriced(&service).await;
        stage.tokens.set_listing(Fault::None);
    }
    // Within 2 % it agrees, and has no say.
    stage.tokens.set_listing(Fault::Wrong(Decimal::new(19, 1)));
    priced(&service, price).await;
    service.stop().await.unwrap();
}

#[tokio::test]
async fn a_listing_that_says_later_is_left_alone_and_its_last_word_believed_for_fifteen_seconds() {
    let (stage, service) = Stage::new(frog()).await;
    stage.watch().await;
    priced(&service, Decimal::new(48, 4)).await;
    stage.tokens.set_listing(Fault::Limited(3_600));
    let limited = now();
    unpriced(&service).await;
    let believed = now() - limited;
    assert!(believed > time::Duration::seconds(10) && believed < time::Duration::seconds(20), "{believed}");
    let asked = stage.tokens.asked();
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(stage.tokens.asked(), asked, "it was told to come back in an hour");
    service.stop().await.unwrap();
}

#[tokio::test]
async fn a_curve_that_completes_is_followed_into_its_pool() {
    let curve = Token { price: Decimal::new(4, 8), ..Token::on_curve(FROG, "FROG", hours_ago(1)) };
    let (stage, service) = Stage::new(curve).await;
    stage.watch().await;
    // 4e-8 SOL.
    priced(&service, Decimal::new(64, 7)).await;
    stage.tokens.change(FROG, |token| {
        token.place = Place::AfterCurve;
        token.price = Decimal::new(5, 8);
    });
    priced(&service, Decimal::new(8, 6)).await;
    service.stop().await.unwrap();
}

#[tokio::test]
async fn a_token_is_priced_from_its_first_room_to_its_last() {
    let (mut stage, service) = Stage::new(frog()).await;
    let asked = stage.tokens.asked();
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(stage.tokens.asked(), asked, "nobody wants to know");
    let terms = cap(Kind::CapClose, "1", Duration::from_secs(12));
    stage.world.register(&terms).await;
    priced(&service, Decimal::new(48, 4)).await;
    stage.world.resolution().await;
    const HELD: &str =
        "SELECT count(*) FROM oracle.lease WHERE name LIKE 'oracle.series.6M4N%' AND until > db_clock()";
    eventually("its writer has left", || async { stage.world.scalar::<i64>(HELD).await == 0 }).await;
    let stored = "SELECT count(*) FROM oracle.second WHERE asset LIKE '6M4N%'";
    let before: i64 = stage.world.scalar(stored).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(stage.world.scalar::<i64>(stored).await, before);
    service.stop().await.unwrap();
}

#[tokio::test]
async fn get_token_tells_what_a_room_is_opened_by() {
    let (stage, service) = Stage::new(frog()).await;
    let token = ask(&service, FROG).await.unwrap();
    assert_eq!((token.mint.as_str(), token.symbol.as_str()), (FROG, "FROG"));
    assert_eq!((token.supply.as_str(), token.sol_usd.as_str()), ("1000000000", "160"));
    assert!(token.authority_revoked && !token.on_curve);
    assert!(is_about(&token.price, Decimal::new(48, 4)), "{token:?}");
    assert!(is_about(&token.liquidity_usd, Decimal::from(320_000)), "{token:?}");
    let created = proto::from_timestamp(token.pair_created_at.as_ref()).unwrap();
    assert!((now() - created - time::Duration::hours(30)).abs() < time::Duration::minutes(1));

    // What falls short is told with its numbers: who opens rooms says by how much.
    stage.tokens.put(Token { created_ms: hours_ago(2), mintable: true, ..frog() });
    let token = ask(&service, FROG).await.unwrap();
    assert!(!token.authority_revoked && is_about(&token.price, Decimal::new(48, 4)), "{token:?}");
    let created = proto::from_timestamp(token.pair_created_at.as_ref()).unwrap();
    assert!((now() - created).abs() < time::Duration::hours(3));

    let on_curve = Token { price: Decimal::new(5, 8), ..Token::on_curve(FROG, "FROG", hours_ago(1)) };
    let (_, lamports) = on_curve.reserves();
    stage.tokens.put(on_curve);
    let token = ask(&service, FROG).await.unwrap();
    assert!(token.on_curve && token.liquidity_usd.is_empty(), "{token:?}");
    assert_eq!(token.curve_reserves_lamports, i64::try_from(lamports).unwrap() - 30_000_000_000);
    assert!(is_about(&token.price, Decimal::new(8, 6)), "{token:?}");
    service.stop().await.unwrap();
}

#[tokio::test]
async fn get_token_never_guesses() {
    let (stage, service) = Stage::new(frog()).await;
    let unknown = "9BB6NFEcjBCtnNLFko2FqVQBq8HHM13kCyYcdQbgpump";
    for nobody in [unknown, "", "SOL", "not an address"] {
        assert_eq!(ask(&service, nobody).await.unwrap_err(), Code::NotFound, "{nobody}");
    }
    for fault in [Fault::Away, Fault::Garbled] {
        stage.tokens.set_listing(fault);
        assert_eq!(ask(&service, FROG).await.unwrap_err(), Code::Unavailable, "{fault:?}");
        stage.tokens.set_listing(Fault::None);
        stage.tokens.set_endpoint(0, fault);
        assert_eq!(ask(&service, FROG).await.unwrap_err(), Code::Unavailable, "{fault:?}");
        stage.tokens.set_endpoint(0, Fault::None);
    }
    // They answer and disagree: what it is is known, what it is worth is not.
    stage.tokens.set_endpoint(0, Fault::Wrong(Decimal::from(10)));
    let token = ask(&service, FROG).await.unwrap();
    assert_eq!((token.price.as_str(), token.supply.as_str()), ("", "1000000000"));
    service.stop().await.unwrap();
}

#[tokio::test]
async fn a_second_replica_takes_a_token_over_without_a_gap() {
    let (stage, first) = Stage::new(frog()).await;
    stage.watch().await;
    priced(&first, Decimal::new(48, 4)).await;
    let second = stage.world.start().await;
    let priced_of = "SELECT count(*) FROM oracle.second WHERE asset LIKE '6M4N%' AND price IS NOT NULL";
    // The standby has looked long enough to have a price itself.
    let before: i64 = stage.world.scalar(priced_of).await;
    eventually("five more seconds", || async { stage.world.scalar::<i64>(priced_of).await > before + 5 })
        .await;
    let from: i64 =
        stage.world.scalar("SELECT max(second) FROM oracle.second WHERE asset LIKE '6M4N%'").await;
    first.stop().await.unwrap();
    let before: i64 = stage.world.scalar(priced_of).await;
    eventually("it goes on", || async { stage.world.scalar::<i64>(priced_of).await > before + 5 }).await;
    let holes: i64 = sqlx::query_scalar(
        "SELECT max(second) - min(second) + 1 - count(price) FROM oracle.second WHERE asset = $1 AND second >= $2",
    )
    .bind(FROG)
    .bind(from)
    .fetch_one(stage.world.db.pool())
    .await
    .unwrap();
    assert_eq!(holes, 0);
    second.stop().await.unwrap();
}
