//! What this service is configured with, besides what every service has.

use crate::{
    commands::Panel,
    domain::{referral::Rates, standing::Sample},
};
use chassis::{
    operators::{OperatorAccounts, Operators},
    settings::{Endpoint, Invalid, Reader},
};
use proto::{BasisPoints, LAMPORTS_PER_SOL, Lamports};
use std::num::NonZeroU32;

/// 50 SOL.
const REFUND_ALONE: Lamports = Lamports::new(50 * LAMPORTS_PER_SOL);

/// 0.5 SOL.
const MIN_STAKED: Lamports = Lamports::new(LAMPORTS_PER_SOL / 2);

/// The settings of settlement-svc.
#[derive(Debug)]
pub struct Settings {
    pub(crate) room: Endpoint,
    pub(crate) oracle: Endpoint,
    pub(crate) evidence_per_second: NonZeroU32,
    pub(crate) panel: Panel,
    pub(crate) referrals: Rates,
    pub(crate) sample: Sample,
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
        let first = r
            .setting(
                "REFERRAL_BPS_1",
                "Of the takeout behind a winner's stake, what goes to whoever brought the winner.",
            )
            .mainnet_no_less()
            .or(BasisPoints::of::<1_500>());
        let second = r
            .setting("REFERRAL_BPS_2", "The same for whoever brought that one.")
            .mainnet_no_less()
            .or(BasisPoints::of::<500>());
        let third = r
            .setting("REFERRAL_BPS_3", "The same for the third level. All come out of the protocol's fee.")
            .mainnet_no_less()
            .or(BasisPoints::of::<200>());
        let min_bets = r
            .setting(
                "LEADERBOARD_MIN_BETS",
                "Settled bets, won or lost, that a place on the leaderboard takes.",
            )
            .mainnet_no_less()
            .between(1, 1_000)
            .or(5);
        let min_staked = r
            .setting("LEADERBOARD_MIN_STAKED", "What has to be staked in them.")
            .mainnet_no_less()
            .or(MIN_STAKED);
        let operators = Operators::declare(r);
        let admins = Operators::declare_admins(r);
        let accounts = OperatorAccounts::declare(r);
        let refund_alone = r
            .setting("REFUND_ADMIN_ABOVE", "A larger refund of a room needs an admin besides two operators.")
            .mainnet_no_more()
            .or(REFUND_ALONE);
        Ok(Self {
            panel: Panel {
                operators: operators?,
                admins: admins?,
                accounts: accounts?,
                refund_alone: refund_alone?,
            },
            room: room?,
            oracle: oracle?,
            evidence_per_second: NonZeroU32::new(per_second?).unwrap_or(NonZeroU32::MIN),
            referrals: Rates([first?, second?, third?]),
            sample: Sample { bets: min_bets?, staked: min_staked? },
        })
    }
}
