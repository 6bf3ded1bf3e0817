//! Results and sums by account, copied from the lines of settled rooms; who is on the leaderboard.

use super::{broken, line, unsigned};
use crate::domain::{
    Fate,
    standing::{Listed, Record, Sample},
};
use chassis::Fault;
use proto::{AccountId, BetId, Lamports, RoomId};
use sqlx::PgConnection;
use std::collections::BTreeMap;
use time::OffsetDateTime;
use uuid::Uuid;

/// Accounts that are compared at most: those who staked the most. It bounds what a board takes, in time and in memory.
const COMPARED: i64 = 100_000;

/// One settled bet of an account.
#[derive(Clone, Debug)]
pub struct Settled {
    /// The bet.
    pub bet: BetId,
    /// Where.
    pub room: RoomId,
    /// Its index.
    pub outcome: u32,
    /// What was staked.
    pub stake: Lamports,
    /// What became of it.
    pub fate: Fate,
    /// What was credited.
    pub payout: Lamports,
    /// When the room was settled.
    pub at: OffsetDateTime,
}

/// Puts a settled room among those whose lines are to be copied.
///
/// # Errors
/// The database.
pub async fn enqueue(
    connection: &mut PgConnection,
    room: RoomId,
    settled_at: OffsetDateTime,
) -> Result<(), Fault> {
    sqlx::query!(
        "INSERT INTO settlement.uncounted (room_id, settled_at) VALUES ($1, $2)",
        room.uuid(),
        settled_at
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A room whose lines are being copied.
#[derive(Clone, Copy, Debug)]
pub struct Uncounted {
    /// Which.
    pub room: RoomId,
    settled_at: OffsetDateTime,
    counted_to: Option<Uuid>,
}

/// Locks the room that was settled first of those that nobody else is copying.
///
/// # Errors
/// The database.
pub async fn lock_uncounted(connection: &mut PgConnection) -> Result<Option<Uncounted>, Fault> {
    let row = sqlx::query!(
        "SELECT room_id, settled_at, counted_to FROM settlement.uncounted
         ORDER BY settled_at, room_id LIMIT 1 FOR UPDATE SKIP LOCKED"
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| Uncounted {
        room: RoomId::new(row.room_id),
        settled_at: row.settled_at,
        counted_to: row.counted_to,
    }))
}

/// Copies the next lines of a locked room and adds them to the sums of their accounts, in one statement: no line is in the
/// list and not in the sums, or twice in either. Sums are written in the order of their keys.
///
/// # Errors
/// The database.
pub async fn count(connection: &mut PgConnection, uncounted: Uncounted, limit: i64) -> Result<(), Fault> {
    let copied = sqlx::query!(
        r#"WITH page AS MATERIALIZED (
               SELECT bet_id, account_id, outcome, stake_lamports, fate, payout_lamports
               FROM settlement.line WHERE room_id = $1 AND bet_id > $2 ORDER BY bet_id LIMIT $4
           ), listed AS (
               INSERT INTO settlement.result
                   (account_id, settled_at, bet_id, room_id, outcome, stake_lamports, fate, payout_lamports)
               SELECT account_id, $3, bet_id, $1, outcome, stake_lamports, fate, payout_lamports FROM page
           ), summed AS (
               INSERT INTO settlement.record AS r
                   (account_id, won, lost, returned, won_staked_lamports, lost_staked_lamports, paid_lamports)
               SELECT account_id,
                      count(*) FILTER (WHERE fate = 'WON'),
                      count(*) FILTER (WHERE fate = 'LOST'),
                      count(*) FILTER (WHERE fate NOT IN ('WON', 'LOST')),
                      coalesce(sum(stake_lamports) FILTER (WHERE fate = 'WON'), 0)::bigint,
                      coalesce(sum(stake_lamports) FILTER (WHERE fate = 'LOST'), 0)::bigint,
                      coalesce(sum(payout_lamports) FILTER (WHERE fate = 'WON'), 0)::bigint
               FROM page GROUP BY account_id ORDER BY account_id
               ON CONFLICT (account_id) DO UPDATE
               SET won = r.won + excluded.won, lost = r.lost + excluded.lost, returned = r.returned + excluded.returned,
                   won_staked_lamports = r.won_staked_lamports + excluded.won_staked_lamports,
                   lost_staked_lamports = r.lost_staked_lamports + excluded.lost_staked_lamports,
                   paid_lamports = r.paid_lamports + excluded.paid_lamports
           )
           SELECT count(*) AS "count!", (SELECT bet_id FROM page ORDER BY bet_id DESC LIMIT 1) AS last FROM page"#,
        uncounted.room.uuid(),
        uncounted.counted_to.unwrap_or_default(),
        uncounted.settled_at,
        limit,
    )
    .fetch_one(&mut *connection)
    .await?;
    let room = uncounted.room.uuid();
    if copied.count < limit {
        sqlx::query!("DELETE FROM settlement.uncounted WHERE room_id = $1", room).execute(connection).await?;
    } else {
        sqlx::query!("UPDATE settlement.uncounted SET counted_to = $2 WHERE room_id = $1", room, copied.last)
            .execute(connection)
            .await?;
    }
    Ok(())
}

/// How many settled rooms are still to be copied.
///
/// # Errors
/// The database.
pub async fn uncounted(connection: &mut PgConnection) -> Result<i32, Fault> {
    Ok(sqlx::query_scalar!(r#"SELECT count(*)::int AS "count!" FROM settlement.uncounted"#)
        .fetch_one(connection)
        .await?)
}

/// Sums as a row has them.
struct Sums {
    account_id: Uuid,
    won: i64,
    lost: i64,
    returned: i64,
    staked: i64,
    paid: i64,
}

impl From<&Sums> for Record {
    fn from(sums: &Sums) -> Self {
        Self {
            won: sums.won.unsigned_abs(),
            lost: sums.lost.unsigned_abs(),
            returned: sums.returned.unsigned_abs(),
            staked: Lamports::new(sums.staked),
            paid: Lamports::new(sums.paid),
        }
    }
}

/// What all settled bets of an account came to, and what those that won alone did.
///
/// # Errors
/// The database.
pub async fn lifetime(connection: &mut PgConnection, account: AccountId) -> Result<(Record, Record), Fault> {
    let row = sqlx::query!(
        "SELECT won, lost, returned, won_staked_lamports, lost_staked_lamports, paid_lamports
         FROM settlement.record WHERE account_id = $1",
        account.uuid(),
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(<(Record, Record)>::default()) };
    let won = Record {
        won: row.won.unsigned_abs(),
        staked: Lamports::new(row.won_staked_lamports),
        paid: Lamports::new(row.paid_lamports),
        ..Record::default()
    };
    let staked = won.staked.checked_add(Lamports::new(row.lost_staked_lamports));
    let all = Record {
        lost: row.lost.unsigned_abs(),
        returned: row.returned.unsigned_abs(),
        staked: staked.map_err(|_| broken("stakes beyond the ledger's range"))?,
        ..won
    };
    Ok((all, won))
}

/// What an account's bets came to that were settled since a moment.
///
/// # Errors
/// The database.
pub async fn since(
    connection: &mut PgConnection,
    account: AccountId,
    moment: OffsetDateTime,
) -> Result<Record, Fault> {
    let sums = sqlx::query_as!(
        Sums,
        r#"SELECT $1::uuid AS "account_id!",
                  count(*) FILTER (WHERE fate = 'WON') AS "won!",
                  count(*) FILTER (WHERE fate = 'LOST') AS "lost!",
                  count(*) FILTER (WHERE fate NOT IN ('WON', 'LOST')) AS "returned!",
                  coalesce(sum(stake_lamports) FILTER (WHERE fate IN ('WON', 'LOST')), 0)::bigint AS "staked!",
                  coalesce(sum(payout_lamports) FILTER (WHERE fate = 'WON'), 0)::bigint AS "paid!"
           FROM settlement.result WHERE account_id = $1 AND settled_at > $2"#,
        account.uuid(),
        moment,
    )
    .fetch_one(connection)
    .await?;
    Ok(Record::from(&sums))
}

/// Settled bets of an account, newest first, after one of them.
///
/// # Errors
/// The database.
pub async fn results(
    connection: &mut PgConnection,
    account: AccountId,
    won_only: bool,
    after: Option<(OffsetDateTime, Uuid)>,
    limit: i64,
) -> Result<Vec<Settled>, Fault> {
    let (at, bet) = after.unzip();
    sqlx::query!(
        "SELECT bet_id, room_id, outcome, stake_lamports, fate, payout_lamports, settled_at
         FROM settlement.result
         WHERE account_id = $1 AND ($2::timestamptz IS NULL OR (settled_at, bet_id) < ($2, $3))
           AND (NOT $4 OR fate = 'WON')
         ORDER BY settled_at DESC, bet_id DESC LIMIT $5",
        account.uuid(),
        at,
        bet,
        won_only,
        limit,
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(|row| {
        Ok(Settled {
            bet: BetId::new(row.bet_id),
            room: RoomId::new(row.room_id),
            outcome: unsigned(row.outcome)?,
            stake: Lamports::new(row.stake_lamports),
            fate: line::from_word(&row.fate).ok_or_else(|| broken("an unknown fate"))?,
            payout: Lamports::new(row.payout_lamports),
            at: row.settled_at,
        })
    })
    .collect()
}

/// The records that may have a place: of everything settled since a moment, or ever.
///
/// # Errors
/// The database.
pub async fn listed(
    connection: &mut PgConnection,
    since: Option<OffsetDateTime>,
    sample: &Sample,
) -> Result<Vec<(AccountId, Record)>, Fault> {
    let (bets, staked) = (i64::from(sample.bets), sample.staked.get());
    let rows = match since {
        Some(since) => {
            sqlx::query_as!(
                Sums,
                r#"SELECT account_id AS "account_id!", won AS "won!", lost AS "lost!", returned AS "returned!",
                          staked AS "staked!", paid AS "paid!"
                   FROM (SELECT account_id,
                                count(*) FILTER (WHERE fate = 'WON') AS won,
                                count(*) FILTER (WHERE fate = 'LOST') AS lost,
                                count(*) FILTER (WHERE fate NOT IN ('WON', 'LOST')) AS returned,
                                coalesce(sum(stake_lamports) FILTER (WHERE fate IN ('WON', 'LOST')), 0)::bigint AS staked,
                                coalesce(sum(payout_lamports) FILTER (WHERE fate = 'WON'), 0)::bigint AS paid
                         FROM settlement.result WHERE settled_at > $1 GROUP BY account_id) AS r
                   WHERE won + lost >= $2 AND staked >= $3
                     AND NOT EXISTS (SELECT FROM settlement.listing AS l WHERE l.account_id = r.account_id AND l.hidden)
                   ORDER BY staked DESC, account_id LIMIT $4"#,
                since,
                bets,
                staked,
                COMPARED,
            )
            .fetch_all(connection)
            .await?
        }
        None => {
            sqlx::query_as!(
                Sums,
                r#"SELECT account_id, won, lost, returned, won_staked_lamports + lost_staked_lamports AS "staked!",
                          paid_lamports AS paid
                   FROM settlement.record AS r
                   WHERE won + lost >= $1 AND won_staked_lamports + lost_staked_lamports >= $2
                     AND NOT EXISTS (SELECT FROM settlement.listing AS l WHERE l.account_id = r.account_id AND l.hidden)
                   ORDER BY won_staked_lamports + lost_staked_lamports DESC, account_id LIMIT $3"#,
                bets,
                staked,
                COMPARED,
            )
            .fetch_all(connection)
            .await?
        }
    };
    Ok(rows.iter().map(|sums| (AccountId::new(sums.account_id), Record::from(sums))).collect())
}

/// The database's clock.
///
/// # Errors
/// The database.
pub async fn now(connection: &mut PgConnection) -> Result<OffsetDateTime, Fault> {
    Ok(sqlx::query_scalar!(r#"SELECT settlement.db_clock() AS "now!""#).fetch_one(connection).await?)
}

/// What somebody said about the leaderboard.
#[derive(Clone, Copy, Debug)]
pub struct Choice {
    /// Who.
    pub account: AccountId,
    /// Not on it.
    pub hidden: bool,
    /// Since when.
    pub changed_at: OffsetDateTime,
}

/// What accounts said about the leaderboard; those who said nothing are left out.
///
/// # Errors
/// The database.
pub async fn choices(connection: &mut PgConnection, accounts: &[Uuid]) -> Result<Vec<Choice>, Fault> {
    let rows = sqlx::query!(
        "SELECT account_id, hidden, changed_at FROM settlement.listing WHERE account_id = ANY($1)",
        accounts
    )
    .fetch_all(connection)
    .await?;
    let choice = rows.into_iter().map(|row| Choice {
        account: AccountId::new(row.account_id),
        hidden: row.hidden,
        changed_at: row.changed_at,
    });
    Ok(choice.collect())
}

/// Keeps what accounts said, in the order of their ids. Who has left stays hidden.
///
/// # Errors
/// The database.
pub async fn choose(
    connection: &mut PgConnection,
    said: &BTreeMap<AccountId, Listed>,
    now: OffsetDateTime,
) -> Result<(), Fault> {
    if said.is_empty() {
        return Ok(());
    }
    let accounts: Vec<Uuid> = said.keys().map(|account| account.uuid()).collect();
    let hidden: Vec<bool> = said.values().map(|listed| *listed != Listed::Shown).collect();
    let closed: Vec<bool> = said.values().map(|listed| *listed == Listed::Closed).collect();
    sqlx::query!(
        "INSERT INTO settlement.listing AS l (account_id, hidden, closed, changed_at)
         SELECT *, $4 FROM unnest($1::uuid[], $2::boolean[], $3::boolean[])
         ON CONFLICT (account_id) DO UPDATE
         SET hidden = excluded.hidden, closed = excluded.closed, changed_at = excluded.changed_at
         WHERE NOT l.closed AND (l.hidden, l.closed) <> (excluded.hidden, excluded.closed)",
        &accounts,
        &hidden,
        &closed,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}
