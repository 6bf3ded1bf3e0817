//! Rules against abuse, applied off every hot path to rows that are there anyway.

use super::Context;
use crate::{
    domain::{
        anomaly::{Finding, Rule, Thresholds},
        pause::Cause,
    },
    store::{self, anomaly},
};
use chassis::{
    Fault, Held,
    settings::{Invalid, Reader},
};
use proto::{LAMPORTS_PER_SOL, Lamports};
use std::time::Duration;
use time::OffsetDateTime;

/// The rules and how often they are applied.
#[derive(Clone, Copy, Debug)]
pub struct AnomalySettings {
    /// From where on something is an anomaly.
    pub thresholds: Thresholds,
    /// Pause between rounds.
    pub pause: Duration,
}

/// Declares and reads them.
///
/// # Errors
/// A variable is wrong.
pub(super) fn declare(r: &mut Reader) -> Result<AnomalySettings, Invalid> {
    let mut window = |name, doc, default: u64| {
        let longest = Duration::from_secs(7 * 86_400);
        r.setting(name, doc).between(Duration::from_secs(1), longest).or(Duration::from_secs(default))
    };
    let burst_window =
        window("ANOMALY_BURST_WINDOW", "How far back withdrawals are counted that may be a burst.", 3_600);
    let address_window = window(
        "ANOMALY_ADDRESS_WINDOW",
        "How far back accounts are counted that withdraw to one address.",
        86_400,
    );
    let refused_window =
        window("ANOMALY_REFUSED_WINDOW", "How far back refused codes and signatures are counted.", 600);
    let mut count = |name, doc, default: i64| r.setting(name, doc).between(1, 1_000_000).or(default);
    let burst_count =
        count("ANOMALY_BURST_COUNT", "So many withdrawals within the window pause withdrawals.", 50);
    let address_accounts =
        count("ANOMALY_ADDRESS_ACCOUNTS", "So many accounts that withdraw to one address alert.", 5);
    let refused_count =
        count("ANOMALY_REFUSED_COUNT", "So many refused codes and signatures within the window alert.", 20);
    let burst_amount = r
        .setting(
            "ANOMALY_BURST_AMOUNT",
            "So much in withdrawals within the window pauses withdrawals, in lamports.",
        )
        .between(1, i64::MAX)
        .or(100 * LAMPORTS_PER_SOL);
    let pause = r
        .setting("ANOMALY_PAUSE", "Pause between rounds of the rules against abuse.")
        .between(Duration::from_millis(20), Duration::from_secs(600))
        .or(Duration::from_secs(10));
    let length = |span: Duration| time::Duration::try_from(span).unwrap_or(time::Duration::MAX);
    let thresholds = Thresholds {
        burst_window: length(burst_window?),
        burst_count: burst_count?,
        burst_amount: Lamports::new(burst_amount?),
        address_window: length(address_window?),
        address_accounts: address_accounts?,
        refused_window: length(refused_window?),
        refused_count: refused_count?,
    };
    Ok(AnomalySettings { thresholds, pause: pause? })
}

impl Context {
    /// One round over all rules.
    pub(super) async fn look_for_anomalies(&self, held: &Held) -> Result<(), Fault> {
        let rules = &self.settings.anomalies.thresholds;
        let now = self.now().await?;
        // What operators were alerted to once is not a burst again when they let withdrawals go on.
        let last = anomaly::last(self.db.pool(), Rule::Burst).await?;
        let since = now.saturating_sub(rules.burst_window);
        let since = last.map_or(since, |last| since.max(last));
        if let Some(finding) = rules.burst(anomaly::requested(self.db.pool(), since).await?) {
            self.alert(held, &finding, time::Duration::ZERO, now).await?;
        }
        let since = now.saturating_sub(rules.address_window);
        for finding in anomaly::shared_addresses(self.db.pool(), since, rules.address_accounts).await? {
            self.alert(held, &finding, rules.address_window, now).await?;
        }
        let since = now.saturating_sub(rules.refused_window);
        if let Some(finding) = rules.refused(anomaly::refused(self.db.pool(), since).await?) {
            self.alert(held, &finding, rules.refused_window, now).await?;
        }
        Ok(())
    }

    /// Notes a finding and says what to look at; the first rule pauses withdrawals in the same transaction.
    async fn alert(
        &self,
        held: &Held,
        finding: &Finding,
        window: time::Duration,
        now: OffsetDateTime,
    ) -> Result<(), Fault> {
        let mut unit = self.unit(held).await?;
        if !anomaly::note(unit.conn(), finding, window, now).await? {
            return Ok(());
        }
        let Finding { rule, subject, count, amount } = finding;
        if *rule == Rule::Burst {
            let minutes = self.settings.anomalies.thresholds.burst_window.whole_minutes();
            let reason = format!("{count} withdrawals of {amount} SOL within {minutes} minutes");
            store::pause::begin(unit.conn(), Cause::Burst, &reason).await?;
        }
        unit.commit().await?;
        metrics::counter!("wallet_anomalies_total", "rule" => rule.word()).increment(1);
        tracing::error!(rule = rule.word(), subject, count, %amount, advice = rule.advice(), "anomaly");
        Ok(())
    }
}
