//! What the settings say and refuse.

use chassis::settings::{self, Problems, Variables};
use proto::{AccountId, LAMPORTS_PER_SOL};
use room_svc::settings::RoomSettings;
use std::time::Duration;

const SERVICES: [(&str, &str); 3] = [
    ("ORACLE_GRPC_URL", "http://oracle.example"),
    ("WALLET_GRPC_URL", "http://wallet.example"),
    (
        "OPERATOR_KEYS",
        "4zvwRjXUKGfvwnParsHAS3HuSVzV5cA4McphgmoCtajS,7EYnhQoR9YM3N7UoaKRoA44Uy8JeaZV3qyouov87awMs",
    ),
];
const ACCOUNT: &str = "0199e2d4-7c1e-7a53-9d3c-2f6f6f0a1b2c";

fn read(changed: &[(&str, &str)]) -> Result<RoomSettings, Problems> {
    let variables: Variables = SERVICES.iter().chain(changed).copied().collect();
    settings::read(variables, RoomSettings::declare)
}

#[test]
fn the_defaults_are_those_of_the_specification() {
    let settings = read(&[("NETWORK", "mainnet")]).unwrap();
    let (rules, cancel) = (&settings.rules, settings.cancel);
    assert_eq!((rules.suspicion_bps, rules.suspicion_wait.as_secs()), (100, 3_600));
    assert_eq!(rules.dispute.as_secs(), 24 * 3_600);
    assert_eq!((cancel.within.as_secs(), cancel.until_lock.as_secs()), (5, 60));
    let cap = &rules.cap;
    assert_eq!((cap.mean.as_secs(), cap.past_post.as_secs()), (300, 60));
    assert_eq!(cap.max_stake.get(), LAMPORTS_PER_SOL / 2);
    assert_eq!((cap.pair_age.as_secs(), cap.liquidity_usd), (24 * 3_600, 50_000));
    assert_eq!((cap.distance_bps, cap.pool_bps), (1_000, 100));
    assert_eq!(rules.custom.horizon_max, Duration::from_secs(90 * 86_400));
    assert_eq!(rules.custom.unresolved.as_secs(), 72 * 3_600);
    // Who can still take a bet back would find it void after a touch.
    assert!(cancel.within < rules.past_post && cancel.within < cap.past_post);
}

#[test]
fn mainnet_takes_nothing_weaker() {
    let weaker = [
        ("ROOM_CANCEL_WITHIN", "6s"),
        ("ROOM_CANCEL_UNTIL", "59s"),
        ("ROOM_SUSPICION_BPS", "101"),
        ("ROOM_SUSPICION_WAIT", "59m"),
        ("ROOM_DISPUTE_TIME", "23h"),
        ("ROOM_UNRESOLVED_AFTER", "71h"),
        ("ROOM_CAP_MEAN", "299s"),
        ("ROOM_CAP_PAST_POST", "59s"),
        ("ROOM_CAP_STAKE_MAX", "500000001"),
        ("ROOM_CAP_PAIR_AGE", "23h"),
        ("ROOM_CAP_LIQUIDITY_USD", "49999"),
        ("ROOM_CAP_DISTANCE_BPS", "999"),
        ("ROOM_CAP_POOL_BPS", "101"),
    ];
    for weaker in weaker {
        read(&[weaker]).unwrap();
        let problems = read(&[weaker, ("NETWORK", "mainnet")]).err().unwrap();
        let named: Vec<&str> = problems.iter().map(|problem| problem.name).collect();
        assert_eq!(named, [weaker.0]);
    }
}

#[test]
fn operators_do_not_bet_on_mainnet() {
    let pair = format!("4zvwRjXUKGfvwnParsHAS3HuSVzV5cA4McphgmoCtajS={ACCOUNT}");
    let accounts = ("OPERATOR_ACCOUNTS", pair.as_str());
    assert_eq!(read(&[accounts]).unwrap().barred.len(), 0, "play money is for everybody");
    let barred = read(&[accounts, ("NETWORK", "mainnet")]).unwrap().barred;
    assert_eq!(barred.into_iter().collect::<Vec<_>>(), [AccountId::new(ACCOUNT.parse().unwrap())]);
    let problems = read(&[("OPERATOR_ACCOUNTS", "me")]).err().unwrap();
    assert_eq!(problems.iter().map(|problem| problem.name).collect::<Vec<_>>(), ["OPERATOR_ACCOUNTS"]);
}
