//! Rooms that are decided by means, one rule at a time.

use super::doubt::Suspicions;
use super::fold::Fold;
use super::frame::Frame;
use super::goal::Goal;
use super::moment::Second;
use super::resolution::{Outcome, Resolution, Start};
use super::testing::{
    OPEN, cap, close, feed, fold, frames, moment, price, steady, tick, touch, up_down, watch,
};
use super::tick::Tick;
use super::touches::TAIL;
use super::watch::{Rule, Side, Watch};
use proto::{room::VoidReason, settlement::Suspicion};
use rust_decimal::Decimal;

fn second(after_opening: i64) -> Second {
    Second::new(OPEN + after_opening)
}

/// The answer at the end of these ticks, of which there is one a second.
fn answer(watch: &Watch, ticks: &[(i64, Option<i64>)], until: i64) -> Option<Resolution> {
    let mut fold = fold(std::slice::from_ref(watch));
    let mut found = feed(&mut fold, ticks);
    found.extend(fold.close_before(second(until)));
    assert!(found.len() < 2, "{found:?}");
    found.pop()
}

#[test]
fn up_and_down_follow_from_the_mean_after_the_lock() {
    // Lock after 100 s, so the start price is the mean of seconds 100 to 109.
    let watch = watch(1, up_down(100, 10), 200);
    for (last, outcome) in
        [(16_501, Outcome::Answer(0)), (16_499, Outcome::Answer(1)), (16_500, Outcome::Tie)]
    {
        let mut ticks = steady(0..100, 99_900);
        ticks.extend(steady(100..105, 16_400));
        ticks.extend(steady(105..110, 16_600));
        ticks.extend(steady(110..190, 1));
        ticks.extend(steady(190..200, last));
        assert_eq!(answer(&watch, &ticks, 199), None, "before the deadline");
        let found = answer(&watch, &ticks, 200).unwrap();
        assert_eq!((found.outcome, found.observed_at), (outcome, moment(200_000)));
        assert_eq!((found.price, found.window_end), (Some(price(last).get()), Some(second(200))));
        assert_eq!(found.start, Some(Start { price: Some(Decimal::from(165)), window_end: second(110) }));
        assert_eq!((found.first, found.last), (second(100), second(199)));
    }
}

#[test]
fn a_start_price_is_the_first_sufficient_one_until_half_way() {
    let watch = watch(1, up_down(100, 10), 200);
    let (before, after) = (steady(0..100, 16_500), steady(150..200, 16_500));
    // One of ten seconds may be missing: [132, 142) is the first such window.
    let late: Vec<_> = [before.clone(), steady(133..150, 16_400), after.clone()].concat();
    let found = answer(&watch, &late, 200).unwrap();
    assert_eq!((found.outcome, found.start.unwrap().window_end), (Outcome::Answer(0), second(142)));
    // [140, 150) is the last that counts, and its void is known half-way to the deadline.
    let just: Vec<_> = [before.clone(), steady(141..150, 16_400), after.clone()].concat();
    assert_eq!(answer(&watch, &just, 200).unwrap().start.unwrap().window_end, second(150));
    let never: Vec<_> = [before, steady(142..150, 16_400), after].concat();
    assert_eq!(answer(&watch, &never[..108], 149), None);
    let void = answer(&watch, &never[..108], 150).unwrap();
    assert_eq!((void.outcome, void.price, void.start), (Outcome::Insufficient, None, None));
    assert_eq!((void.first, void.last), (second(100), second(149)));
}

#[test]
fn without_a_deadline_price_an_up_down_room_is_void() {
    let watch = watch(1, up_down(100, 10), 200);
    let ticks = steady(0..150, 16_500);
    assert_eq!(answer(&watch, &ticks, 799), None);
    let void = answer(&watch, &ticks, 800).unwrap();
    assert_eq!((void.outcome, void.observed_at), (Outcome::Insufficient, moment(200_000)));
    assert_eq!((void.window_end, void.start.unwrap().window_end), (None, second(110)));
}

#[test]
fn a_price_lies_in_the_range_that_begins_with_it() {
    let bounds = vec![price(16_000), price(16_500), price(17_000)];
    let watch = watch(1, Rule::Buckets { bounds, mean: 10 }, 60);
    for (cents, index) in
        [(1, 0), (15_999, 0), (16_000, 1), (16_499, 1), (16_500, 2), (17_000, 3), (999_999, 3)]
    {
        let found = answer(&watch, &steady(0..60, cents), 60).unwrap();
        assert_eq!(found.outcome, Outcome::Answer(index), "{cents}");
        assert_eq!((found.price, found.window_end), (Some(price(cents).get()), Some(second(60))));
        assert_eq!((found.first, found.last), (second(50), second(59)));
    }
    // The mean decides and not the last price: 9 × 160 + 1 × 159.9 is a hair below 160.
    let mut ticks = steady(0..59, 16_000);
    ticks.extend(steady(59..60, 15_990));
    assert_eq!(answer(&watch, &ticks, 60).unwrap().outcome, Outcome::Answer(0));
    assert_eq!(answer(&watch, &steady(0..40, 16_000), 660).unwrap().outcome, Outcome::Insufficient);
}

#[test]
fn a_cap_is_touched_by_its_trailing_mean() {
    let watch = watch(1, Rule::CapTouch { goal: cap(Side::AtOrAbove, 16_500), mean: 10 }, 900);
    let mut ticks = steady(0..20, 16_000);
    ticks.extend(steady(20..40, 17_000));
    // The price is beyond from second 20 on; the mean of ten reaches half-way with the window [15, 25).
    let mut fold = fold(std::slice::from_ref(&watch));
    assert!(feed(&mut fold, &ticks[..28]).is_empty());
    assert!(fold.close_before(second(27)).is_empty());
    let found = fold.close_before(second(28));
    assert_eq!((found[0].outcome, found[0].observed_at), (Outcome::YES, moment(25_000)));
    assert_eq!(found[0].price, Some(Decimal::from(7_000_000 * 165)), "the cap of the first mean");
    assert_eq!(
        (found[0].window_end, found[0].first, found[0].last),
        (Some(second(25)), second(15), second(27))
    );
    assert!(fold.is_empty());
}

#[test]
fn a_cap_needs_four_means_in_a_row_within_the_time_of_the_room() {
    let rising = watch(1, Rule::CapTouch { goal: cap(Side::AtOrAbove, 16_500), mean: 10 }, 60);
    // Three windows reach it, [15, 25) to [17, 27), then one does not.
    let mut spike = steady(0..20, 16_000);
    spike.extend(steady(20..25, 17_000));
    spike.extend(steady(25..27, 16_000));
    spike.extend(steady(27..80, 15_000));
    let no = answer(&rising, &spike, 60).unwrap();
    assert_eq!((no.outcome, no.observed_at, no.window_end), (Outcome::NO, moment(60_000), None));
    // Seconds without a sufficient window break it, too: [10, 20) to [12, 22) have eight of ten.
    let gap: Vec<_> = [steady(0..11, 16_500), steady(13..25, 16_500)].concat();
    assert_eq!(answer(&rising, &gap, 24), None);
    assert_eq!(answer(&rising, &gap, 25).unwrap().observed_at, moment(22_000));
    // What was before the opening does not count: the first mean is that of [0, 10).
    let mut early = Fold::new(second(-20));
    early.follow(rising.clone());
    assert!(feed(&mut early, &steady(-20..9, 16_500)).is_empty());
    assert!(feed(&mut early, &steady(9..13, 16_500)).is_empty());
    assert_eq!(feed(&mut early, &steady(13..14, 16_500))[0].observed_at, moment(10_000));
    // Falling, and begun one second before the deadline: followed to its end.
    let falling = watch(2, Rule::CapTouch { goal: cap(Side::AtOrBelow, 16_500), mean: 10 }, 60);
    let mut late = steady(0..58, 16_550);
    late.extend(steady(58..80, 16_099));
    let yes = answer(&falling, &late, 70).unwrap();
    assert_eq!((yes.outcome, yes.observed_at), (Outcome::NO, moment(60_000)), "the first mean is dated 60");
    late[57] = (57_500, Some(16_098));
    late[58] = (58_500, Some(16_499));
    let yes = answer(&falling, &late, 70).unwrap();
    assert_eq!((yes.outcome, yes.observed_at), (Outcome::YES, moment(59_000)));
}

#[test]
fn a_cap_at_the_deadline_is_compared_without_dividing() {
    // A third of a cent more than a supply of three can express: 10 ÷ 3 has no end.
    let goal = Goal::cap(Side::AtOrAbove, Decimal::from(10), Decimal::from(3)).unwrap();
    let watch = watch(1, Rule::Close { goal, mean: 3 }, 60);
    let mut ticks = steady(0..57, 1);
    ticks.extend([(57_500, Some(333)), (58_500, Some(333)), (59_500, Some(334))]);
    assert_eq!(answer(&watch, &ticks, 60).unwrap().outcome, Outcome::YES, "Σ 10.00 × 3 is 3 × 10");
    ticks[59] = (59_500, Some(333));
    let no = answer(&watch, &ticks, 60).unwrap();
    assert_eq!((no.outcome, no.price), (Outcome::NO, Some("9.99".parse().unwrap())));
}

#[test]
fn caps_beyond_any_decimal_are_compared_exactly() {
    // Ten to the nineteenth tokens at seventy million dollars: the sum of ten such caps in cents is beyond 96 bits.
    let supply = Decimal::from(10_000_000_000_000_000_000_u64);
    let goal = |target| Goal::cap(Side::AtOrAbove, target, supply).unwrap();
    let level = Decimal::from(70_000_000);
    let watches = [
        watch(1, Rule::Close { goal: goal(level * supply), mean: 10 }, 60),
        watch(2, Rule::Close { goal: goal(level * supply + Decimal::ONE), mean: 10 }, 60),
    ];
    let mut fold = fold(&watches);
    assert!(feed(&mut fold, &steady(0..60, 7_000_000_000)).is_empty());
    let found = fold.close_before(second(60));
    assert_eq!((found[0].outcome, found[1].outcome), (Outcome::YES, Outcome::NO));
}

/// A calm minute with one odd look at the venues, `millis` after the opening.
fn odd(millis: i64, confidence: i64, excluded: bool) -> Vec<Tick> {
    let looks = (0..120).map(|half| (half * 500, Some(16_500)));
    looks
        .map(|(at, cents)| {
            let mut tick = tick(at, cents, 0);
            if at == millis {
                tick.aggregate.as_mut().unwrap().confidence = Decimal::new(confidence, 2);
                tick.quotes[0].excluded = excluded;
            }
            tick
        })
        .collect()
}

fn suspicions(watch: &Watch, ticks: &[Tick]) -> Suspicions {
    let mut fold = fold(std::slice::from_ref(watch));
    let mut found: Vec<_> = ticks.iter().flat_map(|tick| fold.tick(tick).unwrap()).collect();
    found.extend(fold.close_before(second(60)));
    assert_eq!(found.len(), 1);
    found[0].suspicions
}

#[test]
fn a_deciding_window_is_suspicious_where_any_look_in_it_was() {
    let calm = Suspicions::default();
    let (wide, without) =
        (Suspicions { confidence: true, ..calm }, Suspicions { excluded_venue: true, ..calm });
    let close = watch(1, close(Side::AtOrAbove, 16_500, 10), 60);
    // 1 % of 165 is 1.65. The window is [50, 60); the first of two looks in a second counts as well.
    for (millis, confidence, excluded, expected) in [
        (50_000, 165, false, calm),
        (50_000, 166, false, wide),
        (59_500, 166, false, wide),
        (49_500, 166, true, calm),
        (55_000, 0, true, without),
    ] {
        assert_eq!(suspicions(&close, &odd(millis, confidence, excluded)), expected, "{millis} {confidence}");
    }
    let up_down = watch(2, up_down(20, 10), 60);
    for (millis, expected) in [(19_500, calm), (20_000, wide), (29_500, wide), (30_000, calm), (50_000, wide)]
    {
        assert_eq!(suspicions(&up_down, &odd(millis, 166, false)), expected, "{millis}");
    }
    let touch = watch(3, touch(Side::AtOrAbove, 16_500), 60);
    for (millis, expected) in [(0, wide), (3_000, wide), (3_500, calm)] {
        assert_eq!(suspicions(&touch, &odd(millis, 166, false)), expected, "the run is [0, 3]: {millis}");
    }
    let cap = watch(4, Rule::CapTouch { goal: cap(Side::AtOrAbove, 16_500), mean: 10 }, 60);
    for (millis, expected) in [(0, without), (12_500, without), (13_000, calm)] {
        assert_eq!(suspicions(&cap, &odd(millis, 0, true)), expected, "the means are of [0, 13): {millis}");
    }
    let untouched = watch(5, Rule::Touch { side: Side::AtOrAbove, target: price(99_900) }, 58);
    assert_eq!(suspicions(&untouched, &odd(30_000, 166, true)), calm, "no rests on no window");
}

#[test]
fn a_start_keeps_its_price_and_its_doubts_over_a_restart() {
    let watch = watch(1, up_down(20, 10), 60);
    let frames = frames(&odd(25_000, 166, true));
    let (before, after) = frames.split_at(45);
    let last = before.last().unwrap().second;
    let tail: Vec<_> = before.iter().filter(|frame| frame.second > last.plus(-TAIL)).cloned().collect();
    let kept = before.iter().map(Frame::kept);
    let (mut fold, lost) = Fold::resume(second(0), last, kept, &tail, [watch]).unwrap();
    assert_eq!(lost, []);
    let found: Vec<_> = after.iter().flat_map(|frame| fold.replay(frame).unwrap()).collect();
    let start = Start { price: Some(Decimal::from(165)), window_end: second(30) };
    assert_eq!((found[0].outcome, found[0].start), (Outcome::Tie, Some(start)));
    assert_eq!(found[0].suspicions, Suspicions { confidence: true, excluded_venue: true });
}

#[test]
fn answers_are_told_with_what_they_rest_on() {
    let watch = watch(1, up_down(20, 10), 60);
    let mut fold = fold(std::slice::from_ref(&watch));
    for tick in odd(25_000, 166, true) {
        fold.tick(&tick).unwrap();
    }
    let told = fold.close_before(second(60))[0].verdict();
    assert_eq!((told.outcome, told.void_reason()), (0, VoidReason::Tie));
    assert_eq!((told.price.as_str(), told.start_price.as_str()), ("165", "165"));
    assert_eq!((told.start_window_end_second, told.window_end_second), (OPEN + 30, OPEN + 60));
    assert_eq!((told.series_first_second, told.series_last_second), (OPEN + 20, OPEN + 59));
    assert_eq!(told.suspicions().collect::<Vec<_>>(), [Suspicion::Confidence, Suspicion::ExcludedVenue]);
    assert_eq!((told.rival_price.as_str(), told.rival_start_price.as_str()), ("", ""));
}
