//! What the owner of an account says about being told.

use super::{Incoming, Notices};
use crate::{
    domain::{preferences::When, state::State},
    measures,
    store::{kept, notification, preferences},
};
use chassis::{Delivery, Fault, Unit};
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
        let Some(change) = &command.change else {
            unit.refuse(delivery, &Refusal::new(RefusalCode::PreferenceInvalid).with("field", "change"));
            return Ok(());
        };
        // A repeat is told how things stand: a newer change must not be undone by an older one.
        if !delivery.repeat {
            if let Err(refusal) = wanted.change(change) {
                unit.refuse(delivery, &refusal);
                return Ok(());
            }
            let now = unit.now().await?;
            preferences::write(unit.conn(), account, &wanted, now).await?;
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
                Change::MinUsd(_)
                | Change::MinPortfolioBps(_)
                | Change::WhaleUsd(_)
                | Change::WebhookUrl(_) => {}
            }
        }
        unit.done(delivery, &ChangePreferencesDone { preferences: Some(wanted.to_message()) });
        Ok(())
    }
}
