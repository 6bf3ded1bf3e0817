//! Pure decisions: quotes to aggregates, aggregates to resolutions. No clock, no I/O, no floats.

mod aggregate;
mod candle;
mod chain;
mod decide;
mod doubt;
mod exact;
mod fold;
mod frame;
mod goal;
mod head_to_head;
mod history;
mod listing;
mod market;
mod mint;
mod moment;
pub mod polymarket;
mod price;
mod quote;
mod reliability;
mod resolution;
mod samples;
mod sanity;
mod score;
mod tick;
mod token;
mod touches;
mod watch;

pub use aggregate::{Aggregate, NoPrice, aggregate, confirmed};
pub use candle::{Candles, Minute};
pub use chain::{
    Account, AccountError, Curve, MintState, PUMP, PUMP_SWAP, Pool, RAYDIUM, Reserves, TOKEN, TOKEN_2022,
    WRAPPED_SOL,
};
pub use doubt::{Doubt, Suspicions};
pub use exact::Ratio;
pub use fold::{Fold, OutOfOrder};
pub use frame::{Frame, FrameError, tick_message};
pub use goal::Goal;
pub use head_to_head::{Both, HeadToHead, Sight};
pub use listing::{Gates, ListedPair, candidates};
pub use market::{Asset, Currency, Pair, VenueId};
pub use mint::Mint;
pub use moment::{Moment, SECOND, Second};
pub use price::{InvalidPrice, Price};
pub use quote::{Board, Dropped, Held, VenueQuote};
pub use reliability::{ExclusionRules, Reliability};
pub use resolution::{Outcome, Resolution, Rival, Start};
pub use samples::{Sample, Samples};
pub use sanity::{Judgment, OPINION_WITHIN, Opinion, Sanity};
pub use score::{Score, Scores};
pub use tick::{Quote, Rate, Tick};
pub use token::{Found, LISTED_WITHIN, Listed, NoReading, Reading, Source, Survey, abreast};
pub use touches::TAIL;
pub use watch::{Rule, Side, WINDOW_PATIENCE, Watch};

#[cfg(test)]
mod fold_props;
#[cfg(test)]
mod rules_tests;
#[cfg(test)]
mod scenarios;
#[cfg(test)]
mod testing;
