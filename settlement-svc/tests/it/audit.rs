//! What the audit log keeps of a settlement.

use crate::{
    room::{Room, touched, void},
    world::World,
};
use proto::room::VoidReason;
use serde_json::{Value, json};

#[tokio::test]
async fn the_verdict_that_stands_and_what_was_paid_are_kept_once() {
    let world = World::new().await;
    let room = Room::ordinary(1);
    world.open(&room);
    world.resolve(room.id, &touched()).await;
    world.anchored(&room).await;
    // Too late: another verdict stands.
    world.resolve(room.id, &void(VoidReason::OracleInsufficient)).await;
    let other = Room::ordinary(2);
    world.open(&other);
    world.resolve(other.id, &void(VoidReason::OracleInsufficient)).await;
    world.anchored(&other).await;

    let log: Vec<(String, Vec<u8>, String)> =
        sqlx::query_as("SELECT action, subject, body FROM settlement.audit ORDER BY id")
            .fetch_all(world.db.pool())
            .await
            .unwrap();
    let of = |room: &Room| {
        let mine = log.iter().filter(|(_, subject, _)| *subject == room.id.bytes());
        mine.map(|(action, _, body)| (action.as_str(), serde_json::from_str(body).unwrap()))
            .collect::<Vec<_>>()
    };
    let mine: Vec<(&str, Value)> = of(&room);
    let actions: Vec<&str> = mine.iter().map(|(action, _)| *action).collect();
    assert_eq!(actions, ["decide_room", "settle_room"]);
    assert_eq!(mine[0].1["ruling"], json!({"outcome": touched().outcome}));
    assert_eq!(mine[0].1["price"], json!(touched().price));
    assert_eq!(mine[1].1["ruling"], json!({"outcome": touched().outcome}));
    assert_eq!(mine[1].1["payouts_root"].as_str().unwrap().len(), 64);
    let theirs = of(&other);
    assert_eq!(theirs.len(), 2);
    assert_eq!(theirs[0].1["ruling"], json!({"void": "ORACLE_INSUFFICIENT"}));
    assert_eq!(theirs[1].1["protocol_fee_lamports"], json!(0));
}
