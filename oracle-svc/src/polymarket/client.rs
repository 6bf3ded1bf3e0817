//! Asks Polymarket, at most at a tenth of each rate that it publishes. Each of its three hosts has a breaker of its own,
//! shared by all that is asked of it.

use super::{
    PolymarketSettings,
    wire::{self, Page, WireError},
};
use crate::{
    domain::polymarket::{
        Activity, ActivityKind, Address, Book, ConditionId, Market, MarketQuery, Position, Trade,
    },
    venues::http::{self, Host, HttpError, Manners},
};
use chassis::breaker::Breakers;
use reqwest::StatusCode;
use rust_decimal::Decimal;
use std::time::Duration;
use time::OffsetDateTime;

/// Rows of a page of trades or activity: as many as there may be.
const ROWS: &str = "1000";

/// Rows of a page of positions.
const POSITIONS: &str = "500";

/// A wallet with more pages of anything is not read further; such wallets belong to market makers.
const MOST_PAGES: usize = 40;

/// Markets asked for by their condition ids at once.
pub(crate) const MARKETS_AT_ONCE: usize = 20;

/// Polymarket publishes how many requests it takes in so much time, and counts them in any such time.
/// <https://docs.polymarket.com/quickstart/introduction/rate-limits>
const WINDOW: Duration = Duration::from_secs(10);

/// Between two requests, so that no window holds more than a tenth of what is allowed in one. At exactly a tenth of the rate a
/// window could hold one more: the first and the last of its requests lie at its ends.
fn pace(limit: u32) -> Duration {
    WINDOW / (limit / 10).saturating_sub(1).max(1)
}

/// Why Polymarket gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// Not asked, or not answered.
    #[error("not asked with success")]
    Http(#[from] HttpError),
    /// Answered in a way that is not understood.
    #[error("answer not understood")]
    Wire(#[from] WireError),
    /// More pages than are read.
    #[error("more than {0} pages")]
    TooMany(usize),
}

impl AskError {
    /// When to ask again, where the host said so.
    #[must_use]
    pub fn retry_in(&self) -> Option<Duration> {
        match self {
            Self::Http(
                HttpError::Later { retry_in }
                | HttpError::LeftAlone { retry_in }
                | HttpError::TooMany { retry_in, .. },
            ) => Some(*retry_in),
            _ => None,
        }
    }

    /// A word for metrics.
    fn name(&self) -> &'static str {
        match self {
            Self::Http(error) => error.name(),
            Self::Wire(_) | Self::TooMany(_) => "unreadable",
        }
    }
}

/// One kind of question with a budget of its own.
#[derive(Clone, Debug)]
struct Endpoint {
    name: &'static str,
    base: String,
    host: Host,
}

impl Endpoint {
    async fn ask(&self, path: &str, query: &[(&str, &str)]) -> Result<Vec<u8>, AskError> {
        let url = format!("{}{path}", self.base);
        let answer = self.host.get(&url, |request| request.query(query)).await.map_err(AskError::from);
        self.count(answer.as_ref().err());
        answer
    }

    /// Nothing where the host says that there is nothing of that name, or that it can be no name.
    async fn ask_for(&self, path: &str, query: &[(&str, &str)]) -> Result<Option<Vec<u8>>, AskError> {
        match self.ask(path, query).await {
            Ok(body) => Ok(Some(body)),
            Err(AskError::Http(HttpError::Status(
                StatusCode::NOT_FOUND | StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY,
            ))) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn count(&self, error: Option<&AskError>) {
        let result = error.map_or("answered", AskError::name);
        metrics::counter!("rooms_polymarket_requests_total", "endpoint" => self.name, "result" => result)
            .increment(1);
    }
}

/// What is asked of a wallet's activity.
#[derive(Clone, Debug, Default)]
pub struct ActivityQuery<'q> {
    /// Kinds; all of them if empty.
    pub kinds: &'q [ActivityKind],
    /// Not older than this.
    pub start: Option<OffsetDateTime>,
    /// Rows of a page.
    pub rows: Option<u32>,
    /// Where to go on.
    pub cursor: Option<&'q str>,
}

/// Polymarket's three hosts. Clones share budgets.
#[derive(Clone, Debug)]
pub struct Polymarket {
    trades: Endpoint,
    activity: Endpoint,
    positions: Endpoint,
    markets: Endpoint,
    events: Endpoint,
    search: Endpoint,
    books: Endpoint,
    histories: Endpoint,
}

impl Polymarket {
    /// Asks nothing yet.
    ///
    /// # Errors
    /// The TLS of this machine does not work.
    pub fn try_new(settings: &PolymarketSettings, breakers: &Breakers) -> Result<Self, reqwest::Error> {
        let http = http::client()?;
        let endpoint = |name, url: &chassis::settings::Endpoint, limit, deadline| {
            let base = url.expose().trim_end_matches('/').to_owned();
            let manners = Manners {
                every: pace(limit),
                deadline: Duration::from_secs(deadline),
                body: 8 * 1024 * 1024,
            };
            Endpoint { name, host: Host::new(http.clone(), &base, breakers, manners), base }
        };
        let (data, gamma, clob) = (&settings.data, &settings.gamma, &settings.clob);
        Ok(Self {
            trades: endpoint("trades", data, 200, 10),
            activity: endpoint("activity", data, 200, 4),
            positions: endpoint("positions", data, 150, 4),
            markets: endpoint("markets", gamma, 300, 4),
            events: endpoint("events", gamma, 500, 4),
            search: endpoint("search", gamma, 350, 4),
            books: endpoint("books", clob, 1_500, 4),
            histories: endpoint("histories", clob, 1_000, 4),
        })
    }

    /// A page of everybody's trades, the newest first; makers' and takers' rows.
    ///
    /// # Errors
    /// No answer.
    pub async fn trades(&self, cursor: Option<&str>) -> Result<Page<Trade>, AskError> {
        let mut query = vec![("taker_only", "false"), ("limit", ROWS)];
        query.extend(cursor.map(|cursor| ("cursor", cursor)));
        Ok(wire::trades(&self.trades.ask("/v2/trades", &query).await?)?)
    }

    /// A page of a wallet's activity, the newest first.
    ///
    /// # Errors
    /// No answer.
    pub async fn activity(
        &self,
        address: &Address,
        asked: &ActivityQuery<'_>,
    ) -> Result<Page<Activity>, AskError> {
        let rows = asked.rows.map_or_else(|| ROWS.to_owned(), |rows| rows.to_string());
        let start = asked.start.map(|start| start.unix_timestamp().to_string());
        let kinds = kinds(asked.kinds);
        let mut query = vec![("user", address.as_str()), ("limit", &rows)];
        query.extend(start.as_deref().map(|start| ("start", start)));
        query.extend((!kinds.is_empty()).then_some(("type", kinds.as_str())));
        if let [only @ (ActivityKind::Buy | ActivityKind::Sell)] = asked.kinds {
            query.push(("side", if *only == ActivityKind::Buy { "BUY" } else { "SELL" }));
        }
        query.extend(asked.cursor.map(|cursor| ("cursor", cursor)));
        Ok(wire::activity(&self.activity.ask("/v2/activity", &query).await?)?)
    }

    /// All that a wallet did since a moment, the newest first.
    ///
    /// # Errors
    /// No answer, or more than is read.
    pub async fn all_activity(
        &self,
        address: &Address,
        start: OffsetDateTime,
    ) -> Result<Vec<Activity>, AskError> {
        let mut all = Vec::new();
        let mut cursor: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let asked = ActivityQuery { start: Some(start), cursor: cursor.as_deref(), ..Default::default() };
            let page = self.activity(address, &asked).await?;
            all.extend(page.rows);
            cursor = page.next;
            if cursor.is_none() {
                return Ok(all);
            }
        }
        Err(AskError::TooMany(MOST_PAGES))
    }

    /// All that a wallet holds, decided or not.
    ///
    /// # Errors
    /// No answer, or more than is read.
    pub async fn positions(&self, address: &Address) -> Result<Vec<Position>, AskError> {
        let mut all = Vec::new();
        let mut cursor: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let mut query = vec![("user", address.as_str()), ("status", "OPEN"), ("limit", POSITIONS)];
            query.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
            let page = wire::positions(&self.positions.ask("/v2/positions", &query).await?)?;
            all.extend(page.rows);
            cursor = page.next;
            if cursor.is_none() {
                return Ok(all);
            }
        }
        Err(AskError::TooMany(MOST_PAGES))
    }

    /// A market; nothing if there is none of this name. What a host returns under another name is not it.
    ///
    /// # Errors
    /// No answer.
    pub async fn market(&self, asked: &MarketQuery) -> Result<Option<Market>, AskError> {
        match asked {
            MarketQuery::Condition(condition) => {
                // Closed markets are listed apart.
                for closed in ["false", "true"] {
                    let found = self.by_condition(std::slice::from_ref(condition), closed).await?;
                    if let Some(market) = found.into_iter().next() {
                        return Ok(Some(market));
                    }
                }
                Ok(None)
            }
            MarketQuery::Slug(slug) => {
                let body = self.markets.ask_for(&format!("/markets/slug/{slug}"), &[]).await?;
                let market = body.map(|body| wire::market(&body)).transpose()?;
                Ok(market.filter(|market| market.name.slug.eq_ignore_ascii_case(slug)))
            }
            MarketQuery::Event(slug) => Ok(self.event(slug).await?.into_iter().next()),
        }
    }

    /// The markets of an event; none if there is no such event.
    ///
    /// # Errors
    /// No answer.
    pub async fn event(&self, slug: &str) -> Result<Vec<Market>, AskError> {
        let body = self.events.ask_for(&format!("/events/slug/{slug}"), &[]).await?;
        Ok(body.map(|body| wire::event(&body)).transpose()?.unwrap_or_default())
    }

    /// Those of the markets that no longer trade, at most [`MARKETS_AT_ONCE`].
    ///
    /// # Errors
    /// No answer.
    pub(crate) async fn closed(&self, conditions: &[ConditionId]) -> Result<Vec<Market>, AskError> {
        self.by_condition(conditions, "true").await
    }

    async fn by_condition(&self, conditions: &[ConditionId], closed: &str) -> Result<Vec<Market>, AskError> {
        let mut query: Vec<_> =
            conditions.iter().map(|condition| ("condition_ids", condition.as_str())).collect();
        query.extend([("closed", closed), ("limit", "100")]);
        let markets = wire::markets(&self.markets.ask("/markets", &query).await?)?;
        // A filter that the host does not know any more is ignored, and any market comes back.
        Ok(markets.into_iter().filter(|market| conditions.contains(&market.name.condition)).collect())
    }

    /// Markets that trade, the most traded of the last day first.
    ///
    /// # Errors
    /// No answer.
    pub async fn most_traded(&self, offset: usize, rows: usize) -> Result<Vec<Market>, AskError> {
        let (offset, rows) = (offset.to_string(), rows.to_string());
        let query = [
            ("active", "true"),
            ("closed", "false"),
            ("order", "volume24hr"),
            ("ascending", "false"),
            ("limit", rows.as_str()),
            ("offset", offset.as_str()),
        ];
        Ok(wire::markets(&self.markets.ask("/markets", &query).await?)?)
    }

    /// Markets of events that a search finds, by pages that begin with 1.
    ///
    /// # Errors
    /// No answer.
    pub async fn search(&self, words: &str, number: usize) -> Result<Page<Market>, AskError> {
        let number = number.to_string();
        let query =
            [("q", words), ("events_status", "active"), ("limit_per_type", "20"), ("page", number.as_str())];
        Ok(wire::search(&self.search.ask("/public-search", &query).await?)?)
    }

    /// The book of a token; nothing if it has none (any more).
    ///
    /// # Errors
    /// No answer.
    pub async fn book(&self, token: &str) -> Result<Option<Book>, AskError> {
        let body = self.books.ask_for("/book", &[("token_id", token)]).await?;
        Ok(body.map(|body| wire::book(&body)).transpose()?)
    }

    /// Prices of a token in the last so many seconds, ascending by second of Unix time; 0 for all of them.
    ///
    /// # Errors
    /// No answer.
    pub async fn history(&self, token: &str, seconds: u32) -> Result<Vec<(i64, Decimal)>, AskError> {
        // The host knows these intervals; the minutes between two points keep a picture below some 500 of them.
        let (interval, minutes) = match seconds {
            0 => ("max", "720"),
            1..=3_600 => ("1h", "1"),
            3_601..=21_600 => ("6h", "1"),
            21_601..=86_400 => ("1d", "5"),
            86_401..=604_800 => ("1w", "30"),
            _ => ("1m", "120"),
        };
        let query = [("market", token), ("interval", interval), ("fidelity", minutes)];
        let mut points = wire::history(&self.histories.ask("/prices-history", &query).await?)?;
        if let (1.., Some((newest, _))) = (seconds, points.last().copied()) {
            points.retain(|(second, _)| *second > newest.saturating_sub(seconds.into()));
        }
        Ok(points)
    }
}

/// As the Data API calls them.
fn kinds(kinds: &[ActivityKind]) -> String {
    let mut words: Vec<&str> = kinds
        .iter()
        .flat_map(|kind| match kind {
            ActivityKind::Buy | ActivityKind::Sell => &["TRADE"][..],
            ActivityKind::Redeem => &["REDEEM"],
            ActivityKind::Split => &["SPLIT"],
            ActivityKind::Merge => &["MERGE"],
            ActivityKind::Other => &[
                "CONVERSION",
                "MIGRATION",
                "REWARD",
                "YIELD",
                "MAKER_REBATE",
                "TAKER_REBATE",
                "REFERRAL_REWARD",
            ],
        })
        .copied()
        .collect();
    words.sort_unstable();
    words.dedup();
    words.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;
    use chassis::settings::{Variables, read};
    use tokio::time::{Instant, advance};

    /// Each endpoint is asked without a pause for a minute and a half.
    #[tokio::test(start_paused = true)]
    async fn no_ten_seconds_hold_more_than_a_tenth_of_a_limit() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let settings = read(Variables::default(), PolymarketSettings::declare).unwrap();
        let api = Polymarket::try_new(&settings, &Breakers::default()).unwrap();
        let limits = [
            (&api.trades, 200),
            (&api.activity, 200),
            (&api.positions, 150),
            (&api.markets, 300),
            (&api.events, 500),
            (&api.search, 350),
            (&api.books, 1_500),
            (&api.histories, 1_000),
        ];
        for (endpoint, limit) in limits {
            let end = Instant::now() + 9 * WINDOW;
            let mut turns = Vec::new();
            while turns.last().is_none_or(|last| *last < end) {
                match endpoint.host.turn() {
                    Ok(turn) => turns.push(turn),
                    Err(later) => advance(AskError::from(later).retry_in().unwrap()).await,
                }
            }
            let in_window = |first: &Instant| {
                turns.iter().filter(|turn| (*first..=*first + WINDOW).contains(*turn)).count()
            };
            let most = turns.iter().map(in_window).max();
            assert_eq!(most, Some(limit / 10), "{}: all of the budget, and no more", endpoint.name);
        }
    }
}
