//! What the listing says about the tokens, and where their prices lie.

use super::{Tokens, Watched};
use crate::{
    domain::{ListedPair, SECOND, Survey},
    venues::MOST_TOKENS,
};
use chassis::tasks::with_sources;
use std::{sync::Arc, time::Duration};
use tokio::time::sleep;

const EVERY: Duration = Duration::from_millis(500);

/// The listing is asked about every token this often: it believes its own answers for longer.
const LIST_EVERY: i64 = 2 * SECOND;

/// A price that is not found is looked for again after this.
const SURVEY_EVERY: i64 = 2 * SECOND;

/// Tokens whose price is looked for in one pass: the endpoints' turns belong to those that have one.
const SURVEYS: usize = 3;

impl Tokens {
    /// Asks the listing, and looks for prices that are not found yet.
    pub(super) async fn keep_listing(&self) {
        loop {
            let (tokens, now) = (self.all(), self.now());
            let due: Vec<_> = tokens
                .iter()
                .filter(|token| now.since(token.with(|known| known.listed_at)) >= LIST_EVERY)
                .collect();
            for some in due.chunks(MOST_TOKENS) {
                self.list(some).await;
            }
            let mut lost: Vec<_> = tokens
                .iter()
                .map(|token| (token.with(|known| (known.source.is_some(), known.surveyed_at)), token))
                .filter(|((found, at), _)| !found && now.since(*at) >= SURVEY_EVERY)
                .collect();
            lost.sort_by_key(|((_, at), _)| *at);
            for (_, token) in lost.into_iter().take(SURVEYS) {
                self.survey(token).await;
            }
            sleep(EVERY).await;
        }
    }

    async fn list(&self, tokens: &[&Arc<Watched>]) {
        let mints: Vec<_> = tokens.iter().map(|token| token.mint).collect();
        match self.listing.pairs(&mints).await {
            Ok(pairs) => {
                let now = self.now();
                for token in tokens {
                    let own = pairs.iter().filter(|pair| pair.is_of(token.mint)).cloned().collect();
                    token.with(|known| (known.pairs, known.listed_at) = (own, now));
                }
            }
            Err(error) => {
                metrics::counter!("rooms_oracle_listing_failures_total").increment(1);
                tracing::debug!(error = with_sources(&error), "listing not read");
            }
        }
    }

    /// Looks for the token's price on chain. Any endpoint will do: what it says is checked with every look.
    async fn survey(&self, token: &Watched) {
        let now = self.now();
        let pairs: Vec<ListedPair> = token.with(|known| {
            known.surveyed_at = now;
            known.pairs.clone()
        });
        let survey = Survey::new(token.mint, &pairs, self.gates, now);
        for rpc in &self.rpcs {
            let read = match rpc.accounts(&survey.accounts()).await {
                Ok(read) => read,
                Err(error) => {
                    let venue = rpc.venue.name();
                    tracing::debug!(venue, error = with_sources(&error), "token not surveyed");
                    continue;
                }
            };
            match survey.look(&read.accounts) {
                Ok(Some(found)) => {
                    let source = found.source.map(|source| (source, found.mint.decimals));
                    tracing::info!(mint = %token.mint, ?source, "token surveyed");
                    token.with(|known| known.source = source);
                }
                Ok(None) => tracing::warn!(mint = %token.mint, "there is no such mint"),
                Err(error) => tracing::warn!(mint = %token.mint, %error, "its curve is not to be read"),
            }
            return;
        }
    }
}
