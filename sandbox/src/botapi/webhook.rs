//! Pushes updates to the bot's webhook, one at a time and in order.

use std::sync::Weak;
use std::time::Duration;

use serde_json::{Map, Value};
use tokio::sync::watch;

use crate::botapi::journal::Record;
use crate::botapi::params::Params;
use crate::botapi::state::{Pending, Webhook};
use crate::botapi::world::unix_now;
use crate::botapi::{BotApi, Inner, methods};

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
const PATIENCE: Duration = Duration::from_secs(30);

/// Delivers until the server is gone. An update is repeated until it is answered with 2xx.
pub(crate) async fn run(server: Weak<Inner>, mut pulse: watch::Receiver<u64>) {
    let http = http_client();
    let mut pause = FIRST_PAUSE;
    loop {
        pulse.mark_unchanged();
        let Some(api) = server.upgrade().map(BotApi) else { return };
        let due = api.read(|world| {
            let webhook = world.state.webhook.clone()?;
            let first = world.state.waiting(0, 1, unix_now()).first().map(|&p| p.clone())?;
            Some((webhook, first))
        });
        let Some((webhook, update)) = due else {
            drop(api);
            if pulse.changed().await.is_err() {
                return;
            }
            continue;
        };
        match deliver(&http, &webhook, &update).await {
            Ok(reply) => {
                pause = FIRST_PAUSE;
                let below = update.update_id.saturating_add(1);
                if let Err(refusal) = api.change(|world| world.confirm(below)) {
                    tracing::error!(refusal.description, "a delivered update stays");
                }
                if let Some((method, params)) = reply {
                    // Telegram does not tell the bot what became of such a call either.
                    if let Err(refusal) = methods::call(&api, &method, &params).await {
                        tracing::warn!(method, refusal.description, "call in a webhook's answer");
                    }
                }
            }
            Err(why) => {
                note_failure(&api, &webhook, &why);
                drop(api);
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

/// A client that needs no TLS provider installed by somebody else.
pub(crate) fn http_client() -> reqwest::Client {
    // An error means that there is one already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}

type Reply = Option<(String, Params)>;

async fn deliver(http: &reqwest::Client, webhook: &Webhook, update: &Pending) -> Result<Reply, String> {
    let mut request = http.post(&webhook.url).timeout(PATIENCE).json(&update.wire());
    if let Some(secret) = &webhook.secret_token {
        request = request.header("X-Telegram-Bot-Api-Secret-Token", secret);
    }
    let response = request.send().await.map_err(|_| "Connection failed".to_owned())?;
    let status = response.status();
    if !status.is_success() {
        let reason = status.canonical_reason().unwrap_or_default();
        return Err(format!("Wrong response from the webhook: {} {reason}", status.as_u16()));
    }
    let body = response.json::<Map<String, Value>>().await.unwrap_or_default();
    let method = body.get("method").and_then(Value::as_str).map(str::to_ascii_lowercase);
    Ok(method.map(|method| (method, Params::from_object(body))))
}

fn note_failure(api: &BotApi, failed: &Webhook, why: &str) {
    let noted = api.change(|world| {
        world.counters.webhook_failures = world.counters.webhook_failures.saturating_add(1);
        match &world.state.webhook {
            Some(webhook) if webhook.url == failed.url => {
                let last_error = Some((unix_now(), why.to_owned()));
                let webhook = Webhook { last_error, ..webhook.clone() };
                world.record(Record::Webhook(Some(webhook)))
            }
            _ => Ok(()),
        }
    });
    if let Err(refusal) = noted {
        tracing::error!(refusal.description, "the webhook's error is not kept");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_dropped_server_ends_the_delivery() {
        let (beat, pulse) = watch::channel(0);
        let task = tokio::spawn(run(Weak::new(), pulse));
        drop(beat);
        tokio::time::timeout(Duration::from_secs(5), task).await.unwrap().unwrap();
    }
}
