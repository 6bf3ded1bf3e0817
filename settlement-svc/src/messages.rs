//! What this service tells and asks, made from what it decided.

use crate::{
    domain::{Frozen, Line, Ruling, Settlement, Totals, Verdict, referral::Credit, void_word},
    store::{
        facts::Receipt,
        judgement::{Judged, Loss},
    },
};
use proto::{Lamports, RoomId, room::Terms, settlement, timestamp, wallet};
use time::OffsetDateTime;

/// The verdict that stands.
pub fn room_decided(settlement: &Settlement) -> settlement::RoomDecided {
    settlement::RoomDecided {
        room_id: settlement.room.bytes(),
        verdict: Some((&settlement.verdict).into()),
        version: settlement.version.unsigned_abs(),
    }
}

/// One chunk of the payouts with what its winners' referrers get; fees go with the last.
pub fn post_payouts(
    terms: &Terms,
    chunk: u32,
    chunks: u32,
    lines: &[Line],
    credits: &[Credit],
    fees: Option<(Lamports, Lamports)>,
) -> wallet::PostPayouts {
    let (protocol_fee, host_fee) = fees.unwrap_or_default();
    let line =
        |line: &Line| wallet::PayoutLine { bet_id: line.bet.id.bytes(), credit_lamports: line.payout.get() };
    wallet::PostPayouts {
        room_id: terms.room_id.clone(),
        chunk,
        chunks,
        lines: lines.iter().map(line).collect(),
        protocol_fee_lamports: protocol_fee.get(),
        host_fee_lamports: host_fee.get(),
        host_account_id: terms.host_account_id.clone(),
        referrals: credits.iter().map(Into::into).collect(),
    }
}

/// A settled room, still without its bets.
pub fn room_settled(
    frozen: &Frozen,
    verdict: &Verdict,
    totals: &Totals,
    settled_at: OffsetDateTime,
) -> settlement::RoomSettled {
    let verdict = Verdict { ruling: totals.ruling, ..verdict.clone() };
    settlement::RoomSettled {
        room_id: frozen.room.bytes(),
        room_number: frozen.number,
        terms: Some(frozen.terms.clone()),
        verdict: Some((&verdict).into()),
        pools_lamports: totals.pools.iter().map(|pool| pool.get()).collect(),
        protocol_fee_lamports: totals.protocol_fee.get(),
        host_fee_lamports: totals.host_fee.get(),
        bets: Vec::new(),
        part: 0,
        parts: totals.chunks,
        settled_at: Some(timestamp(settled_at)),
        referral_lamports: totals.referrals.get(),
    }
}

/// One bet of a settled room.
pub fn settled_bet(line: &Line) -> settlement::SettledBet {
    settlement::SettledBet {
        bet_id: line.bet.id.bytes(),
        account_id: line.bet.account.bytes(),
        outcome: line.bet.outcome,
        stake_lamports: line.bet.stake.get(),
        fate: settlement::Fate::from(line.fate).into(),
        payout_lamports: line.payout.get(),
    }
}

/// What is to be written on chain.
pub fn anchor_receipt(frozen: &Frozen, verdict: &Verdict, totals: &Totals) -> wallet::AnchorReceipt {
    wallet::AnchorReceipt {
        room_id: frozen.room.bytes(),
        terms_hash: frozen.terms_hash().to_vec(),
        outcome: totals.ruling.label(&frozen.terms.outcomes),
        price: verdict.price.map(|price| price.to_string()).unwrap_or_default(),
        root: totals.root.to_vec(),
    }
}

/// The receipt is on chain.
pub fn receipt_ready(room: RoomId, receipt: &Receipt) -> settlement::ReceiptReady {
    settlement::ReceiptReady { room_id: room.bytes(), signature: receipt.signature.clone() }
}

/// A dispute as it stands.
pub const fn dispute_changed(dispute: Option<settlement::Dispute>) -> settlement::DisputeChanged {
    settlement::DisputeChanged { dispute }
}

/// One part of a refund.
pub fn refund_stakes(room: RoomId, chunk: u32, chunks: u32, losses: &[Loss]) -> wallet::RefundStakes {
    let line = |loss: &Loss| wallet::RefundLine { bet_id: loss.bet.bytes(), lamports: loss.stake.get() };
    wallet::RefundStakes { room_id: room.bytes(), chunk, chunks, lines: losses.iter().map(line).collect() }
}

/// One part of the stakes that were repaid.
pub fn room_corrected(
    frozen: &Frozen,
    judged: &Judged,
    part: u32,
    losses: &[Loss],
) -> settlement::RoomCorrected {
    let bet = |loss: &Loss| settlement::RefundedBet {
        bet_id: loss.bet.bytes(),
        account_id: loss.account.bytes(),
        lamports: loss.stake.get(),
    };
    settlement::RoomCorrected {
        room_id: frozen.room.bytes(),
        room_number: frozen.number,
        terms: Some(frozen.terms.clone()),
        bets: losses.iter().map(bet).collect(),
        part,
        parts: judged.chunks,
        reason: judged.reason.clone(),
    }
}

/// How a metric names a result: never by the labels of one room.
pub fn result_label(ruling: Ruling) -> &'static str {
    match ruling {
        Ruling::Outcome(_) => "OUTCOME",
        Ruling::Void(reason) => void_word(reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Bet, Fate};
    use prost::Message;
    use proto::{AccountId, BetId};
    use uuid::Uuid;

    /// Half of what the broker takes, and what the ledger takes in one transaction.
    const LARGEST: usize = 512 * 1024;

    #[test]
    fn a_chunk_whose_every_winner_was_brought_by_three_fits() {
        let id = |number| Uuid::from_u128(u128::MAX - number);
        let line = |number| Line {
            bet: Bet {
                id: BetId::new(id(number)),
                account: AccountId::new(id(number)),
                outcome: 0,
                stake: Lamports::MAX,
                accepted_at: OffsetDateTime::UNIX_EPOCH,
                min_odds_percent: 0,
            },
            fate: Fate::Won,
            payout: Lamports::MAX,
        };
        let lines: Vec<Line> = (0..1_000).map(line).collect();
        let credit = |number: u128, level| Credit {
            account: AccountId::new(id(number)),
            level,
            lamports: Lamports::MAX,
        };
        let credits: Vec<Credit> = (0..1_000)
            .flat_map(|number| [1, 2, 3].map(|level| credit(number * 3 + u128::from(level), level)))
            .collect();
        let terms = Terms { room_id: vec![7; 16], host_account_id: vec![8; 16], ..Default::default() };
        let fees = Some((Lamports::MAX, Lamports::MAX));
        let size = post_payouts(&terms, u32::MAX - 1, u32::MAX, &lines, &credits, fees).encoded_len();
        assert!(size <= LARGEST, "{size} bytes");
        assert!(size > 100_000, "{size} bytes are not three thousand referrals");
    }
}
