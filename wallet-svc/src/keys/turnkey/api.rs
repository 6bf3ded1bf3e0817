//! The few requests of Turnkey's API that we make.

use super::{ApiKey, TurnkeyError, TurnkeySettings};
use chassis::{clock::monotonic, measures};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use solana_signature::Signature;
use std::time::Duration;
use time::OffsetDateTime;

/// Between two looks at an activity that is being done.
const POLL: Duration = Duration::from_millis(200);
/// Of what Turnkey says about a refusal.
const MESSAGE_MAX: usize = 300;

/// An activity's request. The order of the fields is that of the bytes, which are its identity.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Submission<'a, P> {
    r#type: &'static str,
    timestamp_ms: String,
    organization_id: &'a str,
    parameters: P,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SignRawPayload<'a> {
    sign_with: &'a str,
    payload: String,
    encoding: &'static str,
    hash_function: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CreateWallet<'a> {
    wallet_name: &'a str,
    accounts: [(); 0],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CreateAccounts<'a> {
    wallet_id: &'a str,
    accounts: [Account<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Account<'a> {
    curve: &'static str,
    path_format: &'static str,
    path: &'a str,
    address_format: &'static str,
}

#[derive(Deserialize)]
struct ActivityAnswer {
    activity: Activity,
}

#[derive(Deserialize)]
struct Activity {
    id: String,
    status: Status,
    #[serde(default)]
    result: Option<Outcome>,
    #[serde(default)]
    failure: Option<Complaint>,
}

#[derive(Deserialize, Clone, Copy)]
enum Status {
    #[serde(rename = "ACTIVITY_STATUS_CREATED")]
    Created,
    #[serde(rename = "ACTIVITY_STATUS_PENDING")]
    Pending,
    #[serde(rename = "ACTIVITY_STATUS_COMPLETED")]
    Completed,
    #[serde(rename = "ACTIVITY_STATUS_FAILED")]
    Failed,
    #[serde(rename = "ACTIVITY_STATUS_CONSENSUS_NEEDED")]
    ConsensusNeeded,
    #[serde(rename = "ACTIVITY_STATUS_AUTHENTICATORS_NEEDED")]
    AuthenticatorsNeeded,
    #[serde(rename = "ACTIVITY_STATUS_REJECTED")]
    Rejected,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Outcome {
    sign_raw_payload_result: Option<RawSignature>,
    create_wallet_result: Option<MadeWallet>,
    create_wallet_accounts_result: Option<MadeAccounts>,
}

#[derive(Deserialize)]
struct RawSignature {
    r: String,
    s: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MadeWallet {
    wallet_id: String,
}

#[derive(Deserialize)]
struct MadeAccounts {
    addresses: Vec<String>,
}

/// What an error says, in an activity and in a refusal alike.
#[derive(Deserialize, Default)]
struct Complaint {
    #[serde(default)]
    message: String,
}

#[derive(Serialize, Default)]
#[serde(rename_all = "camelCase")]
struct Query<'a> {
    organization_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    activity_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wallet_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
}

#[derive(Deserialize)]
struct Wallets {
    #[serde(default)]
    wallets: Vec<Wallet>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wallet {
    wallet_id: String,
    wallet_name: String,
}

#[derive(Deserialize)]
struct AccountAnswer {
    #[serde(default)]
    account: Option<KnownAccount>,
}

#[derive(Deserialize)]
struct KnownAccount {
    address: String,
}

pub(super) struct Api {
    http: reqwest::Client,
    url: String,
    organization: String,
    timeout: Duration,
    key: ApiKey,
}

impl Api {
    pub(super) fn try_new(settings: TurnkeySettings) -> Result<Self, TurnkeyError> {
        let TurnkeySettings { url, organization, timeout, api_key, .. } = settings;
        // A redirect would hand a stamped request to somebody else.
        let http = reqwest::Client::builder()
            .timeout(timeout)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(TurnkeyError::Http)?;
        Ok(Self { http, url: url.trim_end_matches('/').to_owned(), organization, timeout, key: api_key })
    }

    /// Signs bytes as they are: Ed25519 hashes them itself. The time belongs to the bytes, see the module above.
    pub(super) async fn sign_raw_payload(
        &self,
        address: &str,
        payload: &[u8],
        at: OffsetDateTime,
    ) -> Result<Signature, TurnkeyError> {
        let parameters = SignRawPayload {
            sign_with: address,
            payload: hex::encode(payload),
            encoding: "PAYLOAD_ENCODING_HEXADECIMAL",
            hash_function: "HASH_FUNCTION_NOT_APPLICABLE",
        };
        let outcome =
            self.submit("sign_raw_payload", "ACTIVITY_TYPE_SIGN_RAW_PAYLOAD_V2", at, parameters).await?;
        let RawSignature { r, s } =
            outcome.sign_raw_payload_result.ok_or(TurnkeyError::Answer("a signature"))?;
        let mut bytes = [0u8; 64];
        hex::decode_to_slice(format!("{r}{s}"), &mut bytes)
            .map_err(|_| TurnkeyError::Answer("64 bytes of signature"))?;
        Ok(Signature::from(bytes))
    }

    pub(super) async fn create_wallet(&self, name: &str, at: OffsetDateTime) -> Result<String, TurnkeyError> {
        let parameters = CreateWallet { wallet_name: name, accounts: [] };
        let outcome = self.submit("create_wallet", "ACTIVITY_TYPE_CREATE_WALLET", at, parameters).await?;
        outcome.create_wallet_result.map(|made| made.wallet_id).ok_or(TurnkeyError::Answer("a wallet"))
    }

    pub(super) async fn create_account(
        &self,
        wallet: &str,
        path: &str,
        at: OffsetDateTime,
    ) -> Result<String, TurnkeyError> {
        let account = Account {
            curve: "CURVE_ED25519",
            path_format: "PATH_FORMAT_BIP32",
            path,
            address_format: "ADDRESS_FORMAT_SOLANA",
        };
        let parameters = CreateAccounts { wallet_id: wallet, accounts: [account] };
        let outcome = self
            .submit("create_wallet_accounts", "ACTIVITY_TYPE_CREATE_WALLET_ACCOUNTS", at, parameters)
            .await?;
        let made = outcome.create_wallet_accounts_result.and_then(|made| made.addresses.into_iter().next());
        made.ok_or(TurnkeyError::Answer("an address"))
    }

    pub(super) async fn wallet_named(&self, name: &str) -> Result<Option<String>, TurnkeyError> {
        let answer: Wallets = self.query("list_wallets", Query::default()).await?;
        Ok(answer
            .wallets
            .into_iter()
            .find(|wallet| wallet.wallet_name == name)
            .map(|wallet| wallet.wallet_id))
    }

    /// The address at a path, if there is one.
    pub(super) async fn account_at(&self, wallet: &str, path: &str) -> Result<Option<String>, TurnkeyError> {
        let query = Query { wallet_id: Some(wallet), path: Some(path), ..Query::default() };
        match self.query::<AccountAnswer>("get_wallet_account", query).await {
            Ok(answer) => Ok(answer.account.map(|account| account.address)),
            Err(TurnkeyError::Refused { status: 404, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Submits an activity and waits for its end, for as long as one request may take.
    async fn submit<P: Serialize>(
        &self,
        path: &str,
        kind: &'static str,
        at: OffsetDateTime,
        parameters: P,
    ) -> Result<Outcome, TurnkeyError> {
        let timestamp_ms = (at.unix_timestamp_nanos() / 1_000_000).to_string();
        let submission =
            Submission { r#type: kind, timestamp_ms, organization_id: &self.organization, parameters };
        let answer: ActivityAnswer = self.post(&format!("submit/{path}"), &submission).await?;
        let id = answer.activity.id.clone();
        let ended = tokio::time::timeout(self.timeout, self.ended(answer.activity));
        ended.await.unwrap_or(Err(TurnkeyError::Pending(id)))
    }

    async fn ended(&self, mut activity: Activity) -> Result<Outcome, TurnkeyError> {
        loop {
            let Activity { id, status, result, failure } = activity;
            match status {
                Status::Completed => return result.ok_or(TurnkeyError::Answer("a result")),
                Status::ConsensusNeeded | Status::AuthenticatorsNeeded => {
                    return Err(TurnkeyError::NeedsApproval(id));
                }
                Status::Failed => {
                    return Err(TurnkeyError::Failed { id, message: failure.unwrap_or_default().message });
                }
                Status::Rejected => return Err(TurnkeyError::Rejected(id)),
                Status::Created | Status::Pending => {}
            }
            tokio::time::sleep(POLL).await;
            let query = Query { activity_id: Some(&id), ..Query::default() };
            let answer: ActivityAnswer = self.query("get_activity", query).await?;
            activity = answer.activity;
        }
    }

    async fn query<'a, A: DeserializeOwned>(
        &'a self,
        path: &str,
        query: Query<'a>,
    ) -> Result<A, TurnkeyError> {
        let query = Query { organization_id: &self.organization, ..query };
        self.post(&format!("query/{path}"), &query).await
    }

    async fn post<A: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<A, TurnkeyError> {
        let asked_at = monotonic();
        let answer = self.ask(path, body).await;
        let result = if answer.is_ok() { "answered" } else { "failed" };
        measures::called("turnkey", result, asked_at.elapsed());
        answer
    }

    async fn ask<A: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<A, TurnkeyError> {
        let body = serde_json::to_vec(body)?;
        let request = self
            .http
            .post(format!("{}/public/v1/{path}", self.url))
            .header("X-Stamp", self.key.stamp(&body))
            .header("Content-Type", "application/json")
            .body(body);
        // The address may be told, what is in the body may not.
        let answer = request.send().await.map_err(|error| TurnkeyError::Http(error.without_url()))?;
        let status = answer.status();
        let bytes = answer.bytes().await.map_err(|error| TurnkeyError::Http(error.without_url()))?;
        if !status.is_success() {
            let complaint: Complaint = serde_json::from_slice(&bytes).unwrap_or_default();
            let message = complaint.message.chars().take(MESSAGE_MAX).collect();
            return Err(TurnkeyError::Refused { status: status.as_u16(), message });
        }
        serde_json::from_slice(&bytes).map_err(|_| TurnkeyError::Answer("the documented fields"))
    }
}
