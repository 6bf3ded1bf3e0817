//! Broadcasts, statistics and smart wallets in tables.

use super::{fields, table, text, write};
use crate::{
    failure::Failure,
    view::notifier::{BroadcastView, DeliveriesView, SmartWalletView},
};
use proto::notifier::Broadcast;

pub fn preview(broadcast: &Broadcast, recipients: u64) -> Result<(), Failure> {
    let mut rows = vec![("recipients", recipients.to_string())];
    rows.extend(broadcast.texts.iter().map(|text| (text.language.as_str(), text.text.clone())));
    write(&fields(rows))
}

pub fn broadcasts(broadcasts: &[BroadcastView]) -> Result<(), Failure> {
    if broadcasts.is_empty() {
        return text("there are no broadcasts");
    }
    let rows = broadcasts.iter().map(|broadcast| {
        vec![
            broadcast.id.to_string(),
            broadcast.state.clone(),
            format!("{}/{}", broadcast.sent, broadcast.recipients),
            broadcast.failed.to_string(),
            broadcast.started_at.to_string(),
            broadcast.ended_at.to_string(),
            broadcast.languages.join(", "),
            broadcast.text.chars().take(60).collect(),
        ]
    });
    write(&table(&["id", "state", "sent", "failed", "started", "ended", "languages", "text"], rows))
}

pub fn deliveries(days: &[DeliveriesView]) -> Result<(), Failure> {
    if days.is_empty() {
        return text("nothing was told");
    }
    write(&table(&DeliveriesView::HEAD, days.iter().map(DeliveriesView::row)))
}

/// Days, words without commas and numbers: nothing needs quotes (RFC 4180).
pub fn deliveries_csv(days: &[DeliveriesView]) -> Result<(), Failure> {
    let head = DeliveriesView::HEAD.map(str::to_owned).to_vec();
    let lines = std::iter::once(head).chain(days.iter().map(DeliveriesView::row));
    write(&lines.map(|line| line.join(",") + "\r\n").collect::<String>())
}

pub fn smart_wallets(wallets: &[SmartWalletView]) -> Result<(), Failure> {
    if wallets.is_empty() {
        return text("there are no smart wallets");
    }
    let rows = wallets
        .iter()
        .map(|wallet| vec![wallet.address.clone(), wallet.label.clone(), wallet.listed_at.to_string()]);
    write(&table(&["address", "label", "listed"], rows))
}
