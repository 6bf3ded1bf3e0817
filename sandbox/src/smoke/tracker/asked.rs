//! What somebody asked for besides wallets: to be told of a price, and of large trades of anybody.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail};
use proto::notifier::PriceAlertFired;
use proto::notifier::notice::Kind as Told;
use proto::oracle::LargeTrade;
use rust_decimal::Decimal;
use tokio::time::{Instant, sleep};

use super::super::audit::count;
use super::super::person::Person;
use super::check::{LOOK_EVERY, PATIENCE};
use super::plan::Plan;
use super::play::Play;
use super::tape::{Order, orders};
use crate::polymarket::{Deed, Exchange, Token};
use crate::report::Report;
use crate::world::DATABASE;

/// From this value on a trade of anybody is large.
const LARGE_FROM: Decimal = Decimal::from_parts(10_000, 0, 0, false, 0);

/// How far from the present price those are that are waited for, in cents; the first one further than prices get in a day.
const AWAY: [i64; 8] = [40, 1, -1, 1, -1, 2, -2, 3];

/// Cents of a price that can be waited for.
const CENTS: std::ops::RangeInclusive<i64> = 1..=99;

/// A price that is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wish {
    token: Token,
    price: Decimal,
    /// Or less, rather than or more.
    below: bool,
}

/// What the tape says of a wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// An order was filled there.
    Reached,
    /// A part of one was, but not its mean: whoever hears of parts tells it, whoever adds them up does not.
    Touched,
    /// Never.
    Waits,
}

/// A large trade as it is told.
type Large = (usize, Token, bool, Decimal, Decimal);

/// Prices a little away from where the first tokens are that are traded today.
pub fn wishes(exchange: &Exchange, plan: &Plan) -> Vec<Wish> {
    let mut tokens: Vec<Token> = Vec::new();
    for (_, deed) in &plan.day {
        let Deed::Trade(fills) = deed else { continue };
        let token = fills.first().map(|fill| fill.token);
        tokens.extend(token.filter(|token| !tokens.contains(token)));
    }
    let wish = |(token, away): (Token, i64)| {
        let now = exchange.price(token);
        let cents = i64::try_from((now * Decimal::ONE_HUNDRED).round()).unwrap_or(50);
        // Beyond the end there is only the other direction.
        let there = if CENTS.contains(&(cents + away)) { cents + away } else { cents - away };
        let price = Decimal::new(there, 2);
        Wish { token, price, below: price < now }
    };
    tokens.into_iter().zip(AWAY).map(wish).collect()
}

impl Wish {
    fn is_met(&self, price: Decimal) -> bool {
        if self.below { price <= self.price } else { price >= self.price }
    }

    fn fate(&self, exchange: &Exchange, first: usize) -> Fate {
        let rows = exchange.tape().rows().get(first..).unwrap_or_default();
        let whole = rows.chunk_by(|one, two| one.transaction == two.transaction).flat_map(orders);
        let mut whole = whole.filter(|order| order.token == self.token);
        if whole.any(|order| self.is_met(mean(&order))) {
            return Fate::Reached;
        }
        let token = (Some(self.token.market), Some(self.token.outcome));
        let mut parts = rows.iter().filter(|row| (row.market, row.outcome) == token && row.side.is_some());
        if parts.any(|row| self.is_met(row.price)) { Fate::Touched } else { Fate::Waits }
    }
}

fn mean(order: &Order) -> Decimal {
    (order.usd / order.shares.max(Decimal::new(1, 6))).round_dp(6)
}

/// Large trades of wallets other than these from this row on.
fn large(exchange: &Exchange, except: &BTreeSet<usize>, first: usize) -> Vec<Large> {
    let rows = exchange.tape().rows().get(first..).unwrap_or_default();
    let all = rows.chunk_by(|one, two| one.transaction == two.transaction).flat_map(orders);
    let large = all.filter(|order| order.usd >= LARGE_FROM && !except.contains(&order.wallet));
    let told = large.map(|order| {
        (order.wallet, order.token, order.sold, order.shares.normalize(), order.usd.normalize())
    });
    let mut told: Vec<Large> = told.collect();
    told.sort_unstable();
    told
}

/// A told trade; nothing if the exchange knows of no such wallet or token.
fn read(exchange: &Exchange, trade: &LargeTrade) -> Option<Large> {
    let market = exchange.market_of(&trade.market.as_ref()?.condition_id)?;
    let outcomes = &exchange.markets().get(market)?.outcomes;
    let outcome = outcomes.iter().position(|outcome| *outcome == trade.outcome)?;
    let amount = |text: &str| text.parse::<Decimal>().ok().map(|amount| amount.normalize());
    let wallet = exchange.wallet_at(&trade.address)?;
    Some((wallet, Token { market, outcome }, trade.sell, amount(&trade.shares)?, amount(&trade.usd)?))
}

/// A told price.
fn heard(exchange: &Exchange, fired: &PriceAlertFired) -> Option<Wish> {
    let alert = fired.alert.as_ref()?;
    let price = alert.price.parse::<Decimal>().ok()?;
    Some(Wish { token: exchange.token(&alert.token_id)?, price, below: alert.below })
}

/// What is in one list and not in the other, each as often as it is there more often.
fn beyond<T: Ord + Clone>(these: &[T], those: &[T]) -> Vec<T> {
    let mut left = those.to_vec();
    let missing = |one: &&T| match left.iter().position(|other| other == *one) {
        Some(place) => {
            left.swap_remove(place);
            false
        }
        None => true,
    };
    these.iter().filter(missing).cloned().collect()
}

impl Play<'_> {
    /// Who asks.
    fn asker(&self) -> Result<&Person> {
        self.people.first().context("nobody")
    }

    /// The first of them turns large trades on and rings bells at markets.
    ///
    /// # Errors
    /// Something else was answered.
    pub(super) async fn ask(&self) -> Result<Vec<Wish>> {
        let person = self.asker()?;
        let alerts = person.say("/alerts", "Alerts").await?;
        let told = person.tap(&alerts, "Notifications", "What I tell you").await?;
        person.tap(&told, "⬜ Large trades", "Noted").await?;
        let wishes = wishes(&self.world.polymarket().exchange(), self.plan);
        for wish in &wishes {
            let (condition, question, outcome) = {
                let exchange = self.world.polymarket().exchange();
                let market = exchange.markets().get(wish.token.market).context("no market")?;
                let outcome = market.outcomes.get(wish.token.outcome).context("no outcome")?;
                (
                    market.condition.clone(),
                    market.question.clone(),
                    outcome.chars().take(12).collect::<String>(),
                )
            };
            let card = person.say(&format!("/market {condition}"), &question).await?;
            person.tap(&card, &format!("🔔 {outcome}"), "At which price shall I tell you").await?;
            let way = if wish.below { "or less" } else { "or more" };
            person.say(&format!("{}", wish.price), way).await?;
        }
        self.watches_are_known(wishes.len()).await?;
        Ok(wishes)
    }

    async fn watches_are_known(&self, wishes: usize) -> Result<()> {
        let mut database = self.world.postgres().connect(servers::postgres::SUPERUSER, DATABASE).await?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            let known = count(&mut database, "SELECT count(*) FROM oracle.price_watch WHERE watch").await?;
            if usize::try_from(known)? == wishes {
                return Ok(());
            }
            if Instant::now() > deadline {
                bail!("{known} of {wishes} prices are watched");
            }
            sleep(LOOK_EVERY).await;
        }
    }

    /// Holds large trades and prices that were told against the tape.
    ///
    /// # Errors
    /// A service does not answer.
    pub(super) async fn check_asked(&self, wishes: &[Wish], first: usize, report: &mut Report) -> Result<()> {
        let person = self.asker()?;
        let account = self.account(person).await?;
        let followed = self.plan.followers.first().context("nobody")?.wallets.keys().copied().collect();
        let due = large(&self.world.polymarket().exchange(), &followed, first);
        let fated = |fate: Fate| -> Vec<Wish> {
            let exchange = self.world.polymarket().exchange();
            wishes.iter().filter(|wish| wish.fate(&exchange, first) == fate).copied().collect()
        };
        let (reached, touched) = (fated(Fate::Reached), fated(Fate::Touched));
        let deadline = Instant::now() + PATIENCE;
        let (trades, prices, unsent) = loop {
            let (mut trades, mut prices, mut unsent) = (Vec::new(), Vec::new(), 0);
            for (told, sent) in self.told(account).await? {
                let exchange = self.world.polymarket().exchange();
                match told {
                    Told::LargeTrade(trade) => {
                        trades.push(read(&exchange, &trade).context("an unknown trade")?)
                    }
                    Told::PriceAlert(fired) => {
                        prices.push(heard(&exchange, &fired).context("an unknown price")?)
                    }
                    _ => continue,
                }
                unsent += usize::from(!sent);
            }
            let complete =
                beyond(&due, &trades).is_empty() && beyond(&reached, &prices).is_empty() && unsent == 0;
            if complete || Instant::now() > deadline {
                break (trades, prices, unsent);
            }
            sleep(LOOK_EVERY).await;
        };
        let may = [reached.as_slice(), &touched].concat();
        report.check("large trades of strangers that were due", "at least 3", due.len(), due.len() >= 3);
        self.compare("large trades", &due, &due, &trades, report);
        let met = reached.len();
        report.check("prices that were reached", "some, not all", met, met > 0 && met < wishes.len());
        self.compare("prices", &reached, &may, &prices, report);
        report.check("of both, not sent", 0, unsent, unsent == 0);
        let shown = person.player().messages().await?;
        let count = |wanted: &dyn Fn(&str) -> bool| {
            shown.iter().filter(|shown| shown.from_bot && !shown.deleted && wanted(&shown.text)).count()
        };
        let whales = count(&|text| text.starts_with("🐋") && text.contains("On chain"));
        report.check("messages of large trades", trades.len(), whales, whales == trades.len());
        let bells = count(&|text| text.starts_with("🔔") && text.contains("you waited for"));
        report.check("messages of prices", prices.len(), bells, bells == prices.len());
        Ok(())
    }

    /// Everything that must be told is, and nothing that may not.
    fn compare<T: Ord + Clone + std::fmt::Debug>(
        &self,
        what: &str,
        must: &[T],
        may: &[T],
        told: &[T],
        report: &mut Report,
    ) {
        for (name, lines) in [("missed", beyond(must, told)), ("false or twice", beyond(told, may))] {
            lines.iter().for_each(|line| self.tale.tell("", format_args!("{what} {name}: {line:?}")));
            report.check(&format!("{what} {name}"), 0, lines.len(), lines.is_empty());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::polymarket::{Fill, Side, When};

    const TOKEN: Token = Token { market: 0, outcome: 0 };

    fn traded(parts: &[(i64, i64)]) -> Exchange {
        let mut exchange = Exchange::new(1, 12, 2, 1_790_000_000);
        let fill = |(shares, cents): &(i64, i64)| Fill {
            wallet: 9,
            token: TOKEN,
            side: Side::Buy,
            shares: Decimal::from(*shares),
            price: Decimal::new(*cents, 2),
            taker: true,
        };
        let when = When { at: 1_790_000_000_000, visible_at: 1_790_000_000_000 };
        exchange.apply(&Deed::Trade(parts.iter().map(fill).collect()), when).unwrap();
        exchange
    }

    #[test]
    fn a_price_is_reached_by_a_whole_order_and_touched_by_a_part() {
        let exchange = traded(&[(100, 40), (100, 42)]);
        let fate =
            |cents, below| Wish { token: TOKEN, price: Decimal::new(cents, 2), below }.fate(&exchange, 0);
        assert_eq!((fate(41, false), fate(41, true)), (Fate::Reached, Fate::Reached));
        assert_eq!((fate(42, false), fate(40, true)), (Fate::Touched, Fate::Touched));
        assert_eq!((fate(43, false), fate(39, true)), (Fate::Waits, Fate::Waits));
        let late = Wish { token: TOKEN, price: Decimal::new(41, 2), below: false };
        assert_eq!(late.fate(&exchange, 2), Fate::Waits, "what was before is no news");
        let other = Wish { token: Token { outcome: 1, ..TOKEN }, ..late };
        assert_eq!(other.fate(&exchange, 0), Fate::Waits);
    }

    #[test]
    fn a_trade_is_large_as_a_whole_and_of_strangers_alone() {
        let exchange = traded(&[(10_000, 60), (10_000, 50)]);
        let due = large(&exchange, &BTreeSet::new(), 0);
        assert_eq!(due, [(9, TOKEN, false, Decimal::from(20_000), Decimal::from(11_000))]);
        assert_eq!(large(&exchange, &BTreeSet::from([9]), 0), []);
        assert_eq!(large(&traded(&[(10_000, 60)]), &BTreeSet::new(), 0), []);
    }

    #[test]
    fn what_comes_twice_is_one_too_many() {
        assert_eq!(beyond(&[1, 2, 2], &[2, 1]), [2]);
        assert_eq!(beyond(&[1], &[1, 3]), Vec::<i32>::new());
    }
}
