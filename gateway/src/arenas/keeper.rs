//! The one process that carries steps out, while it holds the lease.

use super::steps::{self, Halt};
use crate::{
    app::App,
    store::{
        accounts,
        arenas::{self, Asked, arranged},
    },
};
use chassis::{Fault, Held};
use futures::StreamExt as _;
use proto::AccountId;
use std::{sync::Arc, time::Duration};
use tokio::sync::Notify;

/// Steps taken from the database at a time.
const TOGETHER: i64 = 16;

/// Groups that are arranged side by side.
const SIDE_BY_SIDE: usize = 2;

/// How often is looked when nothing wakes.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Carries steps out until the lease is lost.
///
/// # Errors
/// The database is away; then the term begins anew.
pub async fn run(app: Arc<App>, wake: Arc<Notify>, held: Held) -> Result<(), Fault> {
    let lost = held.lost();
    while !lost.is_cancelled() {
        let due = arenas::due(app.db.pool(), TOGETHER, app.clock.now()).await?;
        let found = !due.is_empty();
        futures::stream::iter(due)
            .for_each_concurrent(SIDE_BY_SIDE, |asked| carry_out(&app, &held, asked))
            .await;
        if found {
            continue;
        }
        tokio::select! {
            () = lost.cancelled() => {}
            () = wake.notified() => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
    Ok(())
}

async fn carry_out(app: &App, held: &Held, asked: Asked) {
    let step = asked.command.step().as_str_name();
    let outcome = steps::perform(app, &asked).await;
    let name = match &outcome {
        Ok(()) => "done",
        Err(Halt::Refused(_)) => "refused",
        Err(Halt::Outdated) => "outdated",
        Err(Halt::Later(_) | Halt::Fault(_)) => "later",
    };
    metrics::counter!("gateway_arena_steps_total", "step" => step, "outcome" => name).increment(1);
    let recorded = match outcome {
        Ok(()) => end(app, held, &asked, "").await,
        Err(Halt::Refused(why)) => {
            tracing::error!(chat = asked.command.chat_id, step, why, "an arena cannot be arranged");
            end(app, held, &asked, &why).await
        }
        Err(Halt::Outdated) => Ok(()),
        Err(Halt::Later(wait)) => later(app, &asked, wait).await,
        Err(Halt::Fault(fault)) => {
            tracing::warn!(chat = asked.command.chat_id, step, error = fault.chain(), "not arranged yet");
            later(app, &asked, LOOK_EVERY).await
        }
    };
    if let Err(fault) = recorded {
        tracing::warn!(chat = asked.command.chat_id, step, error = fault.chain(), "a step is done again");
        // Whatever kept it from being recorded is not asked in a circle.
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

async fn end(app: &App, held: &Held, asked: &Asked, fault: &str) -> Result<(), Fault> {
    let mut unit = app.db.unit().await?;
    held.check(&mut unit).await?;
    if let Some(link) = arenas::ended(unit.conn(), &asked.command, fault).await? {
        unit.event(&arranged(&asked.command, link, fault.to_owned()));
    }
    unit.commit().await
}

async fn later(app: &App, asked: &Asked, wait: Duration) -> Result<(), Fault> {
    arenas::again(app.db.pool(), &asked.command, app.clock.now() + wait).await
}

/// Takes somebody who is about to be forgotten out of every group: afterwards nobody would know whom to remove.
///
/// # Errors
/// Telegram or the database is away.
pub async fn let_go(app: &App, account: AccountId) -> Result<(), Fault> {
    let groups = arenas::of_guest(app.db.pool(), account).await?;
    if groups.is_empty() {
        return Ok(());
    }
    let people = accounts::reach(app.db.pool(), &app.vault, &[account.uuid()]).await?;
    for chat_id in groups {
        if let Some(person) = people.get(&account) {
            match steps::remove(&app.bot, chat_id, person.telegram_user_id).await {
                Ok(()) | Err(Halt::Outdated) => {}
                // A group that we lost keeps whom it has.
                Err(Halt::Refused(why)) => tracing::warn!(chat_id, why, "a guest is not removed"),
                Err(Halt::Later(_)) => return Err(Fault::upstream("Telegram", "a guest is not removed")),
                Err(Halt::Fault(fault)) => return Err(fault),
            }
        }
        arenas::gone(app.db.pool(), chat_id, account.uuid()).await?;
    }
    Ok(())
}
