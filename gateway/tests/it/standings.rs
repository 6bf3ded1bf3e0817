//! How one has fared: the desk, results, the leaderboard; and the list of rooms that one plays in.

use crate::{services::State, stage::Stage};
use proto::{
    RoomId, Service,
    common::Outcome,
    room::{RoomState, Terms},
    settlement::{
        Fate, GetLeaderboardResponse, PlayerResult, Record, SetLeaderboard, SetLeaderboardDone, SettledBet,
        Standing, Verdict,
    },
    timestamp,
};
use time::OffsetDateTime;
use uuid::Uuid;

const ANNA: i64 = 5_000_000_001;
const EVE: i64 = 5_000_000_002;
const FRIENDS: i64 = -1_002_100_000_001;

fn change(stage: &Stage, change: impl FnOnce(&mut State)) {
    change(&mut stage.services.state.lock().unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scenario_05_the_desk_counts_what_was_settled_within_a_day() {
    let stage = Stage::set().await;
    let telegram = stage.telegram.clone();
    stage.member(ANNA).await;
    telegram.forget_messages(ANNA);
    telegram.say(ANNA, "/start");
    telegram.sees(ANNA, "Last 24 h: nothing settled").await;
    // settlement-svc counts by the time of settling: its own test of this scenario.
    let day =
        Record { won: 2, lost: 1, returned: 4, staked_lamports: 3_000_000_000, paid_lamports: 2_500_000_000 };
    change(&stage, |state| state.fared.day = Some(day));
    telegram.press(ANNA, "Refresh").await;
    let desk = telegram.sees(ANNA, "2 won, 1 lost").await;
    assert!(desk.text.contains("Last 24 h <b>−0.5 SOL</b> · 2 won, 1 lost · win rate 66 %"), "{}", desk.text);
    for label in ["Won", "Results", "Leaderboard", "Invite friends", "My bets", "Wallet"] {
        assert!(desk.button(label).is_some(), "{label}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scenario_06_without_a_price_the_balance_stays_and_usd_is_unavailable() {
    let stage = Stage::set().await;
    let telegram = stage.telegram.clone();
    stage.member(ANNA).await;
    telegram.forget_messages(ANNA);
    telegram.say(ANNA, "/start");
    telegram.sees(ANNA, "Balance <b>2 SOL</b> · ≈ $320.42").await;
    change(&stage, |state| state.priceless = true);
    telegram.press(ANNA, "Refresh").await;
    let desk = telegram.sees(ANNA, "Balance <b>2 SOL</b> · USD value unavailable").await;
    assert!(!desk.text.contains('$'), "{}", desk.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scenario_17_twelve_rooms_keep_their_numbers_and_refresh_the_page() {
    let stage = Stage::set().await;
    let telegram = stage.telegram.clone();
    stage.member(ANNA).await;
    telegram.forget_messages(ANNA);
    for number in (101..=112_u32).rev() {
        stage.services.open_room(RoomId::new(Uuid::from_u128(number.into())), number.into());
    }
    change(&stage, |state| state.rooms[1].state = RoomState::Locked.into());
    let shows =
        |text: &str| -> Vec<u32> { (101..=112).filter(|n| text.contains(&format!("<b>#{n}</b>"))).collect() };

    telegram.say(ANNA, "/rooms");
    let first = telegram.sees(ANNA, "Page 1 of 3").await;
    assert_eq!(shows(&first.text), [108, 109, 110, 111, 112]);
    assert_eq!(
        (first.text.matches("🟢").count(), first.text.matches("Betting closed").count()),
        (4, 1),
        "{}",
        first.text
    );
    assert!(first.button("Newer").is_none());
    telegram.press(ANNA, "Older").await;
    let second = telegram.sees(ANNA, "Page 2 of 3").await;
    assert_eq!(shows(&second.text), [103, 104, 105, 106, 107]);

    // A room above is settled: whoever refreshes stays where they are, and every room keeps its number.
    change(&stage, |state| drop(state.rooms.remove(0)));
    telegram.press(ANNA, "Refresh").await;
    let again = telegram.sees(ANNA, "<b>#102</b>").await;
    assert!(again.text.contains("Page 2 of 3"), "{}", again.text);
    assert_eq!(shows(&again.text), [102, 103, 104, 105, 106]);
    telegram.press(ANNA, "Older").await;
    let last = telegram.sees(ANNA, "Page 3 of 3").await;
    assert!(last.button("Older").is_none() && last.button("Newer").is_some());
    assert_eq!(shows(&last.text), [101]);
    // The page goes with its rooms.
    change(&stage, |state| state.rooms.truncate(4));
    telegram.press(ANNA, "Refresh").await;
    let rest = telegram.sees(ANNA, "<b>#111</b>").await;
    assert_eq!(shows(&rest.text), [108, 109, 110, 111]);
    assert!(!rest.text.contains("Page"), "{}", rest.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rooms_of_a_group_are_listed_for_its_members() {
    let stage = Stage::set().await;
    let telegram = stage.telegram.clone();
    let anna = stage.member(ANNA).await;
    telegram.gather(FRIENDS, &[ANNA]);
    for (number, chat) in [(11, 0), (12, FRIENDS), (13, FRIENDS)] {
        stage.services.open_room(RoomId::new(Uuid::from_u128(number)), i64::try_from(number).unwrap());
        change(&stage, |state| {
            let terms: &mut Terms = state.rooms.last_mut().unwrap().terms.as_mut().unwrap();
            terms.scope_chat_id = chat;
            terms.host_account_id = anna.clone();
        });
    }
    let link = format!("/start {}", gateway::callbacks::deep_link_of(RoomId::new(Uuid::from_u128(12))));
    telegram.forget_messages(ANNA);
    telegram.say(ANNA, &link);
    let card = telegram.sees(ANNA, "Room #12").await;
    telegram.press(ANNA, "Rooms").await;
    let list = telegram.sees(ANNA, "Rooms of this chat").await;
    assert!(
        list.text.contains("#12") && list.text.contains("#13") && !list.text.contains("#11"),
        "{}",
        list.text
    );
    assert!(list.button("This chat").is_some());

    // Somebody else who comes by the button learns nothing.
    stage.member(EVE).await;
    telegram.forget_messages(EVE);
    telegram.say(EVE, "/rooms");
    let hers = telegram.sees(EVE, "#11").await;
    assert!(!hers.text.contains("#12"), "{}", hers.text);
    telegram.press_in(EVE, EVE, hers.id, &card.button("Rooms").unwrap());
    let refused = telegram.sees(EVE, "no such room").await;
    assert!(!refused.text.contains("#1"), "{}", refused.text);
}

/// Settled bets, newest first: 7 won, 3 lost, 2 returned.
fn results() -> Vec<PlayerResult> {
    let fates = [(Fate::Won, 7), (Fate::Lost, 3), (Fate::RoomVoid, 2)];
    let fates = fates.into_iter().flat_map(|(fate, times)| std::iter::repeat_n(fate, times));
    let result = |(number, fate): (u128, Fate)| {
        let stake = 100_000_000 * i64::try_from(number).unwrap();
        let payout_lamports = match fate {
            Fate::Won => stake * 3 / 2,
            Fate::Lost => 0,
            _ => stake,
        };
        let now = OffsetDateTime::now_utc();
        PlayerResult {
            room_id: Uuid::from_u128(number).as_bytes().to_vec(),
            room_number: i64::try_from(number).unwrap(),
            terms: Some(Terms {
                room_id: Uuid::from_u128(number).as_bytes().to_vec(),
                kind: proto::room::Kind::Touch.into(),
                asset: "SOL".into(),
                target: "165".into(),
                open_price: "160".into(),
                lock_at: Some(timestamp(now)),
                deadline: Some(timestamp(now)),
                outcomes: vec!["YES".into(), "NO".into()],
                ..Terms::default()
            }),
            verdict: Some(Verdict {
                price: "165.02".into(),
                observed_at: Some(timestamp(now)),
                ..Default::default()
            }),
            bet: Some(SettledBet {
                stake_lamports: stake,
                fate: fate.into(),
                payout_lamports,
                ..Default::default()
            }),
            settled_at: Some(timestamp(now)),
        }
    };
    (1..).zip(fates).map(result).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scenario_48_results_carry_one_sign_and_the_same_totals_on_every_page() {
    let stage = Stage::set().await;
    let telegram = stage.telegram.clone();
    stage.member(ANNA).await;
    telegram.forget_messages(ANNA);
    telegram.say(ANNA, "/recent");
    telegram.sees(ANNA, "No bet of yours is settled yet").await;
    change(&stage, |state| state.results = results());

    // Won 2.8 with a gain of 1.4, lost 2.7.
    let totals = "All time: 7 won, 3 lost, 2 returned · <b>−1.3 SOL</b> · win rate 70 %";
    telegram.press(ANNA, "Refresh").await;
    let mut lines = Vec::new();
    for page in 1..=3 {
        let screen = telegram.sees(ANNA, &format!("Page {page} of 3")).await;
        assert!(screen.text.contains(totals), "{}", screen.text);
        lines.extend(screen.text.lines().filter(|line| line.contains("SOL on ")).map(str::to_owned));
        if page < 3 {
            telegram.press(ANNA, "Older").await;
        } else {
            assert!(screen.button("Older").is_none());
        }
    }
    assert_eq!(lines.len(), 12);
    assert_eq!(lines[0], "0.1 SOL on YES · won 0.15 SOL · <b>+0.05 SOL</b>");
    assert_eq!(lines[9], "1 SOL on YES · lost · <b>−1 SOL</b>");
    assert_eq!(lines[11], "1.2 SOL on YES · returned, the room is void");
    assert!(!lines.iter().any(|line| line.contains("+-") || line.contains("+−") || line.contains("--")));

    telegram.say(ANNA, "/won");
    let won = "All time: <b>7</b> bets won, 4.2 SOL for 2.8 SOL staked, <b>+1.4 SOL</b>";
    let first = telegram.sees(ANNA, "Page 1 of 2").await;
    assert!(first.text.contains(won), "{}", first.text);
    telegram.press(ANNA, "Older").await;
    let second = telegram.sees(ANNA, "Page 2 of 2").await;
    assert!(second.text.contains(won) && second.text.matches("SOL on ").count() == 2, "{}", second.text);

    let lifetime =
        Record { won: 7, lost: 3, returned: 2, staked_lamports: 5_500_000_000, paid_lamports: 4_200_000_000 };
    change(&stage, |state| state.fared.lifetime = Some(lifetime));
    telegram.say(ANNA, "/bets");
    telegram.sees(ANNA, totals).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_leaderboard_names_nobody_and_lets_everybody_go() {
    let stage = Stage::set().await;
    let telegram = stage.telegram.clone();
    let anna = stage.member(ANNA).await;
    telegram.forget_messages(ANNA);
    let standing = |account_id: &[u8], rank, return_bps| Standing {
        account_id: account_id.to_vec(),
        rank,
        record: Some(Record { won: 4, lost: 2, ..Record::default() }),
        return_bps,
    };
    let (best, own) = (standing(Uuid::from_u128(9).as_bytes(), 1, 3_520), standing(&anna, 2, -250));
    change(&stage, |state| {
        state.board = GetLeaderboardResponse {
            standings: vec![best.clone(), own.clone()],
            total: 2,
            own: Some(own),
            min_bets: 5,
            min_staked_lamports: 500_000_000,
            ..Default::default()
        };
    });
    telegram.say(ANNA, "/leaderboard");
    let board = telegram.sees(ANNA, "last 7 days").await;
    assert!(board.text.contains("<b>+35.20 %</b> · 4 won, 2 lost"), "{}", board.text);
    assert!(board.text.contains("Your place: <b>2</b> of 2 · <b>−2.50 %</b>"), "{}", board.text);
    assert!(board.text.contains("5 bets, won or lost, and 0.5 SOL"), "{}", board.text);
    telegram.press(ANNA, "24 h").await;
    telegram.sees(ANNA, "last 24 hours").await;

    telegram.press(ANNA, "Do not show me").await;
    let got = stage.next::<SetLeaderboard>().await;
    assert_eq!(got.command, SetLeaderboard { account_id: anna.clone(), hidden: true });
    change(&stage, |state| {
        state.fared.hidden = true;
        state.board.own = None;
        state.board.standings = vec![best];
    });
    let done = SetLeaderboardDone { hidden: true };
    stage.tell(Service::Settlement, Outcome::done(got.id.as_bytes(), &done)).await;
    let hidden = telegram.sees(ANNA, "you are not on the leaderboard any more").await;
    assert!(hidden.text.contains("You are not shown, as you wished"), "{}", hidden.text);
    assert!(!hidden.text.contains("Others see you as"), "{}", hidden.text);
    stage.told().await;
    telegram.press(ANNA, "Show me again").await;
    let got = stage.next::<SetLeaderboard>().await;
    assert_eq!(got.command, SetLeaderboard { account_id: anna, hidden: false });
}
