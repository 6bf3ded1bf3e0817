//! Questions about the price of an asset.

use super::{Known, Rules, binary, chosen, positive, seconds};
use proto::{
    Refusal,
    common::RefusalCode,
    room::{Comparator, OpenRoom, Terms},
};
use rust_decimal::Decimal;
use std::time::Duration;

/// A price is below this.
const MOST: u32 = 1_000_000_000;

/// Ranges of one room.
const RANGES: std::ops::RangeInclusive<usize> = 2..=8;

/// What all these questions have in common.
fn about(rules: &Rules, asset: &str, price: Decimal) -> Terms {
    Terms {
        asset: asset.to_owned(),
        open_price: price.normalize().to_string(),
        max_stake_lamports: rules.max_stake.get(),
        past_post_seconds: seconds(rules.past_post),
        mean_seconds: seconds(rules.mean),
        quorum: rules.quorum,
        suspicion_bps: rules.suspicion_bps,
        suspicion_wait_seconds: seconds(rules.suspicion_wait),
        ..Terms::default()
    }
}

/// Does the price reach the target before the deadline?
pub(super) fn touch(
    rules: &Rules,
    request: &OpenRoom,
    known: &Known,
    horizon: Duration,
) -> Result<Terms, Refusal> {
    let price = known.price(&request.asset)?;
    let target = target(&request.target)?;
    Ok(Terms {
        comparator: touch_direction(price, target, horizon)?.into(),
        target: target.to_string(),
        outcomes: binary(),
        ..about(rules, &request.asset, price)
    })
}

/// On which side of the target is the deadline price?
pub(super) fn close(rules: &Rules, request: &OpenRoom, known: &Known) -> Result<Terms, Refusal> {
    let price = known.price(&request.asset)?;
    Ok(Terms {
        target: target(&request.target)?.to_string(),
        comparator: chosen(request)?.into(),
        outcomes: binary(),
        ..about(rules, &request.asset, price)
    })
}

/// Is the deadline price above or below that of the minute after the lock?
pub(super) fn up_down(rules: &Rules, request: &OpenRoom, known: &Known) -> Result<Terms, Refusal> {
    let price = known.price(&request.asset)?;
    let outcomes = vec!["UP".to_owned(), "DOWN".to_owned()];
    Ok(Terms { outcomes, ..about(rules, &request.asset, price) })
}

/// In which range is the deadline price?
pub(super) fn buckets(rules: &Rules, request: &OpenRoom, known: &Known) -> Result<Terms, Refusal> {
    let price = known.price(&request.asset)?;
    let refusal =
        || Refusal::new(RefusalCode::RoomBounds).with("min", RANGES.start()).with("max", RANGES.end());
    let bounds: Option<Vec<Decimal>> =
        request.bounds.iter().map(|bound| positive(bound, MOST.into())).collect();
    let bounds = bounds.ok_or_else(refusal)?;
    if !RANGES.contains(&(bounds.len() + 1)) || !bounds.is_sorted_by(|one, next| one < next) {
        return Err(refusal());
    }
    Ok(Terms {
        outcomes: labels(&bounds),
        bounds: bounds.iter().map(Decimal::to_string).collect(),
        ..about(rules, &request.asset, price)
    })
}

/// The half-open ranges between the bounds, in words.
fn labels(bounds: &[Decimal]) -> Vec<String> {
    let below = bounds.first().map(|first| format!("below {first}"));
    let between = bounds.iter().zip(bounds.iter().skip(1)).map(|(from, to)| format!("{from} to {to}"));
    let above = bounds.last().map(|last| format!("{last} and above"));
    below.into_iter().chain(between).chain(above).collect()
}

/// Which of two assets returns more?
pub(super) fn head_to_head(rules: &Rules, request: &OpenRoom, known: &Known) -> Result<Terms, Refusal> {
    let price = known.price(&request.asset)?;
    if request.rival_asset == request.asset {
        return Err(Refusal::new(RefusalCode::RoomRival).with("asset", &request.asset));
    }
    known.price(&request.rival_asset)?;
    Ok(Terms {
        rival_asset: request.rival_asset.clone(),
        outcomes: vec![request.asset.clone(), request.rival_asset.clone()],
        ..about(rules, &request.asset, price)
    })
}

fn target(text: &str) -> Result<Decimal, Refusal> {
    positive(text, MOST.into()).ok_or_else(|| Refusal::new(RefusalCode::RoomTargetInvalid))
}

/// Up or down follows from the price; the distance is at least 0.1 % times the square root of the
/// horizon in quarters of an hour. Squared on both sides, so that no root is taken.
pub(super) fn touch_direction(
    price: Decimal,
    target: Decimal,
    horizon: Duration,
) -> Result<Comparator, Refusal> {
    let refuse = |code| Refusal::new(code).with("price", price.normalize()).with("target", target);
    if target == price {
        return Err(refuse(RefusalCode::RoomTargetMet));
    }
    let share = (target - price).abs() / price;
    let quarters = Decimal::from(horizon.as_secs()) / Decimal::from(900);
    if share * share < Decimal::new(1, 6) * quarters {
        let least = least_distance_percent(horizon);
        return Err(refuse(RefusalCode::RoomTargetTooNear).with("min_percent", least));
    }
    Ok(if target > price { Comparator::AtOrAbove } else { Comparator::AtOrBelow })
}

/// The least distance of a target in percent, as one is told it: rounded up to four places, so that
/// what is told is far enough.
pub(super) fn least_distance_percent(horizon: Duration) -> Decimal {
    // 0.1 % × √(seconds ÷ 900) in ten-thousandths of a percent is √(seconds × 10⁶ ÷ 900).
    let squared = u64::from(seconds(horizon)).saturating_mul(1_000_000).div_ceil(900);
    let root = squared.isqrt();
    let root = if root.saturating_mul(root) < squared { root.saturating_add(1) } else { root };
    Decimal::from_i128_with_scale(root.into(), 4).normalize()
}
