//! The pool of groups: one room each, one step after the other, whatever is repeated, late or broken.

use crate::{
    eventually,
    office::{operators, sign},
    operators::now,
    replicas::{asked, crossing, meet},
    world::{STAKE, World, touch, wager},
};
use proto::{
    Decided,
    common::{Page, RefusalCode},
    frame,
    gateway::{ArenaArranged, ArenaStep, ArrangeArena},
    room::{
        Arena, ArenaState, CancelRoom, CancelRoomDone, GetArenaRequest, ListArenasRequest,
        ListPlayersRequest, OpenRoom, OpenRoomDone, RegisterArena, RegisterArenaDone, RegisterArenaRequest,
        RetireArena, RetireArenaDone, RetireArenaRequest, RoomState, get_arena_request::Key,
        room_operator_service_client::RoomOperatorServiceClient,
    },
    settlement::{RoomSettled, Verdict},
    timestamp,
};
use std::{
    collections::BTreeSet,
    sync::{
        Mutex,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};
use time::OffsetDateTime;
use uuid::Uuid;

const TALK: Duration = Duration::from_secs(300);
const LINK: &str = "https://t.me/+link";

/// A public room of its own.
fn public() -> OpenRoom {
    static TARGETS: AtomicI64 = AtomicI64::new(200);
    let target = TARGETS.fetch_add(1, Ordering::Relaxed).to_string();
    OpenRoom { scope_chat_id: 0, ..touch(&target) }
}

fn chat(number: i64) -> i64 {
    -1_002_000_000_000 - number
}

/// A second of its own: the same words in the same second have the same signature, which counts once.
async fn second(world: &World) -> OffsetDateTime {
    static TAKEN: Mutex<BTreeSet<i64>> = Mutex::new(BTreeSet::new());
    let mut second = now(world).await;
    while !TAKEN.lock().unwrap().insert(second.unix_timestamp()) {
        second -= Duration::from_secs(1);
    }
    second
}

async fn register(world: &World, chat_id: i64) -> Decided<Arena> {
    let at = second(world).await;
    let command = sign(&operators()[0], at, |by| RegisterArena { chat_id, by: Some(by) });
    let id = Uuid::now_v7();
    world.send(id, &command, "").await;
    Ok(world.outcome::<RegisterArenaDone>(id).await?.arena.unwrap())
}

async fn retire(world: &World, chat_id: i64) -> Decided<Arena> {
    let at = second(world).await;
    let command = sign(&operators()[1], at, |by| RetireArena { chat_id, by: Some(by) });
    let id = Uuid::now_v7();
    world.send(id, &command, "").await;
    Ok(world.outcome::<RetireArenaDone>(id).await?.arena.unwrap())
}

/// The steps of a group that the gateway was asked for, each once, in the order of their versions.
fn steps(world: &World, chat_id: i64) -> Vec<ArrangeArena> {
    let mut steps: Vec<ArrangeArena> = world.told();
    steps.retain(|step| step.chat_id == chat_id);
    steps.sort_by_key(|step| step.version);
    steps.dedup();
    steps
}

/// Waits until the gateway is asked for a step.
async fn asked_for(world: &World, chat_id: i64, step: ArenaStep) -> ArrangeArena {
    let newest = || steps(world, chat_id).pop().filter(|newest| newest.step() == step);
    eventually(step.as_str_name(), async || newest().is_some()).await;
    newest().unwrap()
}

/// The gateway's answer to a step.
fn arranged(step: &ArrangeArena, fault: &str) -> ArenaArranged {
    let done = fault.is_empty() && step.step() == ArenaStep::Prepare;
    ArenaArranged {
        chat_id: step.chat_id,
        room_id: step.room_id.clone(),
        version: step.version,
        step: step.step,
        invite_link: if done { LINK } else { "" }.to_owned(),
        fault: fault.to_owned(),
    }
}

async fn state(world: &World, chat_id: i64) -> i16 {
    let state = sqlx::query_scalar("SELECT state FROM room.arena WHERE chat_id = $1").bind(chat_id);
    state.fetch_one(world.db.pool()).await.unwrap()
}

/// The gateway has done the step that it was asked for.
async fn does(world: &World, chat_id: i64, step: ArenaStep, then: ArenaState) -> ArrangeArena {
    let asked = asked_for(world, chat_id, step).await;
    world.tell(&arranged(&asked, "")).await;
    eventually(then.as_str_name(), async || state(world, chat_id).await == then as i16).await;
    asked
}

/// Free groups.
async fn pool(world: &World, size: i64) -> Vec<i64> {
    let chats: Vec<i64> = (1..=size).map(chat).collect();
    for chat in &chats {
        let arena = register(world, *chat).await.unwrap();
        assert_eq!(
            (arena.state(), arena.room_id.len()),
            (ArenaState::Clearing, 0),
            "cleared before its first room"
        );
        does(world, *chat, ArenaStep::Clear, ArenaState::Free).await;
    }
    chats
}

async fn open(world: &World, request: &OpenRoom) -> Uuid {
    Uuid::from_slice(&world.open(request).await.unwrap().room_id).unwrap()
}

async fn of_room(world: &World, room: Uuid) -> Option<Arena> {
    let request = GetArenaRequest { key: Some(Key::RoomId(room.as_bytes().to_vec())) };
    world.questions().get_arena(request).await.unwrap().into_inner().arena
}

/// settlement-svc has paid a room at this moment.
async fn settle(world: &World, room: Uuid) {
    let settled = RoomSettled {
        room_id: room.as_bytes().to_vec(),
        verdict: Some(Verdict { outcome: 0, price: "165.01".to_owned(), ..Default::default() }),
        parts: 1,
        settled_at: Some(timestamp(now(world).await)),
        ..Default::default()
    };
    world.tell(&settled).await;
    eventually("settled", async || world.row(room).await.0 == RoomState::Settled as i16).await;
}

/// Starts anew, as after a crash: everything that is known is in the database.
async fn restart(world: &mut World) {
    world.replicas.remove(0).stop().await.unwrap();
    world.replica().await;
}

#[tokio::test]
async fn scenarios_49_and_51_a_room_has_a_group_from_its_opening_to_its_end() {
    let mut world = World::start(&[]).await;
    let [group] = pool(&world, 1).await[..] else { panic!() };
    let request = public();
    let room = open(&world, &request).await;
    let told = world.shown(room).await;
    let prepare = asked_for(&world, group, ArenaStep::Prepare).await;
    assert_eq!(prepare.room_id, told.room_id);
    assert_eq!((prepare.room_number, prepare.terms), (told.number, told.terms));
    assert_eq!(of_room(&world, room).await.unwrap().invite_link, "", "not before it is prepared");

    // The service is gone before and after each answer, and every answer comes twice.
    restart(&mut world).await;
    let prepare = does(&world, group, ArenaStep::Prepare, ArenaState::Ready).await;
    world.tell(&arranged(&prepare, "too late to complain")).await;
    restart(&mut world).await;
    let arena = of_room(&world, room).await.unwrap();
    assert_eq!((arena.chat_id, arena.state(), arena.invite_link.as_str()), (group, ArenaState::Ready, LINK));
    let request = GetArenaRequest { key: Some(Key::ChatId(group)) };
    assert_eq!(world.questions().get_arena(request).await.unwrap().into_inner().arena, Some(arena));

    // Two players on two sides, or the room would be void at its lock.
    for outcome in [0, 1] {
        world.bet(room, outcome).await.1.unwrap();
    }
    world.stop_clock(world.lock_at(room).await).await;
    let unmute = asked_for(&world, group, ArenaStep::Unmute).await;
    world.tell(&arranged(&prepare, "")).await;
    restart(&mut world).await;
    does(&world, group, ArenaStep::Unmute, ArenaState::Talking).await;
    world.tell(&arranged(&unmute, "")).await;

    settle(&world, room).await;
    let settled_at = now(&world).await;
    world.stop_clock(settled_at + TALK - Duration::from_millis(1)).await;
    // The worker looks twice a second.
    tokio::time::timeout(Duration::from_millis(1_200), asked_for(&world, group, ArenaStep::Clear))
        .await
        .unwrap_err();
    world.stop_clock(settled_at + TALK).await;
    let clear = asked_for(&world, group, ArenaStep::Clear).await;
    assert_eq!(state(&world, group).await, ArenaState::Clearing as i16);
    restart(&mut world).await;
    // Telegram was away for a while: the same bytes come again until there is an answer.
    let told = || world.told::<ArrangeArena>().iter().filter(|told| **told == clear).count();
    eventually("asked again", async || {
        world.stop_clock(now(&world).await + Duration::from_secs(31)).await;
        told() > 1
    })
    .await;
    does(&world, group, ArenaStep::Clear, ArenaState::Free).await;
    assert_eq!(of_room(&world, room).await, None);
    assert_eq!(world.count("SELECT count(*) FROM room.issued WHERE saga = 'arena'").await, 0);

    // And again: the next room gets it, at versions that go on.
    let next = open(&world, &public()).await;
    let prepare = asked_for(&world, group, ArenaStep::Prepare).await;
    assert_eq!((prepare.room_id, prepare.version), (next.as_bytes().to_vec(), 5));
}

#[tokio::test(flavor = "multi_thread")]
async fn scenario_49_rooms_that_open_at_once_never_share_a_group() {
    const GROUPS: i64 = 7;
    let mut world = World::start(&[]).await;
    let chats = pool(&world, GROUPS).await;
    world.replica().await;
    let rooms: Vec<(Uuid, OpenRoom)> = (0..40).map(|_| (Uuid::now_v7(), public())).collect();
    let messages: Vec<frame::Message> = rooms.iter().map(|(id, room)| asked(*id, room)).collect();
    let (there, back) = messages.split_at(20);
    meet(&world, &crossing(there.to_vec(), back.to_vec())).await;
    for (id, _) in &rooms {
        world.outcome::<OpenRoomDone>(*id).await.unwrap();
    }
    let hosted: Vec<(i64, Uuid)> = sqlx::query_as("SELECT chat_id, room_id FROM room.arena WHERE state = 2")
        .fetch_all(world.db.pool())
        .await
        .unwrap();
    let (groups, with): (BTreeSet<i64>, BTreeSet<Uuid>) = hosted.into_iter().unzip();
    assert_eq!(groups, chats.iter().copied().collect(), "none was left out");
    assert_eq!(i64::try_from(with.len()).unwrap(), GROUPS, "no room has two, no two have one");
    for chat in chats {
        let prepare = asked_for(&world, chat, ArenaStep::Prepare).await;
        assert!(with.contains(&Uuid::from_slice(&prepare.room_id).unwrap()));
    }
    // A second group for a room, or a second room for a group, is refused by the table itself.
    let twice = "UPDATE room.arena SET room_id = (SELECT min(room_id::text)::uuid FROM room.arena)";
    let error = sqlx::query(twice).execute(world.db.pool()).await.unwrap_err();
    assert_eq!(error.as_database_error().unwrap().code().unwrap(), "23505");
    // None is free, and rooms open all the same.
    let without = open(&world, &public()).await;
    assert_eq!(of_room(&world, without).await, None);
    world.bet(without, 0).await.1.unwrap();
    assert_eq!(world.count("SELECT count(*) FROM room.dead_letter").await, 0);
    assert_eq!(world.deadlocks().await, 0);
}

#[tokio::test]
async fn a_room_of_a_chat_needs_no_group_and_one_that_queues_gets_it_at_its_launch() {
    let world = World::start(&[]).await;
    let [group] = pool(&world, 1).await[..] else { panic!() };
    let in_chat = world.room().await;
    let queuing = open(&world, &OpenRoom { min_players: 2, ..public() }).await;
    world.bet(queuing, 0).await.1.unwrap();
    assert_eq!((of_room(&world, in_chat).await, of_room(&world, queuing).await), (None, None));
    assert_eq!(state(&world, group).await, ArenaState::Free as i16);
    world.bet(queuing, 1).await.1.unwrap();
    let prepare = asked_for(&world, group, ArenaStep::Prepare).await;
    assert_eq!(prepare.room_id, queuing.as_bytes());

    // Taken away before the group was ready: what is over is cleared, and never prepared any more.
    settle(&world, queuing).await;
    asked_for(&world, group, ArenaStep::Unmute).await;
    world.stop_clock(now(&world).await + TALK).await;
    asked_for(&world, group, ArenaStep::Clear).await;
    world.tell(&arranged(&prepare, "")).await;
    let clear = does(&world, group, ArenaStep::Clear, ArenaState::Free).await;
    assert_eq!(clear.version, prepare.version + 2);
}

#[tokio::test]
async fn a_group_that_cannot_be_arranged_leaves_its_room_alone() {
    let world = World::start(&[]).await;
    let [group] = pool(&world, 1).await[..] else { panic!() };
    let request = public();
    let room = open(&world, &request).await;
    let prepare = asked_for(&world, group, ArenaStep::Prepare).await;
    let fault = "Bad Request: not enough rights to change chat title";
    world.tell(&arranged(&prepare, fault)).await;
    eventually("faulty", async || state(&world, group).await == ArenaState::Faulty as i16).await;
    assert_eq!(of_room(&world, room).await, None);
    assert_eq!(world.row(room).await.0, RoomState::Open as i16);
    world.bet(room, 0).await.1.unwrap();
    let listed = RoomOperatorServiceClient::new(world.channel());
    let listed = listed.clone().list_arenas(ListArenasRequest {}).await.unwrap().into_inner().arenas;
    assert_eq!(listed.iter().map(|arena| arena.fault.as_str()).collect::<Vec<_>>(), [fault]);
    open(&world, &public()).await;
    assert_eq!(state(&world, group).await, ArenaState::Faulty as i16, "nobody gets it");
    assert_eq!(world.count("SELECT count(*) FROM room.issued WHERE saga = 'arena'").await, 0);

    // An operator has given the bot its rights.
    assert_eq!(register(&world, group).await.unwrap().fault, "");
    does(&world, group, ArenaStep::Clear, ArenaState::Free).await;
    open(&world, &public()).await;
    does(&world, group, ArenaStep::Prepare, ArenaState::Ready).await;
}

#[tokio::test]
async fn operators_add_and_retire_groups_through_either_door() {
    let world = World::start(&[]).await;
    let [group] = pool(&world, 1).await[..] else { panic!() };
    assert_eq!(register(&world, group).await.unwrap_err().code, RefusalCode::ArenaState);
    assert_eq!(register(&world, -5).await.unwrap_err().code, RefusalCode::ArenaRights);
    assert_eq!(retire(&world, chat(9)).await.unwrap_err().code, RefusalCode::NotFound);
    let stranger = ed25519_dalek::SigningKey::from_bytes(&[9; 32]);
    let forged = sign(&stranger, now(&world).await, |by| RetireArena { chat_id: group, by: Some(by) });
    let id = Uuid::now_v7();
    world.send(id, &forged, "").await;
    let refusal = world.outcome::<RetireArenaDone>(id).await.unwrap_err();
    assert_eq!(refusal.code, RefusalCode::OperatorSignature);

    // In use: its room keeps it, and no other one gets it.
    let request = public();
    let room = open(&world, &request).await;
    does(&world, group, ArenaStep::Prepare, ArenaState::Ready).await;
    let mut door = RoomOperatorServiceClient::new(world.channel());
    let command =
        sign(&operators()[0], second(&world).await, |by| RetireArena { chat_id: group, by: Some(by) });
    let request_id = Uuid::now_v7().as_bytes().to_vec();
    let asked = RetireArenaRequest { request_id, command: Some(command) };
    let first = door.retire_arena(asked.clone()).await.unwrap().into_inner().outcome.unwrap();
    let arena = first.decided::<RetireArenaDone>().unwrap().unwrap().arena.unwrap();
    assert_eq!(arena.state(), ArenaState::Ready);
    assert_eq!(door.retire_arena(asked).await.unwrap().into_inner().outcome.unwrap(), first);
    let cancel = CancelRoom { room_id: room.as_bytes().to_vec(), host_account_id: request.host_account_id };
    let id = Uuid::now_v7();
    world.send(id, &cancel, "").await;
    world.outcome::<CancelRoomDone>(id).await.unwrap();
    settle(&world, room).await;
    world.stop_clock(now(&world).await + TALK).await;
    does(&world, group, ArenaStep::Clear, ArenaState::Retired).await;
    open(&world, &public()).await;
    assert_eq!(state(&world, group).await, ArenaState::Retired as i16);

    // And back.
    let command =
        sign(&operators()[0], second(&world).await, |by| RegisterArena { chat_id: group, by: Some(by) });
    let request_id = Uuid::now_v7().as_bytes().to_vec();
    let asked = RegisterArenaRequest { request_id, command: Some(command) };
    let back = door.register_arena(asked).await.unwrap().into_inner().outcome.unwrap();
    let back = back.decided::<RegisterArenaDone>().unwrap().unwrap().arena.unwrap();
    assert_eq!(back.state(), ArenaState::Clearing);
    let audited = "SELECT count(*) FROM room.audit WHERE action IN ('register_arena', 'retire_arena')";
    assert_eq!(world.count(audited).await, 6, "also what was refused, but not what was forged");
}

#[tokio::test]
async fn players_are_those_whose_bets_count_or_wait() {
    let world = World::start(&[]).await;
    let room = world.room().await;
    world.well_before_lock(room).await;
    let accounts: Vec<Uuid> = (0..4).map(|_| Uuid::now_v7()).collect();
    let bets = accounts.iter().map(|account| wager(room, *account, 0, STAKE));
    let [first, second, gone, pending] = bets.collect::<Vec<_>>().try_into().unwrap();
    for bet in [&first, &second] {
        world.place(bet).await.1.unwrap();
    }
    let (slip, _) = world.place(&gone).await;
    world.cancel(slip, &gone).await.unwrap();
    world.silence_wallet();
    world.pending(&pending).await;
    let ask = async |account_ids: Vec<Vec<u8>>, page: Option<Page>| {
        let request = ListPlayersRequest { room_id: room.as_bytes().to_vec(), account_ids, page };
        world.questions().list_players(request).await.unwrap().into_inner()
    };
    let who = |answer: &proto::room::ListPlayersResponse| {
        answer.bets.iter().map(|bet| Uuid::from_slice(&bet.account_id).unwrap()).collect::<BTreeSet<_>>()
    };
    let all: BTreeSet<Uuid> = [accounts[0], accounts[1], accounts[3]].into();
    let answer = ask(vec![], None).await;
    assert_eq!((who(&answer), answer.total), (all.clone(), 3));
    let bytes = |account: &Uuid| account.as_bytes().to_vec();
    let asked = ask(vec![bytes(&accounts[2]), bytes(&accounts[3]), bytes(&Uuid::now_v7())], None).await;
    assert_eq!((who(&asked), asked.total), ([accounts[3]].into(), 1));
    let mut paged = BTreeSet::new();
    let mut token = String::new();
    loop {
        let page = ask(vec![], Some(Page { size: 1, token })).await;
        assert_eq!(page.total, 3);
        paged.extend(who(&page));
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(paged, all);
}
