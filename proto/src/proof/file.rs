//! The file that one user gets: JSON in one line, its fields in the order of [`Written`].

use super::{Hash, Header, NoSum, Node, Owed, Sibling, base64, from_base64};
use crate::{AccountId, Lamports};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// What a file begins with. Another way to hash gets another name.
const FORMAT: &str = "rooms-liabilities-1";

/// A tree of more than 2⁶⁴ leaves is none.
const LEVELS: usize = 64;

/// One user's proof: the header that everybody has, their own leaf, and the way up from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// The same for everybody.
    pub header: Header,
    /// The transaction whose memo anchors it, in base58.
    pub signature: String,
    /// Whose leaf.
    pub account: AccountId,
    /// The leaf's salt.
    pub salt: Hash,
    /// What is owed to them.
    pub owed: Owed,
    /// From the leaf to the top.
    pub branch: Vec<Sibling>,
}

/// A file as it is written. Hashes are base64url without padding, amounts lamports.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    format: String,
    proof: Uuid,
    taken_at: u64,
    leaves: u64,
    liabilities: u64,
    chain: u64,
    slot: u64,
    tree: String,
    root: String,
    signature: String,
    account: Uuid,
    salt: String,
    available: i64,
    held: i64,
    staked: i64,
    leaving: i64,
    /// `L` or `R` for where the sibling stands, its hash, a colon, its sum.
    branch: Vec<String>,
    /// First eight bytes of the SHA-256 of the file with an empty `check`, in hexadecimal: tells damage from a lie.
    check: String,
}

/// What does not fit in a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// It is no proof at all.
    #[error("not a proof file: {0}")]
    Syntax(String),
    /// Made by a version that this one does not know.
    #[error("format {0} is not known here")]
    Format(String),
    /// A field does not hold what it should.
    #[error("field `{0}` cannot be read")]
    Field(&'static str),
    /// The header is not what the root was made of.
    #[error("the root does not follow from proof, time, leaves, liabilities, chain, slot and tree")]
    Root,
    /// Leaf and branch do not lead to the tree's hash.
    #[error("account, salt, amounts and branch do not lead to the tree's hash")]
    Tree,
    /// The sums on the way up do not add up to the total.
    #[error("the branch sums up to {branch} lamports, the header says {header}")]
    Sum {
        /// Of leaf and siblings.
        branch: u64,
        /// The header's liabilities.
        header: u64,
    },
    /// A sum runs over.
    #[error(transparent)]
    NoSum(#[from] NoSum),
    /// Everything that is hashed fits, but the file is not as it was written.
    #[error("the file is not byte for byte as it was made: it was edited, reformatted or damaged")]
    Edited,
}

impl File {
    /// The file's bytes.
    ///
    /// # Errors
    /// Never in practice: plain fields always become JSON.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        let header = &self.header;
        let mut written = Written {
            format: FORMAT.to_owned(),
            proof: header.proof,
            taken_at: header.taken_at,
            leaves: header.leaves,
            liabilities: header.liabilities,
            chain: header.chain,
            slot: header.slot,
            tree: base64(&header.tree),
            root: base64(&header.root()),
            signature: self.signature.clone(),
            account: self.account.uuid(),
            salt: base64(&self.salt),
            available: self.owed.available.get(),
            held: self.owed.held.get(),
            staked: self.owed.staked.get(),
            leaving: self.owed.leaving.get(),
            branch: self.branch.iter().map(step).collect(),
            check: String::new(),
        };
        written.check = check(&serde_json::to_string(&written)?);
        serde_json::to_string(&written)
    }
}

/// Checks a file alone, without the chain: that the account's amounts are a part of the total under the root. What is
/// left is whether the memo of `signature` is [`Header::memo`], and whether it is what other users find there too.
///
/// # Errors
/// The first thing that does not fit.
pub fn verify(json: &[u8]) -> Result<File, Wrong> {
    let written: Written = serde_json::from_slice(json).map_err(|error| Wrong::Syntax(error.to_string()))?;
    if written.format != FORMAT {
        return Err(Wrong::Format(written.format));
    }
    let hash = |name, text: &str| from_base64(text).ok_or(Wrong::Field(name));
    let header = Header {
        proof: written.proof,
        taken_at: written.taken_at,
        leaves: written.leaves,
        liabilities: written.liabilities,
        chain: written.chain,
        slot: written.slot,
        tree: hash("tree", &written.tree)?,
    };
    let file = File {
        header,
        account: AccountId::new(written.account),
        salt: hash("salt", &written.salt)?,
        owed: Owed {
            available: Lamports::new(written.available),
            held: Lamports::new(written.held),
            staked: Lamports::new(written.staked),
            leaving: Lamports::new(written.leaving),
        },
        branch: written
            .branch
            .iter()
            .map(|text| sibling(text).ok_or(Wrong::Field("branch")))
            .collect::<Result<_, _>>()?,
        signature: written.signature,
    };
    if hash("root", &written.root)? != header.root() {
        return Err(Wrong::Root);
    }
    if file.branch.len() > LEVELS {
        return Err(Wrong::Tree);
    }
    let leaf = Node::leaf(&file.salt, file.account.uuid(), &file.owed)?;
    let top = file.branch.iter().try_fold(leaf, |node, sibling| sibling.join(&node))?;
    if top.hash != header.tree {
        return Err(Wrong::Tree);
    }
    if top.sum != header.liabilities {
        return Err(Wrong::Sum { branch: top.sum, header: header.liabilities });
    }
    // The one writing of what was read: spaces, upper case and the signature's text count too.
    let again = file.to_json().map_err(|error| Wrong::Syntax(error.to_string()))?;
    if again.as_bytes() != json { Err(Wrong::Edited) } else { Ok(file) }
}

fn check(unchecked: &str) -> String {
    let hash: Hash = Sha256::digest(unchecked).into();
    hex::encode(hash.first_chunk::<8>().copied().unwrap_or_default())
}

fn step(sibling: &Sibling) -> String {
    match sibling {
        Sibling::Left(node) => format!("L{}:{}", base64(&node.hash), node.sum),
        Sibling::Right(node) => format!("R{}:{}", base64(&node.hash), node.sum),
    }
}

fn sibling(text: &str) -> Option<Sibling> {
    let (hash, sum) = text.get(1..)?.split_once(':')?;
    let node = Node { hash: from_base64(hash)?, sum: sum.parse().ok()? };
    match text.get(..1)? {
        "L" => Some(Sibling::Left(node)),
        "R" => Some(Sibling::Right(node)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    /// A file of a small tree: five leaves, so that one goes up alone.
    fn file() -> File {
        let owner = |number: u128| Uuid::from_u128(0x0197_0000_0000_7000_8000_0000_0000_0000 + number);
        let owed = |number: i64| Owed {
            available: Lamports::new(1_000_000_000 + number),
            held: Lamports::new(number),
            staked: Lamports::new(50_000_000),
            leaving: Lamports::ZERO,
        };
        let leaf =
            |number: u8| Node::leaf(&[number; 32], owner(number.into()), &owed(number.into())).unwrap();
        let two = Node::above(&leaf(0), &leaf(1)).unwrap();
        let four = Node::above(&two, &Node::above(&leaf(2), &leaf(3)).unwrap()).unwrap();
        let top = Node::above(&four, &leaf(4)).unwrap();
        File {
            header: Header {
                proof: owner(99),
                taken_at: 1_795_000_000,
                leaves: 5,
                liabilities: top.sum,
                chain: top.sum + 7,
                slot: 1_234,
                tree: top.hash,
            },
            signature:
                "5VERv8NMvzbJMEkV8xnrLkEaWRtSz9CosKDYjCJjBRnbJLgp8uirBgmQpjKhoR4tjF3ZpRzrFmBV6UjKdiSZkQUW"
                    .to_owned(),
            account: AccountId::new(owner(3)),
            salt: [3; 32],
            owed: owed(3),
            branch: vec![Sibling::Left(leaf(2)), Sibling::Left(two), Sibling::Right(leaf(4))],
        }
    }

    fn written() -> Value {
        serde_json::from_str(&file().to_json().unwrap()).unwrap()
    }

    /// A file whose maker recomputed what protects it from damage.
    fn restored(mut value: Value) -> String {
        value["check"] = json!("");
        let mut written: Written = serde_json::from_value(value).unwrap();
        written.check = check(&serde_json::to_string(&written).unwrap());
        serde_json::to_string(&written).unwrap()
    }

    #[test]
    fn a_file_is_read_back_and_fits() {
        assert_eq!(verify(file().to_json().unwrap().as_bytes()), Ok(file()));
        assert_eq!(restored(written()), file().to_json().unwrap());
        let memo = file().header.memo();
        assert!(file().header.is_in(&memo) && file().header.is_in(&format!("{memo}\nmore")));
        assert!(!file().header.is_in(&format!("{memo}1")));
        assert!(file().header.is_covered());
    }

    /// A file of a tree of 100,001 leaves, written by a program in Python from `docs/proofs.md` alone: the format may be
    /// followed by another one, it is never changed.
    #[test]
    fn a_file_of_another_implementation_fits() {
        let file = verify(include_bytes!("../../tests/proof.json")).unwrap();
        assert_eq!((file.header.leaves, file.branch.len()), (100_001, 17));
        assert_eq!(file.owed.sum(), Ok(91_918_922_527));
    }

    /// The bytes under each hash, once more by hand.
    #[test]
    fn hashes_are_those_of_the_table() {
        let file = file();
        let number = |number: u64| number.to_be_bytes().to_vec();
        let leaf = [
            vec![0],
            vec![3; 32],
            file.account.uuid().as_bytes().to_vec(),
            number(1_000_000_003),
            number(3),
            number(50_000_000),
            number(0),
        ];
        let leaf: Hash = Sha256::digest(leaf.concat()).into();
        let Sibling::Left(left) = file.branch[0] else { panic!("not on the left") };
        let node = [vec![1], left.hash.to_vec(), number(left.sum), leaf.to_vec(), number(1_050_000_006)];
        let node: Hash = Sha256::digest(node.concat()).into();
        assert_eq!(file.branch[0].join(&Node { hash: leaf, sum: 1_050_000_006 }).unwrap().hash, node);
        let header = &file.header;
        let root = [
            vec![2],
            header.proof.as_bytes().to_vec(),
            number(header.taken_at),
            number(header.leaves),
            number(header.liabilities),
            number(header.chain),
            number(header.slot),
            header.tree.to_vec(),
        ];
        assert_eq!(header.root().to_vec(), Sha256::digest(root.concat()).to_vec());
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let wrong = |change: fn(&mut Value)| {
            let mut value = written();
            change(&mut value);
            verify(restored(value).as_bytes()).unwrap_err()
        };
        for field in ["proof", "taken_at", "leaves", "liabilities", "chain", "slot", "root"] {
            let mut value = written();
            value[field] = match &value[field] {
                Value::Number(number) => json!(number.as_u64().unwrap() + 1),
                _ if field == "proof" => json!(Uuid::from_u128(5)),
                _ => json!(base64(&[9; 32])),
            };
            assert_eq!(verify(restored(value).as_bytes()), Err(Wrong::Root), "{field}");
        }
        for field in ["available", "held", "staked", "leaving"] {
            let mut value = written();
            value[field] = json!(value[field].as_i64().unwrap() + 1);
            assert_eq!(verify(restored(value).as_bytes()), Err(Wrong::Tree), "{field}");
        }
        assert_eq!(wrong(|file| file["account"] = json!(Uuid::from_u128(5))), Wrong::Tree);
        assert_eq!(wrong(|file| file["salt"] = json!(base64(&[9; 32]))), Wrong::Tree);
        assert_eq!(wrong(|file| file["salt"] = json!("short")), Wrong::Field("salt"));
        assert_eq!(wrong(|file| file["branch"][0] = file["branch"][1].clone()), Wrong::Tree);
        assert_eq!(wrong(|file| file["branch"] = json!(["X"])), Wrong::Field("branch"));
        assert_eq!(wrong(|file| file["held"] = json!(-1)), Wrong::NoSum(NoSum));
        assert_eq!(
            wrong(|file| file["format"] = json!("rooms-liabilities-2")),
            Wrong::Format("rooms-liabilities-2".to_owned())
        );
        let reformatted = serde_json::to_string_pretty(&written()).unwrap();
        assert_eq!(verify(reformatted.as_bytes()), Err(Wrong::Edited));
        assert!(matches!(verify(b"{}"), Err(Wrong::Syntax(_))));
    }

    /// A tree whose maker hides a part of the debt: hashes that fit, sums that do not.
    #[test]
    fn a_total_below_the_sum_of_the_branch_is_found() {
        let mut cheat = file();
        cheat.header.liabilities -= 1;
        let sum = cheat.header.liabilities;
        assert_eq!(
            verify(cheat.to_json().unwrap().as_bytes()),
            Err(Wrong::Sum { branch: sum + 1, header: sum })
        );
        // And one that lets a sum run over.
        let mut cheat = file();
        cheat.branch[2] = Sibling::Right(Node { hash: [1; 32], sum: u64::MAX - 5 });
        assert_eq!(verify(cheat.to_json().unwrap().as_bytes()), Err(Wrong::NoSum(NoSum)));
    }

    proptest! {
        #[test]
        fn no_flipped_bit_passes(at in 0_usize..4096, bit in 0_u8..8) {
            let mut bytes = file().to_json().unwrap().into_bytes();
            let at = at % bytes.len();
            bytes[at] ^= 1 << bit;
            prop_assert!(verify(&bytes).is_err());
        }

        /// Whatever is changed by somebody who knows the format, short of the signature, which the chain knows.
        #[test]
        fn no_changed_number_passes(field in 0_usize..10, by in 1_u64..1_000_000_000) {
            let fields = ["taken_at", "leaves", "liabilities", "chain", "slot", "available", "held", "staked", "leaving"];
            let mut value = written();
            match fields.get(field) {
                Some(field) => value[*field] = json!(value[*field].as_u64().unwrap() + by),
                None => {
                    let Sibling::Left(node) = file().branch[1] else { panic!("not on the left") };
                    value["branch"][1] = json!(step(&Sibling::Left(Node { sum: node.sum + by, ..node })));
                }
            }
            prop_assert!(verify(restored(value).as_bytes()).is_err());
        }

        #[test]
        fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = verify(&bytes);
        }
    }
}
