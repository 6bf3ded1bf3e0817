//! Holds what the services left behind against what the load did: pure, so that the checker itself can be tested.

use std::collections::BTreeMap;
use std::fmt;

use uuid::Uuid;

use super::history::{Answer, Bet, History, Room};
use crate::smoke::plan::Book;

/// `rooms.room.v1.BetState`: never counted.
const REFUSED: i16 = 3;
/// `rooms.room.v1.BetState` of bets that a settlement has decided: won, lost, given back.
const DECIDED: [i16; 3] = [4, 5, 6];
/// `rooms.room.v1.RoomState`.
const SETTLED: i16 = 5;
/// `rooms.room.v1.RoomState`.
const VOIDED: i16 = 6;
/// `rooms.room.v1.VoidReason`: everybody was on one side, or nobody there.
const NO_OPPOSITION: i16 = 1;
/// `rooms.room.v1.VoidReason`: there was no reliable price.
const INSUFFICIENT: i16 = 3;
/// `wallet-svc`'s states of a hold: paid by a settlement.
const SPENT: i16 = 4;
/// Movements of the ledger.
const STAKE: i16 = 2;
const PAYOUT: i16 = 4;

/// Seconds for which a message that was sent may not be known to have been sent.
const IN_FLIGHT: i64 = 10;

/// What must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// Every command has one answer.
    OneAnswer,
    /// Every accepted bet counts exactly once.
    AcceptedOnce,
    /// A refused bet never counts.
    RefusedNever,
    /// Rooms end as their rules say.
    RoomByTheRules,
    /// Money is neither made nor lost, and everybody has what is theirs.
    Ledger,
    /// The ledger is what lies on chain.
    Chain,
    /// Withdrawals are paid once.
    PaidOnce,
    /// One notification per event.
    ToldOnce,
    /// Whatever was begun has ended.
    NothingStuck,
}

impl Rule {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::OneAnswer,
        Self::AcceptedOnce,
        Self::RefusedNever,
        Self::RoomByTheRules,
        Self::Ledger,
        Self::Chain,
        Self::PaidOnce,
        Self::ToldOnce,
        Self::NothingStuck,
    ];

    /// In words.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OneAnswer => "one answer per command",
            Self::AcceptedOnce => "accepted bets exactly once",
            Self::RefusedNever => "refused bets never",
            Self::RoomByTheRules => "rooms settled or voided by the rules",
            Self::Ledger => "ledger zero-sum, balances by our own books",
            Self::Chain => "ledger = chain",
            Self::PaidOnce => "withdrawals paid once",
            Self::ToldOnce => "one notification per event",
            Self::NothingStuck => "no saga stuck",
        }
    }
}

/// A rule that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub rule: Rule,
    /// Where, and how.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rule.name(), self.what)
    }
}

/// A bet as room-svc has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookedBet {
    /// Where.
    pub room: Uuid,
    /// Whose.
    pub account: Uuid,
    /// YES is 0.
    pub outcome: i16,
    /// In lamports.
    pub stake: i64,
    /// `rooms.room.v1.BetState`
    pub state: i16,
    /// What room-svc was told that it brought.
    pub payout: i64,
}

/// What wallet-svc has of a bet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BookedStake {
    /// The amount and the state of the hold.
    pub hold: Option<(i64, i16)>,
    /// Movement and lamports of every entry of a user's balance for it.
    pub entries: Vec<(i16, i64)>,
}

/// A room as room-svc has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BookedRoom {
    /// `rooms.room.v1.RoomState`
    pub state: i16,
    /// The answer that won.
    pub outcome: Option<i16>,
    /// `rooms.room.v1.VoidReason`
    pub void_reason: Option<i16>,
}

/// A withdrawal as wallet-svc and the chain have it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BookedWithdrawal {
    /// As wallet-svc names it.
    pub state: String,
    /// In lamports.
    pub fee: i64,
    /// Transactions on chain to its address, and what lies there.
    pub arrived: (usize, i64),
}

/// A message about the end of a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// To whom.
    pub account: Uuid,
    /// About which room, by its number.
    pub room: i64,
    /// Its first line.
    pub heading: String,
    /// Unix seconds.
    pub at: i64,
}

/// What was left behind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Books {
    /// By id.
    pub bets: BTreeMap<Uuid, BookedBet>,
    /// By the bet's id.
    pub stakes: BTreeMap<Uuid, BookedStake>,
    /// By id.
    pub rooms: BTreeMap<Uuid, BookedRoom>,
    /// By account: what is there to bet and withdraw.
    pub balances: BTreeMap<Uuid, i64>,
    /// The house's.
    pub protocol_fees: i64,
    /// By id.
    pub withdrawals: BTreeMap<Uuid, BookedWithdrawal>,
    /// What the ledger says lies on chain, and what does.
    pub chain: (i64, i64),
    /// Messages about ends of rooms, as people have them in their chats.
    pub told: Vec<Told>,
    /// Facts of the ledger that must be zero, those that are not.
    pub facts: Vec<(String, i64)>,
    /// Work that has not come to its end.
    pub left: Vec<(String, i64)>,
}

/// What happened meanwhile that excuses something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conduct {
    /// Unix seconds at which the process that sends messages was killed.
    pub sender_killed: Vec<i64>,
    /// Unix milliseconds from and to which prices may have been missing.
    pub blind: Vec<(i64, i64)>,
}

/// Everything that does not hold.
#[must_use]
pub fn check(history: &History, books: &Books, conduct: &Conduct) -> Vec<Violation> {
    let mut checker = Checker { history, books, conduct, found: Vec::new() };
    checker.answers();
    checker.bets();
    let payouts = checker.rooms();
    checker.payouts(&payouts);
    checker.balances(&payouts);
    checker.withdrawals();
    checker.told(&payouts);
    let (ledger, lies) = books.chain;
    if ledger != lies {
        checker.wrong(Rule::Chain, format!("the ledger says {ledger} lamports, on chain lie {lies}"));
    }
    for (name, count) in &books.facts {
        checker.wrong(Rule::Ledger, format!("{name}: {count}"));
    }
    for (name, count) in &books.left {
        checker.wrong(Rule::NothingStuck, format!("{name}: {count}"));
    }
    checker.found
}

/// What our own books say of a room.
struct Paid<'a> {
    room: &'a Room,
    /// Each accepted bet and what it brings.
    bets: Vec<(Uuid, &'a Bet, i64)>,
    void: bool,
    protocol_fee: i64,
    host_fee: i64,
}

struct Checker<'a> {
    history: &'a History,
    books: &'a Books,
    conduct: &'a Conduct,
    found: Vec<Violation>,
}

impl<'a> Checker<'a> {
    fn wrong(&mut self, rule: Rule, what: String) {
        self.found.push(Violation { rule, what });
    }

    fn answers(&mut self) {
        let history = self.history;
        let rooms = history.rooms.iter().map(|(id, room)| ("room", id, &room.answers));
        let bets = history.bets.iter().map(|(id, bet)| ("bet", id, &bet.answers));
        let withdrawals = history.withdrawals.iter().map(|(id, one)| ("withdrawal", id, &one.answers));
        for (what, id, answers) in rooms.chain(bets).chain(withdrawals) {
            if answers.only().is_none() {
                let said = if answers.any() { format!("{:?}", answers.all()) } else { "nothing".to_owned() };
                self.wrong(Rule::OneAnswer, format!("{what} {id} was answered {said}"));
            }
        }
    }

    /// What is booked is what was asked for, and nothing else is.
    fn bets(&mut self) {
        for (id, bet) in &self.history.bets {
            if bet.improper && bet.answers.is_done() {
                self.wrong(Rule::RefusedNever, format!("bet {id} breaks a rule and was accepted"));
            }
            match bet.answers.only() {
                Some(Answer::Done) => self.accepted(*id, bet),
                Some(Answer::Refused(_)) => self.refused(*id),
                None => {}
            }
        }
        let unknown = |id: &&Uuid| !self.history.bets.contains_key(*id);
        let strangers: Vec<Uuid> =
            self.books.bets.keys().chain(self.books.stakes.keys()).filter(unknown).copied().collect();
        for id in strangers {
            self.wrong(Rule::AcceptedOnce, format!("bet {id} is booked and nobody placed it"));
        }
    }

    fn accepted(&mut self, id: Uuid, bet: &Bet) {
        let same = |booked: &BookedBet| {
            booked.room == bet.room
                && booked.account == bet.account
                && usize::try_from(booked.outcome).is_ok_and(|outcome| outcome == bet.outcome)
                && booked.stake == bet.stake
                && DECIDED.contains(&booked.state)
        };
        let booked = self.books.bets.get(&id);
        if !booked.is_some_and(same) {
            self.wrong(Rule::AcceptedOnce, format!("bet {id} was accepted as {bet:?} and is {booked:?}"));
        }
        let stake = self.books.stakes.get(&id).cloned().unwrap_or_default();
        if stake.hold != Some((bet.stake, SPENT)) {
            let hold = stake.hold;
            self.wrong(Rule::AcceptedOnce, format!("bet {id}: the hold of {} is {hold:?}", bet.stake));
        }
        let staked: Vec<i64> = of(&stake, STAKE).collect();
        if staked != [-bet.stake] {
            self.wrong(Rule::AcceptedOnce, format!("bet {id}: {} was staked as {staked:?}", bet.stake));
        }
    }

    fn refused(&mut self, id: Uuid) {
        if let Some(booked) = self.books.bets.get(&id)
            && booked.state != REFUSED
        {
            self.wrong(Rule::RefusedNever, format!("bet {id} was refused and is {booked:?}"));
        }
        let Some(stake) = self.books.stakes.get(&id) else { return };
        let sum: i64 = stake.entries.iter().map(|(_, lamports)| lamports).sum();
        // A hold that came too late is given back.
        if sum != 0 || of(stake, PAYOUT).next().is_some() {
            self.wrong(Rule::RefusedNever, format!("bet {id} was refused and moved {:?}", stake.entries));
        }
    }

    /// Every room against the market and our own arithmetic.
    fn rooms(&mut self) -> Vec<Paid<'a>> {
        let mut all = Vec::new();
        for (id, room) in &self.history.rooms {
            let booked = self.books.rooms.get(id);
            if !room.answers.is_done() {
                if booked.is_some() && room.answers.only().is_some() {
                    self.wrong(Rule::RoomByTheRules, format!("room {id} was refused and exists"));
                }
                continue;
            }
            let Some(booked) = booked else {
                self.wrong(Rule::RoomByTheRules, format!("room {id} was opened and does not exist"));
                continue;
            };
            match self.room(*id, room, booked) {
                Ok(paid) => all.push(paid),
                Err(what) => {
                    self.wrong(Rule::RoomByTheRules, format!("room #{} ({id}): {what}", room.number));
                }
            }
        }
        let unknown = |id: &&Uuid| !self.history.rooms.contains_key(*id);
        let strangers: Vec<Uuid> = self.books.rooms.keys().filter(unknown).copied().collect();
        for id in strangers {
            self.wrong(Rule::RoomByTheRules, format!("room {id} exists and nobody opened it"));
        }
        all
    }

    fn room(&self, id: Uuid, room: &'a Room, booked: &BookedRoom) -> Result<Paid<'a>, String> {
        let bets: Vec<(Uuid, &Bet)> = self.history.accepted(id).map(|(id, bet)| (*id, bet)).collect();
        let stakes: Vec<(usize, i64)> = bets.iter().map(|(_, bet)| (bet.outcome, bet.stake)).collect();
        let verdict = match (booked.state, booked.void_reason.filter(|reason| *reason != 0)) {
            (SETTLED, None) => Some(room.winner),
            (VOIDED, Some(NO_OPPOSITION)) => {
                let sides = |side: usize| bets.iter().any(|(_, bet)| bet.outcome == side);
                if sides(0) && sides(1) {
                    return Err(format!("void without opposition, and {} bets are on two sides", bets.len()));
                }
                None
            }
            (VOIDED, Some(INSUFFICIENT)) if self.was_blind(room) => None,
            _ => {
                return Err(format!(
                    "it ended as {booked:?}, and the market was on the side of {}",
                    room.winner
                ));
            }
        };
        let book = Book::try_new(&stakes, verdict).map_err(|error| error.to_string())?;
        let winner = booked.outcome.filter(|_| booked.state == SETTLED);
        let winner = winner.and_then(|outcome| usize::try_from(outcome).ok());
        if winner != book.winner {
            return Err(format!("it is {booked:?}, and by the rules {:?}", book.winner));
        }
        let void = book.winner.is_none();
        let bets = bets.into_iter().zip(book.payouts).map(|((id, bet), payout)| (id, bet, payout)).collect();
        Ok(Paid { room, bets, void, protocol_fee: book.protocol_fee, host_fee: book.host_fee })
    }

    fn was_blind(&self, room: &Room) -> bool {
        self.conduct.blind.iter().any(|(from, to)| *from < room.deadline && *to > room.lock_at)
    }

    /// Each credit is there once.
    fn payouts(&mut self, rooms: &[Paid<'_>]) {
        for (id, _, payout) in rooms.iter().flat_map(|room| &room.bets) {
            let stake = self.books.stakes.get(id).cloned().unwrap_or_default();
            let credited: Vec<i64> = of(&stake, PAYOUT).collect();
            let expected: &[i64] = if *payout == 0 { &[] } else { std::slice::from_ref(payout) };
            if credited != expected {
                self.wrong(
                    Rule::AcceptedOnce,
                    format!("bet {id} brings {payout} and was credited {credited:?}"),
                );
            }
            let booked = self.books.bets.get(id).map(|bet| bet.payout);
            if booked.is_some_and(|booked| booked != *payout) {
                self.wrong(Rule::AcceptedOnce, format!("bet {id} brings {payout}, by room-svc {booked:?}"));
            }
        }
    }

    /// What everybody must have in the end, lamport by lamport.
    fn balances(&mut self, rooms: &[Paid<'_>]) {
        let mut balances: BTreeMap<Uuid, i64> =
            self.history.accounts.iter().map(|(id, account)| (*id, account.deposited)).collect();
        let mut fees = 0;
        for paid in rooms {
            for (_, bet, payout) in &paid.bets {
                *balances.entry(bet.account).or_default() += payout - bet.stake;
            }
            *balances.entry(paid.room.host).or_default() += paid.host_fee;
            fees += paid.protocol_fee;
        }
        for (id, one) in &self.history.withdrawals {
            let went = self.books.withdrawals.get(id).is_some_and(|booked| booked.state == "FINALIZED");
            *balances.entry(one.account).or_default() -= if went { one.lamports } else { 0 };
        }
        for (account, expected) in balances {
            let booked = self.books.balances.get(&account).copied().unwrap_or_default();
            if booked != expected {
                self.wrong(
                    Rule::Ledger,
                    format!("account {account} has {booked} instead of {expected} lamports"),
                );
            }
        }
        let booked = self.books.protocol_fees;
        if booked != fees {
            self.wrong(Rule::Ledger, format!("the house has {booked} instead of {fees} lamports of fees"));
        }
    }

    fn withdrawals(&mut self) {
        for (id, one) in &self.history.withdrawals {
            let booked = self.books.withdrawals.get(id);
            let well = match (one.answers.is_done(), booked) {
                (true, Some(booked)) => {
                    booked.state == "FINALIZED" && booked.arrived == (1, one.lamports - booked.fee)
                }
                (true, None) => false,
                (false, booked) => booked.is_none(),
            };
            if !well {
                self.wrong(Rule::PaidOnce, format!("withdrawal {id} of {} is {booked:?}", one.lamports));
            }
        }
    }

    /// Whoever reads was told the end of each of their bets, once.
    fn told(&mut self, rooms: &[Paid<'_>]) {
        let mut expected: BTreeMap<(Uuid, i64), &str> = BTreeMap::new();
        for paid in rooms {
            for (_, bet, payout) in &paid.bets {
                let reads = self.history.accounts.get(&bet.account).is_some_and(|one| one.person.is_some());
                let heading = match (paid.void, *payout > 0) {
                    (true, _) => "Stake returned",
                    (false, true) => "You won ",
                    (false, false) => "You lost",
                };
                if reads {
                    expected.insert((bet.account, paid.room.number), heading);
                }
            }
        }
        let mut told: BTreeMap<(Uuid, i64), Vec<&Told>> = BTreeMap::new();
        for one in &self.books.told {
            told.entry((one.account, one.room)).or_default().push(one);
        }
        let keys: std::collections::BTreeSet<_> = expected.keys().chain(told.keys()).copied().collect();
        // A room whose end is in dispute has been named already.
        let judged: std::collections::BTreeSet<i64> = rooms.iter().map(|paid| paid.room.number).collect();
        for key in keys.into_iter().filter(|(_, number)| judged.contains(number)) {
            let mut copies = told.remove(&key).unwrap_or_default();
            copies.sort_by_key(|one| one.at);
            let fits = expected.get(&key).is_some_and(|heading| {
                !copies.is_empty() && copies.iter().all(|one| one.heading.starts_with(heading))
            });
            let again = copies.iter().take(copies.len().saturating_sub(1));
            if !fits || !again.into_iter().all(|one| self.was_in_flight(one.at)) {
                let (account, number) = key;
                let said: Vec<String> =
                    copies.iter().map(|one| format!("{:?} at {}", one.heading, one.at)).collect();
                let due = expected.get(&key).copied().unwrap_or("nothing");
                self.wrong(
                    Rule::ToldOnce,
                    format!(
                        "account {account} was to be told {due:?} of room #{number} once and was told [{}]",
                        said.join(", ")
                    ),
                );
            }
        }
    }

    /// Whether the sender was killed when it could not know yet that a message was sent.
    fn was_in_flight(&self, sent: i64) -> bool {
        self.conduct.sender_killed.iter().any(|killed| (sent - 1..=sent + IN_FLIGHT).contains(killed))
    }
}

fn of(stake: &BookedStake, movement: i16) -> impl Iterator<Item = i64> {
    stake.entries.iter().filter(move |(kind, _)| *kind == movement).map(|(_, lamports)| *lamports)
}

#[cfg(test)]
mod tests;
