//! Pure decisions about rooms and bets: values in, values or refusals out.

pub mod arena;
pub mod bet;
pub mod odds;
pub mod opening;
pub mod room;
pub mod working_set;
