//! What operators sign: the action in plain text, so that a signature made for one withdrawal, amount or address is
//! worth nothing for another, and one made for us is worth nothing elsewhere.

use crate::{
    Malformed, WithdrawalId, from_timestamp,
    wallet::{
        ApproveWithdrawal, OperatorSignature, PauseWithdrawals, RejectWithdrawal, ResumeWithdrawals,
        TakeProof,
    },
};

/// An action that an operator signs.
pub trait Statement {
    /// Lines after the first two, which name the action and its time.
    ///
    /// # Errors
    /// A field that does not hold what the contract says.
    fn lines(&self) -> Result<Vec<String>, Malformed>;
    /// The action's name, as on its subject.
    fn action(&self) -> &'static str;
    /// Who signed it.
    fn by(&self) -> Option<&OperatorSignature>;

    /// The bytes under the signature: `rooms <action>`, the Unix second of signing, and the lines of the action, each
    /// ended by a line feed.
    ///
    /// # Errors
    /// No signature, or a field that does not hold what the contract says. A line feed in a text is refused: it could
    /// pass for another line.
    fn bytes(&self) -> Result<Vec<u8>, Malformed> {
        let by = self.by().ok_or(Malformed("no operator"))?;
        let at = from_timestamp(by.signed_at.as_ref())?.unix_timestamp();
        let mut text = format!("rooms {}\n{at}\n", self.action());
        for line in self.lines()? {
            if line.contains('\n') {
                return Err(Malformed("a line feed in what is signed"));
            }
            text.push_str(&line);
            text.push('\n');
        }
        Ok(text.into_bytes())
    }
}

macro_rules! statements {
    ($($message:ty, $action:literal, |$this:ident| $lines:expr;)*) => {$(
        impl Statement for $message {
            fn lines(&self) -> Result<Vec<String>, Malformed> {
                let $this = self;
                Ok($lines)
            }
            fn action(&self) -> &'static str {
                $action
            }
            fn by(&self) -> Option<&OperatorSignature> {
                self.by.as_ref()
            }
        }
    )*};
}

fn withdrawal(id: &[u8]) -> Result<String, Malformed> {
    Ok(WithdrawalId::try_from_bytes(id)?.uuid().to_string())
}

statements! {
    ApproveWithdrawal, "approve_withdrawal",
        |m| vec![withdrawal(&m.withdrawal_id)?, m.lamports.to_string(), m.address.clone()];
    RejectWithdrawal, "reject_withdrawal", |m| vec![withdrawal(&m.withdrawal_id)?, m.reason.clone()];
    PauseWithdrawals, "pause_withdrawals", |m| vec![m.reason.clone()];
    ResumeWithdrawals, "resume_withdrawals", |m| vec![m.cause.clone()];
    TakeProof, "take_proof", |_m| vec![];
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost_types::Timestamp;

    fn approval() -> ApproveWithdrawal {
        ApproveWithdrawal {
            withdrawal_id: vec![7; 16],
            lamports: 10_000_000_000,
            address: "4zvwRjXUKGfvwnParsHAS3HuSVzV5cA4McphgmoCtajS".into(),
            by: Some(OperatorSignature {
                operator: "operator".into(),
                signature: vec![1; 64],
                signed_at: Some(Timestamp { seconds: 1_700_000_000, nanos: 5 }),
            }),
        }
    }

    #[test]
    fn a_statement_names_what_it_is_for() {
        let text = String::from_utf8(approval().bytes().unwrap()).unwrap();
        assert_eq!(
            text,
            "rooms approve_withdrawal\n1700000000\n07070707-0707-0707-0707-070707070707\n10000000000\n\
             4zvwRjXUKGfvwnParsHAS3HuSVzV5cA4McphgmoCtajS\n"
        );
    }

    #[test]
    fn a_text_cannot_pass_for_more_lines() {
        let by = approval().by;
        let pause = PauseWithdrawals { reason: "a\nb".into(), by };
        assert_eq!(pause.bytes(), Err(Malformed("a line feed in what is signed")));
        assert!(PauseWithdrawals { reason: "a".into(), by: None }.bytes().is_err());
    }
}
