//! Decisions: no database, network, clock or randomness.

pub mod anomaly;
pub mod chain_tx;
pub mod debts;
pub mod deposit;
pub mod drift;
pub mod hold;
pub mod landmark;
pub mod ledger;
pub mod liabilities;
pub mod limit;
pub mod pause;
pub mod payout;
pub mod stake;
pub mod totp;
pub mod withdrawal;
