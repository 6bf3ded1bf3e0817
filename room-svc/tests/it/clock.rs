//! What the clock decides: the lock, holds that come late or never, rooms nobody bets against.

use crate::{
    eventually,
    world::{STAKE, World, wager},
};
use proto::{
    common::RefusalCode,
    room::{PlaceBetDone, RoomFrozen, VoidReason},
    settlement::{ResolveRoom, RoomDecided, Verdict},
    wallet::{ReleaseStakes, StakeDecision, StakeState, StakesDecided},
};
use std::time::Duration;
use uuid::Uuid;

const MILLISECOND: Duration = Duration::from_millis(1);
const LOCKED: i16 = 3;
const SETTLING: i16 = 4;

#[tokio::test]
async fn a_millisecond_decides() {
    let world = World::start(&[]).await;
    let room = world.room().await;
    let lock_at = world.lock_at(room).await;
    world.stop_clock(lock_at - MILLISECOND).await;
    let accepted = world.bet(room, 0).await.1.unwrap().bet.unwrap().accepted_at;
    assert_eq!(accepted, Some(proto::timestamp(lock_at - MILLISECOND)));
    world.stop_clock(lock_at + MILLISECOND).await;
    let refusal = world.bet(room, 1).await.1.unwrap_err();
    assert_eq!(refusal.to_string(), format!("REFUSAL_CODE_BET_LOCKED lock_at={}", lock_at.unix_timestamp()));
}

/// What happens while a transaction waits for a lock happens before it.
#[tokio::test]
async fn a_bet_is_dated_by_its_decision_and_not_by_the_begin_of_its_transaction() {
    let world = World::start(&[]).await;
    let room = world.room().await;
    let lock_at = world.lock_at(room).await;
    world.stop_clock(lock_at - Duration::from_secs(1)).await;
    let mut holder = world.db.superuser().begin().await.unwrap();
    sqlx::query("SELECT FROM room.room WHERE id = $1 FOR UPDATE")
        .bind(room)
        .execute(&mut *holder)
        .await
        .unwrap();
    let slip = Uuid::now_v7();
    world.send(slip, &wager(room, Uuid::now_v7(), 0, STAKE), "").await;
    eventually("its transaction waits for the room", async || world.waiting().await == 1).await;
    world.stop_clock(lock_at + MILLISECOND).await;
    holder.commit().await.unwrap();
    let refusal = world.outcome::<PlaceBetDone>(slip).await.unwrap_err();
    assert_eq!(refusal.code, RefusalCode::BetLocked);
    assert_eq!(world.row(room).await.1, [0, 0]);
}

#[tokio::test]
async fn holds_are_asked_for_until_they_are_answered() {
    let world = World::start(&[]).await;
    world.silence_wallet();
    let room = world.room().await;
    let bet = world.pending_bet(room, 0).await;
    eventually("asked three times", async || world.asked(bet) > 2).await;
    world.decide(bet, StakeState::Held, None).await;
    world.outcome::<PlaceBetDone>(bet).await.unwrap();
    // Each answer to each question may come too.
    for _ in 0..2 {
        world.decide(bet, StakeState::Held, None).await;
    }
    let other = world.pending_bet(room, 1).await;
    world.decide(other, StakeState::Held, None).await;
    world.outcome::<PlaceBetDone>(other).await.unwrap();
    assert_eq!(world.row(room).await, (2, vec![1, 1], vec![STAKE, STAKE], 0));
    assert_eq!(world.outcomes(bet).len(), 1);
}

#[tokio::test]
async fn a_hold_that_is_late_frees_the_seat_and_is_released() {
    let world = World::start(&[]).await;
    let room = world.room().await;
    world.bet(room, 0).await.1.unwrap();
    world.silence_wallet();
    let late = world.pending_bet(room, 1).await;
    let lock_at = world.lock_at(room).await;
    world.stop_clock(lock_at + Duration::from_secs(5) - MILLISECOND).await;
    eventually("locked", async || world.row(room).await.0 == LOCKED).await;
    // Holds are asked for once a second, late ones are looked for twice.
    let asked = world.asked(late);
    eventually("two more rounds", async || world.asked(late) > asked + 1).await;
    assert_eq!(world.row(room).await, (LOCKED, vec![1, 1], vec![STAKE, 0], 1), "within its grace");

    world.stop_clock(lock_at + Duration::from_secs(5) + MILLISECOND).await;
    let refusal = world.outcome::<PlaceBetDone>(late).await.unwrap_err();
    assert_eq!(refusal.code, RefusalCode::BetHoldLate);
    assert_eq!(world.row(room).await, (LOCKED, vec![1, 0], vec![STAKE, 0], 0));
    eventually("release asked for", async || !world.told::<ReleaseStakes>().is_empty()).await;
    let release = world.told::<ReleaseStakes>()[0].items[0].clone();
    assert_eq!(
        (release.bet_id.as_slice(), release.room_id.as_slice()),
        (late.as_bytes().as_slice(), room.as_bytes().as_slice())
    );

    // The hold succeeds after all, then its release: the bet stays refused.
    world.decide(late, StakeState::Held, None).await;
    let released = StakeDecision {
        bet_id: release.bet_id,
        room_id: release.room_id,
        state: StakeState::Released.into(),
        refusal: None,
    };
    world.tell(&StakesDecided { items: vec![released] }).await;
    let releases = "SELECT count(*) FROM room.issued WHERE saga = 'release'";
    eventually("no release left to ask for", async || world.count(releases).await == 0).await;
    assert_eq!(world.row(room).await, (LOCKED, vec![1, 0], vec![STAKE, 0], 0));
    assert_eq!(world.outcomes(late).len(), 1);
}

#[tokio::test]
async fn a_room_without_opposition_is_void_when_its_last_bet_is_decided() {
    let world = World::start(&[]).await;
    let (alone, opposed) = (world.room().await, world.room().await);
    world.bet(alone, 0).await.1.unwrap();
    world.bet(opposed, 0).await.1.unwrap();
    world.silence_wallet();
    let last = [world.pending_bet(alone, 1).await, world.pending_bet(opposed, 1).await];
    let lock_at = world.lock_at(alone).await.max(world.lock_at(opposed).await);
    world.stop_clock(lock_at).await;
    eventually("locked", async || world.row(alone).await.0 == LOCKED && world.row(opposed).await.0 == LOCKED)
        .await;
    let verdicts = "SELECT count(*) FROM room.issued WHERE saga = 'resolve'";
    assert_eq!(world.count(verdicts).await, 0, "there may still be opposition");

    world.decide(last[0], StakeState::Refused, Some(RefusalCode::BetNotEnough)).await;
    world.decide(last[1], StakeState::Held, None).await;
    eventually("void at once", async || !world.told::<ResolveRoom>().is_empty()).await;
    world.outcome::<PlaceBetDone>(last[1]).await.unwrap();
    let void = Verdict { void_reason: VoidReason::NoOpposition.into(), ..Default::default() };
    for told in world.told::<ResolveRoom>() {
        assert_eq!(told, ResolveRoom { room_id: alone.as_bytes().to_vec(), verdict: Some(void.clone()) });
    }
    assert_eq!(world.count(verdicts).await, 1);
    assert_eq!(world.row(opposed).await, (LOCKED, vec![1, 1], vec![STAKE, STAKE], 0));

    // settlement-svc has it: nothing is left to be told, and the room is frozen for the refunds.
    world.tell(&RoomDecided { room_id: alone.as_bytes().to_vec(), verdict: Some(void), version: 1 }).await;
    eventually("frozen", async || !world.told::<RoomFrozen>().is_empty()).await;
    assert_eq!(world.count(verdicts).await, 0);
    assert_eq!(world.row(alone).await.0, SETTLING);
}

#[tokio::test]
async fn an_empty_room_is_void_at_its_lock() {
    let world = World::start(&[]).await;
    let room = world.room().await;
    world.db.advance(Duration::from_secs(3_601)).await.unwrap();
    eventually("void", async || !world.told::<ResolveRoom>().is_empty()).await;
    assert_eq!(world.told::<ResolveRoom>()[0].room_id, room.as_bytes());
    assert_eq!(world.row(room).await.0, LOCKED);
}
