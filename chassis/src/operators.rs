//! Operators: whose keys count, and what one signed. An action of an operator is a command with a signature over its
//! statement (`proto::statement`), genuine, young and used once, so that neither a copy of the message nor a service in
//! between can act in an operator's name.
//!
//! A service that obeys such commands has a table `statement` in its schema, with the columns that [`Signed::use_up`] writes.

mod accounts;

#[cfg(test)]
mod tests;

pub use accounts::OperatorAccounts;

use crate::{
    Delivery, Door, Fault, Unit,
    grpc::Unanswered,
    settings::{Invalid, Network, Reader, Value},
};
use ed25519_dalek::{Signature, VerifyingKey};
use prost::Message;
use proto::{
    Command, Malformed, Refusal,
    common::{Outcome, RefusalCode},
    from_timestamp,
    statement::Statement,
};
use serde_json::json;
use std::{collections::BTreeSet, fmt, str::FromStr};
use time::{Duration, OffsetDateTime};
use tonic::Status;
use uuid::Uuid;

/// Different operators who must say the same before money moves or a result stands by their word.
pub const NEEDED: usize = 2;

/// A statement that is older is refused: it was meant for another moment.
const OLDEST: Duration = Duration::minutes(10);
/// How far the operator's clock may run ahead of ours.
const AHEAD: Duration = Duration::minutes(1);

/// Longest reason that an operator gives, in characters.
const REASON_MAX: usize = 200;

/// An operator's Ed25519 public key, written in base58.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OperatorKey([u8; 32]);

impl OperatorKey {
    /// Its 32 bytes.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// From the database.
    ///
    /// # Errors
    /// Not 32 bytes.
    pub fn try_from_bytes(bytes: &[u8]) -> Result<Self, Malformed> {
        bytes.try_into().map(Self).map_err(|_| Malformed("operator key"))
    }
}

impl fmt::Display for OperatorKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&bs58::encode(self.0).into_string())
    }
}

impl FromStr for OperatorKey {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let bytes = bs58::decode(text).into_vec().map_err(|_| Malformed("operator key"))?;
        Self::try_from_bytes(&bytes)
    }
}

impl Value for OperatorKey {
    fn kind() -> String {
        "public key in base58".to_owned()
    }
    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| "is not a public key in base58".to_owned())
    }
    fn show(&self) -> String {
        self.to_string()
    }
}

/// The operators of this deployment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Operators(BTreeSet<OperatorKey>);

impl FromIterator<OperatorKey> for Operators {
    fn from_iter<I: IntoIterator<Item = OperatorKey>>(keys: I) -> Self {
        Self(keys.into_iter().collect())
    }
}

impl Operators {
    /// Declares and reads `OPERATOR_KEYS`.
    ///
    /// # Errors
    /// On mainnet, fewer than what is needed to agree.
    pub fn declare(r: &mut Reader) -> Result<Self, Invalid> {
        const NAME: &str = "OPERATOR_KEYS";
        let doc = "Ed25519 public keys of the operators; `roomsctl operator new-key` makes one.";
        let keys: Option<Vec<OperatorKey>> =
            r.setting(NAME, doc).optional("4zvwRjXUKGfvwnParsHAS3HuSVzV5cA4McphgmoCtajS")?;
        let operators: Self = keys.unwrap_or_default().into_iter().collect();
        if operators.0.len() < NEEDED && r.network() == Network::Mainnet {
            return Err(r.refuse(NAME, "names fewer than the two operators that have to agree"));
        }
        Ok(operators)
    }

    /// Declares and reads `ADMIN_KEYS`: whose word is needed besides, where operators alone are not enough.
    ///
    /// # Errors
    /// What is no key.
    pub fn declare_admins(r: &mut Reader) -> Result<Self, Invalid> {
        let doc =
            "Ed25519 public keys of the admins, who have to agree with the operators where much is at stake.";
        let keys: Option<Vec<OperatorKey>> =
            r.setting("ADMIN_KEYS", doc).optional("4zvwRjXUKGfvwnParsHAS3HuSVzV5cA4McphgmoCtajS")?;
        Ok(keys.unwrap_or_default().into_iter().collect())
    }

    /// These and others.
    #[must_use]
    pub fn and(&self, others: &Self) -> Self {
        self.0.iter().chain(&others.0).copied().collect()
    }

    /// Whether a key is an operator's.
    #[must_use]
    pub fn contains(&self, key: &OperatorKey) -> bool {
        self.0.contains(key)
    }

    /// The operator whose genuine signature an action bears, whenever it was made.
    ///
    /// # Errors
    /// The signature is not an operator's, or is over something else, or the action cannot be put into words.
    pub fn signer(&self, action: &impl Statement) -> Result<OperatorKey, Malformed> {
        const REFUSED: Malformed = Malformed("operator signature");
        let by = action.by().ok_or(REFUSED)?;
        let operator: OperatorKey = by.operator.parse()?;
        let key = VerifyingKey::from_bytes(&operator.0).map_err(|_| REFUSED)?;
        let signature = Signature::from_slice(&by.signature).map_err(|_| REFUSED)?;
        let genuine = self.contains(&operator) && key.verify_strict(&action.bytes()?, &signature).is_ok();
        if genuine { Ok(operator) } else { Err(REFUSED) }
    }

    /// The genuine and young signature of an operator over this action.
    ///
    /// # Errors
    /// `OPERATOR_SIGNATURE`.
    pub fn verify(&self, action: &impl Statement, now: OffsetDateTime) -> Result<Signed, Refusal> {
        let refusal = || Refusal::new(RefusalCode::OperatorSignature);
        let operator = self.signer(action).map_err(|_| refusal())?;
        let by = action.by().ok_or_else(refusal)?;
        let at = from_timestamp(by.signed_at.as_ref()).map_err(|_| refusal())?;
        // The statement names the second alone, and so is all that was signed.
        let at = at.replace_nanosecond(0).map_err(|_| refusal())?;
        if now - at > OLDEST || at - now > AHEAD {
            return Err(refusal());
        }
        let signature = by.signature.as_slice().try_into().map_err(|_| refusal())?;
        Ok(Signed { operator, signature, action: action.action(), at })
    }

    /// Verifies an action and uses up its signature.
    ///
    /// # Errors
    /// `OPERATOR_SIGNATURE`, also where it was used before; the database.
    pub async fn take<M>(
        &self,
        unit: &mut Unit,
        delivery: &Delivery<M>,
        action: &impl Statement,
    ) -> Result<Signed, Unanswered> {
        let now = unit.now().await?;
        let signed = self.verify(action, now)?;
        signed.use_up(unit, delivery.id, action).await?;
        Ok(signed)
    }
}

/// A statement whose signature was found genuine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signed {
    /// Who signed it.
    pub operator: OperatorKey,
    /// The signature.
    pub signature: [u8; 64],
    /// The action's name, as on its subject.
    pub action: &'static str,
    /// When it was signed, to the second.
    pub at: OffsetDateTime,
}

impl Signed {
    /// Notes that a command used this signature, word for word in the audit log, whatever the command then decides: who has
    /// seen an operator act cannot act again by it.
    ///
    /// # Errors
    /// `OPERATOR_SIGNATURE` where it was used before; the database.
    pub async fn use_up(
        &self,
        unit: &mut Unit,
        command: Uuid,
        action: &impl Statement,
    ) -> Result<(), Unanswered> {
        let now = unit.now().await?;
        let taken = sqlx::query(
            "INSERT INTO statement (signature, operator, action, signed_at, command_id, taken_at)
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
        )
        .bind(self.signature.as_slice())
        .bind(self.operator.0.as_slice())
        .bind(self.action)
        .bind(self.at)
        .bind(command)
        .bind(now)
        .execute(unit.conn())
        .await?;
        if taken.rows_affected() == 0 {
            return Err(Refusal::new(RefusalCode::OperatorSignature).into());
        }
        let statement =
            String::from_utf8(action.bytes()?).map_err(|_| Malformed("a statement that is no text"))?;
        let signature = bs58::encode(self.signature).into_string();
        let body = json!({"statement": statement, "signature": signature});
        unit.audit(self.operator.to_string(), self.action, command.as_bytes(), &body);
        Ok(())
    }
}

impl Door {
    /// Hands an operator's command in, as [`Door::enter`] does. One without a statement that could be signed never gets as
    /// far as the inbox; the signature itself is verified by whoever obeys.
    ///
    /// # Errors
    /// As [`Door::enter`], and `INVALID_ARGUMENT` where there is no command or no statement.
    pub async fn enter_signed<C: Command + Statement>(
        &self,
        request_id: &[u8],
        command: Option<C>,
    ) -> Result<Option<Outcome>, Status> {
        let command = command.ok_or_else(|| Unanswered::from(Malformed("no command")))?;
        command.bytes().map_err(Unanswered::from)?;
        let actor = command.by().map(|by| by.operator.clone()).unwrap_or_default();
        self.enter(request_id, &actor, &command).await.map(Some)
    }
}

/// A reason that somebody else will read, trimmed.
///
/// # Errors
/// `MALFORMED`: empty, or longer than 200 characters.
pub fn reason(text: &str) -> Result<&str, Refusal> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > REASON_MAX {
        return Err(Refusal::new(RefusalCode::Malformed).with("field", "reason"));
    }
    Ok(text)
}

/// Stores and tells what became of an operator's command, whichever door it came through. Whatever an operator typed wrong
/// is a refusal: dead letters are for what nobody can answer.
///
/// # Errors
/// Not the operator's doing.
pub fn answer<M, D: Message>(
    unit: &mut Unit,
    delivery: &Delivery<M>,
    decided: Result<D, Unanswered>,
) -> Result<(), Fault> {
    let refusal = match decided {
        Ok(done) => {
            unit.decide(delivery.id, Outcome::done(delivery.id.as_bytes(), &done));
            return Ok(());
        }
        Err(Unanswered::Refused(refusal)) => refusal,
        Err(Unanswered::Fault(Fault::Malformed(malformed))) => {
            Refusal::new(RefusalCode::Malformed).with("field", malformed)
        }
        Err(Unanswered::Fault(fault)) => return Err(fault),
    };
    tracing::warn!(command = %delivery.id, %refusal, "an operator's command is refused");
    metrics::counter!("rooms_operator_refused_total", "code" => refusal.code.as_str_name()).increment(1);
    unit.decide(delivery.id, Outcome::refused(delivery.id.as_bytes(), &refusal));
    Ok(())
}
