//! Named steps at which a fault test ends the process.
//!
//! `FAULT_KILL_AT=batch.committed:3` sends this process SIGKILL the third time it reaches that
//! step: no destructor runs, no buffer is flushed, exactly as if the machine had lost it. The
//! setting is refused on mainnet.

use std::sync::{
    OnceLock,
    atomic::{AtomicU32, Ordering},
};

/// A step and how often it is reached before the process dies at it.
#[derive(Debug)]
pub struct KillAt {
    step: String,
    left: AtomicU32,
}

static KILL_AT: OnceLock<KillAt> = OnceLock::new();

/// Every step there is, in the order a command passes them.
pub const STEPS: [&str; 4] = ["batch.taken", "batch.decided", "batch.committed", "relay.published"];

/// Arms the kill. `text` is a step, optionally with a count: `batch.taken` or `batch.taken:5`.
///
/// # Errors
/// Names the known steps if `text` is none of them.
pub fn arm(text: &str) -> Result<(), String> {
    let (step, count) = text.split_once(':').unwrap_or((text, "1"));
    let left =
        count.parse().ok().filter(|count| *count > 0).ok_or_else(|| format!("{count:?} is not a count"))?;
    if !STEPS.contains(&step) {
        return Err(format!("{step:?} is not one of {}", STEPS.join(", ")));
    }
    KILL_AT
        .set(KillAt { step: step.to_owned(), left: AtomicU32::new(left) })
        .map_err(|_| "already armed".to_owned())
}

/// Passes a step, or dies at it.
pub fn reach(step: &'static str) {
    let Some(armed) = KILL_AT.get().filter(|armed| armed.step == step) else { return };
    if armed.left.fetch_sub(1, Ordering::Relaxed) == 1 {
        eprintln!("killed at {step}");
        let _ = nix::sys::signal::kill(nix::unistd::Pid::this(), nix::sys::signal::Signal::SIGKILL);
    }
}
