//! The operators' overview, and everybody else who asks for it.

use crate::stage::Stage;
use proto::{
    RoomId,
    settlement::{Dispute, DisputeState, WaitingRoom},
    timestamp,
    wallet::Pause,
};
use time::OffsetDateTime;
use uuid::Uuid;

const ADMIN: i64 = 5_000_000_009;
const ANNA: i64 = 5_000_000_001;
const STRANGER: i64 = 5_000_000_002;
const GROUP: i64 = -100_777;
/// The button below the overview, as anybody could forge it.
const BUTTON: &str = "2ad";

async fn stage() -> Stage {
    let stage = Stage::set_with(vec![("TELEGRAM_ADMINS", format!("7, {ADMIN}"))]).await;
    let room = RoomId::new(Uuid::now_v7());
    stage.services.open_room(room, 31);
    let now = Some(timestamp(OffsetDateTime::now_utc()));
    let dispute = |state: DisputeState| Dispute {
        room_id: room.bytes(),
        opened_at: now,
        state: state.into(),
        ..Dispute::default()
    };
    let mut state = stage.services.state.lock().unwrap();
    state.desk.waiting = vec![WaitingRoom { room_id: room.bytes(), until: now, ..WaitingRoom::default() }];
    state.desk.disputes = vec![dispute(DisputeState::Open), dispute(DisputeState::Upheld)];
    state.desk.pauses = vec![Pause { cause: "drift".into(), reason: "looks odd".into(), since: now }];
    drop(state);
    stage
}

/// Who tried, and how, in the audit log.
async fn audited(stage: &Stage) -> Vec<(String, Vec<u8>, String)> {
    let audited = "SELECT actor, subject, body FROM gateway.audit WHERE action = 'refuse_admin' ORDER BY id";
    sqlx::query_as(audited).fetch_all(stage.db.pool()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scenario_52_a_forged_admin_button_is_refused_and_audited() {
    let stage = stage().await;
    let account = stage.member(ANNA).await;
    // The command is one that there is not.
    stage.telegram.say(ANNA, "/admin");
    stage.telegram.sees(ANNA, "I do not know that command").await;
    // The button is one of another version.
    let screen = stage.telegram.with_button(ANNA, "Desk").await;
    stage.telegram.press_in(ANNA, ANNA, screen.id, BUTTON);
    crate::eventually("a polite answer", || async {
        stage
            .telegram
            .answers()
            .iter()
            .any(|answer| answer["text"].as_str().is_some_and(|text| text.contains("from an older version")))
    })
    .await;
    // In a group nothing is said at all, and a stranger reads the terms.
    let answers = stage.telegram.answers().len();
    stage.telegram.press_in(GROUP, ANNA, 1, BUTTON);
    crate::eventually("an answer", || async { stage.telegram.answers().len() > answers }).await;
    let silent = stage.telegram.answers().pop().unwrap();
    assert!(silent["text"].is_null() && silent["url"].is_null(), "{silent}");
    stage.telegram.say(STRANGER, "/admin@rooms_test_bot");
    stage.telegram.sees(STRANGER, "Welcome to ROOMS").await;

    let account = Uuid::from_slice(&account).unwrap();
    let by_anna =
        |way: &str| (account.to_string(), account.as_bytes().to_vec(), format!("{{\"tried\":\"{way}\"}}"));
    crate::eventually("four records", || async { audited(&stage).await.len() == 4 }).await;
    let records = audited(&stage).await;
    assert_eq!(records[..3], [by_anna("command"), by_anna("button"), by_anna("button")]);
    assert_eq!(
        (records[3].0.as_str(), records[3].1.as_slice()),
        ("visitor", Uuid::nil().as_bytes().as_slice())
    );
    let all = [ANNA, STRANGER].into_iter().flat_map(|chat| stage.telegram.messages(chat));
    assert!(all.into_iter().all(|message| !message.text.contains("overview")), "nobody saw anything");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_sees_what_waits_and_how_to_act() {
    let stage = stage().await;
    stage.telegram.say(ADMIN, "/admin");
    let overview = stage.telegram.sees(ADMIN, "Operators' overview").await;
    for line in [
        "🟢 Open: 1\n🔒 Betting closed: 0",
        "<b>Waiting for a ruling</b>: 1",
        "#31 · paid as it stands",
        "no ruling yet",
        "<b>Open disputes</b>: 1\n#31 · handed in",
        "<b>Withdrawals that wait</b>: 0",
        "(<code>drift</code>): looks odd",
        "it takes an operator's key, which Telegram does not have",
        "roomsctl rooms rule ROOM",
    ] {
        assert!(overview.text.contains(line), "{line} is not in {}", overview.text);
    }
    // It is read again by its button, and says what it cannot read.
    stage.services.state.lock().unwrap().broken = true;
    stage.telegram.press(ADMIN, "Refresh").await;
    let refreshed = stage.telegram.sees(ADMIN, "unavailable at the moment").await;
    assert_eq!(refreshed.id, overview.id);
    assert!(refreshed.text.contains("<b>Open disputes</b>: 1"), "{}", refreshed.text);
    // Not where others read along.
    let answers = stage.telegram.answers().len();
    stage.telegram.press_in(GROUP, ADMIN, 1, BUTTON);
    crate::eventually("an answer", || async { stage.telegram.answers().len() > answers }).await;
    assert!(stage.telegram.messages(GROUP).is_empty());
    assert!(audited(&stage).await.is_empty());
}
