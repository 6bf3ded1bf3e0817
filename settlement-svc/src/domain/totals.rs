//! What a book comes to, and in which order its chunks of payouts go to the ledger.

use super::{Book, Hash, Ruling, root};
use proto::{Lamports, LamportsError};
use std::ops::Range;

/// The book's totals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Totals {
    /// What the room was settled by.
    pub ruling: Ruling,
    /// Stakes that counted, per outcome.
    pub pools: Vec<Lamports>,
    /// The protocol's part of the takeout.
    pub protocol_fee: Lamports,
    /// The host's part of the takeout.
    pub host_fee: Lamports,
    /// Of the protocol's part, what goes to those who brought the winners.
    pub referrals: Lamports,
    /// Merkle root over the lines.
    pub root: Hash,
    /// How many parts the payouts have, at least one.
    pub chunks: u32,
}

/// What is due when the ledger has a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Nothing before the others are there, too.
    Nothing,
    /// The last chunk, which had to wait for all others.
    LastChunk,
    /// The room is settled.
    Settled,
}

impl Totals {
    /// Of a book that is paid in `chunks` parts, with what its referrers get.
    #[must_use]
    pub fn new(book: &Book, referrals: Lamports, chunks: u32) -> Self {
        Self {
            ruling: book.ruling,
            pools: book.pools.clone(),
            protocol_fee: book.protocol_fee,
            host_fee: book.host_fee,
            referrals,
            root: root(&book.lines),
            chunks,
        }
    }

    /// The last chunk: it posts the fees and requires that nothing is left in escrow.
    #[must_use]
    pub const fn last(&self) -> u32 {
        self.chunks.saturating_sub(1)
    }

    /// The chunks that wait for no other: all but the last, or the only one.
    #[must_use]
    pub fn at_once(&self) -> Range<u32> {
        0..self.last().max(1)
    }

    /// The fees that a chunk posts, if it is the last one: what the protocol keeps, and the host's.
    ///
    /// # Errors
    /// Referrals above the protocol's fee.
    pub fn fees(&self, chunk: u32) -> Result<Option<(Lamports, Lamports)>, LamportsError> {
        if chunk != self.last() {
            return Ok(None);
        }
        Ok(Some((self.protocol_fee.checked_sub(self.referrals)?, self.host_fee)))
    }

    /// What is due when the ledger has come to have so many chunks.
    #[must_use]
    pub const fn due(&self, posted: u32) -> Due {
        if posted == self.chunks {
            Due::Settled
        } else if posted == self.last() {
            Due::LastChunk
        } else {
            Due::Nothing
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Bet, Fate, Line};
    use proto::{AccountId, BetId};
    use time::OffsetDateTime;
    use uuid::Uuid;

    /// Of so many bets; what they are does not matter here.
    fn book(bets: u128) -> Book {
        let line = |number| Line {
            bet: Bet {
                id: BetId::new(Uuid::from_u128(number)),
                account: AccountId::new(Uuid::from_u128(number)),
                outcome: 0,
                stake: Lamports::new(1),
                accepted_at: OffsetDateTime::UNIX_EPOCH,
                min_odds_percent: 0,
            },
            fate: Fate::Won,
            payout: Lamports::new(1),
        };
        Book {
            ruling: Ruling::Outcome(0),
            pools: vec![Lamports::new(100), Lamports::new(200)],
            protocol_fee: Lamports::new(4),
            host_fee: Lamports::new(2),
            lines: (1..=bets).map(line).collect(),
        }
    }

    fn totals(chunks: u32) -> Totals {
        Totals::new(&book(0), Lamports::new(3), chunks)
    }

    #[test]
    fn every_line_is_in_one_part_and_no_lines_are_one_empty_part() {
        let sizes = |bets| book(bets).chunks(3).into_iter().map(<[Line]>::len).collect::<Vec<_>>();
        assert_eq!([sizes(0), sizes(3), sizes(7)], [vec![0], vec![3], vec![3, 3, 1]]);
        let book = book(7);
        assert!(book.chunks(3).concat() == book.lines);
    }

    #[test]
    fn the_last_chunk_waits_for_all_others_and_posts_the_fees() {
        let four = totals(4);
        assert_eq!(four.at_once().collect::<Vec<_>>(), [0, 1, 2]);
        let due: Vec<Due> = (1..=4).map(|posted| four.due(posted)).collect();
        assert_eq!(due, [Due::Nothing, Due::Nothing, Due::LastChunk, Due::Settled]);
        let fees = Some((Lamports::new(1), Lamports::new(2)));
        let all = (0..4).map(|chunk| four.fees(chunk)).collect::<Result<Vec<_>, _>>();
        assert_eq!(all, Ok(vec![None, None, None, fees]));
    }

    #[test]
    fn the_only_chunk_waits_for_nothing() {
        let one = totals(1);
        assert_eq!(one.at_once().collect::<Vec<_>>(), [0]);
        assert_eq!((one.due(1), one.fees(0).map(|fees| fees.is_some())), (Due::Settled, Ok(true)));
    }
}
