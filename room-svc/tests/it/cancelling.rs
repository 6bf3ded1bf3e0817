//! Taking back: a bet by its owner within seconds, a room by its host while it is the host's alone.

use crate::{
    eventually,
    world::{STAKE, World, taking_back, touch, wager},
};
use futures::future::join_all;
use proto::{
    Decided,
    common::RefusalCode,
    room::{
        BetState, CancelBet, CancelBetDone, CancelRoom, CancelRoomDone, FreezeRoom, ListBetsRequest,
        PlaceBet, PlaceBetDone, RoomFrozen, RoomState, VoidReason,
    },
    settlement::{ResolveRoom, RoomDecided, Verdict},
    wallet::{ReleaseStakes, StakeDecision, StakeState, StakesDecided},
};
use std::time::Duration;
use uuid::Uuid;

const MILLISECOND: Duration = Duration::from_millis(1);
const WITHIN: Duration = Duration::from_secs(5);
const ACCEPTED: i16 = BetState::Accepted as i16;
const CANCELLED: i16 = BetState::Cancelled as i16;

fn code<T: std::fmt::Debug>(decided: Decided<T>) -> RefusalCode {
    decided.unwrap_err().code
}

/// Every stake that wallet-svc was asked to give back.
fn released(world: &World) -> Vec<Vec<u8>> {
    let mut bets: Vec<Vec<u8>> = world
        .told::<ReleaseStakes>()
        .into_iter()
        .flat_map(|list| list.items)
        .map(|item| item.bet_id)
        .collect();
    bets.sort();
    bets.dedup();
    bets
}

#[tokio::test]
async fn a_bet_is_taken_back_once_and_placed_anew() {
    let world = World::start(&[]).await;
    let room = world.room().await;
    let at = world.well_before_lock(room).await;
    let bet = wager(room, Uuid::now_v7(), 0, STAKE);
    let (first, placed) = world.place(&bet).await;
    placed.unwrap();
    world.stop_clock(at + WITHIN - MILLISECOND).await;

    let id = Uuid::now_v7();
    world.send(id, &taking_back(first, &bet), "").await;
    let cancelled = world.outcome::<CancelBetDone>(id).await.unwrap().bet.unwrap();
    assert_eq!((cancelled.state(), &*cancelled.bet_id), (BetState::Cancelled, &first.as_bytes()[..]));
    assert_eq!(world.row(room).await, (2, vec![0, 0], vec![0, 0], 0));
    eventually("release asked for", async || released(&world) == [first.as_bytes().to_vec()]).await;

    // The same command again, and another one: it is gone.
    world.send(id, &taking_back(first, &bet), ":again").await;
    eventually("told again", async || world.outcomes(id).len() == 2).await;
    assert_eq!(world.outcomes(id)[0], world.outcomes(id)[1]);
    assert_eq!(code(world.cancel(first, &bet).await), RefusalCode::BetNotCancellable);

    // One may bet again, on either side, and that stands.
    let anew = PlaceBet { outcome: 1, ..bet.clone() };
    let (second, placed) = world.place(&anew).await;
    placed.unwrap();
    let refusal = world.cancel(second, &anew).await.unwrap_err();
    assert_eq!(refusal.to_string(), "REFUSAL_CODE_BET_NOT_CANCELLABLE seconds=5");
    assert_eq!(code(world.place(&bet).await.1), RefusalCode::BetAlreadyPlaced);
    assert_eq!(world.bets(room).await, [CANCELLED, ACCEPTED]);
    assert_eq!(world.row(room).await, (2, vec![0, 1], vec![0, STAKE], 0));

    // wallet-svc is asked until it says so, and what was taken back is not listed.
    let item = StakeDecision {
        bet_id: first.as_bytes().to_vec(),
        room_id: bet.room_id.clone(),
        state: StakeState::Released.into(),
        refusal: None,
    };
    let issued = "SELECT count(*) FROM room.issued WHERE saga = 'release'";
    assert_eq!(world.count(issued).await, 1);
    world.tell(&StakesDecided { items: vec![item] }).await;
    eventually("nothing left to ask for", async || world.count(issued).await == 0).await;
    let mine = ListBetsRequest { account_id: bet.account_id.clone(), ..Default::default() };
    let mine = world.questions().list_bets(mine).await.unwrap().into_inner();
    assert_eq!((mine.total, &*mine.bets[0].bet_id), (1, &second.as_bytes()[..]));
}

#[tokio::test]
async fn a_millisecond_decides() {
    let world = World::start(&[]).await;
    let room = world.room().await;
    let lock_at = world.lock_at(room).await;
    let at = world.well_before_lock(room).await;
    let bets: Vec<PlaceBet> = (0..3).map(|_| wager(room, Uuid::now_v7(), 0, STAKE)).collect();
    let late = world.place(&bets[0]).await.0;
    world.stop_clock(at + WITHIN).await;
    assert_eq!(code(world.cancel(late, &bets[0]).await), RefusalCode::BetNotCancellable);

    // The last minute before the lock ends it earlier.
    let minute = lock_at - Duration::from_secs(60);
    world.stop_clock(minute - MILLISECOND).await;
    let before = world.place(&bets[1]).await.0;
    world.stop_clock(minute).await;
    let after = world.place(&bets[2]).await.0;
    for (slip, bet) in [(before, &bets[1]), (after, &bets[2])] {
        assert_eq!(code(world.cancel(slip, bet).await), RefusalCode::BetNotCancellable);
    }
    assert_eq!(world.bets(room).await, [ACCEPTED; 3]);
}

#[tokio::test]
async fn only_its_owner_and_only_here() {
    let world = World::start(&[]).await;
    let (room, other) = (world.room().await, world.room().await);
    world.well_before_lock(room).await;
    let bet = wager(room, Uuid::now_v7(), 0, STAKE);
    let slip = world.place(&bet).await.0;
    let stranger = wager(room, Uuid::now_v7(), 0, STAKE);
    let elsewhere = PlaceBet { room_id: other.as_bytes().to_vec(), ..bet.clone() };
    for (slip, bet) in [(slip, &stranger), (slip, &elsewhere), (Uuid::now_v7(), &bet)] {
        assert_eq!(code(world.cancel(slip, bet).await), RefusalCode::NotFound);
    }
    assert_eq!(world.bets(room).await, [ACCEPTED]);
}

/// Whoever takes back a bet whose hold is on its way gets an answer to both, and wallet-svc is asked to release what it
/// may come to hold.
#[tokio::test]
async fn a_pending_bet_is_taken_back_whatever_becomes_of_its_hold() {
    let world = World::start(&[]).await;
    world.silence_wallet();
    let room = world.room().await;
    world.well_before_lock(room).await;
    let bets: Vec<PlaceBet> = (0..2).map(|_| wager(room, Uuid::now_v7(), 0, STAKE)).collect();
    let slips: Vec<Uuid> = bets.iter().map(|_| Uuid::now_v7()).collect();
    for (slip, bet) in slips.iter().zip(&bets) {
        world.send(*slip, bet, "").await;
        eventually("the hold is asked for", async || world.asked(*slip) > 0).await;
        world.cancel(*slip, bet).await.unwrap();
        let placed = world.outcome::<PlaceBetDone>(*slip).await.unwrap().bet.unwrap();
        assert_eq!(placed.state(), BetState::Cancelled);
    }
    assert_eq!(world.row(room).await, (2, vec![0, 0], vec![0, 0], 0));
    world.decide(slips[0], StakeState::Held, None).await;
    world.decide(slips[1], StakeState::Refused, Some(RefusalCode::BetHoldLate)).await;
    // The other room proves that the decisions were looked at.
    let next = world.room().await;
    let bet = world.pending_bet(next, 0).await;
    world.decide(bet, StakeState::Held, None).await;
    world.outcome::<PlaceBetDone>(bet).await.unwrap();
    assert_eq!(world.row(room).await, (2, vec![0, 0], vec![0, 0], 0));
    assert_eq!(world.bets(room).await, [CANCELLED; 2]);
    eventually("both released", async || released(&world).len() == 2).await;
}

#[tokio::test]
async fn a_bet_taken_back_is_not_in_the_frozen_room_and_none_leaves_it() {
    let world = World::start(&[]).await;
    let room = world.room().await;
    world.well_before_lock(room).await;
    let bets: Vec<PlaceBet> = (0..3).map(|index| wager(room, Uuid::now_v7(), index % 2, STAKE)).collect();
    let mut slips = Vec::new();
    for bet in &bets {
        slips.push(world.place(bet).await.0);
    }
    world.cancel(slips[0], &bets[0]).await.unwrap();
    world.send(Uuid::now_v7(), &FreezeRoom { room_id: room.as_bytes().to_vec() }, "").await;
    eventually("frozen", async || !world.told::<RoomFrozen>().is_empty()).await;
    let frozen = world.told::<RoomFrozen>()[0].clone();
    assert_eq!((frozen.bet_count, frozen.pools_lamports), (2, vec![STAKE, STAKE]));
    // The clock stands still, so that it would not be too late for it.
    assert_eq!(code(world.cancel(slips[1], &bets[1]).await), RefusalCode::BetNotCancellable);
    let sql = "UPDATE room.bet SET state = 7 WHERE state = 2";
    let error = sqlx::query(sql).execute(world.db.pool()).await.unwrap_err();
    assert_eq!(error.as_database_error().unwrap().code().unwrap(), "23514");
}

/// Both replicas at once: each bet is given back once, whoever was asked and however often.
#[tokio::test(flavor = "multi_thread")]
async fn two_replicas_take_a_bet_back_once() {
    let mut world = World::start(&[("ROOM_MAX_PLAYERS", "100")]).await;
    world.replica().await;
    let room = world.room().await;
    world.well_before_lock(room).await;
    let bets: Vec<PlaceBet> = (0..40).map(|index| wager(room, Uuid::now_v7(), index % 2, STAKE)).collect();
    let slips: Vec<Uuid> = join_all(bets.iter().map(|bet| async { world.place(bet).await.0 })).await;
    let commands: Vec<(Uuid, CancelBet)> = slips
        .iter()
        .zip(&bets)
        .flat_map(|(slip, bet)| [(); 2].map(|()| (Uuid::now_v7(), taking_back(*slip, bet))))
        .collect();
    join_all(commands.iter().map(|(id, command)| world.send(*id, command, ""))).await;
    let decided = join_all(commands.iter().map(|(id, _)| world.outcome::<CancelBetDone>(*id))).await;
    assert_eq!(decided.iter().filter(|outcome| outcome.is_ok()).count(), 40);
    assert_eq!(world.bets(room).await, [CANCELLED; 40]);
    assert_eq!(world.row(room).await, (2, vec![0, 0], vec![0, 0], 0));
    eventually("each released", async || released(&world).len() == 40).await;
    assert_eq!(world.count("SELECT count(*) FROM room.dead_letter").await, 0);
    assert_eq!(world.deadlocks().await, 0);
}

async fn cancel_room(world: &World, room: Uuid, host: &[u8]) -> (Uuid, Decided<CancelRoomDone>) {
    let command = CancelRoom { room_id: room.as_bytes().to_vec(), host_account_id: host.to_vec() };
    let id = Uuid::now_v7();
    world.send(id, &command, "").await;
    (id, world.outcome(id).await)
}

#[tokio::test]
async fn a_host_takes_back_a_room_that_is_the_hosts_alone() {
    let world = World::start(&[]).await;
    let request = touch("165");
    let host = request.host_account_id.clone();
    let room = Uuid::from_slice(&world.open(&request).await.unwrap().room_id).unwrap();
    world.well_before_lock(room).await;
    assert_eq!(code(cancel_room(&world, room, Uuid::now_v7().as_bytes()).await.1), RefusalCode::NotFound);
    let guest = wager(room, Uuid::now_v7(), 1, STAKE);
    let slip = world.place(&guest).await.0;
    world
        .place(&PlaceBet { account_id: host.clone(), ..wager(room, Uuid::now_v7(), 0, STAKE) })
        .await
        .1
        .unwrap();
    assert_eq!(code(cancel_room(&world, room, &host).await.1), RefusalCode::RoomNotCancellable);

    // What the guest took back does not count; the host's own bet does not matter.
    world.cancel(slip, &guest).await.unwrap();
    let (id, done) = cancel_room(&world, room, &host).await;
    assert_eq!(done.unwrap().room.unwrap().state(), RoomState::Locked);
    let void = Verdict { void_reason: VoidReason::HostCancel.into(), ..Default::default() };
    eventually("void asked for", async || !world.told::<ResolveRoom>().is_empty()).await;
    for told in world.told::<ResolveRoom>() {
        assert_eq!(told, ResolveRoom { room_id: room.as_bytes().to_vec(), verdict: Some(void.clone()) });
    }
    assert_eq!(code(world.bet(room, 1).await.1), RefusalCode::BetLocked);
    assert_eq!(code(cancel_room(&world, room, &host).await.1), RefusalCode::RoomNotCancellable);
    let before = world.outcomes(id).len();
    let command = CancelRoom { room_id: room.as_bytes().to_vec(), host_account_id: host };
    world.send(id, &command, ":again").await;
    eventually("told again", async || world.outcomes(id).len() > before).await;
    assert_eq!(world.outcomes(id)[0], world.outcomes(id)[before]);

    world.tell(&RoomDecided { room_id: room.as_bytes().to_vec(), verdict: Some(void), version: 1 }).await;
    eventually("frozen", async || !world.told::<RoomFrozen>().is_empty()).await;
    assert_eq!(world.told::<RoomFrozen>()[0].pools_lamports, [STAKE, 0]);
    assert_eq!(world.count("SELECT count(*) FROM room.issued WHERE saga = 'resolve'").await, 0);
}

/// The host's own bet is marked wherever bets are told.
#[tokio::test]
async fn the_hosts_bet_is_marked() {
    let world = World::start(&[]).await;
    let request = touch("165");
    let room = Uuid::from_slice(&world.open(&request).await.unwrap().room_id).unwrap();
    let own = PlaceBet { account_id: request.host_account_id, ..wager(room, Uuid::now_v7(), 0, STAKE) };
    assert!(world.place(&own).await.1.unwrap().bet.unwrap().by_host);
    let guest = world.bet(room, 1).await.1.unwrap().bet.unwrap();
    assert!(!guest.by_host);
    let listing = ListBetsRequest { room_id: room.as_bytes().to_vec(), ..Default::default() };
    let bets = world.questions().list_bets(listing).await.unwrap().into_inner().bets;
    assert_eq!(bets.iter().filter(|bet| bet.by_host).count(), 1);
    assert_eq!(bets.iter().find(|bet| bet.by_host).unwrap().account_id, own.account_id);
}
