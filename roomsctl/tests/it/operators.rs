//! Operators' actions, against a peer that verifies what is signed.

use crate::peer::{ACCOUNT, Peer, WITHDRAWAL, id};
use prost::Message;
use proto::{
    Refusal,
    common::{Outcome, RefusalCode},
    statement::Statement,
    wallet::{wallet_operator_service_server::WalletOperatorService, *},
};
use serde_json::{Value, json};
use solana_signature::Signature;
use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Output,
    sync::Mutex,
};
use tonic::{Request, Response, Status};

/// Refuses what is not signed by whom it names, and keeps everybody waiting once.
#[derive(Default)]
pub struct Operators {
    asked: Mutex<BTreeSet<Vec<u8>>>,
    approved: Mutex<BTreeSet<String>>,
    pauses: Mutex<Vec<Pause>>,
    bans: Mutex<Vec<Ban>>,
}

impl Operators {
    fn obey<D: Message>(
        &self,
        request_id: &[u8],
        command: &impl Statement,
        decide: impl FnOnce(&str) -> Result<D, Refusal>,
    ) -> Result<Option<Outcome>, Status> {
        obey(&mut self.asked.lock().unwrap(), request_id, command, decide)
    }
}

/// Keeps everybody waiting once, and refuses what is not signed by whom it names.
pub fn obey<D: Message>(
    asked: &mut BTreeSet<Vec<u8>>,
    request_id: &[u8],
    command: &impl Statement,
    decide: impl FnOnce(&str) -> Result<D, Refusal>,
) -> Result<Option<Outcome>, Status> {
    if asked.insert(request_id.to_vec()) {
        return Err(Status::unavailable("still working, ask again with the same id"));
    }
    let by = command.by().unwrap();
    let key = bs58::decode(&by.operator).into_vec().unwrap();
    let signature = Signature::try_from(by.signature.as_slice()).unwrap();
    let decided = if signature.verify(&key, &command.bytes().unwrap()) {
        decide(&by.operator)
    } else {
        Err(Refusal::new(RefusalCode::OperatorSignature))
    };
    Ok(Some(match decided {
        Ok(done) => Outcome::done(request_id, &done),
        Err(refusal) => Outcome::refused(request_id, &refusal),
    }))
}

#[tonic::async_trait]
impl WalletOperatorService for Operators {
    async fn approve_withdrawal(
        &self,
        request: Request<ApproveWithdrawalRequest>,
    ) -> Result<Response<ApproveWithdrawalResponse>, Status> {
        let ApproveWithdrawalRequest { request_id, command } = request.into_inner();
        let command = command.unwrap();
        let waiting = crate::peer::withdrawal();
        assert_eq!((command.lamports, &command.address), (waiting.lamports, &waiting.address));
        let outcome = self.obey(&request_id, &command, |operator| {
            let mut approved = self.approved.lock().unwrap();
            if !approved.insert(operator.to_owned()) {
                return Err(Refusal::new(RefusalCode::OperatorTwice));
            }
            let approvals = u32::try_from(approved.len()).unwrap();
            let withdrawal = Some(Withdrawal { approvals, ..waiting });
            Ok(ApproveWithdrawalDone { withdrawal, approvals, needed: 2 })
        })?;
        Ok(Response::new(ApproveWithdrawalResponse { outcome }))
    }

    async fn reject_withdrawal(
        &self,
        request: Request<RejectWithdrawalRequest>,
    ) -> Result<Response<RejectWithdrawalResponse>, Status> {
        let RejectWithdrawalRequest { request_id, command } = request.into_inner();
        let command = command.unwrap();
        let outcome = self.obey(&request_id, &command, |_| {
            if command.withdrawal_id != crate::peer::withdrawal().withdrawal_id {
                return Err(Refusal::new(RefusalCode::WithdrawState).with("state", "FINALIZED"));
            }
            let state = WithdrawalState::Rejected.into();
            let reason = command.reason.clone();
            let withdrawal = Some(Withdrawal { state, reason, ..crate::peer::withdrawal() });
            Ok(RejectWithdrawalDone { withdrawal })
        })?;
        Ok(Response::new(RejectWithdrawalResponse { outcome }))
    }

    async fn pause_withdrawals(
        &self,
        request: Request<PauseWithdrawalsRequest>,
    ) -> Result<Response<PauseWithdrawalsResponse>, Status> {
        let PauseWithdrawalsRequest { request_id, command } = request.into_inner();
        let command = command.unwrap();
        let outcome = self.obey(&request_id, &command, |_| {
            let pause = Pause { cause: "operator".into(), reason: command.reason.clone(), since: None };
            self.pauses.lock().unwrap().push(pause.clone());
            Ok(PauseWithdrawalsDone { pause: Some(pause) })
        })?;
        Ok(Response::new(PauseWithdrawalsResponse { outcome }))
    }

    async fn resume_withdrawals(
        &self,
        request: Request<ResumeWithdrawalsRequest>,
    ) -> Result<Response<ResumeWithdrawalsResponse>, Status> {
        let ResumeWithdrawalsRequest { request_id, command } = request.into_inner();
        let command = command.unwrap();
        let outcome = self.obey(&request_id, &command, |_| {
            let mut pauses = self.pauses.lock().unwrap();
            pauses.retain(|pause| pause.cause != command.cause);
            Ok(ResumeWithdrawalsDone { left: pauses.clone() })
        })?;
        Ok(Response::new(ResumeWithdrawalsResponse { outcome }))
    }

    async fn set_ban(&self, request: Request<SetBanRequest>) -> Result<Response<SetBanResponse>, Status> {
        let SetBanRequest { request_id, command } = request.into_inner();
        let command = command.unwrap();
        let outcome = self.obey(&request_id, &command, |operator| {
            if command.account_id != ACCOUNT.to_be_bytes() {
                return Err(Refusal::new(RefusalCode::AccountUnknown));
            }
            let mut bans = self.bans.lock().unwrap();
            let before = bans.len();
            bans.retain(|ban| ban.account_id != command.account_id);
            if !command.banned {
                let lifted = bans.len() < before;
                return if lifted {
                    Ok(SetBanDone { ban: None })
                } else {
                    Err(Refusal::new(RefusalCode::NotFound))
                };
            }
            let ban = Ban {
                account_id: command.account_id.clone(),
                reason: command.reason.clone(),
                since: Some(proto::timestamp(time::OffsetDateTime::UNIX_EPOCH)),
                operator: operator.to_owned(),
            };
            bans.push(ban.clone());
            Ok(SetBanDone { ban: Some(ban) })
        })?;
        Ok(Response::new(SetBanResponse { outcome }))
    }

    async fn list_bans(&self, _: Request<ListBansRequest>) -> Result<Response<ListBansResponse>, Status> {
        let bans = self.bans.lock().unwrap().clone();
        let total = u64::try_from(bans.len()).unwrap();
        Ok(Response::new(ListBansResponse { bans, total, next_page_token: String::new() }))
    }

    async fn take_proof(&self, _: Request<TakeProofRequest>) -> Result<Response<TakeProofResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn list_anomalies(
        &self,
        _: Request<ListAnomaliesRequest>,
    ) -> Result<Response<ListAnomaliesResponse>, Status> {
        let anomaly = Anomaly {
            rule: "shared_address".to_owned(),
            subject: "9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin".to_owned(),
            found_at: Some(proto::timestamp(time::OffsetDateTime::UNIX_EPOCH)),
            count: 5,
            lamports: 2_500_000_000,
            advice: "look at it".to_owned(),
        };
        Ok(Response::new(ListAnomaliesResponse { anomalies: vec![anomaly] }))
    }

    async fn list_pauses(
        &self,
        _: Request<ListPausesRequest>,
    ) -> Result<Response<ListPausesResponse>, Status> {
        Ok(Response::new(ListPausesResponse { pauses: self.pauses.lock().unwrap().clone() }))
    }
}

/// A folder of its own, gone with the test.
pub struct Folder(PathBuf);

impl Folder {
    pub fn make() -> Self {
        let path = std::env::temp_dir().join(format!("roomsctl-{}", uuid::Uuid::now_v7()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub fn file(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

pub fn said(output: &Output) -> (Option<i32>, String) {
    (output.status.code(), String::from_utf8(output.stderr.clone()).unwrap())
}

#[tokio::test]
async fn a_key_is_made_once_and_for_nobody_else() {
    let (peer, folder) = (Peer::start().await, Folder::make());
    let key = folder.file("key.json");
    let address = crate::table(&peer, &["operator", "new-key", &key]).await;
    assert_eq!(bs58::decode(address.trim()).into_vec().unwrap().len(), 32);
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    let written = fs::read(&key).unwrap();
    // The form of the Solana CLI: secret and public half, in JSON.
    let numbers: Vec<u8> = serde_json::from_slice(&written).unwrap();
    assert_eq!(bs58::encode(&numbers[32..]).into_string(), address.trim());

    let (code, error) = said(&crate::roomsctl(&peer, &["operator", "new-key", &key]).await);
    assert!(code == Some(2) && error.contains("cannot write a key"), "{error}");
    assert_eq!(fs::read(&key).unwrap(), written);
    assert_eq!(crate::table(&peer, &["operator", "show-key", &key]).await, address);

    for (mode, holds, complaint) in [
        (0o644, written.clone(), "chmod 600"),
        (0o640, written.clone(), "chmod 600"),
        (0o600, b"[1,2,3]".to_vec(), "no key file"),
        (0o600, [&written[..written.len() - 2], b"]"].concat(), "no key file"),
    ] {
        let other = folder.file("other.json");
        fs::write(&other, holds).unwrap();
        fs::set_permissions(Path::new(&other), fs::Permissions::from_mode(mode)).unwrap();
        let (code, error) = said(&crate::roomsctl(&peer, &["operator", "show-key", &other]).await);
        assert!(code == Some(2) && error.contains(complaint), "{mode:o}: {error}");
    }
}

#[tokio::test]
async fn withdrawals_are_listed_with_what_they_wait_for() {
    let peer = Peer::start().await;
    let text = crate::table(&peer, &["withdrawals", "list", "--state", "held"]).await;
    for part in ["HELD", "10 ", "operators, 0 of 2; new address, until 2026-11-23 03:00:00", "1 of 1"] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
    let all = crate::json(&peer, &["withdrawals", "list", "--account", &id(ACCOUNT)]).await;
    assert_eq!(all["withdrawals"][0]["approvals_needed"], 2);
    let (code, error) = said(&crate::roomsctl(&peer, &["withdrawals", "list", "--state", "stuck"]).await);
    assert!(code == Some(2) && error.contains("requested, held, approved"), "{error}");
}

#[tokio::test]
async fn an_approval_is_signed_over_what_is_shown_and_asked_for_until_it_is_known() {
    let (peer, folder) = (Peer::start().await, Folder::make());
    let keys = ["a", "b"].map(|name| folder.file(name));
    for key in &keys {
        crate::table(&peer, &["operator", "new-key", key]).await;
    }
    let approve = async |key: &str| {
        crate::roomsctl(&peer, &["withdrawals", "approve", &id(WITHDRAWAL), "--yes", "--key", key]).await
    };
    let first = approve(&keys[0]).await;
    assert_eq!(said(&first), (Some(0), String::new()));
    let text = String::from_utf8(first.stdout).unwrap();
    assert!(text.contains("10 SOL") && text.contains("operators, 1 of 2"), "{text}");
    let (code, error) = said(&approve(&keys[0]).await);
    assert!(code == Some(2) && error.contains("OPERATOR_TWICE") && error.contains("another one"), "{error}");
    assert_eq!(approve(&keys[1]).await.status.code(), Some(0));
    let (code, error) = said(
        &crate::roomsctl(&peer, &["withdrawals", "approve", &id(0xdead), "-y", "--key", &keys[1]]).await,
    );
    assert_eq!(code, Some(3), "{error}");
}

#[tokio::test]
async fn a_rejection_and_pauses_name_their_reason() {
    let (peer, folder) = (Peer::start().await, Folder::make());
    let key = folder.file("key");
    crate::table(&peer, &["operator", "new-key", &key]).await;
    let with = |arguments: &[&str]| -> Vec<String> {
        arguments.iter().copied().chain(["--yes", "--key", &key]).map(str::to_owned).collect()
    };
    let run = async |arguments: &[&str]| {
        let arguments = with(arguments);
        crate::roomsctl(&peer, &arguments.iter().map(String::as_str).collect::<Vec<_>>()).await
    };
    let rejected = run(&["withdrawals", "reject", &id(WITHDRAWAL), "--reason", "looks stolen"]).await;
    let text = String::from_utf8(rejected.stdout).unwrap();
    assert!(text.contains("REJECTED") && text.contains("looks stolen"), "{text}");
    let (code, error) = said(&run(&["withdrawals", "reject", &id(0xdead), "--reason", "late"]).await);
    assert!(code == Some(2) && error.contains("state=FINALIZED"), "{error}");
    let (code, error) = said(&run(&["withdrawals", "reject", &id(WITHDRAWAL)]).await);
    assert!(code == Some(2) && error.contains("--reason"), "{error}");

    assert_eq!(crate::table(&peer, &["pauses"]).await, "withdrawals are not paused\n");
    assert_eq!(said(&run(&["pause", "--reason", "a drill"]).await), (Some(0), String::new()));
    let pauses: Value = crate::json(&peer, &["pauses"]).await;
    assert_eq!(pauses, json!({"pauses": [{"cause": "operator", "reason": "a drill", "since": null}]}));
    let (code, error) = said(&run(&["resume", "weather"]).await);
    assert!(code == Some(2) && error.contains("daily_cap"), "{error}");
    let resumed = run(&["resume", "operator"]).await;
    assert_eq!(String::from_utf8(resumed.stdout).unwrap(), "withdrawals are not paused\n");
}

#[tokio::test]
async fn anomalies_say_what_to_do() {
    let peer = Peer::start().await;
    let table = crate::table(&peer, &["anomalies"]).await;
    for part in ["shared_address", "9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin", "5", "2.5", "look at it"] {
        assert!(table.contains(part), "{part} is missing in\n{table}");
    }
    let found: Value = crate::json(&peer, &["anomalies"]).await;
    assert_eq!(found["anomalies"][0]["lamports"], 2_500_000_000_i64);
}
