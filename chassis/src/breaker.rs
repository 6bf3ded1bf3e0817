//! A circuit breaker per host: after enough failures in a row a host is left alone for a while, so that one upstream
//! that is down neither slows its callers nor is hammered while it recovers.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::{clock::monotonic, measures};

/// Failures in a row that open a breaker.
const FAILURES: u32 = 5;

/// How long it stays open first; each trial that fails doubles it.
const FIRST_PAUSE: Duration = Duration::from_secs(5);

/// How long it stays open at most.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Hosts remembered at most; those without trouble are forgotten first.
const HOSTS: usize = 1_000;

/// Why a guarded call gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum Broken<E> {
    /// The host was not asked, because it failed too often.
    #[error("left alone for another {} s after repeated failures", retry_in.as_secs_f64().ceil())]
    Open {
        /// When it will be tried again, from now.
        retry_in: Duration,
    },
    /// The host was asked and the call failed.
    #[error(transparent)]
    Failed(E),
}

/// One breaker for each host. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Breakers {
    hosts: Arc<Mutex<HashMap<String, Breaker>>>,
}

impl Breakers {
    /// The breaker of `host`.
    #[must_use]
    pub fn host(&self, host: &str) -> Breaker {
        let mut hosts = lock(&self.hosts);
        if let Some(breaker) = hosts.get(host) {
            return breaker.clone();
        }
        if hosts.len() >= HOSTS {
            hosts.retain(|_, breaker| !matches!(*lock(&breaker.state), State::Closed { .. }));
        }
        if hosts.len() >= HOSTS {
            // A thousand hosts are failing at once: this one is guarded for this call only.
            return Breaker::new(host);
        }
        hosts.entry(host.to_owned()).or_insert_with(|| Breaker::new(host)).clone()
    }
}

/// The breaker of one host. Clones share its state.
#[derive(Clone, Debug)]
pub struct Breaker {
    host: Arc<str>,
    state: Arc<Mutex<State>>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    /// Calls go through.
    Closed { failures: u32 },
    /// No call goes through before `until`; then one does, as a trial.
    Open { until: Instant, pause: Duration },
    /// The trial is under way.
    HalfOpen { pause: Duration },
}

impl Breaker {
    fn new(host: &str) -> Self {
        Self { host: host.into(), state: Arc::new(Mutex::new(State::Closed { failures: 0 })) }
    }

    /// Makes a call, unless the host is being left alone. `counts` tells the host's failures from answers that only look
    /// like errors, such as "not found".
    ///
    /// # Errors
    /// [`Broken::Open`] without a call, [`Broken::Failed`] with the call's error.
    pub async fn call<T, E>(
        &self,
        call: impl Future<Output = Result<T, E>>,
        counts: impl FnOnce(&E) -> bool,
    ) -> Result<T, Broken<E>> {
        let mut trial = self.admit().map_err(|retry_in| Broken::Open { retry_in })?;
        let asked_at = monotonic();
        let result = call.await;
        let failed = result.as_ref().err().is_some_and(counts);
        let answer = if failed { "failed" } else { "answered" };
        measures::called(self.host.to_string(), answer, asked_at.elapsed());
        trial.decided = true;
        self.conclude(trial.pause, failed);
        result.map_err(Broken::Failed)
    }

    /// How long the host is still left alone; `None` when calls go through.
    #[must_use]
    pub fn open_for(&self) -> Option<Duration> {
        match *lock(&self.state) {
            State::Open { until, .. } => {
                Some(until.saturating_duration_since(Instant::now())).filter(|left| !left.is_zero())
            }
            State::Closed { .. } | State::HalfOpen { .. } => None,
        }
    }

    fn admit(&self) -> Result<Trial<'_>, Duration> {
        let mut state = lock(&self.state);
        let pause = match *state {
            State::Closed { .. } => return Ok(Trial { breaker: self, pause: None, decided: false }),
            State::Open { until, pause } if until <= Instant::now() => pause,
            State::Open { until, .. } => return Err(until - Instant::now()),
            // The trial's result will be known soon; "soon" is not later than the first pause.
            State::HalfOpen { .. } => return Err(FIRST_PAUSE),
        };
        self.enter(&mut state, State::HalfOpen { pause });
        Ok(Trial { breaker: self, pause: Some(pause), decided: false })
    }

    /// `trial` is the pause before the trial this call was, if it was one.
    fn conclude(&self, trial: Option<Duration>, failed: bool) {
        let mut state = lock(&self.state);
        let next = match (*state, trial, failed) {
            (_, Some(pause), true) => State::open((pause * 2).min(LONGEST_PAUSE)),
            (_, Some(_), false) | (State::Closed { .. }, None, false) => State::Closed { failures: 0 },
            (State::Closed { failures }, None, true) if failures + 1 >= FAILURES => State::open(FIRST_PAUSE),
            (State::Closed { failures }, None, true) => State::Closed { failures: failures + 1 },
            // It began before the breaker opened, so it says nothing new.
            (known @ (State::Open { .. } | State::HalfOpen { .. }), None, _) => known,
        };
        self.enter(&mut state, next);
    }

    fn enter(&self, state: &mut State, next: State) {
        let (before, after) = (state.level(), next.level());
        *state = next;
        if before == after {
            return;
        }
        let host = self.host.to_string();
        metrics::gauge!("breaker_state", "host" => host.clone()).set(after);
        match next {
            State::Open { pause, .. } => {
                metrics::counter!("breaker_opened_total", "host" => host).increment(1);
                tracing::warn!(host = &*self.host, ?pause, "left alone after repeated failures");
            }
            State::Closed { .. } => tracing::info!(host = &*self.host, "answers again"),
            State::HalfOpen { .. } => {}
        }
    }
}

impl State {
    fn open(pause: Duration) -> Self {
        Self::Open { until: Instant::now() + pause, pause }
    }

    /// As the metric `breaker_state` shows it.
    fn level(self) -> f64 {
        match self {
            Self::Closed { .. } => 0.0,
            Self::HalfOpen { .. } => 1.0,
            Self::Open { .. } => 2.0,
        }
    }
}

/// An admitted call. If the caller goes away in the middle of a trial, the next call is the trial instead.
struct Trial<'b> {
    breaker: &'b Breaker,
    pause: Option<Duration>,
    decided: bool,
}

impl Drop for Trial<'_> {
    fn drop(&mut self) {
        if let (false, Some(pause)) = (self.decided, self.pause) {
            let mut state = lock(&self.breaker.state);
            self.breaker.enter(&mut state, State::Open { until: Instant::now(), pause });
        }
    }
}

/// No invariant spans these locks, so a panic elsewhere does not make their content unusable.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    async fn ask(breaker: &Breaker, result: Result<(), &'static str>) -> Result<(), Broken<&'static str>> {
        breaker.call(ready(result), |error| *error != "not found").await
    }

    async fn opened() -> Breaker {
        let breaker = Breakers::default().host("api.example");
        for _ in 0..FAILURES {
            assert!(matches!(ask(&breaker, Err("timeout")).await, Err(Broken::Failed("timeout"))));
        }
        breaker
    }

    #[tokio::test(start_paused = true)]
    async fn it_opens_after_failures_in_a_row_and_says_when_it_tries_again() {
        let breaker = opened().await;
        tokio::time::advance(Duration::from_secs(2)).await;
        let refused = ask(&breaker, Ok(())).await.unwrap_err();
        assert_eq!(refused.to_string(), "left alone for another 3 s after repeated failures");
        assert_eq!(breaker.open_for(), Some(Duration::from_secs(3)));
    }

    #[tokio::test(start_paused = true)]
    async fn one_success_in_between_starts_the_count_again() {
        let breaker = Breakers::default().host("api.example");
        for _ in 0..3 * FAILURES {
            for _ in 0..FAILURES - 1 {
                assert!(matches!(ask(&breaker, Err("timeout")).await, Err(Broken::Failed(_))));
            }
            ask(&breaker, Ok(())).await.unwrap();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_trial_closes_it_or_doubles_the_pause_up_to_a_minute() {
        let breaker = opened().await;
        for pause in [5, 10, 20, 40, 60, 60] {
            assert_eq!(breaker.open_for(), Some(Duration::from_secs(pause)));
            tokio::time::advance(Duration::from_secs(pause)).await;
            assert!(matches!(ask(&breaker, Err("timeout")).await, Err(Broken::Failed(_))));
        }
        tokio::time::advance(LONGEST_PAUSE).await;
        ask(&breaker, Ok(())).await.unwrap();
        assert_eq!(*lock(&breaker.state), State::Closed { failures: 0 });
    }

    #[tokio::test(start_paused = true)]
    async fn only_one_call_is_the_trial_and_an_abandoned_one_passes_it_on() {
        let breaker = opened().await;
        tokio::time::advance(FIRST_PAUSE).await;
        let trial = breaker.call(pending::<Result<(), &str>>(), |_| true);
        let mut trial = Box::pin(trial);
        assert!(futures::poll!(trial.as_mut()).is_pending());
        assert!(matches!(ask(&breaker, Ok(())).await, Err(Broken::Open { .. })));
        drop(trial);
        ask(&breaker, Ok(())).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_is_an_error_does_not_count() {
        let breaker = Breakers::default().host("api.example");
        for _ in 0..10 * FAILURES {
            assert!(matches!(ask(&breaker, Err("not found")).await, Err(Broken::Failed("not found"))));
        }
    }

    #[tokio::test]
    async fn hosts_have_their_own_breaker_and_their_number_is_bounded() {
        let breakers = Breakers::default();
        for _ in 0..FAILURES {
            let _ = ask(&breakers.host("down"), Err("timeout")).await;
        }
        for host in 0..2 * HOSTS {
            ask(&breakers.host(&host.to_string()), Ok(())).await.unwrap();
        }
        assert!(lock(&breakers.hosts).len() <= HOSTS);
        assert!(breakers.host("down").open_for().is_some(), "trouble is not forgotten");
    }
}
