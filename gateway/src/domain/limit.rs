//! Limits that people set for themselves, as the chat speaks of them.

use proto::{Lamports, from_timestamp, wallet};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// What is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LimitKind {
    /// Deposits of 24 hours.
    DepositDay,
    /// Stakes of 24 hours.
    StakeDay,
    /// Losses of 7 days with what is at stake.
    LossWeek,
}

impl LimitKind {
    /// In the order of screens.
    pub const ALL: [Self; 3] = [Self::DepositDay, Self::StakeDay, Self::LossWeek];

    /// For messages.
    #[must_use]
    pub const fn wire(self) -> wallet::LimitKind {
        match self {
            Self::DepositDay => wallet::LimitKind::DepositDay,
            Self::StakeDay => wallet::LimitKind::StakeDay,
            Self::LossWeek => wallet::LimitKind::LossWeek,
        }
    }
}

/// One limit as it stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LimitView {
    /// In force; none is no limit.
    pub amount: Option<Lamports>,
    /// What counts against it.
    pub used: Lamports,
    /// A looser one, and from when.
    pub next: Option<(OffsetDateTime, Option<Lamports>)>,
}

impl LimitView {
    /// Whether another one holds at once; a looser one waits.
    #[must_use]
    pub fn tightens(&self, wanted: Option<Lamports>) -> bool {
        match (self.amount, wanted) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(current), Some(wanted)) => wanted <= current,
        }
    }
}

/// Everything that an account has set for itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LimitsView {
    limits: Vec<(wallet::LimitKind, LimitView)>,
    /// No bets and no rooms until then.
    pub cool_off_until: Option<OffsetDateTime>,
    /// The same, for long.
    pub excluded_until: Option<OffsetDateTime>,
}

impl LimitsView {
    /// One of the limits.
    #[must_use]
    pub fn of(&self, kind: LimitKind) -> LimitView {
        let found = self.limits.iter().find(|(one, _)| *one == kind.wire());
        found.map(|(_, limit)| *limit).unwrap_or_default()
    }
}

impl From<&wallet::GetLimitsResponse> for LimitsView {
    fn from(answer: &wallet::GetLimitsResponse) -> Self {
        let limits = answer.limits.iter().map(|limit| {
            let at = from_timestamp(limit.next_at.as_ref()).ok();
            let view = LimitView {
                amount: limit.lamports.map(Lamports::new),
                used: Lamports::new(limit.used_lamports),
                next: at.map(|at| (at, limit.next_lamports.map(Lamports::new))),
            };
            (limit.kind(), view)
        });
        Self {
            limits: limits.collect(),
            cool_off_until: from_timestamp(answer.cool_off_until.as_ref()).ok(),
            excluded_until: from_timestamp(answer.excluded_until.as_ref()).ok(),
        }
    }
}
