//! Table `room.bet`.

use super::room::{number, signed};
use crate::domain::bet::{Bet, Wager};
use chassis::Fault;
use proto::{AccountId, BetId, Lamports, RoomId, room::BetState};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// A row, for every query that reads bets.
#[derive(Debug, sqlx::FromRow)]
pub struct Row {
    pub(super) id: Uuid,
    pub(super) room_id: Uuid,
    pub(super) account_id: Uuid,
    pub(super) outcome: i16,
    pub(super) stake: i64,
    pub(super) min_odds: i32,
    pub(super) state: i16,
    pub(super) accepted_at: OffsetDateTime,
    pub(super) cancel_until: Option<OffsetDateTime>,
    pub(super) payout: i64,
}

impl TryFrom<Row> for Bet {
    type Error = Fault;

    fn try_from(row: Row) -> Result<Self, Fault> {
        let count = |number: i32| u32::try_from(number).map_err(|_| Fault::bug("a negative count"));
        Ok(Self {
            wager: Wager {
                id: BetId::new(row.id),
                room_id: RoomId::new(row.room_id),
                account_id: AccountId::new(row.account_id),
                outcome: count(row.outcome.into())?,
                stake: Lamports::new(row.stake),
                min_odds_percent: count(row.min_odds)?,
            },
            state: BetState::try_from(i32::from(row.state))
                .map_err(|_| Fault::bug("an unknown state of a bet"))?,
            accepted_at: row.accepted_at,
            cancel_until: row.cancel_until,
            payout: Lamports::new(row.payout),
        })
    }
}

/// The bets with these ids, and those of these players in these rooms that count or were taken back. The rooms are
/// locked, so the bets need not be.
///
/// # Errors
/// The database.
pub async fn of_batch(
    conn: &mut PgConnection,
    ids: &[Uuid],
    players: &[(RoomId, AccountId)],
) -> Result<Vec<Bet>, Fault> {
    let (rooms, accounts): (Vec<Uuid>, Vec<Uuid>) =
        players.iter().map(|(room, account)| (room.uuid(), account.uuid())).unzip();
    let rows = sqlx::query_as!(
        Row,
        "SELECT id AS \"id!\", room_id AS \"room_id!\", account_id AS \"account_id!\", outcome AS \"outcome!\",
                stake AS \"stake!\", min_odds AS \"min_odds!\", state AS \"state!\", accepted_at AS \"accepted_at!\",
                cancel_until, payout AS \"payout!\"
         FROM room.bet WHERE id = ANY($1)
         UNION
         SELECT id, b.room_id, b.account_id, outcome, stake, min_odds, state, accepted_at, cancel_until, payout
         FROM unnest($2::uuid[], $3::uuid[]) AS t (room_id, account_id)
         JOIN room.bet AS b ON b.room_id = t.room_id AND b.account_id = t.account_id AND b.state NOT IN (3, 7)
         UNION
         SELECT id, b.room_id, b.account_id, outcome, stake, min_odds, state, accepted_at, cancel_until, payout
         FROM unnest($2::uuid[], $3::uuid[]) AS t (room_id, account_id)
         JOIN room.bet AS b ON b.room_id = t.room_id AND b.account_id = t.account_id AND b.state = 7",
        ids,
        &rooms,
        &accounts
    );
    rows.fetch_all(conn).await?.into_iter().map(Bet::try_from).collect()
}

/// Inserts what a batch accepted provisionally.
///
/// # Errors
/// The database.
pub async fn insert(conn: &mut PgConnection, bets: impl Iterator<Item = &Bet>) -> Result<(), Fault> {
    let bets: Vec<&Bet> = bets.collect();
    if bets.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = bets.iter().map(|bet| bet.wager.id.uuid()).collect();
    let rooms: Vec<Uuid> = bets.iter().map(|bet| bet.wager.room_id.uuid()).collect();
    let accounts: Vec<Uuid> = bets.iter().map(|bet| bet.wager.account_id.uuid()).collect();
    let outcomes: Vec<i16> =
        bets.iter().map(|bet| signed(bet.wager.outcome).and_then(number)).collect::<Result<_, _>>()?;
    let stakes: Vec<i64> = bets.iter().map(|bet| bet.wager.stake.get()).collect();
    let odds: Vec<i32> =
        bets.iter().map(|bet| signed(bet.wager.min_odds_percent)).collect::<Result<_, _>>()?;
    let states: Vec<i16> = bets.iter().map(|bet| number(bet.state.into())).collect::<Result<_, _>>()?;
    let times: Vec<OffsetDateTime> = bets.iter().map(|bet| bet.accepted_at).collect();
    let until: Vec<Option<OffsetDateTime>> = bets.iter().map(|bet| bet.cancel_until).collect();
    sqlx::query!(
        "INSERT INTO room.bet (id, room_id, account_id, outcome, stake, min_odds, state, accepted_at, cancel_until)
         SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::smallint[], $5::bigint[], $6::int[], $7::smallint[],
                              $8::timestamptz[], $9::timestamptz[])",
        &ids,
        &rooms,
        &accounts,
        &outcomes,
        &stakes,
        &odds,
        &states,
        &times,
        &until as &[Option<OffsetDateTime>]
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Writes the new states of bets: decided by wallet-svc, or taken back.
///
/// # Errors
/// The database.
pub async fn update_states(conn: &mut PgConnection, bets: impl Iterator<Item = &Bet>) -> Result<(), Fault> {
    let rows: Vec<(Uuid, i16, i64)> = bets
        .map(|bet| Ok((bet.wager.id.uuid(), number(bet.state.into())?, bet.payout.get())))
        .collect::<Result<_, Fault>>()?;
    write_states(conn, rows, &[1, 2]).await
}

/// Writes the fates of accepted bets. A fate is written once.
///
/// # Errors
/// The database.
pub async fn write_fates(conn: &mut PgConnection, fates: Vec<(Uuid, BetState, i64)>) -> Result<(), Fault> {
    let rows = fates
        .into_iter()
        .map(|(id, state, payout)| Ok((id, number(state.into())?, payout)))
        .collect::<Result<_, Fault>>()?;
    write_states(conn, rows, &[2]).await
}

async fn write_states(
    conn: &mut PgConnection,
    rows: Vec<(Uuid, i16, i64)>,
    from: &[i16],
) -> Result<(), Fault> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut rows = rows;
    rows.sort_unstable();
    let ids: Vec<Uuid> = rows.iter().map(|row| row.0).collect();
    let states: Vec<i16> = rows.iter().map(|row| row.1).collect();
    let payouts: Vec<i64> = rows.iter().map(|row| row.2).collect();
    sqlx::query!(
        "UPDATE room.bet AS b SET state = t.state, payout = t.payout
         FROM unnest($1::uuid[], $2::smallint[], $3::bigint[]) AS t (id, state, payout)
         WHERE b.id = t.id AND b.state = ANY($4)",
        &ids,
        &states,
        &payouts,
        from
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Accepted bets of a room in ascending id, after one of them.
///
/// # Errors
/// The database.
pub async fn accepted(
    conn: &mut PgConnection,
    room: RoomId,
    after: Option<BetId>,
    limit: i64,
) -> Result<Vec<Bet>, Fault> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, room_id, account_id, outcome, stake, min_odds, state, accepted_at, cancel_until, payout FROM room.bet
         WHERE room_id = $1 AND state IN (2, 4, 5, 6) AND id > $2 ORDER BY id LIMIT $3",
        room.uuid(),
        after.map_or(Uuid::nil(), BetId::uuid),
        limit
    );
    rows.fetch_all(conn).await?.into_iter().map(Bet::try_from).collect()
}

/// Pending bets: of some rooms, or all that wait for their hold for longer than two seconds.
///
/// # Errors
/// The database.
pub async fn pending(conn: &mut PgConnection, rooms: Option<&[Uuid]>) -> Result<Vec<Bet>, Fault> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, room_id, account_id, outcome, stake, min_odds, state, accepted_at, cancel_until, payout FROM room.bet
         WHERE state = 1 AND CASE WHEN $1::uuid[] IS NULL THEN accepted_at < room.db_clock() - interval '2 seconds'
                                  ELSE room_id = ANY($1) END
         ORDER BY accepted_at LIMIT 1000",
        rooms
    );
    rows.fetch_all(conn).await?.into_iter().map(Bet::try_from).collect()
}
