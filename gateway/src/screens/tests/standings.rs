//! Results, sums, the leaderboard, and rooms of a group.

use super::*;
use crate::{
    clients::Results,
    domain::{Board, Period, Record, Settled as SettledBetOf, Standing},
};
use proto::AccountId;

pub(super) fn record() -> Record {
    Record { won: 7, lost: 3, returned: 2, staked: sol("2.8"), paid: sol("3.274"), net: sol("0.474") }
}

fn loss() -> Record {
    Record {
        won: 0,
        lost: 1,
        returned: 0,
        staked: sol("0.5"),
        paid: sol("0"),
        net: Lamports::new(-500_000_000),
    }
}

fn settled(fate: Fate, payout: &str) -> SettledBetOf {
    let verdict = WireVerdict {
        price: "165.02".into(),
        observed_at: Some(timestamp(NOW - Duration::HOUR)),
        ..WireVerdict::default()
    };
    let (stake, payout) = (sol("0.5"), sol(payout));
    SettledBetOf {
        room: touch(),
        verdict: Verdict::of_settlement(&verdict).unwrap(),
        outcome: 0,
        stake,
        payout,
        net: payout.checked_sub(stake).unwrap(),
        fate,
        at: NOW - Duration::HOUR,
    }
}

fn board() -> Board {
    let standing = |number, rank, record, return_bps| Standing {
        account: AccountId::new(Uuid::from_u128(number)),
        rank,
        record,
        return_bps,
    };
    let standings = vec![
        standing(2, 11, record(), 1_692),
        standing(1, 11, record(), 1_692),
        standing(3, 13, loss(), -10_000),
    ];
    Board { own: standings.get(1).copied(), standings, total: 13, min_bets: 5, min_staked: sol("0.5") }
}

pub(super) fn all(language: Language) -> Vec<(&'static str, Screen)> {
    let me = AccountId::new(Uuid::from_u128(1));
    let found = |shown: Vec<SettledBetOf>, total, totals| Results { shown, total, totals };
    let all = vec![
        settled(Fate::Won, "0.985"),
        settled(Fate::Lost, "0"),
        settled(Fate::RoomVoid, "0.5"),
        settled(Fate::PastPost, "0.5"),
        settled(Fate::MinOdds, "0.5"),
    ];
    let returned = Record { returned: 2, ..Record::default() };
    let empty = Board { min_bets: 5, min_staked: sol("0.5"), ..Board::default() };
    let hidden = Board { own: None, ..board() };
    let desk_of = |day| desk::Desk { account: Some(account()), live_bets: Some(1), day, sol: None };
    let (first, here) = (Period::Week, RoomFilter::Of { chat: -100_123 });
    vec![
        ("recent", results(language, false, 0, &found(all, 12, record()), NOW)),
        (
            "recent_returned",
            results(language, false, 0, &found(vec![settled(Fate::RoomVoid, "0.5")], 2, returned), NOW),
        ),
        ("recent_none", results(language, false, 0, &Results::default(), NOW)),
        ("won", results(language, true, 1, &found(vec![settled(Fate::Won, "0.985")], 6, record()), NOW)),
        ("won_none", results(language, true, 0, &Results::default(), NOW)),
        ("leaderboard", leaderboard(language, first, 1, &board(), me, false)),
        ("leaderboard_hidden", leaderboard(language, Period::All, 0, &hidden, me, true)),
        ("leaderboard_none", leaderboard(language, Period::Day, 0, &empty, me, false)),
        ("desk_loss", desk::desk(language, &desk_of(Some(loss())), false)),
        ("desk_nothing_settled", desk::desk(language, &desk_of(Some(Record::default())), false)),
        ("rooms_of_group", rooms(language, here, 0, 1, &[touch()], NOW)),
    ]
}
