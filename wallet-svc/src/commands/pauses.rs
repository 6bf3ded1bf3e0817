//! Operators stop withdrawals and let them go on.

use crate::{
    domain::pause::Cause,
    store::{self, pause::Pause},
};
use chassis::{
    Delivery, Unit,
    grpc::Unanswered,
    operators::{self, Operators},
};
use proto::{
    Refusal,
    common::RefusalCode,
    wallet::{PauseWithdrawals, PauseWithdrawalsDone, ResumeWithdrawals, ResumeWithdrawalsDone},
};

/// Nothing new is signed until somebody resumes. Where operators have paused before, that pause stands.
pub(super) async fn pause<M>(
    unit: &mut Unit,
    delivery: &Delivery<M>,
    command: &PauseWithdrawals,
    operators: &Operators,
) -> Result<PauseWithdrawalsDone, Unanswered> {
    let signed = operators.take(unit, delivery, command).await?;
    let reason = operators::reason(&command.reason)?;
    store::pause::begin(unit.conn(), Cause::Operator, reason).await?;
    tracing::info!(operator = %signed.operator, reason, "paused by an operator");
    let pauses = store::pause::all(unit.conn()).await?;
    let pause = pauses.iter().find(|pause| pause.cause == Cause::Operator).map(Pause::wire);
    Ok(PauseWithdrawalsDone { pause })
}

/// Ends the pause of one cause; those of others stand.
pub(super) async fn resume<M>(
    unit: &mut Unit,
    delivery: &Delivery<M>,
    command: &ResumeWithdrawals,
    operators: &Operators,
) -> Result<ResumeWithdrawalsDone, Unanswered> {
    let signed = operators.take(unit, delivery, command).await?;
    let cause = Cause::from_word(&command.cause)
        .ok_or_else(|| Refusal::new(RefusalCode::Malformed).with("field", "cause"))?;
    if !store::pause::end(unit.conn(), cause).await? {
        return Err(Unanswered::not_found());
    }
    tracing::warn!(operator = %signed.operator, cause = cause.word(), "resumed by an operator");
    let left = store::pause::all(unit.conn()).await?.iter().map(Pause::wire).collect();
    Ok(ResumeWithdrawalsDone { left })
}
