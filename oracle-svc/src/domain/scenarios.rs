//! Acceptance scenarios of the oracle, by their numbers, from the venues' quotes to the answer.

use super::fold::Fold;
use super::goal::Goal;
use super::market::{Asset, Currency, Pair, VenueId};
use super::moment::Moment;
use super::price::Price;
use super::quote::{Board, Dropped, VenueQuote};
use super::resolution::{Outcome, Resolution};
use super::testing::{OPEN, cap, close, moment, price, touch, watch};
use super::tick::Tick;
use super::watch::{Rule, Side, Watch};
use rust_decimal::Decimal;
use std::collections::BTreeSet;

const VENUES: [VenueId; 4] = [VenueId::Bitstamp, VenueId::Coinbase, VenueId::Kraken, VenueId::Okx];

/// Venues that quote, and the looks at them.
struct Market {
    board: Board,
    fold: Fold,
    /// Milliseconds after the opening.
    now: i64,
    found: Vec<Resolution>,
}

impl Market {
    fn new(watches: &[Watch]) -> Self {
        let mut board = Board::default();
        for venue in VENUES {
            board.connected(venue, moment(0));
        }
        let mut fold = Fold::new(moment(0).second());
        watches.iter().cloned().for_each(|watch| fold.follow(watch));
        Self { board, fold, now: 0, found: Vec::new() }
    }

    /// The venues trade at these prices for so many seconds; each trade is told with its time.
    fn trade(&mut self, seconds: i64, prices: [&str; 4]) {
        self.quote(seconds, prices, 0);
    }

    fn quote(&mut self, seconds: i64, prices: [&str; 4], told_after: i64) {
        for _ in 0..seconds * 2 {
            for (venue, text) in VENUES.iter().zip(prices) {
                let quote = VenueQuote {
                    pair: Pair::Asset(Asset::Sol, Currency::Usd),
                    price: Price::parse(text).unwrap(),
                    venue_time: moment(self.now - told_after),
                };
                let taken = self.board.quoted(*venue, quote, moment(self.now));
                assert!(matches!(taken, Ok(()) | Err(Dropped::Skewed { .. })), "{taken:?}");
            }
            self.look();
        }
    }

    /// Time goes by; the venues say nothing new, or nothing at all.
    fn wait(&mut self, seconds: i64, alive: bool) {
        for _ in 0..seconds * 2 {
            for venue in VENUES.iter().filter(|_| alive) {
                self.board.heard(*venue, moment(self.now));
            }
            self.look();
        }
    }

    fn look(&mut self) {
        let tick = self.seen();
        self.found.extend(self.fold.tick(&tick).unwrap());
        self.now += 500;
    }

    fn seen(&self) -> Tick {
        Tick::take(&self.board, Asset::Sol, moment(self.now), &BTreeSet::new(), 3)
    }

    fn answers(&mut self) -> Vec<(Outcome, Option<Decimal>)> {
        let second = moment(self.now).second();
        self.found.extend(self.fold.close_before(second));
        self.found.sort_by_key(|found| found.room);
        self.found.iter().map(|found| (found.outcome, found.price)).collect()
    }
}

fn dollars(text: &str) -> Option<Decimal> {
    Some(text.parse().unwrap())
}

#[test]
fn scenario_40_a_value_equal_to_the_target_is_yes_and_one_unit_below_is_no() {
    let kinds = [
        close(Side::AtOrAbove, 16_500, 10),
        Rule::Close {
            goal: Goal::cap(Side::AtOrAbove, 165_000_000.into(), 1_000_000.into()).unwrap(),
            mean: 10,
        },
        touch(Side::AtOrAbove, 16_500),
        Rule::CapTouch { goal: cap(Side::AtOrAbove, 16_500), mean: 10 },
    ];
    let watches: Vec<_> = (1..).zip(kinds).map(|(id, rule)| watch(id, rule, 60)).collect();
    for (last, outcome) in [("165", Outcome::YES), ("164.999999999999", Outcome::NO)] {
        let mut market = Market::new(&watches);
        market.trade(40, ["164"; 4]);
        market.trade(22, [last; 4]);
        let outcomes: Vec<_> = market.answers().iter().map(|(outcome, _)| *outcome).collect();
        assert_eq!(outcomes, [outcome; 4], "{last}");
    }
}

#[test]
fn scenario_41_the_market_cap_is_compared_and_not_the_price() {
    // Seven million tokens: 160 a token is a cap of 1,120,000,000.
    let goal = |target: i64| Goal::cap(Side::AtOrAbove, target.into(), 7_000_000.into()).unwrap();
    let watches = [
        watch(1, Rule::Close { goal: goal(1_120_000_000), mean: 10 }, 60),
        watch(2, Rule::Close { goal: goal(1_120_000_001), mean: 10 }, 60),
        watch(3, Rule::CapTouch { goal: goal(1_120_000_000), mean: 10 }, 60),
        watch(4, Rule::CapTouch { goal: goal(1_120_000_001), mean: 10 }, 60),
    ];
    let mut market = Market::new(&watches);
    market.trade(62, ["160"; 4]);
    let cap = dollars("1120000000");
    let expected = [(Outcome::YES, cap), (Outcome::NO, cap), (Outcome::YES, cap), (Outcome::NO, None)];
    assert_eq!(market.answers(), expected);
}

#[test]
fn scenario_42_a_wrong_venue_is_left_out_and_without_consensus_there_is_no_price() {
    let mut market = Market::new(&[]);
    market.trade(1, ["100", "100.2", "100.3", "140"]);
    let seen = market.seen().aggregate.unwrap();
    // The median is that of all four; the one that is far off does not count towards the quorum.
    assert_eq!((seen.price, seen.counted.len()), (price(10_025), 3));
    assert!(!seen.counted.contains(&VenueId::Okx));

    // Three that contradict each other are no price: the room waits for one, and is void ten minutes later.
    let room = watch(1, close(Side::AtOrAbove, 10_000, 10), 60);
    let mut market = Market::new(std::slice::from_ref(&room));
    market.board.lost(VenueId::Okx);
    for _ in 0..120 {
        for (venue, text) in VENUES.iter().zip(["100", "120", "140"]) {
            let pair = Pair::Asset(Asset::Sol, Currency::Usd);
            let quote =
                VenueQuote { pair, price: Price::parse(text).unwrap(), venue_time: moment(market.now) };
            market.board.quoted(*venue, quote, moment(market.now)).unwrap();
        }
        assert_eq!(market.seen().aggregate, None);
        market.look();
    }
    assert_eq!(market.answers(), [], "settlement is delayed");
    market.board.connected(VenueId::Okx, moment(market.now));
    market.trade(11, ["100", "100.2", "100.3", "140"]);
    assert_eq!(market.answers(), [(Outcome::YES, dollars("100.25"))]);
}

#[test]
fn scenario_43_stale_and_silent_venues_end_in_a_void() {
    let watches = [
        watch(1, close(Side::AtOrAbove, 16_500, 10), 60),
        watch(2, touch(Side::AtOrAbove, 16_500), 60),
        watch(3, Rule::CapTouch { goal: cap(Side::AtOrAbove, 16_500), mean: 10 }, 60),
    ];
    let void = [(Outcome::Insufficient, None); 3];
    // Alive, and nothing new for more than 30 s: the last price is not taken for the present one.
    let mut stale = Market::new(&watches);
    stale.trade(1, ["164"; 4]);
    stale.wait(50, true);
    assert_eq!(stale.seen().quotes, []);
    stale.wait(611, true);
    assert_eq!(stale.answers(), void);
    // Not even alive.
    let mut silent = Market::new(&watches);
    silent.trade(1, ["164"; 4]);
    silent.wait(661, false);
    assert_eq!(silent.answers(), void);
    // Never there.
    let mut nobody = Market::new(&watches);
    nobody.wait(662, true);
    assert_eq!(nobody.answers(), void);
    // Told so late that it was already history.
    let mut late = Market::new(&watches);
    late.quote(662, ["165"; 4], 2_001);
    assert_eq!(late.answers(), void);
    assert_eq!(late.fold.open().number(), OPEN + 662);
}

/// A venue whose clock is wrong, among three that are right: what it can do to the date of a touch.
#[test]
fn a_lying_clock_wins_nobody_a_bet() {
    let honest = dated(None).unwrap();
    assert_eq!(honest, moment(10_000), "the first trade at the target");
    for skew in [-60_000, -2_001, 2_001, 60_000] {
        assert_eq!(dated(Some(skew)), Some(honest), "{skew} ms off: its quotes are dropped");
    }
    for skew in [1, 500, 2_000] {
        assert_eq!(dated(Some(skew)), Some(honest), "{skew} ms ahead: the earliest of the others dates it");
    }
    for skew in [-1, -500, -2_000] {
        // Behind: at most two seconds more of bets are void, none more are valid.
        let date = dated(Some(skew)).unwrap();
        assert_eq!(date, honest.plus(skew * 1_000), "{skew}");
    }
}

/// When a touch ten seconds after the opening is dated, with Kraken's clock off by so many milliseconds.
fn dated(skew: Option<i64>) -> Option<Moment> {
    let room = watch(1, touch(Side::AtOrAbove, 16_500), 60);
    let mut market = Market::new(&[room]);
    for look in 0..40 {
        let text = if look < 20 { "160" } else { "165" };
        for venue in VENUES {
            let off = if venue == VenueId::Kraken { skew.unwrap_or_default() } else { 0 };
            let pair = Pair::Asset(Asset::Sol, Currency::Usd);
            let venue_time = moment(market.now + off);
            let quote = VenueQuote { pair, price: Price::parse(text).unwrap(), venue_time };
            let taken = market.board.quoted(venue, quote, moment(market.now));
            assert_eq!(taken.is_err(), off.abs() > 2_000, "{off}");
        }
        market.look();
    }
    market.found.first().filter(|found| found.outcome == Outcome::YES).map(|found| found.observed_at)
}
