//! Answers of the services as they are shown, in JSON and in tables.

pub mod desk;
pub mod notifier;

use std::fmt;

use prost_types::Timestamp;
use proto::{
    AccountId, BetId, Lamports, Malformed, RoomId, WithdrawalId, from_timestamp,
    room::{Bet, BetState, Comparator, Kind, Room, RoomState, VoidReason},
    settlement::{GetSettlementResponse, SettlementState, Verdict},
    wallet::{Account, Anomaly, Pause, Transfer, TransferKind, Withdrawal, WithdrawalState},
};
use serde::{Serialize, Serializer};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use uuid::Uuid;

/// A time, or none.
#[derive(Debug, Clone, Copy)]
pub struct Instant(Option<OffsetDateTime>);

impl Instant {
    pub fn of(timestamp: Option<&Timestamp>) -> Result<Self, Malformed> {
        timestamp.map(|at| from_timestamp(Some(at))).transpose().map(Instant)
    }

    /// For a line that is left out where there is none.
    pub fn shown(self) -> String {
        self.0.map(|_| self.to_string()).unwrap_or_default()
    }

    fn text(self) -> Option<String> {
        self.0.and_then(|at| at.format(&Rfc3339).ok())
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.text().serialize(serializer)
    }
}

/// To the second; a dash for none.
impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(at) => {
                let (hour, minute, second) = at.to_hms();
                f.pad(&format!("{} {hour:02}:{minute:02}:{second:02}", at.date()))
            }
            None => f.pad("-"),
        }
    }
}

#[derive(Debug, Serialize)]
pub struct RoomView {
    pub id: RoomId,
    pub number: i64,
    pub state: String,
    pub kind: String,
    pub asset: String,
    pub comparator: String,
    pub target: String,
    pub open_price: String,
    pub subtitle: String,
    pub open_at: Instant,
    pub lock_at: Instant,
    pub deadline: Instant,
    pub players: u32,
    pub max_players: u32,
    pub pools: Vec<Pool>,
    pub min_stake_lamports: Lamports,
    pub max_stake_lamports: Lamports,
    pub protocol_fee_bps: u32,
    pub host_fee_bps: u32,
    /// Nobody's where operators opened it.
    pub host_account_id: Option<AccountId>,
    pub rival_asset: String,
    pub bounds: Vec<String>,
    pub question: String,
    pub criterion: String,
    pub source_url: String,
    pub scope_chat_id: i64,
    pub terms_hash: String,
    pub version: u64,
    pub result: Option<ResultView>,
}

#[derive(Debug, Serialize)]
pub struct Pool {
    pub outcome: String,
    pub lamports: Lamports,
}

#[derive(Debug, Serialize)]
pub struct ResultView {
    pub outcome: Option<String>,
    pub void_reason: Option<String>,
    pub price: String,
    pub observed_at: Instant,
    pub settled_at: Instant,
    pub receipt_signature: String,
    pub corrected: bool,
}

impl TryFrom<&Room> for RoomView {
    type Error = Malformed;

    fn try_from(room: &Room) -> Result<Self, Malformed> {
        let terms = room.terms.as_ref().ok_or(Malformed("a room without terms"))?;
        let pools = terms.outcomes.iter().enumerate().map(|(place, outcome)| Pool {
            outcome: outcome.clone(),
            lamports: Lamports::new(room.pools_lamports.get(place).copied().unwrap_or_default()),
        });
        let result = room.result.as_ref().map(|result| {
            let void_reason = void_reason(result.void_reason);
            Ok(ResultView {
                outcome: void_reason.is_none().then(|| label(&terms.outcomes, result.outcome)),
                void_reason,
                price: result.price.clone(),
                observed_at: Instant::of(result.observed_at.as_ref())?,
                settled_at: Instant::of(result.settled_at.as_ref())?,
                receipt_signature: result.receipt_signature.clone(),
                corrected: result.corrected,
            })
        });
        Ok(RoomView {
            id: RoomId::try_from_bytes(&room.room_id)?,
            number: room.number,
            state: word("ROOM_STATE_", RoomState::try_from(room.state).map(|s| s.as_str_name()), room.state),
            kind: word("KIND_", Kind::try_from(terms.kind).map(|k| k.as_str_name()), terms.kind),
            asset: terms.asset.clone(),
            comparator: word(
                "COMPARATOR_",
                Comparator::try_from(terms.comparator).map(|c| c.as_str_name()),
                terms.comparator,
            ),
            target: terms.target.clone(),
            open_price: terms.open_price.clone(),
            subtitle: terms.subtitle.clone(),
            open_at: Instant::of(terms.open_at.as_ref())?,
            lock_at: Instant::of(terms.lock_at.as_ref())?,
            deadline: Instant::of(terms.deadline.as_ref())?,
            players: room.players,
            max_players: terms.max_players,
            pools: pools.collect(),
            min_stake_lamports: Lamports::new(terms.min_stake_lamports),
            max_stake_lamports: Lamports::new(terms.max_stake_lamports),
            protocol_fee_bps: terms.protocol_fee_bps,
            host_fee_bps: terms.host_fee_bps,
            host_account_id: match terms.host_account_id.as_slice() {
                [] => None,
                host => Some(AccountId::try_from_bytes(host)?),
            },
            rival_asset: terms.rival_asset.clone(),
            bounds: terms.bounds.clone(),
            question: terms.question.clone(),
            criterion: terms.criterion.clone(),
            source_url: terms.source_url.clone(),
            scope_chat_id: terms.scope_chat_id,
            terms_hash: hex::encode(&room.terms_hash),
            version: room.version,
            result: result.transpose()?,
        })
    }
}

#[derive(Debug, Serialize)]
pub struct BetView {
    pub id: BetId,
    pub room_id: RoomId,
    pub room_number: Option<i64>,
    pub account_id: AccountId,
    pub outcome: String,
    pub stake_lamports: Lamports,
    pub state: String,
    pub accepted_at: Instant,
    pub payout_lamports: Lamports,
    pub min_odds_percent: u32,
}

impl BetView {
    /// A bet and, if it came along, its room.
    pub fn try_new(bet: &Bet, rooms: &[Room]) -> Result<Self, Malformed> {
        let room = rooms.iter().find(|room| room.room_id == bet.room_id);
        let outcomes = room.and_then(|room| room.terms.as_ref()).map(|terms| terms.outcomes.as_slice());
        Ok(BetView {
            id: BetId::try_from_bytes(&bet.bet_id)?,
            room_id: RoomId::try_from_bytes(&bet.room_id)?,
            room_number: room.map(|room| room.number),
            account_id: AccountId::try_from_bytes(&bet.account_id)?,
            outcome: label(outcomes.unwrap_or_default(), bet.outcome),
            stake_lamports: Lamports::new(bet.stake_lamports),
            state: word("BET_STATE_", BetState::try_from(bet.state).map(|s| s.as_str_name()), bet.state),
            accepted_at: Instant::of(bet.accepted_at.as_ref())?,
            payout_lamports: Lamports::new(bet.payout_lamports),
            min_odds_percent: bet.min_odds_percent,
        })
    }
}

#[derive(Debug, Serialize)]
pub struct AccountView {
    pub id: AccountId,
    pub deposit_address: String,
    pub available_lamports: Lamports,
    pub held_lamports: Lamports,
    pub withdrawable_lamports: Lamports,
}

impl TryFrom<&Account> for AccountView {
    type Error = Malformed;

    fn try_from(account: &Account) -> Result<Self, Malformed> {
        Ok(AccountView {
            id: AccountId::try_from_bytes(&account.account_id)?,
            deposit_address: account.deposit_address.clone(),
            available_lamports: Lamports::new(account.available_lamports),
            held_lamports: Lamports::new(account.held_lamports),
            withdrawable_lamports: Lamports::new(account.withdrawable_lamports),
        })
    }
}

#[derive(Debug, Serialize)]
pub struct TransferView {
    pub kind: String,
    pub lamports: Lamports,
    pub at: Instant,
    pub state: String,
    pub signature: String,
    /// The bet, withdrawal or room it belongs to.
    pub reference: Option<Uuid>,
}

impl TryFrom<&Transfer> for TransferView {
    type Error = Malformed;

    fn try_from(transfer: &Transfer) -> Result<Self, Malformed> {
        let kind = TransferKind::try_from(transfer.kind).map(|kind| kind.as_str_name());
        Ok(TransferView {
            kind: word("TRANSFER_KIND_", kind, transfer.kind),
            lamports: Lamports::new(transfer.lamports),
            at: Instant::of(transfer.at.as_ref())?,
            state: transfer.state.clone(),
            signature: transfer.signature.clone(),
            reference: Uuid::from_slice(&transfer.reference).ok(),
        })
    }
}

#[derive(Debug, Serialize)]
pub struct WithdrawalView {
    pub id: WithdrawalId,
    pub account_id: AccountId,
    pub address: String,
    pub lamports: Lamports,
    pub fee_lamports: Lamports,
    pub state: String,
    pub requested_at: Instant,
    pub held_until: Instant,
    pub approvals: u32,
    pub approvals_needed: u32,
    pub reason: String,
    pub signature: String,
}

impl WithdrawalView {
    /// Whom or what a held withdrawal waits for.
    pub fn waits_for(&self) -> String {
        if self.state != "HELD" {
            return String::new();
        }
        let operators = (self.approvals < self.approvals_needed)
            .then(|| format!("operators, {} of {}", self.approvals, self.approvals_needed));
        let address = self.held_until.0.map(|_| format!("new address, until {}", self.held_until));
        operators.into_iter().chain(address).collect::<Vec<_>>().join("; ")
    }
}

impl TryFrom<&Withdrawal> for WithdrawalView {
    type Error = Malformed;

    fn try_from(withdrawal: &Withdrawal) -> Result<Self, Malformed> {
        let state = WithdrawalState::try_from(withdrawal.state).map(|state| state.as_str_name());
        Ok(WithdrawalView {
            id: WithdrawalId::try_from_bytes(&withdrawal.withdrawal_id)?,
            account_id: AccountId::try_from_bytes(&withdrawal.account_id)?,
            address: withdrawal.address.clone(),
            lamports: Lamports::new(withdrawal.lamports),
            fee_lamports: Lamports::new(withdrawal.fee_lamports),
            state: word("WITHDRAWAL_STATE_", state, withdrawal.state),
            requested_at: Instant::of(withdrawal.requested_at.as_ref())?,
            held_until: Instant::of(withdrawal.held_until.as_ref())?,
            approvals: withdrawal.approvals,
            approvals_needed: withdrawal.approvals_needed,
            reason: withdrawal.reason.clone(),
            signature: withdrawal.signature.clone(),
        })
    }
}

#[derive(Debug, Serialize)]
pub struct PauseView {
    pub cause: String,
    pub reason: String,
    pub since: Instant,
}

impl TryFrom<&Pause> for PauseView {
    type Error = Malformed;

    fn try_from(pause: &Pause) -> Result<Self, Malformed> {
        Ok(PauseView {
            cause: pause.cause.clone(),
            reason: pause.reason.clone(),
            since: Instant::of(pause.since.as_ref())?,
        })
    }
}

#[derive(Debug, Serialize)]
pub struct AnomalyView {
    pub rule: String,
    pub subject: String,
    pub found_at: Instant,
    pub count: u64,
    pub lamports: Lamports,
    pub advice: String,
}

impl TryFrom<&Anomaly> for AnomalyView {
    type Error = Malformed;

    fn try_from(anomaly: &Anomaly) -> Result<Self, Malformed> {
        Ok(AnomalyView {
            rule: anomaly.rule.clone(),
            subject: anomaly.subject.clone(),
            found_at: Instant::of(anomaly.found_at.as_ref())?,
            count: anomaly.count,
            lamports: Lamports::new(anomaly.lamports),
            advice: anomaly.advice.clone(),
        })
    }
}

#[derive(Debug, Serialize)]
pub struct SettlementView {
    pub room_id: RoomId,
    pub state: String,
    pub outcome: Option<u32>,
    pub void_reason: Option<String>,
    pub price: String,
    pub observed_at: Instant,
    pub suspicions: Vec<String>,
    pub waits_until: Instant,
    pub series_first_second: i64,
    pub series_last_second: i64,
    pub protocol_fee_lamports: Lamports,
    pub host_fee_lamports: Lamports,
    pub root: String,
    pub receipt_signature: String,
}

impl TryFrom<&GetSettlementResponse> for SettlementView {
    type Error = Malformed;

    fn try_from(answer: &GetSettlementResponse) -> Result<Self, Malformed> {
        let Verdict {
            outcome,
            void_reason: reason,
            price,
            observed_at,
            series_first_second,
            series_last_second,
            ..
        } = answer.verdict.as_ref().ok_or(Malformed("a settlement without verdict"))?;
        let void_reason = void_reason(*reason);
        let state = SettlementState::try_from(answer.state).map(|state| state.as_str_name());
        Ok(SettlementView {
            room_id: RoomId::try_from_bytes(&answer.room_id)?,
            state: word("SETTLEMENT_STATE_", state, answer.state),
            outcome: void_reason.is_none().then_some(*outcome),
            void_reason,
            price: price.clone(),
            observed_at: Instant::of(observed_at.as_ref())?,
            suspicions: answer.verdict.as_ref().map(desk::suspicions).unwrap_or_default(),
            waits_until: Instant::of(answer.waits_until.as_ref())?,
            series_first_second: *series_first_second,
            series_last_second: *series_last_second,
            protocol_fee_lamports: Lamports::new(answer.protocol_fee_lamports),
            host_fee_lamports: Lamports::new(answer.host_fee_lamports),
            root: hex::encode(&answer.root),
            receipt_signature: answer.receipt_signature.clone(),
        })
    }
}

fn void_reason(reason: i32) -> Option<String> {
    let name = VoidReason::try_from(reason).map(|reason| reason.as_str_name());
    (reason != 0).then(|| word("VOID_REASON_", name, reason))
}

/// The outcome's label in the terms; its index where they do not have it.
fn label(outcomes: &[String], index: u32) -> String {
    let place = usize::try_from(index).ok().and_then(|place| outcomes.get(place));
    place.cloned().unwrap_or_else(|| format!("outcome {index}"))
}

/// The name of an enum's value without its prefix; the number of one that a newer service has added.
fn word<E>(prefix: &str, name: Result<&'static str, E>, number: i32) -> String {
    match name {
        Ok(name) => name.strip_prefix(prefix).unwrap_or(name).to_owned(),
        Err(_) => format!("UNKNOWN({number})"),
    }
}
