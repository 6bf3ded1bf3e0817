//! Whether the parts of a bundle agree: what it says of the verdict, the bets and the sums against what follows from them.

use super::book::Bet;
use super::fields::written;
use super::finding::Findings;
use super::head::{Head, Verdict};
use super::judge::Judgment;
use super::room::Basis;
use super::terms::{Rule, Ruling};
use proto::room::{Kind, VoidReason};

/// What the verdict rests on.
pub(super) fn basis(head: &Head) -> Basis {
    match head.verdict.ruling {
        Ruling::Outcome(_) if matches!(head.terms.rule, Rule::Custom) => Basis::People,
        Ruling::Void(VoidReason::NoOpposition | VoidReason::MinPlayers) => Basis::Bets,
        _ if head.verdict.is_void_without_prices() => Basis::People,
        _ => Basis::Prices,
    }
}

/// A verdict without a series rests on no price.
pub(super) fn without_prices(head: &Head, findings: &mut Findings) {
    let Head { verdict, .. } = head;
    if basis(head) == Basis::Prices {
        findings.add("verdict.series", "is missing: this verdict rests on prices");
    }
    for (name, is) in [("price", &verdict.price), ("start_price", &verdict.start_price)] {
        findings.compare(format!("verdict.{name}"), is, "without a series there is", "");
    }
    let Ruling::Void(reason) = verdict.ruling else { return };
    let staked = head.frozen_pools.iter().filter(|pool| **pool > 0).count();
    let told = &head.terms.told;
    let fits = match reason {
        VoidReason::NoOpposition => staked < 2,
        VoidReason::MinPlayers => head.frozen_bets < u64::from(told.min_players),
        VoidReason::Unresolved => told.kind() == Kind::Custom,
        _ => true,
    };
    if !fits {
        findings.add(
            "verdict.void_reason",
            format!("is {}, which this room's bets and terms rule out", verdict.reason()),
        );
    }
}

/// Holds the verdict against what the series makes.
pub(super) fn verdict(verdict: &Verdict, made: &Judgment, findings: &mut Findings) {
    const SOURCE: &str = "the series makes";
    if verdict.ruling != made.ruling && !verdict.is_void_without_prices() {
        let path = if matches!(verdict.ruling, Ruling::Outcome(_)) { "outcome" } else { "void_reason" };
        let (is, should) = (verdict.ruling.to_string(), made.ruling.to_string());
        findings.compare(format!("verdict.{path}"), &is, SOURCE, &should);
    }
    let number = |second: Option<i64>| second.map(|second| second.to_string()).unwrap_or_default();
    let span = |(first, last): (i64, i64)| format!("{first} to {last}");
    let values = [
        ("price", verdict.price.clone(), made.price.clone()),
        ("observed_at", verdict.observed_at.map(written).unwrap_or_default(), written(made.observed_at)),
        ("series", verdict.series.map(span).unwrap_or_default(), span(made.series)),
        ("suspicions", verdict.suspicions.join(", "), made.suspicions.join(", ")),
        ("window_end", number(verdict.window_end), number(made.window_end)),
        ("start_price", verdict.start_price.clone(), made.start_price.clone()),
        ("start_window_end", number(verdict.start_window_end), number(made.start_window_end)),
        ("rival_price", verdict.rival_price.clone(), made.rival_price.clone()),
        ("rival_start_price", verdict.rival_start_price.clone(), made.rival_start_price.clone()),
    ];
    for (name, is, should) in values {
        findings.compare(format!("verdict.{name}"), &is, SOURCE, &should);
    }
}

/// Holds the bets against what the room froze.
pub(super) fn frozen(head: &Head, bets: &[Bet], findings: &mut Findings) {
    let mut pools = vec![0_i64; head.terms.told.outcomes.len()];
    for (index, bet) in bets.iter().enumerate() {
        match usize::try_from(bet.outcome).ok().and_then(|outcome| pools.get_mut(outcome)) {
            Some(pool) => *pool = pool.saturating_add(bet.stake),
            None => findings.add(format!("bets[{index}].outcome"), "is no outcome of this room"),
        }
    }
    if u64::try_from(bets.len()) != Ok(head.frozen_bets) {
        findings.add("frozen.bets", format!("is {}, there are {}", head.frozen_bets, bets.len()));
    }
    amounts("frozen.pools_lamports", &head.frozen_pools, "the bets make", &pools, findings);
}

/// Holds amounts per outcome against what they should be.
pub(super) fn amounts(path: &str, is: &[i64], source: &str, should: &[i64], findings: &mut Findings) {
    if is.len() != should.len() {
        return findings
            .add(path, format!("has {} amounts, the room has {} outcomes", is.len(), should.len()));
    }
    for (index, (is, should)) in is.iter().zip(should).enumerate() {
        findings.compare(format!("{path}[{index}]"), &is.to_string(), source, &should.to_string());
    }
}
