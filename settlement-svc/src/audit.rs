//! What the audit log keeps of a settlement: which verdict came to stand and who told it, and what was paid by it.

use crate::{
    domain::{Ruling, Verdict, void_word},
    store::facts::Totals,
};
use chassis::Unit;
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
        "payouts_root": hex::encode(totals.root),
    });
    unit.audit("settlement", "settle_room", room.uuid().as_bytes(), &body);
}

fn ruling(ruling: Ruling) -> Value {
    match ruling {
        Ruling::Outcome(outcome) => json!({"outcome": outcome}),
        Ruling::Void(reason) => json!({"void": void_word(reason)}),
    }
}
