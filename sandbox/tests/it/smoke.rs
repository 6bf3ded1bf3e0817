//! The whole road of a room, undisturbed and under faults: whatever happens, the same balances and
//! the same messages.

use std::process::Command;
use std::time::Duration;

use sandbox::report::Report;
use sandbox::smoke::{self, Faults, Place, Record, Setup};
use serde_json::Value;
use tokio::sync::{OnceCell, Semaphore};

/// One world at a time: each has some dozen processes, and prices that must not be late.
pub(crate) static WORLDS: Semaphore = Semaphore::const_new(1);

static UNDISTURBED: OnceCell<Record> = OnceCell::const_new();

/// Other tests come and go beside it.
const LEISURE: Duration = Duration::from_secs(15);

/// Plays one evening; every check of it must be good.
async fn play(faults: Faults) -> (Record, Report) {
    let _world = WORLDS.acquire().await.unwrap();
    let mut report = Report::new();
    let program = env!("CARGO_BIN_EXE_sandbox").into();
    let setup = Setup { place: Place { program, seed: 1, dir: None }, faults, leisure: LEISURE };
    let record = Box::pin(smoke::play(&setup, &mut report)).await.unwrap_or_else(|error| panic!("{error:#}"));
    assert!(report.ok(), "{}", report.failures());
    (record, report)
}

/// Plays it under faults, and holds it against the undisturbed one.
async fn same_as_undisturbed(faults: Faults) {
    let (undisturbed, (record, mut report)) = tokio::join!(
        UNDISTURBED.get_or_init(|| async { play(Faults::default()).await.0 }),
        play(faults.clone()),
    );
    smoke::compare(undisturbed, &record, &faults, &mut report);
    assert!(report.ok(), "{}", report.failures());
    assert_eq!(&record, undisturbed);
}

/// As people run it: another seed, the exit status, one JSON object and nothing else.
#[tokio::test]
async fn the_command_prints_one_json_object_and_succeeds() {
    let _world = WORLDS.acquire().await.unwrap();
    let run = || {
        let mut smoke = Command::new(env!("CARGO_BIN_EXE_sandbox"));
        smoke.args(["smoke", "--seed", "2", "--json"]).output().unwrap()
    };
    let running = tokio::task::spawn_blocking(run);
    let output = tokio::time::timeout(Duration::from_secs(400), running).await.unwrap().unwrap();
    let transcript = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{transcript}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["ok"], true);
    let checks = report["checks"].as_array().unwrap();
    assert!(checks.len() > 50 && checks.iter().all(|check| check["ok"] == true), "{checks:?}");
    for said in ["lowered", "Deposit credited", "Bet accepted", "Not placed.", "You won", "final on chain"] {
        assert!(transcript.contains(said), "nobody says {said:?}");
    }
}

#[tokio::test]
async fn killed_services_leave_the_same_behind() {
    same_as_undisturbed(Faults { kill: true, ..Faults::default() }).await;
}

#[tokio::test]
async fn a_broker_that_loses_everything_twice_changes_nothing() {
    same_as_undisturbed(Faults { wipe_broker: true, ..Faults::default() }).await;
}

#[tokio::test]
async fn everything_delivered_twice_has_no_second_effect() {
    same_as_undisturbed(Faults { twice: true, ..Faults::default() }).await;
}

#[tokio::test]
async fn everything_in_another_order_ends_the_same() {
    same_as_undisturbed(Faults { shuffle: true, ..Faults::default() }).await;
}

#[tokio::test]
async fn two_replicas_share_the_work_without_a_deadlock() {
    same_as_undisturbed(Faults { replicas: Some(2), ..Faults::default() }).await;
}

/// Few people, all faults: `smoke --money` has more of both.
#[tokio::test]
async fn money_moves_once_while_the_chain_misbehaves() {
    let _world = WORLDS.acquire().await.unwrap();
    let mut report = Report::new();
    let program = env!("CARGO_BIN_EXE_sandbox").into();
    let setup = smoke::money::Setup { place: Place { program, seed: 3, dir: None }, people: 5, steps: 14 };
    smoke::money::play(&setup, &mut report).await.unwrap_or_else(|error| panic!("{error:#}"));
    assert!(report.ok(), "{}", report.failures());
}

/// As `smoke --oracle` does it, with more time for bets.
#[tokio::test]
async fn no_room_settles_on_a_wrong_price_while_venues_lie() {
    let _world = WORLDS.acquire().await.unwrap();
    let mut report = Report::new();
    let program = env!("CARGO_BIN_EXE_sandbox").into();
    let setup = smoke::oracle::Setup {
        place: Place { program, seed: 3, dir: None },
        leisure: Duration::from_secs(8),
    };
    smoke::oracle::play(&setup, &mut report).await.unwrap_or_else(|error| panic!("{error:#}"));
    assert!(report.ok(), "{}", report.failures());
}
