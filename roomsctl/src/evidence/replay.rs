//! A verdict held against the oracle's stored seconds themselves, before they are in any bundle: what tests hold the oracle
//! against.

use super::agree;
use super::finding::{Findings, Wrong};
use super::head::Verdict;
use super::judge;
use super::series::Series;
use super::stream::Array;
use super::terms::{Ruling, Terms};
use super::touch::Touch;
use prost::Message;
use proto::{oracle, room, settlement};
use serde_json::{Map, Value, json};

/// Judges a room by these seconds, and names what is otherwise in the verdict that was told.
#[must_use]
pub fn judged(
    terms: &room::Terms,
    told: &settlement::Verdict,
    own: &[oracle::Second],
    rival: &[oracle::Second],
) -> Vec<Wrong> {
    let mut findings = Findings::default();
    if let Some(terms) = Terms::read(&terms.encode_to_vec(), &mut findings) {
        hold(&terms, &verdict(told), own, rival, &mut findings);
    }
    findings.into_parts().0
}

fn hold(
    terms: &Terms,
    verdict: &Verdict,
    own: &[oracle::Second],
    rival: &[oracle::Second],
    findings: &mut Findings,
) {
    let mut series =
        [(Series::new(Array::Series, Touch::of(terms)), own), (Series::new(Array::RivalSeries, None), rival)];
    for (series, seconds) in &mut series {
        for (index, second) in (0..).zip(*seconds) {
            series.take(index, &record(second), terms, findings);
        }
    }
    let [(own, _), (rival, _)] = &mut series;
    own.finish(verdict.series.map_or(0, |(_, last)| last.saturating_add(1)));
    match judge::judge(terms, verdict, own, rival) {
        Some(made) => agree::verdict(verdict, &made, findings),
        None => findings.add("verdict.series", "holds no answer: should lead to one"),
    }
}

fn verdict(told: &settlement::Verdict) -> Verdict {
    let ruling = match told.void_reason() {
        room::VoidReason::Unspecified => Ruling::Outcome(told.outcome),
        reason => Ruling::Void(reason),
    };
    let second = |second: i64| (second > 0).then_some(second);
    let word = |suspicion: settlement::Suspicion| {
        suspicion.as_str_name().trim_start_matches("SUSPICION_").to_owned()
    };
    Verdict {
        ruling,
        price: told.price.clone(),
        observed_at: told.observed_at.as_ref().map(micros),
        series: Some((told.series_first_second, told.series_last_second)),
        suspicions: told.suspicions().map(word).collect(),
        window_end: second(told.window_end_second),
        start_price: told.start_price.clone(),
        start_window_end: second(told.start_window_end_second),
        rival_price: told.rival_price.clone(),
        rival_start_price: told.rival_start_price.clone(),
    }
}

fn micros(at: &prost_types::Timestamp) -> i64 {
    at.seconds.saturating_mul(1_000_000).saturating_add(i64::from(at.nanos) / 1_000)
}

/// A second as a bundle would have it, but for its check.
fn record(second: &oracle::Second) -> Value {
    let aggregates: Vec<Value> = second.aggregates.iter().map(aggregate).collect();
    json!({"second": second.second, "complete": second.complete, "aggregates": aggregates})
}

fn aggregate(told: &oracle::Aggregate) -> Value {
    let quotes: Vec<Value> = told.quotes.iter().map(quote).collect();
    let rate_quotes: Vec<Value> = told.rate_quotes.iter().map(quote).collect();
    present(json!({
        "at": told.at.as_ref().map(moment),
        "price": told.price,
        "confidence": told.confidence,
        "band": told.band,
        "rate": told.usdt_usd,
        "quotes": quotes,
        "rate_quotes": rate_quotes,
    }))
}

fn quote(told: &oracle::Quote) -> Value {
    present(json!({
        "venue": told.venue,
        "price": told.price,
        "own_price": told.price_usdt,
        "venue_at": told.venue_at.as_ref().map(moment),
        "received_at": told.received_at.as_ref().map(moment),
        "counted": told.counted,
        "excluded": told.excluded,
    }))
}

fn moment(at: &prost_types::Timestamp) -> String {
    super::fields::written(micros(at))
}

/// What has no value is absent.
fn present(value: Value) -> Value {
    let Value::Object(members) = value else { return value };
    let is_there = |value: &Value| !matches!(value, Value::Bool(false)) && value.as_str() != Some("");
    Value::Object(members.into_iter().filter(|(_, value)| is_there(value)).collect::<Map<_, _>>())
}
