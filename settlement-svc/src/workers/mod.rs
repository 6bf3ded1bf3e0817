//! Work that no message brings about.

mod errands;
mod series;

pub use errands::Errands;
