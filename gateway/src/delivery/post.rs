//! Where the rest of the gateway drops its messages.

use super::{Fate, Letter};
use serde::{Deserialize, Serialize};
use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

/// Subject on which the sender takes messages of other replicas.
pub(super) const HAND_OVER: &str = "rooms.gateway.send";

/// While nobody holds the lease, a hand-over is tried again.
const PAUSE: Duration = Duration::from_millis(200);

/// A sender that does not answer may be dead or only slow: it is asked again, for the same message.
const ASK_EVERY: Duration = Duration::from_secs(2);

/// After this long a message is given up: its user has gone on.
const PATIENCE: Duration = Duration::from_secs(30);

/// A message on its way to the sender. One that comes again has the same id.
#[derive(Serialize, Deserialize)]
pub(super) struct Handover {
    pub(super) id: Uuid,
    pub(super) letter: Letter,
}

/// A message with whoever waits for its fate.
pub(super) type Posted = (Letter, oneshot::Sender<Fate>);

/// Takes messages to the sender, in this process or in another.
#[derive(Clone)]
pub struct Post {
    broker: async_nats::Client,
    sender: Arc<RwLock<Option<mpsc::UnboundedSender<Posted>>>>,
}

impl Post {
    /// Reaches other replicas through the broker.
    #[must_use]
    pub fn new(broker: async_nats::Client) -> Self {
        Self { broker, sender: Arc::default() }
    }

    /// Puts a message in line at once, if the sender is here, and returns a future of its fate.
    /// Messages of one chat keep the order of these calls.
    pub fn post(&self, letter: Letter) -> impl Future<Output = Fate> + Send + 'static {
        let posted = self.put(&letter);
        let post = self.clone();
        async move {
            let waited = match posted {
                Some(fate) => fate.await.ok(),
                None => None,
            };
            match waited {
                Some(fate) => fate,
                None => tokio::time::timeout(PATIENCE, post.hand_over(letter))
                    .await
                    .unwrap_or_else(|_| Fate::Unsent("nobody sends".to_owned())),
            }
        }
    }

    fn put(&self, letter: &Letter) -> Option<oneshot::Receiver<Fate>> {
        let sender = self.sender.read().unwrap_or_else(PoisonError::into_inner);
        let (tell, fate) = oneshot::channel();
        sender.as_ref()?.send((letter.clone(), tell)).ok().map(|()| fate)
    }

    /// Asks until somebody holds the lease, here or elsewhere, and knows the message's fate.
    async fn hand_over(&self, letter: Letter) -> Fate {
        let id = Uuid::now_v7();
        loop {
            if let Some(fate) = self.put(&letter)
                && let Ok(fate) = fate.await
            {
                return fate;
            }
            let Ok(body) = serde_json::to_vec(&Handover { id, letter: letter.clone() }) else {
                return Fate::Refused("cannot be handed over".to_owned());
            };
            let request = async_nats::Request::new().payload(body.into()).timeout(Some(ASK_EVERY));
            let answer = self.broker.send_request(HAND_OVER, request).await;
            match answer.ok().and_then(|answer| serde_json::from_slice(&answer.payload).ok()) {
                Some(fate) => return fate,
                None => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    /// From here on this process sends; until the returned guard is dropped.
    pub(super) fn open(&self) -> (mpsc::UnboundedReceiver<Posted>, Open) {
        let (sender, posted) = mpsc::unbounded_channel();
        *self.sender.write().unwrap_or_else(PoisonError::into_inner) = Some(sender);
        (posted, Open(Arc::clone(&self.sender)))
    }
}

/// This process sends while this lives.
pub(super) struct Open(Arc<RwLock<Option<mpsc::UnboundedSender<Posted>>>>);

impl Drop for Open {
    fn drop(&mut self) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
