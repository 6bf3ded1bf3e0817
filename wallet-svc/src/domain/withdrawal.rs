//! Withdrawals: what is refused, how long a new address waits, and the states on the way.

use proto::{Lamports, LamportsError, Refusal, common::RefusalCode, wallet::WithdrawalState as Wire};
use solana_pubkey::Pubkey;
use std::time::Duration;
use time::OffsetDateTime;

/// Limits of withdrawals. The defaults of the settings are those of the specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Smallest amount, fee included.
    pub min: Lamports,
    /// The final fee, taken from the amount.
    pub fee: Lamports,
    /// How long a withdrawal to a first-used address waits.
    pub new_address_hold: Duration,
    /// How long a deposit stays in before it can leave.
    pub deposit_age: Duration,
    /// What one account may withdraw within 24 hours.
    pub account_day_cap: Lamports,
    /// What all accounts together may withdraw within 24 hours.
    pub total_day_cap: Lamports,
    /// This withdrawal and those of the last 24 hours of the account together stay below it,
    /// as from there on two operators have to approve.
    pub approval_threshold: Lamports,
}

/// What somebody asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The destination as typed.
    pub address: String,
    /// What leaves the balance, fee included.
    pub amount: Lamports,
}

/// What is known when a request is decided, read under the account's lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// Withdrawals are paused.
    pub paused: bool,
    /// The account's available balance.
    pub available: Lamports,
    /// Deposits of the account credited within `deposit_age`.
    pub fresh_deposits: Lamports,
    /// The destination is a deposit address or the treasury.
    pub ours: bool,
    /// The account has had a withdrawal to this address finalized before.
    pub known_address: bool,
    /// Withdrawals of the account in the last 24 hours that were not given back.
    pub account_day: Lamports,
    /// Withdrawals of everybody in the last 24 hours that were not given back.
    pub total_day: Lamports,
}

/// A request that may be reserved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted {
    /// The destination.
    pub address: Pubkey,
    /// What leaves the balance.
    pub amount: Lamports,
    /// Part of it that stays with us and pays the network.
    pub fee: Lamports,
    /// How long it waits before it is approved.
    pub hold: Duration,
}

impl Accepted {
    /// What arrives.
    ///
    /// # Errors
    /// Never for an accepted request, whose amount exceeds its fee.
    pub fn arrives(&self) -> Result<Lamports, LamportsError> {
        self.amount.checked_sub(self.fee)
    }
}

/// A destination that can take money: 32 bytes in base58, on the Ed25519 curve. A program's
/// address is off the curve, and nobody could move what lies there.
///
/// # Errors
/// `WITHDRAW_ADDRESS_INVALID`.
pub fn destination(text: &str) -> Result<Pubkey, Refusal> {
    text.trim()
        .parse::<Pubkey>()
        .ok()
        .filter(Pubkey::is_on_curve)
        .ok_or_else(|| Refusal::new(RefusalCode::WithdrawAddressInvalid).with("address", text))
}

/// What an account may withdraw now: fresh deposits wait, the rest of the balance does not.
///
/// # Errors
/// Amounts beyond the ledger's range.
pub fn withdrawable(available: Lamports, fresh_deposits: Lamports) -> Result<Lamports, LamportsError> {
    Ok(available.checked_sub(fresh_deposits)?.max(Lamports::ZERO))
}

/// Decides a request.
///
/// # Errors
/// The first rule that it breaks, with its numbers.
pub fn decide(request: &Request, facts: &Facts, rules: &Rules) -> Result<Accepted, Refusal> {
    let refuse = |code| Err(Refusal::new(code));
    let overflow = |_: LamportsError| Refusal::new(RefusalCode::Malformed).with("field", "lamports");
    if facts.paused {
        return refuse(RefusalCode::WithdrawPaused);
    }
    let address = destination(&request.address)?;
    if facts.ours {
        return refuse(RefusalCode::WithdrawAddressIsDeposit);
    }
    let amount = request.amount;
    if amount < rules.min || amount <= rules.fee {
        return Err(Refusal::new(RefusalCode::WithdrawTooSmall)
            .with("min", rules.min.get())
            .with("amount", amount.get()));
    }
    if amount > facts.available {
        return Err(Refusal::new(RefusalCode::WithdrawNotEnough)
            .with("available", facts.available.get())
            .with("amount", amount.get()));
    }
    let withdrawable = withdrawable(facts.available, facts.fresh_deposits).map_err(overflow)?;
    if amount > withdrawable {
        return Err(Refusal::new(RefusalCode::WithdrawFreshDeposit)
            .with("withdrawable", withdrawable.get())
            .with("amount", amount.get()));
    }
    for (used, cap) in [(facts.account_day, rules.account_day_cap), (facts.total_day, rules.total_day_cap)] {
        if used.checked_add(amount).map_err(overflow)? > cap {
            return Err(Refusal::new(RefusalCode::WithdrawCap)
                .with("cap", cap.get())
                .with("used", used.get()));
        }
    }
    if facts.account_day.checked_add(amount).map_err(overflow)? >= rules.approval_threshold {
        return Err(Refusal::new(RefusalCode::WithdrawNeedsApproval)
            .with("threshold", rules.approval_threshold.get()));
    }
    let hold = if facts.known_address { Duration::ZERO } else { rules.new_address_hold };
    Ok(Accepted { address, amount, fee: rules.fee, hold })
}

/// The destination as the chain shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Destination {
    /// Its finalized balance.
    pub balance: Lamports,
    /// A plain wallet: nothing is there yet, or the System program owns it.
    pub wallet: bool,
    /// The least balance with which it may stay.
    pub rent_minimum: Lamports,
}

/// Whether the destination can take what arrives: it must stay rent-exempt, else the whole
/// transaction fails, and be a wallet, as the owner of a token account cannot move SOL.
///
/// # Errors
/// `WITHDRAW_BELOW_RENT` or `WITHDRAW_ADDRESS_INVALID`.
pub fn check_destination(
    destination: &Destination,
    arrives: Lamports,
    address: &Pubkey,
) -> Result<(), Refusal> {
    if !destination.wallet {
        return Err(Refusal::new(RefusalCode::WithdrawAddressInvalid).with("address", address));
    }
    let enough =
        destination.balance.checked_add(arrives).is_ok_and(|after| after >= destination.rent_minimum);
    if enough {
        Ok(())
    } else {
        Err(Refusal::new(RefusalCode::WithdrawBelowRent).with("min", destination.rent_minimum.get()))
    }
}

/// Where a withdrawal stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Reserved; the destination is not looked at yet.
    Requested,
    /// Waits for the hold on a new address.
    Held,
    /// May be sent.
    Approved,
    /// Part of a transaction whose message is committed.
    Signed,
    /// That transaction was handed in.
    Submitted,
    /// Paid.
    Finalized,
    /// Not paid, given back.
    Failed,
    /// Its transaction is proven dead; it is sent again in a new one.
    Expired,
    /// Taken back by the user before approval.
    Cancelled,
    /// Refused after it was reserved, given back.
    Rejected,
}

/// What can happen to a withdrawal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The destination can take it.
    Hold,
    /// The destination cannot take it, or an operator says no.
    Reject,
    /// The user takes it back.
    Cancel,
    /// Its hold is over.
    Approve,
    /// The message of a transaction that pays it is committed.
    Sign,
    /// That transaction was handed in.
    Submit,
    /// That transaction is on chain for good.
    Finalize,
    /// That transaction is on chain as a failure.
    Fail,
    /// That transaction is dead.
    Expire,
}

/// A step that a state does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a withdrawal that is {0:?} does not {1:?}")]
pub struct IllegalStep(pub State, pub Step);

impl State {
    const ALL: [Self; 10] = [
        Self::Requested,
        Self::Held,
        Self::Approved,
        Self::Signed,
        Self::Submitted,
        Self::Finalized,
        Self::Failed,
        Self::Expired,
        Self::Cancelled,
        Self::Rejected,
    ];

    /// The next state.
    ///
    /// # Errors
    /// The step is not allowed here.
    pub const fn after(self, step: Step) -> Result<Self, IllegalStep> {
        use State::{
            Approved, Cancelled, Expired, Failed, Finalized, Held, Rejected, Requested, Signed, Submitted,
        };
        Ok(match (self, step) {
            (Requested, Step::Hold) => Held,
            (Requested | Held | Approved | Expired, Step::Reject) => Rejected,
            (Requested | Held, Step::Cancel) => Cancelled,
            (Held, Step::Approve) => Approved,
            (Approved | Expired, Step::Sign) => Signed,
            (Signed | Submitted, Step::Submit) => Submitted,
            (Signed | Submitted, Step::Finalize) => Finalized,
            (Signed | Submitted, Step::Fail) => Failed,
            (Signed | Submitted, Step::Expire) => Expired,
            _ => return Err(IllegalStep(self, step)),
        })
    }

    /// The word in the database.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Requested => "REQUESTED",
            Self::Held => "HELD",
            Self::Approved => "APPROVED",
            Self::Signed => "SIGNED",
            Self::Submitted => "SUBMITTED",
            Self::Finalized => "FINALIZED",
            Self::Failed => "FAILED",
            Self::Expired => "EXPIRED",
            Self::Cancelled => "CANCELLED",
            Self::Rejected => "REJECTED",
        }
    }

    /// Reads the word in the database.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }

    /// The state in messages.
    #[must_use]
    pub const fn wire(self) -> Wire {
        match self {
            Self::Requested => Wire::Requested,
            Self::Held => Wire::Held,
            Self::Approved => Wire::Approved,
            Self::Signed => Wire::Signed,
            Self::Submitted => Wire::Submitted,
            Self::Finalized => Wire::Finalized,
            Self::Failed => Wire::Failed,
            Self::Expired => Wire::Expired,
            Self::Cancelled => Wire::Cancelled,
            Self::Rejected => Wire::Rejected,
        }
    }
}

/// When the hold of a withdrawal requested at this time ends.
#[must_use]
pub fn held_until(requested_at: OffsetDateTime, hold: Duration) -> OffsetDateTime {
    requested_at
        .checked_add(hold.try_into().unwrap_or(time::Duration::MAX))
        .unwrap_or(time::PrimitiveDateTime::MAX.assume_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOL: i64 = proto::LAMPORTS_PER_SOL;
    /// An address on the curve: the public key of the all-zero seed.
    const WALLET: &str = "4zvwRjXUKGfvwnParsHAS3HuSVzV5cA4McphgmoCtajS";

    fn rules() -> Rules {
        Rules {
            min: Lamports::new(SOL / 100),
            fee: Lamports::new(10_000),
            new_address_hold: Duration::from_secs(86_400),
            deposit_age: Duration::from_secs(600),
            account_day_cap: Lamports::new(20 * SOL),
            total_day_cap: Lamports::new(200 * SOL),
            approval_threshold: Lamports::new(10 * SOL),
        }
    }

    fn facts() -> Facts {
        Facts {
            paused: false,
            available: Lamports::new(50 * SOL),
            fresh_deposits: Lamports::ZERO,
            ours: false,
            known_address: false,
            account_day: Lamports::ZERO,
            total_day: Lamports::ZERO,
        }
    }

    fn ask(amount: i64) -> Request {
        Request { address: WALLET.to_owned(), amount: Lamports::new(amount) }
    }

    fn code(request: &Request, facts: &Facts) -> RefusalCode {
        decide(request, facts, &rules()).unwrap_err().code
    }

    #[test]
    fn the_fee_is_taken_from_the_amount() {
        let accepted = decide(&ask(SOL), &facts(), &rules()).unwrap();
        assert_eq!(accepted.amount, Lamports::new(SOL));
        assert_eq!(accepted.arrives(), Ok(Lamports::new(SOL - 10_000)));
    }

    #[test]
    fn a_first_used_address_waits_and_a_known_one_does_not() {
        let hold =
            |known_address| decide(&ask(SOL), &Facts { known_address, ..facts() }, &rules()).unwrap().hold;
        assert_eq!(hold(false), Duration::from_secs(86_400));
        assert_eq!(hold(true), Duration::ZERO);
    }

    #[test]
    fn each_rule_is_named() {
        use RefusalCode as Code;
        assert_eq!(code(&ask(SOL), &Facts { paused: true, ..facts() }), Code::WithdrawPaused);
        assert_eq!(code(&ask(SOL), &Facts { ours: true, ..facts() }), Code::WithdrawAddressIsDeposit);
        assert_eq!(code(&ask(SOL / 100 - 1), &facts()), Code::WithdrawTooSmall);
        for amount in [0, -1, -SOL, i64::MIN] {
            assert_eq!(code(&ask(amount), &facts()), Code::WithdrawTooSmall, "{amount}");
        }
        assert_eq!(code(&ask(50 * SOL + 1), &facts()), Code::WithdrawNotEnough);
        assert_eq!(code(&ask(i64::MAX), &Facts { available: Lamports::MAX, ..facts() }), Code::WithdrawCap);
        let used = Facts { total_day: Lamports::new(200 * SOL), ..facts() };
        assert_eq!(code(&ask(SOL), &used), Code::WithdrawCap);
        let used = Facts { account_day: Lamports::new(9 * SOL), ..facts() };
        assert_eq!(code(&ask(SOL), &used), Code::WithdrawNeedsApproval);
        assert!(decide(&ask(SOL - 1), &used, &rules()).is_ok());
    }

    #[test]
    fn only_fresh_deposits_wait() {
        let fresh =
            Facts { available: Lamports::new(5 * SOL), fresh_deposits: Lamports::new(3 * SOL), ..facts() };
        assert!(decide(&ask(2 * SOL), &fresh, &rules()).is_ok());
        assert_eq!(code(&ask(2 * SOL + 1), &fresh), RefusalCode::WithdrawFreshDeposit);
        // A fresh deposit that was staked meanwhile does not lock more than there is.
        assert_eq!(withdrawable(Lamports::new(2), Lamports::new(3)), Ok(Lamports::ZERO));
    }

    #[test]
    fn a_destination_must_be_a_wallet_address() {
        assert!(destination(&format!(" {WALLET}\n")).is_ok());
        // A program derived address, a truncated one, an Ethereum address, a signature.
        let (derived, _) = Pubkey::find_program_address(&[b"x"], &crate::chain::MEMO_PROGRAM);
        for text in [
            derived.to_string().as_str(),
            &WALLET[1..],
            "0x52908400098527886E0F7030069857D2E4169EE7",
            "",
            "O0Il",
        ] {
            assert_eq!(destination(text).unwrap_err().code, RefusalCode::WithdrawAddressInvalid, "{text}");
        }
    }

    #[test]
    fn a_destination_must_stay_rent_exempt() {
        let address = destination(WALLET).unwrap();
        let at = |balance, wallet| Destination {
            balance: Lamports::new(balance),
            wallet,
            rent_minimum: Lamports::new(890_880),
        };
        let check = |at: Destination, arrives| check_destination(&at, Lamports::new(arrives), &address);
        assert_eq!(check(at(0, true), 890_880), Ok(()));
        assert_eq!(check(at(890_879, true), 1), Ok(()));
        assert_eq!(check(at(0, true), 890_879).unwrap_err().code, RefusalCode::WithdrawBelowRent);
        assert_eq!(check(at(SOL, false), SOL).unwrap_err().code, RefusalCode::WithdrawAddressInvalid);
    }

    #[test]
    fn nothing_leaves_an_end_state_and_nothing_skips_the_signature() {
        use Step::{Approve, Cancel, Expire, Fail, Finalize, Hold, Reject, Sign, Submit};
        let steps = [Hold, Reject, Cancel, Approve, Sign, Submit, Finalize, Fail, Expire];
        for end in [State::Finalized, State::Failed, State::Cancelled, State::Rejected] {
            assert!(steps.iter().all(|&step| end.after(step).is_err()), "{end:?}");
        }
        for unsigned in [State::Requested, State::Held, State::Approved, State::Expired] {
            assert!(
                [Submit, Finalize, Fail].iter().all(|&step| unsigned.after(step).is_err()),
                "{unsigned:?}"
            );
        }
        // Once a message may be live, nothing but its own end gives the money back.
        for live in [State::Signed, State::Submitted] {
            assert!([Reject, Cancel, Sign].iter().all(|&step| live.after(step).is_err()), "{live:?}");
        }
    }

    #[test]
    fn words_are_read_back() {
        for state in State::ALL {
            assert_eq!(State::from_word(state.word()), Some(state));
        }
        assert_eq!(State::from_word("PAID"), None);
    }
}
