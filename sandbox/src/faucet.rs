//! The outside world's side of the chain: a faucet, and for each player a wallet that is not ours, from
//! which one deposits and to which one withdraws. Local and test networks only: keys lie in plain files.

use std::{
    fs, io,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Query, State, rejection::QueryRejection},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use solana_client::{
    client_error::{ClientError, ClientErrorKind},
    nonblocking::rpc_client::RpcClient,
    rpc_config::RpcSendTransactionConfig,
    rpc_request::RpcError,
};
use solana_commitment_config::CommitmentConfig;
use solana_keypair::{Keypair, read_keypair_file, write_keypair_file};
use solana_message::{VersionedMessage, v0};
use solana_pubkey::Pubkey;
use solana_signature::Signature;
use solana_signer::Signer;
use solana_system_interface::instruction::transfer;
use solana_transaction::versioned::VersionedTransaction;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

/// Longest wait for one answer of the chain.
const ANSWER: Duration = Duration::from_secs(10);

/// Longest wait for a transaction that was sent; a block hash of the local chain lives 15 s.
const CONFIRMATION: Duration = Duration::from_secs(30);

/// Between two looks at a transaction; half a slot of the local chain.
const LOOK: Duration = Duration::from_millis(50);

/// Most that one call of the faucet gives: 10,000 SOL.
const MOST: u64 = 10_000_000_000_000;

/// Why a faucet or an outside wallet did not do it.
#[derive(Debug, thiserror::Error)]
pub enum FaucetError {
    /// The address is not 32 bytes in base 58.
    #[error("{0:?} is not a Solana address")]
    Address(String),
    /// Nothing, or more than the faucet gives.
    #[error("lamports must be 1 to {MOST}")]
    Amount,
    /// The chain understood and refused: not enough lamports, less than the rent minimum and the like.
    #[error("the chain refused: {0}")]
    Refused(String),
    /// The chain is not there or does not confirm.
    #[error("the chain does not answer: {0}")]
    Chain(String),
    /// A key file cannot be read or written.
    #[error("key file {path}")]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: io::Error,
    },
}

/// The faucet and the outside wallets of all players; cheap to clone.
#[derive(Clone)]
pub struct Outside {
    inner: Arc<Inner>,
}

struct Inner {
    rpc: RpcClient,
    folder: PathBuf,
    /// Held while a key is made, so that two first calls agree.
    making: Mutex<()>,
}

impl Outside {
    /// Wallets on the chain at `rpc_url`, with keys in `folder`, one file per user, made when first needed
    /// and readable by the `solana` command line.
    #[must_use]
    pub fn new(rpc_url: String, folder: PathBuf) -> Self {
        let rpc = RpcClient::new_with_timeout_and_commitment(rpc_url, ANSWER, CommitmentConfig::confirmed());
        Outside { inner: Arc::new(Inner { rpc, folder, making: Mutex::new(()) }) }
    }

    /// The address of the outside wallet of Telegram user `user`.
    ///
    /// # Errors
    /// [`FaucetError::Key`].
    pub fn address(&self, user: i64) -> Result<Pubkey, FaucetError> {
        Ok(self.keypair(user)?.pubkey())
    }

    /// Confirmed lamports at `address`; 0 if nothing was ever there.
    ///
    /// # Errors
    /// [`FaucetError::Chain`].
    pub async fn lamports(&self, address: &Pubkey) -> Result<u64, FaucetError> {
        Ok(self.inner.rpc.get_balance(address).await?)
    }

    /// Gives `lamports` out of nothing and waits until they are confirmed.
    ///
    /// # Errors
    /// [`FaucetError::Amount`], [`FaucetError::Refused`], [`FaucetError::Chain`].
    pub async fn airdrop(&self, to: &Pubkey, lamports: u64) -> Result<Signature, FaucetError> {
        if !(1..=MOST).contains(&lamports) {
            return Err(FaucetError::Amount);
        }
        let signature = self.inner.rpc.request_airdrop(to, lamports).await?;
        self.confirmed(&signature).await?;
        Ok(signature)
    }

    /// Sends `lamports` from the outside wallet of `user`, who also pays the fee, and waits until the
    /// transfer is confirmed.
    ///
    /// # Errors
    /// [`FaucetError::Amount`], [`FaucetError::Refused`], [`FaucetError::Chain`], [`FaucetError::Key`].
    pub async fn send(&self, user: i64, to: &Pubkey, lamports: u64) -> Result<Signature, FaucetError> {
        if lamports == 0 {
            return Err(FaucetError::Amount);
        }
        let wallet = self.keypair(user)?;
        let from = wallet.pubkey();
        // Without an id of its own, a second transfer of the same amount within one block hash would be
        // the same transaction, and happen once.
        let id = Uuid::new_v4().to_string();
        let memo = spl_memo_interface::instruction::build_memo(
            &spl_memo_interface::v3::id(),
            id.as_bytes(),
            &[&from],
        );
        let rpc = &self.inner.rpc;
        let (hash, _) = rpc.get_latest_blockhash_with_commitment(rpc.commitment()).await?;
        let message = v0::Message::try_compile(&from, &[transfer(&from, to, lamports), memo], &[], hash)
            .map_err(|error| FaucetError::Refused(error.to_string()))?;
        let transaction = VersionedTransaction::try_new(VersionedMessage::V0(message), &[&wallet])
            .map_err(|error| FaucetError::Refused(error.to_string()))?;
        let config = RpcSendTransactionConfig {
            // The default is `finalized`, where a fresh block hash is still unknown.
            preflight_commitment: Some(rpc.commitment().commitment),
            ..RpcSendTransactionConfig::default()
        };
        let signature = rpc.send_transaction_with_config(&transaction, config).await?;
        self.confirmed(&signature).await?;
        Ok(signature)
    }

    async fn confirmed(&self, signature: &Signature) -> Result<(), FaucetError> {
        let rpc = &self.inner.rpc;
        let look = async {
            loop {
                let statuses = rpc.get_signature_statuses(&[*signature]).await?.value;
                if let Some(Some(status)) = statuses.into_iter().next() {
                    if let Some(error) = &status.err {
                        return Err(FaucetError::Refused(error.to_string()));
                    }
                    if status.satisfies_commitment(rpc.commitment()) {
                        return Ok(());
                    }
                }
                sleep(LOOK).await;
            }
        };
        timeout(CONFIRMATION, look).await.unwrap_or_else(|_| {
            let seconds = CONFIRMATION.as_secs();
            Err(FaucetError::Chain(format!("{signature} is not confirmed after {seconds} s")))
        })
    }

    fn keypair(&self, user: i64) -> Result<Keypair, FaucetError> {
        let path = self.inner.folder.join(format!("{user}.json"));
        let failed = |source| FaucetError::Key { path: path.clone(), source };
        let other = |error: Box<dyn std::error::Error>| failed(io::Error::other(error.to_string()));
        let _making = self.inner.making.lock().unwrap_or_else(PoisonError::into_inner);
        if path.try_exists().map_err(failed)? {
            return read_keypair_file(&path).map_err(other);
        }
        fs::create_dir_all(&self.inner.folder).map_err(failed)?;
        let wallet = Keypair::new();
        // Written aside and renamed: a kill in between leaves no half of a key.
        let aside = path.with_extension("new");
        write_keypair_file(&wallet, &aside).map_err(other)?;
        fs::rename(&aside, &path).map_err(failed)?;
        Ok(wallet)
    }
}

impl From<ClientError> for FaucetError {
    fn from(error: ClientError) -> Self {
        match error.kind() {
            ClientErrorKind::RpcError(RpcError::RpcResponseError { message, .. }) => {
                FaucetError::Refused(message.clone())
            }
            ClientErrorKind::TransactionError(error) => FaucetError::Refused(error.to_string()),
            _ => FaucetError::Chain(error.to_string()),
        }
    }
}

/// `GET /sandbox/outside?user=ID` → `{address, lamports}`; `POST /sandbox/faucet {address, lamports}` and
/// `POST /sandbox/outside/send {user, to, lamports}` → `{signature}`, once confirmed. A request that cannot
/// be obeyed is answered with 400, a chain that is away with 503, both with `{"error": "..."}`.
pub fn router(outside: Outside) -> Router {
    Router::new()
        .route("/sandbox/outside", get(show))
        .route("/sandbox/faucet", post(faucet))
        .route("/sandbox/outside/send", post(send))
        .with_state(outside)
}

/// An error as an answer.
struct Failed(StatusCode, String);

impl From<FaucetError> for Failed {
    fn from(error: FaucetError) -> Self {
        let status = match &error {
            FaucetError::Address(_) | FaucetError::Amount | FaucetError::Refused(_) => {
                StatusCode::BAD_REQUEST
            }
            FaucetError::Chain(_) => StatusCode::SERVICE_UNAVAILABLE,
            FaucetError::Key { source, .. } => {
                return Failed(StatusCode::INTERNAL_SERVER_ERROR, format!("{error}: {source}"));
            }
        };
        Failed(status, error.to_string())
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        (self.0, Json(json!({"error": self.1}))).into_response()
    }
}

#[derive(Deserialize)]
struct Whose {
    user: i64,
}

async fn show(
    State(outside): State<Outside>,
    whose: Result<Query<Whose>, QueryRejection>,
) -> Result<Json<Value>, Failed> {
    let Query(Whose { user }) =
        whose.map_err(|rejection| Failed(StatusCode::BAD_REQUEST, rejection.body_text()))?;
    let address = outside.address(user)?;
    let lamports = outside.lamports(&address).await?;
    Ok(Json(json!({"address": address.to_string(), "lamports": lamports})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Airdrop {
    address: String,
    lamports: u64,
}

async fn faucet(State(outside): State<Outside>, body: Bytes) -> Result<Json<Value>, Failed> {
    let Airdrop { address, lamports } = parse(&body)?;
    let signature = outside.airdrop(&parse_address(&address)?, lamports).await?;
    Ok(Json(json!({"signature": signature.to_string()})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Send {
    user: i64,
    to: String,
    lamports: u64,
}

async fn send(State(outside): State<Outside>, body: Bytes) -> Result<Json<Value>, Failed> {
    let Send { user, to, lamports } = parse(&body)?;
    let signature = outside.send(user, &parse_address(&to)?, lamports).await?;
    Ok(Json(json!({"signature": signature.to_string()})))
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Failed> {
    serde_json::from_slice(body).map_err(|error| Failed(StatusCode::BAD_REQUEST, format!("body: {error}")))
}

fn parse_address(text: &str) -> Result<Pubkey, FaucetError> {
    text.parse().map_err(|_| FaucetError::Address(text.to_owned()))
}
