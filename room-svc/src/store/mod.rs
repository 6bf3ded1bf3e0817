//! All SQL of schema `room`, one file per aggregate.

pub mod bet;
pub mod listing;
pub mod room;
