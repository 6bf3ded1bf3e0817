//! What a service says about itself under `/health/…`.
//!
//! A check is either a *probe*, run when somebody asks (is the database there?), or a *report*, kept up to date by the
//! code that does the work (when did the relay last get through?). A report that is not renewed within its time counts
//! as failing, so a task that hangs is found as surely as one that fails.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{Json, Router, extract::State as Shared, http::StatusCode, response::IntoResponse, routing::get};
use futures::future::join_all;
use serde::Serialize;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio::time::{Instant, timeout};

use crate::clock::machine_time;

/// How long a probe may take before it counts as failing.
const PROBE_LIMIT: Duration = Duration::from_secs(2);

/// How long a probe's verdict is used again; bounds what many callers can make the service do.
const PROBE_AGE: Duration = Duration::from_millis(500);

/// The same of a probe that has never passed: whoever waits for the start must not wait for an old verdict to expire.
const STARTING_AGE: Duration = Duration::from_millis(10);

/// What a check is about, and so where it shows and what it decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The database: decides readiness.
    Database,
    /// The broker: decides readiness.
    Broker,
    /// The service's own work goes on: decides readiness.
    Work,
    /// The clock is certain enough: decides readiness.
    Clock,
    /// Caches and sessions, which fail open: degrades.
    Cache,
    /// Somebody else's server: degrades.
    External,
}

impl Role {
    /// Whether the service is not ready while such a check fails.
    pub fn decides_readiness(self) -> bool {
        match self {
            Self::Database | Self::Broker | Self::Work | Self::Clock => true,
            Self::Cache | Self::External => false,
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Database => "database",
            Self::Broker => "broker",
            Self::Work => "work",
            Self::Clock => "clock",
            Self::Cache => "cache",
            Self::External => "external",
        }
    }
}

/// How a check stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Nothing known yet; counts as failing.
    Starting,
    /// As it should be.
    Ok,
    /// Not as it should be.
    Failing,
}

/// One check as it stands.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// Its name.
    pub name: String,
    /// What it is about.
    pub role: Role,
    /// How it stands.
    pub state: State,
    /// Since when.
    #[serde(serialize_with = "rfc3339")]
    pub since: OffsetDateTime,
    /// The last thing that was wrong; stays readable after it was put right.
    pub last_error: Option<String>,
}

/// What `/health/…` answers.
#[derive(Debug, Serialize)]
pub struct Answer {
    /// `ok`, `degraded` (works, but an upstream does not) or `failing`.
    pub status: &'static str,
    /// Each check that was asked.
    pub checks: Vec<Finding>,
}

/// All checks of a service. Clones share them.
#[derive(Clone, Default)]
pub struct Health {
    checks: Arc<Mutex<Vec<Arc<Check>>>>,
}

impl Health {
    /// Adds a check that is run when somebody asks. The error says what is wrong; taking longer than two seconds is wrong.
    pub fn probe<P, F>(&self, name: impl Into<String>, role: Role, probe: P)
    where
        P: Fn() -> F + Send + Sync + 'static,
        F: Future<Output = Result<(), String>> + Send + 'static,
    {
        self.add(Check::new(name.into(), role, Source::Probe(Box::new(move || Box::pin(probe())))));
    }

    /// Adds a check that is kept up to date through the returned handle. With `fresh_for`, each report holds for that
    /// long; without, until the next.
    pub fn report(&self, name: impl Into<String>, role: Role, fresh_for: Option<Duration>) -> Report {
        let check = self.add(Check::new(name.into(), role, Source::Report { fresh_for }));
        Report { check }
    }

    /// Runs the checks whose role is asked for, all at the same time.
    pub async fn ask(&self, wanted: impl Fn(Role) -> bool) -> Answer {
        let checks: Vec<_> = lock(&self.checks).iter().filter(|check| wanted(check.role)).cloned().collect();
        let checks = join_all(checks.iter().map(|check| check.find())).await;
        let bad = |one: &Finding| one.state != State::Ok;
        let status = if checks.iter().any(|one| bad(one) && one.role.decides_readiness()) {
            "failing"
        } else if checks.iter().any(bad) {
            "degraded"
        } else {
            "ok"
        };
        Answer { status, checks }
    }

    /// Everything without which the service cannot do its work.
    pub async fn ready(&self) -> Answer {
        self.ask(Role::decides_readiness).await
    }

    /// `/health/live`, `/health/ready`, `/health/db`, `/health/cache`, `/health/external`.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/health/live", get(|| async { Json(Answer { status: "ok", checks: Vec::new() }) }))
            .route("/health/ready", get(|Shared(health): Shared<Self>| async move { health.ready().await }))
            .route("/health/db", get(|Shared(health): Shared<Self>| async move { health.ask(|role| role == Role::Database).await }))
            .route("/health/cache", get(|Shared(health): Shared<Self>| async move { health.ask(|role| role == Role::Cache).await }))
            .route("/health/external", get(|Shared(health): Shared<Self>| async move { health.ask(|role| role == Role::External).await }))
            .with_state(self.clone())
    }

    fn add(&self, check: Check) -> Arc<Check> {
        let check = Arc::new(check);
        lock(&self.checks).push(check.clone());
        check
    }
}

/// 503 only for what the service cannot work without: a load balancer must not take it out because an upstream is down.
impl IntoResponse for Answer {
    fn into_response(self) -> axum::response::Response {
        let status = if self.status == "failing" { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
        (status, Json(self)).into_response()
    }
}

/// Keeps one check up to date. Clones report to the same check.
#[derive(Clone)]
pub struct Report {
    check: Arc<Check>,
}

impl Report {
    /// All is well as of now.
    pub fn ok(&self) {
        self.check.conclude(Ok(()));
    }

    /// Something is wrong as of now.
    pub fn failing(&self, error: impl ToString) {
        self.check.conclude(Err(error.to_string()));
    }

    /// Reports a result, keeping its error's text.
    pub fn result<T, E: ToString>(&self, result: &Result<T, E>) {
        match result {
            Ok(_) => self.ok(),
            Err(error) => self.failing(error.to_string()),
        }
    }
}

type Probe = Box<dyn Fn() -> Pin<Box<dyn Future<Output = Result<(), String>> + Send>> + Send + Sync>;

enum Source {
    Probe(Probe),
    Report { fresh_for: Option<Duration> },
}

struct Check {
    name: String,
    role: Role,
    source: Source,
    /// Lets only one caller at a time run the probe.
    probing: tokio::sync::Mutex<()>,
    verdict: Mutex<Verdict>,
}

struct Verdict {
    state: State,
    /// It has passed at least once.
    passed: bool,
    since: OffsetDateTime,
    concluded: Instant,
    last_error: Option<String>,
}

impl Check {
    fn new(name: String, role: Role, source: Source) -> Self {
        let verdict = Verdict {
            state: State::Starting,
            passed: false,
            since: machine_time(),
            concluded: Instant::now(),
            last_error: None,
        };
        Self { name, role, source, probing: tokio::sync::Mutex::default(), verdict: Mutex::new(verdict) }
    }

    async fn find(&self) -> Finding {
        match &self.source {
            Source::Probe(probe) => {
                let _alone = self.probing.lock().await;
                let known = {
                    let verdict = lock(&self.verdict);
                    let age = if verdict.passed { PROBE_AGE } else { STARTING_AGE };
                    verdict.state != State::Starting && verdict.concluded.elapsed() < age
                };
                if !known {
                    let result = timeout(PROBE_LIMIT, probe()).await;
                    self.conclude(
                        result.unwrap_or_else(|_| Err(format!("no answer within {PROBE_LIMIT:?}"))),
                    );
                }
            }
            Source::Report { fresh_for: Some(limit) } => {
                let age = lock(&self.verdict).concluded.elapsed();
                if age > *limit {
                    self.enter(State::Failing, Some(format!("nothing heard for {} s", age.as_secs())));
                }
            }
            Source::Report { fresh_for: None } => {}
        }
        let finding = self.finding();
        let ok = if finding.state == State::Ok { 1.0 } else { 0.0 };
        metrics::gauge!("health_check_ok", "check" => self.name.clone(), "role" => self.role.label()).set(ok);
        finding
    }

    fn conclude(&self, result: Result<(), String>) {
        lock(&self.verdict).concluded = Instant::now();
        match result {
            Ok(()) => self.enter(State::Ok, None),
            Err(error) => self.enter(State::Failing, Some(error)),
        }
    }

    fn enter(&self, state: State, error: Option<String>) {
        let mut verdict = lock(&self.verdict);
        if verdict.state != state {
            verdict.state = state;
            verdict.since = machine_time();
            verdict.passed |= state == State::Ok;
            match &error {
                None => tracing::info!(check = self.name, "health check passes"),
                Some(error) => tracing::warn!(check = self.name, error, "health check fails"),
            }
        }
        if error.is_some() {
            verdict.last_error = error;
        }
    }

    fn finding(&self) -> Finding {
        let verdict = lock(&self.verdict);
        Finding {
            name: self.name.clone(),
            role: self.role,
            state: verdict.state,
            since: verdict.since,
            last_error: verdict.last_error.clone(),
        }
    }
}

/// No invariant spans these locks, so a panic elsewhere does not make their content unusable.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn rfc3339<S: serde::Serializer>(at: &OffsetDateTime, serializer: S) -> Result<S::Ok, S::Error> {
    at.format(&Rfc3339).map_err(serde::ser::Error::custom)?.serialize(serializer)
}

#[cfg(test)]
mod tests;
