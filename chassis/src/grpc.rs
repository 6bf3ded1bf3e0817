//! Questions between services: the gRPC server every service runs, the channel every client uses, and the one place
//! where refusals and faults become a [`Status`] and back.
//!
//! Messages are limited to 4 MiB in either direction by tonic's default for requests; nothing here asks for more.
//! Every call passes a [`Guard`]: docs/adr/0018-who-may-call.md.

mod denied;
mod guard;
mod identity;
mod limits;
pub mod methods;
mod tls;
mod trust;

pub use guard::{Guard, Rates};
pub use identity::{Channel, Identity};
pub use tls::Tls;
pub use trust::Trust;

use std::{sync::Arc, time::Duration};

use axum::{http, middleware};
use bytes::Bytes;
use prost::Message as _;
use proto::{Malformed, Refusal, common::RefusalCode};
use tokio_util::sync::CancellationToken;
use tonic::{
    Code, Request, Status,
    metadata::MetadataMap,
    server::NamedService,
    service::{Interceptor, Routes, RoutesBuilder},
    transport::{self, Server, server::TcpIncoming},
};
use tonic_health::server::HealthReporter;
use uuid::Uuid;

use crate::{Fault, measures, settings::Endpoint, telemetry};
use identity::Bearer;

/// How long an answer may take, for the server and, unless it says otherwise, for the caller.
pub const DEADLINE: Duration = Duration::from_secs(5);

/// How long a connection may take to be made.
const CONNECT_LIMIT: Duration = Duration::from_secs(2);

/// Requests in work for one connection; more wait.
const CONCURRENCY: usize = 256;

/// Why a question was not answered, or an operator's action not done. `?` makes one from a [`Refusal`], a [`Fault`], a
/// [`Malformed`] message or a database error, and tonic makes a [`Status`] from it.
#[derive(Debug, thiserror::Error)]
pub enum Unanswered {
    /// A rule is against it.
    #[error("refused")]
    Refused(#[from] Refusal),
    /// Not the caller's doing, except for a malformed request.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl Unanswered {
    /// Nothing has this id.
    #[must_use]
    pub const fn not_found() -> Self {
        Self::Refused(Refusal::new(RefusalCode::NotFound))
    }
}

impl From<Malformed> for Unanswered {
    fn from(malformed: Malformed) -> Self {
        Self::Fault(malformed.into())
    }
}

impl From<sqlx::Error> for Unanswered {
    fn from(error: sqlx::Error) -> Self {
        Self::Fault(error.into())
    }
}

/// The only place where they become a status. Callers see a refusal with its numbers, but of a fault only a reference,
/// under which the log has the rest.
impl From<Unanswered> for Status {
    fn from(why: Unanswered) -> Self {
        match why {
            Unanswered::Refused(refusal) => {
                let code = match refusal.code {
                    RefusalCode::NotFound | RefusalCode::AccountUnknown => Code::NotFound,
                    RefusalCode::Malformed => Code::InvalidArgument,
                    _ => Code::FailedPrecondition,
                };
                let details = proto::common::Refusal::from(&refusal).encode_to_vec();
                Self::with_details(code, refusal.to_string(), Bytes::from(details))
            }
            Unanswered::Fault(Fault::Malformed(malformed)) => Self::invalid_argument(malformed.to_string()),
            Unanswered::Fault(fault) if passes(&fault) => {
                tracing::warn!(error = fault.chain(), "question not answered");
                Self::unavailable("try again later")
            }
            Unanswered::Fault(fault) => {
                let reference = Uuid::new_v4();
                tracing::error!(error = fault.chain(), %reference, "question not answered");
                Self::internal(format!("internal fault, reference {reference}"))
            }
        }
    }
}

/// Whether the same question may be answered in a moment: something is away, overloaded or shutting down, or two
/// transactions got in each other's way.
fn passes(fault: &Fault) -> bool {
    match fault {
        Fault::Upstream { .. } | Fault::LeaseLost(_) => true,
        Fault::Store(sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed) => true,
        Fault::Store(sqlx::Error::Database(error)) => {
            let code = error.code();
            let code = code.as_deref().unwrap_or_default();
            ["08", "40", "53", "57"].iter().any(|class| code.starts_with(class))
        }
        Fault::Store(_) | Fault::Malformed(_) | Fault::Bug(_) => false,
    }
}

/// The refusal that the other service gave, if `status` is one rather than a fault.
pub fn refusal(status: &Status) -> Option<Refusal> {
    match status.code() {
        Code::NotFound | Code::InvalidArgument | Code::FailedPrecondition if !status.details().is_empty() => {
            proto::common::Refusal::decode(status.details()).ok().map(|refusal| Refusal::from(&refusal))
        }
        _ => None,
    }
}

/// What a service answers over gRPC.
#[derive(Default)]
pub struct Services {
    routes: RoutesBuilder,
    guard: Guard,
    tls: Option<Arc<Tls>>,
}

impl Services {
    /// None yet, behind a guard, over TLS where there are certificates. The default lets everybody in, in plain text.
    #[must_use]
    pub fn guarded(guard: Guard, tls: Option<Arc<Tls>>) -> Self {
        Self { routes: RoutesBuilder::default(), guard, tls }
    }

    /// Adds a generated server, such as `RoomQueriesServer::new(…)`.
    pub fn add<S>(&mut self, service: S) -> &mut Self
    where
        S: tower::Service<http::Request<tonic::body::Body>, Error = std::convert::Infallible>
            + NamedService
            + Clone
            + Send
            + Sync
            + 'static,
        S::Response: axum::response::IntoResponse,
        S::Future: Send + 'static,
    {
        self.routes.add_service(service);
        self
    }

    /// Serves them together with gRPC's own health and reflection services until `stop`, and then finishes the requests
    /// in work. The reporter says whether the service is ready.
    pub async fn serve(
        mut self,
        incoming: TcpIncoming,
        stop: CancellationToken,
    ) -> Result<(HealthReporter, impl Future<Output = Result<(), transport::Error>> + Send), NotServed> {
        let (reporter, health) = tonic_health::server::health_reporter();
        let reflection = tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(proto::DESCRIPTORS)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
            .build_v1()?;
        self.add(health).add(reflection);
        let guarded = middleware::from_fn_with_state(self.guard, Guard::watch);
        let measured = middleware::from_fn(measures::question);
        let routes = Routes::from(self.routes.routes().into_axum_router().layer(guarded).layer(measured));
        let mut server = Server::builder();
        if let Some(tls) = &self.tls {
            server = server.tls_config(tls.server())?;
        }
        let server = server
            .timeout(DEADLINE)
            .concurrency_limit_per_connection(CONCURRENCY)
            .http2_keepalive_interval(Some(Duration::from_secs(20)))
            .trace_fn(|request| {
                let path = request.uri().path();
                let span =
                    tracing::info_span!("grpc", otel.name = path, otel.kind = "server", rpc.system = "grpc");
                telemetry::follow(&span, request.headers());
                span
            })
            .add_routes(routes)
            .serve_with_incoming_shutdown(incoming, stop.cancelled_owned());
        Ok((reporter, server))
    }
}

/// Why nothing can be served.
#[derive(Debug, thiserror::Error)]
pub enum NotServed {
    /// The contracts compiled into the binary cannot be read.
    #[error("no gRPC reflection")]
    Reflection(#[from] tonic_reflection::server::Error),
    /// The certificate or its key is none.
    #[error("GRPC_CERT_FILE, GRPC_KEY_FILE or GRPC_CA_FILE cannot be used")]
    Tls(#[from] transport::Error),
}

/// Opens a [`Channel`] to a service that asks for no token.
///
/// # Errors
/// The address is none.
pub fn channel(to: &Endpoint) -> Result<Channel, transport::Error> {
    Identity::default().channel(to)
}

/// Gives each question the token of who asks, the trace context of the span that asks, and a deadline the other side can see.
#[derive(Clone, Debug)]
pub struct Outgoing(Option<Arc<Bearer>>);

impl Interceptor for Outgoing {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if !request.metadata().contains_key("grpc-timeout") {
            request.set_timeout(DEADLINE);
        }
        telemetry::inject::<MetadataMap>(request.metadata_mut());
        if let Some(token) = self.0.as_ref().and_then(|bearer| bearer.token()) {
            request.metadata_mut().insert("authorization", token);
        }
        Ok(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_crosses_the_wire_with_its_numbers() {
        let refusal = Refusal::new(RefusalCode::BetTooSmall).with("min", 50_000_000).with("stake", 1);
        let status = Status::from(Unanswered::from(refusal.clone()));
        assert_eq!(status.code(), Code::FailedPrecondition);
        assert_eq!(super::refusal(&status), Some(refusal));
        assert_eq!(Status::from(Unanswered::not_found()).code(), Code::NotFound);
    }

    #[test]
    fn a_fault_tells_the_caller_a_reference_and_nothing_else() {
        let status = Status::from(Unanswered::from(Fault::bug("password is hunter2")));
        assert_eq!(status.code(), Code::Internal);
        assert!(status.message().starts_with("internal fault, reference "), "{status:?}");
        assert!(!format!("{status:?}").contains("hunter2"));
        assert_eq!(refusal(&status), None);
    }

    #[test]
    fn a_database_that_is_away_may_be_asked_again() {
        let away = Status::from(Unanswered::from(sqlx::Error::PoolTimedOut));
        assert_eq!(away.code(), Code::Unavailable);
        assert_eq!(Status::from(Unanswered::from(sqlx::Error::RowNotFound)).code(), Code::Internal);
    }

    #[test]
    fn malformed_requests_carry_no_refusal() {
        let status = Status::from(Unanswered::from(Malformed("room_id")));
        assert_eq!((status.code(), refusal(&status)), (Code::InvalidArgument, None));
    }
}
