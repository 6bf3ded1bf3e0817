//! What the tests of this folder share: a series that opens at [`OPEN`], and watches of every kind on it.

use super::aggregate::Aggregate;
use super::fold::Fold;
use super::frame::Frame;
use super::goal::Goal;
use super::market::{Asset, VenueId};
use super::moment::{Moment, SECOND, Second};
use super::price::Price;
use super::resolution::Resolution;
use super::tick::{Quote, Tick};
use super::watch::{Rule, Side, Watch};
use proptest::prelude::*;
use proto::RoomId;
use rust_decimal::Decimal;
use std::collections::BTreeSet;
use uuid::Uuid;

pub(super) const OPEN: i64 = 1_000;

pub(super) fn moment(millis: i64) -> Moment {
    Moment::from_micros(OPEN * SECOND + millis * 1_000)
}

pub(super) fn price(cents: i64) -> Price {
    Price::try_new(Decimal::new(cents, 2)).unwrap()
}

/// A tick `millis` after the opening, all venues at one price, dated `lag` before.
pub(super) fn tick(millis: i64, cents: Option<i64>, lag: i64) -> Tick {
    let at = moment(millis);
    let price = cents.map(price);
    let quote = |venue, price| Quote {
        venue,
        price,
        in_usdt: None,
        venue_time: at.minus(lag * 1_000),
        received_at: at,
        excluded: false,
    };
    let venues = [VenueId::Bitstamp, VenueId::Coinbase, VenueId::Kraken];
    Tick {
        at,
        quotes: price.map(|price| venues.map(|venue| quote(venue, price)).to_vec()).unwrap_or_default(),
        rate: None,
        aggregate: price.map(|price| Aggregate {
            price,
            confidence: Decimal::ZERO,
            band: Decimal::ONE,
            counted: BTreeSet::from(venues),
        }),
    }
}

pub(super) fn watch(id: u128, rule: Rule, horizon: i64) -> Watch {
    Watch {
        room: RoomId::new(Uuid::from_u128(id)),
        asset: Asset::Sol,
        rule,
        open_at: moment(0),
        deadline: moment(horizon * 1_000),
        suspicion_bps: 100,
    }
}

pub(super) fn touch(side: Side, cents: i64) -> Rule {
    Rule::Touch { side, target: price(cents) }
}

pub(super) fn close(side: Side, cents: i64, mean: i64) -> Rule {
    Rule::Close { goal: Goal::price(side, price(cents)), mean }
}

/// Seven million tokens, at so many cents each.
pub(super) fn cap(side: Side, cents: i64) -> Goal {
    Goal::cap(side, Decimal::from(70_000 * cents), Decimal::from(7_000_000)).unwrap()
}

/// The lock is so many seconds after the opening.
pub(super) fn up_down(lock: i64, mean: i64) -> Rule {
    Rule::UpDown { lock_at: moment(lock * 1_000), mean }
}

pub(super) fn fold(watches: &[Watch]) -> Fold {
    let mut fold = Fold::new(Second::new(OPEN));
    watches.iter().cloned().for_each(|watch| fold.follow(watch));
    fold
}

pub(super) fn feed(fold: &mut Fold, ticks: &[(i64, Option<i64>)]) -> Vec<Resolution> {
    ticks.iter().flat_map(|(millis, cents)| fold.tick(&tick(*millis, *cents, 0)).unwrap()).collect()
}

/// One tick a second at one price.
pub(super) fn steady(seconds: std::ops::Range<i64>, cents: i64) -> Vec<(i64, Option<i64>)> {
    seconds.map(|second| (second * 1_000 + 500, Some(cents))).collect()
}

/// The ticks as they are stored and read again.
pub(super) fn frames(ticks: &[Tick]) -> Vec<Frame> {
    let mut frames: Vec<Frame> = Vec::new();
    for tick in ticks {
        match frames.last_mut() {
            Some(frame) if frame.second == tick.second() => frame.ticks.push(tick.clone()),
            _ => frames.push(Frame { second: tick.second(), ticks: vec![tick.clone()], complete: true }),
        }
    }
    frames.iter().map(|frame| Frame::decode(&frame.encode(Asset::Sol)).unwrap()).collect()
}

pub(super) fn sorted(mut resolutions: Vec<Resolution>) -> Vec<Resolution> {
    resolutions.sort_by_key(|resolution| resolution.room);
    resolutions
}

prop_compose! {
    /// A rule of any kind around 165 with a mean of five seconds; a start price is taken from half of the horizon on.
    fn rule(opens: i64, horizon: i64)(
        kind in 0_usize..6,
        cents in 16_440..16_560_i64,
        above: bool,
        width in 1_i64..40,
    ) -> Rule {
        let side = if above { Side::AtOrAbove } else { Side::AtOrBelow };
        match kind {
            0 | 1 => touch(side, cents),
            2 => Rule::CapTouch { goal: cap(side, cents), mean: 5 },
            3 => close(side, cents, 5),
            4 => up_down(opens + horizon / 2, 5),
            _ => Rule::Buckets { bounds: vec![price(cents), price(cents + width)], mean: 5 },
        }
    }
}

prop_compose! {
    fn any_watch(id: u128)(opens in 0..20_i64, horizon in 20..60_i64)(
        rule in rule(opens, horizon), opens in Just(opens), horizon in Just(horizon),
    ) -> Watch {
        Watch { open_at: moment(opens * 1_000), ..watch(id, rule, opens + horizon) }
    }
}

prop_compose! {
    /// A few minutes of ticks around 165 with outages, wide quotes and excluded venues, and watches that end within them.
    pub(super) fn series()(
        steps in proptest::collection::vec(
            (prop_oneof![12 => Just(500_i64), 4 => Just(1_000), 1 => 1_900..2_100_i64, 1 => 2_500..9_000_i64],
             proptest::option::weighted(0.93, 16_450..16_550_i64), 0_i64..2_000, 0..40_u8), 100..260),
        watches in (1_usize..12).prop_flat_map(|count| (1_u128..=count as u128).map(any_watch).collect::<Vec<_>>()),
    ) -> (Vec<Tick>, Vec<Watch>) {
        let mut millis = 0;
        let ticks = steps.into_iter().map(|(step, cents, lag, oddity)| {
            millis += step;
            let mut tick = tick(millis, cents, lag);
            match (oddity, tick.aggregate.as_mut()) {
                (0, Some(aggregate)) => aggregate.confidence = Decimal::from(3),
                (1, Some(_)) => tick.quotes[0].excluded = true,
                _ => {}
            }
            tick
        }).collect();
        (ticks, watches)
    }
}
