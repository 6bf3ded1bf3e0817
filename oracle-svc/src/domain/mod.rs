//! Pure decisions: quotes to aggregates, aggregates to resolutions. No clock, no I/O, no floats.

mod aggregate;
mod fold;
mod frame;
mod history;
mod market;
mod moment;
mod price;
mod quote;
mod reliability;
mod tick;
mod watch;

pub use aggregate::{Aggregate, NoPrice, aggregate};
pub use fold::{Fold, OutOfOrder, TAIL};
pub use frame::{Frame, FrameError, tick_message};
pub use market::{Asset, Currency, Pair, VenueId};
pub use moment::{Moment, SECOND, Second};
pub use price::{InvalidPrice, Price};
pub use quote::{Board, Dropped, Held, VenueQuote};
pub use reliability::{ExclusionRules, Reliability};
pub use tick::{Quote, Rate, Tick};
pub use watch::{Outcome, Resolution, Rule, Side, WINDOW_PATIENCE, Watch};
