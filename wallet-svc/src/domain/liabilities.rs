//! The Merkle tree of everything that is owed. `proto::proof` has its hashes and checks its branches.

use super::debts::Debt;
use hkdf::Hkdf;
use proto::{
    Lamports,
    proof::{Hash, NoSum, Node, Owed, Sibling},
};
use sha2::Sha256;
use uuid::Uuid;
use zeroize::Zeroizing;

/// The random key of one proof. An owner's salt is HKDF-Expand of it over the owner's id (RFC 5869): known to us for every
/// leaf, and to an owner for their own, which says nothing about others.
#[derive(Clone)]
pub struct SaltKey(Zeroizing<Hash>);

impl SaltKey {
    /// Takes 32 random bytes.
    #[must_use]
    pub fn new(random: Hash) -> Self {
        Self(Zeroizing::new(random))
    }

    /// The bytes, to be stored beside the leaves.
    #[must_use]
    pub fn expose(&self) -> &Hash {
        &self.0
    }
}

impl std::fmt::Debug for SaltKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SaltKey")
    }
}

/// Why there is no tree.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
pub enum TreeError {
    /// Nothing to be proven.
    #[error("a tree without leaves")]
    Empty,
    /// A negative part, or more than the ledger can hold.
    #[error("leaves without a sum")]
    NoSum(#[from] NoSum),
    /// Stored leaves that are none.
    #[error("stored leaves are damaged")]
    Damaged,
}

/// Bytes of one stored leaf: owner, available, held, staked, leaving.
const LEAF: usize = 48;

/// A whole tree. Leaves stand in the order of their hashes, which the salts make another one in every proof: neither a
/// place nor a neighbour says whose a leaf is.
pub struct Tree {
    salts: Hkdf<Sha256>,
    debts: Vec<Debt>,
    /// Leaves first, the top last.
    levels: Vec<Vec<Node>>,
    top: Node,
}

impl Tree {
    /// Builds it.
    ///
    /// # Errors
    /// See [`TreeError`].
    pub fn try_new(key: &SaltKey, debts: &[Debt]) -> Result<Self, TreeError> {
        // Cannot fail: a key of 32 bytes is what it asks for.
        let salts = Hkdf::<Sha256>::from_prk(key.expose()).map_err(|_| TreeError::Damaged)?;
        let leaf = |debt: &Debt| Node::leaf(&salt(&salts, debt.owner), debt.owner, &debt.owed);
        let mut leaves =
            debts.iter().map(|debt| Ok((leaf(debt)?, *debt))).collect::<Result<Vec<_>, NoSum>>()?;
        leaves.sort_unstable_by_key(|(node, _)| node.hash);
        let (mut level, debts): (Vec<Node>, Vec<Debt>) = leaves.into_iter().unzip();
        let mut levels = Vec::new();
        while level.len() > 1 {
            let above = level.chunks(2).map(|pair| match pair {
                [left, right] => Node::above(left, right),
                alone => alone.first().copied().ok_or(NoSum),
            });
            let above = above.collect::<Result<Vec<_>, _>>()?;
            levels.push(std::mem::replace(&mut level, above));
        }
        let top = *level.first().ok_or(TreeError::Empty)?;
        Ok(Self { salts, debts, levels, top })
    }

    /// The topmost node: its hash is the tree's, its sum the total.
    #[must_use]
    pub const fn top(&self) -> Node {
        self.top
    }

    /// How many leaves it has.
    #[must_use]
    pub fn leaves(&self) -> usize {
        self.debts.len()
    }

    /// What one owner needs to find themselves in it: the salt, what they are owed, and the siblings from the leaf to
    /// the top. Nothing for an owner who is not in it.
    #[must_use]
    pub fn branch(&self, owner: Uuid) -> Option<(Hash, Owed, Vec<Sibling>)> {
        let mut place = self.debts.iter().position(|debt| debt.owner == owner)?;
        let owed = self.debts.get(place)?.owed;
        let mut branch = Vec::with_capacity(self.levels.len());
        for level in &self.levels {
            let sibling = level.get(place ^ 1).copied();
            branch.extend(sibling.map(if place % 2 == 0 { Sibling::Right } else { Sibling::Left }));
            place /= 2;
        }
        Some((salt(&self.salts, owner), owed, branch))
    }

    /// The leaves as they are stored.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.debts.len().saturating_mul(LEAF));
        for Debt { owner, owed } in &self.debts {
            bytes.extend_from_slice(owner.as_bytes());
            for part in [owed.available, owed.held, owed.staked, owed.leaving] {
                bytes.extend_from_slice(&part.get().to_be_bytes());
            }
        }
        bytes
    }

    /// Builds it again from stored leaves.
    ///
    /// # Errors
    /// See [`TreeError`].
    pub fn try_from_bytes(key: &SaltKey, bytes: &[u8]) -> Result<Self, TreeError> {
        let (leaves, rest) = bytes.as_chunks::<LEAF>();
        if !rest.is_empty() {
            return Err(TreeError::Damaged);
        }
        let debts = leaves.iter().map(debt).collect::<Option<Vec<_>>>().ok_or(TreeError::Damaged)?;
        Self::try_new(key, &debts)
    }
}

fn debt(leaf: &[u8; LEAF]) -> Option<Debt> {
    let (owner, parts) = leaf.split_first_chunk::<16>()?;
    let (parts, _) = parts.as_chunks::<8>();
    let [available, held, staked, leaving] = parts else { return None };
    let lamports = |bytes: &[u8; 8]| Lamports::new(i64::from_be_bytes(*bytes));
    let owed = Owed {
        available: lamports(available),
        held: lamports(held),
        staked: lamports(staked),
        leaving: lamports(leaving),
    };
    Some(Debt { owner: Uuid::from_bytes(*owner), owed })
}

fn salt(salts: &Hkdf<Sha256>, owner: Uuid) -> Hash {
    let mut salt = [0; 32];
    // Cannot fail: one block is asked for, 255 can be given.
    let _ = salts.expand(owner.as_bytes(), &mut salt);
    salt
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proto::{
        AccountId,
        proof::{File, Header, verify},
    };
    use std::collections::BTreeSet;

    fn debts(amounts: &[(i64, i64)]) -> Vec<Debt> {
        let owner = |place: usize| Uuid::from_u128(1 + u128::try_from(place).unwrap());
        let owed = |(available, staked): (i64, i64)| Owed {
            available: Lamports::new(available),
            staked: Lamports::new(staked),
            ..Owed::default()
        };
        amounts
            .iter()
            .enumerate()
            .map(|(place, both)| Debt { owner: owner(place), owed: owed(*both) })
            .collect()
    }

    fn tree(debts: &[Debt]) -> Tree {
        Tree::try_new(&SaltKey::new([7; 32]), debts).unwrap()
    }

    fn file(tree: &Tree, owner: Uuid) -> File {
        let (salt, owed, branch) = tree.branch(owner).unwrap();
        let header = Header {
            proof: Uuid::from_u128(9),
            taken_at: 1,
            leaves: u64::try_from(tree.leaves()).unwrap(),
            liabilities: tree.top().sum,
            chain: 0,
            slot: 0,
            tree: tree.top().hash,
        };
        File { header, signature: String::new(), account: AccountId::new(owner), salt, owed, branch }
    }

    proptest! {
        #[test]
        fn every_owner_finds_themselves_in_a_tree_of_any_size(
            amounts in prop::collection::vec((0..1_000_000_000_000_i64, 0..1_000_000_000_i64), 1..70),
        ) {
            let debts = debts(&amounts);
            let tree = tree(&debts);
            let sum: i64 = amounts.iter().map(|(available, staked)| available + staked).sum();
            prop_assert_eq!(tree.top().sum, u64::try_from(sum).unwrap());
            for debt in &debts {
                let file = file(&tree, debt.owner);
                prop_assert_eq!(file.owed, debt.owed);
                prop_assert_eq!(verify(file.to_json().unwrap().as_bytes()), Ok(file));
            }
            let again = Tree::try_from_bytes(&SaltKey::new([7; 32]), &tree.bytes()).unwrap();
            prop_assert_eq!(again.top(), tree.top());
        }

        /// Whoever changes one balance changes the root.
        #[test]
        fn no_balance_changes_under_a_root(place in 0_usize..33, by in 1_i64..1_000) {
            let mut debts = debts(&[(5_000, 1_000); 33]);
            let before = tree(&debts).top();
            debts[place].owed.available = Lamports::new(5_000 + by);
            prop_assert_ne!(tree(&debts).top().hash, before.hash);
            // Nor moves from one owner to another.
            debts[(place + 1) % 33].owed.available = Lamports::new(5_000 - by);
            prop_assert_eq!(tree(&debts).top().sum, before.sum);
            prop_assert_ne!(tree(&debts).top().hash, before.hash);
        }
    }

    #[test]
    fn nothing_negative_is_added_up() {
        let negative = debts(&[(5, 0), (-1, 0)]);
        let key = SaltKey::new([7; 32]);
        assert_eq!(Tree::try_new(&key, &negative).err(), Some(TreeError::NoSum(NoSum)));
        // Not even where the leaf as a whole is positive.
        assert_eq!(Tree::try_new(&key, &debts(&[(5, -1)])).err(), Some(TreeError::NoSum(NoSum)));
        let over = debts(&[(i64::MAX, 0), (1, 0)]);
        assert_eq!(Tree::try_new(&key, &over).err(), Some(TreeError::NoSum(NoSum)));
        assert_eq!(Tree::try_new(&key, &[]).err(), Some(TreeError::Empty));
        assert_eq!(Tree::try_from_bytes(&key, &[0; 47]).err(), Some(TreeError::Damaged));
    }

    /// A branch holds hashes and sums of others: the same owners and amounts look different under another key, and in
    /// another order.
    #[test]
    fn leaves_say_nothing_about_whose_they_are() {
        let debts = debts(&[(1_000, 0); 16]);
        let other = Tree::try_new(&SaltKey::new([8; 32]), &debts).unwrap();
        let one = tree(&debts);
        let hashes = |tree: &Tree| tree.levels[0].iter().map(|node| node.hash).collect::<BTreeSet<_>>();
        assert!(hashes(&one).is_disjoint(&hashes(&other)));
        assert_eq!(hashes(&one).len(), 16);
        let order = |tree: &Tree| tree.debts.iter().map(|debt| debt.owner).collect::<Vec<_>>();
        assert_ne!(order(&one), order(&other));
        assert_eq!(format!("{:?}", SaltKey::new([7; 32])), "SaltKey");
    }
}
