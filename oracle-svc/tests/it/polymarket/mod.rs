//! The role `polymarket` against a stand-in that speaks Polymarket's formats.

mod outages;
mod prices;
mod questions;
mod stand;
mod wallets;
mod world;
