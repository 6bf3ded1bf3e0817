//! Which money arrived at an address of ours in one transaction.

use crate::chain::{TransactionDetails, Transfer};
use proto::{Lamports, LamportsError};
use solana_pubkey::Pubkey;

/// What one transaction brought to one address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arrival {
    /// Every change of the balance is explained by transfers: these came in.
    Transfers(Vec<Transfer>),
    /// The balance rose by another amount than the transfers say. The money is there, but
    /// nobody can tell whose it is.
    Unexplained(Lamports),
    /// The balance fell by more than the transfers say. Nothing is credited.
    Missing(Lamports),
}

/// Reads what came to `address`. Transfers count only if together with what left, and the fee
/// where the address paid it, they make exactly the difference of its balances.
///
/// # Errors
/// Amounts beyond the ledger's range.
pub fn arrival(details: &TransactionDetails, address: &Pubkey) -> Result<Arrival, LamportsError> {
    let Some((place, balance)) =
        details.balances.iter().enumerate().find(|(_, change)| change.address == *address)
    else {
        return Ok(Arrival::Transfers(Vec::new()));
    };
    let between_others = |transfer: &&Transfer| transfer.from != transfer.to;
    let incoming: Vec<Transfer> =
        details.transfers.iter().filter(between_others).filter(|t| t.to == *address).copied().collect();
    let outgoing = details.transfers.iter().filter(between_others).filter(|t| t.from == *address);
    let gained = Lamports::checked_sum(incoming.iter().map(|transfer| transfer.lamports))?;
    let spent = Lamports::checked_sum(outgoing.map(|transfer| transfer.lamports))?;
    let fee = if place == 0 { details.fee } else { Lamports::ZERO };
    let explained = gained.checked_sub(spent)?.checked_sub(fee)?;
    let unexplained = balance.after.checked_sub(balance.before)?.checked_sub(explained)?;
    Ok(if unexplained == Lamports::ZERO {
        Arrival::Transfers(incoming)
    } else {
        let changed = balance.after.checked_sub(balance.before)?;
        if changed > Lamports::ZERO { Arrival::Unexplained(changed) } else { Arrival::Missing(changed) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::BalanceChange;
    use solana_signature::Signature;

    fn key(byte: u8) -> Pubkey {
        Pubkey::new_from_array([byte; 32])
    }

    fn transfer(from: u8, to: u8, lamports: i64) -> Transfer {
        Transfer { from: key(from), to: key(to), lamports: Lamports::new(lamports), outer: 0, inner: None }
    }

    fn details(transfers: Vec<Transfer>, balances: &[(u8, i64, i64)]) -> TransactionDetails {
        let change = |&(byte, before, after): &(u8, i64, i64)| BalanceChange {
            address: key(byte),
            before: Lamports::new(before),
            after: Lamports::new(after),
        };
        TransactionDetails {
            signature: Signature::from([7; 64]),
            slot: 1,
            failed: false,
            fee: Lamports::new(5),
            transfers,
            balances: balances.iter().map(change).collect(),
        }
    }

    #[test]
    fn credits_what_the_balance_confirms() {
        let two = details(vec![transfer(1, 2, 30), transfer(1, 2, 12)], &[(1, 100, 53), (2, 0, 42)]);
        assert_eq!(arrival(&two, &key(2)), Ok(Arrival::Transfers(two.transfers.clone())));
        assert_eq!(arrival(&two, &key(3)), Ok(Arrival::Transfers(vec![])));
    }

    #[test]
    fn what_passes_through_or_pays_the_fee_is_accounted_for() {
        let through =
            details(vec![transfer(2, 1, 30), transfer(1, 3, 10)], &[(1, 50, 65), (2, 40, 10), (3, 0, 10)]);
        assert_eq!(arrival(&through, &key(1)), Ok(Arrival::Transfers(vec![transfer(2, 1, 30)])));
        let to_itself = details(vec![transfer(1, 1, 30)], &[(1, 50, 45)]);
        assert_eq!(arrival(&to_itself, &key(1)), Ok(Arrival::Transfers(vec![])));
    }

    #[test]
    fn transfers_that_the_balance_denies_are_not_credited() {
        let claimed = details(vec![transfer(1, 2, 30)], &[(1, 100, 95), (2, 7, 7)]);
        assert_eq!(arrival(&claimed, &key(2)), Ok(Arrival::Missing(Lamports::ZERO)));
        let surplus = details(vec![], &[(1, 100, 65), (2, 7, 37)]);
        assert_eq!(arrival(&surplus, &key(2)), Ok(Arrival::Unexplained(Lamports::new(30))));
        let taken = details(vec![], &[(1, 100, 125), (2, 37, 7)]);
        assert_eq!(arrival(&taken, &key(2)), Ok(Arrival::Missing(Lamports::new(-30))));
    }
}
