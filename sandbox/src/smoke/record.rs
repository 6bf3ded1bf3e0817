//! What a run leaves behind: looked at by the players on their screens, and kept to be compared with
//! another run of the same evening.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use proto::Lamports;

use super::faults::Findings;
use super::person::{Person, is_fault};
use super::plan::{EMPTY_ROOMS, Which, Who, answer, sol};
use super::play::Evening;
use super::table;
use super::tale::{is_for_good, joined, timeless};

/// What must be the same in every run of an evening, whatever disturbs it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// By account: what each player has, what the house has earned, what is still reserved.
    pub balances: BTreeMap<String, i64>,
    /// By player: everything the bot told for good, without what differs from run to run.
    pub messages: BTreeMap<String, Vec<String>>,
}

impl Evening<'_> {
    /// `/bets`, `/wallet`, `/transfers` and the result of a room, as players see them.
    ///
    /// # Errors
    /// A screen says something else than the plan.
    pub async fn look_back(&self) -> Result<()> {
        self.tale.scene("/bets, /wallet, /transfers, the result of a room");
        futures::future::try_join_all(Who::ALL.map(|who| self.look_back_as(who))).await?;
        let ann = self.person(Who::Ann)?;
        let end = format!(" · room #{}", self.room(Which::Touch)?.number);
        let won = |text: &str| {
            text.lines().next().is_some_and(|line| line.starts_with("You won") && line.ends_with(&end))
        };
        let notice = ann.hear("the notice", won).await?;
        let result = ann.tap(&notice, "Check the result", "Receipt on chain").await?;
        let root = ["Result YES", "Terms hash", "Root over all payouts"];
        table::says(&result, &root)
    }

    async fn look_back_as(&self, who: Who) -> Result<()> {
        let person = self.person(who)?;
        let bets = person.say("/bets", "My bets").await?;
        for wager in self.plan.wagers.iter().filter(|wager| wager.who == who) {
            let fate = match self.plan.book(wager.which)?.winner {
                None => "returned".to_owned(),
                Some(winner) if winner == wager.outcome => format!("won {} SOL", sol(wager.payout)),
                Some(_) => "lost".to_owned(),
            };
            let line = format!("{} SOL on {} · {fate}", sol(wager.stake), answer(wager.outcome));
            table::says(&bets, &[&line])?;
        }
        let balance = self.plan.balance(who)?;
        let wallet = person.say("/wallet", "Available").await?;
        table::says(&wallet, &[&format!("Available {} SOL · ", sol(balance))])?;
        let moved = self.transfers(person).await?;
        ensure!(moved == balance, "{}'s transfers add up to {moved}, not {balance}", person.name);
        Ok(())
    }

    /// The sum of all movements that a player is shown, over all pages.
    async fn transfers(&self, person: &Person) -> Result<i64> {
        let mut page = person.say("/transfers", "Transfers").await?;
        let mut sum = 0;
        for number in 2.. {
            for line in page.text.lines().filter(|line| line.starts_with(['+', '−'])) {
                let (sign, rest) = line.split_at(line.chars().next().map_or(0, char::len_utf8));
                let amount = rest.split(' ').next().unwrap_or_default();
                let lamports = Lamports::parse_sol(amount).with_context(|| format!("read {line:?}"))?.get();
                sum += if sign == "+" { lamports } else { -lamports };
            }
            if page.button("Older").is_none() {
                break;
            }
            page = person.tap(&page, "Older", &format!("Page {number} of")).await?;
        }
        Ok(sum)
    }

    /// Reads all chats and holds them against the plan.
    ///
    /// # Errors
    /// The local Telegram does not answer.
    pub async fn read_chats(&self, findings: &mut Findings<'_>) -> Result<BTreeMap<String, Vec<String>>> {
        let mut all = BTreeMap::new();
        for who in Who::ALL {
            let person = self.person(who)?;
            let told = self.read_chat(person, &self.headings(who)?, findings).await?;
            all.insert(person.name.to_owned(), told);
        }
        let told = self.read_chat(&self.dan, &["Not placed.".into(), "Not placed.".into()], findings).await?;
        all.insert(self.dan.name.to_owned(), told);
        Ok(all)
    }

    async fn read_chat(
        &self,
        person: &Person,
        planned: &[String],
        findings: &mut Findings<'_>,
    ) -> Result<Vec<String>> {
        let heard = person.heard().await?;
        let faults = heard.iter().filter(|shown| is_fault(&shown.text)).count();
        let mut told: Vec<String> =
            heard.iter().filter(|shown| is_for_good(shown)).map(|shown| shown.text.clone()).collect();
        let count = told.len();
        if self.faults.kill {
            told = without_resent(told, self.faults.kills_of("gateway"));
        }
        told.sort_unstable();
        if count > told.len() {
            let again = count - told.len();
            self.tale
                .tell(person.name, format_args!("heard {again} messages twice, as the sender was killed"));
        }
        let mut headings: Vec<String> = told
            .iter()
            .map(|text| timeless(text.lines().next().unwrap_or_default(), &self.names()))
            .collect();
        headings.sort_unstable();
        let mut planned = planned.to_vec();
        planned.sort_unstable();
        let name = format!("messages to {}", person.name);
        let same = headings == planned;
        let measured = if same { planned.len().to_string() } else { differences(&planned, &headings) };
        findings.check(&name, format!("{} as planned", planned.len()), measured, same);
        if !self.faults.any() {
            findings.equal(&format!("faults told to {}", person.name), &0, &faults);
        }
        let names = self.names();
        let mut told: Vec<String> = told.iter().map(|text| timeless(text, &names)).collect();
        told.sort_unstable();
        Ok(told)
    }

    /// First lines of everything that somebody is told for good.
    fn headings(&self, who: Who) -> Result<Vec<String>> {
        let deposit = self.plan.deposits.get(&who).copied().unwrap_or_default();
        let mut headings = vec![format!("Deposit credited · {} SOL", sol(deposit))];
        for which in Which::ALL {
            let name = which.name();
            if which.host() == who {
                headings.push("Your room is open.".to_owned());
            }
            let Ok(wager) = self.plan.wager(who, which) else { continue };
            headings.push(format!("Bet accepted · room #{name}"));
            headings.push(match self.plan.book(which)?.winner {
                None => format!("Stake returned · room #{name}"),
                Some(winner) if winner == wager.outcome => {
                    format!("You won {} SOL · room #{name}", sol(wager.payout))
                }
                Some(_) => format!("You lost · room #{name}"),
            });
        }
        let refusals = if who == Who::Cid { 1 } else { 2 };
        headings.extend(std::iter::repeat_n("Not placed.".to_owned(), refusals));
        if Who::EMPTY_HOSTS.contains(&who) {
            headings.extend(std::iter::repeat_n("Your room is open.".to_owned(), EMPTY_ROOMS));
        }
        if who == Who::Ann {
            headings.push(format!("Withdrawal {} SOL", sol(self.plan.withdrawal)));
        }
        Ok(headings)
    }
}

impl Record {
    /// Holds a disturbed run against the undisturbed one of the same seed.
    pub(super) fn compare(&self, disturbed: &Self, findings: &mut Findings<'_>) {
        for (name, balance) in &self.balances {
            let other = disturbed.balances.get(name).copied().unwrap_or_default();
            findings.check(&format!("{name} as undisturbed"), balance, other, *balance == other);
        }
        for (name, told) in &self.messages {
            let other = disturbed.messages.get(name).cloned().unwrap_or_default();
            let measured = if *told == other { "the same".to_owned() } else { differences(told, &other) };
            findings.check(
                &format!("messages to {name} as undisturbed"),
                "the same",
                measured,
                *told == other,
            );
        }
    }
}

/// Leaves out what a sender that was killed in the middle of a call may send again: messages about
/// money and results, each at most once for every kill. The copy left behind is as the later one, or as
/// it was before it was edited. Everything else that came twice stays, and is too much.
fn without_resent(told: Vec<String>, kills: usize) -> Vec<String> {
    let mut left_behind: BTreeMap<Subject, usize> = BTreeMap::new();
    let mut kept = Vec::with_capacity(told.len());
    for (place, text) in told.iter().enumerate() {
        let resent = Notice::read(text).and_then(|notice| {
            let mut later = told.iter().skip(place + 1).filter_map(|text| Notice::read(text));
            let newest = later.rfind(|later| later.subject == notice.subject)?;
            newest.follows(&notice).then_some(notice.subject)
        });
        let copies = resent.map(|subject| left_behind.entry(subject).or_default());
        match copies {
            Some(copies) if *copies < kills => *copies += 1,
            _ => kept.push(text.clone()),
        }
    }
    kept
}

/// What a notice is about.
type Subject = String;

/// A message that is sent again after a crash with an unknown send.
struct Notice<'a> {
    subject: Subject,
    /// How far the thing had come; `None` for what is told once.
    step: Option<usize>,
    text: &'a str,
}

impl<'a> Notice<'a> {
    /// Nothing if it is neither about money nor a result.
    fn read(text: &'a str) -> Option<Self> {
        let heading = text.lines().next().unwrap_or_default();
        let of_deposit = |prefix, step| {
            heading.strip_prefix(prefix).map(|amount| (format!("Deposit · {amount}"), Some(step)))
        };
        let (subject, step) = of_deposit("Deposit seen · ", 0)
            .or_else(|| of_deposit("Deposit credited · ", 1))
            .or_else(|| {
                let done = text.lines().filter(|line| line.starts_with('✓')).count();
                heading.starts_with("Withdrawal ").then(|| (heading.to_owned(), Some(done)))
            })
            .or_else(|| {
                let result = ["You won ", "You lost ", "Stake returned "];
                result.iter().any(|how| heading.starts_with(how)).then(|| (heading.to_owned(), None))
            })?;
        Some(Self { subject, step, text })
    }

    /// Whether `before` may have been left behind by this one.
    fn follows(&self, before: &Self) -> bool {
        self.text == before.text || self.step > before.step
    }
}

/// What is missing and what is too much, a line each.
fn differences(planned: &[String], told: &[String]) -> String {
    let mut extra = told.to_vec();
    let mut lines = Vec::new();
    for text in planned {
        match extra.iter().position(|other| other == text) {
            Some(place) => drop(extra.remove(place)),
            None => lines.push(format!("missing: {}", joined(text))),
        }
    }
    lines.extend(extra.iter().map(|text| format!("too much: {}", joined(text))));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(told: &[&str], kills: usize) -> Vec<String> {
        without_resent(told.iter().map(|text| (*text).to_owned()).collect(), kills)
    }

    #[test]
    fn money_and_results_may_be_sent_again() {
        let credited = "Deposit credited · 2 SOL\nBalance 2 SOL";
        let (signed, sent) =
            ("Withdrawal 1 SOL\n✓ signed\n… sent to Solana", "Withdrawal 1 SOL\n✓ signed\n✓ sent to Solana");
        let won = "You won 1 SOL · room #1\nStake 0.5 SOL";
        let told = ["Deposit seen · 2 SOL", credited, signed, sent, won, won];
        assert_eq!(left(&told, 3), [credited, sent, won]);
        assert_eq!(left(&told, 0), told);
    }

    #[test]
    fn what_no_crash_explains_is_too_much() {
        let accepted = "Bet accepted · room #1\n0.5 SOL on YES";
        assert_eq!(left(&[accepted, accepted], 3), [accepted; 2], "neither money nor a result");
        let won = "You won 1 SOL · room #1";
        assert_eq!(left(&[won; 5], 3), [won; 2], "more often than anybody was killed");
        let other = "You won 1 SOL · room #1\nStake 0.4 SOL";
        assert_eq!(left(&[won, other], 3), [won, other], "another text about the same");
        let back = ["Deposit credited · 2 SOL", "Deposit seen · 2 SOL"];
        assert_eq!(left(&back, 3), back, "it was credited before it was seen");
        let failed =
            ["Withdrawal 1 SOL\n✓ requested\n✗ It failed", "Withdrawal 1 SOL\n✓ requested\n… approved"];
        assert_eq!(left(&failed, 3), failed, "no further than the first");
        let two = ["Deposit credited · 2 SOL", "Deposit credited · 3 SOL"];
        assert_eq!(left(&two, 3), two);
    }

    #[test]
    fn differences_name_what_is_missing_and_what_is_too_much() {
        let list = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let found = differences(&list(&["a", "b", "b"]), &list(&["b", "c"]));
        assert_eq!(found, "missing: a\nmissing: b\ntoo much: c");
        assert_eq!(differences(&list(&["a"]), &list(&["a"])), "");
    }
}
