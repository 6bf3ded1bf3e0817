//! What the audit log keeps of withdrawals and operators.

use crate::world::{SOL, World, eventually};
use proto::{
    Service,
    audit::Head,
    common::{AuditRecord, ListAuditRequest, audit_service_client::AuditServiceClient},
    statement::Statement as _,
    timestamp,
    wallet::{
        OperatorSignature, PauseWithdrawals, PauseWithdrawalsRequest,
        wallet_operator_service_client::WalletOperatorServiceClient,
    },
};
use serde_json::{Value, json};
use solana_keypair::Keypair;
use solana_pubkey::Pubkey;
use solana_signature::Signature;
use solana_signer::Signer as _;
use time::OffsetDateTime;
use uuid::Uuid;
use wallet_svc::domain::withdrawal::State;

/// The sealed log, whose chain fits.
async fn log(world: &World) -> Vec<AuditRecord> {
    let mut client = AuditServiceClient::connect(format!("http://{}", world.grpc())).await.unwrap();
    let log = client.list_audit(ListAuditRequest { after: 0, size: 0 }).await.unwrap().into_inner().records;
    let mut head = Head::genesis(Service::Wallet);
    log.iter().for_each(|record| head.check(record).unwrap());
    log
}

fn body(record: &AuditRecord) -> Value {
    serde_json::from_str(&record.body).unwrap()
}

#[tokio::test]
async fn every_step_of_a_withdrawal_is_kept() {
    let world = World::funded().await;
    let account = world.rich_account(2 * SOL).await;
    let to = Keypair::new().pubkey();
    let id = world.request(account, &to, SOL).await;
    world.until_state(id, State::Finalized).await;
    let steps = async || {
        let of = |record: &AuditRecord| record.subject == id.bytes();
        log(&world).await.into_iter().filter(of).collect::<Vec<_>>()
    };
    eventually("sealed", || async { steps().await.len() == 6 }).await;
    let steps = steps().await;
    let told: Vec<(&str, &str)> =
        steps.iter().map(|record| (record.actor.as_str(), record.action.as_str())).collect();
    let owner = account.to_string();
    let expected = [
        (owner.as_str(), "request_withdrawal"),
        ("wallet", "withdrawal_held"),
        ("wallet", "withdrawal_approved"),
        ("wallet", "withdrawal_signed"),
        ("wallet", "withdrawal_submitted"),
        ("wallet", "withdrawal_finalized"),
    ];
    assert_eq!(told, expected);
    for record in &steps {
        let body = body(record);
        assert_eq!((&body["lamports"], &body["address"]), (&json!(SOL), &json!(to.to_string())));
    }
    // The signature as it is on chain.
    let signature: Signature = body(&steps[5])["signature"].as_str().unwrap().parse().unwrap();
    let found = world.outside.rpc.get_signature_status(&signature).await.unwrap();
    assert_eq!(found, Some(Ok(())));
}

#[tokio::test]
async fn an_operator_cannot_deny_what_they_signed() {
    let mut world = World::parts().await;
    let (url, operator) = (world.chain.url(), Keypair::new());
    world.serve(&[&url], &[("OPERATOR_KEYS", &operator.pubkey().to_string())]).await;
    let now: OffsetDateTime =
        sqlx::query_scalar("SELECT wallet.db_clock()").fetch_one(world.db.pool()).await.unwrap();
    let by = OperatorSignature {
        operator: operator.pubkey().to_string(),
        signature: Vec::new(),
        signed_at: Some(timestamp(now)),
    };
    let mut pause = PauseWithdrawals { reason: "looks odd".to_owned(), by: Some(by) };
    let statement = pause.bytes().unwrap();
    pause.by.as_mut().unwrap().signature = operator.sign_message(&statement).as_ref().to_vec();
    let request_id = Uuid::now_v7().as_bytes().to_vec();
    let mut client = WalletOperatorServiceClient::connect(format!("http://{}", world.grpc())).await.unwrap();
    let request = PauseWithdrawalsRequest { request_id: request_id.clone(), command: Some(pause) };
    client.pause_withdrawals(request).await.unwrap();

    eventually("sealed", || async { !log(&world).await.is_empty() }).await;
    let log = log(&world).await;
    assert_eq!(log.len(), 1, "{log:?}");
    let record = &log[0];
    assert_eq!(record.action, "pause_withdrawals");
    assert_eq!(record.subject, request_id);
    let kept = body(record);
    assert_eq!(kept["statement"].as_str().unwrap().as_bytes(), statement);
    let actor: Pubkey = record.actor.parse().unwrap();
    let signature: Signature = kept["signature"].as_str().unwrap().parse().unwrap();
    assert!(signature.verify(actor.as_ref(), kept["statement"].as_str().unwrap().as_bytes()));
}
