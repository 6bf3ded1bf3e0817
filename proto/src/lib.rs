//! What the services say to each other: protobuf contracts, subjects, and the shared words for
//! money, ids and outcomes. The `.proto` files beside this crate are the contract; this is the
//! thin Rust layer that keeps their bytes and integers from being mistaken for each other.

#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        reason = "tests fail by panicking"
    )
)]

pub mod audit;
mod basis_points;
mod bets_hash;
mod decimal;
mod ids;
mod lamports;
pub mod merkle;
mod outcome;
pub mod proof;
mod receipt;
pub mod statement;
mod subjects;
mod timestamp;
pub mod token;

pub use basis_points::{BasisPoints, InvalidBasisPoints};
pub use bets_hash::bets_hash;
pub use decimal::decimal;
pub use ids::{AccountId, BetId, CommandId, DepositId, NotificationId, RoomId, WithdrawalId};
pub use lamports::{LAMPORTS_PER_SOL, Lamports, LamportsError};
pub use outcome::{Decided, Refusal};
pub use receipt::{RECEIPTS_MAX, receipt_anchors, receipt_leaf, receipt_memo, receipts_memo};
pub use subjects::{Command, Event, OUTCOME_EVENT, SHARDS, Service, command_filter, event_filter, shard_of};
pub use timestamp::{from_timestamp, timestamp};

/// A message whose fields do not hold what its contract says. Never the user's fault: the
/// gateway checks what people type.
#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
#[error("malformed message: {0}")]
pub struct Malformed(pub &'static str);

#[allow(missing_docs, reason = "documented in the .proto files")]
#[allow(clippy::all, clippy::pedantic, clippy::allow_attributes_without_reason, reason = "generated code")]
mod generated {
    pub mod chassis {
        pub mod v1 {
            tonic::include_proto!("rooms.chassis.v1");
        }
    }
    pub mod common {
        pub mod v1 {
            tonic::include_proto!("rooms.common.v1");
        }
    }
    pub mod gateway {
        pub mod v1 {
            tonic::include_proto!("rooms.gateway.v1");
        }
    }
    pub mod letters {
        pub mod v1 {
            tonic::include_proto!("rooms.letters.v1");
        }
    }
    pub mod notifier {
        pub mod v1 {
            tonic::include_proto!("rooms.notifier.v1");
        }
    }
    pub mod oracle {
        pub mod v1 {
            tonic::include_proto!("rooms.oracle.v1");
        }
    }
    pub mod room {
        pub mod v1 {
            tonic::include_proto!("rooms.room.v1");
        }
    }
    pub mod settlement {
        pub mod v1 {
            tonic::include_proto!("rooms.settlement.v1");
        }
    }
    pub mod wallet {
        pub mod v1 {
            tonic::include_proto!("rooms.wallet.v1");
        }
    }
}

pub use generated::chassis::v1 as frame;
pub use generated::common::v1 as common;
pub use generated::gateway::v1 as gateway;
pub use generated::letters::v1 as letters;
pub use generated::notifier::v1 as notifier;
pub use generated::oracle::v1 as oracle;
pub use generated::room::v1 as room;
pub use generated::settlement::v1 as settlement;
pub use generated::wallet::v1 as wallet;

/// The encoded `FileDescriptorSet` of all contracts, for gRPC reflection.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_carry_service_shard_and_name() {
        let id = RoomId::new(uuid::Uuid::from_u128(0xff));
        let bet = room::PlaceBet { room_id: id.bytes(), ..Default::default() };
        assert_eq!(bet.subject(), "rooms.cmd.room.63.place_bet");
        let freeze = room::FreezeRoom::default();
        assert_eq!(freeze.subject(), "rooms.cmd.room.00.freeze");
        assert_eq!(settlement::RoomDecided::default().subject(), "rooms.evt.settlement.room_decided");
    }

    #[test]
    fn an_id_is_sixteen_bytes_and_not_nil() {
        let id = BetId::new(uuid::Uuid::now_v7());
        assert_eq!(BetId::try_from_bytes(&id.bytes()), Ok(id));
        assert!(BetId::try_from_bytes(&[0; 16]).is_err());
        assert!(BetId::try_from_bytes(b"short").is_err());
    }
}
