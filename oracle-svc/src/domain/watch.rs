//! What a room asks of the oracle, and the answer.

use super::market::Asset;
use super::moment::{Moment, SECOND, Second};
use super::price::Price;
use proto::{Malformed, RoomId, from_timestamp, room};
use rust_decimal::Decimal;

/// Seconds after the deadline in which a sufficient window may still end.
pub const WINDOW_PATIENCE: i64 = 600;
/// Longest horizon of a watched room: one day.
pub const LONGEST_HORIZON: i64 = 86_400 * SECOND;
/// Longest mean: that of a market cap.
const LONGEST_MEAN: u32 = 300;

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
    pub fn reached(self, value: Decimal, target: Decimal) -> bool {
        match self {
            Self::AtOrAbove => value >= target,
            Self::AtOrBelow => value <= target,
        }
    }
}

/// How a room is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// YES as soon as a confirmed run reaches the target.
    Touch {
        /// Which side is YES.
        side: Side,
        /// In USD.
        target: Price,
    },
    /// YES if the deadline price is on the target's side.
    Close {
        /// Which side is YES.
        side: Side,
        /// In USD.
        target: Price,
        /// Seconds in the mean.
        mean: i64,
    },
}

/// A condition the oracle follows until it is resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
}

impl Watch {
    /// Reads a room's terms.
    ///
    /// # Errors
    /// Terms that this oracle cannot decide as they promise; `quorum` is what its aggregates have.
    pub fn try_from_terms(terms: &room::Terms, quorum: usize) -> Result<Self, Malformed> {
        let room = RoomId::try_from_bytes(&terms.room_id)?;
        let asset = Asset::from_name(&terms.asset).ok_or(Malformed("asset has no series"))?;
        let side = match terms.comparator() {
            room::Comparator::AtOrAbove => Side::AtOrAbove,
            room::Comparator::AtOrBelow => Side::AtOrBelow,
            room::Comparator::Unspecified => return Err(Malformed("comparator is missing")),
        };
        let target = Price::parse(&terms.target).map_err(|_| Malformed("target is not a price"))?;
        let open_at = Moment::from_time(from_timestamp(terms.open_at.as_ref())?);
        let deadline = Moment::from_time(from_timestamp(terms.deadline.as_ref())?);
        let horizon = deadline.since(open_at);
        if horizon <= 0 || horizon > LONGEST_HORIZON {
            return Err(Malformed("horizon is not within a day"));
        }
        if usize::try_from(terms.quorum).map_or(true, |promised| promised > quorum) {
            return Err(Malformed("terms promise a larger quorum than the series has"));
        }
        let rule = match terms.kind() {
            room::Kind::Touch => Rule::Touch { side, target },
            room::Kind::Close => Rule::Close { side, target, mean: mean(terms.mean_seconds)? },
            _ => return Err(Malformed("kind is missing")),
        };
        Ok(Self { room, asset, rule, open_at, deadline })
    }

    /// The first second whose storage this watch depends on.
    #[must_use]
    pub fn needs_from(&self) -> Second {
        match self.rule {
            Rule::Touch { .. } => self.open_at.second(),
            Rule::Close { mean, .. } => self.open_at.second().min(self.deadline.second_from().plus(-mean)),
        }
    }
}

fn mean(seconds: u32) -> Result<i64, Malformed> {
    if (1..=LONGEST_MEAN).contains(&seconds) {
        Ok(i64::from(seconds))
    } else {
        Err(Malformed("mean is not between 1 and 300 seconds"))
    }
}

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It happened.
    Yes,
    /// It did not.
    No,
    /// The series has too many gaps to say.
    Insufficient,
}

impl Outcome {
    /// Its name in storage and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Yes => "YES",
            Self::No => "NO",
            Self::Insufficient => "ORACLE_INSUFFICIENT",
        }
    }
}

/// The answer to one watch, with what it rests on. A function of the stored seconds alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resolution {
    /// The room that asked.
    pub room: RoomId,
    /// The answer.
    pub outcome: Outcome,
    /// When it was so: a touch's date, the end of the deciding window, or the deadline.
    pub observed_at: Moment,
    /// The price that decided: a touch's first aggregate, or the mean rounded to 8 places for
    /// display (the comparison itself is exact).
    pub price: Option<Decimal>,
    /// First second of the series that proves it.
    pub first: Second,
    /// Last second of it.
    pub last: Second,
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
            deadline: at(1_900),
            mean_seconds: 60,
            quorum: 3,
            ..Default::default()
        }
    }

    #[test]
    fn reads_terms() {
        let watch = Watch::try_from_terms(&terms(), 3).unwrap();
        let target = Price::parse("165").unwrap();
        assert_eq!(watch.rule, Rule::Close { side: Side::AtOrBelow, target, mean: 60 });
        assert_eq!(watch.deadline.second(), Second::new(1_900));
        assert_eq!(watch.needs_from(), Second::new(1_000));
    }

    #[test]
    fn refuses_terms_it_cannot_keep() {
        type Spoil = fn(&mut room::Terms);
        let cases: [(&str, Spoil); 9] = [
            ("room", |terms| terms.room_id.clear()),
            ("asset", |terms| terms.asset = "DOGE".to_owned()),
            ("comparator", |terms| terms.comparator = 0),
            ("target", |terms| terms.target = "-1".to_owned()),
            ("kind", |terms| terms.kind = 99),
            ("mean", |terms| terms.mean_seconds = 301),
            ("no mean", |terms| terms.mean_seconds = 0),
            ("horizon", |terms| terms.deadline = terms.open_at),
            ("quorum", |terms| terms.quorum = 4),
        ];
        for (name, spoil) in cases {
            let mut terms = terms();
            spoil(&mut terms);
            assert!(Watch::try_from_terms(&terms, 3).is_err(), "{name}");
        }
    }
}
