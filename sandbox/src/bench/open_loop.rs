//! Bets at a steady rate, whatever becomes of those before them: a service that stands still does not make whoever measures it
//! wait with the next one. Each takes from the moment at which it was due, not from the one at which it was sent, until its
//! outcome is heard, so that what a pause does to all that were due in it is counted.

use super::{
    bets::{self, Planned},
    latencies::Latencies,
    stage::Stage,
};
use anyhow::{Context, Result, ensure};
use futures::StreamExt;
use prost::Message;
use proto::{
    Service,
    common::{Outcomes, outcome},
};
use std::{collections::HashMap, time::Duration};
use tokio::time::Instant;
use uuid::Uuid;

/// An outcome that takes longer does not come.
const PATIENCE: Duration = Duration::from_secs(120);

/// What became of the bets.
#[derive(Debug)]
pub(super) struct Flow {
    /// From due to heard.
    pub(super) took: Latencies,
    /// Outcomes a second, from the first bet's being due to the last outcome.
    pub(super) rate: f64,
}

/// Places so many bets a second for `span`, over as many fresh rooms as `rooms` says. No account bets twice, so there must be
/// as many as bets.
///
/// # Errors
/// A bet is refused or never answered, or a server is away.
pub(super) async fn bets(stage: &Stage, per_second: f64, span: Duration, rooms: usize) -> Result<Flow> {
    let plan = bets::plan(stage, count(per_second, span), rooms).await?;
    let mut outcomes = stage.client.subscribe(Outcomes::subject(Service::Room)).await?;
    stage.client.flush().await?;
    let schedule = Schedule { began: Instant::now(), per_second };
    let due = plan.iter().enumerate().map(|(index, planned)| Ok((planned.bet, schedule.due(index)?)));
    let mut due: HashMap<Uuid, Instant> = due.collect::<Result<_>>()?;
    let publishing = publish(stage, &plan, &schedule);
    let hearing = async {
        let mut took = Latencies::try_new()?;
        while !due.is_empty() {
            let message = tokio::time::timeout(PATIENCE, outcomes.next())
                .await
                .with_context(|| format!("{} bets were never answered", due.len()))?
                .context("the broker went away")?;
            let now = Instant::now();
            for item in Outcomes::decode(message.payload)?.items {
                let Some(due) = due.remove(&Uuid::from_slice(&item.command_id)?) else { continue };
                if let Some(outcome::Result::Refused(refusal)) = &item.result {
                    anyhow::bail!("a bet was refused: {refusal:?}");
                }
                took.record(now.saturating_duration_since(due));
            }
        }
        anyhow::Ok((took, Instant::now()))
    };
    let ((), (took, ended)) = tokio::try_join!(publishing, hearing)?;
    let seconds = (ended - schedule.began).as_secs_f64();
    let rate = f64::from(u32::try_from(plan.len())?) / seconds;
    Ok(Flow { took, rate })
}

/// When each is due.
pub(super) struct Schedule {
    /// When the first one is.
    pub(super) began: Instant,
    /// How many a second.
    pub(super) per_second: f64,
}

impl Schedule {
    /// When the one of this place is due.
    ///
    /// # Errors
    /// More than four billion.
    pub(super) fn due(&self, index: usize) -> Result<Instant> {
        let offset = f64::from(u32::try_from(index)?) / self.per_second;
        Ok(self.began + Duration::from_secs_f64(offset))
    }

    /// Waits until the one of this place is due, and says how many are by then, of so many.
    ///
    /// # Errors
    /// As [`Schedule::due`].
    pub(super) async fn wait(&self, first: usize, all: usize) -> Result<usize> {
        tokio::time::sleep_until(self.due(first)?).await;
        let now = Instant::now();
        let mut next = first + 1;
        while next < all && self.due(next)? <= now {
            next += 1;
        }
        Ok(next)
    }
}

/// Publishes all that are due together.
async fn publish(stage: &Stage, plan: &[Planned], schedule: &Schedule) -> Result<()> {
    let commands: Vec<_> = plan.iter().map(Planned::command).collect();
    let mut sent = 0;
    while sent < commands.len() {
        let next = schedule.wait(sent, commands.len()).await?;
        let these = commands.get(sent..next).context("a schedule beyond its end")?;
        let messages: Vec<_> = these.iter().map(|message| (message, "")).collect();
        stage.bus.publish(&messages).await?;
        sent = next;
    }
    Ok(())
}

/// How many come in a span, at least one.
pub(super) fn count(per_second: f64, span: Duration) -> usize {
    let all = per_second * span.as_secs_f64();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a positive rate of some thousands"
    )]
    let all = all as usize;
    all.max(1)
}

/// How long so many accounts last at this rate, at most `span`.
pub(super) fn lasting(per_second: f64, span: Duration, accounts: usize) -> Result<Duration> {
    ensure!(per_second > 0.0, "no rate");
    let longest = f64::from(u32::try_from(accounts)?) / per_second;
    Ok(span.min(Duration::from_secs_f64(longest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_was_due_in_a_pause_is_sent_after_it_and_counts_from_when_it_was_due() {
        let schedule = Schedule { began: Instant::now(), per_second: 100.0 };
        assert_eq!(schedule.wait(0, 1_000).await.unwrap(), 1);
        assert_eq!(schedule.wait(1, 1_000).await.unwrap(), 2);
        // A service that stands still for a second keeps nobody from being due.
        tokio::time::advance(Duration::from_secs(1)).await;
        let sent = schedule.wait(2, 1_000).await.unwrap();
        assert_eq!(sent, 102);
        let waited = Instant::now() - schedule.due(2).unwrap();
        assert!(waited >= Duration::from_millis(985), "{waited:?}");
        assert_eq!(schedule.wait(990, 1_000).await.unwrap(), 991);
        assert_eq!(schedule.wait(999, 1_000).await.unwrap(), 1_000);
    }

    #[test]
    fn a_span_holds_as_many_as_there_are_accounts() {
        let span = Duration::from_secs(10);
        assert_eq!(count(500.0, span), 5_000);
        assert_eq!(count(0.01, span), 1);
        assert_eq!(lasting(500.0, span, 100_000).unwrap(), span);
        assert_eq!(count(500.0, lasting(500.0, span, 1_000).unwrap()), 1_000);
    }
}
