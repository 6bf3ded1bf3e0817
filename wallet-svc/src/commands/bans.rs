//! Operators keep accounts from playing, and let them play again.

use crate::{domain::ledger::Account, store};
use chassis::{
    Delivery, Unit,
    grpc::Unanswered,
    operators::{self, Operators},
};
use proto::{
    AccountId, Refusal,
    common::RefusalCode,
    wallet::{SetBan, SetBanDone},
};
use std::collections::BTreeSet;

/// Bans an account, or lifts its ban. Of two bans the first one stands, with its reason.
pub(super) async fn set<M>(
    unit: &mut Unit,
    delivery: &Delivery<M>,
    command: &SetBan,
    operators: &Operators,
) -> Result<SetBanDone, Unanswered> {
    let signed = operators.take(unit, delivery, command).await?;
    let account = AccountId::try_from_bytes(&command.account_id)?;
    let reason = operators::reason(&command.reason)?;
    let available = Account::available(account);
    if store::ledger::lock(unit, &BTreeSet::from([available])).await?.get(available).is_none() {
        return Err(Refusal::new(RefusalCode::AccountUnknown).into());
    }
    if !command.banned {
        if !store::ban::end(unit.conn(), account).await? {
            return Err(Unanswered::not_found());
        }
        tracing::warn!(operator = %signed.operator, %account, reason, "a ban is lifted");
        return Ok(SetBanDone { ban: None });
    }
    let now = unit.now().await?;
    store::limit::watch(unit.conn(), account, now).await?;
    let ban = store::ban::begin(unit.conn(), account, reason, signed.operator, now).await?;
    tracing::warn!(operator = %signed.operator, %account, reason, "banned by an operator");
    Ok(SetBanDone { ban: Some(ban) })
}
