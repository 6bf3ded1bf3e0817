//! What people want to be told, and when.

use crate::{
    events::{corrected, deposit},
    eventually,
    gateway::event,
    world::{World, account, accounts},
};
use chassis::Outgoing;
use proto::{
    AccountId, Refusal,
    common::RefusalCode,
    frame,
    gateway::Deliver,
    notifier::{
        Category, CategorySwitch, ChangePreferences, ChangePreferencesDone, DigestTime,
        GetPreferencesRequest, Lane, Preferences, QuietHours, change_preferences::Change, notice::Kind,
    },
    settlement::{Fate, RoomSettled, SettledBet},
    wallet::DepositState,
};
use std::{collections::BTreeMap, time::Duration};
use time::OffsetDateTime;
use uuid::Uuid;

const HOUR: Duration = Duration::from_secs(3600);

pub fn change(account: AccountId, change: Change) -> frame::Message {
    let command = ChangePreferences { account_id: account.bytes(), change: Some(change) };
    Outgoing::command(&command).reply_to(proto::Service::Gateway).into_message()
}

pub fn switch(category: Category, on: bool) -> Change {
    Change::Category(CategorySwitch { category: category.into(), on })
}

/// The answer to one change.
pub async fn ask(world: &World, account: AccountId, wanted: Change) -> Result<Preferences, Refusal> {
    let command = change(account, wanted);
    let id = Uuid::from_slice(&command.id).unwrap();
    world.tell(&[command]).await;
    let told = || world.gateway.heard.lock().unwrap().outcomes.get(&id).and_then(|all| all.first().cloned());
    eventually("an answer", || async { told().is_some() }).await;
    let decided = told().unwrap().decided::<ChangePreferencesDone>().unwrap();
    decided.map(|done| done.preferences.unwrap())
}

/// Minutes after midnight, so long from now, in UTC.
pub async fn in_minutes(world: &World, minutes: i64) -> u32 {
    let now: OffsetDateTime =
        sqlx::query_scalar("SELECT notifier.db_clock()").fetch_one(world.db.superuser()).await.unwrap();
    let at = now + time::Duration::minutes(minutes);
    u32::from(at.hour()) * 60 + u32::from(at.minute())
}

/// Quiet hours that began an hour ago and last for two more.
pub async fn quiet(world: &World) -> Change {
    let (from_minute, until_minute) = (in_minutes(world, -60).await, in_minutes(world, 120).await);
    Change::Quiet(QuietHours { on: true, from_minute, until_minute, time_zone: "Etc/UTC".into() })
}

/// The result of an account's only bet in a room.
fn result(account: AccountId, room: i64) -> frame::Message {
    let bet = SettledBet {
        bet_id: Uuid::new_v5(&account.uuid(), &room.to_be_bytes()).as_bytes().to_vec(),
        account_id: account.bytes(),
        stake_lamports: 50_000_000,
        fate: Fate::Lost.into(),
        ..Default::default()
    };
    event(&RoomSettled {
        room_id: Uuid::from_u128(0x7000 + u128::from(room.unsigned_abs())).as_bytes().to_vec(),
        room_number: room,
        bets: vec![bet],
        parts: 1,
        ..Default::default()
    })
}

fn kind(deliver: &Deliver) -> Kind {
    deliver.notice.clone().unwrap().kind.unwrap()
}

fn rooms(digest: &proto::notifier::Digest) -> Vec<i64> {
    let numbers = digest.items.iter().map(|item| match item.kind.as_ref().unwrap() {
        Kind::BetResult(result) => result.room.as_ref().unwrap().room_number,
        other => panic!("{other:?}"),
    });
    numbers.collect()
}

#[tokio::test]
async fn a_choice_is_kept_and_asked_for() {
    let mut world = World::new(&[]).await;
    let asked = async |world: &World, account: AccountId| {
        let request = GetPreferencesRequest { account_id: account.bytes() };
        world.grpc().get_preferences(request).await.unwrap().into_inner().preferences.unwrap()
    };
    let usual = asked(&world, account(0)).await;
    assert_eq!(usual.off, [i32::from(Category::Whale)], "strangers' trades are told to who asks for them");
    assert_eq!(
        (usual.min_usd.as_str(), usual.min_portfolio_bps, usual.whale_usd.as_str()),
        ("500", 200, "10000")
    );
    let night = usual.quiet.clone().unwrap();
    assert_eq!(
        (night.on, night.from_minute, night.until_minute, night.time_zone.as_str()),
        (false, 1320, 480, "UTC")
    );

    ask(&world, account(0), switch(Category::Consensus, false)).await.unwrap();
    ask(&world, account(0), Change::MinUsd("1000.50".into())).await.unwrap();
    let quiet =
        QuietHours { on: true, from_minute: 60, until_minute: 300, time_zone: "asia/kathmandu".into() };
    let last = ask(&world, account(0), Change::Quiet(quiet)).await.unwrap();
    assert_eq!(last.quiet.as_ref().unwrap().time_zone, "Asia/Kathmandu");
    assert_eq!(last.min_usd, "1000.5");
    let refused = ask(&world, account(0), switch(Category::Money, false)).await;
    assert_eq!(refused, Err(Refusal::new(RefusalCode::PreferenceInvalid).with("field", "category")));

    // It outlives the process, and is nobody else's.
    world.replicas.remove(0).stop().await.unwrap();
    world.start().await;
    assert_eq!(asked(&world, account(0)).await, last);
    assert_eq!(asked(&world, account(1)).await, usual);

    let gone = proto::wallet::AccountClosed { account_id: account(0).bytes() };
    world.tell(&[event(&gone)]).await;
    eventually("forgotten", || async { asked(&world, account(0)).await == usual }).await;
}

#[tokio::test]
async fn what_is_off_is_not_told_and_what_waits_is_dropped() {
    let world = World::new(&[]).await;
    let (anna, ben) = (account(0), account(1));
    world.register(&accounts(2)).await;
    world.tell(&[result(anna, 1)]).await;
    eventually("in hand", || async { world.gateway.told().len() == 1 }).await;
    world.tell(&[result(anna, 2)]).await;
    world.all_stored(2).await;
    ask(&world, anna, switch(Category::Room, false)).await.unwrap();
    assert_eq!(world.states().await, BTreeMap::from([("RELEASED".into(), 1), ("UNWANTED".into(), 1)]));

    world.tell(&[result(anna, 3), result(ben, 3), deposit(anna, 1, DepositState::Credited)]).await;
    world.gateway.open();
    world.all_done(4).await;
    let told = world.gateway.told();
    assert_eq!(told.len(), 3, "the first, Ben's, and the money");

    ask(&world, anna, switch(Category::Room, true)).await.unwrap();
    world.tell(&[result(anna, 4)]).await;
    world.all_done(5).await;
}

#[tokio::test]
async fn in_quiet_hours_money_and_results_make_no_sound() {
    let world = World::new(&[]).await;
    world.gateway.open();
    world.register(&accounts(2)).await;
    ask(&world, account(0), quiet(&world).await).await.unwrap();
    let events = |number| {
        accounts(2).into_iter().flat_map(move |account| {
            [deposit(account, number, DepositState::Credited), result(account, i64::from(number))]
        })
    };
    world.tell(&events(1).collect::<Vec<_>>()).await;
    world.all_done(4).await;
    for deliver in world.gateway.told() {
        assert_eq!(deliver.silent, deliver.account_id == account(0).bytes(), "{deliver:?}");
    }
    world.db.advance(3 * HOUR).await.unwrap();
    world.tell(&events(2).collect::<Vec<_>>()).await;
    world.all_done(8).await;
    assert!(world.gateway.told()[4..].iter().all(|deliver| !deliver.silent));
}

#[tokio::test]
async fn a_digest_a_day_tells_everything_but_money() {
    let world = World::new(&[]).await;
    world.gateway.open();
    let anna = account(0);
    world.register(&accounts(2)).await;
    let minute = in_minutes(&world, 30).await;
    ask(&world, anna, Change::Digest(DigestTime { on: true, minute })).await.unwrap();
    for room in 1..=23 {
        world.tell(&[result(anna, room)]).await;
        world.all_stored(room).await;
    }
    world.tell(&corrected(&[anna, account(1)], 5)).await;
    world.tell(&[result(account(1), 1)]).await;
    world.all_stored(26).await;
    eventually("who has no digest is told, and Anna of the money", || async {
        world.gateway.told().len() == 3
    })
    .await;
    assert_eq!(world.states().await["WAITING"], 23);

    world.db.advance(HOUR).await.unwrap();
    world.all_done(27).await;
    let told = world.gateway.told();
    let Kind::Digest(digest) = kind(&told[3]) else { panic!("{:?}", told[3]) };
    assert_eq!((told[3].lane(), told[3].account_id.clone()), (Lane::Digest, anna.bytes()));
    assert_eq!(rooms(&digest), (1..=20).collect::<Vec<_>>());
    assert_eq!(digest.more, 3);
    assert_eq!(world.states().await["DIGESTED"], 23);

    // What is alone is told as it is; and who wants no digest any more need not wait for it.
    world.tell(&[result(anna, 24)]).await;
    world.all_stored(28).await;
    world.db.advance(24 * HOUR).await.unwrap();
    world.all_done(28).await;
    assert!(matches!(kind(&world.gateway.told()[4]), Kind::BetResult(_)));
    world.tell(&[result(anna, 25)]).await;
    world.all_stored(29).await;
    ask(&world, anna, Change::Digest(DigestTime { on: false, minute })).await.unwrap();
    world.all_done(29).await;
}
