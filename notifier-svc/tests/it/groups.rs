//! Results of rooms for the groups that hosted them.

use crate::{
    events::{again, deposit},
    gateway::event,
    world::{World, account, accounts},
};
use proto::{
    AccountId, frame,
    gateway::Deliver,
    notifier::{Lane, notice::Kind},
    room::Terms,
    settlement::{Fate, RoomSettled, SettledBet},
    wallet::DepositState,
};
use std::time::Duration;
use uuid::Uuid;

const HERE: i64 = -1_002_100_000_001;
const ELSEWHERE: i64 = -1_002_100_000_002;

/// A room of a group with one bet of each account, in parts of two.
fn settled(number: i64, chat: i64, players: &[AccountId]) -> Vec<frame::Message> {
    let room = Uuid::from_u128(0x7000 + u128::from(number.unsigned_abs()));
    let bet = |account: &AccountId| SettledBet {
        bet_id: Uuid::new_v5(&account.uuid(), room.as_bytes()).as_bytes().to_vec(),
        account_id: account.bytes(),
        stake_lamports: 50_000_000,
        fate: Fate::Lost.into(),
        ..Default::default()
    };
    let parts = players.chunks(2);
    let count = parts.len() as u32;
    let part = |(part, players): (usize, &[AccountId])| {
        event(&RoomSettled {
            room_id: room.as_bytes().to_vec(),
            room_number: number,
            terms: Some(Terms { scope_chat_id: chat, ..Default::default() }),
            bets: players.iter().map(bet).collect(),
            part: part as u32,
            parts: count,
            ..Default::default()
        })
    };
    parts.enumerate().map(part).collect()
}

fn to_groups(world: &World) -> Vec<Deliver> {
    world.gateway.told().into_iter().filter(|deliver| deliver.chat_id != 0).collect()
}

#[tokio::test]
async fn a_group_is_told_the_result_of_its_room_once_and_nobodys_bet() {
    let world = World::new(&[("BUS_FAULTS", "shuffle")]).await;
    world.gateway.open();
    let players = accounts(5);
    world.register(&players).await;
    let events = [settled(1, HERE, &players), settled(2, HERE, &players), settled(3, 0, &players)].concat();
    world.tell(&events).await;
    world.tell(&again(&events)).await;
    world.all_done(3 * 5 + 2).await;
    let told = to_groups(&world);
    let mut rooms = Vec::new();
    for deliver in &told {
        assert_eq!((deliver.chat_id, deliver.account_id.len(), deliver.lane()), (HERE, 0, Lane::Result));
        let Some(Kind::RoomSettled(room)) = deliver.notice.as_ref().unwrap().kind.as_ref() else {
            panic!("{deliver:?}")
        };
        assert!(room.bets.is_empty());
        rooms.push(room.room_number);
    }
    rooms.sort_unstable();
    assert_eq!(rooms, [1, 2], "of the public room no group is told");
    assert_eq!(world.count("SELECT count(*) FROM notifier.dead_letter").await, 0);
}

#[tokio::test]
async fn a_group_without_the_bot_is_marked_and_stalls_nobody() {
    let world = World::new(&[("NOTIFIER_CREDIT", "1")]).await;
    world.gateway.heard.lock().unwrap().left.insert(HERE);
    world.gateway.open();
    world.register(&accounts(1)).await;
    world.tell(&settled(1, HERE, &[account(9)])).await;
    world.tell(&settled(2, ELSEWHERE, &[account(9)])).await;
    world.tell(&[deposit(account(0), 1, DepositState::Credited)]).await;
    // The player of both rooms has no contact: two wait for one.
    world.all_stored(5).await;
    crate::eventually("everything else is done", || async {
        let states = world.states().await;
        let count = |state: &str| states.get(state).copied().unwrap_or_default();
        (count("SENT"), count("BLOCKED"), count("UNADDRESSED")) == (2, 1, 2)
    })
    .await;

    world.tell(&settled(3, HERE, &[account(0)])).await;
    crate::eventually("given up without a try", || async { world.states().await["BLOCKED"] == 2 }).await;
    assert_eq!(to_groups(&world).iter().filter(|deliver| deliver.chat_id == HERE).count(), 1);
    // It may be back after an hour.
    world.gateway.heard.lock().unwrap().left.clear();
    world.db.advance(Duration::from_secs(3601)).await.unwrap();
    world.tell(&settled(4, HERE, &[account(0)])).await;
    crate::eventually("told again", || async {
        to_groups(&world).iter().filter(|deliver| deliver.chat_id == HERE).count() == 2
    })
    .await;
}
