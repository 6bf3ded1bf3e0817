//! Groups follow the rooms that have them.

use crate::{
    commands::issue,
    domain::arena::wanted,
    store::{self, arena::Hosting},
};
use chassis::{Db, Fault};
use proto::RoomId;
use std::time::Duration;
use time::OffsetDateTime;
use uuid::Uuid;

/// Unmutes the groups of rooms that are locked, and clears those of rooms that have been over for a while. Only the group is
/// locked: bets do not wait for it.
pub async fn follow_rooms(db: Db, talk: Duration) -> Result<(), Fault> {
    let behind = |hosting: &Hosting, now: OffsetDateTime| {
        i32::from(wanted(hosting.room, hosting.settled_at, talk, now)) > i32::from(hosting.step)
    };
    let mut connection = db.pool().reader().await?;
    let hosting = store::arena::hosting(&mut connection, None).await?;
    if hosting.is_empty() {
        return Ok(());
    }
    let now = store::standing::now(&mut connection).await?;
    drop(connection);
    let due: Vec<i64> = hosting.iter().filter(|one| behind(one, now)).map(|one| one.chat_id).collect();
    if due.is_empty() {
        return Ok(());
    }
    let mut unit = db.unit().await?;
    let arenas = store::arena::lock(unit.conn(), &due).await?;
    let now = unit.now().await?;
    let hosting = store::arena::hosting(unit.conn(), Some(&due)).await?;
    let rooms: Vec<Uuid> = arenas.iter().filter_map(|arena| arena.room).map(RoomId::uuid).collect();
    let rooms = store::whole::whole(unit.conn(), &rooms).await?;
    for mut arena in arenas {
        let room = rooms.iter().find(|room| arena.room == Some(RoomId::new(room.id)));
        let hosting = hosting.iter().find(|one| one.chat_id == arena.chat_id);
        let (Some(room), Some(hosting)) = (room, hosting) else { continue };
        let Some(step) = arena.follow(wanted(hosting.room, hosting.settled_at, talk, now)) else { continue };
        store::arena::write(unit.conn(), &arena).await?;
        issue(&mut unit, &arena, step, Some(&room.to_message()?)).await?;
    }
    unit.commit().await
}
