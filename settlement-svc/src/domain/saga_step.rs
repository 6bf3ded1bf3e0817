//! The steps of a settlement, each one transaction.

use super::State;

macro_rules! steps {
    ($($(#[$doc:meta])* $step:ident = $word:literal,)*) => {
        /// What a settlement's saga does, in its order. Every step can fail, be repeated, and be cut off by the death of
        /// the process, and the end is the same: the tests go through [`SagaStep::ALL`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum SagaStep {
            $($(#[$doc])* $step,)*
        }

        impl SagaStep {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$step,)*];

            /// How metrics name it.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$step => $word,)*
                }
            }
        }
    };
}

steps! {
    /// The first verdict comes to stand.
    Decide = "decide",
    /// What the room froze is kept.
    Freeze = "freeze",
    /// The book is made of the bets, and its payouts are issued.
    Pay = "pay",
    /// The ledger has a chunk, but not all of them.
    Post = "post",
    /// The ledger has all chunks: the room is settled.
    Settle = "settle",
    /// The receipt is on chain.
    Anchor = "anchor",
    /// The deciding series is copied for the evidence.
    CopySeries = "copy_series",
    /// Operators agree on a room's disputes, and what is to be repaid is issued.
    Judge = "judge",
    /// The ledger has repaid a part of the losing stakes.
    Refund = "refund",
}

impl State {
    /// The step that leads to a state.
    #[must_use]
    pub const fn reached_by(self) -> SagaStep {
        match self {
            Self::Decided => SagaStep::Decide,
            Self::Frozen => SagaStep::Freeze,
            Self::Computed | Self::Posting => SagaStep::Pay,
            Self::Posted => SagaStep::Settle,
            Self::Anchored => SagaStep::Anchor,
        }
    }
}
