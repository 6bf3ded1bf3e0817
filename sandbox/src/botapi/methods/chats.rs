//! Questions about chats and files, and how the bot presents itself.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::botapi::journal::Record;
use crate::botapi::methods::administer;
use crate::botapi::methods::send::named_chat;
use crate::botapi::params::Params;
use crate::botapi::refusal::Refusal;
use crate::botapi::wire::Command;
use crate::botapi::world::World;

pub(super) fn chat(world: &World, params: &Params) -> Result<Value, Refusal> {
    let chat = named_chat(world, params)?;
    let mut full = json!(chat);
    if let Some(fields) = full.as_object_mut() {
        fields.insert("accent_color_id".into(), 0.into());
        fields.insert("max_reaction_count".into(), 11.into());
        let gifts = json!({"unlimited_gifts": false, "limited_gifts": false,
            "unique_gifts": false, "premium_subscription": false, "gifts_from_channels": false});
        fields.insert("accepted_gift_types".into(), gifts);
        if !chat.is_private() {
            let muted = world.state.groups.get(&chat.id).is_some_and(|group| group.house.muted);
            fields.insert("permissions".into(), json!({"can_send_messages": !muted}));
            fields.insert("join_to_send_messages".into(), true.into());
        }
    }
    Ok(full)
}

pub(super) fn member(world: &World, params: &Params) -> Result<Value, Refusal> {
    let chat = named_chat(world, params)?;
    let Some(id) = params.int("user_id")? else {
        return Err(Refusal::bad("user_id is empty"));
    };
    let person = world.state.people.get(&id);
    let user = if id == world.bot.id { Some(&world.bot) } else { person.map(|p| &p.user) };
    let user = user.ok_or_else(|| Refusal::bad("user not found"))?;
    let group = world.state.groups.get(&chat.id);
    if id == world.bot.id && group.is_some_and(|group| group.has_bot && group.house.administers) {
        return Ok(administer::administrator(&world.bot));
    }
    let status = match group {
        None => "member",
        Some(group) if id == world.bot.id => {
            if group.has_bot {
                "member"
            } else {
                "left"
            }
        }
        Some(group) => match group.members.iter().position(|&member| member == id) {
            Some(0) => "creator",
            Some(_) => "member",
            None => "left",
        },
    };
    Ok(if status == "creator" {
        json!({"user": user, "status": status, "is_anonymous": false})
    } else {
        json!({"user": user, "status": status})
    })
}

pub(super) fn member_count(world: &World, params: &Params) -> Result<Value, Refusal> {
    let chat = named_chat(world, params)?;
    let group = world.state.groups.get(&chat.id);
    Ok(group.map_or(2, |group| group.members.len() + usize::from(group.has_bot)).into())
}

pub(super) fn file(world: &World, params: &Params) -> Result<Value, Refusal> {
    let id = params.text("file_id").unwrap_or_default();
    let meta = world.state.files.get(&id).ok_or_else(|| Refusal::bad("invalid file_id"))?;
    let kind = if meta.pixels.is_some() { "photos" } else { "documents" };
    Ok(json!({
        "file_id": meta.file_id,
        "file_unique_id": meta.file_unique_id,
        "file_size": meta.size,
        "file_path": format!("{kind}/{}", meta.file_id),
    }))
}

#[derive(Deserialize)]
struct Scope {
    #[serde(rename = "type")]
    kind: String,
    chat_id: Option<Value>,
}

/// The key a command list is kept under.
fn scope_key(params: &Params) -> Result<(String, String), Refusal> {
    let language = params.text("language_code").unwrap_or_default();
    let scope = match params.json::<Scope>("scope", "BotCommandScope")? {
        None => "default".to_owned(),
        Some(Scope { kind, chat_id: None }) => match kind.as_str() {
            "default" | "all_private_chats" | "all_group_chats" | "all_chat_administrators" => kind,
            _ => return Err(Refusal::bad("can't parse BotCommandScope: unsupported type")),
        },
        Some(Scope { kind, chat_id: Some(chat) }) => format!("{kind}:{chat}").replace('"', ""),
    };
    Ok((scope, language))
}

pub(super) fn set_commands(world: &mut World, params: &Params) -> Result<Value, Refusal> {
    let (scope, language) = scope_key(params)?;
    let commands: Vec<Command> = params.json("commands", "commands")?.unwrap_or_default();
    if commands.len() > 100 {
        return Err(Refusal::bad("BOT_COMMANDS_TOO_MUCH"));
    }
    let mut names = BTreeSet::new();
    for Command { command, description } in &commands {
        let name = command.trim_start_matches('/');
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if !(1..=32).contains(&name.len()) || !name.chars().all(plain) || !names.insert(name) {
            return Err(Refusal::bad("BOT_COMMAND_INVALID"));
        }
        if !(1..=256).contains(&description.chars().count()) {
            return Err(Refusal::bad("BOT_COMMAND_DESCRIPTION_INVALID"));
        }
    }
    let bare = |c: Command| Command { command: c.command.trim_start_matches('/').into(), ..c };
    let commands = commands.into_iter().map(bare).collect();
    world.record(Record::Commands { scope, language, commands })?;
    world.news.push(json!({"type": "profile"}));
    Ok(Value::Bool(true))
}

pub(super) fn commands(world: &World, params: &Params) -> Result<Value, Refusal> {
    Ok(json!(world.state.commands.get(&scope_key(params)?).cloned().unwrap_or_default()))
}

pub(super) fn delete_commands(world: &mut World, params: &Params) -> Result<Value, Refusal> {
    let (scope, language) = scope_key(params)?;
    world.record(Record::Commands { scope, language, commands: Vec::new() })?;
    world.news.push(json!({"type": "profile"}));
    Ok(Value::Bool(true))
}

pub(super) fn set_menu_button(world: &mut World, params: &Params) -> Result<Value, Refusal> {
    let button: Option<Value> = params.json("menu_button", "menu button")?;
    let value = button.unwrap_or_else(|| json!({"type": "default"}));
    world.record(Record::Profile { field: "menu_button".into(), value })?;
    Ok(Value::Bool(true))
}

pub(super) fn menu_button(world: &World) -> Value {
    let kept = world.state.profile.get("menu_button").cloned();
    kept.unwrap_or_else(|| json!({"type": "commands"}))
}

/// Keeps a text of the bot's profile under the parameter's own name.
pub(super) fn set_profile(
    world: &mut World,
    params: &Params,
    field: &str,
    max: usize,
) -> Result<Value, Refusal> {
    let text = params.text(field).unwrap_or_default();
    if text.chars().count() > max {
        return Err(Refusal::bad(format!("bot {field} is too long")));
    }
    world.record(Record::Profile { field: field.into(), value: text.into() })?;
    world.news.push(json!({"type": "profile"}));
    Ok(Value::Bool(true))
}
