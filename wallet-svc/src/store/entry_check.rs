//! Every balance against the entries behind it, some accounts at a time, and reserves against the withdrawals behind them.

use crate::domain::ledger::Kind;
use chassis::Fault;
use proto::Lamports;
use sqlx::{PgConnection, PgExecutor};
use time::OffsetDateTime;
use uuid::Uuid;

/// An account as it is kept and as its entries say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Folded {
    /// The kind's number in the database.
    pub kind: i16,
    /// Whose.
    pub owner: Uuid,
    /// What is kept.
    pub balance: Lamports,
    /// What the entries sum up to.
    pub entries: Lamports,
}

/// The next `limit` accounts after this one, in their order, each with the sum of its entries. One statement sees one
/// moment, so a movement that is being posted is in both or in neither.
///
/// # Errors
/// The database.
pub async fn folded(
    executor: impl PgExecutor<'_>,
    after: (i16, Uuid),
    limit: i64,
) -> Result<Vec<Folded>, Fault> {
    let rows = sqlx::query!(
        r#"SELECT a.kind, a.owner, a.balance,
                  coalesce((SELECT sum(e.lamports) FROM wallet.entry AS e
                            WHERE e.owner = a.owner AND e.kind = a.kind), 0)::bigint AS "entries!"
           FROM (SELECT kind, owner, balance FROM wallet.ledger_account
                 WHERE (kind, owner) > ($1, $2) ORDER BY kind, owner LIMIT $3) AS a
           ORDER BY a.kind, a.owner"#,
        after.0,
        after.1,
        limit,
    )
    .fetch_all(executor)
    .await?;
    let folded = rows.into_iter().map(|row| Folded {
        kind: row.kind,
        owner: row.owner,
        balance: Lamports::new(row.balance),
        entries: Lamports::new(row.entries),
    });
    Ok(folded.collect())
}

/// Accounts of reserved money, and that of money on its way, which are not what the open withdrawals sum up to: `entries` is
/// that sum. One statement sees one moment, and a withdrawal moves together with its money.
///
/// # Errors
/// The database.
pub async fn without_withdrawals(executor: impl PgExecutor<'_>) -> Result<Vec<Folded>, Fault> {
    let rows = sqlx::query!(
        r#"SELECT kind AS "kind!", owner AS "owner!", coalesce(a.balance, 0) AS "balance!",
                  coalesce(w.lamports, 0)::bigint AS "open!"
           FROM (SELECT kind, owner, balance FROM wallet.ledger_account WHERE kind IN ($1, $2) AND balance <> 0) AS a
           FULL JOIN (
               SELECT CASE WHEN leaves THEN $2 ELSE $1 END AS kind,
                      CASE WHEN leaves THEN $3 ELSE account_id END AS owner, sum(lamports) AS lamports
               FROM (SELECT account_id, lamports,
                            state IN ('SIGNED', 'SUBMITTED', 'EXPIRED') OR chain_tx_id IS NOT NULL AS leaves
                     FROM wallet.withdrawal
                     WHERE state IN ('REQUESTED', 'HELD', 'APPROVED', 'SIGNED', 'SUBMITTED', 'EXPIRED')) AS open
               GROUP BY 1, 2) AS w USING (kind, owner)
           WHERE coalesce(a.balance, 0) <> coalesce(w.lamports, 0)
           ORDER BY kind, owner LIMIT 100"#,
        Kind::Held.number(),
        Kind::WithdrawalsInFlight.number(),
        Uuid::nil(),
    );
    let rows = rows.fetch_all(executor).await?.into_iter().map(|row| Folded {
        kind: row.kind,
        owner: row.owner,
        balance: Lamports::new(row.balance),
        entries: Lamports::new(row.open),
    });
    Ok(rows.collect())
}

/// The sum of all balances, which is zero: also entries of an account that does not exist would show here.
///
/// # Errors
/// The database.
pub async fn sum_of_balances(executor: impl PgExecutor<'_>) -> Result<Lamports, Fault> {
    let sum = sqlx::query_scalar!(
        r#"SELECT coalesce(sum(balance), 0)::bigint AS "sum!" FROM wallet.ledger_account"#
    );
    Ok(Lamports::new(sum.fetch_one(executor).await?))
}

/// A whole comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryCheck {
    /// When it began.
    pub begun_at: OffsetDateTime,
    /// When it was through.
    pub ended_at: OffsetDateTime,
    /// Accounts compared.
    pub accounts: i64,
    /// Accounts that differ.
    pub wrong: i64,
    /// The first that differs, in words; empty for none.
    pub first: String,
}

/// Stores a whole comparison.
///
/// # Errors
/// The database.
pub async fn store(conn: &mut PgConnection, check: &EntryCheck) -> Result<(), Fault> {
    sqlx::query!(
        "INSERT INTO wallet.entry_check (begun_at, ended_at, accounts, wrong, first) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (one) DO UPDATE SET begun_at = EXCLUDED.begun_at, ended_at = EXCLUDED.ended_at,
            accounts = EXCLUDED.accounts, wrong = EXCLUDED.wrong, first = EXCLUDED.first",
        check.begun_at,
        check.ended_at,
        check.accounts,
        check.wrong,
        check.first,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The last whole comparison, none before the first.
///
/// # Errors
/// The database.
pub async fn last(executor: impl PgExecutor<'_>) -> Result<Option<EntryCheck>, Fault> {
    let row = sqlx::query_as!(
        EntryCheck,
        "SELECT begun_at, ended_at, accounts, wrong, first FROM wallet.entry_check"
    );
    Ok(row.fetch_optional(executor).await?)
}
