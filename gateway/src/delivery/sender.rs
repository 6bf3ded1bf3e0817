//! The one that speaks to Telegram, while it holds the lease.

use super::notices::Addressed;
use super::{
    Courier, Fate, Letter, Post,
    handed::Handed,
    notices::Notices,
    post::{HAND_OVER, Posted},
    schedule::{Kind, Lane, Next, Schedule, Ticket},
};
use crate::{settings::Limits, vault::Vault};
use chassis::{Clock, Db, Fault, Held, clock::monotonic, settings::Network};
use futures::StreamExt as _;
use std::{
    collections::HashSet,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    sync::{Notify, oneshot},
    task::JoinSet,
};
use uuid::Uuid;

/// Notices taken from the database at a time; notifier-svc has at most 64 outstanding anyway.
const NOTICES_IN_HAND: usize = 64;

/// How often the database is asked for notices when nothing wakes the sender.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// What the sender before has sent still counts at Telegram for so long.
const REST: Duration = Duration::from_secs(1);

/// An interactive message that did not reach Telegram is tried so often.
const ATTEMPTS: u32 = 3;

/// Everything the sender needs.
#[derive(Clone)]
pub struct Sender {
    /// Calls Telegram.
    pub courier: Courier,
    /// Where messages are dropped.
    pub post: Post,
    /// Notices and their fates.
    pub db: Db,
    /// Where people are reached.
    pub vault: Arc<Vault>,
    /// When notices are due.
    pub clock: Clock,
    /// Takes messages of other replicas.
    pub broker: async_nats::Client,
    /// Telegram's limits.
    pub limits: Limits,
    /// For links to signatures.
    pub network: Network,
    /// Notices were taken in.
    pub notices: Arc<Notify>,
}

/// What a ticket carries.
enum Load {
    Letter { letter: Letter, tell: oneshot::Sender<Fate>, attempts: u32 },
    Notice(Box<Addressed>),
}

/// A call that ended.
enum Ended {
    Letter { ticket: Ticket<Load>, fate: Fate },
    Notice { chat: i64, id: Uuid, answered: Instant, outcome: Result<Option<Duration>, Fault> },
}

impl Sender {
    /// Sends until the lease is lost.
    ///
    /// # Errors
    /// The database or the broker is away when the term begins.
    pub async fn run(self, held: Held) -> Result<(), Fault> {
        let away = |error: async_nats::SubscribeError| Fault::upstream("broker", error);
        let mut remote = self.broker.subscribe(HAND_OVER).await.map_err(away)?;
        let notices = Notices {
            db: self.db.clone(),
            vault: Arc::clone(&self.vault),
            clock: self.clock.clone(),
            courier: self.courier.clone(),
            network: self.network,
            held: held.clone(),
        };
        notices.recover(&[]).await?;
        let (mut posted, _open) = self.post.open();
        let mut term = Term {
            schedule: Schedule::new(self.limits),
            in_hand: HashSet::new(),
            calls: JoinSet::new(),
            courier: self.courier.clone(),
            notices,
            shaken: false,
        };
        if held.epoch() > 1 {
            term.schedule.rest(monotonic() + REST);
        }
        let handed = Handed::new(self.broker.clone());
        let mut look = tokio::time::interval(LOOK_EVERY);
        let lost = held.lost();
        loop {
            let wake = term.go();
            tokio::select! {
                () = lost.cancelled() => return Ok(()),
                Some((letter, tell)) = posted.recv() => term.take((letter, tell)),
                Some(message) = remote.next() => {
                    if let Some(posted) = handed.take(&message) {
                        term.take(posted);
                    }
                }
                Some(ended) = term.calls.join_next() => {
                    term.ended(ended.map_err(|error| Fault::bug(error.to_string()))?);
                    term.look().await;
                }
                () = self.notices.notified() => term.look().await,
                _ = look.tick() => term.look().await,
                () = tokio::time::sleep(wake) => {}
            }
        }
    }
}

/// One term of office.
struct Term {
    schedule: Schedule<Load>,
    in_hand: HashSet<Uuid>,
    calls: JoinSet<Ended>,
    courier: Courier,
    notices: Notices,
    /// The fate of a notice could not be recorded.
    shaken: bool,
}

/// Calls that have begun are brought to their end, also when the term is over.
impl Drop for Term {
    fn drop(&mut self) {
        self.calls.detach_all();
    }
}

impl Term {
    fn take(&mut self, (letter, tell): Posted) {
        let kind = self.courier.kind(&letter);
        let load = Load::Letter { letter, tell, attempts: 0 };
        let chat = match &load {
            Load::Letter { letter, .. } => letter.chat_id,
            Load::Notice(notice) => notice.chat_id,
        };
        let superseded = self.schedule.push(Ticket { chat, lane: Lane::Interactive, kind, load });
        self.supersede(superseded);
    }

    /// An edit that a later one made needless; notices are never superseded in line.
    fn supersede(&mut self, load: Option<Load>) {
        match load {
            Some(Load::Letter { tell, .. }) => drop(tell.send(Fate::Superseded)),
            Some(Load::Notice(notice)) => drop(self.in_hand.remove(&notice.id.uuid())),
            None => {}
        }
    }

    /// Begins every call whose turn it is; returns how long nothing else can go.
    fn go(&mut self) -> Duration {
        loop {
            let now = monotonic();
            match self.schedule.next(now) {
                Next::Go(ticket) => self.call(ticket),
                Next::At(at) => return at.saturating_duration_since(now),
                Next::Idle => return LOOK_EVERY,
            }
        }
    }

    fn call(&mut self, ticket: Ticket<Load>) {
        let Ticket { chat, lane, kind, load } = ticket;
        match load {
            Load::Letter { letter, tell, attempts } => {
                let courier = self.courier.clone();
                self.calls.spawn(async move {
                    let fate = courier.deliver(&letter).await;
                    let load = Load::Letter { letter, tell, attempts: attempts.saturating_add(1) };
                    Ended::Letter { ticket: Ticket { chat, lane, kind, load }, fate }
                });
            }
            Load::Notice(notice) => {
                let notices = self.notices.clone();
                self.calls.spawn(async move {
                    let id = notice.id.uuid();
                    let (answered, outcome) = notices.deliver(*notice).await;
                    Ended::Notice { chat, id, answered, outcome }
                });
            }
        }
    }

    fn ended(&mut self, ended: Ended) {
        let now = monotonic();
        match ended {
            Ended::Letter { ticket, fate } => {
                self.schedule.done(ticket.chat, now);
                self.letter_ended(ticket, fate);
            }
            Ended::Notice { chat, id, answered, outcome } => {
                self.schedule.done(chat, answered);
                self.in_hand.remove(&id);
                match outcome {
                    Ok(Some(wait)) => self.schedule.hold(chat, answered + wait, now),
                    Ok(None) => {}
                    Err(fault) => {
                        tracing::warn!(notification = %id, error = fault.chain(), "the fate of a notice is not recorded");
                        self.shaken = true;
                    }
                }
            }
        }
    }

    fn letter_ended(&mut self, ticket: Ticket<Load>, fate: Fate) {
        let now = monotonic();
        let Ticket { chat, lane, kind, load } = ticket;
        let Load::Letter { letter, tell, attempts } = load else { return };
        // An edit may be repeated freely; a new message only if it surely did not arrive.
        let again = match (&fate, kind) {
            (Fate::Later(_), _) => true,
            (Fate::Unsent(_), _) | (Fate::Unknown(_), Kind::Edit(_)) => attempts < ATTEMPTS,
            _ => false,
        };
        if !again {
            if let Fate::Refused(why) = &fate {
                tracing::error!(why, "Telegram does not take a message");
            }
            // Whoever asked may have gone on.
            let _ = tell.send(fate);
            return;
        }
        let wait = match fate {
            Fate::Later(seconds) => Duration::from_secs(seconds),
            _ => Duration::from_millis(500),
        };
        self.schedule.hold(chat, now + wait, now);
        let load = Load::Letter { letter, tell, attempts };
        let superseded = self.schedule.push_back(Ticket { chat, lane, kind, load });
        self.supersede(superseded);
    }

    /// Takes what is due from the database.
    async fn look(&mut self) {
        let room = NOTICES_IN_HAND.saturating_sub(self.in_hand.len());
        let in_hand: Vec<Uuid> = self.in_hand.iter().copied().collect();
        if self.shaken {
            match self.notices.recover(&in_hand).await {
                Ok(()) => self.shaken = false,
                Err(fault) => return tracing::warn!(error = fault.chain(), "notices not recovered"),
            }
        }
        if room == 0 {
            return;
        }
        let due = match self.notices.due(&in_hand, room).await {
            Ok(due) => due,
            Err(fault) => return tracing::warn!(error = fault.chain(), "notices not looked for"),
        };
        for notice in due {
            let kind = self.notices.kind(&notice).await.unwrap_or(Kind::Send);
            self.in_hand.insert(notice.id.uuid());
            let chat = notice.chat_id;
            let lane = Lane::Notice(notice.lane);
            let load = Load::Notice(Box::new(notice));
            let superseded = self.schedule.push(Ticket { chat, lane, kind, load });
            self.supersede(superseded);
        }
    }
}
