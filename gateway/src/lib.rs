//! Telegram in and out: the only service that speaks to people.
//!
//! Owns who is who (Telegram user ↔ account), dialogues, slips, requests on their way and notices
//! to deliver. It decides nothing about money or rooms: a press becomes a command of the service
//! that does, and the outcome is told in the message whose button was pressed.

#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        reason = "tests fail by panicking"
    )
)]

pub mod app;
pub mod arenas;
pub mod arrival;
pub mod callbacks;
pub mod clients;
pub mod commands;
pub mod delivery;
pub mod domain;
pub mod dry;
pub mod events;
pub mod groups;
mod handlers;
pub mod inline;
pub mod intake;
pub mod limits;
pub mod locales;
mod login;
pub mod pictures;
pub mod qr;
mod recent;
pub mod requests;
pub mod router;
pub mod screens;
pub mod settings;
mod start;
pub mod store;
pub mod turn;
pub mod vault;

pub use start::Gateway;
