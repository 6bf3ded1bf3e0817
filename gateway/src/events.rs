//! What the gateway obeys and follows: notices to deliver, and the outcomes of its requests.

use crate::{
    commands::{CONTACT, REFERRER, REQUEST},
    store::{arenas, deliveries, requests},
};
use async_trait::async_trait;
use chassis::{Delivery, Fault, Handler, Unit};
use prost::Message as _;
use proto::gateway::Delivered;
use std::sync::Arc;
use tokio::sync::Notify;
use uuid::Uuid;

chassis::incoming! {
    /// What comes in by the broker.
    pub enum Incoming {
        /// Say this in a chat.
        Deliver(proto::gateway::Deliver),
        /// What became of commands, ours among them.
        Outcomes(proto::common::Outcomes),
        /// A group is to host the players of a room, or nobody any more.
        ArrangeArena(proto::gateway::ArrangeArena),
    }
}

/// Writes what came in and wakes who acts on it.
#[derive(Debug, Default)]
pub struct Inbound {
    /// Notices were taken in.
    pub notices: Arc<Notify>,
    /// Requests were decided.
    pub decided: Arc<Notify>,
    /// Groups are to be arranged.
    pub arenas: Arc<Notify>,
}

#[async_trait]
impl Handler for Inbound {
    type Message = Incoming;
    type Prepared = ();

    async fn prepare(&self, _: &[Delivery<Incoming>]) -> Result<(), Fault> {
        Ok(())
    }

    async fn handle(&self, unit: &mut Unit, batch: &[Delivery<Incoming>], (): ()) -> Result<(), Fault> {
        let mut outcomes: Vec<(Uuid, Vec<u8>)> = Vec::new();
        let mut groups = Vec::new();
        for delivery in batch {
            match &delivery.message {
                Incoming::Deliver(deliver) => {
                    let now = unit.now().await?;
                    // A repeat of what has ended already asks for its fate.
                    let entered = deliveries::enter(unit.conn(), deliver, &delivery.traceparent, now).await?;
                    if let Some(end) = entered {
                        unit.event(&delivered(&deliver.notification_id, &end));
                    }
                }
                Incoming::Outcomes(told) => outcomes.extend(told.items.iter().filter_map(|outcome| {
                    Some((Uuid::from_slice(&outcome.command_id).ok()?, outcome.encode_to_vec()))
                })),
                Incoming::ArrangeArena(command) => groups.push(command),
            }
        }
        // Rows in one order, whoever else takes them.
        groups.sort_by_key(|command| (command.chat_id, command.version));
        for command in groups {
            let now = unit.now().await?;
            if let Some(arranged) = arenas::enter(unit.conn(), command, now).await? {
                unit.event(&arranged);
            }
            self.arenas.notify_one();
        }
        if !outcomes.is_empty() {
            let now = unit.now().await?;
            requests::decide(unit.conn(), &outcomes, now).await?;
            let mut ids: Vec<Uuid> = outcomes.into_iter().map(|(id, _)| id).collect();
            ids.sort_unstable();
            unit.settled_all(REQUEST, &ids).await?;
            unit.settled_all(CONTACT, &ids).await?;
            // A code that is nobody's, or comes too late, is settled as well: nobody is kept from anything by it.
            unit.settled_all(REFERRER, &ids).await?;
            self.decided.notify_one();
        }
        self.notices.notify_one();
        Ok(())
    }
}

/// The event that answers `deliver`.
#[must_use]
pub fn delivered(notification_id: &[u8], end: &deliveries::End) -> Delivered {
    Delivered {
        notification_id: notification_id.to_vec(),
        state: end.state().into(),
        error: end.error().to_owned(),
    }
}
