//! What the load itself did and was answered: the checker's own bookkeeping, made of nothing that a service keeps.

use std::collections::BTreeMap;

use uuid::Uuid;

/// What became of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It was obeyed.
    Done,
    /// By this rule (`rooms.common.v1.RefusalCode`).
    Refused(i32),
}

/// All different answers to one command: one, if all is well.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers(Vec<Answer>);

impl Answers {
    /// Adds one that is new.
    pub fn add(&mut self, answer: Answer) {
        if !self.0.contains(&answer) {
            self.0.push(answer);
        }
    }

    /// The answer, where there is exactly one.
    #[must_use]
    pub fn only(&self) -> Option<Answer> {
        if let [answer] = self.0.as_slice() { Some(*answer) } else { None }
    }

    /// Whether it was answered at all.
    #[must_use]
    pub fn any(&self) -> bool {
        !self.0.is_empty()
    }

    /// Whether the answer is that it was obeyed.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.only() == Some(Answer::Done)
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> &[Answer] {
        &self.0
    }
}

/// Somebody with money.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Sent on chain to the account's address.
    pub deposited: i64,
    /// Telegram's number of those who read what they are told.
    pub person: Option<i64>,
}

/// A room that was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Room {
    /// Who asked.
    pub host: Uuid,
    /// The outcome by the market, which keeps far from the target.
    pub winner: usize,
    /// As people know it.
    pub number: i64,
    /// Unix milliseconds; 0 until it is open.
    pub lock_at: i64,
    /// Unix milliseconds.
    pub deadline: i64,
    /// What the command was answered.
    pub answers: Answers,
}

/// A bet that was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bet {
    /// Where.
    pub room: Uuid,
    /// Whose.
    pub account: Uuid,
    /// YES is 0.
    pub outcome: usize,
    /// In lamports.
    pub stake: i64,
    /// It breaks a rule, whatever else is the case.
    pub improper: bool,
    /// What the command was answered.
    pub answers: Answers,
}

/// A withdrawal that was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Withdrawal {
    /// Whose.
    pub account: Uuid,
    /// Where to, in base58; used once.
    pub address: String,
    /// What leaves the balance.
    pub lamports: i64,
    /// What the command was answered.
    pub answers: Answers,
}

/// Everything that was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// By id.
    pub accounts: BTreeMap<Uuid, Account>,
    /// By id.
    pub rooms: BTreeMap<Uuid, Room>,
    /// By the id of the command, which is the bet's.
    pub bets: BTreeMap<Uuid, Bet>,
    /// By the id of the command, which is the withdrawal's.
    pub withdrawals: BTreeMap<Uuid, Withdrawal>,
}

impl History {
    /// The bets of a room that were accepted, by id.
    pub fn accepted(&self, room: Uuid) -> impl Iterator<Item = (&Uuid, &Bet)> {
        self.bets.iter().filter(move |(_, bet)| bet.room == room && bet.answers.is_done())
    }
}
