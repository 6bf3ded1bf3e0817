//! What holds of every answer of an aggregator, and of every whole answer that was damaged.

use oracle_svc::venues::AggregatorId;
use rust_decimal::Decimal;

/// Answers in the shapes that the aggregators give, each with whose it is.
pub const SHAPES: [(AggregatorId, &str); 3] = [
    (
        AggregatorId::CoinGecko,
        r#"{"bitcoin":{"usd":91234.56789012345,"last_updated_at":1796040001},"ethereum":{"usd":3000,"last_updated_at":1796040001},"solana":{"usd":165.1,"last_updated_at":1796040002}}"#,
    ),
    (
        AggregatorId::CryptoCompare,
        r#"{"RAW":{"BTC":{"USD":{"TYPE":"5","PRICE":91234.5,"LASTUPDATE":1796040002}},"SOL":{"USD":{"TYPE":"5","MARKET":"CCCAGG","PRICE":165.1,"LASTUPDATE":1796040002}}},"DISPLAY":{"SOL":{"USD":{"PRICE":"$ 165.10"}}}}"#,
    ),
    (
        AggregatorId::Hermes,
        r#"{"binary":{"encoding":"base64","data":["UE5BVQ=="]},"parsed":[{"id":"ef0d8b6fda2ceba41da15d4095d1da392a0d2f8ed0c6c7bc0f4cfac8c280b56d","price":{"price":"16510000001","conf":"7500000","expo":-8,"publish_time":1796040002},"ema_price":{"price":"16500000000","conf":"7000000","expo":-8,"publish_time":1796040002},"metadata":{"slot":1}}]}"#,
    ),
];

/// Any bytes are read or refused; what is read is a price of an asset, each asset once, within bounds.
pub fn check(body: &[u8]) {
    for id in AggregatorId::ALL {
        let Ok(opinions) = id.format().read(body) else { continue };
        assert!(!opinions.is_empty(), "an answer without a price is none");
        for opinion in &opinions {
            let price = opinion.price.get();
            assert!(price > Decimal::ZERO && price <= Decimal::from(1_000_000_000_000_i64), "{price}");
            assert!(opinion.at.micros() > 0);
        }
    }
}

/// Damages one of the [`SHAPES`]: the first bytes say which and where, the others are written over what was there.
/// Whatever comes of it is nobody else's answer.
pub fn check_damaged(data: &[u8]) {
    let [which, high, low, count, written @ ..] = data else { return };
    let (owner, whole) = SHAPES[usize::from(*which) % SHAPES.len()];
    let mut bytes = whole.as_bytes().to_vec();
    let at = usize::from(u16::from_be_bytes([*high, *low])) % bytes.len();
    let end = bytes.len().min(at + usize::from(*count) % 32);
    bytes.splice(at..end, written.iter().copied().take(32));
    check(&bytes);
    for id in AggregatorId::ALL.into_iter().filter(|id| *id != owner) {
        let read = id.format().read(&bytes);
        assert!(read.is_err(), "{}'s answer counts as one of {}", owner.name(), id.name());
    }
}
