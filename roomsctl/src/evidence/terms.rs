//! The terms: what was hashed, and whether the readable members say the same.

use super::check::inside;
use super::finding::Findings;
use super::price::{Fraction, parse_price};
use prost::Message;
use proto::room::{self, Comparator, Kind};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Which side of the target is YES.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// At or above it.
    Above,
    /// At or below it.
    Below,
}

impl Side {
    /// Whether something that compares so with the target is on this side, or equal.
    pub(super) fn holds(self, compared: std::cmp::Ordering) -> bool {
        match self {
            Self::Above => compared.is_ge(),
            Self::Below => compared.is_le(),
        }
    }
}

/// What decides. Prices in 10^-12 USD.
#[derive(Clone, Debug)]
pub(super) enum Rule {
    Touch {
        side: Side,
        target: u128,
    },
    /// Also a market cap's: of the mean price times `supply`, which is 1 where a price is asked for.
    Close {
        side: Side,
        target: Fraction,
        supply: Fraction,
    },
    /// A market cap's touch: by the trailing mean price times `supply`.
    CapTouch {
        side: Side,
        target: Fraction,
        supply: Fraction,
    },
    UpDown,
    Buckets {
        bounds: Vec<u128>,
    },
    HeadToHead,
    Custom,
}

/// The terms, from the bytes that were hashed. Times in microseconds since 1970.
#[derive(Clone, Debug)]
pub(super) struct Terms {
    pub(super) told: room::Terms,
    pub(super) hash: [u8; 32],
    pub(super) rule: Rule,
    pub(super) open_at: i64,
    pub(super) lock_at: i64,
    pub(super) deadline: i64,
    /// Seconds in a mean.
    pub(super) mean: i64,
    pub(super) quorum: usize,
}

impl Terms {
    /// Reads the hashed bytes.
    pub(super) fn read(bytes: &[u8], findings: &mut Findings) -> Option<Self> {
        const AT: &str = "terms_bytes";
        let Ok(told) = room::Terms::decode(bytes) else {
            findings.add(AT, "is no message rooms.room.v1.Terms");
            return None;
        };
        if told.encode_to_vec() != bytes {
            findings.add(AT, "holds more than this version knows, or in another order");
            return None;
        }
        let Some(rule) = rule(&told) else {
            findings.add(AT, "promises what no room can keep: kind, comparator, target, bounds or supply");
            return None;
        };
        let moment = |at: Option<&prost_types::Timestamp>| {
            at.and_then(|at| at.seconds.checked_mul(1_000_000)?.checked_add(i64::from(at.nanos) / 1_000))
        };
        let times =
            (moment(told.open_at.as_ref()), moment(told.lock_at.as_ref()), moment(told.deadline.as_ref()));
        let (Some(open_at), Some(lock_at), Some(deadline)) = times else {
            findings.add(AT, "has no times");
            return None;
        };
        let hash = Sha256::digest(bytes).into();
        let (mean, quorum) =
            (i64::from(told.mean_seconds), usize::try_from(told.quorum).unwrap_or(usize::MAX));
        Some(Self { told, hash, rule, open_at, lock_at, deadline, mean, quorum })
    }

    /// The room's id.
    pub(super) fn room(&self) -> Uuid {
        Uuid::from_slice(&self.told.room_id).unwrap_or_default()
    }

    /// Names each readable member that says something else than the bytes.
    pub(super) fn compare(&self, readable: &Map<String, Value>, findings: &mut Findings) {
        let should = self.readable();
        for name in should.keys().chain(readable.keys().filter(|name| !should.contains_key(*name))) {
            let text = |value: Option<&Value>| value.map(Value::to_string).unwrap_or_default();
            let (is, should) = (text(readable.get(name)), text(should.get(name)));
            findings.compare(inside("terms", name), &is, "terms_bytes say", &should);
        }
    }

    fn readable(&self) -> Map<String, Value> {
        let Self { told, open_at, lock_at, deadline, .. } = self;
        let moment = |at: &i64| super::fields::written(*at);
        let readable = json!({
            "kind": told.kind().as_str_name().trim_start_matches("KIND_"),
            "asset": told.asset,
            "rival_asset": told.rival_asset,
            "comparator": told.comparator().as_str_name().trim_start_matches("COMPARATOR_"),
            "target": told.target,
            "bounds": told.bounds,
            "supply": told.supply,
            "open_price": told.open_price,
            "open_at": moment(open_at),
            "lock_at": moment(lock_at),
            "deadline": moment(deadline),
            "outcomes": told.outcomes,
            "question": told.question,
            "criterion": told.criterion,
            "source_url": told.source_url,
            "subtitle": told.subtitle,
            "host_account_id": Uuid::from_slice(&told.host_account_id).unwrap_or_default().to_string(),
            "scope_chat_id": told.scope_chat_id,
            "min_stake_lamports": told.min_stake_lamports.to_string(),
            "max_stake_lamports": told.max_stake_lamports.to_string(),
            "max_pool_lamports": told.max_pool_lamports.to_string(),
            "min_players": told.min_players,
            "max_players": told.max_players,
            "protocol_fee_bps": told.protocol_fee_bps,
            "host_fee_bps": told.host_fee_bps,
            "past_post_seconds": told.past_post_seconds,
            "mean_seconds": told.mean_seconds,
            "quorum": told.quorum,
            "suspicion_bps": told.suspicion_bps,
            "suspicion_wait_seconds": told.suspicion_wait_seconds,
            "dispute_seconds": told.dispute_seconds,
            "unresolved_seconds": told.unresolved_seconds,
        });
        match readable {
            Value::Object(members) => members,
            _ => Map::new(),
        }
    }

    /// What the receipt calls a result.
    pub(super) fn label(&self, ruling: Ruling) -> String {
        match ruling {
            Ruling::Outcome(outcome) => {
                let label = usize::try_from(outcome).ok().and_then(|outcome| self.told.outcomes.get(outcome));
                label.cloned().unwrap_or_else(|| format!("outcome {outcome}"))
            }
            Ruling::Void(reason) => format!("VOID {}", void_word(reason)),
        }
    }
}

/// An outcome, or why there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ruling {
    Outcome(u32),
    Void(room::VoidReason),
}

impl std::fmt::Display for Ruling {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Outcome(outcome) => write!(f, "outcome {outcome}"),
            Self::Void(reason) => write!(f, "VOID {}", void_word(*reason)),
        }
    }
}

/// The reason in a bundle.
pub(super) fn void_word(reason: room::VoidReason) -> &'static str {
    reason.as_str_name().trim_start_matches("VOID_REASON_")
}

/// Reads [`void_word`].
pub(super) fn void_from_word(word: &str) -> Option<room::VoidReason> {
    let reason = room::VoidReason::from_str_name(&format!("VOID_REASON_{word}"));
    reason.filter(|reason| *reason != room::VoidReason::Unspecified)
}

fn rule(told: &room::Terms) -> Option<Rule> {
    let side = match told.comparator() {
        Comparator::AtOrAbove => Some(Side::Above),
        Comparator::AtOrBelow => Some(Side::Below),
        Comparator::Unspecified => None,
    };
    let cap = || Some((side?, Fraction::parse(&told.target)?, Fraction::parse(&told.supply)?));
    Some(match Kind::try_from(told.kind).ok()? {
        Kind::Touch => Rule::Touch { side: side?, target: parse_price(&told.target)? },
        Kind::Close => {
            parse_price(&told.target)?;
            Rule::Close { side: side?, target: Fraction::parse(&told.target)?, supply: Fraction::parse("1")? }
        }
        Kind::CapTouch => {
            let (side, target, supply) = cap()?;
            Rule::CapTouch { side, target, supply }
        }
        Kind::CapClose => {
            let (side, target, supply) = cap()?;
            Rule::Close { side, target, supply }
        }
        Kind::UpDown => Rule::UpDown,
        Kind::Buckets => {
            let bounds: Vec<u128> =
                told.bounds.iter().map(|bound| parse_price(bound)).collect::<Option<_>>()?;
            let ascending = bounds.is_sorted_by(|one, next| one < next);
            (ascending && bounds.len() + 1 == told.outcomes.len()).then_some(Rule::Buckets { bounds })?
        }
        Kind::HeadToHead => Rule::HeadToHead,
        Kind::Custom => Rule::Custom,
        Kind::Unspecified => return None,
    })
}
