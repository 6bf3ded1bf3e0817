//! Every button is read as it was written, and nothing else is.

use super::*;
use crate::domain::{Link, ReferralCode, RoomKey};
use proptest::prelude::*;
use std::collections::BTreeSet;

fn any_press() -> impl Strategy<Value = Press> {
    (Callback::any(), any::<bool>()).prop_map(|(callback, fresh)| Press { callback, fresh })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_096))]

    #[test]
    fn every_press_fits_and_returns(press in any_press()) {
        let data = press.encode();
        prop_assert!(data.len() <= MAX_BYTES, "{data} has {} bytes", data.len());
        prop_assert_eq!(Press::decode(&data), Ok(press));
    }

    #[test]
    fn anything_else_is_refused_without_a_panic(data in "2!?[a-z!]{0,3}(\\.[A-Za-z0-9_+-]{0,23}){0,4}|.*") {
        if let Ok(press) = Press::decode(&data) {
            prop_assert_eq!(press.encode(), data);
        }
    }
}

#[test]
fn words_are_distinct() {
    assert_eq!(Callback::WORDS.iter().collect::<BTreeSet<_>>().len(), Callback::WORDS.len());
}

#[test]
fn older_and_forged_data_are_refused() {
    for data in [
        "",
        "2",
        "1h",
        "2h.",
        "2h.1",
        "2t",
        "2t.+1",
        "2t.01",
        "2rm.short",
        "2bk.AAECAwQFBgcICQoLDA0ODw.0.-5",
        "2rs.z.0",
    ] {
        assert_eq!(Press::decode(data), Err(Unreadable), "{data}");
    }
    assert_eq!(Press::decode("2rm.AAAAAAAAAAAAAAAAAAAAAA"), Err(Unreadable), "the nil id");
}

#[test]
fn links_name_rooms_and_who_shared_them() {
    let room = RoomKey::Id(RoomId::new(uuid::Uuid::from_u128(7)));
    // An id with the separator in it.
    let torn = RoomKey::Id(RoomId::new(uuid::Uuid::max()));
    let code = ReferralCode::parse("k7_Qx");
    for (room, code) in [
        (Some(room), None),
        (Some(room), code),
        (Some(torn), None),
        (Some(torn), code),
        (Some(RoomKey::Number(12)), None),
        (Some(RoomKey::Number(12)), code),
        (None, code),
    ] {
        let link = Link { room, code };
        let payload = payload_of(link).unwrap();
        assert!(payload.len() <= 64);
        assert_eq!(link_of(&payload), link, "{payload}");
    }
    assert_eq!(payload_of(Link::default()), None);
}

#[test]
fn a_link_that_cannot_be_read_leads_nowhere() {
    assert_eq!(group_of(&group_link_of(-1_002_100_000_001)), Some(-1_002_100_000_001));
    for payload in ["group", "group_", "group_12", "group_x", "room_-3"] {
        assert_eq!(group_of(payload), None, "{payload}");
    }
    for payload in ["", "group", "ref_", "ref_<b>", "room_", "room_x_y", "room_-3_k", "room_0", "other_12"] {
        assert_eq!(link_of(payload), Link::default(), "{payload}");
    }
    // A good room with a bad code is still a room.
    let bad = format!("room_12_{}", "x".repeat(40));
    assert_eq!(link_of(&bad), Link { room: Some(RoomKey::Number(12)), code: None });
}
