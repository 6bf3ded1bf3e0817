//! Takes news in: what somebody has turned off is not stored, what comes in their quiet hours or is for their digest is kept
//! back, and a newer state of a thing makes older ones needless.

use crate::{
    domain::{news::News, preferences::When, state::State},
    settings::Rules,
    store::{
        contact,
        notification::{self, Told},
        preferences,
    },
};
use chassis::{Fault, Unit};
use proto::AccountId;
use std::collections::BTreeSet;
use time::OffsetDateTime;

/// Stores news, each with the time at which its event was told. In one's turn only, and before a release.
///
/// # Errors
/// The database.
pub async fn take_in(unit: &mut Unit, rules: &Rules, news: Vec<(News, OffsetDateTime)>) -> Result<(), Fault> {
    if news.is_empty() {
        return Ok(());
    }
    let now = unit.now().await?;
    let groups: Vec<_> = news.iter().filter_map(|(news, _)| Some((news.account, news.chat?))).collect();
    if !groups.is_empty() {
        contact::host(unit.conn(), &groups, now).await?;
    }
    let accounts: BTreeSet<AccountId> = news.iter().map(|(news, _)| news.account).collect();
    let known = preferences::of(&mut *unit.conn(), &accounts, rules.thresholds).await?;
    let told = news.into_iter().filter_map(|(news, at)| {
        let wanted = known.of(news.account);
        // A group has no preferences.
        if news.chat.is_none() && !wanted.wants(news.manner.category) {
            return None;
        }
        let held = match wanted.when(news.manner, now) {
            When::Later { until, gather } => Some((until, gather)),
            When::Now { .. } => None,
        };
        let expires_at = rules.freshness.end(news.manner.lane, now);
        Some(Told { news, at, held, expires_at })
    });
    let told: Vec<Told> = told.collect();
    notification::insert(unit.conn(), &told, rules.blocked_pause, now).await?;
    let threads: Vec<_> =
        told.iter().filter_map(|told| Some((told.news.account, told.news.thread.as_ref()?))).collect();
    if !threads.is_empty() {
        let superseded = notification::supersede(unit.conn(), &threads, now).await?;
        crate::measures::done(State::Superseded, superseded);
    }
    Ok(())
}
