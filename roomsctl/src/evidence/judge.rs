//! The outcome, from the series alone.

use super::head::Verdict;
use super::price::{Fraction, PLACES, write};
use super::series::{Doubt, Series, Window, covered};
use super::terms::{Rule, Ruling, Terms};
use super::tick::SECOND;
use super::touch::{End, Run, first_second};
use proto::room::VoidReason;
use std::cmp::Ordering;
use std::ops::RangeInclusive;

/// Seconds after the deadline in which a sufficient window may still end.
const PATIENCE: i64 = 600;
/// Places of a mean that is shown.
const SHOWN: u32 = 8;

/// What the series makes of a room: everything that a verdict says but who ruled.
#[derive(Clone, Debug)]
pub(super) struct Judgment {
    pub(super) ruling: Ruling,
    pub(super) price: String,
    /// Microseconds.
    pub(super) observed_at: i64,
    /// First and last second that it rests on.
    pub(super) series: (i64, i64),
    pub(super) suspicions: Vec<&'static str>,
    pub(super) window_end: Option<i64>,
    pub(super) start_price: String,
    pub(super) start_window_end: Option<i64>,
    pub(super) rival_price: String,
    pub(super) rival_start_price: String,
}

impl Judgment {
    fn new(ruling: Ruling, observed_at: i64, series: (i64, i64)) -> Self {
        Self {
            ruling,
            price: String::new(),
            observed_at,
            series,
            suspicions: Vec::new(),
            window_end: None,
            start_price: String::new(),
            start_window_end: None,
            rival_price: String::new(),
            rival_start_price: String::new(),
        }
    }
}

/// The seconds that a bundle carries for a verdict: all from the first to the last, but where there is a start price, only
/// those of its windows and of the deadline price's.
pub(super) fn seconds(terms: &Terms, verdict: &Verdict) -> Vec<RangeInclusive<i64>> {
    let Some((first, last)) = verdict.series else { return Vec::new() };
    let deadline_window = first_second(terms.deadline).saturating_sub(terms.mean);
    match verdict.start_window_end {
        Some(end) if end < deadline_window => vec![first..=end - 1, deadline_window..=last],
        _ => vec![first..=last],
    }
}

/// Judges a room by its series. Nothing where it holds no answer: it ends before there is one, or the room is not decided by
/// prices.
pub(super) fn judge(terms: &Terms, verdict: &Verdict, own: &Series, rival: &Series) -> Option<Judgment> {
    match &terms.rule {
        Rule::Touch { .. } => touch(terms, own),
        Rule::CapTouch { side, target, supply } => {
            let met = |window: &Window| side.holds(window.mean.times(supply).compare(target));
            cap_touch(terms, verdict.series?, own, supply, met)
        }
        Rule::Close { side, target, supply } => Some(by_deadline_price(terms, own, |window| {
            let cap = window.mean.times(supply);
            let outcome = u32::from(!side.holds(cap.compare(target)));
            (Ruling::Outcome(outcome), cap.rounded(SHOWN))
        })),
        Rule::Buckets { bounds } => Some(by_deadline_price(terms, own, |window| {
            let reached = |bound: &&u128| {
                Fraction::mean(**bound, 1).is_some_and(|bound| window.mean.compare(&bound).is_ge())
            };
            let index = u32::try_from(bounds.iter().filter(reached).count()).unwrap_or(u32::MAX);
            (Ruling::Outcome(index), window.mean.rounded(SHOWN))
        })),
        Rule::UpDown => Some(from_start(terms, own, None)),
        Rule::HeadToHead => Some(from_start(terms, own, Some(rival))),
        Rule::Custom => None,
    }
}

fn touch(terms: &Terms, own: &Series) -> Option<Judgment> {
    match own.touch.as_ref()?.end()? {
        End::Touched(run) => {
            let series = (run.first_at.div_euclid(SECOND), run.last_at.div_euclid(SECOND));
            let price = write(run.price, PLACES);
            let judgment = Judgment::new(Ruling::Outcome(0), run.dated, series);
            Some(Judgment { price, suspicions: run.doubt.words(), ..judgment })
        }
        End::Untouched { after, covered } => Some(untouched(terms, *after, *covered)),
    }
}

/// Nothing happened, if anybody was looking.
fn untouched(terms: &Terms, after: i64, covered: bool) -> Judgment {
    let ruling = if covered { Ruling::Outcome(1) } else { Ruling::Void(VoidReason::OracleInsufficient) };
    Judgment::new(ruling, terms.deadline, (terms.open_at.div_euclid(SECOND), after))
}

/// The touch rule over trailing means, one a second, of windows that lie within the time of the room.
fn cap_touch(
    terms: &Terms,
    (first, last): (i64, i64),
    own: &Series,
    supply: &Fraction,
    met: impl Fn(&Window) -> bool,
) -> Option<Judgment> {
    let mean = terms.mean;
    let begin = first_second(terms.open_at).max(first).saturating_add(mean);
    let mut run: Option<Run<String>> = None;
    // The first second after which a room without a run is decided, and the last that the bundle can tell of.
    for end in begin.min(first_second(terms.deadline))..=last.saturating_add(1) {
        let at = end.saturating_mul(SECOND);
        let window = own.window(end, mean).filter(|window| end >= begin && met(window));
        if let Some(window) = window {
            if !run.as_mut().is_some_and(|run| run.extend(at, window.doubt)) {
                let cap = || window.mean.times(supply).rounded(SHOWN);
                run = (at < terms.deadline).then(|| Run::begin(at, at, cap(), window.doubt));
            }
        } else {
            run = None;
        }
        if let Some(run) = run.take_if(|run| run.confirmed()) {
            let series = (run.first_at / SECOND - mean, run.last_at / SECOND - 1);
            let judgment = Judgment::new(Ruling::Outcome(0), run.dated, series);
            let window_end = Some(run.first_at / SECOND);
            return Some(Judgment {
                price: run.price,
                window_end,
                suspicions: run.doubt.words(),
                ..judgment
            });
        }
        if end >= first_second(terms.deadline) && run.is_none() {
            return Some(untouched(terms, end - 1, own.covered(terms.open_at, terms.deadline)));
        }
    }
    None
}

/// The ends that a window may have whose mean is the deadline price.
fn deadline_ends(terms: &Terms) -> RangeInclusive<i64> {
    let first = first_second(terms.deadline);
    first..=first.saturating_add(PATIENCE)
}

/// The ends that a window may have whose mean is the start price.
fn start_ends(terms: &Terms) -> RangeInclusive<i64> {
    let half_way = terms.lock_at + terms.deadline.saturating_sub(terms.lock_at) / 2;
    first_second(terms.lock_at).saturating_add(terms.mean)..=half_way.div_euclid(SECOND)
}

fn insufficient(terms: &Terms, first: i64, ends: &RangeInclusive<i64>) -> Judgment {
    let last = *ends.end().max(ends.start());
    let ruling = Ruling::Void(VoidReason::OracleInsufficient);
    Judgment::new(ruling, terms.deadline, (first, last - 1))
}

fn by_deadline_price(
    terms: &Terms,
    own: &Series,
    rule: impl FnOnce(&Window) -> (Ruling, String),
) -> Judgment {
    let mut ends = deadline_ends(terms);
    let first = ends.start().saturating_sub(terms.mean);
    let Some(window) = ends.find_map(|end| own.window(end, terms.mean)) else {
        return insufficient(terms, first, &deadline_ends(terms));
    };
    let (ruling, price) = rule(&window);
    let judgment = Judgment::new(ruling, window.end.saturating_mul(SECOND), (first, window.end - 1));
    Judgment { price, window_end: Some(window.end), suspicions: window.doubt.words(), ..judgment }
}

/// UP_DOWN compares the deadline price with the start price; HEAD_TO_HEAD, the returns of two assets by windows that end
/// together.
fn from_start(terms: &Terms, own: &Series, rival: Option<&Series>) -> Judgment {
    let first = first_second(terms.lock_at);
    let windows = |end: i64| {
        let window = own.window(end, terms.mean)?;
        match rival {
            Some(rival) => Some((window, Some(rival.window(end, terms.mean)?))),
            None => Some((window, None)),
        }
    };
    let Some((start, rival_start)) = start_ends(terms).find_map(windows) else {
        return insufficient(terms, first, &start_ends(terms));
    };
    let shown =
        |window: &Option<Window>| window.as_ref().map(|it| it.mean.rounded(SHOWN)).unwrap_or_default();
    let from = Judgment {
        start_price: start.mean.rounded(SHOWN),
        start_window_end: Some(start.end),
        rival_start_price: shown(&rival_start),
        ..insufficient(terms, first, &deadline_ends(terms))
    };
    let Some((end, rival_end)) = deadline_ends(terms).find_map(windows) else { return from };
    let compared = match rival_start.as_ref().zip(rival_end.as_ref()) {
        // endA × startB with endB × startA: nothing is divided.
        Some((rival_start, rival_end)) => {
            end.mean.times(&rival_start.mean).compare(&rival_end.mean.times(&start.mean))
        }
        None => end.mean.compare(&start.mean),
    };
    let ruling = match compared {
        Ordering::Greater => Ruling::Outcome(0),
        Ordering::Less => Ruling::Outcome(1),
        Ordering::Equal => Ruling::Void(VoidReason::Tie),
    };
    let windows = [Some(&start), Some(&end), rival_start.as_ref(), rival_end.as_ref()];
    let doubt = windows.into_iter().flatten().fold(Doubt::default(), |all, window| all.and(window.doubt));
    Judgment {
        ruling,
        price: end.mean.rounded(SHOWN),
        observed_at: end.end.saturating_mul(SECOND),
        series: (first, end.end - 1),
        suspicions: doubt.words(),
        window_end: Some(end.end),
        rival_price: shown(&rival_end),
        ..from
    }
}

impl Series {
    fn covered(&self, open_at: i64, deadline: i64) -> bool {
        covered(self.samples(), open_at, deadline)
    }
}
