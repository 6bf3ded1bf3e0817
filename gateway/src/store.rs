//! All SQL of the schema `gateway`, one file per thing it keeps.

pub mod accounts;
pub mod arenas;
pub mod deliveries;
pub mod drafts;
pub mod groups;
pub mod house;
pub mod kept;
pub mod requests;
pub mod slips;
pub mod threads;
pub mod updates;
