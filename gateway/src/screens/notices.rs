//! What arrives without being asked for: deposits, withdrawals, results; of Polymarket in `tracker`.

use super::{
    Button, Screen, authenticator, disputes, group, home, question,
    result::{self, void_reason},
    tracker, withdraw,
};
use crate::{
    callbacks::Callback,
    domain::{RoomFilter, RoomView, Verdict},
    locales::Language,
};
use proto::{
    Lamports, Malformed,
    notifier::{BetResult, Notice, notice::Kind},
    settlement::Fate,
    wallet::{DepositChanged, DepositState},
};
use time::{Duration, OffsetDateTime};

/// A notice in words. `explorer` makes the address of a signature's page, where there is one.
///
/// # Errors
/// A notice of a kind this release does not know, or with fields that hold something else.
pub fn notice(
    language: Language,
    notice: &Notice,
    explorer: impl Fn(&str) -> Option<String>,
    now: OffsetDateTime,
) -> Result<Screen, Malformed> {
    told(language, notice, &explorer, now)
}

fn told(
    language: Language,
    notice: &Notice,
    explorer: &dyn Fn(&str) -> Option<String>,
    now: OffsetDateTime,
) -> Result<Screen, Malformed> {
    match notice.kind.as_ref().ok_or(Malformed("notice of an unknown kind"))? {
        Kind::Deposit(change) => Ok(deposit(language, change, explorer(&change.signature))),
        Kind::Withdrawal(change) => {
            Ok(withdraw::withdrawal(language, change, explorer(&change.signature), now))
        }
        Kind::BetResult(told) => bet_result(language, told),
        Kind::Security(changed) => {
            authenticator::security(language, changed).ok_or(Malformed("security change of an unknown kind"))
        }
        Kind::BetRefunded(refunded) => disputes::bet_refunded(language, refunded),
        Kind::Dispute(dispute) => disputes::dispute(language, dispute),
        Kind::RoomSettled(settled) => group::settled(language, settled),
        Kind::Wallet(alert) => tracker::wallet(language, alert, now),
        Kind::LargeTrade(trade) => Ok(tracker::large_trade(language, trade, now)),
        Kind::Signal(signal) => Ok(tracker::signal(language, signal)),
        Kind::PriceAlert(fired) => tracker::price_reached(language, fired, now),
        Kind::Digest(kept) => Ok(tracker::digest(language, kept, |item| match item.kind {
            // Notifier-svc makes none; one that were in itself would have no end.
            Some(Kind::Digest(_)) => Err(Malformed("digest in a digest")),
            _ => told(language, item, explorer, now),
        })),
        Kind::Broadcast(told) => tracker::broadcast(language, told),
    }
    .map(Screen::lasting)
}

fn deposit(language: Language, change: &DepositChanged, explorer: Option<String>) -> Screen {
    let amount = ("amount", Lamports::new(change.lamports).into());
    let mut lines = Vec::new();
    let mut doors = vec![Button::go(language, "button-wallet", Callback::Wallet)];
    if change.state() == DepositState::Credited {
        let balance = Lamports::new(change.available_lamports).into();
        lines.push(language.fill("notice-deposit-credited", &[amount]));
        lines.push(language.fill("notice-deposit-balance", &[("balance", balance)]));
        let rooms = Callback::Rooms { filter: RoomFilter::Live, page: 0 };
        doors.insert(0, Button::go(language, "button-rooms", rooms));
    } else {
        lines.push(language.fill("notice-deposit-seen", &[amount]));
        lines.push(language.say("notice-deposit-seen-next"));
    }
    lines.push(language.fill("notice-signature", &[("signature", change.signature.as_str().into())]));
    let link = explorer.map(|url| Button::link(language.plain("button-explorer", &[]), url));
    Screen::new(lines).row(link).row(doors)
}

fn bet_result(language: Language, told: &BetResult) -> Result<Screen, Malformed> {
    let settled = told.room.as_ref().ok_or(Malformed("result without a room"))?;
    let bet = told.bet.as_ref().ok_or(Malformed("result without a bet"))?;
    let terms = settled.terms.as_ref().ok_or(Malformed("result without terms"))?;
    let verdict = settled.verdict.as_ref().ok_or(Malformed("result without a verdict"))?;
    let verdict = Verdict::of_settlement(verdict)?;
    let room = RoomView::of_terms(settled.room_number, terms, &settled.pools_lamports)?;
    let number = ("number", room.number.to_string().into());
    let heading = match bet.fate() {
        Fate::Won => {
            language.fill("notice-won", &[("payout", Lamports::new(bet.payout_lamports).into()), number])
        }
        Fate::Lost => language.fill("notice-lost", &[number]),
        _ => language.fill("notice-room-void", &[number]),
    };
    let asked = question::dated_question(language, &room).into();
    let mut lines = vec![heading, language.fill("notice-question", &[("question", asked)]), String::new()];
    lines.extend(decision(language, &room, &verdict));
    lines.push(String::new());
    let index = usize::try_from(bet.outcome).unwrap_or(usize::MAX);
    let stake = Lamports::new(bet.stake_lamports);
    let outcome = question::outcome(language, &room, index).into();
    lines.push(language.fill("notice-stake", &[("stake", stake.into()), ("outcome", outcome)]));
    lines.extend(money(language, bet, settled)?);
    let dispute = (bet.fate() == Fate::Lost && room.dispute > Duration::ZERO)
        .then(|| Button::go(language, "button-dispute", Callback::Dispute { room: room.id }));
    let screen = Screen::new(lines).row([
        Button::go(language, "button-result", Callback::Verdict { room: room.id }),
        Button::go(language, "button-bets", Callback::Bets { page: 0 }),
        home(language),
    ]);
    Ok(screen.row(dispute))
}

fn decision(language: Language, room: &RoomView, verdict: &Verdict) -> Vec<String> {
    let Some(reason) = verdict.void else { return result::decision(language, room, verdict) };
    let mut lines = vec![language.fill("notice-void-reason", &[("reason", void_reason(language, reason))])];
    lines.extend(result::prices(language, room, verdict));
    lines
}

/// What the bet brought or cost.
fn money(
    language: Language,
    bet: &proto::settlement::SettledBet,
    settled: &proto::settlement::RoomSettled,
) -> Result<Vec<String>, Malformed> {
    let overflow = |_| Malformed("amount beyond the ledger");
    let stake = Lamports::new(bet.stake_lamports);
    let payout = Lamports::new(bet.payout_lamports);
    let returned = || language.fill("notice-returned", &[("payout", payout.into())]);
    let fee = Lamports::new(settled.protocol_fee_lamports)
        .checked_add(Lamports::new(settled.host_fee_lamports))
        .map_err(overflow)?;
    let fee = || language.fill("notice-fee", &[("fee", fee.into())]);
    Ok(match bet.fate() {
        Fate::Won => {
            let profit = payout.checked_sub(stake).map_err(overflow)?;
            let values = [("payout", payout.into()), ("profit", profit.into())];
            vec![language.fill("notice-payout", &values), fee()]
        }
        Fate::Lost => vec![language.fill("notice-loss", &[("stake", stake.into())])],
        Fate::PastPost => vec![language.say("notice-past-post"), returned()],
        Fate::MinOdds => vec![language.say("notice-min-odds"), returned()],
        Fate::RoomVoid | Fate::Unspecified => vec![returned()],
    })
}
