//! The writer loop: what is waiting becomes one batch, one transaction, one frame.
//!
//! A fault that blames nobody (database or broker away, a lost lock race) pauses the loop and the
//! same batch is tried again. A fault that blames a message halves the batch until the message is
//! alone; alone it gets three attempts and is then buried as a dead letter, so that one bad
//! message delays its neighbours by milliseconds and never for ever.

use crate::{
    Db, Delivery, Fault, Incoming, Unit,
    bus::{Bus, Raw, fetch},
    clock::{Clock, monotonic},
    fault::Blame,
    inbox::{self, Before},
    letters, measures, steps,
    tasks::{Stage, Tasks},
    telemetry, topology,
};
use async_nats::jetstream::{AckKind, message::Acker};
use async_trait::async_trait;
use futures::FutureExt;
use proto::{Refusal, common::RefusalCode};
use std::{
    collections::{HashMap, HashSet, VecDeque},
    convert::Infallible,
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::{Mutex, mpsc};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;
use uuid::Uuid;

/// Attempts of a message that is alone and to blame.
const BLAMED_ATTEMPTS: u32 = 3;

/// A message delivered this often is handled alone: it may have killed a process, which no
/// handler can report.
const SUSPECT_DELIVERIES: i64 = 3;

/// Held messages are kept from redelivery well before `ack_wait` ends.
const PROGRESS_EVERY: Duration = Duration::from_secs(10);

/// Delay of a message whose prerequisite is missing.
const LATER: Duration = Duration::from_millis(300);

/// Between two looks for dead letters that are to be handled again.
const LETTERS_EVERY: Duration = Duration::from_secs(2);

/// What a service does with its messages.
#[async_trait]
pub trait Handler: Send + Sync + 'static {
    /// The messages it takes in, usually by `incoming!`.
    type Message: Incoming;
    /// Answers of others that the batch needs, `()` for none.
    type Prepared: Send;
    /// Most messages in one transaction.
    const BATCH: usize = topology::BATCH;
    /// Transactions side by side in one process. More than one is for messages that may come in any order.
    const WRITERS: usize = 1;

    /// Asks other services, before the transaction begins.
    async fn prepare(&self, batch: &[Delivery<Self::Message>]) -> Result<Self::Prepared, Fault>;

    /// Writes all effects of the batch. Deliveries come in order and each sees the effects of its
    /// predecessors; effects are idempotent by keys of their own, whatever the inbox says.
    async fn handle(
        &self,
        unit: &mut Unit,
        batch: &[Delivery<Self::Message>],
        prepared: Self::Prepared,
    ) -> Result<(), Fault>;
}

/// Runs a handler over some consumers of the topology.
pub struct Writer<H> {
    /// Decides and writes.
    pub handler: H,
    /// Its database.
    pub db: Db,
    /// Its broker.
    pub bus: Bus,
    /// For the expiry of users' commands.
    pub clock: Clock,
    /// Names of the consumers that feed it.
    pub consumers: &'static [&'static str],
}

/// A message of a batch with everybody to tell about it: repeats join their first.
struct Held {
    raw: Raw,
    repeats: Vec<Arc<Acker>>,
}

impl Held {
    async fn acknowledge(&self, kind: AckKind) {
        for acker in self.repeats.iter().chain(&self.raw.acker) {
            if let Err(error) = acker.ack_with(kind).await {
                tracing::debug!(%error, "not acknowledged; the inbox takes the repeat");
            }
        }
    }
}

impl<H: Handler> Writer<H> {
    /// Spawns the pulls and the loop. The pulls stop first; the loop then finishes what they took.
    pub fn spawn(self, tasks: &Tasks, name: &'static str) {
        let (sink, waiting) = mpsc::channel(2 * topology::BATCH);
        for consumer in self.consumers {
            let stop = tasks.stopping(Stage::Intake);
            let pull = fetch(self.bus.clone(), consumer, sink.clone(), stop);
            tasks.spawn(Stage::Intake, consumer, async move {
                pull.await;
                Ok::<(), Infallible>(())
            });
        }
        let writer = Arc::new(self);
        let waiting = Arc::new(Mutex::new(waiting));
        let (again, stop) = (writer.clone(), tasks.stopping(Stage::Intake));
        tasks.spawn(Stage::Intake, "letters", async move {
            again.replay(stop).await;
            Ok::<(), Infallible>(())
        });
        for _ in 0..H::WRITERS {
            let stop = tasks.stopping(Stage::Writers);
            let (writer, waiting) = (writer.clone(), waiting.clone());
            tasks.spawn(Stage::Writers, name, async move {
                writer.run(&waiting, stop).await;
                Ok::<(), Infallible>(())
            });
        }
    }

    async fn run(&self, waiting: &Mutex<mpsc::Receiver<Raw>>, stop: CancellationToken) {
        let mut taken = Vec::with_capacity(H::BATCH);
        while waiting.lock().await.recv_many(&mut taken, H::BATCH).await > 0 {
            self.write(without_repeats(&mut taken), &stop).await;
        }
    }

    /// Handles dead letters again that operators want to be, each alone.
    async fn replay(&self, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(LETTERS_EVERY) => {}
            }
            match letters::asked(&self.db, self.consumers).await {
                Ok(letters) => {
                    for raw in letters {
                        self.write(vec![Held { raw, repeats: Vec::new() }], &stop).await;
                    }
                }
                Err(fault) => tracing::warn!(error = fault.chain(), "dead letters are not looked at"),
            }
        }
    }

    /// Brings a batch to its end: every message is committed, delayed or buried.
    async fn write(&self, batch: Vec<Held>, stop: &CancellationToken) {
        let mut ids = HashSet::with_capacity(batch.len());
        // An id that comes twice with two bodies must meet its own inbox row, so in another
        // transaction.
        let (suspects, ordinary): (Vec<_>, Vec<_>) = batch
            .into_iter()
            .partition(|held| held.raw.delivered >= SUSPECT_DELIVERIES || !ids.insert(held.raw.id));
        let mut groups: VecDeque<Vec<Held>> = suspects.into_iter().map(|held| vec![held]).collect();
        groups.push_front(ordinary);
        let mut blamed: HashMap<Uuid, u32> = HashMap::new();
        let mut pause = Duration::from_millis(50);
        let mut progress = monotonic();
        while let Some(mut group) = groups.pop_front() {
            if group.is_empty() {
                continue;
            }
            let Err(fault) = self.attempt(&group).await else {
                pause = Duration::from_millis(50);
                continue;
            };
            if fault.blame() == Blame::Nobody {
                tracing::warn!(batch = group.len(), error = fault.chain(), "batch waits");
                metrics::counter!("rooms_batch_retries_total", "cause" => cause(&fault)).increment(1);
                groups.push_front(group);
                keep_held(&groups, &mut progress).await;
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(pause) => {}
                }
                pause = (pause * 2).min(Duration::from_secs(2));
            } else if group.len() > 1 {
                let rest = group.split_off(group.len() / 2);
                groups.push_front(rest);
                groups.push_front(group);
            } else if let Some(held) = group.first() {
                let attempts = blamed.entry(held.raw.id).or_default();
                *attempts += 1;
                tracing::warn!(message = %held.raw.id, attempts, error = fault.chain(), "message failed alone");
                if *attempts < BLAMED_ATTEMPTS || self.bury(held, &fault.chain()).await.is_err() {
                    groups.push_front(group);
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
        }
    }

    /// One transaction over a group. Everything or nothing.
    async fn attempt(&self, group: &[Held]) -> Result<(), Fault> {
        steps::reach("batch.taken");
        let span = self.span(group);
        let began = monotonic();
        let work = AssertUnwindSafe(self.transact(group).instrument(span)).catch_unwind();
        let later = work.await.unwrap_or_else(|panic| Err(Fault::bug(panic_text(&*panic))))?;
        metrics::histogram!("rooms_batch_seconds").record(began.elapsed().as_secs_f64());
        steps::reach("batch.committed");
        for held in group {
            if later.contains(&held.raw.id) {
                held.acknowledge(AckKind::Nak(Some(LATER))).await;
            } else {
                measures::handled(H::Message::label(&held.raw.kind), held.raw.arrived.elapsed());
                held.acknowledge(AckKind::Ack).await;
            }
        }
        Ok(())
    }

    /// A batch belongs to the trace of its first message, whose name it has, and names those of the others.
    fn span(&self, group: &[Held]) -> tracing::Span {
        let mut raws = group.iter().map(|held| &held.raw);
        let first = raws.next();
        let name = first.map_or(measures::UNKNOWN, |first| H::Message::label(&first.kind));
        let service = self.db.service();
        let span = tracing::info_span!("batch", otel.name = name, otel.kind = "consumer", size = group.len(), %service);
        if let Some(first) = first {
            telemetry::follow_traceparent(&span, &first.traceparent);
        }
        for other in raws.filter(|other| !other.traceparent.is_empty()) {
            telemetry::link_traceparent(&span, &other.traceparent);
        }
        span
    }

    async fn transact(&self, group: &[Held]) -> Result<Vec<Uuid>, Fault> {
        let mut decoded = Vec::with_capacity(group.len());
        for held in group {
            let raw = &held.raw;
            if raw.id.is_nil() {
                return Err(proto::Malformed("message without an id").into());
            }
            decoded.push(Delivery {
                id: raw.id,
                message: H::Message::decode(&raw.kind, &raw.payload)?,
                repeat: false,
                actor: raw.actor.clone(),
                reply_to: raw.reply_to.clone(),
                at: raw.at,
                traceparent: raw.traceparent.clone(),
            });
        }
        let prepared = self.handler.prepare(&decoded).await?;
        let mut unit = self.db.unit().await?;
        let mut before = inbox::enter(&mut unit, group.iter().map(|held| &held.raw)).await?;
        let mut batch = Vec::with_capacity(decoded.len());
        for (mut delivery, held) in decoded.into_iter().zip(group) {
            match before.remove(&delivery.id) {
                Some(Before::Conflict) => {
                    self.bury_in(&mut unit, &held.raw, "the same id came before with another body").await?;
                    continue;
                }
                Some(Before::Answered(outcome)) => {
                    unit.measure(delivery.id, None);
                    unit.answer(outcome);
                    continue;
                }
                Some(Before::Pending) => {
                    unit.measure(delivery.id, None);
                    delivery.repeat = true;
                }
                None => {
                    unit.measure(delivery.id, Some(H::Message::label(&held.raw.kind)));
                    if held.raw.expires_at.is_some_and(|at| at < self.clock.now()) {
                        unit.refuse(&delivery, &Refusal::new(RefusalCode::Expired));
                        continue;
                    }
                }
            }
            batch.push(delivery);
        }
        if !batch.is_empty() {
            self.handler.handle(&mut unit, &batch, prepared).await?;
        }
        let later = batch.iter().map(|delivery| delivery.id).filter(|id| unit.is_later(id)).collect();
        let read = group.iter().filter(|held| held.raw.is_letter()).map(|held| held.raw.id);
        let handled: Vec<Uuid> = read.filter(|id| !unit.is_later(id)).collect();
        for id in handled {
            letters::handled(&mut unit, id).await?;
        }
        steps::reach("batch.decided");
        unit.commit().await?;
        Ok(later)
    }

    async fn bury(&self, held: &Held, reason: &str) -> Result<(), Fault> {
        let mut unit = self.db.unit().await?;
        self.bury_in(&mut unit, &held.raw, reason).await?;
        unit.commit().await?;
        held.acknowledge(AckKind::Ack).await;
        Ok(())
    }

    async fn bury_in(&self, unit: &mut Unit, raw: &Raw, reason: &str) -> Result<(), Fault> {
        tracing::error!(message = %raw.id, subject = raw.subject, reason, "dead letter");
        let label = H::Message::label(&raw.kind);
        unit.count(metrics::counter!("rooms_dead_letters_total", "message" => label), 1);
        letters::bury(unit, raw, reason).await
    }
}

/// Joins messages of the same id to the first of them.
fn without_repeats(taken: &mut Vec<Raw>) -> Vec<Held> {
    let mut places: HashMap<Uuid, usize> = HashMap::with_capacity(taken.len());
    let mut batch: Vec<Held> = Vec::with_capacity(taken.len());
    for raw in taken.drain(..) {
        let first = places.get(&raw.id).and_then(|place| batch.get_mut(*place));
        match first.filter(|first| first.raw.payload == raw.payload) {
            Some(first) => first.repeats.extend(raw.acker),
            None => {
                places.entry(raw.id).or_insert(batch.len());
                batch.push(Held { raw, repeats: Vec::new() });
            }
        }
    }
    batch
}

/// An outage of ours must not look like deliveries that failed.
async fn keep_held(groups: &VecDeque<Vec<Held>>, progress: &mut Instant) {
    if progress.elapsed() > PROGRESS_EVERY {
        *progress = monotonic();
        for held in groups.iter().flatten() {
            held.acknowledge(AckKind::Progress).await;
        }
    }
}

fn cause(fault: &Fault) -> &'static str {
    match fault {
        Fault::Store(sqlx::Error::Database(error)) => match error.code().as_deref() {
            Some("40P01") => "deadlock",
            Some("40001") => "serialization",
            _ => "database",
        },
        Fault::Store(_) => "database",
        Fault::LeaseLost(_) => "lease",
        _ => "upstream",
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    format!("panic: {}", text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default())
}
