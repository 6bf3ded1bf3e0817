//! The rules of tracking as settings, with the defaults of the product.

use crate::domain::{
    consensus,
    cron::{Cron, Schedule},
    schedule::Zone,
};
use chassis::settings::{Endpoint, Invalid, Reader};
use rust_decimal::Decimal;
use std::time::Duration;

/// How many an account may have.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Wallets on its list.
    pub wallets: u8,
    /// Price alerts that wait.
    pub price_alerts: u8,
}

/// When the wallets of the operators' list are looked at, and what makes a signal.
#[derive(Clone, Debug)]
pub struct ScanSettings {
    /// The role `polymarket` of oracle-svc; without it nothing is looked at.
    pub polymarket: Option<Endpoint>,
    /// When.
    pub schedule: Schedule,
    /// Between two wallets.
    pub pause: Duration,
    /// How long a scan waits for wallets that cannot be read.
    pub patience: Duration,
    /// What counts, and how many make a signal.
    pub rules: consensus::Rules,
}

/// What tracking is configured with.
#[derive(Clone, Debug)]
pub struct TrackingSettings {
    /// How many an account may have.
    pub limits: Limits,
    /// How signals are found.
    pub scan: ScanSettings,
}

impl TrackingSettings {
    /// Declares and reads them.
    ///
    /// # Errors
    /// A value is wrong; all problems are reported together.
    pub fn declare(r: &mut Reader) -> Result<Self, Invalid> {
        let wallets =
            r.setting("TRACKED_WALLETS_MAX", "Wallets on an account's watch-list.").between(1, 100).or(20);
        let price_alerts = r
            .setting("PRICE_ALERTS_MAX", "Price alerts of an account that wait at the same time.")
            .between(1, 100)
            .or(20);
        let scan = scan(r);
        Ok(Self { limits: Limits { wallets: wallets?, price_alerts: price_alerts? }, scan: scan? })
    }
}

fn scan(r: &mut Reader) -> Result<ScanSettings, Invalid> {
    let polymarket = r
        .setting(
            "POLYMARKET_URL",
            "The role `polymarket` of oracle-svc (gRPC), asked what smart wallets hold; without it none is looked at.",
        )
        .optional("http://oracle-polymarket:8081");
    let cron: Result<Cron, Invalid> = daily(r);
    let zone: Result<Zone, Invalid> =
        r.setting("SIGNAL_SCAN_ZONE", "The time zone of that, and of the day of a signal.").or(Zone::utc());
    let pause = r
        .setting("SIGNAL_SCAN_PAUSE", "Between two smart wallets of a scan.")
        .between(Duration::from_millis(10), Duration::from_secs(60))
        .or(Duration::from_secs(1));
    let patience = r
        .setting(
            "SIGNAL_SCAN_PATIENCE",
            "How long a scan waits for wallets that cannot be read before it goes by the others.",
        )
        .or(Duration::from_secs(900));
    let rules = rules(r);
    Ok(ScanSettings {
        polymarket: polymarket?,
        schedule: Schedule { cron: cron?, zone: zone? },
        pause: pause?,
        patience: patience?,
        rules: rules?,
    })
}

fn daily(r: &mut Reader) -> Result<Cron, Invalid> {
    const NAME: &str = "SIGNAL_SCAN_CRON";
    let setting = r.setting(NAME, "When smart wallets are looked at: minute, hour, day, month, weekday.");
    match "0 6 * * *".parse() {
        Ok(usual) => setting.or(usual),
        Err(why) => Err(r.refuse(NAME, why)),
    }
}

fn rules(r: &mut Reader) -> Result<consensus::Rules, Invalid> {
    let min_wallets = r
        .setting("SIGNAL_MIN_WALLETS", "Smart wallets on one side that make a signal.")
        .between(2, 100)
        .or(3);
    let min_usd: Result<u32, Invalid> =
        r.setting("SIGNAL_MIN_USD", "Such a wallet's position counts from this value on, in USD.").or(2_000);
    let min_bps = r
        .setting(
            "SIGNAL_MIN_PORTFOLIO_BPS",
            "Or from this part of the wallet's portfolio on, in hundredths of a percent.",
        )
        .between(1, 10_000)
        .or(200);
    Ok(consensus::Rules { min_wallets: min_wallets?, min_usd: Decimal::from(min_usd?), min_bps: min_bps? })
}
