//! Planted bugs: the harness does to the world what a wrong service would have done, so that no service has a switch for
//! being wrong. Each must be found by the checker.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;
use rust_decimal::Decimal;
use serde_json::json;
use servers::postgres::SUPERUSER;
use sqlx::{Connection, PgConnection};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::client::Client;
use super::history::{Answer, Room};
use super::load::{Crowd, open};
use crate::smoke::tale::Tale;
use crate::venues::Asset;
use crate::world::links::{Condition, Server};
use crate::world::{DATABASE, World};

/// How long is waited for an opportunity.
const PATIENCE: Duration = Duration::from_secs(120);

/// The bugs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Plant {
    /// A service forgets that it has obeyed a command, and obeys it again
    NoInboxRow,
    /// A winner is credited twice, in books that balance
    DoubleCredit,
    /// An event that was decided is never told
    LostOutboxRow,
    /// A room with bets on both sides is void
    WrongVoid,
    /// A message is sent twice
    DoubleSend,
}

impl Plant {
    /// What is done while the load runs.
    ///
    /// # Errors
    /// There was no opportunity.
    pub async fn meanwhile(self, world: &World, client: &Client, tale: &Tale) -> Result<()> {
        match self {
            Self::NoInboxRow => no_inbox_row(world, client, tale).await,
            Self::LostOutboxRow => lost_outbox_row(world, tale).await,
            Self::DoubleCredit | Self::WrongVoid | Self::DoubleSend => Ok(()),
        }
    }

    /// What is done when all work has come to its end, before anybody looks.
    ///
    /// # Errors
    /// There was no opportunity.
    pub async fn afterwards(self, world: &World, crowd: &Crowd, tale: &Tale) -> Result<()> {
        match self {
            Self::DoubleCredit => double_credit(world, tale).await,
            Self::WrongVoid => wrong_void(world, tale).await,
            Self::DoubleSend => double_send(world, crowd, tale).await,
            Self::NoInboxRow | Self::LostOutboxRow => Ok(()),
        }
    }
}

async fn database(world: &World) -> Result<PgConnection> {
    world.postgres().connect(SUPERUSER, DATABASE).await
}

/// A room is refused because there is one with the same question. When that one has ended, the refused command comes again
/// to a service that does not know it any more. Of bets each has a row of its own, which is a second line of defence.
async fn no_inbox_row(world: &World, client: &Client, tale: &Tale) -> Result<()> {
    const SECONDS: u32 = 12;
    let mut database = database(world).await?;
    let host = *client.history().accounts.keys().next().context("nobody is there")?;
    let deadline = Instant::now() + PATIENCE;
    for cents in 1.. {
        ensure!(Instant::now() < deadline, "no room was refused");
        // Far below the price, where no room of the load is.
        let target = (world.market().price(Asset::Sol) / Decimal::TWO).round_dp(2) + Decimal::new(cents, 2);
        let [first, second] = [(); 2].map(|()| Uuid::now_v7());
        let mut answers = Vec::new();
        for id in [first, second] {
            client.history().rooms.insert(id, Room { host, ..Room::default() });
            client.ask(id, &open(id, host, "SOL", target, SECONDS));
            answers.push(answered(client, id, 1).await?);
        }
        if !matches!(answers.as_slice(), [Answer::Done, Answer::Refused(_)]) {
            continue;
        }
        let ended = "SELECT count(*) FROM room.room WHERE id = $1 AND state IN (5, 6)";
        while sqlx::query_scalar::<_, i64>(ended).bind(first).fetch_one(&mut database).await? == 0 {
            ensure!(Instant::now() < deadline, "room {first} does not end");
            sleep(Duration::from_millis(200)).await;
        }
        for forget in
            ["DELETE FROM room.inbox WHERE id = $1", "DELETE FROM room.outcome WHERE command_id = $1"]
        {
            sqlx::query(forget).bind(second).execute(&mut database).await?;
        }
        client.repeat(second, &open(second, host, "SOL", target, SECONDS), ":planted");
        tale.tell(
            "",
            format_args!("planted: room-svc has forgotten that it refused room {second} and is asked again"),
        );
        answered(client, second, 2).await?;
        return Ok(());
    }
    Ok(())
}

/// Waits until a room's command has so many different answers; the last of them.
async fn answered(client: &Client, room: Uuid, count: usize) -> Result<Answer> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let answers = client.history().rooms.get(&room).map(|room| room.answers.clone()).unwrap_or_default();
        if let Some(last) = answers.all().get(count - 1) {
            return Ok(*last);
        }
        ensure!(Instant::now() < deadline, "room {room} has {:?}", answers.all());
        sleep(Duration::from_millis(50)).await;
    }
}

/// Nothing may leave settlement-svc between the commit and its death, so its wire is slow meanwhile.
async fn lost_outbox_row(world: &World, tale: &Tale) -> Result<()> {
    const SERVICE: &str = "settlement-svc";
    let links = world.links().context("a world without wires")?;
    let mut database = database(world).await?;
    let slow = Condition::Slow(Duration::from_millis(400));
    let deadline = Instant::now() + PATIENCE;
    let lost = loop {
        links.set(SERVICE, Server::Broker, slow)?;
        let lost: Option<Uuid> = sqlx::query_scalar(
            "DELETE FROM settlement.outbox WHERE id = (
                 SELECT id FROM settlement.outbox
                 WHERE published_at IS NULL AND position('RoomSettled'::bytea IN frame) > 0 LIMIT 1)
             RETURNING id",
        )
        .fetch_optional(&mut database)
        .await?;
        if lost.is_some() {
            links.set(SERVICE, Server::Broker, Condition::Cut)?;
            world.service(SERVICE)?.kill().await;
            links.set(SERVICE, Server::Broker, Condition::Whole)?;
            break lost;
        }
        ensure!(Instant::now() < deadline, "no room was settled");
        sleep(Duration::from_millis(20)).await;
    };
    tale.tell("", format_args!("planted: the end of a room is never told ({lost:?})"));
    Ok(())
}

async fn double_credit(world: &World, tale: &Tale) -> Result<()> {
    let mut database = database(world).await?;
    let credit: Option<(Uuid, Uuid, i64)> = sqlx::query_as(
        "SELECT owner, reference, lamports FROM wallet.entry AS e
         WHERE kind = 1 AND movement = 4 AND lamports > 0 AND EXISTS (SELECT FROM room.bet WHERE id = e.reference)
           AND lamports <= (SELECT sum(balance) FROM wallet.ledger_account WHERE kind = 4)
         ORDER BY lamports LIMIT 1",
    )
    .fetch_optional(&mut database)
    .await?;
    let (owner, bet, lamports) = credit.context("nobody was credited less than the house has")?;
    let (tx, house) = (Uuid::now_v7(), Uuid::nil());
    let mut unit = database.begin().await?;
    sqlx::query(
        "INSERT INTO wallet.ledger_tx (id, movement, request_hash, posted_at) VALUES ($1, 4, $1, now())",
    )
    .bind(tx)
    .execute(&mut *unit)
    .await?;
    sqlx::query(
        "INSERT INTO wallet.entry (tx, kind, owner, lamports, reference, movement, posted_at)
         VALUES ($1, 1, $2, $3, $4, 4, now()), ($1, 4, $5, -$3, $4, 4, now())",
    )
    .bind(tx)
    .bind(owner)
    .bind(lamports)
    .bind(bet)
    .bind(house)
    .execute(&mut *unit)
    .await?;
    for (kind, owner, by) in [(1_i16, owner, lamports), (4, house, -lamports)] {
        let move_it =
            "UPDATE wallet.ledger_account SET balance = balance + $3 WHERE kind = $1 AND owner = $2";
        let moved = sqlx::query(move_it).bind(kind).bind(owner).bind(by).execute(&mut *unit).await?;
        ensure!(moved.rows_affected() == 1, "no account {kind} {owner}");
    }
    unit.commit().await?;
    tale.tell("", format_args!("planted: bet {bet} is credited its {lamports} lamports again"));
    Ok(())
}

async fn wrong_void(world: &World, tale: &Tale) -> Result<()> {
    let mut database = database(world).await?;
    let mut unit = database.begin().await?;
    // What a trigger would notice is not what is tested here.
    sqlx::query("SET LOCAL session_replication_role = replica").execute(&mut *unit).await?;
    let room: Option<Uuid> = sqlx::query_scalar(
        "UPDATE room.room SET state = 6, void_reason = 1, outcome = NULL
         WHERE id = (SELECT id FROM room.room WHERE state = 5 ORDER BY number LIMIT 1) RETURNING id",
    )
    .fetch_optional(&mut *unit)
    .await?;
    let room = room.context("no room was settled")?;
    unit.commit().await?;
    tale.tell("", format_args!("planted: room {room} is void"));
    Ok(())
}

async fn double_send(world: &World, crowd: &Crowd, tale: &Tale) -> Result<()> {
    for (_, person) in &crowd.people {
        let heard = person.heard().await?;
        let Some(won) = heard.iter().find(|shown| shown.text.starts_with("You won ")) else { continue };
        let addresses = world.addresses();
        let url = format!("{}/bot{}/sendMessage", addresses.page, addresses.bot_token);
        let message = json!({"chat_id": won.chat_id, "text": won.text});
        reqwest::Client::new().post(url).json(&message).send().await?.error_for_status()?;
        tale.tell(
            "",
            format_args!(
                "planted: {} is told again: {}",
                person.name,
                won.text.lines().next().unwrap_or_default()
            ),
        );
        return Ok(());
    }
    anyhow::bail!("nobody was told to have won")
}
