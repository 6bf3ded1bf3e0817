//! What room.room is asked and told when a room opens.

use super::room::{number, signed};
use chassis::Fault;
use prost::Message;
use proto::{
    AccountId, RoomId, from_timestamp,
    room::{RoomState, Terms},
};
use rust_decimal::Decimal;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use std::time::Duration;
use uuid::Uuid;

/// Makes openings wait for each other that could break a rule together: by one host, or in one
/// scope on one asset. Taken for a whole batch at once, in the order of the keys, so that two
/// batches never wait for each other.
///
/// # Errors
/// The database.
pub async fn lock_openings(conn: &mut PgConnection, names: &[String]) -> Result<(), Fault> {
    sqlx::query!(
        "SELECT pg_advisory_xact_lock(key)
         FROM (SELECT DISTINCT hashtextextended(name, 0) AS key FROM unnest($1::text[]) AS name ORDER BY key) AS keys",
        names
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Live rooms of a host.
///
/// # Errors
/// The database.
pub async fn live_of_host(conn: &mut PgConnection, host: AccountId) -> Result<i64, Fault> {
    let live = sqlx::query_scalar!(
        "SELECT count(*) AS \"count!\" FROM room.room WHERE host = $1 AND state BETWEEN 1 AND 4",
        host.uuid()
    );
    Ok(live.fetch_one(conn).await?)
}

/// A live room that asks the same question, and its number. Of two assets it does not matter which is named first.
///
/// # Errors
/// The database, or terms that break their contract.
pub async fn same_question(conn: &mut PgConnection, terms: &Terms) -> Result<Option<(RoomId, i64)>, Fault> {
    let row = sqlx::query!(
        "SELECT id, number FROM room.room
         WHERE scope_chat_id = $1 AND kind = $2 AND least(asset, rival_asset) = least($3::text, $4::text)
           AND greatest(asset, rival_asset) = greatest($3::text, $4::text) AND comparator = $5
           AND coalesce(target, 0) = coalesce($6::numeric, 0) AND bounds = $7 AND question = $8
           AND date_trunc('minute', deadline, 'UTC') = date_trunc('minute', $9::timestamptz, 'UTC')
           AND state BETWEEN 1 AND 4",
        terms.scope_chat_id,
        number(terms.kind)?,
        terms.asset,
        terms.rival_asset,
        number(terms.comparator)?,
        target(terms)?,
        &bounds(terms)?,
        terms.question,
        from_timestamp(terms.deadline.as_ref())?
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| (RoomId::new(row.id), row.number)))
}

/// Inserts a room that opens with these terms.
///
/// # Errors
/// The database, or terms that break their contract.
pub async fn insert(conn: &mut PgConnection, terms: &Terms) -> Result<(), Fault> {
    let bytes = terms.encode_to_vec();
    let hash = Sha256::digest(&bytes);
    let outcomes = terms.outcomes.len();
    let (seats, pools) = (vec![0_i32; outcomes], vec![0_i64; outcomes]);
    let state = if terms.min_players == 0 { RoomState::Open } else { RoomState::Queuing };
    let deadline = from_timestamp(terms.deadline.as_ref())?;
    let unresolved_at = (terms.unresolved_seconds > 0)
        .then(|| deadline + Duration::from_secs(terms.unresolved_seconds.into()));
    sqlx::query!(
        "INSERT INTO room.room (id, terms, terms_hash, state, kind, asset, rival_asset, comparator, target, bounds, question,
             host, scope_chat_id, lock_at, deadline, unresolved_at, min_stake, max_stake, max_players, min_players, max_pool,
             seats, pools, opened_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23,
             $24)",
        RoomId::try_from_bytes(&terms.room_id)?.uuid(),
        bytes,
        hash.as_slice(),
        number(state.into())?,
        number(terms.kind)?,
        terms.asset,
        terms.rival_asset,
        number(terms.comparator)?,
        target(terms)?,
        &bounds(terms)?,
        terms.question,
        host(terms)?,
        terms.scope_chat_id,
        from_timestamp(terms.lock_at.as_ref())?,
        deadline,
        unresolved_at,
        terms.min_stake_lamports,
        terms.max_stake_lamports,
        signed(terms.max_players)?,
        signed(terms.min_players)?,
        terms.max_pool_lamports,
        &seats,
        &pools,
        from_timestamp(terms.open_at.as_ref())?
    )
    .execute(conn)
    .await?;
    Ok(())
}

fn target(terms: &Terms) -> Result<Option<Decimal>, Fault> {
    (!terms.target.is_empty()).then(|| proto::decimal(&terms.target)).transpose().map_err(Fault::from)
}

fn bounds(terms: &Terms) -> Result<Vec<Decimal>, Fault> {
    Ok(terms.bounds.iter().map(|bound| proto::decimal(bound)).collect::<Result<_, _>>()?)
}

fn host(terms: &Terms) -> Result<Option<Uuid>, Fault> {
    let host = (!terms.host_account_id.is_empty()).then(|| AccountId::try_from_bytes(&terms.host_account_id));
    Ok(host.transpose()?.map(AccountId::uuid))
}
