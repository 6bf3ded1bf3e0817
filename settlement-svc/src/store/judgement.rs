//! What operators said of a room's disputes, what they agreed on, and how much of a refund the ledger has.

use super::{broken, signed as signed_number, unsigned};
use crate::domain::{
    Said,
    dispute::{judgement_from_word, judgement_word},
};
use chassis::{
    Fault,
    operators::{OperatorKey, Signed},
};
use proto::{AccountId, BetId, Lamports, RoomId, settlement::Judgement};
use sqlx::PgConnection;
use std::collections::BTreeSet;
use time::OffsetDateTime;
use uuid::Uuid;

/// What was agreed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The judgement.
    pub judgement: Judgement,
    /// Why, for the players.
    pub reason: String,
    /// What a refund repays; nothing where the result stands.
    pub refund: Lamports,
    /// In how many parts.
    pub chunks: u32,
}

/// A stake that lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loss {
    /// The bet.
    pub bet: BetId,
    /// Whose it is.
    pub account: AccountId,
    /// What was staked.
    pub stake: Lamports,
}

/// Keeps what an operator says of the disputes of a locked settlement.
///
/// # Errors
/// The database.
pub async fn add(
    connection: &mut PgConnection,
    room: RoomId,
    signed: &Signed,
    judgement: Judgement,
    reason: &str,
    at: OffsetDateTime,
) -> Result<(), Fault> {
    sqlx::query!(
        "INSERT INTO settlement.judgement (room_id, operator, judgement, reason, signature, said_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
        room.uuid(),
        signed.operator.bytes().as_slice(),
        judgement_word(judgement),
        reason,
        signed.signature.as_slice(),
        at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The newest judgement of each operator.
///
/// # Errors
/// The database.
pub async fn newest(
    connection: &mut PgConnection,
    room: RoomId,
) -> Result<Vec<Said<OperatorKey, Judgement>>, Fault> {
    let rows = sqlx::query!(
        "SELECT operator, judgement FROM settlement.judgement AS j
         WHERE room_id = $1 AND number = (SELECT max(number) FROM settlement.judgement
                                          WHERE room_id = j.room_id AND operator = j.operator)
         ORDER BY number",
        room.uuid()
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let by = OperatorKey::try_from_bytes(&row.operator).map_err(|_| broken("a key that is none"))?;
            let what = judgement_from_word(&row.judgement);
            Ok(Said { by, what: what.ok_or_else(|| broken("an unknown judgement"))? })
        })
        .collect()
}

/// Keeps what was agreed on.
///
/// # Errors
/// The database; a room that is judged already.
pub async fn judge(
    connection: &mut PgConnection,
    room: RoomId,
    judged: &Judged,
    at: OffsetDateTime,
) -> Result<(), Fault> {
    sqlx::query!(
        "INSERT INTO settlement.judged (room_id, judgement, reason, refund_lamports, chunks, judged_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
        room.uuid(),
        judgement_word(judged.judgement),
        judged.reason,
        judged.refund.get(),
        signed_number(judged.chunks)?,
        at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What was agreed on, if it was.
///
/// # Errors
/// The database.
pub async fn judged(connection: &mut PgConnection, room: RoomId) -> Result<Option<Judged>, Fault> {
    let row = sqlx::query!(
        "SELECT judgement, reason, refund_lamports, chunks FROM settlement.judged WHERE room_id = $1",
        room.uuid()
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let judgement = judgement_from_word(&row.judgement).ok_or_else(|| broken("an unknown judgement"))?;
    let (refund, chunks) = (Lamports::new(row.refund_lamports), unsigned(row.chunks)?);
    Ok(Some(Judged { judgement, reason: row.reason, refund, chunks }))
}

/// How many stakes of a room lost, and their sum.
///
/// # Errors
/// The database.
pub async fn losses(connection: &mut PgConnection, room: RoomId) -> Result<(usize, Lamports), Fault> {
    let row = sqlx::query!(
        r#"SELECT count(*) AS "count!", coalesce(sum(stake_lamports), 0)::bigint AS "sum!"
           FROM settlement.line WHERE room_id = $1 AND fate = 'LOST'"#,
        room.uuid()
    )
    .fetch_one(connection)
    .await?;
    let count = usize::try_from(row.count).map_err(|_| broken("a negative count"))?;
    Ok((count, Lamports::new(row.sum)))
}

/// At most `limit` stakes that lost, after a bet, in ascending bet id; `None` starts at the first.
///
/// # Errors
/// The database.
pub async fn losses_page(
    connection: &mut PgConnection,
    room: RoomId,
    after: Option<BetId>,
    limit: usize,
) -> Result<Vec<Loss>, Fault> {
    let rows = sqlx::query!(
        "SELECT bet_id, account_id, stake_lamports FROM settlement.line
         WHERE room_id = $1 AND fate = 'LOST' AND bet_id > $2 ORDER BY bet_id LIMIT $3",
        room.uuid(),
        after.map_or(Uuid::nil(), BetId::uuid),
        i64::try_from(limit).unwrap_or(i64::MAX),
    )
    .fetch_all(connection)
    .await?;
    let loss = rows.into_iter().map(|row| Loss {
        bet: BetId::new(row.bet_id),
        account: AccountId::new(row.account_id),
        stake: Lamports::new(row.stake_lamports),
    });
    Ok(loss.collect())
}

/// Which of these accounts have a line in a room's book.
///
/// # Errors
/// The database.
pub async fn players(
    connection: &mut PgConnection,
    room: RoomId,
    accounts: &BTreeSet<AccountId>,
) -> Result<BTreeSet<AccountId>, Fault> {
    let accounts: Vec<Uuid> = accounts.iter().map(|account| account.uuid()).collect();
    if accounts.is_empty() {
        return Ok(BTreeSet::new());
    }
    let rows = sqlx::query_scalar!(
        "SELECT DISTINCT account_id FROM settlement.line WHERE room_id = $1 AND account_id = ANY($2)",
        room.uuid(),
        &accounts
    );
    Ok(rows.fetch_all(connection).await?.into_iter().map(AccountId::new).collect())
}

/// Notes that the ledger has repaid a part. Returns how many it has, or nothing where this one was noted before.
///
/// # Errors
/// The database.
pub async fn repay(connection: &mut PgConnection, room: RoomId, chunk: u32) -> Result<Option<usize>, Fault> {
    let noted = sqlx::query!(
        "INSERT INTO settlement.refunded_chunk (room_id, chunk) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        room.uuid(),
        signed_number(chunk)?,
    )
    .execute(&mut *connection)
    .await?;
    if noted.rows_affected() == 0 {
        return Ok(None);
    }
    repaid(connection, room).await.map(|repaid| Some(repaid.len()))
}

/// The parts that the ledger has repaid.
///
/// # Errors
/// The database.
pub async fn repaid(connection: &mut PgConnection, room: RoomId) -> Result<BTreeSet<u32>, Fault> {
    let chunks =
        sqlx::query_scalar!("SELECT chunk FROM settlement.refunded_chunk WHERE room_id = $1", room.uuid());
    chunks.fetch_all(connection).await?.into_iter().map(unsigned).collect()
}
