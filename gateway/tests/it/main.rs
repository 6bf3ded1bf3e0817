//! The gateway against a real broker and a real database. Telegram and the services it asks are
//! small servers in this process, each speaking its real protocol over a socket.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests fail by panicking"
)]

mod admin;
mod arenas;
mod authenticator;
mod cancel;
mod delivery;
mod dialogue;
mod disputes;
mod floods;
mod groups;
mod inline;
mod intake;
mod limits;
mod login;
mod operators;
mod pictures;
mod polymarket;
mod privacy;
mod proof;
mod referrals;
mod replicas;
mod services;
mod stage;
mod standings;
mod telegram;
mod texts;
mod tongues;
mod tracker;
mod withdrawing;
mod wizard;

use servers::eventually;
