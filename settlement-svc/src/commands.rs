//! Commands this service obeys.

use crate::{domain::Settlement, messages};
use chassis::Unit;

/// A verdict was told. Whoever tells one learns which one stands, were it another's.
pub fn resolve_room(unit: &mut Unit, standing: &Settlement) {
    unit.event(&messages::room_decided(standing));
}
