//! Flood control of users, shared by all replicas through the broker's key-value store. It fails
//! open: counters that cannot be read, or not in time, count nothing.

use crate::settings::Limits;
use bytes::Bytes;
use chassis::{
    Clock,
    kv::{Bucket, Unavailable},
};
use std::{sync::Arc, time::Duration};
use tokio::sync::Mutex;

/// Counters are kept a little longer than the minute they count.
const TTL: Duration = Duration::from_secs(90);

/// Replicas that count at the same moment try again so often.
const TRIES: usize = 8;

/// An update waits no longer than this for its counters.
const PATIENCE: Duration = Duration::from_secs(1);

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
    /// Too much of this user or of everybody, and the user has not been told in this minute.
    TellOnce(TooMuch),
    /// Too much, and the user knows.
    Ignore,
}

/// Whose updates are too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TooMuch {
    /// This user's.
    Own,
    /// Those of all users together.
    Everybodys,
}

/// Counts deeds per minute: of each user, and of all together.
#[derive(Clone)]
pub struct Limiter {
    bucket: Bucket,
    clock: Clock,
    limits: Limits,
    /// The latest minute that is known to be full. Held while the counter of all is changed, so that only replicas, not
    /// the chats of one replica, compete for it.
    full: Arc<Mutex<Option<i64>>>,
}

impl Limiter {
    /// Counts in a bucket.
    #[must_use]
    pub fn new(bucket: Bucket, clock: Clock, limits: Limits) -> Self {
        Self { bucket, clock, limits, full: Arc::default() }
    }

    /// Counts one deed.
    pub async fn count(&self, user_id: i64, deed: Deed) -> Verdict {
        let judged = tokio::time::timeout(PATIENCE, self.judge(user_id, deed)).await;
        judged.ok().and_then(Result::ok).unwrap_or(Verdict::Welcome)
    }

    /// A user's surplus is not counted for everybody: one user alone cannot use up what all have.
    async fn judge(&self, user_id: i64, deed: Deed) -> Result<Verdict, Unavailable> {
        let (letter, limit) = match deed {
            Deed::Message => ('m', self.limits.messages),
            Deed::Press => ('p', self.limits.presses),
        };
        let minute = self.clock.now().unix_timestamp().div_euclid(60);
        let too_much = if !self.add(&format!("{letter}.{user_id}.{minute}"), limit).await? {
            TooMuch::Own
        } else if !self.add_to_all(minute).await? {
            TooMuch::Everybodys
        } else {
            return Ok(Verdict::Welcome);
        };
        metrics::counter!("gateway_throttled_total", "whose" => too_much.name()).increment(1);
        let told = self.bucket.create(&format!("t.{user_id}.{minute}"), Bytes::new(), TTL).await;
        // Whoever cannot be known to be untold is not told again and again.
        Ok(if let Ok(Some(_)) = told { Verdict::TellOnce(too_much) } else { Verdict::Ignore })
    }

    async fn add_to_all(&self, minute: i64) -> Result<bool, Unavailable> {
        let mut full = self.full.lock().await;
        if *full == Some(minute) {
            return Ok(false);
        }
        let within = self.add(&format!("all.{minute}"), self.limits.updates).await?;
        if !within {
            *full = Some(minute);
        }
        Ok(within)
    }

    /// Adds one to a counter unless it stands at its limit. False: it does.
    async fn add(&self, key: &str, limit: u32) -> Result<bool, Unavailable> {
        for _ in 0..TRIES {
            let changed = match self.bucket.get(key).await? {
                None => self.bucket.create(key, number(1), TTL).await?,
                Some(entry) => match read(&entry.value) {
                    count if count >= limit => return Ok(false),
                    count => self.bucket.update(key, number(count + 1), TTL, entry.revision).await?,
                },
            };
            if changed.is_some() {
                return Ok(true);
            }
        }
        Ok(true)
    }
}

impl TooMuch {
    const fn name(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Everybodys => "everybodys",
        }
    }
}

fn number(count: u32) -> Bytes {
    Bytes::copy_from_slice(&count.to_be_bytes())
}

fn read(value: &[u8]) -> u32 {
    value.try_into().map_or(0, u32::from_be_bytes)
}
