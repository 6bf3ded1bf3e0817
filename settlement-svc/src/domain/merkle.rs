//! The Merkle root that commits to all payouts of a room.

use super::{Fate, Line};
use sha2::{Digest, Sha256};

/// A SHA-256 hash.
pub type Hash = [u8; 32];

/// The root over the lines in their order: the Merkle tree hash of
/// [RFC 6962, section 2.1](https://www.rfc-editor.org/rfc/rfc6962#section-2.1), whose leaves and
/// nodes are hashed with different prefixes, so that neither can be passed off as the other. A
/// leaf is 40 bytes, integers big-endian: bet id (16), outcome (4), stake (8), fate (4, as
/// numbered in the contract), payout (8).
#[must_use]
pub fn root(lines: &[Line]) -> Hash {
    let leaves: Vec<Hash> = lines.iter().map(|line| leaf(&payload(line))).collect();
    tree(&leaves)
}

fn payload(line: &Line) -> [u8; 40] {
    let mut bytes = [0; 40];
    let (bet, rest) = bytes.split_at_mut(16);
    let (outcome, rest) = rest.split_at_mut(4);
    let (stake, rest) = rest.split_at_mut(8);
    let (fate, payout) = rest.split_at_mut(4);
    bet.copy_from_slice(line.bet.id.uuid().as_bytes());
    outcome.copy_from_slice(&line.bet.outcome.to_be_bytes());
    stake.copy_from_slice(&line.bet.stake.get().to_be_bytes());
    fate.copy_from_slice(&i32::from(proto::settlement::Fate::from(line.fate)).to_be_bytes());
    payout.copy_from_slice(&line.payout.get().to_be_bytes());
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

fn leaf(payload: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(payload).finalize().into()
}

fn node(left: Hash, right: Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// Splits at the largest power of two below the number of leaves, as the RFC does.
fn tree(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Sha256::digest([]).into(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            node(tree(left), tree(right))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The test vectors of Certificate Transparency's reference implementation
    /// (github.com/google/certificate-transparency, `cpp/merkletree/merkle_tree_test.cc`).
    #[test]
    fn agrees_with_certificate_transparency() {
        let inputs = [
            "",
            "00",
            "10",
            "2021",
            "3031",
            "40414243",
            "5051525354555657",
            "606162636465666768696a6b6c6d6e6f",
        ];
        let leaves: Vec<Hash> = inputs.iter().map(|input| leaf(&hex::decode(input).unwrap())).collect();
        for (size, root) in [
            (0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            (1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
            (2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
            (3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
            (4, "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"),
            (5, "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"),
            (6, "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"),
            (7, "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"),
            (8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
        ] {
            assert_eq!(hex::encode(tree(&leaves[..size])), root, "{size} leaves");
        }
    }
}
