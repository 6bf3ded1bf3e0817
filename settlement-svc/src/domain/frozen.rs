//! What a room says it froze, and the bets held against it.

use super::{Bet, Hash};
use prost::Message;
use proto::{AccountId, BetId, Lamports, Malformed, RoomId, bets_hash, from_timestamp, room};
use sha2::{Digest, Sha256};

/// A frozen room: its terms, and what all its accepted bets must add up to.
#[derive(Clone, Debug, PartialEq)]
pub struct Frozen {
    /// The room.
    pub room: RoomId,
    /// Its number for people.
    pub number: i64,
    /// What it promised.
    pub terms: room::Terms,
    /// The bytes of the terms as hashed.
    pub terms_bytes: Vec<u8>,
    /// How many bets it accepted.
    pub bet_count: u32,
    /// Their stakes per outcome.
    pub pools: Vec<Lamports>,
    /// Their fingerprint.
    pub bets_hash: Hash,
}

/// Bets that are not the ones the room froze. Nobody is paid by them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// Bets are missing or too many.
    #[error("the room froze {frozen} bets, but {read} were read")]
    Count {
        /// As frozen.
        frozen: u32,
        /// As read.
        read: usize,
    },
    /// The stakes on one outcome differ.
    #[error("the room froze {frozen} lamports on outcome {outcome}, but {read} were read")]
    Pool {
        /// Index of the outcome.
        outcome: u32,
        /// As frozen.
        frozen: i64,
        /// As read.
        read: i128,
    },
    /// Everything adds up, but a bet is not the one that was frozen.
    #[error("the bets read are not the bets frozen")]
    Hash,
    /// A bet that cannot be one.
    #[error("a bet that was read: {0}")]
    Bet(#[from] Malformed),
}

impl TryFrom<&room::RoomFrozen> for Frozen {
    type Error = Malformed;

    fn try_from(message: &room::RoomFrozen) -> Result<Self, Malformed> {
        let room = message.room.as_ref().ok_or(Malformed("frozen without its room"))?;
        let id = RoomId::try_from_bytes(&room.room_id)?;
        let terms = room::Terms::decode(message.terms.as_slice())
            .map_err(|_| Malformed("frozen terms do not decode"))?;
        if RoomId::try_from_bytes(&terms.room_id)? != id {
            return Err(Malformed("frozen with another room's terms"));
        }
        if Sha256::digest(&message.terms).as_slice() != room.terms_hash {
            return Err(Malformed("frozen terms are not the terms hashed"));
        }
        if message.pools_lamports.len() != terms.outcomes.len() {
            return Err(Malformed("frozen pools are not one per outcome"));
        }
        Ok(Self {
            room: id,
            number: room.number,
            terms,
            terms_bytes: message.terms.clone(),
            bet_count: message.bet_count,
            pools: message.pools_lamports.iter().copied().map(Lamports::new).collect(),
            bets_hash: message.bets_hash.as_slice().try_into().map_err(|_| Malformed("not a bets hash"))?,
        })
    }
}

impl Frozen {
    /// SHA-256 of the terms.
    #[must_use]
    pub fn terms_hash(&self) -> Hash {
        Sha256::digest(&self.terms_bytes).into()
    }

    /// Takes bets that were read, in ascending id, for the ones that were frozen.
    ///
    /// # Errors
    /// `Mismatch` names what differs.
    pub fn accept(&self, read: &[room::Bet]) -> Result<Vec<Bet>, Mismatch> {
        if usize::try_from(self.bet_count) != Ok(read.len()) {
            return Err(Mismatch::Count { frozen: self.bet_count, read: read.len() });
        }
        for (outcome, frozen) in (0..).zip(&self.pools) {
            let stakes = read.iter().filter(|bet| bet.outcome == outcome);
            let read = stakes.map(|bet| i128::from(bet.stake_lamports)).sum();
            if frozen.wide() != read {
                return Err(Mismatch::Pool { outcome, frozen: frozen.get(), read });
            }
        }
        if bets_hash(read)? != self.bets_hash {
            return Err(Mismatch::Hash);
        }
        Ok(read.iter().map(|bet| self.bet(bet)).collect::<Result<_, _>>()?)
    }

    fn bet(&self, bet: &room::Bet) -> Result<Bet, Malformed> {
        if RoomId::try_from_bytes(&bet.room_id)? != self.room {
            return Err(Malformed("bet of another room"));
        }
        Ok(Bet {
            id: BetId::try_from_bytes(&bet.bet_id)?,
            account: AccountId::try_from_bytes(&bet.account_id)?,
            outcome: bet.outcome,
            stake: Lamports::new(bet.stake_lamports),
            accepted_at: from_timestamp(bet.accepted_at.as_ref())?,
            min_odds_percent: bet.min_odds_percent,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::timestamp;
    use time::macros::datetime;

    fn bets() -> Vec<room::Bet> {
        let bet = |number: u8, outcome, stake_lamports| room::Bet {
            bet_id: vec![number; 16],
            room_id: vec![7; 16],
            account_id: vec![number; 16],
            outcome,
            stake_lamports,
            accepted_at: Some(timestamp(datetime!(2026-01-01 12:00 UTC))),
            ..Default::default()
        };
        vec![bet(1, 0, 30), bet(2, 1, 40), bet(3, 0, 50)]
    }

    fn message() -> room::RoomFrozen {
        let terms = room::Terms {
            room_id: vec![7; 16],
            outcomes: vec!["YES".to_owned(), "NO".to_owned()],
            ..Default::default()
        };
        let bytes = terms.encode_to_vec();
        let room = room::Room {
            room_id: vec![7; 16],
            number: 12,
            terms_hash: Sha256::digest(&bytes).to_vec(),
            ..Default::default()
        };
        room::RoomFrozen {
            room: Some(room),
            terms: bytes,
            bet_count: 3,
            pools_lamports: vec![80, 40],
            bets_hash: bets_hash(&bets()).unwrap().to_vec(),
        }
    }

    #[test]
    fn takes_the_bets_that_were_frozen() {
        let frozen = Frozen::try_from(&message()).unwrap();
        let accepted = frozen.accept(&bets()).unwrap();
        assert_eq!(accepted.iter().map(|bet| bet.stake.get()).collect::<Vec<_>>(), [30, 40, 50]);
    }

    #[test]
    fn names_what_differs() {
        let frozen = Frozen::try_from(&message()).unwrap();
        let changed = |change: fn(&mut Vec<room::Bet>)| {
            let mut bets = bets();
            change(&mut bets);
            frozen.accept(&bets).unwrap_err()
        };
        assert_eq!(changed(|bets| bets.truncate(2)), Mismatch::Count { frozen: 3, read: 2 });
        assert_eq!(
            changed(|bets| bets[1].stake_lamports = 41),
            Mismatch::Pool { outcome: 1, frozen: 40, read: 41 }
        );
        assert_eq!(changed(|bets| bets[1].account_id = vec![9; 16]), Mismatch::Hash);
        assert!(matches!(changed(|bets| bets.swap(0, 2)), Mismatch::Bet(_)));
        assert!(matches!(changed(|bets| bets[0].room_id = vec![8; 16]), Mismatch::Bet(_)));
    }

    #[test]
    fn refuses_terms_that_were_not_hashed() {
        let refused = |change: fn(&mut room::RoomFrozen)| {
            let mut message = message();
            change(&mut message);
            Frozen::try_from(&message).is_err()
        };
        assert!(refused(|message| message.room = None));
        assert!(refused(|message| message.room.as_mut().unwrap().terms_hash = vec![0; 32]));
        assert!(refused(|message| message.room.as_mut().unwrap().room_id = vec![8; 16]));
        assert!(refused(|message| message.pools_lamports.push(0)));
        assert!(refused(|message| message.bets_hash.push(0)));
    }
}
