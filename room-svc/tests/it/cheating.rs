//! Cheats that spec 2 names, as far as room-svc decides them: each is tried, and gains nothing.

use crate::{
    eventually, office,
    world::{STAKE, World, wager},
};
use proto::{
    common::RefusalCode,
    from_timestamp,
    room::{BetState, FreezeRoom, PlaceBet, PreviewBetRequest, RoomFrozen},
    wallet::ReleaseStakes,
};
use std::time::Duration;
use uuid::Uuid;

const WITHIN: Duration = Duration::from_secs(5);

/// Late money is riskless money: whoever waits until the result is all but known finds the room locked, by its terms and
/// whatever has run meanwhile.
#[tokio::test]
async fn late_money_is_refused() {
    let world = World::start(&[]).await;
    let room = world.room().await;
    let terms = world.shown(room).await.terms.unwrap();
    let [open, lock, deadline] =
        [&terms.open_at, &terms.lock_at, &terms.deadline].map(|at| from_timestamp(at.as_ref()).unwrap());
    assert!(deadline - lock >= (deadline - open) / 5);
    assert!(deadline - lock >= Duration::from_secs(300));
    for late in [lock, lock + Duration::from_secs(1), deadline - Duration::from_millis(1), deadline] {
        world.stop_clock(late).await;
        assert_eq!(world.bet(room, 0).await.1.unwrap_err().code, RefusalCode::BetLocked);
    }
    assert_eq!(world.row(room).await.1, [0, 0]);
}

/// Who takes all seats of one side keeps the last quarter free for the other, also by lending the other side a bet for
/// some seconds.
#[tokio::test]
async fn one_sided_seats_stay_free_for_the_other_side() {
    let world = World::start(&[]).await;
    let room = world.room().await;
    let at = world.well_before_lock(room).await;
    for _ in 0..7 {
        world.bet(room, 0).await.1.unwrap();
    }
    let refusal = world.bet(room, 0).await.1.unwrap_err();
    assert_eq!(refusal.to_string(), "REFUSAL_CODE_BET_SEATS_RESERVED outcome=0");

    let lent = wager(room, Uuid::now_v7(), 1, STAKE);
    let slip = world.place(&lent).await.0;
    for _ in 0..2 {
        world.bet(room, 0).await.1.unwrap();
    }
    world.cancel(slip, &lent).await.unwrap();
    let refusal = world.bet(room, 0).await.1.unwrap_err();
    assert_eq!(
        refusal.code,
        RefusalCode::BetSeatsReserved,
        "the seat that was lent is not for their own side"
    );
    world.stop_clock(at + WITHIN).await;
    world.bet(room, 1).await.1.unwrap();
    assert_eq!(world.row(room).await.1, [9, 1]);
}

/// Who sees the price touched on another venue, before the room knows, may take a bet back that is younger than five
/// seconds. Past-post voids every bet of the last ten anyway, so that the stake comes back either way and nothing else
/// does.
#[tokio::test]
async fn a_bet_taken_back_after_a_touch_elsewhere_gains_nothing() {
    let world = World::start(&[]).await;
    let room = world.room().await;
    let terms = world.shown(room).await.terms.unwrap();
    let at = world.well_before_lock(room).await;
    world.bet(room, 0).await.1.unwrap();
    let against = wager(room, Uuid::now_v7(), 1, STAKE);
    let older = wager(room, Uuid::now_v7(), 1, STAKE);
    let old = world.place(&older).await.0;
    world.stop_clock(at + WITHIN).await;
    let slip = world.place(&against).await.0;

    // The price is touched elsewhere now. Each bet that can still be taken back is within the past-post time.
    let touched = at + 2 * WITHIN - Duration::from_millis(1);
    world.stop_clock(touched).await;
    let past_post = Duration::from_secs(terms.past_post_seconds.into());
    assert!(touched - past_post < at + WITHIN);
    world.cancel(slip, &against).await.unwrap();
    assert_eq!(world.cancel(old, &older).await.unwrap_err().code, RefusalCode::BetNotCancellable);
    eventually("given back", async || !world.told::<ReleaseStakes>().is_empty()).await;
    assert_eq!(world.told::<ReleaseStakes>()[0].items[0].bet_id, slip.as_bytes());

    // The touch is confirmed: from here on nothing is taken back, however young.
    let young = wager(room, Uuid::now_v7(), 1, STAKE);
    let last = world.place(&young).await.0;
    world.send(Uuid::now_v7(), &FreezeRoom { room_id: room.as_bytes().to_vec() }, "").await;
    eventually("frozen", async || !world.told::<RoomFrozen>().is_empty()).await;
    assert_eq!(world.cancel(last, &young).await.unwrap_err().code, RefusalCode::BetNotCancellable);
    let frozen = world.told::<RoomFrozen>()[0].clone();
    assert_eq!((frozen.bet_count, frozen.pools_lamports), (3, vec![STAKE, 2 * STAKE]));
    let states = [BetState::Accepted, BetState::Accepted, BetState::Cancelled, BetState::Accepted];
    assert_eq!(world.bets(room).await, states.map(|state| state as i16));
}

/// A large stake with a guard that cannot hold would make the other side look well paid and never count itself. It is
/// refused; and where its guard fails later, it is gone from what others are shown.
#[tokio::test]
async fn spoofed_guards_move_no_odds() {
    let world = World::start(&[]).await;
    let room = world.room().await;
    let at = world.well_before_lock(room).await;
    world.bet(room, 0).await.1.unwrap();
    world.bet(room, 1).await.1.unwrap();
    world.stop_clock(at + WITHIN).await;
    let spoof =
        |stake, percent| PlaceBet { min_odds_percent: percent, ..wager(room, Uuid::now_v7(), 1, stake) };
    // 5 SOL against 0.1: with its own impact it pays next to nothing.
    assert_eq!(world.place(&spoof(50 * STAKE, 103)).await.1.unwrap_err().code, RefusalCode::BetMinOdds);
    // One that just holds, until somebody joins its side.
    world.place(&spoof(2 * STAKE, 132)).await.1.unwrap();
    world.bet(room, 1).await.1.unwrap();
    world.stop_clock(at + 2 * WITHIN).await;
    let preview = PreviewBetRequest { room_id: room.as_bytes().to_vec(), outcome: 0, stake_lamports: STAKE };
    let preview = world.questions().preview_bet(preview).await.unwrap().into_inner();
    assert_eq!(preview.room.unwrap().pools_lamports, [STAKE, 2 * STAKE]);
    // 200 less fees, shared by 200: as without the spoof, which would have made it 388.
    assert_eq!(preview.payout_lamports, STAKE + 97 * STAKE / 100);
}

/// On mainnet nobody who judges has a stake.
#[tokio::test]
async fn operators_do_not_bet_where_money_is_real() {
    let operator = Uuid::now_v7();
    let pair = format!("{}={operator}", office::key(&office::operators()[0]));
    let key = "07".repeat(32);
    let mainnet = [("NETWORK", "mainnet"), ("OPERATOR_ACCOUNTS", pair.as_str()), ("GRPC_SERVICE_KEY", &key)];
    let mut world = World::without_oracle(&mainnet).await;
    // A service on mainnet takes no clock but the database's own.
    let clock = "CREATE OR REPLACE FUNCTION room.db_clock() RETURNS timestamptz LANGUAGE sql VOLATILE
                 AS 'SELECT clock_timestamp()'";
    sqlx::query(clock).execute(world.db.superuser()).await.unwrap();
    world.serve_oracle();
    world.serve_wallet();
    world.replica().await;
    let room = world.room().await;
    let refusal = world.place(&wager(room, operator, 0, STAKE)).await.1.unwrap_err();
    assert_eq!(refusal.to_string(), "REFUSAL_CODE_BET_OPERATOR");
    world.bet(room, 0).await.1.unwrap();
}
