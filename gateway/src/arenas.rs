//! Groups that host the players of a room: room-svc says what each should be like, this makes it so.
//!
//! The command is kept, then carried out by one process, by lease. A step is a whole state, so a crash in the middle only
//! repeats it; before every call to Telegram it is asked whether the step is still the newest one.

mod joining;
mod keeper;
mod steps;

pub use joining::join;
pub use keeper::{let_go, run};
