//! What runs by itself: looking at the venues, and writing the series.

pub(crate) mod answers;
pub(crate) mod head_to_head;
pub(crate) mod sampler;
pub(crate) mod sanity;
pub(crate) mod series;
pub(crate) mod tokens;
