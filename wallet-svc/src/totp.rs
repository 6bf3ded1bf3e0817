//! Authenticators of accounts: begun and asked for over gRPC, confirmed, used and removed by commands. The secret is
//! told until it is confirmed, and never after; it is on no broker and in no log.

use crate::{
    domain::{
        totp::{Authenticator, SECRET_LEN, TotpRules, Verdict, base32, uri},
        withdrawal::Totp,
    },
    keys::{EnvelopeError, KeyCheck, KeyOwner, Masters, SealError, Sealed},
    store,
};
use chassis::{Db, Delivery, Fault, Unit, grpc::Unanswered};
use proto::{
    AccountId, Refusal,
    common::RefusalCode,
    timestamp,
    wallet::{
        BeginTotpResponse, ConfirmTotp, ConfirmTotpDone, GetTotpResponse, RemoveTotp, RemoveTotpDone,
        SecurityChange, SecurityChanged,
    },
};
use rand::{TryRngCore, rngs::OsRng};
use std::sync::Arc;
use time::OffsetDateTime;
use uuid::Uuid;
use zeroize::Zeroizing;

/// What authenticators are kept and judged with. Cloning is cheap.
#[derive(Clone)]
pub struct Authenticators {
    masters: Arc<Masters>,
    check: Arc<KeyCheck>,
    rules: TotpRules,
}

/// A code that a request came with, judged and not used up yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    /// What the rules of withdrawals make of it.
    pub says: Totp,
    right: Option<(Authenticator, i64)>,
}

impl From<EnvelopeError> for Fault {
    fn from(error: EnvelopeError) -> Self {
        Self::upstream("key store", error)
    }
}

impl From<SealError> for Fault {
    fn from(error: SealError) -> Self {
        Self::upstream("key store", error)
    }
}

impl Authenticators {
    /// Seals secrets under these master keys once the check has passed, judges codes by these rules.
    #[must_use]
    pub const fn new(masters: Arc<Masters>, check: Arc<KeyCheck>, rules: TotpRules) -> Self {
        Self { masters, check, rules }
    }

    /// A secret to scan: the one that was begun, or a new one.
    ///
    /// # Errors
    /// The account is unknown or has a confirmed authenticator; the database.
    pub async fn begin(&self, db: &Db, account: AccountId) -> Result<BeginTotpResponse, Unanswered> {
        self.check.require().await?;
        if store::key::of_owner(db.pool(), KeyOwner::Account(account)).await?.is_none() {
            return Err(Refusal::new(RefusalCode::AccountUnknown).into());
        }
        let what = Sealed::Totp(account.uuid());
        let mut secret = Zeroizing::new([0u8; SECRET_LEN]);
        OsRng.try_fill_bytes(secret.as_mut()).map_err(|error| Fault::upstream("randomness", error))?;
        let sealed = self.masters.seal(what, secret.as_ref()).map_err(Fault::from)?;
        let mut unit = db.unit().await?;
        let stored = store::totp::begin(unit.conn(), account, &sealed, &self.masters.id()).await?;
        unit.commit().await?;
        let stored = stored.ok_or_else(|| Fault::bug("an authenticator is gone as soon as it is stored"))?;
        if stored.authenticator.confirmed_at.is_some() {
            return Err(Refusal::new(RefusalCode::TotpAlready).into());
        }
        let secret = self.masters.open(what, &stored.sealed).map_err(Fault::from)?;
        Ok(BeginTotpResponse { uri: uri(&secret, &label(account)), secret: base32(&secret) })
    }

    /// Whether the account has an authenticator, and from when it raises limits.
    ///
    /// # Errors
    /// The database.
    pub async fn get(&self, db: &Db, account: AccountId) -> Result<GetTotpResponse, Fault> {
        let stored = store::totp::get(db.pool(), account).await?.map(|stored| stored.authenticator);
        let counts_from = stored.and_then(|authenticator| authenticator.counts_from(&self.rules));
        Ok(GetTotpResponse { confirmed: counts_from.is_some(), counts_from: counts_from.map(timestamp) })
    }

    /// What a right code would say to a request now; `None` where the account has no authenticator.
    ///
    /// # Errors
    /// The database.
    pub async fn expects(&self, db: &Db, account: AccountId) -> Result<Totp, Fault> {
        let stored = store::totp::get(db.pool(), account).await?.map(|stored| stored.authenticator);
        let counts_from = stored.and_then(|authenticator| authenticator.counts_from(&self.rules));
        let now: OffsetDateTime = store::totp::now(db.pool()).await?;
        Ok(counts_from.map_or(Totp::None, |from| if from <= now { Totp::Verified } else { Totp::Fresh }))
    }

    /// Takes an authenticator into use with its first code. Its account is locked.
    ///
    /// # Errors
    /// The database, or a message that breaks its contract.
    pub async fn confirm<M: Sync>(
        &self,
        unit: &mut Unit,
        delivery: &Delivery<M>,
        message: &ConfirmTotp,
    ) -> Result<(), Fault> {
        let account = AccountId::try_from_bytes(&message.account_id)?;
        let Some(stored) = store::totp::get(&mut *unit.conn(), account).await? else {
            unit.refuse(delivery, &Refusal::new(RefusalCode::TotpNotBegun));
            return Ok(());
        };
        if stored.authenticator.confirmed_at.is_some() {
            unit.refuse(delivery, &Refusal::new(RefusalCode::TotpAlready));
            return Ok(());
        }
        let (mut authenticator, step) =
            match self.judge(unit, delivery.id, account, &stored, &message.code).await? {
                Ok(right) => right,
                Err(refusal) => {
                    unit.refuse(delivery, &refusal);
                    return Ok(());
                }
            };
        let now = unit.now().await?;
        authenticator.use_up(step);
        authenticator.confirmed_at = Some(now);
        store::totp::update(unit.conn(), account, &authenticator).await?;
        tell(unit, delivery.id, account, SecurityChange::TotpAdded, now);
        let counts_from = authenticator.counts_from(&self.rules).map(timestamp);
        unit.done(delivery, &ConfirmTotpDone { counts_from });
        Ok(())
    }

    /// Removes an authenticator with a code of it. Its account is locked.
    ///
    /// # Errors
    /// The database, or a message that breaks its contract.
    pub async fn remove<M: Sync>(
        &self,
        unit: &mut Unit,
        delivery: &Delivery<M>,
        message: &RemoveTotp,
    ) -> Result<(), Fault> {
        let account = AccountId::try_from_bytes(&message.account_id)?;
        let Some(stored) = self.confirmed(unit, account).await? else {
            unit.refuse(delivery, &Refusal::new(RefusalCode::TotpNotBegun));
            return Ok(());
        };
        if let Err(refusal) = self.judge(unit, delivery.id, account, &stored, &message.code).await? {
            unit.refuse(delivery, &refusal);
            return Ok(());
        }
        let now = unit.now().await?;
        store::totp::remove(unit.conn(), account).await?;
        tell(unit, delivery.id, account, SecurityChange::TotpRemoved, now);
        unit.done(delivery, &RemoveTotpDone {});
        Ok(())
    }

    /// Judges the code of a request whose account is locked. A wrong one counts at once; a right one is used up by
    /// [`use_up`](Self::use_up), in the transaction of what it is good for.
    ///
    /// # Errors
    /// The database. The inner error is for whoever asked.
    pub async fn examine(
        &self,
        unit: &mut Unit,
        command: Uuid,
        account: AccountId,
        code: &str,
    ) -> Result<Result<Code, Refusal>, Fault> {
        let stored = self.confirmed(unit, account).await?;
        let (stored, code) = match (stored, code) {
            (None, "") => return Ok(Ok(Code { says: Totp::None, right: None })),
            (None, _) => return Ok(Err(Refusal::new(RefusalCode::TotpNotBegun))),
            (Some(_), "") => return Ok(Ok(Code { says: Totp::Missing, right: None })),
            (Some(stored), code) => (stored, code),
        };
        let right = match self.judge(unit, command, account, &stored, code).await? {
            Ok(right) => right,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let now = unit.now().await?;
        let counts = right.0.counts_from(&self.rules).is_some_and(|from| from <= now);
        Ok(Ok(Code { says: if counts { Totp::Verified } else { Totp::Fresh }, right: Some(right) }))
    }

    /// Uses up a code for ever, together with everything else that this unit commits.
    ///
    /// # Errors
    /// The database.
    pub async fn use_up(&self, unit: &mut Unit, account: AccountId, code: &Code) -> Result<(), Fault> {
        let Some((mut authenticator, step)) = code.right else { return Ok(()) };
        authenticator.use_up(step);
        store::totp::update(unit.conn(), account, &authenticator).await
    }

    async fn confirmed(
        &self,
        unit: &mut Unit,
        account: AccountId,
    ) -> Result<Option<store::totp::Stored>, Fault> {
        let stored = store::totp::get(unit.conn(), account).await?;
        Ok(stored.filter(|stored| stored.authenticator.confirmed_at.is_some()))
    }

    async fn judge(
        &self,
        unit: &mut Unit,
        command: Uuid,
        account: AccountId,
        stored: &store::totp::Stored,
        code: &str,
    ) -> Result<Result<(Authenticator, i64), Refusal>, Fault> {
        let secret = self.masters.open(Sealed::Totp(account.uuid()), &stored.sealed)?;
        let mut authenticator = stored.authenticator;
        let now = unit.now().await?;
        let refusal = match authenticator.judge(&secret, code, now, &self.rules) {
            Verdict::Right(step) => return Ok(Ok((authenticator, step))),
            Verdict::Locked(refusal) => return Ok(Err(refusal)),
            Verdict::Wrong(refusal) => refusal,
            Verdict::NowLocked(refusal) => {
                tell(unit, command, account, SecurityChange::TotpLocked, now);
                refusal
            }
        };
        metrics::counter!("wallet_totp_wrong_total").increment(1);
        store::totp::update(unit.conn(), account, &authenticator).await?;
        Ok(Err(refusal))
    }
}

/// What an app shows beside the codes: enough to tell two accounts apart, and nothing about them.
fn label(account: AccountId) -> String {
    let id = account.uuid().simple().to_string();
    id.chars().skip(24).collect()
}

/// Tells the owner, and the audit log.
fn tell(unit: &mut Unit, command: Uuid, account: AccountId, change: SecurityChange, at: OffsetDateTime) {
    unit.event(&SecurityChanged {
        account_id: account.bytes(),
        change: change.into(),
        at: Some(timestamp(at)),
        change_id: command.as_bytes().to_vec(),
    });
    let action = match change {
        SecurityChange::TotpAdded => "confirm_totp",
        SecurityChange::TotpRemoved => "remove_totp",
        SecurityChange::TotpLocked | SecurityChange::Unspecified => "lock_totp",
    };
    unit.audit(account.to_string(), action, &account.bytes(), &serde_json::json!({}));
}
