//! Groups with an administrator: links into them, who asks to come in, who may not write.

use std::collections::BTreeSet;

use rand::Rng;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::botapi::people::{group, hand_over, join, keep_group, person};
use crate::botapi::refusal::Refusal;
use crate::botapi::state::Group;
use crate::botapi::wire::{Chat, Message, User};
use crate::botapi::world::{World, unix_now};

/// What an administrator has made of a group.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct House {
    /// The bot is an administrator.
    pub(crate) administers: bool,
    /// Members may not write.
    pub(crate) muted: bool,
    pub(crate) links: Vec<InviteLink>,
    /// Who waits to be let in.
    pub(crate) asking: Vec<i64>,
    pub(crate) banned: BTreeSet<i64>,
}

/// A link into a group, made by the bot.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct InviteLink {
    pub(crate) invite_link: String,
    pub(crate) name: Option<String>,
    pub(crate) creates_join_request: bool,
    pub(crate) expire_date: Option<i64>,
    pub(crate) is_revoked: bool,
}

impl InviteLink {
    /// A `ChatInviteLink` of the Bot API.
    pub(crate) fn wire(&self, creator: &User) -> Value {
        let mut link = json!({
            "invite_link": self.invite_link,
            "creator": creator,
            "creates_join_request": self.creates_join_request,
            "is_primary": false,
            "is_revoked": self.is_revoked,
        });
        if let Some(fields) = link.as_object_mut() {
            fields.extend(self.name.clone().map(|name| ("name".to_owned(), name.into())));
            fields.extend(self.expire_date.map(|at| ("expire_date".to_owned(), at.into())));
        }
        link
    }
}

/// A link that nobody can guess.
pub(crate) fn fresh_link() -> String {
    format!("https://t.me/+{:016x}", rand::rng().random::<u64>())
}

/// A message of Telegram itself about what the bot did. Bots are not told what they did themselves.
pub(crate) fn service(
    world: &mut World,
    chat: &Chat,
    fill: impl FnOnce(&mut Message),
) -> Result<(), Refusal> {
    let mut message = world.draft(&world.bot.clone(), chat);
    fill(&mut message);
    hand_over(world, message, false).map(drop)
}

/// The owner makes the bot an administrator, or takes that back.
pub(crate) fn appoint(world: &mut World, chat: i64, administers: bool) -> Result<Chat, Refusal> {
    let mut group = group(world, chat)?;
    if !group.has_bot {
        return Err(Refusal::bad("the bot is not in this group"));
    }
    group.house.administers = administers;
    let chat = group.chat.clone();
    keep_group(world, group)?;
    Ok(chat)
}

/// A user opens a link: they are in, or ask to be let in. Returns whether they are in.
pub(crate) fn open_link(world: &mut World, user: i64, link: &str) -> Result<bool, Refusal> {
    let user = person(world, user)?.user;
    let with_link = |group: &&Group| group.house.links.iter().any(|known| known.invite_link == link);
    let group = world.state.groups.values().find(with_link).cloned();
    let mut group = group.ok_or_else(|| Refusal::bad("INVITE_HASH_INVALID"))?;
    let open = |known: &&InviteLink| {
        known.invite_link == link && !known.is_revoked && known.expire_date.is_none_or(|at| at > unix_now())
    };
    let Some(known) = group.house.links.iter().find(open).cloned() else {
        return Err(Refusal::bad("INVITE_HASH_EXPIRED"));
    };
    if group.house.banned.contains(&user.id) {
        return Err(Refusal::bad("USER_BANNED_IN_CHANNEL"));
    }
    if group.members.contains(&user.id) {
        return Ok(true);
    }
    if !known.creates_join_request {
        return join(world, group.chat.id, user.id).map(|_| true);
    }
    if !group.house.asking.contains(&user.id) {
        group.house.asking.push(user.id);
        let chat = group.chat.clone();
        keep_group(world, group)?;
        let request = json!({
            "chat": chat,
            "from": user,
            "user_chat_id": user.id,
            "date": unix_now(),
            "invite_link": known.wire(&world.bot),
        });
        world.enqueue("chat_join_request", request)?;
    }
    Ok(false)
}

/// Whether a member may write.
pub(crate) fn may_write(group: &Group, user: i64) -> bool {
    !group.house.muted || group.members.first() == Some(&user)
}
