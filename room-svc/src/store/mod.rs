//! All SQL of schema `room`, one file per aggregate.

pub mod arena;
pub mod bet;
pub mod listing;
pub mod opening;
pub mod player;
pub mod result;
pub mod room;
pub mod standing;
pub mod whole;
