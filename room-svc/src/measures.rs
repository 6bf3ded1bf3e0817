//! What is counted about bets, once it is committed.

use chassis::Unit;
use proto::Lamports;

/// A bet counts, with its stake.
pub fn accepted(unit: &mut Unit, stake: Lamports) {
    decided(unit, "accepted");
    unit.count(metrics::counter!("rooms_stakes_lamports_total"), stake.get().unsigned_abs());
}

/// A bet that had a seat does not count: its stake was not held, or not in time.
pub fn refused(unit: &mut Unit) {
    decided(unit, "refused");
}

fn decided(unit: &mut Unit, result: &'static str) {
    unit.count(metrics::counter!("rooms_bets_total", "result" => result), 1);
}
