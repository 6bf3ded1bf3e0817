//! Accounts on Solana over JSON-RPC, `getMultipleAccounts`.
//! <https://solana.com/docs/rpc/http/getmultipleaccounts>

use super::http::{Host, HttpError};
use crate::domain::{Account, VenueId};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use chassis::settings::Endpoint;
use serde::Deserialize;
use serde_json::json;
use solana_pubkey::Pubkey;
use std::borrow::Cow;

/// Most accounts in one request.
pub const MOST_ACCOUNTS: usize = 100;

/// One endpoint.
#[derive(Clone, Debug)]
pub struct Rpc {
    /// Its name in quotes.
    pub venue: VenueId,
    /// Its manners.
    pub host: Host,
    /// Where it is; may hold a key.
    pub url: Endpoint,
}

/// Accounts as of one slot, in the order in which they were asked for; nothing where there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accounts {
    /// Which slot.
    pub slot: u64,
    /// The accounts.
    pub accounts: Vec<Option<Account>>,
}

/// Why an endpoint told no accounts.
#[derive(Debug, thiserror::Error)]
pub enum RpcError {
    /// It could not be asked.
    #[error("endpoint")]
    Http(#[from] HttpError),
    /// Not JSON, or not of the documented shape.
    #[error("unexpected JSON")]
    Json(#[from] serde_json::Error),
    /// It refuses.
    #[error("refused with {code}: {message}")]
    Refused {
        /// As in JSON-RPC.
        code: i64,
        /// In its words.
        message: String,
    },
    /// Another number of accounts, or one that is no account.
    #[error("not the accounts that were asked for")]
    Accounts,
}

impl Rpc {
    /// Reads at most [`MOST_ACCOUNTS`] accounts at commitment `confirmed`.
    ///
    /// # Errors
    /// No answer, or not the accounts.
    pub async fn accounts(&self, addresses: &[Pubkey]) -> Result<Accounts, RpcError> {
        let names: Vec<String> = addresses.iter().map(Pubkey::to_string).collect();
        let how = json!({"encoding": "base64", "commitment": "confirmed"});
        let ask = json!({"jsonrpc": "2.0", "id": 1, "method": "getMultipleAccounts", "params": [names, how]});
        let body = self.host.post(self.url.expose(), ask.to_string()).await?;
        read(&body, addresses.len())
    }
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    result: Option<Told<'a>>,
    #[serde(borrow)]
    error: Option<Refusal<'a>>,
}

#[derive(Deserialize)]
struct Refusal<'a> {
    code: i64,
    #[serde(borrow, default)]
    message: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Told<'a> {
    context: Context,
    #[serde(borrow)]
    value: Vec<Option<Wire<'a>>>,
}

#[derive(Deserialize)]
struct Context {
    slot: u64,
}

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow)]
    owner: Cow<'a, str>,
    /// The bytes and their encoding.
    #[serde(borrow)]
    data: (Cow<'a, str>, Cow<'a, str>),
}

/// Reads an answer about so many accounts.
///
/// # Errors
/// It is none.
pub fn read(body: &[u8], asked: usize) -> Result<Accounts, RpcError> {
    let answer: Answer<'_> = serde_json::from_slice(body)?;
    if let Some(Refusal { code, message }) = answer.error {
        return Err(RpcError::Refused { code, message: message.chars().take(200).collect() });
    }
    let told = answer.result.filter(|told| told.value.len() == asked).ok_or(RpcError::Accounts)?;
    let account = |wire: Wire<'_>| -> Option<Account> {
        let (bytes, encoding) = wire.data;
        let owner = wire.owner.parse().ok().filter(|_| encoding == "base64")?;
        Some(Account { owner, data: STANDARD.decode(bytes.as_bytes()).ok()? })
    };
    let accounts = told
        .value
        .into_iter()
        .map(|wire| wire.map(|wire| account(wire).ok_or(RpcError::Accounts)).transpose())
        .collect::<Result<_, _>>()?;
    Ok(Accounts { slot: told.context.slot, accounts })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const GOOD: &str = r#"{"jsonrpc":"2.0","result":{"context":{"apiVersion":"3.0.6","slot":341197247},"value":[
        {"data":["AQIDBA==","base64"],"executable":false,"lamports":88849814690250,"owner":"TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA","rentEpoch":18446744073709551615,"space":4},
        null]},"id":1}"#;

    #[test]
    fn reads_what_is_there_and_what_is_not() {
        let read = read(GOOD.as_bytes(), 2).unwrap();
        assert_eq!(read.slot, 341_197_247);
        assert_eq!(read.accounts[0].as_ref().unwrap().data, [1, 2, 3, 4]);
        assert_eq!(read.accounts[0].as_ref().unwrap().owner, crate::domain::TOKEN);
        assert_eq!(read.accounts[1], None);
    }

    #[test]
    fn refuses_what_is_no_answer() {
        assert!(matches!(read(GOOD.as_bytes(), 3), Err(RpcError::Accounts)));
        for (right, wrong) in [
            ("base64", "base58"),
            ("AQIDBA==", "AQIDBA="),
            ("TokenkegQ", "0okenkegQ"),
            ("341197247", "-1"),
            ("\"slot\"", "\"slots\""),
            ("[\"AQIDBA==\",\"base64\"]", "\"AQIDBA==\""),
        ] {
            assert!(read(GOOD.replacen(right, wrong, 1).as_bytes(), 2).is_err(), "{wrong}");
        }
        let refused =
            r#"{"jsonrpc":"2.0","error":{"code":-32005,"message":"Node is behind by 42 slots"},"id":1}"#;
        assert!(matches!(read(refused.as_bytes(), 1), Err(RpcError::Refused { code: -32_005, .. })));
    }

    proptest! {
        #[test]
        fn no_body_panics(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&body, 1);
        }

        #[test]
        fn no_damage_panics(at in any::<prop::sample::Index>(), with in ".{0,6}", cut in 0_usize..20, asked in 0_usize..4) {
            let good: Vec<char> = GOOD.chars().collect();
            let at = at.index(good.len());
            let damaged: String =
                good[..at].iter().copied().chain(with.chars()).chain(good[at..].iter().skip(cut).copied()).collect();
            let _ = read(damaged.as_bytes(), asked);
        }
    }
}
