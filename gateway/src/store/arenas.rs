//! Groups that host the players of a room, and who was let in.

use chassis::Fault;
use prost::Message as _;
use proto::{
    AccountId, Malformed, RoomId,
    gateway::{ArenaArranged, ArenaStep, ArrangeArena},
};
use sqlx::{PgConnection, PgExecutor};
use time::OffsetDateTime;
use uuid::Uuid;

/// A step that is to be done.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// What is asked for.
    pub command: ArrangeArena,
    /// The link that there is; empty for none.
    pub invite_link: String,
}

/// The version of a command as it is kept.
fn version(number: u64) -> Result<i64, Malformed> {
    i64::try_from(number).map_err(|_| Malformed("version"))
}

/// Takes a command in. What was asked for before is not done any more; what is older changes nothing. Returns the answer
/// where the command is a repeat of one that has ended.
///
/// # Errors
/// The database, or a command that breaks its contract.
pub async fn enter(
    conn: &mut PgConnection,
    command: &ArrangeArena,
    now: OffsetDateTime,
) -> Result<Option<ArenaArranged>, Fault> {
    if command.step() == ArenaStep::Unspecified {
        return Err(Malformed("no step").into());
    }
    let hosts = command.step() != ArenaStep::Clear;
    let room = if hosts { Some(RoomId::try_from_bytes(&command.room_id)?.uuid()) } else { None };
    let number = version(command.version)?;
    sqlx::query!(
        "INSERT INTO gateway.arena AS a (chat_id, version, asked, room_id, next_attempt_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (chat_id) DO UPDATE
         SET version = EXCLUDED.version, asked = EXCLUDED.asked, room_id = EXCLUDED.room_id, fault = '',
             next_attempt_at = EXCLUDED.next_attempt_at
         WHERE a.version < EXCLUDED.version",
        command.chat_id,
        number,
        command.encode_to_vec(),
        room,
        now
    )
    .execute(&mut *conn)
    .await?;
    let ended = sqlx::query!(
        "SELECT fault, invite_link FROM gateway.arena
         WHERE chat_id = $1 AND version = $2 AND done_version = $2",
        command.chat_id,
        number
    );
    let ended = ended.fetch_optional(conn).await?;
    Ok(ended.map(|row| arranged(command, row.invite_link, row.fault)))
}

/// The answer to a command.
#[must_use]
pub fn arranged(command: &ArrangeArena, invite_link: String, fault: String) -> ArenaArranged {
    ArenaArranged {
        chat_id: command.chat_id,
        room_id: command.room_id.clone(),
        version: command.version,
        step: command.step,
        invite_link,
        fault,
    }
}

/// Steps that are to be done now.
///
/// # Errors
/// The database.
pub async fn due(db: impl PgExecutor<'_>, limit: i64, now: OffsetDateTime) -> Result<Vec<Asked>, Fault> {
    let rows = sqlx::query!(
        "SELECT asked, invite_link FROM gateway.arena WHERE done_version < version AND next_attempt_at <= $1
         ORDER BY next_attempt_at LIMIT $2",
        now,
        limit
    );
    let rows = rows.fetch_all(db).await?.into_iter().map(|row| {
        let command = ArrangeArena::decode(row.asked.as_slice())
            .map_err(|_| Fault::bug("a step of an arena does not decode"))?;
        Ok(Asked { command, invite_link: row.invite_link })
    });
    rows.collect()
}

/// Whether nothing newer is asked for.
///
/// # Errors
/// The database.
pub async fn is_newest(db: impl PgExecutor<'_>, command: &ArrangeArena) -> Result<bool, Fault> {
    let newest = sqlx::query_scalar!(
        "SELECT version = $2 AS \"newest!\" FROM gateway.arena WHERE chat_id = $1",
        command.chat_id,
        version(command.version)?
    );
    Ok(newest.fetch_optional(db).await? == Some(true))
}

/// Remembers a link as soon as there is one: whatever comes next, it has to be revoked.
///
/// # Errors
/// The database.
pub async fn keep_link(db: impl PgExecutor<'_>, chat_id: i64, invite_link: &str) -> sqlx::Result<()> {
    sqlx::query!("UPDATE gateway.arena SET invite_link = $2 WHERE chat_id = $1", chat_id, invite_link)
        .execute(db)
        .await?;
    Ok(())
}

/// A step is done, or will never be. Returns the link that there is now; nothing where a newer step was asked for meanwhile.
///
/// # Errors
/// The database.
pub async fn ended(
    conn: &mut PgConnection,
    command: &ArrangeArena,
    fault: &str,
) -> Result<Option<String>, Fault> {
    let link = sqlx::query_scalar!(
        "UPDATE gateway.arena SET done_version = version, fault = $3
         WHERE chat_id = $1 AND version = $2 AND done_version < version RETURNING invite_link",
        command.chat_id,
        version(command.version)?,
        fault
    );
    Ok(link.fetch_optional(conn).await?)
}

/// A step is tried again later.
///
/// # Errors
/// The database.
pub async fn again(db: impl PgExecutor<'_>, command: &ArrangeArena, at: OffsetDateTime) -> Result<(), Fault> {
    sqlx::query!(
        "UPDATE gateway.arena SET next_attempt_at = $3 WHERE chat_id = $1 AND version = $2",
        command.chat_id,
        version(command.version)?,
        at
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The room whose players a group hosts. The outer `None`: the group is no arena. The inner one: it hosts nobody now.
///
/// # Errors
/// The database.
pub async fn room(db: impl PgExecutor<'_>, chat_id: i64) -> sqlx::Result<Option<Option<RoomId>>> {
    let room = sqlx::query_scalar!("SELECT room_id FROM gateway.arena WHERE chat_id = $1", chat_id);
    Ok(room.fetch_optional(db).await?.map(|room| room.map(RoomId::new)))
}

/// Notes that a player is about to be let in. False where the group does not host that room any more.
///
/// # Errors
/// The database.
pub async fn admit(
    db: impl PgExecutor<'_>,
    chat_id: i64,
    room: RoomId,
    account: AccountId,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    // The row of the group is locked: a step that clears it comes before, or sees this guest.
    let admitted = sqlx::query_scalar!(
        "WITH hosting AS (SELECT chat_id FROM gateway.arena WHERE chat_id = $1 AND room_id = $2 FOR SHARE)
         INSERT INTO gateway.arena_guest (chat_id, account_id, admitted_at) SELECT chat_id, $3, $4 FROM hosting
         ON CONFLICT (chat_id, account_id) DO UPDATE SET admitted_at = EXCLUDED.admitted_at
         RETURNING true AS \"admitted!\"",
        chat_id,
        room.uuid(),
        account.uuid(),
        now
    );
    Ok(admitted.fetch_optional(db).await?.is_some())
}

/// Who was let into a group.
///
/// # Errors
/// The database.
pub async fn guests(db: impl PgExecutor<'_>, chat_id: i64) -> sqlx::Result<Vec<Uuid>> {
    sqlx::query_scalar!(
        "SELECT account_id FROM gateway.arena_guest WHERE chat_id = $1 ORDER BY admitted_at, account_id",
        chat_id
    )
    .fetch_all(db)
    .await
}

/// The groups that an account was let into.
///
/// # Errors
/// The database.
pub async fn of_guest(db: impl PgExecutor<'_>, account: AccountId) -> sqlx::Result<Vec<i64>> {
    sqlx::query_scalar!("SELECT chat_id FROM gateway.arena_guest WHERE account_id = $1", account.uuid())
        .fetch_all(db)
        .await
}

/// A guest is gone.
///
/// # Errors
/// The database.
pub async fn gone(db: impl PgExecutor<'_>, chat_id: i64, account: Uuid) -> sqlx::Result<()> {
    sqlx::query!("DELETE FROM gateway.arena_guest WHERE chat_id = $1 AND account_id = $2", chat_id, account)
        .execute(db)
        .await?;
    Ok(())
}
