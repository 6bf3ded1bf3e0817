//! Looks at what the wallets of the operators' list hold, wallet by wallet, when the schedule says so.
//!
//! All progress is in the schema: a scan goes on after a restart, a moment that passed while nobody was there is caught up with
//! once, and replicas share the wallets. A wallet that cannot be read is not known: it is asked again, and a scan that has lost
//! patience goes by the others.

use super::settings::ScanSettings;
use crate::{
    domain::{
        consensus::{self, Stand},
        tracking::known,
    },
    store::{
        scan::{self, UnderWay, Unread},
        signal,
    },
};
use chassis::{
    Db, Fault,
    grpc::{Channel, Identity},
};
use proto::{
    common::Page,
    oracle::{
        GetMarketRequest, ListPositionsRequest, Position, polymarket_service_client::PolymarketServiceClient,
    },
};
use time::{Duration, OffsetDateTime};

/// Rows of a page of positions.
const PAGE: u32 = 100;

/// A wallet with more pages cannot be read.
const PAGES: usize = 50;

/// An older answer says nothing of now, in seconds.
const STALE: u32 = 3_600;

/// A market with an open signal is asked about so often, in case nobody told that it is decided.
const ASK_AFTER: Duration = Duration::hours(6);

/// Finds signals.
#[derive(Clone)]
pub struct Scanner {
    db: Db,
    polymarket: PolymarketServiceClient<Channel>,
    settings: ScanSettings,
}

impl Scanner {
    /// One that asks over a connection to the Polymarket role.
    #[must_use]
    pub fn new(db: Db, channel: Channel, settings: ScanSettings) -> Self {
        Self { db, polymarket: PolymarketServiceClient::new(channel), settings }
    }

    /// One step: a scan begins, a wallet is read, or a scan ends.
    ///
    /// # Errors
    /// The database.
    pub async fn round(&self) -> Result<(), Fault> {
        let mut unit = self.db.unit().await?;
        let now = unit.now().await?;
        if let Some(due) = self.settings.schedule.latest(now)
            && scan::begin(unit.conn(), due, now).await?
        {
            tracing::info!(due = %due.at, "looking at smart wallets");
        }
        let under_way = scan::under_way(&mut *unit.conn()).await?;
        unit.commit().await?;
        match under_way {
            None => self.ask(now).await,
            Some(scan) if scan.unread == 0 || now - scan.started_at >= self.settings.patience => {
                self.conclude(scan).await
            }
            Some(_) => match scan::claim(self.db.pool(), now).await? {
                Some(wallet) => self.read(&wallet, now).await,
                None => Ok(()),
            },
        }
    }

    async fn read(&self, wallet: &Unread, now: OffsetDateTime) -> Result<(), Fault> {
        let stands = match self.stands(&wallet.address).await {
            Ok(stands) => stands,
            Err(fault) => {
                metrics::counter!("rooms_scan_unread_total").increment(1);
                tracing::warn!(address = wallet.address, error = fault.chain(), "a smart wallet is not read");
                return Ok(());
            }
        };
        let mut unit = self.db.unit().await?;
        scan::read(unit.conn(), wallet, &stands, now).await?;
        unit.commit().await
    }

    /// What a wallet stands for by all of its positions, or that they cannot be read.
    async fn stands(&self, address: &str) -> Result<Vec<Stand>, Fault> {
        let mut positions: Vec<Position> = Vec::new();
        let mut page = Page { size: PAGE, token: String::new() };
        for _ in 0..PAGES {
            let request = ListPositionsRequest { address: address.to_owned(), page: Some(page.clone()) };
            let answer = self.polymarket.clone().list_positions(request).await;
            let answer = answer.map_err(|status| Fault::upstream("polymarket", status))?.into_inner();
            if answer.age_seconds > STALE {
                return Err(Fault::upstream("polymarket", "the answer is too old"));
            }
            positions.extend(answer.positions);
            if answer.next_page_token.is_empty() {
                // Pages that shift while they are read show a position twice.
                positions.sort_by(|a, b| a.token_id.cmp(&b.token_id));
                positions.dedup_by(|a, b| a.token_id == b.token_id);
                let totals = answer.totals.unwrap_or_default();
                let portfolio = known(&totals.value_usd)?;
                return Ok(consensus::stands(&positions, portfolio, &self.settings.rules)?);
            }
            page.token = answer.next_page_token;
        }
        Err(Fault::upstream("polymarket", "the wallet has too many positions"))
    }

    async fn conclude(&self, scan: UnderWay) -> Result<(), Fault> {
        let mut unit = self.db.unit().await?;
        let now = unit.now().await?;
        let Some(backers) = scan::end(unit.conn(), scan.due_at, now).await? else { return Ok(()) };
        let found = consensus::signals(backers, &self.settings.rules, scan.day, now);
        let new = signal::insert(unit.conn(), &found, scan.day, now).await?;
        unit.commit().await?;
        tracing::info!(due = %scan.due_at, unread = scan.unread, signals = new, "smart wallets looked at");
        metrics::counter!("rooms_signals_total").increment(new);
        Ok(())
    }

    /// Asks about one market of an open signal.
    async fn ask(&self, now: OffsetDateTime) -> Result<(), Fault> {
        let Some(market) = signal::claim_open(self.db.pool(), now - ASK_AFTER, now).await? else {
            return Ok(());
        };
        let request = GetMarketRequest { market: market.clone() };
        let answer = self.polymarket.clone().get_market(request).await;
        let answer = answer.map_err(|status| Fault::upstream("polymarket", status))?.into_inner();
        let answer = answer.market.unwrap_or_default();
        let winner = answer.outcomes.iter().find(|outcome| outcome.name == answer.resolved);
        let Some(winner) = winner.filter(|_| answer.closed && !answer.resolved.is_empty()) else {
            return Ok(());
        };
        let mut unit = self.db.unit().await?;
        signal::end(unit.conn(), &[(market, Some(winner.token_id.clone()))], now).await?;
        unit.commit().await
    }
}

/// Opens the connection to the Polymarket role if there is one.
///
/// # Errors
/// Its address is none.
pub fn scanner(
    db: &Db,
    identity: &Identity,
    settings: &ScanSettings,
) -> Result<Option<Scanner>, tonic::transport::Error> {
    let channel = settings.polymarket.as_ref().map(|url| identity.channel(url)).transpose()?;
    Ok(channel.map(|channel| Scanner::new(db.clone(), channel, settings.clone())))
}
