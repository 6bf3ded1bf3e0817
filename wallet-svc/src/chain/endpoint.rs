//! One RPC endpoint: requests with every default of the protocol spelled out.

use super::{
    AccountState, AtSlot, Blockhash, Commitment, FEE_ACCOUNTS, HistoryItem, NetworkError, Signed, Status,
    Testimony, TransactionDetails,
};
use proto::Lamports;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use solana_client::nonblocking::rpc_client::RpcClient;
use solana_commitment_config::{CommitmentConfig, CommitmentLevel};
use solana_hash::Hash;
use solana_pubkey::Pubkey;
use solana_rpc_client_api::{
    client_error::{Error as ClientError, ErrorKind},
    config::{
        RpcSendTransactionConfig, RpcSignatureStatusConfig, RpcSignaturesForAddressConfig,
        RpcTransactionConfig,
    },
    request::{RpcError, RpcRequest},
    response::{Response, RpcConfirmedTransactionStatusWithSignature, RpcPrioritizationFee},
};
use solana_signature::Signature;
use solana_transaction_status_client_types::{
    EncodedConfirmedTransactionWithStatusMeta, TransactionConfirmationStatus, TransactionStatus,
    UiTransactionEncoding,
};
use std::{future::Future, time::Duration};
use tokio::time::timeout;

/// The newest message version that a reader must accept; without it the endpoint refuses
/// transactions of newer versions with -32015.
const NEWEST_MESSAGE_VERSION: u8 = 1;
/// The most that `getSignaturesForAddress` returns at once.
const HISTORY_PAGE: usize = 1_000;
/// Pages read in one go; an address with more unread transactions is an attack or a fault.
const HISTORY_PAGES: usize = 50;

pub(super) struct Endpoint {
    /// Its place in the configured list: URLs carry API keys and are not shown.
    pub(super) index: usize,
    client: RpcClient,
    limit: Duration,
}

impl Endpoint {
    pub(super) fn new(index: usize, url: String, limit: Duration) -> Self {
        let client = RpcClient::new_with_timeout_and_commitment(url, limit, CommitmentConfig::confirmed());
        Self { index, client, limit }
    }

    /// The client waits by itself when it is told to slow down; the limit holds for the whole.
    async fn within<T>(
        &self,
        answer: impl Future<Output = Result<T, ClientError>>,
    ) -> Result<T, NetworkError> {
        match timeout(self.limit, answer).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(self.explain(error)),
            Err(_) => Err(NetworkError::Timeout { endpoint: self.index }),
        }
    }

    fn explain(&self, error: ClientError) -> NetworkError {
        match *error.kind {
            ErrorKind::RpcError(RpcError::RpcResponseError { code, message, .. }) => {
                NetworkError::Refused { endpoint: self.index, code, message }
            }
            kind => NetworkError::Unreachable {
                endpoint: self.index,
                source: Box::new(ClientError { request: error.request, kind: Box::new(kind) }),
            },
        }
    }

    const fn nonsense(&self, what: &'static str) -> NetworkError {
        NetworkError::Nonsense { endpoint: self.index, what }
    }

    async fn ask<T: DeserializeOwned>(&self, request: RpcRequest, params: Value) -> Result<T, NetworkError> {
        self.within(self.client.send(request, params)).await
    }

    pub(super) async fn blockhash(&self) -> Result<Blockhash, NetworkError> {
        let asked = self.client.get_latest_blockhash_with_commitment(CommitmentConfig::confirmed());
        let (hash, last_valid_height) = self.within(asked).await?;
        Ok(Blockhash { hash, last_valid_height })
    }

    pub(super) async fn rent_minimum(&self, data_len: usize) -> Result<Lamports, NetworkError> {
        let minimum = self.within(self.client.get_minimum_balance_for_rent_exemption(data_len)).await?;
        self.lamports(minimum)
    }

    pub(super) async fn compute_unit_price(&self, writes: &[Pubkey]) -> Result<u64, NetworkError> {
        let asked = self.client.get_recent_prioritization_fees(writes.get(..FEE_ACCOUNTS).unwrap_or(writes));
        let mut paid: Vec<u64> = self
            .within(asked)
            .await?
            .iter()
            .map(|block: &RpcPrioritizationFee| block.prioritization_fee)
            .collect();
        paid.sort_unstable();
        Ok(paid.get(paid.len() * 3 / 4).copied().unwrap_or_default())
    }

    pub(super) async fn slot(&self, commitment: Commitment) -> Result<u64, NetworkError> {
        let commitment = match commitment {
            Commitment::Processed => CommitmentConfig::processed(),
            Commitment::Confirmed => CommitmentConfig::confirmed(),
            Commitment::Finalized => CommitmentConfig::finalized(),
        };
        self.within(self.client.get_slot_with_commitment(commitment)).await
    }

    pub(super) async fn accounts(
        &self,
        addresses: &[Pubkey],
    ) -> Result<AtSlot<Vec<Option<AccountState>>>, NetworkError> {
        let asked =
            self.client.get_multiple_accounts_with_commitment(addresses, CommitmentConfig::finalized());
        let answer = self.within(asked).await?;
        if answer.value.len() != addresses.len() {
            return Err(self.nonsense("number of accounts"));
        }
        let mut accounts = Vec::with_capacity(addresses.len());
        for account in answer.value {
            accounts.push(match account {
                None => None,
                Some(account) => Some(AccountState {
                    lamports: self.lamports(account.lamports)?,
                    owner: account.owner,
                    data_len: account.data.len(),
                }),
            });
        }
        Ok(AtSlot { slot: answer.context.slot, value: accounts })
    }

    pub(super) async fn history(
        &self,
        address: &Pubkey,
        until: Option<&Signature>,
    ) -> Result<Vec<HistoryItem>, NetworkError> {
        let mut items = Vec::new();
        let mut before = None;
        for _ in 0..HISTORY_PAGES {
            let config = RpcSignaturesForAddressConfig {
                before: before.map(|signature: Signature| signature.to_string()),
                until: until.map(ToString::to_string),
                limit: Some(HISTORY_PAGE),
                commitment: Some(CommitmentConfig::confirmed()),
                min_context_slot: None,
            };
            let page: Vec<RpcConfirmedTransactionStatusWithSignature> =
                self.ask(RpcRequest::GetSignaturesForAddress, json!([address.to_string(), config])).await?;
            let full = page.len() >= HISTORY_PAGE;
            for item in page {
                items.push(self.history_item(&item)?);
            }
            before = items.last().map(|item: &HistoryItem| item.signature);
            if !full {
                items.reverse();
                return Ok(items);
            }
        }
        Err(self.nonsense("history without end"))
    }

    fn history_item(
        &self,
        item: &RpcConfirmedTransactionStatusWithSignature,
    ) -> Result<HistoryItem, NetworkError> {
        Ok(HistoryItem {
            signature: item.signature.parse().map_err(|_| self.nonsense("signature"))?,
            slot: item.slot,
            // What the endpoint does not call finalized is taken for less.
            commitment: item.confirmation_status.as_ref().map_or(Commitment::Processed, commitment),
            failed: item.err.is_some(),
        })
    }

    pub(super) async fn transaction(
        &self,
        signature: &Signature,
    ) -> Result<Option<TransactionDetails>, NetworkError> {
        let config = RpcTransactionConfig {
            encoding: Some(UiTransactionEncoding::Json),
            commitment: Some(CommitmentConfig::confirmed()),
            max_supported_transaction_version: Some(NEWEST_MESSAGE_VERSION),
        };
        let answer: Option<EncodedConfirmedTransactionWithStatusMeta> =
            self.ask(RpcRequest::GetTransaction, json!([signature.to_string(), config])).await?;
        answer
            .map(|answer| TransactionDetails::try_from_rpc(*signature, answer))
            .transpose()
            .map_err(|source| NetworkError::Transaction { signature: *signature, source })
    }

    pub(super) async fn submit(&self, transaction: &Signed) -> Result<(), NetworkError> {
        let config = RpcSendTransactionConfig {
            // The node would not relay what fails in its own simulation; the default commitment
            // of that simulation is finalized, which does not know a fresh block hash.
            skip_preflight: false,
            preflight_commitment: Some(CommitmentLevel::Confirmed),
            encoding: Some(UiTransactionEncoding::Base64),
            // We re-send the bytes ourselves.
            max_retries: Some(0),
            min_context_slot: None,
        };
        self.within(self.client.send_transaction_with_config(transaction.transaction(), config))
            .await
            .map(drop)
    }

    /// One testimony per signature.
    pub(super) async fn testimonies(
        &self,
        signatures: &[Signature],
        landmark: Option<&Signature>,
    ) -> Result<Vec<Testimony>, NetworkError> {
        let finalized = CommitmentConfig::finalized();
        let finalized_height = self.within(self.client.get_block_height_with_commitment(finalized)).await?;
        let finalized_slot = self.within(self.client.get_slot_with_commitment(finalized)).await?;
        let asked: Vec<String> = signatures.iter().chain(landmark).map(ToString::to_string).collect();
        let config = RpcSignatureStatusConfig { search_transaction_history: true };
        let answer: Response<Vec<Option<TransactionStatus>>> =
            self.ask(RpcRequest::GetSignatureStatuses, json!([asked, config])).await?;
        if answer.value.len() != asked.len() {
            return Err(self.nonsense("number of statuses"));
        }
        let statuses: Vec<Option<Status>> =
            answer.value.iter().map(|status| status.as_ref().map(status_of)).collect();
        let (ours, landmarks) = statuses.split_at(signatures.len().min(statuses.len()));
        let knows_landmark = landmarks.iter().all(Option::is_some);
        let testimony = |&status| Testimony {
            endpoint: self.index,
            finalized_height,
            finalized_slot,
            status_slot: answer.context.slot,
            status,
            knows_landmark,
        };
        Ok(ours.iter().map(testimony).collect())
    }

    pub(super) async fn genesis(&self) -> Result<Hash, NetworkError> {
        self.within(self.client.get_genesis_hash()).await
    }

    fn lamports(&self, amount: u64) -> Result<Lamports, NetworkError> {
        i64::try_from(amount).map(Lamports::new).map_err(|_| self.nonsense("amount of lamports"))
    }
}

const fn commitment(status: &TransactionConfirmationStatus) -> Commitment {
    match status {
        TransactionConfirmationStatus::Processed => Commitment::Processed,
        TransactionConfirmationStatus::Confirmed => Commitment::Confirmed,
        TransactionConfirmationStatus::Finalized => Commitment::Finalized,
    }
}

fn status_of(status: &TransactionStatus) -> Status {
    Status {
        slot: status.slot,
        commitment: status.confirmation_status.as_ref().map_or(Commitment::Processed, commitment),
        failed: status.err.is_some(),
    }
}
