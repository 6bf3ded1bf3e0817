//! Groups that host the players of a room: step after step, players let in and nobody else.

use crate::{
    eventually,
    stage::Stage,
    telegram::{Fault, LINK},
};
use futures::StreamExt as _;
use prost::Message as _;
use proto::{
    RoomId,
    gateway::{ArenaArranged, ArenaStep, ArrangeArena},
    room::{Arena, ArenaState, Bet, BetState},
};
use serde_json::{Value, json};
use uuid::Uuid;

const ANNA: i64 = 5_000_000_001;
const BEN: i64 = 5_000_000_002;
const CAROL: i64 = 5_000_000_003;
const GROUP: i64 = -1_002_000_000_007;

struct Show {
    stage: Stage,
    room: RoomId,
    events: async_nats::Subscriber,
}

impl Show {
    /// Room 12, and no group yet.
    async fn begin() -> Self {
        let stage = Stage::set().await;
        let events = stage.follow("rooms.evt.gateway.arena_arranged").await;
        let room = RoomId::new(Uuid::now_v7());
        stage.services.open_room(room, 12);
        Self { stage, room, events }
    }

    fn step(&self, version: u64, step: ArenaStep) -> ArrangeArena {
        let room = self.stage.services.state.lock().unwrap().rooms[0].clone();
        ArrangeArena {
            chat_id: GROUP,
            room_id: self.room.bytes(),
            version,
            step: step.into(),
            room_number: room.number,
            terms: room.terms,
        }
    }

    async fn asks(&self, step: &ArrangeArena) {
        self.stage.command(Uuid::now_v7(), step, "").await;
    }

    async fn answer(&mut self) -> ArenaArranged {
        let told = tokio::time::timeout(std::time::Duration::from_secs(20), self.events.next()).await;
        ArenaArranged::decode(told.expect("an answer in time").unwrap().payload).unwrap()
    }

    /// Asks for a step and waits for the answer.
    async fn does(&mut self, version: u64, step: ArenaStep) -> ArenaArranged {
        self.asks(&self.step(version, step)).await;
        let told = self.answer().await;
        assert_eq!((told.version, told.step(), told.chat_id), (version, step, GROUP));
        told
    }

    /// What was done in the group since the last look, by method.
    fn deeds(&self, seen: &mut usize) -> Vec<(String, Value)> {
        let all = self.stage.telegram.deeds(GROUP);
        let fresh = all[*seen..].to_vec();
        *seen = all.len();
        fresh
    }

    /// A member with a bet in the room.
    async fn player(&self, user: i64) -> Vec<u8> {
        let account = self.stage.account_of(user).await;
        let bet = Bet {
            bet_id: Uuid::now_v7().as_bytes().to_vec(),
            room_id: self.room.bytes(),
            account_id: account.clone(),
            state: BetState::Accepted.into(),
            stake_lamports: 500_000_000,
            ..Bet::default()
        };
        self.stage.services.state.lock().unwrap().bets.push(bet);
        account
    }

    /// What became of a request to join.
    async fn joins(&self, user: i64) -> bool {
        let answer = |(method, params): &(String, Value)| {
            (method.ends_with("ChatJoinRequest") && params["user_id"] == user)
                .then(|| method.starts_with("Approve"))
        };
        let before = self.stage.telegram.deeds(GROUP).len();
        self.stage.telegram.asks_to_join(GROUP, user);
        let answered = || self.stage.telegram.deeds(GROUP)[before..].iter().find_map(answer);
        eventually("an answer to a request to join", async || answered().is_some()).await;
        answered().unwrap()
    }
}

fn names(deeds: &[(String, Value)]) -> Vec<&str> {
    deeds.iter().map(|(method, _)| method.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scenarios_49_and_51_a_group_hosts_the_players_of_its_room_and_nobody_else() {
    let mut show = Show::begin().await;
    let mut seen = 0;
    show.player(ANNA).await;
    show.stage.account_of(BEN).await;

    let prepared = show.does(2, ArenaStep::Prepare).await;
    assert_eq!((prepared.invite_link.as_str(), prepared.fault.as_str()), (LINK, ""));
    let deeds = show.deeds(&mut seen);
    assert_eq!(names(&deeds), ["SetChatTitle", "SetChatPermissions", "CreateChatInviteLink"]);
    assert_eq!(deeds[0].1["title"], "ROOMS #12 – SOL ↑ $165");
    assert_eq!(deeds[1].1["permissions"]["can_send_messages"], Value::Null, "nobody may write");
    let deadline = show.step(0, ArenaStep::Prepare).terms.unwrap().deadline.unwrap().seconds;
    let link = &deeds[2].1;
    assert_eq!(
        (link["creates_join_request"].clone(), link["expire_date"].clone()),
        (json!(true), json!(deadline))
    );

    // Asked again, because the answer was lost: told again, done once. What is older is nothing.
    assert_eq!(show.does(2, ArenaStep::Prepare).await, prepared);
    show.asks(&show.step(1, ArenaStep::Clear)).await;

    // Players come in; others are told why not.
    assert!(show.joins(ANNA).await);
    assert!(!show.joins(BEN).await);
    show.stage.telegram.sees(BEN, "for the players of room #12").await;
    assert!(!show.joins(CAROL).await);
    let told = show.stage.telegram.sees(CAROL, "for the players of room #12").await;
    let way = told.keyboard["inline_keyboard"][0][0]["url"].as_str().unwrap();
    assert!(way.contains("?start=room_"), "{way}");
    // A request for a group that is none of ours is left to its own administrators.
    show.stage.telegram.asks_to_join(GROUP - 1, BEN);
    // A bet later, and the same update again.
    show.player(BEN).await;
    assert!(show.joins(BEN).await);
    let deeds = show.deeds(&mut seen);
    assert!(deeds.iter().all(|(method, _)| method.ends_with("JoinRequest")), "{deeds:?}");

    show.does(3, ArenaStep::Unmute).await;
    let deeds = show.deeds(&mut seen);
    assert_eq!(names(&deeds), ["SetChatTitle", "SetChatPermissions"]);
    let may = &deeds[1].1["permissions"];
    assert_eq!(
        (may["can_send_messages"].clone(), may["can_invite_users"].clone()),
        (json!(true), Value::Null)
    );

    show.does(4, ArenaStep::Clear).await;
    let deeds = show.deeds(&mut seen);
    let expected = [
        "SetChatPermissions",
        "RevokeChatInviteLink",
        "BanChatMember",
        "UnbanChatMember",
        "BanChatMember",
        "UnbanChatMember",
        "SetChatTitle",
    ];
    assert_eq!(names(&deeds), expected);
    assert_eq!(deeds[0].1["permissions"]["can_send_messages"], Value::Null);
    assert_eq!(deeds[1].1["invite_link"], LINK);
    assert_eq!([&deeds[2].1["user_id"], &deeds[4].1["user_id"]], [&json!(ANNA), &json!(BEN)]);
    assert_eq!(deeds[3].1["only_if_banned"], true, "and may come again another time");
    assert_eq!(deeds[6].1["title"], "ROOMS arena – free");

    // Nobody comes in any more, and an old step changes nothing.
    assert!(!show.joins(ANNA).await);
    show.stage.telegram.sees(ANNA, "is over").await;
    show.asks(&show.step(3, ArenaStep::Unmute)).await;
    let again = show.does(4, ArenaStep::Clear).await;
    assert_eq!((again.invite_link.as_str(), again.fault.as_str()), ("", ""));
    assert_eq!(names(&show.deeds(&mut seen)), ["DeclineChatJoinRequest"]);

    // The next room gets a link of its own.
    assert_eq!(show.does(5, ArenaStep::Prepare).await.invite_link, LINK);
    assert_eq!(names(&show.deeds(&mut seen)).last(), Some(&"CreateChatInviteLink"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_is_tried_until_it_is_done_or_refused() {
    let mut show = Show::begin().await;
    // Telegram asks to wait, and a replica is gone before it has.
    show.stage.telegram.inject("SetChatPermissions", Fault::TooMany(2));
    let asked_at = chassis::clock::monotonic();
    show.asks(&show.step(1, ArenaStep::Prepare)).await;
    eventually("asked to wait", async || show.stage.telegram.calls("SetChatPermissions").len() == 1).await;
    show.stage.start().await;
    show.stage.stop().await;
    // Its link was made, but the answer was lost: there is another one, and only that is shown.
    show.stage.telegram.inject("CreateChatInviteLink", Fault::LoseAnswer);
    let told = show.answer().await;
    assert_eq!((told.version, told.invite_link.as_str(), told.fault.as_str()), (1, LINK, ""));
    assert!(asked_at.elapsed().as_secs() >= 2, "it waited as long as it was told");
    assert_eq!(show.stage.telegram.calls("CreateChatInviteLink").len(), 2);

    // A step that waits is not done any more once another one is asked for.
    show.stage.telegram.inject("SetChatTitle", Fault::TooMany(3_600));
    let called = show.stage.telegram.calls("SetChatTitle").len();
    show.asks(&show.step(2, ArenaStep::Unmute)).await;
    eventually("asked to wait", async || show.stage.telegram.calls("SetChatTitle").len() > called).await;
    let before = show.stage.telegram.deeds(GROUP).len();
    show.does(3, ArenaStep::Clear).await;
    let deeds = show.stage.telegram.deeds(GROUP)[before..].to_vec();
    assert_eq!(names(&deeds), ["SetChatPermissions", "RevokeChatInviteLink", "SetChatTitle"]);

    // What it will never do is told as it says it, once and again.
    let why = "Bad Request: not enough rights to change chat title";
    show.stage.telegram.inject("SetChatTitle", Fault::Refused(why));
    let refused = show.does(4, ArenaStep::Prepare).await;
    assert_eq!((refused.fault.as_str(), refused.invite_link.as_str()), (why, ""));
    assert_eq!(show.does(4, ArenaStep::Prepare).await, refused);
    // A title that is as it should be is no fault.
    show.stage.telegram.inject("SetChatTitle", Fault::Refused("Bad Request: chat title is not modified"));
    assert_eq!(show.does(5, ArenaStep::Prepare).await.fault, "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn players_see_the_way_into_their_group() {
    let show = Show::begin().await;
    let stage = &show.stage;
    stage.account_of(ANNA).await;
    let arena = Arena {
        chat_id: GROUP,
        state: ArenaState::Ready.into(),
        room_id: show.room.bytes(),
        invite_link: LINK.to_owned(),
        ..Arena::default()
    };
    stage.services.state.lock().unwrap().arena = Some(arena);
    let has_link = |keyboard: &Value| keyboard.to_string().contains(LINK);
    stage.telegram.say(ANNA, "/rooms");
    stage.telegram.press(ANNA, "#12").await;
    let card = stage.telegram.with_button(ANNA, "NO").await;
    assert!(!has_link(&card.keyboard), "not before the bet");
    crate::cancel::placed(stage).await;
    let told = stage.telegram.sees(ANNA, "Bet accepted").await;
    assert!(has_link(&told.keyboard), "{}", told.keyboard);
    stage.told().await;
    stage.telegram.press(ANNA, "Open room").await;
    let card = stage.telegram.sees(ANNA, "Your bet").await;
    assert!(has_link(&card.keyboard), "{}", card.keyboard);
}
