//! What nothing on this machine can beat: a write that is on the disk, and a byte to another process and back.

use super::{figures::median, latencies::Latencies};
use anyhow::{Context, Result};
use std::{
    fs::File,
    io::{Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    os::unix::fs::FileExt,
    path::Path,
    thread,
};
use tokio::time::Instant;

/// A page of PostgreSQL's log.
const PAGE: [u8; 8_192] = [7; 8_192];
const WRITES: usize = 100;
const TRIPS: usize = 2_000;

/// Medians in milliseconds of one round.
#[derive(Clone, Copy, Debug)]
pub(super) struct Physics {
    /// 8 KiB written over and synced, as a commit does.
    pub(super) fsync: f64,
    /// A byte over TCP on this machine to another thread and back.
    pub(super) round_trip: f64,
}

/// Measures both, the former in this folder.
///
/// # Errors
/// The folder cannot be written, or there is no loopback.
pub(super) async fn measure(folder: &Path) -> Result<Physics> {
    let folder = folder.to_owned();
    let measured = tokio::task::spawn_blocking(move || {
        anyhow::Ok(Physics { fsync: fsync(&folder)?, round_trip: round_trip()? })
    });
    measured.await?
}

/// The middle of several.
pub(super) fn middle(rounds: &[Physics]) -> Physics {
    let of = |which: fn(&Physics) -> f64| median(&rounds.iter().map(which).collect::<Vec<_>>());
    Physics { fsync: of(|one| one.fsync), round_trip: of(|one| one.round_trip) }
}

fn fsync(folder: &Path) -> Result<f64> {
    let path = folder.join("fsync");
    let file = File::create(&path).with_context(|| format!("create {}", path.display()))?;
    let mut took = Latencies::try_new()?;
    for _ in 0..WRITES {
        let began = Instant::now();
        file.write_all_at(&PAGE, 0)?;
        file.sync_data()?;
        took.record(began.elapsed());
    }
    std::fs::remove_file(path)?;
    Ok(took.percentile(50.0))
}

fn round_trip() -> Result<f64> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let mut near = TcpStream::connect(listener.local_addr()?)?;
    let (mut far, _) = listener.accept()?;
    near.set_nodelay(true)?;
    far.set_nodelay(true)?;
    let echo = thread::spawn(move || {
        let mut byte = [0];
        // Ends with the other side.
        while far.read_exact(&mut byte).is_ok() && far.write_all(&byte).is_ok() {}
    });
    let mut took = Latencies::try_new()?;
    let mut byte = [1];
    for _ in 0..TRIPS {
        let began = Instant::now();
        near.write_all(&byte)?;
        near.read_exact(&mut byte)?;
        took.record(began.elapsed());
    }
    drop(near);
    echo.join().map_err(|_| anyhow::anyhow!("the echo panicked"))?;
    Ok(took.percentile(50.0))
}
