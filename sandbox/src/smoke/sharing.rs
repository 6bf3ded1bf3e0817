//! Work enough to see whether replicas share it.

use anyhow::{Context, Result};
use chassis::bus::Bus;
use chassis::settings::{BusFaults, Endpoint, Nats as NatsSettings, Value};
use chassis::{Outgoing, topology};
use proto::{
    Service, frame,
    oracle::{FollowAddress, RegisterWatch},
};

use super::play::Evening;

/// Messages of a service over which the shares of its replicas are counted: the ten rooms of an evening
/// make so many for settlement-svc, and more for most others. Of so many that come to one of two by
/// chance, less than a fifth come to one of them four times in a hundred thousand.
pub const ENOUGH_TO_SHARE: u32 = 40;

impl Evening<'_> {
    /// Of all services only oracle-svc hears less than enough in an evening, about two messages for a
    /// room. So each room is registered with it again, several times, as room-svc does while it has no
    /// answer: that must change nothing, and is work like any other. Its role `polymarket` hears nothing at all: it is told as
    /// often not to follow a wallet that nobody tracks.
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
        let enough = usize::try_from(ENOUGH_TO_SHARE)?;
        let watches =
            watches.iter().cycle().take(enough).map(|watch| Outgoing::command(watch).into_message());
        let nobody = FollowAddress { address: format!("0x{}", "0".repeat(40)), version: 1, follow: false };
        let followings = (0..enough).map(|_| Outgoing::command(&nobody).into_message());
        let messages: Vec<frame::Message> = watches.chain(followings).collect();
        self.tale.tell("", format_args!("watches and followings are repeated, {} messages", messages.len()));
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
        for consumer in ["oracle-commands", "polymarket-commands"] {
            self.until(consumer, || async {
                let consumer = stream.consumer_info(consumer).await;
                consumer.is_ok_and(|consumer| consumer.num_pending == 0 && consumer.num_ack_pending == 0)
            })
            .await?;
        }
        Ok(())
    }
}
