//! Opening a room: the terms that stand, and the rules against it.

use crate::{
    eventually,
    world::{STAKE, World, touch, wager},
};
use prost::Message;
use proto::{
    Refusal,
    common::RefusalCode,
    from_timestamp,
    oracle::{RegisterWatch, WatchRegistered},
    room::{
        Comparator, GetRoomRequest, Kind, OpenRoom, OpenRoomDone, PlaceBetDone, RoomState,
        get_room_request::Key,
    },
    wallet::GetLimitsResponse,
};
use sha2::{Digest, Sha256};
use uuid::Uuid;

fn refused<T: std::fmt::Debug>(decided: Result<T, Refusal>, code: RefusalCode) -> Vec<(String, String)> {
    let refusal = decided.unwrap_err();
    assert_eq!(refusal.code, code, "{refusal}");
    refusal.params
}

fn params(wanted: &[(&str, &str)]) -> Vec<(String, String)> {
    wanted.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

#[tokio::test]
async fn a_room_opens_with_terms_that_stand() {
    let world = World::start(&[]).await;
    let request = OpenRoom { subtitle: "before supper".to_owned(), ..touch("165.00") };
    let slip = Uuid::now_v7();
    world.send(slip, &request, "").await;
    let room = world.outcome::<OpenRoomDone>(slip).await.unwrap().room.unwrap();
    let terms = room.terms.clone().unwrap();
    assert_eq!(room.state(), RoomState::Open);
    assert_eq!(room.terms_hash, Sha256::digest(terms.encode_to_vec()).to_vec());
    assert_eq!((room.players, &room.pools_lamports), (0, &vec![0, 0]));
    assert_eq!((terms.kind(), terms.comparator()), (Kind::Touch, Comparator::AtOrAbove));
    assert_eq!((terms.target.as_str(), terms.open_price.as_str()), ("165", "160"));
    assert_eq!((terms.min_stake_lamports, terms.max_stake_lamports), (50_000_000, 5_000_000_000));
    assert_eq!((terms.protocol_fee_bps, terms.host_fee_bps, terms.max_players), (200, 100, 10));
    assert_eq!((terms.past_post_seconds, terms.mean_seconds, terms.quorum), (10, 60, 3));
    assert_eq!(
        (&terms.outcomes, terms.subtitle.as_str()),
        (&vec!["YES".to_owned(), "NO".to_owned()], "before supper")
    );
    let [open, lock, deadline] =
        [&terms.open_at, &terms.lock_at, &terms.deadline].map(|at| from_timestamp(at.as_ref()).unwrap());
    assert_eq!(((lock - open).whole_seconds(), (deadline - open).whole_seconds()), (3_600, 7_200));

    // oracle-svc is told until it answers, always in the same bytes.
    eventually("told again", async || world.told::<RegisterWatch>().len() > 1).await;
    for watch in world.told::<RegisterWatch>() {
        assert_eq!((watch.room_id, watch.terms.as_ref()), (room.room_id.clone(), Some(&terms)));
    }
    world.tell(&WatchRegistered { room_id: room.room_id.clone() }).await;
    eventually("nothing left to tell", async || world.count("SELECT count(*) FROM room.issued").await == 0)
        .await;

    // The same slip again is the same room, and so it is for whoever asks.
    world.send(slip, &request, ":again").await;
    eventually("told again", async || world.outcomes(slip).len() == 2).await;
    assert_eq!(world.outcomes(slip)[0], world.outcomes(slip)[1]);
    for key in [Key::RoomId(room.room_id.clone()), Key::Number(room.number)] {
        let answer = world.questions().get_room(GetRoomRequest { key: Some(key) }).await.unwrap();
        assert_eq!(answer.into_inner().room.as_ref(), Some(&room));
    }
    assert_eq!(world.count("SELECT count(*) FROM room.room").await, 1);
}

#[tokio::test]
async fn the_direction_of_a_touch_follows_from_the_price() {
    let world = World::start(&[]).await;
    let down = world.open(&touch("155")).await.unwrap().terms.unwrap();
    assert_eq!(down.comparator(), Comparator::AtOrBelow);
    world.set_price("150.5");
    let up = world.open(&touch("155")).await.unwrap().terms.unwrap();
    assert_eq!((up.comparator(), up.open_price.as_str()), (Comparator::AtOrAbove, "150.5"));
    let close =
        OpenRoom { kind: Kind::Close.into(), comparator: Comparator::AtOrBelow.into(), ..touch("151") };
    assert_eq!(world.open(&close).await.unwrap().terms.unwrap().comparator(), Comparator::AtOrBelow);
}

#[tokio::test]
async fn refusals_name_their_rule() {
    use RefusalCode as Code;
    let world = World::start(&[]).await;
    let with = |change: fn(&mut OpenRoom)| {
        let mut request = touch("165");
        change(&mut request);
        request
    };
    let cases = [
        (touch("160"), Code::RoomTargetMet, params(&[("price", "160"), ("target", "160")])),
        (
            touch("160.4"),
            Code::RoomTargetTooNear,
            params(&[("price", "160"), ("target", "160.4"), ("min_percent", "0.2829")]),
        ),
        (touch("10abc"), Code::RoomTargetInvalid, vec![]),
        (
            with(|room| room.horizon_seconds = 899),
            Code::RoomHorizon,
            params(&[("min", "900"), ("max", "86400")]),
        ),
        (
            with(|room| room.horizon_seconds = 86_401),
            Code::RoomHorizon,
            params(&[("min", "900"), ("max", "86400")]),
        ),
        (with(|room| room.asset = "DOGE".to_owned()), Code::RoomNoPrice, params(&[("asset", "DOGE")])),
        (with(|room| room.subtitle = "x".repeat(81)), Code::Malformed, params(&[("field", "subtitle")])),
        (with(|room| room.set_kind(Kind::Close)), Code::Malformed, params(&[("field", "comparator")])),
    ];
    for (request, code, expected) in cases {
        assert_eq!(refused(world.open(&request).await, code), expected, "{request:?}");
    }
    world.set_price("");
    assert_eq!(refused(world.open(&touch("165")).await, Code::RoomNoPrice), params(&[("asset", "SOL")]));
    assert_eq!(world.count("SELECT count(*) FROM room.room").await, 0);
}

#[tokio::test]
async fn one_question_has_one_room() {
    let world = World::start(&[]).await;
    let first = touch("165");
    let room = world.open(&first).await.unwrap();
    let id = Uuid::from_slice(&room.room_id).unwrap();
    // In another notation, by another host, in the same chat. A new minute may have begun meanwhile.
    let same = OpenRoom { scope_chat_id: first.scope_chat_id, ..touch("165.0") };
    if let Ok(other) = world.open(&same).await {
        let [deadline, later] = [&room, &other]
            .map(|room| from_timestamp(room.terms.as_ref().unwrap().deadline.as_ref()).unwrap());
        assert_ne!(deadline.minute(), later.minute(), "the same question twice");
        return;
    }
    let told = refused(world.open(&same).await, RefusalCode::RoomDuplicate);
    assert_eq!(told, params(&[("room_id", &id.to_string()), ("number", &room.number.to_string())]));
    // Elsewhere it may be asked.
    world.open(&touch("165")).await.unwrap();
}

#[tokio::test]
async fn a_host_has_five_live_rooms() {
    let world = World::start(&[]).await;
    let host = Uuid::now_v7().as_bytes().to_vec();
    let of_host = || OpenRoom { host_account_id: host.clone(), ..touch("165") };
    for _ in 0..5 {
        world.open(&of_host()).await.unwrap();
    }
    assert_eq!(refused(world.open(&of_host()).await, RefusalCode::RoomTooManyLive), params(&[("max", "5")]));
    world.open(&touch("165")).await.unwrap();
}

#[tokio::test]
async fn without_an_oracle_no_room_opens_and_bets_go_on() {
    let mut world = World::without_oracle(&[]).await;
    world.serve_wallet();
    world.replica().await;
    assert_eq!(
        refused(world.open(&touch("165")).await, RefusalCode::RoomNoPrice),
        params(&[("asset", "SOL")])
    );
    world.serve_oracle();
    // The channel notices within its pause between attempts.
    let room = loop {
        if let Ok(room) = world.open(&touch("165")).await {
            break Uuid::from_slice(&room.room_id).unwrap();
        }
    };
    world.bet(room, 0).await.1.unwrap();
}

#[tokio::test]
async fn a_host_who_keeps_from_playing_opens_no_room() {
    let world = World::start(&[]).await;
    let until =
        |seconds| Some(proto::timestamp(time::OffsetDateTime::UNIX_EPOCH + time::Duration::seconds(seconds)));
    let says = |limits: GetLimitsResponse| *world.wallet.0.lock().unwrap() = limits;
    says(GetLimitsResponse { cool_off_until: until(5_000_000_000), ..Default::default() });
    let code = RefusalCode::LimitCoolOff;
    assert_eq!(refused(world.open(&touch("165")).await, code), params(&[("until", "5000000000")]));
    says(GetLimitsResponse { excluded_until: until(6_000_000_000), ..Default::default() });
    let code = RefusalCode::LimitExcluded;
    assert_eq!(refused(world.open(&touch("165")).await, code), params(&[("until", "6000000000")]));
    says(GetLimitsResponse::default());
    world.open(&touch("165")).await.unwrap();
}

/// The limits of a host are not known: the opening waits, bets do not.
#[tokio::test]
async fn without_a_wallet_an_opening_waits() {
    let mut world = World::without_oracle(&[]).await;
    world.serve_oracle();
    world.replica().await;
    let (id, request) = (Uuid::now_v7(), touch("165"));
    world.send(id, &request, "").await;
    let asked = || async {
        let bet = Uuid::now_v7();
        world.send(bet, &wager(Uuid::now_v7(), Uuid::now_v7(), 0, STAKE), "").await;
        world.outcome::<PlaceBetDone>(bet).await.unwrap_err()
    };
    assert_eq!(asked().await.code, RefusalCode::NotFound, "others are answered meanwhile");
    assert_eq!(world.outcomes(id), []);
    world.serve_wallet();
    let room = world.outcome::<OpenRoomDone>(id).await.unwrap().room.unwrap();
    assert_eq!(room.room_id, request.room_id);
}
