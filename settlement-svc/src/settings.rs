//! What this service is configured with, besides what every service has.

use chassis::settings::{Endpoint, Invalid, Reader};
use std::num::NonZeroU32;

/// The settings of settlement-svc.
#[derive(Debug)]
pub struct Settings {
    pub(crate) room: Endpoint,
    pub(crate) oracle: Endpoint,
    pub(crate) evidence_per_second: NonZeroU32,
}

impl Settings {
    pub(crate) fn declare(r: &mut Reader) -> Result<Self, Invalid> {
        let room = r
            .setting("ROOM_GRPC_URL", "room-svc, which is asked for the bets of a frozen room.")
            .required("http://room-svc:8081");
        let oracle = r
            .setting("ORACLE_GRPC_URL", "oracle-svc, which is asked for the series that decided.")
            .required("http://oracle-svc:8081");
        let per_second = r
            .setting(
                "EVIDENCE_PER_SECOND",
                "Evidence bundles each replica serves to the public in one second.",
            )
            .between(1, 1_000)
            .or(10);
        Ok(Self {
            room: room?,
            oracle: oracle?,
            evidence_per_second: NonZeroU32::new(per_second?).unwrap_or(NonZeroU32::MIN),
        })
    }
}
