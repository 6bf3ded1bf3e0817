//! What holds of every message on a venue's WebSocket, and of every whole message that was damaged.

use oracle_svc::{
    domain::{Currency, Pair, Price, VenueId},
    venues::{Message, Said, Venue, all},
};
use rust_decimal::Decimal;

/// Messages in the shapes that the venues send, each with whose it is.
pub const SHAPES: [(VenueId, &str); 17] = [
    (
        VenueId::Binance,
        r#"{"e":"trade","E":1796040000012,"s":"BTCUSDT","t":5933015,"p":"91234.50000000","q":"0.00105000","T":1796040000010,"m":true,"M":true}"#,
    ),
    (
        VenueId::Binance,
        r#"{"stream":"solusdt@trade","data":{"e":"trade","E":1796040000012,"s":"SOLUSDT","t":77,"p":"165.12000000","q":"3.10000000","T":1796040000011,"m":false,"M":true}}"#,
    ),
    (VenueId::Binance, r#"{"e":"serverShutdown","E":1796040000012}"#),
    (
        VenueId::Bitstamp,
        r#"{"data":{"id":413066384,"timestamp":"1796040000","amount":0.5,"amount_str":"0.50000000","price":165.1,"price_str":"165.10","type":1,"microtimestamp":"1796040000012345","buy_order_id":1953282316578816,"sell_order_id":1953282316578817},"channel":"live_trades_solusd","event":"trade"}"#,
    ),
    (
        VenueId::Bitstamp,
        r#"{"event":"trade","channel":"live_trades_usdtusd","data":{"id":1,"price":0.9991,"price_str":"0.9991","microtimestamp":"1796040000012345","type":0}}"#,
    ),
    (VenueId::Bitstamp, r#"{"event":"bts:request_reconnect","channel":"","data":""}"#),
    (VenueId::Bitstamp, r#"{"event":"bts:heartbeat","channel":"","data":{"status":"success"}}"#),
    (
        VenueId::Coinbase,
        r#"{"channel":"ticker","client_id":"","timestamp":"2026-11-22T10:00:00.012345Z","sequence_num":12,"events":[{"type":"snapshot","tickers":[{"type":"ticker","product_id":"BTC-USD","price":"91230.55","volume_24_h":"15328.12345678","low_24_h":"90100.00","high_24_h":"92200.00","low_52_w":"25000.00","high_52_w":"126000.00","price_percent_chg_24_h":"1.85","best_bid":"91230.00","best_bid_quantity":"1.50000000","best_ask":"91231.00","best_ask_quantity":"0.50000000"}]}]}"#,
    ),
    (
        VenueId::Coinbase,
        r#"{"channel":"subscriptions","client_id":"","timestamp":"2026-11-22T10:00:00.000000Z","sequence_num":0,"events":[{"subscriptions":{"ticker":["BTC-USD","ETH-USD"],"heartbeats":["heartbeats"]}}]}"#,
    ),
    (
        VenueId::Coinbase,
        r#"{"channel":"heartbeats","client_id":"","timestamp":"2026-11-22T10:00:01.000000Z","sequence_num":3,"events":[{"current_time":"2026-11-22 10:00:01.0 +0000 UTC m=+1","heartbeat_counter":3049}]}"#,
    ),
    (
        VenueId::Kraken,
        r#"{"channel":"ticker","type":"snapshot","data":[{"symbol":"BTC/USD","bid":91230.20,"bid_qty":2.5,"ask":91230.30,"ask_qty":3.2,"last":91229.40,"volume":163.28908096,"vwap":91104.39279,"low":90111.00,"high":92213.10,"change":250.00,"change_pct":0.24,"timestamp":"2026-11-22T10:00:00.123456Z"}]}"#,
    ),
    (
        VenueId::Kraken,
        r#"{"channel":"status","type":"update","data":[{"version":"2.0.10","system":"online","api_version":"v2","connection_id":14}]}"#,
    ),
    (VenueId::Kraken, r#"{"channel":"heartbeat"}"#),
    (
        VenueId::Okx,
        r#"{"arg":{"channel":"tickers","instId":"BTC-USDT"},"data":[{"instType":"SPOT","instId":"BTC-USDT","last":"91233.1","lastSz":"0.1","askPx":"91233.2","askSz":"11","bidPx":"91233.1","bidSz":"5","open24h":"90000","high24h":"92000","low24h":"89000.5","volCcy24h":"2222","vol24h":"2222","sodUtc0":"90500","sodUtc8":"90700","ts":"1796040000085"}]}"#,
    ),
    (
        VenueId::Okx,
        r#"{"event":"notice","code":"64008","msg":"The connection will soon be closed for a service upgrade. Please reconnect.","connId":"a4d3ae55"}"#,
    ),
    (VenueId::Okx, r#"{"event":"error","code":"60012","msg":"Invalid request","connId":"a4d3ae55"}"#),
    (VenueId::Okx, "pong"),
];

/// What any text may do: be read as what it can be at that venue, or be refused.
pub fn check(text: &str) {
    for (venue, _) in all() {
        let Ok(Message { said: Said::Quotes(quotes), .. }) = venue.read(text) else { continue };
        assert!(!quotes.is_empty(), "quotes without a quote");
        for quote in quotes {
            assert!(trades(venue.id(), quote.pair), "{}: {:?}", venue.id(), quote.pair);
            // Its own type says so; it has to survive the way through storage, too.
            let price = quote.price.get();
            assert!(price > Decimal::ZERO && price <= Decimal::from(1_000_000_000_000_i64), "{price}");
            assert_eq!(Price::parse(&price.to_string()), Ok(quote.price));
            assert!(quote.venue_time.micros() > 0);
        }
    }
}

/// Damages one of the [`SHAPES`]: the first bytes say which and where, the others are written over what was there.
/// Whatever comes of it is nobody else's quote.
pub fn check_damaged(data: &[u8]) {
    let [which, high, low, count, written @ ..] = data else { return };
    let (owner, whole) = SHAPES[usize::from(*which) % SHAPES.len()];
    let mut bytes = whole.as_bytes().to_vec();
    let at = usize::from(u16::from_be_bytes([*high, *low])) % bytes.len();
    let end = bytes.len().min(at + usize::from(*count) % 32);
    bytes.splice(at..end, written.iter().copied().take(32));
    let Ok(text) = String::from_utf8(bytes) else { return };
    check(&text);
    for (venue, _) in all().into_iter().filter(|(venue, _)| venue.id() != owner) {
        assert!(!quotes(&*venue, &text), "{}'s message counts at {}: {text}", owner, venue.id());
    }
}

/// Whether a message holds quotes of this venue.
pub fn quotes(venue: &dyn Venue, text: &str) -> bool {
    matches!(venue.read(text), Ok(Message { said: Said::Quotes(_), .. }))
}

/// Whether a venue trades a pair at all.
fn trades(venue: VenueId, pair: Pair) -> bool {
    let in_usdt = matches!(venue, VenueId::Binance | VenueId::Okx);
    match pair {
        Pair::Asset(_, Currency::Usdt) => in_usdt,
        Pair::Asset(_, Currency::Usd) => !in_usdt,
        Pair::UsdtUsd => !in_usdt,
    }
}
