//! Messages that a service put aside.

use super::{OperatorKey, request_id, settle};
use crate::{
    audit::Logged,
    cli::{Key, Limit, Options},
    client,
    commands::malformed,
    failure::Failure,
    output,
    view::desk::LetterView,
};
use clap::Subcommand;
use proto::{
    Malformed,
    letters::{ListDeadLettersRequest, ReplayDeadLetter, ReplayDeadLetterDone, ReplayDeadLetterRequest},
};
use serde_json::json;
use uuid::Uuid;

/// What can be typed about them.
#[derive(Debug, Subcommand)]
pub enum DeadLetters {
    /// List the messages that a service put aside and has not handled since, newest first
    List {
        /// Whose
        #[arg(long)]
        service: Logged,
        #[command(flatten)]
        limit: Limit,
    },
    /// Have a service handle one again, once its cause is gone. What came before has no second effect
    Replay {
        /// Id of the message
        #[arg(value_name = "ID")]
        message: Uuid,
        /// Whose
        #[arg(long)]
        service: Logged,
        #[command(flatten)]
        key: Key,
    },
}

/// `roomsctl dead-letters …`.
pub async fn run(options: &Options, command: DeadLetters) -> Result<(), Failure> {
    match command {
        DeadLetters::List { service, limit } => list(options, service, limit).await,
        DeadLetters::Replay { message, service, key } => replay(options, message, service, &key).await,
    }
}

async fn list(options: &Options, of: Logged, limit: Limit) -> Result<(), Failure> {
    let service = client::letters(options, of)?;
    let request = ListDeadLettersRequest { size: limit.limit.get() };
    let answer = service.ask(async |mut client| client.list_dead_letters(request).await).await?;
    let letters: Result<Vec<_>, Malformed> = answer.letters.iter().map(LetterView::try_from).collect();
    let letters = letters.map_err(malformed(service.name))?;
    if options.json {
        output::json(&json!({"letters": letters, "total": answer.total}))
    } else {
        output::desk::letters(&letters, answer.total)
    }
}

async fn replay(options: &Options, message: Uuid, of: Logged, key: &Key) -> Result<(), Failure> {
    let service = client::letters(options, of)?;
    let token = proto::Service::from(of).token();
    let what = format!("Have {} handle message {message} again.", service.name);
    let command = OperatorKey::read(&key.key)?.confirmed(options, &what, |by| ReplayDeadLetter {
        service: token.to_owned(),
        message_id: message.as_bytes().to_vec(),
        by: Some(by),
    })?;
    let request = ReplayDeadLetterRequest { request_id: request_id(options), command: Some(command) };
    let done: ReplayDeadLetterDone = settle(&service, |mut client| {
        let request = request.clone();
        async move { Ok(client.replay_dead_letter(request).await?.map(|answer| answer.outcome)) }
    })
    .await?;
    let letter = done.letter.as_ref().ok_or(Malformed("an answer without letter"));
    let letter = letter.and_then(LetterView::try_from).map_err(malformed(service.name))?;
    if options.json { output::json(&letter) } else { output::desk::letters(&[letter], 1) }
}
