//! What operators do: approve and reject withdrawals, pause and resume them, rule rooms, judge disputes. Every action is
//! signed with the operator's key; the services believe the signature, not whoever calls.

pub mod arenas;
pub mod bans;
pub mod broadcasts;
pub mod disputes;
mod key;
pub mod letters;
mod proof;
pub mod rooms;
pub mod smart_wallets;
pub mod waiting;

pub use key::{KeyError, OperatorKey};
pub use proof::take_proof;

use crate::{
    cli::{Operator, Options, WithdrawalFilter, Withdrawals},
    client,
    commands::{Pages, malformed},
    confirm,
    failure::Failure,
    output,
    view::{AnomalyView, PauseView, WithdrawalView},
};
use prost_types::Timestamp;
use proto::{
    Lamports, Malformed, Refusal, WithdrawalId,
    common::Outcome,
    statement::Statement,
    timestamp,
    wallet::{
        ApproveWithdrawal, ApproveWithdrawalDone, ApproveWithdrawalRequest, GetWithdrawalRequest,
        ListAnomaliesRequest, ListPausesRequest, ListWithdrawalsRequest, OperatorSignature, PauseWithdrawals,
        PauseWithdrawalsDone, PauseWithdrawalsRequest, RejectWithdrawal, RejectWithdrawalDone,
        RejectWithdrawalRequest, ResumeWithdrawals, ResumeWithdrawalsDone, ResumeWithdrawalsRequest,
        Withdrawal, WithdrawalState,
    },
};
use serde_json::json;
use std::{num::NonZeroU32, path::Path, time::Duration};
use time::OffsetDateTime;
use tonic::{Code, Response, Status};
use uuid::Uuid;

/// How often an action is asked for again while its outcome is not known. The same request twice is one action.
const ASKS: u32 = 4;
const PAUSE: Duration = Duration::from_millis(500);

/// `roomsctl withdrawals …`.
pub async fn withdrawals(options: &Options, command: Withdrawals) -> Result<(), Failure> {
    match command {
        Withdrawals::List { filter, limit } => list(options, filter, limit.limit).await,
        Withdrawals::Approve { withdrawal, key } => approve(options, withdrawal, &key.key).await,
        Withdrawals::Reject { withdrawal, reason, key } => {
            reject(options, withdrawal, reason, &key.key).await
        }
    }
}

/// `roomsctl operator …`.
pub fn operator(options: &Options, command: Operator) -> Result<(), Failure> {
    let (key, file) = match &command {
        Operator::NewKey { file } => (OperatorKey::make(file)?, file),
        Operator::ShowKey { file } => (OperatorKey::read(file)?, file),
    };
    if options.json {
        output::json(&json!({"operator": key.address(), "file": file}))
    } else {
        output::text(&key.address())
    }
}

/// `roomsctl pauses`.
pub async fn pauses(options: &Options) -> Result<(), Failure> {
    let service = client::operators(options)?;
    let answer = service.ask(async |mut client| client.list_pauses(ListPausesRequest {}).await).await?;
    let pauses: Result<Vec<PauseView>, Malformed> = answer.pauses.iter().map(PauseView::try_from).collect();
    show_pauses(options, &pauses.map_err(malformed(service.name))?)
}

/// `roomsctl anomalies`.
pub async fn anomalies(options: &Options) -> Result<(), Failure> {
    let service = client::operators(options)?;
    let request = ListAnomaliesRequest { size: 0 };
    let answer = service.ask(async |mut client| client.list_anomalies(request).await).await?;
    let found: Result<Vec<AnomalyView>, Malformed> =
        answer.anomalies.iter().map(AnomalyView::try_from).collect();
    let found = found.map_err(malformed(service.name))?;
    if options.json { output::json(&json!({"anomalies": found})) } else { output::anomalies(&found) }
}

/// `roomsctl pause`.
pub async fn pause(options: &Options, reason: String, key: &Path) -> Result<(), Failure> {
    let service = client::operators(options)?;
    let key = OperatorKey::read(key)?;
    let command = key.signed(|by| PauseWithdrawals { reason: reason.clone(), by: Some(by) })?;
    let request = PauseWithdrawalsRequest { request_id: request_id(options), command: Some(command) };
    let done: PauseWithdrawalsDone = settle(&service, |mut client| {
        let request = request.clone();
        async move { Ok(client.pause_withdrawals(request).await?.map(|answer| answer.outcome)) }
    })
    .await?;
    let pause = done.pause.as_ref().ok_or(Malformed("an answer without pause"));
    let pause = pause.and_then(PauseView::try_from).map_err(malformed(service.name))?;
    show_pauses(options, &[pause])
}

/// `roomsctl resume`. Shows the pauses that still stand.
pub async fn resume(options: &Options, cause: String, key: &Path) -> Result<(), Failure> {
    let service = client::operators(options)?;
    let key = OperatorKey::read(key)?;
    let what = format!("Let withdrawals go on that `{cause}` has stopped.");
    let command =
        key.confirmed(options, &what, |by| ResumeWithdrawals { cause: cause.clone(), by: Some(by) })?;
    let request = ResumeWithdrawalsRequest { request_id: request_id(options), command: Some(command) };
    let done: ResumeWithdrawalsDone = settle(&service, |mut client| {
        let request = request.clone();
        async move { Ok(client.resume_withdrawals(request).await?.map(|answer| answer.outcome)) }
    })
    .await?;
    let left: Result<Vec<PauseView>, Malformed> = done.left.iter().map(PauseView::try_from).collect();
    show_pauses(options, &left.map_err(malformed(service.name))?)
}

async fn list(options: &Options, filter: WithdrawalFilter, limit: NonZeroU32) -> Result<(), Failure> {
    let service = client::wallet(options)?;
    let state = filter.state.map_or(WithdrawalState::Unspecified, WithdrawalState::from);
    let account_id = filter.account.map(proto::AccountId::bytes).unwrap_or_default();
    let mut withdrawals = Vec::new();
    let mut pages = Pages::new(limit);
    while let Some(page) = pages.next() {
        let request =
            ListWithdrawalsRequest { account_id: account_id.clone(), state: state.into(), page: Some(page) };
        let answer = service.ask(async |mut client| client.list_withdrawals(request).await).await?;
        for withdrawal in &answer.withdrawals {
            withdrawals.push(WithdrawalView::try_from(withdrawal).map_err(malformed(service.name))?);
        }
        pages.read(answer.withdrawals.len(), answer.next_page_token, answer.total);
    }
    if options.json {
        output::json(&json!({"withdrawals": withdrawals, "total": pages.total}))
    } else {
        output::withdrawals(&withdrawals, pages.total)
    }
}

/// Signs what wallet-svc says the withdrawal is, and shows it: the signature is worth nothing for another amount or
/// address.
async fn approve(options: &Options, id: WithdrawalId, key: &Path) -> Result<(), Failure> {
    let key = OperatorKey::read(key)?;
    let wallet = client::wallet(options)?;
    let request = GetWithdrawalRequest { withdrawal_id: id.bytes() };
    let found = wallet.ask(async |mut client| client.get_withdrawal(request).await).await?.withdrawal;
    let found = found.ok_or(Malformed("an answer without withdrawal")).map_err(malformed(wallet.name))?;
    let what = format!(
        "Approve withdrawal {id}: {} SOL, of it {} SOL fee, to {}.",
        Lamports::new(found.lamports),
        Lamports::new(found.fee_lamports),
        found.address
    );
    let command = key.confirmed(options, &what, |by| ApproveWithdrawal {
        withdrawal_id: id.bytes(),
        lamports: found.lamports,
        address: found.address.clone(),
        by: Some(by),
    })?;
    let service = client::operators(options)?;
    let request = ApproveWithdrawalRequest { request_id: request_id(options), command: Some(command) };
    let done: ApproveWithdrawalDone = settle(&service, |mut client| {
        let request = request.clone();
        async move { Ok(client.approve_withdrawal(request).await?.map(|answer| answer.outcome)) }
    })
    .await?;
    show(options, done.withdrawal.as_ref())
}

async fn reject(options: &Options, id: WithdrawalId, reason: String, key: &Path) -> Result<(), Failure> {
    let key = OperatorKey::read(key)?;
    let what = format!("Reject withdrawal {id}: its amount goes back to its owner, who reads \"{reason}\".");
    let command = key.confirmed(options, &what, |by| RejectWithdrawal {
        withdrawal_id: id.bytes(),
        reason: reason.clone(),
        by: Some(by),
    })?;
    let service = client::operators(options)?;
    let request = RejectWithdrawalRequest { request_id: request_id(options), command: Some(command) };
    let done: RejectWithdrawalDone = settle(&service, |mut client| {
        let request = request.clone();
        async move { Ok(client.reject_withdrawal(request).await?.map(|answer| answer.outcome)) }
    })
    .await?;
    show(options, done.withdrawal.as_ref())
}

fn show(options: &Options, withdrawal: Option<&Withdrawal>) -> Result<(), Failure> {
    let withdrawal = withdrawal.ok_or(Malformed("an answer without withdrawal"));
    let view = withdrawal.and_then(WithdrawalView::try_from).map_err(malformed(client::WALLET))?;
    if options.json { output::json(&view) } else { output::withdrawal(&view) }
}

fn show_pauses(options: &Options, pauses: &[PauseView]) -> Result<(), Failure> {
    if options.json { output::json(&json!({"pauses": pauses})) } else { output::pauses(pauses) }
}

/// The id under which an action is done once.
fn request_id(options: &Options) -> Vec<u8> {
    options.request_id.unwrap_or_else(Uuid::now_v7).as_bytes().to_vec()
}

/// Asks for an action until its outcome is known. Whoever has to give up may simply begin again: what is done is done
/// once, and the second time is refused by name.
async fn settle<C, D, F>(service: &client::Service<C>, ask: impl Fn(C) -> F) -> Result<D, Failure>
where
    C: Clone,
    D: prost::Message + Default,
    F: Future<Output = Result<Response<Option<Outcome>>, Status>>,
{
    let mut asked = 1;
    let outcome = loop {
        match service.ask(&ask).await {
            Err(Failure::Service { status, .. }) if status.code() == Code::Unavailable && asked < ASKS => {
                asked += 1;
                tokio::time::sleep(PAUSE).await;
            }
            answer => break answer?,
        }
    };
    let outcome = outcome.ok_or(Malformed("an answer without outcome")).map_err(malformed(service.name))?;
    outcome.decided::<D>().map_err(malformed(service.name))?.map_err(Failure::Refused)
}

impl OperatorKey {
    /// The same as [`Self::signed`], of an action that moves money or cannot be undone: it is asked about first.
    fn confirmed<S: Statement>(
        &self,
        options: &Options,
        what: &str,
        action: impl Fn(OperatorSignature) -> S,
    ) -> Result<S, Failure> {
        confirm::ask(options.yes, what, &self.address())?;
        self.signed(action)
    }

    /// An action of this operator, signed now. `action` puts the signature where it belongs.
    fn signed<S: Statement>(&self, action: impl Fn(OperatorSignature) -> S) -> Result<S, Failure> {
        #[expect(
            clippy::disallowed_methods,
            reason = "the operator's own clock; the service compares it with its own"
        )]
        let now = OffsetDateTime::now_utc();
        // The second is a part of what is signed.
        let signed_at = Some(Timestamp { nanos: 0, ..timestamp(now) });
        let by = OperatorSignature { operator: self.address(), signature: Vec::new(), signed_at };
        let statement = action(by.clone()).bytes().map_err(Failure::Statement)?;
        Ok(action(OperatorSignature { signature: self.signature(&statement), ..by }))
    }
}

/// What an operator can do about a refusal.
pub fn advice(refusal: &Refusal) -> Option<&'static str> {
    use proto::common::RefusalCode as Code;
    Some(match refusal.code {
        Code::WithdrawState => {
            "the withdrawal does not wait for this any more, or never did; `roomsctl withdrawals list` shows where it is"
        }
        Code::OperatorSignature => {
            "is this key among OPERATOR_KEYS of the service, and is the clock of this machine right?"
        }
        Code::OperatorTwice => "this operator approved it before; it waits for another one",
        Code::NotFound => {
            "there is no such withdrawal, pause, ban, room, settlement, arena, wallet or dead letter"
        }
        Code::BetLocked => "betting in this room has ended",
        Code::SettlementPaid => "payouts are under way; there is only the dispute",
        Code::SettlementRuling => {
            "operators may void a room, answer a custom one after its deadline, or let a verdict stand"
        }
        Code::SettlementInterest => "you have bet in this room; another operator has to speak about it",
        Code::ArenaState => "the group is in the pool; `roomsctl arena list` shows where it is",
        Code::ArenaRights => "the number of a supergroup begins with -100",
        Code::BroadcastState => {
            "it has ended, or there is none, or there is one of this id; `roomsctl broadcast list` shows them"
        }
        Code::DisputeClosed => "the room's disputes are judged, or there are none",
        _ => return None,
    })
}
