//! The local Telegram over HTTP, as a bot and as users see it.

mod arenas;
mod groups;

use std::path::PathBuf;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use sandbox::botapi::{
    self, BotApi, Config, Fault, FaultKind, Game, Limits, Message, NewUser, Player, Shown,
};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

const TOKEN: &str = "7000000001:secret";
const BOUND: Duration = Duration::from_secs(20);

/// A server with a world of its own, and the bot's side of it.
struct Telegram {
    url: String,
    game: Game,
    http: reqwest::Client,
    folder: PathBuf,
    server: JoinHandle<()>,
}

impl Drop for Telegram {
    fn drop(&mut self) {
        self.server.abort();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

async fn listen(config: Config) -> (String, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let api = BotApi::open(config).unwrap();
    (url, tokio::spawn(async move { botapi::serve(listener, api).await.unwrap() }))
}

impl Telegram {
    async fn start() -> Self {
        Self::with(|config| config).await
    }

    async fn with(adjust: impl FnOnce(Config) -> Config) -> Self {
        let folder = std::env::temp_dir().join(format!("botapi-it-{}", uuid::Uuid::new_v4()));
        let (url, server) = listen(adjust(Config::new(&folder, TOKEN))).await;
        let game = Game::new(&url);
        Self { url, game, http: reqwest::Client::new(), folder, server }
    }

    /// As after a kill: nothing is told to the old server, the new one has only the folder.
    async fn restart(&mut self) {
        self.server.abort();
        let _ = (&mut self.server).await;
        (self.url, self.server) = listen(Config::new(&self.folder, TOKEN)).await;
        self.game = Game::new(&self.url);
    }

    async fn call(&self, method: &str, body: Value) -> Value {
        let url = format!("{}/bot{TOKEN}/{method}", self.url);
        self.http.post(url).json(&body).send().await.unwrap().json().await.unwrap()
    }

    async fn ok(&self, method: &str, body: Value) -> Value {
        let answer = self.call(method, body).await;
        assert_eq!(answer["ok"], true, "{method}: {answer}");
        answer["result"].clone()
    }

    async fn refused(&self, method: &str, body: Value) -> String {
        let answer = self.call(method, body).await;
        assert_eq!(answer["ok"], false, "{method}: {answer}");
        answer["description"].as_str().unwrap().to_owned()
    }

    async fn updates(&self, offset: i64, wait: u64) -> Vec<Value> {
        let body = json!({"offset": offset, "timeout": wait});
        self.ok("getUpdates", body).await.as_array().unwrap().clone()
    }

    /// A user who has written to the bot.
    async fn talker(&self, name: &str) -> Player {
        let player = self.game.player(name).await.unwrap();
        player.say("/start").await.unwrap();
        player
    }
}

fn unlimited(config: Config) -> Config {
    let limits = Limits { overall_per_second: 1000, private_burst: 1000, group_per_minute: 1000 };
    Config { limits, ..config }
}

/// The smallest PNG a browser shows: one pixel.
fn png() -> Vec<u8> {
    hex::decode(
        "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d4944415478da63\
         fcffff3f030005fe02fea72d99d00000000049454e44ae426082",
    )
    .unwrap()
}

#[tokio::test]
async fn tokens_and_methods_are_checked() {
    let telegram = Telegram::start().await;
    let get = async |path: &str| -> (u16, Value) {
        let response = telegram.http.get(format!("{}{path}", telegram.url)).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    };
    let (status, wrong) = get("/bot1:x/getMe").await;
    assert_eq!((status, wrong["description"].as_str()), (401, Some("Unauthorized")));
    let (status, unknown) = get(&format!("/bot{TOKEN}/fly")).await;
    assert_eq!((status, &unknown["error_code"], unknown["ok"].as_bool()), (404, &json!(404), Some(false)));
    // Any letter case, as teloxide and others write it.
    for name in ["getMe", "GetMe", "GETME"] {
        let (status, me) = get(&format!("/bot{TOKEN}/{name}")).await;
        assert_eq!((status, &me["result"]["username"]), (200, &json!("rooms_sandbox_bot")));
        assert_eq!(me["result"]["can_connect_to_business"], false);
        assert_eq!(me["result"]["has_main_web_app"], false);
    }
}

#[tokio::test]
async fn parameters_come_in_every_encoding() {
    let telegram = Telegram::start().await;
    let ann = telegram.talker("Ann").await;
    let url = format!("{}/bot{TOKEN}/SendMessage", telegram.url);
    let id = ann.id().to_string();
    let keyboard = json!({"inline_keyboard": [[{"text": "Go", "callback_data": "g"}]]}).to_string();
    let pairs = [("chat_id", id.as_str()), ("text", "hi"), ("reply_markup", keyboard.as_str())];
    let form = pairs.iter().fold(reqwest::multipart::Form::new(), |form, (name, value)| {
        form.text(name.to_string(), value.to_string())
    });
    for request in [
        telegram.http.get(&url).query(&pairs),
        telegram.http.post(&url).form(&pairs),
        telegram.http.post(&url).multipart(form),
    ] {
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        assert_eq!(answer["result"]["text"], "hi", "{answer}");
        assert_eq!(answer["result"]["reply_markup"]["inline_keyboard"][0][0]["text"], "Go");
        assert_eq!(answer["result"]["chat"]["id"], ann.id());
    }
}

#[tokio::test]
async fn updates_are_repeated_until_confirmed() {
    let telegram = Telegram::start().await;
    let ann = telegram.talker("Ann").await;
    ann.say("hello").await.unwrap();
    let first = telegram.updates(0, 0).await;
    assert_eq!(first.len(), 2);
    assert_eq!(first, telegram.updates(0, 0).await);
    let message = &first[0]["message"];
    assert_eq!(message["entities"], json!([{"type": "bot_command", "offset": 0, "length": 6}]));
    assert_eq!(message["from"]["language_code"], "en");
    assert_eq!(message["chat"]["type"], "private");
    let (a, b) = (first[0]["update_id"].as_i64().unwrap(), first[1]["update_id"].as_i64().unwrap());
    assert_eq!(b, a + 1);
    assert_eq!(telegram.updates(b, 0).await.len(), 1);
    // The first is gone for good, also when a lower offset is asked for.
    assert_eq!(telegram.updates(a, 0).await.len(), 1);
    assert_eq!(telegram.updates(b + 1, 0).await, Vec::<Value>::new());
    // A negative offset counts from the end and forgets what is before.
    for text in ["1", "2", "3"] {
        ann.say(text).await.unwrap();
    }
    let last = telegram.updates(-1, 0).await;
    assert_eq!((last.len(), &last[0]["message"]["text"]), (1, &json!("3")));
    assert_eq!(telegram.updates(0, 0).await.len(), 1);
}

#[tokio::test]
async fn a_long_poll_ends_when_something_comes_or_time_is_up() {
    let telegram = Telegram::start().await;
    let ann = telegram.talker("Ann").await;
    let offset = telegram.updates(0, 0).await[0]["update_id"].as_i64().unwrap() + 1;
    let begin = Instant::now();
    assert!(telegram.updates(offset, 1).await.is_empty());
    assert!(begin.elapsed() >= Duration::from_secs(1));
    let (found, _) = tokio::join!(telegram.updates(offset, 30), async {
        // The poll confirms the offset when it begins to wait.
        while telegram.updates_waiting().await != 0 {
            tokio::task::yield_now().await;
        }
        ann.say("now").await.unwrap();
    });
    assert_eq!(found[0]["message"]["text"], "now");
    assert!(begin.elapsed() < Duration::from_secs(20));
}

impl Telegram {
    async fn updates_waiting(&self) -> u64 {
        self.ok("getWebhookInfo", json!({})).await["pending_update_count"].as_u64().unwrap()
    }
}

#[tokio::test]
async fn a_second_poll_terminates_the_first() {
    let telegram = Telegram::start().await;
    let ann = telegram.game.player("Ann").await.unwrap();
    let poll = || Box::pin(telegram.call("getUpdates", json!({"timeout": 30})));
    // Whichever comes second wins; nothing has been said, so the other one can only end refused.
    let (loser, winner) = match futures::future::select(poll(), poll()).await {
        futures::future::Either::Left(ended) | futures::future::Either::Right(ended) => ended,
    };
    assert_eq!(loser["error_code"], 409);
    assert!(loser["description"].as_str().unwrap().contains("terminated by other getUpdates"));
    let (found, said) = tokio::join!(winner, ann.say("hi"));
    said.unwrap();
    assert_eq!(found["result"][0]["message"]["text"], "hi");
}

#[tokio::test]
async fn allowed_updates_hold_until_changed() {
    let telegram = Telegram::start().await;
    telegram.ok("getUpdates", json!({"allowed_updates": ["callback_query"]})).await;
    let ann = telegram.talker("Ann").await;
    let screen = telegram
        .ok(
            "sendMessage",
            json!({"chat_id": ann.id(), "text": "x", "reply_markup":
            {"inline_keyboard": [[{"text": "Go", "callback_data": "g"}]]}}),
        )
        .await;
    assert_eq!(screen["text"], "x");
    ann.press(&ann.last_screen().await.unwrap(), "Go").await.unwrap();
    let found = telegram.updates(0, 0).await;
    assert_eq!((found.len(), &found[0]["callback_query"]["data"]), (1, &json!("g")));
    telegram.ok("getUpdates", json!({"allowed_updates": []})).await;
    ann.say("again").await.unwrap();
    assert_eq!(telegram.updates(0, 0).await.len(), 2);
}

#[derive(Clone)]
struct Hook {
    got: mpsc::UnboundedSender<(Option<String>, Value)>,
}

async fn webhook(
    State(hook): State<Hook>,
    headers: HeaderMap,
    axum::Json(update): axum::Json<Value>,
) -> (StatusCode, axum::Json<Value>) {
    let secret = headers.get("x-telegram-bot-api-secret-token");
    let secret = secret.map(|secret| secret.to_str().unwrap().to_owned());
    let text = update["message"]["text"].as_str().unwrap().to_owned();
    let chat = update["message"]["chat"]["id"].clone();
    hook.got.send((secret, update)).unwrap();
    match text.as_str() {
        "answer me" => {
            let call = json!({"method": "sendMessage", "chat_id": chat, "text": "in the body"});
            (StatusCode::OK, axum::Json(call))
        }
        "/start" => (StatusCode::OK, axum::Json(json!({}))),
        _ => (StatusCode::SERVICE_UNAVAILABLE, axum::Json(json!({}))),
    }
}

#[tokio::test]
async fn webhooks_are_delivered_in_order_and_repeated() {
    let telegram = Telegram::start().await;
    let (got, mut inbox) = mpsc::unbounded_channel();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let router = Router::new().route("/hook", post(webhook)).with_state(Hook { got });
    let receiver = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    // As teloxide sends it.
    let form = reqwest::multipart::Form::new().text("url", url.clone()).text("secret_token", "s-1");
    let request = telegram.http.post(format!("{}/bot{TOKEN}/SetWebhook", telegram.url));
    let answer: Value = request.multipart(form).send().await.unwrap().json().await.unwrap();
    assert_eq!(answer["result"], true);
    assert!(telegram.refused("getUpdates", json!({})).await.contains("while webhook is active"));

    let ann = telegram.talker("Ann").await;
    let (secret, update) = timeout(BOUND, inbox.recv()).await.unwrap().unwrap();
    assert_eq!((secret.as_deref(), &update["message"]["text"]), (Some("s-1"), &json!("/start")));
    ann.say("answer me").await.unwrap();
    assert_eq!(ann.wait_for(|_| true).await.unwrap().text, "in the body");
    timeout(BOUND, inbox.recv()).await.unwrap().unwrap();

    // Refused with 503: the same update comes again, and nothing overtakes it.
    ann.say("bad").await.unwrap();
    ann.say("next").await.unwrap();
    let mut seen = Vec::new();
    for _ in 0..3 {
        let (_, update) = timeout(BOUND, inbox.recv()).await.unwrap().unwrap();
        seen.push((update["update_id"].as_i64(), update["message"]["text"].clone()));
    }
    assert!(seen.iter().all(|one| *one == seen[0] && one.1 == "bad"), "{seen:?}");
    let info = telegram.ok("getWebhookInfo", json!({})).await;
    assert_eq!(info["url"], url);
    assert_eq!(info["pending_update_count"], 2);
    assert!(info["last_error_message"].as_str().unwrap().contains("503"));
    telegram.ok("deleteWebhook", json!({"drop_pending_updates": true})).await;
    assert!(telegram.updates(0, 0).await.is_empty());
    receiver.abort();
}

#[tokio::test]
async fn private_chats_groups_and_the_whole_are_limited() {
    let telegram = Telegram::start().await;
    let ann = telegram.talker("Ann").await;
    let text = json!({"chat_id": ann.id(), "text": "x"});
    for _ in 0..3 {
        telegram.ok("sendMessage", text.clone()).await;
    }
    let fourth = telegram.call("sendMessage", text.clone()).await;
    assert_eq!((&fourth["error_code"], &fourth["parameters"]["retry_after"]), (&json!(429), &json!(1)));
    assert_eq!(fourth["description"], "Too Many Requests: retry after 1");

    let group = telegram.game.group("Arena", &[&ann]).await.unwrap();
    for _ in 0..20 {
        telegram.ok("sendMessage", json!({"chat_id": group.id, "text": "x"})).await;
    }
    let late = telegram.call("sendMessage", json!({"chat_id": group.id, "text": "x"})).await;
    assert!(late["parameters"]["retry_after"].as_u64().unwrap() > 50, "{late}");
    let counters = telegram.game.counters().await.unwrap();
    assert_eq!((counters.sent, counters.too_many_requests), (23, 2));
}

#[tokio::test]
async fn a_message_is_edited_only_if_it_changes() {
    let telegram = Telegram::start().await;
    let ann = telegram.talker("Ann").await;
    let keyboard = json!({"inline_keyboard": [[{"text": "A", "callback_data": "a"}]]});
    let sent = telegram
        .ok(
            "sendMessage",
            json!({"chat_id": ann.id(), "text": "<b>one</b>",
            "parse_mode": "HTML", "reply_markup": keyboard}),
        )
        .await;
    let edit = |text: &str, keyboard: &Value| {
        json!({"chat_id": ann.id(), "message_id": sent["message_id"], "text": text,
            "parse_mode": "HTML", "reply_markup": keyboard})
    };
    let same = telegram.refused("editMessageText", edit("<strong>one</strong>", &keyboard)).await;
    assert_eq!(
        same,
        "Bad Request: message is not modified: specified new message content and reply markup are \
         exactly the same as a current content and reply markup of the message"
    );
    let two = telegram.ok("editMessageText", edit("<i>two</i>", &keyboard)).await;
    assert_eq!((&two["text"], &two["entities"][0]["type"]), (&json!("two"), &json!("italic")));
    assert!(two["edit_date"].is_i64());
    let bare = telegram
        .ok("editMessageReplyMarkup", json!({"chat_id": ann.id(), "message_id": sent["message_id"]}))
        .await;
    assert_eq!(bare.get("reply_markup"), None);

    let gone = json!({"chat_id": ann.id(), "message_id": 999, "text": "x"});
    assert_eq!(
        telegram.refused("editMessageText", gone.clone()).await,
        "Bad Request: message to edit not found"
    );
    assert_eq!(telegram.refused("deleteMessage", gone).await, "Bad Request: message to delete not found");
    let own = json!({"chat_id": ann.id(), "message_id": 1, "text": "x"});
    assert_eq!(telegram.refused("editMessageText", own).await, "Bad Request: message can't be edited");
    telegram.ok("deleteMessage", json!({"chat_id": ann.id(), "message_id": sent["message_id"]})).await;
    assert!(telegram.refused("editMessageText", edit("x", &keyboard)).await.contains("not found"));
    let counters = telegram.game.counters().await.unwrap();
    assert_eq!((counters.edited, counters.not_modified, counters.deleted), (2, 1, 1));
}

#[tokio::test]
async fn chats_are_open_only_to_those_who_may() {
    let telegram = Telegram::start().await;
    let ann = telegram.game.player("Ann").await.unwrap();
    let text = json!({"chat_id": ann.id(), "text": "x"});
    assert_eq!(
        telegram.refused("sendMessage", json!({"chat_id": 1, "text": "x"})).await,
        "Bad Request: chat not found"
    );
    assert_eq!(
        telegram.refused("sendMessage", text.clone()).await,
        "Forbidden: bot can't initiate conversation with a user"
    );
    ann.start(Some("ref_1")).await.unwrap();
    telegram.ok("sendMessage", text.clone()).await;
    ann.block().await.unwrap();
    assert_eq!(telegram.refused("sendMessage", text.clone()).await, "Forbidden: bot was blocked by the user");
    ann.start(None).await.unwrap();
    telegram.ok("sendMessage", text).await;
    let kinds: Vec<_> = telegram
        .updates(0, 0)
        .await
        .iter()
        .map(|update| {
            let text = update["message"]["text"].as_str().map(str::to_owned);
            let status = update["my_chat_member"]["new_chat_member"]["status"].as_str();
            text.or(status.map(str::to_owned)).unwrap()
        })
        .collect();
    assert_eq!(kinds, ["/start ref_1", "kicked", "member", "/start"]);
}

#[tokio::test]
async fn presses_are_answered_once_and_in_time() {
    let life = Duration::from_millis(300);
    let telegram = Telegram::with(|config| Config { callback_life: life, ..config }).await;
    let ann = telegram.talker("Ann").await;
    let offset = telegram.updates(0, 0).await[0]["update_id"].as_i64().unwrap() + 1;
    telegram
        .ok(
            "sendMessage",
            json!({"chat_id": ann.id(), "text": "Bet?", "reply_markup":
        {"inline_keyboard": [[{"text": "Yes 1.9×", "callback_data": "b:1"},
            {"text": "Rules", "url": "https://example.org/rules"}]]}}),
        )
        .await;
    let screen = ann.last_screen().await.unwrap();
    assert_eq!(screen.buttons, [["Yes 1.9×", "Rules"]]);
    assert!(ann.press(&screen, "No").await.unwrap_err().to_string().contains("Yes 1.9×"));
    assert!(ann.press(&screen, "Rules").await.is_err());
    let press = ann.press(&screen, "Yes").await.unwrap();
    let forged = ann.press_data(&screen, "b:2").await.unwrap();
    let queries = telegram.updates(offset, 0).await;
    let query = &queries[0]["callback_query"];
    assert_eq!((&query["data"], &query["message"]["text"]), (&json!("b:1"), &json!("Bet?")));
    assert_eq!(query["message"]["reply_markup"]["inline_keyboard"][0][1]["text"], "Rules");
    assert_eq!(query["from"]["id"], ann.id());
    assert!(query["chat_instance"].is_string());
    assert_eq!(queries[1]["callback_query"]["data"], "b:2");

    let answer = json!({"callback_query_id": query["id"], "text": "Placed", "show_alert": true});
    telegram.ok("answerCallbackQuery", answer.clone()).await;
    let seen = ann.answer(&press).await.unwrap();
    assert_eq!((seen.text.as_deref(), seen.show_alert), (Some("Placed"), true));
    let twice = telegram.refused("answerCallbackQuery", answer).await;
    assert_eq!(twice, "Bad Request: query is too old and response timeout expired or query ID is invalid");
    // The forged press is left to grow old.
    let before = Instant::now();
    let late = json!({"callback_query_id": forged.callback_query_id});
    tokio::time::sleep_until(before + life).await;
    assert_eq!(telegram.refused("answerCallbackQuery", late).await, twice);
    // The screen is older than the last deed: not an answer to it, but there.
    let hasty = ann.patient(Duration::ZERO);
    assert!(hasty.wait_for(|shown| shown.text == "Bet?").await.unwrap_err().to_string().contains("in vain"));
    assert_eq!(hasty.find(|shown| shown.text == "Bet?").await.unwrap().message_id, screen.message_id);
    let counters = telegram.game.counters().await.unwrap();
    assert_eq!((counters.callbacks, counters.answered, counters.unanswered), (2, 1, 1));
    assert_eq!(counters.answered_in_vain, 2);
}

#[tokio::test]
async fn pictures_are_uploaded_and_sent_again() {
    let telegram = Telegram::start().await;
    let ann = telegram.talker("Ann").await;
    let part = reqwest::multipart::Part::bytes(png()).file_name("chart.png").mime_str("image/png");
    let form = reqwest::multipart::Form::new()
        .text("chat_id", ann.id().to_string())
        .text("caption", "<b>SOL</b>")
        .text("parse_mode", "HTML")
        .text("photo", "attach://chart")
        .part("chart", part.unwrap());
    let request = telegram.http.post(format!("{}/bot{TOKEN}/sendPhoto", telegram.url));
    let answer: Value = request.multipart(form).send().await.unwrap().json().await.unwrap();
    let photo = &answer["result"]["photo"][0];
    assert_eq!((&photo["width"], &photo["height"]), (&json!(1), &json!(1)), "{answer}");
    assert_eq!(answer["result"]["caption_entities"][0]["type"], "bold");
    let file = telegram.ok("getFile", json!({"file_id": photo["file_id"]})).await;
    let path = file["file_path"].as_str().unwrap();
    let bytes = telegram.http.get(format!("{}/file/bot{TOKEN}/{path}", telegram.url)).send().await;
    assert_eq!(bytes.unwrap().bytes().await.unwrap(), png());

    let again = telegram.ok("sendPhoto", json!({"chat_id": ann.id(), "photo": photo["file_id"]})).await;
    assert_eq!(again["photo"][0]["file_unique_id"], photo["file_unique_id"]);
    let place = json!({"chat_id": ann.id(), "message_id": again["message_id"]});
    let mut edit = place.clone();
    edit["media"] = json!({"type": "photo", "media": photo["file_id"], "caption": "165"});
    let edited = telegram.ok("editMessageMedia", edit.clone()).await;
    assert_eq!(edited["caption"], "165");
    assert!(telegram.refused("editMessageMedia", edit).await.contains("not modified"));
    let mut text = place;
    text["text"] = json!("x");
    assert_eq!(
        telegram.refused("editMessageText", text).await,
        "Bad Request: there is no text in the message to edit"
    );
    // A text gets a picture, and loses it no more.
    let words = telegram.ok("sendMessage", json!({"chat_id": ann.id(), "text": "165?"})).await;
    let mut edit = json!({"chat_id": ann.id(), "message_id": words["message_id"]});
    edit["media"] = json!({"type": "photo", "media": photo["file_id"], "caption": "165!"});
    let edited = telegram.ok("editMessageMedia", edit).await;
    assert_eq!((&edited["caption"], &edited["text"]), (&json!("165!"), &Value::Null));
    assert_eq!(edited["photo"][0]["file_unique_id"], photo["file_unique_id"]);
    let strip = [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec(), vec![0, 0, 8, 0, 0, 0, 0, 100]].concat();
    let part = reqwest::multipart::Part::bytes(strip).file_name("strip.png");
    let form = reqwest::multipart::Form::new().text("chat_id", ann.id().to_string()).part("photo", part);
    let request = telegram.http.post(format!("{}/bot{TOKEN}/sendPhoto", telegram.url));
    let answer: Value = request.multipart(form).send().await.unwrap().json().await.unwrap();
    assert_eq!(answer["description"], "Bad Request: PHOTO_INVALID_DIMENSIONS");
    let gif = json!({"chat_id": ann.id(), "photo": "AgACnothing"});
    assert_eq!(
        telegram.refused("sendPhoto", gif).await,
        "Bad Request: wrong file identifier/HTTP URL specified"
    );
}

#[tokio::test]
async fn documents_are_uploaded_and_kept_as_they_are() {
    let telegram = Telegram::start().await;
    let ann = telegram.talker("Ann").await;
    let content = br#"{"format":"rooms-liabilities-1"}"#;
    let part = || reqwest::multipart::Part::bytes(content.to_vec()).file_name("proof.json");
    let form = |caption: &str| {
        reqwest::multipart::Form::new()
            .text("chat_id", ann.id().to_string())
            .text("caption", caption.to_owned())
            .text("parse_mode", "HTML")
    };
    let send = async |form: reqwest::multipart::Form| -> Value {
        let request = telegram.http.post(format!("{}/bot{TOKEN}/SendDocument", telegram.url));
        request.multipart(form).send().await.unwrap().json().await.unwrap()
    };
    // The part by its own name, and as teloxide sends it: by a name of its choice.
    for sent in [
        form("<b>Proof</b>").part("document", part().mime_str("application/json").unwrap()),
        form("<b>Proof</b>").text("document", "attach://f1").part("f1", part()),
    ] {
        let answer = send(sent).await;
        let message = &answer["result"];
        assert_eq!(message["caption"], "Proof", "{answer}");
        assert_eq!(message["caption_entities"][0]["type"], "bold");
        let document = &message["document"];
        assert_eq!(
            (&document["file_name"], &document["file_size"]),
            (&json!("proof.json"), &json!(content.len()))
        );
        let file = telegram.ok("getFile", json!({"file_id": document["file_id"]})).await;
        let path = file["file_path"].as_str().unwrap();
        let kept =
            telegram.http.get(format!("{}/file/bot{TOKEN}/{path}", telegram.url)).send().await.unwrap();
        assert_eq!(kept.bytes().await.unwrap(), content.as_slice());
    }
    let long = send(form(&"x".repeat(1_025)).part("document", part())).await;
    assert_eq!(long["description"], "Bad Request: message caption is too long");
    let none = send(form("nothing")).await;
    assert_eq!(none["description"], "Bad Request: there is no document in the request");
}

#[tokio::test]
async fn a_restart_goes_on_where_the_world_stood() {
    let mut telegram = Telegram::start().await;
    let ann = telegram.talker("Ann").await;
    ann.say("first").await.unwrap();
    let group = telegram.game.group("Arena", &[&ann]).await.unwrap();
    let first = telegram.ok("sendMessage", json!({"chat_id": ann.id(), "text": "one"})).await;
    let before = telegram.updates(0, 0).await;
    let last = before.last().unwrap()["update_id"].as_i64().unwrap();
    let start = before[0]["update_id"].as_i64().unwrap();
    assert_eq!(telegram.updates(start + 1, 0).await.len(), before.len() - 1);

    // A record torn by the kill is as if it had never been; then twice, to read a compacted file.
    let journal = telegram.folder.join("journal.jsonl");
    let mut torn = std::fs::read(&journal).unwrap();
    torn.extend(b"{\"update\":{\"update_id\":");
    std::fs::write(&journal, torn).unwrap();
    for _ in 0..2 {
        telegram.restart().await;
        assert_eq!(telegram.updates(0, 0).await, before[1..]);
    }
    assert!(telegram.updates(last + 1, 0).await.is_empty());
    telegram.restart().await;
    assert!(telegram.updates(0, 0).await.is_empty());

    let response = telegram.http.post(format!("{}/sandbox/messages", telegram.url));
    let said = json!({"user": ann.id(), "text": "back"});
    let said: Value = response.json(&said).send().await.unwrap().json().await.unwrap();
    assert_eq!(said["message"]["message_id"], first["message_id"].as_i64().unwrap() + 1);
    let after = telegram.updates(0, 0).await;
    assert_eq!(after[0]["update_id"], last + 1);
    let bob = telegram.game.player("Bob").await.unwrap();
    assert_eq!(bob.id(), ann.id() + 1);
    let second = telegram.game.group("Arena 2", &[&bob]).await.unwrap();
    assert_eq!(second.id, group.id - 1);
}

#[tokio::test]
async fn groups_have_privacy_mode_and_members() {
    let telegram = Telegram::with(unlimited).await;
    let (ann, bob) = (telegram.talker("Ann").await, telegram.talker("Bob").await);
    let group = telegram.game.group("Arena", &[&ann]).await.unwrap();
    assert!(bob.say_in(&group, "/bet").await.is_err());
    bob.join(&group).await.unwrap();
    let offset = telegram.updates(-1, 0).await[0]["update_id"].as_i64().unwrap();
    let joined = telegram.updates(offset, 0).await;
    assert_eq!(joined[0]["message"]["new_chat_members"][0]["id"], bob.id());
    let hello = telegram.ok("sendMessage", json!({"chat_id": group.id, "text": "Welcome"})).await;
    let shown: Shown = bob.wait_in(group.id, |m| m.text == "Welcome").await.unwrap();
    for text in ["chatter", "/bet@other_bot", "/bet 1", "/bet@Rooms_Sandbox_Bot 2"] {
        bob.say_in(&group, text).await.unwrap();
    }
    bob.reply(&shown, "answer").await.unwrap();
    let heard: Vec<_> = telegram
        .updates(offset + 1, 0)
        .await
        .iter()
        .map(|update| update["message"]["text"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(heard, ["/bet 1", "/bet@Rooms_Sandbox_Bot 2", "answer"]);
    let status = async |user: i64| {
        let body = json!({"chat_id": group.id, "user_id": user});
        telegram.ok("getChatMember", body).await["status"].clone()
    };
    assert_eq!(status(ann.id()).await, "creator");
    assert_eq!(status(bob.id()).await, "member");
    assert_eq!(status(7_000_000_001).await, "member");
    let chat = telegram.ok("getChat", json!({"chat_id": group.id})).await;
    assert_eq!((&chat["type"], &chat["title"]), (&json!("supergroup"), &json!("Arena")));
    assert_eq!(hello["chat"]["id"], group.id);
}

#[tokio::test]
async fn injected_faults_hit_as_asked() {
    let telegram = Telegram::start().await;
    let ann = telegram.talker("Ann").await;
    let fault =
        |kind, method: &str| Fault { kind, seconds: None, times: Some(1), method: Some(method.to_owned()) };
    let text = json!({"chat_id": ann.id(), "text": "x"});
    telegram.game.inject(&fault(FaultKind::ServerError, "sendMessage")).await.unwrap();
    assert_eq!(telegram.call("sendMessage", text.clone()).await["error_code"], 502);
    telegram.game.inject(&fault(FaultKind::TooManyRequests, "sendMessage")).await.unwrap();
    assert_eq!(telegram.call("sendMessage", text.clone()).await["error_code"], 429);

    let post = || {
        let url = format!("{}/bot{TOKEN}/sendMessage", telegram.url);
        let request = telegram.http.post(url).json(&text);
        async { request.send().await?.json::<Value>().await }
    };
    telegram.game.inject(&fault(FaultKind::Drop, "sendMessage")).await.unwrap();
    assert!(post().await.is_err());
    let texts = |all: Vec<Shown>| all.into_iter().filter(|shown| shown.from_bot).count();
    assert_eq!(texts(ann.messages().await.unwrap()), 0);
    telegram.game.inject(&fault(FaultKind::LoseAnswer, "sendMessage")).await.unwrap();
    assert!(post().await.is_err());
    assert_eq!(texts(ann.messages().await.unwrap()), 1);
    assert!(post().await.is_ok());
    assert_eq!(telegram.game.counters().await.unwrap().faults, 4);
}

#[tokio::test]
async fn the_page_and_its_events_are_served() {
    let telegram = Telegram::start().await;
    let page = telegram.http.get(&telegram.url).send().await.unwrap();
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("default-src 'self'"), "{policy}");
    let html = page.text().await.unwrap();
    for name in html.split(['"', '\'']).filter(|part| part.starts_with("/page/")) {
        let response = telegram.http.get(format!("{}{name}", telegram.url)).send().await.unwrap();
        assert_eq!(response.status(), 200, "{name}");
    }
    let mut events = telegram.http.get(format!("{}/sandbox/events", telegram.url)).send().await.unwrap();
    let mut heard = String::new();
    let ann = telegram
        .game
        .player_as(&NewUser {
            first_name: "Ann".into(),
            last_name: None,
            username: Some("ann".into()),
            language_code: Some("es".into()),
        })
        .await
        .unwrap();
    while !heard.contains("\"language_code\":\"es\"") {
        let piece = timeout(BOUND, events.chunk()).await.unwrap().unwrap().unwrap();
        heard.push_str(std::str::from_utf8(&piece).unwrap());
    }
    assert!(heard.starts_with("data: {\"type\":\"hello\"}"), "{heard}");
    let said: Message = ann.say("hi").await.unwrap().message;
    assert_eq!(said.from.username.as_deref(), Some("ann"));
}
