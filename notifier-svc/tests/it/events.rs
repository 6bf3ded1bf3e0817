//! What others tell, and what players hear of it.

use crate::{
    gateway::event,
    world::{World, account, accounts},
};
use proto::{
    AccountId, frame,
    gateway::Deliver,
    notifier::{ListNotificationsRequest, NotificationState, notice::Kind},
    settlement::{
        Dispute, DisputeChanged, DisputeState, Fate, RefundedBet, RoomCorrected, RoomSettled, SettledBet,
    },
    wallet::{DepositChanged, DepositState, Withdrawal, WithdrawalChanged, WithdrawalState},
};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Bets in one part of a settled room.
const PART: usize = 1_000;

/// The `number`th deposit of an account.
pub fn deposit(account: AccountId, number: u32, state: DepositState) -> frame::Message {
    event(&DepositChanged {
        deposit_id: Uuid::new_v5(&account.uuid(), &number.to_be_bytes()).as_bytes().to_vec(),
        account_id: account.bytes(),
        lamports: 100_000_000 + i64::from(number),
        signature: format!("signature-{number}"),
        state: state.into(),
        available_lamports: 100_000_000,
    })
}

pub fn withdrawal(account: AccountId, state: WithdrawalState, version: u64) -> frame::Message {
    event(&WithdrawalChanged {
        withdrawal: Some(Withdrawal {
            withdrawal_id: Uuid::new_v5(&account.uuid(), b"withdrawal").as_bytes().to_vec(),
            account_id: account.bytes(),
            lamports: 50_000_000,
            state: state.into(),
            version,
            ..Default::default()
        }),
    })
}

/// A room with one bet of each account, in parts.
pub fn settled(accounts: &[AccountId], part: usize) -> Vec<frame::Message> {
    let parts = accounts.chunks(part);
    let count = parts.len() as u32;
    let bet = |account: &AccountId| SettledBet {
        bet_id: Uuid::new_v5(&account.uuid(), b"bet").as_bytes().to_vec(),
        account_id: account.bytes(),
        stake_lamports: 50_000_000,
        fate: Fate::Lost.into(),
        ..Default::default()
    };
    parts
        .enumerate()
        .map(|(part, accounts)| {
            event(&RoomSettled {
                room_id: vec![7; 16],
                room_number: 7,
                bets: accounts.iter().map(bet).collect(),
                part: part as u32,
                parts: count,
                ..Default::default()
            })
        })
        .collect()
}

pub fn dispute(account: AccountId, state: DisputeState, version: u64) -> frame::Message {
    event(&DisputeChanged {
        dispute: Some(Dispute {
            dispute_id: Uuid::new_v5(&account.uuid(), b"dispute").as_bytes().to_vec(),
            room_id: vec![7; 16],
            account_id: account.bytes(),
            text: "the price was never there".into(),
            state: state.into(),
            version,
            ..Default::default()
        }),
    })
}

/// The same room, with every stake repaid, in parts.
pub fn corrected(accounts: &[AccountId], part: usize) -> Vec<frame::Message> {
    let parts = accounts.chunks(part);
    let count = parts.len() as u32;
    let bet = |account: &AccountId| RefundedBet {
        bet_id: Uuid::new_v5(&account.uuid(), b"bet").as_bytes().to_vec(),
        account_id: account.bytes(),
        lamports: 50_000_000,
    };
    parts
        .enumerate()
        .map(|(part, accounts)| {
            event(&RoomCorrected {
                room_id: vec![7; 16],
                room_number: 7,
                bets: accounts.iter().map(bet).collect(),
                part: part as u32,
                parts: count,
                reason: "a venue lied".into(),
                ..Default::default()
            })
        })
        .collect()
}

/// Everything that can happen to some accounts, the steps of each thing in an unhelpful order:
/// twelve events, ten of them worth telling.
pub fn everything(accounts: &[AccountId]) -> Vec<frame::Message> {
    let of_one = accounts.iter().flat_map(|account| {
        [
            deposit(*account, 1, DepositState::Credited),
            withdrawal(*account, WithdrawalState::Finalized, 6),
            withdrawal(*account, WithdrawalState::Held, 2),
            deposit(*account, 1, DepositState::Seen),
            withdrawal(*account, WithdrawalState::Signed, 4),
            withdrawal(*account, WithdrawalState::Submitted, 5),
            dispute(*account, DisputeState::Refunded, 4),
            dispute(*account, DisputeState::Open, 1),
            dispute(*account, DisputeState::AwaitingFunds, 3),
            dispute(*account, DisputeState::Refunding, 2),
        ]
    });
    of_one.chain(corrected(accounts, 30)).chain(settled(accounts, 20)).collect()
}

/// Notifications of `everything` for each account.
pub const EVERYTHING: i64 = 10;

/// The same events under other message ids, as a sender that forgot what it had told.
pub fn again(messages: &[frame::Message]) -> Vec<frame::Message> {
    let id = || Uuid::now_v7().as_bytes().to_vec();
    messages.iter().map(|message| frame::Message { id: id(), ..message.clone() }).collect()
}

/// How far along its thread a notice is.
fn version(deliver: &Deliver) -> u64 {
    match deliver.notice.as_ref().unwrap().kind.as_ref().unwrap() {
        Kind::Deposit(deposit) => u64::from(deposit.state.unsigned_abs()),
        Kind::Withdrawal(withdrawal) => withdrawal.version,
        Kind::Dispute(dispute) => dispute.version,
        _ => 0,
    }
}

/// Checks what the players of `everything` heard, whatever happened on the way.
pub async fn check_everything(world: &World, accounts: &[AccountId]) {
    world.all_done(EVERYTHING * accounts.len() as i64).await;
    let told = world.gateway.told();
    assert_eq!(world.gateway.heard.lock().unwrap().contradictions, 0);
    assert_eq!(world.count("SELECT count(*) FROM notifier.dead_letter").await, 0);
    assert_eq!(world.count("SELECT count(*) FROM notifier.issued").await, 0);
    assert_eq!(told.len() as i64, world.states().await["SENT"]);

    let mut threads: BTreeMap<(&[u8], &str), Vec<u64>> = BTreeMap::new();
    for deliver in &told {
        threads
            .entry((deliver.account_id.as_slice(), &deliver.thread_key))
            .or_default()
            .push(version(deliver));
    }
    assert_eq!(threads.len(), 4 * accounts.len(), "deposit, withdrawal, dispute and what has no thread");
    for ((account, key), versions) in threads {
        if key.is_empty() {
            assert_eq!(versions, [0, 0], "result and refund of {account:?}");
            continue;
        }
        assert!(versions.is_sorted_by(|a, b| a < b), "{account:?} was told {key} as {versions:?}");
        let last = match key.split_once(':') {
            Some(("deposit", _)) => DepositState::Credited as u64,
            Some(("withdrawal", _)) => 6,
            Some(("dispute", _)) => 4,
            _ => 0,
        };
        assert_eq!(versions.last(), Some(&last), "{account:?}, {key}");
    }
    let reached: BTreeSet<Vec<u8>> = told.iter().map(|deliver| deliver.account_id.clone()).collect();
    assert_eq!(reached, accounts.iter().map(|account| account.bytes()).collect());
}

#[tokio::test]
async fn each_event_is_told_once_though_all_come_twice_and_shuffled() {
    let world = World::new(&[("BUS_FAULTS", "shuffle")]).await;
    world.gateway.open();
    let accounts = accounts(40);
    let events = everything(&accounts);
    world.tell(&events).await;
    world.register(&accounts).await;
    world.tell(&again(&events)).await;
    check_everything(&world, &accounts).await;
    world.tell(&again(&events)).await;
    world.tell(&[deposit(account(0), 2, DepositState::Credited)]).await;
    world.all_done(EVERYTHING * 40 + 1).await;
}

#[tokio::test]
async fn a_large_room_waits_for_its_players_and_delays_nobody() {
    let world = World::new(&[]).await;
    world.gateway.open();
    let players = accounts(2_000);
    world.tell(&settled(&players, PART)).await;
    world.all_stored(2_000).await;
    assert_eq!(world.states().await["UNADDRESSED"], 2_000);

    let stranger = account(5_000);
    world.register(&[stranger, players[17]]).await;
    world.tell(&[deposit(stranger, 1, DepositState::Credited)]).await;
    crate::eventually("both are told", || async { world.gateway.told().len() == 2 }).await;
    let told: BTreeSet<Vec<u8>> =
        world.gateway.told().iter().map(|deliver| deliver.account_id.clone()).collect();
    assert_eq!(told, BTreeSet::from([stranger.bytes(), players[17].bytes()]));

    world.register(&players).await;
    world.all_done(2_001).await;
    assert_eq!(world.gateway.told().len(), 2_001);
}

#[tokio::test]
async fn a_poisoned_event_is_buried_alone() {
    let world = World::new(&[]).await;
    world.gateway.open();
    world.register(&accounts(3)).await;
    let mut events: Vec<_> =
        accounts(3).iter().map(|account| deposit(*account, 1, DepositState::Credited)).collect();
    events.insert(1, deposit(account(1), 9, DepositState::Unspecified));
    world.tell(&events).await;
    world.all_done(3).await;
    crate::eventually("buried", || async {
        world.count("SELECT count(*) FROM notifier.dead_letter").await == 1
    })
    .await;
}

#[tokio::test]
async fn history_is_listed_newest_first() {
    let world = World::new(&[]).await;
    world.register(&accounts(2)).await;
    world.tell(&[deposit(account(1), 1, DepositState::Credited)]).await;
    for number in 1..=5 {
        world.tell(&[deposit(account(0), number, DepositState::Credited)]).await;
        world.all_stored(i64::from(number) + 1).await;
    }
    let (mut listed, mut token) = (Vec::new(), String::new());
    for size in [2, 2, 1] {
        let page = Some(proto::common::Page { size: 2, token });
        let request = ListNotificationsRequest { account_id: account(0).bytes(), page };
        let answer = world.grpc().list_notifications(request).await.unwrap().into_inner();
        assert_eq!(answer.notifications.len(), size);
        listed.extend(answer.notifications);
        token = answer.next_page_token;
    }
    assert_eq!(token, "");
    let amounts = listed.iter().map(|one| match one.notice.as_ref().unwrap().kind.as_ref().unwrap() {
        Kind::Deposit(deposit) => deposit.lamports - 100_000_000,
        other => panic!("{other:?}"),
    });
    assert_eq!(amounts.collect::<Vec<_>>(), [5, 4, 3, 2, 1]);
    let states: Vec<_> = listed.iter().map(|one| one.state()).collect();
    let (released, waiting) = (NotificationState::Released, NotificationState::Waiting);
    assert_eq!(states, [waiting, waiting, waiting, waiting, released]);

    let unknown = ListNotificationsRequest { account_id: account(9).bytes(), page: None };
    assert!(world.grpc().list_notifications(unknown).await.unwrap().into_inner().notifications.is_empty());
    let malformed = ListNotificationsRequest { account_id: vec![1], page: None };
    let status = world.grpc().list_notifications(malformed).await.unwrap_err();
    assert_eq!(status.code(), tonic::Code::InvalidArgument);
}
