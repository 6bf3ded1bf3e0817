//! Speaks to the services over the broker as the gateway does, and never gives up: a command that is not answered is
//! sent again with the same id. Keeps what it asked and what it was answered.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use chassis::Outgoing;
use chassis::bus::Bus;
use chassis::settings::{BusFaults, Endpoint, Nats as NatsSettings, Value};
use futures::StreamExt;
use prost::Message;
use proto::common::{Outcome, Outcomes, outcome};
use proto::{Command, Service, frame};
use time::OffsetDateTime;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::history::{Answer, History};
use super::unix_millis;
use crate::world::World;

/// Not answered for so long, a command is sent again.
const AGAIN_AFTER: Duration = Duration::from_secs(3);

/// How often is looked for such commands.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Commands that are published together.
const TOGETHER: usize = 200;

/// A command that is not answered yet.
struct Pending {
    message: frame::Message,
    sent: Instant,
    tries: u32,
}

/// The load's side of the broker.
pub struct Client {
    bus: Bus,
    broker: async_nats::Client,
    began: Instant,
    history: Mutex<History>,
    pending: Mutex<BTreeMap<Uuid, Pending>>,
    /// Milliseconds at which bets were first answered.
    answered: Mutex<Vec<u64>>,
    entrance: mpsc::UnboundedSender<(Uuid, frame::Message, String)>,
}

/// What is on its way to the broker.
pub type Outbound = mpsc::UnboundedReceiver<(Uuid, frame::Message, String)>;

impl Client {
    /// Connects as somebody who may say anything.
    ///
    /// # Errors
    /// The broker is away.
    pub async fn connect(world: &World) -> Result<(Self, Outbound)> {
        let url = Endpoint::parse(&world.addresses().nats).map_err(anyhow::Error::msg)?;
        let settings = NatsSettings { urls: vec![url], replicas: 1, ca_file: None };
        let bus = Bus::connect(Service::Gateway, &settings, BusFaults::None)
            .await
            .map_err(anyhow::Error::from_boxed)?;
        let (entrance, exit) = mpsc::unbounded_channel();
        let client = Self {
            bus,
            broker: world.observe_broker().await?,
            began: Instant::now(),
            history: Mutex::default(),
            pending: Mutex::default(),
            answered: Mutex::default(),
            entrance,
        };
        Ok((client, exit))
    }

    /// What was asked and answered.
    pub fn history(&self) -> MutexGuard<'_, History> {
        lock(&self.history)
    }

    /// The connection that may change streams.
    pub const fn bus(&self) -> &Bus {
        &self.bus
    }

    /// Milliseconds since the beginning.
    pub fn millis(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// When bets were answered.
    pub fn answered(&self) -> Vec<u64> {
        lock(&self.answered).clone()
    }

    /// Commands that wait for their answers.
    pub fn waiting(&self) -> usize {
        lock(&self.pending).len()
    }

    /// Sends a command until it is answered.
    pub fn ask<C: Command>(&self, id: Uuid, command: &C) {
        let message = Outgoing::command(command).id(id).reply_to(Service::Gateway).into_message();
        let pending = Pending { message: message.clone(), sent: Instant::now(), tries: 0 };
        lock(&self.pending).insert(id, pending);
        self.send(id, message, String::new());
    }

    /// Sends a command that was answered once more.
    pub fn repeat<C: Command>(&self, id: Uuid, command: &C, attempt: &str) {
        let message = Outgoing::command(command).id(id).reply_to(Service::Gateway).into_message();
        self.send(id, message, attempt.to_owned());
    }

    /// Nobody receives only after the run.
    fn send(&self, id: Uuid, message: frame::Message, attempt: String) {
        let _ = self.entrance.send((id, message, attempt));
    }

    /// Publishes what is asked, for ever. What does not arrive is sent again by [`Client::insist`].
    pub async fn publish(&self, mut exit: Outbound) {
        let mut batch = Vec::new();
        while exit.recv_many(&mut batch, TOGETHER).await > 0 {
            let messages: Vec<_> =
                batch.iter().map(|(_, message, attempt)| (message, attempt.as_str())).collect();
            if let Err(error) = self.bus.publish(&messages).await {
                tracing::debug!(%error, "not published");
            }
            batch.clear();
        }
    }

    /// Sends again what is not answered, for ever.
    pub async fn insist(&self) {
        loop {
            sleep(LOOK_EVERY).await;
            let now = Instant::now();
            let mut again = Vec::new();
            for (id, pending) in lock(&self.pending).iter_mut() {
                if now - pending.sent > AGAIN_AFTER {
                    pending.sent = now;
                    pending.tries += 1;
                    again.push((*id, pending.message.clone(), format!(":again{}", pending.tries)));
                }
            }
            for (id, message, attempt) in again {
                self.send(id, message, attempt);
            }
        }
    }

    /// Writes down what rooms and wallet answer, for ever.
    ///
    /// # Errors
    /// The broker refuses.
    pub async fn hear(&self) -> Result<()> {
        let rooms = self.broker.subscribe(Outcomes::subject(Service::Room)).await?;
        let wallet = self.broker.subscribe(Outcomes::subject(Service::Wallet)).await?;
        let mut outcomes = futures::stream::select(rooms, wallet);
        while let Some(message) = outcomes.next().await {
            for outcome in Outcomes::decode(message.payload)?.items {
                self.take(&outcome)?;
            }
        }
        anyhow::bail!("the broker's connection has ended")
    }

    fn take(&self, outcome: &Outcome) -> Result<()> {
        let id = Uuid::from_slice(&outcome.command_id)?;
        let answer = match outcome.result.as_ref().context("an outcome without a result")? {
            outcome::Result::Done(_) => Answer::Done,
            outcome::Result::Refused(refusal) => Answer::Refused(refusal.code),
        };
        lock(&self.pending).remove(&id);
        let mut history = self.history();
        if let Some(bet) = history.bets.get_mut(&id) {
            if !bet.answers.any() {
                lock(&self.answered).push(self.millis());
            }
            bet.answers.add(answer);
        } else if let Some(withdrawal) = history.withdrawals.get_mut(&id) {
            withdrawal.answers.add(answer);
        } else if let Some(room) = history.rooms.get_mut(&id) {
            room.answers.add(answer);
            if answer == Answer::Done {
                let opened = outcome.decided::<proto::room::OpenRoomDone>()?;
                let opened = opened.ok().and_then(|done| done.room).context("a room without a room")?;
                let terms = opened.terms.context("a room without terms")?;
                room.number = opened.number;
                room.lock_at = millis(proto::from_timestamp(terms.lock_at.as_ref())?);
                room.deadline = millis(proto::from_timestamp(terms.deadline.as_ref())?);
            }
        }
        Ok(())
    }

    /// Rooms that take bets for so long at least, by this machine's clock.
    pub fn open_for(&self, least: Duration) -> Vec<Uuid> {
        let until = unix_millis() + i64::try_from(least.as_millis()).unwrap_or(i64::MAX);
        let history = self.history();
        let open = history.rooms.iter().filter(|(_, room)| room.answers.is_done() && room.lock_at > until);
        open.map(|(id, _)| *id).collect()
    }
}

fn millis(at: OffsetDateTime) -> i64 {
    at.unix_timestamp() * 1_000 + i64::from(at.millisecond())
}

/// A poisoned lock only means that somebody panicked; what it protects is whole.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
