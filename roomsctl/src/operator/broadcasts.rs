//! What operators tell everybody.

use super::{OperatorKey, request_id, settle};
use crate::{
    cli::{Key, Limit, Options},
    client,
    commands::{Pages, malformed},
    failure::Failure,
    output,
    view::notifier::BroadcastView,
};
use clap::{Args, Subcommand};
use proto::{
    Malformed,
    notifier::{
        Broadcast, BroadcastState, BroadcastText, ListBroadcastsRequest, PreviewBroadcastRequest,
        StartBroadcast, StartBroadcastDone, StartBroadcastRequest, SteerBroadcast, SteerBroadcastDone,
        SteerBroadcastRequest,
    },
};
use serde_json::json;
use std::{fs, path::PathBuf, str::FromStr};
use uuid::Uuid;

/// What can be typed about them.
#[derive(Debug, Subcommand)]
pub enum Broadcasts {
    /// Show what would be told, and to how many, without telling it
    Preview {
        #[command(flatten)]
        words: Words,
    },
    /// Tell everybody who has not turned such messages off. Money and results go first all the while
    Start {
        #[command(flatten)]
        words: Words,
        #[command(flatten)]
        key: Key,
    },
    /// Tell nobody else until it is resumed
    Pause(Which),
    /// Go on
    Resume(Which),
    /// Tell nobody else
    End(Which),
    /// List broadcasts with their progress, newest first
    List {
        #[command(flatten)]
        limit: Limit,
    },
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("words").required(true).multiple(true))]
pub struct Words {
    /// The words in one language, as `en=We move tonight`; English first. Who speaks none of them reads English
    #[arg(long, value_name = "LANGUAGE=TEXT", group = "words")]
    text: Vec<Told>,
    /// The same from a file, as `es=words.txt`
    #[arg(long, value_name = "LANGUAGE=FILE", group = "words")]
    file: Vec<Told>,
}

/// A language and what is said in it, or where that is.
#[derive(Debug, Clone)]
pub struct Told {
    language: String,
    what: String,
}

impl FromStr for Told {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('=') {
            Some((language, what)) if !language.is_empty() && !what.is_empty() => {
                Ok(Self { language: language.to_owned(), what: what.to_owned() })
            }
            _ => Err("not LANGUAGE=WORDS"),
        }
    }
}

#[derive(Debug, Args)]
pub struct Which {
    /// Id of the broadcast
    #[arg(value_name = "ID")]
    broadcast: Uuid,
    #[command(flatten)]
    key: Key,
}

impl Words {
    fn read(self) -> Result<Broadcast, Failure> {
        let said = self.text.into_iter().map(|Told { language, what }| Ok((language, what)));
        let read = self.file.into_iter().map(|Told { language, what }| {
            let file = PathBuf::from(what);
            let text = fs::read_to_string(&file).map_err(Failure::file(&file))?;
            Ok((language, text.trim_end().to_owned()))
        });
        let texts: Result<Vec<_>, Failure> = said.chain(read).collect();
        let mut texts: Vec<BroadcastText> =
            texts?.into_iter().map(|(language, text)| BroadcastText { language, text }).collect();
        texts.sort_by_key(|text| text.language != "en");
        Ok(Broadcast { broadcast_id: Uuid::now_v7().as_bytes().to_vec(), texts })
    }
}

/// `roomsctl broadcast …`.
pub async fn run(options: &Options, command: Broadcasts) -> Result<(), Failure> {
    match command {
        Broadcasts::Preview { words } => preview(options, words.read()?).await,
        Broadcasts::Start { words, key } => start(options, words.read()?, &key).await,
        Broadcasts::Pause(which) => steer(options, which, BroadcastState::Paused).await,
        Broadcasts::Resume(which) => steer(options, which, BroadcastState::Running).await,
        Broadcasts::End(which) => steer(options, which, BroadcastState::Ended).await,
        Broadcasts::List { limit } => list(options, limit).await,
    }
}

async fn preview(options: &Options, broadcast: Broadcast) -> Result<(), Failure> {
    let service = client::notifier(options)?;
    let request = PreviewBroadcastRequest { broadcast: Some(broadcast.clone()) };
    let answer = service.ask(async |mut client| client.preview_broadcast(request).await).await?;
    if options.json {
        let texts: Vec<_> = broadcast
            .texts
            .iter()
            .map(|text| json!({"language": text.language, "text": text.text}))
            .collect();
        output::json(&json!({"recipients": answer.recipients, "texts": texts}))
    } else {
        output::notifier::preview(&broadcast, answer.recipients)
    }
}

async fn start(options: &Options, broadcast: Broadcast, key: &Key) -> Result<(), Failure> {
    let service = client::notifier_operators(options)?;
    let id = Uuid::from_slice(&broadcast.broadcast_id).unwrap_or_default();
    let words: Vec<String> =
        broadcast.texts.iter().map(|text| format!("{}: {}", text.language, text.text)).collect();
    let what = format!("Tell everybody who has not turned such messages off:\n{}", words.join("\n"));
    let command = OperatorKey::read(&key.key)?.confirmed(options, &what, |by| StartBroadcast {
        broadcast: Some(broadcast.clone()),
        by: Some(by),
    })?;
    let request = StartBroadcastRequest { request_id: request_id(options), command: Some(command) };
    let done: StartBroadcastDone = settle(&service, |mut client| {
        let request = request.clone();
        async move { Ok(client.start_broadcast(request).await?.map(|answer| answer.outcome)) }
    })
    .await?;
    if options.json {
        output::json(&json!({"id": id, "recipients": done.recipients}))
    } else {
        output::text(&format!("broadcast {id} to {} recipients", done.recipients))
    }
}

async fn steer(options: &Options, which: Which, state: BroadcastState) -> Result<(), Failure> {
    let service = client::notifier_operators(options)?;
    let broadcast_id = which.broadcast.as_bytes().to_vec();
    let key = OperatorKey::read(&which.key.key)?;
    let steering =
        |by| SteerBroadcast { broadcast_id: broadcast_id.clone(), state: state.into(), by: Some(by) };
    let command = if state == BroadcastState::Ended {
        let what = format!("End broadcast {}: nobody else is told.", which.broadcast);
        key.confirmed(options, &what, steering)?
    } else {
        key.signed(steering)?
    };
    let request = SteerBroadcastRequest { request_id: request_id(options), command: Some(command) };
    let _: SteerBroadcastDone = settle(&service, |mut client| {
        let request = request.clone();
        async move { Ok(client.steer_broadcast(request).await?.map(|answer| answer.outcome)) }
    })
    .await?;
    let state = match state {
        BroadcastState::Running => "running",
        BroadcastState::Paused => "paused",
        BroadcastState::Ended | BroadcastState::Unspecified => "ended",
    };
    if options.json {
        output::json(&json!({"id": which.broadcast, "state": state}))
    } else {
        output::text(&format!("broadcast {} is {state}", which.broadcast))
    }
}

async fn list(options: &Options, limit: Limit) -> Result<(), Failure> {
    let service = client::notifier(options)?;
    let mut broadcasts = Vec::new();
    let mut pages = Pages::new(limit.limit);
    while let Some(page) = pages.next() {
        let request = ListBroadcastsRequest { page: Some(page) };
        let answer = service.ask(async |mut client| client.list_broadcasts(request).await).await?;
        let views: Result<Vec<_>, Malformed> =
            answer.broadcasts.iter().map(BroadcastView::try_from).collect();
        pages.read(answer.broadcasts.len(), answer.next_page_token, 0);
        broadcasts.extend(views.map_err(malformed(service.name))?);
    }
    if options.json {
        output::json(&json!({"broadcasts": broadcasts}))
    } else {
        output::notifier::broadcasts(&broadcasts)
    }
}
