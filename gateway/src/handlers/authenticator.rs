//! The authenticator: wallet-svc keeps and judges it; here it is shown once, and its codes are typed.
//!
//! A typed code leads to a preview whose button does it, like everything else that is asked for, and the message with
//! the code is deleted from the chat.

use super::{Member, mint};
use crate::{
    app::App,
    commands::RequestKind,
    domain::CodeFor,
    qr, screens,
    store::drafts::{Draft, DraftKind},
    turn::{Secret, Turn, Write},
};
use chassis::Fault;
use proto::wallet::{ConfirmTotp, RemoveTotp};
use std::sync::Arc;

/// Shows the secret, in a message of its own that goes to Telegram directly: it must be on no broker.
///
/// # Errors
/// wallet-svc does not answer, or has one already.
pub async fn add(app: Arc<App>, member: Member) -> Result<Turn, Fault> {
    let begun = match app.clients.begin_totp(member.account).await? {
        Ok(begun) => begun,
        Err(code) => return Ok(member.refused(&app, code)),
    };
    let screen = screens::authenticator_scan(member.language, &begun.secret, &begun.uri);
    let picture = qr::png(&begun.uri).map_err(|error| Fault::bug(error.to_string()))?;
    let turn = Turn { secret: Some(Secret::new(screen, picture)), ..Turn::default() };
    Ok(turn.and(Write::Save(Draft::Totp { code_for: CodeFor::Add })))
}

/// Asks for a code of the one that shall go.
///
/// # Errors
/// Never.
pub async fn remove(member: Member) -> Result<Turn, Fault> {
    let screen = screens::authenticator_ask_remove(member.language, false);
    Ok(Turn::show(screen).and(Write::Save(Draft::Totp { code_for: CodeFor::Remove })))
}

/// The six digits, for what they are typed for.
pub(super) fn typed(app: &App, member: Member, code_for: CodeFor, text: &str) -> Turn {
    let language = member.language;
    let Some(code) = crate::domain::code(text) else {
        return Turn::show(screens::authenticator_not_a_code(language));
    };
    let account_id = member.account.bytes();
    let slip = match code_for {
        CodeFor::Add => {
            mint(app, member.account, RequestKind::ConfirmTotp, &ConfirmTotp { account_id, code })
        }
        CodeFor::Remove => {
            mint(app, member.account, RequestKind::RemoveTotp, &RemoveTotp { account_id, code })
        }
    };
    let screen = screens::authenticator_confirm(language, code_for, slip.id);
    Turn { erase: true, ..Turn::show(screen) }.and(Write::Drop(DraftKind::Totp)).and(Write::Mint(slip))
}

/// After a crash between commit and answer.
pub(super) fn resume(member: Member, code_for: CodeFor) -> Turn {
    match code_for {
        // The picture is asked for again with its button.
        CodeFor::Add => Turn::show(screens::authenticator_not_a_code(member.language)),
        CodeFor::Remove => Turn::show(screens::authenticator_ask_remove(member.language, false)),
    }
}
