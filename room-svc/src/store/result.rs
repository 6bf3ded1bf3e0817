//! What room.room is told when a room ends.

use super::room::number;
use chassis::Fault;
use proto::{
    Malformed, RoomId, from_timestamp,
    room::{RoomState, VoidReason},
    settlement::RoomSettled,
};
use sqlx::PgConnection;

/// Ends a room with a verdict, once. False if the room is not here.
///
/// # Errors
/// The database, or a verdict that breaks its contract.
pub async fn settle(conn: &mut PgConnection, id: RoomId, settled: &RoomSettled) -> Result<bool, Fault> {
    let verdict = settled.verdict.as_ref().ok_or(Malformed("settled without a verdict"))?;
    let settled_at = from_timestamp(settled.settled_at.as_ref())?;
    let void = verdict.void_reason() != VoidReason::Unspecified;
    let state = if void { RoomState::Voided } else { RoomState::Settled };
    let observed_at = verdict.observed_at.as_ref().map(|at| from_timestamp(Some(at))).transpose()?;
    sqlx::query!(
        "UPDATE room.room SET state = $2, outcome = $3, void_reason = $4, price = $5, observed_at = $6, settled_at = $7,
                counted = CASE WHEN cardinality($8::bigint[]) = cardinality(pools) THEN $8 END,
                closed_at = coalesce(closed_at, $7), version = version + 1
         WHERE id = $1 AND settled_at IS NULL",
        id.uuid(),
        number(state.into())?,
        (!void).then(|| i16::try_from(verdict.outcome)).transpose().map_err(|_| Fault::bug("outcome"))?,
        number(verdict.void_reason)?,
        verdict.price,
        observed_at,
        settled_at,
        &settled.pools_lamports
    )
    .execute(&mut *conn)
    .await?;
    let here = sqlx::query_scalar!("SELECT true AS \"here!\" FROM room.room WHERE id = $1", id.uuid());
    Ok(here.fetch_optional(conn).await?.is_some())
}

/// Notes the receipt's signature.
///
/// # Errors
/// The database.
pub async fn receipt(conn: &mut PgConnection, id: RoomId, signature: &str) -> Result<(), Fault> {
    sqlx::query!(
        "UPDATE room.room SET receipt = $2, version = version + 1 WHERE id = $1 AND receipt = ''",
        id.uuid(),
        signature
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Notes that the losing stakes of a room were repaid. False if the room is not here.
///
/// # Errors
/// The database.
pub async fn correct(conn: &mut PgConnection, id: RoomId) -> Result<bool, Fault> {
    let corrected = sqlx::query!(
        "UPDATE room.room SET corrected = true, version = version + 1 WHERE id = $1 AND NOT corrected",
        id.uuid()
    );
    if corrected.execute(&mut *conn).await?.rows_affected() > 0 {
        return Ok(true);
    }
    let here = sqlx::query_scalar!("SELECT true AS \"here!\" FROM room.room WHERE id = $1", id.uuid());
    Ok(here.fetch_optional(conn).await?.is_some())
}
