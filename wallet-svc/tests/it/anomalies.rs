//! The rules against abuse.

use crate::{
    bank::Bank,
    world::{SOL, World, eventually},
};
use prost::Message;
use proto::{
    Refusal,
    common::{Outcome, RefusalCode},
};
use solana_keypair::Keypair;
use solana_pubkey::Pubkey;
use solana_signer::Signer as _;
use std::time::Duration;
use time::OffsetDateTime;
use uuid::Uuid;
use wallet_svc::{
    domain::{
        anomaly::{Finding, Rule},
        pause::Cause,
    },
    store::{anomaly, pause},
};

const HOUR: Duration = Duration::from_secs(3_600);

async fn anomalies(world: &World) -> Vec<(String, String, i64)> {
    sqlx::query_as("SELECT rule, subject, count FROM wallet.anomaly ORDER BY found_at, rule, subject")
        .fetch_all(world.db.pool())
        .await
        .unwrap()
}

async fn burst_paused(world: &World) -> bool {
    pause::all(world.db.pool()).await.unwrap().iter().any(|pause| pause.cause == Cause::Burst)
}

/// Real requests, held for their new addresses: the third within the hour pauses; what was looked at once does not pause
/// again, and three more do.
#[tokio::test]
async fn a_burst_of_withdrawals_pauses_once() {
    let mut world = World::parts().await;
    let url = world.chain.url();
    let held = [
        ("WITHDRAW_NEW_ADDRESS_HOLD", "24h"),
        ("ANOMALY_PAUSE", "50ms"),
        ("ANOMALY_BURST_COUNT", "3"),
        ("ANOMALY_ADDRESS_ACCOUNTS", "100"),
    ];
    world.serve(&[&url], &held).await;
    world.fund_capital(SOL).await;
    let account = world.rich_account(2 * SOL).await;
    let settings = holding(&world);
    let request = || async {
        let to = Keypair::new().pubkey().to_string();
        world.request_as(Uuid::now_v7(), account, &to, 20_000_000, &settings).await;
    };
    request().await;
    request().await;
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert!(!burst_paused(&world).await);
    request().await;
    eventually("paused", || burst_paused(&world)).await;
    assert_eq!(anomalies(&world).await, [("burst".to_owned(), String::new(), 3)]);
    let reason = pause::all(world.db.pool()).await.unwrap().remove(0).reason;
    assert_eq!(reason, "3 withdrawals of 0.06 SOL within 60 minutes");

    let mut unit = world.unit().await;
    assert!(pause::end(unit.conn(), Cause::Burst).await.unwrap());
    unit.commit().await.unwrap();
    request().await;
    request().await;
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert!(!burst_paused(&world).await, "two since somebody looked");
    request().await;
    eventually("paused again", || burst_paused(&world)).await;
    assert_eq!(anomalies(&world).await.len(), 2);
    world.stop().await;
}

/// The settings of the tests, with withdrawals held.
fn holding(world: &World) -> wallet_svc::workers::ChainSettings {
    let mut settings = world.settings();
    settings.withdrawals.new_address_hold = 24 * HOUR;
    settings
}

async fn withdrawal(bank: &Bank, to: &Pubkey, lamports: i64) {
    let account = Uuid::now_v7();
    sqlx::query("INSERT INTO wallet.key (owner, address, sealed) VALUES ($1, $2, '')")
        .bind(account)
        .bind(Keypair::new().pubkey().to_bytes())
        .execute(bank.db.superuser())
        .await
        .unwrap();
    sqlx::query(
        "INSERT INTO wallet.withdrawal (id, account_id, address, lamports, fee, state, requested_at, held_until)
         SELECT $2, $1, $3, $4, 10000, 'HELD', now, now FROM wallet.db_clock() AS now",
    )
    .bind(account)
    .bind(Uuid::now_v7())
    .bind(to.to_bytes())
    .bind(lamports)
    .execute(bank.db.superuser())
    .await
    .unwrap();
}

async fn now(bank: &Bank) -> OffsetDateTime {
    bank.unit().await.now().await.unwrap()
}

#[tokio::test]
async fn accounts_that_share_an_address_are_found_within_the_window() {
    let bank = Bank::open().await;
    let (shared, own) = (Keypair::new().pubkey(), Keypair::new().pubkey());
    for _ in 0..2 {
        withdrawal(&bank, &shared, SOL).await;
    }
    withdrawal(&bank, &own, SOL).await;
    bank.db.advance(2 * HOUR).await.unwrap();
    withdrawal(&bank, &shared, SOL).await;
    let found = |hours: i64, accounts| {
        let bank = &bank;
        async move {
            let since = now(bank).await - time::Duration::hours(hours);
            anomaly::shared_addresses(bank.db.pool(), since, accounts).await.unwrap()
        }
    };
    let finding = Finding {
        rule: Rule::SharedAddress,
        subject: shared.to_string(),
        count: 3,
        amount: proto::Lamports::new(3 * SOL),
    };
    assert_eq!(found(24, 3).await, [finding]);
    assert_eq!(found(24, 4).await, []);
    assert_eq!(found(1, 2).await, []);
    let requested =
        anomaly::requested(bank.db.pool(), now(&bank).await - time::Duration::HOUR).await.unwrap();
    assert_eq!((requested.count, requested.amount.get()), (1, SOL));
}

#[tokio::test]
async fn refused_codes_and_signatures_are_counted_and_other_refusals_are_not() {
    let bank = Bank::open().await;
    let start = now(&bank).await;
    let codes = [
        RefusalCode::TotpWrong,
        RefusalCode::TotpLocked,
        RefusalCode::OperatorSignature,
        RefusalCode::WithdrawCap,
        RefusalCode::LimitStakeDay,
    ];
    for code in codes {
        let id = Uuid::now_v7();
        let outcome = Outcome::refused(id.as_bytes(), &Refusal::new(code).with("left", 3));
        sqlx::query(
            "INSERT INTO wallet.outcome (command_id, body, stored_at) VALUES ($1, $2, wallet.db_clock())",
        )
        .bind(id)
        .bind(outcome.encode_to_vec())
        .execute(bank.db.pool())
        .await
        .unwrap();
    }
    assert_eq!(anomaly::refused(bank.db.pool(), start).await.unwrap(), 3);
    bank.db.advance(HOUR).await.unwrap();
    assert_eq!(anomaly::refused(bank.db.pool(), now(&bank).await - time::Duration::MINUTE).await.unwrap(), 0);
}

#[tokio::test]
async fn a_finding_is_noted_once_within_its_window() {
    let bank = Bank::open().await;
    let finding = |subject: &str| Finding {
        rule: Rule::SharedAddress,
        subject: subject.to_owned(),
        count: 5,
        amount: proto::Lamports::ZERO,
    };
    for (subject, wait, new) in [
        ("one", Duration::ZERO, true),
        ("one", 23 * HOUR, false),
        ("two", Duration::ZERO, true),
        ("one", 2 * HOUR, true),
    ] {
        bank.db.advance(wait).await.unwrap();
        let mut unit = bank.unit().await;
        let now = unit.now().await.unwrap();
        let noted = anomaly::note(unit.conn(), &finding(subject), time::Duration::DAY, now).await.unwrap();
        unit.commit().await.unwrap();
        assert_eq!(noted, new, "{subject}");
    }
    let last = anomaly::last(bank.db.pool(), Rule::SharedAddress).await.unwrap().unwrap();
    assert!(now(&bank).await - last < time::Duration::MINUTE);
    assert_eq!(anomaly::last(bank.db.pool(), Rule::Burst).await.unwrap(), None);
}
