//! What runs by itself: looking at the venues, and writing the series.

pub(crate) mod sampler;
pub(crate) mod series;
