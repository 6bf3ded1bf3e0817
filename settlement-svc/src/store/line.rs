//! The lines of the book, one per bet.

use super::{broken, signed, unsigned};
use crate::domain::{Bet, Fate, Line};
use chassis::Fault;
use proto::{AccountId, BetId, Lamports, RoomId};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// Writes one chunk's lines with one statement.
///
/// # Errors
/// The database.
pub async fn insert(
    connection: &mut PgConnection,
    room: RoomId,
    chunk: u32,
    lines: &[Line],
) -> Result<(), Fault> {
    let bets: Vec<Uuid> = lines.iter().map(|line| line.bet.id.uuid()).collect();
    let accounts: Vec<Uuid> = lines.iter().map(|line| line.bet.account.uuid()).collect();
    let outcomes = lines.iter().map(|line| signed(line.bet.outcome)).collect::<Result<Vec<_>, _>>()?;
    let stakes: Vec<i64> = lines.iter().map(|line| line.bet.stake.get()).collect();
    let accepted: Vec<OffsetDateTime> = lines.iter().map(|line| line.bet.accepted_at).collect();
    let guards: Vec<i64> = lines.iter().map(|line| line.bet.min_odds_percent.into()).collect();
    let fates: Vec<String> = lines.iter().map(|line| word(line.fate).to_owned()).collect();
    let payouts: Vec<i64> = lines.iter().map(|line| line.payout.get()).collect();
    sqlx::query!(
        "INSERT INTO settlement.line
             (room_id, chunk, bet_id, account_id, outcome, stake_lamports, accepted_at, min_odds_percent, fate,
              payout_lamports)
         SELECT $1, $2, *
         FROM unnest($3::uuid[], $4::uuid[], $5::int[], $6::bigint[], $7::timestamptz[], $8::bigint[], $9::text[],
                     $10::bigint[])",
        room.uuid(),
        signed(chunk)?,
        &bets,
        &accounts,
        &outcomes,
        &stakes,
        &accepted,
        &guards,
        &fates,
        &payouts,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// At most `limit` lines that follow a bet, in ascending bet id; `None` starts at the first.
///
/// # Errors
/// The database.
pub async fn page(
    connection: &mut PgConnection,
    room: RoomId,
    after: Option<BetId>,
    limit: usize,
) -> Result<Vec<Line>, Fault> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    sqlx::query!(
        "SELECT bet_id, account_id, outcome, stake_lamports, accepted_at, min_odds_percent, fate, payout_lamports
         FROM settlement.line WHERE room_id = $1 AND bet_id > $2 ORDER BY bet_id LIMIT $3",
        room.uuid(),
        after.map_or(Uuid::nil(), BetId::uuid),
        limit,
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(|row| {
        let min_odds_percent = u32::try_from(row.min_odds_percent).map_err(|_| broken("a guard out of range"))?;
        let bet = Bet {
            id: BetId::new(row.bet_id),
            account: AccountId::new(row.account_id),
            outcome: unsigned(row.outcome)?,
            stake: Lamports::new(row.stake_lamports),
            accepted_at: row.accepted_at,
            min_odds_percent,
        };
        let fate = from_word(&row.fate).ok_or_else(|| broken("an unknown fate"))?;
        Ok(Line { bet, fate, payout: Lamports::new(row.payout_lamports) })
    })
    .collect()
}

/// The last line before a chunk, after which the chunk can be read.
///
/// # Errors
/// The database.
pub async fn last_before(
    connection: &mut PgConnection,
    room: RoomId,
    chunk: u32,
) -> Result<Option<BetId>, Fault> {
    let last = sqlx::query_scalar!(
        "SELECT bet_id FROM settlement.line WHERE room_id = $1 AND chunk < $2 ORDER BY bet_id DESC LIMIT 1",
        room.uuid(),
        signed(chunk)?,
    )
    .fetch_optional(connection)
    .await?;
    Ok(last.map(BetId::new))
}

/// The word in the database and in the evidence.
#[must_use]
pub const fn word(fate: Fate) -> &'static str {
    match fate {
        Fate::Won => "WON",
        Fate::Lost => "LOST",
        Fate::RoomVoid => "ROOM_VOID",
        Fate::PastPost => "PAST_POST",
        Fate::MinOdds => "MIN_ODDS",
    }
}

/// Reads it.
pub(super) fn from_word(text: &str) -> Option<Fate> {
    [Fate::Won, Fate::Lost, Fate::RoomVoid, Fate::PastPost, Fate::MinOdds]
        .into_iter()
        .find(|fate| word(*fate) == text)
}
