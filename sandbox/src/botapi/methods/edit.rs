//! Changes of messages the bot sent.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::botapi::content;
use crate::botapi::limits::Kind;
use crate::botapi::methods::send;
use crate::botapi::params::Params;
use crate::botapi::refusal::Refusal;
use crate::botapi::state::Stored;
use crate::botapi::wire::Message;
use crate::botapi::world::{World, unix_now};

/// The message named in a call.
fn named_message(world: &World, params: &Params, missing: &str) -> Result<Stored, Refusal> {
    let chat = send::writable_chat(world, params)?;
    let Some(id) = params.int("message_id")? else {
        return Err(Refusal::bad("message identifier is not specified"));
    };
    let stored = world.state.messages.get(&(chat.id, id)).filter(|stored| !stored.deleted);
    stored.cloned().ok_or_else(|| Refusal::bad(missing))
}

/// Replaces what `alter` changes in a message; the keyboard goes unless it is given again.
fn edit(
    world: &mut World,
    params: &Params,
    alter: impl FnOnce(&mut World, &mut Message) -> Result<(), Refusal>,
) -> Result<Value, Refusal> {
    let mut stored = named_message(world, params, "message to edit not found")?;
    if stored.message.from.id != world.bot.id {
        return Err(Refusal::bad("message can't be edited"));
    }
    let before = stored.message.clone();
    stored.message.reply_markup = content::markup(params)?.keyboard;
    alter(world, &mut stored.message)?;
    if same_content(&before, &stored.message) {
        return Err(Refusal::bad(
            "message is not modified: specified new message content and reply markup are exactly \
             the same as a current content and reply markup of the message",
        ));
    }
    world.admit(&before.chat, Kind::Edit)?;
    // A changed keyboard alone is no edit in the eyes of a user.
    let keyboard_only = Message { reply_markup: None, ..before.clone() }
        == Message { reply_markup: None, ..stored.message.clone() };
    if !keyboard_only {
        stored.message.edit_date = Some(unix_now());
    }
    world.counters.edited = world.counters.edited.saturating_add(1);
    Ok(json!(world.change(stored)?.message))
}

fn same_content(before: &Message, after: &Message) -> bool {
    let pictures = |message: &Message| {
        let unique = |photo: &crate::botapi::wire::PhotoSize| photo.file_unique_id.clone();
        message.photo.iter().map(unique).collect::<Vec<_>>()
    };
    before.text == after.text
        && before.entities == after.entities
        && before.caption == after.caption
        && before.caption_entities == after.caption_entities
        && before.reply_markup == after.reply_markup
        && before.document == after.document
        && pictures(before) == pictures(after)
}

pub(super) fn text(world: &mut World, params: &Params) -> Result<Value, Refusal> {
    edit(world, params, |_, message| {
        let formatted = content::text(params, "MESSAGE_TOO_LONG")?;
        if message.text.is_none() {
            return Err(Refusal::bad("there is no text in the message to edit"));
        }
        message.text = Some(formatted.text);
        message.entities = formatted.entities;
        let preview = params.json("link_preview_options", "link preview options")?;
        message.link_preview_options = preview.or(message.link_preview_options.take());
        Ok(())
    })
}

pub(super) fn caption(world: &mut World, params: &Params) -> Result<Value, Refusal> {
    edit(world, params, |_, message| {
        if message.text.is_some() {
            return Err(Refusal::bad("there is no caption in the message to edit"));
        }
        send::set_caption(message, content::caption(params)?);
        Ok(())
    })
}

pub(super) fn reply_markup(world: &mut World, params: &Params) -> Result<Value, Refusal> {
    edit(world, params, |_, _| Ok(()))
}

#[derive(Deserialize)]
struct Media {
    #[serde(rename = "type")]
    kind: String,
    media: String,
    caption: Option<String>,
    parse_mode: Option<String>,
    caption_entities: Option<Vec<crate::botapi::wire::Entity>>,
}

pub(super) fn media(world: &mut World, params: &Params) -> Result<Value, Refusal> {
    let Some(media) = params.json::<Media>("media", "InputMedia")? else {
        return Err(Refusal::bad("media is empty"));
    };
    if media.kind != "photo" {
        return Err(Refusal::bad("this server replaces media by photos only"));
    }
    edit(world, params, |world, message| {
        let caption = media.caption.unwrap_or_default();
        let caption = content::formatted(&caption, media.parse_mode.as_deref(), media.caption_entities)?;
        let caption = content::checked_caption(caption)?;
        let file = send::input_file(world, params, "media", Some(&media.media), true)?;
        message.photo = vec![send::photo_size(&file)?];
        message.document = None;
        // A text that gets a picture is gone, with what belonged to it.
        message.text = None;
        message.entities = Vec::new();
        message.link_preview_options = None;
        send::set_caption(message, caption);
        Ok(())
    })
}

pub(super) fn delete(world: &mut World, params: &Params) -> Result<Value, Refusal> {
    let mut stored = named_message(world, params, "message to delete not found")?;
    let own = stored.message.from.id == world.bot.id;
    if !own && !stored.message.chat.is_private() {
        return Err(Refusal::bad("message can't be deleted"));
    }
    stored.deleted = true;
    world.counters.deleted = world.counters.deleted.saturating_add(1);
    world.change(stored)?;
    Ok(Value::Bool(true))
}
