//! The market channel of the order books' WebSocket.

use super::{WireError, decimal, integer};
use crate::domain::polymarket::ConditionId;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{json, value::RawValue};
use time::OffsetDateTime;

/// What the channel says that somebody wants to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// A token was traded.
    Traded {
        /// Which.
        token: String,
        /// USD per share.
        price: Decimal,
        /// When.
        at: OffsetDateTime,
    },
    /// A market was decided.
    Decided {
        /// Which.
        condition: ConditionId,
        /// The winning token.
        token: String,
        /// The name of its outcome.
        outcome: String,
    },
}

#[derive(Deserialize)]
struct Kind {
    event_type: String,
}

#[derive(Deserialize)]
struct TradeRow {
    asset_id: String,
    #[serde(deserialize_with = "decimal")]
    price: Decimal,
    #[serde(deserialize_with = "integer")]
    timestamp: i64,
}

#[derive(Deserialize)]
struct DecidedRow {
    market: String,
    winning_asset_id: String,
    winning_outcome: String,
}

/// Reads a message, which holds one event or a list of them. Books and their changes say nothing that is wanted.
///
/// # Errors
/// Not such a message.
pub fn said(text: &str) -> Result<Vec<Said>, WireError> {
    let text = text.trim();
    if text.eq_ignore_ascii_case("PONG") || text.is_empty() {
        return Ok(Vec::new());
    }
    let events: Vec<&RawValue> =
        if text.starts_with('[') { serde_json::from_str(text)? } else { vec![serde_json::from_str(text)?] };
    let said = events.into_iter().map(|event| one(event.get())).collect::<Result<Vec<_>, _>>()?;
    Ok(said.into_iter().flatten().collect())
}

fn one(event: &str) -> Result<Option<Said>, WireError> {
    let Kind { event_type } = serde_json::from_str(event)?;
    Ok(match event_type.as_str() {
        "last_trade_price" => {
            let row: TradeRow = serde_json::from_str(event)?;
            let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(row.timestamp) * 1_000_000);
            at.ok().map(|at| Said::Traded { token: row.asset_id, price: row.price, at })
        }
        "market_resolved" => {
            let row: DecidedRow = serde_json::from_str(event)?;
            ConditionId::parse(&row.market).map(|condition| Said::Decided {
                condition,
                token: row.winning_asset_id,
                outcome: row.winning_outcome,
            })
        }
        _ => None,
    })
}

/// The first message of a connection.
#[must_use]
pub fn subscription(tokens: &[String]) -> String {
    json!({"assets_ids": tokens, "type": "market", "custom_feature_enabled": true}).to_string()
}

/// More tokens.
#[must_use]
pub fn subscribe(tokens: &[String]) -> String {
    json!({"assets_ids": tokens, "operation": "subscribe", "custom_feature_enabled": true}).to_string()
}

/// Fewer tokens.
#[must_use]
pub fn unsubscribe(tokens: &[String]) -> String {
    json!({"assets_ids": tokens, "operation": "unsubscribe"}).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trades_and_decisions_are_heard_as_recorded() {
        let trade = r#"{"event_type":"last_trade_price","market":"0xdd22","asset_id":"713","fee_rate_bps":"0","price":"0.51","side":"BUY","size":"25.0","timestamp":"1703875202000"}"#;
        let at = OffsetDateTime::from_unix_timestamp(1_703_875_202).unwrap();
        let traded = Said::Traded { token: "713".to_owned(), price: Decimal::new(51, 2), at };
        assert_eq!(said(trade).unwrap(), std::slice::from_ref(&traded));
        let condition = "0x311d0c4b6671ab54af4970c06fcf58662516f5168997bdda209ec3db5aa6b0c1";
        let decided = format!(
            r#"{{"event_type":"market_resolved","id":"1031769","market":"{condition}","assets_ids":["760","316"],"winning_asset_id":"760","winning_outcome":"Yes","timestamp":"1766790415550","tags":["stocks"]}}"#
        );
        let book =
            r#"{"event_type":"book","market":"0xdd22","asset_id":"713","bids":[],"asks":[],"timestamp":"1"}"#;
        let told = said(&format!("[{book},{decided},{trade}]")).unwrap();
        let condition = ConditionId::parse(condition).unwrap();
        assert_eq!(
            told,
            [Said::Decided { condition, token: "760".to_owned(), outcome: "Yes".to_owned() }, traded]
        );
    }

    #[test]
    fn what_says_nothing_is_nothing_and_noise_is_an_error() {
        assert_eq!(said("PONG").unwrap(), []);
        assert_eq!(said("[]").unwrap(), []);
        assert_eq!(said(r#"{"event_type":"new_market","id":"1"}"#).unwrap(), []);
        for wrong in ["hello", "{}", r#"{"event_type":"last_trade_price"}"#] {
            assert!(said(wrong).is_err(), "{wrong}");
        }
    }
}
