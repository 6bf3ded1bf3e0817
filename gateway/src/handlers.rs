//! What each command, button and text leads to. Handlers read and decide; `turn` writes and says.

pub mod admin;
pub mod authenticator;
pub mod bets;
pub mod cancel;
pub mod create;
pub mod desk;
pub mod disputes;
pub mod group;
pub mod limits;
pub mod markets;
pub mod notifications;
pub mod pictured;
pub mod privacy;
pub mod proof;
pub mod referrals;
pub mod rooms;
pub mod rules;
pub mod settings;
pub mod standings;
pub mod tracker;
pub mod typed;
pub mod withdraw;

use crate::{
    app::App,
    commands::RequestKind,
    locales::Language,
    screens,
    store::{accounts::Account, drafts, requests, slips},
    turn::{Turn, Write},
};
use chassis::Fault;
use prost::Message as _;
use proto::{AccountId, CommandId, Lamports, Refusal, common::RefusalCode, room::PlaceBet};
use std::sync::Arc;

/// Whoever sent an update.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// Telegram's number of the user.
    pub user_id: i64,
    /// Where.
    pub chat_id: i64,
    /// Whether nobody else reads along.
    pub private: bool,
    /// To answer in.
    pub language: Language,
    /// Once the terms are accepted.
    pub account: Option<Account>,
}

/// A visitor with an account.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    /// The only identity other services know.
    pub account: AccountId,
    /// To answer in.
    pub language: Language,
}

impl Member {
    /// Nothing for visitors without an account.
    #[must_use]
    pub fn of(visitor: Visitor) -> Option<Self> {
        let account = visitor.account?.id;
        Some(Self { account, language: visitor.language })
    }

    /// The member's drafts, the one touched last first.
    async fn drafts(&self, app: &App) -> Result<Vec<drafts::Draft>, Fault> {
        Ok(drafts::of(app.db.pool(), self.account, app.clock.now()).await?)
    }

    /// A short text with the way home.
    fn note(&self, key: &str) -> Turn {
        Turn::show(screens::note(self.language, self.language.say(key)))
    }

    /// A refusal found before anything was asked of a service.
    fn refused(&self, app: &App, code: RefusalCode) -> Turn {
        let text = screens::refusal(self.language, &Refusal::new(code), app.clock.now());
        Turn::show(screens::note(self.language, text))
    }
}

/// Mints the slip of a preview.
fn mint(app: &App, account: AccountId, kind: RequestKind, command: &impl prost::Message) -> slips::Slip {
    slips::Slip {
        id: CommandId::new(uuid::Uuid::now_v7()),
        account,
        kind,
        body: command.encode_to_vec(),
        expires_at: app.clock.now() + app.settings.slip_life,
    }
}

/// The third tap. The slip says what is wanted and for whom; two taps are one command.
///
/// # Errors
/// The database.
pub async fn confirm(app: Arc<App>, member: Member, slip: CommandId) -> Result<Turn, Fault> {
    let language = member.language;
    let Some(found) = slips::find(app.db.pool(), slip).await? else {
        return Ok(Turn { alert: true, ..Turn::toast(language.plain("toast-preview-gone", &[])) });
    };
    if found.account != member.account {
        return Ok(Turn { alert: true, ..Turn::toast(language.plain("toast-not-yours", &[])) });
    }
    if requests::is_shown(app.db.pool(), slip).await?.is_some() {
        return Ok(Turn::toast(language.plain("toast-already-confirmed", &[])));
    }
    if found.expires_at < app.clock.now() {
        return Ok(Turn { alert: true, ..Turn::toast(language.plain("toast-preview-old", &[])) });
    }
    let toast = match found.kind {
        RequestKind::OpenRoom => language.plain("toast-opening", &[]),
        RequestKind::CancelBet => language.plain("toast-cancelling-bet", &[]),
        RequestKind::CancelRoom => language.plain("toast-cancelling-room", &[]),
        RequestKind::OpenDispute => language.plain("toast-dispute", &[]),
        RequestKind::RequestWithdrawal => language.plain("toast-requesting", &[]),
        RequestKind::CancelWithdrawal => language.plain("toast-cancelling", &[]),
        RequestKind::ConfirmTotp | RequestKind::RemoveTotp => language.plain("toast-authenticator", &[]),
        RequestKind::SetLimit | RequestKind::CoolOff | RequestKind::ExcludeSelf => {
            language.plain("toast-limit", &[])
        }
        RequestKind::CloseAccount => language.plain("toast-erasure", &[]),
        RequestKind::SetLeaderboard => language.plain("toast-leaderboard", &[]),
        RequestKind::TrackWallet
        | RequestKind::UntrackWallet
        | RequestKind::RenameWallet
        | RequestKind::SetPriceAlert
        | RequestKind::RemovePriceAlert
        | RequestKind::ChangePreferences => language.plain("toast-tracker", &[]),
        RequestKind::PlaceBet | RequestKind::OpenAccount => language.plain("toast-placing", &[]),
    };
    Ok(Turn::toast(toast).and(Write::Use(found)))
}

/// What a bet on its way says.
pub(crate) fn placing(language: Language, body: &[u8]) -> screens::Screen {
    let bet = PlaceBet::decode(body).unwrap_or_default();
    screens::placing(language, Lamports::new(bet.stake_lamports))
}

/// A command we do not know.
///
/// # Errors
/// Never.
pub async fn unknown_command(member: Member) -> Result<Turn, Fault> {
    Ok(member.note("unknown-command"))
}

/// A picture, a sticker, a voice.
///
/// # Errors
/// Never.
pub async fn unknown_input(member: Member) -> Result<Turn, Fault> {
    Ok(member.note("unknown-input"))
}
