//! What holds of every body that is posted to the webhook.

use wallet_svc::hints::body::accounts;

/// It is read or refused, and names no account that does not stand in it. Returns whether it was read.
pub fn check(body: &[u8]) -> bool {
    let Ok(named) = accounts(body) else { return false };
    let text = String::from_utf8_lossy(body);
    // Escapes aside, every account stands in the body as it is.
    assert!(text.contains('\\') || named.iter().all(|account| text.contains(&account.to_string())));
    // Read again it says the same: a delivery that is repeated is the same hint.
    assert!(accounts(body).is_ok_and(|again| again == named));
    true
}
