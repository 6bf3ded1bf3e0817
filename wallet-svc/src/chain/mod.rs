//! Solana, as far as the wallet needs it: what happened at our addresses, and getting a signed
//! transaction to a known end. System, ComputeBudget and Memo instructions only.
//!
//! An error of an endpoint is never evidence about a transaction. What is believed, and of how
//! many endpoints, is decided in [`crate::domain::chain_tx`] on their [`Testimony`].

mod endpoint;
mod message;
mod parse;
mod pool;

pub use message::{COMPUTE_UNITS_PER_TRANSFER, Draft, MessageError, Signed, TransferDraft, Unsigned};
pub use parse::{BalanceChange, MalformedTransaction, TransactionDetails, Transfer};
pub use pool::{RpcPool, RpcSettings};

use async_trait::async_trait;
use proto::Lamports;
use solana_hash::Hash;
use solana_pubkey::Pubkey;
use solana_signature::Signature;

/// The SPL Memo program (`MemoSq4g…`).
pub const MEMO_PROGRAM: Pubkey = spl_memo_interface::v3::ID;

/// Transactions that can be asked about at once: `getSignatureStatuses` takes 256, one of them
/// is the landmark.
pub const TESTIMONIES: usize = 255;

/// Accounts that can be asked about at once.
pub const ACCOUNTS: usize = 100;

/// Accounts that `getRecentPrioritizationFees` takes.
pub const FEE_ACCOUNTS: usize = 128;

/// A recent block hash: what a message is dated with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Blockhash {
    /// The hash.
    pub hash: Hash,
    /// The last block height at which a message with this hash can land.
    pub last_valid_height: u64,
}

/// An account as it stands at a finalized slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountState {
    /// Its balance.
    pub lamports: Lamports,
    /// The program that owns it; a plain wallet belongs to the System program.
    pub owner: Pubkey,
    /// Bytes of data, which its rent minimum depends on.
    pub data_len: usize,
}

/// An answer and the slot it is true at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AtSlot<T> {
    /// The slot.
    pub slot: u64,
    /// The answer.
    pub value: T,
}

/// How sure the network is of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Commitment {
    /// A node has executed it.
    Processed,
    /// Two thirds of the stake have voted for its block.
    Confirmed,
    /// It cannot be undone.
    Finalized,
}

/// One transaction that names an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HistoryItem {
    /// Its signature.
    pub signature: Signature,
    /// Its slot.
    pub slot: u64,
    /// How sure it is.
    pub commitment: Commitment,
    /// It was included but failed: it moved nothing but its fee.
    pub failed: bool,
}

/// Where a transaction stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    /// The slot that includes it.
    pub slot: u64,
    /// How sure that is.
    pub commitment: Commitment,
    /// It was included but failed.
    pub failed: bool,
}

/// What one endpoint says about one transaction, asked in this order: its finalized block
/// height, its finalized slot, then the status with the whole history searched. All three come
/// from the same endpoint; an endpoint that fails any of them gives no testimony.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Testimony {
    /// Which endpoint, for the log.
    pub endpoint: usize,
    /// Finalized block height, read first.
    pub finalized_height: u64,
    /// Finalized slot, read second: not older than the height.
    pub finalized_slot: u64,
    /// The slot at which the status was answered.
    pub status_slot: u64,
    /// The status, `None` where it is not in the history.
    pub status: Option<Status>,
    /// It also finds the newest finalized transaction that we know, so it serves our chain and
    /// still has the history. True if we know none yet.
    pub knows_landmark: bool,
}

/// The network seen through its RPC endpoints.
#[async_trait]
pub trait Network: Send + Sync {
    /// A recent block hash at commitment confirmed.
    ///
    /// # Errors
    /// No endpoint answers.
    async fn blockhash(&self) -> Result<Blockhash, NetworkError>;

    /// The least balance with which an account of this many bytes may stay.
    ///
    /// # Errors
    /// No endpoint answers.
    async fn rent_minimum(&self, data_len: usize) -> Result<Lamports, NetworkError>;

    /// What lately had to be paid per compute unit for writing to all of these accounts, at most
    /// [`FEE_ACCOUNTS`] of them, in micro-lamports: the 75th percentile of recent blocks. Not
    /// capped here.
    ///
    /// # Errors
    /// No endpoint answers.
    async fn compute_unit_price(&self, writes: &[Pubkey]) -> Result<u64, NetworkError>;

    /// The newest slot of at least this commitment.
    ///
    /// # Errors
    /// No endpoint answers.
    async fn slot(&self, commitment: Commitment) -> Result<u64, NetworkError>;

    /// Finalized accounts, `None` where nothing is, all at one slot. At most [`ACCOUNTS`].
    ///
    /// # Errors
    /// No endpoint answers.
    async fn accounts(&self, addresses: &[Pubkey])
    -> Result<AtSlot<Vec<Option<AccountState>>>, NetworkError>;

    /// Transactions that name an address, oldest first, after `until` (exclusive) or all;
    /// confirmed and finalized ones.
    ///
    /// # Errors
    /// No endpoint answers, or there are more than an answer may hold.
    async fn history(
        &self,
        address: &Pubkey,
        until: Option<&Signature>,
    ) -> Result<Vec<HistoryItem>, NetworkError>;

    /// What a confirmed transaction did; `None` where no endpoint that answers has it.
    ///
    /// # Errors
    /// No endpoint answers, or the answer cannot be understood.
    async fn transaction(&self, signature: &Signature) -> Result<Option<TransactionDetails>, NetworkError>;

    /// Hands in a signed transaction. `Ok` says no more than that an endpoint took it, and an
    /// error does not say that none did.
    ///
    /// # Errors
    /// Not understood as success; the transaction may have been forwarded all the same.
    async fn submit(&self, transaction: &Signed) -> Result<(), NetworkError>;

    /// Asks every endpoint about these transactions, at most [`TESTIMONIES`] of them, and about
    /// the landmark: the newest finalized transaction that we know. One list of testimonies per
    /// signature, in their order; endpoints that fail are left out.
    async fn testimonies(
        &self,
        signatures: &[Signature],
        landmark: Option<&Signature>,
    ) -> Vec<Vec<Testimony>>;

    /// The hash of the first block of the chain that the endpoints serve.
    ///
    /// # Errors
    /// No endpoint answers.
    async fn genesis(&self) -> Result<Hash, NetworkError>;
}

/// Why the network gave no answer. None of these is evidence about a transaction.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// Not reached, timed out, or an answer that is no JSON-RPC.
    #[error("endpoint {endpoint} did not answer")]
    Unreachable {
        /// Its place in the list.
        endpoint: usize,
        /// What the client says.
        #[source]
        source: Box<solana_rpc_client_api::client_error::Error>,
    },
    /// Slower than the limit.
    #[error("endpoint {endpoint} did not answer in time")]
    Timeout {
        /// Its place in the list.
        endpoint: usize,
    },
    /// An error of the RPC protocol.
    #[error("endpoint {endpoint} answered error {code}: {message}")]
    Refused {
        /// Its place in the list.
        endpoint: usize,
        /// JSON-RPC code.
        code: i64,
        /// Its text.
        message: String,
    },
    /// An answer that contradicts the protocol.
    #[error("endpoint {endpoint} answered nonsense: {what}")]
    Nonsense {
        /// Its place in the list.
        endpoint: usize,
        /// What about it.
        what: &'static str,
    },
    /// A transaction that this code does not understand.
    #[error("transaction {signature} cannot be read")]
    Transaction {
        /// Which.
        signature: Signature,
        /// Why.
        #[source]
        source: MalformedTransaction,
    },
    /// It does not have what another endpoint may have.
    #[error("endpoint {endpoint} does not have it")]
    Absent {
        /// Its place in the list.
        endpoint: usize,
    },
    /// No endpoint is configured.
    #[error("no endpoint")]
    NoEndpoint,
}
