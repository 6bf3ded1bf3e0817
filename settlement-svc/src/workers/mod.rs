//! Work that no message brings about.

mod errands;
mod records;
mod series;

pub use errands::Errands;
pub use records::Records;
