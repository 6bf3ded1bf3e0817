//! Who may say and hear what on the broker: each service is a user of its own, named like the service.
//!
//! A service may publish its own events and the commands it sends, read its own consumers and acknowledge to them, and
//! use its own buckets. It may not make streams or consumers: whoever may make one can make it a copy of another's. The
//! user [`TOPOLOGY`] makes them, in a process of its own (`topology` of any service). See `docs/adr/0015-who-may-say-what.md`.

use std::fmt::Write as _;

use proto::Service;

use crate::topology;

/// The user that makes streams, consumers and buckets, and does nothing else.
pub const TOPOLOGY: &str = "topology";

/// Subject on which the gateway's processes hand their messages to the one that sends.
const GATEWAY_SENDS: &str = "rooms.gateway.send";

/// Commands that a service sends to another, or to itself where operators hand them in over gRPC.
struct Sends {
    from: Service,
    to: Service,
    commands: &'static [&'static str],
}

const fn sends(from: Service, to: Service, commands: &'static [&'static str]) -> Sends {
    Sends { from, to, commands }
}

const SENDS: [Sends; 17] = [
    sends(
        Service::Gateway,
        Service::Notifier,
        &[
            "change_preferences",
            "register_contact",
            "remove_price_alert",
            "rename_wallet",
            "set_price_alert",
            "track_wallet",
            "untrack_wallet",
        ],
    ),
    sends(Service::Gateway, Service::Room, &["cancel_bet", "cancel_room", "open_room", "place_bet"]),
    sends(Service::Gateway, Service::Settlement, &["open_dispute", "set_leaderboard", "set_referrer"]),
    sends(
        Service::Gateway,
        Service::Wallet,
        &[
            "cancel_withdrawal",
            "close_account",
            "confirm_totp",
            "cool_off",
            "exclude_self",
            "open_account",
            "remove_totp",
            "request_withdrawal",
            "set_limit",
            "watch_deposits",
        ],
    ),
    sends(Service::Notifier, Service::Gateway, &["deliver"]),
    sends(Service::Notifier, Service::Notifier, &["set_smart_wallet", "start_broadcast", "steer_broadcast"]),
    sends(Service::Notifier, Service::Oracle, &["follow_address", "watch_price"]),
    sends(Service::Oracle, Service::Settlement, &["resolve_room"]),
    sends(Service::Room, Service::Gateway, &["arrange_arena"]),
    sends(Service::Room, Service::Oracle, &["register_watch"]),
    sends(
        Service::Room,
        Service::Room,
        &["lock_room", "open_operator_room", "register_arena", "retire_arena"],
    ),
    sends(Service::Room, Service::Settlement, &["resolve_room"]),
    sends(Service::Room, Service::Wallet, &["hold_stakes", "release_stakes"]),
    sends(Service::Settlement, Service::Room, &["freeze"]),
    sends(Service::Settlement, Service::Settlement, &["judge_dispute", "rule_room"]),
    sends(Service::Settlement, Service::Wallet, &["anchor_receipt", "post_payouts", "refund_stakes"]),
    sends(
        Service::Wallet,
        Service::Wallet,
        &[
            "approve_withdrawal",
            "pause_withdrawals",
            "reject_withdrawal",
            "resume_withdrawals",
            "set_ban",
            "take_proof",
        ],
    ),
];

fn sent_by(service: Service) -> impl Iterator<Item = (Service, &'static str)> {
    let all = SENDS.iter().filter(move |sends| sends.from == service);
    all.flat_map(|sends| sends.commands.iter().map(|command| (sends.to, *command)))
}

/// A user of the broker: what it may publish and subscribe to, wildcards included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Its name; its password is `NATS_<NAME>_PASSWORD` of the server's environment.
    pub name: &'static str,
    /// Subjects it may publish to.
    pub publish: Vec<String>,
    /// Subjects it may subscribe to.
    pub subscribe: Vec<String>,
}

/// Whether a service may publish to a subject, events and commands alike.
#[must_use]
pub fn may_publish(service: Service, subject: &str) -> bool {
    let tokens: Vec<&str> = subject.split('.').collect();
    match tokens.as_slice() {
        ["rooms", "evt", from, _] => *from == service.token(),
        ["rooms", "cmd", to, _, command] => {
            sent_by(service).any(|(service, sent)| service.token() == *to && sent == *command)
        }
        _ => false,
    }
}

/// Prefix of the subjects on which a user is answered.
#[must_use]
pub fn inbox(user: &str) -> String {
    format!("_INBOX.{user}")
}

/// All users: the services and [`TOPOLOGY`].
#[must_use]
pub fn users() -> Vec<User> {
    Service::ALL.into_iter().map(service_user).chain([topology_user()]).collect()
}

/// A service's epochs show when a stream was lost, so all may look at all streams: their size and age, no message.
fn service_user(service: Service) -> User {
    let mut publish = vec![format!("rooms.evt.{service}.*")];
    publish.extend(sent_by(service).map(|(to, command)| proto::command_filter(to, command)));
    publish.extend(topology::streams().map(|stream| format!("$JS.API.STREAM.INFO.{stream}")));
    for (_, stream, consumer) in topology::consumers().filter(|(of, _, _)| *of == service) {
        publish.push(format!("$JS.API.CONSUMER.INFO.{stream}.{consumer}"));
        publish.push(format!("$JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer}"));
        publish.push(format!("$JS.ACK.{stream}.{consumer}.>"));
    }
    for kept in topology::buckets().filter(|kept| kept.service == service) {
        let bucket = kept.bucket;
        publish.push(format!("$KV.{bucket}.>"));
        publish.push(format!("$JS.API.STREAM.INFO.KV_{bucket}"));
        publish.push(format!("$JS.API.STREAM.MSG.GET.KV_{bucket}"));
        publish.push(format!("$JS.API.DIRECT.GET.KV_{bucket}.>"));
    }
    let mut subscribe = vec![format!("{}.>", inbox(service.token()))];
    if service == Service::Gateway {
        publish.push(GATEWAY_SENDS.to_owned());
        // One process answers another.
        publish.push(format!("{}.>", inbox(service.token())));
        subscribe.push(GATEWAY_SENDS.to_owned());
    }
    User { name: service.token(), publish, subscribe }
}

fn topology_user() -> User {
    // Buckets are made with a look at the account's limits.
    let mut publish = vec!["$JS.API.INFO".to_owned()];
    let buckets = topology::buckets().map(|kept| format!("KV_{}", kept.bucket));
    for stream in topology::streams().chain(buckets) {
        publish.extend(["INFO", "CREATE", "UPDATE"].map(|act| format!("$JS.API.STREAM.{act}.{stream}")));
    }
    for (_, stream, consumer) in topology::consumers() {
        publish.push(format!("$JS.API.CONSUMER.CREATE.{stream}.{consumer}"));
        // With a single filter the client names it in the subject.
        publish.push(format!("$JS.API.CONSUMER.CREATE.{stream}.{consumer}.>"));
    }
    User { name: TOPOLOGY, publish, subscribe: vec![format!("{}.>", inbox(TOPOLOGY))] }
}

/// The users as a part of nats-server's configuration, with passwords from its environment. `everything` names a
/// further user that may do anything, for whoever watches over a world that is not in production.
#[must_use]
pub fn server_config(everything: Option<&str>) -> String {
    let mut text =
        "# Who may say and hear what: generated from chassis/src/access.rs by `cargo run -- nats-access`.\n\
        # A password that begins with a digit is read as a number: begin it with a letter.\n\
        authorization {\n  timeout: 5\n  users: [\n"
            .to_owned();
    // Writing to a String cannot fail.
    for user in users() {
        let password = format!("$NATS_{}_PASSWORD", user.name.to_uppercase());
        let _ =
            writeln!(text, "    {{\n      user: {}, password: {password}\n      permissions: {{", user.name);
        for (verb, subjects) in [("publish", &user.publish), ("subscribe", &user.subscribe)] {
            let _ = writeln!(text, "        {verb}: {{allow: [");
            for subject in subjects {
                let _ = writeln!(text, "          {subject:?}");
            }
            let _ = writeln!(text, "        ]}}");
        }
        let _ = writeln!(text, "      }}\n    }}");
    }
    if let Some(name) = everything {
        let _ = writeln!(text, "    {{user: {name}, password: $NATS_{}_PASSWORD}}", name.to_uppercase());
    }
    text.push_str("  ]\n}\n");
    text
}

/// Whether a user of this name is a service, which finds streams made and could not make them.
pub(crate) fn is_service(user: &str) -> bool {
    Service::ALL.iter().any(|service| service.token() == user)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_command_of_the_topology_has_a_sender_and_none_is_sent_that_nobody_obeys() {
        let obeyed: BTreeSet<_> = topology::commands().collect();
        let sent: BTreeSet<_> = Service::ALL.into_iter().flat_map(sent_by).collect();
        assert_eq!(obeyed, sent);
    }

    #[test]
    fn a_service_speaks_for_itself_alone() {
        assert!(may_publish(Service::Room, "rooms.evt.room.room_frozen"));
        assert!(!may_publish(Service::Room, "rooms.evt.wallet.stakes_decided"));
        assert!(may_publish(Service::Room, "rooms.cmd.wallet.07.hold_stakes"));
        assert!(!may_publish(Service::Gateway, "rooms.cmd.wallet.07.hold_stakes"));
        assert!(!may_publish(Service::Room, "rooms.cmd.wallet.07.post_payouts"));
        assert!(!may_publish(Service::Room, "$JS.API.STREAM.CREATE.EVENTS"));
    }

    #[test]
    fn only_topology_makes_anything() {
        for user in users().iter().filter(|user| user.name != TOPOLOGY) {
            let makes =
                |subject: &&String| ["CREATE", "UPDATE", "DELETE"].iter().any(|act| subject.contains(act));
            assert_eq!(user.publish.iter().find(makes), None, "{}", user.name);
            assert!(!user.publish.iter().any(|subject| subject.starts_with("$JS.API.>")), "{}", user.name);
        }
    }
}
