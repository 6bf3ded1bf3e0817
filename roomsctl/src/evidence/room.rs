//! A bundle being read: its parts held against each other as they come.

use super::Unverified;
use super::agree;
use super::book::{Bet, Fate, Promise, settle};
use super::check;
use super::fields::{Fields, written};
use super::finding::Findings;
use super::head::Head;
use super::judge;
use super::root::{Receipt, Tree, bet_leaf};
use super::series::Series;
use super::stream::{Array, Reader};
use super::terms::{Rule, Ruling};
use super::touch::Touch;
use serde_json::{Map, Value};

/// The members behind the head, in their order.
const TAIL: [&str; 5] = ["bets", "series", "rival_series", "receipt", "end"];

/// Where a receipt is to be found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// Signature of the transaction, in base58.
    pub signature: String,
    /// The slot that it landed in.
    pub slot: u64,
    /// What its memo has to be.
    pub memo: String,
}

/// What a verdict rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// The series in the bundle.
    Prices,
    /// The bets in the bundle: too few of them, or all on one side.
    Bets,
    /// What people said, or did not say in time: nothing in a bundle can prove them right.
    People,
}

/// A bundle in which everything fits.
#[derive(Clone, Debug)]
pub struct Verified {
    /// The room's id.
    pub room: String,
    /// Its number for people.
    pub number: i64,
    /// `TOUCH`, `CLOSE`, ….
    pub kind: &'static str,
    /// SHA-256 of the terms.
    pub terms_hash: String,
    /// What the room was settled by: an outcome's label, or `VOID` and the reason.
    pub outcome: String,
    /// The price that decided, empty where none did.
    pub price: String,
    /// What the verdict rests on.
    pub basis: Basis,
    /// How many bets there are.
    pub bets: u64,
    /// Their stakes, lamports.
    pub staked: i64,
    /// What they are paid, lamports.
    pub paid: i64,
    /// Protocol and host, lamports.
    pub fees: i64,
    /// How many seconds of prices there are.
    pub seconds: u64,
    /// Root over the bets.
    pub root: String,
    /// When the room was settled.
    pub settled_at: String,
    /// The receipt, if there is one yet.
    pub receipt: Option<Anchor>,
}

#[derive(Debug)]
pub(super) struct Room {
    findings: Findings,
    members: Map<String, Value>,
    /// Set with the first member behind the head; its inner nothing is a head that cannot be judged by.
    head: Option<Option<Head>>,
    /// How many members of the tail came.
    tail: usize,
    bets: Vec<Bet>,
    /// Fate and payout of each bet, as told.
    told: Vec<(Fate, i64)>,
    tree: Tree,
    series: [Series; 2],
    counts: [u64; 3],
    receipt: Option<Anchor>,
    anchored: bool,
}

impl Room {
    pub(super) fn new() -> Self {
        Self {
            findings: Findings::default(),
            members: Map::new(),
            head: None,
            tail: 0,
            bets: Vec::new(),
            told: Vec::new(),
            tree: Tree::default(),
            series: [Series::new(Array::Series, None), Series::new(Array::RivalSeries, None)],
            counts: [0; 3],
            receipt: None,
            anchored: false,
        }
    }

    /// The head ends with the first member behind it.
    fn behind_head(&mut self, name: &str) {
        if TAIL.get(self.tail) == Some(&name) {
            self.tail += 1;
        } else {
            let next = TAIL.get(self.tail).copied().unwrap_or("nothing");
            self.findings.add(name, format!("stands here, where {next} should"));
        }
        if self.head.is_none() {
            let head = Head::read(&self.members, &mut self.findings);
            if let Some(head) = &head {
                self.series[0] = Series::new(Array::Series, Touch::of(&head.terms));
            }
            self.head = Some(head);
        }
    }

    /// What can be said when the bundle is at its end.
    pub(super) fn finish(mut self) -> Result<Verified, Unverified> {
        if self.head.is_none() {
            self.behind_head("");
        }
        for name in TAIL.iter().skip(self.tail) {
            self.findings.add(*name, "is missing");
        }
        let head = self.head.take().flatten();
        let verified = head.map(|head| {
            self.judge(&head);
            self.pay(head)
        });
        let Self { findings, .. } = self;
        match verified {
            Some(verified) if findings.is_empty() => Ok(verified),
            _ => {
                let (found, more) = findings.into_parts();
                Err(Unverified::Wrong { found, more })
            }
        }
    }

    /// The outcome from the prices.
    fn judge(&mut self, head: &Head) {
        let Head { terms, verdict, .. } = head;
        let [own, rival] = &mut self.series;
        let findings = &mut self.findings;
        let allowed = judge::seconds(terms, verdict);
        own.lies_in(&allowed, findings);
        rival.lies_in(if matches!(terms.rule, Rule::HeadToHead) { &allowed } else { &[] }, findings);
        let Some((_, last)) = verdict.series else {
            return agree::without_prices(head, findings);
        };
        own.finish(last.saturating_add(1));
        match judge::judge(terms, verdict, own, rival) {
            Some(judgment) => agree::verdict(verdict, &judgment, findings),
            None => findings.add("verdict.series", "holds no answer: should lead to one"),
        }
    }

    /// The payouts from the bets, the root from the payouts, the memo from the root.
    fn pay(&mut self, head: Head) -> Verified {
        let Head { terms, verdict, paid, .. } = &head;
        let findings = &mut self.findings;
        agree::frozen(&head, &self.bets, findings);
        let winner = match verdict.ruling {
            Ruling::Outcome(outcome) => Some(outcome),
            Ruling::Void(_) => None,
        };
        let past_post = i64::from(terms.told.past_post_seconds).saturating_mul(1_000_000);
        let touched = matches!(terms.rule, Rule::Touch { .. } | Rule::CapTouch { .. }) && winner == Some(0);
        let cut_off = verdict.observed_at.filter(|_| touched).map(|at| at.saturating_sub(past_post));
        let text = |at: Option<i64>| at.map(written).unwrap_or_default();
        findings.compare("book.cut_off", &text(paid.cut_off), "the verdict makes", &text(cut_off));
        let promise = Promise {
            outcomes: terms.told.outcomes.len(),
            protocol_fee_bps: terms.told.protocol_fee_bps,
            host_fee_bps: terms.told.host_fee_bps,
        };
        match settle(&promise, winner, cut_off, &self.bets) {
            None => {
                findings.add("bets", "are those of no room: an outcome, a stake or a fee is out of range")
            }
            Some(book) => {
                for (index, (told, made)) in self.told.iter().zip(&book.lines).enumerate() {
                    let path = |name: &str| format!("bets[{index}].{name}");
                    findings.compare(path("fate"), told.0.word(), "the rules make", made.0.word());
                    let (is, should) = (told.1.to_string(), made.1.to_string());
                    findings.compare(path("payout_lamports"), &is, "the rules make", &should);
                }
                let amounts = [
                    ("book.protocol_fee_lamports", paid.protocol_fee, book.protocol_fee),
                    ("book.host_fee_lamports", paid.host_fee, book.host_fee),
                ];
                for (path, is, should) in amounts {
                    findings.compare(path, &is.to_string(), "the losing pools make", &should.to_string());
                }
                agree::amounts(
                    "book.pools_lamports",
                    &paid.pools,
                    "the bets that count make",
                    &book.pools,
                    findings,
                );
                let ruling = book.ruling(verdict.ruling);
                if paid.ruling != ruling {
                    let path =
                        if matches!(paid.ruling, Ruling::Outcome(_)) { "outcome" } else { "void_reason" };
                    let (is, should) = (paid.ruling.to_string(), ruling.to_string());
                    findings.compare(format!("book.{path}"), &is, "the verdict and the bets make", &should);
                }
                if paid.referrals > book.protocol_fee {
                    let why = format!("is {}, more than the protocol's fee", paid.referrals);
                    findings.add("book.referral_lamports", why);
                }
            }
        }
        let root = std::mem::take(&mut self.tree).root();
        findings.compare("root", &hex::encode(head.root), "the bets make", &hex::encode(root));
        let [bets, own, rival] = self.counts;
        Verified {
            room: terms.room().to_string(),
            number: head.number,
            kind: terms.told.kind().as_str_name().trim_start_matches("KIND_"),
            terms_hash: hex::encode(terms.hash),
            outcome: terms.label(paid.ruling),
            price: verdict.price.clone(),
            basis: agree::basis(&head),
            bets,
            staked: self.bets.iter().map(|bet| bet.stake).fold(0, i64::saturating_add),
            paid: self.told.iter().map(|(_, payout)| *payout).fold(0, i64::saturating_add),
            fees: paid.protocol_fee.saturating_add(paid.host_fee),
            seconds: own + rival,
            root: hex::encode(root),
            settled_at: head.settled_at,
            receipt: self.receipt.take(),
        }
    }

    fn bet(&mut self, index: u64, value: &Value) {
        let path = format!("bets[{index}]");
        let findings = &mut self.findings;
        let Some(members) = value.as_object() else { return findings.add(path, "should be an object") };
        check::verify(&path, members, findings);
        let fields = Fields::new(&path, members);
        const KNOWN: [&str; 8] = [
            "bet_id",
            "outcome",
            "stake_lamports",
            "accepted_at",
            "min_odds_percent",
            "fate",
            "payout_lamports",
            "check",
        ];
        fields.only(&KNOWN, findings);
        let fate = fields.text("fate", findings).and_then(|word| {
            let fate = Fate::from_word(word);
            if fate.is_none() {
                findings.add(fields.path("fate"), "is no fate of a bet");
            }
            fate
        });
        let bet = (|| {
            Some(Bet {
                id: fields.uuid("bet_id", findings)?,
                outcome: fields.number("outcome", findings)?,
                stake: fields.lamports("stake_lamports", findings)?,
                accepted_at: fields.moment("accepted_at", findings)?,
                min_odds_percent: fields.number("min_odds_percent", findings)?,
            })
        })();
        let payout = fields.lamports("payout_lamports", findings);
        let (Some(bet), Some(fate), Some(payout)) = (bet, fate, payout) else { return };
        if self.bets.last().is_some_and(|last| last.id >= bet.id) {
            findings.add(fields.path("bet_id"), "does not ascend");
        }
        if bet.stake == 0 {
            findings.add(fields.path("stake_lamports"), "is nothing");
        }
        self.tree.push(bet_leaf(&bet, fate, payout));
        self.told.push((fate, payout));
        self.bets.push(bet);
    }

    /// The receipt, if the room has one yet.
    fn anchor(&mut self, value: &Value) {
        let findings = &mut self.findings;
        if value.is_null() {
            return;
        }
        self.anchored = true;
        let Some(members) = value.as_object() else {
            return findings.add("receipt", "should be an object or null");
        };
        check::verify("receipt", members, findings);
        let fields = Fields::new("receipt", members);
        fields.only(&["signature", "slot", "memo", "leaf", "leaves", "branch", "check"], findings);
        let Some(head) = self.head.as_ref().and_then(Option::as_ref) else { return };
        let outcome = head.terms.label(head.paid.ruling);
        let receipt = Receipt {
            room: head.terms.room(),
            terms: head.terms.hash,
            root: head.root,
            price: &head.verdict.price,
            outcome: &outcome,
        };
        let (leaf, leaves) =
            (fields.number::<u32>("leaf", findings), fields.number::<u32>("leaves", findings));
        let branch = fields
            .array("branch", findings)
            .iter()
            .map(|hash| hash.as_str().and_then(|hash| <[u8; 32]>::try_from(hex::decode(hash).ok()?).ok()));
        let branch: Option<Vec<_>> = branch.collect();
        let should = match (leaves, branch.as_deref()) {
            (Some(0), Some([])) if leaf == Some(0) => Some(receipt.memo()),
            (Some(leaves @ 1..), Some(branch)) => {
                receipt.memo_of_several(leaf.unwrap_or(u32::MAX).into(), leaves.into(), branch)
            }
            _ => None,
        };
        let memo = fields.text("memo", findings).unwrap_or_default();
        match should {
            Some(should) => findings.compare("receipt.memo", memo, "the room makes", &should),
            None => {
                findings.add("receipt.branch", "does not lead from this leaf to a root of so many leaves")
            }
        }
        let signature = fields.text("signature", findings).unwrap_or_default().to_owned();
        let slot = fields.number::<i64>("slot", findings).and_then(|slot| u64::try_from(slot).ok());
        self.receipt = Some(Anchor { signature, slot: slot.unwrap_or_default(), memo: memo.to_owned() });
    }

    /// What the bundle says of itself at its end, so that a part that is missing can be named.
    fn end(&mut self, value: &Value) {
        let findings = &mut self.findings;
        let Some(members) = value.as_object() else { return findings.add("end", "should be an object") };
        check::verify("end", members, findings);
        let fields = Fields::new("end", members);
        fields.only(&["bets", "series", "rival_series", "anchored", "check"], findings);
        for (name, count) in TAIL.iter().zip(self.counts) {
            let told = fields.number::<i64>(name, findings).unwrap_or_default();
            if u64::try_from(told) != Ok(count) {
                findings.add(*name, format!("has {count} records, the end says {told}"));
            }
        }
        if fields.flag("anchored", findings) != self.anchored {
            findings.add("receipt", "is there and should not be, or the other way round");
        }
    }
}

impl Reader for Room {
    fn member(&mut self, name: String, value: Value) {
        if TAIL.contains(&name.as_str()) {
            self.behind_head(&name);
            if name == "receipt" { self.anchor(&value) } else { self.end(&value) }
        } else if self.head.is_some() {
            self.findings.add(name, "is no member of this format behind the head");
        } else if self.members.contains_key(&name) {
            self.findings.add(name, "stands here twice");
        } else {
            self.members.insert(name, value);
        }
    }

    fn begin(&mut self, array: Array) {
        self.behind_head(array.name());
    }

    fn record(&mut self, array: Array, index: u64, value: &Value) {
        let [bets, own, rival] = &mut self.counts;
        *(match array {
            Array::Bets => bets,
            Array::Series => own,
            Array::RivalSeries => rival,
        }) += 1;
        let [own, rival] = &mut self.series;
        let series = match array {
            Array::Bets => return self.bet(index, value),
            Array::Series => own,
            Array::RivalSeries => rival,
        };
        if let Some(members) = value.as_object() {
            check::verify(&format!("{}[{index}]", array.name()), members, &mut self.findings);
        }
        if let Some(head) = self.head.as_ref().and_then(Option::as_ref) {
            series.take(index, value, &head.terms, &mut self.findings);
        }
    }
}
