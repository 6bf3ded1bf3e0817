//! The scenarios of the specification that a settlement decides, by their numbers. 37 is with the steps.

use crate::{
    room::{Room, touched},
    world::{Traces, World},
};
use prost::Name;
use proto::{
    room::{Kind, VoidReason},
    settlement::{Fate, RoomSettled},
};

async fn settled(room: &Room) -> Traces {
    let world = World::new().await;
    world.open(room);
    world.resolve(room.id, &touched()).await;
    world.anchored(room).await;
    world.traces(room).await
}

/// What the ledger gave out in all.
fn given(traces: &Traces) -> i64 {
    let (protocol, host, _) = traces.account.fees.clone().unwrap();
    traces.account.credits.values().sum::<i64>() + protocol + host
}

fn payouts(traces: &Traces) -> Vec<i64> {
    traces.bets.iter().map(|bet| bet.payout_lamports).collect()
}

#[tokio::test]
async fn scenario_33_a_stake_of_2_in_10_against_5_gets_2_97() {
    let room = Room::new(1, Kind::Touch).bet(0, "2").bet(0, "8").bet(1, "5");
    let traces = settled(&room).await;
    assert_eq!(payouts(&traces), [2_970_000_000, 11_880_000_000, 0]);
    let (protocol, host, _) = traces.account.fees.clone().unwrap();
    assert_eq!((protocol, host), (100_000_000, 50_000_000));
    assert_eq!(given(&traces), 15_000_000_000);
}

#[tokio::test]
async fn scenario_34_no_winner_of_50_against_1_gets_less_than_the_stake() {
    let room = Room::new(1, Kind::Touch).bet(0, "49.999999999").bet(0, "0.000000001").bet(1, "1");
    let traces = settled(&room).await;
    for bet in traces.bets.iter().filter(|bet| bet.fate() == Fate::Won) {
        assert!(bet.payout_lamports >= bet.stake_lamports, "{bet:?}");
    }
    assert_eq!(given(&traces), room.stakes());
}

#[tokio::test]
async fn scenario_35_without_opposition_or_winners_every_stake_comes_back_whole() {
    for side in [0, 1] {
        let room = Room::new(1, Kind::Touch).bet(side, "2").bet(side, "3");
        let traces = settled(&room).await;
        assert_eq!(payouts(&traces), [2_000_000_000, 3_000_000_000]);
        assert_eq!(traces.account.fees.map(|(protocol, host, _)| (protocol, host)), Some((0, 0)));
        assert_eq!(traces.verdict.map(|verdict| verdict.void_reason()), Some(VoidReason::NoOpposition));
    }
}

/// What rounding leaves goes to the largest remainders, the lower bet first; the specification wins over the scenario's
/// named account.
#[tokio::test]
async fn scenario_36_what_rounding_leaves_has_an_owner() {
    // A prize of 97 over three stakes of 1/3 each: 32 and a third, and one lamport for the lowest bet.
    let third = "0.000000011";
    let room = Room::new(1, Kind::Touch).bet(0, third).bet(0, third).bet(0, third).bet(1, "0.0000001");
    let traces = settled(&room).await;
    assert_eq!(payouts(&traces), [11 + 33, 11 + 32, 11 + 32, 0]);
    assert_eq!(given(&traces), room.stakes());
}

/// The broker delivers everything twice, and everybody answers twice.
#[tokio::test]
async fn scenario_38_what_is_redelivered_pays_and_tells_nothing_twice() {
    let room = Room::ordinary(1);
    let mut world = World::without_service("twice").await;
    world.misbehave(|all| all.twice = true);
    world.start().await;
    world.open(&room);
    world.resolve(room.id, &touched()).await;
    world.anchored(&room).await;
    world.rests().await;
    assert_eq!(world.traces(&room).await, settled(&room).await);
    let told = world.parties.told.lock().unwrap();
    let results = told.events.iter().filter(|(kind, _)| *kind == RoomSettled::full_name());
    assert_eq!(results.count(), 1, "one result, under one id, whoever delivers it how often");
}
