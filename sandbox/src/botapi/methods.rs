//! The Bot API's methods.

mod administer;
mod chats;
mod edit;
mod ephemeral;
mod send;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::botapi::faults::FaultKind;
use crate::botapi::params::Params;
use crate::botapi::refusal::Refusal;
use crate::botapi::{BotApi, journal, updates};

pub(crate) fn routes() -> Router<BotApi> {
    Router::new().route("/{bot}/{method}", any(bot_call)).route("/file/{bot}/{kind}/{name}", get(download))
}

/// Checks the `bot<TOKEN>` part of a path.
fn authorize(api: &BotApi, segment: &str) -> Result<(), Refusal> {
    match segment.strip_prefix("bot") {
        None => Err(Refusal { description: "Not Found".into(), ..Refusal::not_found("") }),
        Some(token) if token == api.0.token => Ok(()),
        Some(_) => Err(Refusal::unauthorized()),
    }
}

async fn bot_call(
    State(api): State<BotApi>,
    Path((bot, method)): Path<(String, String)>,
    request: Request,
) -> Response {
    if let Err(refusal) = authorize(&api, &bot) {
        return refusal.into_response();
    }
    let method = method.to_ascii_lowercase();
    let params = match Params::read(request).await {
        Ok(params) => params,
        Err(refusal) => return refusal.into_response(),
    };
    let hit = api.lock().faults.hit(&method);
    let outcome = match hit.as_ref().map(|hit| hit.kind) {
        Some(FaultKind::Drop) => None,
        Some(FaultKind::TooManyRequests) => {
            Some(Err(Refusal::too_many(hit.as_ref().map_or(1, |hit| hit.seconds))))
        }
        Some(FaultKind::ServerError) => Some(Err(Refusal::outage(502))),
        Some(FaultKind::LoseAnswer) => call(&api, &method, &params).await.err().map(Err),
        None => Some(call(&api, &method, &params).await),
    };
    count(&api, &method, hit.is_some(), outcome.as_ref().and_then(|result| result.as_ref().err()));
    match outcome {
        Some(Ok(result)) => Json(json!({"ok": true, "result": result})).into_response(),
        Some(Err(refusal)) => refusal.into_response(),
        None => broken_connection(),
    }
}

fn count(api: &BotApi, method: &str, fault: bool, refusal: Option<&Refusal>) {
    let counters = &mut api.lock().counters;
    let add = |count: &mut u64| *count = count.saturating_add(1);
    add(counters.calls.entry(method.to_owned()).or_default());
    if fault {
        add(&mut counters.faults);
    }
    let Some(refusal) = refusal else { return };
    if refusal.code == 429 {
        add(&mut counters.too_many_requests);
    }
    if refusal.description.contains("message is not modified") {
        add(&mut counters.not_modified);
    }
    let text = if refusal.code == 429 { "Too Many Requests" } else { &refusal.description };
    add(counters.refused.entry(text.to_owned()).or_default());
}

/// An answer whose body breaks off: the client sees a network error.
fn broken_connection() -> Response {
    let broken = std::io::Error::new(std::io::ErrorKind::ConnectionReset, "injected fault");
    let body = futures::stream::once(async { Err::<bytes::Bytes, _>(broken) });
    let mut response = Response::new(Body::from_stream(body));
    response.headers_mut().insert(header::CONTENT_LENGTH, 4096.into());
    response
}

/// Executes a method, named in lower case.
pub(crate) async fn call(api: &BotApi, method: &str, params: &Params) -> Result<Value, Refusal> {
    match method {
        "getupdates" => updates::get_updates(api, params).await,
        "getme" => Ok(get_me(api)),
        _ => api.change(|world| match method {
            "setwebhook" => updates::set_webhook(world, params),
            "deletewebhook" => updates::delete_webhook(world, params),
            "getwebhookinfo" => Ok(updates::webhook_info(world)),
            "sendmessage" => match ephemeral::addressee(params)? {
                Some(to) => ephemeral::message(world, params, &to),
                None => send::message(world, params),
            },
            "editephemeralmessagetext" => ephemeral::edit_text(world, params),
            "deleteephemeralmessage" => ephemeral::delete(world, params),
            "sendphoto" => send::photo(world, params),
            "senddocument" => send::document(world, params),
            "sendchataction" => send::chat_action(world, params),
            "editmessagetext" => edit::text(world, params),
            "editmessagecaption" => edit::caption(world, params),
            "editmessagemedia" => edit::media(world, params),
            "editmessagereplymarkup" => edit::reply_markup(world, params),
            "deletemessage" => edit::delete(world, params),
            "answerinlinequery" => world.answer_search(params),
            "answercallbackquery" => send::answer_callback(world, params),
            "setchattitle" => administer::set_title(world, params),
            "setchatpermissions" => administer::set_permissions(world, params),
            "createchatinvitelink" => administer::create_link(world, params),
            "revokechatinvitelink" => administer::revoke_link(world, params),
            "approvechatjoinrequest" => administer::answer_join_request(world, params, true),
            "declinechatjoinrequest" => administer::answer_join_request(world, params, false),
            "banchatmember" => administer::ban(world, params),
            "unbanchatmember" => administer::unban(world, params),
            "getchat" => chats::chat(world, params),
            "getchatmember" => chats::member(world, params),
            "getchatmembercount" => chats::member_count(world, params),
            "getfile" => chats::file(world, params),
            "setmycommands" => chats::set_commands(world, params),
            "getmycommands" => chats::commands(world, params),
            "deletemycommands" => chats::delete_commands(world, params),
            "setchatmenubutton" => chats::set_menu_button(world, params),
            "getchatmenubutton" => Ok(chats::menu_button(world)),
            "setmyname" => chats::set_profile(world, params, "name", 64),
            "setmydescription" => chats::set_profile(world, params, "description", 512),
            "setmyshortdescription" => chats::set_profile(world, params, "short_description", 120),
            _ => Err(Refusal::not_found("method not found")),
        }),
    }
}

fn get_me(api: &BotApi) -> Value {
    let mut me = json!(api.bot());
    if let Some(fields) = me.as_object_mut() {
        for (name, value) in [
            ("can_join_groups", true),
            // Privacy mode is on: in groups the bot gets commands and answers to its messages.
            ("can_read_all_group_messages", false),
            ("supports_inline_queries", true),
            ("can_connect_to_business", false),
            ("has_main_web_app", false),
        ] {
            fields.insert(name.into(), value.into());
        }
    }
    me
}

async fn download(
    State(api): State<BotApi>,
    Path((bot, _kind, name)): Path<(String, String, String)>,
) -> Result<Response, Refusal> {
    authorize(&api, &bot)?;
    file_response(&api, &name).await
}

/// The bytes of a kept file.
pub(crate) async fn file_response(api: &BotApi, file_id: &str) -> Result<Response, Refusal> {
    let unknown = || Refusal::not_found("file not found");
    let known = api.read(|world| {
        let meta = world.state.files.get(file_id)?;
        Some((journal::file_path(&world.folder, &meta.file_id), meta.mime_type.clone()))
    });
    let (path, mime_type) = known.ok_or_else(unknown)?;
    let bytes = tokio::fs::read(path).await.map_err(|_| unknown())?;
    // Documents are uploads of the bot: never to be run by the page's browser.
    let kind = if mime_type.starts_with("image/") { &mime_type } else { "application/octet-stream" };
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_SECURITY_POLICY, "sandbox"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    Ok((StatusCode::OK, headers, bytes).into_response())
}
