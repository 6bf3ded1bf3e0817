use super::*;
use ed25519_dalek::{Signer as _, SigningKey};
use proto::{
    timestamp,
    wallet::{ApproveWithdrawal, OperatorSignature},
};
use time::macros::datetime;

const NOW: OffsetDateTime = datetime!(2026-11-22 12:00 UTC);

fn key(number: u8) -> (SigningKey, OperatorKey) {
    let key = SigningKey::from_bytes(&[number; 32]);
    let public = OperatorKey(key.verifying_key().to_bytes());
    (key, public)
}

fn approval((key, public): &(SigningKey, OperatorKey), at: OffsetDateTime) -> ApproveWithdrawal {
    let by = OperatorSignature {
        operator: public.to_string(),
        signature: vec![0; 64],
        signed_at: Some(timestamp(at)),
    };
    let mut approval = ApproveWithdrawal {
        withdrawal_id: vec![7; 16],
        lamports: 10,
        address: "4zvwRjXUKGfvwnParsHAS3HuSVzV5cA4McphgmoCtajS".to_owned(),
        by: Some(by),
    };
    let signature = key.sign(&approval.bytes().unwrap()).to_bytes();
    approval.by.as_mut().unwrap().signature = signature.to_vec();
    approval
}

#[test]
fn a_signature_is_worth_something_for_ten_minutes() {
    let key = key(1);
    let operators = Operators::from_iter([key.1]);
    let verified = |at| operators.verify(&approval(&key, at), NOW);
    for age in [Duration::ZERO, OLDEST, -AHEAD] {
        assert_eq!(verified(NOW - age).unwrap().operator, key.1, "{age}");
    }
    for age in [OLDEST + Duration::seconds(1), -AHEAD - Duration::seconds(2)] {
        assert_eq!(verified(NOW - age).unwrap_err().code, RefusalCode::OperatorSignature, "{age}");
    }
    // The second alone is signed.
    assert_eq!(verified(NOW + Duration::milliseconds(250)).unwrap().at, NOW);
}

#[test]
fn what_is_not_signed_by_an_operator_is_refused() {
    let own = key(1);
    let operators = Operators::from_iter([own.1]);
    let genuine = approval(&own, NOW);
    assert!(operators.verify(&genuine, NOW).is_ok());
    for forged in [
        ApproveWithdrawal { lamports: 11, ..genuine.clone() },
        ApproveWithdrawal { withdrawal_id: vec![8; 16], ..genuine.clone() },
        ApproveWithdrawal { address: genuine.address.to_lowercase(), ..genuine.clone() },
        ApproveWithdrawal { by: None, ..genuine.clone() },
        approval(&key(2), NOW),
    ] {
        let refusal = operators.verify(&forged, NOW).unwrap_err();
        assert_eq!(refusal.code, RefusalCode::OperatorSignature, "{forged:?}");
    }
}

#[test]
fn admins_count_beside_operators() {
    let (operator, admin) = (key(1), key(2));
    let both = Operators::from_iter([operator.1]).and(&Operators::from_iter([admin.1]));
    assert!(both.contains(&operator.1) && both.contains(&admin.1) && !both.contains(&key(3).1));
    assert_eq!(both.verify(&approval(&admin, NOW), NOW).unwrap().operator, admin.1);
}

#[test]
fn a_reason_has_words_and_an_end() {
    assert_eq!(reason("  looks stolen "), Ok("looks stolen"));
    assert!(reason(" \n ").is_err());
    assert!(reason(&"x".repeat(REASON_MAX)).is_ok());
    assert!(reason(&"x".repeat(REASON_MAX + 1)).is_err());
}
