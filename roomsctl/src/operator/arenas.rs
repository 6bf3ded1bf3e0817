//! The pool of groups that host the players of public rooms.

use super::{OperatorKey, request_id, settle};
use crate::{
    cli::{Key, Options},
    client,
    commands::malformed,
    failure::Failure,
    output,
    view::desk::ArenaView,
};
use clap::Subcommand;
use proto::{
    Malformed,
    room::{
        Arena, ListArenasRequest, RegisterArena, RegisterArenaDone, RegisterArenaRequest, RetireArena,
        RetireArenaDone, RetireArenaRequest,
    },
};
use serde_json::json;
use std::path::Path;

/// What can be typed about them.
#[derive(Debug, Subcommand)]
pub enum Arenas {
    /// Add a group, or bring a retired or faulty one back: it is cleared, then free
    Add {
        /// Telegram's number of the supergroup; the bot administers it
        #[arg(value_name = "CHAT", allow_negative_numbers = true)]
        chat: i64,
        #[command(flatten)]
        key: Key,
    },
    /// Take a group out: at once, or when the room that has it is over
    Retire {
        /// Telegram's number of the supergroup
        #[arg(value_name = "CHAT", allow_negative_numbers = true)]
        chat: i64,
        #[command(flatten)]
        key: Key,
    },
    /// List all groups with their rooms, and what is wrong with them
    List,
}

/// `roomsctl arena …`.
pub async fn run(options: &Options, command: Arenas) -> Result<(), Failure> {
    match command {
        Arenas::Add { chat, key } => add(options, chat, &key.key).await,
        Arenas::Retire { chat, key } => retire(options, chat, &key.key).await,
        Arenas::List => list(options).await,
    }
}

async fn add(options: &Options, chat_id: i64, key: &Path) -> Result<(), Failure> {
    let service = client::room_operators(options)?;
    let command = OperatorKey::read(key)?.signed(|by| RegisterArena { chat_id, by: Some(by) })?;
    let request = RegisterArenaRequest { request_id: request_id(options), command: Some(command) };
    let done: RegisterArenaDone = settle(&service, |mut client| {
        let request = request.clone();
        async move { Ok(client.register_arena(request).await?.map(|answer| answer.outcome)) }
    })
    .await?;
    show(options, done.arena)
}

async fn retire(options: &Options, chat_id: i64, key: &Path) -> Result<(), Failure> {
    let service = client::room_operators(options)?;
    let command = OperatorKey::read(key)?.signed(|by| RetireArena { chat_id, by: Some(by) })?;
    let request = RetireArenaRequest { request_id: request_id(options), command: Some(command) };
    let done: RetireArenaDone = settle(&service, |mut client| {
        let request = request.clone();
        async move { Ok(client.retire_arena(request).await?.map(|answer| answer.outcome)) }
    })
    .await?;
    show(options, done.arena)
}

async fn list(options: &Options) -> Result<(), Failure> {
    let service = client::room_operators(options)?;
    let answer = service.ask(async |mut client| client.list_arenas(ListArenasRequest {}).await).await?;
    shown(options, &answer.arenas)
}

fn show(options: &Options, arena: Option<Arena>) -> Result<(), Failure> {
    let arena = arena.ok_or(Malformed("an answer without arena")).map_err(malformed(client::ROOM))?;
    shown(options, &[arena])
}

fn shown(options: &Options, arenas: &[Arena]) -> Result<(), Failure> {
    let arenas: Result<Vec<ArenaView>, Malformed> = arenas.iter().map(ArenaView::try_from).collect();
    let arenas = arenas.map_err(malformed(client::ROOM))?;
    if options.json { output::json(&json!({"arenas": arenas})) } else { output::desk::arenas(&arenas) }
}
