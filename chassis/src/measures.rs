//! What is measured of every service alike: of the messages that it handles, of the questions that it answers and of the
//! calls that it makes, how many there are, how many fail and why, and how long they take.
//!
//! | metric | labels |
//! |---|---|
//! | `rooms_handled_total`, `rooms_message_seconds` | `message`: its name in the contracts |
//! | `rooms_refused_total` | `message`, or `earlier` for a command that an earlier batch left pending; `code` of the refusal |
//! | `rooms_dead_letters_total` | `message` |
//! | `rooms_grpc_requests_total`, `rooms_grpc_request_seconds` | `method`: as in the contracts; the former also `code` |
//! | `rooms_api_calls_total`, `rooms_api_call_seconds` | `api`: whose; the former also `result` |
//!
//! Labels come from contracts, code and settings, never from what somebody sent, so their number is bounded.

use std::{
    collections::HashSet,
    sync::LazyLock,
    time::{Duration, Instant},
};

use axum::{extract::Request, middleware::Next, response::Response};
use metrics::SharedString;
use prost::Message as _;
use prost_types::FileDescriptorSet;
use tonic::{Code, Status};

use crate::clock::monotonic;

/// The label of what no contract knows.
pub const UNKNOWN: &str = "unknown";

/// The label of a command that is decided in a later batch than its own, by which its name is forgotten.
pub(crate) const EARLIER: &str = "earlier";

/// A message was handled and everything about it committed, so long after it had arrived in this process.
pub(crate) fn handled(message: &'static str, took: Duration) {
    metrics::counter!("rooms_handled_total", "message" => message).increment(1);
    metrics::histogram!("rooms_message_seconds", "message" => message).record(took.as_secs_f64());
}

/// A call to an API of somebody else ended. `api` is whose: a name in the code, or a host from the settings.
pub fn called(api: impl Into<SharedString>, result: &'static str, took: Duration) {
    let api = api.into();
    metrics::counter!("rooms_api_calls_total", "api" => api.clone(), "result" => result).increment(1);
    metrics::histogram!("rooms_api_call_seconds", "api" => api).record(took.as_secs_f64());
}

/// Measures a request, also one that is refused before it reaches its method, or whose asker went away.
pub(crate) async fn question(request: Request, next: Next) -> Response {
    let mut asked = Asked { method: method(request.uri().path()), since: monotonic(), code: Code::Cancelled };
    let response = next.run(request).await;
    // A failure of a call with one answer is in the headers. Streams, which may fail later, are gRPC's own services'.
    asked.code = Status::from_header_map(response.headers()).map_or(Code::Ok, |status| status.code());
    response
}

/// A request in work. One that is dropped before it has an answer was too late, or nobody waits for it any more.
struct Asked {
    method: &'static str,
    since: Instant,
    code: Code,
}

impl Drop for Asked {
    fn drop(&mut self) {
        let code = format!("{:?}", self.code);
        metrics::counter!("rooms_grpc_requests_total", "method" => self.method, "code" => code).increment(1);
        metrics::histogram!("rooms_grpc_request_seconds", "method" => self.method)
            .record(self.since.elapsed().as_secs_f64());
    }
}

/// The method that a path names, as `package.Service/Method`.
fn method(path: &str) -> &'static str {
    static METHODS: LazyLock<HashSet<String>> = LazyLock::new(methods);
    METHODS.get(path.trim_start_matches('/')).map_or(UNKNOWN, String::as_str)
}

fn methods() -> HashSet<String> {
    let sets = [
        proto::DESCRIPTORS,
        tonic_health::pb::FILE_DESCRIPTOR_SET,
        tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET,
    ];
    let files = sets.into_iter().filter_map(|set| FileDescriptorSet::decode(set).ok());
    let mut methods = HashSet::new();
    for file in files.flat_map(|set| set.file) {
        for service in &file.service {
            let names = service.method.iter();
            methods.extend(
                names.map(|method| format!("{}.{}/{}", file.package(), service.name(), method.name())),
            );
        }
    }
    methods
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_of_the_contracts_are_told_apart_and_no_others() {
        assert_eq!(method("/rooms.room.v1.RoomService/ListRooms"), "rooms.room.v1.RoomService/ListRooms");
        assert_eq!(method("/grpc.health.v1.Health/Check"), "grpc.health.v1.Health/Check");
        for path in ["/rooms.room.v1.RoomService/Attack4711", "/", "", "/x/y"] {
            assert_eq!(method(path), UNKNOWN);
        }
    }
}
