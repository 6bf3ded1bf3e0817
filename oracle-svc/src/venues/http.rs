//! Asking a host over HTTP the way its owner wants to be asked: within its published rate, for as long as it can bear,
//! not while it said "later" (429, `Retry-After`), and not while it is down (one breaker per host). An answer is bounded in
//! size and time.

use chassis::breaker::{Breaker, Breakers, Broken};
use reqwest::{
    Client, RequestBuilder, StatusCode, Url,
    header::{self, HeaderMap},
    redirect::Policy,
};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use time::{OffsetDateTime, format_description::well_known::Rfc2822};
use tokio::time::{Instant, sleep_until, timeout};

/// The pause after a 429 that does not say how long. Hermes refuses for the following minute, others for less.
const UNNAMED_PAUSE: Duration = Duration::from_secs(60);

/// A host that wants to be left alone for longer is asked again after this.
const LONGEST_PAUSE: Duration = Duration::from_secs(3_600);

/// Binance's word for "you went on after a 429"; others may copy it.
const BANNED: u16 = 418;

/// What one host is asked at most.
#[derive(Clone, Copy, Debug)]
pub struct Manners {
    /// Between the beginnings of two requests.
    pub every: Duration,
    /// For one request: from its turn to the last byte of its answer. Also the longest wait for a turn.
    pub deadline: Duration,
    /// Bytes of an answer.
    pub body: usize,
}

/// Why a host gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// Not asked: the host said "later", or others wait for their turn already.
    #[error("not to be asked for another {} s", retry_in.as_secs_f64().ceil())]
    Later {
        /// When to ask again, from now.
        retry_in: Duration,
    },
    /// Not asked: the host failed too often of late.
    #[error("left alone for another {} s after repeated failures", retry_in.as_secs_f64().ceil())]
    LeftAlone {
        /// When it will be tried again, from now.
        retry_in: Duration,
    },
    /// The host asks to come back later.
    #[error("status {status}, come back in {} s", retry_in.as_secs_f64().ceil())]
    TooMany {
        /// 429, or another status with `Retry-After`.
        status: StatusCode,
        /// When to ask again, from now.
        retry_in: Duration,
    },
    /// Another status than success.
    #[error("status {0}")]
    Status(StatusCode),
    /// More bytes than anybody needs.
    #[error("an answer of more than {0} bytes")]
    TooLong(usize),
    /// No whole answer in time.
    #[error("no answer within {} s", .0.as_secs_f64())]
    TooSlow(Duration),
    /// The connection failed.
    #[error("transport")]
    Transport(#[source] reqwest::Error),
}

impl HttpError {
    /// Whether it says that the host is down, rather than that it does not like the question.
    fn is_failure(&self) -> bool {
        match self {
            Self::Status(status) => status.is_server_error(),
            Self::TooLong(_) | Self::TooSlow(_) | Self::Transport(_) => true,
            Self::Later { .. } | Self::LeftAlone { .. } | Self::TooMany { .. } => false,
        }
    }

    /// A word for metrics.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Later { .. } | Self::TooMany { .. } => "limited",
            Self::LeftAlone { .. } => "left_alone",
            Self::Status(_) => "status",
            Self::TooLong(_) => "too_long",
            Self::TooSlow(_) => "too_slow",
            Self::Transport(_) => "transport",
        }
    }
}

/// A client for [`Host`]s. Never follows a redirect: it would carry a key to somebody else.
///
/// # Errors
/// The TLS of this machine does not work.
pub fn client() -> Result<Client, reqwest::Error> {
    Client::builder().redirect(Policy::none()).build()
}

/// One host, asked by everybody who shares this. Clones share turns and pauses.
#[derive(Clone, Debug)]
pub struct Host {
    http: Client,
    breaker: Breaker,
    manners: Manners,
    turns: Arc<Mutex<Turns>>,
}

#[derive(Debug)]
struct Turns {
    /// The next request may begin then.
    next: Instant,
    /// The host asked to be left alone until then.
    closed_until: Instant,
}

impl Host {
    /// A host by its address; hosts of one name share the breaker.
    #[must_use]
    pub fn new(http: Client, url: &str, breakers: &Breakers, manners: Manners) -> Self {
        let name = Url::parse(url).ok().map(|url| match (url.host_str(), url.port()) {
            (Some(host), Some(port)) => format!("{host}:{port}"),
            (host, _) => host.unwrap_or_default().to_owned(),
        });
        let now = Instant::now();
        Self {
            http,
            breaker: breakers.host(&name.unwrap_or_default()),
            manners,
            turns: Arc::new(Mutex::new(Turns { next: now, closed_until: now })),
        }
    }

    /// Asks with GET and returns the body of a successful answer. `prepare` adds what the request needs, such as a
    /// key.
    ///
    /// # Errors
    /// No answer, or one that is no success.
    pub async fn get(
        &self,
        url: &str,
        prepare: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Result<Vec<u8>, HttpError> {
        self.send(prepare(self.http.get(url))).await
    }

    /// Asks with POST of a JSON document and returns the body of a successful answer.
    ///
    /// # Errors
    /// As [`Host::get`].
    pub async fn post(&self, url: &str, json: String) -> Result<Vec<u8>, HttpError> {
        let request = self.http.post(url).header(header::CONTENT_TYPE, "application/json").body(json);
        self.send(request).await
    }

    async fn send(&self, request: RequestBuilder) -> Result<Vec<u8>, HttpError> {
        let turn = self.turn()?;
        sleep_until(turn).await;
        // Somebody else may have been told to come back later while this one waited.
        self.open_now()?;
        let deadline = self.manners.deadline;
        let asking = async {
            let answer = timeout(deadline, self.ask(request)).await;
            answer.unwrap_or(Err(HttpError::TooSlow(deadline)))
        };
        match self.breaker.call(asking, HttpError::is_failure).await {
            Ok(body) => Ok(body),
            Err(Broken::Open { retry_in }) => Err(HttpError::LeftAlone { retry_in }),
            Err(Broken::Failed(error)) => Err(error),
        }
    }

    /// Reserves the next moment at which a request may begin.
    pub(crate) fn turn(&self) -> Result<Instant, HttpError> {
        self.open_now()?;
        let mut turns = self.turns();
        let now = Instant::now();
        let turn = turns.next.max(now);
        let wait = turn.saturating_duration_since(now);
        if wait > self.manners.deadline {
            return Err(HttpError::Later { retry_in: wait });
        }
        turns.next = turn + self.manners.every;
        Ok(turn)
    }

    fn open_now(&self) -> Result<(), HttpError> {
        let retry_in = self.turns().closed_until.saturating_duration_since(Instant::now());
        if retry_in.is_zero() { Ok(()) } else { Err(HttpError::Later { retry_in }) }
    }

    async fn ask(&self, request: RequestBuilder) -> Result<Vec<u8>, HttpError> {
        // The address may hold a key: errors are told without it.
        let transport = |error: reqwest::Error| HttpError::Transport(error.without_url());
        let mut answer = request.send().await.map_err(transport)?;
        let status = answer.status();
        if let Some(retry_in) = asked_to_wait(status, answer.headers()) {
            let mut turns = self.turns();
            turns.closed_until = turns.closed_until.max(Instant::now() + retry_in);
            return Err(HttpError::TooMany { status, retry_in });
        }
        if !status.is_success() {
            return Err(HttpError::Status(status));
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(transport)? {
            if body.len().saturating_add(chunk.len()) > self.manners.body {
                return Err(HttpError::TooLong(self.manners.body));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    fn turns(&self) -> MutexGuard<'_, Turns> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long the host wants to be left alone, if it does: a 429 always says so, any other refusal by `Retry-After`
/// (RFC 9110, 10.2.3).
pub(super) fn asked_to_wait(status: StatusCode, headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let named = text(header::RETRY_AFTER).and_then(|after| pause(after, text(header::DATE)));
    let limited = status == StatusCode::TOO_MANY_REQUESTS || status.as_u16() == BANNED;
    match named {
        Some(pause) if !status.is_success() => Some(pause.min(LONGEST_PAUSE)),
        _ if limited => Some(UNNAMED_PAUSE),
        _ => None,
    }
}

/// Seconds, or a date. A date is read against the answer's own, so that no clock but the host's matters.
fn pause(after: &str, date: Option<&str>) -> Option<Duration> {
    if let Ok(seconds) = after.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let moment = |text: &str| OffsetDateTime::parse(text.trim(), &Rfc2822).ok();
    let left = moment(after)? - moment(date?)?;
    Some(left.try_into().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates_say_how_long_to_wait() {
        assert_eq!(pause("120", None), Some(Duration::from_secs(120)));
        let (date, later) = ("Sun, 22 Nov 2026 10:00:00 GMT", "Sun, 22 Nov 2026 10:01:30 GMT");
        assert_eq!(pause(later, Some(date)), Some(Duration::from_secs(90)));
        assert_eq!(pause(date, Some(later)), Some(Duration::ZERO), "it is over already");
        for wrong in ["", "-1", "soon", "1.5", later] {
            assert_eq!(pause(wrong, None), None, "{wrong}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn requests_take_turns_and_nobody_waits_longer_than_for_an_answer() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let manners =
            Manners { every: Duration::from_secs(2), deadline: Duration::from_secs(5), body: 1_000 };
        let host = Host::new(client().unwrap(), "http://127.0.0.1:1", &Breakers::default(), manners);
        let now = Instant::now();
        let turns: Vec<_> = (0..3).map(|_| host.turn().unwrap() - now).collect();
        assert_eq!(turns, [0, 2, 4].map(Duration::from_secs));
        let later = host.turn().unwrap_err();
        assert!(
            matches!(later, HttpError::Later { retry_in } if retry_in == Duration::from_secs(6)),
            "{later}"
        );
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(host.turn().unwrap() - now, Duration::from_secs(6));
    }
}
