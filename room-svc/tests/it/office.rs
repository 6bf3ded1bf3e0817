//! The operators of every world here.

use chassis::operators::OperatorKey;
use ed25519_dalek::{Signer, SigningKey};
use proto::{room::OpenOperatorRoom, statement::Statement, timestamp, wallet::OperatorSignature};
use time::OffsetDateTime;

/// Two operators.
pub fn operators() -> [SigningKey; 2] {
    [SigningKey::from_bytes(&[7; 32]), SigningKey::from_bytes(&[8; 32])]
}

pub fn key(operator: &SigningKey) -> String {
    OperatorKey::try_from_bytes(operator.verifying_key().as_bytes()).unwrap().to_string()
}

/// As in the setting.
pub fn keys() -> String {
    operators().each_ref().map(key).join(",")
}

/// A room that an operator signs for.
pub fn signed(operator: &SigningKey, at: OffsetDateTime, room: &OpenOperatorRoom) -> OpenOperatorRoom {
    sign(operator, at, |by| OpenOperatorRoom { by: Some(by), ..room.clone() })
}

/// An action that an operator signs; `action` puts the signature where it belongs.
pub fn sign<S: Statement>(
    operator: &SigningKey,
    at: OffsetDateTime,
    action: impl Fn(OperatorSignature) -> S,
) -> S {
    let by =
        OperatorSignature { operator: key(operator), signature: Vec::new(), signed_at: Some(timestamp(at)) };
    let signature = operator.sign(&action(by.clone()).bytes().unwrap()).to_bytes().to_vec();
    action(OperatorSignature { signature, ..by })
}
