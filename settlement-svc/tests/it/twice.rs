//! The book of this service and the book of the second implementation, over random rooms.

use proptest::{collection::vec, prelude::*};
use proto::{
    AccountId, BetId, Lamports,
    room::{Kind, Terms, VoidReason},
};
use roomsctl::evidence as second;
use settlement_svc::domain::{Bet, Fate, Rules, Ruling, Verdict, settle};
use time::{Duration, OffsetDateTime, macros::datetime};
use uuid::Uuid;

const BEGIN: OffsetDateTime = datetime!(2026-01-01 12:00 UTC);

/// Few different values, so that ties, empty sides and equal remainders are common; and some that are as large as can be.
fn bet() -> impl Strategy<Value = (u32, i64, i64, u32)> {
    let stake = prop_oneof![1_i64..20, 1_i64..5_000_000_000, Just(i64::MAX / 64)];
    let guard = prop_oneof![Just(0_u32), 100_u32..400, Just(2_000)];
    (0_u32..4, stake, 0_i64..6, guard)
}

fn word(fate: Fate) -> &'static str {
    match fate {
        Fate::Won => "WON",
        Fate::Lost => "LOST",
        Fate::RoomVoid => "ROOM_VOID",
        Fate::PastPost => "PAST_POST",
        Fate::MinOdds => "MIN_ODDS",
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn both_implementations_make_the_same_book(
        told in vec(bet(), 0..40),
        outcomes in 2_u32..=4,
        winner in prop::option::weighted(0.9, 0_u32..4),
        fees in (0_u32..=500, 0_u32..=500),
        cut_off in prop::option::of(0_i64..7),
    ) {
        let terms = Terms {
            kind: if cut_off.is_some() { Kind::Touch.into() } else { Kind::Close.into() },
            outcomes: (0..outcomes).map(|outcome| outcome.to_string()).collect(),
            protocol_fee_bps: fees.0,
            host_fee_bps: fees.1,
            past_post_seconds: 10,
            ..Default::default()
        };
        let winner = winner.map(|winner| winner % outcomes);
        let ruling = winner.map_or(Ruling::Void(VoidReason::Tie), Ruling::Outcome);
        let observed_at = cut_off.map(|seconds| BEGIN + Duration::seconds(seconds + 10));
        let verdict = Verdict { observed_at, ..Verdict::of(ruling) };
        let bets: Vec<Bet> = (1..).zip(&told).map(|(number, (outcome, stake, seconds, guard))| Bet {
            id: BetId::new(Uuid::from_u128(number)),
            account: AccountId::new(Uuid::from_u128(number)),
            outcome: outcome % outcomes,
            stake: Lamports::new(*stake),
            accepted_at: BEGIN + Duration::seconds(*seconds),
            min_odds_percent: *guard,
        }).collect();
        let book = settle(&Rules::try_from(&terms).unwrap(), &verdict, &bets).unwrap();

        let micros = |at: OffsetDateTime| at.unix_timestamp() * 1_000_000;
        let again: Vec<second::Bet> = bets.iter().map(|bet| second::Bet {
            id: bet.id.uuid(),
            outcome: bet.outcome,
            stake: bet.stake.get(),
            accepted_at: micros(bet.accepted_at),
            min_odds_percent: bet.min_odds_percent,
        }).collect();
        let promise = second::Promise {
            outcomes: usize::try_from(outcomes).unwrap(),
            protocol_fee_bps: fees.0,
            host_fee_bps: fees.1,
        };
        let cut_off = cut_off.filter(|_| winner == Some(0)).map(|seconds| micros(BEGIN + Duration::seconds(seconds)));
        let second = second::settle(&promise, winner, cut_off, &again).unwrap();

        let lines: Vec<(&str, i64)> =
            book.lines.iter().map(|line| (word(line.fate), line.payout.get())).collect();
        let lines_again: Vec<(&str, i64)> =
            second.lines.iter().map(|(fate, payout)| (fate.word(), *payout)).collect();
        prop_assert_eq!(lines, lines_again);
        let pools: Vec<i64> = book.pools.iter().map(|pool| pool.get()).collect();
        prop_assert_eq!(pools, second.pools);
        prop_assert_eq!((book.protocol_fee.get(), book.host_fee.get()), (second.protocol_fee, second.host_fee));
        prop_assert_eq!(book.ruling == Ruling::Void(VoidReason::NoOpposition), second.no_opposition);
        prop_assert_eq!(matches!(book.ruling, Ruling::Void(_)), second.winner.is_none());
    }
}
