//! Referrals against the specification's example and against the rule word by word.

use super::*;
use crate::domain::{Bet, Rules, Verdict, settle};
use proptest::prelude::*;
use proto::{BetId, LAMPORTS_PER_SOL, room};
use time::macros::datetime;
use uuid::Uuid;

const SOL: i64 = LAMPORTS_PER_SOL;

fn account(number: u128) -> AccountId {
    AccountId::new(Uuid::from_u128(number + 1))
}

fn bet(number: u128, outcome: u32, stake: i64) -> Bet {
    Bet {
        id: BetId::new(Uuid::from_u128(number + 1)),
        account: account(number),
        outcome,
        stake: Lamports::new(stake),
        accepted_at: datetime!(2026-01-01 12:00 UTC),
        min_odds_percent: 0,
    }
}

fn book(protocol: u32, host: u32, bets: &[Bet]) -> Book {
    let terms = room::Terms {
        kind: room::Kind::Close.into(),
        outcomes: vec!["outcome".to_owned(); 2],
        protocol_fee_bps: protocol,
        host_fee_bps: host,
        ..Default::default()
    };
    settle(&Rules::try_from(&terms).unwrap(), &Verdict::of(Ruling::Outcome(0)), bets).unwrap()
}

fn rates(points: [u32; LEVELS]) -> Rates {
    Rates(points.map(|points| BasisPoints::try_new(points).unwrap()))
}

fn usual() -> Rates {
    rates([1_500, 500, 200])
}

/// Whom the referrers of these tests are: far from the players.
fn chain(of: [u128; LEVELS]) -> Chain {
    of.map(|number| (number > 0).then(|| account(1_000 + number)))
}

fn shares(credits: &[Credit]) -> Vec<(AccountId, u8, i64)> {
    credits.iter().map(|credit| (credit.account, credit.level, credit.lamports.get())).collect()
}

#[test]
fn scenario_47_a_chain_of_three_gets_its_parts_of_a_fee_of_0_30() {
    let book = book(200, 100, &[bet(0, 0, 10 * SOL), bet(1, 1, 10 * SOL)]);
    assert_eq!(book.protocol_fee.get() + book.host_fee.get(), 300_000_000);
    let chains = HashMap::from([(account(0), chain([1, 2, 3]))]);
    let credits = referrals(&book, &[&book.lines], &chains, &usual()).unwrap();
    let expected =
        [(account(1_001), 1, 45_000_000), (account(1_002), 2, 15_000_000), (account(1_003), 3, 6_000_000)];
    assert_eq!(shares(&credits[0]), expected);
}

#[test]
fn a_missing_referrer_leaves_its_part_with_the_protocol() {
    let book = book(200, 100, &[bet(0, 0, 10 * SOL), bet(1, 1, 10 * SOL)]);
    let of = |chains: &HashMap<_, _>| shares(&referrals(&book, &[&book.lines], chains, &usual()).unwrap()[0]);
    let two = HashMap::from([(account(0), chain([1, 2, 0]))]);
    assert_eq!(of(&two), [(account(1_001), 1, 45_000_000), (account(1_002), 2, 15_000_000)]);
    assert_eq!(of(&HashMap::new()), []);
    // Who lost earns nobody anything.
    assert_eq!(of(&HashMap::from([(account(1), chain([1, 2, 3]))])), []);
}

#[test]
fn nobody_earns_by_a_void_room() {
    let book = book(200, 100, &[bet(0, 0, 10 * SOL)]);
    let chains = HashMap::from([(account(0), chain([1, 2, 3]))]);
    assert_eq!(referrals(&book, &[&book.lines, &[]], &chains, &usual()), Ok(vec![vec![], vec![]]));
}

#[test]
fn each_chunk_has_the_credits_of_its_winners() {
    let book = book(200, 100, &[bet(0, 0, SOL), bet(1, 0, SOL), bet(2, 0, 2 * SOL), bet(3, 1, 4 * SOL)]);
    let chains = HashMap::from(
        [0, 1, 2].map(|player| (account(player), chain([1, if player == 1 { 1 } else { 2 }, 0]))),
    );
    let chunks: Vec<&[Line]> = book.lines.chunks(2).collect();
    let credits = referrals(&book, &chunks, &chains, &usual()).unwrap();
    // A takeout of 0.12 over stakes 1, 1, 2: bases 0.03, 0.03, 0.06.
    let first =
        [(account(1_001), 1, 9_000_000), (account(1_001), 2, 1_500_000), (account(1_002), 2, 1_500_000)];
    assert_eq!(shares(&credits[0]), first);
    assert_eq!(shares(&credits[1]), [(account(1_001), 1, 9_000_000), (account(1_002), 2, 3_000_000)]);
}

/// A small protocol fee beside a large host fee: the lower bet is served first, and level 1 before the others.
#[test]
fn what_exceeds_the_protocol_fee_is_cut_from_the_end() {
    let book = book(10, 1_000, &[bet(0, 0, 1_000), bet(1, 0, 1_000), bet(2, 1, 10_000)]);
    assert_eq!((book.protocol_fee.get(), book.host_fee.get()), (10, 1_000));
    let chains = HashMap::from([(account(0), chain([1, 2, 3])), (account(1), chain([4, 5, 6]))]);
    // Bases of 505 at 1 %, 0.4 %, 0.4 %: 5 + 2 + 2 each, of which 10 are there.
    let credits = referrals(&book, &[&book.lines], &chains, &rates([100, 40, 40])).unwrap();
    let expected =
        [(account(1_001), 1, 5), (account(1_002), 2, 2), (account(1_003), 3, 2), (account(1_004), 1, 1)];
    assert_eq!(shares(&credits[0]), expected);
}

#[test]
fn a_referrer_is_fixed_once_and_in_time() {
    let (me, one, other) = (account(0), account(1), account(2));
    let code = |owner, standing, has_bet| refer(me, owner, standing, has_bet).map_err(|refusal| refusal.code);
    assert_eq!(code(Some(one), None, false), Ok(Referral::New(one)));
    assert_eq!(code(Some(one), Some(one), true), Ok(Referral::Stands));
    assert_eq!(code(None, None, false), Err(RefusalCode::ReferralUnknown));
    assert_eq!(code(Some(me), None, false), Err(RefusalCode::ReferralSelf));
    assert_eq!(code(Some(one), Some(other), false), Err(RefusalCode::ReferralLate));
    assert_eq!(code(Some(one), None, true), Err(RefusalCode::ReferralLate));
}

#[test]
fn who_joins_brings_along_whom_they_brought() {
    let mut tally = Tally::default();
    tally.joined(&chain([1, 2, 3]), [1, 4, 9]);
    let levels = |referrer| {
        [1, 2, 3].map(|level| tally.0.get(&(account(referrer), level)).map_or(0, |gain| gain.accounts))
    };
    assert_eq!([levels(1_001), levels(1_002), levels(1_003)], [[1, 4, 9], [0, 1, 4], [0, 0, 1]]);
}

#[test]
fn codes_are_short_plain_and_the_same_again() {
    let (first, again, next) = (code(account(0), 0), code(account(0), 0), code(account(0), 1));
    assert_eq!(first, again);
    assert_ne!(first, next);
    assert_ne!(first, code(account(1), 0));
    assert_eq!(read_code(&format!(" {} ", first.to_lowercase())), Some(first.clone()));
    for wrong in ["", "ABCDEFG", "ABCDEFGHJ", "ABCDEFG0", "ABCDEFGÄ", "ABCD-EFG"] {
        assert_eq!(read_code(wrong), None, "{wrong}");
    }
    let mut codes: Vec<String> = (0..2_000).map(|number| code(account(number), 0)).collect();
    assert!(codes.iter().all(|one| read_code(one).as_ref() == Some(one)));
    codes.sort();
    codes.dedup();
    assert_eq!(codes.len(), 2_000);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// Payouts, fees and referrals are the stakes, to the lamport; chunks change nothing but their order.
    #[test]
    fn nothing_is_minted(
        bets in prop::collection::vec((0_u32..2, prop_oneof![1_i64..50, 1..=5 * SOL, 1..=i64::MAX / 64]), 2..40),
        chained in prop::collection::vec([0_u128..6, 0_u128..6, 0_u128..6], 40),
        (protocol, host) in (0_u32..5_000, 0_u32..5_000),
        points in [0_u32..=10_000, 0_u32..=10_000, 0_u32..=10_000],
        size in 1_usize..50,
    ) {
        let bets: Vec<Bet> = (0..).zip(bets).map(|(number, (outcome, stake))| bet(number, outcome, stake)).collect();
        let book = book(protocol, host, &bets);
        // A chain ends where somebody came by themselves.
        let ended = |of: [u128; LEVELS]| match of {
            [0, ..] => [0; LEVELS],
            [first, 0, _] => [first, 0, 0],
            whole => whole,
        };
        let chains: HashMap<AccountId, Chain> =
            (0..).zip(chained).map(|(number, of)| (account(number), chain(ended(of)))).collect();
        let chunks: Vec<&[Line]> = book.lines.chunks(size).collect();
        let credits = referrals(&book, &chunks, &chains, &rates(points)).unwrap();
        prop_assert_eq!(credits.len(), chunks.len());

        let total: i128 = credits.iter().flatten().map(|credit| credit.lamports.wide()).sum();
        prop_assert!(total <= book.protocol_fee.wide());
        let kept = book.protocol_fee.wide() - total;
        let payouts: i128 = book.lines.iter().map(|line| line.payout.wide()).sum();
        let stakes: i128 = bets.iter().map(|bet| bet.stake.wide()).sum();
        prop_assert_eq!(payouts + book.host_fee.wide() + kept + total, stakes);

        // The rule word by word, one winner and one level after the other.
        let mut left = book.protocol_fee.wide();
        let mut expected: BTreeMap<(usize, AccountId, u8), i128> = BTreeMap::new();
        let winning: i128 = book.lines.iter().filter(|line| line.fate == Fate::Won).map(|line| line.bet.stake.wide()).sum();
        for (index, line) in book.lines.iter().enumerate().filter(|(_, line)| line.fate == Fate::Won) {
            let base = (book.protocol_fee.wide() + book.host_fee.wide()) * line.bet.stake.wide() / winning;
            for (level, referrer) in chains[&line.bet.account].iter().enumerate() {
                let Some(referrer) = referrer else { continue };
                let part = (base * i128::from(points[level]) / 10_000).min(left);
                left -= part;
                *expected.entry((index / size, *referrer, u8::try_from(level).unwrap() + 1)).or_default() += part;
            }
        }
        expected.retain(|_, part| *part > 0);
        let granted: BTreeMap<(usize, AccountId, u8), i128> = credits
            .iter()
            .enumerate()
            .flat_map(|(chunk, credits)| credits.iter().map(move |credit| ((chunk, credit.account, credit.level), credit.lamports.wide())))
            .collect();
        prop_assert_eq!(granted, expected);
    }
}
