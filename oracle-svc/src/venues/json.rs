//! Reading fields without a detour through binary floats.

use super::WireError;
use crate::domain::{InvalidPrice, Moment, Price};
use rust_decimal::Decimal;
use serde_json::value::RawValue;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// A price in a string.
pub(super) fn price(text: &str, field: &'static str) -> Result<Price, WireError> {
    Price::parse(text).map_err(|source| WireError::Price { field, source })
}

/// A price in a JSON number, by its digits.
pub(super) fn number(raw: &RawValue, field: &'static str) -> Result<Price, WireError> {
    let text = raw.get();
    let parsed = if text.contains(['e', 'E']) {
        Decimal::from_scientific(text).map_err(|_| InvalidPrice::Syntax).and_then(Price::try_new)
    } else {
        Price::parse(text)
    };
    parsed.map_err(|source| WireError::Price { field, source })
}

/// The price of one side of the book; empty or zero where nobody offers.
pub(super) fn offer(text: &str, field: &'static str) -> Result<Option<Price>, WireError> {
    match Price::parse(text) {
        Err(InvalidPrice::NotPositive) => Ok(None),
        _ if text.is_empty() => Ok(None),
        parsed => parsed.map(Some).map_err(|source| WireError::Price { field, source }),
    }
}

/// The last trade, held within the best bid and ask: in a quiet book the last trade is old and the
/// offers have moved on.
pub(super) fn within_book(last: Price, bid: Option<Price>, ask: Option<Price>) -> Price {
    match (bid, ask) {
        (Some(bid), Some(ask)) if bid <= ask => last.clamp(bid, ask),
        _ => last,
    }
}

/// Seconds since the Unix epoch.
pub(super) fn seconds(seconds: i64, field: &'static str) -> Result<Moment, WireError> {
    millis(seconds.checked_mul(1_000).ok_or(WireError::Time(field))?, field)
}

/// Milliseconds since the Unix epoch.
pub(super) fn millis(millis: i64, field: &'static str) -> Result<Moment, WireError> {
    micros(millis.checked_mul(1_000).ok_or(WireError::Time(field))?, field)
}

/// Microseconds since the Unix epoch.
pub(super) fn micros(micros: i64, field: &'static str) -> Result<Moment, WireError> {
    if micros > 0 { Ok(Moment::from_micros(micros)) } else { Err(WireError::Time(field)) }
}

/// An integer in a string.
pub(super) fn integer(text: &str, field: &'static str) -> Result<i64, WireError> {
    text.parse().map_err(|_| WireError::Time(field))
}

/// A time as in RFC 3339.
pub(super) fn rfc3339(text: &str, field: &'static str) -> Result<Moment, WireError> {
    let time = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| WireError::Time(field))?;
    micros(Moment::from_time(time).micros(), field)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(text: &str) -> Box<RawValue> {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn digits_survive_that_a_float_would_lose() {
        let digits = "9007199254.740993000001";
        assert_eq!(number(&raw(digits), "last").unwrap().to_string(), digits);
        assert_eq!(number(&raw("1.65e2"), "last").unwrap().to_string(), "165");
        assert_eq!(number(&raw("165.10"), "last").unwrap().to_string(), "165.1");
    }

    #[test]
    fn only_numbers_are_numbers() {
        for wrong in ["\"165\"", "null", "true", "-165", "[165]", "{}", "1e400", "0"] {
            assert!(number(&raw(wrong), "last").is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_empty_side_of_the_book_is_no_offer() {
        assert_eq!(offer("", "bid").unwrap(), None);
        assert_eq!(offer("0", "bid").unwrap(), None);
        assert!(offer("x", "bid").is_err());
    }

    #[test]
    fn an_old_trade_is_held_within_the_book() {
        let price = |text| Price::parse(text).unwrap();
        assert_eq!(within_book(price("100"), Some(price("101")), Some(price("102"))), price("101"));
        assert_eq!(within_book(price("103"), Some(price("101")), Some(price("102"))), price("102"));
        assert_eq!(
            within_book(price("100"), Some(price("102")), Some(price("101"))),
            price("100"),
            "crossed"
        );
        assert_eq!(within_book(price("100"), None, Some(price("99"))), price("100"));
    }
}
