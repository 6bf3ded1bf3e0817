//! The draft of a room. Every choice stays until it is made again, so Back never loses input.

use proto::room::{self, OpenRoom};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// Kind of question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// The target is reached before the deadline.
    Touch,
    /// The price at the deadline.
    Close,
    /// Up or down from the lock to the deadline.
    UpDown,
    /// The range that the price lies in at the deadline.
    Buckets,
    /// Which of two assets returns more.
    HeadToHead,
    /// The market cap of a token reaches a target.
    CapTouch,
    /// The market cap of a token at the deadline.
    CapClose,
}

impl Kind {
    /// All, in the order of the buttons.
    pub const ALL: [Self; 7] = [
        Self::Touch,
        Self::Close,
        Self::UpDown,
        Self::Buckets,
        Self::HeadToHead,
        Self::CapTouch,
        Self::CapClose,
    ];

    /// Whether it is about a token's market cap.
    #[must_use]
    pub const fn is_cap(self) -> bool {
        matches!(self, Self::CapTouch | Self::CapClose)
    }

    /// As the contract has it.
    #[must_use]
    pub const fn wire(self) -> room::Kind {
        match self {
            Self::Touch => room::Kind::Touch,
            Self::Close => room::Kind::Close,
            Self::UpDown => room::Kind::UpDown,
            Self::Buckets => room::Kind::Buckets,
            Self::HeadToHead => room::Kind::HeadToHead,
            Self::CapTouch => room::Kind::CapTouch,
            Self::CapClose => room::Kind::CapClose,
        }
    }

    /// What is asked for one after the other.
    const fn path(self) -> &'static [CreateStep] {
        use CreateStep::{Asset, Comparator, Horizon, Kind, Review, Rival, Target};
        match self {
            Self::Touch | Self::CapTouch | Self::Buckets => &[Kind, Asset, Target, Horizon, Review],
            Self::Close | Self::CapClose => &[Kind, Asset, Comparator, Target, Horizon, Review],
            Self::UpDown => &[Kind, Asset, Horizon, Review],
            Self::HeadToHead => &[Kind, Asset, Rival, Horizon, Review],
        }
    }
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

impl Comparator {
    /// As the contract has it.
    #[must_use]
    pub const fn wire(self) -> room::Comparator {
        match self {
            Self::AtOrAbove => room::Comparator::AtOrAbove,
            Self::AtOrBelow => room::Comparator::AtOrBelow,
        }
    }
}

/// A step of the wizard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum CreateStep {
    /// Which kind.
    #[default]
    Kind,
    /// Which asset; a token is typed.
    Asset,
    /// Which asset it runs against, HEAD_TO_HEAD only.
    Rival,
    /// Which side, CLOSE only.
    Comparator,
    /// Typed: a price, a market cap, or the bounds of ranges.
    Target,
    /// Chosen from presets.
    Horizon,
    /// Typed.
    CustomHorizon,
    /// How many players it takes to begin; may be left out.
    Players,
    /// Typed: what stands below the question; may be left out.
    Subtitle,
    /// Everything at once, with the button that opens the room.
    Review,
}

/// A room that is not opened yet. What one kind needs stays while another one is looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateDraft {
    /// Where the user is.
    pub step: CreateStep,
    /// Chosen so far.
    pub kind: Option<Kind>,
    /// Chosen so far.
    pub asset: Option<Asset>,
    /// Chosen so far: what the asset runs against.
    #[serde(default)]
    pub rival: Option<Asset>,
    /// Typed so far: the token's mint, in base58.
    #[serde(default)]
    pub mint: Option<String>,
    /// Chosen so far.
    pub comparator: Option<Comparator>,
    /// Typed so far: a price in USD.
    pub target: Option<Decimal>,
    /// Typed so far: a market cap in USD.
    #[serde(default)]
    pub cap: Option<Decimal>,
    /// Typed so far: prices between ranges in USD, ascending.
    #[serde(default)]
    pub bounds: Vec<Decimal>,
    /// Chosen so far.
    pub horizon_seconds: Option<u32>,
    /// So many have to bet before it begins; 0 begins at once.
    #[serde(default)]
    pub min_players: u32,
    /// What the host adds below the question; may be empty.
    #[serde(default)]
    pub subtitle: String,
    /// The group that it is for; without one it is for everybody.
    #[serde(default)]
    pub scope: Option<Scope>,
}

/// A group whose members alone see a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    /// Its chat.
    pub chat: i64,
    /// As it was called when the draft began.
    pub title: String,
}

impl CreateDraft {
    /// Goes to a step; not beyond the first one that is still open.
    #[must_use]
    pub fn at(mut self, step: CreateStep) -> Self {
        let open = self.missing().unwrap_or(CreateStep::Review);
        self.step = match (self.place(step), self.place(open)) {
            (Some(wanted), Some(reached)) if wanted <= reached => step,
            _ => open,
        };
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
        match self.step {
            CreateStep::CustomHorizon => Some(CreateStep::Horizon),
            CreateStep::Players | CreateStep::Subtitle => Some(CreateStep::Review),
            step => {
                let before = self.place(step)?.checked_sub(1)?;
                self.path().get(before).copied()
            }
        }
    }

    /// The step after this one.
    #[must_use]
    pub fn next(&self) -> CreateStep {
        let after = self.place(self.step).and_then(|place| self.path().get(place + 1));
        after.copied().unwrap_or(CreateStep::Review)
    }

    /// Whether the next message of the user is meant for this step.
    #[must_use]
    pub fn awaits_text(&self) -> bool {
        match self.step {
            CreateStep::Target | CreateStep::CustomHorizon | CreateStep::Players | CreateStep::Subtitle => {
                true
            }
            CreateStep::Asset => self.is_cap(),
            _ => false,
        }
    }

    /// Whether it is about a token's market cap.
    #[must_use]
    pub fn is_cap(&self) -> bool {
        self.kind.is_some_and(Kind::is_cap)
    }

    /// What the price, or the market cap, is compared with.
    #[must_use]
    pub fn level(&self) -> Option<Decimal> {
        if self.is_cap() { self.cap } else { self.target }
    }

    /// The command that opens it, but for ids, if nothing is missing. Fields that its kind does not have stay empty.
    #[must_use]
    pub fn complete(&self) -> Option<OpenRoom> {
        if self.missing().is_some() {
            return None;
        }
        let kind = self.kind?;
        let has = |step| kind.path().contains(&step);
        let asset = if kind.is_cap() { self.mint.clone()? } else { self.asset?.symbol().to_owned() };
        let comparator = self.comparator.filter(|_| has(CreateStep::Comparator));
        let rival = self.rival.filter(|_| has(CreateStep::Rival));
        let ranges = kind == Kind::Buckets;
        let level = self.level().filter(|_| has(CreateStep::Target) && !ranges);
        let bounds = self.bounds.iter().filter(|_| ranges);
        Some(OpenRoom {
            kind: kind.wire().into(),
            asset,
            comparator: comparator.map_or(room::Comparator::Unspecified, Comparator::wire).into(),
            target: level.map(|level| level.to_string()).unwrap_or_default(),
            horizon_seconds: self.horizon_seconds?,
            rival_asset: rival.map(|rival| rival.symbol().to_owned()).unwrap_or_default(),
            bounds: bounds.map(Decimal::to_string).collect(),
            min_players: self.min_players,
            subtitle: self.subtitle.clone(),
            scope_chat_id: self.scope.as_ref().map_or(0, |scope| scope.chat),
            ..OpenRoom::default()
        })
    }

    fn path(&self) -> &'static [CreateStep] {
        self.kind.map_or(&[CreateStep::Kind], Kind::path)
    }

    /// Where a step stands on the path of this kind; side steps stand where they branch off.
    fn place(&self, step: CreateStep) -> Option<usize> {
        let step = match step {
            CreateStep::CustomHorizon => CreateStep::Horizon,
            CreateStep::Players | CreateStep::Subtitle => CreateStep::Review,
            step => step,
        };
        self.path().iter().position(|place| *place == step)
    }

    fn missing(&self) -> Option<CreateStep> {
        if self.kind.is_none() {
            return Some(CreateStep::Kind);
        }
        self.path().iter().copied().find(|step| !self.is_filled(*step))
    }

    fn is_filled(&self, step: CreateStep) -> bool {
        match step {
            CreateStep::Kind => self.kind.is_some(),
            CreateStep::Asset if self.is_cap() => self.mint.is_some(),
            CreateStep::Asset => self.asset.is_some(),
            CreateStep::Rival => self.rival.is_some() && self.rival != self.asset,
            CreateStep::Comparator => self.comparator.is_some(),
            CreateStep::Target if self.kind == Some(Kind::Buckets) => !self.bounds.is_empty(),
            CreateStep::Target => self.level().is_some(),
            CreateStep::Horizon | CreateStep::CustomHorizon => self.horizon_seconds.is_some(),
            CreateStep::Players | CreateStep::Subtitle | CreateStep::Review => true,
        }
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
            ..CreateDraft::default()
        }
    }

    /// Everything that any kind needs.
    fn full(kind: Kind) -> CreateDraft {
        CreateDraft {
            kind: Some(kind),
            rival: Some(Asset::Eth),
            mint: Some("mint".into()),
            cap: Some(Decimal::from(2_000_000)),
            bounds: vec![Decimal::from(150), Decimal::from(160)],
            min_players: 3,
            subtitle: "before supper".into(),
            ..close_on_btc()
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
        for kind in Kind::ALL {
            let mut draft = full(kind);
            let opens = draft.complete();
            assert!(opens.is_some(), "{kind:?}");
            while let Some(step) = draft.previous() {
                draft = draft.at(step);
                assert_eq!((draft.step, draft.complete()), (step, opens.clone()), "{kind:?}");
            }
            assert_eq!(draft.step, CreateStep::Kind);
            assert_eq!(draft.at(CreateStep::Review).step, CreateStep::Review);
        }
        // Nor does another kind in between.
        let other = CreateDraft { kind: Some(Kind::CapTouch), ..close_on_btc() };
        assert_eq!(CreateDraft { kind: Some(Kind::Close), ..other }.complete(), close_on_btc().complete());
    }

    #[test]
    fn a_button_cannot_skip_what_is_missing() {
        let draft = CreateDraft { kind: Some(Kind::Touch), ..CreateDraft::default() };
        assert_eq!(draft.clone().at(CreateStep::Review).step, CreateStep::Asset);
        assert_eq!(draft.clone().at(CreateStep::Players).step, CreateStep::Asset);
        assert_eq!(draft.at(CreateStep::Subtitle).step, CreateStep::Asset);
        assert_eq!(CreateDraft::default().at(CreateStep::Review).step, CreateStep::Kind);
        // Nor lead to a step that the kind does not have.
        assert_eq!(full(Kind::UpDown).at(CreateStep::Target).step, CreateStep::Review);
    }

    #[test]
    fn a_room_has_the_fields_of_its_kind_alone() {
        let opens = |kind| full(kind).complete().unwrap();
        let touch = opens(Kind::Touch);
        assert_eq!((touch.comparator, touch.target.as_str(), touch.min_players), (0, "104500", 3));
        assert_eq!((touch.rival_asset.as_str(), touch.bounds.len()), ("", 0));
        assert_eq!(touch.subtitle, "before supper");
        let close = opens(Kind::Close);
        assert_eq!(close.comparator(), room::Comparator::AtOrAbove);
        let up_down = opens(Kind::UpDown);
        assert_eq!((up_down.asset.as_str(), up_down.target.as_str(), up_down.comparator), ("BTC", "", 0));
        let ranges = opens(Kind::Buckets);
        assert_eq!((ranges.target.as_str(), ranges.bounds), ("", vec!["150".to_owned(), "160".to_owned()]));
        let race = opens(Kind::HeadToHead);
        assert_eq!(
            (race.asset.as_str(), race.rival_asset.as_str(), race.target.as_str()),
            ("BTC", "ETH", "")
        );
        let cap = opens(Kind::CapClose);
        assert_eq!((cap.asset.as_str(), cap.target.as_str()), ("mint", "2000000"));
        assert_eq!(cap.comparator(), room::Comparator::AtOrAbove);
    }

    #[test]
    fn an_asset_does_not_run_against_itself() {
        let draft = CreateDraft { rival: Some(Asset::Btc), ..full(Kind::HeadToHead) };
        assert_eq!((draft.complete(), draft.onward().step), (None, CreateStep::Rival));
    }

    #[test]
    fn a_token_is_typed_and_an_asset_chosen() {
        let at_asset = |kind| CreateDraft { step: CreateStep::Asset, ..full(kind) }.awaits_text();
        assert!(at_asset(Kind::CapTouch) && !at_asset(Kind::Touch));
    }

    /// As the release before wrote it.
    #[test]
    fn an_old_draft_is_read() {
        let old = r#"{"step":"Review","kind":"Close","asset":"Btc","comparator":"AtOrAbove","target":"104500","horizon_seconds":3600}"#;
        assert_eq!(serde_json::from_str::<CreateDraft>(old).unwrap(), close_on_btc());
    }
}
