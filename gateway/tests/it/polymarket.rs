//! What the tracker's services know, as the gateway asks for it.

use crate::services::Services;
use proto::{
    common::Page,
    notifier::{GetWebhookResponse, Preferences, PriceAlert, Signal, SmartWallet, TrackedWallet},
    oracle::{
        Activity, GetMarketRequest, GetMarketResponse, GetPortfolioRequest, GetPortfolioResponse,
        GetPriceHistoryRequest, GetPriceHistoryResponse, ListActivityRequest, ListActivityResponse,
        ListMarketsRequest, ListMarketsResponse, ListPositionsRequest, ListPositionsResponse, Market,
        MarketOutcome, MarketRef, Position, PositionTotals, PricePoint,
        polymarket_service_server::PolymarketService,
    },
    timestamp,
};
use time::{Duration, OffsetDateTime};
use tonic::{Request, Response, Status};

pub const MARKET: &str = "0x0707070707070707070707070707070707070707070707070707070707070707";

/// What both of them keep.
#[derive(Default)]
pub struct Tracker {
    pub tracked: Vec<TrackedWallet>,
    pub alerts: Vec<PriceAlert>,
    pub preferences: Preferences,
    pub webhook: Option<GetWebhookResponse>,
    pub smart: Vec<SmartWallet>,
    pub signals: Vec<Signal>,
    pub markets: Vec<Market>,
    pub positions: Vec<Position>,
    pub totals: PositionTotals,
    pub activity: Vec<Activity>,
    pub worth: GetPortfolioResponse,
    pub course: Vec<PricePoint>,
    /// How old answers are.
    pub age: u32,
    /// Polymarket does not answer.
    pub away: bool,
    /// Wallets that were asked about.
    pub asked: Vec<String>,
}

/// A page of a list by tokens.
pub fn page<T: Clone>(all: &[T], page: Option<Page>) -> (Vec<T>, String) {
    let Page { size, token } = page.unwrap();
    assert!((1..=50).contains(&size), "a page of {size}");
    let from: usize = token.parse().unwrap_or(0);
    let to = (from + size as usize).min(all.len());
    let next = if to < all.len() { to.to_string() } else { String::new() };
    (all[from.min(to)..to].to_vec(), next)
}

/// A binary market that still trades for so long.
pub fn market(question: &str, left: Duration) -> Market {
    let answer = |name: &str, token: &str, price: &str| MarketOutcome {
        name: name.into(),
        token_id: token.into(),
        price: price.into(),
        best_bid: "0.61".into(),
        best_ask: "0.63".into(),
        spread: "0.02".into(),
        ..MarketOutcome::default()
    };
    Market {
        r#ref: Some(MarketRef {
            condition_id: MARKET.into(),
            question: question.into(),
            slug: "will-it".into(),
            event_slug: "it".into(),
        }),
        outcomes: vec![answer("Yes", "71", "0.62"), answer("No", "72", "0.38")],
        volume_day_usd: "54321".into(),
        ends_at: Some(timestamp(OffsetDateTime::now_utc() + left)),
        ..Market::default()
    }
}

impl Services {
    /// Changes what the tracker's services know.
    pub fn tracker(&self, change: impl FnOnce(&mut Tracker)) {
        change(&mut self.state.lock().unwrap().tracker);
    }

    fn told<T>(&self, tell: impl FnOnce(&mut Tracker) -> Result<T, Status>) -> Result<Response<T>, Status> {
        let mut state = self.state.lock().unwrap();
        if state.tracker.away {
            return Err(Status::unavailable("Polymarket does not answer"));
        }
        tell(&mut state.tracker).map(Response::new)
    }
}

#[tonic::async_trait]
impl PolymarketService for Services {
    async fn get_market(
        &self,
        request: Request<GetMarketRequest>,
    ) -> Result<Response<GetMarketResponse>, Status> {
        let wanted = request.into_inner().market;
        self.told(|tracker| {
            let known = |market: &&Market| {
                let reference = market.r#ref.as_ref().unwrap();
                [&reference.condition_id, &reference.slug].contains(&&wanted)
            };
            let market = tracker.markets.iter().find(known).cloned();
            let market = market.ok_or_else(|| Status::not_found("no such market"))?;
            Ok(GetMarketResponse { market: Some(market), siblings: Vec::new() })
        })
    }

    async fn list_markets(
        &self,
        request: Request<ListMarketsRequest>,
    ) -> Result<Response<ListMarketsResponse>, Status> {
        let request = request.into_inner();
        self.told(|tracker| {
            let mut markets = tracker.markets.clone();
            markets.retain(|market| {
                let question = market.r#ref.as_ref().unwrap().question.to_lowercase();
                request.query.split_whitespace().all(|word| question.contains(&word.to_lowercase()))
            });
            let (markets, next_page_token) = page(&markets, request.page);
            Ok(ListMarketsResponse { markets, next_page_token, age_seconds: tracker.age })
        })
    }

    async fn get_price_history(
        &self,
        _: Request<GetPriceHistoryRequest>,
    ) -> Result<Response<GetPriceHistoryResponse>, Status> {
        self.told(|tracker| Ok(GetPriceHistoryResponse { points: tracker.course.clone() }))
    }

    async fn get_portfolio(
        &self,
        request: Request<GetPortfolioRequest>,
    ) -> Result<Response<GetPortfolioResponse>, Status> {
        let address = request.into_inner().address;
        self.told(|tracker| {
            tracker.asked.push(address);
            Ok(GetPortfolioResponse { age_seconds: tracker.age, ..tracker.worth.clone() })
        })
    }

    async fn list_positions(
        &self,
        request: Request<ListPositionsRequest>,
    ) -> Result<Response<ListPositionsResponse>, Status> {
        let request = request.into_inner();
        self.told(|tracker| {
            tracker.asked.push(request.address);
            let (positions, next_page_token) = page(&tracker.positions, request.page);
            let totals = Some(tracker.totals.clone());
            Ok(ListPositionsResponse { positions, next_page_token, totals, age_seconds: tracker.age })
        })
    }

    async fn list_activity(
        &self,
        request: Request<ListActivityRequest>,
    ) -> Result<Response<ListActivityResponse>, Status> {
        let request = request.into_inner();
        self.told(|tracker| {
            tracker.asked.push(request.address);
            let mut items = tracker.activity.clone();
            items.retain(|item| request.kinds.is_empty() || request.kinds.contains(&item.kind));
            let (items, next_page_token) = page(&items, request.page);
            Ok(ListActivityResponse { items, next_page_token, age_seconds: tracker.age })
        })
    }
}
