//! The Merkle root that commits to all payouts of a room.

use super::{Fate, Line};
use proto::merkle;

pub use proto::merkle::Hash;

/// The root over the lines in their order ([`proto::merkle`]). A leaf is 52 bytes, integers
/// big-endian: bet id (16), outcome (4), stake (8), acceptance in Unix microseconds (8), minimum
/// odds in hundredths (4), fate (4, as numbered in the contract), payout (8): all that the evidence
/// tells of a bet.
#[must_use]
pub fn root(lines: &[Line]) -> Hash {
    let leaves: Vec<Hash> = lines.iter().map(|line| merkle::leaf(&payload(line))).collect();
    merkle::root(&leaves)
}

fn payload(line: &Line) -> Vec<u8> {
    let Line { bet, fate, payout } = line;
    let micros = bet.accepted_at.unix_timestamp_nanos().div_euclid(1_000);
    // A time of the database lies within 300,000 years.
    let accepted_at = i64::try_from(micros).unwrap_or(i64::MAX);
    let fate = i32::from(proto::settlement::Fate::from(*fate));
    let mut bytes = bet.id.uuid().as_bytes().to_vec();
    bytes.extend(bet.outcome.to_be_bytes());
    bytes.extend(bet.stake.get().to_be_bytes());
    bytes.extend(accepted_at.to_be_bytes());
    bytes.extend(bet.min_odds_percent.to_be_bytes());
    bytes.extend(fate.to_be_bytes());
    bytes.extend(payout.get().to_be_bytes());
    bytes
}

impl From<Fate> for proto::settlement::Fate {
    fn from(fate: Fate) -> Self {
        match fate {
            Fate::Won => Self::Won,
            Fate::Lost => Self::Lost,
            Fate::RoomVoid => Self::RoomVoid,
            Fate::PastPost => Self::PastPost,
            Fate::MinOdds => Self::MinOdds,
        }
    }
}
