//! The fingerprint of a frozen room's bets: what room-svc froze is what settlement-svc pays on.

use crate::{AccountId, BetId, Malformed, from_timestamp, room};
use sha2::{Digest, Sha256};

/// SHA-256 over bets in ascending id. Every bet adds 56 bytes, integers big-endian: bet id (16),
/// account id (16), outcome (4), stake in lamports (8), acceptance in Unix microseconds (8),
/// minimum odds in hundredths (4). State and payout are left out: they change after the freeze.
///
/// # Errors
/// `Malformed` where an id, a stake or the time of acceptance is missing or out of range, or where
/// the ids do not ascend.
pub fn bets_hash<'a>(bets: impl IntoIterator<Item = &'a room::Bet>) -> Result<[u8; 32], Malformed> {
    let mut hash = Sha256::new();
    let mut last = None;
    for bet in bets {
        let id = BetId::try_from_bytes(&bet.bet_id)?;
        if last.replace(id).is_some_and(|last| last >= id) {
            return Err(Malformed("bets do not ascend"));
        }
        if bet.stake_lamports <= 0 {
            return Err(Malformed("bet without a stake"));
        }
        let accepted_at = from_timestamp(bet.accepted_at.as_ref())?.unix_timestamp_nanos() / 1_000;
        let accepted_at =
            i64::try_from(accepted_at).map_err(|_| Malformed("time of acceptance is out of range"))?;
        hash.update(id.uuid().as_bytes());
        hash.update(AccountId::try_from_bytes(&bet.account_id)?.uuid().as_bytes());
        hash.update(bet.outcome.to_be_bytes());
        hash.update(bet.stake_lamports.to_be_bytes());
        hash.update(accepted_at.to_be_bytes());
        hash.update(bet.min_odds_percent.to_be_bytes());
    }
    Ok(hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost_types::Timestamp;

    fn bet(id: u8) -> room::Bet {
        room::Bet {
            bet_id: vec![id; 16],
            account_id: vec![9; 16],
            outcome: 1,
            stake_lamports: 50_000_000,
            accepted_at: Some(Timestamp { seconds: 1_700_000_000, nanos: 123_456_000 }),
            min_odds_percent: 150,
            ..Default::default()
        }
    }

    #[test]
    fn hashes_fixed_bytes() {
        let bytes = [
            vec![1; 16],
            vec![9; 16],
            1_u32.to_be_bytes().to_vec(),
            50_000_000_i64.to_be_bytes().to_vec(),
            1_700_000_000_123_456_i64.to_be_bytes().to_vec(),
            150_u32.to_be_bytes().to_vec(),
        ]
        .concat();
        assert_eq!(bytes.len(), 56);
        assert_eq!(bets_hash(&[bet(1)]), Ok(Sha256::digest(bytes).into()));
        assert_eq!(bets_hash(&[]), Ok(Sha256::digest([]).into()));
    }

    #[test]
    fn every_field_counts_but_the_fate() {
        let change = |change: fn(&mut room::Bet)| {
            let mut changed = bet(1);
            change(&mut changed);
            bets_hash(&[changed])
        };
        let whole = bets_hash(&[bet(1)]);
        assert_ne!(change(|bet| bet.account_id = vec![8; 16]), whole);
        assert_ne!(change(|bet| bet.outcome = 0), whole);
        assert_ne!(change(|bet| bet.stake_lamports += 1), whole);
        assert_ne!(change(|bet| bet.accepted_at.as_mut().unwrap().nanos += 1_000), whole);
        assert_ne!(change(|bet| bet.min_odds_percent = 0), whole);
        assert_eq!(change(|bet| bet.payout_lamports = 7), whole);
    }

    #[test]
    fn refuses_what_has_no_fixed_bytes() {
        assert!(bets_hash(&[bet(2), bet(1)]).is_err());
        assert!(bets_hash(&[bet(1), bet(1)]).is_err());
        assert!(bets_hash(&[room::Bet { accepted_at: None, ..bet(1) }]).is_err());
        assert!(bets_hash(&[room::Bet { account_id: vec![], ..bet(1) }]).is_err());
        assert!(bets_hash(&[room::Bet { stake_lamports: 0, ..bet(1) }]).is_err());
    }
}
