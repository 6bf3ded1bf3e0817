//! Under which accounts operators play: nobody judges a room in which they bet.

use super::OperatorKey;
use crate::settings::{Invalid, Reader, Value};
use proto::AccountId;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// One operator and one of their accounts, written `<key>=<account id>`.
struct Pair(OperatorKey, AccountId);

impl Value for Pair {
    fn kind() -> String {
        "public key in base58 = account id".to_owned()
    }
    fn parse(text: &str) -> Result<Self, String> {
        let wrong = || "is not a public key in base58, `=` and an account id".to_owned();
        let (key, account) = text.split_once('=').ok_or_else(wrong)?;
        let account = Uuid::try_parse(account.trim()).map_err(|_| wrong())?;
        Ok(Self(key.trim().parse().map_err(|_| wrong())?, AccountId::new(account)))
    }
    fn show(&self) -> String {
        format!("{}={}", self.0, self.1)
    }
}

/// The accounts of operators. An operator may have several, and two may share one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OperatorAccounts(BTreeMap<OperatorKey, BTreeSet<AccountId>>);

impl FromIterator<(OperatorKey, AccountId)> for OperatorAccounts {
    fn from_iter<I: IntoIterator<Item = (OperatorKey, AccountId)>>(pairs: I) -> Self {
        let mut accounts: BTreeMap<OperatorKey, BTreeSet<AccountId>> = BTreeMap::new();
        for (operator, account) in pairs {
            accounts.entry(operator).or_default().insert(account);
        }
        Self(accounts)
    }
}

impl OperatorAccounts {
    /// Declares and reads `OPERATOR_ACCOUNTS`.
    ///
    /// # Errors
    /// What is no such pair.
    pub fn declare(r: &mut Reader) -> Result<Self, Invalid> {
        const EXAMPLE: &str =
            "4zvwRjXUKGfvwnParsHAS3HuSVzV5cA4McphgmoCtajS=0197a0b1-0000-7000-8000-000000000001";
        let doc = "Accounts under which operators and admins play: they judge no room in which they bet, and on mainnet \
                   they do not bet.";
        let pairs: Option<Vec<Pair>> = r.setting("OPERATOR_ACCOUNTS", doc).optional(EXAMPLE)?;
        Ok(pairs.unwrap_or_default().into_iter().map(|Pair(operator, account)| (operator, account)).collect())
    }

    /// All of them, each once.
    #[must_use]
    pub fn all(&self) -> BTreeSet<AccountId> {
        self.0.values().flatten().copied().collect()
    }

    /// Whether an account is an operator's.
    #[must_use]
    pub fn contains(&self, account: AccountId) -> bool {
        self.0.values().any(|accounts| accounts.contains(&account))
    }

    /// The operators who play under one of these accounts.
    #[must_use]
    pub fn operators_of(&self, accounts: &BTreeSet<AccountId>) -> BTreeSet<OperatorKey> {
        let play = self.0.iter().filter(|(_, own)| !own.is_disjoint(accounts));
        play.map(|(operator, _)| *operator).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "4zvwRjXUKGfvwnParsHAS3HuSVzV5cA4McphgmoCtajS";

    #[test]
    fn an_operator_plays_under_several_accounts() {
        let id = |number| AccountId::new(Uuid::from_u128(number));
        let text = format!("{KEY}={}, {KEY}={}", id(1), id(2));
        let pairs = <Vec<Pair>>::parse(&text).unwrap();
        let accounts: OperatorAccounts = pairs.iter().map(|pair| (pair.0, pair.1)).collect();
        assert_eq!(accounts.all(), BTreeSet::from([id(1), id(2)]));
        assert!(accounts.contains(id(2)) && !accounts.contains(id(3)));
        let key: OperatorKey = KEY.parse().unwrap();
        assert_eq!(accounts.operators_of(&BTreeSet::from([id(2), id(3)])), BTreeSet::from([key]));
        assert!(accounts.operators_of(&BTreeSet::from([id(3)])).is_empty());
        assert_eq!(pairs[0].show(), format!("{KEY}={}", id(1)));
        for wrong in [KEY, "=", "me=0197a0b1-0000-7000-8000-000000000001", &format!("{KEY}=me")] {
            assert!(Pair::parse(wrong).is_err(), "{wrong}");
        }
    }
}
