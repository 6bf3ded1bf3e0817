//! A settlement from verdict to receipt, with nothing going wrong.

use crate::{
    eventually,
    room::{OPEN, Room, TOUCHED, touched, void},
    world::World,
};
use chassis::clock::monotonic;
use prost::Name;
use proto::{
    room::{Kind, VoidReason},
    settlement::{Fate, GetSettlementRequest, SettledBet, Verdict},
    timestamp,
    wallet::PostPayouts,
};
use time::Duration;

fn fates(bets: &[SettledBet]) -> Vec<(Fate, i64)> {
    bets.iter().map(|bet| (bet.fate(), bet.payout_lamports)).collect()
}

#[tokio::test]
async fn a_touched_room_is_settled() {
    let world = World::new().await;
    // 10 SOL against 5; one bet knew the result, one wanted better odds.
    let room = Room::new(1, Kind::Touch)
        .bet(0, "2")
        .bet(0, "4")
        .with(|bet| bet.accepted_at = Some(timestamp(TOUCHED - Duration::seconds(10))))
        .bet(1, "5")
        .bet(0, "3")
        .with(|bet| bet.min_odds_percent = 250)
        .bet(0, "8");
    world.open(&room);
    world.resolve(room.id, &touched()).await;
    world.anchored(&room).await;

    let traces = world.traces(&room).await;
    let expected = [
        (Fate::Won, 2_970_000_000),
        (Fate::PastPost, 4_000_000_000),
        (Fate::Lost, 0),
        (Fate::MinOdds, 3_000_000_000),
        (Fate::Won, 11_880_000_000),
    ];
    assert_eq!(fates(&traces.bets), expected);
    assert_eq!(traces.verdict, Some(touched()));
    assert_eq!(traces.pools, [10_000_000_000, 5_000_000_000]);
    let credited: Vec<i64> = traces.account.credits.values().copied().collect();
    assert_eq!(credited, expected.map(|(_, payout)| payout));
    let host = room.terms.host_account_id.clone();
    assert_eq!(traces.account.fees, Some((100_000_000, 50_000_000, host)));
    assert_eq!(credited.iter().sum::<i64>() + 150_000_000, room.stakes());
    assert_eq!(traces.account.chunks, [(0, 5)]);
    assert_eq!(traces.state, "SETTLEMENT_STATE_ANCHORED");
    assert_eq!(traces.signature, format!("signature-{}", room.id));
    assert_eq!(traces.bets[0].account_id, room.bets[0].account_id);

    let told = world.parties.told.lock().unwrap();
    assert_eq!(told.decided.len(), 1);
    assert_eq!(told.decided[0].verdict, Some(touched()));
    let part = &told.settled[&(room.id.bytes(), 0)];
    assert_eq!((part.room_number, part.parts, part.terms.as_ref()), (1, 1, Some(&room.terms)));
    assert!(part.settled_at.is_some());
}

#[tokio::test]
async fn a_room_that_ends_at_its_deadline_knows_no_late_bets() {
    let world = World::new().await;
    let room = Room::ordinary(1);
    let room = Room { terms: proto::room::Terms { kind: Kind::Close.into(), ..room.terms.clone() }, ..room };
    let no = Verdict { outcome: 1, observed_at: Some(timestamp(OPEN)), ..touched() };
    world.open(&room);
    world.resolve(room.id, &no).await;
    world.anchored(&room).await;
    let traces = world.traces(&room).await;
    // 5 against 10: a takeout of 0.3.
    assert_eq!(fates(&traces.bets), [(Fate::Lost, 0), (Fate::Lost, 0), (Fate::Won, 14_700_000_000)]);
}

#[tokio::test]
async fn every_void_gives_every_stake_back() {
    let world = World::new().await;
    let reasons = [
        VoidReason::Tie,
        VoidReason::OracleInsufficient,
        VoidReason::MinPlayers,
        VoidReason::HostCancel,
        VoidReason::OperatorVoid,
        VoidReason::ManipulationSuspected,
        VoidReason::Unresolved,
    ];
    for (number, reason) in (1..).zip(reasons) {
        let room = Room::ordinary(number);
        world.open(&room);
        world.resolve(room.id, &void(reason)).await;
        world.anchored(&room).await;
        let traces = world.traces(&room).await;
        assert!(traces.bets.iter().all(|bet| bet.fate() == Fate::RoomVoid));
        assert_eq!(traces.account.credits.values().sum::<i64>(), room.stakes());
        assert_eq!(traces.account.fees.as_ref().map(|fees| (fees.0, fees.1)), Some((0, 0)));
        assert_eq!(traces.verdict.map(|verdict| verdict.void_reason()), Some(reason));
    }
}

#[tokio::test]
async fn a_winner_without_opposition_gets_the_stake_back() {
    let world = World::new().await;
    let alone = Room::new(1, Kind::Touch).bet(0, "2").bet(0, "3");
    let empty = Room::new(2, Kind::Touch);
    for room in [&alone, &empty] {
        world.open(room);
        world.resolve(room.id, &touched()).await;
        world.anchored(room).await;
        let traces = world.traces(room).await;
        let verdict = traces.verdict.unwrap();
        assert_eq!(verdict.void_reason(), VoidReason::NoOpposition);
        assert_eq!(verdict.price, "165.02", "what the oracle saw is still told");
        assert_eq!(traces.account.credits.values().sum::<i64>(), room.stakes());
        assert_eq!(traces.account.chunks, [(0, room.bets.len())]);
    }
    let request = GetSettlementRequest { room_id: alone.id.bytes() };
    let answer = world.grpc().get_settlement(request).await.unwrap().into_inner();
    assert_eq!(answer.verdict.map(|verdict| verdict.void_reason()), Some(VoidReason::NoOpposition));
    assert_eq!((answer.protocol_fee_lamports, answer.host_fee_lamports), (0, 0));
}

#[tokio::test]
async fn the_first_verdict_stands() {
    let world = World::new().await;
    let room = Room::ordinary(1);
    world.open(&room);
    world.resolve(room.id, &touched()).await;
    world.anchored(&room).await;
    let before = world.traces(&room).await;

    let late = void(VoidReason::NoOpposition);
    world.resolve(room.id, &late).await;
    let told = || world.parties.told.lock().unwrap().decided.clone();
    eventually("the second sender is told", || async { told().len() == 2 }).await;
    assert!(told().iter().all(|decided| decided.verdict == Some(touched())));
    assert_eq!(world.traces(&room).await, before);
}

#[tokio::test]
async fn verdicts_of_one_batch_race_in_order() {
    let mut world = World::without_service("none").await;
    let room = Room::ordinary(1);
    world.open(&room);
    // Both wait in the stream when the service starts.
    world.resolve(room.id, &void(VoidReason::Tie)).await;
    world.resolve(room.id, &touched()).await;
    world.start().await;
    world.anchored(&room).await;
    assert_eq!(world.traces(&room).await.verdict, Some(void(VoidReason::Tie)));
}

fn crowd(bets: u32) -> Room {
    (0..bets).fold(Room::new(1, Kind::Touch), |room, number| {
        room.bet(u32::from(number % 3 == 0), &format!("0.{}", 5 + number % 94))
    })
}

#[tokio::test]
async fn thousands_of_bets_are_paid_in_chunks() {
    let world = World::new().await;
    let room = crowd(5_500);
    world.open(&room);
    let began = monotonic();
    world.resolve(room.id, &touched()).await;
    eventually("posted", || async {
        let ledger = world.parties.ledger.lock().unwrap();
        ledger.rooms.get(&room.id.bytes()).is_some_and(|room| room.fees.is_some())
    })
    .await;
    println!("{} bets: verdict to last credit in {:?}", room.bets.len(), began.elapsed());
    world.anchored(&room).await;

    let traces = world.traces(&room).await;
    assert_eq!(traces.account.chunks, [(0, 2_000), (1, 2_000), (2, 1_500)]);
    let (protocol, host, _) = traces.account.fees.unwrap();
    assert!(protocol > 0 && host > 0);
    assert_eq!(traces.account.credits.values().sum::<i64>() + protocol + host, room.stakes());
    let told: Vec<_> = traces.bets.iter().map(|bet| (bet.bet_id.clone(), bet.payout_lamports)).collect();
    assert_eq!(told, traces.account.credits.into_iter().collect::<Vec<_>>());
    assert_eq!(world.parts(&room).unwrap().len(), 3);
}

/// The ledger of these tests notes a last chunk that comes before another one.
#[tokio::test]
async fn the_last_chunk_waits_for_one_that_was_lost() {
    let world = World::new().await;
    let room = crowd(4_001);
    world.misbehave(|all| {
        all.lose.insert(PostPayouts::full_name(), 1);
    });
    world.open(&room);
    world.resolve(room.id, &touched()).await;
    world.anchored(&room).await;
    let traces = world.traces(&room).await;
    assert_eq!(traces.account.chunks, [(0, 2_000), (1, 2_000), (2, 1)]);
    let (protocol, host, _) = traces.account.fees.unwrap();
    assert_eq!(traces.account.credits.values().sum::<i64>() + protocol + host, room.stakes());
}

/// The verdict of a touch comes before the players: every stake goes back, and it is the room's own void that stands.
#[tokio::test]
async fn a_touch_of_a_room_that_still_queues_is_void() {
    let world = World::new().await;
    let mut room = Room::ordinary(1);
    room.terms.min_players = 4;
    world.open(&room);
    world.resolve(room.id, &touched()).await;
    world.anchored(&room).await;
    let traces = world.traces(&room).await;
    assert_eq!(traces.verdict, Some(void(VoidReason::MinPlayers)));
    let back = room.bets.iter().map(|bet| (Fate::RoomVoid, bet.stake_lamports)).collect::<Vec<_>>();
    assert_eq!(fates(&traces.bets), back);
    {
        let told = world.parties.told.lock().unwrap();
        let verdicts: Vec<_> = told.decided.iter().map(|told| told.verdict.clone().unwrap()).collect();
        assert_eq!(verdicts, [touched(), void(VoidReason::MinPlayers)]);
        assert!(told.decided[0].version < told.decided[1].version);
    }

    // With its players it is settled, and what was void anyway keeps its reason.
    let mut full = Room::ordinary(2);
    full.terms.min_players = 3;
    let mut tied = Room::ordinary(3);
    tied.terms.min_players = 4;
    for (room, verdict) in [(&full, touched()), (&tied, void(VoidReason::Tie))] {
        world.open(room);
        world.resolve(room.id, &verdict).await;
        world.anchored(room).await;
        assert_eq!(world.traces(room).await.verdict, Some(verdict));
    }
}
