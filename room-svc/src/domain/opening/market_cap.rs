//! Questions about the market cap of a token: price times supply, both as they are on the chain when the room opens. A
//! token is easier to move than an asset, so more is asked of it and less can be staked on it.

use super::{By, CapRules, Known, Rules, binary, chosen, no_price, positive, seconds};
use proto::{
    Lamports, Refusal,
    common::RefusalCode,
    from_timestamp,
    oracle::Token,
    room::{Comparator, Kind, OpenRoom, Terms},
};
use rust_decimal::{Decimal, prelude::ToPrimitive};
use time::OffsetDateTime;

/// A market cap is below this.
const MOST: u64 = 1_000_000_000_000_000;

pub(super) fn open(
    rules: &Rules,
    request: &OpenRoom,
    by: By<'_>,
    known: &Known,
    now: OffsetDateTime,
) -> Result<Terms, Refusal> {
    let mint = &request.asset;
    let token = known.tokens.get(mint).ok_or_else(|| no_price(mint))?;
    let supply = positive_of(&token.supply, mint)?;
    let cap = positive_of(&token.price, mint)?.checked_mul(supply).filter(|cap| *cap < MOST.into());
    let cap = cap.ok_or_else(|| no_price(mint))?;
    let max_pool = match (token.on_curve, by) {
        (true, By::Host) => return Err(Refusal::new(RefusalCode::RoomOperatorsOnly)),
        (true, By::Operators(_)) => curve_pool(&rules.cap, token),
        (false, _) => {
            gates(&rules.cap, token, now)?;
            listed_pool(&rules.cap, token).ok_or_else(|| no_price(mint))?
        }
    };
    // Two who bet against each other have to fit in.
    if max_pool < rules.min_stake.get().saturating_mul(2) {
        return Err(illiquid(&rules.cap, token));
    }
    let target =
        positive(&request.target, MOST.into()).ok_or_else(|| Refusal::new(RefusalCode::RoomTargetInvalid))?;
    let direction = direction(&rules.cap, cap, target)?;
    let comparator = if request.kind() == Kind::CapTouch { direction } else { chosen(request)? };
    Ok(Terms {
        asset: mint.clone(),
        comparator: comparator.into(),
        target: target.to_string(),
        open_price: cap.normalize().to_string(),
        supply: supply.normalize().to_string(),
        outcomes: binary(),
        max_stake_lamports: rules.max_stake.min(rules.cap.max_stake).get(),
        max_pool_lamports: max_pool,
        past_post_seconds: seconds(rules.cap.past_post),
        mean_seconds: seconds(rules.cap.mean),
        quorum: rules.quorum,
        suspicion_bps: rules.suspicion_bps,
        suspicion_wait_seconds: seconds(rules.suspicion_wait),
        ..Terms::default()
    })
}

/// A number of the token; one that is missing is a price that is not known.
fn positive_of(text: &str, mint: &str) -> Result<Decimal, Refusal> {
    proto::decimal(text).ok().filter(|number| *number > Decimal::ZERO).ok_or_else(|| no_price(mint))
}

/// What a token has to be once it is traded on a pair. On its curve it can be none of this, and operators vouch for it.
fn gates(rules: &CapRules, token: &Token, now: OffsetDateTime) -> Result<(), Refusal> {
    if !token.authority_revoked {
        return Err(Refusal::new(RefusalCode::RoomTokenMintable).with("mint", &token.mint));
    }
    let created = from_timestamp(token.pair_created_at.as_ref()).ok();
    if created.is_none_or(|created| created + rules.pair_age > now) {
        let hours = rules.pair_age.as_secs().div_ceil(3_600);
        return Err(Refusal::new(RefusalCode::RoomTokenYoung).with("min_hours", hours));
    }
    let liquidity = proto::decimal(&token.liquidity_usd).unwrap_or_default();
    if liquidity < Decimal::from(rules.liquidity_usd) {
        return Err(illiquid(rules, token));
    }
    Ok(())
}

fn illiquid(rules: &CapRules, token: &Token) -> Refusal {
    let liquidity = proto::decimal(&token.liquidity_usd).unwrap_or_default();
    Refusal::new(RefusalCode::RoomTokenIlliquid)
        .with("min_usd", rules.liquidity_usd)
        .with("liquidity_usd", liquidity.trunc().normalize())
}

/// The share of the pair's liquidity in lamports, rounded down. Nothing where it cannot be computed.
fn listed_pool(rules: &CapRules, token: &Token) -> Option<i64> {
    let liquidity = proto::decimal(&token.liquidity_usd).ok()?;
    let sol_usd = proto::decimal(&token.sol_usd).ok().filter(|price| *price > Decimal::ZERO)?;
    let share = liquidity.checked_mul(rules.pool_bps.into())?.checked_div(10_000.into())?;
    share.checked_mul(proto::LAMPORTS_PER_SOL.into())?.checked_div(sol_usd)?.floor().to_i64()
}

/// The share of the curve's real reserves in lamports, rounded down.
fn curve_pool(rules: &CapRules, token: &Token) -> i64 {
    let share = Lamports::new(token.curve_reserves_lamports).wide() * i128::from(rules.pool_bps) / 10_000;
    i64::try_from(share).unwrap_or(i64::MAX)
}

/// The target's side of the cap, if it is far enough away.
fn direction(rules: &CapRules, cap: Decimal, target: Decimal) -> Result<Comparator, Refusal> {
    let refuse = |code| Refusal::new(code).with("price", cap.normalize()).with("target", target);
    if target == cap {
        return Err(refuse(RefusalCode::RoomTargetMet));
    }
    let far = (target - cap).abs() * Decimal::from(10_000) >= cap * Decimal::from(rules.distance_bps);
    if !far {
        let percent = Decimal::new(rules.distance_bps.into(), 2).normalize();
        return Err(refuse(RefusalCode::RoomTargetTooNear).with("min_percent", percent));
    }
    Ok(if target > cap { Comparator::AtOrAbove } else { Comparator::AtOrBelow })
}
