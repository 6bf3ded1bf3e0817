//! The audit log is sealed behind the business, and whoever touches it is found out.

use crate::{counter::Ground, eventually};
use chassis::{Fault, service::Running};
use proto::{
    Service,
    audit::{Broken, Head},
    common::{AuditRecord, ListAuditRequest, audit_service_client::AuditServiceClient},
};
use serde_json::json;
use sqlx::{Executor, PgPool};
use std::collections::BTreeSet;

/// Commits `count` records, several in each transaction.
async fn write(ground: &Ground, count: u64) {
    let db = ground.inside();
    for part in (0..count).collect::<Vec<_>>().chunks(7) {
        let mut unit = db.unit().await.unwrap();
        for number in part {
            unit.audit("an operator", "count", &number.to_be_bytes(), &json!({"number": number}));
        }
        unit.commit().await.unwrap();
    }
}

/// Reads the log page by page, as anybody may.
async fn read(counter: &Running) -> Vec<AuditRecord> {
    let mut client = AuditServiceClient::connect(format!("http://{}", counter.grpc())).await.unwrap();
    let mut log: Vec<AuditRecord> = Vec::new();
    loop {
        let after = log.last().map_or(0, |record| record.number);
        let page = client.list_audit(ListAuditRequest { after, size: 10 }).await.unwrap().into_inner();
        assert!(page.records.len() <= 10);
        if page.records.is_empty() {
            return log;
        }
        log.extend(page.records);
    }
}

fn verify(log: &[AuditRecord]) -> Result<Head, Broken> {
    let mut head = Head::genesis(Service::Settlement);
    log.iter().try_for_each(|record| head.check(record)).map(|()| head)
}

#[tokio::test]
async fn what_was_decided_is_sealed_in_order_and_a_rollback_leaves_no_gap() {
    let ground = Ground::prepare("none").await;
    let counter = ground.counter().await;
    write(&ground, 20).await;
    let mut given_up = ground.inside().unit().await.unwrap();
    given_up.audit("nobody", "count", &[], &json!({}));
    drop(given_up);
    write(&ground, 5).await;
    eventually("sealed", || async { read(&counter).await.len() == 25 }).await;

    let log = read(&counter).await;
    let head = verify(&log).unwrap();
    assert_eq!(head.number, 25);
    assert!(
        log.iter().all(|record| (record.actor.as_str(), record.action.as_str()) == ("an operator", "count"))
    );
    let subjects: BTreeSet<_> = log.iter().map(|record| record.subject.clone()).collect();
    assert_eq!(subjects.len(), 20);

    // The chain goes on where another process left it.
    counter.stop().await.unwrap();
    let counter = ground.counter().await;
    write(&ground, 1).await;
    eventually("sealed on", || async { read(&counter).await.len() == 26 }).await;
    let log = read(&counter).await;
    assert_eq!(verify(&log[..25]).unwrap(), head);
    assert_eq!(verify(&log).unwrap().number, 26);
}

#[tokio::test]
async fn the_service_itself_cannot_change_a_record() {
    let ground = Ground::prepare("none").await;
    let counter = ground.counter().await;
    write(&ground, 3).await;
    eventually("sealed", || async { read(&counter).await.len() == 3 }).await;
    let db = ground.inside();
    for change in [
        "UPDATE audit SET body = '{}' WHERE number = 2",
        "UPDATE audit SET number = 9 WHERE number = 2",
        "DELETE FROM audit WHERE number = 2",
        "TRUNCATE audit",
        "INSERT INTO audit (at, actor, action, subject, body, number, hash)
         VALUES (db_clock(), 'a', 'b', '', '', 4, sha256(''))",
    ] {
        let refused = Fault::from(db.pool().execute(change).await.unwrap_err()).chain();
        assert!(
            refused.contains("append-only")
                || refused.contains("permission denied")
                || refused.contains("sealed by its"),
            "{change}: {refused}"
        );
    }
    assert_eq!(verify(&read(&counter).await).unwrap().number, 3);
}

/// A superuser who knows about the triggers.
async fn tamper(superuser: &PgPool, change: &str) {
    let mut connection = superuser.acquire().await.unwrap();
    connection.execute("SET session_replication_role = replica").await.unwrap();
    connection.execute(sqlx::AssertSqlSafe(change.to_owned())).await.unwrap();
    connection.execute("RESET session_replication_role").await.unwrap();
}

#[tokio::test]
async fn a_superuser_who_touches_the_log_is_found_out() {
    let ground = Ground::prepare("none").await;
    let counter = ground.counter().await;
    let superuser = ground.db.superuser();
    let mut sealed = 0;
    for (change, found) in [
        ("UPDATE room.audit SET body = '{\"number\":0}' WHERE number = 5", Broken::Changed { number: 5 }),
        ("UPDATE room.audit SET at = at + interval '1 microsecond' WHERE number = 5", Broken::Changed { number: 5 }),
        ("DELETE FROM room.audit WHERE number = 5", Broken::Missing { expected: 5, found: 6 }),
        (
            "UPDATE room.audit SET number = CASE number WHEN 5 THEN 1000007 ELSE 1000005 END WHERE number IN (5, 7);
             UPDATE room.audit SET number = number - 1000000 WHERE number > 1000000",
            Broken::Changed { number: 5 },
        ),
        (
            "UPDATE room.audit SET number = number + 1000000 WHERE number >= 5;
             UPDATE room.audit SET number = number - 999999 WHERE number > 1000000;
             INSERT INTO room.audit (at, actor, action, subject, body, number, hash)
             SELECT at, actor, action, subject, body, 5, hash FROM room.audit WHERE number = 4",
            Broken::Changed { number: 5 },
        ),
    ] {
        write(&ground, 10).await;
        sealed += 10;
        eventually("sealed", || async { read(&counter).await.len() == sealed }).await;
        assert!(verify(&read(&counter).await).is_ok());
        tamper(superuser, "DROP TABLE IF EXISTS room.kept; CREATE TABLE room.kept AS TABLE room.audit").await;
        tamper(superuser, change).await;
        assert_eq!(verify(&read(&counter).await).unwrap_err(), found, "{change}");
        tamper(superuser, "DELETE FROM room.audit; INSERT INTO room.audit OVERRIDING SYSTEM VALUE TABLE room.kept").await;
    }
    // What a chain alone cannot show: its end cut off. A head that was kept elsewhere does.
    let head = verify(&read(&counter).await).unwrap();
    tamper(superuser, "DELETE FROM room.audit WHERE number > 40").await;
    assert_eq!(verify(&read(&counter).await).unwrap().number, 40);
    assert!(head.number > 40);
}
