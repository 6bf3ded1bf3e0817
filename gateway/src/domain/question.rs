//! What a room asks, with what belongs to its kind alone.

use proto::{
    Malformed,
    room::{Comparator, Kind, Terms},
};
use rust_decimal::Decimal;

/// The question of a room. Prices and market caps are in USD.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// Is the target reached before the deadline?
    Touch(Target),
    /// On which side of the target is the deadline price?
    Close(Target),
    /// Is the deadline price above the start price?
    UpDown,
    /// In which of the ranges between these bounds does the deadline price lie? One range more than bounds; each holds
    /// its lower bound.
    Buckets(Vec<Decimal>),
    /// Which of two assets returns more?
    HeadToHead {
        /// The asset that the room's asset runs against.
        rival: String,
    },
    /// A question in words.
    Custom(Custom),
}

/// What YES needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// A price, or a market cap.
    pub level: Decimal,
    /// YES lies above.
    pub upward: bool,
    /// Tokens in existence, where the market cap is meant: it is price times supply.
    pub supply: Option<Decimal>,
}

/// In the words of an operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Custom {
    /// What is asked.
    pub text: String,
    /// By what it is judged.
    pub criterion: String,
    /// Where that can be read.
    pub source_url: String,
    /// Without a judgement so long after the deadline the room is void.
    pub unresolved_seconds: u32,
}

impl Question {
    /// Reads the terms.
    ///
    /// # Errors
    /// A kind that this release does not know, or terms that lack what their kind needs.
    pub fn of_terms(terms: &Terms) -> Result<Self, Malformed> {
        Ok(match terms.kind() {
            Kind::Touch | Kind::CapTouch => {
                let open = proto::decimal(&terms.open_price)?;
                let level = proto::decimal(&terms.target)?;
                Self::Touch(Target { level, upward: level > open, supply: supply(terms)? })
            }
            Kind::Close | Kind::CapClose => {
                let level = proto::decimal(&terms.target)?;
                let upward = terms.comparator() != Comparator::AtOrBelow;
                Self::Close(Target { level, upward, supply: supply(terms)? })
            }
            Kind::UpDown => Self::UpDown,
            Kind::Buckets => {
                let bounds: Vec<_> =
                    terms.bounds.iter().map(|bound| proto::decimal(bound)).collect::<Result<_, _>>()?;
                if bounds.is_empty() || bounds.len() + 1 != terms.outcomes.len() {
                    return Err(Malformed("ranges without their bounds"));
                }
                Self::Buckets(bounds)
            }
            Kind::HeadToHead => Self::HeadToHead { rival: terms.rival_asset.clone() },
            Kind::Custom => Self::Custom(Custom {
                text: terms.question.clone(),
                criterion: terms.criterion.clone(),
                source_url: terms.source_url.clone(),
                unresolved_seconds: terms.unresolved_seconds,
            }),
            Kind::Unspecified => return Err(Malformed("unknown kind of room")),
        })
    }

    /// Tokens in existence, where market caps are meant.
    #[must_use]
    pub const fn supply(&self) -> Option<Decimal> {
        match self {
            Self::Touch(target) | Self::Close(target) => target.supply,
            _ => None,
        }
    }

    /// Whether it may be decided before the deadline.
    #[must_use]
    pub const fn is_touch(&self) -> bool {
        matches!(self, Self::Touch(_))
    }
}

fn supply(terms: &Terms) -> Result<Option<Decimal>, Malformed> {
    match terms.kind() {
        Kind::CapTouch | Kind::CapClose => proto::decimal(&terms.supply).map(Some),
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(kind: Kind) -> Terms {
        Terms {
            kind: kind.into(),
            asset: "SOL".into(),
            target: "165".into(),
            open_price: "160".into(),
            outcomes: vec!["YES".into(), "NO".into()],
            ..Default::default()
        }
    }

    #[test]
    fn direction_follows_from_the_opening_price() {
        let of = |target: &str| Question::of_terms(&Terms { target: target.into(), ..terms(Kind::Touch) });
        assert!(matches!(of("165").unwrap(), Question::Touch(Target { upward: true, supply: None, .. })));
        assert!(matches!(of("155").unwrap(), Question::Touch(Target { upward: false, .. })));
        assert!(of("").is_err());
    }

    #[test]
    fn each_kind_needs_what_it_asks_about() {
        let cap = Terms { supply: "999999999.5".into(), ..terms(Kind::CapClose) };
        assert_eq!(Question::of_terms(&cap).unwrap().supply(), Some(Decimal::new(9_999_999_995, 1)));
        assert!(Question::of_terms(&terms(Kind::CapTouch)).is_err(), "a market cap without a supply");
        let ranges = Terms { bounds: vec!["150".into()], ..terms(Kind::Buckets) };
        assert_eq!(Question::of_terms(&ranges).unwrap(), Question::Buckets(vec![Decimal::from(150)]));
        let more = Terms { bounds: vec!["150".into(), "160".into()], ..terms(Kind::Buckets) };
        assert!(Question::of_terms(&more).is_err(), "three ranges and two answers");
        let fewer =
            Terms { bounds: vec!["150".into()], outcomes: vec![String::new(); 3], ..terms(Kind::Buckets) };
        assert!(Question::of_terms(&fewer).is_err(), "two ranges and three answers");
        let bare = Terms { target: String::new(), open_price: String::new(), ..terms(Kind::UpDown) };
        assert_eq!(Question::of_terms(&bare).unwrap(), Question::UpDown);
        assert!(Question::of_terms(&terms(Kind::Unspecified)).is_err());
    }
}
