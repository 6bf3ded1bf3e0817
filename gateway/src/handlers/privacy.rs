//! What is kept of a member: all of it in one file, and how to have it erased.

use super::{Member, mint};
use crate::{
    app::App,
    commands::RequestKind,
    screens::{self, Document},
    store::{accounts, kept},
    turn::{Turn, Write},
};
use chassis::Fault;
use proto::{AccountId, Lamports, common::RefusalCode, wallet::CloseAccount};
use serde_json::{Value, json};
use std::sync::Arc;

/// What is kept, and what can be done about it.
///
/// # Errors
/// Never.
pub async fn show(member: Member) -> Result<Turn, Fault> {
    Ok(Turn::show(screens::privacy(member.language)))
}

/// Everything that any service keeps of a member, as one document.
///
/// # Errors
/// The database, or a service does not answer: half of it would not be all of it.
pub async fn export(app: Arc<App>, member: Member) -> Result<Turn, Fault> {
    let account = member.account;
    let person = accounts::reach(app.db.pool(), &app.vault, &[account.uuid()]).await?.remove(&account);
    let (wallet, bets, notifications, referrals, fared, tracking) = tokio::try_join!(
        app.clients.export(account),
        app.clients.all_bets(account),
        app.clients.all_notifications(account),
        app.clients.referrals(account),
        app.clients.fared(account),
        tracking(&app, account)
    )?;
    let Some(wallet) = wallet else {
        return Ok(member.refused(&app, RefusalCode::AccountUnknown));
    };
    let wallet: Value = serde_json::from_slice(&wallet).map_err(|_| Fault::bug("an export is no JSON"))?;
    let document = json!({
        "account_id": account.uuid(),
        "exported_at": app.clock.now().unix_timestamp(),
        "person": person,
        "chat": kept::all(app.db.pool(), account).await?,
        "wallet": wallet,
        "bets": bets.iter().map(kept::bet).collect::<Vec<_>>(),
        "referrals": kept::referrals(&referrals),
        "leaderboard": json!({"hidden": fared.hidden}),
        "tracking": tracking,
        "notifications": notifications.iter().map(kept::notification).collect::<Vec<_>>(),
    });
    let bytes = serde_json::to_vec_pretty(&document).map_err(|error| Fault::bug(error.to_string()))?;
    let name = member.language.plain("privacy-file-name", &[]);
    let screen = screens::privacy_export(member.language, Document { name, bytes });
    Ok(Turn { fresh: true, ..Turn::show(screen) })
}

/// Tracked wallets, prices that are waited for, and what is told when and where. The key of a webhook is on its screen.
async fn tracking(app: &App, account: AccountId) -> Result<Value, Fault> {
    let (tracked, alerts, wanted, webhook) = tokio::try_join!(
        app.clients.tracked(account),
        app.clients.price_alerts(account),
        app.clients.preferences(account),
        app.clients.webhook(account)
    )?;
    let wallets = tracked.wallets.iter().map(|one| json!({"address": one.address, "alias": one.alias}));
    let alerts = alerts.alerts.iter().map(|alert| {
        let market = alert.market.as_ref().map(|market| market.condition_id.as_str());
        json!({"market": market, "outcome": alert.outcome, "price": alert.price, "below": alert.below})
    });
    let off: Vec<_> = wanted.off().map(|category| category.as_str_name()).collect();
    let quiet = wanted.quiet.as_ref().map(|quiet| {
        json!({
            "on": quiet.on,
            "from_minute": quiet.from_minute,
            "until_minute": quiet.until_minute,
            "time_zone": quiet.time_zone,
        })
    });
    let digest = wanted.digest.as_ref().map(|digest| json!({"on": digest.on, "minute": digest.minute}));
    Ok(json!({
        "wallets": wallets.collect::<Vec<_>>(),
        "price_alerts": alerts.collect::<Vec<_>>(),
        "off": off,
        "min_usd": wanted.min_usd,
        "min_portfolio_bps": wanted.min_portfolio_bps,
        "whale_usd": wanted.whale_usd,
        "quiet": quiet,
        "digest": digest,
        "webhook_url": webhook.map(|webhook| webhook.url),
    }))
}

/// What erasing means, and what is to be done with a balance first.
///
/// # Errors
/// wallet-svc does not answer.
pub async fn leave(app: Arc<App>, member: Member) -> Result<Turn, Fault> {
    let Some(account) = app.clients.account(member.account).await? else {
        return Ok(member.refused(&app, RefusalCode::AccountUnknown));
    };
    let limits = app.clients.limits(member.account).await?;
    let balance = Lamports::new(account.available_lamports);
    let screen = screens::privacy_leave(member.language, balance, limits.excluded_until);
    Ok(Turn::show(screen))
}

/// The last question, for an empty account.
///
/// # Errors
/// Never.
pub async fn erase(app: Arc<App>, member: Member) -> Result<Turn, Fault> {
    Ok(ask(&app, member, None))
}

/// The last question, with what will be given up.
///
/// # Errors
/// wallet-svc does not answer.
pub async fn give_up(app: Arc<App>, member: Member) -> Result<Turn, Fault> {
    let account = app.clients.account(member.account).await?.unwrap_or_default();
    Ok(ask(&app, member, Some(Lamports::new(account.available_lamports))))
}

fn ask(app: &App, member: Member, given_up: Option<Lamports>) -> Turn {
    let command = CloseAccount { account_id: member.account.bytes(), give_up: given_up.is_some() };
    let slip = mint(app, member.account, RequestKind::CloseAccount, &command);
    Turn::show(screens::privacy_last(member.language, given_up, slip.id)).and(Write::Mint(slip))
}
