//! What a room asks of the oracle.

use super::goal::Goal;
use super::market::Asset;
use super::moment::{Moment, SECOND, Second};
use super::price::Price;
use proto::{Malformed, RoomId, from_timestamp, room};

/// Seconds after the deadline in which a sufficient window may still end.
pub const WINDOW_PATIENCE: i64 = 600;
/// Longest horizon of a watched room: one day.
pub const LONGEST_HORIZON: i64 = 86_400 * SECOND;
/// Longest mean: that of a market cap.
pub(super) const LONGEST_MEAN: i64 = 300;
/// Most prices between ranges.
const MOST_BOUNDS: usize = 7;

/// The side of the target that is YES.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// YES at or above the target.
    AtOrAbove,
    /// YES at or below the target.
    AtOrBelow,
}

impl Side {
    /// Whether a value is at or beyond a target.
    #[must_use]
    pub fn reached<T: PartialOrd>(self, value: T, target: T) -> bool {
        match self {
            Self::AtOrAbove => value >= target,
            Self::AtOrBelow => value <= target,
        }
    }
}

/// How a room on one asset is decided. Means are of one sample a second; their length is in seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// YES as soon as a confirmed run of aggregates reaches the target.
    Touch {
        /// Which side is YES.
        side: Side,
        /// In USD.
        target: Price,
    },
    /// YES as soon as a confirmed run of trailing means, one a second, reaches the goal.
    CapTouch {
        /// What is YES.
        goal: Goal,
        /// Seconds in the mean.
        mean: i64,
    },
    /// YES if the deadline price is on the goal's side.
    Close {
        /// What is YES.
        goal: Goal,
        /// Seconds in the mean.
        mean: i64,
    },
    /// 0 if the deadline price is above the start price, 1 if it is below.
    UpDown {
        /// From here on, the start price is taken.
        lock_at: Moment,
        /// Seconds in the means.
        mean: i64,
    },
    /// The range that the deadline price lies in: as many bounds are at or below it as its index says.
    Buckets {
        /// In USD, ascending.
        bounds: Vec<Price>,
        /// Seconds in the mean.
        mean: i64,
    },
}

/// A condition the oracle follows until it is resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watch {
    /// The room that asks.
    pub room: RoomId,
    /// What is priced.
    pub asset: Asset,
    /// How it is decided.
    pub rule: Rule,
    /// First moment that counts.
    pub open_at: Moment,
    /// Last moment that counts.
    pub deadline: Moment,
    /// A larger confidence in the deciding window is suspicious, in basis points; 0 where the terms do not say.
    pub suspicion_bps: u32,
}

impl Watch {
    /// Reads the terms of a room on one asset.
    ///
    /// # Errors
    /// Terms that this oracle cannot decide as they promise; `quorum` is what its aggregates have.
    pub fn try_from_terms(terms: &room::Terms, quorum: usize) -> Result<Self, Malformed> {
        let Span { room, open_at, deadline } = Span::try_from_terms(terms, quorum)?;
        let rule = match terms.kind() {
            room::Kind::Touch => Rule::Touch { side: side(terms)?, target: target(terms)? },
            room::Kind::Close => {
                Rule::Close { goal: Goal::price(side(terms)?, target(terms)?), mean: mean(terms)? }
            }
            room::Kind::CapTouch => Rule::CapTouch { goal: cap(terms)?, mean: mean(terms)? },
            room::Kind::CapClose => Rule::Close { goal: cap(terms)?, mean: mean(terms)? },
            room::Kind::UpDown => {
                Rule::UpDown { lock_at: lock_at(terms, open_at, deadline)?, mean: mean(terms)? }
            }
            room::Kind::Buckets => Rule::Buckets { bounds: bounds(terms)?, mean: mean(terms)? },
            room::Kind::HeadToHead => return Err(Malformed("two assets are not one")),
            room::Kind::Custom => return Err(Malformed("operators resolve a question in words")),
            room::Kind::Unspecified => return Err(Malformed("kind is missing")),
        };
        let asset = asset(&terms.asset)?;
        Ok(Self { room, asset, rule, open_at, deadline, suspicion_bps: terms.suspicion_bps })
    }

    /// The first second whose storage this watch depends on.
    #[must_use]
    pub fn needs_from(&self) -> Second {
        let window = |mean: i64| self.deadline.second_from().plus(-mean);
        match self.rule {
            Rule::Touch { .. } | Rule::CapTouch { .. } => self.open_at.second(),
            Rule::Close { mean, .. } | Rule::Buckets { mean, .. } => self.open_at.second().min(window(mean)),
            Rule::UpDown { lock_at, mean } => lock_at.second_from().min(window(mean)),
        }
    }
}

/// What the terms of all kinds have.
pub(super) struct Span {
    pub(super) room: RoomId,
    pub(super) open_at: Moment,
    pub(super) deadline: Moment,
}

impl Span {
    pub(super) fn try_from_terms(terms: &room::Terms, quorum: usize) -> Result<Self, Malformed> {
        let room = RoomId::try_from_bytes(&terms.room_id)?;
        let open_at = Moment::from_time(from_timestamp(terms.open_at.as_ref())?);
        let deadline = Moment::from_time(from_timestamp(terms.deadline.as_ref())?);
        let horizon = deadline.since(open_at);
        if horizon <= 0 || horizon > LONGEST_HORIZON {
            return Err(Malformed("horizon is not within a day"));
        }
        if usize::try_from(terms.quorum).map_or(true, |promised| promised > quorum) {
            return Err(Malformed("terms promise a larger quorum than the series has"));
        }
        Ok(Self { room, open_at, deadline })
    }
}

pub(super) fn asset(name: &str) -> Result<Asset, Malformed> {
    Asset::from_name(name).ok_or(Malformed("asset has no series"))
}

pub(super) fn mean(terms: &room::Terms) -> Result<i64, Malformed> {
    let seconds = i64::from(terms.mean_seconds);
    if (1..=LONGEST_MEAN).contains(&seconds) {
        Ok(seconds)
    } else {
        Err(Malformed("mean is not between 1 and 300 seconds"))
    }
}

pub(super) fn lock_at(terms: &room::Terms, open_at: Moment, deadline: Moment) -> Result<Moment, Malformed> {
    let lock_at = Moment::from_time(from_timestamp(terms.lock_at.as_ref())?);
    if (open_at..=deadline).contains(&lock_at) {
        Ok(lock_at)
    } else {
        Err(Malformed("lock is not between opening and deadline"))
    }
}

/// The first and the last second that the window of a start price may end with: its seconds lie after the lock, and it
/// is known half-way to the deadline.
pub(super) fn start_ends(lock_at: Moment, deadline: Moment, mean: i64) -> (Second, Second) {
    let half_way = lock_at.plus(deadline.since(lock_at) / 2);
    (lock_at.second_from().plus(mean), half_way.second())
}

/// The first and the last second that the window of a deadline price may end with.
pub(super) fn deadline_ends(deadline: Moment) -> (Second, Second) {
    let first = deadline.second_from();
    (first, first.plus(WINDOW_PATIENCE))
}

fn side(terms: &room::Terms) -> Result<Side, Malformed> {
    match terms.comparator() {
        room::Comparator::AtOrAbove => Ok(Side::AtOrAbove),
        room::Comparator::AtOrBelow => Ok(Side::AtOrBelow),
        room::Comparator::Unspecified => Err(Malformed("comparator is missing")),
    }
}

fn target(terms: &room::Terms) -> Result<Price, Malformed> {
    Price::parse(&terms.target).map_err(|_| Malformed("target is not a price"))
}

fn cap(terms: &room::Terms) -> Result<Goal, Malformed> {
    let (target, supply) = (proto::decimal(&terms.target)?, proto::decimal(&terms.supply)?);
    Goal::cap(side(terms)?, target, supply).ok_or(Malformed("target or supply is not above zero"))
}

fn bounds(terms: &room::Terms) -> Result<Vec<Price>, Malformed> {
    let parse = |text: &String| Price::parse(text).map_err(|_| Malformed("bound is not a price"));
    let bounds = terms.bounds.iter().map(parse).collect::<Result<Vec<_>, _>>()?;
    if !(1..=MOST_BOUNDS).contains(&bounds.len()) || terms.outcomes.len() != bounds.len() + 1 {
        return Err(Malformed("bounds are not one fewer than outcomes"));
    }
    if bounds.iter().zip(bounds.iter().skip(1)).any(|(lower, upper)| lower >= upper) {
        return Err(Malformed("bounds do not ascend"));
    }
    Ok(bounds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::timestamp;
    use uuid::Uuid;

    fn terms() -> room::Terms {
        let at = |second| Some(timestamp(Moment::from_micros(second * SECOND).time()));
        room::Terms {
            room_id: RoomId::new(Uuid::from_u128(7)).bytes(),
            kind: room::Kind::Close.into(),
            asset: "SOL".to_owned(),
            comparator: room::Comparator::AtOrBelow.into(),
            target: "165".to_owned(),
            open_at: at(1_000),
            lock_at: at(1_450),
            deadline: at(1_900),
            mean_seconds: 60,
            quorum: 3,
            suspicion_bps: 100,
            supply: "1000000000".to_owned(),
            bounds: ["160", "165.5", "170"].map(str::to_owned).to_vec(),
            outcomes: ["a", "b", "c", "d"].map(str::to_owned).to_vec(),
            ..Default::default()
        }
    }

    fn of_kind(kind: room::Kind) -> room::Terms {
        room::Terms { kind: kind.into(), ..terms() }
    }

    #[test]
    fn reads_terms() {
        let watch = Watch::try_from_terms(&terms(), 3).unwrap();
        let target = Price::parse("165").unwrap();
        assert_eq!(watch.rule, Rule::Close { goal: Goal::price(Side::AtOrBelow, target), mean: 60 });
        assert_eq!((watch.deadline.second(), watch.suspicion_bps), (Second::new(1_900), 100));
        assert_eq!(watch.needs_from(), Second::new(1_000));
    }

    #[test]
    fn reads_the_terms_of_every_kind() {
        let rule = |kind| Watch::try_from_terms(&of_kind(kind), 3).map(|watch| watch.rule);
        let target = Price::parse("165").unwrap();
        assert_eq!(rule(room::Kind::Touch), Ok(Rule::Touch { side: Side::AtOrBelow, target }));
        let (target, supply) = (165.into(), 1_000_000_000.into());
        let goal = Goal::cap(Side::AtOrBelow, target, supply).unwrap();
        assert_eq!(rule(room::Kind::CapTouch), Ok(Rule::CapTouch { goal: goal.clone(), mean: 60 }));
        assert_eq!(rule(room::Kind::CapClose), Ok(Rule::Close { goal, mean: 60 }));
        let lock_at = Moment::from_micros(1_450 * SECOND);
        assert_eq!(rule(room::Kind::UpDown), Ok(Rule::UpDown { lock_at, mean: 60 }));
        let bounds = ["160", "165.5", "170"].map(|text| Price::parse(text).unwrap()).to_vec();
        assert_eq!(rule(room::Kind::Buckets), Ok(Rule::Buckets { bounds, mean: 60 }));
        for other in [room::Kind::HeadToHead, room::Kind::Custom, room::Kind::Unspecified] {
            assert!(rule(other).is_err(), "{other:?}");
        }
    }

    #[test]
    fn a_start_is_taken_from_the_lock_to_half_way() {
        let moment = |micros| Moment::from_micros(micros);
        let ends = |lock, deadline| start_ends(moment(lock), moment(deadline), 60);
        assert_eq!(ends(1_000 * SECOND, 1_900 * SECOND), (Second::new(1_060), Second::new(1_450)));
        // The first whole second after the lock; a window may end with the moment half-way and not later.
        assert_eq!(ends(1_000 * SECOND + 1, 1_900 * SECOND), (Second::new(1_061), Second::new(1_450)));
        assert_eq!(ends(1_000 * SECOND, 1_900 * SECOND - 1), (Second::new(1_060), Second::new(1_449)));
    }

    #[test]
    fn refuses_terms_it_cannot_keep() {
        type Spoil = fn(&mut room::Terms);
        let cases: [(&str, room::Kind, Spoil); 17] = [
            ("room", room::Kind::Close, |terms| terms.room_id.clear()),
            ("asset", room::Kind::Close, |terms| terms.asset = "DOGE".to_owned()),
            ("comparator", room::Kind::Close, |terms| terms.comparator = 0),
            ("target", room::Kind::Close, |terms| terms.target = "-1".to_owned()),
            ("kind", room::Kind::Close, |terms| terms.kind = 99),
            ("mean", room::Kind::Close, |terms| terms.mean_seconds = 301),
            ("no mean", room::Kind::Close, |terms| terms.mean_seconds = 0),
            ("horizon", room::Kind::Close, |terms| terms.deadline = terms.open_at),
            ("quorum", room::Kind::Close, |terms| terms.quorum = 4),
            ("supply", room::Kind::CapTouch, |terms| terms.supply = "0".to_owned()),
            ("no supply", room::Kind::CapClose, |terms| terms.supply.clear()),
            ("cap", room::Kind::CapClose, |terms| terms.target = "0".to_owned()),
            ("no lock", room::Kind::UpDown, |terms| terms.lock_at = None),
            ("lock", room::Kind::UpDown, |terms| {
                terms.lock_at = Some(timestamp(Moment::from_micros(1_901 * SECOND).time()));
            }),
            ("bounds", room::Kind::Buckets, |terms| terms.bounds.swap(0, 1)),
            ("outcomes", room::Kind::Buckets, |terms| terms.outcomes.truncate(3)),
            ("no bounds", room::Kind::Buckets, |terms| {
                terms.bounds.clear();
                terms.outcomes.truncate(1);
            }),
        ];
        for (name, kind, spoil) in cases {
            let mut terms = of_kind(kind);
            spoil(&mut terms);
            assert!(Watch::try_from_terms(&terms, 3).is_err(), "{name}");
        }
    }
}
