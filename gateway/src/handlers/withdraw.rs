//! Taking SOL out: address, amount, preview.

use super::{Member, mint};
use crate::{
    app::App,
    commands::RequestKind,
    domain::{self, WithdrawDraft, WithdrawStep},
    screens,
    store::{drafts::Draft, requests, slips::Slip},
    turn::{Turn, Write},
};
use chassis::Fault;
use proto::{
    CommandId, Lamports, Refusal, WithdrawalId,
    common::RefusalCode,
    wallet::{CancelWithdrawal, RequestWithdrawal},
};
use std::sync::Arc;
use uuid::Uuid;

/// Begins with the address; the last one typed is offered again.
///
/// # Errors
/// The database, or wallet-svc does not answer.
pub async fn begin(app: Arc<App>, member: Member) -> Result<Turn, Fault> {
    address(app, member).await
}

/// Back to the address.
///
/// # Errors
/// The database, or wallet-svc does not answer.
pub async fn address(app: Arc<App>, member: Member) -> Result<Turn, Fault> {
    let draft = current(&app, member).await?.at(WithdrawStep::Address);
    show(&app, member, draft, Problem::None).await
}

/// On to the amount.
///
/// # Errors
/// The database, or wallet-svc does not answer.
pub async fn amount(app: Arc<App>, member: Member) -> Result<Turn, Fault> {
    let draft = current(&app, member).await?.at(WithdrawStep::Amount);
    show(&app, member, draft, Problem::None).await
}

/// A share of what can be withdrawn.
///
/// # Errors
/// The database, or wallet-svc does not answer.
pub async fn share(app: Arc<App>, member: Member, percent: u32) -> Result<Turn, Fault> {
    let draft = current(&app, member).await?.at(WithdrawStep::Amount);
    let Some(account) = app.clients.account(member.account).await? else {
        return Ok(member.refused(&app, RefusalCode::AccountUnknown));
    };
    let amount = domain::share(Lamports::new(account.withdrawable_lamports), percent);
    preview(&app, member, WithdrawDraft { amount: Some(amount), ..draft }, "").await
}

/// What was wrong with the last text.
#[derive(Clone, Debug)]
pub(super) enum Problem {
    None,
    Address,
    Amount(String),
}

/// The draft's step.
pub(super) async fn show(
    app: &App,
    member: Member,
    draft: WithdrawDraft,
    problem: Problem,
) -> Result<Turn, Fault> {
    let Some(account) = app.clients.account(member.account).await? else {
        return Ok(member.refused(app, RefusalCode::AccountUnknown));
    };
    let withdrawable = Lamports::new(account.withdrawable_lamports);
    let screen = match (&draft.address, draft.step) {
        (Some(address), WithdrawStep::Amount | WithdrawStep::Preview) => {
            let problem = match problem {
                Problem::Amount(text) => Some(text),
                Problem::None | Problem::Address => None,
            };
            screens::withdraw_amount(member.language, address, withdrawable, problem)
        }
        _ => {
            let wrong = matches!(problem, Problem::Address);
            screens::withdraw_address(member.language, &draft, withdrawable, wrong)
        }
    };
    Ok(Turn::show(screen).and(Write::Save(Draft::Withdraw(draft))))
}

/// On to the amount, if money can go to this address at all.
pub(super) async fn addressed(
    app: &App,
    member: Member,
    draft: WithdrawDraft,
    address: String,
) -> Result<Turn, Fault> {
    // Whatever the amount, an address is refused first.
    let any = Lamports::new(1);
    let preview = app.clients.preview_withdrawal(member.account, &address, any).await?;
    let refusal = preview.refusal.as_ref().map(Refusal::from).filter(of_address);
    match refusal {
        Some(refusal) => other_address(app, member, draft, &refusal).await,
        None => {
            let draft = WithdrawDraft { address: Some(address), ..draft }.at(WithdrawStep::Amount);
            show(app, member, draft, Problem::None).await
        }
    }
}

/// Whether another address helps.
fn of_address(refusal: &Refusal) -> bool {
    matches!(refusal.code, RefusalCode::WithdrawAddressInvalid | RefusalCode::WithdrawAddressIsDeposit)
}

/// Back to the address, and why.
async fn other_address(
    app: &App,
    member: Member,
    draft: WithdrawDraft,
    refusal: &Refusal,
) -> Result<Turn, Fault> {
    let text = screens::refusal(member.language, refusal, app.clock.now());
    let draft = WithdrawDraft { address: None, ..draft }.at(WithdrawStep::Address);
    let mut turn = show(app, member, draft, Problem::None).await?;
    turn.screen = turn.screen.map(|screen| screen.under(&text));
    Ok(turn)
}

/// The final fee and what arrives; or what wallet-svc has against it. Without the code that it needs, asks for it.
pub(super) async fn preview(
    app: &App,
    member: Member,
    draft: WithdrawDraft,
    code: &str,
) -> Result<Turn, Fault> {
    let (Some(address), Some(amount)) = (draft.address.clone(), draft.amount) else {
        return show(app, member, draft.at(WithdrawStep::Amount), Problem::None).await;
    };
    let preview = app.clients.preview_withdrawal(member.account, &address, amount).await?;
    if let Some(refusal) = &preview.refusal {
        let refusal = Refusal::from(refusal);
        if of_address(&refusal) {
            return other_address(app, member, draft, &refusal).await;
        }
        let text = screens::refusal(member.language, &refusal, app.clock.now());
        return show(app, member, draft.at(WithdrawStep::Amount), Problem::Amount(text)).await;
    }
    if preview.needs_totp && code.is_empty() {
        let screen = screens::withdraw_code(member.language, false);
        return Ok(Turn::show(screen).and(Write::Save(Draft::Withdraw(draft.at(WithdrawStep::Code)))));
    }
    let command = RequestWithdrawal {
        account_id: member.account.bytes(),
        address: address.clone(),
        lamports: amount.get(),
        totp_code: code.to_owned(),
    };
    let slip = mint(app, member.account, RequestKind::RequestWithdrawal, &command);
    let screen = screens::withdraw_preview(member.language, &address, amount, &preview, slip.id);
    let screen =
        if code.is_empty() { screen } else { screen.under(&member.language.say("withdraw-code-taken")) };
    let draft = draft.at(WithdrawStep::Preview);
    let turn = Turn { erase: !code.is_empty(), ..Turn::show(screen) };
    Ok(turn.and(Write::Save(Draft::Withdraw(draft))).and(Write::Mint(slip)))
}

/// Takes a withdrawal back. The id of the command follows from the withdrawal: two taps are one command.
///
/// # Errors
/// The database.
pub async fn cancel(app: Arc<App>, member: Member, withdrawal: WithdrawalId) -> Result<Turn, Fault> {
    let command = CancelWithdrawal { withdrawal_id: withdrawal.bytes(), account_id: member.account.bytes() };
    let offer = mint(&app, member.account, RequestKind::CancelWithdrawal, &command);
    let id = CommandId::new(Uuid::new_v5(&withdrawal.uuid(), member.account.uuid().as_bytes()));
    let slip = Slip { id, ..offer };
    if requests::is_shown(app.db.pool(), slip.id).await?.is_some() {
        return Ok(Turn::toast(member.language.plain("toast-already-cancelled", &[])));
    }
    Ok(Turn::toast(member.language.plain("toast-cancelling", &[])).and(Write::Use(slip)))
}

async fn current(app: &App, member: Member) -> Result<WithdrawDraft, Fault> {
    let draft = member.drafts(app).await?.into_iter().find_map(|draft| match draft {
        Draft::Withdraw(draft) => Some(draft),
        _ => None,
    });
    Ok(draft.unwrap_or_default())
}
