//! Work enough to see whether replicas share it.

use anyhow::{Context, Result};
use chassis::bus::Bus;
use chassis::settings::{BusFaults, Endpoint, Nats as NatsSettings, Value};
use chassis::{Outgoing, topology};
use proto::{Service, frame, oracle::RegisterWatch};

use super::play::Evening;

/// Messages of a service over which the shares of its replicas are counted: the ten rooms of an evening
/// make so many for settlement-svc, and more for most others. Of so many that come to one of two by
/// chance, less than a fifth come to one of them four times in a hundred thousand.
pub const ENOUGH_TO_SHARE: u32 = 40;

impl Evening<'_> {
    /// Of all services only oracle-svc hears less than enough in an evening, about two messages for a
    /// room. So each room is registered with it again, several times, as room-svc does while it has no
    /// answer: that must change nothing, and is work like any other.
    ///
    /// # Errors
    /// The broker does not take the commands, or they are not obeyed.
    pub async fn repeat_watches(&self) -> Result<()> {
        if self.faults.replicas() < 2 {
            return Ok(());
        }
        let mut watches = Vec::new();
        for room in self.all_rooms() {
            let read = self.read(room).await.context("room-svc does not answer")?;
            watches.push(RegisterWatch { room_id: read.room_id, terms: read.terms });
        }
        let messages: Vec<frame::Message> = watches
            .iter()
            .cycle()
            .take(usize::try_from(ENOUGH_TO_SHARE)?)
            .map(|watch| Outgoing::command(watch).into_message())
            .collect();
        self.tale.tell("", format_args!("{} watches are registered again", messages.len()));
        let url = Endpoint::parse(&self.world.addresses().nats).map_err(anyhow::Error::msg)?;
        let settings = NatsSettings { urls: vec![url], replicas: 1, ca_file: None };
        let bus = Bus::connect(Service::Room, &settings, BusFaults::None)
            .await
            .map_err(anyhow::Error::from_boxed)?;
        // One by one, as they come in an evening.
        for message in &messages {
            bus.publish(&[(message, "")]).await?;
        }
        let stream = bus.context().get_stream(topology::command_stream(Service::Oracle)).await?;
        self.until("the watches are registered", || async {
            let consumer = stream.consumer_info("oracle-commands").await;
            consumer.is_ok_and(|consumer| consumer.num_pending == 0 && consumer.num_ack_pending == 0)
        })
        .await
    }
}
