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

use std::time::Duration;

/// Waits until `condition` holds, at most 30 s.
async fn eventually<F: Future<Output = bool>>(what: &str, mut condition: impl FnMut() -> F) {
    let waiting = async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), waiting)
        .await
        .unwrap_or_else(|_| panic!("not within 30 s: {what}"));
}
