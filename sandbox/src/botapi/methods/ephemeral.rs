//! Messages in a group that one member alone sees (Bot API 10.2,
//! <https://core.telegram.org/bots/api#ephemeral-messages-and-commands>).
//!
//! They have numbers of their own: `message_id` is 0 for the bot and `ephemeral_message_id` tells them apart. Here they stand
//! among the messages of their chat under that number, negated.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::botapi::content;
use crate::botapi::limits::Kind;
use crate::botapi::methods::send::{named_chat, writable_chat};
use crate::botapi::params::Params;
use crate::botapi::refusal::Refusal;
use crate::botapi::state::Stored;
use crate::botapi::wire::User;
use crate::botapi::world::{World, unix_now};

/// Who alone sees a message.
#[derive(Debug, Deserialize)]
pub(super) struct Addressee {
    receiver_user_id: i64,
    #[serde(default)]
    callback_query_id: Option<String>,
}

/// The addressee of a call, if it names one: in an object since Bot API 10.3, before that beside the other parameters.
pub(super) fn addressee(params: &Params) -> Result<Option<Addressee>, Refusal> {
    let modern = params.json("ephemeral_message_parameters", "ephemeral message parameters")?;
    if modern.is_some() {
        return Ok(modern);
    }
    let receiver = params.int("receiver_user_id")?;
    let callback_query_id = params.text("callback_query_id");
    Ok(receiver.map(|receiver_user_id| Addressee { receiver_user_id, callback_query_id }))
}

/// Sends a text to one member of a group.
pub(super) fn message(world: &mut World, params: &Params, to: &Addressee) -> Result<Value, Refusal> {
    let chat = writable_chat(world, params)?;
    let receiver = receiver(world, chat.id, to.receiver_user_id)?;
    if !to.callback_query_id.as_ref().is_some_and(|id| world.is_pressed(id, receiver.id, chat.id)) {
        return Err(Refusal::bad("query is too old and response timeout expired or query ID is invalid"));
    }
    let formatted = content::text(params, "message is too long")?;
    let markup = content::markup(params)?;
    world.admit(&chat, Kind::Send)?;
    let id = world.state.next_ephemeral(chat.id);
    let mut message = world.draft(&world.bot, &chat);
    message.message_id = id.saturating_neg();
    message.ephemeral_message_id = Some(id);
    message.receiver_user = Some(receiver);
    message.text = Some(formatted.text);
    message.entities = formatted.entities;
    message.reply_markup = markup.keyboard;
    let seq = world.state.seq.saturating_add(1);
    let stored = Stored {
        created: seq,
        changed: seq,
        deleted: false,
        silent: true,
        force_reply: None,
        update_id: None,
        message,
    };
    world.counters.sent = world.counters.sent.saturating_add(1);
    Ok(world.put(stored)?.message.for_bot())
}

fn receiver(world: &World, chat: i64, user: i64) -> Result<User, Refusal> {
    let group = world.state.groups.get(&chat).ok_or_else(|| Refusal::bad("the chat is not a group"))?;
    let person = world.state.people.get(&user).filter(|_| group.members.contains(&user));
    Ok(person.ok_or_else(|| Refusal::bad("user not found"))?.user.clone())
}

fn named(world: &World, params: &Params) -> Result<Stored, Refusal> {
    let chat = named_chat(world, params)?;
    let (user, id) = (params.int("receiver_user_id")?, params.int("ephemeral_message_id")?);
    let stored = id.and_then(|id| world.state.messages.get(&(chat.id, id.saturating_neg())));
    let theirs = stored.filter(|stored| {
        let receiver = stored.message.receiver_user.as_ref().map(|receiver| receiver.id);
        !stored.deleted && receiver.is_some() && receiver == user
    });
    theirs.cloned().ok_or_else(|| Refusal::bad("ephemeral message not found"))
}

/// `editEphemeralMessageText`
pub(super) fn edit_text(world: &mut World, params: &Params) -> Result<Value, Refusal> {
    let mut stored = named(world, params)?;
    let formatted = content::text(params, "MESSAGE_TOO_LONG")?;
    stored.message.text = Some(formatted.text);
    stored.message.entities = formatted.entities;
    stored.message.reply_markup = content::markup(params)?.keyboard;
    stored.message.edit_date = Some(unix_now());
    world.admit(&stored.message.chat.clone(), Kind::Edit)?;
    world.counters.edited = world.counters.edited.saturating_add(1);
    world.change(stored)?;
    Ok(json!(true))
}

/// `deleteEphemeralMessage`
pub(super) fn delete(world: &mut World, params: &Params) -> Result<Value, Refusal> {
    let stored = named(world, params)?;
    world.change(Stored { deleted: true, ..stored })?;
    Ok(json!(true))
}
