//! Opening a room: from what a host asks for to the terms that stand.

use proto::{
    Lamports, Malformed, Refusal, RoomId,
    common::RefusalCode,
    room::{Comparator, Kind, OpenRoom, Terms},
    timestamp,
};
use rust_decimal::Decimal;
use std::time::Duration;
use time::OffsetDateTime;

/// The rules of opening, from settings; what concerns a room is frozen in its terms.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Shortest horizon.
    pub horizon_min: Duration,
    /// Longest horizon.
    pub horizon_max: Duration,
    /// The lock is at least this long before the deadline.
    pub lock_margin: Duration,
    /// Least stake.
    pub min_stake: Lamports,
    /// Largest stake.
    pub max_stake: Lamports,
    /// Seats.
    pub max_players: u32,
    /// Live rooms of one host.
    pub max_live: u32,
    /// Protocol's part of the losing pools, in basis points.
    pub protocol_fee_bps: u32,
    /// Host's part of the losing pools, in basis points.
    pub host_fee_bps: u32,
    /// Bets accepted this long before a touch, or later, are void.
    pub past_post: Duration,
    /// Length of the mean that is the deadline price.
    pub mean: Duration,
    /// Venues that must agree.
    pub quorum: u32,
}

/// Assets with a series of their own.
pub const ASSETS: [&str; 3] = ["BTC", "ETH", "SOL"];

const MAX_SUBTITLE_CHARS: usize = 80;

/// Builds the terms of a room that opens now, at this price.
///
/// # Errors
/// Outer: the message breaks its contract. Inner: a rule of spec 2 with its numbers.
pub fn open(
    rules: &Rules,
    request: &OpenRoom,
    price: Option<Decimal>,
    now: OffsetDateTime,
) -> Result<Result<Terms, Refusal>, Malformed> {
    let room_id = RoomId::try_from_bytes(&request.room_id)?;
    if request.host_account_id.len() != 16 {
        return Err(Malformed("host"));
    }
    Ok(decide(rules, request, room_id, price, now))
}

fn decide(
    rules: &Rules,
    request: &OpenRoom,
    room_id: RoomId,
    price: Option<Decimal>,
    now: OffsetDateTime,
) -> Result<Terms, Refusal> {
    let horizon = Duration::from_secs(request.horizon_seconds.into());
    if horizon < rules.horizon_min || horizon > rules.horizon_max {
        return Err(Refusal::new(RefusalCode::RoomHorizon)
            .with("min", rules.horizon_min.as_secs())
            .with("max", rules.horizon_max.as_secs()));
    }
    if request.subtitle.chars().count() > MAX_SUBTITLE_CHARS {
        return Err(Refusal::new(RefusalCode::Malformed).with("field", "subtitle"));
    }
    let price = price
        .filter(|_| ASSETS.contains(&request.asset.as_str()))
        .ok_or_else(|| Refusal::new(RefusalCode::RoomNoPrice).with("asset", &request.asset))?;
    let target = target(&request.target)?;
    let comparator = match request.kind() {
        Kind::Touch => touch_direction(price, target, horizon)?,
        Kind::Close if request.comparator() != Comparator::Unspecified => request.comparator(),
        Kind::Close => return Err(Refusal::new(RefusalCode::Malformed).with("field", "comparator")),
        _ => return Err(Refusal::new(RefusalCode::Malformed).with("field", "kind")),
    };
    Ok(Terms {
        room_id: room_id.bytes(),
        kind: request.kind,
        asset: request.asset.clone(),
        comparator: comparator.into(),
        target: target.to_string(),
        open_price: price.normalize().to_string(),
        open_at: Some(timestamp(now)),
        lock_at: Some(timestamp(now + lock_after(horizon, rules.lock_margin))),
        deadline: Some(timestamp(now + horizon)),
        outcomes: vec!["YES".to_owned(), "NO".to_owned()],
        min_stake_lamports: rules.min_stake.get(),
        max_stake_lamports: rules.max_stake.get(),
        max_players: rules.max_players,
        min_players: 0,
        protocol_fee_bps: rules.protocol_fee_bps,
        host_fee_bps: rules.host_fee_bps,
        past_post_seconds: seconds(rules.past_post),
        mean_seconds: seconds(rules.mean),
        quorum: rules.quorum,
        host_account_id: request.host_account_id.clone(),
        subtitle: request.subtitle.clone(),
        scope_chat_id: request.scope_chat_id,
        ..Terms::default()
    })
}

fn seconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_secs()).unwrap_or(u32::MAX)
}

/// A positive decimal that a price could be.
fn target(text: &str) -> Result<Decimal, Refusal> {
    let most = Decimal::from(1_000_000_000_u32);
    proto::decimal(text)
        .ok()
        .filter(|target| *target > Decimal::ZERO && *target < most && target.scale() <= 8)
        .map(|target| target.normalize())
        .ok_or_else(|| Refusal::new(RefusalCode::RoomTargetInvalid))
}

/// Half of the horizon, at latest the larger of the margin and a fifth before the deadline: money
/// that comes when the result is all but known must not be riskless.
fn lock_after(horizon: Duration, margin: Duration) -> Duration {
    (horizon / 2).min(horizon.saturating_sub(margin.max(horizon / 5)))
}

/// Up or down follows from the price; the distance is at least 0.1 % times the square root of the
/// horizon in quarters of an hour. Squared on both sides, so that no root is taken.
fn touch_direction(price: Decimal, target: Decimal, horizon: Duration) -> Result<Comparator, Refusal> {
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
fn least_distance_percent(horizon: Duration) -> Decimal {
    // 0.1 % × √(seconds ÷ 900) in ten-thousandths of a percent is √(seconds × 10⁶ ÷ 900).
    let squared = u64::from(seconds(horizon)).saturating_mul(1_000_000).div_ceil(900);
    let root = squared.isqrt();
    let root = if root.saturating_mul(root) < squared { root.saturating_add(1) } else { root };
    Decimal::from_i128_with_scale(root.into(), 4).normalize()
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn rules() -> Rules {
        Rules {
            horizon_min: Duration::from_secs(900),
            horizon_max: Duration::from_secs(86_400),
            lock_margin: Duration::from_secs(300),
            min_stake: Lamports::new(50_000_000),
            max_stake: Lamports::new(5_000_000_000),
            max_players: 10,
            max_live: 5,
            protocol_fee_bps: 200,
            host_fee_bps: 100,
            past_post: Duration::from_secs(10),
            mean: Duration::from_secs(60),
            quorum: 3,
        }
    }

    fn request(target: &str, horizon_seconds: u32) -> OpenRoom {
        OpenRoom {
            room_id: Uuid::from_u128(5).as_bytes().to_vec(),
            host_account_id: Uuid::from_u128(6).as_bytes().to_vec(),
            kind: Kind::Touch.into(),
            asset: "SOL".to_owned(),
            target: target.to_owned(),
            horizon_seconds,
            ..Default::default()
        }
    }

    fn opened(request: &OpenRoom) -> Result<Terms, RefusalCode> {
        let price = Some(Decimal::from(160));
        open(&rules(), request, price, OffsetDateTime::UNIX_EPOCH).unwrap().map_err(|refusal| refusal.code)
    }

    #[test]
    fn direction_follows_from_the_price() {
        assert_eq!(opened(&request("165", 3600)).unwrap().comparator(), Comparator::AtOrAbove);
        assert_eq!(opened(&request("155", 3600)).unwrap().comparator(), Comparator::AtOrBelow);
    }

    #[test]
    fn targets_are_neither_met_nor_near_nor_nonsense() {
        assert_eq!(opened(&request("160", 3600)), Err(RefusalCode::RoomTargetMet));
        // 0.1 % * sqrt(4) of 160 is 0.32.
        assert_eq!(opened(&request("160.31", 3600)), Err(RefusalCode::RoomTargetTooNear));
        assert!(opened(&request("160.32", 3600)).is_ok());
        for text in ["", "10abc", "-5", "0", "1e3", "NaN", "99999999999", "1.123456789"] {
            assert_eq!(opened(&request(text, 3600)), Err(RefusalCode::RoomTargetInvalid), "{text}");
        }
    }

    #[test]
    fn what_is_told_as_the_least_distance_is_enough() {
        for (minutes, percent) in [(15, "0.1"), (60, "0.2"), (120, "0.2829"), (1_440, "0.9798")] {
            let horizon = Duration::from_secs(minutes * 60);
            let least = least_distance_percent(horizon);
            assert_eq!(least.to_string(), percent, "{minutes} min");
            let price = Decimal::from(160);
            let target = |percent: Decimal| price + price * percent / Decimal::ONE_HUNDRED;
            assert!(touch_direction(price, target(least), horizon).is_ok(), "{minutes} min");
            let nearer = touch_direction(price, target(least - Decimal::new(1, 4)), horizon).unwrap_err();
            assert!(nearer.to_string().ends_with(&format!("min_percent={percent}")), "{nearer}");
        }
    }

    #[test]
    fn horizon_and_asset_have_limits() {
        assert_eq!(opened(&request("165", 899)), Err(RefusalCode::RoomHorizon));
        assert_eq!(opened(&request("165", 86_401)), Err(RefusalCode::RoomHorizon));
        assert_eq!(
            opened(&OpenRoom { asset: "DOGE".to_owned(), ..request("165", 3600) }),
            Err(RefusalCode::RoomNoPrice)
        );
        let without_price = open(&rules(), &request("165", 3600), None, OffsetDateTime::UNIX_EPOCH).unwrap();
        assert_eq!(without_price.unwrap_err().code, RefusalCode::RoomNoPrice);
    }

    #[test]
    fn the_lock_leaves_the_margin() {
        let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
        assert_eq!(lock_after(minutes(60), minutes(5)), minutes(30));
        assert_eq!(lock_after(minutes(15), minutes(5)), Duration::from_secs(450));
        assert_eq!(lock_after(minutes(15), minutes(10)), minutes(5));
    }

    #[test]
    fn the_same_terms_have_the_same_bytes() {
        use prost::Message;
        let terms = opened(&request("165.50", 3600)).unwrap();
        let again = Terms::decode(terms.encode_to_vec().as_slice()).unwrap();
        assert_eq!(again.encode_to_vec(), terms.encode_to_vec());
        assert_eq!(terms.target, "165.5");
    }
}
