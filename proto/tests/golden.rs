//! Bytes that were on the wire once must be read for ever. `golden.txt` has, for every message, the
//! bytes of an instance with all fields set, once for every time that fields were added. A line is
//! added with a message or a field; a line that would have to change is a contract that breaks.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests fail by panicking"
)]

use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, Value};
use std::{collections::BTreeMap, fmt::Write};

/// Messages nest at most this deep in an instance; below it they stay empty.
const DEPTH: usize = 4;

fn instance(descriptor: &MessageDescriptor, depth: usize) -> DynamicMessage {
    let mut message = DynamicMessage::new(descriptor.clone());
    for field in descriptor.fields() {
        // Of a oneof, the first alternative.
        let first = field.containing_oneof().and_then(|oneof| oneof.fields().next());
        if depth == 0 || first.is_some_and(|first| first != field) {
            continue;
        }
        let one = value(&field, depth - 1);
        message.set_field(&field, if field.is_list() { Value::List(vec![one]) } else { one });
    }
    message
}

/// A value that tells the fields of a message apart.
fn value(field: &FieldDescriptor, depth: usize) -> Value {
    let number = field.number();
    match field.kind() {
        Kind::Bool => Value::Bool(true),
        Kind::Int32 => Value::I32(number.cast_signed()),
        Kind::Int64 => Value::I64(-i64::from(number)),
        Kind::Uint32 => Value::U32(number),
        Kind::Uint64 => Value::U64(number.into()),
        Kind::String => Value::String(field.name().to_owned()),
        Kind::Bytes => Value::Bytes(vec![u8::try_from(number).unwrap(); 16].into()),
        Kind::Enum(of) => Value::EnumNumber(of.values().last().unwrap().number()),
        Kind::Message(of) => Value::Message(instance(&of, depth)),
        other => panic!("no contract of ours has a {other:?}"),
    }
}

fn now() -> BTreeMap<String, String> {
    let pool = DescriptorPool::decode(proto::DESCRIPTORS).unwrap();
    let ours = pool.all_messages().filter(|message| message.full_name().starts_with("rooms."));
    ours.map(|message| {
        let bytes = instance(&message, DEPTH).encode_to_vec();
        let hex = bytes.iter().fold(String::new(), |mut hex, byte| {
            write!(hex, "{byte:02x}").unwrap();
            hex
        });
        (message.full_name().to_owned(), hex)
    })
    .collect()
}

/// All lines of each message, oldest first.
fn golden() -> BTreeMap<String, Vec<String>> {
    let mut golden: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for line in include_str!("golden.txt").lines() {
        let (name, hex) = line.split_once(' ').unwrap();
        golden.entry(name.to_owned()).or_default().push(hex.to_owned());
    }
    golden
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn every_message_has_the_bytes_it_had() {
    let (now, golden) = (now(), golden());
    let differ: String = now
        .iter()
        .filter(|(name, hex)| golden.get(*name).and_then(|lines| lines.last()) != Some(*hex))
        .fold(String::new(), |mut lines, (name, hex)| {
            writeln!(lines, "{name} {hex}").unwrap();
            lines
        });
    assert!(differ.is_empty(), "new or changed, as they are now:\n{differ}");
    let gone: Vec<_> = golden.keys().filter(|name| !now.contains_key(*name)).collect();
    assert!(gone.is_empty(), "messages are gone: {gone:?}");
}

/// The generated types read the golden bytes and write the same again.
#[test]
fn generated_types_keep_golden_bytes() {
    fn check<T: Message + prost::Name + Default>(golden: &BTreeMap<String, Vec<String>>) {
        for line in &golden[&T::full_name()] {
            let bytes = bytes(line);
            assert_eq!(T::decode(bytes.as_slice()).unwrap().encode_to_vec(), bytes, "{}", T::full_name());
        }
    }
    let golden = golden();
    macro_rules! check {
        ($($message:ty),* $(,)?) => { $(check::<$message>(&golden);)* };
    }
    use proto::{common, frame, gateway, notifier, oracle, room, settlement, wallet};
    check!(
        common::Outcome,
        common::Outcomes,
        frame::Frame,
        gateway::Deliver,
        gateway::Delivered,
        notifier::RegisterContact,
        oracle::RegisterWatch,
        oracle::Second,
        oracle::WatchRegistered,
        room::Bet,
        room::FreezeRoom,
        room::OpenRoom,
        room::PlaceBet,
        room::Room,
        room::RoomFrozen,
        room::Terms,
        settlement::ReceiptReady,
        settlement::ResolveRoom,
        settlement::RoomDecided,
        settlement::RoomSettled,
        wallet::AccountClosed,
        wallet::AccountOpened,
        wallet::AnchorReceipt,
        wallet::ApproveWithdrawal,
        wallet::CancelWithdrawal,
        wallet::CloseAccount,
        wallet::ConfirmTotp,
        wallet::CoolOff,
        wallet::DepositChanged,
        wallet::ExcludeSelf,
        wallet::HoldStakes,
        wallet::OpenAccount,
        wallet::PauseWithdrawals,
        wallet::PayoutsPosted,
        wallet::PostPayouts,
        wallet::ReceiptAnchored,
        wallet::RejectWithdrawal,
        wallet::ReleaseStakes,
        wallet::RemoveTotp,
        wallet::RequestWithdrawal,
        wallet::ResumeWithdrawals,
        wallet::SecurityChanged,
        wallet::SetLimit,
        wallet::StakesDecided,
        wallet::TakeProof,
        wallet::WatchDeposits,
        wallet::WithdrawalChanged,
    );
}
