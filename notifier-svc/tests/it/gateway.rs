//! The gateway's part: it obeys `deliver` whenever its door is open, repeats its answer when asked
//! again, and hears the outcomes of its own commands.

use anyhow::Context;
use async_nats::jetstream::consumer::{Consumer, pull};
use chassis::bus::Bus;
use futures::StreamExt;
use prost::{Message, Name};
use proto::{
    Event,
    common::{Outcome, Outcomes},
    frame,
    gateway::{Deliver, Delivered},
    notifier::NotificationState,
};
use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::sync::watch;
use uuid::Uuid;

/// What notifier-svc handed over, and how it was answered.
#[derive(Default)]
pub struct Heard {
    /// Each notification once, in the order of arrival.
    pub told: Vec<Deliver>,
    /// Notifications that came again with other contents.
    pub contradictions: u32,
    /// Answers repeated because they were asked for again.
    pub repeats: u32,
    /// Outcomes of the gateway's own commands, as often as they came.
    pub outcomes: HashMap<Uuid, Vec<Outcome>>,
    /// Accounts whose owners have blocked the bot.
    pub blocked: HashSet<Vec<u8>>,
    /// Groups that the bot was removed from.
    pub left: HashSet<i64>,
    /// So many answers are lost.
    pub silent: u32,
    /// Most notifications in hand at a time.
    pub most_in_hand: usize,
    in_hand: HashSet<Vec<u8>>,
    answers: HashMap<Vec<u8>, Delivered>,
}

/// The gateway.
pub struct Gateway {
    bus: Bus,
    door: watch::Sender<bool>,
    pub heard: Mutex<Heard>,
}

impl Gateway {
    /// Listens until the test ends, through any number of outages. Its door is closed at first.
    pub fn start(bus: Bus) -> Arc<Self> {
        let this = Arc::new(Self { bus, door: watch::Sender::new(false), heard: Mutex::default() });
        for (stream, consumer) in [("CMD_GATEWAY", "gateway-commands"), ("EVENTS", "gateway-events")] {
            let this = Arc::clone(&this);
            tokio::spawn(async move {
                loop {
                    // An error is an outage of the broker: the test wanted it.
                    let _ = this.drain(stream, consumer).await;
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    let _ = this.bus.ensure_topology().await;
                }
            });
        }
        this
    }

    /// From now on deliveries end.
    pub fn open(&self) {
        self.door.send_replace(true);
    }

    pub fn told(&self) -> Vec<Deliver> {
        self.heard.lock().unwrap().told.clone()
    }

    async fn drain(self: &Arc<Self>, stream: &str, consumer: &str) -> anyhow::Result<()> {
        let stream = self.bus.context().get_stream(stream).await?;
        let consumer: Consumer<pull::Config> =
            stream.get_consumer(consumer).await.map_err(anyhow::Error::msg)?;
        let mut messages = consumer
            .stream()
            .expires(Duration::from_secs(5))
            .heartbeat(Duration::from_secs(1))
            .messages()
            .await?;
        while let Some(message) = messages.next().await {
            let message = message?;
            let headers = message.headers.as_ref().context("headers")?;
            let kind = headers.get("ce-type").context("a type")?.as_str();
            if kind == Deliver::full_name() {
                self.obey(Deliver::decode(message.payload.clone())?);
            } else if kind == Outcomes::full_name() {
                let heard = &mut *self.heard.lock().unwrap();
                for outcome in Outcomes::decode(message.payload.clone())?.items {
                    heard.outcomes.entry(Uuid::from_slice(&outcome.command_id)?).or_default().push(outcome);
                }
            }
            message.ack().await.map_err(anyhow::Error::msg)?;
        }
        Ok(())
    }

    fn obey(self: &Arc<Self>, deliver: Deliver) {
        let mut heard = self.heard.lock().unwrap();
        let id = deliver.notification_id.clone();
        if let Some(before) = heard.told.iter().find(|before| before.notification_id == id) {
            heard.contradictions += u32::from(*before != deliver);
            let Some(answer) = heard.answers.get(&id).cloned() else { return };
            heard.repeats += 1;
            heard.in_hand.remove(&id);
            drop(heard);
            let this = Arc::clone(self);
            tokio::spawn(async move { this.publish(&event(&answer)).await });
            return;
        }
        heard.told.push(deliver.clone());
        heard.in_hand.insert(id);
        heard.most_in_hand = heard.most_in_hand.max(heard.in_hand.len());
        drop(heard);
        let this = Arc::clone(self);
        tokio::spawn(async move {
            let _ = this.door.subscribe().wait_for(|open| *open).await;
            this.end(&deliver).await;
        });
    }

    async fn end(&self, deliver: &Deliver) {
        let answer = {
            let heard = &mut *self.heard.lock().unwrap();
            let blocked =
                heard.blocked.contains(&deliver.account_id) || heard.left.contains(&deliver.chat_id);
            let state = if blocked { NotificationState::Blocked } else { NotificationState::Sent };
            let id = deliver.notification_id.clone();
            let answer = Delivered { notification_id: id.clone(), state: state.into(), error: String::new() };
            heard.answers.insert(id.clone(), answer.clone());
            if heard.silent > 0 {
                heard.silent -= 1;
                return;
            }
            // Before the answer is out: after it the service may release another.
            heard.in_hand.remove(&id);
            answer
        };
        self.publish(&event(&answer)).await;
    }

    async fn publish(&self, message: &frame::Message) {
        while self.bus.publish(&[(message, "")]).await.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// An event as it travels.
pub fn event<E: Event>(event: &E) -> frame::Message {
    frame::Message {
        subject: event.subject(),
        id: Uuid::now_v7().as_bytes().to_vec(),
        r#type: E::full_name(),
        payload: event.encode_to_vec(),
        key: event.key().to_vec(),
        ..Default::default()
    }
}
