//! What the audit log keeps of withdrawals: every step with who took it. What operators signed, word for word with their
//! signatures, is kept by `chassis::operators`.

use crate::{domain::withdrawal::Step, store::withdrawal::Withdrawal};
use chassis::Unit;
use serde_json::{Value, json};

/// Who did what nobody asked for.
const SERVICE: &str = "wallet";

/// A withdrawal is asked for.
pub fn requested(unit: &mut Unit, withdrawal: &Withdrawal) {
    let (actor, id) = (withdrawal.account.to_string(), withdrawal.id.uuid());
    unit.audit(actor, "request_withdrawal", id.as_bytes(), &body(withdrawal));
}

/// A withdrawal took a step. Its owner cancels, an operator may reject; everything else follows from its rules.
pub fn stepped(unit: &mut Unit, withdrawal: &Withdrawal, step: Step) {
    let actor = match (step, &withdrawal.rejected_by) {
        (Step::Cancel, _) => withdrawal.account.to_string(),
        (Step::Reject, Some(operator)) => operator.to_string(),
        _ => SERVICE.to_owned(),
    };
    let action = match step {
        Step::Hold => "withdrawal_held",
        Step::Approve => "withdrawal_approved",
        Step::Sign => "withdrawal_signed",
        Step::Submit => "withdrawal_submitted",
        Step::Finalize => "withdrawal_finalized",
        Step::Fail => "withdrawal_failed",
        Step::Expire => "withdrawal_expired",
        Step::Cancel => "withdrawal_cancelled",
        Step::Reject => "withdrawal_rejected",
    };
    unit.audit(actor, action, withdrawal.id.uuid().as_bytes(), &body(withdrawal));
}

fn body(withdrawal: &Withdrawal) -> Value {
    json!({
        "account": withdrawal.account.to_string(),
        "address": withdrawal.address.to_string(),
        "lamports": withdrawal.lamports.get(),
        "fee_lamports": withdrawal.fee.get(),
        "state": withdrawal.state.word(),
        "version": withdrawal.version,
        "approvals": withdrawal.approvals,
        "approvals_needed": withdrawal.approvals_needed,
        "chain_tx": withdrawal.chain_tx,
        "signature": withdrawal.signature.map(|signature| signature.to_string()),
        "reason": withdrawal.reason,
    })
}
