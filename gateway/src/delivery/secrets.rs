//! Messages with a secret: shown once, and deleted as soon as it was used.
//!
//! They do not wait in the line of the sender, which may be another replica behind the broker.

use super::keyboard;
use crate::{
    app::App,
    store::{accounts, threads},
    turn::Secret,
};
use chassis::Fault;
use proto::AccountId;
use std::{future::IntoFuture as _, time::Duration};
use teloxide::{
    payloads::SendPhotoSetters as _,
    requests::Requester as _,
    types::{ChatId, InputFile, MessageId, ParseMode},
};

/// Names the message with the secret in its chat.
const THREAD: &str = "authenticator";
/// How long Telegram may take.
const LIMIT: Duration = Duration::from_secs(8);

/// Shows a secret and remembers where; an earlier one goes.
///
/// # Errors
/// Telegram does not take it, or the database.
pub async fn show(app: &App, account: AccountId, chat_id: i64, secret: &Secret) -> Result<(), Fault> {
    if let Some(earlier) = threads::message(app.db.pool(), account, THREAD).await? {
        erase(app, chat_id, earlier).await;
    }
    let file = InputFile::memory(secret.picture().to_vec()).file_name("authenticator.png");
    let call = app.bot.send_photo(ChatId(chat_id), file).caption(&secret.screen().text);
    let call = call.parse_mode(ParseMode::Html).reply_markup(keyboard(secret.screen()));
    let sent = tokio::time::timeout(LIMIT, call.into_future()).await;
    // What went wrong must not be told with what was sent.
    let sent = sent.ok().and_then(Result::ok).ok_or_else(|| Fault::upstream("Telegram", "not sent"))?;
    threads::begin(app.db.pool(), account, THREAD, sent.id.0, app.clock.now()).await?;
    threads::name(app.db.pool(), account, THREAD, sent.id.0).await?;
    Ok(())
}

/// Deletes the message with the secret, if there is one.
///
/// # Errors
/// The database.
pub async fn forget(app: &App, account: AccountId) -> Result<(), Fault> {
    let Some(message) = threads::message(app.db.pool(), account, THREAD).await? else { return Ok(()) };
    let people = accounts::reach(app.db.pool(), &app.vault, &[account.uuid()]).await?;
    if let Some(person) = people.get(&account) {
        erase(app, person.chat_id, message).await;
    }
    Ok(())
}

/// Deletes a message. Where it is gone already, or too old for Telegram, nothing can be done.
pub async fn erase(app: &App, chat_id: i64, message: i32) {
    let call = app.bot.delete_message(ChatId(chat_id), MessageId(message));
    match tokio::time::timeout(LIMIT, call.into_future()).await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => tracing::info!(%error, "a message is not deleted"),
        Err(_) => tracing::info!("a message is not deleted in time"),
    }
}
