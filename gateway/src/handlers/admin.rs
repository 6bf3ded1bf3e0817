//! The operators' overview. Everybody else finds no such command, and their try is in the audit log.

use super::{Member, Visitor, desk, unknown_command};
use crate::{
    app::App,
    arrival::Content,
    callbacks::{Callback, Press},
    router::Command,
    screens,
    turn::{Turn, Write},
};
use chassis::Fault;
use std::sync::Arc;

/// Whether this is about the overview. In a group `/admin` is a word to other bots, as every command that we do not know.
#[must_use]
pub fn asked(visitor: &Visitor, content: &Content) -> bool {
    match content {
        Content::Text(text) => visitor.private && Command::of(text) == Some(Command::Admin),
        Content::Press { data, .. } => {
            Press::decode(data).is_ok_and(|press| press.callback == Callback::Admin)
        }
        _ => false,
    }
}

/// The overview for an operator in private; for others what they would get without this command.
///
/// # Errors
/// Never.
pub async fn answer(app: Arc<App>, visitor: Visitor, content: Content) -> Result<Turn, Fault> {
    let operator = app.settings.admins.contains(&visitor.user_id);
    if operator && visitor.private {
        let overview = app.clients.overview().await;
        return Ok(Turn::show(screens::admin(visitor.language, &overview, app.clock.now())));
    }
    let way = if matches!(content, Content::Press { .. }) { "button" } else { "command" };
    let turn = refused(app, visitor, content).await?;
    Ok(if operator { turn } else { turn.and(Write::Trespass(way)) })
}

async fn refused(app: Arc<App>, visitor: Visitor, content: Content) -> Result<Turn, Fault> {
    let pressed = matches!(content, Content::Press { .. });
    match Member::of(visitor.clone()) {
        _ if !visitor.private => Ok(Turn::default()),
        None => desk::terms(app, visitor, content).await,
        Some(member) if pressed => desk::old_button(app, member).await,
        Some(member) => unknown_command(member).await,
    }
}
