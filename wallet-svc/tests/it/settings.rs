//! What the settings refuse.

use chassis::settings::{self, Problems, Variables};
use wallet_svc::workers::ChainSettings;

const OPERATORS: &str =
    "4zvwRjXUKGfvwnParsHAS3HuSVzV5cA4McphgmoCtajS, 7EYnhQoR9YM3N7UoaKRoA44Uy8JeaZV3qyouov87awMs";

fn read(changed: &[(&str, &str)]) -> Result<ChainSettings, Problems> {
    let mut all =
        vec![("SOLANA_RPC_URLS", "http://a.example,http://b.example"), ("OPERATOR_KEYS", OPERATORS)];
    all.extend(changed);
    let variables: Variables = all.into_iter().collect();
    settings::read(variables, |r| {
        let settings = ChainSettings::declare(r)?;
        settings.check(r)?;
        Ok(settings)
    })
}

fn named(problems: &Problems) -> Vec<&str> {
    problems.iter().map(|problem| problem.name).collect()
}

#[test]
fn the_defaults_are_those_of_the_specification() {
    let settings = read(&[]).unwrap();
    let rules = settings.withdrawals;
    assert_eq!(rules.min.get(), 10_000_000);
    assert_eq!(rules.new_address_hold.as_secs(), 24 * 3_600);
    assert_eq!(rules.deposit_age.as_secs(), 600);
    assert_eq!(rules.account_day_cap.get(), 20 * proto::LAMPORTS_PER_SOL);
    assert_eq!(rules.account_day_cap_totp.get(), 50 * proto::LAMPORTS_PER_SOL);
    assert_eq!(rules.new_address_day_cap.get(), proto::LAMPORTS_PER_SOL);
    assert_eq!(rules.trusted_after.as_secs(), 7 * 24 * 3_600);
    assert_eq!(rules.total_day_cap.get(), 200 * proto::LAMPORTS_PER_SOL);
    assert_eq!(rules.approval_threshold.get(), 10 * proto::LAMPORTS_PER_SOL);
    assert_eq!(settings.proof.witnesses, 2);
    assert_eq!(settings.notice_min.get(), 1_000_000);
}

#[test]
fn mainnet_takes_nothing_weaker() {
    for weaker in [
        ("WITHDRAW_NEW_ADDRESS_HOLD", "1h"),
        ("DEPOSIT_WITHDRAWABLE_AFTER", "1m"),
        ("WITHDRAW_MIN", "1000000"),
        ("WITHDRAW_ACCOUNT_DAY_CAP", "21000000000"),
        ("WITHDRAW_ACCOUNT_DAY_CAP_TOTP", "51000000000"),
        ("WITHDRAW_NEW_ADDRESS_DAY_CAP", "1100000000"),
        ("WITHDRAW_ADDRESS_TRUSTED_AFTER", "6d"),
        ("WITHDRAW_TOTAL_DAY_CAP", "201000000000"),
        ("WITHDRAW_APPROVAL_THRESHOLD", "11000000000"),
        ("CHAIN_WITNESSES", "1"),
        ("CHAIN_DEATH_MARGIN", "5"),
    ] {
        assert!(read(&[weaker]).is_ok(), "{weaker:?}");
        let problems = read(&[weaker, ("NETWORK", "mainnet")]).err().unwrap();
        assert_eq!(named(&problems), [weaker.0]);
    }
}

#[test]
fn one_endpoint_is_too_few_for_real_money() {
    let one = ("SOLANA_RPC_URLS", "http://a.example");
    assert!(read(&[one]).is_ok());
    assert_eq!(named(&read(&[one, ("NETWORK", "mainnet")]).err().unwrap()), ["SOLANA_RPC_URLS"]);
}

#[test]
fn operators_are_known_by_their_keys() {
    let one = OPERATORS.split(',').next().unwrap();
    assert!(read(&[("OPERATOR_KEYS", one)]).is_ok());
    for too_few in [one.to_owned(), format!("{one},{one}")] {
        let problems = read(&[("OPERATOR_KEYS", &too_few), ("NETWORK", "mainnet")]).err().unwrap();
        assert_eq!(named(&problems), ["OPERATOR_KEYS"]);
    }
    assert_eq!(named(&read(&[("OPERATOR_KEYS", "me")]).err().unwrap()), ["OPERATOR_KEYS"]);
}

#[test]
fn the_fee_covers_the_network() {
    let problems = read(&[("WITHDRAW_FEE", "9999")]).err().unwrap();
    assert_eq!(named(&problems), ["WITHDRAW_FEE"]);
}
