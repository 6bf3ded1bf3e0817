//! Plays Helius: watches the local chain and posts every transaction to the webhook of wallet-svc, in
//! its raw and its enhanced format in turn, again where it is not taken.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use chassis::retry;
use futures::{SinkExt, StreamExt};
use reqwest::Client;
use serde_json::{Value, json};
use servers::helius;
use tokio_tungstenite::{connect_async, tungstenite::Message};

const ANSWER: Duration = Duration::from_secs(5);

/// Who listens, and to what.
#[derive(Clone, Debug)]
pub struct Helius {
    /// JSON-RPC of the chain.
    pub rpc: String,
    /// Its WebSocket interface.
    pub ws: String,
    /// Where to post.
    pub webhook: String,
    /// Sent as `Authorization`.
    pub secret: String,
}

impl Helius {
    /// Watches and posts for ever; a chain that restarts is watched again.
    pub async fn play(self) {
        let client = Client::builder().timeout(ANSWER).build().unwrap_or_default();
        let mut pauses = retry::forever();
        loop {
            if let Err(error) = self.watch(&client).await {
                tracing::debug!(%error, "the chain is not watched");
            }
            tokio::time::sleep(pauses.next().unwrap_or(ANSWER)).await;
        }
    }

    async fn watch(&self, client: &Client) -> Result<()> {
        let (mut socket, _) = connect_async(self.ws.as_str()).await?;
        let ask = json!({"jsonrpc": "2.0", "id": 1, "method": "logsSubscribe",
                         "params": ["all", {"commitment": "confirmed"}]});
        socket.send(Message::text(ask.to_string())).await?;
        let mut count = 0_u64;
        while let Some(message) = socket.next().await {
            let Message::Text(text) = message? else { continue };
            let notice: Value = serde_json::from_str(&text)?;
            let Some(signature) = notice.pointer("/params/result/value/signature").and_then(Value::as_str)
            else {
                continue;
            };
            let transaction = self.transaction(client, signature).await?;
            let format = if count.is_multiple_of(2) { helius::raw } else { helius::enhanced };
            count = count.saturating_add(1);
            let body = format(&[transaction]);
            let post = || self.post(client, &body);
            if let Err(error) = retry::retry("webhook", post, |_| true).await {
                tracing::debug!(%error, signature, "not delivered");
            }
        }
        Ok(())
    }

    async fn transaction(&self, client: &Client, signature: &str) -> Result<Value> {
        let how = json!({"encoding": "json", "commitment": "confirmed", "maxSupportedTransactionVersion": 0});
        let ask = json!({"jsonrpc": "2.0", "id": 1, "method": "getTransaction", "params": [signature, how]});
        let mut answer: Value = client.post(&self.rpc).json(&ask).send().await?.json().await?;
        let result = answer.get_mut("result").map(Value::take).filter(|result| !result.is_null());
        result.with_context(|| format!("{signature} is not there"))
    }

    async fn post(&self, client: &Client, body: &Value) -> Result<()> {
        let post = client.post(&self.webhook).header("authorization", &self.secret).json(body);
        let status = post.send().await?.status();
        ensure!(status.is_success(), "answered {status}");
        Ok(())
    }
}
