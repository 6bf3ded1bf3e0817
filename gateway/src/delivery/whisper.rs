//! Messages in a group that one member alone sees (Bot API 10.2, "ephemeral messages"), by calls of our own: the client
//! library does not know them yet.
//!
//! A server that has never heard of them would take the message and show it to everybody. So it is asked beforehand whether it
//! knows the methods, and an answer that is not about such a message makes the message go at once.

use super::{Fate, Letter};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::Duration;
use teloxide::{
    Bot,
    requests::Requester as _,
    types::{ChatId, MessageId},
};

/// One call.
const LIMIT: Duration = Duration::from_secs(8);

/// To whom alone a message is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Whisper {
    /// A member of the group.
    pub user_id: i64,
    /// Their press, which allows it for some seconds.
    pub query_id: String,
    /// The earlier one that it changes, if it does.
    pub message: Option<i64>,
}

/// What the server says.
#[derive(Deserialize)]
struct Answer {
    ok: bool,
    #[serde(default)]
    error_code: u16,
    #[serde(default)]
    description: String,
    #[serde(default)]
    result: Value,
    #[serde(default)]
    parameters: Parameters,
}

#[derive(Default, Deserialize)]
struct Parameters {
    #[serde(default)]
    retry_after: Option<u64>,
}

/// Whether the server can show a message to one member alone. There is no such message, so a server that knows the method
/// says so, and another one does not know the method.
pub async fn is_there(bot: &Bot) -> bool {
    let nothing = json!({"chat_id": 0, "receiver_user_id": 0, "ephemeral_message_id": 0});
    match call(bot, "DeleteEphemeralMessage", &nothing).await {
        Ok(answer) => answer.ok || answer.error_code == 400,
        Err(_) => false,
    }
}

/// Shows a message to one member.
pub(super) async fn deliver(bot: &Bot, letter: &Letter, whisper: &Whisper) -> Fate {
    if let Some(message) = whisper.message {
        let edit =
            merged(letter, json!({"receiver_user_id": whisper.user_id, "ephemeral_message_id": message}));
        match call(bot, "EditEphemeralMessageText", &edit).await {
            Ok(answer) if answer.ok => return Fate::Sent(clamped(message)),
            // It is gone: another one takes its place.
            Ok(answer) if answer.error_code == 400 => {}
            Ok(answer) => return refused(answer),
            Err(fate) => return fate,
        }
    }
    let addressee = json!({"receiver_user_id": whisper.user_id, "callback_query_id": whisper.query_id});
    // Bot API 10.3 reads the one, 10.2 the other.
    let mut send = merged(letter, addressee.clone());
    if let Some(fields) = send.as_object_mut() {
        fields.insert("ephemeral_message_parameters".to_owned(), addressee);
    }
    match call(bot, "SendMessage", &send).await {
        Ok(answer) if answer.ok => match answer.result.get("ephemeral_message_id").and_then(Value::as_i64) {
            Some(id) => Fate::Sent(clamped(id)),
            None => take_back(bot, letter.chat_id, &answer.result).await,
        },
        Ok(answer) => refused(answer),
        Err(fate) => fate,
    }
}

/// Everybody sees it: it goes.
async fn take_back(bot: &Bot, chat: i64, shown: &Value) -> Fate {
    tracing::error!("the server shows to all what one member alone should see");
    let id = shown.get("message_id").and_then(Value::as_i64).and_then(|id| i32::try_from(id).ok());
    if let Some(id) = id {
        let deletion = bot.delete_message(ChatId(chat), MessageId(id));
        match tokio::time::timeout(LIMIT, deletion.into_future()).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::error!(%error, "and it is still there"),
            Err(_) => tracing::error!("and may still be there"),
        }
    }
    Fate::Refused("no ephemeral messages".to_owned())
}

fn merged(letter: &Letter, addressee: Value) -> Value {
    let mut body = json!({
        "chat_id": letter.chat_id,
        "text": letter.text,
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": true},
        "reply_markup": letter.keyboard,
    });
    if let (Some(body), Value::Object(fields)) = (body.as_object_mut(), addressee) {
        body.extend(fields);
    }
    body
}

fn refused(answer: Answer) -> Fate {
    match answer.parameters.retry_after {
        Some(seconds) => Fate::Later(seconds),
        None if answer.error_code >= 500 => Fate::Unknown(answer.description),
        None => Fate::Refused(answer.description),
    }
}

/// The number of a message; the API counts them like others.
fn clamped(id: i64) -> i32 {
    i32::try_from(id).unwrap_or(i32::MAX)
}

async fn call(bot: &Bot, method: &str, body: &Value) -> Result<Answer, Fate> {
    let mut url = bot.api_url();
    // Not joined: a token has a colon, and what stands before it would be taken for a scheme.
    let path = format!("{}/bot{}/{method}", url.path().trim_end_matches('/'), bot.token());
    url.set_path(&path);
    let request = bot.client().post(url).header("content-type", "application/json").body(body.to_string());
    let calling = async { request.send().await?.bytes().await };
    match tokio::time::timeout(LIMIT, calling).await {
        // Without the address: the token is in it.
        Ok(Err(error)) if error.is_connect() => Err(Fate::Unsent(error.without_url().to_string())),
        Ok(Err(error)) => Err(Fate::Unknown(error.without_url().to_string())),
        Ok(Ok(bytes)) => {
            serde_json::from_slice(&bytes).map_err(|_| Fate::Unknown("an answer that is not JSON".to_owned()))
        }
        Err(_) => Err(Fate::Unknown("no answer in time".to_owned())),
    }
}
