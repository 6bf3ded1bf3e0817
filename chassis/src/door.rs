//! The second door to a service's inbox: a command that comes over gRPC instead of the broker.
//!
//! An operator waits for an answer, so the question is a call; but what is done must be done once, so the call hands the
//! command to the broker under the id that the operator chose and waits for the outcome that the writer stores. Whoever
//! asks again with the same id, through either door, is told the same.

use crate::{
    Clock, Db, Fault,
    bus::{Bus, Outgoing, micros, request_hash},
    clock::monotonic,
    grpc, telemetry,
};
use prost::Message as _;
use proto::{Command, CommandId, Malformed, common::Outcome};
use std::time::Duration;
use tonic::Status;
use uuid::Uuid;

/// How long a call waits for the outcome: what is left of its deadline is for the way back.
const PATIENCE: Duration = Duration::from_secs(4);
const _: () = assert!(PATIENCE.as_secs() < grpc::DEADLINE.as_secs());

/// Between two looks at the inbox.
const PAUSE: Duration = Duration::from_millis(15);
const PAUSE_MAX: Duration = Duration::from_millis(250);
/// How long the broker may take to keep a command before it is published again.
const PUBLISH_WITHIN: Duration = Duration::from_secs(1);

/// Takes commands over gRPC. Cloning is cheap.
#[derive(Clone)]
pub struct Door {
    pub(crate) db: Db,
    pub(crate) bus: Bus,
    pub(crate) clock: Clock,
}

/// What the inbox says of an id.
pub(crate) enum Seen {
    Nothing,
    Pending,
    Answered(Outcome),
    /// It came with another body.
    Another,
}

impl Door {
    /// Hands a command in under the id of its request and waits for its outcome. `actor` is who asks, for the log.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` where the id is none; `ALREADY_EXISTS` where it came before with another body; `UNAVAILABLE`
    /// where the outcome is not there in time: the same call with the same id finds it later.
    pub async fn enter<C: Command>(
        &self,
        request_id: &[u8],
        actor: &str,
        command: &C,
    ) -> Result<Outcome, Status> {
        let id = CommandId::try_from_bytes(request_id)
            .map_err(|_| Status::invalid_argument("request_id is not 16 bytes of a UUID"))?
            .uuid();
        let asked_at = monotonic();
        let mut pause = PAUSE;
        let mut published = false;
        while asked_at.elapsed() + pause < PATIENCE {
            match self.look::<C>(id, command).await.map_err(grpc::Unanswered::from)? {
                Seen::Answered(outcome) => return Ok(outcome),
                Seen::Another => {
                    return Err(Status::already_exists(format!(
                        "request {id} came before with another body"
                    )));
                }
                Seen::Nothing if !published => match self.publish(id, actor, command).await {
                    Ok(()) => published = true,
                    // A broker that starts, fails over or lost its streams is back in a moment.
                    Err(fault @ Fault::Upstream { .. }) => {
                        tracing::warn!(error = fault.chain(), "a call's command is not published yet");
                    }
                    Err(fault) => return Err(grpc::Unanswered::from(fault).into()),
                },
                Seen::Nothing | Seen::Pending => {}
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
        Err(Status::unavailable("still working, ask again with the same id"))
    }

    async fn look<C: Command>(&self, id: Uuid, command: &C) -> Result<Seen, Fault> {
        self.seen(id, request_hash(&C::full_name(), &command.encode_to_vec())).await
    }

    /// What the inbox says of an id that comes with a body of this hash.
    pub(crate) async fn seen(&self, id: Uuid, ours: Uuid) -> Result<Seen, Fault> {
        let row: Option<(Uuid, Option<Vec<u8>>)> = sqlx::query_as(
            "SELECT i.request_hash, o.body FROM inbox i LEFT JOIN outcome o ON o.command_id = i.id WHERE i.id = $1",
        )
        .bind(id)
        .fetch_optional(self.db.pool())
        .await?;
        Ok(match row {
            None => Seen::Nothing,
            Some((hash, _)) if hash != ours => Seen::Another,
            Some((_, None)) => Seen::Pending,
            Some((_, Some(body))) => Seen::Answered(
                Outcome::decode(body.as_slice())
                    .map_err(|_| Malformed("a stored outcome does not decode"))?,
            ),
        })
    }

    /// Publishes without an outbox: there is no effect yet that could be lost, and the caller asks again. The broker
    /// drops the repeat of an id that it still has.
    async fn publish<C: Command>(&self, id: Uuid, actor: &str, command: &C) -> Result<(), Fault> {
        // Without somebody to reply to, no outcome would be stored.
        let outgoing = Outgoing::command(command).id(id).actor(actor).reply_to(self.bus.service());
        let mut message = outgoing.into_message();
        message.at_us = micros(self.clock.now());
        message.traceparent = telemetry::traceparent().unwrap_or_default();
        let kept = tokio::time::timeout(PUBLISH_WITHIN, self.bus.publish(&[(&message, "")])).await;
        kept.unwrap_or_else(|late| Err(Fault::upstream("broker", late)))
    }
}
