//! The bodies of the fuzz targets over what comes from people, under proptest.

#[path = "../../../fuzz/bodies/callback.rs"]
mod callback;
#[path = "../../../fuzz/bodies/message.rs"]
mod message;

use gateway::callbacks::{Callback, deep_link_of};
use proptest::{collection::vec, prelude::*, sample::Index};
use proto::{BetId, CommandId, Lamports, RoomId};
use uuid::Uuid;

/// A button of this release, as its text.
fn button() -> impl Strategy<Value = String> {
    let id = any::<u128>().prop_map(|bits| Uuid::from_u128(bits.max(1)));
    (id, any::<u32>(), 1..=i64::MAX, 0..6_usize, any::<bool>()).prop_map(|(id, n, amount, which, fresh)| {
        let (room, stake) = (RoomId::new(id), Lamports::new(amount));
        let callback = match which {
            0 => Callback::Room { room },
            1 => Callback::Stake { room, outcome: n, stake },
            2 => Callback::CancelBet { bet: BetId::new(id), room },
            3 => Callback::Confirm { slip: CommandId::new(id) },
            4 => Callback::Bets { page: n },
            _ => Callback::ExclusionSure { months: n },
        };
        if fresh { callback.fresh().encode() } else { callback.here().encode() }
    })
}

/// What dialogues ask for, as people write it, and what is almost that.
fn answer() -> impl Strategy<Value = String> {
    prop_oneof![
        r"\$?[0-9]{1,12}([.,][0-9]{0,12}){0,3} ?[kKmMbB]?",
        r"([0-9]{1,7}[ ,;\n]{0,3}){1,9}",
        r"([0-9]{1,11} ?(s|sec|m|min|h|d|w)){1,3}",
        r"[1-9A-HJ-NP-Za-km-z]{30,46}",
        r"[0-9]{0,12}[.,]?[0-9]{0,10} ?(SOL|sol)?",
        r"/[a-zA-Z_]{1,12}(@[a-z_]{1,12})?( (ref|room)_[A-Za-z0-9_-]{0,40})?",
        r"(/start|/rooms|/create|/help)",
        r"[<>&;a-z]{0,40}",
        ".*",
    ]
}

#[test]
fn what_is_meant_is_read() {
    for text in
        ["165", "150 160 170", "1h30m", "0.5 SOL", "/start", "So11111111111111111111111111111111111111112"]
    {
        assert!(message::check(text.as_bytes()), "{text}");
    }
    assert!(!message::check(b"hello"));
    let room = RoomId::new(Uuid::from_u128(7));
    assert!(callback::check(Callback::Room { room }.here().encode().as_bytes()));
    assert!(!callback::check(deep_link_of(room).as_bytes()));
}

proptest! {
    #[test]
    fn a_button_is_read_and_one_with_another_letter_is_another(button in button(), at in any::<Index>(), byte in any::<u8>()) {
        prop_assert!(callback::check(button.as_bytes()));
        let mut changed = button.into_bytes();
        let at = at.index(changed.len());
        changed[at] = byte;
        callback::check(&changed);
    }

    #[test]
    fn any_callback_data_is_read_or_refused(data in "2!?[a-z]{0,4}(\\.[A-Za-z0-9_+-]{0,23}){0,4}|(ref|room)_[A-Za-z0-9_-]{0,60}") {
        callback::check(data.as_bytes());
    }

    #[test]
    fn any_bytes_are_read_or_refused(data in vec(any::<u8>(), 0..200)) {
        callback::check(&data);
        message::check(&data);
    }

    #[test]
    fn any_answer_is_read_or_refused(text in answer()) {
        message::check(text.as_bytes());
    }
}
