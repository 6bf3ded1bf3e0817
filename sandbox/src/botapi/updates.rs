//! How updates reach the bot by `getUpdates`, and the settings of webhooks.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};

use crate::botapi::BotApi;
use crate::botapi::journal::Record;
use crate::botapi::params::Params;
use crate::botapi::refusal::Refusal;
use crate::botapi::state::Webhook;
use crate::botapi::world::{World, unix_now};

/// Telegram never holds a poll longer.
const MAX_WAIT_SECS: i64 = 50;

fn webhook_active() -> Refusal {
    Refusal::conflict(
        "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
    )
}

fn terminated() -> Refusal {
    Refusal::conflict(
        "terminated by other getUpdates request; make sure that only one bot instance is running",
    )
}

/// Long polling: an offset confirms everything below it; what is not confirmed comes again.
pub(crate) async fn get_updates(api: &BotApi, params: &Params) -> Result<Value, Refusal> {
    let offset = params.int("offset")?.unwrap_or(0);
    let limit = usize::try_from(params.int("limit")?.unwrap_or(100).clamp(1, 100)).unwrap_or(100);
    let wait = params.int("timeout")?.unwrap_or(0).clamp(0, MAX_WAIT_SECS).unsigned_abs();
    let kinds: Option<Vec<String>> = params.json("allowed_updates", "allowed_updates")?;
    let number = api.begin_poll();
    let mut pulse = api.0.pulse.subscribe();
    let offset = api.change(|world| {
        if world.state.webhook.is_some() {
            return Err(webhook_active());
        }
        if let Some(kinds) = kinds.filter(|kinds| *kinds != world.state.allowed_updates) {
            world.record(Record::AllowedUpdates { kinds })?;
        }
        let from = first_wanted(world, offset);
        world.confirm(from)?;
        Ok(from)
    })?;
    let deadline = Instant::now() + Duration::from_secs(wait);
    loop {
        pulse.mark_unchanged();
        if api.newest_poll() != number {
            return Err(terminated());
        }
        let found = api.read(|world| {
            if world.state.webhook.is_some() {
                return Err(webhook_active());
            }
            let waiting = world.state.waiting(offset, limit, unix_now());
            Ok(waiting.into_iter().map(|pending| pending.wire()).collect::<Vec<_>>())
        })?;
        if !found.is_empty() || timeout_at(deadline, pulse.changed()).await.is_err() {
            return Ok(Value::Array(found));
        }
    }
}

/// The id of the first update asked for; a negative offset counts from the end of the queue.
fn first_wanted(world: &World, offset: i64) -> i64 {
    let Ok(back) = usize::try_from(offset.saturating_neg()) else { return offset };
    if back == 0 {
        return 0;
    }
    let pending = &world.state.pending;
    let index = pending.len().saturating_sub(back);
    pending.get(index).map_or(0, |update| update.update_id)
}

pub(crate) fn set_webhook(world: &mut World, params: &Params) -> Result<Value, Refusal> {
    let url = params.text("url").unwrap_or_default();
    if params.flag("drop_pending_updates") {
        let below = world.state.next_update_id;
        world.confirm(below)?;
    }
    if url.is_empty() {
        world.record(Record::Webhook(None))?;
        return Ok(Value::Bool(true));
    }
    let parsed = reqwest::Url::parse(&url);
    if !parsed.is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host()) {
        return Err(Refusal::bad("bad webhook: invalid URL specified"));
    }
    let secret_token = params.text("secret_token").filter(|secret| !secret.is_empty());
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if secret_token.as_ref().is_some_and(|s| s.len() > 256 || !s.chars().all(plain)) {
        return Err(Refusal::bad("secret token contains unallowed characters"));
    }
    if let Some(kinds) = params.json("allowed_updates", "allowed_updates")? {
        world.record(Record::AllowedUpdates { kinds })?;
    }
    let max_connections = params.int("max_connections")?.unwrap_or(40).clamp(1, 100);
    let webhook = Webhook { url, secret_token, max_connections, last_error: None };
    world.record(Record::Webhook(Some(webhook)))?;
    Ok(Value::Bool(true))
}

pub(crate) fn delete_webhook(world: &mut World, params: &Params) -> Result<Value, Refusal> {
    if params.flag("drop_pending_updates") {
        let below = world.state.next_update_id;
        world.confirm(below)?;
    }
    world.record(Record::Webhook(None))?;
    Ok(Value::Bool(true))
}

pub(crate) fn webhook_info(world: &World) -> Value {
    let webhook = world.state.webhook.as_ref();
    let mut info = json!({
        "url": webhook.map_or("", |webhook| webhook.url.as_str()),
        "has_custom_certificate": false,
        "pending_update_count": world.state.pending.len(),
    });
    if let (Some(webhook), Some(fields)) = (webhook, info.as_object_mut()) {
        fields.insert("max_connections".into(), webhook.max_connections.into());
        if let Some((date, text)) = &webhook.last_error {
            fields.insert("last_error_date".into(), (*date).into());
            fields.insert("last_error_message".into(), text.clone().into());
        }
    }
    if let (false, Some(fields)) = (world.state.allowed_updates.is_empty(), info.as_object_mut()) {
        fields.insert("allowed_updates".into(), json!(world.state.allowed_updates));
    }
    info
}
