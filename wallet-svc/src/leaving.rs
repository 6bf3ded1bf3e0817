//! An owner who leaves: what is against it, and what stays. The ledger and the address's key do; what arrives later is
//! unclaimed. Who the owner is, nobody here has ever known.

use crate::{
    domain::ledger::Account,
    movements,
    store::{self, leaving},
};
use chassis::{Db, Delivery, Fault, Unit, grpc::Unanswered};
use proto::{
    AccountId, CommandId, Lamports, Refusal,
    common::RefusalCode,
    wallet::{AccountClosed, CloseAccount, CloseAccountDone, ExportAccountRequest, ExportAccountResponse},
};
use std::collections::BTreeSet;

/// Closes an account with nothing on its way, and with nothing in it unless its owner gives that up.
///
/// # Errors
/// The database, or a message that breaks its contract.
pub async fn close_account<M: Sync>(
    unit: &mut Unit,
    delivery: &Delivery<M>,
    message: &CloseAccount,
) -> Result<(), Fault> {
    if delivery.repeat {
        return Ok(());
    }
    let account = AccountId::try_from_bytes(&message.account_id)?;
    let available = Account::available(account);
    let both = BTreeSet::from([available, Account::held(account)]);
    let Some(balance) = store::ledger::lock(unit, &both).await?.get(available) else {
        unit.refuse(delivery, &Refusal::new(RefusalCode::AccountUnknown));
        return Ok(());
    };
    let now = unit.now().await?;
    store::limit::watch(unit.conn(), account, now).await?;
    match against(unit, account, balance, message.give_up).await? {
        Some(refusal) => unit.refuse(delivery, &refusal),
        None => {
            if balance > Lamports::ZERO {
                movements::leaving::give_up(unit, CommandId::new(delivery.id), account, balance).await?;
            }
            leaving::close(unit.conn(), account, now).await?;
            store::totp::remove(unit.conn(), account).await?;
            tracing::info!(%account, given_up = %balance, "closed by its owner");
            unit.event(&AccountClosed { account_id: account.bytes() });
            unit.done(delivery, &CloseAccountDone { given_up_lamports: balance.get() });
        }
    }
    Ok(())
}

/// The rule against closing an account that is locked and watched.
async fn against(
    unit: &mut Unit,
    account: AccountId,
    balance: Lamports,
    give_up: bool,
) -> Result<Option<Refusal>, Fault> {
    let standing = leaving::standing(unit.conn(), account).await?;
    if standing.closed {
        return Ok(Some(Refusal::new(RefusalCode::AccountClosed)));
    }
    // Who is forgotten could begin anew.
    if standing.banned {
        return Ok(Some(Refusal::new(RefusalCode::AccountBanned)));
    }
    if standing.live_bets > 0 || standing.withdrawals > 0 {
        let refusal = Refusal::new(RefusalCode::AccountBusy).with("live_bets", standing.live_bets);
        return Ok(Some(refusal.with("withdrawals", standing.withdrawals)));
    }
    let has_balance = balance > Lamports::ZERO && !give_up;
    let refusal = || Refusal::new(RefusalCode::AccountHasBalance).with("available", balance.get());
    Ok(has_balance.then(refusal))
}

/// Everything that is kept of an account, as JSON.
///
/// # Errors
/// The database; an account that does not exist; a question that breaks its contract.
pub async fn export(db: &Db, request: &ExportAccountRequest) -> Result<ExportAccountResponse, Unanswered> {
    let account = AccountId::try_from_bytes(&request.account_id)?;
    let export = leaving::export(db.pool(), account).await?;
    let export = export.ok_or_else(|| Refusal::new(RefusalCode::AccountUnknown))?;
    Ok(ExportAccountResponse { json: export.to_string().into_bytes() })
}
