//! Receipts on chain.

use crate::{
    bank::Bank,
    faulty_rpc::{Faults, FaultyRpc},
    world::{World, eventually},
};
use proto::{
    RoomId, merkle, receipt_anchors,
    wallet::{AnchorReceipt, ReceiptAnchored},
};
use serde_json::{Value, json};
use solana_client::rpc_request::RpcRequest;
use solana_pubkey::Pubkey;
use solana_signature::Signature;
use std::{collections::HashMap, time::Duration};
use uuid::Uuid;
use wallet_svc::{
    chain::Unsigned,
    domain::chain_tx::{AttemptState, Purpose},
    store::{self, chain_tx::Landing, receipt},
    workers::{ends, requests},
};

/// Rooms that a test settles. The same number gives the same room.
fn settled(number: u8) -> AnchorReceipt {
    AnchorReceipt {
        room_id: RoomId::new(Uuid::from_u128(u128::from(number) + 1)).bytes(),
        terms_hash: vec![number; 32],
        outcome: "YES".to_owned(),
        price: "165.02".to_owned(),
        root: vec![0xbb; 32],
    }
}

async fn ask(world: &World, receipt: &AnchorReceipt) {
    let mut unit = world.unit().await;
    requests::anchor_receipt(&mut unit, receipt).await.unwrap();
    unit.commit().await.unwrap();
}

/// The newest answer for each room.
async fn answers(world: &World) -> HashMap<Vec<u8>, ReceiptAnchored> {
    let told: Vec<ReceiptAnchored> = world.told().await;
    told.into_iter().map(|told| (told.room_id.clone(), told)).collect()
}

fn holds(asked: &AnchorReceipt, told: &ReceiptAnchored) -> bool {
    let branch: Vec<merkle::Hash> =
        told.branch.iter().map(|hash| hash.as_slice().try_into().unwrap()).collect();
    receipt_anchors(asked, &told.memo, told.leaf, told.leaves, &branch).unwrap()
}

/// What anybody reads on chain.
async fn memo_of(world: &World, signature: &str) -> (Value, Value) {
    let params = json!([signature, {"encoding": "jsonParsed", "commitment": "finalized", "maxSupportedTransactionVersion": 1}]);
    let transaction: Value = world.outside.rpc.send(RpcRequest::GetTransaction, params).await.unwrap();
    let instructions = transaction["transaction"]["message"]["instructions"].as_array().unwrap();
    let memo =
        instructions.iter().map(|instruction| &instruction["parsed"]).find(|parsed| parsed.is_string());
    (memo.cloned().unwrap_or_default(), transaction["slot"].clone())
}

async fn receipts(world: &World) -> Vec<(Uuid, i32, String)> {
    let attempts = world.attempts().await.into_iter();
    attempts
        .filter(|(_, _, purpose, _)| purpose == "RECEIPT")
        .map(|(id, attempt, _, state)| (id, attempt, state))
        .collect()
}

#[tokio::test]
async fn a_receipt_is_written_once_and_told_again_when_asked() {
    let world = World::funded().await;
    let receipt = settled(1);
    for _ in 0..2 {
        ask(&world, &receipt).await;
    }
    eventually("anchored", || async { !world.told::<ReceiptAnchored>().await.is_empty() }).await;
    ask(&world, &receipt).await;
    let told: Vec<ReceiptAnchored> = world.told().await;
    assert_eq!(told.len(), 2);
    assert_eq!(told[0], told[1]);
    assert_eq!(told[0].memo, proto::receipt_memo(&receipt).unwrap(), "alone, it has its own memo");
    assert_eq!((told[0].leaf, told[0].leaves, told[0].branch.len()), (0, 0, 0));
    assert_eq!(receipts(&world).await.len(), 1);
    assert_eq!(memo_of(&world, &told[0].signature).await, (json!(told[0].memo), json!(told[0].slot)));
    world.check_books().await;
}

#[tokio::test]
async fn receipts_that_wait_together_share_a_memo() {
    let mut world = World::funded().await;
    world.stop().await;
    let rooms: Vec<AnchorReceipt> = (0..65).map(settled).collect();
    for room in &rooms {
        ask(&world, room).await;
    }
    let url = world.chain.url();
    world.serve(&[&url], &[]).await;
    eventually("all anchored", || async { answers(&world).await.len() == rooms.len() }).await;
    let told = answers(&world).await;
    let mut memos: HashMap<&str, Vec<u32>> = HashMap::new();
    for room in &rooms {
        let told = &told[&room.room_id];
        assert!(holds(room, told), "{told:?}");
        memos.entry(&told.memo).or_default().push(told.leaf);
        let other = AnchorReceipt { outcome: "NO".to_owned(), ..room.clone() };
        assert!(!holds(&other, told), "another outcome is not anchored");
    }
    // 64 are what a memo takes; the one left over has its own.
    assert_eq!(memos.len(), 2);
    let alone = &told[&rooms[64].room_id];
    assert_eq!(alone.memo, proto::receipt_memo(&rooms[64]).unwrap());
    let together = &told[&rooms[0].room_id];
    assert!(together.memo.starts_with("ROOMS1R 64 ") && together.leaves == 64);
    let mut places = memos[together.memo.as_str()].clone();
    places.sort_unstable();
    assert_eq!(places, (0..64).collect::<Vec<_>>());
    for told in [together, alone] {
        assert_eq!(memo_of(&world, &told.signature).await, (json!(told.memo), json!(told.slot)));
    }
    assert_eq!(receipts(&world).await.len(), 2);

    // Asked again, each room is told the same.
    for room in &rooms[62..] {
        ask(&world, room).await;
        assert_eq!(answers(&world).await[&room.room_id], told[&room.room_id]);
    }
    world.check_books().await;
}

/// A memo that never lands expires; its next attempt is the same memo of the same rooms, whoever came since, and whoever
/// builds it.
#[tokio::test]
async fn a_dead_memo_is_written_again_for_the_same_rooms() {
    let mut world = World::funded().await;
    world.stop().await;
    let rooms: Vec<AnchorReceipt> = (0..3).map(settled).collect();
    for room in &rooms {
        ask(&world, room).await;
    }
    let endpoint = FaultyRpc::start(world.chain.url(), Faults { swallows_sends: true, ..Faults::default() });
    let endpoint = endpoint.await.unwrap();
    world.serve(&[&endpoint.url], &[]).await;
    eventually("committed", || async { !receipts(&world).await.is_empty() }).await;
    let late = settled(9);
    ask(&world, &late).await;
    eventually("dead", || async { receipts(&world).await.iter().any(|(_, _, state)| state == "DEAD") }).await;
    world.stop().await;
    endpoint.set(Faults::default());
    world.serve(&[&endpoint.url], &[]).await;
    eventually("all anchored", || async { answers(&world).await.len() == 4 }).await;
    let told = answers(&world).await;
    for room in &rooms {
        assert!(holds(room, &told[&room.room_id]));
        assert!(told[&room.room_id].memo.starts_with("ROOMS1R 3 "));
    }
    assert_eq!(told[&late.room_id].memo, proto::receipt_memo(&late).unwrap());
    let landed = receipts(&world).await.iter().filter(|(_, _, state)| state == "FINALIZED").count();
    assert_eq!(landed, 2);
    world.check_books().await;
}

/// A memo that lands as a failure lets its rooms go; after a pause another one takes them.
#[tokio::test]
async fn a_failed_memo_lets_its_rooms_go() {
    let bank = Bank::open().await;
    for number in 0..3 {
        let mut unit = bank.unit().await;
        requests::anchor_receipt(&mut unit, &settled(number)).await.unwrap();
        unit.commit().await.unwrap();
    }
    let open = receipt::open(&bank.db.pool().clone().into()).await.unwrap().unwrap();
    assert_eq!((open.rooms.len(), open.chain_tx), (3, None));
    let id = Uuid::now_v7();
    let unsigned = Unsigned {
        message: vec![1],
        signers: Vec::new(),
        last_valid_height: 1,
        fee: proto::Lamports::new(5_000),
    };
    let mut unit = bank.unit().await;
    store::chain_tx::build(unit.conn(), id, Purpose::Receipt, &unsigned).await.unwrap();
    receipt::assign(unit.conn(), &open, id).await.unwrap();
    unit.commit().await.unwrap();
    assert_eq!(receipt::open(&bank.db.pool().clone().into()).await.unwrap(), None);

    // While it may land, nobody leaves it and nobody joins it.
    for sql in [
        "UPDATE wallet.receipt SET chain_tx_id = NULL, place = NULL",
        "UPDATE wallet.receipt SET place = place + 3",
        "UPDATE wallet.receipt SET memo = 'other'",
        "DELETE FROM wallet.receipt",
    ] {
        let error = sqlx::query(sql).execute(bank.db.pool()).await.unwrap_err();
        assert_eq!(error.as_database_error().unwrap().code().as_deref(), Some("23001"), "{sql}");
    }
    let mut unit = bank.unit().await;
    assert!(receipt::assign(unit.conn(), &open, Uuid::now_v7()).await.is_err());
    drop(unit);

    let mut unit = bank.unit().await;
    store::chain_tx::sign(unit.conn(), id, 1, &[Signature::from([7; 64])]).await.unwrap();
    unit.commit().await.unwrap();
    let live = store::chain_tx::live(bank.db.pool()).await.unwrap();
    let landing = Landing { slot: 5, fee: proto::Lamports::new(5_000) };
    let mut unit = bank.unit().await;
    let treasury = Pubkey::new_from_array([9; 32]);
    assert!(ends::end(&mut unit, &live[0], &treasury, AttemptState::Failed, Some(landing)).await.unwrap());
    unit.commit().await.unwrap();
    assert_eq!(receipt::open(&bank.db.pool().clone().into()).await.unwrap(), None, "not at once");
    bank.db.advance(Duration::from_secs(61)).await.unwrap();
    let again = receipt::open(&bank.db.pool().clone().into()).await.unwrap().unwrap();
    assert_eq!((again.rooms, again.chain_tx), (open.rooms, None));
}
