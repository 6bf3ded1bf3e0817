//! Accounts that operators keep from playing.

use super::{OperatorKey, request_id, settle};
use crate::{
    cli::{Key, Limit, Options, account},
    client,
    commands::{Pages, malformed},
    failure::Failure,
    output,
    view::desk::BanView,
};
use clap::Subcommand;
use proto::{
    AccountId, Malformed,
    wallet::{ListBansRequest, SetBan, SetBanDone, SetBanRequest},
};
use serde_json::json;

/// What can be typed about them.
#[derive(Debug, Subcommand)]
pub enum Bans {
    /// Keep an account from betting and opening rooms. Its money can be withdrawn all the same
    Set {
        /// Id of the account
        #[arg(value_parser = account)]
        account: AccountId,
        /// Why, for the other operators
        #[arg(long, value_name = "TEXT")]
        reason: String,
        #[command(flatten)]
        key: Key,
    },
    /// Let an account play again
    Lift {
        /// Id of the account
        #[arg(value_parser = account)]
        account: AccountId,
        /// Why, for the other operators
        #[arg(long, value_name = "TEXT")]
        reason: String,
        #[command(flatten)]
        key: Key,
    },
    /// List who is banned, newest first
    List {
        #[command(flatten)]
        limit: Limit,
    },
}

/// `roomsctl ban …`.
pub async fn run(options: &Options, command: Bans) -> Result<(), Failure> {
    match command {
        Bans::Set { account, reason, key } => set(options, account, true, reason, &key).await,
        Bans::Lift { account, reason, key } => set(options, account, false, reason, &key).await,
        Bans::List { limit } => list(options, limit).await,
    }
}

async fn set(
    options: &Options,
    account: AccountId,
    banned: bool,
    reason: String,
    key: &Key,
) -> Result<(), Failure> {
    let service = client::operators(options)?;
    let command = OperatorKey::read(&key.key)?.signed(|by| SetBan {
        account_id: account.bytes(),
        banned,
        reason: reason.clone(),
        by: Some(by),
    })?;
    let request = SetBanRequest { request_id: request_id(options), command: Some(command) };
    let done: SetBanDone = settle(&service, |mut client| {
        let request = request.clone();
        async move { Ok(client.set_ban(request).await?.map(|answer| answer.outcome)) }
    })
    .await?;
    let ban = done.ban.as_ref().map(BanView::try_from).transpose().map_err(malformed(service.name))?;
    match ban {
        ban if options.json => output::json(&json!({"account_id": account, "ban": ban})),
        Some(ban) => output::desk::bans(&[ban], 1),
        None => output::text(&format!("{account} may play again")),
    }
}

async fn list(options: &Options, limit: Limit) -> Result<(), Failure> {
    let service = client::operators(options)?;
    let mut bans = Vec::new();
    let mut pages = Pages::new(limit.limit);
    while let Some(page) = pages.next() {
        let request = ListBansRequest { page: Some(page) };
        let answer = service.ask(async |mut client| client.list_bans(request).await).await?;
        let views: Result<Vec<_>, Malformed> = answer.bans.iter().map(BanView::try_from).collect();
        pages.read(answer.bans.len(), answer.next_page_token, answer.total);
        bans.extend(views.map_err(malformed(service.name))?);
    }
    if options.json {
        output::json(&json!({"bans": bans, "total": pages.total}))
    } else {
        output::desk::bans(&bans, pages.total)
    }
}
