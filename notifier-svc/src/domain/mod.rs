//! Pure decisions: what is worth telling, and where a notification stands.

pub mod news;
pub mod state;
