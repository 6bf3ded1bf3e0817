//! The draft of a room. Every choice stays until it is made again, so Back never loses input.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// Kind of question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// The target is reached before the deadline.
    Touch,
    /// The price at the deadline.
    Close,
}

/// Priced in USD.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Asset {
    /// Solana.
    Sol,
    /// Bitcoin.
    Btc,
    /// Ether.
    Eth,
}

impl Asset {
    /// All, in the order of the buttons.
    pub const ALL: [Self; 3] = [Self::Sol, Self::Btc, Self::Eth];

    /// As the contract writes it.
    #[must_use]
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Sol => "SOL",
            Self::Btc => "BTC",
            Self::Eth => "ETH",
        }
    }
}

/// Which side of the target is YES.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Comparator {
    /// At the target or higher.
    AtOrAbove,
    /// At the target or lower.
    AtOrBelow,
}

/// A step of the wizard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum CreateStep {
    /// Which kind.
    #[default]
    Kind,
    /// Which asset.
    Asset,
    /// Which side, CLOSE only.
    Comparator,
    /// Typed.
    Target,
    /// Chosen from presets.
    Horizon,
    /// Typed.
    CustomHorizon,
    /// Everything at once, with the button that opens the room.
    Review,
}

/// A room that is not opened yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateDraft {
    /// Where the user is.
    pub step: CreateStep,
    /// Chosen so far.
    pub kind: Option<Kind>,
    /// Chosen so far.
    pub asset: Option<Asset>,
    /// Chosen so far.
    pub comparator: Option<Comparator>,
    /// Typed so far, in USD.
    pub target: Option<Decimal>,
    /// Chosen so far.
    pub horizon_seconds: Option<u32>,
}

/// A draft with nothing missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Complete {
    /// Kind of question.
    pub kind: Kind,
    /// Whose price.
    pub asset: Asset,
    /// CLOSE only.
    pub comparator: Option<Comparator>,
    /// In USD.
    pub target: Decimal,
    /// From opening to deadline.
    pub horizon_seconds: u32,
}

impl CreateDraft {
    /// Goes to a step; not beyond the first one that is still open.
    #[must_use]
    pub fn at(mut self, step: CreateStep) -> Self {
        let reached = |open: CreateStep| if order(step) <= order(open) { step } else { open };
        self.step = self.missing().map_or(step, reached);
        self
    }

    /// Goes to the first open step, or to the review.
    #[must_use]
    pub fn onward(mut self) -> Self {
        self.step = self.missing().unwrap_or(CreateStep::Review);
        self
    }

    /// The step before this one.
    #[must_use]
    pub fn previous(&self) -> Option<CreateStep> {
        Some(match self.step {
            CreateStep::Kind => return None,
            CreateStep::Asset => CreateStep::Kind,
            CreateStep::Comparator => CreateStep::Asset,
            CreateStep::Target if self.kind == Some(Kind::Close) => CreateStep::Comparator,
            CreateStep::Target => CreateStep::Asset,
            CreateStep::Horizon => CreateStep::Target,
            CreateStep::CustomHorizon | CreateStep::Review => CreateStep::Horizon,
        })
    }

    /// Whether the next message of the user is meant for this step.
    #[must_use]
    pub const fn awaits_text(&self) -> bool {
        matches!(self.step, CreateStep::Target | CreateStep::CustomHorizon)
    }

    /// The room, if nothing is missing.
    #[must_use]
    pub fn complete(&self) -> Option<Complete> {
        let kind = self.kind?;
        let comparator = match kind {
            Kind::Touch => None,
            Kind::Close => Some(self.comparator?),
        };
        let horizon_seconds = self.horizon_seconds?;
        Some(Complete { kind, asset: self.asset?, comparator, target: self.target?, horizon_seconds })
    }

    fn missing(&self) -> Option<CreateStep> {
        if self.kind.is_none() {
            Some(CreateStep::Kind)
        } else if self.asset.is_none() {
            Some(CreateStep::Asset)
        } else if self.kind == Some(Kind::Close) && self.comparator.is_none() {
            Some(CreateStep::Comparator)
        } else if self.target.is_none() {
            Some(CreateStep::Target)
        } else if self.horizon_seconds.is_none() {
            Some(CreateStep::Horizon)
        } else {
            None
        }
    }
}

const fn order(step: CreateStep) -> u8 {
    match step {
        CreateStep::Kind => 0,
        CreateStep::Asset => 1,
        CreateStep::Comparator => 2,
        CreateStep::Target => 3,
        CreateStep::Horizon | CreateStep::CustomHorizon => 4,
        CreateStep::Review => 5,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close_on_btc() -> CreateDraft {
        CreateDraft {
            step: CreateStep::Review,
            kind: Some(Kind::Close),
            asset: Some(Asset::Btc),
            comparator: Some(Comparator::AtOrAbove),
            target: Some(Decimal::from(104_500)),
            horizon_seconds: Some(3_600),
        }
    }

    #[test]
    fn goes_from_step_to_step() {
        let mut draft = CreateDraft { kind: Some(Kind::Close), ..CreateDraft::default() }.onward();
        assert_eq!(draft.step, CreateStep::Asset);
        draft.asset = Some(Asset::Sol);
        draft = draft.onward();
        assert_eq!(draft.step, CreateStep::Comparator);
        draft.comparator = Some(Comparator::AtOrBelow);
        draft = draft.onward();
        assert!(draft.awaits_text());
        draft.target = Some(Decimal::from(150));
        draft = draft.onward();
        assert_eq!(draft.step, CreateStep::Horizon);
        draft.horizon_seconds = Some(900);
        assert_eq!(draft.onward().step, CreateStep::Review);
    }

    #[test]
    fn going_back_loses_nothing() {
        let mut draft = close_on_btc();
        let full = draft.complete();
        while let Some(step) = draft.previous() {
            draft = draft.at(step);
            assert_eq!(draft.complete(), full, "{step:?}");
        }
        assert_eq!(draft.step, CreateStep::Kind);
        assert_eq!(draft.at(CreateStep::Review).step, CreateStep::Review);
    }

    #[test]
    fn a_button_cannot_skip_what_is_missing() {
        let draft = CreateDraft { kind: Some(Kind::Touch), ..CreateDraft::default() };
        assert_eq!(draft.at(CreateStep::Review).step, CreateStep::Asset);
    }

    #[test]
    fn a_touch_has_no_comparator() {
        let draft = CreateDraft { kind: Some(Kind::Touch), ..close_on_btc() };
        assert_eq!(draft.complete().unwrap().comparator, None);
        assert_eq!(CreateDraft { step: CreateStep::Target, ..draft }.previous(), Some(CreateStep::Asset));
    }
}
