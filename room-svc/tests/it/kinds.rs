//! Rooms of every kind, as hosts open them.

use crate::{
    eventually,
    world::{World, touch},
};
use proto::{
    Decided,
    common::RefusalCode,
    oracle::{RegisterWatch, Token},
    room::{Comparator, Kind, OpenRoom, OpenRoomDone, Room, Terms},
};
use std::time::Duration;
use uuid::Uuid;

const MINT: &str = "Hz5qRSVtFPnVqLoSKSfYi7VKQ5FQH2HTdCn1qyFfpump";

fn of_kind(kind: Kind) -> OpenRoom {
    OpenRoom { kind: kind.into(), target: String::new(), ..touch("") }
}

fn buckets(bounds: &[&str]) -> OpenRoom {
    OpenRoom { bounds: bounds.iter().map(|bound| (*bound).to_owned()).collect(), ..of_kind(Kind::Buckets) }
}

fn head_to_head(asset: &str, rival: &str) -> OpenRoom {
    OpenRoom { asset: asset.to_owned(), rival_asset: rival.to_owned(), ..of_kind(Kind::HeadToHead) }
}

fn on_cap(target: &str) -> OpenRoom {
    OpenRoom { asset: MINT.to_owned(), target: target.to_owned(), ..of_kind(Kind::CapTouch) }
}

/// A token that may be bet on, with a cap of 2,000,000 USD.
pub async fn token(world: &World) -> Token {
    let now: time::OffsetDateTime =
        sqlx::query_scalar("SELECT room.db_clock()").fetch_one(world.db.pool()).await.unwrap();
    Token {
        mint: MINT.to_owned(),
        supply: "1000000000".to_owned(),
        price: "0.002".to_owned(),
        authority_revoked: true,
        pair_created_at: Some(proto::timestamp(now - Duration::from_secs(2 * 86_400))),
        liquidity_usd: "80000".to_owned(),
        sol_usd: "160".to_owned(),
        ..Token::default()
    }
}

fn says(world: &World, token: Option<Token>) {
    *world.oracle.token.lock().unwrap() = token;
}

async fn terms(world: &World, request: &OpenRoom) -> Terms {
    world.open(request).await.unwrap().terms.unwrap()
}

#[tokio::test]
async fn each_kind_opens_with_its_answers_and_is_watched() {
    let world = World::start(&[]).await;
    says(&world, Some(token(&world).await));
    let close =
        OpenRoom { kind: Kind::Close.into(), comparator: Comparator::AtOrBelow.into(), ..touch("165") };
    let cap_close = OpenRoom {
        kind: Kind::CapClose.into(),
        comparator: Comparator::AtOrAbove.into(),
        ..on_cap("3000000")
    };
    let cases: [(OpenRoom, &[&str]); 7] = [
        (touch("165"), &["YES", "NO"]),
        (close, &["YES", "NO"]),
        (of_kind(Kind::UpDown), &["UP", "DOWN"]),
        (buckets(&["150", "160", "170"]), &["below 150", "150 to 160", "160 to 170", "170 and above"]),
        (head_to_head("SOL", "ETH"), &["SOL", "ETH"]),
        (on_cap("3000000"), &["YES", "NO"]),
        (cap_close, &["YES", "NO"]),
    ];
    for (request, outcomes) in &cases {
        let room = world.open(request).await.unwrap();
        let terms = room.terms.unwrap();
        assert_eq!(terms.kind, request.kind);
        assert_eq!(terms.outcomes, *outcomes, "{request:?}");
        assert_eq!(room.pools_lamports.len(), outcomes.len());
        assert_eq!((terms.suspicion_bps, terms.suspicion_wait_seconds), (100, 3_600));
        assert_eq!((terms.dispute_seconds, terms.unresolved_seconds), (86_400, 0));
        eventually("watched", async || {
            world.told::<RegisterWatch>().iter().any(|watch| watch.terms.as_ref() == Some(&terms))
        })
        .await;
    }
    // A bet on the last of four ranges.
    let ranges = Uuid::from_slice(&cases[3].0.room_id).unwrap();
    world.bet(ranges, 3).await.1.unwrap();
    assert_eq!(world.bet(ranges, 4).await.1.unwrap_err().code, RefusalCode::BetNoSuchOutcome);
    assert_eq!(world.row(ranges).await.1, [0, 0, 0, 1]);
}

#[tokio::test]
async fn a_market_cap_is_read_from_the_chain_while_bets_go_on() {
    let world = World::start(&[]).await;
    let other = world.room().await;
    says(&world, Some(token(&world).await));
    let reading = world.oracle.reading.lock().await;
    let (id, request) = (Uuid::now_v7(), on_cap("3000000"));
    world.send(id, &request, "").await;
    world.bet(other, 0).await.1.unwrap();
    assert_eq!(world.outcomes(id), []);
    drop(reading);
    let terms = world.outcome::<OpenRoomDone>(id).await.unwrap().room.unwrap().terms.unwrap();
    assert_eq!((terms.open_price.as_str(), terms.supply.as_str()), ("2000000", "1000000000"));
    assert_eq!((terms.mean_seconds, terms.past_post_seconds), (300, 60));
    assert_eq!((terms.max_stake_lamports, terms.max_pool_lamports), (500_000_000, 5_000_000_000));
    let stored: i64 = sqlx::query_scalar("SELECT max_pool FROM room.room WHERE max_pool > 0")
        .fetch_one(world.db.pool())
        .await
        .unwrap();
    assert_eq!(stored, 5_000_000_000);
}

#[tokio::test]
async fn a_token_that_is_not_read_or_not_fit_opens_nothing() {
    let world = World::start(&[]).await;
    let refused = async |request: OpenRoom| world.open(&request).await.unwrap_err().to_string();
    assert_eq!(refused(on_cap("3000000")).await, format!("REFUSAL_CODE_ROOM_NO_PRICE asset={MINT}"));
    let no_address = OpenRoom { asset: "PEPE".to_owned(), ..on_cap("3000000") };
    assert_eq!(refused(no_address).await, "REFUSAL_CODE_ROOM_NO_PRICE asset=PEPE");
    let fit = token(&world).await;
    let cases = [
        (Token { authority_revoked: false, ..fit.clone() }, format!("ROOM_TOKEN_MINTABLE mint={MINT}")),
        (Token { pair_created_at: None, ..fit.clone() }, "ROOM_TOKEN_YOUNG min_hours=24".to_owned()),
        (
            Token { liquidity_usd: "49999.5".to_owned(), ..fit.clone() },
            "ROOM_TOKEN_ILLIQUID min_usd=50000 liquidity_usd=49999".to_owned(),
        ),
        (Token { on_curve: true, ..fit.clone() }, "ROOM_OPERATORS_ONLY".to_owned()),
    ];
    for (unfit, refusal) in cases {
        // Each is another token: an answer counts for seconds.
        let mint = Uuid::now_v7().simple().to_string().replace('0', "z");
        says(&world, Some(Token { mint: mint.clone(), ..unfit }));
        let request = OpenRoom { asset: mint.clone(), ..on_cap("3000000") };
        assert_eq!(refused(request).await, format!("REFUSAL_CODE_{}", refusal.replace(MINT, &mint)));
    }
    says(&world, Some(fit));
    let second = "REFUSAL_CODE_ROOM_TARGET_TOO_NEAR price=2000000 target=2199999 min_percent=10";
    eventually("asked again", async || refused(on_cap("2199999")).await == second).await;
    assert_eq!(world.count("SELECT count(*) FROM room.room").await, 0);
}

/// One question has one room: scope, kind, assets, comparator, target, bounds and minute of the deadline.
#[tokio::test]
async fn each_part_of_a_question_makes_another_one() {
    let world = World::start(&[]).await;
    // All deadlines within one minute.
    let minute: time::OffsetDateTime = sqlx::query_scalar("SELECT date_trunc('minute', room.db_clock())")
        .fetch_one(world.db.pool())
        .await
        .unwrap();
    world.stop_clock(minute).await;
    let chat = touch("165").scope_chat_id;
    let here = |request: OpenRoom| OpenRoom { scope_chat_id: chat, ..request };
    let close = |comparator: Comparator| OpenRoom {
        kind: Kind::Close.into(),
        comparator: comparator.into(),
        ..touch("165")
    };
    let different = [
        touch("165"),
        touch("166"),
        OpenRoom { asset: "ETH".to_owned(), ..touch("165") },
        OpenRoom { horizon_seconds: 7_260, ..touch("165") },
        close(Comparator::AtOrAbove),
        close(Comparator::AtOrBelow),
        of_kind(Kind::UpDown),
        buckets(&["150", "160"]),
        buckets(&["150", "170"]),
        buckets(&["150"]),
        head_to_head("SOL", "ETH"),
        head_to_head("SOL", "BTC"),
    ];
    for request in different {
        world.open(&here(request.clone())).await.unwrap_or_else(|refusal| panic!("{refusal}: {request:?}"));
    }
    let same = [
        touch("165.0"),
        buckets(&["150.00", "160"]),
        // It does not matter which of the two is named first.
        head_to_head("ETH", "SOL"),
        of_kind(Kind::UpDown),
    ];
    for request in same {
        let decided: Decided<Room> = world.open(&here(request.clone())).await;
        assert_eq!(decided.unwrap_err().code, RefusalCode::RoomDuplicate, "{request:?}");
        world.open(&request).await.unwrap();
    }
    // The last defence.
    let twin = "INSERT INTO room.room (id, terms, terms_hash, state, kind, asset, rival_asset, comparator, host, scope_chat_id,
                    lock_at, deadline, min_stake, max_stake, max_players, min_players, seats, pools, opened_at)
                SELECT gen_random_uuid(), terms, terms_hash, state, kind, rival_asset, asset, comparator, host, scope_chat_id,
                    lock_at, deadline, min_stake, max_stake, max_players, min_players, seats, pools, opened_at
                FROM room.room WHERE kind = 7 LIMIT 1";
    let error = sqlx::query(twin).execute(world.db.pool()).await.unwrap_err();
    assert_eq!(error.as_database_error().unwrap().constraint(), Some("room_live_question"));
}

/// Scenario 40, as far as it is decided at opening: a value exactly at the target counts as reached. A TOUCH at the price
/// is met before it begins; what a CLOSE compares includes the target itself, by the words of its terms.
#[tokio::test]
async fn scenario_40_a_value_exactly_at_the_target_counts() {
    let world = World::start(&[]).await;
    world.set_price("160.00000001");
    let met = world.open(&touch("160.00000001")).await.unwrap_err();
    assert_eq!(met.code, RefusalCode::RoomTargetMet);
    let unit_away = world.open(&touch("160.00000002")).await.unwrap_err();
    assert_eq!(unit_away.code, RefusalCode::RoomTargetTooNear);
    let comparator = Comparator::AtOrAbove.into();
    let close = OpenRoom { kind: Kind::Close.into(), comparator, ..touch("160.00000001") };
    let terms = terms(&world, &close).await;
    assert_eq!((terms.comparator(), terms.target.as_str()), (Comparator::AtOrAbove, "160.00000001"));
}
