//! All SQL of the schema.

pub(crate) mod candles;
pub(crate) mod polymarket;
pub(crate) mod resolutions;
pub(crate) mod seconds;
pub(crate) mod watches;
