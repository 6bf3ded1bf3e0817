use crate::Malformed;
use rust_decimal::Decimal;

/// Reads a price of a message.
///
/// # Errors
/// Not a plain decimal number.
pub fn decimal(text: &str) -> Result<Decimal, Malformed> {
    Decimal::from_str_exact(text).map_err(|_| Malformed("not a decimal"))
}
