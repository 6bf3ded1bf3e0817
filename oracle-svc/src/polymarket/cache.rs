//! Answers that are used again for a while, and for longer while Polymarket is away; each says how old it is.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// A bounded number of answers. The oldest go first.
#[derive(Debug)]
pub(crate) struct Cache<K, V> {
    entries: Mutex<HashMap<K, (Instant, V)>>,
    capacity: usize,
    fresh_for: Duration,
    usable_for: Duration,
}

/// An answer and its age.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Aged<V> {
    pub(crate) value: V,
    pub(crate) age: Duration,
}

impl<V> Aged<V> {
    /// In whole seconds.
    pub(crate) fn seconds(&self) -> u32 {
        u32::try_from(self.age.as_secs()).unwrap_or(u32::MAX)
    }
}

impl<K: Eq + Hash + Clone, V: Clone> Cache<K, V> {
    /// Answers are asked for again after `fresh_for`; if that fails, they are used until `usable_for`.
    pub(crate) fn new(capacity: usize, fresh_for: Duration, usable_for: Duration) -> Self {
        Self { entries: Mutex::default(), capacity, fresh_for, usable_for }
    }

    /// The answer for a key, asked for if there is none that is fresh.
    ///
    /// # Errors
    /// It was asked for without success, and there is none that is still usable.
    pub(crate) async fn get<E>(
        &self,
        key: &K,
        ask: impl Future<Output = Result<V, E>>,
    ) -> Result<Aged<V>, E> {
        if let Some(fresh) = self.known(key, self.fresh_for) {
            return Ok(fresh);
        }
        match ask.await {
            Ok(value) => {
                self.keep(key.clone(), value.clone());
                Ok(Aged { value, age: Duration::ZERO })
            }
            Err(error) => self.known(key, self.usable_for).ok_or(error),
        }
    }

    fn known(&self, key: &K, within: Duration) -> Option<Aged<V>> {
        let entries = self.entries();
        let (at, value) = entries.get(key)?;
        let age = at.elapsed();
        (age < within).then(|| Aged { value: value.clone(), age })
    }

    fn keep(&self, key: K, value: V) {
        let mut entries = self.entries();
        if entries.len() >= self.capacity && !entries.contains_key(&key) {
            let usable_for = self.usable_for;
            entries.retain(|_, (at, _)| at.elapsed() < usable_for);
            while entries.len() >= self.capacity {
                let oldest = entries.iter().min_by_key(|(_, (at, _))| *at).map(|(key, _)| key.clone());
                let Some(oldest) = oldest else { break };
                entries.remove(&oldest);
            }
        }
        entries.insert(key, (Instant::now(), value));
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<K, (Instant, V)>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::ready;

    const MINUTE: Duration = Duration::from_secs(60);

    fn cache() -> Cache<u8, &'static str> {
        Cache::new(2, MINUTE, 10 * MINUTE)
    }

    #[tokio::test(start_paused = true)]
    async fn a_fresh_answer_is_used_again_and_an_old_one_only_while_nobody_answers() {
        let cache = cache();
        assert_eq!(cache.get::<()>(&1, ready(Ok("first"))).await.unwrap().age, Duration::ZERO);
        tokio::time::advance(MINUTE / 2).await;
        let again = cache.get::<()>(&1, async { panic!("not asked") }).await.unwrap();
        assert_eq!(again, Aged { value: "first", age: MINUTE / 2 });
        tokio::time::advance(MINUTE).await;
        assert_eq!(cache.get(&1, ready(Err("away"))).await.unwrap().seconds(), 90);
        assert_eq!(cache.get::<()>(&1, ready(Ok("second"))).await.unwrap().value, "second");
        tokio::time::advance(11 * MINUTE).await;
        assert_eq!(cache.get(&1, ready(Err("away"))).await, Err("away"));
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_bounded() {
        let cache = cache();
        for key in 1..=3 {
            cache.get::<()>(&key, ready(Ok("value"))).await.unwrap();
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        assert_eq!(cache.get(&1, ready(Err("gone"))).await, Err("gone"), "the oldest went");
        assert!(cache.get(&3, ready(Err("gone"))).await.is_ok());
    }
}
