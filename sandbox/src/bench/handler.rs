//! What an update costs the gateway itself: parsing, the table of routes, a handler's decision and the words of the answer.
//! Nobody is asked anything: of handlers that ask a service, what follows its answer is measured.

use super::{
    figures::{median, percentile},
    stage,
};
use crate::report::Report;
use anyhow::{Context, Result, ensure};
use clap::Args;
use gateway::{
    callbacks::Callback,
    domain::{Asset, CancelRule, Comparator, CreateDraft, Kind, Reader, RoomView, horizon, target},
    dry::{Dry, written},
    locales::Language,
    screens::{self, Opening, Prices, Quote, Wager},
};
use prost::Message;
use proto::{
    AccountId, CommandId, Lamports,
    room::{Room, RoomState},
};
use serde_json::{Value, json};
use std::time::Duration;
use time::OffsetDateTime;
use tokio::time::Instant;
use uuid::Uuid;

const MEMBER: i64 = 7_100_000_001;

/// Arguments of `bench handler`.
#[derive(Args, Clone, Debug)]
pub struct Arguments {
    /// How often each update is handled
    #[arg(long, default_value_t = 5_000)]
    rounds: usize,
}

/// What somebody does, and what the gateway makes of it.
enum Deed {
    /// The whole way of an update.
    Update(Vec<u8>),
    /// What follows a service's answer.
    Answered(fn(&Answer) -> Result<Vec<u8>>),
}

/// What a service answered.
struct Answer {
    room: Vec<u8>,
    now: OffsetDateTime,
}

pub(super) async fn run(arguments: &Arguments, report: &mut Report) -> Result<()> {
    ensure!(arguments.rounds > 0, "no rounds");
    let dry = Dry::new(settings().into_iter().collect(), AccountId::new(stage::account(1)))
        .await
        .map_err(anyhow::Error::from_boxed)?;
    let answer = answer();
    let mut all = Vec::new();
    for (name, deed) in deeds() {
        let mut took = Vec::with_capacity(arguments.rounds);
        // The first ones fill caches and are thrown away.
        for round in 0..arguments.rounds + arguments.rounds / 10 {
            let began = Instant::now();
            let bytes = match &deed {
                Deed::Update(update) => dry.answer(update).await?.context("an update without an answer")?,
                Deed::Answered(decide) => decide(&answer)?,
            };
            let microseconds = began.elapsed().as_secs_f64() * 1e6;
            ensure!(bytes.len() > 50, "{name}: an answer of {} bytes", bytes.len());
            if round >= arguments.rounds / 10 {
                took.push(microseconds);
            }
        }
        eprintln!("{name}: p50 {:.0} µs, p99 {:.0} µs", median(&took), percentile(&took, 99));
        report.note(name, percentile(&took, 99));
        all.extend(took);
    }
    let worst = percentile(&all, 99);
    report.check(
        "parse, route and decide, p99",
        "at most 1000 µs",
        format!("{worst:.0} µs"),
        worst <= 1_000.0,
    );
    report.note("rounds", arguments.rounds);
    Ok(())
}

/// Whatever the service needs to be configured with, and nothing of it is reached.
fn settings() -> Vec<(String, String)> {
    let services = ["ROOM", "WALLET", "ORACLE", "SETTLEMENT", "NOTIFIER"];
    let urls = services.map(|name| (format!("{name}_GRPC_URL"), "http://127.0.0.1:9".to_owned()));
    let own =
        [("TELEGRAM_BOT_TOKEN", "4242:bench".to_owned()), ("PERSONAL_MASTER_KEY", hex::encode([9; 32]))];
    urls.into_iter().chain(own.map(|(name, value)| (name.to_owned(), value))).collect()
}

fn deeds() -> Vec<(&'static str, Deed)> {
    let press = |callback: Callback| Deed::Update(pressed(&callback.here().encode()));
    vec![
        ("a command", Deed::Update(typed("/help"))),
        ("an unknown command", Deed::Update(typed("/frobnicate 7"))),
        ("the terms of privacy", press(Callback::Privacy)),
        ("a break is chosen", press(Callback::BreakDays { days: 7 })),
        ("the last question before an exclusion", press(Callback::ExclusionSure { months: 6 })),
        ("the last question before leaving", press(Callback::Erase)),
        ("a room's card", Deed::Answered(card)),
        ("how much?", Deed::Answered(stake)),
        ("what a bet would pay", Deed::Answered(preview)),
        ("a typed target", Deed::Answered(wizard)),
    ]
}

fn user() -> Value {
    json!({"id": MEMBER, "is_bot": false, "first_name": "Anna", "username": "anna", "language_code": "en"})
}

fn chat() -> Value {
    json!({"id": MEMBER, "type": "private", "first_name": "Anna", "username": "anna"})
}

fn typed(text: &str) -> Vec<u8> {
    let message =
        json!({"message_id": 77, "date": 1_795_000_000, "from": user(), "chat": chat(), "text": text});
    json!({"update_id": 1_000, "message": message}).to_string().into_bytes()
}

fn pressed(data: &str) -> Vec<u8> {
    let bot = json!({"id": 4242, "is_bot": true, "first_name": "ROOMS", "username": "rooms_bot"});
    let message =
        json!({"message_id": 76, "date": 1_795_000_000, "from": bot, "chat": chat(), "text": "A screen"});
    let query =
        json!({"id": "4382", "from": user(), "chat_instance": "-1", "message": message, "data": data});
    json!({"update_id": 1_001, "callback_query": query}).to_string().into_bytes()
}

fn answer() -> Answer {
    let now = OffsetDateTime::UNIX_EPOCH + Duration::from_secs(1_795_000_000);
    let terms = stage::terms(now);
    let room = Room {
        room_id: terms.room_id.clone(),
        number: 12,
        state: RoomState::Open.into(),
        terms: Some(terms),
        pools_lamports: vec![12_500_000_000, 7_250_000_000],
        players: 9,
        ..Default::default()
    };
    Answer { room: room.encode_to_vec(), now }
}

impl Answer {
    fn view(&self) -> Result<RoomView> {
        Ok(RoomView::try_from(&Room::decode(self.room.as_slice())?)?)
    }
}

fn card(answer: &Answer) -> Result<Vec<u8>> {
    let quote = |price: i64| Some(Quote { price: price.into(), age: time::Duration::SECOND });
    let prices = Prices { asset: quote(168), rival: quote(103_000) };
    let screen =
        screens::room_card(Language::ENGLISH, &answer.view()?, &Reader::default(), prices, answer.now);
    Ok(written(MEMBER, &screen)?)
}

fn stake(answer: &Answer) -> Result<Vec<u8>> {
    let balance = Some(Lamports::new(2_000_000_000));
    Ok(written(MEMBER, &screens::stake(Language::ENGLISH, &answer.view()?, 0, balance, answer.now))?)
}

fn preview(answer: &Answer) -> Result<Vec<u8>> {
    let room = answer.view()?;
    let stake = Lamports::parse_sol("0.5")?;
    let payout = room.payout(0, stake).context("no payout")?;
    let wager = Wager { outcome: 0, stake, payout };
    let rule = CancelRule { within: time::Duration::seconds(5), before_lock: time::Duration::MINUTE };
    let slip = CommandId::new(Uuid::now_v7());
    Ok(written(MEMBER, &screens::preview(Language::ENGLISH, &room, wager, slip, rule, answer.now))?)
}

/// The wizard reads a target and a horizon, and shows the next step.
fn wizard(_: &Answer) -> Result<Vec<u8>> {
    let draft = CreateDraft {
        kind: Some(Kind::Close),
        asset: Some(Asset::Sol),
        comparator: Some(Comparator::AtOrAbove),
        ..CreateDraft::default()
    };
    // As it comes from the database.
    let draft: CreateDraft = serde_json::from_slice(&serde_json::to_vec(&draft)?)?;
    let typed = target("$104.5k").zip(horizon("1h30m")).context("not read")?;
    let draft = CreateDraft { target: Some(typed.0), horizon_seconds: Some(typed.1), ..draft }.onward();
    let opening = Opening {
        quote: None,
        symbol: "SOL",
        presets: &[900, 1_800, 3_600, 7_200, 14_400],
        fee_percent: "3",
        wrong: false,
        slip: None,
    };
    Ok(written(MEMBER, &screens::create(Language::ENGLISH, &draft, &opening))?)
}
