//! The ledger's part: takes chunks of payouts as wallet-svc promises to, and notes what it must
//! never be asked.

use proto::wallet::{PostPayouts, RefundStakes};
use std::collections::{BTreeMap, BTreeSet};

/// What the ledger has of one room.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Account {
    /// Credits by bet.
    pub credits: BTreeMap<Vec<u8>, i64>,
    /// Protocol and host fee and the host, once the last chunk is there.
    pub fees: Option<(i64, i64, Vec<u8>)>,
    /// Sizes of the chunks in the order they came.
    pub chunks: Vec<(u32, usize)>,
    /// Parts of those who brought winners, by account and level.
    pub referrals: BTreeMap<(Vec<u8>, u32), i64>,
    /// Repaid stakes by bet.
    pub refunds: BTreeMap<Vec<u8>, i64>,
}

/// All rooms, and every request that breaks the contract.
#[derive(Debug, Default)]
pub struct Ledger {
    pub rooms: BTreeMap<Vec<u8>, Account>,
    pub wrong: Vec<String>,
    /// How much less than what was asked for the operators' capital has.
    pub short: i64,
}

impl Ledger {
    /// Repays a part once. False where the capital is short.
    pub fn refund(&mut self, part: &RefundStakes) -> bool {
        if self.short > 0 {
            return false;
        }
        let account = self.rooms.entry(part.room_id.clone()).or_default();
        for line in &part.lines {
            let before = account.refunds.insert(line.bet_id.clone(), line.lamports);
            let lost = account.credits.get(&line.bet_id) == Some(&0);
            if !lost || before.is_some_and(|before| before != line.lamports) {
                self.wrong.push(format!("bet {:?} is not to be refunded", line.bet_id));
            }
        }
        true
    }

    /// Posts a chunk once.
    pub fn post(&mut self, chunk: &PostPayouts) {
        let account = self.rooms.entry(chunk.room_id.clone()).or_default();
        let known = account.chunks.iter().any(|(number, _)| *number == chunk.chunk);
        let last = chunk.chunk + 1 == chunk.chunks;
        for line in &chunk.lines {
            let before = account.credits.insert(line.bet_id.clone(), line.credit_lamports);
            if before.is_some() != known || before.is_some_and(|before| before != line.credit_lamports) {
                self.wrong.push(format!("bet {:?} has another line", line.bet_id));
            }
        }
        if known {
            return;
        }
        account.chunks.push((chunk.chunk, chunk.lines.len()));
        let mut named = BTreeSet::new();
        for part in &chunk.referrals {
            let key = (part.account_id.clone(), part.level);
            if !named.insert(key.clone()) || part.lamports <= 0 || !(1..=3).contains(&part.level) {
                self.wrong.push(format!("a referral of {part:?}"));
            }
            *account.referrals.entry(key).or_default() += part.lamports;
        }
        if last && account.chunks.len() != chunk.chunks as usize {
            self.wrong.push(format!("last of {} chunks after {:?}", chunk.chunks, account.chunks));
        }
        let fees = (chunk.protocol_fee_lamports, chunk.host_fee_lamports, chunk.host_account_id.clone());
        if last {
            account.fees = Some(fees);
        } else if (fees.0, fees.1) != (0, 0) {
            self.wrong.push(format!("fees with chunk {}", chunk.chunk));
        }
    }
}
