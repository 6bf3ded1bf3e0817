//! Rooms for the tests: terms, bets, and what a room says when it froze.

use prost::Message;
use proto::{
    Lamports, RoomId, bets_hash,
    room::{self, BetState, Comparator, Kind, RoomState, VoidReason},
    settlement, timestamp,
};
use sha2::{Digest, Sha256};
use time::{Duration, OffsetDateTime, macros::datetime};
use uuid::Uuid;

/// When every room of the tests opens.
pub const OPEN: OffsetDateTime = datetime!(2026-01-01 12:00 UTC);

/// When the price of every touched room was reached.
pub const TOUCHED: OffsetDateTime = datetime!(2026-01-01 12:30 UTC);

/// A room as room-svc would hold it.
#[derive(Clone)]
pub struct Room {
    pub id: RoomId,
    pub terms: room::Terms,
    pub bets: Vec<room::Bet>,
}

impl Room {
    /// A public room without bets. The same number gives the same room.
    pub fn new(number: u32, kind: Kind) -> Self {
        let id = RoomId::new(Uuid::from_u128(0xa000_0000_0000_0000 << 64 | u128::from(number)));
        let terms = room::Terms {
            room_id: id.bytes(),
            kind: kind.into(),
            asset: "SOL".to_owned(),
            comparator: Comparator::AtOrAbove.into(),
            target: "165".to_owned(),
            open_price: "160.25".to_owned(),
            open_at: Some(timestamp(OPEN)),
            lock_at: Some(timestamp(OPEN + Duration::minutes(40))),
            deadline: Some(timestamp(OPEN + Duration::hours(1))),
            outcomes: vec!["YES".to_owned(), "NO".to_owned()],
            protocol_fee_bps: 200,
            host_fee_bps: 100,
            past_post_seconds: 10,
            host_account_id: Uuid::from_u128(7).as_bytes().to_vec(),
            ..Default::default()
        };
        Self { id, terms, bets: Vec::new() }
    }

    /// Adds a bet, accepted a minute after the room opened. Ids ascend.
    pub fn bet(mut self, outcome: u32, sol: &str) -> Self {
        let number = self.bets.len() + 1;
        let id = |kind: u64| {
            let room = self.id.uuid().as_u128() as u64;
            Uuid::from_u64_pair(kind << 32 | room, number as u64).as_bytes().to_vec()
        };
        self.bets.push(room::Bet {
            bet_id: id(1),
            room_id: self.id.bytes(),
            account_id: id(2),
            outcome,
            stake_lamports: Lamports::parse_sol(sol).unwrap().get(),
            state: BetState::Accepted.into(),
            accepted_at: Some(timestamp(OPEN + Duration::minutes(1))),
            ..Default::default()
        });
        self
    }

    /// Changes the bet added last.
    pub fn with(mut self, change: impl FnOnce(&mut room::Bet)) -> Self {
        change(self.bets.last_mut().unwrap());
        self
    }

    /// Two winners and a loser: 10 SOL against 5.
    pub fn ordinary(number: u32) -> Self {
        Self::new(number, Kind::Touch).bet(0, "2").bet(0, "8").bet(1, "5")
    }

    /// What the room says when it froze. One with too few bets still queued.
    pub fn frozen(&self) -> room::RoomFrozen {
        let terms = self.terms.encode_to_vec();
        let queued = self.bets.len() < self.terms.min_players as usize;
        let state = if queued { RoomState::Queuing } else { RoomState::Settling };
        let pool = |outcome: usize| {
            let bets = self.bets.iter().filter(|bet| bet.outcome as usize == outcome);
            bets.map(|bet| bet.stake_lamports).sum()
        };
        let pools: Vec<i64> = (0..self.terms.outcomes.len()).map(pool).collect();
        room::RoomFrozen {
            room: Some(room::Room {
                room_id: self.id.bytes(),
                number: self.number(),
                terms: Some(self.terms.clone()),
                terms_hash: Sha256::digest(&terms).to_vec(),
                state: state.into(),
                players: self.bets.len() as u32,
                pools_lamports: pools.clone(),
                version: 5,
                ..room::Room::default()
            }),
            terms,
            bet_count: self.bets.len() as u32,
            pools_lamports: pools,
            bets_hash: bets_hash(&self.bets).unwrap().to_vec(),
        }
    }

    pub fn number(&self) -> i64 {
        (self.id.uuid().as_u128() as u32).into()
    }

    pub fn stakes(&self) -> i64 {
        self.bets.iter().map(|bet| bet.stake_lamports).sum()
    }
}

/// YES: the price was reached.
pub fn touched() -> settlement::Verdict {
    settlement::Verdict {
        outcome: 0,
        price: "165.02".to_owned(),
        observed_at: Some(timestamp(TOUCHED)),
        series_first_second: TOUCHED.unix_timestamp(),
        series_last_second: TOUCHED.unix_timestamp() + 6,
        ..Default::default()
    }
}

/// Every stake goes back.
pub fn void(reason: VoidReason) -> settlement::Verdict {
    settlement::Verdict { void_reason: reason.into(), ..Default::default() }
}
