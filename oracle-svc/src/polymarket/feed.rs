//! The feed of all trades: the truth about who traded what at which price.
//!
//! Every second its newest page is read, and as many more as it takes to meet what was read before, with some overlap:
//! rows become visible out of order. Most looks overlap by little, which on a busy day is a page instead of three; what
//! comes later than that is found by a thorough one. After an outage the walk is as long as the outage was; what it finds
//! is told oldest first. A walk that would be too long leaves a gap, which the ring closes wallet by wallet.

use super::{
    Term,
    client::{AskError, Polymarket},
    tell,
};
use crate::{
    domain::polymarket::{Change, Order, Seen, Trade, Walk, tell as apply},
    store::polymarket::{self as store, prices, wallets},
};
use chassis::{Clock, Db, Fault, Held, health::Report, tasks::with_sources};
use rust_decimal::Decimal;
use std::{collections::BTreeSet, time::Duration};
use time::OffsetDateTime;
use tokio::time::{Instant, sleep, sleep_until};

/// How far back a walk goes beyond what was read before.
const OVERLAP: time::Duration = time::Duration::seconds(5);

/// How far back a thorough one goes, and how often there is one.
const THOROUGH: time::Duration = time::Duration::seconds(20);
const THOROUGH_EVERY: Duration = Duration::from_secs(5);

/// How often the same page of a long walk is asked for before the walk begins anew.
const ATTEMPTS: u32 = 5;

/// How often it is written down how far the feed was read while there is nothing to tell.
const WRITE_EVERY: time::Duration = time::Duration::seconds(5);

/// Seconds since the feed was read last, on the replica that reads it.
const AGE: &str = "rooms_polymarket_feed_age_seconds";

/// Whoever reads no more has no age to tell.
struct Ageless;

impl Drop for Ageless {
    fn drop(&mut self) {
        metrics::gauge!(AGE).set(0.0);
    }
}

/// What a term of office needs.
#[derive(Clone)]
pub(crate) struct Feed {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    pub(crate) api: Polymarket,
    pub(crate) floor: Decimal,
    pub(crate) poll: Duration,
    pub(crate) pages: usize,
    pub(crate) resolutions_every: Duration,
    pub(crate) report: Report,
}

/// What a walk found.
struct Walked {
    orders: Vec<Order>,
    newest: Option<OffsetDateTime>,
    /// It did not meet what was read before.
    gap: bool,
}

impl Feed {
    /// Serves one term: until the lease is lost or something of ours fails.
    ///
    /// # Errors
    /// The next term begins from storage.
    pub(crate) async fn serve(self, held: Held) -> Result<(), Fault> {
        let _term = (Term(self.report.clone()), Ageless);
        let mut until = store::read_until(self.db.pool()).await?;
        let mut written = until;
        let mut seen = Seen::default();
        let mut read_at = Instant::now();
        let mut thorough_at = read_at;
        loop {
            let began = Instant::now();
            let is_thorough = began >= thorough_at;
            let overlap = if is_thorough { THOROUGH } else { OVERLAP };
            match self.walk(until.map(|until| until - overlap)).await {
                Ok(walked) => {
                    self.report.ok();
                    if is_thorough {
                        thorough_at = began + THOROUGH_EVERY;
                    }
                    let news = seen.news(walked.orders.clone());
                    // One that shows the future was read up to now, and one that shows nothing no further than
                    // before: nobody trading anywhere is less likely than a feed that fails without saying so.
                    let now = self.clock.now();
                    let known = until.unwrap_or(now);
                    let newest = walked.newest.map_or(known, |newest| newest.min(now)).max(known);
                    let is_due = written.is_none_or(|written| newest - written >= WRITE_EVERY);
                    if self.tell(&held, &news, newest, until.is_none(), walked.gap, is_due).await? {
                        written = Some(newest);
                    }
                    seen.keep(&walked.orders, until.unwrap_or(newest) - THOROUGH);
                    until = Some(newest);
                    read_at = Instant::now();
                    metrics::counter!("rooms_polymarket_orders_seen_total")
                        .increment(u64::try_from(news.len()).unwrap_or_default());
                }
                Err(error) => {
                    let text = with_sources(&error);
                    tracing::warn!(error = text, "trades not read");
                    self.report.failing(text);
                    sleep(error.retry_in().unwrap_or_default().min(Duration::from_secs(60))).await;
                }
            }
            metrics::gauge!(AGE).set(read_at.elapsed().as_secs_f64());
            sleep_until(began + self.poll).await;
        }
    }

    /// Reads back to a moment; the first time ever, one page.
    async fn walk(&self, horizon: Option<OffsetDateTime>) -> Result<Walked, AskError> {
        let mut walk = Walk::default();
        let mut newest: Option<OffsetDateTime> = None;
        let mut cursor: Option<String> = None;
        let mut gap = false;
        for number in 1.. {
            let page = self.page(cursor.as_deref()).await?;
            let oldest = page.rows.iter().map(|trade: &Trade| trade.at).min();
            newest = newest.max(page.rows.iter().map(|trade| trade.at).max());
            let new = |trade: &Trade| horizon.is_none_or(|horizon| trade.at >= horizon);
            walk.page(page.rows.into_iter().filter(new));
            cursor = page.next;
            let met = horizon.is_none_or(|horizon| oldest.is_some_and(|oldest| oldest < horizon));
            if met || cursor.is_none() {
                break;
            }
            if number >= self.pages {
                tracing::warn!(
                    pages = number,
                    "the feed was not read whole; wallets are looked at one by one"
                );
                metrics::counter!("rooms_polymarket_feed_gaps_total").increment(1);
                gap = true;
                break;
            }
        }
        Ok(Walked { orders: walk.orders(), newest, gap })
    }

    /// One page. The first one is asked for once, as there will be another look; later ones are worth a pause.
    async fn page(&self, cursor: Option<&str>) -> Result<super::wire::Page<Trade>, AskError> {
        let mut attempt = 1;
        loop {
            match self.api.trades(cursor).await {
                Err(error) if cursor.is_some() && attempt < ATTEMPTS => {
                    let pause = error.retry_in().unwrap_or(Duration::from_secs(1));
                    tracing::debug!(attempt, error = with_sources(&error), "page not read");
                    attempt += 1;
                    sleep(pause.min(Duration::from_secs(60))).await;
                }
                answer => return answer,
            }
        }
    }

    /// Stores and tells what matters to somebody, in one transaction. Says whether it wrote down how far was read.
    async fn tell(
        &self,
        held: &Held,
        news: &[Order],
        newest: OffsetDateTime,
        is_first: bool,
        gap: bool,
        is_due: bool,
    ) -> Result<bool, Fault> {
        let pool = self.db.pool();
        let addresses: BTreeSet<String> =
            news.iter().map(|order| order.key.address.as_str().to_owned()).collect();
        let tokens: BTreeSet<String> = news.iter().map(|order| order.key.token.clone()).collect();
        let (followed, watched) = if news.is_empty() {
            Default::default()
        } else {
            let addresses: Vec<String> = addresses.into_iter().collect();
            let tokens: Vec<String> = tokens.into_iter().collect();
            (wallets::followed(pool, &addresses).await?, prices::watched(pool, &tokens).await?)
        };
        // What was large before anybody listened is no news.
        let large: Vec<&Order> = news.iter().filter(|order| !is_first && order.usd >= self.floor).collect();
        if followed.is_empty() && watched.is_empty() && large.is_empty() && !gap && !is_due {
            return Ok(false);
        }
        let seen_at = self.clock.now();
        let mut unit = self.db.unit().await?;
        held.check(&mut unit).await?;
        let locked = wallets::lock(unit.conn(), &followed).await?;
        let now = unit.now().await?;
        let theirs: Vec<Order> =
            news.iter().filter(|order| locked.contains_key(&order.key.address)).cloned().collect();
        if !theirs.is_empty() {
            let ids: Vec<_> = theirs.iter().map(|order| order.key.id()).collect();
            let told = wallets::told(unit.conn(), &ids).await?;
            let places: Vec<_> =
                theirs.iter().map(|order| (order.key.address.clone(), order.key.token.clone())).collect();
            let stored = wallets::stored(unit.conn(), &places).await?;
            let changes = apply(&locked, &told, &stored, &theirs);
            wallets::remember(unit.conn(), &changes, now).await?;
            let markets: Vec<_> = changes.iter().map(|change| (&change.whole.market, false)).collect();
            wallets::put_markets(unit.conn(), &markets, now + self.resolutions_every, now).await?;
            let message = |one: &Change| tell::change(one, locked.get(&one.whole.key.address), seen_at);
            tell::changes(&mut unit, changes.iter().map(message).collect());
        }
        if !large.is_empty() {
            tell::large(&mut unit, &large, seen_at, now).await?;
        }
        if !watched.is_empty() {
            let trades = news.iter().filter(|order| watched.contains(&order.key.token));
            let trades: Vec<_> = trades
                .map(|order| prices::Traded {
                    token: order.key.token.clone(),
                    price: order.price(),
                    at: order.at,
                })
                .collect();
            tell::prices(&mut unit, &trades, now).await?;
        }
        if gap {
            wallets::hurry(unit.conn(), now).await?;
        }
        store::read(unit.conn(), newest).await?;
        unit.commit().await?;
        Ok(true)
    }
}
