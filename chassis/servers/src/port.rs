//! Free TCP ports on the loopback address.
//!
//! Between choosing a port and a server binding it, somebody else may take it: servers here start
//! again with another port when that happens.

use std::{
    net::{Ipv4Addr, TcpListener},
    ops::Range,
    sync::{Mutex, PoisonError},
};

use anyhow::{Context, Result};
use rand::Rng;

/// For single servers. Below the range from which Linux (32768) and macOS (49152) take the local ports of outgoing
/// connections: a server that restarts on its port must not find a client sitting on it.
const RANGE: Range<u16> = 10_000..20_000;

/// For rows of servers that belong together.
const ROWS: Range<u16> = 20_000..32_000;
/// Ports of a row, the first of which is the claim.
const ROW: u16 = 64;

/// Claims of this process: it keeps a row for as long as it lives.
static CLAIMS: Mutex<Vec<TcpListener>> = Mutex::new(Vec::new());

/// Whether nobody listens on `port` right now.
#[must_use]
pub fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// The first port of a row of 63 that no other caller, here or in another process, is given: whoever wants many ports
/// looks for free ones from there on and meets nobody who does the same.
///
/// # Errors
/// Every row is claimed.
pub fn row() -> Result<u16> {
    let rows = (ROWS.end - ROWS.start) / ROW;
    let offset = rand::rng().random_range(0..rows);
    let claim = (0..rows)
        .map(|row| ROWS.start + (row + offset) % rows * ROW)
        .find_map(|first| Some((first, TcpListener::bind((Ipv4Addr::LOCALHOST, first)).ok()?)));
    let (first, claim) = claim.context("every row of TCP ports between 20000 and 32000 is claimed")?;
    CLAIMS.lock().unwrap_or_else(PoisonError::into_inner).push(claim);
    Ok(first + 1)
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
        .context("no free TCP port between 10000 and 20000")
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
