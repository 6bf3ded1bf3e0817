//! A group of the pool: which room has it, and what the gateway is asked to do with it.
//!
//! ```text
//! RETIRED -> CLEARING -> FREE -> PREPARING -> READY -> TALKING -> CLEARING -> FREE
//!                                   \___________\_________________/
//! ```
//!
//! A step that Telegram will not do makes the group FAULTY: its room goes on without it, and an operator looks.

use proto::{
    Refusal, RoomId,
    common::RefusalCode,
    gateway::{ArenaArranged, ArenaStep},
    room::{ArenaState, RoomState},
};
use std::time::Duration;
use time::OffsetDateTime;

/// Supergroups have numbers below this. Others have no members that could be invited, muted and removed.
const SUPERGROUPS_BELOW: i64 = -1_000_000_000_000;

/// Longest fault that is kept, in characters.
const FAULT_MAX: usize = 200;

/// A group of the pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arena {
    /// Telegram's number of the group.
    pub chat_id: i64,
    /// Where it stands.
    pub state: ArenaState,
    /// The last step that the gateway was asked for.
    pub step: ArenaStep,
    /// The room that has it.
    pub room: Option<RoomId>,
    /// For the players of that room, once there is one.
    pub invite_link: String,
    /// Counts the steps.
    pub version: u64,
    /// What Telegram said to the step that failed.
    pub fault: String,
    /// No further room gets it.
    pub retiring: bool,
}

/// What the group of a room should be like.
#[must_use]
pub fn wanted(
    room: RoomState,
    settled_at: Option<OffsetDateTime>,
    talk: Duration,
    now: OffsetDateTime,
) -> ArenaStep {
    match (room, settled_at) {
        (_, Some(settled_at)) if now >= settled_at + talk => ArenaStep::Clear,
        (_, Some(_)) | (RoomState::Locked | RoomState::Settling, _) => ArenaStep::Unmute,
        _ => ArenaStep::Prepare,
    }
}

impl Arena {
    /// A group that the pool does not know.
    ///
    /// # Errors
    /// `ARENA_RIGHTS`: not a supergroup.
    pub fn try_new(chat_id: i64) -> Result<Self, Refusal> {
        if chat_id >= SUPERGROUPS_BELOW {
            return Err(Refusal::new(RefusalCode::ArenaRights));
        }
        Ok(Self {
            chat_id,
            state: ArenaState::Retired,
            step: ArenaStep::Unspecified,
            room: None,
            invite_link: String::new(),
            version: 0,
            fault: String::new(),
            retiring: false,
        })
    }

    /// An operator adds it. Whatever is in the group, it is cleared before a room gets it, which also shows whether the bot
    /// may do what it has to.
    ///
    /// # Errors
    /// `ARENA_STATE`: it is in the pool already.
    pub fn register(&mut self) -> Result<Option<ArenaStep>, Refusal> {
        match self.state {
            ArenaState::Retired | ArenaState::Faulty => {
                self.fault.clear();
                self.retiring = false;
                Ok(Some(self.ask(ArenaStep::Clear)))
            }
            _ if self.retiring => {
                self.retiring = false;
                Ok(None)
            }
            _ => Err(Refusal::new(RefusalCode::ArenaState)),
        }
    }

    /// An operator takes it out of the pool: at once, or as soon as the room that has it is over.
    pub fn retire(&mut self) {
        match self.state {
            ArenaState::Free | ArenaState::Faulty => {
                self.state = ArenaState::Retired;
                self.fault.clear();
            }
            ArenaState::Retired => {}
            _ => self.retiring = true,
        }
    }

    /// A room gets this free group.
    pub fn assign(&mut self, room: RoomId) -> ArenaStep {
        self.room = Some(room);
        self.ask(ArenaStep::Prepare)
    }

    /// Follows its room. Steps go forward alone, and a later one takes the place of one that is not done yet.
    pub fn follow(&mut self, wanted: ArenaStep) -> Option<ArenaStep> {
        (self.room.is_some() && i32::from(wanted) > i32::from(self.step)).then(|| self.ask(wanted))
    }

    fn ask(&mut self, step: ArenaStep) -> ArenaStep {
        self.version = self.version.saturating_add(1);
        self.step = step;
        match step {
            ArenaStep::Prepare => self.state = ArenaState::Preparing,
            ArenaStep::Clear => self.state = ArenaState::Clearing,
            // Ready, or still on the way there, until the gateway has done it.
            ArenaStep::Unmute | ArenaStep::Unspecified => {}
        }
        step
    }

    /// The gateway has done the step that was asked for last, or will not. False where it speaks of another one, or says
    /// it again.
    pub fn arranged(&mut self, told: &ArenaArranged) -> bool {
        let waits = match self.step {
            ArenaStep::Prepare => self.state == ArenaState::Preparing,
            ArenaStep::Unmute => matches!(self.state, ArenaState::Preparing | ArenaState::Ready),
            ArenaStep::Clear => self.state == ArenaState::Clearing,
            ArenaStep::Unspecified => false,
        };
        if !waits || told.version != self.version {
            return false;
        }
        if !told.fault.is_empty() {
            self.fault = told.fault.chars().take(FAULT_MAX).collect();
            self.leave(ArenaState::Faulty);
            return true;
        }
        match self.step {
            ArenaStep::Clear if self.retiring => self.leave(ArenaState::Retired),
            ArenaStep::Clear | ArenaStep::Unspecified => self.leave(ArenaState::Free),
            ArenaStep::Prepare => self.admit(ArenaState::Ready, &told.invite_link),
            ArenaStep::Unmute => self.admit(ArenaState::Talking, &told.invite_link),
        }
        true
    }

    fn admit(&mut self, state: ArenaState, invite_link: &str) {
        self.state = state;
        invite_link.clone_into(&mut self.invite_link);
    }

    fn leave(&mut self, state: ArenaState) {
        self.state = state;
        self.room = None;
        self.invite_link.clear();
        self.retiring = false;
    }

    /// As it is told.
    #[must_use]
    pub fn to_message(&self) -> proto::room::Arena {
        proto::room::Arena {
            chat_id: self.chat_id,
            state: self.state.into(),
            room_id: self.room.map(RoomId::bytes).unwrap_or_default(),
            invite_link: self.invite_link.clone(),
            version: self.version,
            fault: self.fault.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINK: &str = "https://t.me/+abc";

    fn free() -> Arena {
        let mut arena = Arena::try_new(-1_002_000_000_001).unwrap();
        assert_eq!(arena.register(), Ok(Some(ArenaStep::Clear)));
        assert!(arena.arranged(&done(&arena)));
        assert_eq!(arena.state, ArenaState::Free);
        arena
    }

    fn done(arena: &Arena) -> ArenaArranged {
        let invite_link = if arena.step == ArenaStep::Clear { "" } else { LINK }.to_owned();
        ArenaArranged { version: arena.version, invite_link, ..Default::default() }
    }

    fn room() -> RoomId {
        RoomId::new(uuid::Uuid::from_u128(7))
    }

    #[test]
    fn a_group_follows_its_room_and_is_free_again() {
        let mut arena = free();
        assert_eq!(arena.assign(room()), ArenaStep::Prepare);
        assert_eq!(arena.follow(ArenaStep::Prepare), None);
        let prepared = done(&arena);
        assert!(arena.arranged(&prepared));
        assert!(!arena.arranged(&prepared), "said again");
        assert_eq!((arena.state, arena.invite_link.as_str()), (ArenaState::Ready, LINK));
        assert_eq!(arena.follow(ArenaStep::Unmute), Some(ArenaStep::Unmute));
        assert_eq!(arena.follow(ArenaStep::Unmute), None);
        assert!(!arena.arranged(&prepared), "of the step before");
        assert!(arena.arranged(&done(&arena)));
        assert_eq!(arena.state, ArenaState::Talking);
        assert_eq!(arena.follow(ArenaStep::Clear), Some(ArenaStep::Clear));
        assert_eq!((arena.state, arena.room), (ArenaState::Clearing, Some(room())));
        assert!(arena.arranged(&done(&arena)));
        assert_eq!((arena.state, arena.room, arena.invite_link.as_str()), (ArenaState::Free, None, ""));
        assert_eq!(arena.follow(ArenaStep::Clear), None);
    }

    #[test]
    fn a_later_step_takes_the_place_of_one_that_is_not_done() {
        let mut arena = free();
        arena.assign(room());
        let prepared = done(&arena);
        assert_eq!(arena.follow(ArenaStep::Clear), Some(ArenaStep::Clear));
        assert!(!arena.arranged(&prepared));
        assert_eq!(arena.follow(ArenaStep::Unmute), None, "never back");
        assert!(arena.arranged(&done(&arena)));
        assert_eq!(arena.state, ArenaState::Free);
    }

    #[test]
    fn operators_add_and_retire() {
        assert_eq!(Arena::try_new(-4_000_000).unwrap_err().code, RefusalCode::ArenaRights);
        let mut arena = free();
        assert_eq!(arena.register().unwrap_err().code, RefusalCode::ArenaState);
        arena.assign(room());
        arena.retire();
        assert_eq!((arena.state, arena.retiring), (ArenaState::Preparing, true), "its room keeps it");
        assert_eq!(arena.register(), Ok(None), "and back");
        arena.retire();
        arena.follow(ArenaStep::Clear);
        assert!(arena.arranged(&done(&arena)));
        assert_eq!((arena.state, arena.retiring), (ArenaState::Retired, false));
        arena.retire();
        assert_eq!(arena.register(), Ok(Some(ArenaStep::Clear)));
    }

    #[test]
    fn a_fault_frees_the_room_and_keeps_the_group_out_of_the_pool() {
        let mut arena = free();
        arena.assign(room());
        let fault = ArenaArranged { fault: "not enough rights".to_owned(), ..done(&arena) };
        assert!(arena.arranged(&fault));
        assert_eq!((arena.state, arena.room), (ArenaState::Faulty, None));
        assert_eq!(arena.fault, "not enough rights");
        assert_eq!(arena.follow(ArenaStep::Clear), None);
        assert_eq!(arena.register(), Ok(Some(ArenaStep::Clear)));
        assert_eq!((arena.state, arena.fault.as_str()), (ArenaState::Clearing, ""));
    }

    #[test]
    fn what_a_room_wants_follows_its_states() {
        let (start, talk) = (OffsetDateTime::UNIX_EPOCH, Duration::from_secs(300));
        let at = |seconds| start + Duration::from_secs(seconds);
        for (state, settled_at, now, step) in [
            (RoomState::Open, None, at(0), ArenaStep::Prepare),
            (RoomState::Locked, None, at(0), ArenaStep::Unmute),
            (RoomState::Settling, None, at(0), ArenaStep::Unmute),
            (RoomState::Settled, Some(start), at(299), ArenaStep::Unmute),
            (RoomState::Settled, Some(start), at(300), ArenaStep::Clear),
            (RoomState::Voided, Some(start), at(300), ArenaStep::Clear),
            (RoomState::Archived, Some(start), at(90_000), ArenaStep::Clear),
        ] {
            assert_eq!(wanted(state, settled_at, talk, now), step, "{state:?}");
        }
    }
}
