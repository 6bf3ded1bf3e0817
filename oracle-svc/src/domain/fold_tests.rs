use super::super::aggregate::Aggregate;
use super::super::market::{Asset, VenueId};
use super::super::tick::Quote;
use super::*;
use proptest::prelude::*;

const OPEN: i64 = 1_000;

fn moment(millis: i64) -> Moment {
    Moment::from_micros(OPEN * SECOND + millis * 1_000)
}

fn price(cents: i64) -> Price {
    Price::try_new(Decimal::new(cents, 2)).unwrap()
}

/// A tick `millis` after the opening, all venues at one price, dated `lag` before.
fn tick(millis: i64, cents: Option<i64>, lag: i64) -> Tick {
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

fn watch(id: u128, rule: Rule, horizon: i64) -> Watch {
    Watch {
        room: RoomId::new(Uuid::from_u128(id)),
        asset: Asset::Sol,
        rule,
        open_at: moment(0),
        deadline: moment(horizon * 1_000),
    }
}

fn touch(side: Side, cents: i64) -> Rule {
    Rule::Touch { side, target: price(cents) }
}

fn close(side: Side, cents: i64, mean: i64) -> Rule {
    Rule::Close { side, target: price(cents), mean }
}

fn fold(watches: &[Watch]) -> Fold {
    let mut fold = Fold::new(Second::new(OPEN));
    for watch in watches {
        fold.follow(*watch);
    }
    fold
}

fn feed(fold: &mut Fold, ticks: &[(i64, Option<i64>)]) -> Vec<Resolution> {
    ticks.iter().flat_map(|(millis, cents)| fold.tick(&tick(*millis, *cents, 0)).unwrap()).collect()
}

/// One tick a second at one price.
fn steady(seconds: std::ops::Range<i64>, cents: i64) -> Vec<(i64, Option<i64>)> {
    seconds.map(|second| (second * 1_000 + 500, Some(cents))).collect()
}

#[test]
fn a_touch_takes_three_aggregates_over_three_seconds() {
    let rising = [watch(1, touch(Side::AtOrAbove, 16_500), 900)];
    let hit = feed(&mut fold(&rising), &[(500, Some(16_500)), (2_000, Some(16_600)), (3_500, Some(16_500))]);
    assert_eq!(hit.len(), 1);
    assert_eq!((hit[0].outcome, hit[0].price), (Outcome::Yes, Some(Decimal::from(165))));
    assert_eq!((hit[0].first, hit[0].last), (Second::new(OPEN), Second::new(OPEN + 3)));
    let short = [(500, Some(16_500)), (1_500, Some(16_500)), (2_500, Some(16_500)), (3_499, Some(16_500))];
    assert!(feed(&mut fold(&rising), &short).is_empty());
    let falling = [watch(1, touch(Side::AtOrBelow, 16_500), 900)];
    assert_eq!(
        feed(&mut fold(&falling), &[(0, Some(16_400)), (2_000, Some(16_500)), (4_000, Some(1))]).len(),
        1
    );
}

#[test]
fn two_aggregates_are_no_run_however_far_apart_and_gaps_break_it() {
    let watches = [watch(1, touch(Side::AtOrAbove, 16_500), 900)];
    assert!(feed(&mut fold(&watches), &[(0, Some(16_500)), (2_000, Some(16_500))]).is_empty());
    let gap = [(0, Some(16_500)), (1_500, Some(16_500)), (3_501, Some(16_500)), (4_000, Some(16_500))];
    assert!(feed(&mut fold(&watches), &gap).is_empty());
}

#[test]
fn no_price_and_a_price_short_of_the_target_break_a_run() {
    let watches = [watch(1, touch(Side::AtOrAbove, 16_500), 900)];
    for breach in [None, Some(16_499)] {
        let mut ticks = vec![(0, Some(16_500)), (1_000, Some(16_500)), (2_000, breach)];
        ticks.extend([(2_500, Some(16_500)), (4_000, Some(16_500)), (5_499, Some(16_500))]);
        let mut fold = fold(&watches);
        assert!(feed(&mut fold, &ticks).is_empty(), "{breach:?}");
        assert_eq!(feed(&mut fold, &[(5_500, Some(16_500))]).len(), 1, "{breach:?}");
    }
}

#[test]
fn a_touch_is_dated_by_its_first_aggregate() {
    let mut fold = fold(&[watch(1, touch(Side::AtOrAbove, 16_500), 900)]);
    let ticks =
        [tick(3_000, Some(16_500), 1_200), tick(4_500, Some(16_600), 1_900), tick(6_000, Some(16_600), 0)];
    let found: Vec<_> = ticks.iter().flat_map(|tick| fold.tick(tick).unwrap()).collect();
    assert_eq!(found[0].observed_at, moment(1_800));
}

#[test]
fn a_run_open_at_the_deadline_is_followed_to_its_end() {
    let watches = [watch(1, touch(Side::AtOrAbove, 16_500), 60)];
    let mut ticks = steady(0..59, 16_000);
    ticks.extend(steady(59..62, 16_500));
    let mut confirmed = fold(&watches);
    assert!(feed(&mut confirmed, &ticks).is_empty());
    assert_eq!(feed(&mut confirmed, &steady(62..63, 16_500))[0].outcome, Outcome::Yes);
    let mut broken = fold(&watches);
    assert!(feed(&mut broken, &ticks).is_empty());
    assert_eq!(feed(&mut broken, &steady(62..64, 16_000))[0].outcome, Outcome::No);
}

#[test]
fn the_date_decides_whether_a_touch_came_before_the_deadline() {
    let watches = [watch(1, touch(Side::AtOrAbove, 16_500), 60)];
    for (lag, outcome) in [(600, Outcome::Yes), (500, Outcome::No)] {
        let mut fold = fold(&watches);
        assert!(feed(&mut fold, &steady(0..60, 16_000)).is_empty());
        let late = (60..66).map(|second| tick(second * 1_000 + 500, Some(16_500), lag));
        let found: Vec<_> = late.flat_map(|tick| fold.tick(&tick).unwrap()).collect();
        assert_eq!(found[0].outcome, outcome, "dated {lag} ms before its receipt");
    }
}

#[test]
fn no_is_said_two_seconds_after_the_deadline_and_needs_coverage() {
    let watches = [watch(1, touch(Side::AtOrAbove, 16_500), 60)];
    let mut seen = fold(&watches);
    assert!(feed(&mut seen, &steady(0..62, 16_000)).is_empty());
    let no = feed(&mut seen, &steady(62..63, 16_000));
    assert_eq!((no[0].outcome, no[0].observed_at), (Outcome::No, moment(60_000)));
    assert_eq!((no[0].first, no[0].last), (Second::new(OPEN), Second::new(OPEN + 61)));

    let mut blind = steady(0..20, 16_000);
    blind.extend(steady(27..63, 16_000));
    assert_eq!(feed(&mut fold(&watches), &blind)[0].outcome, Outcome::Insufficient);
}

#[test]
fn the_deadline_price_is_the_mean_before_the_deadline() {
    for (cents, outcome) in [(16_500, Outcome::Yes), (16_501, Outcome::No)] {
        let mut fold = fold(&[watch(1, close(Side::AtOrAbove, cents, 10), 60)]);
        let mut ticks = steady(0..50, 20_000);
        ticks.extend(steady(50..55, 16_400));
        ticks.extend(steady(55..60, 16_600));
        assert!(feed(&mut fold, &ticks).is_empty());
        let found = fold.close_before(Second::new(OPEN + 60));
        assert_eq!((found[0].outcome, found[0].price), (outcome, Some(Decimal::from(165))));
        assert_eq!((found[0].first, found[0].last), (Second::new(OPEN + 50), Second::new(OPEN + 59)));
        assert_eq!(found[0].observed_at, moment(60_000));
    }
}

#[test]
fn the_first_sufficient_window_decides_up_to_ten_minutes_late() {
    let below = watch(1, close(Side::AtOrBelow, 16_500, 10), 60);
    let mut fold_ = fold(&[below]);
    let mut ticks = steady(0..55, 16_000);
    ticks.extend(steady(60..70, 17_000));
    // At most one second of ten may be missing: the first such window is [59, 69).
    let found = feed(&mut fold_, &ticks);
    assert_eq!((found[0].outcome, found[0].observed_at), (Outcome::No, moment(69_000)));

    let last_chance = steady(651..660, 16_000);
    let mut patient = fold(&[below]);
    assert!(feed(&mut patient, &last_chance).is_empty());
    assert_eq!(patient.close_before(Second::new(OPEN + 660))[0].outcome, Outcome::Yes);
    let mut blind = fold(&[below]);
    assert!(feed(&mut blind, &last_chance[1..]).is_empty());
    assert_eq!(blind.close_before(Second::new(OPEN + 660))[0].outcome, Outcome::Insufficient);
}

#[test]
fn a_tick_is_taken_once_and_in_order() {
    let mut fold = fold(&[]);
    fold.tick(&tick(1_500, Some(1), 0)).unwrap();
    assert_eq!(fold.tick(&tick(1_500, Some(1), 0)), Err(OutOfOrder));
    assert_eq!(fold.tick(&tick(999, Some(1), 0)), Err(OutOfOrder));
    fold.close_before(Second::new(OPEN + 2));
    assert_eq!(fold.tick(&tick(1_800, Some(1), 0)), Err(OutOfOrder));
}

#[test]
fn a_forgotten_room_is_never_resolved() {
    let watches = [watch(1, touch(Side::AtOrAbove, 16_500), 60), watch(2, close(Side::AtOrAbove, 1, 10), 60)];
    let mut fold = fold(&watches);
    feed(&mut fold, &steady(0..2, 16_500));
    fold.forget(watches[0].room);
    fold.forget(watches[1].room);
    assert!(feed(&mut fold, &steady(2..100, 16_500)).is_empty());
    assert!(fold.is_empty());
}

/// The touch rule read off the spec, one watch at a time over all ticks.
fn touched(watch: &Watch, ticks: &[Tick]) -> Option<(Moment, Second)> {
    let Rule::Touch { side, target } = watch.rule else { return None };
    let mut run: Vec<&Tick> = Vec::new();
    for tick in ticks.iter().filter(|tick| tick.at >= watch.open_at) {
        let reached =
            tick.aggregate.as_ref().is_some_and(|found| side.reached(found.price.get(), target.get()));
        if !reached {
            run.clear();
            continue;
        }
        if run.last().is_some_and(|last| tick.at.since(last.at) > 2 * SECOND) {
            run.clear();
        }
        if run.is_empty() && tick.dated(side, target) >= watch.deadline {
            continue;
        }
        run.push(tick);
        if run.len() >= 3 && tick.at.since(run[0].at) >= 3 * SECOND {
            return Some((run[0].dated(side, target), tick.second()));
        }
    }
    None
}

fn frames(ticks: &[Tick]) -> Vec<Frame> {
    let mut frames: Vec<Frame> = Vec::new();
    for tick in ticks {
        match frames.last_mut() {
            Some(frame) if frame.second == tick.second() => frame.ticks.push(tick.clone()),
            _ => frames.push(Frame { second: tick.second(), ticks: vec![tick.clone()], complete: true }),
        }
    }
    frames.iter().map(|frame| Frame::decode(&frame.encode(Asset::Sol)).unwrap()).collect()
}

fn sorted(mut resolutions: Vec<Resolution>) -> Vec<Resolution> {
    resolutions.sort_by_key(|resolution| resolution.room);
    resolutions
}

prop_compose! {
    /// A few minutes of ticks around 165 with outages, and watches that end within them.
    fn series()(
        steps in proptest::collection::vec(
            (prop_oneof![12 => Just(500_i64), 4 => Just(1_000), 1 => 1_900..2_100_i64, 1 => 2_500..9_000_i64],
             proptest::option::weighted(0.93, 16_450..16_550_i64), 0_i64..2_000), 100..260),
        targets in proptest::collection::vec((16_440..16_560_i64, any::<bool>(), any::<bool>(), 0..20_i64, 20..60_i64), 1..12),
    ) -> (Vec<Tick>, Vec<Watch>) {
        let mut millis = 0;
        let ticks = steps.into_iter().map(|(step, cents, lag)| {
            millis += step;
            tick(millis, cents, lag)
        }).collect();
        let watches = targets.into_iter().zip(1_u128..).map(|((cents, above, is_touch, opens, horizon), id)| {
            let side = if above { Side::AtOrAbove } else { Side::AtOrBelow };
            let rule = if is_touch { touch(side, cents) } else { close(side, cents, 5) };
            let mut watch = watch(id, rule, opens + horizon);
            watch.open_at = moment(opens * 1_000);
            watch
        }).collect();
        (ticks, watches)
    }
}

proptest! {
    #[test]
    fn stored_seconds_give_the_identical_resolutions((ticks, watches) in series()) {
        let mut live = fold(&watches);
        let mut expected = Vec::new();
        for tick in &ticks {
            expected.extend(live.tick(tick).unwrap());
        }
        let end = live.open().plus(1);
        expected.extend(live.close_before(end));
        let mut again = fold(&watches);
        let replayed: Vec<_> = frames(&ticks).iter().flat_map(|frame| again.replay(frame).unwrap()).collect();
        prop_assert_eq!(sorted(replayed), sorted(expected));
    }

    #[test]
    fn a_restart_changes_nothing((ticks, watches) in series(), at in any::<prop::sample::Index>()) {
        let frames = frames(&ticks);
        let mut undisturbed = fold(&watches);
        let expected: Vec<_> = frames.iter().flat_map(|frame| undisturbed.replay(frame).unwrap()).collect();

        // The first process stops after some second, in the middle of storing it.
        let stop = at.index(frames.len());
        let mut first = fold(&watches);
        let mut found: Vec<_> = frames[..stop].iter().flat_map(|frame| first.replay(frame).unwrap()).collect();
        let mut cut = frames[stop].clone();
        cut.complete = false;
        found.extend(first.replay(&cut).unwrap());
        drop(first);
        let open: Vec<_> = watches.iter().filter(|watch| found.iter().all(|known| known.room != watch.room)).copied().collect();
        let mut second = fold(&open);
        for frame in frames[..stop].iter().chain([&cut]) {
            prop_assert_eq!(second.replay(frame).unwrap(), vec![]);
        }
        found.extend(frames[stop + 1..].iter().flat_map(|frame| second.replay(frame).unwrap()));
        found.extend(second.close_before(frames.last().unwrap().second.plus(1)));
        prop_assert_eq!(sorted(found), sorted(expected));
    }

    #[test]
    fn samples_and_a_tail_are_as_good_as_the_whole_series((ticks, watches) in series(), at in any::<prop::sample::Index>()) {
        let frames = frames(&ticks);
        let mut undisturbed = fold(&watches);
        let expected: Vec<_> = frames.iter().flat_map(|frame| undisturbed.replay(frame).unwrap()).collect();

        let stop = at.index(frames.len() - 1) + 1;
        let stored = &frames[..stop];
        let mut first = fold(&watches);
        let mut found: Vec<_> = stored.iter().flat_map(|frame| first.replay(frame).unwrap()).collect();
        let open: Vec<_> = watches.iter().filter(|watch| found.iter().all(|known| known.room != watch.room)).copied().collect();
        let last = stored.last().unwrap().second;
        let samples = stored.iter().filter_map(|frame| Some((frame.second, frame.sample()?)));
        let tail: Vec<_> = stored.iter().filter(|frame| frame.second > last.plus(-TAIL)).cloned().collect();
        let (mut second, lost) = Fold::resume(Second::new(OPEN), last, samples, &tail, open).unwrap();
        prop_assert_eq!(lost, vec![]);
        found.extend(frames[stop..].iter().flat_map(|frame| second.replay(frame).unwrap()));
        prop_assert_eq!(sorted(found), sorted(expected));
    }

    #[test]
    fn a_watch_that_comes_late_is_caught_up((ticks, watches) in series(), at in any::<prop::sample::Index>()) {
        let frames = frames(&ticks);
        let mut undisturbed = fold(&watches);
        let expected: Vec<_> = frames.iter().flat_map(|frame| undisturbed.replay(frame).unwrap()).collect();

        let (late, early) = watches.split_at(watches.len() / 2);
        let stop = at.index(frames.len());
        let mut main = fold(early);
        let mut found: Vec<_> = frames[..stop].iter().flat_map(|frame| main.replay(frame).unwrap()).collect();
        for watch in late {
            let mut catch_up = Fold::new(watch.needs_from());
            catch_up.follow(*watch);
            let stored = frames[..stop].iter().filter(|frame| frame.second >= watch.needs_from());
            found.extend(stored.flat_map(|frame| catch_up.replay(frame).unwrap()));
            // A watch that opens later than the series stands is simply followed.
            if catch_up.open() <= main.open() {
                found.extend(catch_up.close_before(main.open()));
                main.adopt(catch_up);
            } else {
                main.follow(*watch);
            }
        }
        found.extend(frames[stop..].iter().flat_map(|frame| main.replay(frame).unwrap()));
        prop_assert_eq!(sorted(found), sorted(expected));
    }

    #[test]
    fn touches_are_those_of_the_rule((ticks, watches) in series()) {
        let mut fold = fold(&watches);
        let mut found = Vec::new();
        for frame in frames(&ticks) {
            found.extend(fold.replay(&frame).unwrap());
        }
        for watch in watches.iter().filter(|watch| matches!(watch.rule, Rule::Touch { .. })) {
            let yes = found.iter().find(|known| known.room == watch.room && known.outcome == Outcome::Yes);
            prop_assert_eq!(yes.map(|yes| (yes.observed_at, yes.last)), touched(watch, &ticks));
        }
    }
}
