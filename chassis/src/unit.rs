//! One transaction with everything that must commit together: effects, inbox, stored outcomes,
//! issued commands, and the frame of messages that it sends.

use crate::{
    Delivery, Fault, Pool, access, audit,
    bus::Outgoing,
    measures,
    outbox::{Relay, Sent},
    telemetry,
};
use metrics::Counter;
use prost::Message;
use proto::{
    Command, Event, Refusal, Service,
    common::{Outcome, Outcomes, RefusalCode, outcome},
    frame::{self, Frame},
};
use sqlx::{PgConnection, Postgres, Transaction};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

/// Bounds every statement and every pause, so that a transaction that outlived its request by
/// seconds cannot commit it.
const BEGIN: &str =
    "BEGIN; SET LOCAL statement_timeout = '4s'; SET LOCAL idle_in_transaction_session_timeout = '4s'";

/// Outcomes of one message, below the broker's limit on its size.
const OUTCOMES_PER_MESSAGE: usize = 1_000;

/// A unit of work. Dropping it rolls back.
pub struct Unit {
    service: Service,
    tx: Transaction<'static, Postgres>,
    relay: Relay,
    messages: Vec<frame::Message>,
    outcomes: Vec<Outcome>,
    stored: Vec<(Uuid, Vec<u8>)>,
    later: HashSet<Uuid>,
    audit: Vec<audit::Said>,
    measured: HashMap<Uuid, Option<&'static str>>,
    counted: Vec<(Counter, u64)>,
    now: Option<OffsetDateTime>,
    actor: String,
}

impl Unit {
    pub(crate) async fn begin(pool: &Pool, service: Service, relay: Relay) -> Result<Self, Fault> {
        Ok(Self {
            service,
            tx: pool.begin_with(BEGIN).await?,
            relay,
            messages: Vec::new(),
            outcomes: Vec::new(),
            stored: Vec::new(),
            later: HashSet::new(),
            audit: Vec::new(),
            measured: HashMap::new(),
            counted: Vec::new(),
            now: None,
            actor: service.token().to_owned(),
        })
    }

    /// The connection inside the transaction.
    pub fn conn(&mut self) -> &mut PgConnection {
        &mut self.tx
    }

    /// The database clock, read once. Call it after taking locks: what happens while a
    /// transaction waits for a lock happens before it.
    ///
    /// # Errors
    /// The database is away.
    pub async fn now(&mut self) -> Result<OffsetDateTime, Fault> {
        if let Some(now) = self.now {
            return Ok(now);
        }
        let now = sqlx::query_scalar("SELECT db_clock()").fetch_one(&mut *self.tx).await?;
        self.now = Some(now);
        Ok(now)
    }

    /// Names who caused what follows, for headers and logs.
    pub fn actor(&mut self, actor: impl Into<String>) {
        self.actor = actor.into();
    }

    /// Tells spectators.
    pub fn event<E: Event>(&mut self, event: &E) {
        self.send(Outgoing::event(event));
    }

    /// Sends a command once. What must be obeyed is issued instead.
    pub fn command<C: Command>(&mut self, command: &C) {
        self.send(Outgoing::command(command));
    }

    /// Sends a prepared command once.
    pub fn send(&mut self, outgoing: Outgoing) {
        let mut message = outgoing.into_message();
        if message.actor.is_empty() {
            message.actor.clone_from(&self.actor);
        }
        message.traceparent = telemetry::traceparent().unwrap_or_default();
        self.declared(&message);
        self.messages.push(message);
    }

    /// The broker refuses what [`access`] does not declare, and a message that it refuses keeps its frame in the outbox:
    /// better found by any test than there.
    fn declared(&self, message: &frame::Message) {
        debug_assert!(
            access::may_publish(self.service, &message.subject),
            "{} may not publish {}: see chassis/src/access.rs",
            self.service,
            message.subject,
        );
    }

    /// Issues a command: sent now, and again byte for byte until `settled` is called for the same
    /// saga and key. A key that is issued already is left as it is.
    ///
    /// # Errors
    /// The database.
    pub async fn issue<C: Command>(
        &mut self,
        saga: &'static str,
        key: Uuid,
        command: &C,
    ) -> Result<(), Fault> {
        self.issue_all(saga, vec![(key, Outgoing::command(command))]).await
    }

    /// Issues many commands of one saga with two statements.
    ///
    /// # Errors
    /// The database.
    pub async fn issue_all(
        &mut self,
        saga: &'static str,
        commands: Vec<(Uuid, Outgoing)>,
    ) -> Result<(), Fault> {
        let mut keys = Vec::with_capacity(commands.len());
        let mut ids = Vec::with_capacity(commands.len());
        let mut bodies = Vec::with_capacity(commands.len());
        let mut messages = Vec::with_capacity(commands.len());
        let at_us = crate::bus::micros(self.now().await?);
        for (key, outgoing) in commands {
            let mut message = outgoing.into_message();
            // Part of the bytes that are repeated.
            message.at_us = at_us;
            if message.actor.is_empty() {
                message.actor.clone_from(&self.actor);
            }
            message.traceparent = telemetry::traceparent().unwrap_or_default();
            self.declared(&message);
            keys.push(key);
            ids.push(Uuid::from_slice(&message.id).map_err(|_| Fault::bug("a command without an id"))?);
            bodies.push(message.encode_to_vec());
            messages.push(message);
        }
        let issued: HashSet<Uuid> = sqlx::query_scalar(
            "INSERT INTO issued (saga, key, command_id, message, issued_at, next_attempt_at)
             SELECT $1, key, id, message, now, now + interval '2 seconds'
             FROM db_clock() AS now, unnest($2::uuid[], $3::uuid[], $4::bytea[]) AS t (key, id, message)
             ORDER BY key
             ON CONFLICT (saga, key) DO NOTHING
             RETURNING command_id",
        )
        .bind(saga)
        .bind(&keys)
        .bind(&ids)
        .bind(&bodies)
        .fetch_all(&mut *self.tx)
        .await?
        .into_iter()
        .collect();
        let fresh =
            ids.iter().zip(messages).filter(|(id, _)| issued.contains(id)).map(|(_, message)| message);
        self.messages.extend(fresh);
        Ok(())
    }

    /// The effect of an issued command was seen.
    ///
    /// # Errors
    /// The database.
    pub async fn settled(&mut self, saga: &'static str, key: Uuid) -> Result<(), Fault> {
        self.settled_all(saga, &[key]).await
    }

    /// The effects of many issued commands were seen.
    ///
    /// # Errors
    /// The database.
    pub async fn settled_all(&mut self, saga: &'static str, keys: &[Uuid]) -> Result<(), Fault> {
        sqlx::query("DELETE FROM issued WHERE saga = $1 AND key = ANY($2)")
            .bind(saga)
            .bind(keys)
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }

    /// Answers a command and stores the answer for its repeats.
    pub fn done<M>(&mut self, delivery: &Delivery<M>, done: &impl Message) {
        self.store(delivery, Outcome::done(delivery.id.as_bytes(), done));
    }

    /// Refuses a command and stores the refusal for its repeats.
    pub fn refuse<M>(&mut self, delivery: &Delivery<M>, refusal: &Refusal) {
        tracing::info!(command = %delivery.id, %refusal, "refused");
        if delivery.reply_to.is_empty() {
            // It is told nobody and stored nowhere, but counts.
            self.count_refusal(delivery.id, refusal.code);
        }
        self.store(delivery, Outcome::refused(delivery.id.as_bytes(), refusal));
    }

    /// Tells an outcome that can be derived from our own rows whenever it is asked for again.
    pub fn answer(&mut self, outcome: Outcome) {
        self.outcomes.push(outcome);
    }

    /// Stores and tells the outcome of a command that was left pending by an earlier transaction.
    pub fn decide(&mut self, command_id: Uuid, outcome: Outcome) {
        self.stored.push((command_id, outcome.encode_to_vec()));
        self.outcomes.push(outcome);
    }

    /// Writes what is decided into the audit log. The record is there with everything else that this transaction
    /// commits, and is sealed soon after. `actor` is an operator's key, an account's id or a service; `action` is in the
    /// words of the command; `subject` is the aggregate's id; `body` holds no secrets.
    pub fn audit(
        &mut self,
        actor: impl Into<String>,
        action: &'static str,
        subject: &[u8],
        body: &serde_json::Value,
    ) {
        let said =
            audit::Said { actor: actor.into(), action, subject: subject.to_vec(), body: body.to_string() };
        self.audit.push(said);
    }

    /// Adds to a counter once all of this is committed.
    pub fn count(&mut self, counter: Counter, by: u64) {
        self.counted.push((counter, by));
    }

    /// The name under which the outcome of a command is measured; nothing for one that was measured before.
    pub(crate) fn measure(&mut self, id: Uuid, name: Option<&'static str>) {
        self.measured.insert(id, name);
    }

    fn count_refusals(&mut self) {
        let refused = |outcome: &Outcome| match &outcome.result {
            Some(outcome::Result::Refused(refusal)) => {
                Some((Uuid::from_slice(&outcome.command_id).unwrap_or_default(), refusal.code()))
            }
            _ => None,
        };
        let refused: Vec<(Uuid, RefusalCode)> = self.outcomes.iter().filter_map(refused).collect();
        for (id, code) in refused {
            self.count_refusal(id, code);
        }
    }

    fn count_refusal(&mut self, id: Uuid, code: RefusalCode) {
        let name = self.measured.get(&id).copied();
        if let Some(message) = name.unwrap_or(Some(measures::EARLIER)) {
            let code = code.as_str_name();
            self.count(metrics::counter!("rooms_refused_total", "message" => message, "code" => code), 1);
        }
    }

    /// Something that this message needs is not there yet: it is delivered again after a while.
    /// Nothing of it may be written.
    pub fn later<M>(&mut self, delivery: &Delivery<M>) {
        self.later.insert(delivery.id);
    }

    pub(crate) fn is_later(&self, id: &Uuid) -> bool {
        self.later.contains(id)
    }

    fn store<M>(&mut self, delivery: &Delivery<M>, outcome: Outcome) {
        if delivery.reply_to.is_empty() {
            return;
        }
        self.decide(delivery.id, outcome);
    }

    /// Commits, then hands the frame to the relay.
    ///
    /// # Errors
    /// The database. After an error of the commit itself it is unknown whether it happened; the
    /// repetition finds out through the inbox.
    pub async fn commit(mut self) -> Result<(), Fault> {
        self.forget_later().await?;
        if !self.audit.is_empty() {
            let (said, now) = (std::mem::take(&mut self.audit), self.now().await?);
            audit::write(&mut self.tx, now, &said).await?;
        }
        self.count_refusals();
        self.write_outcomes().await?;
        let sent = self.write_frame().await?;
        let Self { tx, relay, counted, .. } = self;
        tx.commit().await?;
        for (counter, by) in counted {
            counter.increment(by);
        }
        if let Some(sent) = sent {
            relay.hand_over(sent);
        }
        Ok(())
    }

    async fn forget_later(&mut self) -> Result<(), Fault> {
        if !self.later.is_empty() {
            let ids: Vec<Uuid> = self.later.iter().copied().collect();
            sqlx::query("DELETE FROM inbox WHERE id = ANY($1)").bind(&ids).execute(&mut *self.tx).await?;
        }
        Ok(())
    }

    async fn write_outcomes(&mut self) -> Result<(), Fault> {
        if !self.stored.is_empty() {
            let (ids, bodies): (Vec<Uuid>, Vec<Vec<u8>>) =
                std::mem::take(&mut self.stored).into_iter().unzip();
            sqlx::query(
                "INSERT INTO outcome (command_id, body)
                 SELECT id, body FROM unnest($1::uuid[], $2::bytea[]) AS t (id, body) ORDER BY id
                 ON CONFLICT DO NOTHING",
            )
            .bind(&ids)
            .bind(&bodies)
            .execute(&mut *self.tx)
            .await?;
        }
        let mut outcomes = std::mem::take(&mut self.outcomes).into_iter().peekable();
        while outcomes.peek().is_some() {
            let message = Outcomes { items: outcomes.by_ref().take(OUTCOMES_PER_MESSAGE).collect() };
            let subject = Outcomes::subject(self.service);
            let key = message.items.first().map(|item| item.command_id.clone()).unwrap_or_default();
            self.send(Outgoing::message(
                subject,
                <Outcomes as prost::Name>::full_name(),
                message.encode_to_vec(),
                &key,
            ));
        }
        Ok(())
    }

    async fn write_frame(&mut self) -> Result<Option<Sent>, Fault> {
        if self.messages.is_empty() {
            return Ok(None);
        }
        let now = self.now().await?;
        for message in &mut self.messages {
            message.at_us = crate::bus::micros(now);
        }
        let frame = Frame { messages: std::mem::take(&mut self.messages) };
        let id = Uuid::now_v7();
        let day: Date = sqlx::query_scalar(
            "INSERT INTO outbox (day, id, frame, created_at)
             SELECT (now AT TIME ZONE 'UTC')::date, $1, $2, now FROM db_clock() AS now
             RETURNING day",
        )
        .bind(id)
        .bind(frame.encode_to_vec())
        .fetch_one(&mut *self.tx)
        .await?;
        Ok(Some(Sent { day, id, messages: Arc::from(frame.messages) }))
    }
}
