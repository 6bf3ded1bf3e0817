//! Table `wallet.refund`, and the stakes that may be refunded.

use chassis::{Fault, Unit};
use proto::{AccountId, BetId, Lamports, RoomId};
use sqlx::PgConnection;
use std::collections::BTreeMap;
use uuid::Uuid;

/// A stake for which a settlement gave nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loss {
    /// Whose it was.
    pub account: AccountId,
    /// The room that it was lost in.
    pub room: RoomId,
    /// How much it was.
    pub amount: Lamports,
}

/// Those of these bets that were settled with nothing. That never changes again.
///
/// # Errors
/// The database.
pub async fn losses(conn: &mut PgConnection, bets: &[Uuid]) -> Result<BTreeMap<BetId, Loss>, Fault> {
    let rows = sqlx::query!(
        "SELECT bet_id, account, room, amount FROM wallet.hold WHERE bet_id = ANY($1) AND state = 4 AND credit = 0",
        bets
    );
    let loss = rows.fetch_all(conn).await?.into_iter().map(|row| {
        let (account, room) = (AccountId::new(row.account), RoomId::new(row.room));
        (BetId::new(row.bet_id), Loss { account, room, amount: Lamports::new(row.amount) })
    });
    Ok(loss.collect())
}

/// What was refunded for these bets, and with which part of their room's refund.
///
/// # Errors
/// The database.
pub async fn of_bets(
    conn: &mut PgConnection,
    bets: &[Uuid],
) -> Result<BTreeMap<BetId, (i32, Lamports)>, Fault> {
    let rows = sqlx::query!("SELECT bet_id, chunk, lamports FROM wallet.refund WHERE bet_id = ANY($1)", bets);
    let refund = rows
        .fetch_all(conn)
        .await?
        .into_iter()
        .map(|row| (BetId::new(row.bet_id), (row.chunk, Lamports::new(row.lamports))));
    Ok(refund.collect())
}

/// Notes what is refunded with one part.
///
/// # Errors
/// The database; a stake that was refunded before, or not lost.
pub async fn insert(
    unit: &mut Unit,
    room: RoomId,
    chunk: i32,
    lines: &[(BetId, Lamports)],
) -> Result<(), Fault> {
    let now = unit.now().await?;
    let (bets, lamports): (Vec<Uuid>, Vec<i64>) =
        lines.iter().map(|(bet, lamports)| (bet.uuid(), lamports.get())).unzip();
    sqlx::query!(
        "INSERT INTO wallet.refund (bet_id, room, chunk, lamports, refunded_at)
         SELECT bet, $1, $2, lamports, $3 FROM unnest($4::uuid[], $5::bigint[]) AS t (bet, lamports)",
        room.uuid(),
        chunk,
        now,
        &bets,
        &lamports,
    )
    .execute(unit.conn())
    .await?;
    Ok(())
}
