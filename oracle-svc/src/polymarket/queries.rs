//! What the role answers: markets and wallets, from Polymarket itself or from an answer of a while ago.

use super::{
    cache::{Aged, Cache},
    client::{ActivityQuery, AskError, Polymarket},
    tell::{self, perhaps, text},
};
use crate::domain::polymarket::{
    Activity, ActivityKind, Address, Book, Level, Market, MarketQuery, Position, total,
};
use chassis::{Fault, grpc::Unanswered};
use proto::{
    Malformed, Refusal,
    common::{Page, RefusalCode},
    oracle::{
        self, BookLevel, GetMarketRequest, GetMarketResponse, GetPortfolioRequest, GetPortfolioResponse,
        GetPriceHistoryRequest, GetPriceHistoryResponse, ListActivityRequest, ListActivityResponse,
        ListMarketsRequest, ListMarketsResponse, ListPositionsRequest, ListPositionsResponse, PositionTotals,
        PricePoint, polymarket_service_server::PolymarketService,
    },
    timestamp,
};
use rust_decimal::Decimal;
use std::{sync::Arc, time::Duration};
use tonic::{Request, Response, Status};

/// Levels of a book that are told.
const LEVELS: usize = 5;

/// Markets of an event that are told beside the one asked for.
const SIBLINGS: usize = 20;

/// Rows of a page at most.
const MARKETS: usize = 50;
const ROWS: usize = 100;

/// The longest history, in seconds: 30 days.
const HISTORY: u32 = 30 * 86_400;

/// An answer is used for an hour at most while Polymarket is away.
const USABLE: Duration = Duration::from_secs(3_600);

const MARKET_FRESH: Duration = Duration::from_secs(300);
const BALANCE_FRESH: Duration = Duration::from_secs(60);
const BOOK_FRESH: Duration = Duration::from_secs(5);

type Rows<T> = Arc<Vec<T>>;
type Listed<T> = (Rows<T>, String);

/// Answers, each kind with its cache.
#[derive(Debug)]
pub(crate) struct Queries {
    api: Polymarket,
    markets: Cache<MarketQuery, Option<Arc<Market>>>,
    events: Cache<String, Rows<Market>>,
    lists: Cache<(String, usize, usize), Listed<Market>>,
    books: Cache<String, Option<Arc<Book>>>,
    histories: Cache<(String, u32), Rows<(i64, Decimal)>>,
    positions: Cache<Address, Rows<Position>>,
    activity: Cache<(Address, Vec<ActivityKind>, u32, String), Listed<Activity>>,
}

impl Queries {
    /// Has no answers yet.
    pub(crate) fn new(api: Polymarket) -> Self {
        Self {
            api,
            markets: Cache::new(2_000, MARKET_FRESH, USABLE),
            events: Cache::new(500, MARKET_FRESH, USABLE),
            lists: Cache::new(500, MARKET_FRESH, USABLE),
            books: Cache::new(1_000, BOOK_FRESH, USABLE),
            histories: Cache::new(500, BALANCE_FRESH, USABLE),
            positions: Cache::new(1_000, BALANCE_FRESH, USABLE),
            activity: Cache::new(1_000, BALANCE_FRESH, USABLE),
        }
    }

    async fn market(&self, asked: &str) -> Result<GetMarketResponse, Unanswered> {
        let query = MarketQuery::parse(asked).ok_or_else(Unanswered::not_found)?;
        let found =
            self.markets.get(&query, async { Ok(self.api.market(&query).await?.map(Arc::new)) }).await;
        let Aged { value, mut age } = found.map_err(away)?;
        let market = value.ok_or_else(Unanswered::not_found)?;
        let mut outcomes = Vec::with_capacity(market.outcomes.len());
        for outcome in &market.outcomes {
            let token = &outcome.token;
            let ask = async { Ok(self.api.book(token).await?.map(Arc::new)) };
            let book = self.books.get(token, ask).await.map_err(away)?;
            age = age.max(book.age);
            outcomes.push(with_book(outcome, book.value.as_deref()));
        }
        let siblings = self.siblings(&market).await?;
        let told = oracle::Market {
            outcomes,
            age_seconds: u32::try_from(age.as_secs()).unwrap_or(u32::MAX),
            ..told(&market)
        };
        Ok(GetMarketResponse { market: Some(told), siblings })
    }

    /// Other markets of the same event.
    async fn siblings(&self, market: &Market) -> Result<Vec<oracle::Market>, Unanswered> {
        let event = &market.name.event_slug;
        if event.is_empty() {
            return Ok(Vec::new());
        }
        let ask = async { Ok(Arc::new(self.api.event(event).await?)) };
        let Aged { value, .. } = self.events.get(event, ask).await.map_err(away)?;
        let others = value.iter().filter(|other| other.name.condition != market.name.condition);
        Ok(others.take(SIBLINGS).map(told).collect())
    }

    async fn list(&self, request: &ListMarketsRequest) -> Result<ListMarketsResponse, Unanswered> {
        let (size, from) = page(request.page.as_ref(), MARKETS)?;
        let words = request.query.trim().to_lowercase();
        let ask = async {
            if words.is_empty() {
                // One more than is told says whether there is another page.
                let mut markets = self.api.most_traded(from, size + 1).await?;
                let next = if markets.len() > size { (from + size).to_string() } else { String::new() };
                markets.truncate(size);
                return Ok((Arc::new(markets), next));
            }
            let found = self.api.search(&words, from.max(1)).await?;
            let next = found.next.map_or_else(String::new, |_| (from.max(1) + 1).to_string());
            let mut markets = found.rows;
            markets.retain(|market| !market.closed);
            markets.sort_by_key(|market| std::cmp::Reverse(market.volume_day));
            // The rest of an event are siblings of those that are told.
            markets.truncate(size);
            Ok((Arc::new(markets), next))
        };
        let listed = self.lists.get(&(words.clone(), from, size), ask).await.map_err(away)?;
        let age_seconds = listed.seconds();
        let (markets, next_page_token) = listed.value;
        let open = markets.iter().filter(|market| !market.closed).map(told).collect();
        Ok(ListMarketsResponse { markets: open, next_page_token, age_seconds })
    }

    async fn history(&self, request: &GetPriceHistoryRequest) -> Result<GetPriceHistoryResponse, Unanswered> {
        let (token, seconds) = (request.token_id.clone(), request.seconds.min(HISTORY));
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Unanswered::not_found());
        }
        let ask = async { Ok(Arc::new(self.api.history(&token, seconds).await?)) };
        let history = self.histories.get(&(token.clone(), seconds), ask).await.map_err(away)?;
        let points =
            history.value.iter().map(|(second, price)| PricePoint { second: *second, price: text(*price) });
        Ok(GetPriceHistoryResponse { points: points.collect() })
    }

    /// A wallet's positions, the most valuable first.
    async fn held(&self, asked: &str) -> Result<(Address, Aged<Rows<Position>>), Unanswered> {
        let address = address(asked)?;
        let ask = async {
            let mut positions = self.api.positions(&address).await?;
            positions.retain(|position| position.shares > Decimal::ZERO);
            positions.sort_by(|a, b| (b.value, &a.token).cmp(&(a.value, &b.token)));
            Ok(Arc::new(positions))
        };
        let held = self.positions.get(&address, ask).await.map_err(away)?;
        Ok((address, held))
    }

    async fn portfolio(&self, request: &GetPortfolioRequest) -> Result<GetPortfolioResponse, Unanswered> {
        let (address, held) = self.held(&request.address).await?;
        let rows = &held.value;
        let name = rows.iter().map(|position| &position.owner).find(|name| !name.is_empty());
        Ok(GetPortfolioResponse {
            address: address.as_str().to_owned(),
            value_usd: text(total(rows.iter().map(|position| position.value))),
            open_positions: count(rows.iter()),
            realized_pnl_usd: text(total(rows.iter().filter_map(|position| position.realized))),
            unrealized_pnl_usd: text(total(rows.iter().filter_map(|position| position.unrealized))),
            name: name.cloned().unwrap_or_default(),
            age_seconds: held.seconds(),
        })
    }

    async fn positions(&self, request: &ListPositionsRequest) -> Result<ListPositionsResponse, Unanswered> {
        let (size, from) = page(request.page.as_ref(), ROWS)?;
        let (_, held) = self.held(&request.address).await?;
        let rows = &held.value;
        let totals = PositionTotals {
            positions: count(rows.iter()),
            value_usd: text(total(rows.iter().map(|position| position.value))),
            cost_usd: text(total(rows.iter().filter_map(|position| position.cost))),
            unrealized_pnl_usd: text(total(rows.iter().filter_map(|position| position.unrealized))),
            redeemable: count(rows.iter().filter(|position| position.redeemable)),
        };
        let next = from.saturating_add(size);
        Ok(ListPositionsResponse {
            positions: rows.iter().skip(from).take(size).map(position).collect(),
            next_page_token: if next < rows.len() { next.to_string() } else { String::new() },
            totals: Some(totals),
            age_seconds: held.seconds(),
        })
    }

    async fn activity(&self, request: &ListActivityRequest) -> Result<ListActivityResponse, Unanswered> {
        let address = address(&request.address)?;
        let asked = request.page.clone().unwrap_or_default();
        let size = u32::try_from(size(&asked, ROWS)).unwrap_or(u32::MAX);
        let mut kinds: Vec<ActivityKind> = request.kinds().filter_map(kind).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let ask = async {
            let cursor = Some(asked.token.as_str()).filter(|token| !token.is_empty());
            let query = ActivityQuery { kinds: &kinds, start: None, rows: Some(size), cursor };
            let page = self.api.activity(&address, &query).await?;
            // Polymarket knows trades, not purchases.
            let wanted = |one: &Activity| kinds.is_empty() || kinds.contains(&one.kind);
            let rows = page.rows.into_iter().filter(wanted).collect();
            Ok((Arc::new(rows), page.next.unwrap_or_default()))
        };
        let key = (address.clone(), kinds.clone(), size, asked.token.clone());
        let listed = self.activity.get(&key, ask).await.map_err(away)?;
        let age_seconds = listed.seconds();
        let (rows, next_page_token) = listed.value;
        Ok(ListActivityResponse { items: rows.iter().map(did).collect(), next_page_token, age_seconds })
    }
}

#[tonic::async_trait]
impl PolymarketService for Queries {
    async fn get_market(
        &self,
        request: Request<GetMarketRequest>,
    ) -> Result<Response<GetMarketResponse>, Status> {
        Ok(Response::new(self.market(&request.into_inner().market).await?))
    }

    async fn list_markets(
        &self,
        request: Request<ListMarketsRequest>,
    ) -> Result<Response<ListMarketsResponse>, Status> {
        Ok(Response::new(self.list(&request.into_inner()).await?))
    }

    async fn get_price_history(
        &self,
        request: Request<GetPriceHistoryRequest>,
    ) -> Result<Response<GetPriceHistoryResponse>, Status> {
        Ok(Response::new(self.history(&request.into_inner()).await?))
    }

    async fn get_portfolio(
        &self,
        request: Request<GetPortfolioRequest>,
    ) -> Result<Response<GetPortfolioResponse>, Status> {
        Ok(Response::new(self.portfolio(&request.into_inner()).await?))
    }

    async fn list_positions(
        &self,
        request: Request<ListPositionsRequest>,
    ) -> Result<Response<ListPositionsResponse>, Status> {
        Ok(Response::new(self.positions(&request.into_inner()).await?))
    }

    async fn list_activity(
        &self,
        request: Request<ListActivityRequest>,
    ) -> Result<Response<ListActivityResponse>, Status> {
        Ok(Response::new(self.activity(&request.into_inner()).await?))
    }
}

/// Polymarket does not answer: unknown, and never nothing.
fn away(error: AskError) -> Unanswered {
    Fault::upstream("Polymarket", error).into()
}

fn address(text: &str) -> Result<Address, Unanswered> {
    let refusal = || Refusal::new(RefusalCode::Malformed).with("field", "address");
    Address::parse(text.trim()).ok_or_else(|| refusal().into())
}

/// Size and beginning of a page of which the tokens are numbers.
fn page(asked: Option<&Page>, most: usize) -> Result<(usize, usize), Unanswered> {
    let asked = asked.cloned().unwrap_or_default();
    let from = if asked.token.is_empty() { Ok(0) } else { asked.token.parse() };
    let from: usize = from.map_err(|_| Malformed("not a page's token"))?;
    Ok((size(&asked, most), from.min(1_000_000)))
}

fn size(asked: &Page, most: usize) -> usize {
    match usize::try_from(asked.size) {
        Ok(0) | Err(_) => most.min(10),
        Ok(size) => size.min(most),
    }
}

fn count<T>(rows: impl Iterator<Item = T>) -> u32 {
    u32::try_from(rows.count()).unwrap_or(u32::MAX)
}

/// A market without books.
fn told(market: &Market) -> oracle::Market {
    let winner = market.decision().and_then(|decision| decision.winner).map(|(outcome, _)| outcome);
    let outcomes = market.outcomes.iter().map(|outcome| oracle::MarketOutcome {
        name: outcome.name.clone(),
        token_id: outcome.token.clone(),
        price: perhaps(outcome.price),
        ..Default::default()
    });
    oracle::Market {
        r#ref: Some(tell::market(&market.name)),
        outcomes: outcomes.collect(),
        volume_usd: perhaps(market.volume),
        volume_day_usd: perhaps(market.volume_day),
        liquidity_usd: perhaps(market.liquidity),
        ends_at: market.ends_at.map(timestamp),
        closed: market.closed,
        resolved: winner.unwrap_or_default(),
        description: market.description.clone(),
        age_seconds: 0,
    }
}

fn with_book(
    outcome: &crate::domain::polymarket::MarketOutcome,
    book: Option<&Book>,
) -> oracle::MarketOutcome {
    let best = |levels: &[Level]| perhaps(levels.first().map(|level| level.price));
    let levels = |levels: &[Level]| {
        let told = levels.iter().take(LEVELS);
        told.map(|level| BookLevel { price: text(level.price), shares: text(level.shares) }).collect()
    };
    let empty = Book::default();
    let book = book.unwrap_or(&empty);
    oracle::MarketOutcome {
        name: outcome.name.clone(),
        token_id: outcome.token.clone(),
        price: perhaps(book.middle().or(outcome.price)),
        best_bid: best(&book.bids),
        best_ask: best(&book.asks),
        spread: perhaps(book.spread()),
        bids: levels(&book.bids),
        asks: levels(&book.asks),
    }
}

fn position(position: &Position) -> oracle::Position {
    oracle::Position {
        market: Some(tell::market(&position.market)),
        outcome: position.outcome.clone(),
        token_id: position.token.clone(),
        shares: text(position.shares),
        average_price: perhaps(position.average_price),
        price: perhaps(position.price),
        value_usd: text(position.value),
        unrealized_pnl_usd: perhaps(position.unrealized),
        redeemable: position.redeemable,
    }
}

fn did(one: &Activity) -> oracle::Activity {
    oracle::Activity {
        kind: tell::kind(one.kind).into(),
        market: one.market.as_ref().map(tell::market),
        outcome: one.outcome.clone(),
        shares: perhaps(one.shares),
        price: perhaps(one.price),
        usd: perhaps(one.usd),
        at: Some(timestamp(one.at)),
        transaction_hash: one.transaction.clone(),
    }
}

fn kind(kind: oracle::ActivityKind) -> Option<ActivityKind> {
    match kind {
        oracle::ActivityKind::Unspecified => None,
        oracle::ActivityKind::Buy => Some(ActivityKind::Buy),
        oracle::ActivityKind::Sell => Some(ActivityKind::Sell),
        oracle::ActivityKind::Redeem => Some(ActivityKind::Redeem),
        oracle::ActivityKind::Split => Some(ActivityKind::Split),
        oracle::ActivityKind::Merge => Some(ActivityKind::Merge),
        oracle::ActivityKind::Other => Some(ActivityKind::Other),
    }
}
