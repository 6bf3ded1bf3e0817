//! A Bot API server with the few methods the gateway calls, and a record of every call.

mod arenas;
mod groups;
mod tongues;

pub use arenas::LINK;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{FromRequest as _, Multipart, Path, Request, State},
    response::{IntoResponse, Response},
    routing::post,
};
use serde_json::{Value, json};
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    net::TcpListener,
    sync::{Notify, OwnedRwLockWriteGuard, RwLock},
};

pub const TOKEN: &str = "4711:test";

/// What the server does instead of obeying, once.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    /// 429 with a time to wait.
    TooMany(u64),
    /// Obeys, and breaks the connection before the answer.
    LoseAnswer,
    /// Obeys, and answers so much later.
    AnswersLate(Duration),
    /// 403, blocked by the user.
    Blocked,
    /// 400, with these words.
    Refused(&'static str),
}

#[derive(Clone, Debug)]
pub struct Message {
    pub id: i64,
    pub chat: i64,
    pub text: String,
    pub keyboard: Value,
    pub edits: usize,
    /// Its file: name and content.
    pub document: Option<(String, Vec<u8>)>,
    /// What Telegram calls its picture.
    pub photo: Option<String>,
    /// It made no sound.
    pub silent: bool,
}

impl Message {
    /// Callback data of the first button whose label contains a text.
    pub fn button(&self, label: &str) -> Option<String> {
        let rows = self.keyboard["inline_keyboard"].as_array()?;
        let mut buttons = rows.iter().flat_map(|row| row.as_array().into_iter().flatten());
        let button =
            buttons.find(|button| button["text"].as_str().is_some_and(|text| text.contains(label)))?;
        button["callback_data"].as_str().map(str::to_owned)
    }
}

#[derive(Default)]
struct Inner {
    updates: Vec<Value>,
    next_update: i64,
    offset: i64,
    messages: Vec<Message>,
    answers: Vec<Value>,
    /// Pictures by what they are called.
    pictures: Vec<(String, Vec<u8>)>,
    faults: HashMap<String, VecDeque<Fault>>,
    calls: Vec<(String, std::time::Instant)>,
    tongues: tongues::Tongues,
    places: groups::Places,
    deeds: Vec<(String, Value)>,
}

#[derive(Clone)]
pub struct Telegram {
    inner: Arc<Mutex<Inner>>,
    arrived: Arc<Notify>,
    /// Read while a `SendMessage` is obeyed; a test that writes holds them back.
    gate: Arc<RwLock<()>>,
    pub url: String,
}

impl Telegram {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let telegram = Self {
            inner: Arc::new(Mutex::new(Inner { next_update: 1_000, ..Inner::default() })),
            arrived: Arc::default(),
            gate: Arc::default(),
            url: format!("http://{}", listener.local_addr().unwrap()),
        };
        let routes = Router::new().route("/{bot}/{method}", post(call)).with_state(telegram.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        telegram
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }

    fn push(&self, mut update: Value) -> i64 {
        let id = {
            let mut inner = self.lock();
            let id = inner.next_update;
            inner.next_update += 1;
            update["update_id"] = id.into();
            inner.updates.push(update);
            id
        };
        self.arrived.notify_waiters();
        id
    }

    /// A user writes something in a chat.
    pub fn say_in(&self, chat: i64, user: i64, text: &str) -> i64 {
        let message = json!({"message_id": 1, "date": 1, "chat": chat_json(chat), "from": self.user(user), "text": text});
        self.push(json!({"message": message}))
    }

    pub fn say(&self, user: i64, text: &str) -> i64 {
        self.say_in(user, user, text)
    }

    /// A user presses a button of a message.
    pub fn press_in(&self, chat: i64, user: i64, message: i64, data: &str) -> i64 {
        let id = self.lock().next_update;
        let message = json!({"message_id": message, "date": 1, "chat": chat_json(chat), "text": "x",
            "from": {"id": 4711, "is_bot": true, "first_name": "ROOMS", "username": "rooms_test_bot"}});
        let query = json!({"id": format!("q{id}"), "from": self.user(user), "chat_instance": "1", "message": message, "data": data});
        self.push(json!({"callback_query": query}))
    }

    /// Presses the button of the newest message of a user's private chat that has it.
    pub async fn press(&self, user: i64, label: &str) -> i64 {
        let message = self.with_button(user, label).await;
        self.press_in(user, user, message.id, &message.button(label).unwrap())
    }

    pub async fn with_button(&self, chat: i64, label: &str) -> Message {
        let found = || self.messages(chat).into_iter().rev().find(|message| message.button(label).is_some());
        let waiting = crate::eventually("a button", || async { found().is_some() });
        if tokio::time::timeout(Duration::from_secs(60), waiting).await.is_err() {
            panic!("no button {label:?}, but {}", self.transcript(chat));
        }
        found().unwrap()
    }

    /// Delivers an update again, as Telegram does when it was not confirmed.
    pub fn redeliver(&self, id: i64) {
        let update = self.lock().updates.iter().find(|update| update["update_id"] == id).cloned().unwrap();
        {
            let mut inner = self.lock();
            inner.offset = inner.offset.min(id);
            inner.updates.retain(|update| update["update_id"] != id);
            inner.updates.insert(0, update);
        }
        self.arrived.notify_waiters();
    }

    pub fn messages(&self, chat: i64) -> Vec<Message> {
        self.lock().messages.iter().filter(|message| message.chat == chat).cloned().collect()
    }

    /// What a chat looks like, for whoever reads why a test failed.
    fn transcript(&self, chat: i64) -> String {
        let line =
            |message: &Message| format!("\n  {}, {} edits: {:?}", message.id, message.edits, message.text);
        let answers =
            self.answers().iter().map(|answer| format!("\n  pressed: {answer}")).collect::<String>();
        self.messages(chat).iter().map(line).collect::<String>() + &answers
    }

    /// Updates from this number on, as they are delivered.
    pub fn updates_from(&self, id: i64) -> Vec<Value> {
        let inner = self.lock();
        inner.updates.iter().filter(|update| update["update_id"].as_i64().unwrap() >= id).cloned().collect()
    }

    /// Looks only at what comes from now on; the numbers of messages go on.
    pub fn forget_messages(&self, chat: i64) {
        for message in self.lock().messages.iter_mut().filter(|message| message.chat == chat) {
            message.chat = 0;
        }
    }

    /// Waits for a message with a text in a chat.
    pub async fn sees(&self, chat: i64, text: &str) -> Message {
        let found = || self.messages(chat).into_iter().rev().find(|message| message.text.contains(text));
        let what = format!("{text:?} in chat {chat}");
        let waiting = crate::eventually(&what, || async { found().is_some() });
        if tokio::time::timeout(Duration::from_secs(60), waiting).await.is_err() {
            panic!("no {what}, but {}", self.transcript(chat));
        }
        found().unwrap()
    }

    pub fn answers(&self) -> Vec<Value> {
        self.lock().answers.clone()
    }

    pub fn inject(&self, method: &str, fault: Fault) {
        self.lock().faults.entry(method.to_owned()).or_default().push_back(fault);
    }

    /// Everything below was confirmed.
    pub fn offset(&self) -> i64 {
        self.lock().offset
    }

    /// Holds back every `SendMessage` until the guard is dropped.
    pub async fn hold_sends(&self) -> OwnedRwLockWriteGuard<()> {
        Arc::clone(&self.gate).write_owned().await
    }

    pub fn calls(&self, method: &str) -> Vec<std::time::Instant> {
        self.lock().calls.iter().filter(|(name, _)| name == method).map(|(_, at)| *at).collect()
    }

    async fn obey(&self, method: &str, params: &Value) -> Result<Value, Response> {
        if let Some(answer) = self.obey_in_arena(method, params) {
            return Ok(answer);
        }
        if let Some(answer) = self.obey_in_group(method, params) {
            return answer;
        }
        match method {
            "GetMe" => {
                Ok(json!({"id": 4711, "is_bot": true, "first_name": "ROOMS", "username": "rooms_test_bot",
                "can_join_groups": true, "can_read_all_group_messages": false, "supports_inline_queries": false,
                "has_main_web_app": false}))
            }
            "GetUpdates" => Ok(self.updates(params).await),
            "SetMyCommands" => {
                self.set_menu(params);
                Ok(true.into())
            }
            "SendMessage" => {
                let _open = self.gate.read().await;
                let mut inner = self.lock();
                let message = Message {
                    id: i64::try_from(inner.messages.len()).unwrap() + 100,
                    chat: params["chat_id"].as_i64().unwrap(),
                    text: params["text"].as_str().unwrap().to_owned(),
                    keyboard: params["reply_markup"].clone(),
                    edits: 0,
                    document: None,
                    photo: None,
                    silent: params["disable_notification"] == true,
                };
                inner.messages.push(message.clone());
                Ok(message_json(&message))
            }
            "SendDocument" => {
                let mut inner = self.lock();
                let text = |name: &str| params[name].as_str().unwrap().to_owned();
                let message = Message {
                    id: i64::try_from(inner.messages.len()).unwrap() + 100,
                    chat: text("chat_id").parse().unwrap(),
                    text: text("caption"),
                    keyboard: serde_json::from_str(&text("reply_markup")).unwrap(),
                    edits: 0,
                    document: Some((text("file name"), hex::decode(text("file")).unwrap())),
                    photo: None,
                    silent: false,
                };
                assert!(message.text.encode_utf16().count() <= 1_024, "a caption is shorter than a text");
                inner.messages.push(message.clone());
                Ok(message_json(&message))
            }
            "EditMessageText" => {
                let mut inner = self.lock();
                let found = inner
                    .messages
                    .iter_mut()
                    .find(|m| params["message_id"] == m.id && params["chat_id"] == m.chat);
                let Some(message) = found else {
                    return Err(error(400, "Bad Request: message to edit not found", None));
                };
                if message.photo.is_some() {
                    return Err(error(400, "Bad Request: there is no text in the message to edit", None));
                }
                message.text = params["text"].as_str().unwrap().to_owned();
                message.keyboard = params["reply_markup"].clone();
                message.edits += 1;
                Ok(message_json(message))
            }
            "SendPhoto" | "EditMessageMedia" | "EditMessageCaption" | "DeleteMessage" => {
                self.picture(method, params).map_err(|refusal| *refusal)
            }
            "AnswerCallbackQuery" => {
                self.lock().answers.push(params.clone());
                Ok(true.into())
            }
            _ => Ok(true.into()),
        }
    }

    /// What is done with pictures. They come as a part of a form, or by what they are called.
    fn picture(&self, method: &str, params: &Value) -> Result<Value, Box<Response>> {
        let mut inner = self.lock();
        let number = |name: &str| params[name].as_i64().or_else(|| params[name].as_str()?.parse().ok());
        let nested = |name: &str| match &params[name] {
            Value::String(text) => serde_json::from_str(text).unwrap(),
            value => value.clone(),
        };
        let (chat, id) = (number("chat_id").unwrap(), number("message_id"));
        let place = inner.messages.iter().position(|message| message.chat == chat && Some(message.id) == id);
        if method == "DeleteMessage" {
            // Its number is not given again.
            place
                .map(|place| inner.messages[place].chat = 0)
                .ok_or_else(|| refused("message to delete not found"))?;
            return Ok(true.into());
        }
        let media = nested("media");
        let (caption, file) = match method {
            "EditMessageMedia" => (&media["caption"], &media["media"]),
            _ => (&params["caption"], &params["photo"]),
        };
        let photo = if let Some(bytes) = params["file"].as_str() {
            let name = format!("AgAC{}", inner.pictures.len());
            inner.pictures.push((name.clone(), hex::decode(bytes).unwrap()));
            Some(name)
        } else {
            file.as_str().map(str::to_owned)
        };
        if method != "EditMessageCaption"
            && !inner.pictures.iter().any(|(name, _)| Some(name) == photo.as_ref())
        {
            return Err(refused("wrong file identifier/HTTP URL specified"));
        }
        let text = caption.as_str().unwrap().to_owned();
        assert!(text.encode_utf16().count() <= 2_048, "a caption is shorter than a text");
        let keyboard = nested("reply_markup");
        if method == "SendPhoto" {
            let id = i64::try_from(inner.messages.len()).unwrap() + 100;
            let (edits, document, silent) = (0, None, false);
            inner.messages.push(Message { id, chat, text, keyboard, edits, document, photo, silent });
            return Ok(message_json(inner.messages.last().unwrap()));
        }
        let message = place
            .map(|place| &mut inner.messages[place])
            .ok_or_else(|| refused("message to edit not found"))?;
        if method == "EditMessageCaption" && message.photo.is_none() {
            return Err(refused("there is no caption in the message to edit"));
        }
        (message.text, message.keyboard) = (text, keyboard);
        message.photo = photo.or_else(|| message.photo.take());
        message.edits += 1;
        Ok(message_json(message))
    }

    /// The bytes of a message's picture.
    pub fn photo(&self, message: &Message) -> Vec<u8> {
        let name = message.photo.as_ref().expect("a picture");
        let inner = self.lock();
        inner.pictures.iter().find(|(other, _)| other == name).unwrap().1.clone()
    }

    /// Telegram knows its pictures no more by the names it gave.
    pub fn forget_pictures(&self) {
        self.lock().pictures.iter_mut().for_each(|(name, _)| name.push('x'));
    }

    async fn updates(&self, params: &Value) -> Value {
        let offset = params["offset"].as_i64().unwrap_or_default();
        let wait = Duration::from_secs(params["timeout"].as_u64().unwrap_or_default());
        let waiting = async {
            loop {
                let arrived = self.arrived.notified();
                {
                    let mut inner = self.lock();
                    inner.offset = inner.offset.max(offset);
                    let redelivered =
                        inner.updates.iter().filter(|u| u["update_id"].as_i64().unwrap() >= offset);
                    let found: Vec<_> = redelivered.cloned().collect();
                    if !found.is_empty() {
                        return found;
                    }
                }
                arrived.await;
            }
        };
        tokio::time::timeout(wait, waiting).await.unwrap_or_default().into()
    }
}

fn chat_json(chat: i64) -> Value {
    if chat < 0 {
        json!({"id": chat, "type": "supergroup", "title": "Group"})
    } else {
        json!({"id": chat, "type": "private", "first_name": "User"})
    }
}

fn user_json(user: i64) -> Value {
    json!({"id": user, "is_bot": false, "first_name": "User", "language_code": "en"})
}

fn message_json(message: &Message) -> Value {
    let mut json = json!({"message_id": message.id, "date": 1, "chat": chat_json(message.chat),
        "from": {"id": 4711, "is_bot": true, "first_name": "ROOMS", "username": "rooms_test_bot"}});
    match &message.photo {
        Some(name) => {
            json["caption"] = message.text.clone().into();
            json["photo"] = json!([{"file_id": name, "file_unique_id": name, "width": 1200, "height": 780, "file_size": 9}]);
        }
        None => json["text"] = message.text.clone().into(),
    }
    json
}

fn refused(why: &str) -> Box<Response> {
    Box::new(error(400, &format!("Bad Request: {why}"), None))
}

fn error(code: u16, description: &str, retry_after: Option<u64>) -> Response {
    let mut body = json!({"ok": false, "error_code": code, "description": description});
    if let Some(seconds) = retry_after {
        body["parameters"] = json!({"retry_after": seconds});
    }
    (axum::http::StatusCode::from_u16(code).unwrap(), Json(body)).into_response()
}

/// The parameters of a call, which come as JSON or, with a file, as a form.
async fn params(request: Request) -> Value {
    let kind = request.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("multipart/form-data") {
        let body = Bytes::from_request(request, &()).await.unwrap();
        return serde_json::from_slice(&body).unwrap_or_default();
    }
    let mut form = Multipart::from_request(request, &()).await.unwrap();
    let mut params = json!({});
    while let Some(field) = form.next_field().await.unwrap() {
        let name = field.name().unwrap().to_owned();
        match field.file_name().map(str::to_owned) {
            Some(file) => {
                params["file name"] = file.into();
                params["file"] = hex::encode(field.bytes().await.unwrap()).into();
            }
            None => params[name] = field.text().await.unwrap().into(),
        }
    }
    params
}

async fn call(
    State(telegram): State<Telegram>,
    Path((bot, method)): Path<(String, String)>,
    request: Request,
) -> Response {
    assert_eq!(bot, format!("bot{TOKEN}"));
    let params = params(request).await;
    let fault = {
        let mut inner = telegram.lock();
        inner.calls.push((method.clone(), chassis::clock::monotonic()));
        inner.faults.get_mut(&method).and_then(VecDeque::pop_front)
    };
    match fault {
        Some(Fault::TooMany(seconds)) => return error(429, "Too Many Requests", Some(seconds)),
        Some(Fault::Blocked) => return error(403, "Forbidden: bot was blocked by the user", None),
        Some(Fault::Refused(words)) => return error(400, words, None),
        Some(Fault::LoseAnswer) => {
            let _ = telegram.obey(&method, &params).await;
            let broken = futures::stream::once(async { Err::<Bytes, _>(std::io::Error::other("lost")) });
            return axum::body::Body::from_stream(broken).into_response();
        }
        Some(Fault::AnswersLate(_)) | None => {}
    }
    let obeyed = telegram.obey(&method, &params).await;
    if let Some(Fault::AnswersLate(late)) = fault {
        tokio::time::sleep(late).await;
    }
    match obeyed {
        Ok(result) => Json(json!({"ok": true, "result": result})).into_response(),
        Err(refusal) => refusal,
    }
}
