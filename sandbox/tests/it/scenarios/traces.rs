//! One tap through all services, as a collector of traces sees it.

use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use opentelemetry_proto::tonic::trace::v1::Span;
use sandbox::venues::Asset;
use tokio::time::{Instant, sleep};

use super::people::{Ask, SOL, Town};

/// Spans are sent every few seconds.
const PATIENCE: Duration = Duration::from_secs(60);

const SERVICES: [&str; 6] =
    ["gateway", "notifier-svc", "oracle-svc", "room-svc", "settlement-svc", "wallet-svc"];

/// The last thing that comes of a tap: a notice is known to be delivered.
const LAST: (&str, &str) = ("notifier-svc", "Delivered");

/// A host takes a room back in which it has bet: room-svc closes it, settlement-svc voids it, oracle-svc stops watching it,
/// wallet-svc pays the stake back, notifier-svc has a notice of it, and the gateway sends that.
pub async fn one_tap_is_one_trace_through_all_services(town: &Town<'_>) -> Result<()> {
    let host = town.rich("Hal", SOL).await?;
    let room = host.open(Ask { asset: Asset::Btc, percent: 143, horizon: "50m" }).await?;
    host.bet(room, "YES", "0.1").await?;
    let card = host.card(room).await?;
    let sure = host.tap(&card, "Take the room back", "Take room").await?;
    host.tap(&sure, "Yes, take it back", "Your room is taken back").await?;
    host.has(SOL).await?;

    let deadline = Instant::now() + PATIENCE;
    while let Err(lacking) = whole(&town.collector.spans()) {
        ensure!(Instant::now() < deadline, "{lacking:#}");
        sleep(Duration::from_millis(200)).await;
    }
    Ok(())
}

/// Whether the trace of the tap is all there. Nobody else takes a room back.
fn whole(all: &[(String, Span)]) -> Result<()> {
    let told = all.iter().find(|(_, span)| span.name == "CancelRoom").context("nobody took a room back")?;
    let spans: Vec<&(String, Span)> =
        all.iter().filter(|(_, span)| span.trace_id == told.1.trace_id).collect();
    let named: Vec<String> =
        spans.iter().map(|(service, span)| format!("{service}: {}", span.name)).collect();
    let services: BTreeSet<&str> = spans.iter().map(|(service, _)| service.as_str()).collect();
    ensure!(services.iter().eq(&SERVICES), "only {services:?}: {named:#?}");
    ensure!(spans.iter().any(|(service, span)| (service.as_str(), span.name.as_str()) == LAST), "{named:#?}");

    let ids: HashSet<&[u8]> = spans.iter().map(|(_, span)| span.span_id.as_slice()).collect();
    let (roots, others): (Vec<_>, Vec<_>) =
        spans.iter().copied().partition(|(_, span)| span.parent_span_id.is_empty());
    let [(root, tap)] = roots.as_slice() else { bail!("{} roots: {named:#?}", roots.len()) };
    ensure!(
        (root.as_str(), tap.name.as_str()) == ("gateway", "update"),
        "it begins with {root}: {}",
        tap.name
    );
    for (service, span) in others {
        ensure!(
            ids.contains(span.parent_span_id.as_slice()),
            "{service}: {} is an orphan: {named:#?}",
            span.name
        );
    }
    Ok(())
}
