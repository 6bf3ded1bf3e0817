//! The pool of groups: which room gets one, and what the gateway is asked to do with it.

use super::{Incoming, Rooms};
use crate::{domain::arena::Arena, store};
use chassis::{Delivery, Fault, Unit, grpc::Unanswered, operators};
use proto::{
    Refusal, RoomId,
    common::RefusalCode,
    gateway::{ArenaArranged, ArenaStep, ArrangeArena},
    room::{RegisterArena, RegisterArenaDone, RetireArena, RetireArenaDone, Room, RoomState},
};
use uuid::Uuid;

/// The saga of a group: one step at a time, the newest.
const SAGA: &str = "arena";

/// Locks the groups that a batch is about, in the order of their numbers: after its rooms, and before any group is assigned.
pub(super) async fn lock(unit: &mut Unit, batch: &[Delivery<Incoming>]) -> Result<(), Fault> {
    let chats = batch.iter().filter_map(|delivery| match &delivery.message {
        Incoming::RegisterArena(RegisterArena { chat_id, .. })
        | Incoming::RetireArena(RetireArena { chat_id, .. })
        | Incoming::ArenaArranged(ArenaArranged { chat_id, .. }) => Some(*chat_id),
        _ => None,
    });
    let chats: Vec<i64> = chats.collect();
    if !chats.is_empty() {
        store::arena::lock(unit.conn(), &chats).await?;
    }
    Ok(())
}

async fn find(unit: &mut Unit, chat_id: i64) -> Result<Option<Arena>, Fault> {
    Ok(store::arena::lock(unit.conn(), &[chat_id]).await?.pop())
}

impl Rooms {
    pub(super) async fn register_arena(
        &self,
        unit: &mut Unit,
        delivery: &Delivery<Incoming>,
        request: &RegisterArena,
    ) -> Result<(), Fault> {
        if delivery.repeat {
            return Ok(());
        }
        let decided = async {
            self.operators.take(unit, delivery, request).await?;
            let mut arena = match find(unit, request.chat_id).await? {
                Some(arena) => arena,
                None => Arena::try_new(request.chat_id)?,
            };
            let step = arena.register()?;
            store::arena::write(unit.conn(), &arena).await?;
            if let Some(step) = step {
                issue(unit, &arena, step, None).await?;
            }
            Ok::<_, Unanswered>(RegisterArenaDone { arena: Some(arena.to_message()) })
        };
        let decided = decided.await;
        operators::answer(unit, delivery, decided)
    }

    pub(super) async fn retire_arena(
        &self,
        unit: &mut Unit,
        delivery: &Delivery<Incoming>,
        request: &RetireArena,
    ) -> Result<(), Fault> {
        if delivery.repeat {
            return Ok(());
        }
        let decided = async {
            self.operators.take(unit, delivery, request).await?;
            let unknown = || Refusal::new(RefusalCode::NotFound);
            let mut arena = find(unit, request.chat_id).await?.ok_or_else(unknown)?;
            arena.retire();
            store::arena::write(unit.conn(), &arena).await?;
            Ok::<_, Unanswered>(RetireArenaDone { arena: Some(arena.to_message()) })
        };
        let decided = decided.await;
        operators::answer(unit, delivery, decided)
    }
}

/// A public room that has just opened gets a free group, if there is one.
pub(super) async fn assign(unit: &mut Unit, room: &Room) -> Result<(), Fault> {
    let public = room.terms.as_ref().is_some_and(|terms| terms.scope_chat_id == 0);
    if !public || room.state() != RoomState::Open {
        return Ok(());
    }
    let Some(mut arena) = store::arena::lock_free(unit.conn()).await? else { return Ok(()) };
    let step = arena.assign(RoomId::try_from_bytes(&room.room_id)?);
    store::arena::write(unit.conn(), &arena).await?;
    issue(unit, &arena, step, Some(room)).await
}

/// What the gateway says of a step. A group that Telegram does not let us arrange waits for an operator.
pub(super) async fn follow(unit: &mut Unit, told: &ArenaArranged) -> Result<(), Fault> {
    let Some(mut arena) = find(unit, told.chat_id).await? else { return Ok(()) };
    if !arena.arranged(told) {
        return Ok(());
    }
    if !told.fault.is_empty() {
        tracing::error!(
            chat = told.chat_id,
            step = told.step().as_str_name(),
            fault = told.fault,
            "an arena is out"
        );
        metrics::counter!("rooms_arena_faults_total").increment(1);
    }
    store::arena::write(unit.conn(), &arena).await?;
    unit.settled(SAGA, key(arena.chat_id)).await
}

/// Asks the gateway for a step until it is done; not for the step before any more.
pub async fn issue(
    unit: &mut Unit,
    arena: &Arena,
    step: ArenaStep,
    room: Option<&Room>,
) -> Result<(), Fault> {
    let command = ArrangeArena {
        chat_id: arena.chat_id,
        room_id: room.map(|room| room.room_id.clone()).unwrap_or_default(),
        version: arena.version,
        step: step.into(),
        room_number: room.map(|room| room.number).unwrap_or_default(),
        terms: room.and_then(|room| room.terms.clone()),
    };
    unit.settled(SAGA, key(arena.chat_id)).await?;
    unit.issue(SAGA, key(arena.chat_id), &command).await
}

fn key(chat_id: i64) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, &chat_id.to_be_bytes())
}
