//! Operators rule: two of them say what stands, before anything is paid, and never about a room in which they bet.

use crate::{
    eventually, faults,
    office::{ADA, ANN, BOB, CID, EVE, Office, Person, Said},
    room::{Room, touched, void},
    world::World,
};
use futures::{StreamExt, future::join_all, stream};
use prost::Name;
use proto::{
    Refusal,
    common::RefusalCode,
    room::{FreezeRoom, Kind, VoidReason},
    settlement::{Fate, GetSettlementRequest, ListWaitingRequest, RuleRoomRequest, Suspicion, Verdict},
    statement::Statement,
    timestamp,
    wallet::PostPayouts,
};
use std::time::Duration;
use time::OffsetDateTime;
use uuid::Uuid;

const OPERATORS: Said = Said::Void(VoidReason::OperatorVoid);
const MANIPULATED: Said = Said::Void(VoidReason::ManipulationSuspected);

/// A question in words with three answers, whose deadline is long over.
fn custom(number: u32) -> Room {
    let mut room = Room::new(number, Kind::Custom);
    room.terms.outcomes = ["ANN", "BOB", "NOBODY"].map(str::to_owned).to_vec();
    room.terms.asset = String::new();
    room.bet(0, "2").bet(1, "3").bet(2, "5")
}

/// An ordinary room that gives operators an hour to look at a suspicious verdict.
fn watched(number: u32) -> Room {
    let mut room = Room::ordinary(number);
    room.terms.suspicion_wait_seconds = 3_600;
    room
}

fn suspicious() -> Verdict {
    Verdict { suspicions: vec![Suspicion::Confidence.into(), Suspicion::ExcludedVenue.into()], ..touched() }
}

fn code<T: std::fmt::Debug>(refused: Result<T, Refusal>) -> RefusalCode {
    refused.unwrap_err().code
}

async fn waits_until(world: &World, room: &Room) -> Option<OffsetDateTime> {
    let request = GetSettlementRequest { room_id: room.id.bytes() };
    let answer = world.grpc().get_settlement(request).await.unwrap().into_inner();
    answer.waits_until.map(|at| proto::from_timestamp(Some(&at)).unwrap())
}

async fn frozen_and_waiting(world: &World, room: &Room) {
    world.open(room);
    world.resolve(room.id, &suspicious()).await;
    eventually("frozen", || async { world.state(room.id).await.as_deref() == Some("FROZEN") }).await;
}

fn nobody_paid(world: &World) -> bool {
    world.parties.ledger.lock().unwrap().rooms.is_empty()
}

#[tokio::test]
async fn two_operators_answer_a_question_in_words() {
    let world = World::new().await;
    let office = Office::open(&world).await;
    let room = custom(1);
    world.open(&room);
    assert_eq!(office.ruled(ANN, room.id, Said::Outcome(1)).await, (1, 2));
    assert_eq!(world.state(room.id).await, None, "one is not enough");
    let done = office.rule(BOB, room.id, Said::Outcome(1)).await.unwrap();
    assert_eq!((done.rulings, done.standing.map(|verdict| verdict.outcome)), (2, Some(1)));
    world.anchored(&room).await;
    let traces = world.traces(&room).await;
    assert_eq!(traces.verdict, Some(Verdict { outcome: 1, ..Verdict::default() }));
    let fates: Vec<Fate> = traces.bets.iter().map(|bet| bet.fate()).collect();
    assert_eq!(fates, [Fate::Lost, Fate::Won, Fate::Lost]);
    let decided = world.parties.told.lock().unwrap().decided.clone();
    assert_eq!(decided.len(), 1, "who decides is told once");

    let log: Vec<(String, String)> = sqlx::query_as("SELECT action, actor FROM settlement.audit ORDER BY id")
        .fetch_all(world.db.pool())
        .await
        .unwrap();
    let actions: Vec<&str> = log.iter().map(|(action, _)| action.as_str()).collect();
    assert_eq!(actions, ["rule_room", "rule_room", "operators_ruled", "settle_room"]);
    assert_eq!((&log[0].1, &log[1].1), (&ANN.key().to_string(), &BOB.key().to_string()));
}

#[tokio::test]
async fn an_operator_has_one_voice_and_may_change_it() {
    let world = World::new().await;
    let office = Office::open(&world).await;
    let room = custom(1);
    world.open(&room);
    assert_eq!(office.ruled(ANN, room.id, Said::Outcome(0)).await, (1, 2));
    assert_eq!(office.ruled(ANN, room.id, Said::Outcome(0)).await, (1, 2), "twice is once");
    assert_eq!(office.ruled(ANN, room.id, Said::Outcome(2)).await, (1, 2));
    assert_eq!(office.ruled(BOB, room.id, Said::Outcome(0)).await, (1, 2), "the newer replaces the older");
    assert_eq!(office.ruled(BOB, room.id, Said::Outcome(2)).await, (2, 2));
    world.anchored(&room).await;
    assert_eq!(world.traces(&room).await.verdict.unwrap().outcome, 2);
    let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM settlement.ruling")
        .fetch_one(world.db.pool())
        .await
        .unwrap();
    assert_eq!(kept, 5, "every ruling is kept");
    let change = sqlx::query("UPDATE settlement.ruling SET outcome = 0").execute(world.db.pool()).await;
    assert!(change.unwrap_err().to_string().contains("ruling is written once"));
}

#[tokio::test]
async fn what_is_not_for_operators_to_say_is_refused() {
    let world = World::new().await;
    let office = Office::open(&world).await;
    let (touch, mut early) = (Room::ordinary(1), custom(2));
    let later = office.now().await + time::Duration::hours(1);
    early.terms.deadline = Some(timestamp(later));
    for room in [&touch, &early] {
        world.open(room);
    }
    for (room, said) in [
        (&touch, Said::Outcome(0)),
        (&touch, Said::Void(VoidReason::Tie)),
        (&touch, Said::Void(VoidReason::Unresolved)),
        (&early, Said::Outcome(1)),
    ] {
        let refused = office.rule(ANN, room.id, said).await;
        assert_eq!(code(refused), RefusalCode::SettlementRuling, "{said:?}");
    }
    world.db.advance(Duration::from_secs(3_600)).await.unwrap();
    assert_eq!(code(office.rule(ANN, early.id, Said::Outcome(3)).await), RefusalCode::SettlementRuling);
    assert_eq!(office.ruled(ANN, early.id, Said::Outcome(2)).await, (1, 2));
    let unknown = custom(3);
    assert_eq!(code(office.rule(ANN, unknown.id, OPERATORS).await), RefusalCode::NotFound);
    for stranger in [EVE, ADA] {
        let refused = office.rule(stranger, touch.id, OPERATORS).await;
        assert_eq!(code(refused), RefusalCode::OperatorSignature, "{stranger:?}");
    }
    assert_eq!(world.state(touch.id).await, None);
}

#[tokio::test]
async fn a_signature_is_worth_one_ruling() {
    let world = World::new().await;
    let office = Office::open(&world).await;
    let room = custom(1);
    world.open(&room);
    let ruling = office.ruling(ANN, room.id, Said::Outcome(0)).await;
    office.obeyed::<proto::settlement::RuleRoomDone>(&ruling).await.unwrap();
    // Somebody saw it and hands it in again, as it is or as something else.
    let other = proto::settlement::RuleRoom { outcome: 1, ..ruling.clone() };
    for forged in [ruling, other] {
        let refused = office.obeyed::<proto::settlement::RuleRoomDone>(&forged).await;
        assert_eq!(code(refused), RefusalCode::OperatorSignature);
    }
}

#[tokio::test]
async fn both_doors_lead_to_one_ruling() {
    let world = World::new().await;
    let office = Office::open(&world).await;
    let room = custom(1);
    world.open(&room);
    let (id, command) = (Uuid::now_v7(), office.ruling(ANN, room.id, Said::Outcome(0)).await);
    office.publish(id, &command).await;
    office.publish(id, &command).await;
    let request = RuleRoomRequest { request_id: id.as_bytes().to_vec(), command: Some(command.clone()) };
    let mut client = office.client().await;
    for _ in 0..2 {
        let answer = client.rule_room(request.clone()).await.unwrap().into_inner();
        let done = answer.outcome.unwrap().decided::<proto::settlement::RuleRoomDone>().unwrap().unwrap();
        assert_eq!((done.rulings, done.needed), (1, 2));
    }
    let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM settlement.ruling")
        .fetch_one(world.db.pool())
        .await
        .unwrap();
    assert_eq!(kept, 1);
    let unsigned = RuleRoomRequest {
        request_id: Uuid::now_v7().as_bytes().to_vec(),
        command: Some(proto::settlement::RuleRoom { by: None, ..command }),
    };
    assert_eq!(client.rule_room(unsigned).await.unwrap_err().code(), tonic::Code::InvalidArgument);
}

/// room-svc is asked before anything is written; while it is away the ruling waits, and nothing else does.
#[tokio::test]
async fn a_ruling_waits_for_room_svc() {
    let world = World::new().await;
    let office = Office::open(&world).await;
    let (room, other) = (custom(1), Room::ordinary(2));
    for room in [&room, &other] {
        world.open(room);
    }
    world.misbehave(|all| {
        all.unavailable.insert("rooms", u32::MAX);
    });
    let id = Uuid::now_v7();
    office.publish(id, &office.ruling(ANN, room.id, Said::Outcome(0)).await).await;
    world.resolve(other.id, &touched()).await;
    world.anchored(&other).await;
    assert_eq!(office.outcome(id).await, None);
    world.misbehave(|all| all.unavailable.clear());
    assert_eq!(office.decided::<proto::settlement::RuleRoomDone>(id).await.unwrap().rulings, 1);
}

#[tokio::test]
async fn a_suspicious_verdict_is_paid_as_it_stands_after_its_time() {
    let world = World::new().await;
    let office = Office::open(&world).await;
    let room = watched(1);
    frozen_and_waiting(&world, &room).await;
    let until = waits_until(&world, &room).await.expect("it waits");
    let left = until - office.now().await;
    assert!(left > time::Duration::minutes(59) && left <= time::Duration::hours(1), "{left}");
    let waiting = office.client().await.list_waiting(ListWaitingRequest {}).await.unwrap().into_inner().rooms;
    assert_eq!((waiting.len(), &waiting[0].room_id), (1, &room.id.bytes()));
    assert_eq!(waiting[0].verdict, Some(suspicious()));
    assert_eq!(waiting[0].until, Some(timestamp(until)));
    world.db.advance(Duration::from_secs(3_500)).await.unwrap();
    let due: bool = sqlx::query_scalar(
        "SELECT next_attempt_at <= settlement.db_clock() FROM settlement.errand WHERE kind = 'READ_BETS'",
    )
    .fetch_one(world.db.pool())
    .await
    .unwrap();
    assert!(!due && nobody_paid(&world), "its time is not over");

    world.db.advance(Duration::from_secs(100)).await.unwrap();
    world.anchored(&room).await;
    let traces = world.traces(&room).await;
    assert_eq!(traces.verdict, Some(suspicious()));
    assert_eq!(traces.bets.iter().map(|bet| bet.payout_lamports).max(), Some(11_880_000_000));
    assert_eq!(waits_until(&world, &room).await, None);
    let waiting = office.client().await.list_waiting(ListWaitingRequest {}).await.unwrap().into_inner().rooms;
    assert_eq!(waiting, []);
    assert_eq!(code(office.rule(ANN, room.id, MANIPULATED).await), RefusalCode::SettlementPaid);
}

#[tokio::test]
async fn operators_let_a_suspicious_verdict_stand() {
    let world = World::new().await;
    let office = Office::open(&world).await;
    let room = watched(1);
    frozen_and_waiting(&world, &room).await;
    assert_eq!(code(office.rule(ANN, room.id, Said::Outcome(1)).await), RefusalCode::SettlementRuling);
    assert_eq!(office.ruled(ANN, room.id, Said::Outcome(0)).await, (1, 2));
    assert!(waits_until(&world, &room).await.is_some());
    let waiting = office.client().await.list_waiting(ListWaitingRequest {}).await.unwrap().into_inner().rooms;
    assert_eq!(waiting[0].rulings.len(), 1);
    assert_eq!(waiting[0].rulings[0].operator, ANN.key().to_string());
    assert_eq!(office.ruled(CID, room.id, Said::Outcome(0)).await, (2, 2));
    // No clock was stepped.
    world.anchored(&room).await;
    assert_eq!(world.traces(&room).await.verdict, Some(suspicious()));
}

#[tokio::test]
async fn operators_void_what_looks_manipulated() {
    let world = World::new().await;
    let office = Office::open(&world).await;
    let room = watched(1);
    frozen_and_waiting(&world, &room).await;
    office.rule(ANN, room.id, MANIPULATED).await.unwrap();
    let done = office.rule(BOB, room.id, MANIPULATED).await.unwrap();
    let reason = VoidReason::ManipulationSuspected;
    assert_eq!(done.standing.map(|verdict| verdict.void_reason()), Some(reason));
    world.anchored(&room).await;
    let traces = world.traces(&room).await;
    assert_eq!(traces.account.credits.values().sum::<i64>(), room.stakes());
    assert!(traces.bets.iter().all(|bet| bet.fate() == Fate::RoomVoid));
    let expected = Verdict { void_reason: reason.into(), outcome: 0, ..suspicious() };
    assert_eq!(traces.verdict, Some(expected), "what the oracle saw is still told");
    let told: Vec<u64> = {
        let told = world.parties.told.lock().unwrap();
        told.decided.iter().map(|decided| decided.version).collect()
    };
    assert_eq!(told.len(), 2, "the first verdict and its change: {told:?}");
    assert!(told[0] < told[1]);
}

#[tokio::test]
async fn a_void_verdict_and_terms_without_a_wait_do_not_wait() {
    let world = World::new().await;
    let (void_room, unwatched) = (watched(1), Room::ordinary(2));
    let tie = Verdict { suspicions: suspicious().suspicions, ..void(VoidReason::Tie) };
    for (room, verdict) in [(&void_room, &tie), (&unwatched, &suspicious())] {
        world.open(room);
        world.resolve(room.id, verdict).await;
        world.anchored(room).await;
    }
}

/// A room that nobody has decided, one that is being frozen, and one whose bets are being read.
#[tokio::test]
async fn operators_void_a_room_at_any_step_before_it_is_paid() {
    let open = Room::ordinary(1);
    let world = World::new().await;
    let office = Office::open(&world).await;
    world.open(&open);
    office.rule(ANN, open.id, OPERATORS).await.unwrap();
    office.rule(BOB, open.id, OPERATORS).await.unwrap();
    world.anchored(&open).await;

    let freezing = Room::ordinary(2);
    world.open(&freezing);
    world.misbehave(|all| {
        all.lose.insert(FreezeRoom::full_name(), u32::MAX);
    });
    world.resolve(freezing.id, &touched()).await;
    eventually("decided", || async { world.state(freezing.id).await.is_some() }).await;
    office.rule(ANN, freezing.id, OPERATORS).await.unwrap();
    office.rule(CID, freezing.id, OPERATORS).await.unwrap();
    world.misbehave(|all| all.lose.clear());
    world.anchored(&freezing).await;

    let reading = Room::ordinary(3);
    world.open(&reading);
    world.misbehave(|all| {
        all.unavailable.insert("bets", u32::MAX);
    });
    world.resolve(reading.id, &touched()).await;
    eventually("frozen", || async { world.state(reading.id).await.as_deref() == Some("FROZEN") }).await;
    office.rule(BOB, reading.id, OPERATORS).await.unwrap();
    office.rule(CID, reading.id, OPERATORS).await.unwrap();
    world.misbehave(|all| all.unavailable.clear());
    world.anchored(&reading).await;

    for room in [&open, &freezing, &reading] {
        let traces = world.traces(room).await;
        assert_eq!(traces.verdict.map(|verdict| verdict.void_reason()), Some(VoidReason::OperatorVoid));
        assert_eq!(traces.account.credits.values().sum::<i64>(), room.stakes());
    }
}

#[tokio::test]
async fn payouts_under_way_are_not_turned() {
    let world = World::new().await;
    let office = Office::open(&world).await;
    let room = Room::ordinary(1);
    world.open(&room);
    world.misbehave(|all| {
        all.lose.insert(PostPayouts::full_name(), u32::MAX);
    });
    world.resolve(room.id, &touched()).await;
    eventually("posting", || async { world.state(room.id).await.as_deref() == Some("POSTING") }).await;
    for said in [OPERATORS, MANIPULATED, Said::Outcome(0)] {
        assert_eq!(code(office.rule(ANN, room.id, said).await), RefusalCode::SettlementPaid, "{said:?}");
    }
    world.misbehave(|all| all.lose.clear());
    world.anchored(&room).await;
    assert_eq!(world.traces(&room).await.verdict, Some(touched()));
}

fn with_bet_of(mut room: Room, person: Person) -> Room {
    room.bets[0].account_id = person.account();
    room
}

#[tokio::test]
async fn who_bets_in_a_room_does_not_rule_it() {
    let world = World::new().await;
    let office = Office::open(&world).await;
    let room = custom(1);
    let played = with_bet_of(room.clone(), ANN);
    world.open(&played);
    assert_eq!(code(office.rule(ANN, room.id, Said::Outcome(0)).await), RefusalCode::SettlementInterest);
    assert_eq!(office.ruled(BOB, room.id, Said::Outcome(0)).await, (1, 2));
    // Bob has bet, too, by the time that the next one speaks: what he said is worth nothing any more.
    world.open(&with_bet_of(room.clone(), BOB));
    assert_eq!(office.ruled(CID, room.id, Said::Outcome(0)).await, (1, 2));
    assert_eq!(office.ruled(ANN, room.id, Said::Outcome(0)).await, (2, 2));
    world.anchored(&world_room(&world, &room)).await;
}

/// As the room is now.
fn world_room(world: &World, room: &Room) -> Room {
    world.parties.rooms.lock().unwrap()[&room.id.bytes()].clone()
}

/// Two replicas, two operators and the oracle speak about the same rooms at the same time: each room has one verdict,
/// everybody was told it, and nobody waited for the other in a circle.
#[tokio::test]
async fn rulings_race_with_verdicts_on_two_replicas() {
    let mut world = World::without_service("shuffle").await;
    world.misbehave(|all| all.twice = true);
    world.start().await;
    world.start().await;
    let office = Office::open(&world).await;
    let rooms: Vec<Room> = (1..=30).map(Room::ordinary).collect();
    for room in &rooms {
        world.open(room);
    }
    let mut ids = Vec::new();
    let mut commands = Vec::new();
    for room in &rooms {
        for by in [ANN, BOB, CID] {
            let id = Uuid::now_v7();
            ids.push(id);
            commands.push((id, office.ruling(by, room.id, OPERATORS).await));
        }
    }
    let rulings = async {
        for (id, command) in &commands {
            office.publish(*id, command).await;
            office.publish(*id, command).await;
        }
    };
    let verdict = touched();
    let verdicts = join_all(rooms.iter().map(|room| world.resolve(room.id, &verdict)));
    futures::join!(rulings, verdicts);
    let mut voided = 0;
    for room in &rooms {
        world.anchored(room).await;
        let traces = world.traces(room).await;
        let verdict = traces.verdict.unwrap();
        let fees = traces.account.fees.map_or(0, |(protocol, host, _)| protocol + host);
        assert_eq!(traces.account.credits.values().sum::<i64>() + fees, room.stakes());
        assert_eq!(fees == 0, verdict.void_reason() == VoidReason::OperatorVoid);
        voided += u32::from(fees == 0);
    }
    for id in ids {
        eventually("answered", || async { office.outcome(id).await.is_some() }).await;
    }
    println!("{voided} of {} rooms voided in time", rooms.len());
    let once: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM (SELECT FROM settlement.ruling GROUP BY room_id, operator HAVING count(*) > 1) AS t",
    )
    .fetch_one(world.db.pool())
    .await
    .unwrap();
    assert_eq!(once, 0, "a repeated command is one ruling");
    let deadlocks: i64 =
        sqlx::query_scalar("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
            .fetch_one(world.db.superuser())
            .await
            .unwrap();
    assert_eq!(deadlocks, 0);
}

/// SIGKILL before and after each commit while two rulings decide a room.
#[tokio::test]
async fn a_service_killed_between_rulings_decides_once() {
    let room = custom(1);
    let steps = ["batch.decided", "batch.committed", "relay.published"];
    let kills = steps.iter().flat_map(|step| (1..=3).map(move |count| format!("{step}:{count}")));
    let tests = kills.map(|kill| {
        let room = &room;
        async move {
            let mut world = World::without_service("none").await;
            world.open(room);
            let mut said = Vec::new();
            {
                let office = Office::open(&world).await;
                for by in [ANN, BOB] {
                    said.push((Uuid::now_v7(), office.ruling(by, room.id, Said::Outcome(1)).await));
                }
                for (id, ruling) in &said {
                    office.publish(*id, ruling).await;
                }
            }
            faults::killed_at(&world, &kill).await;
            world.start().await;
            let office = Office::open(&world).await;
            for (id, ruling) in &said {
                // Whoever was not answered asks again.
                office.publish(*id, ruling).await;
            }
            world.anchored(room).await;
            let traces = world.traces(room).await;
            assert_eq!(traces.verdict.map(|verdict| verdict.outcome), Some(1), "killed at {kill}");
            for (id, _) in said {
                office.decided::<proto::settlement::RuleRoomDone>(id).await.unwrap();
            }
            let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM settlement.ruling")
                .fetch_one(world.db.pool())
                .await
                .unwrap();
            assert_eq!(kept, 2, "killed at {kill}");
        }
    });
    stream::iter(tests).buffer_unordered(3).collect::<()>().await;
}

/// What is signed is what is done: the words name room, ruling and reason.
#[tokio::test]
async fn the_log_keeps_what_was_signed_word_for_word() {
    let world = World::new().await;
    let office = Office::open(&world).await;
    let room = Room::ordinary(1);
    world.open(&room);
    let ruling = office.ruling(ANN, room.id, OPERATORS).await;
    let words = String::from_utf8(ruling.bytes().unwrap()).unwrap();
    assert!(words.contains("VOID_REASON_OPERATOR_VOID") && words.contains(&room.id.to_string()));
    office.obeyed::<proto::settlement::RuleRoomDone>(&ruling).await.unwrap();
    let body: String = sqlx::query_scalar("SELECT body FROM settlement.audit WHERE action = 'rule_room'")
        .fetch_one(world.db.pool())
        .await
        .unwrap();
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["statement"], serde_json::json!(words));
}
