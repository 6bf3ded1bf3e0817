//! The end of a room: frozen bets that stand, and the result that follows.

use crate::{
    eventually,
    world::{STAKE, World, touch, wager},
};
use proto::{
    common::RefusalCode,
    room::{
        BetState, FreezeRoom, GetRoomRequest, PlaceBetDone, ReadFrozenBetsRequest, RoomFrozen,
        get_room_request::Key,
    },
    settlement::{Fate, ReceiptReady, RoomDecided, RoomSettled, SettledBet, Verdict},
    wallet::StakeState,
};
use sha2::{Digest, Sha256};
use uuid::Uuid;

fn freeze(room: Uuid) -> FreezeRoom {
    FreezeRoom { room_id: room.as_bytes().to_vec() }
}

/// Waits for one more answer to a freeze than there were.
async fn frozen(world: &World, before: usize) -> RoomFrozen {
    eventually("frozen", async || world.told::<RoomFrozen>().len() > before).await;
    world.told::<RoomFrozen>()[before].clone()
}

#[tokio::test]
async fn the_freeze_waits_for_pending_bets_and_says_the_same_for_ever() {
    let world = World::start(&[]).await;
    let room = world.room().await;
    world.bet(room, 0).await.1.unwrap();
    world.bet(room, 1).await.1.unwrap();
    world.silence_wallet();
    let pending = [world.pending_bet(room, 1).await, world.pending_bet(room, 1).await];
    world.send(Uuid::now_v7(), &freeze(room), "").await;
    eventually("asked", async || world.row(room).await.0 == 4).await;
    let refusal = world.bet(room, 0).await.1.unwrap_err();
    assert_eq!(refusal.code, RefusalCode::BetLocked, "a room with a verdict takes no bets");
    world.decide(pending[0], StakeState::Refused, Some(RefusalCode::BetNotEnough)).await;
    world.outcome::<PlaceBetDone>(pending[0]).await.unwrap_err();
    let answered = "SELECT count(*) FROM room.room WHERE frozen_at IS NOT NULL";
    assert_eq!(world.count(answered).await, 0, "one bet is pending");
    world.decide(pending[1], StakeState::Held, None).await;

    let first = frozen(&world, 0).await;
    assert_eq!((first.bet_count, &first.pools_lamports), (3, &vec![STAKE, 2 * STAKE]));
    let message = first.room.clone().unwrap();
    assert_eq!(Sha256::digest(&first.terms).to_vec(), message.terms_hash);
    let mut bets = Vec::new();
    loop {
        let after_bet_id = bets.last().map(|bet: &proto::room::Bet| bet.bet_id.clone()).unwrap_or_default();
        let page = ReadFrozenBetsRequest { room_id: room.as_bytes().to_vec(), after_bet_id, limit: 2 };
        let page = world.questions().read_frozen_bets(page).await.unwrap().into_inner().bets;
        if page.is_empty() {
            break;
        }
        bets.extend(page);
    }
    assert_eq!(bets.len(), 3);
    assert_eq!(proto::bets_hash(&bets).unwrap().to_vec(), first.bets_hash);

    // Whoever asks again, however often.
    world.send(Uuid::now_v7(), &freeze(room), "").await;
    assert_eq!(frozen(&world, 1).await, first);
    world.tell(&RoomDecided { room_id: room.as_bytes().to_vec(), verdict: None, version: 2 }).await;
    world.send(Uuid::now_v7(), &freeze(room), "").await;
    assert_eq!(frozen(&world, 2).await, first);
}

#[tokio::test]
async fn a_freeze_before_its_room_waits_for_it_and_an_empty_room_freezes() {
    let world = World::start(&[]).await;
    let request = touch("165");
    let room = Uuid::from_slice(&request.room_id).unwrap();
    world.send(Uuid::now_v7(), &freeze(room), "").await;
    // The other command proves that the freeze was looked at.
    world.room().await;
    world.open(&request).await.unwrap();
    let answer = frozen(&world, 0).await;
    assert_eq!((answer.bet_count, answer.pools_lamports), (0, vec![0, 0]));
    assert_eq!(answer.bets_hash, Sha256::digest([]).to_vec());
}

#[tokio::test]
async fn frozen_bets_cannot_be_written() {
    let world = World::start(&[]).await;
    let room = world.room().await;
    world.bet(room, 0).await.1.unwrap();
    world.bet(room, 1).await.1.unwrap();
    let refused = async |sql: &'static str| {
        let error = sqlx::query(sql).execute(world.db.pool()).await.unwrap_err();
        error.as_database_error().unwrap().code().unwrap().into_owned()
    };
    let check_violation = "23514";
    assert_eq!(refused("UPDATE room.bet SET stake = stake + 1").await, check_violation, "frozen or not");
    world.send(Uuid::now_v7(), &freeze(room), "").await;
    frozen(&world, 0).await;
    for sql in [
        "INSERT INTO room.bet SELECT gen_random_uuid(), room_id, gen_random_uuid(), 0, 1, 0, 2, accepted_at, 0 FROM room.bet LIMIT 1",
        "INSERT INTO room.bet SELECT gen_random_uuid(), room_id, gen_random_uuid(), 0, 1, 0, 3, accepted_at, 0 FROM room.bet LIMIT 1",
        "UPDATE room.bet SET state = 3",
        "UPDATE room.bet SET state = 1",
        "UPDATE room.bet SET accepted_at = accepted_at - interval '1 day'",
        "DELETE FROM room.bet",
    ] {
        assert_eq!(refused(sql).await, check_violation, "{sql}");
    }
    assert_eq!(world.bets(room).await, [BetState::Accepted as i16; 2]);
}

#[tokio::test]
async fn the_result_is_written_once() {
    let world = World::start(&[]).await;
    let room = world.room().await;
    let (winner, _) = world.bet(room, 0).await;
    let (loser, _) = world.bet(room, 1).await;
    world.send(Uuid::now_v7(), &freeze(room), "").await;
    frozen(&world, 0).await;
    let bet = |id: Uuid, fate: Fate, payout_lamports| SettledBet {
        bet_id: id.as_bytes().to_vec(),
        fate: fate.into(),
        payout_lamports,
        ..Default::default()
    };
    let settled_at = Some(proto::timestamp(world.lock_at(room).await));
    let settled = RoomSettled {
        room_id: room.as_bytes().to_vec(),
        verdict: Some(Verdict { outcome: 0, price: "165.01".to_owned(), ..Default::default() }),
        bets: vec![bet(winner, Fate::Won, 197_000_000), bet(loser, Fate::Lost, 0)],
        parts: 1,
        settled_at,
        ..Default::default()
    };
    world.tell(&settled).await;
    // A second telling with other fates: the first stands.
    let mut other = settled.clone();
    other.bets = vec![bet(loser, Fate::Won, 197_000_000), bet(winner, Fate::Lost, 0)];
    other.verdict.as_mut().unwrap().outcome = 1;
    eventually("settled", async || world.row(room).await.0 == 5).await;
    world.tell(&other).await;
    world.tell(&ReceiptReady { room_id: room.as_bytes().to_vec(), signature: "receipt".to_owned() }).await;
    let ask = GetRoomRequest { key: Some(Key::RoomId(room.as_bytes().to_vec())) };
    let result = async || {
        world.questions().get_room(ask.clone()).await.unwrap().into_inner().room.unwrap().result.unwrap()
    };
    eventually("receipt", async || result().await.receipt_signature == "receipt").await;
    let result = result().await;
    assert_eq!((result.outcome, result.price.as_str(), result.settled_at), (0, "165.01", settled_at));
    let fates: Vec<(Uuid, i16, i64)> = sqlx::query_as("SELECT id, state, payout FROM room.bet ORDER BY id")
        .fetch_all(world.db.pool())
        .await
        .unwrap();
    assert_eq!(fates, [(winner, BetState::Won as i16, 197_000_000), (loser, BetState::Lost as i16, 0)]);
    let slip = Uuid::now_v7();
    world.send(slip, &wager(room, Uuid::now_v7(), 0, STAKE), "").await;
    assert_eq!(world.outcome::<PlaceBetDone>(slip).await.unwrap_err().code, RefusalCode::BetLocked);
}
