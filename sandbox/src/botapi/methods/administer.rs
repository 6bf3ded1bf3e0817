//! What a bot does to a group of which it is an administrator.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::botapi::guests::{self, InviteLink};
use crate::botapi::methods::send::named_chat;
use crate::botapi::params::Params;
use crate::botapi::people::keep_group;
use crate::botapi::refusal::Refusal;
use crate::botapi::state::Group;
use crate::botapi::wire::User;
use crate::botapi::world::{World, unix_now};

/// The group named in a call, if the bot may do there what `right` names.
fn administered(world: &World, params: &Params, right: &str) -> Result<Group, Refusal> {
    let chat = named_chat(world, params)?;
    let group = world.state.groups.get(&chat.id).filter(|_| !chat.is_private());
    let group = group.ok_or_else(|| Refusal::bad("method is available only for supergroups"))?;
    if !group.has_bot {
        return Err(Refusal::forbidden("bot is not a member of the supergroup chat"));
    }
    if !group.house.administers {
        return Err(Refusal::bad(format!("not enough rights to {right}")));
    }
    Ok(group.clone())
}

/// The user named in a call.
fn named_user(world: &World, params: &Params) -> Result<User, Refusal> {
    let id = params.int("user_id")?.ok_or_else(|| Refusal::bad("invalid user_id specified"))?;
    let person = world.state.people.get(&id).ok_or_else(|| Refusal::bad("PARTICIPANT_ID_INVALID"))?;
    Ok(person.user.clone())
}

pub(super) fn set_title(world: &mut World, params: &Params) -> Result<Value, Refusal> {
    let mut group = administered(world, params, "change chat title")?;
    let title = params.text("title").unwrap_or_default().trim().to_owned();
    if title.is_empty() || title.chars().count() > 128 {
        return Err(Refusal::bad("invalid new chat title specified"));
    }
    if group.chat.title.as_deref() == Some(&*title) {
        return Err(Refusal::bad("chat title is not modified"));
    }
    group.chat.title = Some(title.clone());
    let chat = group.chat.clone();
    keep_group(world, group)?;
    guests::service(world, &chat, |message| message.new_chat_title = Some(title))?;
    Ok(Value::Bool(true))
}

#[derive(Deserialize)]
struct Permissions {
    #[serde(default)]
    can_send_messages: bool,
}

pub(super) fn set_permissions(world: &mut World, params: &Params) -> Result<Value, Refusal> {
    let mut group = administered(world, params, "change chat permissions")?;
    let permissions: Option<Permissions> = params.json("permissions", "permissions")?;
    let muted = !permissions.ok_or_else(|| Refusal::bad("permissions are empty"))?.can_send_messages;
    if group.house.muted == muted {
        return Err(Refusal::bad("CHAT_NOT_MODIFIED"));
    }
    group.house.muted = muted;
    keep_group(world, group)?;
    Ok(Value::Bool(true))
}

pub(super) fn create_link(world: &mut World, params: &Params) -> Result<Value, Refusal> {
    let mut group = administered(world, params, "manage chat invite link")?;
    let expire_date = params.int("expire_date")?;
    if expire_date.is_some_and(|at| at <= unix_now()) {
        return Err(Refusal::bad("EXPIRE_DATE_INVALID"));
    }
    let creates_join_request = params.flag("creates_join_request");
    if creates_join_request && params.int("member_limit")?.is_some() {
        return Err(Refusal::bad(
            "member limit can't be specified for links requiring administrator approval",
        ));
    }
    let link = InviteLink {
        invite_link: guests::fresh_link(),
        name: params.text("name").filter(|name| !name.is_empty()),
        creates_join_request,
        expire_date,
        is_revoked: false,
    };
    group.house.links.push(link.clone());
    keep_group(world, group)?;
    Ok(link.wire(&world.bot))
}

pub(super) fn revoke_link(world: &mut World, params: &Params) -> Result<Value, Refusal> {
    let mut group = administered(world, params, "manage chat invite link")?;
    let named = params.text("invite_link").unwrap_or_default();
    let link = group.house.links.iter_mut().find(|link| link.invite_link == named);
    let link = link.ok_or_else(|| Refusal::bad("INVITE_HASH_EXPIRED"))?;
    link.is_revoked = true;
    let told = link.wire(&world.bot);
    keep_group(world, group)?;
    Ok(told)
}

pub(super) fn answer_join_request(
    world: &mut World,
    params: &Params,
    approved: bool,
) -> Result<Value, Refusal> {
    let mut group = administered(world, params, "manage chat join requests")?;
    let user = named_user(world, params)?;
    if group.members.contains(&user.id) {
        return Err(Refusal::bad("USER_ALREADY_PARTICIPANT"));
    }
    if !group.house.asking.contains(&user.id) {
        return Err(Refusal::bad("HIDE_REQUESTER_MISSING"));
    }
    group.house.asking.retain(|asking| *asking != user.id);
    let chat = group.chat.clone();
    if approved {
        group.members.push(user.id);
    }
    keep_group(world, group)?;
    if approved {
        guests::service(world, &chat, |message| message.new_chat_members = vec![user])?;
    }
    Ok(Value::Bool(true))
}

pub(super) fn ban(world: &mut World, params: &Params) -> Result<Value, Refusal> {
    let mut group = administered(world, params, "restrict/unrestrict chat member")?;
    let user = named_user(world, params)?;
    if group.members.first() == Some(&user.id) {
        return Err(Refusal::bad("can't remove chat owner"));
    }
    let was_here = group.members.contains(&user.id);
    group.members.retain(|member| *member != user.id);
    group.house.asking.retain(|asking| *asking != user.id);
    group.house.banned.insert(user.id);
    let chat = group.chat.clone();
    keep_group(world, group)?;
    if was_here {
        guests::service(world, &chat, |message| message.left_chat_member = Some(user))?;
    }
    Ok(Value::Bool(true))
}

pub(super) fn unban(world: &mut World, params: &Params) -> Result<Value, Refusal> {
    let mut group = administered(world, params, "restrict/unrestrict chat member")?;
    let user = named_user(world, params)?;
    let banned = group.house.banned.remove(&user.id);
    // Without `only_if_banned` a member is removed by it, too.
    if !banned && !params.flag("only_if_banned") {
        group.members.retain(|member| *member != user.id);
    }
    keep_group(world, group)?;
    Ok(Value::Bool(true))
}

/// The bot as an administrator with every right that groups give.
pub(super) fn administrator(bot: &User) -> Value {
    let mut told =
        json!({"user": bot, "status": "administrator", "can_be_edited": false, "is_anonymous": false});
    let rights = [
        "can_manage_chat",
        "can_delete_messages",
        "can_manage_video_chats",
        "can_restrict_members",
        "can_change_info",
        "can_invite_users",
        "can_pin_messages",
        "can_post_stories",
        "can_edit_stories",
        "can_delete_stories",
        "can_manage_topics",
    ];
    if let Some(fields) = told.as_object_mut() {
        fields.extend(rights.map(|right| (right.to_owned(), Value::Bool(true))));
        fields.insert("can_promote_members".into(), false.into());
    }
    told
}
