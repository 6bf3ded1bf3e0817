//! Which message travels on which subject.
//!
//! Commands: `rooms.cmd.<service>.<shard 00-63 of the aggregate id>.<command>`; the shard token
//! lets a later deployment split a service by aggregate without renaming anything.
//! Events: `rooms.evt.<service>.<event>`.

use crate::{common, gateway, notifier, oracle, room, settlement, wallet};
use prost::{Message, Name};
use std::fmt;

/// Number of shards in a command subject.
pub const SHARDS: u8 = 64;

/// Name of the event that carries outcomes; every service that obeys commands emits it.
pub const OUTCOME_EVENT: &str = "outcomes";

/// The services, by their name in subjects, schemas, roles and health reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// Telegram in and out.
    Gateway,
    /// Who is told what and when.
    Notifier,
    /// Prices and resolutions.
    Oracle,
    /// Rooms and bets.
    Room,
    /// Verdict to pay-out.
    Settlement,
    /// Accounts, ledger, chain.
    Wallet,
}

impl Service {
    /// All of them, in the order of their names.
    pub const ALL: [Self; 6] =
        [Self::Gateway, Self::Notifier, Self::Oracle, Self::Room, Self::Settlement, Self::Wallet];

    /// The token in subjects, also the name of its schema and role.
    #[must_use]
    pub const fn token(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::Notifier => "notifier",
            Self::Oracle => "oracle",
            Self::Room => "room",
            Self::Settlement => "settlement",
            Self::Wallet => "wallet",
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.token())
    }
}

/// A message that hands over responsibility to one service.
pub trait Command: Message + Name + Default {
    /// Who obeys it.
    const SERVICE: Service;
    /// Last token of its subject.
    const TOKEN: &'static str;
    /// Id of the aggregate it is about. A list is about its first item: only the item keys
    /// decide, never the shard token.
    fn key(&self) -> &[u8];

    /// The subject it travels on.
    fn subject(&self) -> String {
        format!("rooms.cmd.{}.{:02}.{}", Self::SERVICE, shard_of(self.key()), Self::TOKEN)
    }
}

/// A message that tells spectators what happened.
pub trait Event: Message + Name + Default {
    /// Who tells it.
    const SERVICE: Service;
    /// Last token of its subject.
    const TOKEN: &'static str;
    /// Id of the aggregate it is about.
    fn key(&self) -> &[u8];

    /// The subject it travels on.
    fn subject(&self) -> String {
        event_filter(Self::SERVICE, Self::TOKEN)
    }
}

/// The shard of an aggregate: its id's last byte, which is random in every UUID version in use.
#[must_use]
pub fn shard_of(key: &[u8]) -> u8 {
    key.last().copied().unwrap_or_default() % SHARDS
}

/// The subjects of one command, whatever the shard.
#[must_use]
pub fn command_filter(service: Service, command: &str) -> String {
    format!("rooms.cmd.{service}.*.{command}")
}

/// The subject of one event.
#[must_use]
pub fn event_filter(service: Service, event: &str) -> String {
    format!("rooms.evt.{service}.{event}")
}

fn first<T>(items: &[T], key: impl Fn(&T) -> &[u8]) -> &[u8] {
    items.first().map(key).unwrap_or_default()
}

fn resolved_key(item: &oracle::MarketResolved) -> &[u8] {
    item.market.as_ref().map_or(&[], |market| market.condition_id.as_bytes())
}

macro_rules! messages {
    ($kind:ident: $($service:ident $name:literal $message:ty, |$this:ident| $key:expr;)*) => {$(
        impl $kind for $message {
            const SERVICE: Service = Service::$service;
            const TOKEN: &'static str = $name;
            fn key(&self) -> &[u8] {
                let $this = self;
                $key
            }
        }
    )*};
}

messages! { Command:
    Gateway "deliver" gateway::Deliver, |m| &m.notification_id;
    Gateway "arrange_arena" gateway::ArrangeArena, |m| &m.room_id;
    Notifier "change_preferences" notifier::ChangePreferences, |m| &m.account_id;
    Notifier "register_contact" notifier::RegisterContact, |m| &m.account_id;
    Notifier "remove_price_alert" notifier::RemovePriceAlert, |m| &m.account_id;
    Notifier "rename_wallet" notifier::RenameWallet, |m| &m.account_id;
    Notifier "set_price_alert" notifier::SetPriceAlert, |m| &m.account_id;
    Notifier "set_smart_wallet" notifier::SetSmartWallet, |m| m.address.as_bytes();
    Notifier "start_broadcast" notifier::StartBroadcast, |m| m.broadcast.as_ref().map_or(&[], |b| &b.broadcast_id);
    Notifier "steer_broadcast" notifier::SteerBroadcast, |m| &m.broadcast_id;
    Notifier "track_wallet" notifier::TrackWallet, |m| &m.account_id;
    Notifier "untrack_wallet" notifier::UntrackWallet, |m| &m.account_id;
    Oracle "follow_address" oracle::FollowAddress, |m| m.address.as_bytes();
    Oracle "register_watch" oracle::RegisterWatch, |m| &m.room_id;
    Oracle "watch_price" oracle::WatchPrice, |m| &m.alert_id;
    Room "cancel_bet" room::CancelBet, |m| &m.room_id;
    Room "cancel_room" room::CancelRoom, |m| &m.room_id;
    Room "freeze" room::FreezeRoom, |m| &m.room_id;
    Room "lock_room" room::LockRoom, |m| &m.room_id;
    Room "open_operator_room" room::OpenOperatorRoom, |m| m.room.as_ref().map_or(&[], |room| &room.room_id);
    Room "open_room" room::OpenRoom, |m| &m.room_id;
    Room "place_bet" room::PlaceBet, |m| &m.room_id;
    Room "register_arena" room::RegisterArena, |_m| &[];
    Room "retire_arena" room::RetireArena, |_m| &[];
    Settlement "judge_dispute" settlement::JudgeDispute, |m| &m.room_id;
    Settlement "open_dispute" settlement::OpenDispute, |m| &m.room_id;
    Settlement "resolve_room" settlement::ResolveRoom, |m| &m.room_id;
    Settlement "rule_room" settlement::RuleRoom, |m| &m.room_id;
    Settlement "set_leaderboard" settlement::SetLeaderboard, |m| &m.account_id;
    Settlement "set_referrer" settlement::SetReferrer, |m| &m.account_id;
    Wallet "anchor_receipt" wallet::AnchorReceipt, |m| &m.room_id;
    Wallet "approve_withdrawal" wallet::ApproveWithdrawal, |m| &m.withdrawal_id;
    Wallet "cancel_withdrawal" wallet::CancelWithdrawal, |m| &m.account_id;
    Wallet "close_account" wallet::CloseAccount, |m| &m.account_id;
    Wallet "confirm_totp" wallet::ConfirmTotp, |m| &m.account_id;
    Wallet "cool_off" wallet::CoolOff, |m| &m.account_id;
    Wallet "exclude_self" wallet::ExcludeSelf, |m| &m.account_id;
    Wallet "hold_stakes" wallet::HoldStakes, |m| first(&m.items, |item| &item.room_id);
    Wallet "open_account" wallet::OpenAccount, |m| &m.account_id;
    Wallet "pause_withdrawals" wallet::PauseWithdrawals, |_m| &[];
    Wallet "post_payouts" wallet::PostPayouts, |m| &m.room_id;
    Wallet "refund_stakes" wallet::RefundStakes, |m| &m.room_id;
    Wallet "reject_withdrawal" wallet::RejectWithdrawal, |m| &m.withdrawal_id;
    Wallet "release_stakes" wallet::ReleaseStakes, |m| first(&m.items, |item| &item.room_id);
    Wallet "remove_totp" wallet::RemoveTotp, |m| &m.account_id;
    Wallet "request_withdrawal" wallet::RequestWithdrawal, |m| &m.account_id;
    Wallet "resume_withdrawals" wallet::ResumeWithdrawals, |_m| &[];
    Wallet "set_ban" wallet::SetBan, |m| &m.account_id;
    Wallet "set_limit" wallet::SetLimit, |m| &m.account_id;
    Wallet "take_proof" wallet::TakeProof, |_m| &[];
    Wallet "watch_deposits" wallet::WatchDeposits, |m| &m.account_id;
}

messages! { Event:
    Gateway "arena_arranged" gateway::ArenaArranged, |m| &m.room_id;
    Gateway "delivered" gateway::Delivered, |m| &m.notification_id;
    Oracle "address_followed" oracle::AddressFollowed, |m| m.address.as_bytes();
    Oracle "large_trades" oracle::LargeTrades, |m| first(&m.items, |item| &item.trade_id);
    Oracle "markets_resolved" oracle::MarketsResolved, |m| first(&m.items, |item| resolved_key(item));
    Oracle "price_reached" oracle::PriceReached, |m| &m.alert_id;
    Oracle "price_watched" oracle::PriceWatched, |m| &m.alert_id;
    Oracle "wallets_changed" oracle::WalletsChanged, |m| first(&m.items, |item| item.address.as_bytes());
    Oracle "watch_registered" oracle::WatchRegistered, |m| &m.room_id;
    Room "room_frozen" room::RoomFrozen, |m| m.room.as_ref().map_or(&[], |room| &room.room_id);
    Settlement "dispute_changed" settlement::DisputeChanged, |m| m.dispute.as_ref().map_or(&[], |d| &d.room_id);
    Settlement "receipt_ready" settlement::ReceiptReady, |m| &m.room_id;
    Settlement "room_corrected" settlement::RoomCorrected, |m| &m.room_id;
    Settlement "room_decided" settlement::RoomDecided, |m| &m.room_id;
    Settlement "room_settled" settlement::RoomSettled, |m| &m.room_id;
    Wallet "account_closed" wallet::AccountClosed, |m| &m.account_id;
    Wallet "account_opened" wallet::AccountOpened, |m| m.account.as_ref().map_or(&[], |account| &account.account_id);
    Wallet "deposit_changed" wallet::DepositChanged, |m| &m.deposit_id;
    Wallet "payouts_posted" wallet::PayoutsPosted, |m| &m.room_id;
    Wallet "receipt_anchored" wallet::ReceiptAnchored, |m| &m.room_id;
    Wallet "security_changed" wallet::SecurityChanged, |m| &m.account_id;
    Wallet "stakes_refunded" wallet::StakesRefunded, |m| &m.room_id;
    Wallet "stakes_decided" wallet::StakesDecided, |m| first(&m.items, |item| &item.room_id);
    Wallet "withdrawal_changed" wallet::WithdrawalChanged, |m| m.withdrawal.as_ref().map_or(&[], |w| &w.withdrawal_id);
}

/// Outcomes are emitted by every service, so their subject is not fixed by their type.
impl common::Outcomes {
    /// The subject on which a service tells outcomes.
    #[must_use]
    pub fn subject(service: Service) -> String {
        event_filter(service, OUTCOME_EVENT)
    }
}
