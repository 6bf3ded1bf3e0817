//! What users ask the other services to do.
//!
//! A request is written in the transaction that answers its update: the row, the issued command
//! (repeated until its outcome is seen) and the mark on the update commit together.

use crate::domain::ReferralCode;
use crate::store::{
    accounts::Account, deliveries, drafts, requests, requests::Request, slips::Slip, threads,
};
use chassis::{Fault, Outgoing, Unit};
use prost::Message as _;
use proto::{
    AccountId, CommandId, Service,
    notifier::{
        ChangePreferences, RegisterContact, RemovePriceAlert, RenameWallet, SetPriceAlert, TrackWallet,
        UntrackWallet,
    },
    room::{CancelBet, CancelRoom, OpenRoom, PlaceBet},
    settlement::{OpenDispute, SetLeaderboard, SetReferrer},
    wallet::{
        CancelWithdrawal, CloseAccount, ConfirmTotp, CoolOff, ExcludeSelf, OpenAccount, RemoveTotp,
        RequestWithdrawal, SetLimit,
    },
};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// Saga of the requests of users.
pub const REQUEST: &str = "request";

/// Saga that tells the notifier where an account's notices go.
pub const CONTACT: &str = "contact";

/// Saga that tells settlement-svc who brought an account.
pub const REFERRER: &str = "referrer";

/// A request that a user makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestKind {
    /// Of a newcomer.
    OpenAccount,
    /// From the wizard.
    OpenRoom,
    /// From a preview.
    PlaceBet,
    /// From the bet's own message, within seconds.
    CancelBet,
    /// From its card.
    CancelRoom,
    /// From a typed text.
    OpenDispute,
    /// From a preview.
    RequestWithdrawal,
    /// From the withdrawal's own message.
    CancelWithdrawal,
    /// From a typed code.
    ConfirmTotp,
    /// From a typed code.
    RemoveTotp,
    /// From a review.
    SetLimit,
    /// From a review.
    CoolOff,
    /// From the second of two questions.
    ExcludeSelf,
    /// From the last question of somebody who leaves.
    CloseAccount,
    /// From the leaderboard.
    SetLeaderboard,
    /// From a typed address, or a button.
    TrackWallet,
    /// From a button.
    UntrackWallet,
    /// From a typed name.
    RenameWallet,
    /// From a typed price, or a button.
    SetPriceAlert,
    /// From a button.
    RemovePriceAlert,
    /// From the settings.
    ChangePreferences,
}

impl RequestKind {
    /// Its name in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OpenAccount => "open_account",
            Self::OpenRoom => "open_room",
            Self::PlaceBet => "place_bet",
            Self::CancelBet => "cancel_bet",
            Self::CancelRoom => "cancel_room",
            Self::OpenDispute => "open_dispute",
            Self::RequestWithdrawal => "request_withdrawal",
            Self::CancelWithdrawal => "cancel_withdrawal",
            Self::ConfirmTotp => "confirm_totp",
            Self::RemoveTotp => "remove_totp",
            Self::SetLimit => "set_limit",
            Self::CoolOff => "cool_off",
            Self::ExcludeSelf => "exclude_self",
            Self::CloseAccount => "close_account",
            Self::SetLeaderboard => "set_leaderboard",
            Self::TrackWallet => "track_wallet",
            Self::UntrackWallet => "untrack_wallet",
            Self::RenameWallet => "rename_wallet",
            Self::SetPriceAlert => "set_price_alert",
            Self::RemovePriceAlert => "remove_price_alert",
            Self::ChangePreferences => "change_preferences",
        }
    }

    /// Whether it may be typed: then no message was pressed that could say how far it is.
    #[must_use]
    pub const fn may_be_typed(self) -> bool {
        matches!(
            self,
            Self::TrackWallet
                | Self::UntrackWallet
                | Self::RenameWallet
                | Self::SetPriceAlert
                | Self::ChangePreferences
        )
    }

    /// Reads its name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        [
            Self::OpenAccount,
            Self::OpenRoom,
            Self::PlaceBet,
            Self::CancelBet,
            Self::CancelRoom,
            Self::OpenDispute,
            Self::RequestWithdrawal,
            Self::CancelWithdrawal,
            Self::ConfirmTotp,
            Self::RemoveTotp,
            Self::SetLimit,
            Self::CoolOff,
            Self::ExcludeSelf,
            Self::CloseAccount,
            Self::SetLeaderboard,
            Self::TrackWallet,
            Self::UntrackWallet,
            Self::RenameWallet,
            Self::SetPriceAlert,
            Self::RemovePriceAlert,
            Self::ChangePreferences,
        ]
        .into_iter()
        .find(|kind| kind.name() == name)
    }
}

/// Instead of the number of a message: it is told in a new one.
pub const NEW_MESSAGE: i32 = 0;

/// Where and to whom a request will be told.
#[derive(Clone, Copy, Debug)]
pub struct Told {
    /// The pressed message, or [`NEW_MESSAGE`].
    pub message_id: i32,
}

/// Turns a slip into a request. False: the slip was used before, and nothing is written.
///
/// # Errors
/// The database, or a slip whose command does not decode.
pub async fn request(unit: &mut Unit, slip: &Slip, told: Told, patience: Duration) -> Result<bool, Fault> {
    let now = unit.now().await?;
    let fresh = requests::insert(unit.conn(), &row(slip, told), now).await?;
    if !fresh {
        return Ok(false);
    }
    let command = outgoing(slip, now + patience)?;
    unit.issue_all(REQUEST, vec![(slip.id.uuid(), command)]).await?;
    match slip.kind {
        RequestKind::PlaceBet => {
            drafts::drop(unit.conn(), slip.account, drafts::DraftKind::Stake).await?;
        }
        RequestKind::RequestWithdrawal => {
            // The notices about this withdrawal edit the message in which it was confirmed.
            let thread = deliveries::withdrawal_thread(slip.id.uuid());
            threads::begin(unit.conn(), slip.account, &thread, told.message_id, now).await?;
        }
        RequestKind::OpenAccount
        | RequestKind::OpenRoom
        | RequestKind::CancelBet
        | RequestKind::CancelRoom
        | RequestKind::OpenDispute
        | RequestKind::CancelWithdrawal
        | RequestKind::ConfirmTotp
        | RequestKind::RemoveTotp
        | RequestKind::SetLimit
        | RequestKind::CoolOff
        | RequestKind::CloseAccount
        | RequestKind::SetLeaderboard
        | RequestKind::TrackWallet
        | RequestKind::UntrackWallet
        | RequestKind::RenameWallet
        | RequestKind::SetPriceAlert
        | RequestKind::RemovePriceAlert
        | RequestKind::ChangePreferences
        | RequestKind::ExcludeSelf => {}
    }
    Ok(true)
}

/// Opens the account of a newcomer at wallet-svc, excluded if they have excluded themselves before, and tells the
/// notifier that they can be reached.
///
/// # Errors
/// The database.
pub async fn open_account(
    unit: &mut Unit,
    account: &Account,
    told: Told,
    room: Option<proto::RoomId>,
    excluded_until: Option<OffsetDateTime>,
) -> Result<(), Fault> {
    let now = unit.now().await?;
    let excluded_until = excluded_until.map(proto::timestamp);
    let open = OpenAccount { account_id: account.id.bytes(), excluded_until };
    let id = derived(account.id, "open_account");
    let slip = Slip {
        id,
        account: account.id,
        kind: RequestKind::OpenAccount,
        body: open.encode_to_vec(),
        expires_at: now,
    };
    requests::insert(unit.conn(), &Request { room, ..row(&slip, told) }, now).await?;
    // An account that opens late is as good: no expiry.
    unit.issue_all(REQUEST, vec![(id.uuid(), addressed(Outgoing::command(&open), &slip))]).await?;
    let contact = RegisterContact { account_id: account.id.bytes(), ..RegisterContact::default() };
    let slip = Slip { id: derived(account.id, "register_contact"), ..slip };
    let command = addressed(Outgoing::command(&contact), &slip);
    unit.issue_all(CONTACT, vec![(slip.id.uuid(), command)]).await
}

/// Tells settlement-svc whose link brought an account, or that nobody's did: its own code is made either way. The first good
/// code counts, so a later one is as good a command of its own.
///
/// # Errors
/// The database.
pub async fn refer(unit: &mut Unit, account: AccountId, code: Option<ReferralCode>) -> Result<(), Fault> {
    let code = code.as_ref().map(ReferralCode::as_str).unwrap_or_default();
    let id = derived(account, &format!("set_referrer:{code}")).uuid();
    let refer = SetReferrer { account_id: account.bytes(), code: code.to_owned() };
    let command = Outgoing::command(&refer).id(id).reply_to(Service::Gateway).actor(account.to_string());
    unit.issue_all(REFERRER, vec![(id, command)]).await
}

/// The id of a command that follows from an account: made twice, it is the same one.
fn derived(account: AccountId, command: &str) -> CommandId {
    CommandId::new(Uuid::new_v5(&account.uuid(), command.as_bytes()))
}

fn row(slip: &Slip, told: Told) -> Request {
    Request {
        id: slip.id,
        account: slip.account,
        kind: slip.kind,
        body: slip.body.clone(),
        message_id: told.message_id,
        room: None,
        outcome: None,
        shown: 0,
    }
}

fn outgoing(slip: &Slip, expires_at: OffsetDateTime) -> Result<Outgoing, Fault> {
    let broken = |_| Fault::bug("a slip does not decode");
    let body = slip.body.as_slice();
    let command = match slip.kind {
        RequestKind::OpenAccount => Outgoing::command(&OpenAccount::decode(body).map_err(broken)?),
        RequestKind::OpenRoom => Outgoing::command(&OpenRoom::decode(body).map_err(broken)?),
        RequestKind::PlaceBet => Outgoing::command(&PlaceBet::decode(body).map_err(broken)?),
        RequestKind::CancelBet => Outgoing::command(&CancelBet::decode(body).map_err(broken)?),
        RequestKind::CancelRoom => Outgoing::command(&CancelRoom::decode(body).map_err(broken)?),
        RequestKind::OpenDispute => Outgoing::command(&OpenDispute::decode(body).map_err(broken)?),
        RequestKind::RequestWithdrawal => {
            Outgoing::command(&RequestWithdrawal::decode(body).map_err(broken)?)
        }
        RequestKind::CancelWithdrawal => Outgoing::command(&CancelWithdrawal::decode(body).map_err(broken)?),
        RequestKind::ConfirmTotp => Outgoing::command(&ConfirmTotp::decode(body).map_err(broken)?),
        RequestKind::RemoveTotp => Outgoing::command(&RemoveTotp::decode(body).map_err(broken)?),
        RequestKind::SetLimit => Outgoing::command(&SetLimit::decode(body).map_err(broken)?),
        RequestKind::CoolOff => Outgoing::command(&CoolOff::decode(body).map_err(broken)?),
        RequestKind::CloseAccount => Outgoing::command(&CloseAccount::decode(body).map_err(broken)?),
        RequestKind::SetLeaderboard => Outgoing::command(&SetLeaderboard::decode(body).map_err(broken)?),
        RequestKind::TrackWallet => Outgoing::command(&TrackWallet::decode(body).map_err(broken)?),
        RequestKind::UntrackWallet => Outgoing::command(&UntrackWallet::decode(body).map_err(broken)?),
        RequestKind::RenameWallet => Outgoing::command(&RenameWallet::decode(body).map_err(broken)?),
        RequestKind::SetPriceAlert => Outgoing::command(&SetPriceAlert::decode(body).map_err(broken)?),
        RequestKind::RemovePriceAlert => Outgoing::command(&RemovePriceAlert::decode(body).map_err(broken)?),
        RequestKind::ChangePreferences => {
            Outgoing::command(&ChangePreferences::decode(body).map_err(broken)?)
        }
        RequestKind::ExcludeSelf => Outgoing::command(&ExcludeSelf::decode(body).map_err(broken)?),
    };
    Ok(addressed(command, slip).expires_at(expires_at))
}

fn addressed(command: Outgoing, slip: &Slip) -> Outgoing {
    command.id(slip.id.uuid()).reply_to(Service::Gateway).actor(slip.account.to_string())
}
