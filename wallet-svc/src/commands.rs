//! What wallet-svc obeys.

mod bans;
mod pauses;
mod proofs;
pub mod withdrawals;

use crate::{
    domain::{
        ledger::{Account, Kind},
        limit,
    },
    keys::{KeyCheck, KeyOwner, SealedKey, Signer},
    leaving, limits,
    movements::{
        payout::{self, Chunk},
        refund::{self, Refund},
        stake::{self, Wanted},
    },
    store,
    totp::Authenticators,
    workers::{ChainSettings, requests},
};
use async_trait::async_trait;
use chassis::{Delivery, Fault, Handler, Unit, operators};
use proto::{
    AccountId, RoomId, WithdrawalId,
    common::Outcome,
    from_timestamp,
    wallet::{
        Account as AccountMessage, AccountOpened, AnchorReceipt, ApproveWithdrawal, CancelWithdrawal,
        CloseAccount, ConfirmTotp, CoolOff, ExcludeSelf, HoldStakes, OpenAccount, OpenAccountDone,
        PauseWithdrawals, PayoutsPosted, PostPayouts, RefundStakes, RejectWithdrawal, ReleaseStakes,
        RemoveTotp, RequestWithdrawal, ResumeWithdrawals, SetBan, SetLimit, StakesDecided, StakesRefunded,
        TakeProof, WatchDeposits,
    },
};
use solana_pubkey::Pubkey;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use uuid::Uuid;

/// Decisions of one message, below the broker's limit on its size.
const DECISIONS_PER_MESSAGE: usize = 2_000;

chassis::incoming! {
    /// Everything but payouts.
    pub enum Incoming {
        /// A user begins.
        OpenAccount(OpenAccount),
        /// Take stakes.
        HoldStakes(HoldStakes),
        /// Give stakes back.
        ReleaseStakes(ReleaseStakes),
        /// A user wants money out.
        RequestWithdrawal(RequestWithdrawal),
        /// A user takes a withdrawal back.
        CancelWithdrawal(CancelWithdrawal),
        /// An operator approves a withdrawal.
        ApproveWithdrawal(ApproveWithdrawal),
        /// An operator rejects a withdrawal.
        RejectWithdrawal(RejectWithdrawal),
        /// An operator stops all withdrawals.
        PauseWithdrawals(PauseWithdrawals),
        /// An operator lets them go on.
        ResumeWithdrawals(ResumeWithdrawals),
        /// An operator bans an account, or lifts its ban.
        SetBan(SetBan),
        /// An operator wants a proof of liabilities.
        TakeProof(TakeProof),
        /// A user waits for a deposit.
        WatchDeposits(WatchDeposits),
        /// A settlement wants its receipt on chain.
        AnchorReceipt(AnchorReceipt),
        /// A user confirms an authenticator.
        ConfirmTotp(ConfirmTotp),
        /// A user removes an authenticator.
        RemoveTotp(RemoveTotp),
        /// A user limits themselves.
        SetLimit(SetLimit),
        /// A user takes a break of days.
        CoolOff(CoolOff),
        /// A user takes a break of months.
        ExcludeSelf(ExcludeSelf),
        /// A user leaves.
        CloseAccount(CloseAccount),
    }
}

chassis::incoming! {
    /// Payouts have a consumer of their own, so that bets do not wait behind them.
    pub enum Payouts {
        /// One chunk of a settlement.
        Post(PostPayouts),
        /// One chunk of a refund.
        Refund(RefundStakes),
    }
}

/// Obeys everything but payouts.
pub struct Wallet {
    /// Makes keys of new accounts.
    pub signer: Arc<dyn Signer>,
    /// Whether the stored keys are ours to use.
    pub check: Arc<KeyCheck>,
    /// Authenticators of accounts.
    pub authenticators: Authenticators,
    /// Limits and pace.
    pub settings: ChainSettings,
    /// Rules of users' own limits.
    pub limits: limit::Rules,
}

#[async_trait]
impl Handler for Wallet {
    type Message = Incoming;
    type Prepared = BTreeMap<Uuid, SealedKey>;

    /// Keys for accounts that may be new. One that turns out to exist keeps its own; the key made
    /// here is then forgotten, worthless.
    async fn prepare(&self, batch: &[Delivery<Incoming>]) -> Result<Self::Prepared, Fault> {
        let mut keys = BTreeMap::new();
        for delivery in batch {
            if let Incoming::OpenAccount(open) = &delivery.message {
                let account = AccountId::try_from_bytes(&open.account_id)?;
                self.check.require().await?;
                let key = self.signer.create(KeyOwner::Account(account)).await?;
                keys.insert(account.uuid(), key);
            }
        }
        Ok(keys)
    }

    async fn handle(
        &self,
        unit: &mut Unit,
        batch: &[Delivery<Incoming>],
        keys: Self::Prepared,
    ) -> Result<(), Fault> {
        lock_all(unit, batch).await?;
        open_accounts(unit, batch, &keys).await?;
        let operators = &self.settings.operators;
        let (mut holds, mut releases, mut watches) = (Vec::new(), Vec::new(), Vec::new());
        for delivery in batch {
            match &delivery.message {
                Incoming::HoldStakes(list) => {
                    let list = list.items.iter().map(Wanted::try_from).collect::<Result<Vec<_>, _>>()?;
                    holds.push((delivery.id, list));
                }
                Incoming::ReleaseStakes(list) => releases.extend(list.items.iter().cloned()),
                Incoming::WatchDeposits(watch) => watches.push(watch),
                // Above, so that whatever else is asked of a new account finds it.
                Incoming::OpenAccount(_) => {}
                Incoming::RequestWithdrawal(request) => {
                    let authenticators = &self.authenticators;
                    requests::request_withdrawal(unit, delivery, request, &self.settings, authenticators)
                        .await?;
                }
                Incoming::AnchorReceipt(receipt) => requests::anchor_receipt(unit, receipt).await?,
                Incoming::CancelWithdrawal(command) => withdrawals::cancel(unit, delivery, command).await?,
                Incoming::ApproveWithdrawal(command) => {
                    let decided = withdrawals::approve(unit, delivery, command, operators).await;
                    operators::answer(unit, delivery, decided)?;
                }
                Incoming::RejectWithdrawal(command) => {
                    let decided = withdrawals::reject(unit, delivery, command, operators).await;
                    operators::answer(unit, delivery, decided)?;
                }
                Incoming::PauseWithdrawals(command) => {
                    let decided = pauses::pause(unit, delivery, command, operators).await;
                    operators::answer(unit, delivery, decided)?;
                }
                Incoming::ResumeWithdrawals(command) => {
                    let decided = pauses::resume(unit, delivery, command, operators).await;
                    operators::answer(unit, delivery, decided)?;
                }
                Incoming::SetBan(command) => {
                    let decided = bans::set(unit, delivery, command, operators).await;
                    operators::answer(unit, delivery, decided)?;
                }
                Incoming::TakeProof(command) => proofs::take(unit, delivery, command, operators).await?,
                Incoming::ConfirmTotp(command) => {
                    self.authenticators.confirm(unit, delivery, command).await?
                }
                Incoming::RemoveTotp(command) => self.authenticators.remove(unit, delivery, command).await?,
                Incoming::SetLimit(set) => limits::set_limit(unit, delivery, set, &self.limits).await?,
                Incoming::CoolOff(rest) => limits::cool_off(unit, delivery, rest, &self.limits).await?,
                Incoming::ExcludeSelf(rest) => {
                    limits::exclude_self(unit, delivery, rest, &self.limits).await?
                }
                Incoming::CloseAccount(close) => leaving::close_account(unit, delivery, close).await?,
            }
        }
        let mut decisions = if holds.is_empty() { Vec::new() } else { stake::hold(unit, &holds).await? };
        if !releases.is_empty() {
            decisions.extend(stake::release(unit, &releases).await?);
        }
        for items in decisions.chunks(DECISIONS_PER_MESSAGE) {
            unit.event(&StakesDecided { items: items.to_vec() });
        }
        if !watches.is_empty() {
            requests::watch_deposits(unit, &watches, &self.settings).await?;
        }
        Ok(())
    }
}

/// Locks every account of the batch at once: locks taken message by message would have no order.
async fn lock_all(unit: &mut Unit, batch: &[Delivery<Incoming>]) -> Result<(), Fault> {
    let mut accounts: BTreeSet<Account> = BTreeSet::new();
    let mut stake = |account: &[u8], room: &[u8]| -> Result<(), Fault> {
        accounts.insert(Account::available(AccountId::try_from_bytes(account)?));
        accounts.insert(Account::escrow(RoomId::try_from_bytes(room)?));
        Ok(())
    };
    for delivery in batch {
        match &delivery.message {
            Incoming::HoldStakes(list) => {
                list.items.iter().try_for_each(|item| stake(&item.account_id, &item.room_id))?
            }
            Incoming::ReleaseStakes(list) => {
                list.items.iter().try_for_each(|item| stake(&item.account_id, &item.room_id))?;
            }
            _ => {}
        }
    }
    for delivery in batch {
        match &delivery.message {
            Incoming::RequestWithdrawal(request) => {
                accounts.extend(requests::request_locks(AccountId::try_from_bytes(&request.account_id)?));
            }
            Incoming::ConfirmTotp(ConfirmTotp { account_id, .. })
            | Incoming::RemoveTotp(RemoveTotp { account_id, .. })
            | Incoming::SetLimit(SetLimit { account_id, .. })
            | Incoming::CoolOff(CoolOff { account_id, .. })
            | Incoming::ExcludeSelf(ExcludeSelf { account_id, .. }) => {
                accounts.insert(Account::available(AccountId::try_from_bytes(account_id)?));
            }
            // What is no id is refused where the message is obeyed.
            Incoming::SetBan(SetBan { account_id, .. }) => {
                accounts.extend(AccountId::try_from_bytes(account_id).map(Account::available));
            }
            Incoming::CloseAccount(close) => {
                let account = AccountId::try_from_bytes(&close.account_id)?;
                accounts.extend([Account::available(account), Account::held(account)]);
                accounts.insert(Account::house(Kind::Unclaimed));
            }
            _ => {}
        }
    }
    let named: Vec<WithdrawalId> = batch.iter().filter_map(|delivery| named(&delivery.message)).collect();
    for owner in store::withdrawal::owners(unit.conn(), &named).await? {
        accounts.extend(requests::request_locks(owner));
    }
    if accounts.is_empty() {
        return Ok(());
    }
    let escrows = accounts.iter().filter(|account| account.kind == Kind::Escrow).copied();
    store::ledger::open(unit, &escrows.collect()).await?;
    store::ledger::lock(unit, &accounts).await?;
    store::withdrawal::lock(unit.conn(), &named).await.map(drop)
}

/// The withdrawal that a message is about. What is no id is refused where the message is obeyed.
fn named(message: &Incoming) -> Option<WithdrawalId> {
    let id = match message {
        Incoming::CancelWithdrawal(command) => &command.withdrawal_id,
        Incoming::ApproveWithdrawal(command) => &command.withdrawal_id,
        Incoming::RejectWithdrawal(command) => &command.withdrawal_id,
        _ => return None,
    };
    WithdrawalId::try_from_bytes(id).ok()
}

/// Opens accounts in one order: who inserts a key that another replica is inserting waits for it.
async fn open_accounts(
    unit: &mut Unit,
    batch: &[Delivery<Incoming>],
    keys: &BTreeMap<Uuid, SealedKey>,
) -> Result<(), Fault> {
    let mut opens: Vec<(&Delivery<Incoming>, &OpenAccount)> = Vec::new();
    for delivery in batch {
        if let Incoming::OpenAccount(open) = &delivery.message {
            opens.push((delivery, open));
        }
    }
    opens.sort_by_key(|(_, open)| &open.account_id);
    for (delivery, open) in opens {
        open_account(unit, delivery, open, keys).await?;
    }
    Ok(())
}

async fn open_account(
    unit: &mut Unit,
    delivery: &Delivery<Incoming>,
    open: &OpenAccount,
    keys: &BTreeMap<Uuid, SealedKey>,
) -> Result<(), Fault> {
    let account = AccountId::try_from_bytes(&open.account_id)?;
    let key = keys.get(&account.uuid()).ok_or_else(|| Fault::bug("no key was prepared"))?;
    let address = store::key::add(unit.conn(), key, std::time::Duration::ZERO).await?;
    store::ledger::open(unit, &BTreeSet::from([Account::available(account), Account::held(account)])).await?;
    if let Some(until) = &open.excluded_until {
        limits::begin_excluded(unit, account, from_timestamp(Some(until))?).await?;
    }
    let message = message(account, &address);
    if address == key.address {
        unit.event(&AccountOpened { account: Some(message.clone()) });
    }
    // Derivable from the key for ever, so it is told and not stored.
    unit.answer(Outcome::done(delivery.id.as_bytes(), &OpenAccountDone { account: Some(message) }));
    Ok(())
}

fn message(account: AccountId, address: &Pubkey) -> AccountMessage {
    AccountMessage { account_id: account.bytes(), deposit_address: address.to_string(), ..Default::default() }
}

/// Posts payouts, one chunk per transaction: a settlement of any size holds no lock for longer
/// than one chunk takes.
pub struct Payouter;

#[async_trait]
impl Handler for Payouter {
    type Message = Payouts;
    type Prepared = ();
    const BATCH: usize = 1;
    // While one chunk waits for the disk, the other one is worked out.
    const WRITERS: usize = 2;

    async fn prepare(&self, _batch: &[Delivery<Payouts>]) -> Result<(), Fault> {
        Ok(())
    }

    async fn handle(&self, unit: &mut Unit, batch: &[Delivery<Payouts>], (): ()) -> Result<(), Fault> {
        for delivery in batch {
            match &delivery.message {
                Payouts::Post(chunk) => match payout::post_chunk(unit, chunk).await? {
                    Chunk::Posted => {
                        let withheld = payout::withheld(unit, chunk).await?;
                        let (room_id, chunk) = (chunk.room_id.clone(), chunk.chunk);
                        unit.event(&PayoutsPosted { room_id, chunk, withheld });
                    }
                    Chunk::TooEarly => unit.later(delivery),
                },
                Payouts::Refund(chunk) => {
                    let awaiting_funds = refund::refund_chunk(unit, chunk).await? == Refund::AwaitingFunds;
                    if awaiting_funds {
                        metrics::counter!("wallet_refunds_short_total").increment(1);
                    }
                    let (room_id, chunk) = (chunk.room_id.clone(), chunk.chunk);
                    unit.event(&StakesRefunded { room_id, chunk, awaiting_funds });
                }
            }
        }
        Ok(())
    }
}
