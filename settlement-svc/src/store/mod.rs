//! All SQL of the schema, one file per aggregate.

pub mod dispute;
pub mod errand;
pub mod evidence;
pub mod facts;
pub mod judgement;
pub mod line;
pub mod record;
pub mod referral;
pub mod ruling;
pub mod settlement;

use chassis::Fault;
use proto::Lamports;

/// A row that the constraints forbid.
pub(crate) fn broken(what: &'static str) -> Fault {
    Fault::bug(format!("the database holds {what}"))
}

/// An unsigned number of a contract in a signed column.
pub(crate) fn signed(number: u32) -> Result<i32, Fault> {
    i32::try_from(number).map_err(|_| Fault::bug(format!("{number} does not fit its column")))
}

/// Back from the column, whose constraint forbids negative numbers.
pub(crate) fn unsigned(number: i32) -> Result<u32, Fault> {
    u32::try_from(number).map_err(|_| broken("a negative index"))
}

pub(crate) fn integers(amounts: &[Lamports]) -> Vec<i64> {
    amounts.iter().map(|amount| amount.get()).collect()
}
