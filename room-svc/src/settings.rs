//! The rules of rooms as settings, with the defaults of the product.

use crate::domain::opening::Rules;
use chassis::settings::{Endpoint, Invalid, Reader};
use proto::Lamports;
use std::time::Duration;

/// What room-svc is configured with.
#[derive(Debug)]
pub struct RoomSettings {
    /// Rules of opening; frozen in each room's terms.
    pub rules: Rules,
    /// A bet whose hold is not confirmed this long after the close is void.
    pub hold_grace: Duration,
    /// oracle-svc, asked for the price at opening.
    pub oracle: Endpoint,
    /// wallet-svc, asked whether a host keeps from playing.
    pub wallet: Endpoint,
}

impl RoomSettings {
    /// Declares and reads them.
    ///
    /// # Errors
    /// A value is missing or wrong; all problems are reported together.
    pub fn declare(r: &mut Reader) -> Result<Self, Invalid> {
        let horizon_min = r
            .setting("ROOM_HORIZON_MIN", "Shortest time from opening to deadline.")
            .mainnet_no_less()
            .or(Duration::from_secs(15 * 60));
        let horizon_max = r
            .setting("ROOM_HORIZON_MAX", "Longest time from opening to deadline.")
            .or(Duration::from_secs(24 * 3600));
        let lock_margin = r
            .setting("ROOM_LOCK_MARGIN", "Betting ends at least this long before the deadline.")
            .mainnet_no_less()
            .or(Duration::from_secs(300));
        let min_stake =
            r.setting("ROOM_STAKE_MIN", "Least stake, in lamports.").between(1, i64::MAX).or(50_000_000);
        let max_stake =
            r.setting("ROOM_STAKE_MAX", "Largest stake, in lamports.").between(1, i64::MAX).or(5_000_000_000);
        let max_players = r.setting("ROOM_MAX_PLAYERS", "Seats of a room.").between(2, 100_000).or(10);
        let max_live =
            r.setting("ROOM_MAX_LIVE_PER_HOST", "Live rooms of one host.").between(1, 10_000).or(5);
        let protocol_fee_bps = r
            .setting(
                "ROOM_PROTOCOL_FEE_BPS",
                "Protocol's part of the losing pools, in hundredths of a percent.",
            )
            .between(0, 2_000)
            .or(200);
        let host_fee_bps = r
            .setting("ROOM_HOST_FEE_BPS", "Host's part of the losing pools, in hundredths of a percent.")
            .between(0, 2_000)
            .or(100);
        let past_post = r
            .setting(
                "ROOM_PAST_POST",
                "Bets accepted this long before a confirmed touch, or later, are void.",
            )
            .mainnet_no_less()
            .or(Duration::from_secs(10));
        let mean = r
            .setting("ROOM_MEAN", "Length of the mean that is the deadline price.")
            .mainnet_no_less()
            .or(Duration::from_secs(60));
        let quorum = r
            .setting("ROOM_QUORUM", "Venues that must agree on a price.")
            .between(2, 10)
            .mainnet_no_less()
            .or(3);
        let hold_grace = r
            .setting(
                "ROOM_HOLD_GRACE",
                "A bet whose hold is not confirmed this long after the close is void.",
            )
            .or(Duration::from_secs(5));
        let oracle = r.setting("ORACLE_GRPC_URL", "oracle-svc.").required("http://oracle-svc:8081");
        let wallet = r
            .setting("WALLET_GRPC_URL", "wallet-svc, for the limits that a host has set for itself.")
            .required("http://wallet-svc:8081");
        Ok(Self {
            rules: Rules {
                horizon_min: horizon_min?,
                horizon_max: horizon_max?,
                lock_margin: lock_margin?,
                min_stake: Lamports::new(min_stake?),
                max_stake: Lamports::new(max_stake?),
                max_players: max_players?,
                max_live: max_live?,
                protocol_fee_bps: protocol_fee_bps?,
                host_fee_bps: host_fee_bps?,
                past_post: past_post?,
                mean: mean?,
                quorum: quorum?,
            },
            hold_grace: hold_grace?,
            oracle: oracle?,
            wallet: wallet?,
        })
    }
}
