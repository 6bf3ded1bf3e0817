//! What operators sign: the action in plain text, so that a signature made for one withdrawal, amount or address is
//! worth nothing for another, and one made for us is worth nothing elsewhere.

use crate::{
    AccountId, Malformed, RoomId, WithdrawalId, from_timestamp,
    letters::ReplayDeadLetter,
    notifier::{SetSmartWallet, StartBroadcast, SteerBroadcast},
    room::{LockRoom, OpenOperatorRoom, RegisterArena, RetireArena},
    settlement::{JudgeDispute, RuleRoom},
    wallet::{
        ApproveWithdrawal, OperatorSignature, PauseWithdrawals, RejectWithdrawal, ResumeWithdrawals, SetBan,
        TakeProof,
    },
};
use uuid::Uuid;

/// An action that an operator signs.
pub trait Statement {
    /// Lines after the first two, which name the action and its time.
    ///
    /// # Errors
    /// A field that does not hold what the contract says.
    fn lines(&self) -> Result<Vec<String>, Malformed>;
    /// The action's name, as on its subject.
    fn action(&self) -> &'static str;
    /// Who signed it.
    fn by(&self) -> Option<&OperatorSignature>;

    /// The bytes under the signature: `rooms <action>`, the Unix second of signing, and the lines of the action, each
    /// ended by a line feed.
    ///
    /// # Errors
    /// No signature, or a field that does not hold what the contract says. A line feed in a text is refused: it could
    /// pass for another line.
    fn bytes(&self) -> Result<Vec<u8>, Malformed> {
        let by = self.by().ok_or(Malformed("no operator"))?;
        let at = from_timestamp(by.signed_at.as_ref())?.unix_timestamp();
        let mut text = format!("rooms {}\n{at}\n", self.action());
        for line in self.lines()? {
            if line.contains('\n') {
                return Err(Malformed("a line feed in what is signed"));
            }
            text.push_str(&line);
            text.push('\n');
        }
        Ok(text.into_bytes())
    }
}

macro_rules! statements {
    ($($message:ty, $action:literal, |$this:ident| $lines:expr;)*) => {$(
        impl Statement for $message {
            fn lines(&self) -> Result<Vec<String>, Malformed> {
                let $this = self;
                Ok($lines)
            }
            fn action(&self) -> &'static str {
                $action
            }
            fn by(&self) -> Option<&OperatorSignature> {
                self.by.as_ref()
            }
        }
    )*};
}

fn withdrawal(id: &[u8]) -> Result<String, Malformed> {
    Ok(WithdrawalId::try_from_bytes(id)?.uuid().to_string())
}

fn room(id: &[u8]) -> Result<String, Malformed> {
    Ok(RoomId::try_from_bytes(id)?.uuid().to_string())
}

/// Everything that the room will promise, a line each; an answer or a bound is a line of its own.
fn opening(open: &OpenOperatorRoom) -> Result<Vec<String>, Malformed> {
    let asked = open.room.as_ref().ok_or(Malformed("no room"))?;
    let mut lines = vec![
        room(&asked.room_id)?,
        asked.kind().as_str_name().to_owned(),
        asked.asset.clone(),
        asked.rival_asset.clone(),
        asked.comparator().as_str_name().to_owned(),
        asked.target.clone(),
        asked.horizon_seconds.to_string(),
        asked.scope_chat_id.to_string(),
        asked.subtitle.clone(),
        format!("{} to {} players", asked.min_players, open.max_players),
        open.question.clone(),
        open.criterion.clone(),
        open.source_url.clone(),
    ];
    lines.extend(asked.bounds.iter().map(|bound| format!("bound {bound}")));
    lines.extend(open.outcomes.iter().map(|outcome| format!("outcome {outcome}")));
    Ok(lines)
}

/// What a broadcast says in each language, a line each: a text may have several, so its line feeds are escaped.
fn broadcast(start: &StartBroadcast) -> Result<Vec<String>, Malformed> {
    let broadcast = start.broadcast.as_ref().ok_or(Malformed("no broadcast"))?;
    let mut lines = vec![uuid(&broadcast.broadcast_id)?];
    lines.extend(
        broadcast.texts.iter().map(|text| {
            format!("{} {}", text.language, text.text.replace('\\', "\\\\").replace('\n', "\\n"))
        }),
    );
    Ok(lines)
}

fn uuid(id: &[u8]) -> Result<String, Malformed> {
    Uuid::from_slice(id).map(|id| id.to_string()).map_err(|_| Malformed("not an id"))
}

fn ruling(rule: &RuleRoom) -> String {
    match rule.void_reason() {
        crate::room::VoidReason::Unspecified => format!("outcome {}", rule.outcome),
        reason => reason.as_str_name().to_owned(),
    }
}

statements! {
    ApproveWithdrawal, "approve_withdrawal",
        |m| vec![withdrawal(&m.withdrawal_id)?, m.lamports.to_string(), m.address.clone()];
    RejectWithdrawal, "reject_withdrawal", |m| vec![withdrawal(&m.withdrawal_id)?, m.reason.clone()];
    PauseWithdrawals, "pause_withdrawals", |m| vec![m.reason.clone()];
    ResumeWithdrawals, "resume_withdrawals", |m| vec![m.cause.clone()];
    TakeProof, "take_proof", |_m| vec![];
    SetBan, "set_ban", |m| vec![
        AccountId::try_from_bytes(&m.account_id)?.uuid().to_string(),
        if m.banned { "ban" } else { "lift" }.to_owned(),
        m.reason.clone(),
    ];
    ReplayDeadLetter, "replay_dead_letter", |m| vec![m.service.clone(), uuid(&m.message_id)?];
    OpenOperatorRoom, "open_operator_room", |m| opening(m)?;
    LockRoom, "lock_room", |m| vec![room(&m.room_id)?, m.reason.clone()];
    RuleRoom, "rule_room", |m| vec![room(&m.room_id)?, ruling(m), m.reason.clone()];
    RegisterArena, "register_arena", |m| vec![m.chat_id.to_string()];
    RetireArena, "retire_arena", |m| vec![m.chat_id.to_string()];
    JudgeDispute, "judge_dispute",
        |m| vec![room(&m.room_id)?, m.judgement().as_str_name().to_owned(), m.reason.clone()];
    SetSmartWallet, "set_smart_wallet",
        |m| vec![m.address.clone(), m.label.clone(), if m.listed { "list" } else { "remove" }.to_owned()];
    StartBroadcast, "start_broadcast", |m| broadcast(m)?;
    SteerBroadcast, "steer_broadcast", |m| vec![uuid(&m.broadcast_id)?, m.state().as_str_name().to_owned()];
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost_types::Timestamp;

    fn approval() -> ApproveWithdrawal {
        ApproveWithdrawal {
            withdrawal_id: vec![7; 16],
            lamports: 10_000_000_000,
            address: "4zvwRjXUKGfvwnParsHAS3HuSVzV5cA4McphgmoCtajS".into(),
            by: Some(OperatorSignature {
                operator: "operator".into(),
                signature: vec![1; 64],
                signed_at: Some(Timestamp { seconds: 1_700_000_000, nanos: 5 }),
            }),
        }
    }

    #[test]
    fn a_statement_names_what_it_is_for() {
        let text = String::from_utf8(approval().bytes().unwrap()).unwrap();
        assert_eq!(
            text,
            "rooms approve_withdrawal\n1700000000\n07070707-0707-0707-0707-070707070707\n10000000000\n\
             4zvwRjXUKGfvwnParsHAS3HuSVzV5cA4McphgmoCtajS\n"
        );
    }

    #[test]
    fn a_text_cannot_pass_for_more_lines() {
        let by = approval().by;
        let pause = PauseWithdrawals { reason: "a\nb".into(), by };
        assert_eq!(pause.bytes(), Err(Malformed("a line feed in what is signed")));
        assert!(PauseWithdrawals { reason: "a".into(), by: None }.bytes().is_err());
    }

    #[test]
    fn a_broadcast_is_signed_with_all_its_lines() {
        let statement = |text: &str| {
            let text = crate::notifier::BroadcastText { language: "en".into(), text: text.into() };
            let broadcast = crate::notifier::Broadcast { broadcast_id: vec![7; 16], texts: vec![text] };
            StartBroadcast { broadcast: Some(broadcast), by: approval().by }.bytes().unwrap()
        };
        let text = String::from_utf8(statement("a\nb")).unwrap();
        assert_eq!(
            text,
            "rooms start_broadcast\n1700000000\n07070707-0707-0707-0707-070707070707\nen a\\nb\n"
        );
        assert_ne!(statement("a\nb"), statement("a\\nb"), "what is escaped is not what looks like it");
    }
}
