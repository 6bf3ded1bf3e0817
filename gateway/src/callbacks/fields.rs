//! How each kind of field is written: one value, one text.

use super::{Field, compact};
use crate::{
    domain::{
        ActivityFilter, AlertId, Asset, Category, Comparator, ConditionId, CreateStep, EvmAddress, Kind,
        LimitKind, Period, ReferralCode, RoomFilter, Threshold,
    },
    locales::Language,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
#[cfg(test)]
use proptest::strategy::{BoxedStrategy, Strategy as _};
use proto::{BetId, CommandId, Lamports, RoomId, WithdrawalId};

macro_rules! id_fields {
    ($($id:ty),+) => {$(
        impl Field for $id {
            fn write(self) -> String {
                compact::encode(self.uuid())
            }
            fn read(text: &str) -> Option<Self> {
                compact::decode(text).filter(|uuid| !uuid.is_nil()).map(Self::new)
            }
            #[cfg(test)]
            fn any() -> BoxedStrategy<Self> {
                (1..=u128::MAX).prop_map(|bits| Self::new(uuid::Uuid::from_u128(bits))).boxed()
            }
        }
    )+};
}

id_fields!(RoomId, BetId, CommandId, WithdrawalId, AlertId);

/// 20 bytes in 27 characters, 32 in 43: the same alphabet as ids.
macro_rules! hex_fields {
    ($($id:ty: $bytes:literal),+) => {$(
        impl Field for $id {
            fn write(self) -> String {
                URL_SAFE_NO_PAD.encode(self.bytes())
            }
            fn read(text: &str) -> Option<Self> {
                // Refuses bits beyond the last byte: one value, one text.
                URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok().map(Self::new)
            }
            #[cfg(test)]
            fn any() -> BoxedStrategy<Self> {
                proptest::array::uniform::<_, $bytes>(proptest::num::u8::ANY).prop_map(Self::new).boxed()
            }
        }
    )+};
}

hex_fields!(EvmAddress: 20, ConditionId: 32);

impl Field for bool {
    fn write(self) -> String {
        u32::from(self).to_string()
    }
    fn read(text: &str) -> Option<Self> {
        match text {
            "1" => Some(true),
            "0" => Some(false),
            _ => None,
        }
    }
    #[cfg(test)]
    fn any() -> BoxedStrategy<Self> {
        proptest::bool::ANY.boxed()
    }
}

impl Field for ReferralCode {
    fn write(self) -> String {
        self.as_str().to_owned()
    }
    fn read(text: &str) -> Option<Self> {
        Self::parse(text)
    }
    #[cfg(test)]
    fn any() -> BoxedStrategy<Self> {
        "[A-Za-z0-9_-]{1,24}".prop_filter_map("a code", |text| Self::parse(&text)).boxed()
    }
}

impl Field for Language {
    fn write(self) -> String {
        self.code().to_owned()
    }
    fn read(text: &str) -> Option<Self> {
        Self::all().find(|language| language.code() == text)
    }
    #[cfg(test)]
    fn any() -> BoxedStrategy<Self> {
        proptest::sample::select(Self::all().collect::<Vec<_>>()).boxed()
    }
}

/// Nothing is written as nothing.
impl<F: Field> Field for Option<F> {
    fn write(self) -> String {
        self.map(F::write).unwrap_or_default()
    }
    fn read(text: &str) -> Option<Self> {
        if text.is_empty() { Some(None) } else { F::read(text).map(Some) }
    }
    #[cfg(test)]
    fn any() -> BoxedStrategy<Self> {
        proptest::option::of(F::any()).boxed()
    }
}

macro_rules! number_fields {
    ($($number:ident),+) => {$(
        impl Field for $number {
            fn write(self) -> String {
                self.to_string()
            }
            fn read(text: &str) -> Option<Self> {
                // Refuses `+1` and `01`: one value, one text.
                text.parse().ok().filter(|number: &Self| number.to_string() == text)
            }
            #[cfg(test)]
            fn any() -> BoxedStrategy<Self> {
                proptest::num::$number::ANY.boxed()
            }
        }
    )+};
}

number_fields!(u8, u32, i64);

impl Field for Lamports {
    fn write(self) -> String {
        self.get().to_string()
    }
    fn read(text: &str) -> Option<Self> {
        let number: i64 = text.parse().ok().filter(|number: &i64| number.to_string() == text)?;
        Self::try_positive(number).ok()
    }
    #[cfg(test)]
    fn any() -> BoxedStrategy<Self> {
        (0..=i64::MAX).prop_map(Self::new).boxed()
    }
}

/// A group's chat follows its letter.
impl Field for RoomFilter {
    fn write(self) -> String {
        match self {
            Self::Live => "l".to_owned(),
            Self::Mine => "m".to_owned(),
            Self::Past => "p".to_owned(),
            Self::Of { chat } => format!("c{}", chat.write()),
        }
    }
    fn read(text: &str) -> Option<Self> {
        match text {
            "l" => Some(Self::Live),
            "m" => Some(Self::Mine),
            "p" => Some(Self::Past),
            _ => text.strip_prefix('c').and_then(i64::read).map(|chat| Self::Of { chat }),
        }
    }
    #[cfg(test)]
    fn any() -> BoxedStrategy<Self> {
        let own = proptest::sample::select(vec![Self::Live, Self::Mine, Self::Past]);
        proptest::prop_oneof![own, i64::any().prop_map(|chat| Self::Of { chat })].boxed()
    }
}

macro_rules! choice_fields {
    ($($type:ident { $($variant:ident = $letter:literal),+ })+) => {$(
        impl Field for $type {
            fn write(self) -> String {
                match self { $(Self::$variant => $letter),+ }.to_owned()
            }
            fn read(text: &str) -> Option<Self> {
                match text { $($letter => Some(Self::$variant),)+ _ => None }
            }
            #[cfg(test)]
            fn any() -> BoxedStrategy<Self> {
                proptest::sample::select(vec![$(Self::$variant),+]).boxed()
            }
        }
    )+};
}

choice_fields! {
    LimitKind { DepositDay = "d", StakeDay = "s", LossWeek = "l" }
    Period { Day = "d", Week = "w", All = "a" }
    Category { Room = "r", Tracker = "t", Whale = "w", Consensus = "c", Price = "p", System = "s" }
    Threshold { Value = "v", Share = "s", Whale = "w" }
    ActivityFilter { All = "a", Trades = "t", Redeemed = "r", Other = "o" }
    Kind {
        Touch = "t", Close = "c", UpDown = "u", Buckets = "b", HeadToHead = "h", CapTouch = "m", CapClose = "n"
    }
    Asset { Sol = "s", Btc = "b", Eth = "e" }
    Comparator { AtOrAbove = "a", AtOrBelow = "b" }
    CreateStep {
        Kind = "k", Asset = "a", Rival = "v", Comparator = "c", Target = "t", Horizon = "h", CustomHorizon = "x",
        Players = "p", Subtitle = "b", Review = "r"
    }
}
