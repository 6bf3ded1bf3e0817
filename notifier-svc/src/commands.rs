//! What notifier-svc obeys and follows.
//!
//! A batch is taken apart by kind: ends first, as they free credit and tell who has blocked us;
//! then contacts and wishes, then news, for which the order of arrival does not matter: rows are keyed by
//! account and event, and threads carry the version that decides.

mod broadcasts;
mod preferences;

use crate::{
    domain::{news, state::State},
    intake, measures,
    release::{self, DELIVER},
    settings::Rules,
    store::{
        self, contact,
        notification::{self, End},
    },
    tracking::commands::Tracking,
    webhooks::Caller,
};
use async_trait::async_trait;
use chassis::{Delivery, Fault, Handler, Unit, operators::Operators};
use proto::{
    AccountId, Malformed, NotificationId,
    gateway::Delivered,
    notifier::{
        ChangePreferences, RegisterContact, RegisterContactDone, RemovePriceAlert, RenameWallet,
        SetPriceAlert, SetSmartWallet, StartBroadcast, SteerBroadcast, TrackWallet, UntrackWallet,
    },
    settlement::{DisputeChanged, RoomCorrected, RoomSettled},
    wallet::{AccountClosed, DepositChanged, SecurityChanged, WithdrawalChanged},
};
use std::sync::Arc;
use time::OffsetDateTime;
use uuid::Uuid;

chassis::incoming! {
    /// What this service takes in.
    pub enum Incoming {
        /// The gateway can reach the owner of an account.
        RegisterContact(RegisterContact),
        /// The owner of an account says what to tell.
        ChangePreferences(ChangePreferences),
        /// A wallet comes onto a watch-list.
        TrackWallet(TrackWallet),
        /// A wallet leaves a watch-list.
        UntrackWallet(UntrackWallet),
        /// A wallet on a watch-list gets another name.
        RenameWallet(RenameWallet),
        /// Somebody waits for a price.
        SetPriceAlert(SetPriceAlert),
        /// Somebody waits for a price no longer.
        RemovePriceAlert(RemovePriceAlert),
        /// An operator changes the list of smart wallets.
        SetSmartWallet(SetSmartWallet),
        /// An operator tells everybody something.
        StartBroadcast(StartBroadcast),
        /// An operator pauses that, goes on, or ends it.
        SteerBroadcast(SteerBroadcast),
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
        /// The owner of an account is gone.
        AccountClosed(AccountClosed),
    }
}

/// Stores and releases notifications.
pub struct Notices {
    /// How they are told.
    pub rules: Rules,
    /// Who signs for broadcasts.
    pub operators: Operators,
    /// What people watch at Polymarket.
    pub tracking: Tracking,
    /// Whom webhooks may name; without it nobody has one.
    pub webhooks: Option<Arc<Caller>>,
}

#[async_trait]
impl Handler for Notices {
    type Message = Incoming;
    type Prepared = ();
    /// A part of a settlement brings up to two thousand notifications.
    const BATCH: usize = 16;

    async fn prepare(&self, _: &[Delivery<Incoming>]) -> Result<(), Fault> {
        Ok(())
    }

    async fn handle(&self, unit: &mut Unit, batch: &[Delivery<Incoming>], (): ()) -> Result<(), Fault> {
        let (mut ends, mut contacts, mut news) = (Vec::new(), Vec::new(), Vec::new());
        let (mut wishes, mut closed, mut tracking) = (Vec::new(), Vec::new(), Vec::new());
        let mut broadcasts = Vec::new();
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
                Incoming::ChangePreferences(command) => wishes.push((delivery, command)),
                Incoming::TrackWallet(_)
                | Incoming::UntrackWallet(_)
                | Incoming::RenameWallet(_)
                | Incoming::SetPriceAlert(_)
                | Incoming::RemovePriceAlert(_)
                | Incoming::SetSmartWallet(_) => tracking.push(delivery),
                Incoming::StartBroadcast(_) | Incoming::SteerBroadcast(_) => broadcasts.push(delivery),
                Incoming::AccountClosed(gone) => {
                    closed.push(AccountId::try_from_bytes(&gone.account_id)?.uuid());
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
        for (delivery, command) in wishes {
            self.change_preferences(unit, delivery, command).await?;
        }
        for delivery in tracking {
            self.tracking.obey(unit, delivery).await?;
        }
        for delivery in broadcasts {
            match &delivery.message {
                Incoming::StartBroadcast(command) => self.start_broadcast(unit, delivery, command).await?,
                Incoming::SteerBroadcast(command) => self.steer_broadcast(unit, delivery, command).await?,
                _ => {}
            }
        }
        if !closed.is_empty() {
            store::preferences::forget(unit.conn(), &closed).await?;
            store::webhook::forget(unit.conn(), &closed).await?;
            crate::tracking::commands::forget(unit, &closed).await?;
        }
        intake::take_in(unit, &self.rules, news).await?;
        release::release(unit, &self.rules).await
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
        measures::done(State::Blocked, given_up);
    }
    for ended in &ended {
        measures::done(ended.state, 1);
        let category = ended.category.as_str_name();
        metrics::histogram!("rooms_notification_seconds", "state" => ended.state.name(), "category" => category)
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
