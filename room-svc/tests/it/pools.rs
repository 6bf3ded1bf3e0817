//! Pools as they are shown: what would count if the room ended now.

use crate::{
    eventually,
    world::{STAKE, World, wager},
};
use proto::{
    common::RefusalCode,
    room::{ListRoomsRequest, PlaceBet, PreviewBetRequest, RoomState},
    settlement::{RoomCorrected, RoomSettled, Verdict},
    wallet::StakeState,
};
use std::time::Duration;
use uuid::Uuid;

const MILLISECOND: Duration = Duration::from_millis(1);
const WITHIN: Duration = Duration::from_secs(5);

async fn money(world: &World, room: Uuid) -> (Vec<i64>, i64) {
    let room = world.shown(room).await;
    (room.pools_lamports, room.pending_lamports)
}

fn guarded(room: Uuid, outcome: u32, percent: u32) -> PlaceBet {
    PlaceBet { min_odds_percent: percent, ..wager(room, Uuid::now_v7(), outcome, STAKE) }
}

#[tokio::test]
async fn what_may_be_taken_back_is_pending() {
    let world = World::start(&[]).await;
    let room = world.room().await;
    let lock_at = world.lock_at(room).await;
    let at = world.well_before_lock(room).await;
    world.bet(room, 0).await.1.unwrap();
    assert_eq!(money(&world, room).await, (vec![0, 0], STAKE));
    world.stop_clock(at + WITHIN - MILLISECOND).await;
    assert_eq!(money(&world, room).await, (vec![0, 0], STAKE));
    world.stop_clock(at + WITHIN).await;
    assert_eq!(money(&world, room).await, (vec![STAKE, 0], 0));
    // A bet whose stake is not held yet, too; and one that cannot be taken back counts at once.
    world.silence_wallet();
    let pending = world.pending_bet(room, 1).await;
    assert_eq!(money(&world, room).await, (vec![STAKE, 0], STAKE));
    world.stop_clock(lock_at - Duration::from_secs(60)).await;
    let last = world.pending_bet(room, 1).await;
    for slip in [pending, last] {
        world.decide(slip, StakeState::Held, None).await;
    }
    eventually("both count", async || world.row(room).await.3 == 0).await;
    assert_eq!(money(&world, room).await, (vec![STAKE, 2 * STAKE], 0));
}

/// Scenario of spec 2, "Minimum odds": a guard must hold with its own bet's impact when it is taken, and stands in the
/// shown pools only as long as it holds.
#[tokio::test]
async fn shown_pools_are_those_after_minimum_odds() {
    let world = World::start(&[]).await;
    let room = world.room().await;
    let at = world.well_before_lock(room).await;
    // Nobody is against it yet.
    let refusal = world.place(&guarded(room, 0, 101)).await.1.unwrap_err();
    assert_eq!(refusal.to_string(), "REFUSAL_CODE_BET_MIN_ODDS percent=101");
    world.bet(room, 0).await.1.unwrap();
    world.bet(room, 1).await.1.unwrap();
    assert_eq!(
        world.place(&guarded(room, 0, 140)).await.1.unwrap_err().code,
        RefusalCode::BetMinOdds,
        "what may be taken back is nothing to rely on"
    );
    world.stop_clock(at + WITHIN).await;
    // (200 + 97) / 200 = 1.485 with its own stake, (100 + 97) / 100 without.
    assert_eq!(world.place(&guarded(room, 0, 149)).await.1.unwrap_err().code, RefusalCode::BetMinOdds);
    world.place(&guarded(room, 0, 148)).await.1.unwrap();
    world.stop_clock(at + 2 * WITHIN).await;
    assert_eq!(money(&world, room).await, (vec![2 * STAKE, STAKE], 0));

    // One more on its side, and it pays (300 + 97) / 300 = 1.323: the guarded bet is out.
    world.bet(room, 0).await.1.unwrap();
    world.stop_clock(at + 3 * WITHIN).await;
    assert_eq!(money(&world, room).await, (vec![2 * STAKE, STAKE], 0));
    assert_eq!(world.row(room).await.2, [3 * STAKE, STAKE], "it was accepted all the same");
    // What a stake is told to pay comes from the same pools.
    let preview = PreviewBetRequest { room_id: room.as_bytes().to_vec(), outcome: 1, stake_lamports: STAKE };
    let preview = world.questions().preview_bet(preview).await.unwrap().into_inner();
    assert_eq!(preview.payout_lamports, STAKE + 2 * STAKE * 97 / 100 / 2);
    assert_eq!(preview.room.unwrap().pools_lamports, [2 * STAKE, STAKE]);
    // One more against it, and it is in again.
    world.bet(room, 1).await.1.unwrap();
    world.stop_clock(at + 4 * WITHIN).await;
    assert_eq!(money(&world, room).await, (vec![3 * STAKE, 2 * STAKE], 0));
    let (chat, host): (i64, Uuid) =
        sqlx::query_as("SELECT scope_chat_id, host FROM room.room").fetch_one(world.db.pool()).await.unwrap();
    let listed = ListRoomsRequest { scope_chat_id: chat, ..Default::default() };
    let listed = world.questions().list_rooms(listed).await.unwrap().into_inner().rooms;
    assert_eq!(listed[0].pools_lamports, [3 * STAKE, 2 * STAKE]);
    // A host finds their rooms of every chat, others only the public ones.
    assert_ne!(chat, 0);
    for (host_account_id, rooms) in [(host.as_bytes().to_vec(), 1), (Vec::new(), 0)] {
        let request = ListRoomsRequest { host_account_id, ..Default::default() };
        assert_eq!(world.questions().list_rooms(request).await.unwrap().into_inner().rooms.len(), rooms);
    }
}

#[tokio::test]
async fn a_large_room_is_shown_without_reading_its_bets() {
    let world = World::start(&[]).await;
    let room = world.room().await;
    let at = world.well_before_lock(room).await;
    world.stop_clock(at + WITHIN).await;
    let superuser = world.db.superuser();
    // Every bet has a guard; one in a thousand asks for more than there is.
    let bets = "INSERT INTO room.bet (id, room_id, account_id, outcome, stake, min_odds, state, accepted_at)
                SELECT gen_random_uuid(), $1, gen_random_uuid(), n % 2, 50000000, CASE WHEN n % 1000 = 0 THEN 900 ELSE 150 END,
                       2, $2 - n * interval '1 millisecond'
                FROM generate_series(1, 20000) AS n";
    sqlx::query(bets).bind(room).bind(at).execute(superuser).await.unwrap();
    sqlx::query("UPDATE room.room SET pools = '{500000000000, 500000000000}', seats = '{10000, 10000}', max_players = 20000")
        .execute(superuser)
        .await
        .unwrap();
    assert_eq!(money(&world, room).await, (vec![499_000_000_000, 500_000_000_000], 0));
    let read = "SELECT idx_tup_read FROM pg_stat_user_indexes WHERE indexrelname = 'bet_guarded'";
    eventually("counted", async || world.count(read).await > 0).await;
    let read = world.count(read).await;
    assert!(read < 1_000, "{read} index entries of 20,000 were read");
}

#[tokio::test]
async fn all_stakes_together_stay_below_the_rooms_cap() {
    let world = World::start(&[]).await;
    let room = world.room().await;
    sqlx::query("UPDATE room.room SET max_pool = 250000000").execute(world.db.superuser()).await.unwrap();
    world.bet(room, 0).await.1.unwrap();
    world.silence_wallet();
    world.pending_bet(room, 1).await;
    let refusal = world.bet(room, 1).await.1.unwrap_err();
    assert_eq!(refusal.to_string(), "REFUSAL_CODE_BET_POOL_FULL max=250000000 left=50000000");
    world.pending(&wager(room, Uuid::now_v7(), 1, 50_000_000)).await;
    let beyond = "UPDATE room.room SET pending_stakes = pending_stakes + 1";
    let error = sqlx::query(beyond).execute(world.db.pool()).await.unwrap_err();
    assert_eq!(error.as_database_error().unwrap().constraint(), Some("room_pool_cap"));
}

#[tokio::test]
async fn a_settled_room_shows_what_counted_and_that_it_was_corrected() {
    let world = World::start(&[]).await;
    let room = world.room().await;
    for outcome in [0, 0, 1] {
        world.bet(room, outcome).await.1.unwrap();
    }
    let settled = RoomSettled {
        room_id: room.as_bytes().to_vec(),
        verdict: Some(Verdict::default()),
        pools_lamports: vec![STAKE, STAKE],
        parts: 1,
        settled_at: Some(proto::timestamp(world.lock_at(room).await)),
        ..Default::default()
    };
    let corrected = RoomCorrected { room_id: room.as_bytes().to_vec(), parts: 1, ..Default::default() };
    // Events keep no order.
    world.tell(&corrected).await;
    world.tell(&settled).await;
    eventually("settled", async || world.shown(room).await.state() == RoomState::Settled).await;
    assert_eq!(money(&world, room).await, (vec![STAKE, STAKE], 0));
    eventually("corrected", async || world.shown(room).await.result.unwrap().corrected).await;
    let version = world.shown(room).await.version;
    world.tell(&corrected).await;
    world.taken().await;
    world.room().await;
    assert_eq!(world.shown(room).await.version, version, "twice is once");
}
