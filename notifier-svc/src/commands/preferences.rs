//! What the owner of an account says about being told.

use super::{Incoming, Notices};
use crate::{
    domain::{
        preferences::{Preferences, When},
        state::State,
    },
    measures,
    store::{kept, notification, preferences, webhook},
    webhooks,
};
use chassis::{Delivery, Fault, Unit, grpc::Unanswered};
use proto::{
    AccountId, Refusal,
    common::RefusalCode,
    notifier::{ChangePreferences, ChangePreferencesDone, change_preferences::Change},
};
use std::collections::BTreeSet;

impl Notices {
    /// Changes one preference; what waits already follows it.
    pub(super) async fn change_preferences(
        &self,
        unit: &mut Unit,
        delivery: &Delivery<Incoming>,
        command: &ChangePreferences,
    ) -> Result<(), Fault> {
        let account = AccountId::try_from_bytes(&command.account_id)?;
        let asked = BTreeSet::from([account]);
        let known = preferences::of(&mut *unit.conn(), &asked, self.rules.thresholds).await?;
        let mut wanted = known.of(account).clone();
        let changed = match &command.change {
            // A repeat is told how things stand: a newer change must not be undone by an older one.
            _ if delivery.repeat => Ok(()),
            None => Err(Refusal::new(RefusalCode::PreferenceInvalid).with("field", "change").into()),
            Some(Change::WebhookUrl(url)) => self.set_webhook(unit, account, url).await,
            Some(change) => follow(unit, account, &mut wanted, change).await,
        };
        match changed {
            Ok(()) => {
                unit.done(delivery, &ChangePreferencesDone { preferences: Some(wanted.to_message()) });
                Ok(())
            }
            Err(Unanswered::Refused(refusal)) => {
                unit.refuse(delivery, &refusal);
                Ok(())
            }
            Err(Unanswered::Fault(fault)) => Err(fault),
        }
    }

    /// Names an account's webhook, or forgets it.
    async fn set_webhook(&self, unit: &mut Unit, account: AccountId, url: &str) -> Result<(), Unanswered> {
        let url = match &self.webhooks {
            _ if url.is_empty() => None,
            None => return Err(Refusal::new(RefusalCode::WebhookInvalid).into()),
            Some(caller) => Some(webhooks::check(url, caller.private())?),
        };
        let now = unit.now().await?;
        webhook::set(unit.conn(), account, url.as_ref().map(|url| url.as_str()), now).await?;
        Ok(())
    }
}

/// Writes a change down and applies it to what waits.
async fn follow(
    unit: &mut Unit,
    account: AccountId,
    wanted: &mut Preferences,
    change: &Change,
) -> Result<(), Unanswered> {
    wanted.change(change)?;
    let now = unit.now().await?;
    preferences::write(unit.conn(), account, wanted, now).await?;
    match change {
        Change::Category(_) => {
            let off = wanted.off.iter().map(|category| notification::number(*category));
            let off = off.collect::<Result<Vec<_>, _>>()?;
            let dropped = kept::drop_unwanted(unit.conn(), account, &off, now).await?;
            measures::done(State::Unwanted, dropped);
        }
        Change::Quiet(_) | Change::Digest(_) => {
            let waiting = kept::waiting(unit.conn(), account).await?;
            let held = waiting.into_iter().map(|(id, manner)| match wanted.when(manner, now) {
                When::Later { until, gather } => (id, Some(until), gather),
                When::Now { .. } => (id, None, false),
            });
            kept::hold(unit.conn(), &held.collect::<Vec<_>>()).await?;
        }
        Change::MinUsd(_) | Change::MinPortfolioBps(_) | Change::WhaleUsd(_) | Change::WebhookUrl(_) => {}
    }
    Ok(())
}
