//! Rulings, disputes, bans and dead letters in tables.

use super::{fields, shown, table, text, write};
use crate::{
    failure::Failure,
    view::desk::{ArenaView, BanView, DisputeView, JudgedView, LetterView, RuledView, WaitingView},
};

pub fn ruled(ruled: &RuledView) -> Result<(), Failure> {
    write(&fields(vec![
        ("room", ruled.room_id.to_string()),
        ("ruling", ruled.ruling.clone()),
        ("operators", format!("{} of {}", ruled.rulings, ruled.needed)),
        ("standing", ruled.standing.clone().unwrap_or_else(|| "no verdict".to_owned())),
    ]))
}

pub fn waiting(rooms: &[WaitingView]) -> Result<(), Failure> {
    if rooms.is_empty() {
        return text("no room waits for operators");
    }
    let rows = rooms.iter().map(|room| {
        let said =
            room.rulings.iter().map(|one| format!("{}: {} ({})", one.operator, one.ruling, one.reason));
        vec![
            room.room_id.to_string(),
            room.verdict.clone().unwrap_or_default(),
            room.suspicions.join(", "),
            room.until.to_string(),
            said.collect::<Vec<_>>().join("\n"),
        ]
    });
    write(&table(&["room", "verdict", "suspicions", "paid", "operators"], rows))
}

pub fn judged(judged: &JudgedView) -> Result<(), Failure> {
    let admin = if judged.admin_needed { ", and an admin has to be among them" } else { "" };
    write(&fields(vec![
        ("room", judged.room_id.to_string()),
        ("judgement", judged.judgement.to_owned()),
        ("operators", format!("{} of {}{admin}", judged.judgements, judged.needed)),
        ("a refund repays", format!("{} SOL", judged.refund_lamports)),
    ]))
}

pub fn disputes(disputes: &[DisputeView]) -> Result<(), Failure> {
    if disputes.is_empty() {
        return text("there are no such disputes");
    }
    let rows = disputes.iter().map(|dispute| {
        vec![
            dispute.opened_at.to_string(),
            dispute.room_id.to_string(),
            dispute.account_id.to_string(),
            dispute.state.clone(),
            dispute.text.clone(),
            dispute.reason.clone(),
        ]
    });
    write(&table(&["opened", "room", "account", "state", "says", "answer"], rows))
}

pub fn arenas(arenas: &[ArenaView]) -> Result<(), Failure> {
    if arenas.is_empty() {
        return text("there are no arenas");
    }
    let rows = arenas.iter().map(|arena| {
        vec![
            arena.chat_id.to_string(),
            arena.state.clone(),
            arena.room_id.map(|room| room.to_string()).unwrap_or_default(),
            arena.fault.clone(),
        ]
    });
    write(&table(&["group", "state", "room", "fault"], rows))
}

pub fn bans(bans: &[BanView], total: u64) -> Result<(), Failure> {
    if bans.is_empty() {
        return text("nobody is banned");
    }
    let rows = bans.iter().map(|ban| {
        vec![ban.account_id.to_string(), ban.since.to_string(), ban.operator.clone(), ban.reason.clone()]
    });
    write(&(table(&["account", "since", "operator", "reason"], rows) + &shown(bans.len(), total)))
}

pub fn letters(letters: &[LetterView], total: u64) -> Result<(), Failure> {
    if letters.is_empty() {
        return text("there are no dead letters");
    }
    let rows = letters.iter().map(|letter| {
        vec![
            letter.id.to_string(),
            letter.buried_at.to_string(),
            letter.subject.clone(),
            letter.bytes.to_string(),
            letter.reason.clone(),
            letter.replay_asked_at.shown(),
        ]
    });
    let head = ["message", "put aside", "subject", "bytes", "why", "to be handled again since"];
    write(&(table(&head, rows) + &shown(letters.len(), total)))
}
