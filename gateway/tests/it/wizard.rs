//! Rooms of every kind that a host may open, through the wizard.

use crate::stage::Stage;
use proto::{
    oracle::Token,
    room::{Comparator, Kind, OpenRoom},
};

const ANNA: i64 = 5_000_000_001;
const MINT: &str = "DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263";

/// Opens the room under review, and returns what is asked of room-svc without ids.
async fn opened(stage: &Stage) -> OpenRoom {
    stage.telegram.sees(ANNA, "Review your room").await;
    stage.telegram.press(ANNA, "Open this room").await;
    let open = stage.next::<OpenRoom>().await.command;
    assert_eq!((open.room_id.len(), open.host_account_id.len()), (16, 16));
    OpenRoom { room_id: Vec::new(), host_account_id: Vec::new(), ..open }
}

fn asks(kind: Kind, asset: &str) -> OpenRoom {
    OpenRoom { kind: kind.into(), asset: asset.into(), horizon_seconds: 3_600, ..OpenRoom::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_of_each_kind_is_asked_for() {
    let stage = Stage::set().await;
    stage.member(ANNA).await;
    stage.services.state.lock().unwrap().token = Some(Token {
        mint: MINT.into(),
        symbol: "BONK".into(),
        supply: "1000000000".into(),
        price: "0.00098".into(),
        ..Token::default()
    });

    stage.telegram.say(ANNA, "/create");
    stage.telegram.press(ANNA, "Up or down").await;
    stage.telegram.press(ANNA, "SOL").await;
    stage.telegram.press(ANNA, "1 h").await;
    // Reached from the review alone, chosen or typed.
    stage.telegram.press(ANNA, "Players").await;
    stage.telegram.say(ANNA, "1");
    stage.telegram.sees(ANNA, "not a number of players").await;
    stage.telegram.press(ANNA, "3").await;
    stage.telegram.sees(ANNA, "It begins once 3 players have bet").await;
    assert_eq!(opened(&stage).await, OpenRoom { min_players: 3, ..asks(Kind::UpDown, "SOL") });

    // The draft stays until the room is open; another kind takes from it what it can use.
    stage.telegram.forget_messages(ANNA);
    stage.telegram.say(ANNA, "/create");
    stage.telegram.press(ANNA, "Players").await;
    stage.telegram.press(ANNA, "Begin at once").await;
    stage.telegram.press(ANNA, "Kind").await;
    stage.telegram.press(ANNA, "Ranges").await;
    stage.telegram.sees(ANNA, "lowest first").await;
    stage.telegram.say(ANNA, "170 150");
    stage.telegram.sees(ANNA, "cannot read that as ascending").await;
    stage.telegram.say(ANNA, "150, 160.5 170");
    let bounds = ["150", "160.5", "170"].map(str::to_owned).to_vec();
    assert_eq!(opened(&stage).await, OpenRoom { bounds, ..asks(Kind::Buckets, "SOL") });

    stage.telegram.forget_messages(ANNA);
    stage.telegram.say(ANNA, "/create");
    stage.telegram.press(ANNA, "Kind").await;
    stage.telegram.press(ANNA, "Head to head").await;
    let rivals = stage.telegram.sees(ANNA, "Against which one").await;
    assert!(rivals.button("SOL").is_none() && rivals.button("ETH").is_some());
    stage.telegram.press(ANNA, "BTC").await;
    assert_eq!(opened(&stage).await, OpenRoom { rival_asset: "BTC".into(), ..asks(Kind::HeadToHead, "SOL") });

    stage.telegram.forget_messages(ANNA);
    stage.telegram.say(ANNA, "/create");
    stage.telegram.press(ANNA, "Kind").await;
    stage.telegram.press(ANNA, "Market cap, close").await;
    stage.telegram.sees(ANNA, "mint address").await;
    stage.telegram.say(ANNA, "BONK");
    stage.telegram.sees(ANNA, "That is not a mint address").await;
    stage.telegram.say(ANNA, MINT);
    stage.telegram.press(ANNA, "at or below the target").await;
    stage.telegram.sees(ANNA, "Market cap of BONK DezX…B263 now $980K").await;
    stage.telegram.say(ANNA, "750k");
    stage.telegram.sees(ANNA, "23.46 % below it").await;
    let wanted = OpenRoom {
        target: "750000".into(),
        comparator: Comparator::AtOrBelow.into(),
        ..asks(Kind::CapClose, MINT)
    };
    assert_eq!(opened(&stage).await, wanted);
}

/// As the release before wrote it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_draft_of_the_release_before_goes_on() {
    let stage = Stage::set().await;
    let account = stage.member(ANNA).await;
    let old = serde_json::json!({"dialogue": "create", "step": "Target", "kind": "Touch", "asset": "Sol",
        "comparator": null, "target": null, "horizon_seconds": 3_600});
    sqlx::query(
        "INSERT INTO gateway.draft (account_id, kind, body, touched_at, expires_at)
         VALUES ($1, 'create', $2, now(), now() + interval '1 hour')",
    )
    .bind(uuid::Uuid::from_slice(&account).unwrap())
    .bind(old)
    .execute(stage.db.pool())
    .await
    .unwrap();
    stage.telegram.say(ANNA, "172.5");
    assert_eq!(opened(&stage).await, OpenRoom { target: "172.5".into(), ..asks(Kind::Touch, "SOL") });
}
