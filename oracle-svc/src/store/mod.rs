//! All SQL of the schema.

pub(crate) mod resolutions;
pub(crate) mod seconds;
pub(crate) mod watches;
