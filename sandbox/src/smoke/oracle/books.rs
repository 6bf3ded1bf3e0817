//! The books afterwards.

use std::time::Duration;

use anyhow::{Context, Result};
use tokio::time::{Instant, sleep};

use super::super::audit::{Reading, count, read_at_rest};
use super::super::money::books::{LEFT, ZERO};
use super::super::plan::sol;
use super::plan::{DEPOSIT, NAMES};
use super::play::Play;
use crate::report::Report;
use crate::services;
use crate::world::{CAPITAL, DATABASE};

/// How long work that is left may take to come to its end.
const PATIENCE: Duration = Duration::from_secs(60);

/// Of settlements, what must have come to its end.
const SETTLED: [(&str, &str); 3] = [
    ("settlements not anchored", "SELECT count(*) FROM settlement.settlement WHERE state <> 'ANCHORED'"),
    (
        "lamports in escrow",
        "SELECT coalesce(sum(balance), 0)::bigint FROM wallet.ledger_account WHERE kind = 3",
    ),
    ("answers not heard", "SELECT count(*) FROM oracle.issued"),
];

/// What the oracles must have left behind. A second needs one of its two ticks: a machine that stands still for a second loses
/// it, as the rules of coverage allow for one in a hundred; a successor that did not have the ticks of the seconds before would
/// lose all of those.
const SERIES: [(&str, &str); 3] = [
    (
        "gaps of more than a second in the series of SOL",
        "SELECT count(*) FROM (SELECT second - lag(second) OVER (ORDER BY second) AS step FROM oracle.second
                               WHERE asset = 'SOL') AS steps
         WHERE step > 2",
    ),
    (
        "seconds missing in the series of SOL beyond one in a hundred",
        "SELECT greatest(span - seconds - (span + 99) / 100, 0)
         FROM (SELECT max(second) - min(second) + 1 AS span, count(*) AS seconds FROM oracle.second
               WHERE asset = 'SOL') AS series",
    ),
    (
        "candles that are not the fold of their seconds",
        "SELECT count(*) FROM (
             SELECT asset, second / 60 * 60 AS minute, max(price) AS high, min(price) AS low, count(price) AS seconds
             FROM oracle.second GROUP BY asset, second / 60) AS folded
         JOIN oracle.candle AS candle USING (asset, minute)
         WHERE (candle.high, candle.low, candle.seconds) IS DISTINCT FROM (folded.high, folded.low, folded.seconds)",
    ),
];

impl Play<'_> {
    /// Waits until all work has come to its end, then holds ledger, chain, series and plan against each other.
    ///
    /// # Errors
    /// A server does not answer.
    pub async fn check_books(&self, report: &mut Report) -> Result<()> {
        self.tale.scene("the books");
        let postgres = self.world.postgres();
        let mut database = postgres.connect(servers::postgres::SUPERUSER, DATABASE).await?;
        let deadline = Instant::now() + PATIENCE;
        for (name, query) in LEFT.into_iter().chain(SETTLED) {
            let mut left = count(&mut database, query).await?;
            while left > 0 && Instant::now() < deadline {
                sleep(Duration::from_millis(200)).await;
                left = count(&mut database, query).await?;
            }
            report.check(name, 0, left, left == 0);
        }
        for (name, query) in ZERO.into_iter().chain(SERIES) {
            let found = count(&mut database, query).await?;
            report.check(name, 0, found, found == 0);
        }
        for entry in services::ALL {
            let query = format!("SELECT count(*) FROM {}.dead_letter", entry.schema);
            let found = count(&mut database, &query).await?;
            report.check(&format!("dead letters of {}", entry.name), 0, found, found == 0);
        }
        let answers = count(&mut database, "SELECT count(*) FROM oracle.resolution").await?;
        report.check(
            "answers, one for each room",
            self.plan.rooms.len(),
            answers,
            usize::try_from(answers)? == self.plan.rooms.len(),
        );
        let vault = self.world.vault()?;
        for (person, (name, goal)) in self.people.iter().zip(self.ordered_balances()?) {
            let balance: i64 = sqlx::query_scalar(
                "SELECT coalesce((SELECT balance FROM wallet.ledger_account AS a
                                  WHERE a.kind = 1 AND a.owner = b.account_id), 0)
                 FROM gateway.person AS b WHERE b.lookup = $1",
            )
            .bind(vault.lookup(person.id()))
            .fetch_one(&mut database)
            .await?;
            report.check(&format!("balance of {name}"), sol(goal), sol(balance), balance == goal);
        }
        let fees = "SELECT coalesce(sum(balance), 0)::bigint FROM wallet.ledger_account WHERE kind = 4";
        let (goal, fees) = (self.plan.protocol_fees(), count(&mut database, fees).await?);
        report.check("protocol_fees", goal, fees, goal == fees);
        let Reading { lies, ledger, fees } =
            read_at_rest(&self.world.chain().rpc_url(), &mut database).await?;
        report.check("lamports on chain, by the ledger", -ledger, lies, -ledger == lies);
        let goal = i64::try_from(CAPITAL)? + DEPOSIT * i64::try_from(NAMES.len())? - fees;
        report.check("lamports on chain, by what came", goal, lies, goal == lies);
        Ok(())
    }

    /// In the order of the people.
    fn ordered_balances(&self) -> Result<Vec<(&'static str, i64)>> {
        let balances = self.plan.balances();
        NAMES.into_iter().map(|name| Ok((name, *balances.get(name).context("a balance")?))).collect()
    }
}
