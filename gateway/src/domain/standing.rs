//! How somebody has fared, and under which name others see it.

use super::{RoomView, Verdict};
use proto::{
    AccountId, Lamports, Malformed, from_timestamp,
    settlement::{self, Fate, PlayerResult},
};
use time::OffsetDateTime;
use uuid::Uuid;

/// What the leaderboard compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// The last 24 hours.
    Day,
    /// The last 7 days.
    Week,
    /// Everything.
    All,
}

impl Period {
    /// In the order of their buttons.
    pub const EACH: [Self; 3] = [Self::Day, Self::Week, Self::All];

    /// As the contract has it.
    #[must_use]
    pub const fn wire(self) -> settlement::Period {
        match self {
            Self::Day => settlement::Period::Day,
            Self::Week => settlement::Period::Week,
            Self::All => settlement::Period::All,
        }
    }
}

/// What settled bets came to. Those that were returned are in no sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// Bets that won.
    pub won: u64,
    /// Bets that lost.
    pub lost: u64,
    /// Bets whose stake came back.
    pub returned: u64,
    /// Stakes of won and lost bets.
    pub staked: Lamports,
    /// Payouts of won bets, stakes included.
    pub paid: Lamports,
    /// Paid less staked.
    pub net: Lamports,
}

impl Record {
    /// How many bets it is about.
    #[must_use]
    pub const fn settled(&self) -> u64 {
        self.won.saturating_add(self.lost).saturating_add(self.returned)
    }

    /// Of won and lost bets those that won, in percent, rounded down; nothing where nothing was decided.
    #[must_use]
    pub fn win_percent(&self) -> Option<u64> {
        let decided = self.won.saturating_add(self.lost);
        self.won.saturating_mul(100).checked_div(decided)
    }
}

impl TryFrom<&settlement::Record> for Record {
    type Error = Malformed;

    fn try_from(record: &settlement::Record) -> Result<Self, Malformed> {
        let (staked, paid) = (amount(record.staked_lamports)?, amount(record.paid_lamports)?);
        let net = paid.checked_sub(staked).map_err(|_| Malformed("amount out of range"))?;
        Ok(Self { won: record.won, lost: record.lost, returned: record.returned, staked, paid, net })
    }
}

/// One's own settled bet.
#[derive(Clone, Debug, PartialEq)]
pub struct Settled {
    /// The room as its terms have it.
    pub room: RoomView,
    /// What decided.
    pub verdict: Verdict,
    /// Index of the outcome that was staked on.
    pub outcome: usize,
    /// What was staked.
    pub stake: Lamports,
    /// What was credited.
    pub payout: Lamports,
    /// The one less the other: what was gained, or lost.
    pub net: Lamports,
    /// What became of it.
    pub fate: Fate,
    /// When.
    pub at: OffsetDateTime,
}

impl TryFrom<&PlayerResult> for Settled {
    type Error = Malformed;

    fn try_from(result: &PlayerResult) -> Result<Self, Malformed> {
        let terms = result.terms.as_ref().ok_or(Malformed("a result without terms"))?;
        let verdict = result.verdict.as_ref().ok_or(Malformed("a result without a verdict"))?;
        let bet = result.bet.as_ref().ok_or(Malformed("a result without a bet"))?;
        let (stake, payout) = (amount(bet.stake_lamports)?, amount(bet.payout_lamports)?);
        Ok(Self {
            room: RoomView::of_terms(result.room_number, terms, &[])?,
            verdict: Verdict::of_settlement(verdict)?,
            outcome: usize::try_from(bet.outcome).map_err(|_| Malformed("outcome"))?,
            stake,
            payout,
            net: payout.checked_sub(stake).map_err(|_| Malformed("amount out of range"))?,
            fate: bet.fate(),
            at: from_timestamp(result.settled_at.as_ref())?,
        })
    }
}

/// Somebody's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Whose.
    pub account: AccountId,
    /// From 1; equals share one.
    pub rank: u32,
    /// What it rests on.
    pub record: Record,
    /// Return on the stakes in basis points.
    pub return_bps: i64,
}

impl TryFrom<&settlement::Standing> for Standing {
    type Error = Malformed;

    fn try_from(standing: &settlement::Standing) -> Result<Self, Malformed> {
        let record = standing.record.as_ref().ok_or(Malformed("a standing without a record"))?;
        Ok(Self {
            account: AccountId::try_from_bytes(&standing.account_id)?,
            rank: standing.rank,
            record: record.try_into()?,
            return_bps: standing.return_bps,
        })
    }
}

/// A page of the leaderboard.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Board {
    /// Best first.
    pub standings: Vec<Standing>,
    /// How many have a place.
    pub total: u64,
    /// The reader's own, where there is one.
    pub own: Option<Standing>,
    /// Bets that a place takes.
    pub min_bets: u32,
    /// Stakes that a place takes.
    pub min_staked: Lamports,
}

fn amount(lamports: i64) -> Result<Lamports, Malformed> {
    Lamports::try_positive(lamports).map_err(|_| Malformed("negative amount"))
}

/// Digits and capital letters but those that are taken for one another.
const LETTERS: [char; 30] = [
    '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'J', 'K', 'M', 'N', 'P',
    'Q', 'R', 'S', 'T', 'V', 'W', 'X', 'Y', 'Z',
];

/// Characters of a pseudonym: 810,000 of them, and two people who share one share nothing else.
const LENGTH: usize = 4;

/// Under which code strangers see an account. It is always the same, and says nothing about the account or its owner.
#[must_use]
pub fn pseudonym(account: AccountId) -> String {
    let mut number = Uuid::new_v5(&account.uuid(), b"pseudonym").as_u128();
    let mut code = String::with_capacity(LENGTH);
    for _ in 0..LENGTH {
        code.extend(usize::try_from(number % 30).ok().and_then(|letter| LETTERS.get(letter)));
        number /= 30;
    }
    code
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_win_rate_is_of_what_was_decided() {
        let record = |won, lost, returned| Record { won, lost, returned, ..Record::default() };
        for (record, percent) in [
            (record(2, 1, 9), Some(66)),
            (record(0, 3, 0), Some(0)),
            (record(3, 0, 0), Some(100)),
            (record(0, 0, 4), None),
        ] {
            assert_eq!(record.win_percent(), percent, "{record:?}");
        }
    }

    #[test]
    fn amounts_below_zero_are_refused() {
        let record = settlement::Record { staked_lamports: 3, paid_lamports: 1, ..Default::default() };
        assert_eq!(Record::try_from(&record).map(|record| record.net), Ok(Lamports::new(-2)));
        let broken = settlement::Record { paid_lamports: -1, ..record };
        assert!(Record::try_from(&broken).is_err());
    }

    #[test]
    fn pseudonyms_are_short_lasting_and_mostly_distinct() {
        let codes = (0..1_000).map(|number| pseudonym(AccountId::new(Uuid::from_u128(number))));
        let codes: BTreeSet<String> = codes.collect();
        assert!(codes.len() > 990, "{}", codes.len());
        assert!(codes.iter().all(|code| code.len() == LENGTH));
        assert_eq!(
            pseudonym(AccountId::new(Uuid::from_u128(7))),
            pseudonym(AccountId::new(Uuid::from_u128(7)))
        );
    }
}
