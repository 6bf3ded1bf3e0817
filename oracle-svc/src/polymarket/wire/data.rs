//! The Data API: fields of v2 as documented, those of v1 as recorded beside them.

use super::{Page, WireError, decimal, integer, page, perhaps};
use crate::domain::polymarket::{
    Activity, ActivityKind, Address, ConditionId, MarketName, OrderKey, Position, Trade,
};
use rust_decimal::Decimal;
use serde::Deserialize;
use time::OffsetDateTime;

#[derive(Deserialize)]
struct TradeRow {
    #[serde(alias = "proxyWallet")]
    proxy_wallet: String,
    side: String,
    #[serde(alias = "asset")]
    token_id: String,
    #[serde(alias = "conditionId")]
    condition_id: String,
    #[serde(deserialize_with = "decimal")]
    size: Decimal,
    #[serde(deserialize_with = "decimal")]
    price: Decimal,
    #[serde(deserialize_with = "integer")]
    timestamp: i64,
    title: Option<String>,
    slug: Option<String>,
    #[serde(alias = "eventSlug")]
    event_slug: Option<String>,
    outcome: Option<String>,
    name: Option<String>,
    pseudonym: Option<String>,
    #[serde(alias = "transactionHash")]
    transaction_hash: String,
}

/// The feed of all trades.
///
/// # Errors
/// Not a page of trades.
pub fn trades(body: &[u8]) -> Result<Page<Trade>, WireError> {
    page(body, "trade", TradeRow::read)
}

impl TradeRow {
    fn read(self) -> Option<Trade> {
        let key = OrderKey {
            address: Address::parse(&self.proxy_wallet)?,
            transaction: self.transaction_hash.to_ascii_lowercase(),
            token: self.token_id,
            sell: is_sell(&self.side)?,
        };
        let is_trade = self.size > Decimal::ZERO && (Decimal::ZERO..=Decimal::ONE).contains(&self.price);
        is_trade.then_some(Trade {
            market: name(&self.condition_id, self.title, self.slug, self.event_slug)?,
            outcome: self.outcome.unwrap_or_default(),
            name: self.name.filter(|name| !name.is_empty()).or(self.pseudonym).unwrap_or_default(),
            shares: self.size,
            price: self.price,
            at: second(self.timestamp)?,
            key,
        })
    }
}

#[derive(Deserialize)]
struct ActivityRow {
    #[serde(alias = "proxyWallet")]
    proxy_wallet: String,
    r#type: String,
    side: Option<String>,
    #[serde(alias = "asset")]
    token_id: Option<String>,
    #[serde(alias = "conditionId")]
    condition_id: Option<String>,
    #[serde(default, deserialize_with = "perhaps")]
    size: Option<Decimal>,
    #[serde(default, alias = "usdcSize", deserialize_with = "perhaps")]
    usdc_size: Option<Decimal>,
    #[serde(default, deserialize_with = "perhaps")]
    price: Option<Decimal>,
    #[serde(deserialize_with = "integer")]
    timestamp: i64,
    title: Option<String>,
    slug: Option<String>,
    #[serde(alias = "eventSlug")]
    event_slug: Option<String>,
    outcome: Option<String>,
    #[serde(alias = "transactionHash")]
    transaction_hash: Option<String>,
}

/// What one wallet did.
///
/// # Errors
/// Not a page of activity.
pub fn activity(body: &[u8]) -> Result<Page<Activity>, WireError> {
    page(body, "activity", ActivityRow::read)
}

impl ActivityRow {
    fn read(self) -> Option<Activity> {
        let kind = match self.r#type.to_ascii_uppercase().as_str() {
            "TRADE" if is_sell(self.side.as_deref().unwrap_or_default())? => ActivityKind::Sell,
            "TRADE" => ActivityKind::Buy,
            "REDEEM" => ActivityKind::Redeem,
            "SPLIT" => ActivityKind::Split,
            "MERGE" => ActivityKind::Merge,
            _ => ActivityKind::Other,
        };
        let market = name(&self.condition_id.unwrap_or_default(), self.title, self.slug, self.event_slug);
        let price = self.price.filter(|price| !price.is_zero());
        let activity = Activity {
            kind,
            address: Address::parse(&self.proxy_wallet)?,
            transaction: self.transaction_hash.unwrap_or_default().to_ascii_lowercase(),
            market,
            outcome: self.outcome.unwrap_or_default(),
            token: self.token_id.unwrap_or_default(),
            shares: self.size,
            price,
            usd: self.usdc_size.or_else(|| self.size?.checked_mul(price?)),
            at: second(self.timestamp)?,
        };
        // Half a trade must not pass for none.
        let is_trade = matches!(kind, ActivityKind::Buy | ActivityKind::Sell);
        (!is_trade || activity.trade().is_some()).then_some(activity)
    }
}

#[derive(Deserialize)]
struct PositionRow {
    #[serde(alias = "asset")]
    token_id: String,
    #[serde(alias = "conditionId")]
    condition_id: String,
    #[serde(alias = "size", deserialize_with = "decimal")]
    current_size: Decimal,
    #[serde(default, alias = "avgPrice", deserialize_with = "perhaps")]
    avg_price: Option<Decimal>,
    #[serde(default, alias = "initialValue", deserialize_with = "perhaps")]
    entry_cost_usdc: Option<Decimal>,
    #[serde(default, alias = "currentValue", deserialize_with = "perhaps")]
    current_value: Option<Decimal>,
    #[serde(default, alias = "curPrice", alias = "cur_price", deserialize_with = "perhaps")]
    current_price: Option<Decimal>,
    #[serde(default, alias = "realizedPnl", deserialize_with = "perhaps")]
    realized_pnl: Option<Decimal>,
    #[serde(default, alias = "cashPnl", deserialize_with = "perhaps")]
    unrealized_pnl: Option<Decimal>,
    status: Option<String>,
    redeemable: Option<bool>,
    title: Option<String>,
    slug: Option<String>,
    #[serde(alias = "eventSlug")]
    event_slug: Option<String>,
    outcome: Option<String>,
    name: Option<String>,
}

/// What one wallet holds.
///
/// # Errors
/// Not a page of positions.
pub fn positions(body: &[u8]) -> Result<Page<Position>, WireError> {
    page(body, "position", PositionRow::read)
}

impl PositionRow {
    fn read(self) -> Option<Position> {
        let shares = self.current_size;
        if shares.is_sign_negative() {
            return None;
        }
        let status = self.status.unwrap_or_default().to_ascii_uppercase();
        let (decided, redeemable) = match status.as_str() {
            "REDEEMABLE" => (true, true),
            "REDEEMABLE_LOST" => (true, false),
            "" => {
                // v1 says of lost shares, too, that they are redeemable.
                let decided = self.redeemable.unwrap_or_default();
                (decided, decided && self.current_price.is_none_or(|price| !price.is_zero()))
            }
            _ => (false, false),
        };
        let value = self.current_value.or_else(|| shares.checked_mul(self.current_price?));
        let price = self.current_price.or_else(|| self.current_value?.checked_div(shares));
        let cost = self.entry_cost_usdc.or_else(|| shares.checked_mul(self.avg_price?));
        Some(Position {
            market: name(&self.condition_id, self.title, self.slug, self.event_slug)?,
            outcome: self.outcome.unwrap_or_default(),
            token: self.token_id,
            shares,
            average_price: self.avg_price,
            price,
            value: value.unwrap_or_default(),
            unrealized: self.unrealized_pnl.or_else(|| value?.checked_sub(cost?)),
            cost,
            realized: self.realized_pnl,
            decided,
            redeemable,
            owner: self.name.unwrap_or_default(),
        })
    }
}

fn name(
    condition: &str,
    title: Option<String>,
    slug: Option<String>,
    event_slug: Option<String>,
) -> Option<MarketName> {
    Some(MarketName {
        condition: ConditionId::parse(condition)?,
        question: title.unwrap_or_default(),
        slug: slug.unwrap_or_default(),
        event_slug: event_slug.unwrap_or_default(),
    })
}

fn is_sell(side: &str) -> Option<bool> {
    match side.to_ascii_uppercase().as_str() {
        "BUY" => Some(false),
        "SELL" => Some(true),
        _ => None,
    }
}

fn second(timestamp: i64) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp(timestamp).ok().filter(|_| timestamp > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONDITION: &str = "0xc8f1cf5d4f26e0fd9c8fe89f2a7b3263b902cf14fde7bfccef525753bb492e47";

    fn v2(row: &str) -> Vec<u8> {
        format!(r#"{{"data":[{row}],"pagination":{{"limit":1,"has_more":true,"next_cursor":"abc"}}}}"#)
            .into_bytes()
    }

    #[test]
    fn trades_of_both_versions_read_the_same() {
        let new = format!(
            r#"{{"proxy_wallet":"0x1111111111111111111111111111111111111111","side":"BUY","token_id":"713","condition_id":"{CONDITION}",
            "size":"100","price":"0.55","timestamp":1710000000,"title":"Some Market Title","slug":"some-market","event_slug":null,
            "outcome":"Yes","outcome_index":0,"name":"","pseudonym":"Brave-Owl","profile_image":"","transaction_hash":"0xABC"}}"#
        );
        let old = format!(
            r#"[{{"asset":"713","conditionId":"{CONDITION}","side":"BUY","price":0.55,"size":100.0,"timestamp":1710000000,
            "transactionHash":"0xabc","proxyWallet":"0x1111111111111111111111111111111111111111","title":"Some Market Title","slug":"some-market"}}]"#
        );
        let (new, old) = (trades(&v2(&new)).unwrap(), trades(old.as_bytes()).unwrap());
        assert_eq!((new.next.as_deref(), old.next), (Some("abc"), None));
        let (new, old) = (&new.rows[0], &old.rows[0]);
        assert_eq!((&new.key, new.shares, new.price, new.at), (&old.key, old.shares, old.price, old.at));
        assert_eq!((new.outcome.as_str(), new.name.as_str(), old.outcome.as_str()), ("Yes", "Brave-Owl", ""));
    }

    #[test]
    fn what_is_no_trade_is_left_out() {
        let row = |side: &str, size: &str, price: &str, wallet: &str| {
            format!(
                r#"{{"proxy_wallet":"{wallet}","side":"{side}","token_id":"713","condition_id":"{CONDITION}","size":{size},"price":{price},"timestamp":1710000000,"transaction_hash":"0x1"}}"#
            )
        };
        let wallet = "0x1111111111111111111111111111111111111111";
        let good = row("sell", "1", "1", wallet);
        for wrong in [
            row("HOLD", "1", "0.5", wallet),
            row("BUY", "0", "0.5", wallet),
            row("BUY", "-1", "0.5", wallet),
            row("BUY", "1", "1.01", wallet),
            row("BUY", "1", "0.5", "0x12"),
        ] {
            let page = trades(&v2(&format!("{good},{wrong}"))).unwrap();
            assert_eq!((page.rows.len(), page.rows[0].key.sell), (1, true), "{wrong}");
        }
    }

    #[test]
    fn activity_tells_a_redemption_from_a_sale() {
        let row = |more: &str| {
            format!(
                r#"{{"proxy_wallet":"0x1111111111111111111111111111111111111111","condition_id":"{CONDITION}","timestamp":"1710000000","transaction_hash":"0x1","future_field":[1],{more}}}"#
            )
        };
        let rows = [
            row(
                r#""type":"TRADE","side":"SELL","token_id":"713","size":40,"usdc_size":20.4,"price":0.51,"outcome":"Yes","outcome_index":0"#,
            ),
            row(
                r#""type":"REDEEM","side":"","token_id":"","size":150.5,"usdc_size":150.5,"price":0,"outcome":"","outcome_index":999"#,
            ),
            row(r#""type":"MAKER_REBATE","condition_id":"","size":1.5,"usdc_size":"1.5","side":null"#)
                .replacen(&format!(r#""condition_id":"{CONDITION}","#), "", 1),
            row(r#""type":"TRADE","side":"SELL","token_id":"713","size":null,"price":0.5"#),
        ];
        let page = activity(&v2(&rows.join(","))).unwrap();
        let kinds: Vec<_> = page.rows.iter().map(|row| row.kind).collect();
        assert_eq!(kinds, [ActivityKind::Sell, ActivityKind::Redeem, ActivityKind::Other]);
        let [sale, redemption, _] = &page.rows[..] else { panic!() };
        assert_eq!(
            sale.trade().map(|trade| (trade.shares, trade.price)),
            Some((40.into(), Decimal::new(51, 2)))
        );
        assert_eq!(
            (redemption.trade(), redemption.price, redemption.usd),
            (None, None, Some(Decimal::new(1505, 1)))
        );
    }

    #[test]
    fn positions_of_both_versions() {
        let new = format!(
            r#"{{"token_id":"713","condition_id":"{CONDITION}","current_size":"150.5","avg_price":"0.55","entry_cost_usdc":82.775,
            "current_price":0.6,"realized_pnl":0,"unrealized_pnl":"7.525","status":"REDEEMABLE_LOST","redeemable":true,"title":"BTC?","slug":"btc","event_slug":"btc-event","outcome":"Yes"}}"#
        );
        let position = positions(&v2(&new)).unwrap().rows.remove(0);
        assert_eq!((position.value, position.cost), (Decimal::new(9030, 2), Some(Decimal::new(82_775, 3))));
        assert_eq!((position.decided, position.redeemable), (true, false));
        let old = format!(
            r#"[{{"proxyWallet":"0x56687bf447db6ffa42ffe2204a05edaa20f55839","asset":"713","conditionId":"{CONDITION}","size":42.0,"avgPrice":0.3,
            "initialValue":12.6,"currentValue":16.8,"cashPnl":4.2,"percentPnl":33.33,"realizedPnl":0.0,"curPrice":0.4,"redeemable":true,"mergeable":false,
            "title":"Nominee","slug":"nominee","eventSlug":"nominee-event","outcome":"Kamala Harris","outcomeIndex":1}},
            {{"asset":"555","conditionId":"0xdust","size":0.005}}]"#
        );
        let page = positions(old.as_bytes()).unwrap();
        assert_eq!(page.rows.len(), 1, "a condition that is none is left out");
        let position = &page.rows[0];
        assert_eq!((position.shares, position.unrealized), (Decimal::from(42), Some(Decimal::new(42, 1))));
        assert!(position.redeemable && position.market.event_slug == "nominee-event");
    }
}
