//! Ways to cheat that players have tried elsewhere, each with what it comes to here: nothing.

use super::*;
use proptest::prelude::*;
use proto::{AccountId, BetId, LAMPORTS_PER_SOL, Lamports, room, room::VoidReason};
use time::{Duration, OffsetDateTime, macros::datetime};
use uuid::Uuid;

const OPEN: OffsetDateTime = datetime!(2026-01-01 12:00 UTC);
/// When the price really came to the target of every TOUCH room here.
const TOUCHED: OffsetDateTime = datetime!(2026-01-01 12:30 UTC);
const SOL: i64 = LAMPORTS_PER_SOL;
/// A quote whose venue time is farther from its receipt is dropped, and none dates a touch earlier than that.
const CLOCKS_APART: i64 = 2;
/// How long a bet can be taken back.
const CANCEL_WITHIN: i64 = 5;

fn rules(kind: room::Kind, outcomes: usize) -> Rules {
    let terms = room::Terms {
        kind: kind.into(),
        outcomes: vec!["outcome".to_owned(); outcomes],
        protocol_fee_bps: 200,
        host_fee_bps: 100,
        past_post_seconds: 10,
        ..Default::default()
    };
    Rules::try_from(&terms).unwrap()
}

fn touch() -> Rules {
    rules(room::Kind::Touch, 2)
}

fn bet(number: u128, outcome: u32, sol: i64) -> Bet {
    Bet {
        id: BetId::new(Uuid::from_u128(number + 1)),
        account: AccountId::new(Uuid::from_u128(number + 1)),
        outcome,
        stake: Lamports::new(sol * SOL),
        accepted_at: OPEN,
        min_odds_percent: 0,
    }
}

fn at(bet: Bet, accepted_at: OffsetDateTime) -> Bet {
    Bet { accepted_at, ..bet }
}

fn guarded(bet: Bet, min_odds_percent: u32) -> Bet {
    Bet { min_odds_percent, ..bet }
}

fn touched_at(observed_at: OffsetDateTime) -> Verdict {
    Verdict { observed_at: Some(observed_at), ..Verdict::of(Ruling::Outcome(0)) }
}

fn closed(outcome: u32) -> Verdict {
    Verdict { observed_at: Some(OPEN + Duration::hours(1)), ..Verdict::of(Ruling::Outcome(outcome)) }
}

/// What each bet got beyond its stake.
fn gains(book: &Book) -> Vec<i64> {
    book.lines.iter().map(|line| line.payout.get() - line.bet.stake.get()).collect()
}

/// What bets got beyond their stakes, but for some of them.
fn others(book: &Book, cheats: &[Bet]) -> Vec<(BetId, i64)> {
    let honest =
        book.lines.iter().zip(gains(book)).filter(|(line, _)| cheats.iter().all(|one| one.id != line.bet.id));
    honest.map(|(line, gain)| (line.bet.id, gain)).collect()
}

/// Money that comes when the price is all but there shares in nothing, and takes nothing from who came in time.
#[test]
fn late_money_gets_itself_back() {
    let honest = [bet(0, 0, 2), bet(1, 1, 5)];
    for seconds in [-10, -5, 0, 30] {
        let late = at(bet(2, 0, 500), TOUCHED + Duration::seconds(seconds));
        let with = settle(&touch(), &touched_at(TOUCHED), &[honest[0], honest[1], late]).unwrap();
        let without = settle(&touch(), &touched_at(TOUCHED), &honest).unwrap();
        assert_eq!(gains(&with)[2], 0, "{seconds} s");
        assert_eq!(others(&with, &[late]), others(&without, &[]), "{seconds} s");
    }
    // A second before that it is a bet like any other: it can be lost.
    let early = at(bet(2, 0, 500), TOUCHED - Duration::seconds(11));
    let book = settle(&touch(), &touched_at(TOUCHED), &[honest[0], honest[1], early]).unwrap();
    assert!(gains(&book)[2] > 0);
}

/// A large bet with a guard that cannot be met makes the other side look good while it stands in the pools. It is void
/// before the odds are, so nobody is paid by it, neither its owner nor their friends.
#[test]
fn a_spoofed_guard_moves_nobodys_payout() {
    // The friend is on YES with little; the spoof puts 400 on NO, on the condition of twenty times its stake.
    let honest = [bet(0, 0, 10), bet(1, 1, 10), bet(2, 0, 1)];
    let spoof = guarded(bet(3, 1, 400), 2_000);
    for outcome in [0, 1] {
        let with = settle(&touch(), &closed(outcome), &[honest[0], honest[1], honest[2], spoof]).unwrap();
        let without = settle(&touch(), &closed(outcome), &honest).unwrap();
        assert_eq!(with.lines[3].fate, Fate::MinOdds);
        assert_eq!((gains(&with)[3], &with.pools), (0, &without.pools));
        assert_eq!(others(&with, &[spoof]), others(&without, &[]));
    }
}

/// One venue shows the touch a moment before the quorum does: whoever then takes back a bet on NO that can still be taken
/// back has what they would have had anyway.
#[test]
fn a_cancel_after_a_touch_on_another_venue_saves_nothing() {
    let honest = [bet(0, 0, 2), bet(1, 1, 5)];
    for age in 0..=CANCEL_WITHIN {
        // Accepted so long before one venue shows it; the quorum dates it up to the clocks' tolerance away.
        for apart in -CLOCKS_APART..=CLOCKS_APART {
            let young = at(bet(2, 1, 20), TOUCHED - Duration::seconds(age));
            let verdict = touched_at(TOUCHED + Duration::seconds(apart));
            let left = settle(&touch(), &verdict, &[honest[0], honest[1], young]).unwrap();
            let cancelled = settle(&touch(), &verdict, &honest).unwrap();
            assert_eq!(gains(&left)[2], 0, "{age} s old, {apart} s apart");
            assert_eq!(others(&left, &[young]), others(&cancelled, &[]));
        }
    }
}

/// Whoever takes the seats of one side has no opposition and gets the stakes back; whoever takes both sides pays the fee.
#[test]
fn one_sided_seats_win_nothing() {
    let seats: Vec<Bet> = (0..10).map(|number| bet(number, 0, 5)).collect();
    let book = settle(&touch(), &touched_at(TOUCHED), &seats).unwrap();
    assert_eq!(book.ruling, Ruling::Void(VoidReason::NoOpposition));
    assert_eq!(gains(&book), [0; 10]);
    // The tenth seat on the other side, by the same hand.
    let mut seats = seats;
    seats[9].outcome = 1;
    let book = settle(&touch(), &touched_at(TOUCHED), &seats).unwrap();
    assert_eq!(gains(&book).iter().sum::<i64>(), -(book.protocol_fee.get() + book.host_fee.get()));
    // Opposition that is void when it matters is none.
    let seats = [bet(0, 0, 5), guarded(bet(1, 1, 5), 2_000)];
    let book = settle(&touch(), &touched_at(TOUCHED), &seats).unwrap();
    assert_eq!((book.ruling, gains(&book)), (Ruling::Void(VoidReason::NoOpposition), vec![0, 0]));
}

/// A venue that lies about its time is believed by so much; the ten seconds hold all of it.
#[test]
fn a_lying_venue_clock_lets_nobody_bet_on_what_is_known() {
    for lie in -CLOCKS_APART..=CLOCKS_APART {
        let verdict = touched_at(TOUCHED + Duration::seconds(lie));
        for seconds in 0..=60 {
            let knows = at(bet(2, 0, 50), TOUCHED + Duration::seconds(seconds));
            let bets = [bet(0, 0, 2), bet(1, 1, 5), knows];
            let book = settle(&touch(), &verdict, &bets).unwrap();
            assert_eq!(book.lines[2].fate, Fate::PastPost, "a lie of {lie} s, {seconds} s after");
            assert_eq!(gains(&book)[2], 0);
        }
    }
}

fn any_bets() -> impl Strategy<Value = Vec<Bet>> {
    let one = (0_u32..3, 1_i64..20, 0_i64..40, prop_oneof![Just(0_u32), 100_u32..400]);
    prop::collection::vec(one, 0..30).prop_map(|bets| {
        let bets = (0..).zip(bets).map(|(number, (outcome, sol, seconds, guard))| {
            at(guarded(bet(number, outcome, sol), guard), TOUCHED - Duration::seconds(seconds))
        });
        bets.collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// Whatever is void has no part in anybody's payout: without it the book is the same.
    #[test]
    fn what_is_void_moves_nothing(bets in any_bets(), winner in 0_u32..3) {
        let (rules, verdict) = (rules(room::Kind::Touch, 3), Verdict { ruling: Ruling::Outcome(winner), ..touched_at(TOUCHED) });
        let book = settle(&rules, &verdict, &bets).unwrap();
        let void = |line: &&Line| matches!(line.fate, Fate::PastPost | Fate::MinOdds);
        let voided: Vec<Bet> = book.lines.iter().filter(void).map(|line| line.bet).collect();
        prop_assert!(book.lines.iter().filter(void).all(|line| line.payout == line.bet.stake));
        let standing: Vec<Bet> = bets.iter().filter(|bet| voided.iter().all(|void| void.id != bet.id)).copied().collect();
        let without = settle(&rules, &verdict, &standing).unwrap();
        prop_assert_eq!(others(&book, &voided), others(&without, &[]));
        prop_assert_eq!(&book.pools, &without.pools);
    }

    /// Nobody who stands gets less than the odds that their guard asks for, whoever else came and went.
    #[test]
    fn a_guard_is_kept_or_the_stake_comes_back(bets in any_bets(), winner in 0_u32..3) {
        let verdict = Verdict { ruling: Ruling::Outcome(winner), ..touched_at(TOUCHED) };
        let book = settle(&rules(room::Kind::Touch, 3), &verdict, &bets).unwrap();
        for line in book.lines.iter().filter(|line| line.fate == Fate::Won) {
            let asked = line.bet.stake.wide() * i128::from(line.bet.min_odds_percent) / 100;
            prop_assert!(line.payout.wide() >= asked);
        }
    }
}
