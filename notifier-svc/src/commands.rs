//! What notifier-svc obeys and follows.
//!
//! A batch is taken apart by kind: ends first, as they free credit and tell who has blocked us;
//! then contacts, then news, for which the order of arrival does not matter: rows are keyed by
//! account and event, and threads carry the version that decides.

use crate::{
    domain::{
        news::{self, News},
        state::State,
    },
    release::{self, DELIVER},
    settings::NotifierSettings,
    store::{
        self, contact,
        notification::{self, End},
    },
};
use async_trait::async_trait;
use chassis::{Delivery, Fault, Handler, Unit};
use proto::{
    AccountId, Malformed, NotificationId,
    gateway::Delivered,
    notifier::{RegisterContact, RegisterContactDone},
    settlement::{DisputeChanged, RoomCorrected, RoomSettled},
    wallet::{DepositChanged, SecurityChanged, WithdrawalChanged},
};
use time::OffsetDateTime;
use uuid::Uuid;

chassis::incoming! {
    /// What this service takes in.
    pub enum Incoming {
        /// The gateway can reach the owner of an account.
        RegisterContact(RegisterContact),
        /// The gateway tells how a delivery ended.
        Delivered(Delivered),
        /// A deposit was seen or credited.
        DepositChanged(DepositChanged),
        /// A withdrawal took a step.
        WithdrawalChanged(WithdrawalChanged),
        /// An authenticator was added, removed or locked.
        SecurityChanged(SecurityChanged),
        /// A room's credits are posted.
        RoomSettled(RoomSettled),
        /// Operators judged a dispute, or its refund took a step.
        DisputeChanged(DisputeChanged),
        /// The losing stakes of a room are repaid.
        RoomCorrected(RoomCorrected),
    }
}

/// Stores and releases notifications.
pub struct Notices {
    /// Credit and pause.
    pub settings: NotifierSettings,
}

#[async_trait]
impl Handler for Notices {
    type Message = Incoming;
    type Prepared = ();
    /// A part of a settlement brings up to a thousand notifications.
    const BATCH: usize = 32;

    async fn prepare(&self, _: &[Delivery<Incoming>]) -> Result<(), Fault> {
        Ok(())
    }

    async fn handle(&self, unit: &mut Unit, batch: &[Delivery<Incoming>], (): ()) -> Result<(), Fault> {
        let (mut ends, mut contacts, mut news) = (Vec::new(), Vec::new(), Vec::new());
        for delivery in batch {
            let told_at = delivery.at;
            match &delivery.message {
                Incoming::Delivered(delivered) => ends.push(end(delivered)?),
                Incoming::RegisterContact(command) => {
                    // An old command that comes again must not undo a newer one.
                    if !delivery.repeat {
                        contacts.push(AccountId::try_from_bytes(&command.account_id)?);
                    }
                    unit.done(delivery, &RegisterContactDone {});
                }
                Incoming::DepositChanged(change) => news.push((news::of_deposit(change)?, told_at)),
                Incoming::WithdrawalChanged(change) => {
                    news.extend(news::of_withdrawal(change)?.map(|one| (one, told_at)));
                }
                Incoming::SecurityChanged(change) => news.push((news::of_security(change)?, told_at)),
                Incoming::RoomSettled(settled) => {
                    let group = news::of_hosted_room(settled)?;
                    let players = news::of_settlement(settled)?;
                    news.extend(players.into_iter().chain(group).map(|one| (one, told_at)));
                }
                Incoming::DisputeChanged(changed) => {
                    news.extend(news::of_dispute(changed)?.map(|one| (one, told_at)));
                }
                Incoming::RoomCorrected(corrected) => {
                    news.extend(news::of_correction(corrected)?.into_iter().map(|one| (one, told_at)));
                }
            }
        }
        store::take_turn(unit.conn()).await?;
        let now = unit.now().await?;
        conclude(unit, &ends, now).await?;
        for account in contacts {
            contact::register(unit.conn(), account, now).await?;
        }
        self.take_in(unit, &news, now).await?;
        release::release(unit, self.settings.credit).await
    }
}

impl Notices {
    async fn take_in(
        &self,
        unit: &mut Unit,
        news: &[(News, OffsetDateTime)],
        now: OffsetDateTime,
    ) -> Result<(), Fault> {
        let groups: Vec<_> = news.iter().filter_map(|(news, _)| Some((news.account, news.chat?))).collect();
        if !groups.is_empty() {
            contact::host(unit.conn(), &groups, now).await?;
        }
        notification::insert(unit.conn(), news, self.settings.blocked_pause, now).await?;
        let threads: Vec<_> =
            news.iter().filter_map(|(news, _)| Some((news.account, news.thread.as_ref()?))).collect();
        if !threads.is_empty() {
            let superseded = notification::supersede(unit.conn(), &threads, now).await?;
            count(State::Superseded, superseded);
        }
        Ok(())
    }
}

/// Ends what the gateway has delivered or given up, and marks who has blocked us.
async fn conclude(unit: &mut Unit, ends: &[End], now: OffsetDateTime) -> Result<(), Fault> {
    if ends.is_empty() {
        return Ok(());
    }
    let ended = notification::end(unit.conn(), ends, now).await?;
    let of = |state| {
        let accounts = ended.iter().filter(move |ended| ended.state == state);
        accounts.map(|ended| ended.account.uuid()).collect::<Vec<Uuid>>()
    };
    let (sent, blocked) = (of(State::Sent), of(State::Blocked));
    contact::unblock(unit.conn(), &sent).await?;
    if !blocked.is_empty() {
        let given_up = contact::block(unit.conn(), &blocked, now).await?;
        count(State::Blocked, given_up);
    }
    for ended in &ended {
        count(ended.state, 1);
        metrics::histogram!("rooms_notification_seconds", "state" => ended.state.name())
            .record(ended.seconds);
    }
    let ids: Vec<Uuid> = ends.iter().map(|end| end.id.uuid()).collect();
    unit.settled_all(DELIVER, &ids).await
}

fn end(delivered: &Delivered) -> Result<End, Malformed> {
    Ok(End {
        id: NotificationId::try_from_bytes(&delivered.notification_id)?,
        state: State::delivered(delivered.state())?,
        error: delivered.error.clone(),
    })
}

fn count(state: State, notifications: u64) {
    metrics::counter!("rooms_notifications_done_total", "state" => state.name()).increment(notifications);
}
