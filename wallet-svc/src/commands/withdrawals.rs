//! Withdrawals before they leave: their owner takes them back, operators approve or reject them.
//!
//! Each decides on the locked row. Once a message that pays a withdrawal is committed, a replica may be signing it, and
//! nothing but its own end gives the money back.

use crate::{
    domain::withdrawal::{State, Step},
    movements,
    store::{self, withdrawal::Withdrawal},
    workers::withdrawal_step,
};
use chassis::{
    Delivery, Fault, Unit,
    grpc::Unanswered,
    operators::{self, Operators},
};
use proto::{
    AccountId, Refusal, WithdrawalId,
    common::{Outcome, RefusalCode},
    wallet::{
        ApproveWithdrawal, ApproveWithdrawalDone, CancelWithdrawal, CancelWithdrawalDone, RejectWithdrawal,
        RejectWithdrawalDone, RequestWithdrawalDone, WithdrawalChanged,
    },
};

/// Its owner takes a withdrawal back.
///
/// # Errors
/// The database, or a message that breaks its contract.
pub async fn cancel<M>(
    unit: &mut Unit,
    delivery: &Delivery<M>,
    command: &CancelWithdrawal,
) -> Result<(), Fault> {
    let account = AccountId::try_from_bytes(&command.account_id)?;
    let id = WithdrawalId::try_from_bytes(&command.withdrawal_id)?;
    let found = lock(unit, id).await?.filter(|withdrawal| withdrawal.account == account);
    let refusal = match found {
        None => Refusal::new(RefusalCode::NotFound),
        Some(withdrawal) if !withdrawal.state.cancellable() => too_late(&withdrawal),
        Some(mut withdrawal) => {
            end(unit, &mut withdrawal, Step::Cancel).await?;
            let withdrawal = Some(withdrawal.wire());
            unit.done(delivery, &CancelWithdrawalDone { withdrawal });
            return Ok(());
        }
    };
    unit.refuse(delivery, &refusal);
    Ok(())
}

/// An operator approves a withdrawal. It goes on by itself once it has what it needs.
pub(super) async fn approve<M>(
    unit: &mut Unit,
    delivery: &Delivery<M>,
    command: &ApproveWithdrawal,
    operators: &Operators,
) -> Result<ApproveWithdrawalDone, Unanswered> {
    let signed = operators.verify(command, unit.now().await?)?;
    let id = WithdrawalId::try_from_bytes(&command.withdrawal_id)?;
    let mut withdrawal = lock(unit, id).await?.ok_or_else(Unanswered::not_found)?;
    // Only what waits for operators is theirs to approve.
    if withdrawal.state != State::Held || withdrawal.approvals_needed == 0 {
        return Err(too_late(&withdrawal).into());
    }
    if (command.lamports, command.address.as_str())
        != (withdrawal.lamports.get(), withdrawal.address.to_string().as_str())
    {
        return Err(Refusal::new(RefusalCode::OperatorSignature).into());
    }
    let approvals = store::operator::approvals(unit.conn(), &[id]).await?;
    if approvals.values().flatten().any(|approval| approval.operator == signed.operator) {
        return Err(Refusal::new(RefusalCode::OperatorTwice).into());
    }
    signed.use_up(unit, delivery.id, command).await?;
    store::operator::approve(unit.conn(), id, &signed).await?;
    store::withdrawal::count_approval(unit.conn(), &mut withdrawal).await?;
    tracing::info!(withdrawal = %id, operator = %signed.operator, approvals = withdrawal.approvals, "approved");
    let wire = withdrawal.wire();
    unit.event(&WithdrawalChanged { withdrawal: Some(wire.clone()) });
    let (approvals, needed) = (wire.approvals, wire.approvals_needed);
    Ok(ApproveWithdrawalDone { withdrawal: Some(wire), approvals, needed })
}

/// An operator rejects a withdrawal, approved or not, while nothing that pays it is committed.
pub(super) async fn reject<M>(
    unit: &mut Unit,
    delivery: &Delivery<M>,
    command: &RejectWithdrawal,
    operators: &Operators,
) -> Result<RejectWithdrawalDone, Unanswered> {
    let signed = operators.verify(command, unit.now().await?)?;
    let reason = operators::reason(&command.reason)?;
    let id = WithdrawalId::try_from_bytes(&command.withdrawal_id)?;
    let mut withdrawal = lock(unit, id).await?.ok_or_else(Unanswered::not_found)?;
    if store::withdrawal::may_be_paid(unit.conn(), id).await? || withdrawal.state.after(Step::Reject).is_err()
    {
        return Err(too_late(&withdrawal).into());
    }
    signed.use_up(unit, delivery.id, command).await?;
    withdrawal.reason = Some(reason.to_owned());
    withdrawal.rejected_by = Some(signed.operator);
    end(unit, &mut withdrawal, Step::Reject).await?;
    tracing::info!(withdrawal = %id, operator = %signed.operator, reason, "rejected");
    Ok(RejectWithdrawalDone { withdrawal: Some(withdrawal.wire()) })
}

/// Gives the money back. One that was only requested is answered with it: nobody else will.
async fn end(unit: &mut Unit, withdrawal: &mut Withdrawal, step: Step) -> Result<(), Fault> {
    movements::withdrawal::give_back(unit, withdrawal).await?;
    let unanswered = withdrawal.state == State::Requested;
    withdrawal_step(unit, withdrawal, step).await?;
    if unanswered {
        let id = withdrawal.id.uuid();
        let done = RequestWithdrawalDone { withdrawal: Some(withdrawal.wire()) };
        unit.decide(id, Outcome::done(id.as_bytes(), &done));
    }
    Ok(())
}

/// Locked before, with all others of the batch; read as the messages before it left it.
async fn lock(unit: &mut Unit, id: WithdrawalId) -> Result<Option<Withdrawal>, Fault> {
    Ok(store::withdrawal::lock(unit.conn(), &[id]).await?.pop())
}

fn too_late(withdrawal: &Withdrawal) -> Refusal {
    Refusal::new(RefusalCode::WithdrawState).with("state", withdrawal.state.word())
}
