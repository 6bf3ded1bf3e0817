//! What settled bets come to for their owners: lists, sums, the leaderboard.

use crate::{
    eventually,
    office::{ANN, BOB, Office},
    room::{Room, touched, void},
    world::World,
};
use prost::{Message, Name};
use proto::{
    Event,
    common::Page,
    room::{Kind, VoidReason},
    settlement::{
        Fate, GetLeaderboardRequest, GetLeaderboardResponse, GetPlayerRequest, GetPlayerResponse, Judgement,
        ListResultsRequest, ListResultsResponse, Period, Record, SetLeaderboard, SetLeaderboardDone,
        SettledBet,
    },
    wallet::AccountClosed,
};
use std::time::Duration;
use tonic::Code;
use uuid::Uuid;

const HOUR: Duration = Duration::from_secs(3_600);

fn player(number: u128) -> Vec<u8> {
    Uuid::from_u128(0x9_1a7e_0000 + number).as_bytes().to_vec()
}

/// A room in which players, by their numbers, stake on outcomes.
fn room(number: u32, stakes: &[(u128, u32, &str)]) -> Room {
    stakes.iter().fold(Room::new(number, Kind::Touch), |room, (who, outcome, sol)| {
        room.bet(*outcome, sol).with(|bet| bet.account_id = player(*who))
    })
}

/// Settles rooms by one verdict, until their results are in the lists.
async fn settle(world: &World, rooms: &[Room], verdict: &proto::settlement::Verdict) {
    for room in rooms {
        world.open(room);
        world.resolve(room.id, verdict).await;
    }
    for room in rooms {
        world.anchored(room).await;
    }
    eventually("results are listed", || async {
        let left: i64 = sqlx::query_scalar("SELECT count(*) FROM settlement.uncounted")
            .fetch_one(world.db.superuser())
            .await
            .unwrap();
        left == 0
    })
    .await;
}

/// What was told of a player's bets when their rooms were settled.
fn told(world: &World, account: &[u8]) -> Vec<SettledBet> {
    let told = world.parties.told.lock().unwrap();
    let bets = told.settled.values().flat_map(|part| part.bets.clone());
    bets.filter(|bet| bet.account_id == account).collect()
}

fn sums(bets: &[SettledBet]) -> Record {
    let of = |fate| bets.iter().filter(move |bet| bet.fate() == fate);
    let stakes = of(Fate::Won).chain(of(Fate::Lost)).map(|bet| bet.stake_lamports);
    let (won, lost) = (of(Fate::Won).count() as u64, of(Fate::Lost).count() as u64);
    Record {
        won,
        lost,
        returned: bets.len() as u64 - won - lost,
        staked_lamports: stakes.sum(),
        paid_lamports: of(Fate::Won).map(|bet| bet.payout_lamports).sum(),
    }
}

async fn fared(world: &World, account: &[u8]) -> GetPlayerResponse {
    let request = GetPlayerRequest { account_id: account.to_vec() };
    world.grpc().get_player(request).await.unwrap().into_inner()
}

/// All pages of a list.
async fn pages(world: &World, account: &[u8], won_only: bool) -> Vec<ListResultsResponse> {
    let (mut pages, mut token) = (Vec::new(), String::new());
    loop {
        let page = Some(Page { size: 5, token });
        let request = ListResultsRequest { account_id: account.to_vec(), won_only, page };
        let answer = world.grpc().list_results(request).await.unwrap().into_inner();
        token = answer.next_page_token.clone();
        pages.push(answer);
        if token.is_empty() {
            return pages;
        }
    }
}

#[tokio::test]
async fn scenario_48_lifetime_totals_are_the_same_on_every_page() {
    let world = World::new().await;
    let won: Vec<Room> =
        (1..=7).map(|n| room(n, &[(1, 0, &format!("0.{n}")), (100 + u128::from(n), 1, "1")])).collect();
    let lost: Vec<Room> =
        (8..=10).map(|n| room(n, &[(1, 1, "0.3"), (100 + u128::from(n), 0, "1")])).collect();
    let back = [room(11, &[(1, 0, "2"), (111, 1, "1")]), room(12, &[(1, 0, "4")])];
    settle(&world, &won, &touched()).await;
    settle(&world, &lost, &touched()).await;
    settle(&world, &back[..1], &void(VoidReason::Tie)).await;
    settle(&world, &back[1..], &touched()).await;

    let me = player(1);
    let bets = told(&world, &me);
    let all = sums(&bets);
    assert_eq!((all.won, all.lost, all.returned), (7, 3, 2));
    let recent = pages(&world, &me, false).await;
    assert_eq!(recent.iter().map(|page| page.results.len()).collect::<Vec<_>>(), [5, 5, 2]);
    assert!(recent.iter().all(|page| page.totals == Some(all) && page.total == 12), "{recent:?}");
    let shown: Vec<_> = recent.iter().flat_map(|page| &page.results).collect();
    assert!(shown.windows(2).all(|pair| {
        let at =
            |one: &proto::settlement::PlayerResult| proto::from_timestamp(one.settled_at.as_ref()).unwrap();
        at(pair[0]) >= at(pair[1])
    }));
    let newest = shown[0];
    assert_eq!((newest.room_number, newest.terms.as_ref()), (12, Some(&back[1].terms)));
    // As the book has it: nobody stood against the only bet.
    assert_eq!(newest.verdict.as_ref().unwrap().void_reason(), VoidReason::NoOpposition);
    let mut lines: Vec<SettledBet> = shown.iter().map(|one| one.bet.clone().unwrap()).collect();
    lines.sort_unstable_by(|one, other| one.bet_id.cmp(&other.bet_id));
    let mut expected = bets.clone();
    expected.sort_unstable_by(|one, other| one.bet_id.cmp(&other.bet_id));
    assert_eq!(lines, expected, "each bet once, as it was told");

    let wins: Vec<SettledBet> = bets.iter().filter(|bet| bet.fate() == Fate::Won).cloned().collect();
    let of_wins = pages(&world, &me, true).await;
    assert_eq!(of_wins.iter().map(|page| page.results.len()).collect::<Vec<_>>(), [5, 2]);
    assert!(of_wins.iter().all(|page| page.totals == Some(sums(&wins)) && page.total == 7));

    assert_eq!(fared(&world, &me).await.lifetime, Some(all));
    assert_eq!(fared(&world, &player(99)).await.lifetime, Some(Record::default()));
    let page = Some(Page { size: 5, token: "yesterday".to_owned() });
    let request = ListResultsRequest { account_id: me, won_only: false, page };
    assert_eq!(world.grpc().list_results(request).await.unwrap_err().code(), Code::InvalidArgument);
}

#[tokio::test]
async fn scenario_05_the_last_day_counts_by_the_time_of_settling() {
    let world = World::new().await;
    let me = player(1);
    // All bets were placed months ago.
    settle(&world, &[room(1, &[(1, 0, "1"), (2, 1, "2")])], &touched()).await;
    let early = told(&world, &me);
    world.db.advance(20 * HOUR).await.unwrap();
    settle(&world, &[room(2, &[(1, 1, "3"), (2, 0, "2")])], &touched()).await;
    let both = told(&world, &me);
    assert_eq!(fared(&world, &me).await.day, Some(sums(&both)));

    world.db.advance(5 * HOUR).await.unwrap();
    let late: Vec<SettledBet> = both.iter().filter(|bet| !early.contains(bet)).cloned().collect();
    let fared = fared(&world, &me).await;
    assert_eq!((fared.day, fared.lifetime), (Some(sums(&late)), Some(sums(&both))));
}

async fn board(world: &World, period: Period, own: &[u8], token: &str) -> GetLeaderboardResponse {
    let page = Some(Page { size: 2, token: token.to_owned() });
    let request = GetLeaderboardRequest { period: period.into(), account_id: own.to_vec(), page };
    world.grpc().get_leaderboard(request).await.unwrap().into_inner()
}

fn places(board: &GetLeaderboardResponse) -> Vec<(Vec<u8>, u32, i64)> {
    board.standings.iter().map(|one| (one.account_id.clone(), one.rank, one.return_bps)).collect()
}

async fn choose(office: &Office<'_>, account: &[u8], hidden: bool) {
    let command = SetLeaderboard { account_id: account.to_vec(), hidden };
    let done: SetLeaderboardDone = office.obeyed(&command).await.unwrap();
    assert_eq!(done.hidden, hidden);
}

#[tokio::test]
async fn the_leaderboard_ranks_sufficient_records_of_those_who_want_to_be_seen() {
    let world = World::new().await;
    let office = Office::open(&world).await;
    // 1 and 2 do equally well, 3 loses all; 4 has too few bets, 5 too small ones.
    let stakes = [(1, 0, "1"), (2, 0, "1"), (3, 1, "3"), (5, 0, "0.05"), (4, 0, "2")];
    let rooms: Vec<Room> = (1..=5).map(|n| room(n, &stakes[..if n < 5 { 5 } else { 4 }])).collect();
    settle(&world, &rooms, &touched()).await;

    let first = board(&world, Period::Day, &player(3), "").await;
    let record = sums(&told(&world, &player(1)));
    let bps = (record.paid_lamports - record.staked_lamports) * 10_000 / record.staked_lamports;
    assert!(bps > 0);
    assert_eq!(places(&first), [(player(1), 1, bps), (player(2), 1, bps)]);
    assert_eq!(first.standings[0].record, Some(record));
    assert_eq!((first.total, first.min_bets, first.min_staked_lamports), (3, 5, 500_000_000));
    let own = first.own.unwrap();
    assert_eq!((own.rank, own.return_bps, own.record), (3, -10_000, Some(sums(&told(&world, &player(3))))));
    let second = board(&world, Period::Day, &player(4), &first.next_page_token).await;
    assert_eq!(places(&second), [(player(3), 3, -10_000)]);
    assert_eq!((second.own, second.next_page_token.as_str()), (None, ""));

    // Whoever hides is gone with the next look, and whoever shows up again is there.
    choose(&office, &player(1), true).await;
    let without = board(&world, Period::Day, &player(1), "").await;
    assert_eq!(places(&without), [(player(2), 1, bps), (player(3), 2, -10_000)]);
    assert_eq!(without.own, None);
    assert!(fared(&world, &player(1)).await.hidden);
    choose(&office, &player(1), false).await;
    assert_eq!(board(&world, Period::Day, &player(1), "").await.own.map(|own| own.rank), Some(1));
    assert!(!fared(&world, &player(1)).await.hidden);

    // Whoever leaves is gone for good.
    let closed = AccountClosed { account_id: player(2) };
    let parties = &world.parties;
    parties.publish(closed.subject(), AccountClosed::full_name(), closed.encode_to_vec()).await.unwrap();
    eventually("gone", || async { board(&world, Period::Day, &[], "").await.total == 2 }).await;
    choose(&office, &player(2), false).await;
    assert_eq!(board(&world, Period::Day, &player(2), "").await.own, None);

    for (later, [day, week, all]) in [(0, [2, 2, 2]), (25, [0, 2, 2]), (6 * 24, [0, 0, 2])] {
        world.db.advance(later * HOUR).await.unwrap();
        for (period, total) in [(Period::Day, day), (Period::Week, week), (Period::All, all)] {
            assert_eq!(board(&world, period, &[], "").await.total, total, "{period:?} after {later} h more");
        }
    }
    let request = GetLeaderboardRequest::default();
    assert_eq!(world.grpc().get_leaderboard(request).await.unwrap_err().code(), Code::InvalidArgument);
}

/// Two replicas share rooms of several pages; who plays in all of them is counted for each.
#[tokio::test]
async fn every_line_is_counted_once() {
    let mut world = World::new().await;
    world.start().await;
    let crowd = |number| {
        let mine = room(number, &[(1, 0, "1")]);
        (0..4_100).fold(mine, |room, bet| room.bet(u32::from(bet % 3 == 0), "0.05"))
    };
    let rooms = [crowd(1), crowd(2)];
    settle(&world, &rooms, &touched()).await;
    let lines: Vec<(Uuid, Uuid, String, i64)> = sqlx::query_as(
        "SELECT account_id, bet_id, fate, payout_lamports FROM settlement.line ORDER BY bet_id",
    )
    .fetch_all(world.db.superuser())
    .await
    .unwrap();
    let results: Vec<(Uuid, Uuid, String, i64)> = sqlx::query_as(
        "SELECT account_id, bet_id, fate, payout_lamports FROM settlement.result ORDER BY bet_id",
    )
    .fetch_all(world.db.superuser())
    .await
    .unwrap();
    assert_eq!(lines.len(), 2 * 4_101);
    assert!(lines == results);
    let me = player(1);
    assert_eq!(fared(&world, &me).await.lifetime, Some(sums(&told(&world, &me))));
    let (accounts, bets): (i64, i64) =
        sqlx::query_as("SELECT count(*), sum(won + lost + returned)::bigint FROM settlement.record")
            .fetch_one(world.db.superuser())
            .await
            .unwrap();
    assert_eq!((accounts, bets), (2 * 4_100 + 1, 2 * 4_101));
    assert_eq!(world.deadlocks().await, 0);
}

#[tokio::test]
async fn a_correction_changes_no_record() {
    let world = World::new().await;
    let office = Office::open(&world).await;
    let mut disputed = room(1, &[(1, 0, "1"), (2, 1, "2")]);
    disputed.terms.dispute_seconds = 86_400;
    settle(&world, std::slice::from_ref(&disputed), &touched()).await;
    let before = fared(&world, &player(2)).await;
    assert_eq!(before.lifetime.map(|record| record.lost), Some(1));
    office.dispute(&disputed, 1).await.unwrap();
    for judge in [ANN, BOB] {
        office.judge(judge, disputed.id, Judgement::Refund).await.unwrap();
    }
    eventually("repaid", || async { !world.parties.told.lock().unwrap().corrected.is_empty() }).await;
    world.rests().await;
    assert_eq!(fared(&world, &player(2)).await, before);
}
