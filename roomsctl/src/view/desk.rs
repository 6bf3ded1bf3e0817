//! Rulings and disputes as they are shown.

use super::{Instant, void_reason, word};
use proto::{
    AccountId, Lamports, Malformed, RoomId,
    letters::DeadLetter,
    room::{Arena, ArenaState},
    settlement::{
        Dispute, DisputeState, JudgeDisputeDone, RuleRoomDone, Ruling, Suspicion, Verdict, WaitingRoom,
    },
    wallet::Ban,
};
use serde::Serialize;
use uuid::Uuid;

/// A ruling or a verdict in words: `VOID TIE`, `outcome 1`.
pub fn verdict(outcome: u32, reason: i32) -> String {
    void_reason(reason).map_or_else(|| format!("outcome {outcome}"), |reason| format!("VOID {reason}"))
}

/// Why operators should look.
pub fn suspicions(verdict: &Verdict) -> Vec<String> {
    let named = verdict.suspicions.iter().map(|number| {
        word("SUSPICION_", Suspicion::try_from(*number).map(|found| found.as_str_name()), *number)
    });
    named.collect()
}

#[derive(Debug, Serialize)]
pub struct RulingView {
    pub operator: String,
    pub ruling: String,
    pub reason: String,
    pub at: Instant,
}

impl TryFrom<&Ruling> for RulingView {
    type Error = Malformed;

    fn try_from(ruling: &Ruling) -> Result<Self, Malformed> {
        Ok(Self {
            operator: ruling.operator.clone(),
            ruling: verdict(ruling.outcome, ruling.void_reason),
            reason: ruling.reason.clone(),
            at: Instant::of(ruling.at.as_ref())?,
        })
    }
}

#[derive(Debug, Serialize)]
pub struct WaitingView {
    pub room_id: RoomId,
    pub verdict: Option<String>,
    pub suspicions: Vec<String>,
    pub until: Instant,
    pub rulings: Vec<RulingView>,
}

impl TryFrom<&WaitingRoom> for WaitingView {
    type Error = Malformed;

    fn try_from(room: &WaitingRoom) -> Result<Self, Malformed> {
        let standing = room.verdict.as_ref();
        Ok(Self {
            room_id: RoomId::try_from_bytes(&room.room_id)?,
            verdict: standing.map(|standing| verdict(standing.outcome, standing.void_reason)),
            suspicions: standing.map(suspicions).unwrap_or_default(),
            until: Instant::of(room.until.as_ref())?,
            rulings: room.rulings.iter().map(RulingView::try_from).collect::<Result<_, _>>()?,
        })
    }
}

#[derive(Debug, Serialize)]
pub struct RuledView {
    pub room_id: RoomId,
    pub ruling: String,
    pub rulings: u32,
    pub needed: u32,
    pub standing: Option<String>,
}

impl RuledView {
    pub fn new(room_id: RoomId, ruling: String, done: &RuleRoomDone) -> Self {
        let standing = done.standing.as_ref();
        let standing = standing.map(|standing| verdict(standing.outcome, standing.void_reason));
        Self { room_id, ruling, rulings: done.rulings, needed: done.needed, standing }
    }
}

#[derive(Debug, Serialize)]
pub struct JudgedView {
    pub room_id: RoomId,
    pub judgement: &'static str,
    pub judgements: u32,
    pub needed: u32,
    pub admin_needed: bool,
    pub refund_lamports: Lamports,
}

impl JudgedView {
    pub fn new(room_id: RoomId, judgement: &'static str, done: &JudgeDisputeDone) -> Self {
        Self {
            room_id,
            judgement,
            judgements: done.judgements,
            needed: done.needed,
            admin_needed: done.admin_needed,
            refund_lamports: Lamports::new(done.refund_lamports),
        }
    }
}

#[derive(Debug, Serialize)]
pub struct ArenaView {
    pub chat_id: i64,
    pub state: String,
    pub room_id: Option<RoomId>,
    pub fault: String,
}

impl TryFrom<&Arena> for ArenaView {
    type Error = Malformed;

    fn try_from(arena: &Arena) -> Result<Self, Malformed> {
        let state = ArenaState::try_from(arena.state).map(|state| state.as_str_name());
        let room = (!arena.room_id.is_empty()).then(|| RoomId::try_from_bytes(&arena.room_id));
        Ok(Self {
            chat_id: arena.chat_id,
            state: word("ARENA_STATE_", state, arena.state),
            room_id: room.transpose()?,
            fault: arena.fault.clone(),
        })
    }
}

#[derive(Debug, Serialize)]
pub struct DisputeView {
    pub id: Uuid,
    pub room_id: RoomId,
    pub account_id: AccountId,
    pub text: String,
    pub state: String,
    pub opened_at: Instant,
    pub reason: String,
}

impl TryFrom<&Dispute> for DisputeView {
    type Error = Malformed;

    fn try_from(dispute: &Dispute) -> Result<Self, Malformed> {
        let state = DisputeState::try_from(dispute.state).map(|state| state.as_str_name());
        Ok(Self {
            id: Uuid::from_slice(&dispute.dispute_id).map_err(|_| Malformed("not the id of a dispute"))?,
            room_id: RoomId::try_from_bytes(&dispute.room_id)?,
            account_id: AccountId::try_from_bytes(&dispute.account_id)?,
            text: dispute.text.clone(),
            state: word("DISPUTE_STATE_", state, dispute.state),
            opened_at: Instant::of(dispute.opened_at.as_ref())?,
            reason: dispute.reason.clone(),
        })
    }
}

#[derive(Debug, Serialize)]
pub struct BanView {
    pub account_id: AccountId,
    pub reason: String,
    pub operator: String,
    pub since: Instant,
}

impl TryFrom<&Ban> for BanView {
    type Error = Malformed;

    fn try_from(ban: &Ban) -> Result<Self, Malformed> {
        Ok(Self {
            account_id: AccountId::try_from_bytes(&ban.account_id)?,
            reason: ban.reason.clone(),
            operator: ban.operator.clone(),
            since: Instant::of(ban.since.as_ref())?,
        })
    }
}

#[derive(Debug, Serialize)]
pub struct LetterView {
    pub id: Uuid,
    pub subject: String,
    pub message: String,
    pub bytes: u64,
    pub reason: String,
    pub buried_at: Instant,
    /// Somebody wants it handled again, and it was not yet.
    pub replay_asked_at: Instant,
}

impl TryFrom<&DeadLetter> for LetterView {
    type Error = Malformed;

    fn try_from(letter: &DeadLetter) -> Result<Self, Malformed> {
        Ok(Self {
            id: Uuid::from_slice(&letter.message_id).map_err(|_| Malformed("not the id of a message"))?,
            subject: letter.subject.clone(),
            message: letter.r#type.clone(),
            bytes: letter.payload_bytes,
            reason: letter.reason.clone(),
            buried_at: Instant::of(letter.buried_at.as_ref())?,
            replay_asked_at: Instant::of(letter.replay_asked_at.as_ref())?,
        })
    }
}
