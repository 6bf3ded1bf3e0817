//! What is played, decided by the seed, and what must come of it: payouts by the formula of the
//! rules, worked out here once more and independently of the services.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use proto::Lamports;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Protocol's and host's part of the losing pools, in basis points.
const FEES: [i128; 2] = [200, 100];

/// Who plays for money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    /// Opens a room, and withdraws in the end.
    Ann,
    /// Opens a room.
    Bob,
    /// Opens two.
    Cid,
}

/// The rooms that are played side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Which {
    /// TOUCH on SOL; the price is steered to the target.
    Touch,
    /// CLOSE on ETH; the deadline price decides.
    Close,
    /// CLOSE on BTC with bets on one side only: void, nobody to win from.
    Lonely,
    /// TOUCH on BTC while the venues are silent: void, no reliable price.
    Blind,
    /// CLOSE rooms in which nobody bets, several: void, too.
    Empty,
}

/// Empty rooms of each of [`Who::EMPTY_HOSTS`].
pub const EMPTY_ROOMS: usize = 3;

/// YES and NO.
pub const YES: usize = 0;
/// YES and NO.
pub const NO: usize = 1;

/// A bet as it is placed, and what it must bring.
#[derive(Clone, Copy, Debug)]
pub struct Wager {
    /// Whose.
    pub who: Who,
    /// Where.
    pub which: Which,
    /// [`YES`] or [`NO`].
    pub outcome: usize,
    /// In lamports.
    pub stake: i64,
    /// Credited by the settlement: 0 where it loses.
    pub payout: i64,
}

/// What the book of a room must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Book {
    /// The outcome that wins; nothing where the room is void.
    pub winner: Option<usize>,
    /// In the order of the bets.
    pub payouts: Vec<i64>,
    /// The protocol's part.
    pub protocol_fee: i64,
    /// The host's part.
    pub host_fee: i64,
}

/// An evening.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Deposited by each.
    pub deposits: BTreeMap<Who, i64>,
    /// Everything that is accepted.
    pub wagers: Vec<Wager>,
    /// The books of all rooms.
    pub books: BTreeMap<Which, Book>,
    /// Whether SOL is steered up to its target, or down.
    pub upward: bool,
    /// Leaves Ann's balance, fee included.
    pub withdrawal: i64,
}

impl Who {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Ann, Self::Bob, Self::Cid];

    /// Those with time for rooms that nobody wants.
    pub const EMPTY_HOSTS: [Self; 2] = [Self::Bob, Self::Cid];

    /// As Telegram shows it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ann => "Ann",
            Self::Bob => "Bob",
            Self::Cid => "Cid",
        }
    }
}

impl Which {
    /// Those in which somebody bets.
    pub const ALL: [Self; 4] = [Self::Touch, Self::Close, Self::Lonely, Self::Blind];

    /// In the transcript.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Touch => "touch",
            Self::Close => "close",
            Self::Lonely => "lonely",
            Self::Blind => "blind",
            Self::Empty => "empty",
        }
    }

    /// Who opens it; the empty ones have several hosts.
    pub const fn host(self) -> Who {
        match self {
            Self::Touch => Who::Ann,
            Self::Close => Who::Bob,
            Self::Lonely | Self::Blind | Self::Empty => Who::Cid,
        }
    }
}

impl Plan {
    /// Draws amounts and outcomes.
    ///
    /// # Errors
    /// No drawing without a tie in the rounding was found, which has never happened.
    pub fn try_of(seed: u64) -> Result<Self> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        (0..100).find_map(|_| Self::draw(&mut rng).ok()).context("every drawing has a tie")
    }

    fn draw(rng: &mut ChaCha8Rng) -> Result<Self> {
        let mut amount = |from: i64, to: i64| rng.random_range(from..=to);
        let deposits = Who::ALL.map(|who| (who, amount(2_000_000_000, 3_000_000_000))).into();
        let withdrawal = amount(100_000_000, 400_000_000);
        let mut stake = || amount(60_000_000, 350_000_000);
        let wager = |who, which, outcome, stake| Wager { who, which, outcome, stake, payout: 0 };
        let mut wagers = vec![
            wager(Who::Ann, Which::Touch, YES, stake()),
            wager(Who::Bob, Which::Touch, YES, stake()),
            // One of the stakes that are offered: exactly three taps.
            wager(Who::Cid, Which::Touch, NO, 500_000_000),
            wager(Who::Ann, Which::Close, NO, stake()),
            wager(Who::Bob, Which::Close, YES, 100_000_000),
            wager(Who::Cid, Which::Close, NO, stake()),
            wager(Who::Ann, Which::Lonely, YES, stake()),
            wager(Who::Cid, Which::Lonely, YES, 50_000_000),
            wager(Who::Ann, Which::Blind, NO, stake()),
            wager(Who::Bob, Which::Blind, YES, stake()),
            wager(Who::Cid, Which::Blind, NO, 100_000_000),
        ];
        let upward = rng.random_bool(0.5);
        let close = if rng.random_bool(0.5) { YES } else { NO };
        let mut books = BTreeMap::new();
        for (which, verdict) in [
            (Which::Touch, Some(YES)),
            (Which::Close, Some(close)),
            // A verdict that no price has to give: nobody stands against anybody.
            (Which::Lonely, None),
            (Which::Blind, None),
            (Which::Empty, None),
        ] {
            let bets: Vec<&mut Wager> = wagers.iter_mut().filter(|wager| wager.which == which).collect();
            let stakes: Vec<(usize, i64)> = bets.iter().map(|wager| (wager.outcome, wager.stake)).collect();
            let book = Book::try_new(&stakes, verdict)?;
            for (wager, payout) in bets.into_iter().zip(&book.payouts) {
                wager.payout = *payout;
            }
            books.insert(which, book);
        }
        Ok(Self { deposits, wagers, books, upward, withdrawal })
    }

    /// The bets of a room, in the order of its book.
    pub fn bets(&self, which: Which) -> impl Iterator<Item = &Wager> {
        self.wagers.iter().filter(move |wager| wager.which == which)
    }

    /// What somebody bets in a room.
    ///
    /// # Errors
    /// Nothing.
    pub fn wager(&self, who: Who, which: Which) -> Result<Wager> {
        let found = self.wagers.iter().find(|wager| (wager.who, wager.which) == (who, which));
        found.copied().with_context(|| format!("{} has no bet in {}", who.name(), which.name()))
    }

    /// The book of a room.
    ///
    /// # Errors
    /// There is none.
    pub fn book(&self, which: Which) -> Result<&Book> {
        self.books.get(&which).with_context(|| format!("no book of {}", which.name()))
    }

    /// What must be left of somebody's money in the end.
    ///
    /// # Errors
    /// Amounts beyond the ledger.
    pub fn balance(&self, who: Who) -> Result<i64> {
        let mut balance: i128 = self.deposits.get(&who).copied().unwrap_or_default().into();
        for wager in self.wagers.iter().filter(|wager| wager.who == who) {
            balance += i128::from(wager.payout) - i128::from(wager.stake);
        }
        for which in Which::ALL.into_iter().filter(|which| which.host() == who) {
            balance += i128::from(self.book(which)?.host_fee);
        }
        if who == Who::Ann {
            balance -= i128::from(self.withdrawal);
        }
        Ok(i64::try_from(balance)?)
    }

    /// What the protocol must have earned.
    pub fn protocol_fees(&self) -> i64 {
        self.books.values().map(|book| book.protocol_fee).sum()
    }
}

impl Book {
    /// Works a room out from its bets (outcome, stake): a winner with stake `s` gets
    /// `s + floor(s × (L − fee) / W)`, and what rounding leaves goes lamport by lamport to the largest
    /// remainders.
    ///
    /// # Errors
    /// A tie between remainders, which the order of ids would decide.
    pub fn try_new(bets: &[(usize, i64)], verdict: Option<usize>) -> Result<Self> {
        let sum = |winning: bool| -> i128 {
            let bets =
                bets.iter().filter(|(outcome, _)| verdict.is_some_and(|won| (won == *outcome) == winning));
            bets.map(|(_, stake)| i128::from(*stake)).sum()
        };
        let (winners, losers) = (sum(true), sum(false));
        if winners == 0 || losers == 0 {
            let payouts = bets.iter().map(|(_, stake)| *stake).collect();
            return Ok(Self { winner: None, payouts, protocol_fee: 0, host_fee: 0 });
        }
        let [protocol_fee, host_fee] = FEES.map(|points| losers * points / 10_000);
        let shared = losers - protocol_fee - host_fee;
        let mut payouts: Vec<i128> = Vec::with_capacity(bets.len());
        let mut remainders: Vec<(i128, usize)> = Vec::new();
        for (place, (outcome, stake)) in bets.iter().enumerate() {
            let stake = i128::from(*stake);
            if verdict == Some(*outcome) {
                payouts.push(stake + stake * shared / winners);
                remainders.push((stake * shared % winners, place));
            } else {
                payouts.push(0);
            }
        }
        remainders.sort_unstable_by(|one, other| other.cmp(one));
        let breakage = winners + losers - protocol_fee - host_fee - payouts.iter().sum::<i128>();
        let lucky = usize::try_from(breakage)?;
        let last = lucky.checked_sub(1).and_then(|last| remainders.get(last));
        if let (Some((last, _)), Some((next, _))) = (last, remainders.get(lucky))
            && last == next
        {
            bail!("two remainders are equal");
        }
        for (_, place) in remainders.iter().take(lucky) {
            if let Some(payout) = payouts.get_mut(*place) {
                *payout += 1;
            }
        }
        ensure!(
            payouts.iter().sum::<i128>() + protocol_fee + host_fee == winners + losers,
            "payouts and fees are not what was staked"
        );
        let payouts = payouts.into_iter().map(i64::try_from).collect::<Result<_, _>>()?;
        Ok(Self {
            winner: verdict,
            payouts,
            protocol_fee: protocol_fee.try_into()?,
            host_fee: host_fee.try_into()?,
        })
    }
}

/// An amount as the screens show it.
pub fn sol(lamports: i64) -> String {
    Lamports::new(lamports).to_string()
}

/// The name of an outcome.
pub const fn answer(outcome: usize) -> &'static str {
    if outcome == YES { "YES" } else { "NO" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worked_example_of_the_rules() {
        let book = Book::try_new(&[(YES, 10_000_000_000), (NO, 10_000_000_000)], Some(YES)).unwrap();
        assert_eq!(book.payouts, [19_700_000_000, 0]);
        assert_eq!((book.protocol_fee, book.host_fee), (200_000_000, 100_000_000));
    }

    #[test]
    fn the_lamport_left_over_goes_to_the_largest_remainder() {
        // L = 100, fee = 2 + 1, shared = 97 over W = 7: 13.86 x 3 = 41.57, 13.86 x 4 = 55.43.
        let book = Book::try_new(&[(YES, 3), (YES, 4), (NO, 100)], Some(YES)).unwrap();
        assert_eq!(book.payouts, [3 + 42, 4 + 55, 0]);
        assert!(Book::try_new(&[(YES, 3), (YES, 3), (NO, 101)], Some(YES)).is_ok(), "nothing is left over");
        assert!(Book::try_new(&[(YES, 3), (YES, 3), (NO, 102)], Some(YES)).is_err(), "a tie");
    }

    #[test]
    fn nobody_to_win_from_is_everything_back() {
        let void = Book { winner: None, payouts: vec![5, 6], protocol_fee: 0, host_fee: 0 };
        assert_eq!(Book::try_new(&[(YES, 5), (YES, 6)], Some(YES)).unwrap(), void);
        assert_eq!(Book::try_new(&[(YES, 5), (NO, 6)], None).unwrap(), void);
    }

    #[test]
    fn a_seed_repeats_its_evening_and_no_money_is_made_or_lost() {
        for seed in 0..50 {
            let plan = Plan::try_of(seed).unwrap();
            assert_eq!(plan.deposits, Plan::try_of(seed).unwrap().deposits);
            let left: i64 = Who::ALL.iter().map(|who| plan.balance(*who).unwrap()).sum();
            let paid_in: i64 = plan.deposits.values().sum();
            assert_eq!(left + plan.protocol_fees() + plan.withdrawal, paid_in);
        }
        assert_ne!(Plan::try_of(1).unwrap().deposits, Plan::try_of(2).unwrap().deposits);
    }
}
