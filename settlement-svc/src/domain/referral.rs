//! Referrals: who brought whom, and what that earns out of the protocol's part of the takeout.

use super::{Book, Fate, Line, Ruling};
use proto::{AccountId, BasisPoints, Decided, Lamports, LamportsError, Refusal, common::RefusalCode};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};

/// Levels that earn: whoever brought the winner, whoever brought them, and one more.
pub const LEVELS: usize = 3;

/// Who brought an account, who brought them, and so on; ends where somebody came by themselves.
pub type Chain = [Option<AccountId>; LEVELS];

/// What each level gets of the takeout that stands behind a winner's stake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates(pub [BasisPoints; LEVELS]);

/// What an account gets at one level for the winners of one chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Credit {
    /// Who brought them.
    pub account: AccountId,
    /// 1 to 3.
    pub level: u8,
    /// How much, more than nothing.
    pub lamports: Lamports,
}

/// What those who brought the winners get, for each chunk of the book's lines: an account once per level, in the order of
/// accounts and levels. It comes out of the protocol's fee and never exceeds it: where the rates would, the winners'
/// credits are granted in ascending bet id, level 1 first, until the fee is used up.
///
/// # Errors
/// None for a book that was settled.
pub fn referrals(
    book: &Book,
    chunks: &[&[Line]],
    chains: &HashMap<AccountId, Chain>,
    rates: &Rates,
) -> Result<Vec<Vec<Credit>>, LamportsError> {
    let takeout = book.protocol_fee.checked_add(book.host_fee)?;
    let winning = match book.ruling {
        Ruling::Outcome(winner) => usize::try_from(winner).ok().and_then(|winner| book.pools.get(winner)),
        Ruling::Void(_) => None,
    };
    let Some(winning) = winning.filter(|winning| **winning > Lamports::ZERO) else {
        return Ok(chunks.iter().map(|_| Vec::new()).collect());
    };
    let mut left = book.protocol_fee;
    let mut all = Vec::with_capacity(chunks.len());
    for lines in chunks {
        let mut credits: BTreeMap<(AccountId, u8), Lamports> = BTreeMap::new();
        for line in lines.iter().filter(|line| line.fate == Fate::Won) {
            let Some(chain) = chains.get(&line.bet.account) else { continue };
            // At most 2^126: both factors are below 2^63.
            let base = Lamports::try_from_wide(takeout.wide() * line.bet.stake.wide() / winning.wide())?;
            for ((level, referrer), rate) in (1..).zip(chain).zip(rates.0) {
                let Some(referrer) = referrer else { break };
                let part = rate.of_floor(base)?.min(left);
                left = left.checked_sub(part)?;
                let credit = credits.entry((*referrer, level)).or_default();
                *credit = credit.checked_add(part)?;
            }
        }
        let credits = credits.into_iter().filter(|(_, lamports)| *lamports > Lamports::ZERO);
        all.push(credits.map(|((account, level), lamports)| Credit { account, level, lamports }).collect());
    }
    Ok(all)
}

/// What an account that comes with a code gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Referral {
    /// Its referrer is to be fixed, if that makes no loop.
    New(AccountId),
    /// It has had this one before.
    Stands,
}

/// Decides whether the owner of a code becomes an account's referrer; that no loop comes of it is for the caller to see.
///
/// # Errors
/// The rule that is against it.
pub fn refer(
    account: AccountId,
    owner: Option<AccountId>,
    standing: Option<AccountId>,
    has_bet: bool,
) -> Decided<Referral> {
    let owner = owner.ok_or_else(|| Refusal::new(RefusalCode::ReferralUnknown))?;
    match standing {
        _ if owner == account => Err(Refusal::new(RefusalCode::ReferralSelf)),
        Some(standing) if standing == owner => Ok(Referral::Stands),
        Some(_) => Err(Refusal::new(RefusalCode::ReferralLate)),
        None if has_bet => Err(Refusal::new(RefusalCode::ReferralLate)),
        None => Ok(Referral::New(owner)),
    }
}

/// Changes of the sums on referral screens, to be written together and in one order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally(pub BTreeMap<(AccountId, u8), Gain>);

/// What is added to one level of an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gain {
    /// Accounts brought.
    pub accounts: i64,
    /// Credited by the ledger.
    pub earned: Lamports,
}

impl Tally {
    /// Somebody joins a chain, nearest first, and brings along those below: themselves, whom they brought, and whom those
    /// brought.
    pub fn joined(&mut self, chain: &Chain, below: [i64; LEVELS]) {
        for (above, referrer) in chain.iter().enumerate() {
            let Some(referrer) = referrer else { break };
            // Who is one level below somebody on the first level is on the second.
            let levels = (1..).zip([0; LEVELS].into_iter().take(above).chain(below)).take(LEVELS);
            for (level, brought) in levels.filter(|(_, brought)| *brought > 0) {
                let gain = self.0.entry((*referrer, level)).or_default();
                gain.accounts = gain.accounts.saturating_add(brought);
            }
        }
    }

    /// The ledger has a credit.
    ///
    /// # Errors
    /// Sums beyond the ledger's range.
    pub fn earned(&mut self, credit: &Credit) -> Result<(), LamportsError> {
        let gain = self.0.entry((credit.account, credit.level)).or_default();
        gain.earned = gain.earned.checked_add(credit.lamports)?;
        Ok(())
    }
}

/// Digits and capital letters but those that are taken for one another (0 O, 1 I L) and U.
const ALPHABET: [char; 30] = [
    '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'J', 'K', 'M', 'N', 'P',
    'Q', 'R', 'S', 'T', 'V', 'W', 'X', 'Y', 'Z',
];

/// Characters of a code.
const CODE: usize = 8;

/// The code that an account is given at an attempt, counted from 0: another attempt where somebody else has it already.
#[must_use]
pub fn code(account: AccountId, attempt: u32) -> String {
    let mut digest = Sha256::new_with_prefix(b"rooms referral code");
    digest.update(account.uuid().as_bytes());
    digest.update(attempt.to_be_bytes());
    let digest: [u8; 32] = digest.finalize().into();
    // 30^8 codes of 2^64 numbers: some are likelier than others by less than one in ten million.
    let mut number = u64::from_be_bytes(digest.first_chunk().copied().unwrap_or_default());
    let mut code = String::with_capacity(CODE);
    for _ in 0..CODE {
        let digit = usize::try_from(number % 30).ok().and_then(|digit| ALPHABET.get(digit));
        code.extend(digit);
        number /= 30;
    }
    code
}

/// A code as somebody typed or shared it, in the letters it was made of; nothing where it can be none.
#[must_use]
pub fn read_code(text: &str) -> Option<String> {
    let code = text.trim().to_ascii_uppercase();
    (code.chars().count() == CODE && code.chars().all(|one| ALPHABET.contains(&one))).then_some(code)
}

#[cfg(test)]
mod tests;
