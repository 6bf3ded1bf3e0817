//! Audit logs over gRPC and in files.

use crate::{parsed, roomsctl_at};
use proto::{
    Service,
    audit::{Head, Said},
    common::{AuditRecord, ListAuditRequest, ListAuditResponse, audit_service_server::*},
    timestamp,
};
use std::{
    net::SocketAddr,
    process::Output,
    sync::{Arc, Mutex},
};
use time::OffsetDateTime;
use tokio::net::TcpListener;
use tonic::{
    Request, Response, Status,
    transport::{Server, server::TcpIncoming},
};

/// More than one page.
const RECORDS: u64 = 4_500;

/// wallet-svc's log, which somebody may change.
#[derive(Clone)]
struct Log(Arc<Mutex<Vec<AuditRecord>>>);

#[tonic::async_trait]
impl AuditService for Log {
    async fn list_audit(
        &self,
        request: Request<ListAuditRequest>,
    ) -> Result<Response<ListAuditResponse>, Status> {
        let ListAuditRequest { after, size } = request.into_inner();
        let log = self.0.lock().unwrap();
        let later = log.iter().filter(|record| record.number > after);
        let records = later.take(usize::try_from(size).unwrap()).cloned().collect();
        Ok(Response::new(ListAuditResponse { records }))
    }
}

impl Log {
    fn sealed() -> Self {
        let at =
            OffsetDateTime::from_unix_timestamp(1_795_305_600).unwrap() + time::Duration::microseconds(7);
        let at_us = i64::try_from(at.unix_timestamp_nanos() / 1_000).unwrap();
        let mut head = Head::genesis(Service::Wallet);
        let records = (1..=RECORDS).map(|number| {
            let body = format!("{{\"lamports\":{number}}}");
            let said =
                Said { at_us, actor: "wallet", action: "withdrawal_held", subject: &[7; 16], body: &body };
            let hash = head.seal(&said).unwrap().to_vec();
            AuditRecord {
                number,
                at: Some(timestamp(at)),
                actor: "wallet".to_owned(),
                action: "withdrawal_held".to_owned(),
                subject: vec![7; 16],
                body,
                hash,
            }
        });
        Self(Arc::new(Mutex::new(records.collect())))
    }

    async fn serve(&self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = Server::builder().add_service(AuditServiceServer::new(self.clone()));
        tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener)));
        address
    }

    fn change(&self, change: impl FnOnce(&mut Vec<AuditRecord>)) {
        change(&mut self.0.lock().unwrap());
    }
}

fn refused(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[tokio::test]
async fn a_log_is_verified_over_all_pages_and_what_is_broken_is_named() {
    let log = Log::sealed();
    let url = format!("http://{}", log.serve().await);
    let verify = ["audit", "verify", "--service", "wallet"];
    let whole = parsed(&roomsctl_at(&url, &[&verify[..], &["--json"]].concat()).await);
    assert_eq!(whole["records"], RECORDS);
    let head = format!("{RECORDS}:{}", whole["hash"].as_str().unwrap());
    let kept = [&verify[..], &["--head", &head]].concat();
    assert!(roomsctl_at(&url, &kept).await.status.success());
    let wrong = format!("4000:{}", "0".repeat(64));
    let other = refused(&roomsctl_at(&url, &[&verify[..], &["--head", &wrong]].concat()).await);
    assert!(other.contains("record 4000 is not the one that was kept"), "{other}");

    log.change(|log| log[2_999].body = "{\"lamports\":1}".to_owned());
    let changed = refused(&roomsctl_at(&url, &verify).await);
    assert!(changed.contains("record 3000 is not what was sealed"), "{changed}");
    log.change(|log| drop(log.remove(2_999)));
    let removed = refused(&roomsctl_at(&url, &verify).await);
    assert!(removed.contains("record 3000 is missing"), "{removed}");
    log.change(|log| log.truncate(2_999));
    assert!(roomsctl_at(&url, &verify).await.status.success(), "a shorter chain is a chain");
    let cut = refused(&roomsctl_at(&url, &kept).await);
    assert!(cut.contains("was cut off: it ends at 2999, and record 4500 was kept"), "{cut}");
    // Another service's name on the same records.
    let settlement = refused(&roomsctl_at(&url, &["audit", "verify", "--service", "settlement"]).await);
    assert!(settlement.contains("record 1 is not what was sealed"), "{settlement}");
}

#[tokio::test]
async fn a_log_in_a_file_is_the_same_log() {
    let log = Log::sealed();
    let url = format!("http://{}", log.serve().await);
    let folder = std::env::temp_dir().join(format!("roomsctl-audit-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("wallet.jsonl");
    let name = file.display().to_string();
    let export = ["audit", "export", "--service", "wallet", &name];
    assert!(roomsctl_at(&url, &export).await.status.success());
    let again = refused(&roomsctl_at(&url, &export).await);
    assert!(again.contains("wallet.jsonl"), "a file is not overwritten: {again}");

    let nowhere = "http://127.0.0.1:9";
    let verify = ["audit", "verify", "--from", &name];
    let whole = parsed(&roomsctl_at(nowhere, &[&verify[..], &["--json"]].concat()).await);
    assert_eq!(whole["records"], RECORDS);
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("\"{\\\"lamports\\\":1234}\"", "\"{\\\"lamports\\\":1235}\""))
        .unwrap();
    let changed = refused(&roomsctl_at(nowhere, &verify).await);
    assert!(changed.contains("record 1234 is not what was sealed"), "{changed}");
    std::fs::write(&file, "no log\n").unwrap();
    let broken = refused(&roomsctl_at(nowhere, &verify).await);
    assert!(broken.contains("line 1 is no record"), "{broken}");
    std::fs::remove_dir_all(&folder).unwrap();
}
