//! What the APIs are asked and how that is limited: over a published limit the edge makes whoever asks wait, rather than
//! refusing.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;

use super::faults::Host;

/// Limits count over this.
pub const WINDOW: Duration = Duration::from_secs(10);

/// As published, for each route that has one of its own: requests in ten seconds.
const LIMITS: [(Host, &str, usize); 11] = [
    (Host::Data, "/v2/trades", 200),
    (Host::Data, "/v2/activity", 200),
    (Host::Data, "/v2/positions", 150),
    (Host::Gamma, "/events", 500),
    (Host::Gamma, "/markets", 300),
    (Host::Gamma, "/public-search", 350),
    (Host::Clob, "/book", 1_500),
    (Host::Clob, "/books", 500),
    (Host::Clob, "/price", 1_500),
    (Host::Clob, "/midpoint", 1_500),
    (Host::Clob, "/prices-history", 1_000),
];

/// For a whole host.
const fn general(host: Host) -> usize {
    match host {
        Host::Data => 1_000,
        Host::Gamma => 4_000,
        Host::Clob => 9_000,
    }
}

/// What one route was asked.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Asked {
    /// Requests so far.
    pub requests: u64,
    /// The most in any ten seconds.
    pub most: usize,
    /// Allowed in ten seconds.
    pub limit: usize,
    #[serde(skip)]
    recent: VecDeque<Instant>,
}

/// All routes.
#[derive(Clone, Debug, Default)]
pub struct Traffic(BTreeMap<(Host, String), Asked>);

impl Traffic {
    /// Counts a request and says how long it has to wait.
    pub fn ask(&mut self, host: Host, route: &str, now: Instant) -> Duration {
        let limit = LIMITS.iter().find(|(of, path, _)| (*of, *path) == (host, route));
        let limit = limit.map_or(general(host), |(_, _, limit)| *limit);
        let asked = self.0.entry((host, route.to_owned())).or_default();
        asked.limit = limit;
        asked.requests += 1;
        while asked.recent.front().is_some_and(|first| now.duration_since(*first) >= WINDOW) {
            asked.recent.pop_front();
        }
        asked.recent.push_back(now);
        asked.most = asked.most.max(asked.recent.len());
        let ahead = asked.recent.len().checked_sub(limit + 1);
        let frees = ahead.and_then(|place| asked.recent.get(place)).map(|first| *first + WINDOW);
        frees.map_or(Duration::ZERO, |frees| frees.duration_since(now))
    }

    /// What a route was asked so far.
    #[must_use]
    pub fn of(&self, host: Host, route: &str) -> Asked {
        self.0.get(&(host, route.to_owned())).cloned().unwrap_or_default()
    }

    /// All routes that were asked.
    pub fn all(&self) -> impl Iterator<Item = (Host, &str, &Asked)> {
        self.0.iter().map(|((host, route), asked)| (*host, route.as_str(), asked))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn whoever_asks_more_than_allowed_waits() {
        let mut traffic = Traffic::default();
        let began = Instant::now();
        for _ in 0..150 {
            assert_eq!(traffic.ask(Host::Data, "/v2/positions", began), Duration::ZERO);
        }
        assert_eq!(traffic.ask(Host::Data, "/v2/positions", began + WINDOW / 2), WINDOW / 2);
        assert_eq!(traffic.ask(Host::Data, "/v2/positions", began + WINDOW), Duration::ZERO);
        let asked = traffic.of(Host::Data, "/v2/positions");
        assert_eq!((asked.requests, asked.most, asked.limit), (152, 151, 150));
        assert_eq!(traffic.of(Host::Gamma, "/markets").requests, 0);
    }
}
