//! The rules of notifications as settings, with the defaults of the product.

use crate::{
    domain::{
        pace::{Credit, Freshness},
        preferences::Thresholds,
    },
    tracking::settings::TrackingSettings,
    webhooks::Webhooks,
};
use chassis::{
    operators::Operators,
    settings::{Invalid, Reader},
};
use rust_decimal::Decimal;
use std::time::Duration;

/// What notifier-svc is configured with.
#[derive(Debug)]
pub struct NotifierSettings {
    /// How notifications are told.
    pub rules: Rules,
    /// Who signs for broadcasts and for the list of smart wallets.
    pub operators: Operators,
    /// How wallets are tracked and signals found.
    pub tracking: TrackingSettings,
    /// Whether there are webhooks, and whom they may name.
    pub webhooks: Webhooks,
}

/// How notifications are told.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// Notifications in the gateway's hands at most.
    pub credit: Credit,
    /// How long nothing is tried after a user was found to have blocked the bot.
    pub blocked_pause: Duration,
    /// How long notices are worth telling.
    pub freshness: Freshness,
    /// The thresholds of who never said any.
    pub thresholds: Thresholds,
    /// Notifications of one broadcast that wait at a time.
    pub broadcast_waiting: i64,
}

impl NotifierSettings {
    /// Declares and reads them.
    ///
    /// # Errors
    /// A value is wrong; all problems are reported together.
    pub fn declare(r: &mut Reader) -> Result<Self, Invalid> {
        let (rules, operators) = (rules(r), Operators::declare(r));
        let (tracking, webhooks) = (TrackingSettings::declare(r), Webhooks::declare(r));
        Ok(Self { rules: rules?, operators: operators?, tracking: tracking?, webhooks: webhooks? })
    }
}

fn rules(r: &mut Reader) -> Result<Rules, Invalid> {
    let all = r
        .setting("NOTIFIER_CREDIT", "Notifications in the gateway's hands at most.")
        .between(1, 1_000)
        .or(64);
    let bulk = r
        .setting(
            "NOTIFIER_BULK_CREDIT",
            "Of them, large trades, signals, digests and broadcasts together: so these never delay the others.",
        )
        .between(1, 1_000)
        .or(16);
    let blocked_pause = r
        .setting(
            "NOTIFIER_BLOCKED_PAUSE",
            "How long nothing is tried after a user was found to have blocked the bot.",
        )
        .or(Duration::from_secs(3600));
    let tracker = r
        .setting(
            "NOTIFIER_TRACKER_FRESH",
            "So long an alert of a tracked wallet or a price may wait for its turn; then it is not told any more.",
        )
        .or(Duration::from_secs(3600));
    let market = r
        .setting(
            "NOTIFIER_MARKET_FRESH",
            "So long a large trade or a signal may wait for its turn; then it is not told any more.",
        )
        .or(Duration::from_secs(1800));
    let thresholds = thresholds(r);
    let broadcast_waiting = r
        .setting("NOTIFIER_BROADCAST_WAITING", "Notifications of one broadcast that wait at a time.")
        .between(1, 2_000)
        .or(500);
    Ok(Rules {
        credit: Credit { all: all?, bulk: bulk? },
        blocked_pause: blocked_pause?,
        freshness: Freshness { tracker: tracker?, market: market? },
        thresholds: thresholds?,
        broadcast_waiting: broadcast_waiting?,
    })
}

fn thresholds(r: &mut Reader) -> Result<Thresholds, Invalid> {
    let min_usd: Result<u32, Invalid> = r
        .setting(
            "ALERT_MIN_USD",
            "A tracked wallet's change is told from this value on, in USD, unless its follower says otherwise.",
        )
        .or(500);
    let min_portfolio_bps = r
        .setting(
            "ALERT_MIN_PORTFOLIO_BPS",
            "Or from this part of the wallet's portfolio on, in hundredths of a percent.",
        )
        .between(0, 10_000)
        .or(200);
    let whale_usd: Result<u32, Invalid> = r
        .setting(
            "ALERT_WHALE_USD",
            "A trade of anybody is told from this value on, in USD, unless its reader says otherwise.",
        )
        .or(10_000);
    Ok(Thresholds {
        min_usd: Decimal::from(min_usd?),
        min_portfolio_bps: min_portfolio_bps?,
        whale_usd: Decimal::from(whale_usd?),
    })
}
