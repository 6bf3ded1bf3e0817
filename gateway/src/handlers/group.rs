//! Groups: no stake and no balance is shown there, so every road leads into the private chat.

use super::Visitor;
use crate::{
    app::App,
    callbacks::{Press, deep_link_of, payload_of},
    router::{Command, Data},
    screens,
    turn::Turn,
};
use chassis::Fault;
use std::sync::Arc;

/// A button in a group opens the private chat, at its room if it has one.
///
/// # Errors
/// Never.
pub async fn pressed(app: Arc<App>, visitor: Visitor, Data(data): Data) -> Result<Turn, Fault> {
    let room = Press::decode(&data).ok().and_then(|press| press.callback.room());
    let payload = room.map_or_else(|| "group".to_owned(), deep_link_of);
    Ok(match app.deep_link(&payload) {
        Some(url) => Turn { url: Some(url), ..Turn::default() },
        None => Turn::toast(visitor.language.plain("toast-busy", &[])),
    })
}

/// A command of ours is answered with the way into the private chat, others are not for us.
///
/// # Errors
/// Never.
pub async fn command(app: Arc<App>, visitor: Visitor, command: Command) -> Result<Turn, Fault> {
    let payload = match command {
        Command::Unknown => return Ok(Turn::default()),
        Command::Start(link) => payload_of(link).unwrap_or_else(|| "group".to_owned()),
        _ => "group".to_owned(),
    };
    let screen = app.deep_link(&payload).map(|url| screens::in_private(visitor.language, url));
    Ok(Turn { screen, ..Turn::default() })
}

/// Anything else is not meant for us.
///
/// # Errors
/// Never.
pub async fn silence() -> Result<Turn, Fault> {
    Ok(Turn::default())
}
