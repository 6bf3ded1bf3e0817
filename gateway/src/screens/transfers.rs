//! Every movement of one's money.

use super::{Button, Screen, format, home, pager, pages_of};
use crate::{callbacks::Callback, locales::Language};
use proto::{
    Lamports, from_timestamp,
    wallet::{Transfer, TransferKind},
};
use time::OffsetDateTime;

/// Lines on a page.
pub const PAGE: u32 = 10;

/// One page, newest first.
#[must_use]
pub fn transfers(
    language: Language,
    page: u32,
    total: u64,
    shown: &[Transfer],
    now: OffsetDateTime,
) -> Screen {
    let pages = pages_of(total, PAGE);
    let mut lines = vec![language.say("transfers-title"), String::new()];
    if shown.is_empty() {
        lines.push(language.say("transfers-none"));
    }
    for transfer in shown {
        lines.push(line(language, transfer, now));
        if !transfer.signature.is_empty() {
            lines.push(
                language.fill("transfer-signature", &[("signature", transfer.signature.as_str().into())]),
            );
        }
    }
    if pages > 1 {
        let page = u64::from(page) + 1;
        lines.push(String::new());
        lines.push(language.fill("transfers-page", &[("page", page.into()), ("pages", pages.into())]));
    }
    Screen::new(lines)
        .row(pager(language, page, pages, |page| Callback::Transfers { page }))
        .row([Button::go(language, "button-wallet", Callback::Wallet), home(language)])
}

fn line(language: Language, transfer: &Transfer, now: OffsetDateTime) -> String {
    let amount = Lamports::new(transfer.lamports);
    // A minus as wide as the plus, so that the column stands.
    let (sign, amount) = match amount.to_string().strip_prefix('-') {
        Some(amount) => ("−", amount.to_owned()),
        None => ("+", amount.to_string()),
    };
    let kind = language.say(match transfer.kind() {
        TransferKind::Deposit => "transfer-deposit",
        TransferKind::Stake => "transfer-stake",
        TransferKind::StakeReturned => "transfer-stake-returned",
        TransferKind::Payout => "transfer-payout",
        TransferKind::HostFee => "transfer-host-fee",
        TransferKind::Withdrawal => "transfer-withdrawal",
        TransferKind::WithdrawalReturned => "transfer-withdrawal-returned",
        TransferKind::Referral => "transfer-referral",
        TransferKind::Refund => "transfer-refund",
        TransferKind::Unspecified => "transfer-other",
    });
    let when = from_timestamp(transfer.at.as_ref())
        .map_or_else(|_| "–".to_owned(), |at| format::moment(language, at, now));
    let mut values =
        vec![("sign", sign.into()), ("amount", amount.into()), ("kind", kind.into()), ("when", when.into())];
    if transfer.state.is_empty() {
        return language.fill("transfer-line", &values);
    }
    let state = language.fill("transfer-state", &[("state", transfer.state.as_str().into())]);
    values.push(("state", state.into()));
    language.fill("transfer-line-state", &values)
}
