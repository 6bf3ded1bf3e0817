//! What the audit log keeps of a settlement: which verdict came to stand and who told it, and what was paid by it.

use crate::{
    domain::{
        Ruling, Settlement, Totals, Verdict, dispute::judgement_word, hearing::Effect, suspicion_word,
        void_word,
    },
    store::{dispute::Dispute, judgement::Judged},
};
use chassis::{Unit, operators::OperatorKey};
use proto::RoomId;
use serde_json::{Value, json};

/// A verdict came to stand.
pub fn decided(unit: &mut Unit, actor: &str, room: RoomId, verdict: &Verdict) {
    let (first, last) = verdict.series.clone().map_or((None, None), |series| {
        let (first, last) = series.into_inner();
        (Some(first), Some(last))
    });
    let body = json!({
        "ruling": ruling(verdict.ruling),
        "price": verdict.price.map(|price| price.to_string()),
        "observed_at": verdict.observed_at.map(|at| at.to_string()),
        "series_first_second": first,
        "series_last_second": last,
        "suspicions": verdict.suspicions.iter().map(|found| suspicion_word(*found)).collect::<Vec<_>>(),
    });
    unit.audit(actor, "decide_room", room.uuid().as_bytes(), &body);
}

/// All payouts are in the ledger.
pub fn settled(unit: &mut Unit, room: RoomId, totals: &Totals) {
    let pools: Vec<i64> = totals.pools.iter().map(|pool| pool.get()).collect();
    let body = json!({
        "ruling": ruling(totals.ruling),
        "pools_lamports": pools,
        "protocol_fee_lamports": totals.protocol_fee.get(),
        "host_fee_lamports": totals.host_fee.get(),
        "referral_lamports": totals.referrals.get(),
        "payouts_root": hex::encode(totals.root),
    });
    unit.audit("settlement", "settle_room", room.uuid().as_bytes(), &body);
}

/// Operators agreed on what stands. What each of them signed is a record of its own.
pub fn ruled(
    unit: &mut Unit,
    settlement: &Settlement,
    effect: Effect,
    operators: &[OperatorKey],
    reason: &str,
) {
    let body = json!({
        "ruling": ruling(settlement.verdict.ruling),
        "effect": match effect {
            Effect::Decide => "first",
            Effect::Replace => "replaced",
            Effect::Confirm => "confirmed",
        },
        "operators": keys(operators),
        "reason": reason,
    });
    unit.audit("settlement", "operators_ruled", settlement.room.uuid().as_bytes(), &body);
}

/// A player opened a dispute. The text is the player's and stays out of the log.
pub fn disputed(unit: &mut Unit, dispute: &Dispute) {
    let body = json!({"dispute": dispute.id});
    unit.audit(dispute.account.to_string(), "open_dispute", dispute.room.uuid().as_bytes(), &body);
}

/// Operators agreed on what becomes of a room's disputes.
pub fn judged(unit: &mut Unit, room: RoomId, judged: &Judged, operators: &[OperatorKey]) {
    let body = json!({
        "judgement": judgement_word(judged.judgement),
        "refund_lamports": judged.refund.get(),
        "operators": keys(operators),
        "reason": judged.reason,
    });
    unit.audit("settlement", "operators_judged", room.uuid().as_bytes(), &body);
}

/// Every losing stake is repaid.
pub fn corrected(unit: &mut Unit, room: RoomId, judged: &Judged) {
    let body = json!({"refund_lamports": judged.refund.get()});
    unit.audit("settlement", "correct_room", room.uuid().as_bytes(), &body);
}

fn keys(operators: &[OperatorKey]) -> Vec<String> {
    operators.iter().map(OperatorKey::to_string).collect()
}

fn ruling(ruling: Ruling) -> Value {
    match ruling {
        Ruling::Outcome(outcome) => json!({"outcome": outcome}),
        Ruling::Void(reason) => json!({"void": void_word(reason)}),
    }
}
