//! What every command of an operator has in common: a signature that is genuine, young and new, and an outcome that is
//! always stored, as the same command may come through another door.

use crate::{
    audit,
    keys::Operators,
    store::{self, operator::Signed},
};
use chassis::{Delivery, Fault, Unit, grpc::Unanswered};
use prost::Message;
use proto::{Refusal, common::Outcome, common::RefusalCode, from_timestamp, statement::Statement};
use solana_signature::Signature;
use time::{Duration, OffsetDateTime};

/// A statement that is older is refused: it was meant for another moment.
const OLDEST: Duration = Duration::minutes(10);
/// How far the operator's clock may run ahead of ours.
const AHEAD: Duration = Duration::minutes(1);

/// Longest reason that an operator gives, in characters.
const REASON_MAX: usize = 200;

/// The genuine signature of an operator over this action.
///
/// # Errors
/// `OPERATOR_SIGNATURE`.
pub(super) fn verify(
    action: &impl Statement,
    operators: &Operators,
    now: OffsetDateTime,
) -> Result<Signed, Refusal> {
    let refusal = || Refusal::new(RefusalCode::OperatorSignature);
    let operator = operators.verify(action).map_err(|_| refusal())?;
    let by = action.by().ok_or_else(refusal)?;
    let signature = Signature::try_from(by.signature.as_slice()).map_err(|_| refusal())?;
    let at = from_timestamp(by.signed_at.as_ref()).map_err(|_| refusal())?;
    // The statement names the second alone, and so is all that was signed.
    let at = at.replace_nanosecond(0).map_err(|_| refusal())?;
    if now - at > OLDEST || at - now > AHEAD {
        return Err(refusal());
    }
    Ok(Signed { operator, signature, action: action.action(), at })
}

/// Verifies an action and uses up its signature.
///
/// # Errors
/// `OPERATOR_SIGNATURE`, also where it was used before; the database.
pub(super) async fn take<M>(
    unit: &mut Unit,
    delivery: &Delivery<M>,
    action: &impl Statement,
    operators: &Operators,
) -> Result<Signed, Unanswered> {
    let now = unit.now().await?;
    let signed = verify(action, operators, now)?;
    use_up(unit, delivery, action, &signed).await?;
    Ok(signed)
}

/// Uses up a signature that was verified, for the record.
///
/// # Errors
/// `OPERATOR_SIGNATURE` where it was used before; the database.
pub(super) async fn use_up<M>(
    unit: &mut Unit,
    delivery: &Delivery<M>,
    action: &impl Statement,
    signed: &Signed,
) -> Result<(), Unanswered> {
    let now = unit.now().await?;
    if store::operator::take(unit.conn(), signed, delivery.id, now).await? {
        Ok(audit::stated(unit, delivery.id, action, signed)?)
    } else {
        Err(Refusal::new(RefusalCode::OperatorSignature).into())
    }
}

/// A reason that somebody else will read.
///
/// # Errors
/// `MALFORMED`: empty, or too long.
pub(super) fn reason(text: &str) -> Result<&str, Refusal> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > REASON_MAX {
        return Err(Refusal::new(RefusalCode::Malformed).with("field", "reason"));
    }
    Ok(text)
}

/// Stores and tells what became of an operator's command. Whatever an operator typed wrong is a refusal: dead letters
/// are for what nobody can answer.
///
/// # Errors
/// Not the operator's doing.
pub(super) fn answer<M, D: Message>(
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
    metrics::counter!("wallet_operator_refused_total", "code" => refusal.code.as_str_name()).increment(1);
    unit.decide(delivery.id, Outcome::refused(delivery.id.as_bytes(), &refusal));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::{
        timestamp,
        wallet::{ApproveWithdrawal, OperatorSignature},
    };
    use solana_keypair::Keypair;
    use solana_signer::Signer as _;
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2026-11-22 12:00 UTC);

    fn approval(key: &Keypair, at: OffsetDateTime) -> ApproveWithdrawal {
        let by = OperatorSignature {
            operator: key.pubkey().to_string(),
            signature: vec![0; 64],
            signed_at: Some(timestamp(at)),
        };
        let mut approval = ApproveWithdrawal {
            withdrawal_id: vec![7; 16],
            lamports: 10,
            address: "4zvwRjXUKGfvwnParsHAS3HuSVzV5cA4McphgmoCtajS".to_owned(),
            by: Some(by),
        };
        let signature = key.sign_message(&approval.bytes().unwrap());
        approval.by.as_mut().unwrap().signature = signature.as_ref().to_vec();
        approval
    }

    #[test]
    fn a_signature_is_worth_something_for_ten_minutes() {
        let key = Keypair::new();
        let operators = Operators::from_iter([key.pubkey()]);
        let verified = |at| verify(&approval(&key, at), &operators, NOW);
        for age in [Duration::ZERO, OLDEST, -AHEAD] {
            assert_eq!(verified(NOW - age).unwrap().operator, key.pubkey(), "{age}");
        }
        for age in [OLDEST + Duration::seconds(1), -AHEAD - Duration::seconds(2)] {
            assert_eq!(verified(NOW - age).unwrap_err().code, RefusalCode::OperatorSignature, "{age}");
        }
        // The second alone is signed.
        assert_eq!(verified(NOW + Duration::milliseconds(250)).unwrap().at, NOW);
    }

    #[test]
    fn what_is_not_signed_by_an_operator_is_refused() {
        let key = Keypair::new();
        let operators = Operators::from_iter([key.pubkey()]);
        let genuine = approval(&key, NOW);
        assert!(verify(&genuine, &operators, NOW).is_ok());
        for forged in [
            ApproveWithdrawal { lamports: 11, ..genuine.clone() },
            ApproveWithdrawal { withdrawal_id: vec![8; 16], ..genuine.clone() },
            ApproveWithdrawal { address: genuine.address.to_lowercase(), ..genuine.clone() },
            ApproveWithdrawal { by: None, ..genuine.clone() },
            approval(&Keypair::new(), NOW),
        ] {
            let refusal = verify(&forged, &operators, NOW).unwrap_err();
            assert_eq!(refusal.code, RefusalCode::OperatorSignature, "{forged:?}");
        }
    }

    #[test]
    fn a_reason_has_words_and_an_end() {
        assert_eq!(reason("  looks stolen "), Ok("looks stolen"));
        assert!(reason(" \n ").is_err());
        assert!(reason(&"x".repeat(REASON_MAX)).is_ok());
        assert!(reason(&"x".repeat(REASON_MAX + 1)).is_err());
    }
}
