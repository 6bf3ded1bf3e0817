//! Pure decisions: what is worth telling, how and when, and where a notification stands.

pub mod address;
pub mod broadcast;
pub mod consensus;
pub mod cron;
pub mod manner;
pub mod news;
pub mod pace;
pub mod preferences;
pub mod schedule;
pub mod state;
pub mod tracking;
