//! The calls to Telegram that make up a step.

use crate::{
    app::App,
    domain::RoomView,
    screens,
    store::{accounts, arenas, arenas::Asked},
};
use chassis::Fault;
use chrono::DateTime;
use proto::{
    Malformed,
    gateway::{ArenaStep, ArrangeArena},
};
use std::{future::IntoFuture, time::Duration};
use teloxide::{
    ApiError, Bot, RequestError,
    payloads::{CreateChatInviteLinkSetters as _, UnbanChatMemberSetters as _},
    requests::Requester as _,
    types::{ChatId, ChatPermissions, UserId},
};

/// The client sleeps ten seconds after a 5xx before it says so; by then we have gone on.
const LIMIT: Duration = Duration::from_secs(8);

/// Between two calls. Telegram publishes no limit for these; it is far below what it takes of messages.
const GAP: Duration = Duration::from_millis(50);

/// Before a step is tried again that did not reach Telegram.
const PAUSE: Duration = Duration::from_secs(5);

/// Why a step is not done.
#[derive(Debug)]
pub(super) enum Halt {
    /// Not now: after this time.
    Later(Duration),
    /// Telegram will never do it, and says why.
    Refused(String),
    /// A newer step is asked for.
    Outdated,
    /// Ours.
    Fault(Fault),
}

impl<E: Into<Fault>> From<E> for Halt {
    fn from(error: E) -> Self {
        Self::Fault(error.into())
    }
}

/// An error in our terms. What does not name a refusal of Telegram is tried again.
pub(super) fn halt_of(error: &RequestError) -> Halt {
    match error {
        RequestError::RetryAfter(seconds) => Halt::Later(seconds.duration()),
        RequestError::MigrateToChatId(chat) => Halt::Refused(format!("the group is now {}", chat.0)),
        RequestError::Api(ApiError::Unknown(text)) => {
            let refused = text.starts_with("Bad Request") || text.starts_with("Forbidden");
            if refused { Halt::Refused(text.clone()) } else { Halt::Later(PAUSE) }
        }
        RequestError::Api(error) => Halt::Refused(error.to_string()),
        RequestError::Network(_) | RequestError::InvalidJson { .. } | RequestError::Io(_) => {
            Halt::Later(PAUSE)
        }
    }
}

/// Makes one call.
pub(super) async fn call<T>(request: impl IntoFuture<Output = Result<T, RequestError>>) -> Result<T, Halt> {
    match tokio::time::timeout(LIMIT, request.into_future()).await {
        Ok(answer) => answer.map_err(|error| halt_of(&error)),
        Err(_) => Err(Halt::Later(PAUSE)),
    }
}

/// What is as it should be already is done.
fn settled<T>(answer: Result<T, Halt>, already: &[&str]) -> Result<(), Halt> {
    match answer {
        Err(Halt::Refused(why)) if already.iter().any(|known| why.contains(known)) => Ok(()),
        answer => answer.map(drop),
    }
}

/// Whom we cannot remove, or need not.
const STAYS: [&str; 5] =
    ["administrator", "owner", "PARTICIPANT_ID_INVALID", "USER_NOT_PARTICIPANT", "user not found"];

/// Makes somebody leave a group, who may come again with another link.
pub(super) async fn remove(bot: &Bot, chat_id: i64, user_id: i64) -> Result<(), Halt> {
    let Ok(user) = u64::try_from(user_id).map(UserId) else { return Ok(()) };
    settled(call(bot.ban_chat_member(ChatId(chat_id), user)).await, &STAYS)?;
    tokio::time::sleep(GAP).await;
    settled(call(bot.unban_chat_member(ChatId(chat_id), user).only_if_banned(true)).await, &STAYS)
}

/// Does what a step asks for.
pub(super) async fn perform(app: &App, asked: &Asked) -> Result<(), Halt> {
    let step = Step { app, command: &asked.command, chat: ChatId(asked.command.chat_id) };
    match asked.command.step() {
        ArenaStep::Prepare => step.host(ChatPermissions::empty(), &asked.invite_link).await,
        ArenaStep::Unmute => step.host(talking(), &asked.invite_link).await,
        ArenaStep::Clear => step.clear(&asked.invite_link).await,
        ArenaStep::Unspecified => Err(Malformed("no step").into()),
    }
}

/// What players may do once nobody bets any more. They change nothing of the group and invite nobody.
fn talking() -> ChatPermissions {
    ChatPermissions::SEND_MESSAGES
        | ChatPermissions::SEND_MEDIA_MESSAGES
        | ChatPermissions::SEND_OTHER_MESSAGES
        | ChatPermissions::SEND_POLLS
        | ChatPermissions::ADD_WEB_PAGE_PREVIEWS
}

struct Step<'a> {
    app: &'a App,
    command: &'a ArrangeArena,
    chat: ChatId,
}

impl Step<'_> {
    /// Before each call: whoever was told to do something else in the meantime stops.
    async fn turn(&self) -> Result<(), Halt> {
        tokio::time::sleep(GAP).await;
        match arenas::is_newest(self.app.db.pool(), self.command).await? {
            true => Ok(()),
            false => Err(Halt::Outdated),
        }
    }

    async fn rename(&self, title: String) -> Result<(), Halt> {
        self.turn().await?;
        settled(call(self.app.bot.set_chat_title(self.chat, title)).await, &["not modified", "NOT_MODIFIED"])
    }

    async fn permit(&self, permissions: ChatPermissions) -> Result<(), Halt> {
        self.turn().await?;
        let answer = call(self.app.bot.set_chat_permissions(self.chat, permissions)).await;
        settled(answer, &["not modified", "NOT_MODIFIED"])
    }

    /// Named after its room, with a link for its players.
    async fn host(&self, permissions: ChatPermissions, invite_link: &str) -> Result<(), Halt> {
        let terms = self.command.terms.as_ref().ok_or(Malformed("a room without terms"))?;
        let room = RoomView::of_terms(self.command.room_number, terms, &[])?;
        self.rename(screens::arena_title(&room)).await?;
        self.permit(permissions).await?;
        // Telegram takes no link that has ended before it begins.
        if !invite_link.is_empty() || room.deadline <= self.app.clock.now() {
            return Ok(());
        }
        let expires = DateTime::from_timestamp(room.deadline.unix_timestamp(), 0);
        let expires = expires.ok_or(Malformed("a deadline beyond time"))?;
        self.turn().await?;
        let link = self.app.bot.create_chat_invite_link(self.chat).name(format!("#{}", room.number));
        let link = call(link.creates_join_request(true).expire_date(expires)).await?.invite_link;
        Ok(arenas::keep_link(self.app.db.pool(), self.chat.0, &link).await?)
    }

    /// Nobody can come in, nobody stays, nobody can write.
    async fn clear(&self, invite_link: &str) -> Result<(), Halt> {
        self.permit(ChatPermissions::empty()).await?;
        let db = self.app.db.pool();
        if !invite_link.is_empty() {
            self.turn().await?;
            let revoked = call(self.app.bot.revoke_chat_invite_link(self.chat, invite_link)).await;
            settled(revoked, &["INVITE_HASH_EXPIRED", "INVITE_HASH_INVALID"])?;
            arenas::keep_link(db, self.chat.0, "").await?;
        }
        let guests = arenas::guests(db, self.chat.0).await?;
        let people = accounts::reach(db, &self.app.vault, &guests).await?;
        for guest in guests {
            // Whoever is erased has left before.
            if let Some(person) = people.get(&proto::AccountId::new(guest)) {
                self.turn().await?;
                remove(&self.app.bot, self.chat.0, person.telegram_user_id).await?;
            }
            arenas::gone(db, self.chat.0, guest).await?;
        }
        self.rename(screens::arena_title_free()).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use teloxide::types::Seconds;

    #[test]
    fn only_a_refusal_of_telegram_is_one() {
        let api = |text: &str| {
            serde_json::from_value(serde_json::Value::from(text)).map(RequestError::Api).unwrap()
        };
        let refused = "Bad Request: not enough rights to restrict/unrestrict chat member";
        assert!(matches!(halt_of(&api(refused)), Halt::Refused(why) if why == refused));
        assert!(matches!(halt_of(&api("Forbidden: bot is not a member")), Halt::Refused(_)));
        assert!(matches!(halt_of(&api("Bad Gateway")), Halt::Later(PAUSE)));
        let wait = RequestError::RetryAfter(Seconds::from_seconds(7));
        assert!(matches!(halt_of(&wait), Halt::Later(wait) if wait == Duration::from_secs(7)));
    }

    #[test]
    fn what_is_so_already_is_done() {
        let refused = |why: &str| settled::<()>(Err(Halt::Refused(why.to_owned())), &["NOT_MODIFIED"]);
        assert!(refused("Bad Request: CHAT_NOT_MODIFIED").is_ok());
        assert!(refused("Bad Request: CHAT_ADMIN_REQUIRED").is_err());
        assert!(matches!(settled::<()>(Err(Halt::Outdated), &[""]), Err(Halt::Outdated)));
    }
}
