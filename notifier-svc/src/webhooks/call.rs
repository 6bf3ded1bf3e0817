//! The calls themselves.

use super::{MasterKey, Webhooks, body};
use crate::{
    domain::address::is_public,
    store::webhook::{self, Call, Due, Outcome},
};
use chassis::{Clock, Db, Fault, clock::monotonic, measures};
use futures::future::join_all;
use hmac::{Hmac, Mac};
use proto::{AccountId, Refusal, common::RefusalCode};
use rand::Rng as _;
use reqwest::{
    Client, Url,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect::Policy,
};
use sha2::Sha256;
use std::{net::SocketAddr, sync::Arc, time::Duration};

/// Longest address, in characters.
const URL_MAX: usize = 500;

/// Webhooks called at a time by one process, and calls to one of them in a row.
const WEBHOOKS: i64 = 16;
const CALLS: i64 = 8;

/// How long a call may take. All in a row end well before another process may call.
const TIMEOUT: Duration = Duration::from_secs(5);
const LEASE: Duration = Duration::from_secs(60);

/// Pauses after failures begin with the one and end with the other.
const PAUSE: Duration = Duration::from_secs(5);
const PAUSE_MAX: Duration = Duration::from_secs(3600);

/// What could not be told for so long is given up.
const PATIENCE: Duration = Duration::from_secs(24 * 3600);

/// Longest reason that is kept, in characters.
const REASON_MAX: usize = 200;

/// An address that somebody wants to be called, as it will be.
///
/// # Errors
/// `WEBHOOK_INVALID`: not https, with a name or a password in it, or an address of our own network.
pub fn check(url: &str, private: bool) -> Result<Url, Refusal> {
    let refusal = || Refusal::new(RefusalCode::WebhookInvalid);
    let url = Url::parse(url).map_err(|_| refusal())?;
    let scheme = url.scheme() == "https" || (private && url.scheme() == "http");
    let nameless = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    let outside = private || host_address(&url).is_none_or(|address| is_public(address.ip()));
    let fits = url.host().is_some() && url.as_str().len() <= URL_MAX;
    if scheme && nameless && outside && fits { Ok(url) } else { Err(refusal()) }
}

/// The host as an address, if it is one already: such a host is never resolved.
fn host_address(url: &Url) -> Option<SocketAddr> {
    let host = url.host_str()?.trim_start_matches('[').trim_end_matches(']');
    host.parse().ok().map(|address| SocketAddr::new(address, 0))
}

/// All addresses of a name lie in our own network.
#[derive(Debug, thiserror::Error)]
#[error("an address of our own network")]
struct Inside;

/// Finds addresses in the Internet and no others. The connection is made to what it finds, so a name that changes its address
/// in between gains nothing.
struct Outside {
    private: bool,
}

impl Resolve for Outside {
    fn resolve(&self, name: Name) -> Resolving {
        let private = self.private;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let outside: Vec<SocketAddr> =
                found.filter(|address| private || is_public(address.ip())).collect();
            if outside.is_empty() {
                return Err(Inside.into());
            }
            Ok(Box::new(outside.into_iter()) as Addrs)
        })
    }
}

/// Calls webhooks.
pub struct Caller {
    db: Db,
    clock: Clock,
    master: MasterKey,
    private: bool,
    http: Client,
}

impl Caller {
    /// A caller, if there is a key.
    ///
    /// # Errors
    /// The HTTP client cannot be made.
    pub fn try_new(db: Db, clock: Clock, webhooks: Webhooks) -> Result<Option<Arc<Self>>, reqwest::Error> {
        let Webhooks { master: Some(master), private } = webhooks else { return Ok(None) };
        let http = Client::builder()
            .dns_resolver(Arc::new(Outside { private }))
            .redirect(Policy::none())
            .no_proxy()
            .https_only(!private)
            .timeout(TIMEOUT)
            .user_agent("rooms-webhooks/1")
            .build()?;
        Ok(Some(Arc::new(Self { db, clock, master, private, http })))
    }

    /// The key of an account's webhook.
    #[must_use]
    pub fn key(&self, account: AccountId, url: &str) -> String {
        self.master.of(account, url)
    }

    /// Whether addresses of our own network may be called.
    #[must_use]
    pub const fn private(&self) -> bool {
        self.private
    }

    /// Calls whatever is due.
    ///
    /// # Errors
    /// The database.
    pub async fn round(&self) -> Result<(), Fault> {
        let mut unit = self.db.unit().await?;
        let now = unit.now().await?;
        count("given_up", webhook::give_up(unit.conn(), now - PATIENCE).await?);
        let due = webhook::take(unit.conn(), WEBHOOKS, LEASE, now).await?;
        unit.commit().await?;
        join_all(due.iter().map(|due| self.call_all(due))).await.into_iter().collect()
    }

    async fn call_all(&self, due: &Due) -> Result<(), Fault> {
        let calls = webhook::calls(self.db.pool(), due.account_id, CALLS).await?;
        let (mut told, mut error) = (Vec::new(), String::new());
        for call in &calls {
            let called_at = monotonic();
            let answer = self.call(&due.url, call).await;
            let result = if answer.is_ok() { "answered" } else { "failed" };
            measures::called("webhook", result, called_at.elapsed());
            match answer {
                Ok(()) => told.push(call.number),
                Err(why) => {
                    error = why;
                    break;
                }
            }
        }
        count("told", u64::try_from(told.len()).unwrap_or_default());
        count("failed", u64::from(!error.is_empty()));
        let mut unit = self.db.unit().await?;
        let now = unit.now().await?;
        // What was told in between shows that it is well.
        let failures = if told.is_empty() { due.failures } else { 0 };
        let pause = if error.is_empty() { Duration::ZERO } else { varied(pause(failures)) };
        let outcome = Outcome { told, error, next_attempt_at: now + pause };
        webhook::conclude(unit.conn(), due, &outcome, now).await?;
        unit.commit().await
    }

    /// Why it failed, in words for its owner, who knows the address.
    async fn call(&self, url: &str, call: &Call) -> Result<(), String> {
        // The rules may have become stricter since it was named.
        let url = check(url, self.private).map_err(|_| Inside.to_string())?;
        let body = body::of(call).to_string();
        let second = self.clock.now().unix_timestamp();
        let key = self.key(call.account, url.as_str());
        let answer = self
            .http
            .post(url)
            .header("Content-Type", "application/json")
            .header("X-Rooms-Signature", signature(&key, second, &body))
            .body(body)
            .send()
            .await
            .map_err(|error| reason(&error))?;
        match answer.status() {
            status if status.is_success() => Ok(()),
            status if status.is_redirection() => Err(format!("{status}: redirects are not followed")),
            status => Err(status.to_string()),
        }
    }
}

/// `t=<unix seconds>,v1=<hex HMAC-SHA256 of "<t>.<body>">`
fn signature(key: &str, second: i64, body: &str) -> String {
    // A key of any length will do.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.as_bytes()) else { return String::new() };
    mac.update(format!("{second}.{body}").as_bytes());
    format!("t={second},v1={}", hex::encode(mac.finalize().into_bytes()))
}

fn pause(failures: i32) -> Duration {
    let doublings = u32::try_from(failures).unwrap_or_default().min(16);
    PAUSE.saturating_mul(2_u32.saturating_pow(doublings)).min(PAUSE_MAX)
}

/// By a quarter either way, so that those that failed together do not come back together.
fn varied(pause: Duration) -> Duration {
    pause * rand::rng().random_range(75..=125) / 100
}

/// The innermost cause says most.
fn reason(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    let what = if error.is_timeout() { "no answer in time".to_owned() } else { cause.to_string() };
    what.chars().take(REASON_MAX).collect()
}

fn count(result: &'static str, calls: u64) {
    if calls > 0 {
        metrics::counter!("rooms_webhook_calls_total", "result" => result).increment(calls);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_out_in_the_internet_are_taken() {
        let taken = |url: &str| check(url, false).is_ok();
        for url in [
            "https://example.com/hook?a=b",
            "https://example.com:8443/",
            "https://1.1.1.1/x",
            "https://[2606:4700:4700::1111]/",
        ] {
            assert!(taken(url), "{url}");
        }
        let long = format!("https://example.com/{}", "a".repeat(URL_MAX));
        for url in [
            "",
            "example.com",
            "http://example.com/",
            "ftp://example.com/",
            "file:///etc/passwd",
            "https://",
            "https://anna@example.com/",
            "https://anna:secret@example.com/",
            "https://example.com/#part",
            "https://127.0.0.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://0177.0.0.1/",
            "https://[::1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://169.254.169.254/latest/meta-data/",
            &long,
        ] {
            assert_eq!(check(url, false), Err(Refusal::new(RefusalCode::WebhookInvalid)), "{url}");
        }
        assert!(check("http://127.0.0.1:8000/", true).is_ok());
        assert!(check("http://anna@127.0.0.1:8000/", true).is_err());
    }

    #[tokio::test]
    async fn a_name_leads_nowhere_inside() {
        let resolve = async |private, name: &str| {
            let found = Outside { private }.resolve(name.parse().unwrap()).await;
            found.map(Iterator::count).map_err(|error| error.to_string())
        };
        assert_eq!(resolve(false, "localhost").await, Err(Inside.to_string()));
        assert!(resolve(true, "localhost").await.unwrap() > 0);
    }

    #[test]
    fn a_signature_is_what_others_compute() {
        // Python: hmac.new(b"key", b"1700000000.{}", "sha256").hexdigest()
        let expected = "t=1700000000,v1=9d713ed406bb7076d4123f0dc2c39d2df5c654ed4b0cd56b52c8b4c940bd63ae";
        assert_eq!(signature("key", 1_700_000_000, "{}"), expected);
    }

    #[test]
    fn pauses_double_up_to_an_hour() {
        let pauses = [0, 1, 2, 9, 10, i32::MAX].map(|failures| pause(failures).as_secs());
        assert_eq!(pauses, [5, 10, 20, 2_560, 3_600, 3_600]);
        for _ in 0..100 {
            assert!((Duration::from_millis(3_750)..=Duration::from_millis(6_250)).contains(&varied(PAUSE)));
        }
    }
}
