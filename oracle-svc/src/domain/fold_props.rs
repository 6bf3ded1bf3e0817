//! Whatever happens to a process, the same seconds give the same answers.

use super::fold::Fold;
use super::frame::Frame;
use super::goal::Goal;
use super::moment::{Moment, SECOND, Second};
use super::resolution::Outcome;
use super::testing::{OPEN, fold, frames, series, sorted};
use super::tick::Tick;
use super::touches::TAIL;
use super::watch::{Rule, Watch};
use proptest::prelude::*;
use rust_decimal::Decimal;
use std::{cmp::Ordering, collections::BTreeMap};

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

/// The means read off the spec, in whole cents: each second's last price.
struct Means {
    cents: BTreeMap<i64, i64>,
    /// The first second that is not over.
    end: i64,
}

impl Means {
    fn of(frames: &[Frame]) -> Self {
        let sample = |frame: &Frame| Some((frame.second.number(), cents(frame.sample()?.get())));
        Self {
            cents: frames.iter().filter_map(sample).collect(),
            end: frames.last().unwrap().second.number() + 1,
        }
    }

    /// Sum and number of the samples of the five seconds before `end`.
    fn window(&self, end: i64) -> Option<(i64, i64)> {
        let inside = || self.cents.range(end - 5..end).map(|(_, cents)| *cents);
        let count = i64::try_from(inside().count()).unwrap();
        (count * 10 >= 45).then(|| (inside().sum(), count))
    }

    /// The first window that ends within; nothing where it may still come; Some(None) where it never will.
    fn first(&self, from: i64, to: i64) -> Option<Option<(i64, (i64, i64))>> {
        let found = (from..=to.min(self.end)).find_map(|end| Some((end, self.window(end)?)));
        match found {
            Some(found) => Some(Some(found)),
            None => (self.end >= to).then_some(None),
        }
    }

    /// Outcome and end of the window that decides, if that is known.
    fn answer(&self, watch: &Watch) -> Option<(Outcome, Option<i64>)> {
        let deadline = watch.deadline.second().number();
        let insufficient = Some((Outcome::Insufficient, None));
        let at_deadline = || self.first(deadline, deadline + 600);
        match &watch.rule {
            Rule::Touch { .. } => None,
            Rule::Close { goal, .. } => match at_deadline()? {
                None => insufficient,
                Some((end, (sum, count))) => {
                    let reached = Self::reaches(goal, sum, count);
                    Some((if reached { Outcome::YES } else { Outcome::NO }, Some(end)))
                }
            },
            Rule::Buckets { bounds, .. } => match at_deadline()? {
                None => insufficient,
                Some((end, (sum, count))) => {
                    let [lower, upper] = [cents(bounds[0].get()), cents(bounds[1].get())];
                    let index = u32::from(sum >= lower * count) + u32::from(sum >= upper * count);
                    Some((Outcome::Answer(index), Some(end)))
                }
            },
            Rule::UpDown { lock_at, .. } => {
                let lock = lock_at.second().number();
                let Some((_, (before, of))) = self.first(lock + 5, (lock + deadline).div_euclid(2))? else {
                    return insufficient;
                };
                match at_deadline()? {
                    None => insufficient,
                    Some((end, (sum, count))) => {
                        let outcome = match (sum * of).cmp(&(before * count)) {
                            Ordering::Greater => Outcome::Answer(0),
                            Ordering::Less => Outcome::Answer(1),
                            Ordering::Equal => Outcome::Tie,
                        };
                        Some((outcome, Some(end)))
                    }
                }
            }
            Rule::CapTouch { goal, .. } => {
                let open = watch.open_at.second_from().number();
                let mut run = 0;
                for end in open + 5..=self.end {
                    let reached =
                        self.window(end).is_some_and(|(sum, count)| Self::reaches(goal, sum, count));
                    run = if reached && (run > 0 || end < deadline) { run + 1 } else { 0 };
                    if run == 4 {
                        return Some((Outcome::YES, Some(end - 3)));
                    }
                    if run == 0 && end >= deadline {
                        return None;
                    }
                }
                None
            }
        }
    }

    fn reaches(goal: &Goal, sum: i64, count: i64) -> bool {
        let level = cents(goal.level().rounded(2).unwrap());
        goal.side().reached(sum, level * count)
    }
}

fn cents(price: Decimal) -> i64 {
    i64::try_from(price * Decimal::ONE_HUNDRED).unwrap()
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
        let open: Vec<_> = watches.iter().filter(|watch| found.iter().all(|known| known.room != watch.room)).cloned().collect();
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
        let open: Vec<_> = watches.iter().filter(|watch| found.iter().all(|known| known.room != watch.room)).cloned().collect();
        let last = stored.last().unwrap().second;
        let samples = stored.iter().map(Frame::kept);
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
            catch_up.follow(watch.clone());
            let stored = frames[..stop].iter().filter(|frame| frame.second >= watch.needs_from());
            found.extend(stored.flat_map(|frame| catch_up.replay(frame).unwrap()));
            // A watch that opens later than the series stands is simply followed.
            if catch_up.open() <= main.open() {
                found.extend(catch_up.close_before(main.open()));
                main.adopt(catch_up);
            } else {
                main.follow(watch.clone());
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
            let yes = found.iter().find(|known| known.room == watch.room && known.outcome == Outcome::YES);
            prop_assert_eq!(yes.map(|yes| (yes.observed_at, yes.last)), touched(watch, &ticks));
        }
    }

    #[test]
    fn means_are_those_of_the_rule((ticks, watches) in series()) {
        let mut fold = fold(&watches);
        let frames = frames(&ticks);
        let found: Vec<_> = frames.iter().flat_map(|frame| fold.replay(frame).unwrap()).collect();
        let means = Means::of(&frames);
        for watch in &watches {
            let answer = found.iter().find(|known| known.room == watch.room);
            match &watch.rule {
                Rule::Touch { .. } => {}
                Rule::CapTouch { .. } => {
                    let yes = answer.filter(|known| known.outcome == Outcome::YES);
                    let told = yes.map(|known| (known.outcome, known.window_end.map(Second::number)));
                    prop_assert_eq!(told, means.answer(watch));
                }
                _ => {
                    let told = answer.map(|known| (known.outcome, known.window_end.map(Second::number)));
                    prop_assert_eq!(told, means.answer(watch));
                }
            }
        }
    }
}
