//! Merkle trees as in [RFC 6962, section 2.1](https://www.rfc-editor.org/rfc/rfc6962#section-2.1): SHA-256, where leaves
//! are hashed with the prefix `00` and nodes with `01`, so that neither can be passed off as the other. A tree splits at
//! the largest power of two below the number of its leaves.

use sha2::{Digest, Sha256};

/// SHA-256.
pub type Hash = [u8; 32];

/// The hash of a leaf's bytes.
#[must_use]
pub fn leaf(payload: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(payload).finalize().into()
}

/// The root over hashes of leaves in their order; of none, the hash of nothing.
#[must_use]
pub fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Sha256::digest([]).into(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = split(leaves);
            node(root(left), root(right))
        }
    }
}

/// The hashes that lead from a leaf up to the root, the lowest first; nothing for a place beyond the last leaf.
#[must_use]
pub fn branch(leaves: &[Hash], place: usize) -> Option<Vec<Hash>> {
    if place >= leaves.len() {
        return None;
    }
    if leaves.len() == 1 {
        return Some(Vec::new());
    }
    let (left, right) = split(leaves);
    let (mut hashes, other) = match place.checked_sub(left.len()) {
        None => (branch(left, place)?, root(right)),
        Some(place) => (branch(right, place)?, root(left)),
    };
    hashes.push(other);
    Some(hashes)
}

/// Whether a branch leads from the leaf at `place` of `leaves` up to the root
/// ([RFC 9162, section 2.1.3.2](https://www.rfc-editor.org/rfc/rfc9162#section-2.1.3.2)).
#[must_use]
pub fn verify(leaf: Hash, place: u32, leaves: u32, branch: &[Hash], root: Hash) -> bool {
    // `place` and the last place of the tree, one level higher with each hash.
    let (mut at, Some(mut last)) = (place, leaves.checked_sub(1)) else { return false };
    if at > last {
        return false;
    }
    let mut hash = leaf;
    for other in branch {
        if last == 0 {
            return false;
        }
        if at % 2 == 1 || at == last {
            hash = node(*other, hash);
            // A node without a right neighbour goes up as it is.
            while at % 2 == 0 && at != 0 {
                at /= 2;
                last /= 2;
            }
        } else {
            hash = node(hash, *other);
        }
        at /= 2;
        last /= 2;
    }
    last == 0 && hash == root
}

fn node(left: Hash, right: Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

fn split(leaves: &[Hash]) -> (&[Hash], &[Hash]) {
    leaves.split_at(leaves.len().next_power_of_two() / 2)
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
        for (size, expected) in [
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
            assert_eq!(hex::encode(root(&leaves[..size])), expected, "{size} leaves");
        }
        // The same file's paths: leaf 6 of 8, and leaf 3 of 3 counted from 1.
        let path =
            |place, size| branch(&leaves[..size], place).unwrap().iter().map(hex::encode).collect::<Vec<_>>();
        assert_eq!(
            path(5, 8),
            [
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ]
        );
        assert_eq!(path(2, 3), ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]);
    }

    #[test]
    fn every_branch_leads_to_the_root_and_to_no_other() {
        let leaves: Vec<Hash> = (0..70_u8).map(|byte| leaf(&[byte])).collect();
        for size in 1..=70_u8 {
            let leaves = &leaves[..usize::from(size)];
            let root = root(leaves);
            for place in 0..size {
                let (leaf, size, at) = (leaves[usize::from(place)], u32::from(size), u32::from(place));
                let branch = branch(leaves, usize::from(place)).unwrap();
                assert!(verify(leaf, at, size, &branch, root), "{place} of {size}");
                for flipped in 0..branch.len() {
                    let mut other = branch.clone();
                    other[flipped][0] ^= 1;
                    assert!(!verify(leaf, at, size, &other, root));
                }
                let mut longer = branch.clone();
                longer.push(root);
                assert!(!verify(leaf, at, size, &longer, root));
                assert!(branch.is_empty() || !verify(leaf, at, size, &branch[1..], root));
                assert!(!verify(leaf, size, size, &branch, root), "beyond the last leaf");
                let neighbour = if at == 0 { 1 } else { at - 1 };
                assert!(
                    !verify(leaf, neighbour, size, &branch, root),
                    "{place} is not {neighbour} of {size}"
                );
            }
        }
        assert_eq!(branch(&leaves, 70), None);
        assert!(!verify(leaves[0], 0, 0, &[], leaves[0]), "a tree without leaves has none");
    }
}
