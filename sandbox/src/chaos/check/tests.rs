//! The checker on a made-up history: it is content with what is right, and finds each thing that is wrong.

use super::super::history::{Account, Answer, Answers, Withdrawal};
use super::*;

const ROOM: Uuid = Uuid::from_u128(10);
const LONELY: Uuid = Uuid::from_u128(11);
const ANN: Uuid = Uuid::from_u128(1);
const BOB: Uuid = Uuid::from_u128(2);
const CID: Uuid = Uuid::from_u128(3);
const WON: Uuid = Uuid::from_u128(21);
const LOST: Uuid = Uuid::from_u128(22);
const REFUSED_BET: Uuid = Uuid::from_u128(23);
const ALONE: Uuid = Uuid::from_u128(24);
const WITHDRAWN: Uuid = Uuid::from_u128(31);

const FUND: i64 = 10_000;
/// The losing pool is 1,000: 20 for the house, 10 for the host.
const STAKE_WON: i64 = 500;
const STAKE_LOST: i64 = 1_000;
const PRIZE: i64 = 1_470;

fn answers(all: &[Answer]) -> Answers {
    let mut answers = Answers::default();
    all.iter().for_each(|answer| answers.add(*answer));
    answers
}

fn bet(room: Uuid, account: Uuid, outcome: usize, stake: i64, answer: Answer) -> Bet {
    Bet { room, account, outcome, stake, improper: false, answers: answers(&[answer]) }
}

/// Ann opens two rooms. In the one she wins from Bob; in the other Bob is alone. Cid is refused and withdraws.
fn history() -> History {
    let room = |number| Room {
        host: ANN,
        winner: 0,
        number,
        lock_at: 1_000_000,
        deadline: 2_000_000,
        answers: answers(&[Answer::Done]),
    };
    let account = |person| Account { deposited: FUND, person };
    let withdrawal = Withdrawal {
        account: CID,
        address: "there".to_owned(),
        lamports: 300,
        answers: answers(&[Answer::Done]),
    };
    History {
        accounts: [(ANN, account(Some(7))), (BOB, account(Some(8))), (CID, account(None))].into(),
        rooms: [(ROOM, room(1)), (LONELY, room(2))].into(),
        bets: [
            (WON, bet(ROOM, ANN, 0, STAKE_WON, Answer::Done)),
            (LOST, bet(ROOM, BOB, 1, STAKE_LOST, Answer::Done)),
            (REFUSED_BET, bet(ROOM, CID, 1, 1, Answer::Refused(40))),
            (ALONE, bet(LONELY, BOB, 1, 200, Answer::Done)),
        ]
        .into(),
        withdrawals: [(WITHDRAWN, withdrawal)].into(),
    }
}

fn told(account: Uuid, room: i64, heading: &str) -> Told {
    Told { account, room, heading: heading.to_owned(), at: 3_000 }
}

fn books() -> Books {
    let booked = |room, account, outcome, stake, state, payout| BookedBet {
        room,
        account,
        outcome,
        stake,
        state,
        payout,
    };
    let stake = |amount: i64, credit: Option<i64>| BookedStake {
        hold: Some((amount, SPENT)),
        entries: std::iter::once((STAKE, -amount)).chain(credit.map(|credit| (PAYOUT, credit))).collect(),
    };
    Books {
        bets: [
            (WON, booked(ROOM, ANN, 0, STAKE_WON, 4, PRIZE)),
            (LOST, booked(ROOM, BOB, 1, STAKE_LOST, 5, 0)),
            (ALONE, booked(LONELY, BOB, 1, 200, 6, 200)),
        ]
        .into(),
        stakes: [
            (WON, stake(STAKE_WON, Some(PRIZE))),
            (LOST, stake(STAKE_LOST, None)),
            (ALONE, stake(200, Some(200))),
        ]
        .into(),
        rooms: [
            (ROOM, BookedRoom { state: SETTLED, outcome: Some(0), void_reason: None }),
            (LONELY, BookedRoom { state: VOIDED, outcome: None, void_reason: Some(NO_OPPOSITION) }),
        ]
        .into(),
        balances: [(ANN, FUND - STAKE_WON + PRIZE + 10), (BOB, FUND - STAKE_LOST), (CID, FUND - 300)].into(),
        protocol_fees: 20,
        withdrawals: [(
            WITHDRAWN,
            BookedWithdrawal { state: "FINALIZED".to_owned(), fee: 5, arrived: (1, 295) },
        )]
        .into(),
        chain: (29_700, 29_700),
        told: vec![
            told(ANN, 1, "You won 0.00000147 SOL · room #1"),
            told(BOB, 1, "You lost · room #1"),
            told(BOB, 2, "Stake returned · room #2"),
        ],
        facts: Vec::new(),
        left: Vec::new(),
    }
}

/// The rules that are found broken after a change.
fn broken(change: impl FnOnce(&mut History, &mut Books, &mut Conduct)) -> Vec<Rule> {
    let (mut history, mut books, mut conduct) = (history(), books(), Conduct::default());
    change(&mut history, &mut books, &mut conduct);
    let mut rules: Vec<Rule> =
        check(&history, &books, &conduct).into_iter().map(|violation| violation.rule).collect();
    rules.sort_unstable();
    rules.dedup();
    rules
}

#[test]
fn nothing_is_wrong_with_what_is_right() {
    assert_eq!(check(&history(), &books(), &Conduct::default()), []);
}

#[test]
fn planted_a_forgotten_command_is_answered_twice_differently() {
    let found = broken(|history, _, _| {
        history.bets.get_mut(&WON).unwrap().answers.add(Answer::Refused(43));
    });
    assert!(found.contains(&Rule::OneAnswer));
    // Or it is obeyed twice.
    let found = broken(|_, books, _| {
        books.stakes.get_mut(&WON).unwrap().entries.push((STAKE, -STAKE_WON));
    });
    assert_eq!(found, [Rule::AcceptedOnce]);
}

#[test]
fn planted_a_second_credit_is_found_though_the_books_balance() {
    let found = broken(|_, books, _| {
        books.stakes.get_mut(&WON).unwrap().entries.push((PAYOUT, 10));
        *books.balances.get_mut(&ANN).unwrap() += 10;
        books.protocol_fees -= 10;
    });
    assert_eq!(found, [Rule::AcceptedOnce, Rule::Ledger]);
}

#[test]
fn planted_a_lost_event_leaves_somebody_untold() {
    assert_eq!(broken(|_, books, _| drop(books.told.remove(0))), [Rule::ToldOnce]);
    let stuck = broken(|_, books, _| books.left.push(("rooms that have not ended".to_owned(), 1)));
    assert_eq!(stuck, [Rule::NothingStuck]);
}

#[test]
fn planted_a_wrong_void_breaks_the_rules_of_the_room() {
    let void = BookedRoom { state: VOIDED, outcome: None, void_reason: Some(NO_OPPOSITION) };
    assert!(
        broken(|_, books, _| {
            books.rooms.insert(ROOM, void);
        })
        .contains(&Rule::RoomByTheRules)
    );
}

#[test]
fn planted_a_second_message_is_excused_only_by_a_kill_of_its_sender() {
    let again = |books: &mut Books| {
        let mut copy = books.told[0].clone();
        copy.at += 20;
        books.told.push(copy);
    };
    assert_eq!(broken(|_, books, _| again(books)), [Rule::ToldOnce]);
    let killed = |at: i64| {
        broken(|_, books, conduct| {
            again(books);
            conduct.sender_killed.push(at);
        })
    };
    assert_eq!(killed(3_002), [], "in flight");
    assert_eq!(killed(2_990), [Rule::ToldOnce], "before it was sent");
    assert_eq!(killed(3_020), [Rule::ToldOnce], "long after it was sent");
}

#[test]
fn a_room_without_a_price_needs_a_reason_for_it() {
    let blind = |from, to| {
        broken(|_, books, conduct| {
            let void = BookedRoom { state: VOIDED, outcome: None, void_reason: Some(INSUFFICIENT) };
            books.rooms.insert(ROOM, void);
            books.bets.get_mut(&WON).unwrap().payout = STAKE_WON;
            books.bets.get_mut(&LOST).unwrap().payout = STAKE_LOST;
            books.stakes.get_mut(&WON).unwrap().entries[1] = (PAYOUT, STAKE_WON);
            books.stakes.get_mut(&LOST).unwrap().entries.push((PAYOUT, STAKE_LOST));
            books.balances = [(ANN, FUND), (BOB, FUND), (CID, FUND - 300)].into();
            books.protocol_fees = 0;
            books.told[0].heading = "Stake returned · room #1".to_owned();
            books.told[1].heading = "Stake returned · room #1".to_owned();
            conduct.blind.push((from, to));
        })
    };
    assert_eq!(blind(1_500_000, 1_600_000), []);
    assert!(blind(0, 900_000).contains(&Rule::RoomByTheRules), "over before the lock");
    assert!(blind(2_000_000, 3_000_000).contains(&Rule::RoomByTheRules), "begun after the deadline");
}

#[test]
fn whatever_else_is_wrong_is_found() {
    type Change = fn(&mut History, &mut Books);
    let changes: [(Rule, Change); 12] = [
        (Rule::OneAnswer, |history, _| history.rooms.get_mut(&LONELY).unwrap().answers = Answers::default()),
        (Rule::AcceptedOnce, |_, books| {
            books.bets.remove(&LOST);
        }),
        (Rule::AcceptedOnce, |_, books| books.bets.get_mut(&LOST).unwrap().stake += 1),
        (Rule::AcceptedOnce, |_, books| {
            books.stakes.insert(Uuid::from_u128(99), BookedStake::default());
        }),
        (Rule::RefusedNever, |history, _| history.bets.get_mut(&WON).unwrap().improper = true),
        (Rule::RefusedNever, |_, books| {
            let stake = BookedStake { hold: Some((1, 1)), entries: vec![(STAKE, -1)] };
            books.stakes.insert(REFUSED_BET, stake);
        }),
        (Rule::RoomByTheRules, |_, books| books.rooms.get_mut(&ROOM).unwrap().outcome = Some(1)),
        (Rule::RoomByTheRules, |_, books| {
            books.rooms.insert(Uuid::from_u128(98), BookedRoom::default());
        }),
        (Rule::Ledger, |_, books| books.protocol_fees += 1),
        (Rule::Ledger, |_, books| books.facts.push(("sum of the ledger".to_owned(), 1))),
        (Rule::Chain, |_, books| books.chain.1 -= 1),
        (Rule::PaidOnce, |_, books| books.withdrawals.get_mut(&WITHDRAWN).unwrap().arrived = (2, 590)),
    ];
    for (place, (rule, change)) in changes.into_iter().enumerate() {
        let found = broken(|history, books, _| change(history, books));
        assert!(found.contains(&rule), "change {place}: {found:?}");
    }
}
