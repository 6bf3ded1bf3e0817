//! What stands against leaving, and everything that is kept of one account.

use super::{pubkey, signature};
use chassis::{Fault, Pool};
use proto::AccountId;
use serde_json::{Value, json};
use sqlx::PgConnection;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// What an account has open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Its owner has left already.
    pub closed: bool,
    /// Operators keep it from playing.
    pub banned: bool,
    /// Stakes that are not settled.
    pub live_bets: i64,
    /// Withdrawals that have not ended.
    pub withdrawals: i64,
}

/// What a watched account has open.
///
/// # Errors
/// The database.
pub async fn standing(conn: &mut PgConnection, account: AccountId) -> Result<Standing, Fault> {
    let row = sqlx::query!(
        r#"SELECT EXISTS (SELECT FROM wallet.player WHERE account = $1 AND closed_at IS NOT NULL) AS "closed!",
                  EXISTS (SELECT FROM wallet.ban WHERE account = $1) AS "banned!",
                  (SELECT count(*) FROM wallet.hold WHERE watched AND account = $1 AND state = 1) AS "live_bets!",
                  (SELECT count(*) FROM wallet.withdrawal WHERE account_id = $1
                   AND state NOT IN ('FINALIZED', 'FAILED', 'CANCELLED', 'REJECTED')) AS "withdrawals!""#,
        account.uuid()
    )
    .fetch_one(conn)
    .await?;
    Ok(Standing {
        closed: row.closed,
        banned: row.banned,
        live_bets: row.live_bets,
        withdrawals: row.withdrawals,
    })
}

/// Its owner has left.
///
/// # Errors
/// The database.
pub async fn close(conn: &mut PgConnection, account: AccountId, now: OffsetDateTime) -> Result<(), Fault> {
    sqlx::query!("UPDATE wallet.player SET closed_at = $2 WHERE account = $1", account.uuid(), now)
        .execute(conn)
        .await?;
    Ok(())
}

fn moment(at: Option<OffsetDateTime>) -> Value {
    at.and_then(|at| at.format(&Rfc3339).ok()).map_or(Value::Null, Value::String)
}

/// Everything, in one snapshot; nothing for an account that does not exist.
///
/// # Errors
/// The database.
pub async fn export(pool: &Pool, account: AccountId) -> Result<Option<Value>, Fault> {
    let mut tx = pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY").await?;
    let Some(key) = sqlx::query!(
        r#"SELECT k.address, k.created_at, p.cool_off_until AS "cool_off_until?", p.excluded_until AS "excluded_until?",
                  p.closed_at AS "closed_at?", t.confirmed_at AS "authenticator_since?",
                  coalesce(a.balance, 0) AS "available!", coalesce(h.balance, 0) AS "held!"
           FROM wallet.key AS k
           LEFT JOIN wallet.player AS p ON p.account = k.owner
           LEFT JOIN wallet.totp AS t ON t.account_id = k.owner
           LEFT JOIN wallet.ledger_account AS a ON a.kind = 1 AND a.owner = k.owner
           LEFT JOIN wallet.ledger_account AS h ON h.kind = 2 AND h.owner = k.owner
           WHERE k.owner = $1"#,
        account.uuid()
    )
    .fetch_optional(&mut *tx)
    .await?
    else {
        return Ok(None);
    };
    let mut export = json!({
        "account_id": account.uuid(),
        "deposit_address": pubkey(&key.address)?.to_string(),
        "opened_at": moment(Some(key.created_at)),
        "closed_at": moment(key.closed_at),
        "available_lamports": key.available,
        "held_lamports": key.held,
        "cool_off_until": moment(key.cool_off_until),
        "excluded_until": moment(key.excluded_until),
        "authenticator_since": moment(key.authenticator_since),
    });
    let parts = [
        ("limits", limits(&mut tx, account).await?),
        ("entries", entries(&mut tx, account).await?),
        ("stakes", stakes(&mut tx, account).await?),
        ("deposits", deposits(&mut tx, account).await?),
        ("withdrawals", withdrawals(&mut tx, account).await?),
    ];
    for (name, rows) in parts {
        if let Some(object) = export.as_object_mut() {
            object.insert(name.to_owned(), Value::Array(rows));
        }
    }
    Ok(Some(export))
}

async fn limits(conn: &mut PgConnection, account: AccountId) -> Result<Vec<Value>, Fault> {
    let rows = sqlx::query!(
        "SELECT kind, lamports, next_lamports, next_at FROM wallet.play_limit WHERE account = $1 ORDER BY kind",
        account.uuid()
    );
    let rows = rows.fetch_all(conn).await?.into_iter().map(|row| {
        json!({
            "limit": match row.kind { 1 => "deposits_in_a_day", 2 => "stakes_in_a_day", _ => "losses_in_a_week" },
            "lamports": row.lamports,
            "next_lamports": row.next_lamports,
            "next_at": moment(row.next_at),
        })
    });
    Ok(rows.collect())
}

/// The available balance, movement by movement: its sum is the balance.
async fn entries(conn: &mut PgConnection, account: AccountId) -> Result<Vec<Value>, Fault> {
    let rows = sqlx::query!(
        "SELECT lamports, movement, reference, posted_at FROM wallet.entry
         WHERE kind = 1 AND owner = $1 ORDER BY posted_at, reference",
        account.uuid()
    );
    let rows = rows.fetch_all(conn).await?.into_iter().map(|row| {
        json!({
            "lamports": row.lamports,
            "movement": row.movement,
            "reference": row.reference,
            "at": moment(Some(row.posted_at)),
        })
    });
    Ok(rows.collect())
}

async fn stakes(conn: &mut PgConnection, account: AccountId) -> Result<Vec<Value>, Fault> {
    let rows = sqlx::query!(
        "SELECT h.bet_id, h.room, h.amount, h.state, h.credit, h.held_at, h.ended_at
         FROM wallet.entry AS e JOIN wallet.hold AS h ON h.bet_id = e.reference
         WHERE e.kind = 1 AND e.owner = $1 AND e.movement = 2 ORDER BY h.held_at, h.bet_id",
        account.uuid()
    );
    let rows = rows.fetch_all(conn).await?.into_iter().map(|row| {
        json!({
            "bet_id": row.bet_id,
            "room_id": row.room,
            "lamports": row.amount,
            "state": match row.state { 1 => "held", 3 => "released", _ => "settled" },
            "credit_lamports": row.credit,
            "at": moment(Some(row.held_at)),
            "ended_at": moment(row.ended_at),
        })
    });
    Ok(rows.collect())
}

async fn deposits(conn: &mut PgConnection, account: AccountId) -> Result<Vec<Value>, Fault> {
    let rows = sqlx::query!(
        "SELECT id, signature, lamports, state, seen_at, credited_at FROM wallet.deposit
         WHERE owner = $1 ORDER BY seen_at, id",
        account.uuid()
    );
    let rows = rows.fetch_all(conn).await?.into_iter().map(|row| {
        Ok(json!({
            "deposit_id": row.id,
            "signature": signature(&row.signature)?.to_string(),
            "lamports": row.lamports,
            "state": row.state,
            "seen_at": moment(Some(row.seen_at)),
            "credited_at": moment(row.credited_at),
        }))
    });
    rows.collect()
}

async fn withdrawals(conn: &mut PgConnection, account: AccountId) -> Result<Vec<Value>, Fault> {
    let rows = sqlx::query!(
        "SELECT id, address, lamports, fee, state, reason, requested_at, ended_at FROM wallet.withdrawal
         WHERE account_id = $1 ORDER BY requested_at, id",
        account.uuid()
    );
    let rows = rows.fetch_all(conn).await?.into_iter().map(|row| {
        Ok(json!({
            "withdrawal_id": row.id,
            "address": pubkey(&row.address)?.to_string(),
            "lamports": row.lamports,
            "fee_lamports": row.fee,
            "state": row.state,
            "reason": row.reason,
            "requested_at": moment(Some(row.requested_at)),
            "ended_at": moment(row.ended_at),
        }))
    });
    rows.collect()
}
