//! The rules of rooms as settings, with the defaults of the product.

use crate::domain::{
    bet::CancelRule,
    opening::{CapRules, CustomRules, Rules},
};
use chassis::{
    operators::{OperatorAccounts, Operators},
    settings::{Endpoint, Invalid, Network, Reader},
};
use proto::{AccountId, Lamports};
use std::{collections::BTreeSet, time::Duration};

/// What room-svc is configured with.
#[derive(Debug)]
pub struct RoomSettings {
    /// Rules of opening; frozen in each room's terms.
    pub rules: Rules,
    /// A bet whose hold is not confirmed this long after the close is void.
    pub hold_grace: Duration,
    /// How long the players of a room that is over may talk before their group is cleared.
    pub arena_talk: Duration,
    /// Until when a bet can be taken back; frozen in each bet.
    pub cancel: CancelRule,
    /// Who signs for operators' rooms.
    pub operators: Operators,
    /// Under which accounts they play.
    pub accounts: OperatorAccounts,
    /// Accounts that do not bet: on mainnet, those of the operators.
    pub barred: BTreeSet<AccountId>,
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
        let rules = rules(r);
        let hold_grace = r
            .setting(
                "ROOM_HOLD_GRACE",
                "A bet whose hold is not confirmed this long after the close is void.",
            )
            .or(Duration::from_secs(5));
        let arena_talk = r
            .setting(
                "ROOM_ARENA_TALK",
                "So long the players of a room that is over may talk in its group before that is cleared.",
            )
            .between(Duration::ZERO, Duration::from_secs(86_400))
            .or(Duration::from_secs(300));
        let cancel = cancel(r);
        let operators = Operators::declare(r);
        let accounts = OperatorAccounts::declare(r);
        let oracle = r.setting("ORACLE_GRPC_URL", "oracle-svc.").required("http://oracle-svc:8081");
        let wallet = r
            .setting("WALLET_GRPC_URL", "wallet-svc, for the limits that a host has set for itself.")
            .required("http://wallet-svc:8081");
        let accounts = accounts?;
        let barred = if r.network() == Network::Mainnet { accounts.all() } else { BTreeSet::new() };
        Ok(Self {
            rules: rules?,
            hold_grace: hold_grace?,
            arena_talk: arena_talk?,
            cancel: cancel?,
            operators: operators?,
            accounts,
            barred,
            oracle: oracle?,
            wallet: wallet?,
        })
    }
}

/// On mainnet a bet can never be taken back for longer than past-post looks back: see [`CancelRule::end`].
fn cancel(r: &mut Reader) -> Result<CancelRule, Invalid> {
    let within = r
        .setting("ROOM_CANCEL_WITHIN", "A bet can be taken back for so long.")
        .mainnet_no_more()
        .or(Duration::from_secs(5));
    let until_lock = r
        .setting("ROOM_CANCEL_UNTIL", "Nor within so long before the lock.")
        .mainnet_no_less()
        .or(Duration::from_secs(60));
    Ok(CancelRule { within: within?, until_lock: until_lock? })
}

fn rules(r: &mut Reader) -> Result<Rules, Invalid> {
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
    let max_live = r.setting("ROOM_MAX_LIVE_PER_HOST", "Live rooms of one host.").between(1, 10_000).or(5);
    let protocol_fee_bps = r
        .setting("ROOM_PROTOCOL_FEE_BPS", "Protocol's part of the losing pools, in hundredths of a percent.")
        .between(0, 2_000)
        .or(200);
    let host_fee_bps = r
        .setting("ROOM_HOST_FEE_BPS", "Host's part of the losing pools, in hundredths of a percent.")
        .between(0, 2_000)
        .or(100);
    let past_post = r
        .setting("ROOM_PAST_POST", "Bets accepted this long before a confirmed touch, or later, are void.")
        .mainnet_no_less()
        .or(Duration::from_secs(10));
    let mean = r
        .setting("ROOM_MEAN", "Length of the mean that is the deadline price.")
        .mainnet_no_less()
        .or(Duration::from_secs(60));
    let quorum =
        r.setting("ROOM_QUORUM", "Venues that must agree on a price.").between(2, 10).mainnet_no_less().or(3);
    let suspicion_bps = r
        .setting(
            "ROOM_SUSPICION_BPS",
            "A result waits for operators where a deciding price was less certain than this, in hundredths of a percent.",
        )
        .between(1, 10_000)
        .mainnet_no_more()
        .or(100);
    let suspicion_wait = r
        .setting("ROOM_SUSPICION_WAIT", "How long such a result waits at most.")
        .mainnet_no_less()
        .or(Duration::from_secs(3_600));
    let dispute = r
        .setting("ROOM_DISPUTE_TIME", "A player may dispute a result for so long.")
        .mainnet_no_less()
        .or(Duration::from_secs(86_400));
    let (cap, custom) = (cap(r), custom(r));
    Ok(Rules {
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
        suspicion_bps: suspicion_bps?,
        suspicion_wait: suspicion_wait?,
        dispute: dispute?,
        cap: cap?,
        custom: custom?,
    })
}

/// A token is easier to move than an asset.
fn cap(r: &mut Reader) -> Result<CapRules, Invalid> {
    let mean = r
        .setting("ROOM_CAP_MEAN", "Market caps: length of the mean that is judged.")
        .mainnet_no_less()
        .or(Duration::from_secs(300));
    let past_post = r
        .setting("ROOM_CAP_PAST_POST", "Market caps: as ROOM_PAST_POST.")
        .mainnet_no_less()
        .or(Duration::from_secs(60));
    let max_stake = r
        .setting("ROOM_CAP_STAKE_MAX", "Market caps: largest stake, in lamports.")
        .between(1, i64::MAX)
        .mainnet_no_more()
        .or(500_000_000);
    let pair_age = r
        .setting("ROOM_CAP_PAIR_AGE", "Market caps: least age of the token's pair.")
        .mainnet_no_less()
        .or(Duration::from_secs(86_400));
    let liquidity_usd = r
        .setting("ROOM_CAP_LIQUIDITY_USD", "Market caps: least liquidity of the token's pair, in USD.")
        .mainnet_no_less()
        .or(50_000);
    let distance_bps = r
        .setting(
            "ROOM_CAP_DISTANCE_BPS",
            "Market caps: least distance of the target, in hundredths of a percent.",
        )
        .between(0, 10_000)
        .mainnet_no_less()
        .or(1_000);
    let pool_bps = r
        .setting(
            "ROOM_CAP_POOL_BPS",
            "Market caps: all stakes together, of the pair's liquidity or of the curve's reserves, in hundredths of a percent.",
        )
        .between(1, 10_000)
        .mainnet_no_more()
        .or(100);
    Ok(CapRules {
        mean: mean?,
        past_post: past_post?,
        max_stake: Lamports::new(max_stake?),
        pair_age: pair_age?,
        liquidity_usd: liquidity_usd?,
        distance_bps: distance_bps?,
        pool_bps: pool_bps?,
    })
}

fn custom(r: &mut Reader) -> Result<CustomRules, Invalid> {
    let horizon_max = r
        .setting("ROOM_CUSTOM_HORIZON_MAX", "Questions in words: longest time from opening to deadline.")
        .or(Duration::from_secs(90 * 86_400));
    let unresolved = r
        .setting(
            "ROOM_UNRESOLVED_AFTER",
            "Questions in words: void so long after the deadline if nobody resolves it.",
        )
        .at_least(Duration::from_secs(1))
        .mainnet_no_less()
        .or(Duration::from_secs(72 * 3_600));
    Ok(CustomRules { horizon_max: horizon_max?, unresolved: unresolved? })
}
