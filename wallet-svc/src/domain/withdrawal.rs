//! Withdrawals: what is refused, what waits and for whom, and the states on the way.

mod state;

pub use state::{IllegalStep, State, Step};

use proto::{Lamports, LamportsError, Refusal, common::RefusalCode};
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
    /// The same with a code of its authenticator.
    pub account_day_cap_totp: Lamports,
    /// What all accounts together may withdraw within 24 hours; reaching it pauses withdrawals.
    pub total_day_cap: Lamports,
    /// Without a code, what may go to an address within 24 hours until it is `trusted_after` old.
    pub new_address_day_cap: Lamports,
    /// How long after its first finalized withdrawal an address is no longer new.
    pub trusted_after: Duration,
    /// Where this withdrawal and those of the last 24 hours of the account together reach it, operators
    /// have to approve.
    pub approval_threshold: Lamports,
}

/// What an authenticator says to a request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Totp {
    /// No authenticator.
    #[default]
    None,
    /// There is one, and the request came without a code of it.
    Missing,
    /// The right code of an authenticator that was added so lately that it may be a thief's.
    Fresh,
    /// The right code.
    Verified,
}

/// Different operators that a large withdrawal needs.
pub const OPERATORS: u16 = 2;

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
    /// The first of them was finalized more than `trusted_after` ago.
    pub trusted_address: bool,
    /// The account's withdrawals of the last 24 hours to this address that were not given back.
    pub address_day: Lamports,
    /// Withdrawals of the account in the last 24 hours that were not given back.
    pub account_day: Lamports,
    /// Withdrawals of everybody in the last 24 hours that were not given back.
    pub total_day: Lamports,
    /// What the account's authenticator says to this request.
    pub totp: Totp,
}

/// What becomes of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Reserved, or the first rule that it breaks with its numbers.
    pub verdict: Result<Accepted, Refusal>,
    /// It reaches what all accounts together may withdraw: withdrawals pause until somebody has looked.
    pub reaches_total: bool,
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
    /// How long it waits because its address is new.
    pub hold: Duration,
    /// How many different operators have to approve it.
    pub approvals_needed: u16,
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

/// Decides a request. The cap of all accounts comes last: who breaks a rule of his own does not pause the others.
#[must_use]
pub fn decide(request: &Request, facts: &Facts, rules: &Rules) -> Decision {
    let judged = own_rules(request, facts, rules).and_then(|accepted| {
        let total = facts.total_day.checked_add(accepted.amount).map_err(overflow)?;
        Ok((accepted, total))
    });
    match judged {
        Err(refusal) => Decision { verdict: Err(refusal), reaches_total: false },
        Ok((_, total)) if total > rules.total_day_cap => Decision {
            verdict: Err(beyond_cap(RefusalCode::WithdrawCap, rules.total_day_cap, facts.total_day)),
            reaches_total: true,
        },
        Ok((accepted, total)) => {
            Decision { verdict: Ok(accepted), reaches_total: total == rules.total_day_cap }
        }
    }
}

/// The rules that concern nobody but who asks.
fn own_rules(request: &Request, facts: &Facts, rules: &Rules) -> Result<Accepted, Refusal> {
    if facts.paused {
        return Err(Refusal::new(RefusalCode::WithdrawPaused));
    }
    let address = destination(&request.address)?;
    if facts.ours {
        return Err(Refusal::new(RefusalCode::WithdrawAddressIsDeposit));
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
    let account_day = within_caps(amount, facts, rules)?;
    let operators = account_day >= rules.approval_threshold;
    Ok(Accepted {
        address,
        amount,
        fee: rules.fee,
        hold: if facts.known_address { Duration::ZERO } else { rules.new_address_hold },
        approvals_needed: if operators { OPERATORS } else { 0 },
    })
}

/// What the account withdraws within 24 hours with this request, where that is allowed.
fn within_caps(amount: Lamports, facts: &Facts, rules: &Rules) -> Result<Lamports, Refusal> {
    let verified = facts.totp == Totp::Verified;
    // Whoever has added an authenticator wants every withdrawal to need it.
    if facts.totp == Totp::Missing {
        return Err(beyond_cap(RefusalCode::WithdrawNeedsTotp, Lamports::ZERO, facts.account_day));
    }
    let day = facts.account_day.checked_add(amount).map_err(overflow)?;
    let cap = rules.account_day_cap_totp.max(rules.account_day_cap);
    if day > cap {
        return Err(beyond_cap(RefusalCode::WithdrawCap, cap, facts.account_day));
    }
    if day > rules.account_day_cap && !verified {
        return Err(beyond_cap(RefusalCode::WithdrawNeedsTotp, rules.account_day_cap, facts.account_day));
    }
    let to_address = facts.address_day.checked_add(amount).map_err(overflow)?;
    if to_address > rules.new_address_day_cap && !facts.trusted_address && !verified {
        let (cap, used) = (rules.new_address_day_cap, facts.address_day);
        return Err(beyond_cap(RefusalCode::WithdrawNeedsTotp, cap, used));
    }
    Ok(day)
}

fn beyond_cap(code: RefusalCode, cap: Lamports, used: Lamports) -> Refusal {
    Refusal::new(code).with("cap", cap.get()).with("used", used.get())
}

fn overflow(_: LamportsError) -> Refusal {
    Refusal::new(RefusalCode::Malformed).with("field", "lamports")
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

/// When the hold of a withdrawal requested at this time ends.
#[must_use]
pub fn held_until(requested_at: OffsetDateTime, hold: Duration) -> OffsetDateTime {
    requested_at
        .checked_add(hold.try_into().unwrap_or(time::Duration::MAX))
        .unwrap_or(time::PrimitiveDateTime::MAX.assume_utc())
}

#[cfg(test)]
mod tests;
