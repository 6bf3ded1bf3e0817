//! Taking SOL out: address, amount, preview, progress.

use super::{Button, Screen, format, home};
use crate::{callbacks::Callback, domain::WithdrawDraft, locales::Language};
use proto::{
    CommandId, Lamports, WithdrawalId, from_timestamp,
    wallet::{Withdrawal, WithdrawalState},
};
use time::{Duration, OffsetDateTime};

/// Where to? `wrong` if the last text was no address.
#[must_use]
pub fn withdraw_address(
    language: Language,
    draft: &WithdrawDraft,
    withdrawable: Lamports,
    wrong: bool,
) -> Screen {
    let mut lines = vec![language.say("withdraw-title"), String::new()];
    if withdrawable <= Lamports::ZERO {
        lines.push(language.say("withdraw-nothing"));
    } else {
        lines.push(language.fill("withdraw-balance", &[("amount", withdrawable.into())]));
    }
    lines.push(String::new());
    if wrong {
        lines.push(language.say("withdraw-address-invalid"));
    }
    lines.push(language.say("withdraw-ask-address"));
    let keep = draft.address.as_ref().map(|address| {
        lines.push(language.fill("withdraw-address-kept", &[("address", address.as_str().into())]));
        let label = language.plain("button-use-address", &[("address", shortened(address).into())]);
        Button::press(label, Callback::WithdrawAmount)
    });
    Screen::new(lines)
        .row(keep)
        .row([Button::go(language, "button-wallet", Callback::Wallet), home(language)])
}

/// How much? `problem` is what was wrong with the last answer.
#[must_use]
pub fn withdraw_amount(
    language: Language,
    address: &str,
    withdrawable: Lamports,
    problem: Option<String>,
) -> Screen {
    let mut lines = vec![
        language.say("withdraw-title"),
        language.fill("withdraw-to", &[("address", address.into())]),
        String::new(),
    ];
    lines.extend(problem.map(|problem| format!("{problem}\n")));
    lines.push(language.fill("withdraw-balance", &[("amount", withdrawable.into())]));
    lines.push(language.say("withdraw-ask-amount"));
    Screen::new(lines)
        .row([25, 50, 100].map(|percent: u32| {
            let label = language.plain("button-share", &[("percent", percent.into())]);
            Button::press(label, Callback::WithdrawShare { percent })
        }))
        .row([
            Button::go(language, "button-change-address", Callback::WithdrawAddress),
            Button::go(language, "button-wallet", Callback::Wallet),
        ])
}

/// What leaves, what it costs, what arrives.
#[must_use]
pub fn withdraw_preview(
    language: Language,
    address: &str,
    amount: Lamports,
    preview: &proto::wallet::PreviewWithdrawalResponse,
    slip: CommandId,
) -> Screen {
    let mut lines = vec![
        language.say("withdraw-preview"),
        String::new(),
        language.fill("withdraw-to", &[("address", address.into())]),
        language.fill("withdraw-leaves", &[("amount", amount.into())]),
        language.fill("withdraw-fee", &[("fee", Lamports::new(preview.fee_lamports).into())]),
        language.fill("withdraw-arrives", &[("amount", Lamports::new(preview.arrives_lamports).into())]),
        String::new(),
    ];
    if preview.approvals_needed > 0 {
        let operators = preview.approvals_needed.into();
        lines.push(language.fill("withdraw-operators", &[("operators", operators)]));
    }
    if preview.hold_seconds > 0 {
        let span = format::span(language, Duration::seconds(i64::from(preview.hold_seconds)));
        lines.push(language.fill("withdraw-hold", &[("span", span.into())]));
    }
    lines.push(language.say("withdraw-final"));
    let label = language.plain("button-confirm-withdraw", &[("amount", amount.into())]);
    Screen::new(lines)
        .row([Button::press(label, Callback::Confirm { slip })])
        .row([
            Button::go(language, "button-change-amount", Callback::WithdrawAmount),
            Button::go(language, "button-change-address", Callback::WithdrawAddress),
        ])
        .row([Button::go(language, "button-wallet", Callback::Wallet)])
}

/// Asks for a code of the authenticator. `wrong` if the last text was none.
#[must_use]
pub fn withdraw_code(language: Language, wrong: bool) -> Screen {
    let problem = wrong.then(|| language.say("authenticator-not-a-code"));
    Screen::new(problem.into_iter().chain([language.say("withdraw-ask-code")])).row([
        Button::go(language, "button-change-amount", Callback::WithdrawAmount),
        Button::go(language, "button-wallet", Callback::Wallet),
    ])
}

/// The request is on its way.
#[must_use]
pub fn requesting(language: Language) -> Screen {
    Screen::new([language.say("requesting-withdrawal")])
}

/// It is being taken back.
#[must_use]
pub fn cancelling(language: Language) -> Screen {
    Screen::new([language.say("cancelling-withdrawal")])
}

/// A withdrawal with its steps, edited as it goes. Its owner can take it back until it is approved.
#[must_use]
pub fn withdrawal(
    language: Language,
    withdrawal: &Withdrawal,
    explorer: Option<String>,
    now: OffsetDateTime,
) -> Screen {
    let amount = Lamports::new(withdrawal.lamports);
    let fee = Lamports::new(withdrawal.fee_lamports);
    let mut lines = vec![
        language.fill("withdrawal-title", &[("amount", amount.into())]),
        language.fill("withdraw-to", &[("address", withdrawal.address.as_str().into())]),
    ];
    if let Ok(arrives) = amount.checked_sub(fee) {
        lines.push(language.fill("withdrawal-fee", &[("fee", fee.into()), ("arrives", arrives.into())]));
    }
    lines.push(String::new());
    lines.extend(steps(language, withdrawal, now));
    if !withdrawal.signature.is_empty() {
        lines.push(
            language.fill("withdrawal-signature", &[("signature", withdrawal.signature.as_str().into())]),
        );
    }
    let link = explorer.map(|url| Button::link(language.plain("button-explorer", &[]), url));
    let open = matches!(withdrawal.state(), WithdrawalState::Requested | WithdrawalState::Held);
    let id = WithdrawalId::try_from_bytes(&withdrawal.withdrawal_id).ok().filter(|_| open);
    let cancel = id.map(|withdrawal| {
        Button::go(language, "button-cancel-withdrawal", Callback::CancelWithdrawal { withdrawal })
    });
    Screen::new(lines)
        .row(link)
        .row(cancel)
        .row([Button::go(language, "button-wallet", Callback::Wallet), home(language)])
        .lasting()
}

/// The steps of the road, in order.
const ROAD: [(WithdrawalState, &str); 5] = [
    (WithdrawalState::Requested, "withdrawal-requested"),
    (WithdrawalState::Approved, "withdrawal-approved"),
    (WithdrawalState::Signed, "withdrawal-signed"),
    (WithdrawalState::Submitted, "withdrawal-submitted"),
    (WithdrawalState::Finalized, "withdrawal-finalized"),
];

fn steps(language: Language, withdrawal: &Withdrawal, now: OffsetDateTime) -> Vec<String> {
    let state = withdrawal.state();
    let ended = match state {
        WithdrawalState::Failed => Some("withdrawal-failed"),
        WithdrawalState::Cancelled => Some("withdrawal-cancelled"),
        // Operators say why; where nobody does, the address could not take it.
        WithdrawalState::Rejected if withdrawal.reason.is_empty() => Some("withdrawal-rejected-address"),
        WithdrawalState::Rejected => Some("withdrawal-rejected"),
        _ => None,
    };
    // Held follows requested, and expired goes back to approved: both are signed next.
    let reached = match state {
        WithdrawalState::Held | WithdrawalState::Unspecified => WithdrawalState::Requested,
        WithdrawalState::Expired => WithdrawalState::Approved,
        other => other,
    };
    let place = ROAD.iter().position(|(step, _)| *step == reached).unwrap_or_default();
    let mut lines: Vec<_> = ROAD
        .iter()
        .enumerate()
        .filter(|(at, _)| ended.is_none() || *at == 0)
        .map(|(at, (_, key))| {
            let line = match at {
                at if at <= place => "withdrawal-step-done",
                at if at == place + 1 => "withdrawal-step-now",
                _ => "withdrawal-step-open",
            };
            language.fill(line, &[("step", language.say(key).into())])
        })
        .collect();
    lines.extend(ended.map(|key| language.say(key)));
    if state == WithdrawalState::Expired {
        lines.push(language.say("withdrawal-expired"));
    }
    if !withdrawal.reason.is_empty() {
        let reason = withdrawal.reason.as_str().into();
        lines.push(language.fill("withdrawal-reason", &[("reason", reason)]));
    }
    if state == WithdrawalState::Held {
        lines.extend(waits(language, withdrawal, now));
    }
    lines
}

/// What a held withdrawal waits for; both may be.
fn waits(language: Language, withdrawal: &Withdrawal, now: OffsetDateTime) -> Vec<String> {
    let operators = (withdrawal.approvals < withdrawal.approvals_needed).then(|| {
        let counts =
            [("approvals", withdrawal.approvals.into()), ("needed", withdrawal.approvals_needed.into())];
        language.fill("withdrawal-held-operators", &counts)
    });
    let until = from_timestamp(withdrawal.held_until.as_ref()).ok().filter(|until| *until > now);
    let address = until.map(|until| {
        let until = format::moment(language, until, now).into();
        language.fill("withdrawal-held", &[("until", until)])
    });
    operators.into_iter().chain(address).collect()
}

/// `9xQe…VFin`: both ends of an address, enough to recognise one's own.
pub(super) fn shortened(address: &str) -> String {
    let characters: Vec<char> = address.chars().collect();
    match (characters.get(..4), characters.len().checked_sub(4).and_then(|at| characters.get(at..))) {
        (Some(head), Some(tail)) => {
            format!("{}…{}", head.iter().collect::<String>(), tail.iter().collect::<String>())
        }
        _ => address.to_owned(),
    }
}
