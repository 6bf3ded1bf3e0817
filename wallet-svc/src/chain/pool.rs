//! Several endpoints behind one [`Network`]: each question goes to the healthiest endpoint
//! first and on to the next where it fails.

use super::{
    AccountState, AtSlot, Blockhash, Commitment, HistoryItem, Network, NetworkError, Signed, Testimony,
    TransactionDetails, endpoint::Endpoint,
};
use async_trait::async_trait;
use chassis::measures;
use futures::future::join_all;
use proto::Lamports;
use solana_hash::Hash;
use solana_pubkey::Pubkey;
use solana_signature::Signature;
use std::{
    future::Future,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::Duration,
};
use tokio::time::Instant;

/// A failure weighs as much as an answer that is this slow.
const FAILURE_MICROS: u64 = 30_000_000;
/// Endpoints whose costs differ by less than this rank in the configured order.
const CLASS_MICROS: u64 = 1_000_000;
/// A cost is the mean of about this many answers.
const MEMORY: u64 = 8;

/// How to reach the network.
#[derive(Clone)]
pub struct RpcSettings {
    /// Addresses of the endpoints, the preferred one first. They may carry API keys.
    pub urls: Vec<String>,
    /// How long one request may take.
    pub timeout: Duration,
}

/// A list of RPC endpoints, used by health.
pub struct RpcPool {
    members: Vec<Member>,
}

struct Member {
    endpoint: Endpoint,
    /// Moving mean of the answer time in microseconds, failures included at their weight. It
    /// decays a little with every question put to others, so a failed endpoint is tried again.
    cost: AtomicU64,
}

impl RpcPool {
    /// Takes the endpoints in order of preference; nothing is asked yet.
    #[must_use]
    pub fn new(settings: &RpcSettings) -> Self {
        let member = |(index, url): (usize, &String)| Member {
            endpoint: Endpoint::new(index, url.clone(), settings.timeout),
            cost: AtomicU64::new(0),
        };
        Self { members: settings.urls.iter().enumerate().map(member).collect() }
    }

    fn ranked(&self) -> Vec<&Member> {
        let mut members: Vec<(u64, &Member)> =
            self.members.iter().map(|member| (member.cost.load(Ordering::Relaxed), member)).collect();
        // The sort is stable, so the configured order stands within a class.
        members.sort_by_key(|(cost, _)| cost / CLASS_MICROS);
        members.into_iter().map(|(_, member)| member).collect()
    }

    async fn ask<'a, T, F, A>(&'a self, question: F) -> Result<T, NetworkError>
    where
        F: Fn(&'a Endpoint) -> A,
        A: Future<Output = Result<T, NetworkError>>,
    {
        let mut failure = NetworkError::NoEndpoint;
        for member in self.ranked() {
            let asked_at = Instant::now();
            let answer = question(&member.endpoint).await;
            let failed = answer.as_ref().is_err_and(blames_endpoint);
            measures::called("solana", if failed { "failed" } else { "answered" }, asked_at.elapsed());
            match answer {
                Ok(answer) => {
                    self.learn(
                        member,
                        u64::try_from(asked_at.elapsed().as_micros()).unwrap_or(FAILURE_MICROS),
                    );
                    return Ok(answer);
                }
                Err(error) => {
                    tracing::debug!(%error, endpoint = member.endpoint.index, "rpc endpoint failed");
                    metrics::counter!("wallet_rpc_failures_total", "endpoint" => member.endpoint.index.to_string())
                        .increment(1);
                    if blames_endpoint(&error) {
                        self.learn(member, FAILURE_MICROS);
                    }
                    failure = error;
                }
            }
        }
        Err(failure)
    }

    fn learn(&self, asked: &Member, micros: u64) {
        for member in &self.members {
            let cost = member.cost.load(Ordering::Relaxed);
            let towards = if std::ptr::eq(member, asked) { micros } else { 0 };
            member
                .cost
                .store(cost.saturating_mul(MEMORY - 1).saturating_add(towards) / MEMORY, Ordering::Relaxed);
        }
    }
}

/// Whether an error says something about the endpoint, rather than about what it was asked: a
/// transaction that fails its simulation (-32002) or signature check (-32003), bad parameters
/// (-32602). <https://github.com/anza-xyz/agave/blob/v4.2/rpc-client-api/src/custom_error.rs>
const fn blames_endpoint(error: &NetworkError) -> bool {
    !matches!(
        error,
        NetworkError::Refused { code: -32002 | -32003 | -32602, .. } | NetworkError::Absent { .. }
    )
}

#[async_trait]
impl Network for RpcPool {
    async fn blockhash(&self) -> Result<Blockhash, NetworkError> {
        self.ask(Endpoint::blockhash).await
    }

    async fn rent_minimum(&self, data_len: usize) -> Result<Lamports, NetworkError> {
        self.ask(|endpoint| endpoint.rent_minimum(data_len)).await
    }

    async fn compute_unit_price(&self, writes: &[Pubkey]) -> Result<u64, NetworkError> {
        self.ask(|endpoint| endpoint.compute_unit_price(writes)).await
    }

    async fn slot(&self, commitment: Commitment) -> Result<u64, NetworkError> {
        self.ask(|endpoint| endpoint.slot(commitment)).await
    }

    async fn accounts(
        &self,
        addresses: &[Pubkey],
    ) -> Result<AtSlot<Vec<Option<AccountState>>>, NetworkError> {
        self.ask(|endpoint| endpoint.accounts(addresses)).await
    }

    async fn history(
        &self,
        address: &Pubkey,
        until: Option<&Signature>,
    ) -> Result<Vec<HistoryItem>, NetworkError> {
        self.ask(|endpoint| endpoint.history(address, until)).await
    }

    /// Asks on where an endpoint does not have it: it may lag behind, or keep no history.
    async fn transaction(&self, signature: &Signature) -> Result<Option<TransactionDetails>, NetworkError> {
        let absent = AtomicBool::new(false);
        let found = self
            .ask(|endpoint| {
                let absent = &absent;
                async move {
                    let answer = endpoint.transaction(signature).await?;
                    absent.fetch_or(answer.is_none(), Ordering::Relaxed);
                    answer.ok_or(NetworkError::Absent { endpoint: endpoint.index })
                }
            })
            .await;
        match found {
            Ok(details) => Ok(Some(details)),
            Err(_) if absent.into_inner() => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn submit(&self, transaction: &Signed) -> Result<(), NetworkError> {
        self.ask(|endpoint| endpoint.submit(transaction)).await
    }

    async fn testimonies(
        &self,
        signatures: &[Signature],
        landmark: Option<&Signature>,
    ) -> Vec<Vec<Testimony>> {
        let asked = self.members.iter().map(|member| member.endpoint.testimonies(signatures, landmark));
        let mut by_signature = vec![Vec::with_capacity(self.members.len()); signatures.len()];
        for answer in join_all(asked).await {
            match answer {
                Ok(testimonies) => {
                    by_signature
                        .iter_mut()
                        .zip(testimonies)
                        .for_each(|(list, testimony)| list.push(testimony));
                }
                Err(error) => tracing::debug!(%error, "no testimony"),
            }
        }
        by_signature
    }

    async fn genesis(&self) -> Result<Hash, NetworkError> {
        self.ask(Endpoint::genesis).await
    }
}
