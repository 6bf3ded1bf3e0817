//! What the audit log keeps of withdrawals and of operators: every step with who took it, and every statement that an
//! operator signed, word for word with its signature, so that anybody can verify it years later.

use crate::{
    domain::withdrawal::Step,
    store::{operator::Signed, withdrawal::Withdrawal},
};
use chassis::Unit;
use proto::{Malformed, statement::Statement};
use serde_json::{Value, json};
use uuid::Uuid;

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

/// An operator's statement was found genuine and is used up by a command, whatever that then decides.
///
/// # Errors
/// The statement cannot be put into words; one that was verified can.
pub fn stated(
    unit: &mut Unit,
    command: Uuid,
    action: &impl Statement,
    signed: &Signed,
) -> Result<(), Malformed> {
    let statement =
        String::from_utf8(action.bytes()?).map_err(|_| Malformed("a statement that is no text"))?;
    let body = json!({"statement": statement, "signature": signed.signature.to_string()});
    unit.audit(signed.operator.to_string(), signed.action, command.as_bytes(), &body);
    Ok(())
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
