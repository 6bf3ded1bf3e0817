//! What users do: they come, join, write, press and block.

use serde_json::{Value, json};

use crate::botapi::content::{MAX_TEXT, quoted};
use crate::botapi::control::NewUser;
use crate::botapi::detect::{detect, leading_command};
use crate::botapi::guests::{self, House};
use crate::botapi::journal::Record;
use crate::botapi::refusal::Refusal;
use crate::botapi::state::{Group, Person, Stored};
use crate::botapi::wire::{Button, Chat, Message, User, utf16_len};
use crate::botapi::world::{World, unix_now};

pub(crate) fn person(world: &World, id: i64) -> Result<Person, Refusal> {
    world.state.people.get(&id).cloned().ok_or_else(|| Refusal::bad(format!("no user {id}")))
}

pub(crate) fn group(world: &World, id: i64) -> Result<Group, Refusal> {
    world.state.groups.get(&id).cloned().ok_or_else(|| Refusal::bad(format!("no group {id}")))
}

fn keep_person(world: &mut World, person: Person) -> Result<(), Refusal> {
    world.news.push(json!({"type": "person", "person": person}));
    world.record(Record::Person(person))
}

pub(crate) fn keep_group(world: &mut World, group: Group) -> Result<(), Refusal> {
    world.news.push(json!({"type": "group", "group": group}));
    world.record(Record::Group(group))
}

pub(crate) fn add_user(world: &mut World, new: NewUser) -> Result<User, Refusal> {
    let first_name = new.first_name.trim().to_owned();
    if first_name.is_empty() || first_name.chars().count() > 64 {
        return Err(Refusal::bad("a first name has 1 to 64 characters"));
    }
    let id = world.state.next_user_id;
    let user = User {
        id,
        is_bot: false,
        username: new.username.or_else(|| username_of(&first_name, id)),
        first_name,
        last_name: new.last_name.filter(|name| !name.trim().is_empty()),
        language_code: Some(new.language_code.unwrap_or_else(|| "en".into())),
    };
    let person = Person { user: user.clone(), started: false, blocked: false };
    keep_person(world, person)?;
    Ok(user)
}

/// A name that is free because it ends in a part of the id; none for names without Latin letters.
fn username_of(first_name: &str, id: i64) -> Option<String> {
    let latin: String = first_name.chars().filter(char::is_ascii_alphanumeric).collect();
    let number = id.rem_euclid(10_000);
    (latin.len() >= 2).then(|| format!("{}_{number}", latin.to_ascii_lowercase()))
}

pub(crate) fn add_group(
    world: &mut World,
    title: &str,
    members: Vec<i64>,
    with_bot: bool,
) -> Result<Chat, Refusal> {
    let Some(&creator) = members.first() else {
        return Err(Refusal::bad("a group has at least one member"));
    };
    for &member in &members {
        person(world, member)?;
    }
    let chat = Chat::supergroup(world.state.next_group_id, title.trim().to_owned());
    keep_group(world, Group { chat: chat.clone(), members, has_bot: with_bot, house: House::default() })?;
    if with_bot {
        let creator = person(world, creator)?.user;
        membership(world, &chat, &creator, ("left", "member"))?;
        let bot = world.bot.clone();
        service(world, &chat, &creator, |message| message.new_chat_members = vec![bot])?;
    }
    Ok(chat)
}

pub(crate) fn join(world: &mut World, chat: i64, user: i64) -> Result<Chat, Refusal> {
    let (person, mut group) = (person(world, user)?, group(world, chat)?);
    let chat = group.chat.clone();
    if !group.members.contains(&user) {
        group.members.push(user);
        keep_group(world, group)?;
        let joined = person.user.clone();
        service(world, &chat, &person.user, |message| message.new_chat_members = vec![joined])?;
    }
    Ok(chat)
}

pub(crate) fn leave(world: &mut World, chat: i64, user: i64) -> Result<Chat, Refusal> {
    let (person, mut group) = (person(world, user)?, group(world, chat)?);
    let chat = group.chat.clone();
    if group.members.contains(&user) {
        group.members.retain(|&member| member != user);
        keep_group(world, group)?;
        let left = person.user.clone();
        service(world, &chat, &person.user, |message| message.left_chat_member = Some(left))?;
    }
    Ok(chat)
}

/// A member brings the bot into a group, or removes it.
pub(crate) fn invite_bot(world: &mut World, chat: i64, by: i64, here: bool) -> Result<Chat, Refusal> {
    let (person, group) = (person(world, by)?, group(world, chat)?);
    let chat = seat(world, &person, chat)?;
    if group.has_bot == here {
        return Ok(chat);
    }
    let (bot, by) = (world.bot.clone(), person.user);
    keep_group(world, Group { has_bot: here, ..group })?;
    if here {
        membership(world, &chat, &by, ("left", "member"))?;
        service(world, &chat, &by, |message| message.new_chat_members = vec![bot])?;
    } else {
        // What is said in a group that it has left, a bot does not hear.
        membership(world, &chat, &by, ("member", "kicked"))?;
        let mut message = world.draft(&by, &chat);
        message.left_chat_member = Some(bot);
        hand_over(world, message, false)?;
    }
    Ok(chat)
}

/// A message of Telegram itself about somebody's deed.
fn service(
    world: &mut World,
    chat: &Chat,
    from: &User,
    fill: impl FnOnce(&mut Message),
) -> Result<(), Refusal> {
    let mut message = world.draft(from, chat);
    fill(&mut message);
    hand_over(world, message, true).map(|_| ())
}

/// Puts a user's message into its chat and, if `told`, into the bot's queue.
pub(crate) fn hand_over(world: &mut World, message: Message, told: bool) -> Result<Stored, Refusal> {
    let update_id = if told { world.upcoming_update("message") } else { None };
    let seq = world.state.seq.saturating_add(1);
    let stored = world.put(Stored {
        created: seq,
        changed: seq,
        deleted: false,
        silent: false,
        force_reply: None,
        update_id,
        message,
    })?;
    if told {
        world.enqueue("message", json!(stored.message))?;
    }
    Ok(stored)
}

/// Tells the bot that its standing in a chat changed.
fn membership(world: &mut World, chat: &Chat, by: &User, (old, new): (&str, &str)) -> Result<(), Refusal> {
    let member = |status: &str| -> Value {
        match status {
            "kicked" => json!({"user": world.bot, "status": status, "until_date": 0}),
            _ => json!({"user": world.bot, "status": status}),
        }
    };
    let body = json!({
        "chat": chat,
        "from": by,
        "date": unix_now(),
        "old_chat_member": member(old),
        "new_chat_member": member(new),
    });
    world.enqueue("my_chat_member", body)
}

pub(crate) fn block(world: &mut World, user: i64) -> Result<(), Refusal> {
    let person = person(world, user)?;
    if person.blocked {
        return Ok(());
    }
    let user = person.user.clone();
    keep_person(world, Person { blocked: true, ..person })?;
    membership(world, &Chat::private(&user), &user, ("member", "kicked"))
}

pub(crate) fn unblock(world: &mut World, user: i64) -> Result<(), Refusal> {
    let person = person(world, user)?;
    if !person.blocked {
        return Ok(());
    }
    let user = person.user.clone();
    keep_person(world, Person { blocked: false, ..person })?;
    membership(world, &Chat::private(&user), &user, ("kicked", "member"))
}

pub(crate) fn say(
    world: &mut World,
    user: i64,
    chat: i64,
    text: &str,
    reply_to: Option<i64>,
) -> Result<Message, Refusal> {
    let person = person(world, user)?;
    let text = text.trim();
    if text.is_empty() || utf16_len(text) > MAX_TEXT {
        return Err(Refusal::bad("a text has 1 to 4096 characters"));
    }
    let chat = seat(world, &person, chat)?;
    if world.state.groups.get(&chat.id).is_some_and(|group| !guests::may_write(group, user)) {
        return Err(Refusal::bad("CHAT_WRITE_FORBIDDEN"));
    }
    let user = person.user.clone();
    if chat.is_private() && !person.started {
        keep_person(world, Person { started: true, ..person })?;
    }
    let mut message = world.draft(&user, &chat);
    if let Some(id) = reply_to {
        let quoted_message = world.state.messages.get(&(chat.id, id)).filter(|s| !s.deleted);
        let stored = quoted_message.ok_or_else(|| Refusal::bad("no such message to reply to"))?;
        message.reply_to_message = Some(Box::new(quoted(&stored.message)));
    }
    message.text = Some(text.to_owned());
    detect(text, &mut message.entities);
    let told = chat.is_private() || seen_in_group(world, &message);
    Ok(hand_over(world, message, told)?.message)
}

/// The chat, if the user can write there.
pub(crate) fn seat(world: &World, person: &Person, chat: i64) -> Result<Chat, Refusal> {
    if chat == person.user.id {
        if person.blocked {
            return Err(Refusal::bad("this user has blocked the bot"));
        }
        return Ok(Chat::private(&person.user));
    }
    let group = group(world, chat)?;
    if !group.members.contains(&person.user.id) {
        return Err(Refusal::bad("this user is not in the group"));
    }
    Ok(group.chat)
}

/// Privacy mode: in groups a bot sees commands that may be for it and answers to its messages
/// (<https://core.telegram.org/bots/features#privacy-mode>).
fn seen_in_group(world: &World, message: &Message) -> bool {
    let present = world.state.groups.get(&message.chat.id).is_some_and(|group| group.has_bot);
    let answered = message.reply_to_message.as_ref().is_some_and(|m| m.from.id == world.bot.id);
    let command = message.text.as_deref().and_then(leading_command);
    let addressed = command.is_some_and(|(_, to)| match (to, &world.bot.username) {
        (Some(to), Some(own)) => to.eq_ignore_ascii_case(own),
        (Some(_), None) => false,
        (None, _) => true,
    });
    present && (answered || addressed)
}

pub(crate) fn press(
    world: &mut World,
    user: i64,
    chat: i64,
    message_id: i64,
    button: Option<&str>,
    data: Option<&str>,
) -> Result<String, Refusal> {
    let person = person(world, user)?;
    let chat = seat(world, &person, chat)?;
    let stored = world.state.messages.get(&(chat.id, message_id)).filter(|s| !s.deleted);
    let stored = stored.filter(|stored| stored.message.is_for(Some(user)));
    let message = stored.ok_or_else(|| Refusal::bad("no such message"))?.message.clone();
    if message.from.id != world.bot.id {
        return Err(Refusal::bad("only messages of the bot have buttons"));
    }
    let data = match (data, button) {
        (Some(data), _) => data.to_owned(),
        (None, Some(label)) => data_of(&message, label)?,
        (None, None) => return Err(Refusal::bad("name a button or its data")),
    };
    world.press(&person.user, &message, &data)
}

/// The data behind the button with this label, or else the first whose label begins with it.
fn data_of(message: &Message, label: &str) -> Result<String, Refusal> {
    let buttons: Vec<&Button> =
        message.reply_markup.iter().flat_map(|m| m.inline_keyboard.iter().flatten()).collect();
    let exact = buttons.iter().find(|button| button.text == label);
    let found = exact.or_else(|| buttons.iter().find(|button| button.text.starts_with(label)));
    let Some(button) = found else {
        let labels: Vec<_> = buttons.iter().map(|button| button.text.as_str()).collect();
        return Err(Refusal::bad(format!("no button begins with {label:?}, there are {labels:?}")));
    };
    let data = button.callback_data.clone();
    data.ok_or_else(|| Refusal::bad(format!("the button {:?} calls nothing back", button.text)))
}
