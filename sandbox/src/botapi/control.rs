//! What the page and tests do to the world: users act, faults are injected, figures are read.
//!
//! Bodies and answers are JSON; a refusal is `{"ok":false,"error_code","description"}` with its
//! status. `chat` is the private chat with the bot unless given. `wait` is in seconds, at most 60.
//!
//! | Request | Does |
//! |---|---|
//! | `GET /sandbox/state` | everything a page shows, with the number of the latest change |
//! | `GET /sandbox/events` | server-sent events: every change from now on |
//! | `GET /sandbox/files/{file_id}` | a picture or file |
//! | `GET /sandbox/messages?chat=&user=&after=&wait=` | messages of a chat changed after a number; with those that the user alone sees |
//! | `GET /sandbox/answers?user=&after=&wait=` | answers to a user's presses |
//! | `GET /sandbox/counters` | counters and peaks |
//! | `POST /sandbox/users` `{first_name, last_name?, username?, language_code?}` | a new user |
//! | `POST /sandbox/groups` `{title, members, without_bot?}` | a new group, the first member owns it |
//! | `POST /sandbox/groups/{chat}/join` or `/leave` `{user}` | comes or goes |
//! | `POST /sandbox/groups/{chat}/bot` `{user, here}` | a member brings the bot, or removes it |
//! | `POST /sandbox/groups/{chat}/administrator` `{here}` | its owner makes the bot an administrator, or takes that back |
//! | `POST /sandbox/invitations` `{user, link}` | the user opens a link into a group, and is in or asks to be let in |
//! | `POST /sandbox/inline` `{user, query}` | the user has typed `@bot query` in some chat |
//! | `GET /sandbox/inline/{id}?wait=` | what the bot offers for it |
//! | `POST /sandbox/inline/{id}/choose` `{user, chat?, result}` | the user sends one of these |
//! | `POST /sandbox/messages` `{user, chat?, text, reply_to?}` | the user writes |
//! | `POST /sandbox/start` `{user, payload?}` | the user opens `t.me/<bot>?start=payload` |
//! | `POST /sandbox/press` `{user, chat?, message_id, button? \| data?}` | presses the button whose label begins so, or sends any data at all |
//! | `POST /sandbox/block` or `/unblock` `{user}` | stops or resumes the bot |
//! | `POST /sandbox/faults` [`Fault`], `DELETE /sandbox/faults` | injects, clears |

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures::Stream;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, timeout_at};

use crate::botapi::faults::Fault;
use crate::botapi::guests;
use crate::botapi::people;
use crate::botapi::refusal::Refusal;
use crate::botapi::search;
use crate::botapi::wire::{Chat, Message, User};
use crate::botapi::world::World;
use crate::botapi::{BotApi, methods};

/// Messages of each chat in the state that the page begins with.
const SHOWN_PER_CHAT: usize = 200;
const MAX_WAIT_SECS: u64 = 60;

pub(crate) fn routes() -> Router<BotApi> {
    Router::new()
        .route("/sandbox/state", get(state))
        .route("/sandbox/events", get(events))
        .route("/sandbox/files/{file_id}", get(file))
        .route("/sandbox/messages", get(messages).post(say))
        .route("/sandbox/answers", get(answers))
        .route("/sandbox/counters", get(counters))
        .route("/sandbox/users", post(add_user))
        .route("/sandbox/groups", post(add_group))
        .route("/sandbox/groups/{chat}/join", post(join))
        .route("/sandbox/groups/{chat}/leave", post(leave))
        .route("/sandbox/groups/{chat}/bot", post(bring_bot))
        .route("/sandbox/groups/{chat}/administrator", post(appoint))
        .route("/sandbox/invitations", post(open_link))
        .route("/sandbox/inline", post(search))
        .route("/sandbox/inline/{id}", get(found))
        .route("/sandbox/inline/{id}/choose", post(choose))
        .route("/sandbox/start", post(start))
        .route("/sandbox/press", post(press))
        .route("/sandbox/block", post(block))
        .route("/sandbox/unblock", post(unblock))
        .route("/sandbox/faults", post(inject).delete(clear_faults))
}

async fn state(State(api): State<BotApi>) -> Json<Value> {
    Json(api.read(snapshot))
}

fn snapshot(world: &World) -> Value {
    let state = &world.state;
    let chats = state.people.keys().chain(state.groups.keys());
    let recent = |&chat: &i64| {
        let mut latest: Vec<_> = state.messages_of(chat).collect();
        latest.split_off(latest.len().saturating_sub(SHOWN_PER_CHAT))
    };
    let commands = state.commands.iter().map(
        |((scope, language), commands)| json!({"scope": scope, "language": language, "commands": commands}),
    );
    json!({
        "seq": state.seq,
        "bot": world.bot,
        "profile": state.profile,
        "commands": commands.collect::<Vec<_>>(),
        "people": state.people.values().collect::<Vec<_>>(),
        "groups": state.groups.values().collect::<Vec<_>>(),
        "messages": chats.flat_map(recent).collect::<Vec<_>>(),
        "confirmed_below": state.confirmed_below,
    })
}

async fn events(State(api): State<BotApi>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let receiver = api.0.events.subscribe();
    let stream = futures::stream::unfold((receiver, true), |(mut receiver, first)| async move {
        let data = if first {
            // The page reads the state after this, so nothing falls between the two.
            json!({"type": "hello"}).to_string()
        } else {
            match receiver.recv().await {
                Ok(event) => event.to_string(),
                Err(RecvError::Lagged(_)) => json!({"type": "hello"}).to_string(),
                Err(RecvError::Closed) => return None,
            }
        };
        Some((Ok(Event::default().data(data)), (receiver, false)))
    });
    Sse::new(stream).keep_alive(KeepAlive::default())
}

async fn file(State(api): State<BotApi>, Path(file_id): Path<String>) -> Result<Response, Refusal> {
    methods::file_response(&api, &file_id).await
}

#[derive(Deserialize)]
struct Since {
    chat: Option<i64>,
    user: Option<i64>,
    #[serde(default)]
    after: u64,
    #[serde(default)]
    wait: u64,
}

/// Looks until something is found or the wait is over.
async fn wait_for<T>(api: &BotApi, wait: u64, mut look: impl FnMut(&World) -> Vec<T>) -> (u64, Vec<T>) {
    let deadline = Instant::now() + Duration::from_secs(wait.min(MAX_WAIT_SECS));
    let mut pulse = api.0.pulse.subscribe();
    loop {
        pulse.mark_unchanged();
        let (seq, found) = api.read(|world| (world.state.seq, look(world)));
        if !found.is_empty() || timeout_at(deadline, pulse.changed()).await.is_err() {
            return (seq, found);
        }
    }
}

async fn messages(State(api): State<BotApi>, Query(since): Query<Since>) -> Json<Value> {
    let (seq, found) = wait_for(&api, since.wait, |world| {
        let changed = world.state.by_change.range(since.after.saturating_add(1)..);
        let here = changed.filter(|(_, key)| since.chat.is_none_or(|chat| chat == key.0));
        let stored = here.filter_map(|(_, key)| world.state.messages.get(key));
        let stored = stored.filter(|stored| stored.message.is_for(since.user));
        stored.map(|stored| json!(stored)).collect()
    })
    .await;
    Json(json!({"seq": seq, "messages": found}))
}

async fn answers(State(api): State<BotApi>, Query(since): Query<Since>) -> Json<Value> {
    let (seq, found) = wait_for(&api, since.wait, |world| {
        let late = world.state.answers.iter().filter(|answer| answer.seq > since.after);
        let mine = late.filter(|answer| since.user.is_none_or(|user| user == answer.user_id));
        mine.cloned().collect()
    })
    .await;
    Json(json!({"seq": seq, "answers": found}))
}

async fn counters(State(api): State<BotApi>) -> Json<Value> {
    Json(api.read(|world| json!({"counters": world.counted(), "peaks": world.peaks()})))
}

/// A user to be made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NewUser {
    /// Must not be empty.
    pub first_name: String,
    /// The second part of the name.
    #[serde(default)]
    pub last_name: Option<String>,
    /// Without `@`; made from the name if absent.
    #[serde(default)]
    pub username: Option<String>,
    /// `en` if absent.
    #[serde(default)]
    pub language_code: Option<String>,
}

async fn add_user(State(api): State<BotApi>, Json(new): Json<NewUser>) -> Result<Json<User>, Refusal> {
    api.change(|world| people::add_user(world, new)).map(Json)
}

#[derive(Deserialize)]
struct NewGroup {
    title: String,
    members: Vec<i64>,
    #[serde(default)]
    without_bot: bool,
}

async fn add_group(State(api): State<BotApi>, Json(new): Json<NewGroup>) -> Result<Json<Chat>, Refusal> {
    api.change(|world| people::add_group(world, &new.title, new.members, !new.without_bot)).map(Json)
}

#[derive(Deserialize)]
struct Who {
    user: i64,
    #[serde(default)]
    payload: Option<String>,
}

async fn join(
    State(api): State<BotApi>,
    Path(chat): Path<i64>,
    Json(who): Json<Who>,
) -> Result<Json<Chat>, Refusal> {
    api.change(|world| people::join(world, chat, who.user)).map(Json)
}

async fn leave(
    State(api): State<BotApi>,
    Path(chat): Path<i64>,
    Json(who): Json<Who>,
) -> Result<Json<Chat>, Refusal> {
    api.change(|world| people::leave(world, chat, who.user)).map(Json)
}

#[derive(Deserialize)]
struct BringBot {
    user: i64,
    here: bool,
}

async fn bring_bot(
    State(api): State<BotApi>,
    Path(chat): Path<i64>,
    Json(bring): Json<BringBot>,
) -> Result<Json<Chat>, Refusal> {
    api.change(|world| people::invite_bot(world, chat, bring.user, bring.here)).map(Json)
}

#[derive(Deserialize)]
struct Appoint {
    here: bool,
}

async fn appoint(
    State(api): State<BotApi>,
    Path(chat): Path<i64>,
    Json(appoint): Json<Appoint>,
) -> Result<Json<Chat>, Refusal> {
    api.change(|world| guests::appoint(world, chat, appoint.here)).map(Json)
}

#[derive(Deserialize)]
struct Invitation {
    user: i64,
    link: String,
}

async fn open_link(
    State(api): State<BotApi>,
    Json(invitation): Json<Invitation>,
) -> Result<Json<Value>, Refusal> {
    let joined = api.change(|world| guests::open_link(world, invitation.user, &invitation.link))?;
    Ok(Json(json!({"joined": joined})))
}

#[derive(Deserialize)]
struct Ask {
    user: i64,
    query: String,
}

async fn search(State(api): State<BotApi>, Json(ask): Json<Ask>) -> Result<Json<Value>, Refusal> {
    api.change(|world| search::ask(world, ask.user, &ask.query))
        .map(|id| Json(json!({"inline_query_id": id})))
}

async fn found(State(api): State<BotApi>, Path(id): Path<String>, Query(since): Query<Since>) -> Json<Value> {
    // An empty offer is an answer, too.
    let offered = |world: &World| world.searches.results(&id).map(|results| json!(results));
    let (_, found) = wait_for(&api, since.wait, |world| offered(world).into_iter().collect()).await;
    Json(json!({"results": found.into_iter().next()}))
}

#[derive(Deserialize)]
struct Choose {
    user: i64,
    chat: Option<i64>,
    result: String,
}

async fn choose(
    State(api): State<BotApi>,
    Path(id): Path<String>,
    Json(chosen): Json<Choose>,
) -> Result<Json<Value>, Refusal> {
    api.change(|world| {
        let chat = chosen.chat.unwrap_or(chosen.user);
        let message = search::choose(world, chosen.user, chat, &id, &chosen.result)?;
        Ok(done(world, message))
    })
}

#[derive(Deserialize)]
struct Say {
    user: i64,
    chat: Option<i64>,
    text: String,
    reply_to: Option<i64>,
}

/// What a user did, with the number of the change that it was.
fn done(world: &World, message: Message) -> Json<Value> {
    Json(json!({"seq": world.state.seq, "message": message}))
}

async fn say(State(api): State<BotApi>, Json(say): Json<Say>) -> Result<Json<Value>, Refusal> {
    api.change(|world| {
        let chat = say.chat.unwrap_or(say.user);
        let message = people::say(world, say.user, chat, &say.text, say.reply_to)?;
        Ok(done(world, message))
    })
}

async fn start(State(api): State<BotApi>, Json(who): Json<Who>) -> Result<Json<Value>, Refusal> {
    api.change(|world| {
        people::unblock(world, who.user)?;
        let text = match who.payload.as_deref() {
            None | Some("") => "/start".to_owned(),
            Some(payload) => {
                let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
                if payload.len() > 64 || !payload.chars().all(plain) {
                    return Err(Refusal::bad("START_PARAM_INVALID"));
                }
                format!("/start {payload}")
            }
        };
        let message = people::say(world, who.user, who.user, &text, None)?;
        Ok(done(world, message))
    })
}

#[derive(Deserialize)]
struct PressButton {
    user: i64,
    chat: Option<i64>,
    message_id: i64,
    button: Option<String>,
    data: Option<String>,
}

async fn press(State(api): State<BotApi>, Json(press): Json<PressButton>) -> Result<Json<Value>, Refusal> {
    api.change(|world| {
        let (chat, before) = (press.chat.unwrap_or(press.user), world.state.seq);
        let button = press.button.as_deref();
        let data = press.data.as_deref();
        let id = people::press(world, press.user, chat, press.message_id, button, data)?;
        Ok(Json(json!({"seq": before, "callback_query_id": id})))
    })
}

async fn block(State(api): State<BotApi>, Json(who): Json<Who>) -> Result<Json<Value>, Refusal> {
    api.change(|world| people::block(world, who.user)).map(|()| Json(json!({"ok": true})))
}

async fn unblock(State(api): State<BotApi>, Json(who): Json<Who>) -> Result<Json<Value>, Refusal> {
    api.change(|world| people::unblock(world, who.user)).map(|()| Json(json!({"ok": true})))
}

async fn inject(State(api): State<BotApi>, Json(fault): Json<Fault>) -> Json<Value> {
    api.lock().faults.inject(fault);
    Json(json!({"ok": true}))
}

async fn clear_faults(State(api): State<BotApi>) -> Json<Value> {
    api.lock().faults.clear();
    Json(json!({"ok": true}))
}
