//! Whoever wants to come into the group of a room: its players, and nobody else.

use super::steps::{Halt, call};
use crate::{
    app::App,
    callbacks::deep_link_of,
    delivery::Letter,
    limits::{Deed, Verdict},
    locales::Language,
    screens::{self, Screen},
    store::{accounts, arenas, updates},
};
use chassis::{Fault, clock::monotonic};
use proto::RoomId;
use std::time::Duration;
use teloxide::{requests::Requester as _, types::ChatJoinRequest};

/// How long one waits to be let in while we cannot tell whether they play.
const PATIENCE: Duration = Duration::from_secs(120);

/// Between two tries.
const PAUSE: Duration = Duration::from_secs(1);

/// What became of a request already.
const ANSWERED: [&str; 3] = ["HIDE_REQUESTER_MISSING", "USER_ALREADY_PARTICIPANT", "USER_ID_INVALID"];

/// Answers somebody who asks to come in. It ends when they are answered; who cannot be is turned away in the end, so that
/// they can ask again.
pub async fn join(app: &App, update_id: i64, request: &ChatJoinRequest) {
    let asked_at = monotonic();
    loop {
        let wait = match answer(app, update_id, request).await {
            Ok(()) | Err(Halt::Outdated) => return,
            Err(Halt::Refused(why)) => {
                tracing::warn!(chat = request.chat.id.0, why, "a request to join is not answered");
                return;
            }
            Err(Halt::Later(wait)) => wait,
            Err(Halt::Fault(fault)) => {
                tracing::warn!(chat = request.chat.id.0, error = fault.chain(), "a request to join waits");
                PAUSE
            }
        };
        if asked_at.elapsed() + wait > PATIENCE {
            break;
        }
        tokio::time::sleep(wait).await;
    }
    metrics::counter!("gateway_faults_total").increment(1);
    tracing::error!(chat = request.chat.id.0, "a request to join is turned away unanswered");
    let _ = call(app.bot.decline_chat_join_request(request.chat.id, request.from.id)).await;
}

async fn answer(app: &App, update_id: i64, request: &ChatJoinRequest) -> Result<(), Halt> {
    let db = app.db.pool();
    // A group that hosts rooms of its own decides for itself who comes in.
    let Some(room) = arenas::room(db, request.chat.id.0).await? else { return Ok(()) };
    if updates::before(db, update_id, None, None).await?.answered {
        return Ok(());
    }
    let user_id = i64::try_from(request.from.id.0).map_err(|_| Fault::bug("a user without a number"))?;
    let account = accounts::find(db, &app.vault, user_id).await?;
    let language = match &account {
        Some(account) => Language::of_tag(&account.language),
        None => Language::of_tag(request.from.language_code.as_deref().unwrap_or_default()),
    };
    let Some(room) = room else {
        return turn_away(app, update_id, user_id, request, &screens::arena_over(language)).await;
    };
    if let Some(account) = account
        && app.clients.plays(room, account.id).await?
        && arenas::admit(db, request.chat.id.0, room, account.id, app.clock.now()).await?
    {
        let approved = call(app.bot.approve_chat_join_request(request.chat.id, request.from.id)).await;
        return ended(app, update_id, approved).await;
    }
    let screen = players_only(app, language, room).await?;
    turn_away(app, update_id, user_id, request, &screen).await
}

async fn players_only(app: &App, language: Language, room: RoomId) -> Result<Screen, Halt> {
    let number = app.clients.room(room).await?.map(|room| room.number).unwrap_or_default();
    Ok(screens::arena_players_only(language, number, app.deep_link(&deep_link_of(room))))
}

/// Says why, then declines: afterwards we may not write to somebody who never wrote to us.
async fn turn_away(
    app: &App,
    update_id: i64,
    user_id: i64,
    request: &ChatJoinRequest,
    why: &Screen,
) -> Result<(), Halt> {
    if app.limiter.count(user_id, Deed::Message).await == Verdict::Welcome {
        app.post.post(Letter::new(request.user_chat_id.0, why)).await;
    }
    let declined = call(app.bot.decline_chat_join_request(request.chat.id, request.from.id)).await;
    ended(app, update_id, declined).await
}

async fn ended<T>(app: &App, update_id: i64, answer: Result<T, Halt>) -> Result<(), Halt> {
    match answer {
        Err(Halt::Refused(why)) if ANSWERED.iter().any(|known| why.contains(known)) => {}
        answer => drop(answer?),
    }
    Ok(updates::answered(app.db.pool(), update_id, app.clock.now()).await?)
}
