//! Groups: what is asked there, rooms opened for them, bets placed in them, results told to them.

use crate::{eventually, stage::Stage, telegram::Telegram};
use chassis::{
    Clock,
    kv::{self, Bucket},
};
use gateway::groups::Groups;
use prost::Message as _;
use proto::{
    RoomId, Service,
    common::Outcome,
    gateway::Deliver,
    notifier::{Lane, Notice, notice::Kind},
    room::{Bet, BetState, OpenRoom, OpenRoomDone, PlaceBet, PlaceBetDone, Room, Terms},
    settlement::{RoomSettled, Verdict},
};
use servers::{Nats, TestDb};
use std::time::Duration;
use uuid::Uuid;

const ANNA: i64 = 5_000_000_001;
const BORIS: i64 = 5_000_000_002;
const EVE: i64 = 5_000_000_003;
const FRIENDS: i64 = -1_002_100_000_001;
const OTHERS: i64 = -1_002_100_000_002;

fn id(number: u128) -> RoomId {
    RoomId::new(Uuid::from_u128(number))
}

/// Puts a room into a group.
fn scope(stage: &Stage, room: RoomId, chat: i64) {
    let mut state = stage.services.state.lock().unwrap();
    let room = state.rooms.iter_mut().find(|one| one.room_id == room.bytes()).unwrap();
    room.terms.as_mut().unwrap().scope_chat_id = chat;
}

fn room(stage: &Stage, room: RoomId) -> Room {
    stage
        .services
        .state
        .lock()
        .unwrap()
        .rooms
        .iter()
        .find(|one| one.room_id == room.bytes())
        .cloned()
        .unwrap()
}

fn bet(room: RoomId, account: &[u8], outcome: u32) -> Bet {
    Bet {
        bet_id: Uuid::now_v7().as_bytes().to_vec(),
        room_id: room.bytes(),
        account_id: account.to_vec(),
        outcome,
        stake_lamports: 100_000_000,
        state: BetState::Accepted.into(),
        accepted_at: Some(proto::timestamp(time::OffsetDateTime::now_utc())),
        ..Bet::default()
    }
}

/// The address behind a button.
fn link(message: &crate::telegram::Message, label: &str) -> String {
    let rows = message.keyboard["inline_keyboard"].as_array().unwrap();
    let mut buttons = rows.iter().flat_map(|row| row.as_array().unwrap());
    let button = buttons.find(|button| button["text"].as_str().unwrap().contains(label)).unwrap();
    button["url"].as_str().unwrap().to_owned()
}

/// Waits until the gateway knows what the server can do.
async fn introduced(telegram: &Telegram) {
    eventually("introduced", || async { !telegram.calls("SetMyCommands").is_empty() }).await;
}

/// What the toast of a press says, once it is answered.
async fn toast(stage: &Stage, update: i64) -> serde_json::Value {
    let query = format!("q{update}");
    let found = || {
        let answers = stage.telegram.answers();
        answers.into_iter().find(|answer| answer["callback_query_id"] == query.as_str())
    };
    eventually("a press is answered", || async { found().is_some() }).await;
    found().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scenario_50_a_group_asks_about_its_rooms_and_not_twice_within_the_pause() {
    // Beside other tests five seconds are over before the second command is looked at.
    let stage = Stage::set_with(vec![("GROUP_COMMAND_PAUSE", "60s".into())]).await;
    let telegram = stage.telegram.clone();
    stage.services.open_room(id(1), 11);
    stage.services.open_room(id(2), 12);
    scope(&stage, id(2), FRIENDS);
    // Without the broker's buckets everything is answered.
    let cache = format!("http://{}/health/cache", stage.http());
    eventually("the cache is there", || async {
        let Ok(answer) = reqwest::get(&cache).await else { return false };
        answer.text().await.is_ok_and(|text| text.contains(r#""status":"ok""#) && !text.contains("degraded"))
    })
    .await;

    // Whoever is no player, and has no account, sees the summary and how to join.
    telegram.say_in(FRIENDS, EVE, "/room");
    let card = telegram.sees(FRIENDS, "Room #12").await;
    assert!(card.text.contains("<b>1 SOL</b>") && card.text.contains("$165"), "{}", card.text);
    assert!(card.button("YES").is_some() && card.button("Refresh").is_some());
    assert!(link(&card, "Open in private").starts_with("https://t.me/rooms_test_bot?start=room_"));
    assert!(!card.text.contains("Your bet") && !card.text.contains("Balance"));

    // The same command of the same person is not answered again; another's, and another one, is.
    let before = telegram.messages(FRIENDS).len();
    let again = telegram.say_in(FRIENDS, EVE, "/room");
    telegram.say_in(FRIENDS, EVE, "/oracle");
    let oracle = telegram.sees(FRIENDS, "Target <b>$165</b>, +2.98 % from here").await;
    assert!(oracle.text.contains("<b>$160.21</b> · 0 s ago"), "the price has its age: {}", oracle.text);
    eventually("the repetition is done with", || async { telegram.offset() > again }).await;
    assert_eq!(telegram.messages(FRIENDS).len(), before + 1, "{:?}", telegram.messages(FRIENDS));

    telegram.say_in(FRIENDS, EVE, "/time");
    let time = telegram.sees(FRIENDS, "Betting closes").await;
    assert!(time.text.contains("Deadline"));

    stage.services.state.lock().unwrap().bets = vec![bet(id(2), &[1; 16], 1), bet(id(2), &[2; 16], 1)];
    telegram.say_in(FRIENDS, ANNA, "/players");
    let players = telegram.sees(FRIENDS, "NO: 2 players").await;
    assert!(players.text.contains("YES: nobody yet") && players.text.contains("I tell nobody"));
    telegram.say_in(FRIENDS, ANNA, "/odds@rooms_test_bot 12");
    telegram.sees(FRIENDS, "<b>1 SOL</b> · 100 %").await;
    telegram.say_in(FRIENDS, ANNA, "/help");
    telegram.sees(FRIENDS, "/players · How many play").await;
    telegram.say_in(FRIENDS, ANNA, "/wallet");
    telegram.sees(FRIENDS, "I keep stakes and balances out of groups").await;

    // Talk, other bots and unknown commands are not answered; rooms of others are not told.
    let before = telegram.messages(FRIENDS).len();
    telegram.say_in(FRIENDS, BORIS, "odds?");
    telegram.say_in(FRIENDS, BORIS, "/odds@other_bot");
    telegram.say_in(FRIENDS, BORIS, "/watch");
    telegram.say_in(OTHERS, BORIS, "/odds 12");
    telegram.sees(OTHERS, "There is no such room in this group").await;
    telegram.say_in(OTHERS, BORIS, "/room");
    telegram.sees(OTHERS, "No room is live in this group").await;
    assert_eq!(telegram.messages(FRIENDS).len(), before);
}

/// Over two replicas, with a clock that is stepped.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_keep_the_pause_between_two_commands_together() {
    let nats = Nats::for_test().await.unwrap();
    let migrator = chassis::db::migrator(&<gateway::Gateway as chassis::Service>::migrator());
    let db = TestDb::create("gateway", &migrator).await.unwrap();
    let clock = Clock::new(db.pool().clone());
    clock.measure().await.unwrap();
    let mut replicas = Vec::new();
    for _ in 0..2 {
        let client = async_nats::connect(nats.url()).await.unwrap();
        let limits = kv::Limits { bytes: 1 << 20, value_bytes: 1024, replicas: 1 };
        let bucket = Bucket::new(client, "groups", limits);
        eventually("the bucket is there", || async { bucket.get("x").await.is_ok() }).await;
        replicas.push(Groups::new(teloxide::Bot::new("1:x"), bucket, clock.clone()));
    }
    // Longer than this test takes: what passes is stepped.
    let pause = Duration::from_secs(300);
    let asks = async |replica: usize, chat: i64, user: i64, command: &str| {
        replicas[replica].may_ask(chat, user, command, pause).await
    };
    assert!(asks(0, FRIENDS, ANNA, "odds").await);
    assert!(!asks(0, FRIENDS, ANNA, "odds").await);
    assert!(!asks(1, FRIENDS, ANNA, "odds").await, "the other replica knows");
    assert!(asks(1, FRIENDS, BORIS, "odds").await);
    assert!(asks(1, OTHERS, ANNA, "odds").await);
    assert!(asks(1, FRIENDS, ANNA, "time").await);
    db.advance(Duration::from_secs(301)).await.unwrap();
    clock.measure().await.unwrap();
    assert!(asks(1, FRIENDS, ANNA, "odds").await, "the pause is over");
    assert!(!asks(0, FRIENDS, ANNA, "odds").await);
    nats.stop().await;
    assert!(asks(0, FRIENDS, ANNA, "odds").await, "without the broker everything is answered");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_for_a_group_is_opened_by_its_members_alone_and_seen_by_them_alone() {
    let stage = Stage::set().await;
    let telegram = stage.telegram.clone();
    telegram.gather(FRIENDS, &[ANNA, BORIS]);
    telegram.bot_in(FRIENDS, ANNA, true);
    let welcome = telegram.sees(FRIENDS, "I run rooms").await;
    let payload = format!("group_{FRIENDS}");
    assert_eq!(link(&welcome, "Open a room"), format!("https://t.me/rooms_test_bot?start={payload}"));
    telegram.say_in(FRIENDS, ANNA, "/create");
    telegram.sees(FRIENDS, "only members of this group see it").await;

    // A link can be written by anybody; Telegram knows who is in the group.
    stage.member(EVE).await;
    telegram.say(EVE, &format!("/start {payload}"));
    telegram.sees(EVE, "a group in which I do not find you").await;
    telegram.say(EVE, &format!("/start group_{OTHERS}"));
    telegram.say(EVE, "/create");
    let wizard = telegram.sees(EVE, "New room").await;
    assert!(!wizard.text.contains("Friends"));

    // A newcomer goes on with the room after the terms.
    telegram.say(ANNA, &format!("/start {payload}"));
    telegram.press(ANNA, "I accept").await;
    let open = stage.next::<proto::wallet::OpenAccount>().await;
    let anna = open.command.account_id.clone();
    let account = crate::stage::wallet_account(&anna);
    let done = proto::wallet::OpenAccountDone { account: Some(account) };
    stage.tell(Service::Wallet, Outcome::done(open.id.as_bytes(), &done)).await;
    telegram.sees(ANNA, "For members of <b>Friends &amp; Co</b> alone").await;
    telegram.press(ANNA, "Up or down").await;
    telegram.press(ANNA, "SOL").await;
    telegram.press(ANNA, "1 h").await;
    let review = telegram.sees(ANNA, "Review your room").await;
    assert!(review.text.contains("Friends &amp; Co"), "{}", review.text);
    assert!(review.button("For everybody instead").is_some());
    telegram.press(ANNA, "Open this room").await;
    let open = stage.next::<OpenRoom>().await;
    assert_eq!((open.command.scope_chat_id, &open.command.host_account_id), (FRIENDS, &anna));

    // Its card goes to the group.
    let opened = RoomId::try_from_bytes(&open.command.room_id).unwrap();
    stage.services.open_room(opened, 21);
    scope(&stage, opened, FRIENDS);
    let done = OpenRoomDone { room: Some(room(&stage, opened)) };
    stage.tell(Service::Room, Outcome::done(open.id.as_bytes(), &done)).await;
    telegram.sees(ANNA, "Your room is open").await;
    let card = telegram.sees(FRIENDS, "Room #21").await;
    assert!(card.button("YES").is_some());

    // A stranger sees it by no link; a member does.
    telegram.say(EVE, "/start room_21_k");
    telegram.sees(EVE, "There is no such room, or it is not open to you").await;
    stage.member(BORIS).await;
    telegram.say(BORIS, "/start room_21_k");
    telegram.sees(BORIS, "Room #21").await;
    // Nor does a forged button bet there.
    let forged = card.button("YES").unwrap();
    telegram.forget_messages(EVE);
    telegram.press_in(EVE, EVE, 1, &forged);
    telegram.sees(EVE, "There is no such room, or it is not open to you").await;
    let elsewhere = telegram.press_in(OTHERS, EVE, 1, &card.button("Refresh").unwrap());
    assert_eq!(toast(&stage, elsewhere).await["text"], "There is no such room in this group.");

    // Whoever changes their mind opens it for everybody.
    telegram.say(BORIS, &format!("/start {payload}"));
    telegram.sees(BORIS, "Friends &amp; Co").await;
    telegram.press(BORIS, "Up or down").await;
    telegram.press(BORIS, "SOL").await;
    telegram.press(BORIS, "1 h").await;
    telegram.press(BORIS, "For everybody instead").await;
    eventually("the room is for everybody", || async {
        let messages = telegram.messages(BORIS);
        !messages.last().unwrap().text.contains("Friends") && messages.last().unwrap().text.contains("Review")
    })
    .await;
    telegram.press(BORIS, "Open this room").await;
    assert_eq!(stage.next::<OpenRoom>().await.command.scope_chat_id, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bet_is_placed_in_a_slip_that_its_owner_alone_sees() {
    let mut stage = Stage::empty(Vec::new()).await;
    let telegram = stage.telegram.clone();
    telegram.can_whisper();
    telegram.gather(FRIENDS, &[ANNA, BORIS]);
    stage.start().await;
    introduced(&telegram).await;
    let anna = stage.member(ANNA).await;
    stage.member(BORIS).await;
    stage.services.state.lock().unwrap().balance = 1_250_000_000;
    stage.services.open_room(id(3), 13);
    scope(&stage, id(3), FRIENDS);

    telegram.say_in(FRIENDS, ANNA, "/bet");
    let card = telegram.sees(FRIENDS, "Tap an answer to bet").await;
    let shown = telegram.messages(FRIENDS).len();
    let press = telegram.press_in(FRIENDS, ANNA, card.id, &card.button("YES").unwrap());
    let slip = telegram.hears(FRIENDS, ANNA, "Only you see this").await;
    assert!(slip.message.text.contains("1.25 SOL"), "one's own balance is there: {}", slip.message.text);
    assert_eq!(slip.query, format!("q{press}"));
    assert!(slip.message.button("0.1").is_some() && slip.message.button("Desk").is_none());

    telegram.press_whispered(&slip, "0.1");
    let preview = telegram.hears(FRIENDS, ANNA, "Stake <b>0.1 SOL on YES</b>").await;
    assert_eq!((preview.id, preview.message.edits), (slip.id, 1), "in the same slip");
    let confirm = preview.message.button("Bet 0.1").or(preview.message.button("0.1")).unwrap();

    // Somebody else who sends its number gets a word and nothing else.
    let theirs = telegram.press_in(FRIENDS, BORIS, 0, &confirm);
    assert_eq!(toast(&stage, theirs).await["text"], "This button belongs to somebody else.");
    let stranger = telegram.press_in(FRIENDS, EVE, card.id, &confirm);
    assert_eq!(toast(&stage, stranger).await["text"], "This button belongs to somebody else.");

    let own = telegram.press_in(FRIENDS, ANNA, 0, &confirm);
    let place = stage.next::<PlaceBet>().await;
    assert_eq!((&place.command.account_id, place.command.stake_lamports), (&anna, 100_000_000));
    assert_eq!(toast(&stage, own).await["text"], "Placing your bet…");
    telegram.hears(FRIENDS, ANNA, "is on its way").await;

    // How it went is told in the private chat, in a message of its own.
    let placed = Bet { bet_id: place.id.as_bytes().to_vec(), ..bet(id(3), &anna, 0) };
    let done = PlaceBetDone { bet: Some(placed) };
    stage.tell(Service::Room, Outcome::done(place.id.as_bytes(), &done)).await;
    telegram.sees(ANNA, "Bet accepted").await;
    assert_eq!(telegram.messages(FRIENDS).len(), shown, "the group has seen nothing of it");
    assert!(telegram.whispered(FRIENDS, BORIS).is_empty());
    assert!(telegram.messages(FRIENDS).iter().all(|message| !message.text.contains("1.25")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_shows_slips_to_all_is_found_out() {
    let mut stage = Stage::empty(Vec::new()).await;
    let telegram = stage.telegram.clone();
    telegram.betrays();
    telegram.gather(FRIENDS, &[ANNA]);
    stage.start().await;
    introduced(&telegram).await;
    stage.member(ANNA).await;
    stage.services.open_room(id(4), 14);
    telegram.say_in(FRIENDS, ANNA, "/odds 14");
    telegram.sees(FRIENDS, "#14").await;
    let data = format!("2bo.{}.0", gateway::callbacks::compact::encode(id(4).uuid()));
    let press = telegram.press_in(FRIENDS, ANNA, 1, &data);
    // The message is taken back, and the private chat opens instead.
    let answer = toast(&stage, press).await;
    assert!(answer["url"].as_str().unwrap().contains("start=room_"), "{answer}");
    assert!(telegram.messages(FRIENDS).iter().all(|message| !message.text.contains("Only you see this")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_such_messages_a_press_opens_the_private_chat() {
    let stage = Stage::set().await;
    let telegram = stage.telegram.clone();
    stage.member(ANNA).await;
    stage.services.open_room(id(5), 15);
    let data = format!("2bo.{}.0", gateway::callbacks::compact::encode(id(5).uuid()));
    for (user, data) in [(ANNA, data.as_str()), (EVE, data.as_str()), (ANNA, "2wd"), (ANNA, "no button")] {
        let answer = toast(&stage, telegram.press_in(FRIENDS, user, 7, data)).await;
        assert!(
            answer["url"].as_str().unwrap().starts_with("https://t.me/rooms_test_bot?start="),
            "{answer}"
        );
    }
    assert!(telegram.messages(FRIENDS).is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_is_told_the_result_of_its_room_in_its_language_and_one_without_us_is_let_be() {
    let stage = Stage::set().await;
    let telegram = stage.telegram.clone();
    let mut told = stage.follow("rooms.evt.gateway.delivered").await;
    let settled = |chat: i64| {
        let now = time::OffsetDateTime::now_utc();
        let terms = Terms {
            room_id: id(6).bytes(),
            kind: proto::room::Kind::Touch.into(),
            asset: "SOL".into(),
            target: "165".into(),
            open_price: "160".into(),
            open_at: Some(proto::timestamp(now)),
            lock_at: Some(proto::timestamp(now)),
            deadline: Some(proto::timestamp(now)),
            outcomes: vec!["YES".into(), "NO".into()],
            scope_chat_id: chat,
            max_players: 10,
            ..Terms::default()
        };
        RoomSettled {
            room_id: id(6).bytes(),
            room_number: 16,
            terms: Some(terms),
            verdict: Some(Verdict { price: "165.01".into(), ..Verdict::default() }),
            pools_lamports: vec![1_000_000_000, 500_000_000],
            parts: 1,
            ..RoomSettled::default()
        }
    };
    let deliver = async |chat: i64| {
        let notification = Uuid::now_v7();
        let deliver = Deliver {
            notification_id: notification.as_bytes().to_vec(),
            chat_id: chat,
            lane: Lane::Result.into(),
            notice: Some(Notice { kind: Some(Kind::RoomSettled(settled(chat))) }),
            ..Deliver::default()
        };
        stage.command(notification, &deliver, "").await;
        (notification, deliver)
    };
    let mut fate = async |of: Uuid| loop {
        let message = futures::StreamExt::next(&mut told).await.unwrap();
        let delivered = proto::gateway::Delivered::decode(message.payload).unwrap();
        if delivered.notification_id == of.as_bytes() {
            return delivered.state();
        }
    };
    telegram.inject("SendMessage", crate::telegram::Fault::Blocked);
    let (gone, _) = deliver(OTHERS).await;
    assert_eq!(fate(gone).await, proto::notifier::NotificationState::Blocked);
    let (here, command) = deliver(FRIENDS).await;
    assert_eq!(fate(here).await, proto::notifier::NotificationState::Sent);
    let message = telegram.sees(FRIENDS, "Room #16 is settled").await;
    assert!(
        message.text.contains("Result <b>YES</b>") && message.text.contains("$165.01"),
        "{}",
        message.text
    );
    assert!(message.button("Check the result").is_some());
    // Asked again, it is not said again.
    stage.command(here, &command, ":r1").await;
    assert_eq!(fate(here).await, proto::notifier::NotificationState::Sent);
    assert_eq!(telegram.messages(FRIENDS).len(), 1);
}
