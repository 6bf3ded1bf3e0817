//! What the wallets of the operators' list agree on, and what that is worth by the published formula.

use super::tracking::known;
use proto::{
    Malformed, decimal,
    notifier::{Signal, SignalHolder, SignalLevel},
    oracle::{MarketRef, Position},
};
use rust_decimal::{Decimal, RoundingStrategy, prelude::ToPrimitive};
use std::collections::BTreeMap;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

/// Wallets that a signal names.
const NAMED: usize = 5;

/// From when on a position counts, and how many make a signal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Wallets on one side.
    pub min_wallets: u32,
    /// A position counts from this value in USD on,
    pub min_usd: Decimal,
    /// or from this part of the wallet's portfolio on, in basis points.
    pub min_bps: u32,
}

/// What a wallet stands for on balance in one market.
#[derive(Clone, Debug, PartialEq)]
pub struct Stand {
    /// The market.
    pub market: MarketRef,
    /// The outcome's name.
    pub outcome: String,
    /// The outcome's token.
    pub token_id: String,
    /// What its shares on balance are worth now, in USD.
    pub usd: Decimal,
    /// Of the wallet's portfolio at its present value, where that is known.
    pub part: Option<Decimal>,
}

/// Reads what a wallet stands for from all of its positions. In each market that is the outcome of which it holds the most, by the
/// shares that it holds more of it than of any other: a share of each is money, whatever happens. Shares are worth their
/// present price, for the side and for the portfolio alike. What is decided already or has no price does not count.
///
/// # Errors
/// A message that breaks its contract.
pub fn stands(
    positions: &[Position],
    portfolio: Option<Decimal>,
    rules: &Rules,
) -> Result<Vec<Stand>, Malformed> {
    let mut markets: BTreeMap<&str, Vec<(Decimal, &Position)>> = BTreeMap::new();
    for position in positions.iter().filter(|position| !position.redeemable) {
        let market = position.market.as_ref().ok_or(Malformed("position without a market"))?;
        let shares = decimal(&position.shares)?;
        markets.entry(market.condition_id.as_str()).or_default().push((shares, position));
    }
    let mut stands = Vec::new();
    for mut held in markets.into_values() {
        held.sort_by(|(a, _), (b, _)| b.cmp(a));
        let second = held.get(1).map_or(Decimal::ZERO, |(shares, _)| *shares);
        let Some((shares, position)) = held.first() else { continue };
        let (Some(price), Some(market)) = (known(&position.price)?, &position.market) else { continue };
        let usd = (*shares - second) * price;
        let part = portfolio.filter(|portfolio| !portfolio.is_zero()).map(|portfolio| usd / portfolio);
        let large = part.is_some_and(|part| part * Decimal::from(10_000) >= Decimal::from(rules.min_bps));
        if usd > Decimal::ZERO && (usd >= rules.min_usd || large) {
            stands.push(Stand {
                market: market.clone(),
                outcome: position.outcome.clone(),
                token_id: position.token_id.clone(),
                usd,
                part,
            });
        }
    }
    Ok(stands)
}

/// A wallet that stands for one side.
#[derive(Clone, Debug, PartialEq)]
pub struct Backer {
    /// Which.
    pub address: String,
    /// What the operators call it.
    pub label: String,
    /// What it stands for.
    pub stand: Stand,
}

/// The signals of a day: every side of a market that has enough wallets on it, each once. Both sides of one market may have.
#[must_use]
pub fn signals(backers: Vec<Backer>, rules: &Rules, day: Date, at: OffsetDateTime) -> Vec<Signal> {
    let mut sides: BTreeMap<(String, String), Vec<Backer>> = BTreeMap::new();
    for backer in backers {
        let side = (backer.stand.market.condition_id.clone(), backer.stand.token_id.clone());
        sides.entry(side).or_default().push(backer);
    }
    let agreed = sides.into_iter().filter(|(_, side)| count(side) >= rules.min_wallets);
    agreed.filter_map(|((condition, token), side)| signal(&condition, &token, side, day, at)).collect()
}

fn count(side: &[Backer]) -> u32 {
    u32::try_from(side.len()).unwrap_or(u32::MAX)
}

fn signal(
    condition: &str,
    token: &str,
    mut side: Vec<Backer>,
    day: Date,
    at: OffsetDateTime,
) -> Option<Signal> {
    side.sort_by(|a, b| b.stand.usd.cmp(&a.stand.usd).then_with(|| a.address.cmp(&b.address)));
    let largest = side.first()?.stand.clone();
    let total: Decimal = side.iter().map(|backer| backer.stand.usd).sum();
    let parts: Vec<Decimal> = side.iter().filter_map(|backer| backer.stand.part).collect();
    let score = score(count(&side), total, mean(&parts), largest.usd);
    let top = side.iter().take(NAMED).map(|backer| SignalHolder {
        address: backer.address.clone(),
        label: backer.label.clone(),
        usd: cents(backer.stand.usd),
        portfolio_bps: backer.stand.part.map_or(0, basis_points),
    });
    Some(Signal {
        signal_id: id(condition, token, day).as_bytes().to_vec(),
        market: Some(largest.market),
        outcome: largest.outcome,
        token_id: token.to_owned(),
        wallets: count(&side),
        usd: cents(total),
        score,
        top: top.collect(),
        at: Some(proto::timestamp(at)),
        end: proto::notifier::SignalEnd::Open.into(),
        level: level(score).into(),
    })
}

/// A side of a market has one signal a day.
fn id(condition: &str, token: &str, day: Date) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("polymarket/{condition}/{token}/{day}").as_bytes())
}

fn cents(usd: Decimal) -> String {
    usd.round_dp_with_strategy(2, RoundingStrategy::ToZero).normalize().to_string()
}

fn basis_points(part: Decimal) -> u32 {
    (part * Decimal::from(10_000)).trunc().to_u32().unwrap_or(u32::MAX)
}

/// The mean; zero of nothing.
fn mean(parts: &[Decimal]) -> Decimal {
    let sum: Decimal = parts.iter().sum();
    sum.checked_div(Decimal::from(parts.len())).unwrap_or_default()
}

/// From 0 to 100: 10 for each wallet beyond the second (at most 30), 1 for each whole $1,000 together (at most 30), 2.5 for each
/// percent of their portfolios that the wallets stake on average, rounded down (at most 25; a portfolio that is not known is
/// left out of the average), and 15 if the largest has at most half of the money, 10 if at most 70 %, else 5.
#[must_use]
pub fn score(wallets: u32, total_usd: Decimal, mean_part: Decimal, largest_usd: Decimal) -> u32 {
    let capped = |points: Decimal, most: u32| points.trunc().to_u32().unwrap_or(u32::MAX).min(most);
    let agreement = wallets.saturating_sub(2).saturating_mul(10).min(30);
    let money = capped(total_usd / Decimal::ONE_THOUSAND, 30);
    let conviction = capped(mean_part * Decimal::from(250), 25);
    let ten = Decimal::TEN;
    let spread = match largest_usd * ten {
        largest if largest <= total_usd * Decimal::from(5) => 15,
        largest if largest <= total_usd * Decimal::from(7) => 10,
        _ => 5,
    };
    agreement + money + conviction + spread
}

/// What a score says.
#[must_use]
pub const fn level(score: u32) -> SignalLevel {
    match score {
        0..40 => SignalLevel::Low,
        40..60 => SignalLevel::Medium,
        60..80 => SignalLevel::High,
        80.. => SignalLevel::VeryHigh,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::notifier::SignalEnd;

    fn dec(text: &str) -> Decimal {
        decimal(text).unwrap()
    }

    fn rules() -> Rules {
        Rules { min_wallets: 3, min_usd: dec("2000"), min_bps: 200 }
    }

    fn position(market: &str, outcome: &str, shares: &str, price: &str) -> Position {
        Position {
            market: Some(MarketRef { condition_id: market.into(), ..Default::default() }),
            outcome: outcome.into(),
            token_id: format!("{market}-{outcome}"),
            shares: shares.into(),
            price: price.into(),
            ..Default::default()
        }
    }

    fn stood(positions: &[Position], portfolio: Option<&str>) -> Vec<(String, String)> {
        let stands = stands(positions, portfolio.map(dec), &rules()).unwrap();
        stands.into_iter().map(|stand| (stand.token_id, stand.usd.normalize().to_string())).collect()
    }

    fn stand(token: &str, usd: &str) -> Vec<(String, String)> {
        vec![(token.to_owned(), usd.to_owned())]
    }

    #[test]
    fn each_part_of_the_score_has_its_breakpoints() {
        let of_wallets = |wallets| score(wallets, dec("0.01"), Decimal::ZERO, dec("0.01")) - 5;
        assert_eq!([2, 3, 4, 5, 6, 100].map(of_wallets), [0, 10, 20, 30, 30, 30]);
        let of_money = |usd| score(2, dec(usd), Decimal::ZERO, dec(usd)) - 5;
        assert_eq!(
            ["999.99", "1000", "1999.99", "29999.99", "30000", "31000", "9000000"].map(of_money),
            [0, 1, 1, 29, 30, 30, 30]
        );
        let of_part = |part| score(2, dec("0.01"), dec(part), dec("0.01")) - 5;
        assert_eq!(
            ["0", "0.0039", "0.004", "0.02", "0.0999", "0.1", "0.11", "1", "5"].map(of_part),
            [0, 0, 1, 5, 24, 25, 25, 25, 25]
        );
        let of_spread = |largest| score(2, dec("100"), Decimal::ZERO, dec(largest));
        assert_eq!(["34", "50", "50.01", "70", "70.01", "100"].map(of_spread), [15, 15, 10, 10, 5, 5]);
        assert_eq!(score(9, dec("99000"), dec("0.5"), dec("1000")), 100);
    }

    #[test]
    fn levels_begin_where_they_are_published() {
        use SignalLevel::{High, Low, Medium, VeryHigh};
        assert_eq!(
            [0, 39, 40, 59, 60, 79, 80, 100].map(level),
            [Low, Low, Medium, Medium, High, High, VeryHigh, VeryHigh]
        );
    }

    #[test]
    fn p18_side_and_value_are_of_the_same_shares_at_their_present_price() {
        // A pair of both is money whatever happens; what is left is for No, and worth what No is worth now.
        let both = [position("m", "Yes", "4000", "0.9"), position("m", "No", "30000", "0.1")];
        assert_eq!(stood(&both, None), stand("m-No", "2600"));
        let neutral = [position("m", "Yes", "9000", "0.5"), position("m", "No", "9000", "0.5")];
        assert_eq!(stood(&neutral, Some("9000")), []);
    }

    #[test]
    fn p18_outcomes_need_not_be_called_yes_and_no() {
        assert_eq!(stood(&[position("m", "Lakers", "5000", "0.5")], None), stand("m-Lakers", "2500"));
    }

    #[test]
    fn a_position_counts_by_its_value_or_its_part_of_the_portfolio() {
        let of = |shares: &str, portfolio| stood(&[position("m", "Yes", shares, "0.5")], portfolio).len();
        assert_eq!(of("4000", Some("1000000")), 1, "2000 USD");
        assert_eq!(of("3999.98", Some("1000000")), 0);
        assert_eq!(of("200", Some("5000")), 1, "2 %");
        assert_eq!(of("199.98", Some("5000")), 0);
        assert_eq!(of("200", None), 0, "of an unknown portfolio nothing is a part");
        assert_eq!(of("0", Some("0")), 0);
    }

    #[test]
    fn what_is_decided_or_has_no_price_does_not_count() {
        let decided = Position { redeemable: true, ..position("m", "Yes", "9000", "1") };
        assert_eq!(stood(&[decided], None), []);
        assert_eq!(stood(&[position("m", "Yes", "9000", "")], None), []);
        assert_eq!(stood(&[position("m", "Yes", "9000", "0")], Some("10")), []);
        assert!(stands(&[position("m", "Yes", "many", "1")], None, &rules()).is_err());
        assert!(stands(&[Position::default()], None, &rules()).is_err());
    }

    fn backer(name: &str, token: &str, usd: &str, part: Option<&str>) -> Backer {
        let market = MarketRef { condition_id: "m".into(), question: "Why?".into(), ..Default::default() };
        let stand = Stand {
            market,
            outcome: token.into(),
            token_id: token.into(),
            usd: dec(usd),
            part: part.map(dec),
        };
        Backer { address: name.into(), label: name.to_uppercase(), stand }
    }

    #[test]
    fn three_wallets_on_a_side_are_a_signal_and_two_are_none() {
        let day = Date::from_calendar_date(2026, time::Month::March, 10).unwrap();
        let at = OffsetDateTime::UNIX_EPOCH;
        let backers = vec![
            backer("a", "yes", "2000", Some("0.02")),
            backer("b", "yes", "3000.129", None),
            backer("c", "yes", "2000", Some("0.04")),
            backer("d", "no", "2000", None),
            backer("e", "no", "2000", None),
        ];
        let found = signals(backers.clone(), &rules(), day, at);
        let [signal] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!((signal.token_id.as_str(), signal.wallets, signal.usd.as_str()), ("yes", 3, "7000.12"));
        // 10 for the third wallet, 7 for 7 thousand, 7 for 3 %, 15 as the largest has less than half.
        assert_eq!((signal.score, signal.level(), signal.end()), (39, SignalLevel::Low, SignalEnd::Open));
        let top: Vec<_> =
            signal.top.iter().map(|holder| (holder.label.as_str(), holder.portfolio_bps)).collect();
        assert_eq!(top, [("B", 0), ("A", 200), ("C", 400)], "the largest first");
        assert_eq!(signal.market.as_ref().unwrap().question, "Why?");
        // Whatever order they come in, and whenever it is looked at on that day.
        let mut reversed = backers;
        reversed.reverse();
        assert_eq!(signals(reversed, &rules(), day, at), found);
        let both: Vec<_> = ["a", "b", "c"]
            .iter()
            .flat_map(|name| [backer(name, "yes", "1", None), backer(name, "no", "1", None)])
            .collect();
        let both = signals(both, &rules(), day, at);
        assert_eq!(both.len(), 2);
        assert_ne!(both[0].signal_id, both[1].signal_id);
        assert_eq!(both[1].signal_id, found[0].signal_id);
        let next = signals(
            ["a", "b", "c"].map(|name| backer(name, "yes", "1", None)).to_vec(),
            &rules(),
            day.next_day().unwrap(),
            at,
        );
        assert_ne!(next[0].signal_id, found[0].signal_id);
    }

    #[test]
    fn a_signal_names_five_wallets_and_counts_all() {
        let day = Date::MIN;
        let backers = ["a", "b", "c", "d", "e", "f"].map(|name| backer(name, "yes", "5000", Some("0.1")));
        let found = signals(backers.to_vec(), &rules(), day, OffsetDateTime::UNIX_EPOCH);
        assert_eq!((found[0].wallets, found[0].top.len(), found[0].score), (6, 5, 100));
    }
}
