//! New messages, chat actions and answers to presses.

use serde_json::{Value, json};

use crate::botapi::content::{self, Formatted};
use crate::botapi::limits::Kind;
use crate::botapi::params::Params;
use crate::botapi::refusal::Refusal;
use crate::botapi::state::{FileMeta, Stored};
use crate::botapi::wire::{Chat, Document, Message, PhotoSize, utf16_len};
use crate::botapi::world::World;

const ACTIONS: [&str; 11] = [
    "typing",
    "upload_photo",
    "record_video",
    "upload_video",
    "record_voice",
    "upload_voice",
    "upload_document",
    "choose_sticker",
    "find_location",
    "record_video_note",
    "upload_video_note",
];

/// The chat named in a call, if the bot knows it.
pub(super) fn named_chat(world: &World, params: &Params) -> Result<Chat, Refusal> {
    let Some(id) = params.text("chat_id").filter(|id| !id.is_empty()) else {
        return Err(Refusal::bad("chat_id is empty"));
    };
    let chat = id.trim().parse().ok().and_then(|id| world.state.chat(id));
    chat.ok_or_else(|| Refusal::bad("chat not found"))
}

/// The chat named in a call, if the bot may write there.
pub(super) fn writable_chat(world: &World, params: &Params) -> Result<Chat, Refusal> {
    let chat = named_chat(world, params)?;
    if let Some(person) = world.state.people.get(&chat.id) {
        if person.blocked {
            return Err(Refusal::forbidden("bot was blocked by the user"));
        }
        if !person.started {
            return Err(Refusal::forbidden("bot can't initiate conversation with a user"));
        }
    }
    if world.state.groups.get(&chat.id).is_some_and(|group| !group.has_bot) {
        return Err(Refusal::forbidden("bot is not a member of the supergroup chat"));
    }
    Ok(chat)
}

/// Sends what `fill` puts into the message; nothing is kept if anything is wrong with it.
fn send(
    world: &mut World,
    params: &Params,
    fill: impl FnOnce(&mut World, &mut Message) -> Result<(), Refusal>,
) -> Result<Value, Refusal> {
    let chat = writable_chat(world, params)?;
    let markup = content::markup(params)?;
    let reply = content::reply_target(params, &world.state, chat.id)?;
    let mut message = world.draft(&world.bot, &chat);
    fill(world, &mut message)?;
    message.reply_to_message = reply;
    message.reply_markup = markup.keyboard;
    world.admit(&chat, Kind::Send)?;
    let seq = world.state.seq.saturating_add(1);
    let stored = Stored {
        created: seq,
        changed: seq,
        deleted: false,
        silent: params.flag("disable_notification"),
        force_reply: markup.force_reply,
        update_id: None,
        message,
    };
    world.counters.sent = world.counters.sent.saturating_add(1);
    Ok(json!(world.put(stored)?.message))
}

pub(super) fn message(world: &mut World, params: &Params) -> Result<Value, Refusal> {
    send(world, params, |_, message| {
        let Formatted { text, entities } = content::text(params, "message is too long")?;
        message.text = Some(text);
        message.entities = entities;
        message.link_preview_options = params.json("link_preview_options", "link preview options")?;
        Ok(())
    })
}

pub(super) fn photo(world: &mut World, params: &Params) -> Result<Value, Refusal> {
    send(world, params, |world, message| {
        let caption = content::caption(params)?;
        let source = params.text("photo");
        let file = input_file(world, params, "photo", source.as_deref(), true)?;
        message.photo = vec![photo_size(&file)?];
        set_caption(message, caption);
        Ok(())
    })
}

pub(super) fn document(world: &mut World, params: &Params) -> Result<Value, Refusal> {
    send(world, params, |world, message| {
        let caption = content::caption(params)?;
        let source = params.text("document");
        let file = input_file(world, params, "document", source.as_deref(), false)?;
        message.document = Some(Document {
            file_id: file.file_id,
            file_unique_id: file.file_unique_id,
            file_name: file.name,
            mime_type: file.mime_type,
            file_size: file.size,
        });
        set_caption(message, caption);
        Ok(())
    })
}

pub(super) fn set_caption(message: &mut Message, caption: Formatted) {
    message.caption = (!caption.text.is_empty()).then_some(caption.text);
    message.caption_entities = caption.entities;
}

/// A file given as a part of the form, as `attach://<part>` or by the id of a kept one.
pub(super) fn input_file(
    world: &mut World,
    params: &Params,
    part: &str,
    source: Option<&str>,
    photo: bool,
) -> Result<FileMeta, Refusal> {
    let attached = source.and_then(|source| source.strip_prefix("attach://"));
    if let Some(upload) = params.file(attached.unwrap_or(part)) {
        return world.keep_file(upload, photo);
    }
    match source {
        Some(id) if attached.is_none() && !id.is_empty() => {
            let kept = world.state.files.get(id).cloned();
            kept.filter(|meta| !photo || meta.pixels.is_some())
                .ok_or_else(|| Refusal::bad("wrong file identifier/HTTP URL specified"))
        }
        _ => Err(Refusal::bad(format!("there is no {part} in the request"))),
    }
}

pub(super) fn photo_size(file: &FileMeta) -> Result<PhotoSize, Refusal> {
    let (width, height) = file.pixels.ok_or_else(|| Refusal::bad("IMAGE_PROCESS_FAILED"))?;
    Ok(PhotoSize {
        file_id: file.file_id.clone(),
        file_unique_id: file.file_unique_id.clone(),
        width,
        height,
        file_size: file.size,
    })
}

pub(super) fn chat_action(world: &mut World, params: &Params) -> Result<Value, Refusal> {
    let chat = writable_chat(world, params)?;
    let action = params.text("action").unwrap_or_default();
    if !ACTIONS.contains(&action.as_str()) {
        return Err(Refusal::bad("wrong parameter action in request"));
    }
    world.news.push(json!({"type": "action", "chat_id": chat.id, "action": action}));
    Ok(Value::Bool(true))
}

pub(super) fn answer_callback(world: &mut World, params: &Params) -> Result<Value, Refusal> {
    let id = params.text("callback_query_id").unwrap_or_default();
    let text = params.text("text").filter(|text| !text.is_empty());
    if text.as_ref().is_some_and(|text| utf16_len(text) > 200) {
        return Err(Refusal::bad("MESSAGE_TOO_LONG"));
    }
    world.answer(&id, text, params.flag("show_alert"), params.text("url"))?;
    Ok(Value::Bool(true))
}
