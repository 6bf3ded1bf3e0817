//! The book against spec examples and against slow, obvious versions of its rules.

use super::*;
use proptest::prelude::*;
use proto::{AccountId, BetId, LAMPORTS_PER_SOL, Lamports, room, room::VoidReason};
use std::cmp::Reverse;
use time::{Duration, OffsetDateTime, macros::datetime};
use uuid::Uuid;

const OPEN: OffsetDateTime = datetime!(2026-01-01 12:00 UTC);
const SOL: i64 = LAMPORTS_PER_SOL;

fn rules(kind: room::Kind, outcomes: usize, protocol: u32, host: u32) -> Rules {
    let terms = room::Terms {
        kind: kind.into(),
        outcomes: vec!["outcome".to_owned(); outcomes],
        protocol_fee_bps: protocol,
        host_fee_bps: host,
        past_post_seconds: 10,
        ..Default::default()
    };
    Rules::try_from(&terms).unwrap()
}

fn close() -> Rules {
    rules(room::Kind::Close, 2, 200, 100)
}

fn bet(number: u128, outcome: u32, stake: i64) -> Bet {
    Bet {
        id: BetId::new(Uuid::from_u128(number + 1)),
        account: AccountId::new(Uuid::from_u128(number + 1)),
        outcome,
        stake: Lamports::new(stake),
        accepted_at: OPEN,
        min_odds_percent: 0,
    }
}

fn won(outcome: u32) -> Verdict {
    let ruling = Ruling::Outcome(outcome);
    Verdict { observed_at: Some(OPEN + Duration::hours(1)), ..Verdict::of(ruling) }
}

fn fates(book: &Book) -> Vec<(Fate, i64)> {
    book.lines.iter().map(|line| (line.fate, line.payout.get())).collect()
}

fn total(amounts: impl IntoIterator<Item = Lamports>) -> i128 {
    amounts.into_iter().map(Lamports::wide).sum()
}

/// Scenario 33 of the specification.
#[test]
fn two_of_ten_against_five_get_2_97() {
    let bets = [bet(0, 0, 2 * SOL), bet(1, 0, 8 * SOL), bet(2, 1, 5 * SOL)];
    let book = settle(&close(), &won(0), &bets).unwrap();
    assert_eq!(fates(&book), [(Fate::Won, 2_970_000_000), (Fate::Won, 11_880_000_000), (Fate::Lost, 0)]);
    assert_eq!((book.protocol_fee.get(), book.host_fee.get()), (SOL / 10, SOL / 20));
    assert_eq!(book.pools, [Lamports::new(10 * SOL), Lamports::new(5 * SOL)]);
    assert_eq!(book.ruling, Ruling::Outcome(0));
}

#[test]
fn each_fee_is_rounded_down_on_its_own() {
    // 2 % of 99 is 1.98 and 1 % is 0.99: together 1, not the 2 of 3 %.
    let book = settle(&close(), &won(0), &[bet(0, 0, 100), bet(1, 1, 99)]).unwrap();
    assert_eq!((book.protocol_fee.get(), book.host_fee.get()), (1, 0));
    assert_eq!(fates(&book), [(Fate::Won, 198), (Fate::Lost, 0)]);
}

#[test]
fn breakage_goes_to_the_largest_remainders_then_to_the_lower_id() {
    // A prize of 8 over stakes 3, 3, 4: shares 2.4, 2.4, 3.2 leave one lamport for a tie.
    let bets = [bet(0, 0, 3), bet(1, 0, 3), bet(2, 0, 4), bet(3, 1, 8)];
    let book = settle(&close(), &won(0), &bets).unwrap();
    assert_eq!(fates(&book), [(Fate::Won, 6), (Fate::Won, 5), (Fate::Won, 7), (Fate::Lost, 0)]);
}

#[test]
fn a_room_without_opposition_is_void() {
    for outcome in [0, 1] {
        let book = settle(&close(), &won(0), &[bet(0, outcome, 7), bet(1, outcome, 9)]).unwrap();
        assert_eq!(book.ruling, Ruling::Void(VoidReason::NoOpposition));
        assert_eq!(fates(&book), [(Fate::RoomVoid, 7), (Fate::RoomVoid, 9)]);
        assert_eq!((book.protocol_fee, book.host_fee), (Lamports::ZERO, Lamports::ZERO));
    }
    let empty = settle(&close(), &won(0), &[]).unwrap();
    assert_eq!(empty.ruling, Ruling::Void(VoidReason::NoOpposition));
    // Somebody lost, but nobody won.
    let three =
        settle(&rules(room::Kind::Close, 3, 200, 100), &won(2), &[bet(0, 0, 7), bet(1, 1, 9)]).unwrap();
    assert_eq!(three.ruling, Ruling::Void(VoidReason::NoOpposition));
}

#[test]
fn a_void_verdict_gives_everything_back() {
    let verdict = Verdict { ruling: Ruling::Void(VoidReason::OracleInsufficient), ..won(0) };
    let guarded = Bet { min_odds_percent: 2_000, ..bet(1, 1, 9) };
    let book = settle(&close(), &verdict, &[bet(0, 0, 7), guarded]).unwrap();
    assert_eq!(book.ruling, verdict.ruling);
    assert_eq!(fates(&book), [(Fate::RoomVoid, 7), (Fate::RoomVoid, 9)]);
}

#[test]
fn bets_on_a_touch_already_seen_are_void() {
    let touch = rules(room::Kind::Touch, 2, 200, 100);
    let seen = OPEN + Duration::hours(1);
    let at = |number, outcome, accepted_at| Bet { accepted_at, ..bet(number, outcome, 10 * SOL) };
    let edge = seen - Duration::seconds(10);
    let bets = [
        at(0, 0, edge - Duration::microseconds(1)),
        at(1, 0, edge),
        at(2, 1, edge),
        at(3, 1, edge - Duration::microseconds(1)),
        at(4, 0, seen + Duration::seconds(1)),
    ];
    let back = (Fate::PastPost, 10 * SOL);
    let book = settle(&touch, &won(0), &bets).unwrap();
    assert_eq!(fates(&book), [(Fate::Won, 19_700_000_000), back, back, (Fate::Lost, 0), back]);

    // Without a touch, and where nothing can be seen before the deadline, nobody knew.
    let never = |fate: &(Fate, i64)| fate.0 != Fate::PastPost;
    assert!(fates(&settle(&touch, &won(1), &bets).unwrap()).iter().all(never));
    assert!(fates(&settle(&close(), &won(0), &bets).unwrap()).iter().all(never));
}

#[test]
fn a_past_posted_opponent_is_no_opposition() {
    let touch = rules(room::Kind::Touch, 2, 200, 100);
    let late = Bet { accepted_at: OPEN + Duration::hours(1), ..bet(1, 1, 9) };
    let book = settle(&touch, &won(0), &[bet(0, 0, 7), late]).unwrap();
    assert_eq!(book.ruling, Ruling::Void(VoidReason::NoOpposition));
    assert_eq!(fates(&book), [(Fate::RoomVoid, 7), (Fate::PastPost, 9)]);
}

#[test]
fn the_highest_guard_goes_first_and_may_save_the_next() {
    let guarded = |number, stake, min_odds_percent| Bet { min_odds_percent, ..bet(number, 0, stake) };
    // 10 against 5 pays 1.485; without the guard of 3.00, 8 against 5 pays 1.606 and that of 1.60 is met.
    let bets = [guarded(0, 8 * SOL, 160), guarded(1, 2 * SOL, 300), bet(2, 1, 5 * SOL)];
    let book = settle(&close(), &won(0), &bets).unwrap();
    assert_eq!(fates(&book), [(Fate::Won, 12_850_000_000), (Fate::MinOdds, 2 * SOL), (Fate::Lost, 0)]);
}

#[test]
fn a_guard_met_exactly_holds() {
    let at = |min_odds_percent| {
        let bets = [Bet { min_odds_percent, ..bet(0, 0, 100 * SOL) }, bet(1, 1, 100 * SOL)];
        settle(&close(), &won(0), &bets).unwrap().lines[0].fate
    };
    assert_eq!(at(197), Fate::Won);
    assert_eq!(at(198), Fate::MinOdds);
    // Rounding is not the guard's business: 3 × 1.97 = 5.91 pays at least 5.
    let bets = [Bet { min_odds_percent: 197, ..bet(0, 0, 3) }, bet(1, 0, 97), bet(2, 1, 100)];
    assert_eq!(settle(&close(), &won(0), &bets).unwrap().lines[0].fate, Fate::Won);
}

#[test]
fn among_equal_guards_the_latest_goes_first() {
    let at = |number, seconds| Bet {
        min_odds_percent: 150,
        accepted_at: OPEN + Duration::seconds(seconds),
        ..bet(number, 0, 5)
    };
    let book = settle(&close(), &won(0), &[at(0, 3), at(1, 2), bet(2, 1, 4)]).unwrap();
    assert_eq!(book.lines[0].fate, Fate::MinOdds);
    assert_eq!(book.lines[1].fate, Fate::Won);
}

#[test]
fn refuses_what_no_room_froze() {
    let settled = |bets: &[Bet]| settle(&close(), &won(0), bets);
    assert_eq!(settled(&[bet(1, 0, 5), bet(0, 1, 5)]), Err(BookError::OutOfOrder(bet(0, 1, 5).id)));
    assert_eq!(settled(&[bet(0, 0, 5), bet(0, 0, 5)]), Err(BookError::OutOfOrder(bet(0, 0, 5).id)));
    assert_eq!(settled(&[bet(0, 0, 0)]), Err(BookError::NoStake(bet(0, 0, 0).id)));
    assert_eq!(settled(&[bet(0, 2, 5)]), Err(BookError::NoSuchOutcome(2)));
    assert_eq!(settle(&close(), &won(2), &[bet(0, 0, 5)]), Err(BookError::NoSuchOutcome(2)));
    let beyond = [bet(0, 0, i64::MAX), bet(1, 1, 1)];
    assert_eq!(settled(&beyond), Err(BookError::Pools(proto::LamportsError::Overflow)));
}

#[test]
fn terms_must_make_sense() {
    let terms = |kind: room::Kind, outcomes: usize, protocol_fee_bps| room::Terms {
        kind: kind.into(),
        outcomes: vec![String::new(); outcomes],
        protocol_fee_bps,
        host_fee_bps: 100,
        ..Default::default()
    };
    let refused = |terms| Rules::try_from(&terms).err();
    assert_eq!(refused(terms(room::Kind::Close, 1, 200)), Some(MalformedTerms::Outcomes));
    assert_eq!(refused(terms(room::Kind::Close, 2, 9_901)), Some(MalformedTerms::Takeout));
    assert_eq!(refused(terms(room::Kind::Close, 2, u32::MAX)), Some(MalformedTerms::Takeout));
    assert_eq!(refused(terms(room::Kind::Unspecified, 2, 200)), Some(MalformedTerms::Kind));
    assert_eq!(refused(terms(room::Kind::Touch, 2, 9_900)), None);
}

/// Bets whose stakes sum up to at most `i64::MAX`, small ones and huge ones.
fn any_bets(outcomes: u32) -> impl Strategy<Value = Vec<Bet>> {
    let one = (0..outcomes, prop_oneof![1_i64..50, 1..=5 * SOL, 1..=i64::MAX], 0_i64..6, 0_u32..400);
    prop::collection::vec(one, 0..40).prop_map(|bets| {
        let mut room = i64::MAX;
        let bets = bets.into_iter().zip(0..).map_while(|((outcome, stake, seconds, guard), number)| {
            let stake = stake.min(room);
            room -= stake;
            let accepted_at = OPEN + Duration::seconds(seconds);
            let min_odds_percent = if guard < 200 { 0 } else { guard - 100 };
            (stake > 0).then_some(Bet { accepted_at, min_odds_percent, ..bet(number, outcome, stake) })
        });
        bets.collect()
    })
}

/// Minimum odds word by word as the specification has them, in quadratic time.
fn guards_by_the_letter(rules: &Rules, bets: &[Bet]) -> Vec<BetId> {
    let mut standing = bets.to_vec();
    let mut voided = Vec::new();
    loop {
        let pool = |outcome| total(standing.iter().filter(|bet| bet.outcome == outcome).map(|bet| bet.stake));
        let violates = |bet: &&Bet| {
            let winning = pool(bet.outcome);
            let losing = total(standing.iter().map(|bet| bet.stake)) - winning;
            let (protocol, host) = rules.takeout(Lamports::try_from_wide(losing).unwrap()).unwrap();
            let gross = winning + losing - protocol.wide() - host.wide();
            gross * 100 < i128::from(bet.min_odds_percent) * winning
        };
        let highest = standing
            .iter()
            .filter(violates)
            .max_by_key(|bet| (bet.min_odds_percent, bet.accepted_at, bet.id))
            .copied();
        let Some(highest) = highest else { return voided };
        standing.retain(|bet| bet.id != highest.id);
        voided.push(highest.id);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn pays_by_the_formula(
        bets in any_bets(3),
        winner in 0_u32..3,
        protocol in 0_u32..6_000,
        host in 0_u32..4_000,
    ) {
        let bets: Vec<Bet> = bets.into_iter().map(|bet| Bet { min_odds_percent: 0, ..bet }).collect();
        let rules = rules(room::Kind::Close, 3, protocol, host);
        let book = settle(&rules, &won(winner), &bets).unwrap();

        let stakes = total(bets.iter().map(|bet| bet.stake));
        let fee = book.protocol_fee.wide() + book.host_fee.wide();
        prop_assert_eq!(total(book.lines.iter().map(|line| line.payout)) + fee, stakes);

        let winning = total(bets.iter().filter(|bet| bet.outcome == winner).map(|bet| bet.stake));
        let losing = stakes - winning;
        if winning == 0 || losing == 0 {
            prop_assert_eq!(book.ruling, Ruling::Void(VoidReason::NoOpposition));
            prop_assert!(book.lines.iter().all(|line| line.payout == line.bet.stake));
            return Ok(());
        }
        prop_assert_eq!(fee, losing * i128::from(protocol) / 10_000 + losing * i128::from(host) / 10_000);
        // One lamport at a time to the largest remainder not yet served, ties to the lower id.
        let prize = losing - fee;
        let mut winners: Vec<(i128, BetId, i128)> = bets
            .iter()
            .filter(|bet| bet.outcome == winner)
            .map(|bet| {
                let product = bet.stake.wide() * prize;
                (product % winning, bet.id, bet.stake.wide() + product / winning)
            })
            .collect();
        winners.sort_by_key(|(remainder, id, _)| (Reverse(*remainder), *id));
        let breakage = winning + prize - winners.iter().map(|(_, _, payout)| payout).sum::<i128>();
        for (_, _, payout) in winners.iter_mut().take(usize::try_from(breakage).unwrap()) {
            *payout += 1;
        }
        for line in &book.lines {
            let expected = winners.iter().find(|(_, id, _)| *id == line.bet.id).map(|(_, _, payout)| *payout);
            prop_assert_eq!(line.payout.wide(), expected.unwrap_or(0));
            prop_assert_eq!(line.fate, if expected.is_some() { Fate::Won } else { Fate::Lost });
            prop_assert!(line.fate == Fate::Lost || line.payout >= line.bet.stake);
        }
    }

    #[test]
    fn voids_guards_by_the_letter(bets in any_bets(3), winner in 0_u32..3) {
        let rules = rules(room::Kind::Close, 3, 200, 100);
        let mut expected = guards_by_the_letter(&rules, &bets);
        expected.sort();
        let book = settle(&rules, &won(winner), &bets).unwrap();
        let voided = book.lines.iter().filter(|line| line.fate == Fate::MinOdds).map(|line| line.bet.id);
        prop_assert_eq!(voided.collect::<Vec<_>>(), expected);
        // Who stays and wins gets what the guard asks for, but for the lamport lost to rounding.
        for line in book.lines.iter().filter(|line| line.fate == Fate::Won) {
            let floor = line.bet.stake.wide() * i128::from(line.bet.min_odds_percent) / 100;
            prop_assert!(line.payout.wide() >= floor);
        }
    }

    #[test]
    fn past_post_voids_exactly_what_came_late(bets in any_bets(2)) {
        let rules = rules(room::Kind::Touch, 2, 200, 100);
        let verdict = Verdict { observed_at: Some(OPEN + Duration::seconds(13)), ..won(0) };
        let book = settle(&rules, &verdict, &bets).unwrap();
        for line in &book.lines {
            let late = line.bet.accepted_at >= OPEN + Duration::seconds(3);
            prop_assert_eq!(line.fate == Fate::PastPost, late);
        }
        let fees = [book.protocol_fee, book.host_fee];
        let paid = total(book.lines.iter().map(|line| line.payout).chain(fees));
        prop_assert_eq!(paid, total(bets.iter().map(|bet| bet.stake)));
    }

    #[test]
    fn the_root_commits_to_every_line(bets in any_bets(2), at in any::<prop::sample::Index>()) {
        prop_assume!(!bets.is_empty());
        let book = settle(&close(), &won(0), &bets).unwrap();
        let mut lines = book.lines.clone();
        let changed = at.get_mut(&mut lines);
        changed.payout = Lamports::new(changed.payout.get() ^ 1);
        prop_assert_ne!(root(&lines), root(&book.lines));
        lines.clone_from(&book.lines);
        lines.remove(at.index(lines.len()));
        prop_assert_ne!(root(&lines), root(&book.lines));
    }
}
