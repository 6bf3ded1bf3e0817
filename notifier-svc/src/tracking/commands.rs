//! Commands about watch-lists, price alerts and the operators' list. In one's turn only.
//!
//! What they need of the Polymarket role is a saga: a command that is repeated until the role has answered it.

use super::settings::Limits;
use crate::{
    commands::Incoming,
    domain::tracking::{Address, alias, malformed, price_alert},
    store::{price_alert as alerts, smart_wallet, tracked},
};
use chassis::{
    Delivery, Fault, Outgoing, Unit,
    grpc::Unanswered,
    operators::{self, Operators},
};
use prost::Message;
use proto::{
    AccountId, Malformed, Refusal,
    common::RefusalCode,
    notifier::{
        PriceAlert, RemovePriceAlert, RemovePriceAlertDone, RenameWallet, RenameWalletDone, SetPriceAlert,
        SetPriceAlertDone, SetSmartWallet, SetSmartWalletDone, TrackWallet, TrackWalletDone, UntrackWallet,
        UntrackWalletDone,
    },
    oracle::{FollowAddress, WatchPrice},
};
use std::fmt::Display;
use uuid::Uuid;

/// Saga of the addresses that are followed or not any more, keyed by address and version.
const FOLLOW: &str = "follow_address";

/// Saga of the prices that are watched or not any more, keyed by alert.
const WATCH: &str = "watch_price";

/// Obeys commands of people and operators.
#[derive(Clone, Debug)]
pub struct Tracking {
    /// How many an account may have.
    pub limits: Limits,
    /// Who signs for the list of smart wallets.
    pub operators: Operators,
}

impl Tracking {
    /// Obeys what of the service's commands is about tracking; the others are not its own.
    ///
    /// # Errors
    /// The database.
    pub async fn obey(&self, unit: &mut Unit, delivery: &Delivery<Incoming>) -> Result<(), Fault> {
        // Without a stored answer nobody waits for one, and what was done is done.
        if delivery.repeat {
            return Ok(());
        }
        match &delivery.message {
            Incoming::TrackWallet(command) => {
                let decided = self.track(unit, command).await;
                answer(unit, delivery, decided)
            }
            Incoming::UntrackWallet(command) => {
                let decided = untrack(unit, command).await;
                answer(unit, delivery, decided)
            }
            Incoming::RenameWallet(command) => {
                let decided = rename(unit, command).await;
                answer(unit, delivery, decided)
            }
            Incoming::SetPriceAlert(command) => {
                let decided = self.set_price_alert(unit, command).await;
                answer(unit, delivery, decided)
            }
            Incoming::RemovePriceAlert(command) => {
                let decided = remove_price_alert(unit, command).await;
                answer(unit, delivery, decided)
            }
            Incoming::SetSmartWallet(command) => {
                let decided = self.set_smart_wallet(unit, delivery, command).await;
                operators::answer(unit, delivery, decided)
            }
            _ => Ok(()),
        }
    }

    /// Puts a wallet on an account's list, and has it followed if it is the first to do so.
    async fn track(&self, unit: &mut Unit, command: &TrackWallet) -> Result<TrackWalletDone, Unanswered> {
        let account = AccountId::try_from_bytes(&command.account_id)?;
        let (address, alias) = (address(&command.address)?, alias(&command.alias)?);
        if let Some(tracked) = tracked::find(&mut *unit.conn(), account, &address).await? {
            return Ok(TrackWalletDone { wallet: Some(tracked.into_message()), already: true });
        }
        let now = unit.now().await?;
        let max = self.limits.wallets;
        if !tracked::add(unit.conn(), account, &address, alias, max, now).await? {
            return Err(Refusal::new(RefusalCode::TrackedTooMany).with("max", max).into());
        }
        if let Some(version) = tracked::follow(unit.conn(), &address).await? {
            announce(unit, vec![(address.to_string(), version)], true).await?;
        }
        let tracked =
            tracked::Tracked { address: address.to_string(), alias: alias.to_owned(), tracked_at: now };
        Ok(TrackWalletDone { wallet: Some(tracked.into_message()), already: false })
    }

    /// Waits for a price.
    async fn set_price_alert(
        &self,
        unit: &mut Unit,
        command: &SetPriceAlert,
    ) -> Result<SetPriceAlertDone, Unanswered> {
        let account = AccountId::try_from_bytes(&command.account_id)?;
        let alert = command.alert.as_ref().ok_or_else(|| malformed("alert"))?;
        let id = id(&alert.alert_id)?;
        let market = price_alert(alert)?;
        if let Some(waiting) = alerts::find(&mut *unit.conn(), id).await? {
            // The id is the alert's: with another one behind it, somebody mixes them up.
            let same = waiting.account == account && waiting.alert == *alert;
            return if same {
                Ok(SetPriceAlertDone { alert: Some(waiting.alert) })
            } else {
                Err(malformed("alert_id").into())
            };
        }
        let now = unit.now().await?;
        let max = self.limits.price_alerts;
        if !alerts::add(unit.conn(), id, account, &market.condition_id, alert, max, now).await? {
            return Err(Refusal::new(RefusalCode::PriceAlertsTooMany).with("max", max).into());
        }
        unit.issue(WATCH, watch_key(id, true), &watch(alert, true)).await?;
        Ok(SetPriceAlertDone { alert: Some(alert.clone()) })
    }

    /// Puts a wallet on the operators' list, renames it there, or takes it off.
    async fn set_smart_wallet<M>(
        &self,
        unit: &mut Unit,
        delivery: &Delivery<M>,
        command: &SetSmartWallet,
    ) -> Result<SetSmartWalletDone, Unanswered> {
        self.operators.take(unit, delivery, command).await?;
        let (address, label) = (address(&command.address)?, alias(&command.label)?);
        let now = unit.now().await?;
        if command.listed {
            smart_wallet::add(unit.conn(), &address, label, now).await?;
        } else if !smart_wallet::remove(unit.conn(), &address).await? {
            return Err(Unanswered::not_found());
        }
        Ok(SetSmartWalletDone {})
    }
}

/// Takes a wallet off an account's list, and ends its being followed with the last of them.
async fn untrack(unit: &mut Unit, command: &UntrackWallet) -> Result<UntrackWalletDone, Unanswered> {
    let account = AccountId::try_from_bytes(&command.account_id)?;
    let address = address(&command.address)?;
    if !tracked::remove(unit.conn(), account, &address).await? {
        return Err(Unanswered::not_found());
    }
    let unfollowed = tracked::unfollow(unit.conn(), &[address.to_string()]).await?;
    announce(unit, unfollowed, false).await?;
    Ok(UntrackWalletDone {})
}

/// Gives a wallet on an account's list another name.
async fn rename(unit: &mut Unit, command: &RenameWallet) -> Result<RenameWalletDone, Unanswered> {
    let account = AccountId::try_from_bytes(&command.account_id)?;
    let (address, alias) = (address(&command.address)?, alias(&command.alias)?);
    let renamed = tracked::rename(unit.conn(), account, &address, alias).await?;
    let renamed = renamed.ok_or_else(Unanswered::not_found)?;
    Ok(RenameWalletDone { wallet: Some(renamed.into_message()) })
}

/// Waits for a price no longer.
async fn remove_price_alert(
    unit: &mut Unit,
    command: &RemovePriceAlert,
) -> Result<RemovePriceAlertDone, Unanswered> {
    let account = AccountId::try_from_bytes(&command.account_id)?;
    let id = id(&command.alert_id)?;
    if let Some(alert) = alerts::remove(unit.conn(), id, account).await? {
        end_watches(unit, &[(id, alert)]).await?;
    }
    Ok(RemovePriceAlertDone {})
}

/// Forgets whatever accounts watch that are gone.
///
/// # Errors
/// The database.
pub async fn forget(unit: &mut Unit, accounts: &[Uuid]) -> Result<(), Fault> {
    let addresses = tracked::forget(unit.conn(), accounts).await?;
    let unfollowed = tracked::unfollow(unit.conn(), &addresses).await?;
    announce(unit, unfollowed, false).await?;
    let idle = alerts::forget(unit.conn(), accounts).await?;
    end_watches(unit, &idle).await
}

/// Tells somebody what became of a command.
fn answer<M, D: Message>(
    unit: &mut Unit,
    delivery: &Delivery<M>,
    decided: Result<D, Unanswered>,
) -> Result<(), Fault> {
    match decided {
        Ok(done) => unit.done(delivery, &done),
        Err(Unanswered::Refused(refusal)) => unit.refuse(delivery, &refusal),
        Err(Unanswered::Fault(fault)) => return Err(fault),
    }
    Ok(())
}

fn address(text: &str) -> Result<Address, Refusal> {
    Address::try_new(text).map_err(|_| malformed("address"))
}

fn id(bytes: &[u8]) -> Result<Uuid, Malformed> {
    Uuid::from_slice(bytes).map_err(|_| Malformed("not the id of a price alert"))
}

/// Has addresses followed, or not any more, each under its version. What was asked for before does not matter now.
async fn announce(unit: &mut Unit, addresses: Vec<(String, i64)>, follow: bool) -> Result<(), Fault> {
    if addresses.is_empty() {
        return Ok(());
    }
    let before: Vec<Uuid> =
        addresses.iter().map(|(address, version)| follow_key(address, version - 1)).collect();
    unit.settled_all(FOLLOW, &before).await?;
    let commands = addresses.into_iter().map(|(address, version)| {
        let key = follow_key(&address, version);
        let version = u64::try_from(version).map_err(|_| Fault::bug("a version below one"))?;
        Ok((key, Outgoing::command(&FollowAddress { address, version, follow })))
    });
    let commands = commands.collect::<Result<Vec<_>, Fault>>()?;
    unit.issue_all(FOLLOW, commands).await
}

/// The Polymarket role knows of these versions of addresses.
///
/// # Errors
/// The database.
pub async fn followed(unit: &mut Unit, versions: &[(&str, u64)]) -> Result<(), Fault> {
    let keys: Vec<Uuid> = versions.iter().map(|(address, version)| follow_key(address, version)).collect();
    if keys.is_empty() { Ok(()) } else { unit.settled_all(FOLLOW, &keys).await }
}

/// The Polymarket role knows that these prices are watched, or not any more.
///
/// # Errors
/// The database.
pub async fn watched(unit: &mut Unit, alerts: &[(Uuid, bool)]) -> Result<(), Fault> {
    let keys: Vec<Uuid> = alerts.iter().map(|(id, watch)| watch_key(*id, *watch)).collect();
    if keys.is_empty() { Ok(()) } else { unit.settled_all(WATCH, &keys).await }
}

/// Ends the watches of alerts that nobody waits for any more.
///
/// # Errors
/// The database.
pub async fn end_watches(unit: &mut Unit, alerts: &[(Uuid, PriceAlert)]) -> Result<(), Fault> {
    if alerts.is_empty() {
        return Ok(());
    }
    watched(unit, &alerts.iter().map(|(id, _)| (*id, true)).collect::<Vec<_>>()).await?;
    let ends =
        alerts.iter().map(|(id, alert)| (watch_key(*id, false), Outgoing::command(&watch(alert, false))));
    unit.issue_all(WATCH, ends.collect()).await
}

fn watch(alert: &PriceAlert, watch: bool) -> WatchPrice {
    WatchPrice {
        alert_id: alert.alert_id.clone(),
        token_id: alert.token_id.clone(),
        price: alert.price.clone(),
        below: alert.below,
        watch,
    }
}

fn follow_key(address: &str, version: impl Display) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("polymarket/{address}/{version}").as_bytes())
}

fn watch_key(alert: Uuid, watch: bool) -> Uuid {
    Uuid::new_v5(&alert, if watch { b"watch" } else { b"ended" })
}
