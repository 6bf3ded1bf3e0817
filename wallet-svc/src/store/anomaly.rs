//! Table `wallet.anomaly`, and what the rules read of others.

use crate::domain::anomaly::{Finding, Requested, Rule};
use chassis::Fault;
use prost::Message;
use proto::{
    Lamports,
    common::{Outcome, RefusalCode, outcome},
    timestamp, wallet,
};
use solana_pubkey::Pubkey;
use sqlx::{PgConnection, PgExecutor};
use time::{Duration, OffsetDateTime};

/// Withdrawals requested since a moment; those that ended in nothing count as well.
///
/// # Errors
/// The database.
pub async fn requested(executor: impl PgExecutor<'_>, since: OffsetDateTime) -> Result<Requested, Fault> {
    let row = sqlx::query!(
        r#"SELECT count(*) AS "count!", coalesce(sum(lamports), 0)::bigint AS "amount!"
           FROM wallet.withdrawal WHERE requested_at > $1"#,
        since
    );
    let row = row.fetch_one(executor).await?;
    Ok(Requested { count: row.count, amount: Lamports::new(row.amount) })
}

/// Addresses to which at least so many accounts have withdrawn since a moment.
///
/// # Errors
/// The database.
pub async fn shared_addresses(
    executor: impl PgExecutor<'_>,
    since: OffsetDateTime,
    accounts: i64,
) -> Result<Vec<Finding>, Fault> {
    let rows = sqlx::query!(
        r#"SELECT address, count(DISTINCT account_id) AS "accounts!", sum(lamports)::bigint AS "amount!"
           FROM wallet.withdrawal WHERE requested_at > $1
           GROUP BY address HAVING count(DISTINCT account_id) >= $2"#,
        since,
        accounts
    )
    .fetch_all(executor)
    .await?;
    let findings = rows.into_iter().map(|row| {
        let address = Pubkey::try_from(row.address.as_slice());
        let address = address.map_err(|_| Fault::bug("a stored address has not 32 bytes"))?;
        Ok(Finding {
            rule: Rule::SharedAddress,
            subject: address.to_string(),
            count: row.accounts,
            amount: Lamports::new(row.amount),
        })
    });
    findings.collect()
}

/// Outcomes since a moment that refuse a code of an authenticator or a signature of an operator. Few outcomes are stored
/// here: bets have theirs elsewhere.
///
/// # Errors
/// The database.
pub async fn refused(executor: impl PgExecutor<'_>, since: OffsetDateTime) -> Result<i64, Fault> {
    let bodies = sqlx::query_scalar!("SELECT body FROM wallet.outcome WHERE stored_at > $1", since);
    let bodies = bodies.fetch_all(executor).await?;
    let refused = bodies.iter().filter(|body| {
        let Ok(Outcome { result: Some(outcome::Result::Refused(refusal)), .. }) =
            Outcome::decode(body.as_slice())
        else {
            return false;
        };
        matches!(
            refusal.code(),
            RefusalCode::TotpWrong | RefusalCode::TotpLocked | RefusalCode::OperatorSignature
        )
    });
    i64::try_from(refused.count()).map_err(|_| Fault::bug("more refusals than a bigint holds"))
}

/// When a rule last found something.
///
/// # Errors
/// The database.
pub async fn last(executor: impl PgExecutor<'_>, rule: Rule) -> Result<Option<OffsetDateTime>, Fault> {
    let last = sqlx::query_scalar!("SELECT max(found_at) FROM wallet.anomaly WHERE rule = $1", rule.word());
    Ok(last.fetch_one(executor).await?)
}

/// Notes a finding, unless the same was noted within its window. True if it is new.
///
/// # Errors
/// The database.
pub async fn note(
    conn: &mut PgConnection,
    finding: &Finding,
    window: Duration,
    now: OffsetDateTime,
) -> Result<bool, Fault> {
    let noted = sqlx::query!(
        "INSERT INTO wallet.anomaly (rule, subject, found_at, count, lamports)
         SELECT $1, $2, $3, $4, $5 WHERE NOT EXISTS (
             SELECT FROM wallet.anomaly WHERE rule = $1 AND subject = $2 AND found_at > $6)",
        finding.rule.word(),
        finding.subject,
        now,
        finding.count,
        finding.amount.get(),
        now.saturating_sub(window),
    );
    Ok(noted.execute(conn).await?.rows_affected() == 1)
}

/// The newest findings, for operators.
///
/// # Errors
/// The database.
pub async fn newest(executor: impl PgExecutor<'_>, size: u32) -> Result<Vec<wallet::Anomaly>, Fault> {
    let rows = sqlx::query!(
        "SELECT rule, subject, found_at, count, lamports FROM wallet.anomaly ORDER BY found_at DESC LIMIT $1",
        i64::from(size)
    );
    let rows = rows.fetch_all(executor).await?.into_iter().map(|row| wallet::Anomaly {
        advice: Rule::from_word(&row.rule).map(Rule::advice).unwrap_or_default().to_owned(),
        rule: row.rule,
        subject: row.subject,
        found_at: Some(timestamp(row.found_at)),
        count: row.count.try_into().unwrap_or_default(),
        lamports: row.lamports,
    });
    Ok(rows.collect())
}
