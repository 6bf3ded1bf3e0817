//! Who brought whom, and what it earns.

use crate::{
    office::Office,
    room::{Room, touched, void},
    world::World,
};
use futures::{StreamExt, future::join_all, stream};
use proto::{
    common::RefusalCode,
    room::{BetState, Kind, VoidReason},
    settlement::{
        GetReferralsRequest, GetReferralsResponse, GetSettlementRequest, SetReferrer, SetReferrerDone,
    },
};
use std::collections::BTreeMap;
use uuid::Uuid;

/// An account that is no player of any room.
fn account(number: u128) -> Vec<u8> {
    Uuid::from_u128(0xfeed_0000 + number).as_bytes().to_vec()
}

fn uuid(account: &[u8]) -> Uuid {
    Uuid::from_slice(account).unwrap()
}

/// An account comes with a code, or with none.
pub async fn introduce(
    office: &Office<'_>,
    account: &[u8],
    code: &str,
) -> Result<SetReferrerDone, RefusalCode> {
    let command = SetReferrer { account_id: account.to_vec(), code: code.to_owned() };
    office.obeyed(&command).await.map_err(|refusal| refusal.code)
}

/// Each account comes with the code of the one before it. Returns their codes.
pub async fn line_up(office: &Office<'_>, accounts: &[Vec<u8>]) -> Vec<String> {
    let mut codes: Vec<String> = Vec::new();
    for account in accounts {
        let code = codes.last().map_or("", String::as_str);
        codes.push(introduce(office, account, code).await.unwrap().own_code);
    }
    codes
}

async fn screen(world: &World, account: &[u8]) -> GetReferralsResponse {
    let request = GetReferralsRequest { account_id: account.to_vec() };
    world.grpc().get_referrals(request).await.unwrap().into_inner()
}

/// Accounts and lamports of the three levels.
pub async fn levels(world: &World, account: &[u8]) -> Vec<(u64, i64)> {
    let levels = screen(world, account).await.levels;
    levels.iter().map(|level| (level.accounts, level.earned_lamports)).collect()
}

#[tokio::test]
async fn a_code_is_ones_own_and_a_referrer_is_fixed_once() {
    let world = World::new().await;
    let office = Office::open(&world).await;
    let [ann, bob, cid] = [account(1), account(2), account(3)];
    let first = introduce(&office, &ann, "").await.unwrap();
    assert_eq!((first.own_code.len(), first.referred), (8, false));
    assert_eq!(introduce(&office, &ann, "").await.unwrap(), first, "the same again");
    let cids = introduce(&office, &cid, "").await.unwrap().own_code;

    assert_eq!(introduce(&office, &bob, "NOSUCH22").await, Err(RefusalCode::ReferralUnknown));
    assert_eq!(introduce(&office, &bob, "'; --").await, Err(RefusalCode::ReferralUnknown));
    assert_eq!(introduce(&office, &ann, &first.own_code).await, Err(RefusalCode::ReferralSelf));
    let typed = format!(" {} ", first.own_code.to_lowercase());
    let bobs = introduce(&office, &bob, &typed).await.unwrap();
    assert!(bobs.referred && bobs.own_code != first.own_code);
    assert_eq!(introduce(&office, &bob, &first.own_code).await.unwrap(), bobs);
    assert_eq!(introduce(&office, &bob, &cids).await, Err(RefusalCode::ReferralLate));
    assert_eq!(introduce(&office, &bob, "").await.unwrap(), bobs, "without a code nothing changes");

    let shown = screen(&world, &bob).await;
    assert_eq!((shown.code, shown.referred), (bobs.own_code, true));
    assert_eq!(levels(&world, &ann).await, [(1, 0), (0, 0), (0, 0)]);
    let nobody = screen(&world, &account(99)).await;
    assert_eq!((nobody.code.as_str(), nobody.referred, nobody.levels.len()), ("", false, 3));
}

#[tokio::test]
async fn no_loop_of_any_length_comes_to_be() {
    let world = World::new().await;
    let office = Office::open(&world).await;
    let three = [account(1), account(2), account(3)];
    let codes = line_up(&office, &three).await;
    for code in &codes[1..] {
        assert_eq!(introduce(&office, &three[0], code).await, Err(RefusalCode::ReferralLoop));
    }

    // Chains that nobody would line up by hand: of 900, and of more than is looked at.
    for (start, length) in [(10_000, 900), (20_000, 1_200)] {
        lengthen(&world, &(0..length).map(|number| account(start + number)).collect::<Vec<_>>()).await;
        let (top, end) = (account(start), account(start + length - 1));
        let ends = introduce(&office, &end, "").await.unwrap().own_code;
        assert_eq!(introduce(&office, &top, &ends).await, Err(RefusalCode::ReferralLoop), "of {length}");
        // A newcomer stands above nobody: their chain may be of any length.
        assert!(introduce(&office, &account(start + length), &ends).await.unwrap().referred);
    }
}

/// Writes a chain into the database, each account brought by the one before it.
async fn lengthen(world: &World, accounts: &[Vec<u8>]) {
    let ids: Vec<Uuid> = accounts.iter().map(|account| uuid(account)).collect();
    sqlx::query(
        "INSERT INTO settlement.referral_code (account_id, code)
         SELECT id, translate(upper(substr(md5(id::text), 1, 8)), '01', 'YZ') FROM unnest($1::uuid[]) AS id",
    )
    .bind(&ids)
    .execute(world.db.superuser())
    .await
    .unwrap();
    sqlx::query(
        "INSERT INTO settlement.referrer (account_id, referrer_id) SELECT * FROM unnest($1::uuid[], $2::uuid[])",
    )
    .bind(&ids[1..])
    .bind(&ids[..ids.len() - 1])
    .execute(world.db.superuser())
    .await
    .unwrap();
}

/// Two accounts bring each other at the same moment, before two replicas, many times.
#[tokio::test]
async fn of_two_who_bring_each_other_one_is_refused() {
    let mut world = World::without_service("shuffle").await;
    world.start().await;
    world.start().await;
    let office = Office::open(&world).await;
    let pairs: Vec<[Vec<u8>; 2]> = (0..30).map(|pair| [account(2 * pair), account(2 * pair + 1)]).collect();
    let codes = join_all(pairs.iter().flatten().map(|account| introduce(&office, account, ""))).await;
    let codes: Vec<String> = codes.into_iter().map(|done| done.unwrap().own_code).collect();
    let crossed = pairs.iter().flatten().enumerate().map(|(place, account)| {
        let others = &codes[place ^ 1];
        introduce(&office, account, others)
    });
    let answers = join_all(crossed).await;
    for pair in answers.chunks(2) {
        let refused = pair.iter().filter(|answer| **answer == Err(RefusalCode::ReferralLoop)).count();
        assert_eq!((refused, pair.iter().filter(|answer| answer.is_ok()).count()), (1, 1), "{pair:?}");
    }
    assert_eq!(world.deadlocks().await, 0);
}

#[tokio::test]
async fn who_has_bet_comes_too_late() {
    let world = World::new().await;
    let office = Office::open(&world).await;
    let code = introduce(&office, &account(1), "").await.unwrap().own_code;
    let state = |state: BetState| move |bet: &mut proto::room::Bet| bet.state = state.into();
    let mut room = Room::new(1, Kind::Touch)
        .bet(0, "1")
        .bet(0, "1")
        .with(state(BetState::Cancelled))
        .bet(0, "1")
        .with(state(BetState::Pending))
        .bet(0, "1")
        .with(state(BetState::Refused));
    // One whose accepted bet comes after more than a page of refused ones.
    for _ in 0..101 {
        room = room.bet(0, "1").with(state(BetState::Refused));
        let last = room.bets.len() - 1;
        room.bets[last].account_id = account(50);
    }
    room = room.bet(1, "1");
    let last = room.bets.len() - 1;
    room.bets[last].account_id = account(50);
    world.open(&room);
    let players: Vec<Vec<u8>> = room.bets[..4].iter().map(|bet| bet.account_id.clone()).collect();
    for (player, late) in players.iter().zip([true, true, false, false]) {
        let answer = introduce(&office, player, &code).await;
        assert_eq!(answer.err(), late.then_some(RefusalCode::ReferralLate));
    }
    assert_eq!(introduce(&office, &account(50), &code).await, Err(RefusalCode::ReferralLate));

    // room-svc is away: nobody is refused for that, nobody else waits, and the answer comes.
    world.misbehave(|all| {
        all.unavailable.insert("players", 3);
    });
    assert!(introduce(&office, &account(3), &code).await.unwrap().referred);
    assert_eq!(levels(&world, &account(1)).await, [(3, 0), (0, 0), (0, 0)]);
}

#[tokio::test]
async fn a_screen_counts_three_levels_however_they_came_together() {
    let world = World::new().await;
    let office = Office::open(&world).await;
    // From the top.
    let five: Vec<Vec<u8>> = (1..=5).map(account).collect();
    line_up(&office, &five).await;
    for (place, counts) in [[1, 1, 1], [1, 1, 1], [1, 1, 0], [1, 0, 0], [0, 0, 0]].iter().enumerate() {
        let shown = levels(&world, &five[place]).await;
        assert_eq!(shown, counts.map(|count| (count, 0)), "{place}");
    }
    // From below: two who brought others join whom they did not know, and bring them along.
    let [top, middle, other] = [account(11), account(12), account(13)];
    let middles = introduce(&office, &middle, "").await.unwrap().own_code;
    let others = introduce(&office, &other, &middles).await.unwrap().own_code;
    for number in 20..24 {
        introduce(&office, &account(number), &others).await.unwrap();
    }
    let tops = introduce(&office, &top, "").await.unwrap().own_code;
    introduce(&office, &middle, &tops).await.unwrap();
    assert_eq!(levels(&world, &top).await, [(1, 0), (1, 0), (4, 0)]);
    let fives = screen(&world, &five[4]).await.code;
    introduce(&office, &top, &fives).await.unwrap();
    assert_eq!(levels(&world, &five[4]).await, [(1, 0), (1, 0), (1, 0)]);
    assert_eq!(levels(&world, &five[2]).await, [(1, 0), (1, 0), (1, 0)]);
}

/// What is shown takes a handful of rows, and a hundred thousand accounts are brought along in one go.
#[tokio::test]
async fn a_hundred_thousand_accounts_are_a_few_rows() {
    let world = World::new().await;
    let office = Office::open(&world).await;
    let (top, big) = (account(1), account(2));
    let bigs = introduce(&office, &big, "").await.unwrap().own_code;
    let setup = "WITH made AS (
                     INSERT INTO settlement.referral_code (account_id, code)
                     SELECT gen_random_uuid(), translate(lpad(to_char(number, 'FM999999'), 8, '2'), '01', 'YZ')
                     FROM generate_series(100000, 199999) AS number RETURNING account_id)
                 INSERT INTO settlement.referrer (account_id, referrer_id) SELECT account_id, $1 FROM made";
    sqlx::query(setup).bind(uuid(&big)).execute(world.db.superuser()).await.unwrap();
    sqlx::query("INSERT INTO settlement.referral_total VALUES ($1, 1, 100000, 0)")
        .bind(uuid(&big))
        .execute(world.db.superuser())
        .await
        .unwrap();
    introduce(&office, &account(3), &bigs).await.unwrap();
    let tops = introduce(&office, &top, "").await.unwrap().own_code;
    introduce(&office, &big, &tops).await.unwrap();
    // The screens are made of sums alone: they show the same without the accounts.
    for sql in ["ALTER TABLE settlement.referrer DISABLE TRIGGER USER", "DELETE FROM settlement.referrer"] {
        sqlx::query(sql).execute(world.db.superuser()).await.unwrap();
    }
    assert_eq!(levels(&world, &big).await, [(100_001, 0), (0, 0), (0, 0)]);
    assert_eq!(levels(&world, &top).await, [(1, 0), (100_001, 0), (0, 0)]);
}

/// The winner of 10 against 10 was brought in a chain of three.
async fn chained(world: &World, number: u32) -> (Room, Vec<Vec<u8>>) {
    let office = Office::open(world).await;
    let room = Room::new(number, Kind::Touch).bet(0, "10").bet(1, "10");
    let mut chain: Vec<Vec<u8>> = (1..=3).map(account).collect();
    chain.push(room.bets[0].account_id.clone());
    line_up(&office, &chain).await;
    chain.pop();
    chain.reverse();
    world.open(&room);
    (room, chain)
}

#[tokio::test]
async fn scenario_47_the_chain_is_paid_from_the_fee_once_and_shown() {
    let world = World::new().await;
    world.misbehave(|all| all.twice = true);
    let (room, chain) = chained(&world, 1).await;
    world.resolve(room.id, &touched()).await;
    world.anchored(&room).await;

    let traces = world.traces(&room).await;
    let parts = [45_000_000, 15_000_000, 6_000_000];
    let expected: BTreeMap<_, _> = chain
        .iter()
        .zip(1..)
        .zip(parts)
        .map(|((account, level), part)| ((account.clone(), level), part))
        .collect();
    assert_eq!(traces.account.referrals, expected);
    let (protocol, host, _) = traces.account.fees.unwrap();
    assert_eq!((protocol, host), (200_000_000 - 66_000_000, 100_000_000));
    let credits: i64 = traces.account.credits.values().sum();
    assert_eq!(credits + protocol + host + 66_000_000, room.stakes(), "never minted");
    assert_eq!(traces.referrals, 66_000_000);
    let request = GetSettlementRequest { room_id: room.id.bytes() };
    let answer = world.grpc().get_settlement(request).await.unwrap().into_inner();
    assert_eq!((answer.protocol_fee_lamports, answer.referral_lamports), (200_000_000, 66_000_000));
    for ((place, account), part) in chain.iter().enumerate().zip(parts) {
        let shown = levels(&world, account).await;
        assert_eq!(shown[place], (1, part));
        assert_eq!(shown.iter().map(|(_, earned)| earned).sum::<i64>(), part);
    }
}

#[tokio::test]
async fn what_the_ledger_withholds_is_not_earned() {
    let world = World::new().await;
    let (room, chain) = chained(&world, 1).await;
    world.misbehave(|all| all.withheld = vec![chain[1].clone()]);
    world.resolve(room.id, &touched()).await;
    world.anchored(&room).await;
    let earned = join_all(chain.iter().map(|account| levels(&world, account))).await;
    let earned: Vec<i64> =
        earned.iter().flatten().map(|(_, earned)| *earned).filter(|part| *part > 0).collect();
    assert_eq!(earned, [45_000_000, 6_000_000]);
    // The ledger was asked for all of it: what it withholds is the protocol's.
    assert_eq!(world.traces(&room).await.referrals, 66_000_000);
}

#[tokio::test]
async fn a_void_room_earns_nobody_anything() {
    let world = World::new().await;
    let (room, chain) = chained(&world, 1).await;
    world.resolve(room.id, &void(VoidReason::Tie)).await;
    world.anchored(&room).await;
    let traces = world.traces(&room).await;
    assert_eq!((traces.account.referrals.len(), traces.referrals), (0, 0));
    for account in &chain {
        assert!(levels(&world, account).await.iter().all(|(_, earned)| *earned == 0));
    }
}

/// One referrer of everybody, in many rooms at once and in chunks, before two replicas: each lamport counted once.
#[tokio::test]
async fn a_busy_referrer_gets_each_part_once() {
    let mut world = World::without_service("twice").await;
    world.misbehave(|all| all.twice = true);
    world.start().await;
    world.start().await;
    let office = Office::open(&world).await;
    let (above, one) = (account(1), account(2));
    let codes = line_up(&office, &[above.clone(), one.clone()]).await;
    let crowd = (0..4_001).fold(Room::new(1, Kind::Touch), |room, number| {
        room.bet(u32::from(number % 3 == 0), &format!("0.{}", 5 + number % 94))
    });
    let rooms: Vec<Room> = std::iter::once(crowd).chain((2..12).map(Room::ordinary)).collect();
    let winners = |room: &Room| room.bets.iter().filter(|bet| bet.outcome == 0).cloned().collect::<Vec<_>>();
    let all: Vec<_> = rooms.iter().flat_map(winners).collect();
    let brought = stream::iter(&all).map(|bet| introduce(&office, &bet.account_id, &codes[1]));
    let brought: Vec<_> = brought.buffer_unordered(40).collect().await;
    assert!(brought.iter().all(Result::is_ok));
    for room in &rooms {
        world.open(room);
    }
    join_all(rooms.iter().map(|room| async { world.resolve(room.id, &touched()).await })).await;
    let mut total = [0, 0];
    for room in &rooms {
        world.anchored(room).await;
        let traces = world.traces(room).await;
        let part = |account: &Vec<u8>, level| traces.account.referrals[&(account.clone(), level)];
        let parts = [part(&one, 1), part(&above, 2)];
        let (protocol, host, _) = traces.account.fees.unwrap();
        let credits: i64 = traces.account.credits.values().sum();
        assert_eq!(credits + protocol + host + parts.iter().sum::<i64>(), room.stakes());
        assert_eq!(traces.referrals, parts.iter().sum::<i64>());
        total = [total[0] + parts[0], total[1] + parts[1]];
    }
    let brought = u64::try_from(all.len()).unwrap();
    assert_eq!(levels(&world, &one).await[0], (brought, total[0]));
    assert_eq!(levels(&world, &above).await[1], (brought, total[1]));
    assert_eq!(world.deadlocks().await, 0);
}
