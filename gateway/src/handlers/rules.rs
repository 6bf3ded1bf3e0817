//! The rules of the product, in short.

use super::Member;
use crate::{
    app::App,
    screens::{self, HouseRules},
    turn::Turn,
};
use chassis::Fault;
use std::sync::Arc;

/// The rules with the numbers that hold here.
///
/// # Errors
/// Never.
pub async fn show(app: Arc<App>, member: Member) -> Result<Turn, Fault> {
    let settings = &app.settings;
    let rules = HouseRules {
        fee_percent: &settings.fee_percent,
        referral_percents: &settings.referral_percents,
        cancel: settings.cancel,
        minimum_deposit: settings.minimum_deposit,
        network: settings.network,
    };
    Ok(Turn::show(screens::house_rules(member.language, &rules)))
}
