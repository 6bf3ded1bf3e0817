//! Notices: the row says "sending" before the call and how it ended after it, under the lease.

use super::{Courier, Fate, Letter, explorer, schedule::Kind};
use crate::{
    events::delivered,
    locales::Language,
    screens::{self, Screen},
    store::{
        accounts,
        deliveries::{self, Delivery, End, Recipient},
        groups, threads,
    },
    vault::Vault,
};
use chassis::{Clock, Db, Fault, Held, clock::monotonic, settings::Network, telemetry};
use proto::{AccountId, notifier::NotificationState};
use std::{collections::HashMap, sync::Arc, time::Instant};
use time::Duration;
use tracing::Instrument as _;
use uuid::Uuid;

/// A notice whose outcome stays unknown this often is given up.
const ATTEMPTS: i32 = 60;

/// Longest pause between two attempts.
const LONGEST: i64 = 60;

/// Delivers notices.
#[derive(Clone)]
pub(super) struct Notices {
    pub(super) db: Db,
    pub(super) vault: Arc<Vault>,
    pub(super) clock: Clock,
    pub(super) courier: Courier,
    pub(super) network: Network,
    pub(super) held: Held,
}

/// A notice with where it goes.
#[derive(Clone, Debug)]
pub(super) struct Addressed {
    delivery: Delivery,
    /// The chat of its account's owner, or of a group.
    pub(super) chat_id: i64,
    language: String,
}

impl std::ops::Deref for Addressed {
    type Target = Delivery;
    fn deref(&self) -> &Delivery {
        &self.delivery
    }
}

impl Notices {
    /// Puts right what was left in the middle of a call.
    pub(super) async fn recover(&self, in_hand: &[Uuid]) -> Result<(), Fault> {
        let mut unit = self.db.unit().await?;
        self.held.check(&mut unit).await?;
        for id in deliveries::recover(unit.conn(), in_hand).await? {
            unit.event(&delivered(id.as_bytes(), &End::Failed("unknown outcome".to_owned())));
        }
        unit.commit().await
    }

    pub(super) async fn due(&self, in_hand: &[Uuid], room: usize) -> Result<Vec<Addressed>, Fault> {
        let limit = i64::try_from(room).unwrap_or_default();
        let due = deliveries::due(self.db.pool(), in_hand, limit, self.clock.now()).await?;
        let accounts: Vec<Uuid> =
            due.iter().filter_map(|delivery| delivery.to.account()).map(AccountId::uuid).collect();
        let people = if accounts.is_empty() {
            HashMap::new()
        } else {
            accounts::reach(self.db.pool(), &self.vault, &accounts).await?
        };
        let chats: Vec<i64> = due.iter().filter_map(|delivery| delivery.to.group()).collect();
        let languages =
            if chats.is_empty() { HashMap::new() } else { groups::languages(self.db.pool(), &chats).await? };
        let mut addressed = Vec::with_capacity(due.len());
        for delivery in due {
            let found = match delivery.to {
                Recipient::Account(account) => {
                    people.get(&account).map(|person| (person.chat_id, person.language.clone()))
                }
                Recipient::Group(chat) => Some((chat, languages.get(&chat).cloned().unwrap_or_default())),
            };
            match found {
                Some((chat_id, language)) => addressed.push(Addressed { delivery, chat_id, language }),
                // Erased: nobody is left to be told.
                None => {
                    let mut unit = self.db.unit().await?;
                    self.held.check(&mut unit).await?;
                    self.conclude(unit, &delivery, &End::Blocked).await?;
                }
            }
        }
        Ok(addressed)
    }

    /// What a notice will do in its chat, as far as it is known before its turn.
    pub(super) async fn kind(&self, notice: &Addressed) -> Result<Kind, Fault> {
        let Some((account, key)) = notice.thread() else { return Ok(Kind::Send) };
        let message = threads::message(self.db.pool(), account, key).await?;
        Ok(message.map_or(Kind::Send, Kind::Edit))
    }

    /// Delivers one notice. Returns how long its chat has to wait, if Telegram said so.
    /// The moment is that of Telegram's answer, which is what its limits are counted from.
    pub(super) async fn deliver(
        &self,
        notice: Addressed,
    ) -> (Instant, Result<Option<std::time::Duration>, Fault>) {
        let span = tracing::info_span!("deliver");
        telemetry::follow_traceparent(&span, &notice.traceparent);
        self.try_to_deliver(notice).instrument(span).await
    }

    async fn try_to_deliver(
        &self,
        notice: Addressed,
    ) -> (Instant, Result<Option<std::time::Duration>, Fault>) {
        let (message, screen) = match self.begin(&notice).await {
            Ok(Some(call)) => call,
            Ok(None) => return (monotonic(), Ok(None)),
            Err(fault) => return (monotonic(), Err(fault)),
        };
        let fate = self.call(&notice, message, &screen).await;
        (monotonic(), self.record(&notice, fate).await)
    }

    /// Says in the row that the call begins. Nothing where there is nothing to say any more.
    async fn begin(&self, notice: &Addressed) -> Result<Option<(Option<i32>, Screen)>, Fault> {
        let mut unit = self.db.unit().await?;
        self.held.check(&mut unit).await?;
        let now = unit.now().await?;
        if !deliveries::sending(unit.conn(), notice.id).await? {
            return Ok(None);
        }
        if deliveries::is_outdated(unit.conn(), notice).await? {
            return self.conclude(unit, notice, &End::Sent).await.map(|()| None);
        }
        let message = match notice.thread() {
            None => None,
            Some((account, key)) => {
                match threads::claim(unit.conn(), account, key, notice.version, now).await? {
                    Some(message) => message,
                    // The chat shows a newer state already.
                    None => return self.conclude(unit, notice, &End::Sent).await.map(|()| None),
                }
            }
        };
        let language = Language::of_tag(&notice.language);
        let page = |signature: &str| explorer(self.network, signature);
        let screen = match screens::notice(language, &notice.notice, page, now) {
            Ok(screen) => screen,
            Err(malformed) => {
                let end = End::Failed(malformed.to_string());
                return self.conclude(unit, notice, &end).await.map(|()| None);
            }
        };
        unit.commit().await?;
        Ok(Some((message, screen)))
    }

    /// Edits the thread's message, or sends a new one where there is none any more.
    async fn call(&self, notice: &Addressed, message: Option<i32>, screen: &Screen) -> Fate {
        if let Some(message) = message {
            let fate = self.courier.deliver(&Letter::edit(notice.chat_id, message, screen)).await;
            if fate != Fate::Gone {
                return fate;
            }
        }
        let letter = Letter { silent: notice.silent, ..Letter::new(notice.chat_id, screen) };
        self.courier.deliver(&letter).await
    }

    async fn record(&self, notice: &Addressed, fate: Fate) -> Result<Option<std::time::Duration>, Fault> {
        let mut unit = self.db.unit().await?;
        self.held.check(&mut unit).await?;
        let now = unit.now().await?;
        let end = match fate {
            Fate::Sent(message) => {
                if let Some((account, key)) = notice.thread() {
                    threads::name(unit.conn(), account, key, message).await?;
                }
                End::Sent
            }
            Fate::Superseded => End::Sent,
            Fate::Blocked => End::Blocked,
            Fate::Refused(why) => End::Failed(why),
            Fate::Gone => End::Failed("gone".to_owned()),
            Fate::Later(seconds) => {
                let wait = std::time::Duration::from_secs(seconds);
                deliveries::again(unit.conn(), notice.id, Duration::ZERO, now).await?;
                unit.commit().await?;
                return Ok(Some(wait));
            }
            Fate::Unsent(why) | Fate::Unknown(why) if notice.attempts < ATTEMPTS => {
                let pause = Duration::seconds(
                    1_i64.checked_shl(notice.attempts.unsigned_abs()).unwrap_or(LONGEST).clamp(1, LONGEST),
                );
                tracing::warn!(notification = %notice.id, why, ?pause, "delivery will be tried again");
                deliveries::again(unit.conn(), notice.id, pause, now).await?;
                return unit.commit().await.map(|()| None);
            }
            Fate::Unsent(why) | Fate::Unknown(why) => End::Failed(why),
        };
        self.conclude(unit, notice, &end).await.map(|()| None)
    }

    async fn conclude(&self, mut unit: chassis::Unit, notice: &Delivery, end: &End) -> Result<(), Fault> {
        deliveries::end(unit.conn(), notice.id, end).await?;
        if end.state() == NotificationState::Failed {
            tracing::error!(notification = %notice.id, why = end.error(), "notice not delivered");
        }
        unit.event(&delivered(&notice.id.bytes(), end));
        unit.commit().await
    }
}
