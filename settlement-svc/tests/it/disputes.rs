//! Players dispute a result, operators judge: the result stands, or every losing stake is repaid once.

use crate::{
    eventually, faults,
    office::{ADA, ANN, BOB, EVE, Office},
    room::{Room, touched, void},
    world::World,
};
use futures::{StreamExt, future::join_all, stream};
use prost::Name;
use proto::{
    Refusal,
    common::{Page, RefusalCode},
    room::{Kind, VoidReason},
    settlement::{
        Dispute, DisputeState, JudgeDispute, JudgeDisputeDone, Judgement, ListDisputesRequest, OpenDispute,
        OpenDisputeDone,
    },
    wallet::RefundStakes,
};
use std::{collections::BTreeMap, time::Duration};
use uuid::Uuid;

/// An ordinary room with a day for disputes.
fn disputable(number: u32) -> Room {
    let mut room = Room::ordinary(number);
    room.terms.dispute_seconds = 86_400;
    room
}

async fn settled(world: &World, room: &Room) {
    world.open(room);
    world.resolve(room.id, &touched()).await;
    world.anchored(room).await;
}

fn code<T: std::fmt::Debug>(refused: Result<T, Refusal>) -> RefusalCode {
    refused.unwrap_err().code
}

/// The states that the disputes of a room were told in, and who heard of a refund of how much.
fn told(world: &World, room: &Room) -> (Vec<Vec<DisputeState>>, BTreeMap<Vec<u8>, i64>) {
    let told = world.parties.told.lock().unwrap();
    assert_eq!(told.contradictions, 0);
    let of_room =
        |states: &&BTreeMap<u64, Dispute>| states.values().all(|one| one.room_id == room.id.bytes());
    let disputes = told.disputes.values().filter(of_room);
    let states = disputes.map(|states| states.values().map(Dispute::state).collect()).collect();
    let parts = told.corrected.values().filter(|part| part.room_id == room.id.bytes());
    let repaid = parts.flat_map(|part| &part.bets).map(|bet| (bet.account_id.clone(), bet.lamports));
    (states, repaid.collect())
}

/// Waits until all parts of a refund are told.
async fn corrected(world: &World, room: &Room) {
    eventually("corrected", || async {
        let told = world.parties.told.lock().unwrap();
        let parts: Vec<_> = told.corrected.values().filter(|part| part.room_id == room.id.bytes()).collect();
        parts.first().is_some_and(|first| parts.len() == first.parts as usize)
    })
    .await;
}

async fn refunded(office: &Office<'_>, room: &Room) {
    office.judge(ANN, room.id, Judgement::Refund).await.unwrap();
    office.judge(BOB, room.id, Judgement::Refund).await.unwrap();
    corrected(office.world, room).await;
}

#[tokio::test]
async fn a_player_disputes_once_and_in_time() {
    let world = World::new().await;
    let office = Office::open(&world).await;
    let (room, unsettled) = (disputable(1), disputable(2));
    world.open(&unsettled);
    assert_eq!(code(office.dispute(&unsettled, 0).await), RefusalCode::NotFound);
    settled(&world, &room).await;
    let mut stranger = room.clone();
    stranger.bets[0].account_id = EVE.account();
    assert_eq!(code(office.dispute(&stranger, 0).await), RefusalCode::DisputeNotAPlayer);
    for text in [String::new(), " \n ".to_owned(), "x".repeat(501)] {
        let (room_id, account_id) = (room.id.bytes(), room.bets[2].account_id.clone());
        let refused = office.obeyed::<OpenDisputeDone>(&OpenDispute { room_id, account_id, text }).await;
        assert_eq!(code(refused), RefusalCode::Malformed);
    }

    let dispute = office.dispute(&room, 2).await.unwrap();
    assert_eq!((dispute.state(), dispute.version), (DisputeState::Open, 1));
    assert_eq!(code(office.dispute(&room, 2).await), RefusalCode::DisputeTwice);
    // A winner may find it wrong, too.
    office.dispute(&room, 0).await.unwrap();
    world.db.advance(Duration::from_secs(86_400)).await.unwrap();
    assert_eq!(code(office.dispute(&room, 1).await), RefusalCode::DisputeLate);
    eventually("told", || async { told(&world, &room).0.len() == 2 }).await;

    let list = async |state: DisputeState, page| {
        let request = ListDisputesRequest { state: state.into(), page: Some(page) };
        office.client().await.list_disputes(request).await.unwrap().into_inner()
    };
    let first = list(DisputeState::Open, Page { size: 1, token: String::new() }).await;
    let second = list(DisputeState::Open, Page { size: 1, token: first.next_page_token.clone() }).await;
    assert_eq!(second.next_page_token, "");
    let listed = [first.disputes, second.disputes].concat();
    assert_eq!(listed.len(), 2);
    assert_eq!(listed[1], dispute, "newest first");
    assert_eq!(list(DisputeState::Upheld, Page::default()).await.disputes, []);
}

#[tokio::test]
async fn two_operators_uphold_a_result() {
    let world = World::new().await;
    let office = Office::open(&world).await;
    let room = disputable(1);
    settled(&world, &room).await;
    assert_eq!(code(office.judge(ANN, room.id, Judgement::Uphold).await), RefusalCode::DisputeClosed);
    for bet in [0, 2] {
        office.dispute(&room, bet).await.unwrap();
    }
    let first = office.judge(ANN, room.id, Judgement::Uphold).await.unwrap();
    let refund_lamports = 5_000_000_000;
    let waits = JudgeDisputeDone { judgements: 1, needed: 2, admin_needed: false, refund_lamports };
    assert_eq!(first, waits);
    assert_eq!(office.judge(ANN, room.id, Judgement::Uphold).await.unwrap().judgements, 1, "twice is once");
    assert_eq!(office.judge(BOB, room.id, Judgement::Refund).await.unwrap().judgements, 1, "another thing");
    assert_eq!(code(office.judge(EVE, room.id, Judgement::Uphold).await), RefusalCode::OperatorSignature);
    let last = office.judge(BOB, room.id, Judgement::Uphold).await.unwrap();
    assert_eq!(last.judgements, 2);
    let upheld = vec![DisputeState::Open, DisputeState::Upheld];
    eventually("told", || async { told(&world, &room).0 == [upheld.clone(), upheld.clone()] }).await;
    for dispute in world.parties.told.lock().unwrap().disputes.values() {
        assert!(dispute[&2].reason.starts_with("we looked at it"));
    }
    // It is judged: for good, and for everybody.
    assert_eq!(code(office.judge(ANN, room.id, Judgement::Refund).await), RefusalCode::DisputeClosed);
    assert_eq!(code(office.dispute(&room, 1).await), RefusalCode::DisputeClosed);
    assert!(world.parties.ledger.lock().unwrap().rooms[&room.id.bytes()].refunds.is_empty());
}

#[tokio::test]
async fn a_refund_repays_every_losing_stake_and_leaves_winners_theirs() {
    let world = World::new().await;
    let office = Office::open(&world).await;
    let room = disputable(1);
    settled(&world, &room).await;
    let before = world.traces(&room).await;
    office.dispute(&room, 2).await.unwrap();
    refunded(&office, &room).await;

    let loser = BTreeMap::from([(room.bets[2].account_id.clone(), 5_000_000_000)]);
    let states = vec![DisputeState::Open, DisputeState::Refunding, DisputeState::Refunded];
    eventually("told", || async { told(&world, &room) == (vec![states.clone()], loser.clone()) }).await;
    let mut after = world.traces(&room).await;
    let repaid = std::mem::take(&mut after.account.refunds);
    assert_eq!(repaid, BTreeMap::from([(room.bets[2].bet_id.clone(), 5_000_000_000)]));
    assert_eq!(after, before, "the room stays settled as it was");
    let log: Vec<String> = sqlx::query_scalar(
        "SELECT action FROM settlement.audit WHERE action NOT IN ('decide_room', 'settle_room') ORDER BY id",
    )
    .fetch_all(world.db.pool())
    .await
    .unwrap();
    assert_eq!(log, ["open_dispute", "judge_dispute", "judge_dispute", "operators_judged", "correct_room"]);
}

#[tokio::test]
async fn a_large_refund_needs_an_admin_besides() {
    let world = World::new().await;
    let office = Office::open(&world).await;
    let rich = |number, loser: &str| {
        let mut room = Room::new(number, Kind::Touch).bet(0, "60").bet(1, loser);
        room.terms.dispute_seconds = 86_400;
        room
    };
    let (large, small) = (rich(1, "50.000000001"), rich(2, "50"));
    for room in [&large, &small] {
        settled(&world, room).await;
        office.dispute(room, 1).await.unwrap();
    }
    refunded(&office, &small).await;

    office.judge(ANN, large.id, Judgement::Refund).await.unwrap();
    let waits = office.judge(BOB, large.id, Judgement::Refund).await.unwrap();
    let refund_lamports = 50_000_000_001;
    assert_eq!(waits, JudgeDisputeDone { judgements: 2, needed: 3, admin_needed: true, refund_lamports });
    assert!(told(&world, &large).1.is_empty());
    let done = office.judge(ADA, large.id, Judgement::Refund).await.unwrap();
    assert_eq!((done.judgements, done.admin_needed), (3, false));
    corrected(&world, &large).await;
}

#[tokio::test]
async fn a_void_room_has_nothing_to_refund() {
    let world = World::new().await;
    let office = Office::open(&world).await;
    let room = disputable(1);
    world.open(&room);
    world.resolve(room.id, &void(VoidReason::OracleInsufficient)).await;
    world.anchored(&room).await;
    office.dispute(&room, 0).await.unwrap();
    assert_eq!(code(office.judge(ANN, room.id, Judgement::Refund).await), RefusalCode::SettlementRuling);
    office.judge(ANN, room.id, Judgement::Uphold).await.unwrap();
    office.judge(BOB, room.id, Judgement::Uphold).await.unwrap();
}

#[tokio::test]
async fn who_bet_in_a_room_does_not_judge_it() {
    let world = World::new().await;
    let office = Office::open(&world).await;
    let mut room = disputable(1);
    // A winner and the loser.
    room.bets[0].account_id = ANN.account();
    room.bets[2].account_id = ADA.account();
    settled(&world, &room).await;
    office.dispute(&room, 2).await.unwrap();
    for interested in [ANN, ADA] {
        let refused = office.judge(interested, room.id, Judgement::Refund).await;
        assert_eq!(code(refused), RefusalCode::SettlementInterest);
    }
    assert_eq!(office.judge(BOB, room.id, Judgement::Refund).await.unwrap().judgements, 1);
}

#[tokio::test]
async fn a_refund_waits_for_capital_and_is_asked_for_again() {
    let world = World::new().await;
    let office = Office::open(&world).await;
    let room = disputable(1);
    settled(&world, &room).await;
    office.dispute(&room, 2).await.unwrap();
    world.parties.ledger.lock().unwrap().short = 1;
    for by in [ANN, BOB] {
        office.judge(by, room.id, Judgement::Refund).await.unwrap();
    }
    let waiting = || async {
        let request = ListDisputesRequest { state: DisputeState::AwaitingFunds.into(), page: None };
        office.client().await.list_disputes(request).await.unwrap().into_inner().disputes.len() == 1
    };
    eventually("it waits", waiting).await;
    let metrics = format!("http://{}/metrics", world.replicas[0].http());
    eventually("it calls for money", || async {
        let text = reqwest::get(&metrics).await.unwrap().text().await.unwrap();
        text.lines().any(|line| line.starts_with("rooms_refunds_awaiting_funds") && line.ends_with(" 1"))
    })
    .await;
    // For days, if need be: nothing is parked.
    for _ in 0..3 {
        world.db.advance(Duration::from_secs(61)).await.unwrap();
        let asked_again = || async {
            sqlx::query_scalar::<_, bool>(
                "SELECT EXISTS (SELECT FROM settlement.errand
                                WHERE kind = 'REFUND_STAKES' AND next_attempt_at > settlement.db_clock())
                        AND NOT EXISTS (SELECT FROM settlement.issued)",
            )
            .fetch_one(world.db.pool())
            .await
            .unwrap()
        };
        eventually("asked again", asked_again).await;
    }
    assert!(told(&world, &room).1.is_empty());
    world.parties.ledger.lock().unwrap().short = 0;
    world.db.advance(Duration::from_secs(61)).await.unwrap();
    corrected(&world, &room).await;
    let states =
        [DisputeState::Open, DisputeState::Refunding, DisputeState::AwaitingFunds, DisputeState::Refunded];
    eventually("told", || async { told(&world, &room).0 == [states.to_vec()] }).await;
}

/// Thousands of losers are repaid part by part; each part is lost once before its effect and once after it, and everything
/// is told twice.
#[tokio::test]
async fn a_refund_in_parts_outlives_losses_and_repetitions() {
    let mut world = World::without_service("twice").await;
    world.start().await;
    world.start().await;
    let office = Office::open(&world).await;
    let mut room = (0..4_500).fold(Room::new(1, Kind::Touch).bet(0, "0.5"), |room, number| {
        room.bet(1, &format!("0.00{}", 1 + number % 9))
    });
    room.terms.dispute_seconds = 86_400;
    settled(&world, &room).await;
    office.dispute(&room, 1).await.unwrap();
    world.misbehave(|all| {
        all.twice = true;
        all.lose.insert(RefundStakes::full_name(), 2);
        all.silent.insert(RefundStakes::full_name(), 2);
    });
    refunded(&office, &room).await;
    let ledger = world.parties.ledger.lock().unwrap();
    assert_eq!(ledger.wrong, [] as [String; 0]);
    let expected: BTreeMap<Vec<u8>, i64> =
        room.bets[1..].iter().map(|bet| (bet.bet_id.clone(), bet.stake_lamports)).collect();
    assert_eq!(ledger.rooms[&room.id.bytes()].refunds, expected);
    drop(ledger);
    let (_, repaid) = told(&world, &room);
    let losers: BTreeMap<Vec<u8>, i64> =
        room.bets[1..].iter().map(|bet| (bet.account_id.clone(), bet.stake_lamports)).collect();
    assert_eq!(repaid, losers);
    let parts: Vec<u32> =
        world.parties.told.lock().unwrap().corrected.values().map(|part| part.parts).collect();
    assert_eq!(parts, [3, 3, 3]);
}

/// Players and operators speak about many rooms at once, over two replicas.
#[tokio::test]
async fn disputes_of_many_rooms_are_judged_once_by_two_replicas() {
    let mut world = World::without_service("shuffle").await;
    world.start().await;
    world.start().await;
    let office = Office::open(&world).await;
    let rooms: Vec<Room> = (1..=12).map(disputable).collect();
    join_all(rooms.iter().map(|room| settled(&world, room))).await;
    join_all(rooms.iter().map(|room| async { office.dispute(room, 2).await.unwrap() })).await;
    let judged = rooms.iter().flat_map(|room| [(room, ANN), (room, BOB)]).map(|(room, by)| {
        let office = &office;
        async move {
            let (id, command) = (Uuid::now_v7(), office.judgement(by, room.id, Judgement::Refund).await);
            for _ in 0..2 {
                office.publish(id, &command).await;
            }
            office.decided::<JudgeDisputeDone>(id).await.unwrap()
        }
    });
    join_all(judged).await;
    for room in &rooms {
        corrected(&world, room).await;
        assert_eq!(told(&world, room).1.values().sum::<i64>(), 5_000_000_000);
    }
    let deadlocks: i64 =
        sqlx::query_scalar("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
            .fetch_one(world.db.superuser())
            .await
            .unwrap();
    assert_eq!(deadlocks, 0);
}

/// SIGKILL before and after each commit, from the dispute to the last stake repaid.
#[tokio::test]
async fn a_service_killed_between_judgements_repays_once() {
    let room = disputable(1);
    let steps = ["batch.decided", "batch.committed", "relay.published"];
    let kills = steps.iter().flat_map(|step| (1..=2).map(move |count| format!("{step}:{count}")));
    let tests = kills.map(|kill| {
        let room = &room;
        async move {
            let mut world = World::new().await;
            settled(&world, room).await;
            {
                let office = Office::open(&world).await;
                office.dispute(room, 2).await.unwrap();
            }
            for replica in world.replicas.drain(..) {
                replica.stop().await.unwrap();
            }
            let mut said = Vec::new();
            {
                let office = Office::open(&world).await;
                for by in [ANN, BOB] {
                    said.push((Uuid::now_v7(), office.judgement(by, room.id, Judgement::Refund).await));
                }
                say(&office, &said).await;
            }
            faults::killed_at(&world, &kill).await;
            world.start().await;
            // Whoever was not answered asks again.
            say(&Office::open(&world).await, &said).await;
            corrected(&world, room).await;
            let traces = world.traces(room).await;
            assert_eq!(traces.account.refunds.values().sum::<i64>(), 5_000_000_000, "killed at {kill}");
        }
    });
    stream::iter(tests).buffer_unordered(3).collect::<()>().await;
}

async fn say(office: &Office<'_>, said: &[(Uuid, JudgeDispute)]) {
    for (id, command) in said {
        office.publish(*id, command).await;
    }
}
