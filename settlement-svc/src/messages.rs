//! What this service tells and asks, made from what it decided.

use crate::{
    domain::{Frozen, Line, Ruling, Settlement, Verdict, void_word},
    store::facts::{Receipt, Totals},
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

/// One chunk of the payouts; fees go with the last.
pub fn post_payouts(
    terms: &Terms,
    chunk: u32,
    chunks: u32,
    lines: &[Line],
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
        referrals: Vec::new(),
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
        referral_lamports: 0,
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

/// How a metric names a result: never by the labels of one room.
pub fn result_label(ruling: Ruling) -> &'static str {
    match ruling {
        Ruling::Outcome(_) => "OUTCOME",
        Ruling::Void(reason) => void_word(reason),
    }
}
