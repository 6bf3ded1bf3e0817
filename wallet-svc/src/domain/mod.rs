//! Decisions: no database, network, clock or randomness.

pub mod chain_tx;
pub mod deposit;
pub mod drift;
pub mod hold;
pub mod ledger;
pub mod withdrawal;
