//! What wallet-svc obeys.

use crate::{
    domain::ledger::Account,
    keys::{KeyOwner, SealedKey, Signer},
    movements::{
        payout::{self, Chunk},
        stake::{self, Wanted},
    },
    store,
    workers::{ChainSettings, requests},
};
use async_trait::async_trait;
use chassis::{Delivery, Fault, Handler, Unit};
use proto::{
    AccountId, RoomId,
    common::Outcome,
    wallet::{
        Account as AccountMessage, AccountOpened, AnchorReceipt, HoldStakes, OpenAccount, OpenAccountDone,
        PayoutsPosted, PostPayouts, ReleaseStakes, RequestWithdrawal, StakesDecided, WatchDeposits,
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
        /// A user waits for a deposit.
        WatchDeposits(WatchDeposits),
        /// A settlement wants its receipt on chain.
        AnchorReceipt(AnchorReceipt),
    }
}

chassis::incoming! {
    /// Payouts have a consumer of their own, so that bets do not wait behind them.
    pub enum Payouts {
        /// One chunk of a settlement.
        Post(PostPayouts),
    }
}

/// Obeys everything but payouts.
pub struct Wallet {
    /// Makes keys of new accounts.
    pub signer: Arc<dyn Signer>,
    /// Limits and pace.
    pub settings: ChainSettings,
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
        let (mut holds, mut releases, mut watches) = (Vec::new(), Vec::new(), Vec::new());
        for delivery in batch {
            match &delivery.message {
                Incoming::HoldStakes(list) => {
                    let list = list.items.iter().map(Wanted::try_from).collect::<Result<Vec<_>, _>>()?;
                    holds.push((delivery.id, list));
                }
                Incoming::ReleaseStakes(list) => releases.extend(list.items.iter().cloned()),
                Incoming::WatchDeposits(watch) => watches.push(watch),
                Incoming::OpenAccount(open) => open_account(unit, delivery, open, &keys).await?,
                Incoming::RequestWithdrawal(request) => {
                    requests::request_withdrawal(unit, delivery, request, &self.settings).await?;
                }
                Incoming::AnchorReceipt(receipt) => requests::anchor_receipt(unit, receipt).await?,
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
        if let Incoming::RequestWithdrawal(request) = &delivery.message {
            let account = AccountId::try_from_bytes(&request.account_id)?;
            accounts.extend([Account::available(account), Account::held(account)]);
        }
    }
    if accounts.is_empty() {
        return Ok(());
    }
    let escrows =
        accounts.iter().filter(|account| account.kind == crate::domain::ledger::Kind::Escrow).copied();
    store::ledger::open(unit, &escrows.collect()).await?;
    store::ledger::lock(unit, &accounts).await.map(drop)
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

    async fn prepare(&self, _batch: &[Delivery<Payouts>]) -> Result<(), Fault> {
        Ok(())
    }

    async fn handle(&self, unit: &mut Unit, batch: &[Delivery<Payouts>], (): ()) -> Result<(), Fault> {
        for delivery in batch {
            let Payouts::Post(chunk) = &delivery.message;
            match payout::post_chunk(unit, chunk).await? {
                Chunk::Posted => {
                    unit.event(&PayoutsPosted { room_id: chunk.room_id.clone(), chunk: chunk.chunk })
                }
                Chunk::TooEarly => unit.later(delivery),
            }
        }
        Ok(())
    }
}
