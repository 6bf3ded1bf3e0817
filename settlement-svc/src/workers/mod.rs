//! Work that no message brings about.

mod errands;

pub use errands::Errands;
