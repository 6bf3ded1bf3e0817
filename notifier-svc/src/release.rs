//! Hands notifications to the gateway, as many as the credit allows.

use crate::{
    domain::{preferences::When, state::State},
    measures,
    settings::Rules,
    store::{kept, preferences, queue},
};
use chassis::{Fault, Outgoing, Unit};
use proto::AccountId;
use std::collections::BTreeSet;

/// Saga of the notifications in the gateway's hands, keyed by their ids.
pub const DELIVER: &str = "deliver";

/// Brings to an end what time has decided, and releases what may be released now. In one's turn only.
///
/// # Errors
/// The database.
pub async fn release(unit: &mut Unit, rules: &Rules) -> Result<(), Fault> {
    let now = unit.now().await?;
    measures::done(State::Expired, kept::expire(unit.conn(), now).await?);
    measures::done(State::Digested, kept::gather(unit.conn(), now).await?);
    kept::let_go(unit.conn(), rules.freshness, now).await?;
    // Whatever somebody's quiet hours keep back makes room for others.
    while release_once(unit, rules).await? {}
    Ok(())
}

/// Releases what is first in line. Returns whether some of it has to wait for the end of quiet hours.
async fn release_once(unit: &mut Unit, rules: &Rules) -> Result<bool, Fault> {
    let now = unit.now().await?;
    let candidates = queue::candidates(unit.conn(), rules.credit).await?;
    if candidates.is_empty() {
        return Ok(false);
    }
    let accounts: BTreeSet<AccountId> = candidates.iter().map(|candidate| candidate.account).collect();
    let known = preferences::of(&mut *unit.conn(), &accounts, rules.thresholds).await?;
    let (mut ids, mut commands, mut held) = (Vec::new(), Vec::new(), Vec::new());
    for candidate in candidates {
        match known.of(candidate.account).when_ripe(candidate.manner, now) {
            When::Later { until, gather } => held.push((candidate.id, Some(until), gather)),
            When::Now { silent } => {
                let id = candidate.id.uuid();
                ids.push(id);
                // One hand-over per notification, so its id is the command's.
                commands.push((id, Outgoing::command(&candidate.deliver(silent)?).id(id)));
            }
        }
    }
    queue::release(unit.conn(), &ids, now).await?;
    unit.issue_all(DELIVER, commands).await?;
    kept::hold(unit.conn(), &held).await?;
    Ok(!held.is_empty())
}
