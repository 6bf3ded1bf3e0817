//! What must hold, by bookkeeping of its own: sums over what was told and stored, none of the services' rules.

use super::{
    message::Answer,
    people::People,
    rooms::{self, Rooms},
    settling::{self, Settling},
    wallet::{self, Wallet},
};
use anyhow::{Context, Result, ensure};
use proto::{
    AccountId, Lamports, RoomId,
    room::{BetState, RoomState, VoidReason},
};
use settlement_svc::domain::{Fate, Line, Ruling, State as Settled};
use std::collections::{BTreeMap, HashSet};
use uuid::Uuid;
use wallet_svc::domain::{
    hold::State,
    ledger::{Account, Kind, Movement},
};

/// The ledger once more, folded from its entries alone.
#[derive(Debug, Default)]
pub struct Ledger {
    keys: HashSet<Uuid>,
    balances: BTreeMap<Account, i128>,
}

impl Ledger {
    /// What a player begins with.
    pub fn deposit(&mut self, account: AccountId, lamports: Lamports) {
        *self.balances.entry(Account::available(account)).or_default() += lamports.wide();
        *self.balances.entry(Account::house(Kind::Chain)).or_default() -= lamports.wide();
    }

    /// Holds a commit of the ledger against the balances that it left behind.
    pub fn follow(&mut self, movements: &[Movement], wallet: &Wallet) -> Result<()> {
        for movement in movements {
            ensure!(self.keys.insert(movement.key), "ledger key {} was posted twice", movement.key);
            let sum: i128 = movement.entries.iter().map(|entry| entry.lamports.wide()).sum();
            ensure!(sum == 0, "entries of {} sum to {sum}", movement.key);
            for entry in &movement.entries {
                *self.balances.entry(entry.account).or_default() += entry.lamports.wide();
            }
        }
        let mut total = 0;
        for (account, balance) in &wallet.balances {
            let folded = self.balances.get(account).copied().unwrap_or_default();
            ensure!(balance.wide() == folded, "{account:?} has {} and its entries {folded}", balance.wide());
            ensure!(account.kind == Kind::Chain || folded >= 0, "{account:?} has {folded}");
            total += folded;
        }
        ensure!(total == 0, "the ledger sums to {total}");
        Ok(())
    }
}

/// How the rooms of an evening ended, by name.
pub type Endings = BTreeMap<&'static str, u64>;

/// Everything, when nothing moves any more.
pub fn at_rest(
    rooms: &Rooms,
    wallet: &Wallet,
    settling: &Settling,
    people: &People,
    deposit: Lamports,
) -> Result<Endings> {
    let mut endings = Endings::new();
    let mut expected: BTreeMap<AccountId, i128> =
        people.players.iter().map(|player| (*player, deposit.wide())).collect();
    for (id, room) in &rooms.0 {
        let held = wallet.rooms.get(id).map(AsRef::as_ref).cloned().unwrap_or_default();
        let settled = settling.files.get(id).with_context(|| format!("room {id} was never decided"))?;
        let ended = ending(room, settled, people).with_context(|| format!("room {id}"))?;
        *endings.entry(ended).or_default() += 1;
        bets(room, &held, settled, people).with_context(|| format!("room {id}"))?;
        money(*id, settled, wallet, &mut expected).with_context(|| format!("room {id}"))?;
    }
    for (player, expected) in expected {
        let has = wallet.balances.get(&Account::available(player)).map_or(0, |lamports| lamports.wide());
        ensure!(has == expected, "player {player} has {has} and should have {expected}");
    }
    Ok(endings)
}

fn lines_of(settled: &settling::File) -> Result<&[Line]> {
    Ok(&settled.closed.as_ref().context("settled without a book")?.lines)
}

/// SETTLED or VOIDED, by what somebody said and by the stakes that counted.
fn ending(room: &rooms::File, settled: &settling::File, people: &People) -> Result<&'static str> {
    ensure!(settled.settlement.state == Settled::Anchored, "it is {:?}", settled.settlement.state);
    let closed = settled.closed.as_ref().context("settled without a book")?;
    let id = room.room.id;
    let oracle = people.watches.get(&id).map(|watch| &watch.verdict).context("nobody watched it")?;
    let counted = |line: &&Line| !matches!(line.fate, Fate::PastPost | Fate::MinOdds);
    let on = |outcome: u32| -> i128 {
        let stakes = closed.lines.iter().filter(counted).filter(|line| line.bet.outcome == outcome);
        stakes.map(|line| line.bet.stake.wide()).sum()
    };
    let all: i128 = closed.lines.iter().filter(counted).map(|line| line.bet.stake.wide()).sum();
    let (state, word) = match closed.totals.ruling {
        Ruling::Outcome(outcome) => {
            ensure!(oracle.void_reason() == VoidReason::Unspecified, "the oracle said void");
            ensure!(oracle.outcome == outcome, "{outcome} was paid and {} happened", oracle.outcome);
            ensure!(on(outcome) > 0 && all > on(outcome), "outcome {outcome} was paid against nobody");
            (RoomState::Settled, "settled")
        }
        Ruling::Void(reason) => {
            let said = oracle.void_reason() == reason;
            let word = match reason {
                VoidReason::NoOpposition => {
                    let sides = (0_u32..).take(room.room.pools.len()).filter(|outcome| on(*outcome) > 0);
                    let unopposed = on(oracle.outcome) == 0 || on(oracle.outcome) == all;
                    ensure!(
                        sides.count() < 2 || unopposed,
                        "void for nobody's opposition, and there was some"
                    );
                    "no opposition"
                }
                VoidReason::MinPlayers => {
                    ensure!(room.room.min_players > 0, "void for players that it did not need");
                    "min players"
                }
                VoidReason::HostCancel => {
                    let asked = people.taken_back.iter().filter(|(_, room)| **room == id);
                    let done = asked.filter(|(id, _)| people.told.get(id) == Some(&Answer::Done));
                    ensure!(done.count() > 0, "no host took it back");
                    "host cancel"
                }
                VoidReason::OperatorVoid => {
                    ensure!(people.ruled.contains(&id), "no operator ruled");
                    "operator void"
                }
                VoidReason::Tie | VoidReason::OracleInsufficient => {
                    ensure!(said, "void {reason:?} and the oracle said {:?}", oracle.void_reason());
                    "oracle void"
                }
                other => anyhow::bail!("void {other:?}, which nobody here says"),
            };
            ensure!(closed.lines.iter().all(|line| line.payout == line.bet.stake), "a void keeps stakes");
            (RoomState::Voided, word)
        }
    };
    ensure!(room.room.state == state, "the room is {:?} and its book {state:?}", room.room.state);
    Ok(word)
}

/// Every bet once: in the room, in the holds, in the book; or nowhere.
fn bets(room: &rooms::File, held: &wallet::File, settled: &settling::File, people: &People) -> Result<()> {
    let mut lines: BTreeMap<_, Vec<&Line>> = BTreeMap::new();
    for line in lines_of(settled)? {
        lines.entry(line.bet.id).or_default().push(line);
    }
    for (id, bet) in &room.bets {
        let lines = lines.remove(id).unwrap_or_default();
        let hold = held.holds.get(id);
        let told = people.told.get(&id.uuid());
        match bet.state {
            BetState::Won | BetState::Lost | BetState::Voided => {
                let [line] = lines.as_slice() else { anyhow::bail!("bet {id} has {} lines", lines.len()) };
                let hold = hold.with_context(|| format!("bet {id} has no hold"))?;
                ensure!(hold.state == State::Spent, "the hold of bet {id} is {:?}", hold.state);
                ensure!(hold.amount == bet.wager.stake, "bet {id} held {}", hold.amount);
                ensure!(held.credits.get(id) == Some(&line.payout), "bet {id} was not credited its line");
                ensure!(bet.payout == line.payout, "bet {id} was told another payout");
                ensure!(told == Some(&Answer::Done), "bet {id} counted and was told {told:?}");
            }
            BetState::Refused | BetState::Cancelled => {
                ensure!(lines.is_empty(), "bet {id} is {:?} and in the book", bet.state);
                let kept = hold.is_some_and(|hold| matches!(hold.state, State::Held | State::Spent));
                ensure!(!kept, "bet {id} is {:?} and its stake was kept", bet.state);
                let done = told == Some(&Answer::Done);
                ensure!(done == (bet.state == BetState::Cancelled), "bet {id} was told {told:?}");
            }
            other => anyhow::bail!("bet {id} stayed {other:?}"),
        }
    }
    ensure!(lines.is_empty(), "the book has bets that the room has not");
    for (id, hold) in &held.holds {
        ensure!(hold.state != State::Held, "the stake of bet {id} is still held");
        ensure!(hold.state != State::Spent || room.bets.contains_key(id), "nobody placed bet {id}");
    }
    let asked = people.bets.iter().filter(|(_, bet)| bet.room_id == room.room.id.bytes());
    for (command, _) in asked.filter(|(command, _)| people.told.get(command) == Some(&Answer::Done)) {
        let there = room.bets.contains_key(&proto::BetId::new(*command));
        ensure!(there, "bet {command} was accepted and is not there");
    }
    Ok(())
}

/// W + L = payouts + fees, referrals within the protocol's part, nothing left in escrow; and who should have what.
fn money(
    id: RoomId,
    settled: &settling::File,
    wallet: &Wallet,
    expected: &mut BTreeMap<AccountId, i128>,
) -> Result<()> {
    let closed = settled.closed.as_ref().context("settled without a book")?;
    let totals = &closed.totals;
    let stakes: i128 = closed.lines.iter().map(|line| line.bet.stake.wide()).sum();
    let payouts: i128 = closed.lines.iter().map(|line| line.payout.wide()).sum();
    let fees = totals.protocol_fee.wide() + totals.host_fee.wide();
    ensure!(stakes == payouts + fees, "{stakes} were staked, {payouts} paid and {fees} kept");
    let short = closed.lines.iter().find(|line| line.fate != Fate::Lost && line.payout < line.bet.stake);
    ensure!(short.is_none(), "{short:?} got less than the stake");
    let escrow = wallet.balances.get(&Account::escrow(id)).map_or(0, |lamports| lamports.wide());
    ensure!(escrow == 0, "{escrow} are left in escrow");
    let mut gets = |account: AccountId, lamports: i128| *expected.entry(account).or_default() += lamports;
    for line in &closed.lines {
        gets(line.bet.account, line.payout.wide() - line.bet.stake.wide());
    }
    let earns = |account: &AccountId| !wallet.gone.contains(account);
    let credits = closed.credits.iter().flatten();
    let referrals: i128 = credits.clone().map(|credit| credit.lamports.wide()).sum();
    ensure!(referrals == totals.referrals.wide(), "referrals of {referrals}");
    ensure!(referrals <= totals.protocol_fee.wide(), "referrals above the protocol's fee");
    for credit in credits.filter(|credit| earns(&credit.account)) {
        gets(credit.account, credit.lamports.wide());
    }
    if let Some(host) = settled.host().filter(earns) {
        gets(host, totals.host_fee.wide());
    }
    Ok(())
}
