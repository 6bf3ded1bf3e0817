//! Compares every balance with the entries behind it, and reserves with the withdrawals behind them. A difference pauses
//! withdrawals: whoever wrote the one and not the other is no code of ours.

use super::Context;
use crate::{
    domain::{ledger::Kind, pause::Cause},
    store::{
        self,
        entry_check::{EntryCheck, Folded},
    },
};
use chassis::{Fault, Held};
use proto::Lamports;
use std::time::Duration;
use uuid::Uuid;

/// Accounts compared by one statement.
const CHUNK: i64 = 2_000;

/// Between two statements: bets come first.
const BREATH: Duration = Duration::from_millis(10);

impl Context {
    /// One whole comparison.
    pub(super) async fn check_entries(&self, held: &Held) -> Result<(), Fault> {
        let begun_at = self.now().await?;
        let mut differing: Vec<String> = Vec::new();
        let mut accounts = 0;
        let mut after = (i16::MIN, Uuid::nil());
        loop {
            let folded = store::entry_check::folded(self.db.pool(), after, CHUNK).await?;
            let Some(last) = folded.last() else { break };
            after = (last.kind, last.owner);
            accounts += folded.len();
            for one in folded.iter().filter(|one| one.balance != one.entries) {
                self.differs(held, &mut differing, describe(one, "entries")).await?;
            }
            tokio::time::sleep(BREATH).await;
        }
        for one in store::entry_check::without_withdrawals(self.db.pool()).await? {
            self.differs(held, &mut differing, describe(&one, "withdrawals")).await?;
        }
        let sum = store::entry_check::sum_of_balances(self.db.pool()).await?;
        if sum != Lamports::ZERO {
            let text = format!("all balances sum up to {} lamports, not to zero", sum.get());
            self.differs(held, &mut differing, text).await?;
        }
        let wrong = i64::try_from(differing.len()).unwrap_or(i64::MAX);
        metrics::gauge!("wallet_entries_differ").set(u32::try_from(wrong).unwrap_or(u32::MAX));
        let check = EntryCheck {
            begun_at,
            ended_at: self.now().await?,
            accounts: i64::try_from(accounts).unwrap_or(i64::MAX),
            wrong,
            first: differing.into_iter().next().unwrap_or_default(),
        };
        let mut unit = self.unit(held).await?;
        store::entry_check::store(unit.conn(), &check).await?;
        unit.commit().await
    }

    /// Stops withdrawals with the first difference, not at the end of the comparison.
    async fn differs(&self, held: &Held, differing: &mut Vec<String>, text: String) -> Result<(), Fault> {
        metrics::counter!("wallet_entries_differ_total").increment(1);
        tracing::error!(text, "ledger and entries differ");
        if differing.is_empty() {
            let mut unit = self.unit(held).await?;
            store::pause::begin(unit.conn(), Cause::Drift, &text).await?;
            unit.commit().await?;
        }
        differing.push(text);
        Ok(())
    }
}

fn describe(one: &Folded, rows: &str) -> String {
    let kind = Kind::ALL.into_iter().find(|kind| kind.number() == one.kind).map_or("unknown", Kind::name);
    let (balance, entries) = (one.balance.get(), one.entries.get());
    format!("{kind} of {}: the balance is {balance} lamports, its {rows} sum up to {entries}", one.owner)
}
