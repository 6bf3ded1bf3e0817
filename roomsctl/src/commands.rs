//! What the commands do.

use std::{num::NonZeroU32, process::ExitCode};

use proto::{
    AccountId, Malformed, RoomId,
    common::Page,
    room::{GetRoomRequest, ListBetsRequest, ListRoomsRequest, Room, RoomState, get_room_request::Key},
    settlement::GetSettlementRequest,
    wallet::{GetAccountRequest, ListTransfersRequest},
};
use serde_json::json;

use crate::{
    access, audit, bundle,
    cli::{Bets, Cli, Command, Options, RoomKey, Rooms, Settlement, State, Wallet},
    client, completions,
    failure::Failure,
    notifications, operator, output, proof, reconcile,
    view::{AccountView, BetView, RoomView, SettlementView, TransferView},
};

/// Rows asked for at once.
const PAGE: u32 = 100;

pub async fn run(cli: Cli) -> Result<ExitCode, Failure> {
    let options = &cli.options;
    match cli.command {
        Command::Rooms(Rooms::List { state, chat, host, limit }) => {
            list_rooms(options, state, chat, host, limit.limit).await?;
        }
        Command::Rooms(Rooms::Show { room }) => show_room(options, room).await?,
        Command::Rooms(Rooms::Open(open)) => operator::rooms::open(options, *open).await?,
        Command::Rooms(Rooms::Rule(rule)) => operator::rooms::rule(options, rule).await?,
        Command::Rooms(Rooms::Lock(lock)) => operator::rooms::lock(options, lock).await?,
        Command::Rooms(Rooms::Void(void)) => operator::rooms::rule(options, void.into()).await?,
        Command::Rooms(Rooms::Resolve(resolve)) => operator::rooms::rule(options, resolve.into()).await?,
        Command::Waiting => operator::waiting::run(options).await?,
        Command::Ban(command) => operator::bans::run(options, command).await?,
        Command::DeadLetters(command) => operator::letters::run(options, command).await?,
        Command::Completions { shell } => completions::run(options, shell)?,
        Command::Rooms(Rooms::Waiting) => operator::rooms::waiting(options).await?,
        Command::Arena(command) => operator::arenas::run(options, command).await?,
        Command::Dispute(command) => operator::disputes::run(options, command).await?,
        Command::Broadcast(command) => operator::broadcasts::run(options, command).await?,
        Command::SmartWallet(command) => operator::smart_wallets::run(options, command).await?,
        Command::Notifications(command) => notifications::run(options, command).await?,
        Command::Wallet(Wallet::Show { account, limit }) => {
            show_wallet(options, account, limit.limit).await?
        }
        Command::Bets(Bets::List { room, account, live, limit }) => {
            list_bets(options, room, account, live, limit.limit).await?;
        }
        Command::Settlement(Settlement::Show { room }) => show_settlement(options, room).await?,
        Command::Withdrawals(command) => operator::withdrawals(options, command).await?,
        Command::Access(command) => access::run(options, command)?,
        Command::Operator(command) => operator::operator(options, command)?,
        Command::Pauses => operator::pauses(options).await?,
        Command::Anomalies => operator::anomalies(options).await?,
        Command::Proof(command) => proof::run(options, command).await?,
        Command::Evidence(command) => bundle::run(options, command).await?,
        Command::Audit(command) => audit::run(options, command).await?,
        Command::Reconcile => reconcile::run(options).await?,
        Command::Pause { reason, key } => operator::pause(options, reason, &key.key).await?,
        Command::Resume { cause, key } => operator::resume(options, cause, &key.key).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn list_rooms(
    options: &Options,
    states: Vec<State>,
    scope_chat_id: i64,
    host: Option<AccountId>,
    limit: NonZeroU32,
) -> Result<(), Failure> {
    let service = client::rooms(options)?;
    let states: Vec<i32> = states.into_iter().map(|state| RoomState::from(state).into()).collect();
    let host_account_id = host.map(AccountId::bytes).unwrap_or_default();
    let mut rooms = Vec::new();
    let mut pages = Pages::new(limit);
    while let Some(page) = pages.next() {
        let request = ListRoomsRequest {
            states: states.clone(),
            scope_chat_id,
            host_account_id: host_account_id.clone(),
            page: Some(page),
        };
        let answer = service.ask(async |mut client| client.list_rooms(request).await).await?;
        for room in &answer.rooms {
            rooms.push(RoomView::try_from(room).map_err(malformed(service.name))?);
        }
        pages.read(answer.rooms.len(), answer.next_page_token, answer.total);
    }
    if options.json {
        output::json(&json!({"rooms": rooms, "total": pages.total}))
    } else {
        output::rooms(&rooms, pages.total)
    }
}

async fn show_room(options: &Options, key: RoomKey) -> Result<(), Failure> {
    let room = find_room(options, key).await?;
    let room = RoomView::try_from(&room).map_err(malformed("room-svc"))?;
    if options.json { output::json(&room) } else { output::room(&room) }
}

async fn show_wallet(options: &Options, account: AccountId, limit: NonZeroU32) -> Result<(), Failure> {
    let service = client::wallet(options)?;
    let request = GetAccountRequest { account_id: account.bytes() };
    let answer = service.ask(async |mut client| client.get_account(request).await).await?;
    let found = answer.account.ok_or(Malformed("an answer without account"));
    let found = found.and_then(|found| AccountView::try_from(&found)).map_err(malformed(service.name))?;
    let mut transfers = Vec::new();
    let mut pages = Pages::new(limit);
    while let Some(page) = pages.next() {
        let request = ListTransfersRequest { account_id: account.bytes(), page: Some(page) };
        let answer = service.ask(async |mut client| client.list_transfers(request).await).await?;
        for transfer in &answer.transfers {
            transfers.push(TransferView::try_from(transfer).map_err(malformed(service.name))?);
        }
        pages.read(answer.transfers.len(), answer.next_page_token, answer.total);
    }
    if options.json {
        output::json(&json!({"account": found, "transfers": transfers, "total": pages.total}))
    } else {
        output::account(&found, &transfers, pages.total)
    }
}

async fn list_bets(
    options: &Options,
    room: Option<RoomKey>,
    account: Option<AccountId>,
    live_only: bool,
    limit: NonZeroU32,
) -> Result<(), Failure> {
    let service = client::rooms(options)?;
    let room_id = match room {
        Some(key) => room_id(options, key).await?.bytes(),
        None => Vec::new(),
    };
    let account_id = account.map(AccountId::bytes).unwrap_or_default();
    let mut bets = Vec::new();
    let mut pages = Pages::new(limit);
    while let Some(page) = pages.next() {
        let request = ListBetsRequest {
            account_id: account_id.clone(),
            room_id: room_id.clone(),
            live_only,
            page: Some(page),
        };
        let answer = service.ask(async |mut client| client.list_bets(request).await).await?;
        for bet in &answer.bets {
            bets.push(BetView::try_new(bet, &answer.rooms).map_err(malformed(service.name))?);
        }
        pages.read(answer.bets.len(), answer.next_page_token, answer.total);
    }
    if options.json {
        output::json(&json!({"bets": bets, "total": pages.total}))
    } else {
        output::bets(&bets, pages.total)
    }
}

async fn show_settlement(options: &Options, key: RoomKey) -> Result<(), Failure> {
    let service = client::settlement(options)?;
    let request = GetSettlementRequest { room_id: room_id(options, key).await?.bytes() };
    let answer = service.ask(async |mut client| client.get_settlement(request).await).await?;
    let settlement = SettlementView::try_from(&answer).map_err(malformed(service.name))?;
    if options.json { output::json(&settlement) } else { output::settlement(&settlement) }
}

pub async fn find_room(options: &Options, key: RoomKey) -> Result<Room, Failure> {
    let service = client::rooms(options)?;
    let key = match key {
        RoomKey::Number(number) => Key::Number(number),
        RoomKey::Id(id) => Key::RoomId(id.bytes()),
    };
    let request = GetRoomRequest { key: Some(key) };
    let answer = service.ask(async |mut client| client.get_room(request).await).await?;
    answer.room.ok_or(Malformed("an answer without room")).map_err(malformed(service.name))
}

/// Only a number has to be looked up.
pub async fn room_id(options: &Options, key: RoomKey) -> Result<RoomId, Failure> {
    match key {
        RoomKey::Id(id) => Ok(id),
        RoomKey::Number(_) => {
            let room = find_room(options, key).await?;
            RoomId::try_from_bytes(&room.room_id).map_err(malformed("room-svc"))
        }
    }
}

pub fn malformed(service: &'static str) -> impl Fn(Malformed) -> Failure {
    move |source| Failure::Malformed { service, source }
}

/// Walks through a listing page by page until the limit or the end is reached.
pub struct Pages {
    left: u32,
    token: String,
    end: bool,
    pub total: u64,
}

impl Pages {
    pub fn new(limit: NonZeroU32) -> Self {
        Pages { left: limit.get(), token: String::new(), end: false, total: 0 }
    }

    pub fn next(&self) -> Option<Page> {
        let more = !self.end && self.left > 0;
        more.then(|| Page { size: self.left.min(PAGE), token: self.token.clone() })
    }

    /// Takes note of an answer. A page without rows ends the listing, whatever its token says.
    pub fn read(&mut self, rows: usize, token: String, total: u64) {
        self.left = self.left.saturating_sub(u32::try_from(rows).unwrap_or(u32::MAX));
        self.end = token.is_empty() || rows == 0;
        self.token = token;
        self.total = total;
    }
}
