//! What the Polymarket role tells, and who hears of it.
//!
//! The lists are asked before one's turn: a busy market must not make money wait.

use super::commands;
use crate::{
    domain::{
        news::News,
        tracking::{Weight, weigh},
    },
    intake, release,
    settings::Rules,
    store::{self, price_alert, signal, tracked},
};
use async_trait::async_trait;
use chassis::{Delivery, Fault, Handler, Unit};
use proto::{
    Malformed, decimal, from_timestamp,
    notifier::{PriceAlertFired, WalletAlert, notice::Kind},
    oracle::{
        AddressFollowed, LargeTrade, LargeTrades, MarketResolved, MarketsResolved, PriceReached,
        PriceWatched, WalletChange, WalletsChanged,
    },
};
use rust_decimal::Decimal;
use std::collections::HashSet;
use time::OffsetDateTime;
use uuid::Uuid;

chassis::incoming! {
    /// What the Polymarket role tells.
    pub enum Told {
        /// An address is followed, or not any more.
        AddressFollowed(AddressFollowed),
        /// Trades of anybody above the floor.
        LargeTrades(LargeTrades),
        /// Markets were decided.
        MarketsResolved(MarketsResolved),
        /// What a price alert waited for.
        PriceReached(PriceReached),
        /// A price is watched, or not any more.
        PriceWatched(PriceWatched),
        /// Followed wallets did something.
        WalletsChanged(WalletsChanged),
    }
}

/// Tells followers.
#[derive(Clone, Debug)]
pub struct Tracker {
    /// How notifications are told.
    pub rules: Rules,
}

/// A batch, taken apart by kind.
#[derive(Default)]
struct Heard<'a> {
    changes: Vec<&'a WalletChange>,
    trades: Vec<&'a LargeTrade>,
    reached: Vec<&'a PriceReached>,
    resolved: Vec<&'a MarketResolved>,
    followed: Vec<(&'a str, u64)>,
    watched: Vec<(Uuid, bool)>,
}

type Timed = (News, OffsetDateTime);

#[async_trait]
impl Handler for Tracker {
    type Message = Told;
    type Prepared = ();
    /// A message is a batch of somebody else's.
    const BATCH: usize = 32;

    async fn prepare(&self, _: &[Delivery<Told>]) -> Result<(), Fault> {
        Ok(())
    }

    async fn handle(&self, unit: &mut Unit, batch: &[Delivery<Told>], (): ()) -> Result<(), Fault> {
        let heard = Heard::of(batch)?;
        commands::followed(unit, &heard.followed).await?;
        let mut news = self.wallet_news(unit, &heard.changes).await?;
        news.extend(self.whale_news(unit, &heard.trades).await?);
        if !(news.is_empty()
            && heard.reached.is_empty()
            && heard.watched.is_empty()
            && heard.resolved.is_empty())
        {
            store::take_turn(unit.conn()).await?;
            commands::watched(unit, &heard.watched).await?;
            news.extend(price_news(unit, &heard.reached).await?);
            conclude(unit, &heard.resolved).await?;
            intake::take_in(unit, &self.rules, news).await?;
            release::release(unit, &self.rules).await?;
        }
        Ok(())
    }
}

impl<'a> Heard<'a> {
    fn of(batch: &'a [Delivery<Told>]) -> Result<Self, Malformed> {
        let mut heard = Self::default();
        for delivery in batch {
            match &delivery.message {
                Told::AddressFollowed(told) => heard.followed.push((&told.address, told.version)),
                Told::LargeTrades(told) => heard.trades.extend(&told.items),
                Told::MarketsResolved(told) => heard.resolved.extend(&told.items),
                Told::PriceReached(told) => heard.reached.push(told),
                Told::PriceWatched(told) => heard.watched.push((id(&told.alert_id)?, told.watch)),
                Told::WalletsChanged(told) => heard.changes.extend(&told.items),
            }
        }
        // What is reached is known to have been watched.
        for reached in &heard.reached {
            heard.watched.push((id(&reached.alert_id)?, true));
        }
        Ok(heard)
    }
}

impl Tracker {
    /// One notice for each follower of each change, found with one statement.
    async fn wallet_news(&self, unit: &mut Unit, changes: &[&WalletChange]) -> Result<Vec<Timed>, Fault> {
        if changes.is_empty() {
            return Ok(Vec::new());
        }
        let weighed = changes.iter().map(|change| {
            let weight: Weight = weigh(change)?;
            let filled_at = from_timestamp(change.filled_at.as_ref())?;
            Ok(tracked::Weighed { address: &change.address, weight, filled_at })
        });
        let weighed: Vec<_> = weighed.collect::<Result<_, Malformed>>()?;
        let followers = tracked::followers(unit.conn(), &weighed, self.rules.thresholds).await?;
        let news = followers.into_iter().filter_map(|follower| {
            let change = nth(changes, follower.item)?;
            Some((follower, *change))
        });
        news.map(|(follower, change)| {
            let key = format!("wallet:{}", id(&change.change_id)?);
            let alert = WalletAlert { alias: follower.alias, change: Some(change.clone()) };
            let seen_at = from_timestamp(change.seen_at.as_ref())?;
            Ok((News::new(follower.account, key, Kind::Wallet(alert)), seen_at))
        })
        .collect()
    }

    /// One notice of each trade for whoever asked for trades of its size, unless they are told of it as followers of the
    /// wallet: nobody wants to read of one trade twice.
    async fn whale_news(&self, unit: &mut Unit, trades: &[&LargeTrade]) -> Result<Vec<Timed>, Fault> {
        if trades.is_empty() {
            return Ok(Vec::new());
        }
        let weighed = trades.iter().map(|trade| {
            let weight = Weight { usd: decimal(&trade.usd)?, portfolio: None };
            let filled_at = from_timestamp(trade.filled_at.as_ref())?;
            Ok(tracked::Weighed { address: &trade.address, weight, filled_at })
        });
        let weighed: Vec<_> = weighed.collect::<Result<_, Malformed>>()?;
        let usd: Vec<Decimal> = weighed.iter().map(|trade| trade.weight.usd).collect();
        let watchers = tracked::whale_watchers(unit.conn(), &usd).await?;
        let followers = tracked::followers(unit.conn(), &weighed, self.rules.thresholds).await?;
        let told: HashSet<_> =
            followers.into_iter().map(|follower| (follower.item, follower.account)).collect();
        let watchers = watchers
            .into_iter()
            .filter(|watcher| !(watcher.hears_of_wallets && told.contains(&(watcher.item, watcher.account))));
        let news = watchers.filter_map(|watcher| Some((watcher.account, *nth(trades, watcher.item)?)));
        news.map(|(account, trade)| {
            let key = format!("trade:{}", id(&trade.trade_id)?);
            let seen_at = from_timestamp(trade.seen_at.as_ref())?;
            Ok((News::new(account, key, Kind::LargeTrade(trade.clone())), seen_at))
        })
        .collect()
    }
}

/// One notice for each alert that still waits.
async fn price_news(unit: &mut Unit, reached: &[&PriceReached]) -> Result<Vec<Timed>, Fault> {
    let ids = reached.iter().map(|reached| id(&reached.alert_id)).collect::<Result<Vec<Uuid>, _>>()?;
    let taken = price_alert::take(unit.conn(), &ids).await?;
    let news = taken.into_iter().filter_map(|(id, waiting)| {
        let place = ids.iter().position(|reached| *reached == id)?;
        Some((id, waiting, *reached.get(place)?))
    });
    news.map(|(id, waiting, reached)| {
        let at = from_timestamp(reached.at.as_ref())?;
        let fired =
            PriceAlertFired { alert: Some(waiting.alert), price: reached.price.clone(), at: reached.at };
        Ok((News::new(waiting.account, format!("price:{id}"), Kind::PriceAlert(fired)), at))
    })
    .collect()
}

/// Signals about decided markets were right or wrong, and their prices are not waited for any more.
async fn conclude(unit: &mut Unit, resolved: &[&MarketResolved]) -> Result<(), Fault> {
    if resolved.is_empty() {
        return Ok(());
    }
    let decided = resolved.iter().map(|resolved| {
        let market = resolved.market.as_ref().ok_or(Malformed("no market was decided"))?;
        let winner = Some(resolved.token_id.clone()).filter(|token| !token.is_empty());
        Ok((market.condition_id.clone(), winner))
    });
    let decided: Vec<(String, Option<String>)> = decided.collect::<Result<_, Malformed>>()?;
    let now = unit.now().await?;
    signal::end(unit.conn(), &decided, now).await?;
    let conditions: Vec<String> = decided.into_iter().map(|(condition, _)| condition).collect();
    let idle = price_alert::take_of_markets(unit.conn(), &conditions).await?;
    commands::end_watches(unit, &idle).await
}

/// The item of a place that PostgreSQL counted, from 1.
fn nth<T>(items: &[T], place: i64) -> Option<&T> {
    items.get(usize::try_from(place).ok()?.checked_sub(1)?)
}

fn id(bytes: &[u8]) -> Result<Uuid, Malformed> {
    Uuid::from_slice(bytes).map_err(|_| Malformed("not an id"))
}
