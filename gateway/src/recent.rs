//! What was known a moment ago: a map that forgets the oldest when it is full.

use std::{
    collections::{HashMap, VecDeque},
    hash::Hash,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// A bounded map for several tasks. Nothing may depend on what is in it.
#[derive(Debug)]
pub struct Recent<K, V> {
    inner: Mutex<Inner<K, V>>,
    most: usize,
}

#[derive(Debug)]
struct Inner<K, V> {
    values: HashMap<K, V>,
    /// Oldest first.
    order: VecDeque<K>,
}

impl<K: Clone + Eq + Hash, V: Clone> Recent<K, V> {
    /// Keeps at most so many.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self { inner: Mutex::new(Inner { values: HashMap::new(), order: VecDeque::new() }), most }
    }

    /// What is known of a key.
    #[must_use]
    pub fn get(&self, key: &K) -> Option<V> {
        self.lock().values.get(key).cloned()
    }

    /// Remembers a value, in place of an earlier one.
    pub fn put(&self, key: K, value: V) {
        self.lock().put(key, value, self.most);
    }

    /// What is known of a key, or else a new value, which is remembered.
    pub fn get_or_put(&self, key: &K, value: impl FnOnce() -> V) -> V {
        let mut inner = self.lock();
        if let Some(known) = inner.values.get(key) {
            return known.clone();
        }
        let value = value();
        inner.put(key.clone(), value.clone(), self.most);
        value
    }

    /// Forgets a key.
    pub fn forget(&self, key: &K) {
        let mut inner = self.lock();
        if inner.values.remove(key).is_some() {
            inner.order.retain(|other| other != key);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner<K, V>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Clone + Eq + Hash, V> Inner<K, V> {
    fn put(&mut self, key: K, value: V, most: usize) {
        if self.values.insert(key.clone(), value).is_none() {
            self.order.push_back(key);
        }
        while self.order.len() > most {
            if let Some(oldest) = self.order.pop_front() {
                self.values.remove(&oldest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_goes_when_it_is_full() {
        let recent = Recent::new(2);
        for key in 1..=3 {
            recent.put(key, key * 10);
        }
        recent.put(3, 31);
        assert_eq!((recent.get(&1), recent.get(&2), recent.get(&3)), (None, Some(20), Some(31)));
        assert_eq!(recent.get_or_put(&2, || 99), 20);
        recent.forget(&2);
        assert_eq!(recent.get_or_put(&4, || 40), 40);
        assert_eq!((recent.get(&2), recent.get(&3)), (None, Some(31)), "what is forgotten takes no place");
    }
}
