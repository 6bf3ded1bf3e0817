//! Table `wallet.hold`.

use crate::domain::hold::{Hold, State};
use chassis::{Fault, Unit};
use proto::{AccountId, BetId, Lamports, RoomId};
use std::collections::BTreeMap;
use uuid::Uuid;

/// The holds of these bets, those that exist.
///
/// # Errors
/// The database.
pub async fn of_bets(unit: &mut Unit, bets: &[Uuid]) -> Result<BTreeMap<BetId, Hold>, Fault> {
    let rows = sqlx::query!(
        "SELECT bet_id, account, room, amount, state, refusal, watched FROM wallet.hold WHERE bet_id = ANY($1)",
        bets
    )
    .fetch_all(unit.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            let bet = BetId::new(row.bet_id);
            let state =
                State::from_number(row.state).ok_or_else(|| Fault::bug("an unknown state of a hold"))?;
            let (account, room) = (AccountId::new(row.account), RoomId::new(row.room));
            let (amount, refusal, watched) = (Lamports::new(row.amount), row.refusal, row.watched);
            Ok((bet, Hold { bet, account, room, amount, state, refusal, watched }))
        })
        .collect()
}

/// Inserts decided holds, in the order of their bets.
///
/// # Errors
/// The database.
pub async fn insert(unit: &mut Unit, holds: &[&Hold]) -> Result<(), Fault> {
    if holds.is_empty() {
        return Ok(());
    }
    let bets: Vec<Uuid> = holds.iter().map(|hold| hold.bet.uuid()).collect();
    let accounts: Vec<Uuid> = holds.iter().map(|hold| hold.account.uuid()).collect();
    let rooms: Vec<Uuid> = holds.iter().map(|hold| hold.room.uuid()).collect();
    let amounts: Vec<i64> = holds.iter().map(|hold| hold.amount.get()).collect();
    let states: Vec<i16> = holds.iter().map(|hold| hold.state.number()).collect();
    let refusals: Vec<Option<Vec<u8>>> = holds.iter().map(|hold| hold.refusal.clone()).collect();
    let watched: Vec<bool> = holds.iter().map(|hold| hold.watched).collect();
    let now = unit.now().await?;
    sqlx::query!(
        "INSERT INTO wallet.hold (bet_id, account, room, amount, state, refusal, watched, held_at, ended_at)
         SELECT bet, account, room, amount, state, refusal, watched, $8::timestamptz, CASE WHEN state <> 1 THEN $8::timestamptz END
         FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[], $5::smallint[], $6::bytea[], $7::bool[])
              AS t (bet, account, room, amount, state, refusal, watched)",
        &bets,
        &accounts,
        &rooms,
        &amounts,
        &states,
        &refusals as &[Option<Vec<u8>>],
        &watched,
        now
    )
    .execute(unit.conn())
    .await?;
    Ok(())
}

/// Moves holds from HELD to RELEASED.
///
/// # Errors
/// The database.
pub async fn release(unit: &mut Unit, bets: &[Uuid]) -> Result<(), Fault> {
    let now = unit.now().await?;
    let released = sqlx::query!(
        "UPDATE wallet.hold SET state = 3, ended_at = $2 WHERE bet_id = ANY($1) AND state = 1",
        bets,
        now
    );
    released.execute(unit.conn()).await?;
    Ok(())
}

/// Moves holds from HELD to SPENT, each with what a settlement gave for it. Returns how many there were.
///
/// # Errors
/// The database.
pub async fn spend(unit: &mut Unit, lines: &[(BetId, Lamports)]) -> Result<u64, Fault> {
    let now = unit.now().await?;
    let (bets, credits): (Vec<Uuid>, Vec<i64>) =
        lines.iter().map(|(bet, credit)| (bet.uuid(), credit.get())).unzip();
    let spent = sqlx::query!(
        "UPDATE wallet.hold AS h SET state = 4, ended_at = $3, credit = t.credit
         FROM unnest($1::uuid[], $2::bigint[]) AS t (bet, credit) WHERE h.bet_id = t.bet AND h.state = 1",
        &bets,
        &credits,
        now
    );
    Ok(spent.execute(unit.conn()).await?.rows_affected())
}

/// How many holds of a room are HELD.
///
/// # Errors
/// The database.
pub async fn held_in_room(unit: &mut Unit, room: RoomId) -> Result<i64, Fault> {
    let count = sqlx::query_scalar!(
        "SELECT count(*) AS \"count!\" FROM wallet.hold WHERE room = $1 AND state = 1",
        room.uuid()
    );
    Ok(count.fetch_one(unit.conn()).await?)
}
