//! Table `room.arena`.

use super::room::number;
use crate::domain::arena::Arena;
use chassis::Fault;
use proto::{
    RoomId,
    gateway::ArenaStep,
    room::{ArenaState, RoomState},
};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// A row, for every query that reads groups.
#[derive(Debug, sqlx::FromRow)]
struct Row {
    chat_id: i64,
    state: i16,
    step: i16,
    room_id: Option<Uuid>,
    invite_link: String,
    version: i64,
    fault: String,
    retiring: bool,
}

impl TryFrom<Row> for Arena {
    type Error = Fault;

    fn try_from(row: Row) -> Result<Self, Fault> {
        Ok(Self {
            chat_id: row.chat_id,
            state: ArenaState::try_from(i32::from(row.state))
                .map_err(|_| Fault::bug("an unknown state of an arena"))?,
            step: ArenaStep::try_from(i32::from(row.step))
                .map_err(|_| Fault::bug("an unknown step of an arena"))?,
            room: row.room_id.map(RoomId::new),
            invite_link: row.invite_link,
            version: u64::try_from(row.version).map_err(|_| Fault::bug("a negative version"))?,
            fault: row.fault,
            retiring: row.retiring,
        })
    }
}

/// Reads and locks groups, in the order of their numbers. Unknown ones are left out.
///
/// # Errors
/// The database.
pub async fn lock(conn: &mut PgConnection, chats: &[i64]) -> Result<Vec<Arena>, Fault> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT chat_id, state, step, room_id, invite_link, version, fault, retiring FROM room.arena
         WHERE chat_id = ANY($1) ORDER BY chat_id FOR NO KEY UPDATE",
        chats
    );
    rows.fetch_all(conn).await?.into_iter().map(Arena::try_from).collect()
}

/// Locks the free group that hosted the fewest rooms, and that nobody else is looking at.
///
/// # Errors
/// The database.
pub async fn lock_free(conn: &mut PgConnection) -> Result<Option<Arena>, Fault> {
    let row = sqlx::query_as!(
        Row,
        "SELECT chat_id, state, step, room_id, invite_link, version, fault, retiring FROM room.arena
         WHERE state = 1 ORDER BY version, chat_id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED"
    );
    row.fetch_optional(conn).await?.map(Arena::try_from).transpose()
}

/// All groups, by number.
///
/// # Errors
/// The database.
pub async fn all(conn: &mut PgConnection) -> Result<Vec<Arena>, Fault> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT chat_id, state, step, room_id, invite_link, version, fault, retiring FROM room.arena
         ORDER BY chat_id DESC"
    );
    rows.fetch_all(conn).await?.into_iter().map(Arena::try_from).collect()
}

/// The group of a room, or the one with this number.
///
/// # Errors
/// The database.
pub async fn find(
    conn: &mut PgConnection,
    room: Option<RoomId>,
    chat_id: i64,
) -> Result<Option<Arena>, Fault> {
    let row = sqlx::query_as!(
        Row,
        "SELECT chat_id, state, step, room_id, invite_link, version, fault, retiring FROM room.arena
         WHERE CASE WHEN $1::uuid IS NULL THEN chat_id = $2 ELSE room_id = $1 END",
        room.map(RoomId::uuid),
        chat_id
    );
    row.fetch_optional(conn).await?.map(Arena::try_from).transpose()
}

/// A group with the state of the room that has it.
#[derive(Debug)]
pub struct Hosting {
    /// The group.
    pub chat_id: i64,
    /// The last step that the gateway was asked for.
    pub step: ArenaStep,
    /// Where the room stands.
    pub room: RoomState,
    /// When the room was settled or voided.
    pub settled_at: Option<OffsetDateTime>,
}

/// The groups that rooms have, with the states of those rooms: of some groups, or of all.
///
/// # Errors
/// The database.
pub async fn hosting(conn: &mut PgConnection, chats: Option<&[i64]>) -> Result<Vec<Hosting>, Fault> {
    let rows = sqlx::query!(
        "SELECT a.chat_id, a.step, r.state, r.settled_at FROM room.arena AS a JOIN room.room AS r ON r.id = a.room_id
         WHERE $1::bigint[] IS NULL OR a.chat_id = ANY($1) ORDER BY a.chat_id",
        chats
    );
    let rows = rows.fetch_all(conn).await?.into_iter().map(|row| {
        Ok(Hosting {
            chat_id: row.chat_id,
            step: ArenaStep::try_from(i32::from(row.step))
                .map_err(|_| Fault::bug("an unknown step of an arena"))?,
            room: super::room::state(row.state)?,
            settled_at: row.settled_at,
        })
    });
    rows.collect()
}

/// Writes a group, new or changed.
///
/// # Errors
/// The database.
pub async fn write(conn: &mut PgConnection, arena: &Arena) -> Result<(), Fault> {
    sqlx::query!(
        "INSERT INTO room.arena (chat_id, state, step, room_id, invite_link, version, fault, retiring)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (chat_id) DO UPDATE
         SET state = $2, step = $3, room_id = $4, invite_link = $5, version = $6, fault = $7, retiring = $8",
        arena.chat_id,
        number(arena.state.into())?,
        number(arena.step.into())?,
        arena.room.map(RoomId::uuid),
        arena.invite_link,
        i64::try_from(arena.version).map_err(|_| Fault::bug("a version out of range"))?,
        arena.fault,
        arena.retiring
    )
    .execute(conn)
    .await?;
    Ok(())
}
