//! Proofs of liabilities: what the ledger owes as a Merkle tree of sums, and how one user checks to be in it.
//! `docs/proofs.md` describes the same for somebody who writes another verifier.
//!
//! Integers are big-endian and unsigned, hashes SHA-256; each kind of hash begins with a byte of its own, so that none can
//! pass for another.
//!
//! | hash | bytes under it |
//! |---|---|
//! | leaf | `00`, salt (32), owner (16), available (8), held (8), staked (8), leaving (8) |
//! | inner node | `01`, left hash (32), left sum (8), right hash (32), right sum (8) |
//! | root | `02`, proof id (16), taken at (8), leaves (8), liabilities (8), chain (8), slot (8), the tree's hash (32) |
//!
//! An inner node commits to the sums of both its children, so a branch shows that its leaf is a part of the total, and no
//! part of a sum can be negative or run over. The last node of a level with an odd number of nodes goes up as it is.
//! The salt is different for every user and every proof: a leaf's hash says nothing about whose it is or what it holds.

mod file;

pub use file::{File, Wrong, verify};

use crate::Lamports;
use sha2::{Digest, Sha256};
use std::fmt;
use uuid::Uuid;

/// SHA-256.
pub type Hash = [u8; 32];

/// A sum beyond what the ledger can hold, or a part of one below nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an amount is negative or the sum exceeds the ledger's range")]
pub struct NoSum;

/// What is owed to one owner, in lamports. None of it is negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Owed {
    /// To bet and withdraw.
    pub available: Lamports,
    /// Reserved for withdrawals.
    pub held: Lamports,
    /// In bets that are not settled.
    pub staked: Lamports,
    /// In withdrawals that are signed and not finalized.
    pub leaving: Lamports,
}

impl Owed {
    const fn parts(&self) -> [Lamports; 4] {
        [self.available, self.held, self.staked, self.leaving]
    }

    /// The sum.
    ///
    /// # Errors
    /// `NoSum`, also where a part is negative.
    pub fn sum(&self) -> Result<u64, NoSum> {
        self.parts()
            .iter()
            .try_fold(0_u64, |sum, part| add(sum, u64::try_from(part.get()).map_err(|_| NoSum)?))
    }
}

/// Adds within the ledger's range.
fn add(one: u64, other: u64) -> Result<u64, NoSum> {
    one.checked_add(other).filter(|sum| i64::try_from(*sum).is_ok()).ok_or(NoSum)
}

/// A node of the tree: its hash and what everybody below it is owed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    /// SHA-256.
    pub hash: Hash,
    /// Lamports.
    pub sum: u64,
}

impl Node {
    /// The leaf of one owner.
    ///
    /// # Errors
    /// `NoSum`
    pub fn leaf(salt: &Hash, owner: Uuid, owed: &Owed) -> Result<Self, NoSum> {
        let sum = owed.sum()?;
        let mut hash = Sha256::new_with_prefix([0]);
        hash.update(salt);
        hash.update(owner.as_bytes());
        for part in owed.parts() {
            hash.update(part.get().to_be_bytes());
        }
        Ok(Self { hash: hash.finalize().into(), sum })
    }

    /// The node above two.
    ///
    /// # Errors
    /// `NoSum`
    pub fn above(left: &Self, right: &Self) -> Result<Self, NoSum> {
        let sum = add(left.sum, right.sum)?;
        let mut hash = Sha256::new_with_prefix([1]);
        for child in [left, right] {
            hash.update(child.hash);
            hash.update(child.sum.to_be_bytes());
        }
        Ok(Self { hash: hash.finalize().into(), sum })
    }
}

/// One step of a branch: the other child of the node above.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sibling {
    /// It stands on the left.
    Left(Node),
    /// It stands on the right.
    Right(Node),
}

impl Sibling {
    /// The node above it and `node`.
    ///
    /// # Errors
    /// `NoSum`
    pub fn join(&self, node: &Node) -> Result<Node, NoSum> {
        match self {
            Self::Left(left) => Node::above(left, node),
            Self::Right(right) => Node::above(node, right),
        }
    }
}

/// What one proof says to everybody: the same for all its files, and anchored on chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Which proof.
    pub proof: Uuid,
    /// When the ledger was read, in Unix seconds.
    pub taken_at: u64,
    /// Leaves of the tree.
    pub leaves: u64,
    /// The sum of the tree in lamports.
    pub liabilities: u64,
    /// Finalized lamports at all addresses of ours.
    pub chain: u64,
    /// The slot at which they were read.
    pub slot: u64,
    /// The hash of the tree's topmost node.
    pub tree: Hash,
}

impl Header {
    /// The root: what is anchored.
    #[must_use]
    pub fn root(&self) -> Hash {
        let mut hash = Sha256::new_with_prefix([2]);
        hash.update(self.proof.as_bytes());
        for number in [self.taken_at, self.leaves, self.liabilities, self.chain, self.slot] {
            hash.update(number.to_be_bytes());
        }
        hash.update(self.tree);
        hash.finalize().into()
    }

    /// The first line of the memo: `ROOMSL1 <proof id> <root> <liabilities> <chain> <slot> <leaves> <taken at>`, the root
    /// in base64url without padding.
    #[must_use]
    pub fn memo(&self) -> String {
        let Self { proof, taken_at, leaves, liabilities, chain, slot, .. } = self;
        format!("ROOMSL1 {proof} {} {liabilities} {chain} {slot} {leaves} {taken_at}", Base64(&self.root()))
    }

    /// Whether a memo on chain is that of this proof. Its further lines are not about the tree.
    #[must_use]
    pub fn is_in(&self, memo: &str) -> bool {
        memo.lines().next() == Some(self.memo().as_str())
    }

    /// Whether what lies on chain covers what is owed.
    #[must_use]
    pub const fn is_covered(&self) -> bool {
        self.chain >= self.liabilities
    }
}

/// A hash as text: base64url without padding, 43 characters.
struct Base64<'a>(&'a Hash);

impl fmt::Display for Base64<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base64(self.0))
    }
}

fn base64(hash: &Hash) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(hash)
}

/// Reads 43 characters; the two bits that they have too many must be zero.
fn from_base64(text: &str) -> Option<Hash> {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}
