//! The slow ring: each followed wallet's own activity and positions, one after the other, within the budget. It finds
//! what the feed does not have (redemptions) or did not show, and takes the snapshots without which nobody knows whether
//! a purchase opened a position.
//!
//! Positions are believed only if the activity read after them shows no order that was not told or known before them:
//! then they contain all of it, and what is told from them fits together.

use super::{
    Term,
    client::{AskError, Polymarket},
    tell,
};
use crate::{
    domain::polymarket::{Activity, Address, Look, Order, Position, Walk, Wallet, look, total},
    store::polymarket::wallets::{self, Due},
};
use chassis::{Clock, Db, Fault, Held, Unit, health::Report, tasks::with_sources};
use futures::{StreamExt as _, stream};
use proto::{
    oracle::{WalletChange, WalletChangeKind},
    timestamp,
};
use rust_decimal::Decimal;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::Duration,
};
use time::OffsetDateTime;
use tokio::time::sleep;
use uuid::Uuid;

/// Wallets looked at side by side; the budget is shared whatever their number.
const SIDE_BY_SIDE: usize = 4;

/// Activity may become visible out of order by this much.
const OVERLAP: time::Duration = time::Duration::minutes(5);

/// How often a wallet that trades while it is looked at is looked at once more.
const ATTEMPTS: usize = 3;

/// A wallet that could not be looked at has its next turn after this.
const AGAIN: Duration = Duration::from_secs(15);

/// How often the ring looks whose turn it is when it is nobody's.
const IDLE: Duration = Duration::from_millis(500);

/// What a term of office needs.
#[derive(Clone)]
pub(crate) struct Ring {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    pub(crate) api: Polymarket,
    pub(crate) every: Duration,
    pub(crate) resolutions_every: Duration,
    pub(crate) report: Report,
}

/// Why a look came to nothing.
#[derive(Debug, thiserror::Error)]
enum NoLook {
    #[error("not answered")]
    Ask(#[from] AskError),
    #[error("it trades faster than it can be read")]
    Restless,
    #[error("not stored")]
    Fault(#[from] Fault),
}

/// What Polymarket says of a wallet, fit to be believed.
struct Told {
    look: Look,
    activity: Vec<Activity>,
    read_until: OffsetDateTime,
}

impl Ring {
    /// Serves one term: until the lease is lost or something of ours fails.
    ///
    /// # Errors
    /// The next term begins from storage.
    pub(crate) async fn serve(self, held: Held) -> Result<(), Fault> {
        let _term = Term(self.report.clone());
        loop {
            let due = wallets::due(self.db.pool(), 64).await?;
            let followed = u32::try_from(wallets::count(self.db.pool()).await?).unwrap_or(u32::MAX);
            metrics::gauge!("rooms_polymarket_wallets").set(f64::from(followed));
            let waits = due.is_empty();
            let looks = stream::iter(due).map(|due| self.turn(&held, due)).buffer_unordered(SIDE_BY_SIDE);
            let pauses: Vec<Result<Duration, Fault>> = looks.collect().await;
            let mut pause = if waits { IDLE } else { Duration::ZERO };
            for asked in pauses {
                pause = pause.max(asked?);
            }
            sleep(pause.min(Duration::from_secs(60))).await;
        }
    }

    /// One wallet's turn. Says how long to leave Polymarket alone. What failed is not known, and has another turn.
    async fn turn(&self, held: &Held, due: Due) -> Result<Duration, Fault> {
        let error = match self.look(held, &due).await {
            Ok(()) => {
                self.report.ok();
                return Ok(Duration::ZERO);
            }
            Err(NoLook::Fault(fault)) => return Err(fault),
            Err(error) => error,
        };
        let text = with_sources(&error);
        tracing::warn!(error = text, "wallet not looked at");
        metrics::counter!("rooms_polymarket_looks_failed_total").increment(1);
        let (again, pause) = match error {
            // Another look would be as long.
            NoLook::Ask(AskError::TooMany(_)) => (self.every, Duration::ZERO),
            NoLook::Ask(error) => {
                self.report.failing(text);
                (AGAIN, error.retry_in().unwrap_or_default())
            }
            NoLook::Restless | NoLook::Fault(_) => (AGAIN, Duration::ZERO),
        };
        wallets::put_off(self.db.pool(), &due.address, again.as_secs_f64()).await?;
        Ok(pause)
    }

    async fn look(&self, held: &Held, due: &Due) -> Result<(), NoLook> {
        let told = self.ask(due).await?;
        let mut unit = self.db.unit().await?;
        held.check(&mut unit).await?;
        let locked = wallets::lock(unit.conn(), &[due.address.as_str().to_owned()]).await?;
        // Nobody follows it any more, or follows it anew: then it begins anew, too.
        if let Some(wallet) = locked.get(&due.address).filter(|wallet| wallet.since == due.since) {
            self.store(&mut unit, &due.address, wallet, &told).await?;
        }
        unit.commit().await?;
        metrics::counter!("rooms_polymarket_looks_total").increment(1);
        Ok(())
    }

    /// Positions that contain all orders of the activity.
    async fn ask(&self, due: &Due) -> Result<Told, NoLook> {
        let start = due.since.max(due.read_until - OVERLAP);
        let mut known: Option<BTreeSet<Uuid>> = None;
        for _ in 0..ATTEMPTS {
            let asked_at = self.clock.now();
            let positions = self.api.positions(&due.address).await?;
            let activity = self.api.all_activity(&due.address, start).await?;
            let orders = orders(&activity);
            let fresh = self.untold(&orders).await?;
            if fresh.is_empty() || known.as_ref().is_some_and(|known| fresh.is_subset(known)) {
                let look = Look { asked_at, positions, orders };
                return Ok(Told { look, activity, read_until: asked_at });
            }
            known = Some(fresh);
        }
        Err(NoLook::Restless)
    }

    /// Orders of which not everything was told.
    async fn untold(&self, orders: &[Order]) -> Result<BTreeSet<Uuid>, Fault> {
        let ids: Vec<Uuid> = orders.iter().map(|order| order.key.id()).collect();
        let told = wallets::told(self.db.pool(), &ids).await?;
        let untold = |order: &&Order| {
            let (shares, usd) = told.get(&order.key.id()).copied().unwrap_or_default();
            order.beyond(shares, usd).is_some()
        };
        Ok(orders.iter().filter(untold).map(|order| order.key.id()).collect())
    }

    async fn store(
        &self,
        unit: &mut Unit,
        address: &Address,
        wallet: &Wallet,
        told: &Told,
    ) -> Result<(), Fault> {
        let rows = wallets::all(unit.conn(), address).await?;
        let now = unit.now().await?;
        let ids: Vec<Uuid> = told
            .look
            .orders
            .iter()
            .map(|order| order.key.id())
            .chain(told.activity.iter().filter_map(Activity::redemption))
            .collect();
        let already = wallets::told(unit.conn(), &ids).await?;
        let stored: HashMap<String, _> =
            rows.iter().map(|row| (row.token.clone(), row.stored.clone())).collect();
        let findings = look(wallet, &already, &stored, &told.look);
        let mut items: Vec<WalletChange> =
            findings.changes.iter().map(|one| tell::change(one, Some(wallet), told.read_until)).collect();
        let mut orders: BTreeMap<Uuid, (&str, Decimal, Decimal)> = findings
            .changes
            .iter()
            .map(|one| (one.whole.key.id(), (address.as_str(), one.whole.shares, one.whole.usd)))
            .collect();
        for (id, one) in told.activity.iter().filter_map(|one| Some((one.redemption()?, one))) {
            if !already.contains_key(&id) && one.at.unix_timestamp() >= wallet.since.unix_timestamp() {
                items.push(redeemed(id, one, &rows, wallet, told.read_until));
                orders.insert(
                    id,
                    (address.as_str(), one.shares.unwrap_or_default(), one.usd.unwrap_or_default()),
                );
            }
        }
        wallets::put_orders(unit.conn(), &orders, now).await?;
        self.put_positions(unit, address, &findings, &told.look, &rows, now).await?;
        let portfolio = total(told.look.positions.iter().map(|position| position.value)).max(Decimal::ZERO);
        let gone: Vec<String> = findings.gone.into_iter().collect();
        let next = now + self.every;
        wallets::looked(unit.conn(), address, &gone, portfolio, (told.read_until, next), now).await?;
        tell::changes(unit, items);
        Ok(())
    }

    /// What it holds, with the names of the markets.
    async fn put_positions(
        &self,
        unit: &mut Unit,
        address: &Address,
        findings: &crate::domain::polymarket::Findings,
        seen: &Look,
        rows: &[wallets::Row],
        now: OffsetDateTime,
    ) -> Result<(), Fault> {
        let mut names: HashMap<&str, (&str, &str)> = rows
            .iter()
            .map(|row| (row.token.as_str(), (row.condition.as_str(), row.outcome.as_str())))
            .collect();
        for order in &seen.orders {
            names.insert(&order.key.token, (order.market.condition.as_str(), &order.outcome));
        }
        for position in &seen.positions {
            names.insert(&position.token, (position.market.condition.as_str(), &position.outcome));
        }
        let held: Vec<wallets::Holding<'_>> = findings
            .shares
            .iter()
            .filter_map(|(token, shares)| {
                let (condition, outcome) = *names.get(token.as_str())?;
                Some(wallets::Holding {
                    address: address.as_str(),
                    token,
                    condition,
                    outcome,
                    shares: *shares,
                })
            })
            .collect();
        let positions: Vec<&Position> = seen.positions.iter().filter(|one| !one.shares.is_zero()).collect();
        let markets: Vec<_> = positions.iter().map(|position| (&position.market, position.decided)).collect();
        wallets::put_markets(unit.conn(), &markets, now + self.resolutions_every, now).await?;
        wallets::put_positions(unit.conn(), &held, now).await
    }
}

/// The orders among the activity, oldest first.
fn orders(activity: &[Activity]) -> Vec<Order> {
    let mut walk = Walk::default();
    walk.page(activity.iter().filter_map(Activity::trade));
    walk.orders()
}

/// Shares of a decided market were turned into money: no sale, whatever the position says.
fn redeemed(
    id: Uuid,
    one: &Activity,
    rows: &[wallets::Row],
    wallet: &Wallet,
    seen_at: OffsetDateTime,
) -> WalletChange {
    let (shares, usd) = (one.shares.unwrap_or_default(), one.usd.unwrap_or_default());
    // A redemption is of all outcomes at once. Which one was held is told if there is no doubt.
    let of_market = |row: &&wallets::Row| {
        one.market.as_ref().is_some_and(|market| market.condition == row.condition)
            && !row.stored.shares.is_zero()
    };
    let held: Vec<&wallets::Row> = rows.iter().filter(of_market).collect();
    let (token, outcome) = match held.as_slice() {
        _ if !one.token.is_empty() => (one.token.clone(), one.outcome.clone()),
        [only] => (only.token.clone(), only.outcome.clone()),
        _ => (String::new(), one.outcome.clone()),
    };
    WalletChange {
        change_id: id.as_bytes().to_vec(),
        address: one.address.as_str().to_owned(),
        kind: WalletChangeKind::Redeemed.into(),
        market: one.market.as_ref().map(tell::market),
        outcome,
        token_id: token,
        shares: tell::text(shares),
        price: tell::perhaps(usd.checked_div(shares)),
        usd: tell::text(usd),
        shares_after: tell::text(Decimal::ZERO),
        portfolio_usd: tell::perhaps(wallet.portfolio),
        filled_at: Some(timestamp(one.at)),
        seen_at: Some(timestamp(seen_at)),
        transaction_hash: one.transaction.clone(),
    }
}
