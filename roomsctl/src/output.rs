//! Tables and JSON on standard output.

pub mod desk;
pub mod notifier;

use std::io::{self, Write};

use serde::Serialize;
use tabled::{builder::Builder, settings::Style};

use crate::{
    failure::Failure,
    view::{
        AccountView, AnomalyView, BetView, PauseView, RoomView, SettlementView, TransferView, WithdrawalView,
    },
};

/// Writes everything at once. A reader that has seen enough is no failure.
fn write(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

pub fn json(value: &impl Serialize) -> Result<(), Failure> {
    write(&(serde_json::to_string_pretty(value)? + "\n"))
}

pub fn rooms(rooms: &[RoomView], total: u64) -> Result<(), Failure> {
    let head = ["#", "state", "kind", "asset", "target", "lock", "deadline", "players", "pools"];
    let rows = rooms.iter().map(|room| {
        vec![
            room.number.to_string(),
            room.state.clone(),
            room.kind.clone(),
            room.asset.clone(),
            aim(room),
            room.lock_at.to_string(),
            room.deadline.to_string(),
            format!("{}/{}", room.players, room.max_players),
            pools(room),
        ]
    });
    write(&(table(&head, rows) + &shown(rooms.len(), total)))
}

pub fn room(room: &RoomView) -> Result<(), Failure> {
    let mut rows = vec![
        ("room", format!("#{} {}", room.number, room.id)),
        ("state", format!("{} (version {})", room.state, room.version)),
        ("kind", format!("{} {}", room.kind, room.asset)),
        ("runs against", room.rival_asset.clone()),
        (
            "target",
            if room.target.is_empty() {
                String::new()
            } else {
                format!("{} (was {} at opening)", aim(room), room.open_price)
            },
        ),
        ("bounds", room.bounds.join(", ")),
        ("question", room.question.clone()),
        ("criterion", room.criterion.clone()),
        ("source", room.source_url.clone()),
        ("subtitle", room.subtitle.clone()),
        ("opened", room.open_at.to_string()),
        ("lock", room.lock_at.to_string()),
        ("deadline", room.deadline.to_string()),
        ("players", format!("{} of {}", room.players, room.max_players)),
        ("pools", pools(room)),
        ("stakes", format!("{} to {} SOL", room.min_stake_lamports, room.max_stake_lamports)),
        ("fees", format!("{} + {} bps (protocol + host)", room.protocol_fee_bps, room.host_fee_bps)),
        ("host", room.host_account_id.map_or_else(|| "operators".to_owned(), |host| host.to_string())),
        (
            "scope",
            if room.scope_chat_id == 0 { "public".into() } else { format!("chat {}", room.scope_chat_id) },
        ),
        ("terms hash", room.terms_hash.clone()),
    ];
    if let Some(result) = &room.result {
        let outcome = result.void_reason.as_ref().map(|reason| format!("void: {reason}"));
        rows.push(("outcome", outcome.or(result.outcome.clone()).unwrap_or_default()));
        rows.push(("price", result.price.clone()));
        rows.push(("observed", result.observed_at.to_string()));
        rows.push(("settled", result.settled_at.to_string()));
        rows.push(("receipt", result.receipt_signature.clone()));
        rows.push((
            "corrected",
            if result.corrected { "losing stakes were repaid".into() } else { String::new() },
        ));
    }
    write(&fields(rows))
}

pub fn bets(bets: &[BetView], total: u64) -> Result<(), Failure> {
    let head = ["bet", "room", "account", "outcome", "stake", "state", "accepted", "payout"];
    let rows = bets.iter().map(|bet| {
        vec![
            bet.id.to_string(),
            bet.room_number.map_or_else(|| bet.room_id.to_string(), |number| format!("#{number}")),
            bet.account_id.to_string(),
            bet.outcome.clone(),
            bet.stake_lamports.to_string(),
            bet.state.clone(),
            bet.accepted_at.to_string(),
            bet.payout_lamports.to_string(),
        ]
    });
    write(&(table(&head, rows) + &shown(bets.len(), total)))
}

pub fn account(account: &AccountView, transfers: &[TransferView], total: u64) -> Result<(), Failure> {
    let rows = vec![
        ("account", account.id.to_string()),
        ("deposit address", account.deposit_address.clone()),
        ("available", format!("{} SOL", account.available_lamports)),
        ("held", format!("{} SOL", account.held_lamports)),
        ("withdrawable", format!("{} SOL", account.withdrawable_lamports)),
    ];
    let head = ["at", "kind", "SOL", "state", "signature", "reference"];
    let movements = transfers.iter().map(|transfer| {
        vec![
            transfer.at.to_string(),
            transfer.kind.clone(),
            transfer.lamports.to_string(),
            transfer.state.clone(),
            transfer.signature.clone(),
            transfer.reference.map(|id| id.to_string()).unwrap_or_default(),
        ]
    });
    write(&(fields(rows) + &table(&head, movements) + &shown(transfers.len(), total)))
}

pub fn settlement(settlement: &SettlementView) -> Result<(), Failure> {
    let outcome = match (&settlement.void_reason, settlement.outcome) {
        (Some(reason), _) => format!("void: {reason}"),
        (None, Some(index)) => format!("outcome {index}"),
        (None, None) => String::new(),
    };
    write(&fields(vec![
        ("room", settlement.room_id.to_string()),
        ("state", settlement.state.clone()),
        ("verdict", outcome),
        ("price", settlement.price.clone()),
        ("suspicions", settlement.suspicions.join(", ")),
        ("waits until", settlement.waits_until.shown()),
        ("observed", settlement.observed_at.to_string()),
        ("series", format!("{} to {}", settlement.series_first_second, settlement.series_last_second)),
        ("protocol fee", format!("{} SOL", settlement.protocol_fee_lamports)),
        ("host fee", format!("{} SOL", settlement.host_fee_lamports)),
        ("payouts' root", settlement.root.clone()),
        ("receipt", settlement.receipt_signature.clone()),
    ]))
}

pub fn text(line: &str) -> Result<(), Failure> {
    write(&format!("{line}\n"))
}

/// Names and values, for what has no table of its own.
pub fn fields_of(rows: &[(&'static str, String)]) -> Result<(), Failure> {
    write(&fields(rows.to_vec()))
}

pub fn withdrawals(withdrawals: &[WithdrawalView], total: u64) -> Result<(), Failure> {
    let head = ["withdrawal", "requested", "account", "SOL", "to", "state", "waits for"];
    let rows = withdrawals.iter().map(|withdrawal| {
        vec![
            withdrawal.id.to_string(),
            withdrawal.requested_at.to_string(),
            withdrawal.account_id.to_string(),
            withdrawal.lamports.to_string(),
            withdrawal.address.clone(),
            withdrawal.state.clone(),
            withdrawal.waits_for(),
        ]
    });
    write(&(table(&head, rows) + &shown(withdrawals.len(), total)))
}

pub fn withdrawal(withdrawal: &WithdrawalView) -> Result<(), Failure> {
    write(&fields(vec![
        ("withdrawal", withdrawal.id.to_string()),
        ("account", withdrawal.account_id.to_string()),
        ("amount", format!("{} SOL, of it {} SOL fee", withdrawal.lamports, withdrawal.fee_lamports)),
        ("to", withdrawal.address.clone()),
        ("requested", withdrawal.requested_at.to_string()),
        ("state", withdrawal.state.clone()),
        ("waits for", withdrawal.waits_for()),
        ("reason", withdrawal.reason.clone()),
        ("signature", withdrawal.signature.clone()),
    ]))
}

pub fn pauses(pauses: &[PauseView]) -> Result<(), Failure> {
    if pauses.is_empty() {
        return text("withdrawals are not paused");
    }
    let rows =
        pauses.iter().map(|pause| vec![pause.cause.clone(), pause.since.to_string(), pause.reason.clone()]);
    write(&table(&["cause", "since", "reason"], rows))
}

pub fn anomalies(anomalies: &[AnomalyView]) -> Result<(), Failure> {
    if anomalies.is_empty() {
        return text("nothing was found");
    }
    let rows = anomalies.iter().map(|found| {
        vec![
            found.found_at.to_string(),
            found.rule.clone(),
            found.subject.clone(),
            found.count.to_string(),
            found.lamports.to_string(),
            found.advice.clone(),
        ]
    });
    write(&table(&["found", "rule", "subject", "count", "SOL", "what to do"], rows))
}

fn aim(room: &RoomView) -> String {
    let sign = match room.comparator.as_str() {
        "AT_OR_ABOVE" => ">= ",
        "AT_OR_BELOW" => "<= ",
        _ => "",
    };
    format!("{sign}{}", room.target)
}

fn pools(room: &RoomView) -> String {
    let pools: Vec<_> = room.pools.iter().map(|pool| format!("{} {}", pool.outcome, pool.lamports)).collect();
    pools.join(", ")
}

fn table(head: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut builder = Builder::default();
    builder.push_record(head.iter().copied());
    rows.for_each(|row| builder.push_record(row));
    format!("{}\n", builder.build().with(Style::sharp()))
}

fn fields(rows: Vec<(&str, String)>) -> String {
    let mut builder = Builder::default();
    for (name, value) in rows.into_iter().filter(|(_, value)| !value.is_empty()) {
        builder.push_record([name.to_owned(), value]);
    }
    format!("{}\n", builder.build().with(Style::sharp().remove_horizontals()))
}

fn shown(rows: usize, total: u64) -> String {
    format!("{rows} of {total}\n")
}
