//! The root over all bets, and the memo on chain that names it: RFC 6962 trees over SHA-256.

use super::book::{Bet, Fate};
use sha2::{Digest, Sha256};
use uuid::Uuid;

pub(super) type Hash = [u8; 32];

/// The leaf of one bet: 52 bytes, integers big-endian.
pub(super) fn bet_leaf(bet: &Bet, fate: Fate, payout: i64) -> Hash {
    let number = match fate {
        Fate::Won => 1_u32,
        Fate::Lost => 2,
        Fate::RoomVoid => 3,
        Fate::PastPost => 4,
        Fate::MinOdds => 5,
    };
    let mut bytes = vec![0];
    bytes.extend(bet.id.as_bytes());
    bytes.extend(bet.outcome.to_be_bytes());
    bytes.extend(bet.stake.to_be_bytes());
    bytes.extend(bet.accepted_at.to_be_bytes());
    bytes.extend(bet.min_odds_percent.to_be_bytes());
    bytes.extend(number.to_be_bytes());
    bytes.extend(payout.to_be_bytes());
    Sha256::digest(bytes).into()
}

fn node(left: &Hash, right: &Hash) -> Hash {
    Sha256::digest([&[1][..], left, right].concat()).into()
}

/// The root over leaves. Built from the left with a stack of whole subtrees, as they come.
#[derive(Debug, Default)]
pub(super) struct Tree {
    /// Height and hash; heights fall from left to right.
    whole: Vec<(u32, Hash)>,
}

impl Tree {
    pub(super) fn push(&mut self, leaf: Hash) {
        let (mut height, mut hash) = (0, leaf);
        while let Some((_, left)) = self.whole.pop_if(|(left, _)| *left == height) {
            hash = node(&left, &hash);
            height += 1;
        }
        self.whole.push((height, hash));
    }

    pub(super) fn root(self) -> Hash {
        let mut from_right = self.whole.into_iter().rev().map(|(_, hash)| hash);
        let Some(last) = from_right.next() else { return Sha256::digest([]).into() };
        from_right.fold(last, |right, left| node(&left, &right))
    }
}

/// The five things that a receipt says of a room.
#[derive(Clone, Debug)]
pub(super) struct Receipt<'a> {
    pub(super) room: Uuid,
    pub(super) terms: Hash,
    pub(super) root: Hash,
    /// As text; empty where no price decided.
    pub(super) price: &'a str,
    pub(super) outcome: &'a str,
}

impl Receipt<'_> {
    /// The memo of this room alone.
    pub(super) fn memo(&self) -> String {
        let Self { room, terms, root, price, outcome } = self;
        let price = if price.is_empty() { "-" } else { price };
        format!("ROOMS1 {room} {} {} {price} {outcome}", hex::encode(terms), hex::encode(root))
    }

    /// The leaf of this room among several.
    fn leaf(&self) -> Option<Hash> {
        let mut hash = Sha256::new_with_prefix([0]);
        hash.update(self.room.as_bytes());
        hash.update(self.terms);
        hash.update(self.root);
        for text in [self.price, self.outcome] {
            hash.update(u16::try_from(text.len()).ok()?.to_be_bytes());
            hash.update(text);
        }
        Some(hash.finalize().into())
    }

    /// The memo of several rooms, to whose root the branch leads from this room's leaf. Nothing where a branch of this
    /// length cannot lead there.
    pub(super) fn memo_of_several(&self, place: u64, leaves: u64, branch: &[Hash]) -> Option<String> {
        let root = climb(self.leaf()?, place, leaves, branch)?;
        Some(format!("ROOMS1R {leaves} {}", hex::encode(root)))
    }
}

/// The root of a tree of `leaves` in which `hash` is the subtree that holds the leaf at `place`, told from the top down:
/// the last hash of the branch is the other half.
fn climb(leaf: Hash, place: u64, leaves: u64, branch: &[Hash]) -> Option<Hash> {
    if place >= leaves {
        return None;
    }
    let Some((other, below)) = branch.split_last() else { return (leaves == 1).then_some(leaf) };
    if leaves == 1 {
        return None;
    }
    let half = leaves.next_power_of_two() / 2;
    if place < half {
        Some(node(&climb(leaf, place, half, below)?, other))
    } else {
        Some(node(other, &climb(leaf, place - half, leaves - half, below)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Vectors of Certificate Transparency's reference implementation
    /// (github.com/google/certificate-transparency, `cpp/merkletree/merkle_tree_test.cc`).
    #[test]
    fn agrees_with_certificate_transparency() {
        let inputs = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657"];
        let roots = [
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        ];
        for (size, root) in roots.into_iter().enumerate() {
            let mut tree = Tree::default();
            for input in &inputs[..size] {
                tree.push(Sha256::digest([&[0][..], &hex::decode(input).unwrap()].concat()).into());
            }
            assert_eq!(hex::encode(tree.root()), root, "{size} leaves");
        }
    }

    #[test]
    fn a_branch_leads_to_the_root() {
        let [a, b, c] = [[1; 32], [2; 32], [3; 32]];
        let root = node(&node(&a, &b), &c);
        assert_eq!(climb(a, 0, 3, &[b, c]), Some(root));
        assert_eq!(climb(b, 1, 3, &[a, c]), Some(root));
        assert_eq!(climb(c, 2, 3, &[node(&a, &b)]), Some(root));
        assert_eq!(climb(a, 0, 1, &[]), Some(a));
        for (place, leaves, branch) in
            [(3, 3, &[a][..]), (2, 3, &[a, b]), (0, 1, &[a]), (0, 3, &[a]), (0, 0, &[])]
        {
            assert_eq!(climb(c, place, leaves, branch), None, "{place} of {leaves}");
        }
    }
}
