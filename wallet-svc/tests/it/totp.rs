//! Authenticators: from the first code to the withdrawal that needs one.

use crate::{bank::Bank, world::SOL};
use chassis::{Db, Delivery, Unit};
use prost::Message;
use proto::{
    AccountId, Refusal,
    common::{Outcome, RefusalCode},
    frame::Frame,
    wallet::{
        ConfirmTotp, ConfirmTotpDone, RemoveTotp, RemoveTotpDone, RequestWithdrawal, RequestWithdrawalDone,
        SecurityChange, SecurityChanged,
    },
};
use solana_keypair::Keypair;
use solana_signer::Signer as _;
use std::{sync::Arc, time::Duration};
use time::OffsetDateTime;
use uuid::Uuid;
use wallet_svc::{
    domain::totp,
    keys::{KeyOwner, LocalKeystore, Masters, Operators, Policy, Signer},
    store,
    totp::Authenticators,
    workers::{ChainSettings, requests},
};

/// The service's tables, and what it judges codes with.
pub struct Desk {
    bank: Bank,
    masters: Arc<Masters>,
    authenticators: Authenticators,
    changed: Vec<(&'static str, &'static str)>,
}

impl Desk {
    pub async fn open() -> Self {
        Self::open_with(&[]).await
    }

    /// With some settings changed.
    pub async fn open_with(changed: &[(&'static str, &'static str)]) -> Self {
        let bank = Bank::open().await;
        let (masters, authenticators) = (bank.masters(), bank.authenticators());
        Self { bank, masters, authenticators, changed: changed.to_vec() }
    }

    fn db(&self) -> &Db {
        self.bank.handle()
    }

    async fn unit(&self) -> Unit {
        self.bank.unit().await
    }

    /// An account with an address and this much.
    pub async fn account_with(&self, lamports: i64) -> AccountId {
        let account = self.bank.account(lamports).await;
        let policy = Policy::new(Operators::default(), proto::Lamports::MAX, proto::Lamports::ZERO);
        let keystore = LocalKeystore::new(Arc::clone(&self.masters), policy);
        let key = keystore.create(KeyOwner::Account(account)).await.unwrap();
        let mut unit = self.unit().await;
        store::key::add(unit.conn(), &key, Duration::ZERO).await.unwrap();
        unit.commit().await.unwrap();
        account
    }

    pub async fn available(&self, account: AccountId) -> i64 {
        self.bank.available(account).await
    }

    fn settings(&self) -> ChainSettings {
        let variables = self.changed.iter().copied().chain([("SOLANA_RPC_URLS", "http://a.example")]);
        chassis::settings::read(variables.collect(), ChainSettings::declare).unwrap()
    }

    async fn now(&self) -> OffsetDateTime {
        sqlx::query_scalar("SELECT wallet.db_clock()").fetch_one(self.bank.db.pool()).await.unwrap()
    }

    async fn advance(&self, seconds: u64) {
        self.bank.db.advance(Duration::from_secs(seconds)).await.unwrap();
    }

    async fn outcome(&self, id: Uuid) -> Option<Outcome> {
        let body: Option<Vec<u8>> =
            sqlx::query_scalar("SELECT body FROM wallet.outcome WHERE command_id = $1")
                .bind(id)
                .fetch_optional(self.bank.db.pool())
                .await
                .unwrap();
        body.map(|body| Outcome::decode(body.as_slice()).unwrap())
    }

    /// What owners were told of.
    async fn changes(&self) -> Vec<SecurityChanged> {
        let frames: Vec<Vec<u8>> = sqlx::query_scalar("SELECT frame FROM wallet.outbox ORDER BY created_at")
            .fetch_all(self.bank.db.pool())
            .await
            .unwrap();
        let messages = frames.iter().flat_map(|frame| Frame::decode(frame.as_slice()).unwrap().messages);
        messages
            .filter(|message| message.r#type.ends_with(".SecurityChanged"))
            .map(|message| SecurityChanged::decode(message.payload.as_slice()).unwrap())
            .collect()
    }
}

fn delivery(account: AccountId) -> Delivery<()> {
    Delivery {
        id: Uuid::now_v7(),
        message: (),
        repeat: false,
        actor: account.to_string(),
        reply_to: "gateway".to_owned(),
        at: OffsetDateTime::UNIX_EPOCH,
        traceparent: String::new(),
    }
}

/// An account with an authenticator that was confirmed just now.
pub struct Holder {
    account: AccountId,
    secret: Vec<u8>,
}

impl Holder {
    pub const fn without_authenticator(account: AccountId) -> Self {
        Self { account, secret: Vec::new() }
    }

    /// Scans the secret and types the first code.
    async fn new(desk: &Desk, account: AccountId) -> Self {
        let begun = desk.authenticators.begin(desk.db(), account).await.unwrap();
        let again = desk.authenticators.begin(desk.db(), account).await.unwrap();
        assert_eq!(begun, again, "the same until it is confirmed");
        assert!(begun.uri.contains(&begun.secret) && begun.uri.starts_with("otpauth://totp/ROOMS:"));
        let holder = Self { account, secret: from_base32(&begun.secret) };
        let code = holder.code(desk, 0).await;
        let confirmed = holder.confirm(desk, &code).await.unwrap();
        let counts_from = proto::from_timestamp(confirmed.counts_from.as_ref()).unwrap();
        assert_eq!((counts_from - desk.now().await).whole_hours(), 23);
        holder
    }

    /// The code so many time steps from now.
    async fn code(&self, desk: &Desk, steps: i64) -> String {
        totp::code_at(&self.secret, desk.now().await + time::Duration::seconds(30 * steps)).unwrap()
    }

    async fn confirm(&self, desk: &Desk, code: &str) -> Result<ConfirmTotpDone, Refusal> {
        let (delivery, code) = (delivery(self.account), code.to_owned());
        let mut unit = desk.unit().await;
        let message = ConfirmTotp { account_id: self.account.bytes(), code };
        desk.authenticators.confirm(&mut unit, &delivery, &message).await.unwrap();
        unit.commit().await.unwrap();
        desk.outcome(delivery.id).await.unwrap().decided().unwrap()
    }

    async fn remove(&self, desk: &Desk, code: &str) -> Result<RemoveTotpDone, Refusal> {
        let (delivery, code) = (delivery(self.account), code.to_owned());
        let mut unit = desk.unit().await;
        let message = RemoveTotp { account_id: self.account.bytes(), code };
        desk.authenticators.remove(&mut unit, &delivery, &message).await.unwrap();
        unit.commit().await.unwrap();
        desk.outcome(delivery.id).await.unwrap().decided().unwrap()
    }

    /// Asks for a withdrawal. An accepted one is not answered before the chain was asked about its destination.
    pub async fn withdraw(&self, desk: &Desk, lamports: i64, code: &str) -> Result<(), Refusal> {
        let delivery = delivery(self.account);
        let message = RequestWithdrawal {
            account_id: self.account.bytes(),
            address: Keypair::new().pubkey().to_string(),
            lamports,
            totp_code: code.to_owned(),
        };
        let mut unit = desk.unit().await;
        let settings = desk.settings();

        requests::request_withdrawal(&mut unit, &delivery, &message, &settings, &desk.authenticators)
            .await
            .unwrap();
        unit.commit().await.unwrap();
        match desk.outcome(delivery.id).await {
            None => Ok(()),
            Some(outcome) => outcome.decided::<RequestWithdrawalDone>().unwrap().map(drop),
        }
    }
}

fn from_base32(text: &str) -> Vec<u8> {
    let digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bits: String = text.chars().map(|c| format!("{:05b}", digits.find(c).unwrap())).collect();
    bits.as_bytes()
        .chunks_exact(8)
        .map(|byte| u8::from_str_radix(std::str::from_utf8(byte).unwrap(), 2).unwrap())
        .collect()
}

fn code_of<T>(decided: Result<T, Refusal>) -> Option<RefusalCode> {
    decided.err().map(|refusal| refusal.code)
}

fn told(changes: &[SecurityChanged]) -> Vec<SecurityChange> {
    changes.iter().map(SecurityChanged::change).collect()
}

#[tokio::test]
async fn a_code_is_worth_one_withdrawal_and_a_day_later_more() {
    let desk = Desk::open().await;
    let account = desk.account_with(100 * SOL).await;
    let plain = Holder::without_authenticator(account);
    assert_eq!(code_of(plain.withdraw(&desk, SOL, "123456").await), Some(RefusalCode::TotpNotBegun));
    let holder = Holder::new(&desk, account).await;

    // From now on nothing leaves without a code, and the code that confirmed is used up.
    assert_eq!(code_of(holder.withdraw(&desk, SOL, "").await), Some(RefusalCode::WithdrawNeedsTotp));
    let used = holder.code(&desk, 0).await;
    assert_eq!(code_of(holder.withdraw(&desk, SOL, &used).await), Some(RefusalCode::TotpWrong));

    // Whoever holds the chat could have added it: for a day it raises nothing.
    let code = holder.code(&desk, 1).await;
    assert_eq!(code_of(holder.withdraw(&desk, SOL + 1, &code).await), Some(RefusalCode::WithdrawNeedsTotp));
    // What was refused has not used up its code.
    assert_eq!(holder.withdraw(&desk, SOL, &code).await, Ok(()));
    assert_eq!(code_of(holder.withdraw(&desk, SOL, &code).await), Some(RefusalCode::TotpWrong));

    desk.advance(86_400).await;
    let code = holder.code(&desk, 0).await;
    assert_eq!(holder.withdraw(&desk, 30 * SOL, &code).await, Ok(()));
    let code = holder.code(&desk, 1).await;
    assert_eq!(code_of(holder.withdraw(&desk, 30 * SOL, &code).await), Some(RefusalCode::WithdrawCap));
    assert_eq!(told(&desk.changes().await), [SecurityChange::TotpAdded]);
}

#[tokio::test]
async fn five_wrong_codes_lock_for_a_quarter_of_an_hour() {
    let desk = Desk::open().await;
    let holder = Holder::new(&desk, desk.account_with(10 * SOL).await).await;
    let right = holder.code(&desk, 1).await;
    let wrong = if right == "000000" { "000001" } else { "000000" };
    for _ in 0..4 {
        assert_eq!(code_of(holder.withdraw(&desk, SOL, wrong).await), Some(RefusalCode::TotpWrong));
    }
    // It counts wherever the code is typed.
    assert_eq!(code_of(holder.remove(&desk, wrong).await), Some(RefusalCode::TotpLocked));
    assert_eq!(code_of(holder.withdraw(&desk, SOL, &right).await), Some(RefusalCode::TotpLocked));
    let changes: Vec<SecurityChanged> = desk.changes().await;
    assert_eq!(told(&changes), [SecurityChange::TotpAdded, SecurityChange::TotpLocked]);
    assert!(changes.iter().all(|change| change.account_id == holder.account.bytes()));

    desk.advance(901).await;
    let code = holder.code(&desk, 0).await;
    assert_eq!(holder.withdraw(&desk, SOL, &code).await, Ok(()));
}

#[tokio::test]
async fn an_authenticator_goes_only_with_its_own_code() {
    let desk = Desk::open().await;
    let holder = Holder::new(&desk, desk.account_with(10 * SOL).await).await;
    let begun = desk.authenticators.begin(desk.db(), holder.account).await.unwrap_err();
    assert!(tonic::Status::from(begun).message().contains("TOTP_ALREADY"));
    let again = holder.confirm(&desk, &holder.code(&desk, 1).await).await;
    assert_eq!(code_of(again), Some(RefusalCode::TotpAlready));
    assert_eq!(code_of(holder.remove(&desk, "").await), Some(RefusalCode::TotpWrong));
    assert!(holder.remove(&desk, &holder.code(&desk, 1).await).await.is_ok());
    assert_eq!(holder.withdraw(&desk, SOL, "").await, Ok(()));
    assert_eq!(code_of(holder.remove(&desk, "123456").await), Some(RefusalCode::TotpNotBegun));
    // The next one has another secret and begins its day anew.
    let next = Holder::new(&desk, holder.account).await;
    assert_ne!(next.secret, holder.secret);
}

#[tokio::test]
async fn the_database_refuses_a_code_that_would_count_again() {
    let desk = Desk::open().await;
    let holder = Holder::new(&desk, desk.account_with(SOL).await).await;
    let mut unit = desk.unit().await;
    let mut stored = store::totp::get(unit.conn(), holder.account).await.unwrap().unwrap().authenticator;
    stored.last_step -= 1;
    let refused = store::totp::update(unit.conn(), holder.account, &stored).await.unwrap_err();
    assert!(refused.chain().contains("would count again"), "{}", refused.chain());
}
