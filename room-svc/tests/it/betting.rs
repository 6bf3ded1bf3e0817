//! Placing a bet: seats, rules, and what the wallet says.

use crate::{
    eventually,
    world::{STAKE, World, touch, wager},
};
use futures::future::join_all;
use proto::{
    common::RefusalCode,
    oracle::WatchRegistered,
    room::{BetState, PlaceBet, PlaceBetDone},
    wallet::StakeState,
};
use std::time::Duration;
use uuid::Uuid;

const ACCEPTED: i16 = BetState::Accepted as i16;
const REFUSED: i16 = BetState::Refused as i16;

/// The codes of refused bets, in order; accepted bets are left out.
async fn refusals(world: &World, slips: &[Uuid]) -> Vec<RefusalCode> {
    let outcomes = join_all(slips.iter().map(|slip| world.outcome::<PlaceBetDone>(*slip))).await;
    outcomes.into_iter().filter_map(|outcome| outcome.err().map(|refusal| refusal.code)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_taps_on_confirm_make_one_bet() {
    let mut world = World::start(&[("ROOM_MAX_PLAYERS", "100")]).await;
    world.replica().await;
    let room = world.room().await;
    let taps: Vec<(Uuid, PlaceBet)> =
        (0..40).map(|tap| (Uuid::now_v7(), wager(room, Uuid::now_v7(), tap % 2, STAKE))).collect();
    // Both messages of a slip are on their way at once, and any replica takes them.
    join_all(
        taps.iter()
            .flat_map(|(slip, bet)| [world.send(*slip, bet, ":first"), world.send(*slip, bet, ":second")]),
    )
    .await;
    for (slip, _) in &taps {
        world.outcome::<PlaceBetDone>(*slip).await.unwrap();
    }
    assert_eq!(world.bets(room).await, [ACCEPTED; 40]);
    assert_eq!(world.row(room).await, (2, vec![20, 20], vec![20 * STAKE, 20 * STAKE], 0));

    // The outcome is derived from the bet, also when the inbox has long forgotten the command.
    assert_eq!(world.count("SELECT count(*) FROM room.outcome").await, 0);
    sqlx::query("DELETE FROM room.inbox").execute(world.db.pool()).await.unwrap();
    let (slip, bet) = &taps[7];
    let before = world.outcomes(*slip);
    world.send(*slip, bet, ":third").await;
    eventually("told again", async || world.outcomes(*slip).len() > before.len()).await;
    assert!(world.outcomes(*slip).iter().all(|outcome| *outcome == before[0]));
    assert_eq!(world.bets(room).await, [ACCEPTED; 40]);
}

#[tokio::test(flavor = "multi_thread")]
async fn five_users_on_the_last_seat_make_one_bet() {
    let mut world = World::start(&[("ROOM_MAX_PLAYERS", "2")]).await;
    world.replica().await;
    for _ in 0..5 {
        let room = world.room().await;
        world.bet(room, 0).await.1.unwrap();
        let slips: Vec<Uuid> = (0..5).map(|_| Uuid::now_v7()).collect();
        let bets: Vec<PlaceBet> = slips.iter().map(|_| wager(room, Uuid::now_v7(), 1, STAKE)).collect();
        join_all(slips.iter().zip(&bets).map(|(slip, bet)| world.send(*slip, bet, ""))).await;
        assert_eq!(refusals(&world, &slips).await, [RefusalCode::BetRoomFull; 4]);
        assert_eq!(world.row(room).await, (2, vec![1, 1], vec![STAKE, STAKE], 0));
    }
}

#[tokio::test]
async fn refusals_name_their_number_and_stay() {
    let world = World::start(&[("ROOM_MAX_PLAYERS", "4")]).await;
    let room = world.room().await;
    let account = Uuid::now_v7();
    let slip = Uuid::now_v7();
    world.send(slip, &wager(room, account, 0, STAKE), "").await;
    world.outcome::<PlaceBetDone>(slip).await.unwrap();
    for _ in 0..2 {
        world.bet(room, 0).await.1.unwrap();
    }
    let guarded = PlaceBet { min_odds_percent: 2_001, ..wager(room, Uuid::now_v7(), 1, STAKE) };
    let cases = [
        (wager(room, Uuid::now_v7(), 1, 49_999_999), "BET_TOO_SMALL min=50000000 stake=49999999"),
        (wager(room, Uuid::now_v7(), 1, 5_000_000_001), "BET_TOO_LARGE max=5000000000 stake=5000000001"),
        (wager(room, Uuid::now_v7(), 2, STAKE), "BET_NO_SUCH_OUTCOME"),
        (wager(room, account, 1, STAKE), "BET_ALREADY_PLACED"),
        (wager(room, Uuid::now_v7(), 0, STAKE), "BET_SEATS_RESERVED outcome=0"),
        (wager(Uuid::now_v7(), Uuid::now_v7(), 0, STAKE), "NOT_FOUND"),
        (guarded, "MALFORMED field=min_odds"),
    ];
    for (bet, text) in cases {
        let slip = Uuid::now_v7();
        for attempt in ["", ":again"] {
            let before = world.outcomes(slip).len();
            world.send(slip, &bet, attempt).await;
            eventually("an outcome", async || world.outcomes(slip).len() > before).await;
            let refusal = world.outcomes(slip)[before].decided::<PlaceBetDone>().unwrap().unwrap_err();
            assert_eq!(refusal.to_string(), format!("REFUSAL_CODE_{text}"));
        }
    }
    assert_eq!(world.bets(room).await, [ACCEPTED; 3], "a refused bet leaves no row");
}

#[tokio::test]
async fn what_the_ledger_cannot_hold_is_refused_by_type() {
    let world = World::start(&[("ROOM_STAKE_MAX", "9223372036854775807")]).await;
    let room = world.room().await;
    let bet = async |outcome, stake| {
        let slip = Uuid::now_v7();
        world.send(slip, &wager(room, Uuid::now_v7(), outcome, stake), "").await;
        world.outcome::<PlaceBetDone>(slip).await.map_err(|refusal| refusal.code)
    };
    bet(0, i64::MAX - STAKE).await.unwrap();
    assert_eq!(bet(1, STAKE + 1).await.unwrap_err(), RefusalCode::BetPoolOverflow);
    // Up to the last lamport, pending stakes counted.
    world.silence_wallet();
    let last = world.pending_bet(room, 1).await;
    assert_eq!(bet(1, 50_000_000).await.unwrap_err(), RefusalCode::BetPoolOverflow);
    world.decide(last, StakeState::Held, None).await;
    world.outcome::<PlaceBetDone>(last).await.unwrap();
    assert_eq!(world.row(room).await.2, [i64::MAX - STAKE, STAKE]);
}

#[tokio::test]
async fn a_stake_the_wallet_refuses_frees_its_seat() {
    let world = World::start(&[("ROOM_MAX_PLAYERS", "2")]).await;
    world.silence_wallet();
    let room = world.room().await;
    let (account, slip) = (Uuid::now_v7(), Uuid::now_v7());
    world.send(slip, &wager(room, account, 0, STAKE), "").await;
    eventually("the hold is asked for", async || world.asked(slip) > 0).await;
    assert_eq!(world.row(room).await, (2, vec![1, 0], vec![0, 0], 1), "a pending bet has a seat and no pool");
    assert_eq!(world.outcomes(slip), []);
    world.decide(slip, StakeState::Refused, Some(RefusalCode::BetNotEnough)).await;
    assert_eq!(refusals(&world, &[slip]).await, [RefusalCode::BetNotEnough]);
    assert_eq!(world.row(room).await, (2, vec![0, 0], vec![0, 0], 0));

    // The slip is used up, the user is not.
    world.send(slip, &wager(room, account, 0, STAKE), ":again").await;
    eventually("refused again", async || world.outcomes(slip).len() == 2).await;
    assert_eq!(world.outcomes(slip)[0], world.outcomes(slip)[1]);
    let second = Uuid::now_v7();
    world.send(second, &wager(room, account, 1, STAKE), "").await;
    eventually("the hold is asked for", async || world.asked(second) > 0).await;
    world.decide(second, StakeState::Held, None).await;
    world.outcome::<PlaceBetDone>(second).await.unwrap();
    // The first decision again, and another one of the second: the wallet has spoken.
    world.decide(slip, StakeState::Held, None).await;
    world.decide(second, StakeState::Refused, Some(RefusalCode::BetNotEnough)).await;
    let third = world.pending_bet(room, 0).await;
    world.decide(third, StakeState::Held, None).await;
    world.outcome::<PlaceBetDone>(third).await.unwrap();
    assert_eq!(world.bets(room).await, [REFUSED, ACCEPTED, ACCEPTED]);
    assert_eq!(world.row(room).await, (2, vec![1, 1], vec![STAKE, STAKE], 0));
}

#[tokio::test]
async fn a_queuing_room_opens_with_its_last_missing_player() {
    let world = World::start(&[]).await;
    world.silence_wallet();
    let room = Uuid::from_slice(&world.open(&touch("165")).await.unwrap().room_id).unwrap();
    sqlx::query("UPDATE room.room SET min_players = 2, state = 1")
        .execute(world.db.superuser())
        .await
        .unwrap();
    let bets = [world.pending_bet(room, 0).await, world.pending_bet(room, 1).await];
    world.decide(bets[0], StakeState::Held, None).await;
    world.outcome::<PlaceBetDone>(bets[0]).await.unwrap();
    assert_eq!(world.row(room).await.0, 1, "seats taken do not open a room, accepted bets do");
    world.decide(bets[1], StakeState::Held, None).await;
    world.outcome::<PlaceBetDone>(bets[1]).await.unwrap();
    assert_eq!(world.row(room).await, (2, vec![1, 1], vec![STAKE, STAKE], 0));
}

/// A refused bet leaves its player's only place in the room before the next one takes it, also
/// within one transaction.
#[tokio::test]
async fn a_refusal_and_the_next_attempt_may_share_a_batch() {
    let world = World::start(&[]).await;
    world.silence_wallet();
    let (room, other) = (world.room().await, world.room().await);
    // Nothing is repeated while the clock stands and oracle-svc has answered.
    for room in [room, other] {
        world.tell(&WatchRegistered { room_id: room.as_bytes().to_vec() }).await;
    }
    eventually("watched", async || world.count("SELECT count(*) FROM room.issued").await == 0).await;
    world.stop_clock(world.lock_at(room).await - Duration::from_secs(60)).await;
    let (account, first, second) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
    world.send(first, &wager(room, account, 0, STAKE), "").await;
    eventually("the hold is asked for", async || world.asked(first) > 0).await;
    let frames = "SELECT count(*) FROM room.outbox";
    let before = world.count(frames).await;

    let barrier = world.barrier().await;
    let elsewhere = Uuid::now_v7();
    world.send(elsewhere, &wager(other, Uuid::now_v7(), 0, STAKE), "").await;
    eventually("the service waits", async || world.waiting().await == 1).await;
    world.decide(first, StakeState::Refused, Some(RefusalCode::BetNotEnough)).await;
    world.taken().await;
    world.send(second, &wager(room, account, 1, STAKE), "").await;
    world.taken().await;
    barrier.commit().await.unwrap();
    assert_eq!(refusals(&world, &[first]).await, [RefusalCode::BetNotEnough]);
    eventually("the hold is asked for", async || world.asked(second) > 0).await;
    assert_eq!(world.row(room).await, (2, vec![0, 1], vec![0, 0], 1));
    assert_eq!(world.count(frames).await, before + 2, "one frame for what waited, one for both");
}
