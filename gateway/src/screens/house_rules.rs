//! The rules of the product in short, for whoever wants them before the first bet or after the last one.

use super::{Button, Screen, format, home};
use crate::{callbacks::Callback, domain::CancelRule, locales::Language};
use chassis::settings::Network;
use proto::Lamports;

/// The numbers that the rules name.
#[derive(Clone, Copy, Debug)]
pub struct HouseRules<'a> {
    /// Protocol and host together, in percent of the losing stakes.
    pub fee_percent: &'a str,
    /// Of the fee on a win, first to third level.
    pub referral_percents: &'a [String; 3],
    /// When a bet can be taken back.
    pub cancel: CancelRule,
    /// Smaller deposits pass without a message.
    pub minimum_deposit: Lamports,
    /// Whether it is about real money.
    pub network: Network,
}

/// The rules.
#[must_use]
pub fn house_rules(language: Language, rules: &HouseRules<'_>) -> Screen {
    let [first, second, third] = rules.referral_percents.each_ref().map(|percent| percent.as_str().into());
    let within = format::span(language, rules.cancel.within).into();
    let before = format::span(language, rules.cancel.before_lock).into();
    let network = rules.network.to_string().into();
    let sections = [
        language.say("rules-title"),
        language.fill("rules-betting", &[("within", within), ("before", before)]),
        language.say("rules-result"),
        language.fill("rules-winning", &[("fee", rules.fee_percent.into())]),
        language.say("rules-void"),
        language.say("rules-dispute"),
        language.fill("rules-money", &[("minimum", rules.minimum_deposit.into())]),
        language.fill("rules-referrals", &[("first", first), ("second", second), ("third", third)]),
        language.say("rules-limits"),
        language.fill("terms-network", &[("network", network)]),
    ];
    let lines = sections.into_iter().flat_map(|section| [section, String::new()]);
    Screen::new(lines).row([Button::go(language, "button-help", Callback::Help), home(language)])
}
