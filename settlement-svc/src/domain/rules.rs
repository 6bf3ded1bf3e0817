//! The part of a room's terms that the book goes by.

use super::{Ruling, Verdict};
use proto::{BasisPoints, Lamports, LamportsError, room};
use time::{Duration, OffsetDateTime};

/// What the terms promise about paying.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    outcomes: u32,
    protocol_fee: BasisPoints,
    host_fee: BasisPoints,
    /// Of rooms whose result can be seen while they take bets.
    past_post: Option<Duration>,
}

/// Terms that no room can have opened with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MalformedTerms {
    /// There is nothing to choose between.
    #[error("terms with fewer than two outcomes")]
    Outcomes,
    /// A takeout of more than the losing pools.
    #[error("terms with a takeout above 100 %")]
    Takeout,
    /// A kind of room this version does not know how to settle.
    #[error("terms of an unknown kind")]
    Kind,
}

impl TryFrom<&room::Terms> for Rules {
    type Error = MalformedTerms;

    fn try_from(terms: &room::Terms) -> Result<Self, MalformedTerms> {
        let outcomes = u32::try_from(terms.outcomes.len()).map_err(|_| MalformedTerms::Outcomes)?;
        if outcomes < 2 {
            return Err(MalformedTerms::Outcomes);
        }
        let takeout = terms.protocol_fee_bps.saturating_add(terms.host_fee_bps);
        BasisPoints::try_new(takeout).map_err(|_| MalformedTerms::Takeout)?;
        let rate = |points| BasisPoints::try_new(points).map_err(|_| MalformedTerms::Takeout);
        let past_post = match room::Kind::try_from(terms.kind) {
            Ok(room::Kind::Touch | room::Kind::CapTouch) => {
                Some(Duration::seconds(terms.past_post_seconds.into()))
            }
            Ok(
                room::Kind::Close
                | room::Kind::UpDown
                | room::Kind::CapClose
                | room::Kind::Buckets
                | room::Kind::HeadToHead
                | room::Kind::Custom,
            ) => None,
            Ok(room::Kind::Unspecified) | Err(_) => return Err(MalformedTerms::Kind),
        };
        Ok(Self {
            outcomes,
            protocol_fee: rate(terms.protocol_fee_bps)?,
            host_fee: rate(terms.host_fee_bps)?,
            past_post,
        })
    }
}

impl Rules {
    /// The outcome of a TOUCH room whose price was reached.
    const TOUCHED: u32 = 0;

    /// How many outcomes there are.
    #[must_use]
    pub const fn outcomes(&self) -> u32 {
        self.outcomes
    }

    /// Bets accepted from this moment on knew the result. Only a touch can be seen while bets are
    /// still taken; a room that ends at its deadline locked long before.
    #[must_use]
    pub fn cut_off(&self, verdict: &Verdict) -> Option<OffsetDateTime> {
        match (verdict.ruling, verdict.observed_at, self.past_post) {
            (Ruling::Outcome(Self::TOUCHED), Some(observed_at), Some(past_post)) => {
                Some(observed_at - past_post)
            }
            _ => None,
        }
    }

    /// Protocol fee and host fee on losing pools of `losing` lamports, each rounded down.
    ///
    /// # Errors
    /// None for an amount in range.
    pub fn takeout(&self, losing: Lamports) -> Result<(Lamports, Lamports), LamportsError> {
        Ok((self.protocol_fee.of_floor(losing)?, self.host_fee.of_floor(losing)?))
    }
}
