//! How requests to notifier-svc went.

use super::{Tidings, asked};
use crate::{
    app::App,
    commands::RequestKind,
    handlers::{Member, notifications, tracker},
    screens,
    store::requests::Request,
};
use chassis::Fault;
use proto::{
    Refusal,
    common::Outcome,
    notifier::{
        ChangePreferences, ChangePreferencesDone, RemovePriceAlertDone, RenameWalletDone, SetPriceAlertDone,
        TrackWalletDone, UntrackWalletDone, change_preferences::Change,
    },
};

/// The list or the settings as they are now, under what was decided.
pub(super) async fn decided(
    app: &App,
    request: &Request,
    member: Member,
    outcome: &Outcome,
) -> Result<Tidings, Fault> {
    let language = member.language;
    let no = |refusal: &Refusal| screens::refusal(language, refusal, app.clock.now());
    let screen = match request.kind {
        RequestKind::TrackWallet => match outcome.decided::<TrackWalletDone>()? {
            Ok(done) => screens::following(language, &done.wallet.unwrap_or_default(), done.already),
            Err(refusal) => tracker::overview(app, member, Some(no(&refusal))).await?,
        },
        RequestKind::UntrackWallet => {
            let told = outcome.decided::<UntrackWalletDone>()?.map(|_| language.say("untrack-done"));
            tracker::overview(app, member, Some(told.unwrap_or_else(|refusal| no(&refusal)))).await?
        }
        RequestKind::RenameWallet => {
            let told = outcome.decided::<RenameWalletDone>()?.map(|_| language.say("rename-done"));
            tracker::overview(app, member, Some(told.unwrap_or_else(|refusal| no(&refusal)))).await?
        }
        RequestKind::SetPriceAlert => {
            let told = outcome.decided::<SetPriceAlertDone>()?;
            let told = told.map(|done| screens::alert_set(language, &done.alert.unwrap_or_default()));
            notifications::waiting(app, member, Some(told.unwrap_or_else(|refusal| no(&refusal)))).await?
        }
        RequestKind::RemovePriceAlert => {
            let told = outcome.decided::<RemovePriceAlertDone>()?.map(|_| language.say("alert-removed"));
            notifications::waiting(app, member, Some(told.unwrap_or_else(|refusal| no(&refusal)))).await?
        }
        _ => {
            let told = outcome.decided::<ChangePreferencesDone>()?.map(|_| language.say("notifications-set"));
            let told = Some(told.unwrap_or_else(|refusal| no(&refusal)));
            match asked::<ChangePreferences>(request)?.change {
                Some(Change::WebhookUrl(_)) => notifications::hook(app, member, told).await?,
                Some(Change::MinUsd(_) | Change::MinPortfolioBps(_) | Change::WhaleUsd(_)) => {
                    notifications::waiting(app, member, told).await?
                }
                _ => notifications::overview(app, member, told).await?,
            }
        }
    };
    Ok(screen.into())
}
