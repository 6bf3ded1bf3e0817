//! Free TCP ports on the loopback address.
//!
//! Between choosing a port and a server binding it, somebody else may take it: servers here start
//! again with another port when that happens.

use std::net::{Ipv4Addr, TcpListener};

use anyhow::{Context, Result};
use rand::Rng;

/// Below the range from which Linux (32768) and macOS (49152) take the local ports of outgoing
/// connections: a server that restarts on its port must not find a client sitting on it.
const RANGE: std::ops::Range<u16> = 10_000..32_000;

/// Whether nobody listens on `port` right now.
#[must_use]
pub fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// A random free port.
///
/// # Errors
/// No free port was found in 1,000 attempts.
pub fn free() -> Result<u16> {
    let mut random = rand::rng();
    (0..1_000)
        .map(|_| random.random_range(RANGE))
        .find(|port| is_free(*port))
        .context("no free TCP port between 10000 and 32000")
}

/// `preferred` when it is free and not among `taken`, else the next higher port that is.
///
/// # Errors
/// None of the 1,000 ports from `preferred` on is free.
pub fn free_near(preferred: u16, taken: &[u16]) -> Result<u16> {
    (preferred..=preferred.saturating_add(999))
        .find(|port| !taken.contains(port) && is_free(*port))
        .with_context(|| format!("no free TCP port from {preferred} on"))
}
