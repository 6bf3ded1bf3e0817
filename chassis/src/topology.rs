//! All streams and consumers of the product, in one table.
//!
//! Every service ensures the whole of it at boot and again whenever the broker was away, so that
//! a consumer exists before the first message it must see, whoever starts first.

use crate::{
    Fault,
    kv::{self, Limits},
};
use async_nats::jetstream::{
    self,
    consumer::{AckPolicy, DeliverPolicy, pull},
    stream::{self, DiscardPolicy, RetentionPolicy, StorageType},
};
use proto::{OUTCOME_EVENT, Service, command_filter, event_filter};
use std::time::Duration;

/// Name of the event stream.
pub const EVENTS: &str = "EVENTS";

/// Most messages taken at once by one replica.
pub const BATCH: usize = 500;

/// After this long without an acknowledgement a message is delivered again.
pub const ACK_WAIT: Duration = Duration::from_secs(30);

/// Four batches for each of up to ten replicas.
const MAX_ACK_PENDING: i64 = 20_000;

/// Room for each stream; new commands are refused beyond it, and stay in the outbox.
const MAX_BYTES: i64 = 256 * 1024 * 1024;

/// A message larger than this is ours to split.
const MAX_MESSAGE: i32 = 1024 * 1024;

/// Events are for spectators that exist; a week outlasts any repair.
const EVENTS_MAX_AGE: Duration = Duration::from_secs(7 * 24 * 3600);

/// The consumer of the commands that a service obeys.
struct Obeys {
    service: Service,
    consumer: &'static str,
    commands: &'static [&'static str],
}

/// The consumer of the events that a service follows.
struct Follows {
    service: Service,
    consumer: &'static str,
    events: &'static [(Service, &'static str)],
    outcomes: bool,
}

const OBEYS: [Obeys; 9] = [
    Obeys {
        service: Service::Gateway,
        consumer: "gateway-commands",
        commands: &["arrange_arena", "deliver"],
    },
    Obeys {
        service: Service::Notifier,
        consumer: "notifier-commands",
        commands: &[
            "change_preferences",
            "register_contact",
            "remove_price_alert",
            "rename_wallet",
            "set_price_alert",
            "set_smart_wallet",
            "start_broadcast",
            "steer_broadcast",
            "track_wallet",
            "untrack_wallet",
        ],
    },
    Obeys { service: Service::Oracle, consumer: "oracle-commands", commands: &["register_watch"] },
    // Its role `polymarket` is a process of its own.
    Obeys {
        service: Service::Oracle,
        consumer: "polymarket-commands",
        commands: &["follow_address", "watch_price"],
    },
    Obeys {
        service: Service::Room,
        consumer: "room-commands",
        commands: &[
            "cancel_bet",
            "cancel_room",
            "lock_room",
            "open_operator_room",
            "open_room",
            "place_bet",
            "register_arena",
            "retire_arena",
        ],
    },
    // Nor must the bets of a large room that ends, here and with `room-ends`.
    Obeys { service: Service::Room, consumer: "room-freezes", commands: &["freeze"] },
    Obeys {
        service: Service::Settlement,
        consumer: "settlement-commands",
        commands: &[
            "judge_dispute",
            "open_dispute",
            "resolve_room",
            "rule_room",
            "set_leaderboard",
            "set_referrer",
        ],
    },
    Obeys {
        service: Service::Wallet,
        consumer: "wallet-commands",
        commands: &[
            "anchor_receipt",
            "approve_withdrawal",
            "cancel_withdrawal",
            "close_account",
            "confirm_totp",
            "cool_off",
            "exclude_self",
            "hold_stakes",
            "open_account",
            "pause_withdrawals",
            "reject_withdrawal",
            "release_stakes",
            "remove_totp",
            "request_withdrawal",
            "resume_withdrawals",
            "set_ban",
            "set_limit",
            "take_proof",
            "watch_deposits",
        ],
    },
    // A large settlement must not make bets wait.
    Obeys {
        service: Service::Wallet,
        consumer: "wallet-payouts",
        commands: &["post_payouts", "refund_stakes"],
    },
];

const FOLLOWS: [Follows; 7] = [
    Follows { service: Service::Gateway, consumer: "gateway-events", events: &[], outcomes: true },
    Follows {
        service: Service::Notifier,
        consumer: "notifier-events",
        events: &[
            (Service::Gateway, "delivered"),
            (Service::Settlement, "dispute_changed"),
            (Service::Settlement, "room_corrected"),
            (Service::Settlement, "room_settled"),
            (Service::Wallet, "account_closed"),
            (Service::Wallet, "deposit_changed"),
            (Service::Wallet, "security_changed"),
            (Service::Wallet, "withdrawal_changed"),
        ],
        outcomes: false,
    },
    // A busy market must not make money wait.
    Follows {
        service: Service::Notifier,
        consumer: "notifier-tracker",
        events: &[
            (Service::Oracle, "address_followed"),
            (Service::Oracle, "large_trades"),
            (Service::Oracle, "markets_resolved"),
            (Service::Oracle, "price_reached"),
            (Service::Oracle, "price_watched"),
            (Service::Oracle, "wallets_changed"),
        ],
        outcomes: false,
    },
    Follows {
        service: Service::Oracle,
        consumer: "oracle-events",
        events: &[(Service::Settlement, "room_decided")],
        outcomes: false,
    },
    Follows {
        service: Service::Room,
        consumer: "room-events",
        events: &[
            (Service::Gateway, "arena_arranged"),
            (Service::Oracle, "watch_registered"),
            (Service::Settlement, "receipt_ready"),
            (Service::Wallet, "stakes_decided"),
        ],
        outcomes: false,
    },
    Follows {
        service: Service::Room,
        consumer: "room-ends",
        events: &[
            (Service::Settlement, "room_corrected"),
            (Service::Settlement, "room_decided"),
            (Service::Settlement, "room_settled"),
        ],
        outcomes: false,
    },
    Follows {
        service: Service::Settlement,
        consumer: "settlement-events",
        events: &[
            (Service::Room, "room_frozen"),
            (Service::Wallet, "account_closed"),
            (Service::Wallet, "payouts_posted"),
            (Service::Wallet, "receipt_anchored"),
            (Service::Wallet, "stakes_refunded"),
        ],
        outcomes: false,
    },
];

/// A key-value bucket: who uses it, and what it can hold.
pub(crate) struct Kept {
    pub(crate) service: Service,
    pub(crate) bucket: &'static str,
    bytes: u32,
    value_bytes: u32,
}

/// The broker counts headers as part of a value.
const BUCKETS: [Kept; 2] = [
    // Counters of many thousand users.
    Kept { service: Service::Gateway, bucket: "gateway-flood", bytes: 16 * 1024 * 1024, value_bytes: 1024 },
    Kept { service: Service::Gateway, bucket: "gateway-groups", bytes: 16 * 1024 * 1024, value_bytes: 1024 },
];

/// All buckets.
pub(crate) fn buckets() -> impl Iterator<Item = &'static Kept> {
    BUCKETS.iter()
}

/// What the bucket called `name` can hold; nothing for one that is not of the table.
pub(crate) fn limits_of(name: &str, replicas: usize) -> Option<Limits> {
    let kept = BUCKETS.iter().find(|kept| kept.bucket == name)?;
    Some(Limits { bytes: kept.bytes, value_bytes: kept.value_bytes, replicas })
}

/// Every consumer with its service and its stream.
pub(crate) fn consumers() -> impl Iterator<Item = (Service, String, &'static str)> {
    let obeyed = OBEYS.iter().map(|obeys| (obeys.service, command_stream(obeys.service), obeys.consumer));
    let followed = FOLLOWS.iter().map(|follows| (follows.service, EVENTS.to_owned(), follows.consumer));
    obeyed.chain(followed)
}

/// Every command with the service that obeys it.
#[cfg(test)]
pub(crate) fn commands() -> impl Iterator<Item = (Service, &'static str)> {
    OBEYS.iter().flat_map(|obeys| obeys.commands.iter().map(|command| (obeys.service, *command)))
}

/// Every stream.
pub(crate) fn streams() -> impl Iterator<Item = String> {
    Service::ALL.into_iter().map(command_stream).chain([EVENTS.to_owned()])
}

/// The stream that carries the commands of a service.
#[must_use]
pub fn command_stream(service: Service) -> String {
    format!("CMD_{}", service.token().to_uppercase())
}

/// The stream a subject belongs to; nothing for a subject that is not ours.
#[must_use]
pub fn stream_of(subject: &str) -> Option<String> {
    let mut tokens = subject.split('.');
    match (tokens.next(), tokens.next(), tokens.next()) {
        (Some("rooms"), Some("evt"), Some(_)) => Some(EVENTS.to_owned()),
        (Some("rooms"), Some("cmd"), Some(service)) => Some(format!("CMD_{}", service.to_uppercase())),
        _ => None,
    }
}

/// The stream on which a consumer of the table reads; nothing for an unknown consumer.
#[must_use]
pub fn stream_of_consumer(consumer: &str) -> Option<String> {
    consumers().find(|(_, _, name)| *name == consumer).map(|(_, stream, _)| stream)
}

/// Whether one of these consumers brings messages of a subject.
pub(crate) fn brings(consumers: &[&str], subject: &str) -> bool {
    let obeyed = OBEYS.iter().filter(|obeys| consumers.contains(&obeys.consumer)).any(|obeys| {
        let command = subject.rsplit('.').next().unwrap_or_default();
        subject.starts_with(&format!("rooms.cmd.{}.", obeys.service)) && obeys.commands.contains(&command)
    });
    let followed = FOLLOWS.iter().filter(|follows| consumers.contains(&follows.consumer)).any(|follows| {
        let outcome = subject.starts_with("rooms.evt.") && subject.ends_with(&format!(".{OUTCOME_EVENT}"));
        let mut events = follows.events.iter().map(|(service, event)| event_filter(*service, event));
        follows.outcomes && outcome || events.any(|event| event == subject)
    });
    obeyed || followed
}

/// Creates what is missing and updates what differs. Safe to run anywhere, any number of times.
///
/// # Errors
/// The broker is away, or refuses.
pub async fn ensure(context: &jetstream::Context, replicas: usize) -> Result<(), Fault> {
    for service in Service::ALL {
        let commands = stream::Config {
            name: command_stream(service),
            subjects: vec![format!("rooms.cmd.{service}.>")],
            retention: RetentionPolicy::WorkQueue,
            discard: DiscardPolicy::New,
            ..stream_defaults(replicas)
        };
        context.create_or_update_stream(commands).await.map_err(away)?;
    }
    let events = stream::Config {
        name: EVENTS.to_owned(),
        subjects: vec!["rooms.evt.>".to_owned()],
        retention: RetentionPolicy::Interest,
        discard: DiscardPolicy::Old,
        max_age: EVENTS_MAX_AGE,
        ..stream_defaults(replicas)
    };
    context.create_or_update_stream(events).await.map_err(away)?;

    for obeys in &OBEYS {
        let filters = obeys.commands.iter().map(|command| command_filter(obeys.service, command)).collect();
        ensure_consumer(context, &command_stream(obeys.service), obeys.consumer, filters).await?;
    }
    for follows in &FOLLOWS {
        let mut filters: Vec<_> =
            follows.events.iter().map(|(service, event)| event_filter(*service, event)).collect();
        if follows.outcomes {
            filters.push(format!("rooms.evt.*.{OUTCOME_EVENT}"));
        }
        ensure_consumer(context, EVENTS, follows.consumer, filters).await?;
    }
    for kept in &BUCKETS {
        let limits = Limits { bytes: kept.bytes, value_bytes: kept.value_bytes, replicas };
        kv::ensure(context, kept.bucket, &limits).await.map_err(|error| Fault::upstream("broker", error))?;
    }
    Ok(())
}

fn stream_defaults(replicas: usize) -> stream::Config {
    stream::Config {
        storage: StorageType::File,
        num_replicas: replicas,
        max_bytes: MAX_BYTES,
        max_message_size: MAX_MESSAGE,
        duplicate_window: Duration::from_secs(120),
        ..Default::default()
    }
}

async fn ensure_consumer(
    context: &jetstream::Context,
    stream: &str,
    name: &str,
    filter_subjects: Vec<String>,
) -> Result<(), Fault> {
    let config = pull::Config {
        durable_name: Some(name.to_owned()),
        filter_subjects,
        ack_policy: AckPolicy::Explicit,
        deliver_policy: DeliverPolicy::All,
        ack_wait: ACK_WAIT,
        max_ack_pending: MAX_ACK_PENDING,
        // Deliveries are unlimited: an outage of ours must not use up a message's attempts.
        max_deliver: -1,
        ..Default::default()
    };
    let stream = context.get_stream_no_info(stream).await.map_err(away)?;
    stream.create_consumer(config).await.map(|_| ()).map_err(away)
}

fn away(error: impl std::error::Error + Send + Sync + 'static) -> Fault {
    Fault::upstream("broker", error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_subject_of_the_table_has_its_stream() {
        assert_eq!(stream_of("rooms.cmd.wallet.07.hold_stakes").as_deref(), Some("CMD_WALLET"));
        assert_eq!(stream_of("rooms.evt.room.outcomes").as_deref(), Some(EVENTS));
        assert_eq!(stream_of("elsewhere"), None);
        assert_eq!(stream_of_consumer("wallet-payouts").as_deref(), Some("CMD_WALLET"));
        assert_eq!(stream_of_consumer("nobody"), None);
    }

    #[test]
    fn a_dead_letter_goes_to_those_who_would_have_got_it() {
        let all = ["room-commands", "room-freezes", "wallet-payouts", "notifier-events", "gateway-events"];
        let who =
            |subject: &str| all.iter().filter(|one| brings(&[**one], subject)).copied().collect::<Vec<_>>();
        assert_eq!(who("rooms.cmd.room.07.place_bet"), ["room-commands"]);
        assert_eq!(who("rooms.cmd.room.07.freeze"), ["room-freezes"]);
        assert_eq!(who("rooms.cmd.wallet.63.post_payouts"), ["wallet-payouts"]);
        assert_eq!(who("rooms.evt.settlement.room_settled"), ["notifier-events"]);
        assert_eq!(who("rooms.evt.wallet.outcomes"), ["gateway-events"]);
        for nobody in ["rooms.cmd.oracle.07.place_bet", "rooms.evt.room.room_frozen", "place_bet", ""] {
            assert!(who(nobody).is_empty(), "{nobody}");
        }
        assert!(brings(&all, "rooms.cmd.room.07.place_bet") && !brings(&[], "rooms.cmd.room.07.place_bet"));
    }

    #[test]
    fn no_command_has_two_consumers() {
        let commands: Vec<_> = super::commands().collect();
        assert_eq!(commands.iter().collect::<BTreeSet<_>>().len(), commands.len());
    }

    #[test]
    fn four_batches_fit_each_of_ten_replicas() {
        assert!(MAX_ACK_PENDING >= i64::try_from(4 * BATCH * 10).unwrap());
    }
}
