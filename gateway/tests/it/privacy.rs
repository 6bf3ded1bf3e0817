//! Everything in a file, and nothing after an erasure.

use crate::stage::Stage;
use proto::{
    Refusal, Service,
    common::{Outcome, RefusalCode},
    timestamp,
    wallet::{CloseAccount, CloseAccountDone, GetLimitsResponse, OpenAccount},
};
use serde_json::Value;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

const ANNA: i64 = 5_000_000_001;
const SOL: i64 = proto::LAMPORTS_PER_SOL;

/// Every row of every table of every schema, as text, with its bytes also as they are.
async fn dump(stage: &Stage) -> Vec<String> {
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT format('%I.%I', table_schema, table_name) FROM information_schema.tables
         WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')",
    )
    .fetch_all(stage.db.superuser())
    .await
    .unwrap();
    assert!(tables.len() > 10, "{tables:?}");
    let mut rows = Vec::new();
    for table in tables {
        let sql = format!("SELECT to_jsonb(t)::text FROM {table} AS t");
        let found: Vec<String> =
            sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_all(stage.db.superuser()).await.unwrap();
        rows.extend(found.into_iter().map(|row| format!("{table} {row}")));
    }
    rows
}

/// The ways in which a Telegram id can stand in a row: written out, as bytes, as a protobuf varint.
fn traces(id: i64) -> Vec<String> {
    let mut varint = Vec::new();
    prost::encoding::encode_varint(id.unsigned_abs(), &mut varint);
    let forms = [id.to_be_bytes()[3..].to_vec(), id.to_le_bytes()[..5].to_vec(), varint];
    let written = [id.to_string(), hex::encode(id.to_string())];
    forms.iter().map(hex::encode).chain(written).collect()
}

async fn found(stage: &Stage, id: i64) -> Vec<String> {
    let traces = traces(id);
    let rows = dump(stage).await;
    rows.into_iter().filter(|row| traces.iter().any(|trace| row.contains(trace.as_str()))).collect()
}

/// Asks to be deleted and confirms it. The command, as wallet-svc gets it.
async fn leaves(stage: &Stage, how: &str) -> crate::stage::Got<CloseAccount> {
    stage.telegram.say(ANNA, "/privacy");
    stage.telegram.press(ANNA, "Delete my account…").await;
    stage.telegram.sees(ANNA, "That goes on if you come back").await;
    stage.telegram.press(ANNA, how).await;
    stage.telegram.sees(ANNA, "This cannot be undone").await;
    stage.telegram.press(ANNA, "Delete my account for good").await;
    stage.next::<CloseAccount>().await
}

fn excluded(stage: &Stage) -> OffsetDateTime {
    let until = OffsetDateTime::now_utc() + Duration::days(200);
    let limits = GetLimitsResponse { excluded_until: Some(timestamp(until)), ..Default::default() };
    stage.services.state.lock().unwrap().limits = limits;
    until
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_somebody_is_is_sealed_and_gone_after_an_erasure() {
    let stage = Stage::set().await;
    let account = stage.member(ANNA).await;
    let until = excluded(&stage);
    // With a draft and a notice of theirs, too; and not a trace of the person in the clear at any time.
    stage.telegram.say(ANNA, "/withdraw");
    stage.telegram.sees(ANNA, "Send me the Solana address").await;
    assert_eq!(found(&stage, ANNA).await, [] as [String; 0]);
    let group = -1_002_000_000_007_i64;
    for sql in [
        "INSERT INTO gateway.arena (chat_id, version, done_version, asked, next_attempt_at) VALUES ($2, 1, 1, $1, now())",
        "INSERT INTO gateway.arena_guest (account_id, chat_id, admitted_at) VALUES (encode($1, 'hex')::uuid, $2, now())",
    ] {
        sqlx::query(sql).bind(&account).bind(group).execute(stage.db.pool()).await.unwrap();
    }
    let close = leaves(&stage, "Give up 2 SOL").await;
    assert_eq!(close.command, CloseAccount { account_id: account.clone(), give_up: true });
    let done = CloseAccountDone { given_up_lamports: 2 * SOL };
    stage.tell(Service::Wallet, Outcome::done(close.id.as_bytes(), &done)).await;
    stage.telegram.sees(ANNA, "I have forgotten who you are").await;
    let pool = stage.db.pool();
    let count =
        |sql: &'static str| async move { sqlx::query_scalar::<_, i64>(sql).fetch_one(pool).await.unwrap() };
    let erased = "SELECT count(*) FROM gateway.person WHERE data_key IS NULL AND lookup IS NULL AND erased_at IS NOT NULL";
    crate::eventually("erased", || async { count(erased).await == 1 }).await;
    assert_eq!(count("SELECT count(*) FROM gateway.draft").await, 0);
    // Out of the group of a room as well: later nobody would know whom to remove.
    assert_eq!(count("SELECT count(*) FROM gateway.arena_guest").await, 0);
    let removed: Vec<_> = stage.telegram.deeds(group).into_iter().map(|(method, _)| method).collect();
    assert_eq!(removed, ["BanChatMember", "UnbanChatMember"]);
    assert_eq!(found(&stage, ANNA).await, [] as [String; 0]);

    // A notice that comes late finds nobody.
    let late = crate::delivery::credited(&stage, account.clone()).await;
    crate::delivery::ended(&stage, late, "blocked").await;

    // Whoever comes back is new, and excluded all the same.
    stage.telegram.forget_messages(ANNA);
    stage.telegram.say(ANNA, "/wallet");
    stage.telegram.sees(ANNA, "18 or older").await;
    stage.telegram.press(ANNA, "I accept").await;
    let open = stage.next::<OpenAccount>().await.command;
    assert_ne!(open.account_id, account);
    assert_eq!(open.excluded_until.unwrap().seconds, until.unix_timestamp());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_erasure_says_what_is_open_and_forgets_nothing() {
    let stage = Stage::set().await;
    stage.member(ANNA).await;
    excluded(&stage);
    stage.services.state.lock().unwrap().balance = 0;
    let close = leaves(&stage, "Go on").await;
    assert!(!close.command.give_up);
    let busy = Refusal::new(RefusalCode::AccountBusy).with("live_bets", 2).with("withdrawals", 1);
    stage.tell(Service::Wallet, Outcome::refused(close.id.as_bytes(), &busy)).await;
    let told = stage.telegram.sees(ANNA, "Not deleted").await;
    assert!(told.text.contains("2 live bets and 1 withdrawals"), "{}", told.text);
    stage.telegram.say(ANNA, "/help");
    stage.telegram.sees(ANNA, "How it works").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newcomer_who_was_never_here_is_not_excluded() {
    let stage = Stage::set().await;
    stage.telegram.say(ANNA, "/start");
    stage.telegram.press(ANNA, "I accept").await;
    assert_eq!(stage.next::<OpenAccount>().await.command.excluded_until, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_is_one_file_of_all_services() {
    let stage = Stage::set().await;
    let account = stage.member(ANNA).await;
    let bets = (0..60).map(|_| proto::room::Bet {
        bet_id: Uuid::now_v7().as_bytes().to_vec(),
        account_id: account.clone(),
        stake_lamports: SOL,
        ..Default::default()
    });
    {
        let mut state = stage.services.state.lock().unwrap();
        (state.bets, state.fared.hidden) = (bets.collect(), true);
        let alias = "Big fish".to_owned();
        state.tracker.tracked = vec![proto::notifier::TrackedWallet { alias, ..Default::default() }];
    }
    stage.telegram.say(ANNA, "/privacy");
    stage.telegram.press(ANNA, "Export my data").await;
    let told = stage.telegram.sees(ANNA, "Everything that is kept of you").await;
    let (name, file) = told.document.unwrap();
    assert_eq!(name, "rooms-export.json");
    let export: Value = serde_json::from_slice(&file).unwrap();
    assert_eq!(export["person"]["telegram_user_id"], ANNA);
    assert_eq!(export["wallet"]["account_id"], Uuid::from_slice(&account).unwrap().to_string());
    assert_eq!(export["bets"].as_array().unwrap().len(), 60);
    assert_eq!(export["notifications"].as_array().unwrap().len(), 1);
    assert_eq!(export["referrals"]["referred"], false);
    assert_eq!(export["leaderboard"]["hidden"], true);
    assert_eq!(export["tracking"]["wallets"][0]["alias"], "Big fish");
    assert_eq!(export["chat"]["requests"][0]["kind"], "open_account");
}
