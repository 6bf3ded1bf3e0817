//! The bundle: whether it holds everything, and who gets it.

use crate::{
    eventually,
    room::{Room, touched, void},
    world::World,
};
use proto::{
    RoomId, receipt_memo,
    room::{Kind, VoidReason},
    settlement::GetEvidenceRequest,
    wallet::AnchorReceipt,
};
use serde_json::Value;
use settlement_svc::SettlementService;
use sha2::{Digest, Sha256};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use uuid::Uuid;

async fn get(world: &World, room: RoomId) -> (u16, String) {
    let address = world.replicas[0].http();
    let answer = reqwest::get(format!("http://{address}/evidence/{room}")).await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// RFC 6962's tree hash written down once more, from the leaves of the bundle alone.
fn root(leaves: &[Vec<u8>]) -> Vec<u8> {
    match leaves {
        [] => Sha256::digest([]).to_vec(),
        [leaf] => Sha256::digest([&[0][..], leaf].concat()).to_vec(),
        _ => {
            let mut half = 1;
            while half * 2 < leaves.len() {
                half *= 2;
            }
            let (left, right) = leaves.split_at(half);
            Sha256::digest([&[1][..], &root(left), &root(right)].concat()).to_vec()
        }
    }
}

fn leaf(bet: &Value) -> Vec<u8> {
    let fate: i32 = match text(&bet["fate"]) {
        "WON" => 1,
        "LOST" => 2,
        other => panic!("no {other} in this room"),
    };
    let accepted_at = OffsetDateTime::parse(text(&bet["accepted_at"]), &Rfc3339).unwrap();
    let lamports = |name: &str| text(&bet[name]).parse::<i64>().unwrap().to_be_bytes().to_vec();
    [
        text(&bet["bet_id"]).parse::<Uuid>().unwrap().as_bytes().to_vec(),
        u32::try_from(bet["outcome"].as_u64().unwrap()).unwrap().to_be_bytes().to_vec(),
        lamports("stake_lamports"),
        (accepted_at.unix_timestamp() * 1_000_000).to_be_bytes().to_vec(),
        u32::try_from(bet["min_odds_percent"].as_u64().unwrap()).unwrap().to_be_bytes().to_vec(),
        fate.to_be_bytes().to_vec(),
        lamports("payout_lamports"),
    ]
    .concat()
}

#[tokio::test]
async fn a_bundle_leads_from_quotes_to_the_memo() {
    let world = World::new().await;
    let room = Room::ordinary(1);
    world.open(&room);
    world.resolve(room.id, &touched()).await;
    world.anchored(&room).await;
    let (status, body) = get(&world, room.id).await;
    assert_eq!(status, 200);
    let bundle: Value = serde_json::from_str(&body).unwrap();

    let terms = hex::decode(text(&bundle["terms_bytes"])).unwrap();
    assert_eq!(hex::encode(Sha256::digest(&terms)), text(&bundle["terms_hash"]));
    assert_eq!(text(&bundle["terms"]["target"]), "165");
    assert_eq!(text(&bundle["verdict"]["label"]), "YES");
    assert_eq!(text(&bundle["book"]["cut_off"]), "2026-01-01T12:29:50Z");
    assert_eq!(bundle["book"]["pools_lamports"], serde_json::json!(["10000000000", "5000000000"]));

    let bets = bundle["bets"].as_array().unwrap();
    let leaves: Vec<_> = bets.iter().map(leaf).collect();
    assert_eq!(leaves.len(), 3);
    assert_eq!(hex::encode(root(&leaves)), text(&bundle["root"]));
    let memo = AnchorReceipt {
        room_id: room.id.bytes(),
        terms_hash: Sha256::digest(&terms).to_vec(),
        outcome: "YES".to_owned(),
        price: "165.02".to_owned(),
        root: root(&leaves),
    };
    assert_eq!(text(&bundle["receipt"]["memo"]), receipt_memo(&memo).unwrap());
    assert_eq!(bundle["receipt"]["slot"], 77);

    // Seven seconds were asked for, one of them is a gap, and an answer holds three.
    let first = touched().series_first_second;
    let seconds: Vec<_> =
        bundle["series"].as_array().unwrap().iter().map(|one| one["second"].as_i64().unwrap()).collect();
    assert_eq!(seconds, [0, 1, 2, 3, 5, 6].map(|second| first + second));
    let quote = &bundle["series"][0]["aggregates"][0]["quotes"][1];
    assert_eq!((text(&quote["venue"]), text(&quote["price"])), ("coinbase", "165.02"));
    assert_eq!(text(&quote["venue_at"]), "2026-01-01T12:30:00Z");

    for bet in &room.bets {
        let account = Uuid::from_slice(&bet.account_id).unwrap().to_string();
        assert!(!body.contains(&account), "an account shows");
    }

    let mut streamed = Vec::new();
    let request = GetEvidenceRequest { room_id: room.id.bytes() };
    let mut pieces = world.grpc().get_evidence(request).await.unwrap().into_inner();
    while let Some(piece) = pieces.message().await.unwrap() {
        streamed.extend(piece.bundle);
    }
    assert_eq!(String::from_utf8(streamed).unwrap(), body, "both doors show the same");
}

/// No bets at all, and more than one page of them.
#[tokio::test]
async fn a_bundle_has_any_size() {
    let world = World::new().await;
    let empty = Room::new(1, Kind::Touch);
    let crowd = (0..1_001).fold(Room::new(2, Kind::Touch), |room, number| room.bet(number % 2, "0.05"));
    for (room, verdict) in [(&empty, void(VoidReason::Tie)), (&crowd, touched())] {
        world.open(room);
        world.resolve(room.id, &verdict).await;
        world.anchored(room).await;
        let (_, body) = get(&world, room.id).await;
        let bundle: Value = serde_json::from_str(&body).unwrap();
        let bets = bundle["bets"].as_array().unwrap().iter();
        let ids: Vec<_> = bets.map(|bet| text(&bet["bet_id"]).parse::<Uuid>().unwrap()).collect();
        let frozen: Vec<_> = room.bets.iter().map(|bet| Uuid::from_slice(&bet.bet_id).unwrap()).collect();
        assert_eq!(ids, frozen);
        assert_eq!(bundle["series"].as_array().unwrap().is_empty(), room.bets.is_empty());
        let label = if room.bets.is_empty() { "VOID TIE" } else { "YES" };
        assert_eq!(text(&bundle["book"]["label"]), label);
        assert!(text(&bundle["receipt"]["memo"]).ends_with(label));
    }
}

#[tokio::test]
async fn only_settled_public_rooms_are_shown() {
    let world = World::new().await;
    let (mut private, early) = (Room::ordinary(1), Room::ordinary(2));
    private.terms.scope_chat_id = -100;
    world.open(&private);
    world.resolve(private.id, &touched()).await;
    world.anchored(&private).await;
    assert_eq!(get(&world, private.id).await.0, 404);
    let request = GetEvidenceRequest { room_id: private.id.bytes() };
    assert!(world.grpc().get_evidence(request).await.is_ok(), "operators and members get it");

    // Settled, but what decided is not copied yet.
    world.misbehave(|all| {
        all.unavailable.insert("series", u32::MAX);
    });
    world.open(&early);
    assert_eq!(get(&world, early.id).await.0, 404);
    world.resolve(early.id, &touched()).await;
    eventually("settled", || async { world.parts(&early).is_some() }).await;
    assert_eq!(get(&world, early.id).await.0, 404);
    world.misbehave(|all| all.unavailable.clear());
    eventually("complete", || async { get(&world, early.id).await.0 == 200 }).await;

    let nobody = RoomId::new(Uuid::from_u128(99));
    assert_eq!(get(&world, nobody).await.0, 404);
    let request = GetEvidenceRequest { room_id: nobody.bytes() };
    assert_eq!(world.grpc().get_evidence(request).await.unwrap_err().code(), tonic::Code::NotFound);
}

#[tokio::test]
async fn the_public_door_has_a_limit() {
    let mut world = World::without_service("none").await;
    let mut variables = world.variables();
    variables.retain(|(name, _)| name != "EVIDENCE_PER_SECOND");
    variables.push(("EVIDENCE_PER_SECOND".to_owned(), "1".to_owned()));
    let running =
        chassis::service::start::<SettlementService>(variables.into_iter().collect()).await.unwrap();
    world.replicas.push(running);
    let room = RoomId::new(Uuid::from_u128(99));
    let answers = futures::future::join_all((0..5).map(|_| get(&world, room))).await;
    let refused = answers.iter().filter(|(status, _)| *status == 429).count();
    assert!(refused >= 3, "{answers:?}");
}

#[test]
fn settings_are_complete_in_the_manual() {
    let manual = chassis::service::manual::<SettlementService>().unwrap();
    let names: Vec<_> = manual.declarations.iter().map(|one| one.name).collect();
    for name in ["ROOM_GRPC_URL", "ORACLE_GRPC_URL", "EVIDENCE_PER_SECOND"] {
        assert!(names.contains(&name), "{names:?}");
    }
}
