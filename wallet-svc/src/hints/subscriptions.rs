use serde::Deserialize;
use serde_json::{Value, json};
use solana_pubkey::Pubkey;
use std::collections::{BTreeMap, BTreeSet};

/// What is asked of the endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    /// To tell of every transaction that names this address.
    Subscribe(Pubkey),
    /// Not to tell of this subscription any more.
    Unsubscribe(u64),
}

impl Request {
    /// The JSON-RPC message. <https://solana.com/docs/rpc/websocket/logssubscribe>
    #[must_use]
    pub fn message(&self, id: u64) -> Value {
        let (method, params) = match self {
            Self::Subscribe(address) => {
                ("logsSubscribe", json!([{"mentions": [address.to_string()]}, {"commitment": "confirmed"}]))
            }
            Self::Unsubscribe(subscription) => ("logsUnsubscribe", json!([subscription])),
        };
        json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
    }
}

/// The subscriptions of one connection: which are asked for, which are there.
#[derive(Debug, Default)]
pub struct Subscriptions {
    next: u64,
    asked: BTreeMap<u64, Request>,
    live: BTreeMap<u64, Pubkey>,
    /// Not asked for again on this connection.
    refused: BTreeSet<Pubkey>,
}

/// What an endpoint says: an answer to a request, or a notice.
#[derive(Deserialize)]
struct Said {
    id: Option<u64>,
    result: Option<Value>,
    error: Option<Value>,
    params: Option<Notice>,
}

#[derive(Deserialize)]
struct Notice {
    subscription: u64,
    result: NoticeResult,
}

#[derive(Deserialize)]
struct NoticeResult {
    value: NoticeValue,
}

#[derive(Deserialize)]
struct NoticeValue {
    err: Option<Value>,
}

impl Subscriptions {
    /// What to send so that exactly these addresses are told of.
    pub fn want(&mut self, addresses: &BTreeSet<Pubkey>) -> Vec<Value> {
        let known: BTreeSet<Pubkey> = self.live.values().copied().chain(self.asked_for()).collect();
        let leaving: Vec<u64> = self
            .live
            .iter()
            .filter(|(_, address)| !addresses.contains(address))
            .map(|(subscription, _)| *subscription)
            .collect();
        self.live.retain(|_, address| addresses.contains(address));
        let new =
            addresses.iter().filter(|address| !known.contains(address) && !self.refused.contains(address));
        let requests: Vec<Request> = new
            .copied()
            .map(Request::Subscribe)
            .chain(leaving.into_iter().map(Request::Unsubscribe))
            .collect();
        requests.into_iter().map(|request| self.ask(request)).collect()
    }

    fn asked_for(&self) -> impl Iterator<Item = Pubkey> {
        self.asked.values().filter_map(|request| match request {
            Request::Subscribe(address) => Some(*address),
            Request::Unsubscribe(_) => None,
        })
    }

    fn ask(&mut self, request: Request) -> Value {
        self.next = self.next.saturating_add(1);
        self.asked.insert(self.next, request);
        request.message(self.next)
    }

    /// Takes what the endpoint says. Returns the address where a transaction that names it succeeded.
    ///
    /// # Errors
    /// Not a message of the protocol.
    pub fn hear(&mut self, text: &str) -> Result<Option<Pubkey>, serde_json::Error> {
        let said: Said = serde_json::from_str(text)?;
        if let Some(notice) = said.params {
            let address = self.live.get(&notice.subscription).copied();
            return Ok(address.filter(|_| notice.result.value.err.is_none()));
        }
        let Some(Request::Subscribe(address)) = said.id.and_then(|id| self.asked.remove(&id)) else {
            return Ok(None);
        };
        let Some(subscription) = said.result.as_ref().and_then(Value::as_u64) else {
            tracing::warn!(%address, error = ?said.error, "not subscribed");
            self.refused.insert(address);
            return Ok(None);
        };
        self.live.insert(subscription, address);
        // Something may have happened between the last reading and the subscription.
        Ok(Some(address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> Pubkey {
        Pubkey::new_from_array([byte; 32])
    }

    fn keys(bytes: &[u8]) -> BTreeSet<Pubkey> {
        bytes.iter().copied().map(key).collect()
    }

    fn methods(requests: &[Value]) -> Vec<&str> {
        requests.iter().map(|request| request["method"].as_str().unwrap()).collect()
    }

    fn notice(subscription: u64, err: &Value) -> String {
        let value = json!({"signature": "5", "err": err, "logs": []});
        json!({"jsonrpc": "2.0", "method": "logsNotification",
               "params": {"result": {"context": {"slot": 5}, "value": value}, "subscription": subscription}})
        .to_string()
    }

    #[test]
    fn only_what_is_wanted_is_asked_for_and_once() {
        let mut subscriptions = Subscriptions::default();
        let asked = subscriptions.want(&keys(&[1, 2]));
        assert_eq!(methods(&asked), ["logsSubscribe"; 2]);
        assert_eq!(asked[0]["params"][0]["mentions"], json!([key(1).to_string()]));
        assert_eq!(subscriptions.want(&keys(&[1, 2])), Vec::<Value>::new());
        // Subscribed: what came before is looked at once.
        assert_eq!(subscriptions.hear(r#"{"jsonrpc":"2.0","result":70,"id":1}"#).unwrap(), Some(key(1)));
        let asked = subscriptions.want(&keys(&[2, 3]));
        assert_eq!(methods(&asked), ["logsSubscribe", "logsUnsubscribe"]);
        assert_eq!(asked[1]["params"], json!([70]));
        assert_eq!(subscriptions.hear(&notice(70, &Value::Null)).unwrap(), None, "not wanted any more");
    }

    #[test]
    fn a_notice_names_its_address_unless_the_transaction_failed() {
        let mut subscriptions = Subscriptions::default();
        subscriptions.want(&keys(&[1]));
        assert_eq!(subscriptions.hear(&notice(70, &Value::Null)).unwrap(), None, "not subscribed yet");
        subscriptions.hear(r#"{"jsonrpc":"2.0","result":70,"id":1}"#).unwrap();
        assert_eq!(subscriptions.hear(&notice(70, &Value::Null)).unwrap(), Some(key(1)));
        assert_eq!(subscriptions.hear(&notice(70, &json!("AccountInUse"))).unwrap(), None);
        assert_eq!(subscriptions.hear(&notice(71, &Value::Null)).unwrap(), None);
        assert!(subscriptions.hear("hello").is_err());
    }

    #[test]
    fn a_refused_subscription_is_not_asked_for_again() {
        let mut subscriptions = Subscriptions::default();
        subscriptions.want(&keys(&[1]));
        let refused = r#"{"jsonrpc":"2.0","error":{"code":-32602,"message":"too many"},"id":1}"#;
        assert_eq!(subscriptions.hear(refused).unwrap(), None);
        assert_eq!(subscriptions.want(&keys(&[1])), Vec::<Value>::new());
    }
}
