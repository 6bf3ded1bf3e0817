//! What is counted about settled rooms, once it is committed.

use crate::{domain::Totals, messages::result_label};
use chassis::Unit;

/// A room is settled; its takeout is the protocol's, out of which referrals are paid, and the host's.
pub fn settled(unit: &mut Unit, totals: &Totals) {
    unit.count(metrics::counter!("rooms_settled_total", "result" => result_label(totals.ruling)), 1);
    for (whose, fee) in [("protocol", totals.protocol_fee), ("host", totals.host_fee)] {
        let counter = metrics::counter!("rooms_takeout_lamports_total", "whose" => whose);
        unit.count(counter, fee.get().unsigned_abs());
    }
}
