//! Messages of other replicas. A replica asks for its message again until it knows the fate: so a
//! sender that is killed loses none, and one that is only slow sends none twice.

use super::{
    Fate,
    post::{Handover, Posted},
};
use async_nats::{Client, Message, Subject};
use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::oneshot;
use uuid::Uuid;

/// Nobody asks for a message any more that was answered so long ago.
const KEPT: Duration = Duration::from_secs(60);

/// What became of a message, or who waits for it.
enum Known {
    Waiting(Subject),
    Fate(Fate),
}

/// The messages of one term of office. Those whose fate is known are forgotten after a minute.
#[derive(Clone)]
pub(super) struct Handed {
    broker: Client,
    known: Arc<Mutex<HashMap<Uuid, Known>>>,
}

impl Handed {
    pub(super) fn new(broker: Client) -> Self {
        Self { broker, known: Arc::default() }
    }

    /// Takes a message in; nothing if it is here already. Its fate goes back over the broker.
    pub(super) fn take(&self, message: &Message) -> Option<Posted> {
        let Handover { id, letter } = serde_json::from_slice(&message.payload).ok()?;
        let reply = message.reply.clone()?;
        match self.known.lock().unwrap_or_else(PoisonError::into_inner).entry(id) {
            Entry::Occupied(mut known) => {
                match known.get_mut() {
                    Known::Waiting(subject) => *subject = reply,
                    Known::Fate(fate) => self.answer(reply, fate),
                }
                return None;
            }
            Entry::Vacant(new) => drop(new.insert(Known::Waiting(reply))),
        }
        let (tell, fate) = oneshot::channel();
        let handed = self.clone();
        tokio::spawn(async move {
            if let Ok(fate) = fate.await {
                handed.end(id, fate);
                tokio::time::sleep(KEPT).await;
            }
            handed.known.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
        });
        Some((letter, tell))
    }

    fn end(&self, id: Uuid, fate: Fate) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(Known::Waiting(reply)) = known.insert(id, Known::Fate(fate.clone())) {
            self.answer(reply, &fate);
        }
    }

    fn answer(&self, reply: Subject, fate: &Fate) {
        let Ok(body) = serde_json::to_vec(fate) else { return };
        let broker = self.broker.clone();
        tokio::spawn(async move {
            if let Err(error) = broker.publish(reply, body.into()).await {
                tracing::warn!(%error, "another replica does not learn the fate of its message");
            }
        });
    }
}
