//! Asking again: at once, after 1 s, 2 s and 4 s, and then giving up.

use std::{fmt::Display, time::Duration};

use backon::Retryable;
use rand::Rng;

/// Pauses before the second and later attempts.
const PAUSES: [Duration; 4] =
    [Duration::ZERO, Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4)];

/// Makes up to five attempts while `worth` says that the error may go away by itself. `what` names the attempt in the
/// log. The last error is returned. Pauses vary by a quarter either way, so that those who failed together do not come
/// back together.
///
/// ```
/// # async fn example(http: reqwest::Client) -> Result<(), reqwest::Error> {
/// let price = chassis::retry::retry("coingecko", || async {
///     http.get("https://api.coingecko.com/api/v3/ping").send().await?.error_for_status()
/// }, |error| error.is_connect() || error.is_timeout()).await?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// The error of the last attempt.
pub async fn retry<T, E: Display, F: Future<Output = Result<T, E>>>(
    what: &'static str,
    attempt: impl FnMut() -> F,
    worth: impl FnMut(&E) -> bool,
) -> Result<T, E> {
    attempt
        .retry(PAUSES.into_iter().map(varied))
        .sleep(tokio::time::sleep)
        .when(worth)
        .notify(|error, pause| {
            metrics::counter!("retries_total", "what" => what).increment(1);
            tracing::warn!(what, %error, ?pause, "asking again");
        })
        .await
}

/// Endless pauses from 100 ms to 5 s, doubling, for what must not give up: a loop that lives as long as its process.
pub fn forever() -> impl Iterator<Item = Duration> + Send {
    let longest = Duration::from_secs(5);
    std::iter::successors(Some(Duration::from_millis(100)), move |pause| Some((*pause * 2).min(longest)))
        .map(varied)
}

fn varied(pause: Duration) -> Duration {
    pause * rand::rng().random_range(75..=125) / 100
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn five_attempts_then_the_last_error() {
        let mut starts = Vec::new();
        let result: Result<(), String> = retry(
            "test",
            || {
                starts.push(Instant::now());
                let error = format!("attempt {}", starts.len());
                async { Err(error) }
            },
            |_| true,
        )
        .await;
        assert_eq!(result.unwrap_err(), "attempt 5");
        let pauses: Vec<_> = starts.windows(2).map(|pair| (pair[1] - pair[0]).as_secs_f64()).collect();
        for (pause, meant) in pauses.iter().zip([0.0, 1.0, 2.0, 4.0]) {
            assert!((meant * 0.75..=meant * 1.25 + 0.002).contains(pause), "{pauses:?}");
        }
        assert_eq!(pauses.len(), 4);
    }

    #[tokio::test(start_paused = true)]
    async fn what_stays_wrong_is_not_repeated() {
        let mut attempts = 0;
        let result: Result<(), _> = retry(
            "test",
            || {
                attempts += 1;
                async { Err("not found") }
            },
            |error| *error != "not found",
        )
        .await;
        assert!(result.is_err());
        assert_eq!(attempts, 1);
    }

    #[test]
    fn endless_pauses_are_bounded() {
        let pauses: Vec<_> = forever().take(50).collect();
        assert!(pauses[0] <= Duration::from_millis(125));
        assert!(pauses.iter().all(|pause| *pause <= Duration::from_millis(6_250)));
        assert!(pauses[49] >= Duration::from_millis(3_750));
    }
}
