//! The books afterwards: the ledger, the chain, and the plan must say the same.

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use sqlx::PgConnection;
use tokio::time::{Instant, sleep};

use super::super::audit::{Reading, count, read_at_rest, rpc};
use super::super::plan::sol;
use super::plan::Step;
use super::play::{Payment, Play};
use crate::report::Report;
use crate::services;
use crate::world::{CAPITAL, DATABASE};

/// How long work that is left may take to come to its end.
const PATIENCE: Duration = Duration::from_secs(60);

/// Work that must have come to its end.
pub(in crate::smoke) const LEFT: [(&str, &str); 6] = [
    ("withdrawals not ended", "SELECT count(*) FROM wallet.withdrawal WHERE state <> 'FINALIZED'"),
    ("transactions not ended", "SELECT count(*) FROM wallet.chain_tx WHERE ended_at IS NULL"),
    (
        "network fees not posted",
        "SELECT count(*) FROM wallet.chain_tx WHERE slot IS NOT NULL AND fee_posted_at IS NULL",
    ),
    ("sweeps not ended", "SELECT count(*) FROM wallet.sweep WHERE ended_at IS NULL"),
    ("deposits not credited", "SELECT count(*) FROM wallet.deposit WHERE state <> 'CREDITED'"),
    ("messages not sent", "SELECT count(*) FROM wallet.outbox WHERE published_at IS NULL"),
];

/// Facts of the books that must be zero.
pub(crate) const ZERO: [(&str, &str); 6] = [
    ("sum of the ledger", "SELECT coalesce(sum(lamports), 0)::bigint FROM wallet.entry"),
    (
        "ledger transactions that do not sum to zero",
        "SELECT count(*) FROM (SELECT FROM wallet.entry GROUP BY tx HAVING sum(lamports) <> 0) AS wrong",
    ),
    (
        "balances that differ from their entries",
        "SELECT count(*) FROM wallet.ledger_account AS account WHERE balance <> (
            SELECT coalesce(sum(lamports), 0) FROM wallet.entry
            WHERE entry.kind = account.kind AND entry.owner = account.owner)",
    ),
    (
        "lamports held or in flight",
        "SELECT coalesce(sum(balance), 0)::bigint FROM wallet.ledger_account WHERE kind IN (2, 5)",
    ),
    ("pauses of withdrawals", "SELECT count(*) FROM wallet.pause"),
    (
        "deadlocks in the database",
        "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()",
    ),
];

impl Play<'_> {
    /// Waits until all work has come to its end, then holds ledger, chain and plan against each other.
    ///
    /// # Errors
    /// A server does not answer.
    pub async fn audit(&self, report: &mut Report) -> Result<()> {
        self.tale.scene("the books");
        let postgres = self.world.postgres();
        let mut database = postgres.connect(servers::postgres::SUPERUSER, DATABASE).await?;
        let deadline = Instant::now() + PATIENCE;
        for (name, query) in LEFT {
            let mut left = count(&mut database, query).await?;
            while left > 0 && Instant::now() < deadline {
                sleep(Duration::from_millis(200)).await;
                left = count(&mut database, query).await?;
            }
            report.check(name, 0, left, left == 0);
        }
        for (name, query) in ZERO {
            let found = count(&mut database, query).await?;
            report.check(name, 0, found, found == 0);
        }
        for entry in services::ALL {
            let found =
                count(&mut database, &format!("SELECT count(*) FROM {}.dead_letter", entry.schema)).await?;
            report.check(&format!("dead letters of {}", entry.name), 0, found, found == 0);
        }
        self.balances(&mut database, report).await?;
        let arrived = self.check_payments(report).await?;
        self.compare_with_chain(&mut database, arrived, report).await?;
        let attempts = count(&mut database, "SELECT count(*) FROM wallet.chain_tx").await?;
        let dead = count(&mut database, "SELECT count(*) FROM wallet.chain_tx WHERE state = 'DEAD'").await?;
        let sends: usize = self.world.endpoints().iter().map(servers::faulty_rpc::FaultyRpc::sends).sum();
        report.check("transactions that died and were signed again", "some", dead, dead > 0);
        report.note("transactions", json!({"signed": attempts, "dead": dead, "sent": sends}));
        self.tale.tell(
            "",
            format_args!("{attempts} transactions signed, {dead} of them dead, sent {sends} times"),
        );
        Ok(())
    }

    /// One line of the table for each person.
    async fn balances(&self, database: &mut PgConnection, report: &mut Report) -> Result<()> {
        let vault = self.world.vault()?;
        for (person, part) in self.people.iter().zip(&self.plan.parts) {
            let balance: i64 = sqlx::query_scalar(
                "SELECT coalesce((SELECT balance FROM wallet.ledger_account AS a
                                  WHERE a.kind = 1 AND a.owner = b.account_id), 0)
                 FROM gateway.person AS b WHERE b.lookup = $1",
            )
            .bind(vault.lookup(person.id()))
            .fetch_one(&mut *database)
            .await?;
            let came = part.steps.iter().filter(|step| matches!(step, Step::Deposit(_))).count();
            let went = part.steps.len() - came;
            let name = format!("{}: {came} in, {went} out, left", person.name);
            report.check(&name, sol(part.balance()), sol(balance), balance == part.balance());
        }
        let credited = count(
            database,
            "SELECT count(*) FROM wallet.deposit AS d JOIN gateway.person AS a ON a.account_id = d.owner",
        )
        .await?;
        let planned = i64::try_from(self.plan.count(|step| matches!(step, Step::Deposit(_))))?;
        report.check("deposits credited", planned, credited, credited == planned);
        Ok(())
    }

    /// Counts on chain how often each address was paid. Returns what arrived in all, in lamports.
    async fn check_payments(&self, report: &mut Report) -> Result<i64> {
        let payments = self.payments();
        let (mut once, mut twice, mut never, mut arrived) = (0, 0, 0, 0);
        for payment in &payments {
            let (times, lamports) = self.paid(payment).await?;
            match times {
                0 => never += 1,
                1 if lamports == payment.arrives => once += 1,
                1 => self
                    .tale
                    .tell(payment.name, format_args!("got {lamports} instead of {}", payment.arrives)),
                _ => twice += 1,
            }
            arrived += lamports;
        }
        let planned = self.plan.count(|step| matches!(step, Step::Withdraw(_)));
        report.check("withdrawals paid once, to the lamport", planned, once, once == planned);
        report.check("withdrawals paid twice", 0, twice, twice == 0);
        report.check("withdrawals never paid", 0, never, never == 0);
        Ok(arrived)
    }

    /// Transfers to an address that was used for one withdrawal, and what lies there.
    async fn paid(&self, payment: &Payment) -> Result<(usize, i64)> {
        let url = self.world.chain().rpc_url();
        let history =
            rpc(&url, "getSignaturesForAddress", json!([payment.address, {"commitment": "finalized"}]))
                .await?;
        let history = history.as_array().context("no history")?;
        let succeeded = |item: &&Value| item.get("err").is_some_and(Value::is_null);
        Ok((history.iter().filter(succeeded).count(), self.lamports(&payment.address).await?))
    }

    async fn lamports(&self, address: &str) -> Result<i64> {
        let url = self.world.chain().rpc_url();
        let balance = rpc(&url, "getBalance", json!([address, {"commitment": "finalized"}])).await?;
        balance.pointer("/value").and_then(Value::as_i64).context("no balance")
    }

    /// What lies at all our addresses is what the ledger says, and what came in less what went out.
    async fn compare_with_chain(
        &self,
        database: &mut PgConnection,
        arrived: i64,
        report: &mut Report,
    ) -> Result<()> {
        let Reading { lies, ledger, fees } = read_at_rest(&self.world.chain().rpc_url(), database).await?;
        report.check("lamports on chain, by the ledger", -ledger, lies, -ledger == lies);
        let steps = self.plan.parts.iter().flat_map(|part| &part.steps);
        let came: i64 =
            steps.filter(|step| matches!(step, Step::Deposit(_))).map(|step| step.lamports()).sum();
        let goal = i64::try_from(CAPITAL)? + came - arrived - fees;
        report.check("lamports on chain, by what came and went", goal, lies, goal == lies);
        Ok(())
    }
}
