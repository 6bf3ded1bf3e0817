//! Gamma: markets and events. Lists stand as JSON within strings.

use super::{Page, WireError, page, perhaps, rows};
use crate::domain::polymarket::{ConditionId, Market, MarketName, MarketOutcome};
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::str::FromStr as _;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MarketRow {
    question: String,
    condition_id: String,
    slug: String,
    end_date: Option<String>,
    #[serde(default, deserialize_with = "list")]
    outcomes: Vec<String>,
    #[serde(default, deserialize_with = "list")]
    outcome_prices: Vec<String>,
    #[serde(default, deserialize_with = "list")]
    clob_token_ids: Vec<String>,
    #[serde(default, deserialize_with = "perhaps")]
    volume: Option<Decimal>,
    #[serde(default, deserialize_with = "perhaps")]
    volume24hr: Option<Decimal>,
    #[serde(default, deserialize_with = "perhaps")]
    liquidity: Option<Decimal>,
    closed: Option<bool>,
    uma_resolution_status: Option<String>,
    automatically_resolved: Option<bool>,
    description: Option<String>,
    #[serde(default)]
    events: Vec<EventName>,
}

#[derive(Deserialize)]
struct EventName {
    slug: Option<String>,
}

#[derive(Deserialize)]
struct EventRow<'a> {
    slug: String,
    #[serde(borrow, default)]
    markets: Vec<&'a RawValue>,
}

/// One market.
///
/// # Errors
/// Not a market.
pub fn market(body: &[u8]) -> Result<Market, WireError> {
    let row: MarketRow = serde_json::from_slice(body)?;
    row.read("").ok_or(WireError::Rows(1))
}

/// A list of markets.
///
/// # Errors
/// Not such a list.
pub fn markets(body: &[u8]) -> Result<Vec<Market>, WireError> {
    page(body, "market", |row: MarketRow| row.read("")).map(|page| page.rows)
}

/// The markets of one event.
///
/// # Errors
/// Not an event.
pub fn event(body: &[u8]) -> Result<Vec<Market>, WireError> {
    let row: EventRow<'_> = serde_json::from_slice(body)?;
    row.read()
}

#[derive(Deserialize)]
struct Found<'a> {
    // Null or missing where nothing fits, but then the count is there.
    #[serde(borrow)]
    events: Option<Vec<&'a RawValue>>,
    pagination: SearchPages,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SearchPages {
    has_more: bool,
}

/// The markets of the events that a search found; there is a next page if `next` is not empty.
///
/// # Errors
/// Not the result of a search.
pub fn search(body: &[u8]) -> Result<Page<Market>, WireError> {
    let found: Found<'_> = serde_json::from_slice(body)?;
    let events = rows(found.events.unwrap_or_default(), "event", |row: EventRow<'_>| row.read().ok())?;
    let next = found.pagination.has_more.then(|| "more".to_owned());
    Ok(Page { rows: events.into_iter().flatten().collect(), next })
}

impl EventRow<'_> {
    fn read(self) -> Result<Vec<Market>, WireError> {
        rows(self.markets, "market", |row: MarketRow| row.read(&self.slug))
    }
}

impl MarketRow {
    fn read(self, event: &str) -> Option<Market> {
        let prices = self.outcome_prices.iter().map(|price| Decimal::from_str(price).ok());
        let prices = prices.chain(std::iter::repeat(None));
        let outcomes: Vec<MarketOutcome> = self
            .outcomes
            .into_iter()
            .zip(self.clob_token_ids)
            .zip(prices)
            .map(|((name, token), price)| MarketOutcome { name, token, price })
            .collect();
        let of_event = self.events.into_iter().find_map(|event| event.slug).unwrap_or_default();
        let settled =
            self.uma_resolution_status.is_some_and(|status| status.eq_ignore_ascii_case("resolved"));
        Some(Market {
            name: MarketName {
                condition: ConditionId::parse(&self.condition_id)?,
                question: self.question,
                slug: self.slug,
                event_slug: if of_event.is_empty() { event.to_owned() } else { of_event },
            },
            outcomes,
            volume: self.volume,
            volume_day: self.volume24hr,
            liquidity: self.liquidity,
            ends_at: self.end_date.and_then(|at| OffsetDateTime::parse(&at, &Rfc3339).ok()),
            closed: self.closed.unwrap_or_default(),
            settled: settled || self.automatically_resolved.unwrap_or_default(),
            description: self.description.unwrap_or_default(),
        })
    }
}

/// A list of strings, itself in a string or not; unreadable or null is an empty one.
fn list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?;
    let text: String = serde_json::from_str(raw.get()).unwrap_or_else(|_| raw.get().to_owned());
    Ok(serde_json::from_str(&text).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As recorded, shortened.
    const MARKET: &str = r#"{"id":"1557558","question":"Bitcoin Up or Down?","conditionId":"0x78443f961b9a65869dcb39359de9960165c7e5cbad0904eac7f29cd77872a63b",
        "slug":"btc-updown-5m-1773307200","endDate":"2026-03-12T09:25:00Z","liquidity":"20328.3747","description":"Chainlink \"decides\".",
        "outcomes":"[\"Up\", \"Down\"]","outcomePrices":"[\"0.505\", \"0.495\"]","volume":"9.999997","active":true,"closed":false,"volume24hr":9.999997,
        "clobTokenIds":"[\"1042\", \"7118\"]","umaResolutionStatuses":"[]","events":[{"id":"260654","slug":"btc-updown","title":"Bitcoin","series":[{"id":"1"}]}]}"#;

    #[test]
    fn lists_in_strings_become_outcomes() {
        let market = market(MARKET.as_bytes()).unwrap();
        let outcomes: Vec<_> =
            market.outcomes.iter().map(|outcome| (outcome.name.as_str(), outcome.token.as_str())).collect();
        assert_eq!(outcomes, [("Up", "1042"), ("Down", "7118")]);
        assert_eq!(market.outcomes[1].price, Some(Decimal::new(495, 3)));
        assert_eq!((market.name.event_slug.as_str(), market.closed), ("btc-updown", false));
        assert_eq!((market.volume_day, market.decision()), (Some(Decimal::new(9_999_997, 6)), None));
        let list = format!("[{MARKET}]");
        assert_eq!(markets(list.as_bytes()).unwrap(), [market]);
    }

    #[test]
    fn a_decided_market_pays_what_its_prices_say() {
        let decided = MARKET
            .replace(r#""closed":false"#, r#""closed":true,"umaResolutionStatus":"resolved""#)
            .replace(r#"[\"0.505\", \"0.495\"]"#, r#"[\"1\", \"0\"]"#);
        assert_eq!(market(decided.as_bytes()).unwrap().decision().unwrap().payout("1042"), Decimal::ONE);
    }

    #[test]
    fn events_and_searches_name_the_event_of_their_markets() {
        let inner = MARKET.replace(
            r#","events":[{"id":"260654","slug":"btc-updown","title":"Bitcoin","series":[{"id":"1"}]}]"#,
            "",
        );
        let body =
            format!(r#"{{"id":"1","slug":"bitcoin-above","title":"Bitcoin above","markets":[{inner}]}}"#);
        assert_eq!(event(body.as_bytes()).unwrap()[0].name.event_slug, "bitcoin-above");
        let body = format!(r#"{{"events":[{body}],"pagination":{{"hasMore":true,"totalResults":46940}}}}"#);
        let found = search(body.as_bytes()).unwrap();
        assert_eq!((found.rows.len(), found.next.is_some()), (1, true));
        let none = search(br#"{"events":null,"pagination":{"hasMore":false,"totalResults":0}}"#).unwrap();
        assert_eq!((none.rows.len(), none.next), (0, None));
        assert!(search(br#"{"error":"down"}"#).is_err() && event(b"{}").is_err() && markets(b"{}").is_err());
    }
}
