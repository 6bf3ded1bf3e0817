//! Headers: CloudEvents 1.0 in binary mode over NATS, and four of our own.
//! <https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/nats-protocol-binding.md>

use crate::Fault;
use async_nats::{HeaderMap, header::NATS_MESSAGE_ID, jetstream::message::PublishMessage};
use proto::{Command, Event, Service, frame};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use uuid::Uuid;

pub(super) const ID: &str = "ce-id";
pub(super) const TYPE: &str = "ce-type";
const SPEC_VERSION: &str = "ce-specversion";
const SOURCE: &str = "ce-source";
const SUBJECT: &str = "ce-subject";
pub(super) const TIME: &str = "ce-time";
pub(super) const TRACE_PARENT: &str = "traceparent";
pub(super) const ACTOR: &str = "rooms-actor";
pub(super) const REPLY_TO: &str = "rooms-reply-to";
/// Unix microseconds.
pub(super) const EXPIRES_AT: &str = "rooms-expires-at";

/// A command on its way into an outbox frame, with what only its sender knows.
#[derive(Clone, Debug)]
pub struct Outgoing(frame::Message);

impl Outgoing {
    /// A command with a fresh id that asks for no outcome and never expires.
    pub fn command<C: Command>(command: &C) -> Self {
        Self(frame::Message {
            subject: command.subject(),
            id: Uuid::now_v7().as_bytes().to_vec(),
            r#type: C::full_name(),
            payload: command.encode_to_vec(),
            key: command.key().to_vec(),
            ..Default::default()
        })
    }

    pub(crate) fn event<E: Event>(event: &E) -> Self {
        Self::message(event.subject(), E::full_name(), event.encode_to_vec(), event.key())
    }

    pub(crate) fn message(subject: String, r#type: String, payload: Vec<u8>, key: &[u8]) -> Self {
        let id = Uuid::now_v7().as_bytes().to_vec();
        Self(frame::Message { subject, id, r#type, payload, key: key.to_vec(), ..Default::default() })
    }

    /// Takes the id from the intent behind the command, so that a second tap is the same command.
    #[must_use]
    pub fn id(mut self, id: Uuid) -> Self {
        self.0.id = id.as_bytes().to_vec();
        self
    }

    /// Asks for the outcome.
    #[must_use]
    pub fn reply_to(mut self, service: Service) -> Self {
        service.token().clone_into(&mut self.0.reply_to);
        self
    }

    /// Refused if it arrives later. For users' commands only: a saga's never expires.
    #[must_use]
    pub fn expires_at(mut self, at: OffsetDateTime) -> Self {
        self.0.expires_at_us = micros(at);
        self
    }

    /// Who caused it.
    #[must_use]
    pub fn actor(mut self, actor: impl Into<String>) -> Self {
        self.0.actor = actor.into();
        self
    }

    /// The message as it goes into a frame.
    #[must_use]
    pub fn into_message(self) -> frame::Message {
        self.0
    }
}

pub(crate) fn micros(at: OffsetDateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos() / 1_000).unwrap_or(i64::MAX)
}

pub(crate) fn from_micros(micros: i64) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1_000).ok()
}

pub(super) fn outbound(
    service: Service,
    message: &frame::Message,
    attempt: &str,
    round: &str,
) -> Result<PublishMessage, Fault> {
    let id = Uuid::from_slice(&message.id).map_err(|_| Fault::bug("a message without an id"))?;
    let mut headers = HeaderMap::new();
    headers.insert(NATS_MESSAGE_ID, format!("{id}{attempt}{round}"));
    headers.insert(SPEC_VERSION, "1.0");
    headers.insert(ID, id.to_string());
    headers.insert(TYPE, message.r#type.as_str());
    headers.insert(SOURCE, format!("/rooms/{service}"));
    if let Ok(key) = Uuid::from_slice(&message.key) {
        headers.insert(SUBJECT, key.to_string());
    }
    if let Some(at) = from_micros(message.at_us).and_then(|at| at.format(&Rfc3339).ok()) {
        headers.insert(TIME, at);
    }
    for (name, value) in
        [(TRACE_PARENT, &message.traceparent), (ACTOR, &message.actor), (REPLY_TO, &message.reply_to)]
    {
        if !value.is_empty() {
            headers.insert(name, value.as_str());
        }
    }
    if message.expires_at_us != 0 {
        headers.insert(EXPIRES_AT, message.expires_at_us.to_string());
    }
    Ok(PublishMessage::build().headers(headers).payload(message.payload.clone().into()))
}
