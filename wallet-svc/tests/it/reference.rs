//! The ledger once more, in memory and by itself: what every account must hold after any sequence of
//! operations. An operation that is refused returns false and changes nothing.

use std::collections::{BTreeMap, BTreeSet};

/// What a withdrawal costs its user, in lamports.
pub const FEE: i64 = 10_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Held,
    Refused,
    Released,
    Spent,
}

/// Where a withdrawal is. It has left once a message that pays it is committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Held,
    Approved,
    Left,
    Ended,
}

/// How a transaction on chain ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Finalized,
    Failed,
    Dead,
}

#[derive(Clone, Debug, Default)]
pub struct User {
    pub open: bool,
    pub available: i64,
    pub held: i64,
    /// At the deposit address, not swept yet.
    pub lies: i64,
}

#[derive(Clone, Copy, Debug)]
pub struct Bet {
    pub user: usize,
    pub room: usize,
    pub stake: i64,
}

#[derive(Clone, Debug, Default)]
pub struct Reference {
    pub users: Vec<User>,
    pub bets: Vec<Bet>,
    pub escrow: Vec<i64>,
    pub fates: BTreeMap<usize, Fate>,
    /// Chunks of settlements by room and number.
    pub posted: BTreeSet<(usize, usize)>,
    /// By number: whose, how much, where.
    pub withdrawals: BTreeMap<usize, (usize, i64, Stage)>,
    pub protocol_fees: i64,
    pub in_flight: i64,
    pub capital: i64,
    pub network_fees: i64,
    pub treasury: i64,
    /// Of landed transactions that `capital` has to answer for, the oldest first.
    pub fees_due: Vec<i64>,
}

impl Reference {
    /// What lies on chain by the books.
    pub fn chain(&self) -> i64 {
        -self.treasury - self.users.iter().map(|user| user.lies).sum::<i64>()
    }

    pub fn deposit(&mut self, user: usize, lamports: i64) {
        self.users[user].available += lamports;
        self.users[user].lies += lamports;
    }

    pub fn fill_up(&mut self, lamports: i64) {
        self.capital += lamports;
        self.treasury += lamports;
    }

    /// Whether the stake is held now, or was before.
    pub fn hold(&mut self, number: usize) -> bool {
        let Bet { user, room, stake } = self.bets[number];
        let fate = *self.fates.entry(number).or_insert_with(|| {
            if !self.users[user].open || self.users[user].available < stake {
                return Fate::Refused;
            }
            self.users[user].available -= stake;
            self.escrow[room] += stake;
            Fate::Held
        });
        matches!(fate, Fate::Held | Fate::Spent)
    }

    /// Refused whole if a settlement has paid one of them, or has paid others with its stake.
    pub fn release(&mut self, numbers: &[usize]) -> bool {
        let before = self.clone();
        for number in numbers {
            let Bet { user, room, stake } = self.bets[*number];
            match self.fates.get(number) {
                Some(Fate::Held) if self.escrow[room] >= stake => {
                    self.users[user].available += stake;
                    self.escrow[room] -= stake;
                    self.fates.insert(*number, Fate::Released);
                }
                Some(Fate::Held | Fate::Spent) => {
                    *self = before;
                    return false;
                }
                None => drop(self.fates.insert(*number, Fate::Released)),
                Some(Fate::Refused | Fate::Released) => {}
            }
        }
        true
    }

    pub fn held_in(&self, room: usize) -> Vec<usize> {
        let in_room = |number: &usize| self.bets[*number].room == room;
        let held = self.fates.iter().filter(|(number, fate)| **fate == Fate::Held && in_room(number));
        held.map(|(number, _)| *number).collect()
    }

    /// A chunk of two: lines of bet and credit, and a fee. `None` where bets are held that none pays.
    pub fn pay(&mut self, room: usize, chunk: usize, lines: &[(usize, i64)], fee: i64) -> Option<bool> {
        let (held, last) = (self.held_in(room), chunk == 1);
        if self.posted.contains(&(room, chunk)) {
            return Some(true);
        }
        if last && held.len() > lines.len() {
            return None;
        }
        let out: i64 = lines.iter().map(|(_, credit)| credit).sum::<i64>() + fee;
        let fits = lines.iter().all(|(number, _)| held.contains(number)) && out <= self.escrow[room];
        if !fits || (last && out != self.escrow[room]) {
            return Some(false);
        }
        for (number, credit) in lines {
            self.fates.insert(*number, Fate::Spent);
            self.users[self.bets[*number].user].available += credit;
        }
        self.escrow[room] -= out;
        self.protocol_fees += fee;
        Some(self.posted.insert((room, chunk)))
    }

    /// Asked for again, a withdrawal is the one it was.
    pub fn request(&mut self, number: usize, user: usize, lamports: i64) -> bool {
        let account = &mut self.users[user];
        if self.withdrawals.contains_key(&number) || !account.open || account.available < lamports {
            return false;
        }
        account.available -= lamports;
        account.held += lamports;
        self.withdrawals.insert(number, (user, lamports, Stage::Held)).is_none()
    }

    pub fn cancel(&mut self, number: usize) -> bool {
        let Some((user, lamports, stage @ Stage::Held)) = self.withdrawals.get_mut(&number) else {
            return false;
        };
        *stage = Stage::Ended;
        self.users[*user].held -= *lamports;
        self.users[*user].available += *lamports;
        true
    }

    /// A message that pays these is committed, the first one or another.
    pub fn leave(&mut self, numbers: &[usize]) {
        for number in numbers {
            let (user, lamports, stage) = self.withdrawals.get_mut(number).unwrap();
            if std::mem::replace(stage, Stage::Left) == Stage::Approved {
                self.users[*user].held -= *lamports;
                self.in_flight += *lamports;
            }
        }
    }

    /// The transaction that pays these has ended; the network took `fee` where it landed.
    pub fn end_payment(&mut self, numbers: &[usize], end: End, fee: i64) {
        if end == End::Finalized {
            self.network_fees -= fee;
            self.treasury -= fee;
        } else if end == End::Failed {
            self.fees_due.push(fee);
        }
        // Dead, or failed with others: each is tried again.
        for number in
            numbers.iter().filter(|_| end == End::Finalized || (end == End::Failed && numbers.len() == 1))
        {
            let (user, lamports, stage) = self.withdrawals.get_mut(number).unwrap();
            if end == End::Finalized {
                self.network_fees += FEE;
                self.treasury -= *lamports - FEE;
            } else {
                self.users[*user].available += *lamports;
            }
            self.in_flight -= *lamports;
            *stage = Stage::Ended;
        }
    }

    /// A sweep has ended that takes from each of these what lay there when it began.
    pub fn end_sweep(&mut self, sources: &[(usize, i64)], end: End, fee: i64) {
        self.fees_due.extend((end != End::Dead).then_some(fee));
        for (user, lamports) in sources.iter().filter(|_| end == End::Finalized) {
            self.users[*user].lies -= lamports;
            self.treasury += lamports;
        }
    }

    /// `capital` pays what it owes, as far as it goes.
    pub fn post_fees(&mut self) {
        while let Some(fee) = self.fees_due.first().copied().filter(|fee| *fee <= self.capital) {
            self.fees_due.remove(0);
            self.capital -= fee;
            self.treasury -= fee;
        }
    }
}
