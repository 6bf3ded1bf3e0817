//! What the role obeys: whom to follow, and which prices to wait for.

use crate::{
    domain::polymarket::Address,
    store::polymarket::{prices, wallets},
};
use async_trait::async_trait;
use chassis::{Delivery, Fault, Handler, Unit};
use proto::{
    Malformed, decimal,
    oracle::{AddressFollowed, FollowAddress, PriceWatched, WatchPrice},
};
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use uuid::Uuid;

chassis::incoming! {
    /// Messages taken in.
    pub enum Incoming {
        /// Alert about a wallet, or stop.
        FollowAddress(FollowAddress),
        /// Tell once when a token trades at a price, or stop.
        WatchPrice(WatchPrice),
    }
}

/// Keeps the lists of wallets and prices.
pub(crate) struct Commands;

#[async_trait]
impl Handler for Commands {
    type Message = Incoming;
    type Prepared = ();

    async fn prepare(&self, _: &[Delivery<Incoming>]) -> Result<(), Fault> {
        Ok(())
    }

    async fn handle(&self, unit: &mut Unit, batch: &[Delivery<Incoming>], (): ()) -> Result<(), Fault> {
        let mut follow: BTreeMap<Address, wallets::Wish> = BTreeMap::new();
        let mut watch: BTreeMap<Uuid, prices::Wish> = BTreeMap::new();
        for delivery in batch {
            match &delivery.message {
                Incoming::FollowAddress(command) => {
                    let wish = wish(command)?;
                    let newest = follow.entry(wish.address.clone()).or_insert_with(|| wish.clone());
                    if newest.version < wish.version {
                        *newest = wish;
                    }
                }
                Incoming::WatchPrice(command) => {
                    let wish = price(command)?;
                    let known = watch.entry(wish.alert).or_insert_with(|| wish.clone());
                    known.watch &= wish.watch;
                }
            }
        }
        let now = unit.now().await?;
        let wishes: Vec<_> = follow.into_values().collect();
        for stands in wallets::follow(unit.conn(), &wishes, now).await? {
            unit.event(&AddressFollowed {
                address: stands.address.as_str().to_owned(),
                version: u64::try_from(stands.version).unwrap_or_default(),
                follow: stands.follow,
            });
        }
        let wishes: Vec<_> = watch.into_values().collect();
        for (alert, watch) in prices::watch(unit.conn(), &wishes, now).await? {
            unit.event(&PriceWatched { alert_id: alert.as_bytes().to_vec(), watch });
        }
        Ok(())
    }
}

fn wish(command: &FollowAddress) -> Result<wallets::Wish, Malformed> {
    Ok(wallets::Wish {
        address: Address::parse(&command.address).ok_or(Malformed("not an address"))?,
        version: i64::try_from(command.version)
            .ok()
            .filter(|version| *version > 0)
            .ok_or(Malformed("not a version"))?,
        follow: command.follow,
    })
}

fn price(command: &WatchPrice) -> Result<prices::Wish, Malformed> {
    // What ends a watch need not say again what it waited for.
    let price = if command.watch { decimal(&command.price)? } else { Decimal::ZERO };
    if !(Decimal::ZERO..=Decimal::ONE).contains(&price) || (command.watch && command.token_id.is_empty()) {
        return Err(Malformed("not a price of a token"));
    }
    Ok(prices::Wish {
        alert: Uuid::from_slice(&command.alert_id).map_err(|_| Malformed("not an alert's id"))?,
        token: command.token_id.clone(),
        price,
        below: command.below,
        watch: command.watch,
    })
}
