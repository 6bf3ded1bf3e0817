//! Flood control of users, shared by all replicas through the broker's key-value store. It fails
//! open: counters that cannot be read count nothing.

use crate::settings::Limits;
use bytes::Bytes;
use chassis::{Clock, kv::Bucket};
use std::time::Duration;

/// Counters are kept a little longer than the minute they count.
const TTL: Duration = Duration::from_secs(90);

/// Replicas that count at the same moment try again so often.
const TRIES: usize = 4;

/// What a user did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Wrote something.
    Message,
    /// Pressed a button.
    Press,
}

/// What to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Go on.
    Welcome,
    /// Too much, and it is the first time in this minute.
    TellOnce,
    /// Too much, and the user knows.
    Ignore,
}

/// Counts deeds per user and minute.
#[derive(Clone)]
pub struct Limiter {
    bucket: Bucket,
    clock: Clock,
    limits: Limits,
}

impl Limiter {
    /// Counts in a bucket.
    #[must_use]
    pub const fn new(bucket: Bucket, clock: Clock, limits: Limits) -> Self {
        Self { bucket, clock, limits }
    }

    /// Counts one deed.
    pub async fn count(&self, user_id: i64, deed: Deed) -> Verdict {
        let (letter, limit) = match deed {
            Deed::Message => ('m', self.limits.messages),
            Deed::Press => ('p', self.limits.presses),
        };
        let minute = self.clock.now().unix_timestamp().div_euclid(60);
        let Some(count) = self.add(&format!("{letter}.{user_id}.{minute}")).await else {
            return Verdict::Welcome;
        };
        match count.checked_sub(limit) {
            None | Some(0) => Verdict::Welcome,
            Some(1) => Verdict::TellOnce,
            Some(_) => Verdict::Ignore,
        }
    }

    async fn add(&self, key: &str) -> Option<u32> {
        for _ in 0..TRIES {
            let changed = match self.bucket.get(key).await.ok()? {
                None => self.bucket.create(key, number(1), TTL).await.ok()?.map(|_| 1),
                Some(entry) => {
                    let count = read(&entry.value).saturating_add(1);
                    let changed = self.bucket.update(key, number(count), TTL, entry.revision).await.ok()?;
                    changed.map(|_| count)
                }
            };
            if changed.is_some() {
                return changed;
            }
        }
        None
    }
}

fn number(count: u32) -> Bytes {
    Bytes::copy_from_slice(&count.to_be_bytes())
}

fn read(value: &[u8]) -> u32 {
    value.try_into().map_or(0, u32::from_be_bytes)
}
