//! The order books and their history.

use super::{WireError, decimal, integer};
use crate::domain::polymarket::{Book, Level};
use rust_decimal::Decimal;
use serde::Deserialize;

#[derive(Deserialize)]
struct BookRow {
    bids: Vec<LevelRow>,
    asks: Vec<LevelRow>,
}

#[derive(Deserialize)]
struct LevelRow {
    #[serde(deserialize_with = "decimal")]
    price: Decimal,
    #[serde(deserialize_with = "decimal")]
    size: Decimal,
}

/// A book, best offers first: no order of its rows is promised.
///
/// # Errors
/// Not a book.
pub fn book(body: &[u8]) -> Result<Book, WireError> {
    let row: BookRow = serde_json::from_slice(body)?;
    let levels = |rows: Vec<LevelRow>| {
        rows.into_iter()
            .filter(|row| row.size > Decimal::ZERO)
            .map(|row| Level { price: row.price, shares: row.size })
            .collect()
    };
    Ok(Book::new(levels(row.bids), levels(row.asks)))
}

#[derive(Deserialize)]
struct History {
    history: Vec<PointRow>,
}

#[derive(Deserialize)]
struct PointRow {
    #[serde(deserialize_with = "integer")]
    t: i64,
    #[serde(deserialize_with = "decimal")]
    p: Decimal,
}

/// Prices of a token by second of Unix time, ascending.
///
/// # Errors
/// Not a history.
pub fn history(body: &[u8]) -> Result<Vec<(i64, Decimal)>, WireError> {
    let history: History = serde_json::from_slice(body)?;
    let mut points: Vec<_> = history.history.into_iter().map(|point| (point.t, point.p)).collect();
    points.sort_unstable_by_key(|(second, _)| *second);
    Ok(points)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_offers_come_first_whatever_the_order_of_the_rows() {
        let book = book(
            br#"{"market":"0xc8","asset_id":"123","hash":"0xabc","timestamp":"1703875200000",
            "bids":[{"price":"0.48","size":"100.00"},{"price":"0.50","size":"150.00"},{"price":"0.49","size":"0"}],
            "asks":[{"price":"0.53","size":"90.00"},{"price":"0.51","size":"120.00"}]}"#,
        )
        .unwrap();
        let prices =
            |levels: &[Level]| levels.iter().map(|level| level.price.to_string()).collect::<Vec<_>>();
        assert_eq!(
            (prices(&book.bids), prices(&book.asks)),
            (vec!["0.50".into(), "0.48".into()], vec!["0.51".into(), "0.53".into()])
        );
        assert_eq!((book.middle(), book.spread()), (Some(Decimal::new(505, 3)), Some(Decimal::new(1, 2))));
        assert!(super::book(br#"{"error":"No orderbook exists for the requested token id"}"#).is_err());
    }

    #[test]
    fn a_history_is_ascending() {
        let points =
            history(br#"{"history":[{"t":1703875260,"p":0.515},{"t":1703875200,"p":0.5}]}"#).unwrap();
        assert_eq!(points, [(1_703_875_200, Decimal::new(5, 1)), (1_703_875_260, Decimal::new(515, 3))]);
        assert!(history(br#"{"error":"interval is too long"}"#).is_err());
    }
}
