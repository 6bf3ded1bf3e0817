//! Long polling with an offset of our own: asking for updates from N on confirms everything below
//! N, so N is the oldest update that must not be confirmed yet.

use super::{Intake, KINDS};
use chassis::{Fault, Held, health::Report};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use teloxide::{RequestError, payloads::GetUpdatesSetters as _, requests::Requester as _, types::Update};
use tokio::sync::Notify;

/// The network may take this much longer than the poll itself.
const GRACE: Duration = Duration::from_secs(5);

/// While updates are in work, Telegram answers at once; new ones are looked for this often.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// An update that cannot be answered for so long (its chat is held by a 429) is confirmed all the
/// same: its effects are committed, and its answer waits in the sender's line.
const HELD_UP: Duration = Duration::from_secs(15);

/// The updates that are not confirmed, and whether each may be.
#[derive(Debug, Default)]
struct Window {
    open: BTreeMap<u32, bool>,
    next: u32,
}

impl Window {
    /// False: it is in work already.
    fn take(&mut self, id: u32) -> bool {
        if id < self.next {
            return false;
        }
        self.next = id.saturating_add(1);
        self.open.insert(id, false);
        true
    }

    fn done(&mut self, id: u32) {
        if let Some(done) = self.open.get_mut(&id) {
            *done = true;
        }
        while let Some(first) = self.open.first_entry().filter(|first| *first.get()) {
            first.remove();
        }
    }

    /// What to ask from; nothing before the first update.
    fn offset(&self) -> Option<u32> {
        self.open.first_key_value().map(|(id, _)| *id).or((self.next > 0).then_some(self.next))
    }

    fn is_busy(&self) -> bool {
        !self.open.is_empty()
    }
}

/// Polls until the lease is lost.
///
/// # Errors
/// Never; what goes wrong is told and tried again.
pub async fn poll(intake: Intake, held: Held, wait: Duration, health: Report) -> Result<(), Fault> {
    let (window, progress) = (Arc::new(Mutex::new(Window::default())), Arc::new(Notify::new()));
    let lost = held.lost();
    let mut pauses = chassis::retry::forever();
    while !lost.is_cancelled() {
        let (offset, busy) = {
            let window = window.lock().unwrap_or_else(PoisonError::into_inner);
            (window.offset(), window.is_busy())
        };
        let updates = tokio::select! {
            () = lost.cancelled() => return Ok(()),
            updates = ask(&intake, offset, wait) => updates,
        };
        match updates {
            Ok(updates) => {
                health.ok();
                pauses = chassis::retry::forever();
                begin(&intake, updates, &window, &progress);
            }
            Err(why) => {
                health.failing(&why);
                tracing::warn!(why, "no updates");
                let pause = pauses.next().unwrap_or(GRACE);
                tokio::select! {
                    () = lost.cancelled() => return Ok(()),
                    () = tokio::time::sleep(pause) => {}
                }
            }
        }
        let busy = busy || window.lock().unwrap_or_else(PoisonError::into_inner).is_busy();
        if busy {
            tokio::select! {
                () = lost.cancelled() => return Ok(()),
                () = progress.notified() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }
    Ok(())
}

async fn ask(intake: &Intake, offset: Option<u32>, wait: Duration) -> Result<Vec<Update>, String> {
    let seconds = u32::try_from(wait.as_secs()).unwrap_or(1);
    let mut call = intake.app().bot.get_updates().timeout(seconds).limit(100).allowed_updates(KINDS);
    if let Some(offset) = offset.and_then(|offset| i32::try_from(offset).ok()) {
        call = call.offset(offset);
    }
    match tokio::time::timeout(wait + GRACE, call.into_future()).await {
        Ok(Ok(updates)) => Ok(updates),
        Ok(Err(RequestError::RetryAfter(seconds))) => {
            tokio::time::sleep(seconds.duration()).await;
            Err("asked to wait".to_owned())
        }
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("no answer in time".to_owned()),
    }
}

fn begin(intake: &Intake, updates: Vec<Update>, window: &Arc<Mutex<Window>>, progress: &Arc<Notify>) {
    for update in updates {
        let id = update.id.0;
        if !window.lock().unwrap_or_else(PoisonError::into_inner).take(id) {
            continue;
        }
        let confirmable = intake.take(update);
        let (window, progress) = (Arc::clone(window), Arc::clone(progress));
        tokio::spawn(async move {
            if tokio::time::timeout(HELD_UP, confirmable).await.is_err() {
                tracing::warn!(update = id, "confirmed before it was answered");
            }
            window.lock().unwrap_or_else(PoisonError::into_inner).done(id);
            progress.notify_one();
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_confirmed_before_its_turn() {
        let mut window = Window::default();
        assert_eq!(window.offset(), None);
        for id in [10, 11, 12] {
            assert!(window.take(id));
        }
        assert!(!window.take(11), "Telegram repeats what is not confirmed");
        window.done(11);
        assert_eq!(window.offset(), Some(10));
        window.done(10);
        assert_eq!(window.offset(), Some(12));
        assert!(!window.take(11), "nor what was done meanwhile");
        window.done(12);
        assert_eq!(window.offset(), Some(13));
        assert!(!window.is_busy());
    }
}
