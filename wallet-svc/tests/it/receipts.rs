//! Receipts on chain.

use crate::world::{World, until};
use proto::{
    RoomId,
    wallet::{AnchorReceipt, ReceiptAnchored},
};
use serde_json::{Value, json};
use solana_client::rpc_request::RpcRequest;
use uuid::Uuid;
use wallet_svc::workers::requests;

async fn ask(world: &World, receipt: &AnchorReceipt) {
    let mut unit = world.unit().await;
    requests::anchor_receipt(&mut unit, receipt).await.unwrap();
    unit.commit().await.unwrap();
}

#[tokio::test]
async fn a_receipt_is_written_once_and_told_again_when_asked() {
    let world = World::funded().await;
    let room = RoomId::new(Uuid::now_v7());
    let receipt = AnchorReceipt {
        room_id: room.bytes(),
        terms_hash: vec![0xaa; 32],
        outcome: "YES".to_owned(),
        price: "165.02".to_owned(),
        root: vec![0xbb; 32],
    };
    for _ in 0..2 {
        ask(&world, &receipt).await;
    }
    until("anchored", || async { !world.told::<ReceiptAnchored>().await.is_empty() }).await;
    ask(&world, &receipt).await;
    let told: Vec<ReceiptAnchored> = world.told().await;
    assert_eq!(told.len(), 2);
    assert_eq!(told[0], told[1]);
    assert_eq!(told[0].memo, proto::receipt_memo(&receipt).unwrap());
    assert_eq!(world.attempts().await.iter().filter(|(_, _, purpose, _)| purpose == "RECEIPT").count(), 1);

    // Anybody can read it there.
    let params = json!([told[0].signature, {"encoding": "jsonParsed", "commitment": "finalized", "maxSupportedTransactionVersion": 1}]);
    let transaction: Value = world.outside.rpc.send(RpcRequest::GetTransaction, params).await.unwrap();
    assert_eq!(transaction["slot"], json!(told[0].slot));
    let instructions = transaction["transaction"]["message"]["instructions"].as_array().unwrap();
    assert!(
        instructions.iter().any(|instruction| instruction["parsed"] == json!(told[0].memo)),
        "{instructions:?}"
    );
    world.check_books().await;
}
