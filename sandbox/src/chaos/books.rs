//! Reads what the services left behind: their tables, the chain, and the chats.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use servers::postgres::SUPERUSER;
use solana_pubkey::Pubkey;
use sqlx::PgConnection;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::check::{BookedBet, BookedRoom, BookedStake, BookedWithdrawal, Books, Told};
use super::client::Client;
use super::load::Crowd;
use crate::services;
use crate::smoke::audit::{Reading, count, read_at_rest, rpc};
use crate::smoke::money::books::ZERO;
use crate::smoke::tale::Tale;
use crate::world::{DATABASE, World};

/// How long everything that was begun may take to end when nothing disturbs it any more.
const PATIENCE: Duration = Duration::from_secs(600);

/// Work that must have come to its end: what it is called, and how much of it is left.
const LEFT: [(&str, &str); 9] = [
    ("rooms that have not ended", "SELECT count(*) FROM room.room WHERE state NOT IN (5, 6)"),
    ("holds not decided", "SELECT count(*) FROM wallet.hold WHERE state = 1"),
    (
        "withdrawals not ended",
        "SELECT count(*) FROM wallet.withdrawal WHERE state IN ('REQUESTED', 'HELD', 'APPROVED', 'SIGNED', 'SUBMITTED', 'EXPIRED')",
    ),
    ("transactions not ended", "SELECT count(*) FROM wallet.chain_tx WHERE ended_at IS NULL"),
    (
        "network fees not posted",
        "SELECT count(*) FROM wallet.chain_tx WHERE slot IS NOT NULL AND fee_posted_at IS NULL",
    ),
    ("settlements not anchored", "SELECT count(*) FROM settlement.settlement WHERE state <> 'ANCHORED'"),
    ("errands of settlements", "SELECT count(*) FROM settlement.errand"),
    (
        "notifications not sent",
        // Those who have never spoken to the bot have no chat.
        "SELECT count(*) FROM notifier.notification WHERE state NOT IN ('SENT', 'SUPERSEDED', 'UNADDRESSED')",
    ),
    ("deliveries not sent", "SELECT count(*) FROM gateway.delivery WHERE state <> 'sent'"),
];

/// Beginnings of messages about the end of a bet.
const ENDS: [&str; 3] = ["You won ", "You lost", "Stake returned"];

/// Waits until everything is answered and all work has come to its end, or for as long as that may take.
///
/// # Errors
/// The database is away.
pub async fn settle_down(world: &World, client: &Client, tale: &Tale) -> Result<()> {
    let began = Instant::now();
    let mut database = world.postgres().connect(SUPERUSER, DATABASE).await?;
    while began.elapsed() < PATIENCE {
        if client.waiting() == 0 && all_ready(world).await && left(&mut database).await?.is_empty() {
            break;
        }
        sleep(Duration::from_millis(500)).await;
    }
    tale.tell("", format_args!("all work came to its end in {:.1} s", began.elapsed().as_secs_f64()));
    Ok(())
}

/// Whether every service can work. Those that were killed often are given as long as the work itself.
async fn all_ready(world: &World) -> bool {
    let ready = world.services().iter().map(crate::supervise::Supervised::is_ready);
    futures::future::join_all(ready).await.into_iter().all(|ready| ready)
}

/// What is left of what was begun.
async fn left(database: &mut PgConnection) -> Result<Vec<(String, i64)>> {
    let mut queries: Vec<(String, String)> =
        LEFT.iter().map(|(name, query)| ((*name).to_owned(), (*query).to_owned())).collect();
    for entry in services::ALL {
        let (name, schema) = (entry.name, entry.schema);
        queries.push((format!("sagas of {name}"), format!("SELECT count(*) FROM {schema}.issued")));
        let waiting = format!("SELECT count(*) FROM {schema}.outbox WHERE published_at IS NULL");
        queries.push((format!("messages of {name} not sent"), waiting));
        queries
            .push((format!("dead letters of {name}"), format!("SELECT count(*) FROM {schema}.dead_letter")));
    }
    let mut left = Vec::new();
    for (name, query) in queries {
        let count = count(database, &query).await?;
        if count > 0 {
            left.push((name, count));
        }
    }
    Ok(left)
}

/// Reads everything.
///
/// # Errors
/// A server does not answer.
pub async fn read(world: &World, crowd: &Crowd) -> Result<Books> {
    let mut database = world.postgres().connect(SUPERUSER, DATABASE).await?;
    let mut facts = Vec::new();
    for (name, query) in ZERO {
        let found = count(&mut database, query).await?;
        if found != 0 {
            facts.push((name.to_owned(), found));
        }
    }
    let Reading { lies, ledger, .. } = read_at_rest(&world.chain().rpc_url(), &mut database).await?;
    let balances: Vec<(Uuid, i64)> =
        sqlx::query_as("SELECT owner, balance FROM wallet.ledger_account WHERE kind = 1")
            .fetch_all(&mut database)
            .await?;
    let fees = "SELECT coalesce(sum(balance), 0)::bigint FROM wallet.ledger_account WHERE kind = 4";
    Ok(Books {
        bets: bets(&mut database).await?,
        stakes: stakes(&mut database).await?,
        rooms: rooms(&mut database).await?,
        balances: balances.into_iter().collect(),
        protocol_fees: count(&mut database, fees).await?,
        withdrawals: withdrawals(world, &mut database).await?,
        chain: (-ledger, lies),
        told: told(crowd).await?,
        facts,
        left: left(&mut database).await?,
    })
}

async fn bets(database: &mut PgConnection) -> Result<BTreeMap<Uuid, BookedBet>> {
    let rows: Vec<(Uuid, Uuid, Uuid, i16, i64, i16, i64)> =
        sqlx::query_as("SELECT id, room_id, account_id, outcome, stake, state, payout FROM room.bet")
            .fetch_all(database)
            .await?;
    let bet = |(id, room, account, outcome, stake, state, payout)| {
        (id, BookedBet { room, account, outcome, stake, state, payout })
    };
    Ok(rows.into_iter().map(bet).collect())
}

async fn stakes(database: &mut PgConnection) -> Result<BTreeMap<Uuid, BookedStake>> {
    let holds: Vec<(Uuid, i64, i16)> =
        sqlx::query_as("SELECT bet_id, amount, state FROM wallet.hold").fetch_all(&mut *database).await?;
    // Stakes, stakes given back and credits of users; what a host earns refers to the room.
    let entries: Vec<(Uuid, i16, i64)> = sqlx::query_as(
        "SELECT reference, movement, lamports FROM wallet.entry
         WHERE kind = 1 AND movement IN (2, 3, 4) AND reference NOT IN (SELECT id FROM room.room)",
    )
    .fetch_all(database)
    .await?;
    let mut stakes: BTreeMap<Uuid, BookedStake> = BTreeMap::new();
    for (bet, amount, state) in holds {
        stakes.entry(bet).or_default().hold = Some((amount, state));
    }
    for (bet, movement, lamports) in entries {
        stakes.entry(bet).or_default().entries.push((movement, lamports));
    }
    Ok(stakes)
}

async fn rooms(database: &mut PgConnection) -> Result<BTreeMap<Uuid, BookedRoom>> {
    let rows: Vec<(Uuid, i16, Option<i16>, Option<i16>)> =
        sqlx::query_as("SELECT id, state, outcome, void_reason FROM room.room").fetch_all(database).await?;
    let room = |(id, state, outcome, void_reason)| (id, BookedRoom { state, outcome, void_reason });
    Ok(rows.into_iter().map(room).collect())
}

async fn withdrawals(world: &World, database: &mut PgConnection) -> Result<BTreeMap<Uuid, BookedWithdrawal>> {
    let rows: Vec<(Uuid, Vec<u8>, i64, String)> =
        sqlx::query_as("SELECT id, address, fee, state FROM wallet.withdrawal").fetch_all(database).await?;
    let mut all = BTreeMap::new();
    for (id, address, fee, state) in rows {
        let address = Pubkey::try_from(address.as_slice())?.to_string();
        let arrived = arrived(&world.chain().rpc_url(), &address).await?;
        all.insert(id, BookedWithdrawal { state, fee, arrived });
    }
    Ok(all)
}

/// Successful transactions of an address, and what lies there.
async fn arrived(url: &str, address: &str) -> Result<(usize, i64)> {
    let finalized = json!({"commitment": "finalized"});
    let history = rpc(url, "getSignaturesForAddress", json!([address, finalized])).await?;
    let history = history.as_array().context("no history")?;
    let succeeded = |item: &&Value| item.get("err").is_some_and(Value::is_null);
    let balance = rpc(url, "getBalance", json!([address, finalized])).await?;
    let balance = balance.pointer("/value").and_then(Value::as_i64).context("no balance")?;
    Ok((history.iter().filter(succeeded).count(), balance))
}

/// What people have in their chats about the ends of their bets.
async fn told(crowd: &Crowd) -> Result<Vec<Told>> {
    let mut told = Vec::new();
    for (account, person) in &crowd.people {
        for shown in person.heard().await? {
            let heading = shown.text.lines().next().unwrap_or_default();
            let number = heading.rsplit_once("room #").and_then(|(_, number)| number.trim().parse().ok());
            if let Some(room) = number
                && ENDS.iter().any(|end| heading.starts_with(end))
            {
                let (account, heading, at) = (*account, heading.to_owned(), shown.message.date);
                told.push(Told { account, room, heading, at });
            }
        }
    }
    Ok(told)
}
