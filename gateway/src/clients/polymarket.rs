//! What is asked about Polymarket. While it does not answer, that is what is told: never an empty list.

use super::{Clients, DEADLINE, PAUSE, Window};
use crate::{
    domain::{ActivityFilter, EvmAddress},
    pictures::Point,
};
use chassis::Fault;
use proto::oracle::{
    Activity, GetMarketRequest, GetMarketResponse, GetPortfolioRequest, GetPortfolioResponse,
    GetPriceHistoryRequest, ListActivityRequest, ListMarketsRequest, ListPositionsRequest, Market, Position,
    PositionTotals,
};
use std::time::Duration;
use tonic::{Code, Status};

/// Why there is nothing to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gap {
    /// Polymarket does not answer.
    Away,
    /// There is no such thing.
    Unknown,
}

/// What Polymarket said, or why it said nothing.
pub type Found<T> = Result<T, Gap>;

/// A page of a list of unknown length.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Leaf<T> {
    /// In the order of the service.
    pub shown: Vec<T>,
    /// Whether others come after it.
    pub more: bool,
    /// How old the answer is, in seconds.
    pub age: u32,
}

/// A page of positions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Positions {
    /// The most valuable first.
    pub leaf: Leaf<Position>,
    /// Over all of them.
    pub totals: PositionTotals,
}

/// A picture is nothing to wait for.
const PATIENCE: Duration = Duration::from_millis(1_500);

/// Asks twice at most: the service itself waits for Polymarket as long as that makes sense.
macro_rules! consult {
    ($clients:expr, $method:ident, $request:expr) => {{
        let request = $request;
        let asking = async {
            let Some(mut client) = $clients.polymarket.clone() else {
                return Err(Status::unavailable("no process of this role"));
            };
            match client.$method(request.clone()).await {
                Err(status) if status.code() == Code::Unavailable => {
                    tokio::time::sleep(PAUSE).await;
                    client.$method(request).await
                }
                answer => answer,
            }
        };
        let late = |_| Err(Status::deadline_exceeded("no answer in time"));
        told(tokio::time::timeout(DEADLINE, asking).await.unwrap_or_else(late))
    }};
}

fn told<T>(answer: Result<tonic::Response<T>, Status>) -> Result<Found<T>, Fault> {
    match answer {
        Ok(answer) => Ok(Ok(answer.into_inner())),
        Err(status) => match status.code() {
            Code::NotFound | Code::InvalidArgument => Ok(Err(Gap::Unknown)),
            Code::Unavailable | Code::DeadlineExceeded | Code::ResourceExhausted => Ok(Err(Gap::Away)),
            _ => Err(Fault::upstream("oracle-svc", status)),
        },
    }
}

/// Passes on why there is nothing.
macro_rules! found {
    ($answer:expr) => {
        match $answer? {
            Ok(answer) => answer,
            Err(gap) => return Ok(Err(gap)),
        }
    };
}

impl<T> Window<T> {
    /// A window that sees whether something comes after it.
    pub(super) fn after(page: u32, size: u32) -> Self {
        let skip = usize::try_from(page.saturating_mul(size)).unwrap_or(usize::MAX);
        Self { skip, ..Self::new(0, size.saturating_add(1)) }
    }

    /// Cuts the page out of one element more than fits on it.
    pub(super) fn leaf(self, size: u32, age: u32) -> Leaf<T> {
        let (mut shown, _) = self.finish();
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let more = shown.len() > size;
        shown.truncate(size);
        Leaf { shown, more, age }
    }
}

impl Clients {
    /// A market by its condition id, slug or page, with its event's other markets.
    ///
    /// # Errors
    /// oracle-svc failed.
    pub async fn market(&self, market: &str) -> Result<Found<(Market, Vec<Market>)>, Fault> {
        let request = GetMarketRequest { market: market.to_owned() };
        let GetMarketResponse { market, siblings } = found!(consult!(self, get_market, request));
        Ok(market.map(|market| (market, siblings)).ok_or(Gap::Unknown))
    }

    /// A page of markets: those whose question has these words, or the most traded.
    ///
    /// # Errors
    /// oracle-svc failed.
    pub async fn markets(&self, query: &str, page: u32, size: u32) -> Result<Found<Leaf<Market>>, Fault> {
        let (mut window, mut age) = (Window::after(page, size), 0);
        while let Some(next) = window.next() {
            let request = ListMarketsRequest { query: query.to_owned(), page: Some(next) };
            let answer = found!(consult!(self, list_markets, request));
            age = answer.age_seconds.max(age);
            window.take(answer.markets, 0, answer.next_page_token);
        }
        Ok(Ok(window.leaf(size, age)))
    }

    /// What a wallet is worth.
    ///
    /// # Errors
    /// oracle-svc failed.
    pub async fn worth(&self, wallet: EvmAddress) -> Result<Found<GetPortfolioResponse>, Fault> {
        consult!(self, get_portfolio, GetPortfolioRequest { address: wallet.to_string() })
    }

    /// A page of a wallet's positions.
    ///
    /// # Errors
    /// oracle-svc failed.
    pub async fn positions(
        &self,
        wallet: EvmAddress,
        page: u32,
        size: u32,
    ) -> Result<Found<Positions>, Fault> {
        let (mut window, mut age, mut totals) = (Window::after(page, size), 0, None);
        while let Some(next) = window.next() {
            let request = ListPositionsRequest { address: wallet.to_string(), page: Some(next) };
            let answer = found!(consult!(self, list_positions, request));
            age = answer.age_seconds.max(age);
            totals = answer.totals.or(totals);
            window.take(answer.positions, 0, answer.next_page_token);
        }
        Ok(Ok(Positions { leaf: window.leaf(size, age), totals: totals.unwrap_or_default() }))
    }

    /// A page of what a wallet did.
    ///
    /// # Errors
    /// oracle-svc failed.
    pub async fn activity(
        &self,
        wallet: EvmAddress,
        filter: ActivityFilter,
        page: u32,
        size: u32,
    ) -> Result<Found<Leaf<Activity>>, Fault> {
        let (mut window, mut age) = (Window::after(page, size), 0);
        while let Some(next) = window.next() {
            let kinds = filter.kinds().iter().map(|kind| i32::from(*kind)).collect();
            let request = ListActivityRequest { address: wallet.to_string(), kinds, page: Some(next) };
            let answer = found!(consult!(self, list_activity, request));
            age = answer.age_seconds.max(age);
            window.take(answer.items, 0, answer.next_page_token);
        }
        Ok(Ok(window.leaf(size, age)))
    }

    /// The prices of an outcome in the last so many seconds; none for a screen that goes on without them.
    pub async fn price_course(&self, token_id: &str, seconds: u32) -> Vec<Point> {
        let request = GetPriceHistoryRequest { token_id: token_id.to_owned(), seconds };
        let Some(mut client) = self.polymarket.clone() else { return Vec::new() };
        let answer = tokio::time::timeout(PATIENCE, client.get_price_history(request)).await;
        let Ok(Ok(answer)) = answer else {
            tracing::info!("no course of a price");
            return Vec::new();
        };
        let point = |point: &proto::oracle::PricePoint| {
            let close = proto::decimal(&point.price).ok()?;
            Some(Point { second: point.second, low: close, high: close, close })
        };
        answer.into_inner().points.iter().filter_map(point).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_knows_whether_others_follow() {
        let cut = |all: u32, page, size| {
            let mut window = Window::after(page, size);
            while let Some(next) = window.next() {
                let from: u32 = next.token.parse().unwrap_or(0);
                let to = (from + next.size).min(all);
                window.take((from..to).collect(), 0, if to < all { to.to_string() } else { String::new() });
            }
            window.leaf(size, 7)
        };
        assert_eq!(cut(12, 0, 5), Leaf { shown: (0..5).collect(), more: true, age: 7 });
        assert_eq!(cut(12, 1, 5), Leaf { shown: (5..10).collect(), more: true, age: 7 });
        assert_eq!(cut(12, 2, 5), Leaf { shown: vec![10, 11], more: false, age: 7 });
        assert_eq!(cut(10, 1, 5), Leaf { shown: (5..10).collect(), more: false, age: 7 });
        assert_eq!(cut(0, 0, 5), Leaf { shown: Vec::new(), more: false, age: 7 });
        assert_eq!(cut(130, 12, 10).shown, (120..130).collect::<Vec<_>>());
    }
}
