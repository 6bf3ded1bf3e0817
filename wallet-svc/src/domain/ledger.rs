//! The words of the ledger: accounts, entries, movements.

use proto::{AccountId, Lamports, LamportsError, RoomId};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Kinds of account, as numbered in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A user's money to bet and withdraw.
    Available = 1,
    /// A user's money reserved for withdrawals.
    Held = 2,
    /// The stakes of a room.
    Escrow = 3,
    /// The house's part of the takeout.
    ProtocolFees = 4,
    /// Withdrawals whose transaction is signed.
    WithdrawalsInFlight = 5,
    /// Operators' money, for network fees of sweeps and for refunds of disputes.
    Capital = 6,
    /// Withdrawal fees taken, less network fees paid for withdrawals.
    NetworkFees = 7,
    /// Money that belongs to nobody we know.
    Unclaimed = 8,
    /// What lies at our addresses, with the sign turned; the only kind that may be negative.
    Chain = 9,
}

impl Kind {
    /// All kinds in the order of their numbers.
    pub const ALL: [Self; 9] = [
        Self::Available,
        Self::Held,
        Self::Escrow,
        Self::ProtocolFees,
        Self::WithdrawalsInFlight,
        Self::Capital,
        Self::NetworkFees,
        Self::Unclaimed,
        Self::Chain,
    ];

    /// The number in the database.
    #[must_use]
    pub const fn number(self) -> i16 {
        self as i16
    }

    /// The name for operators.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Available => "available",
            Self::Held => "held",
            Self::Escrow => "escrow",
            Self::ProtocolFees => "protocol_fees",
            Self::WithdrawalsInFlight => "withdrawals_in_flight",
            Self::Capital => "capital",
            Self::NetworkFees => "network_fees",
            Self::Unclaimed => "unclaimed",
            Self::Chain => "chain",
        }
    }
}

/// One account. The order is the order of locks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Account {
    /// What the money is.
    pub kind: Kind,
    /// Whose: a user, a room, or nil for the house.
    pub owner: Uuid,
}

impl Account {
    /// A user's money to bet and withdraw.
    #[must_use]
    pub const fn available(account: AccountId) -> Self {
        Self { kind: Kind::Available, owner: account.uuid() }
    }

    /// A user's money reserved for withdrawals.
    #[must_use]
    pub const fn held(account: AccountId) -> Self {
        Self { kind: Kind::Held, owner: account.uuid() }
    }

    /// A room's stakes.
    #[must_use]
    pub const fn escrow(room: RoomId) -> Self {
        Self { kind: Kind::Escrow, owner: room.uuid() }
    }

    /// An account of the house.
    #[must_use]
    pub const fn house(kind: Kind) -> Self {
        Self { kind, owner: Uuid::nil() }
    }
}

/// What a movement is for, as numbered in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MovementKind {
    /// Money arrived on chain.
    Deposit = 1,
    /// Stakes of accepted bets.
    Stake = 2,
    /// Stakes given back without a settlement.
    StakeReturned = 3,
    /// Credits and fees of a settlement.
    Payout = 4,
    /// A withdrawal is requested.
    WithdrawalHeld = 5,
    /// A withdrawal's transaction is signed.
    WithdrawalSigned = 6,
    /// A withdrawal is finalized.
    WithdrawalPaid = 7,
    /// A withdrawal will not happen.
    WithdrawalReturned = 8,
    /// What the network took.
    NetworkFee = 9,
    /// An owner left and gave up what there was.
    GivenUp = 10,
    /// Parts of a settlement's takeout for those who brought the winners.
    Referral = 11,
    /// Losing stakes repaid after a dispute.
    Refund = 12,
}

impl MovementKind {
    /// The number in the database.
    #[must_use]
    pub const fn number(self) -> i16 {
        self as i16
    }
}

/// One line: an account gains or, where negative, loses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Whose.
    pub account: Account,
    /// How much; never zero.
    pub lamports: Lamports,
    /// The bet, deposit, withdrawal or transaction behind it.
    pub reference: Uuid,
}

/// Entries that belong together and sum to zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Movement {
    /// The sender's key: the same key is posted once.
    pub key: Uuid,
    /// What for.
    pub kind: MovementKind,
    /// The lines, at least two.
    pub entries: Vec<Entry>,
    /// By what a repeat is known, where that is not the entries.
    asked: Option<Uuid>,
}

/// A movement that cannot be posted as it is: a bug of whoever made it.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum MovementError {
    /// Entries do not sum to zero.
    #[error("entries sum to {0} lamports")]
    NotZero(i128),
    /// The amounts do not fit.
    #[error("amounts do not fit the ledger")]
    Overflow(#[from] LamportsError),
}

impl Movement {
    /// Joins entries; those of nothing are left out.
    ///
    /// # Errors
    /// They do not sum to zero.
    pub fn try_new(
        key: Uuid,
        kind: MovementKind,
        entries: impl IntoIterator<Item = Entry>,
    ) -> Result<Self, MovementError> {
        let entries: Vec<Entry> =
            entries.into_iter().filter(|entry| entry.lamports != Lamports::ZERO).collect();
        match entries.iter().map(|entry| entry.lamports.wide()).sum() {
            0 => Ok(Self { key, kind, entries, asked: None }),
            sum => Err(MovementError::NotZero(sum)),
        }
    }

    /// Moves one amount from one account to another.
    ///
    /// # Errors
    /// The amount does not fit with its sign turned.
    pub fn transfer(
        key: Uuid,
        kind: MovementKind,
        from: Account,
        to: Account,
        lamports: Lamports,
        reference: Uuid,
    ) -> Result<Self, MovementError> {
        let minus = Lamports::ZERO.checked_sub(lamports)?;
        Self::try_new(
            key,
            kind,
            [Entry { account: from, lamports: minus, reference }, Entry { account: to, lamports, reference }],
        )
    }

    /// Answers a request whose entries depend on more than itself: its repeats are known by what was asked for, whatever
    /// they would come to now.
    #[must_use]
    pub fn for_request(self, asked: &Self) -> Self {
        Self { asked: Some(asked.request_hash()), ..self }
    }

    /// By what a repeat of the request is known: the first half of the SHA-256 over kind and entries.
    #[must_use]
    pub fn request_hash(&self) -> Uuid {
        if let Some(asked) = self.asked {
            return asked;
        }
        let mut hash = Sha256::new();
        hash.update(self.kind.number().to_be_bytes());
        for entry in &self.entries {
            hash.update(entry.account.kind.number().to_be_bytes());
            hash.update(entry.account.owner.as_bytes());
            hash.update(entry.lamports.get().to_be_bytes());
            hash.update(entry.reference.as_bytes());
        }
        let digest: [u8; 32] = hash.finalize().into();
        Uuid::from_bytes(digest.first_chunk::<16>().copied().unwrap_or_default())
    }
}

/// Balances read under lock, folded in memory, written once.
#[derive(Debug, Default)]
pub struct Balances {
    read: BTreeMap<Account, Lamports>,
    now: BTreeMap<Account, Lamports>,
}

/// An account that does not have what a movement takes from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Short {
    /// The account.
    pub account: Account,
    /// What it has.
    pub balance: Lamports,
}

impl Balances {
    /// Takes what was read.
    #[must_use]
    pub fn new(read: BTreeMap<Account, Lamports>) -> Self {
        Self { now: read.clone(), read }
    }

    /// Takes in accounts that were read later.
    pub fn join(&mut self, later: Self) {
        self.read.extend(later.read);
        self.now.extend(later.now);
    }

    /// The balance with everything applied so far; nothing for an account that does not exist.
    #[must_use]
    pub fn get(&self, account: Account) -> Option<Lamports> {
        self.now.get(&account).copied()
    }

    /// Applies a movement, or leaves everything as it is.
    ///
    /// # Errors
    /// Outer: amounts that do not fit. Inner: an account that is short.
    pub fn apply(&mut self, entries: &[Entry]) -> Result<Result<(), Short>, LamportsError> {
        let mut changed: BTreeMap<Account, Lamports> = BTreeMap::new();
        for entry in entries {
            let before = changed.get(&entry.account).or_else(|| self.now.get(&entry.account));
            let after = before.copied().unwrap_or_default().checked_add(entry.lamports)?;
            changed.insert(entry.account, after);
        }
        let short =
            changed.iter().find(|(account, after)| account.kind != Kind::Chain && **after < Lamports::ZERO);
        if let Some((account, _)) = short {
            let balance = self.get(*account).unwrap_or_default();
            return Ok(Err(Short { account: *account, balance }));
        }
        self.now.extend(changed);
        Ok(Ok(()))
    }

    /// Accounts whose balance is another than when it was read, in the order of locks.
    pub fn changed(&self) -> impl Iterator<Item = (Account, Lamports)> {
        self.now
            .iter()
            .filter(|(account, now)| self.read.get(account) != Some(now))
            .map(|(account, now)| (*account, *now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn user(id: u128) -> Account {
        Account::available(AccountId::new(Uuid::from_u128(id)))
    }

    #[test]
    fn kinds_are_numbered_as_the_database_has_them() {
        assert_eq!(Kind::ALL.map(Kind::number), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
        let movements = [MovementKind::Deposit, MovementKind::Payout, MovementKind::Refund];
        assert_eq!(movements.map(MovementKind::number), [1, 4, 12]);
        let names = Kind::ALL.map(Kind::name);
        assert_eq!((names[0], names[8]), ("available", "chain"));
    }

    /// Repeats are known by it: nothing of what was asked for may change unseen.
    #[test]
    fn every_field_of_a_request_counts() {
        let transfer = |from, lamports, reference, kind| {
            let reference = Uuid::from_u128(reference);
            Movement::transfer(Uuid::nil(), kind, user(from), user(9), Lamports::new(lamports), reference)
        };
        let asked = transfer(1, 5, 7, MovementKind::Stake).unwrap();
        let others = [
            transfer(2, 5, 7, MovementKind::Stake),
            transfer(1, 6, 7, MovementKind::Stake),
            transfer(1, 5, 8, MovementKind::Stake),
            transfer(1, 5, 7, MovementKind::Payout),
        ];
        for other in others.map(Result::unwrap) {
            assert_ne!(other.request_hash(), asked.request_hash());
            assert_eq!(other.for_request(&asked).request_hash(), asked.request_hash());
        }
    }

    #[test]
    fn accounts_read_later_join_the_fold() {
        let one = |id, lamports| Balances::new(BTreeMap::from([(user(id), Lamports::new(lamports))]));
        let mut balances = one(1, 10);
        balances.join(one(2, 3));
        assert_eq!(balances.changed().count(), 0);
        let kind = MovementKind::Stake;
        let move_all = |lamports| {
            Movement::transfer(Uuid::nil(), kind, user(1), user(2), Lamports::new(lamports), Uuid::nil())
        };
        assert_eq!(balances.apply(&move_all(10).unwrap().entries).unwrap(), Ok(()));
        let changed = [(user(1), Lamports::ZERO), (user(2), Lamports::new(13))];
        assert_eq!(balances.changed().collect::<Vec<_>>(), changed);
        // What lies on chain has its sign turned and may be anything.
        let chain = Account::house(Kind::Chain);
        let deposit = Movement::transfer(
            Uuid::nil(),
            MovementKind::Deposit,
            chain,
            user(1),
            Lamports::new(4),
            Uuid::nil(),
        );
        assert_eq!(balances.apply(&deposit.unwrap().entries).unwrap(), Ok(()));
        assert_eq!(
            (balances.get(chain), balances.get(user(1))),
            (Some(Lamports::new(-4)), Some(Lamports::new(4)))
        );
    }

    #[test]
    fn entries_sum_to_zero_or_are_refused() {
        let entry = |id, lamports| Entry {
            account: user(id),
            lamports: Lamports::new(lamports),
            reference: Uuid::nil(),
        };
        let movement = |entries: Vec<Entry>| Movement::try_new(Uuid::nil(), MovementKind::Stake, entries);
        assert!(movement(vec![entry(1, 5), entry(2, -5)]).is_ok());
        assert_eq!(movement(vec![entry(1, 5), entry(2, -4)]), Err(MovementError::NotZero(1)));
        assert_eq!(movement(vec![entry(1, 0)]).unwrap().entries, []);
    }

    #[test]
    fn a_short_account_changes_nothing() {
        let mut balances =
            Balances::new(BTreeMap::from([(user(1), Lamports::new(10)), (user(2), Lamports::ZERO)]));
        let too_much = Movement::transfer(
            Uuid::nil(),
            MovementKind::Stake,
            user(1),
            user(2),
            Lamports::new(11),
            Uuid::nil(),
        );
        let short = balances.apply(&too_much.unwrap().entries).unwrap();
        assert_eq!(short, Err(Short { account: user(1), balance: Lamports::new(10) }));
        assert_eq!(balances.changed().count(), 0);
    }

    proptest! {
        /// Whatever is applied or refused, no money appears and no balance is negative.
        #[test]
        fn money_is_conserved(transfers in proptest::collection::vec((0u128..5, 0u128..5, 0i64..200), 0..50)) {
            let start: BTreeMap<_, _> = (0..5).map(|id| (user(id), Lamports::new(100))).collect();
            let mut balances = Balances::new(start);
            for (from, to, lamports) in transfers {
                let movement = Movement::transfer(Uuid::nil(), MovementKind::Stake, user(from), user(to), Lamports::new(lamports), Uuid::nil());
                let _ = balances.apply(&movement.unwrap().entries).unwrap();
            }
            let all: Vec<i64> = (0..5).map(|id| balances.get(user(id)).unwrap().get()).collect();
            prop_assert!(all.iter().all(|balance| *balance >= 0));
            prop_assert_eq!(all.iter().sum::<i64>(), 500);
        }
    }
}
