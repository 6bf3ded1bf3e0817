//! One trace across messages, database rows and questions, as a collector receives it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use chassis::{
    grpc,
    settings::{Endpoint, Network, Value},
    telemetry,
};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_proto::tonic::{
    collector::trace::v1::{
        ExportTraceServiceRequest, ExportTraceServiceResponse,
        trace_service_server::{TraceService, TraceServiceServer},
    },
    trace::v1::Span,
};
use tokio_util::sync::CancellationToken;
use tonic::{
    Request, Response, Status,
    transport::{Server, server::TcpIncoming},
};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};
use tracing::{Instrument, info_span};
use tracing_subscriber::layer::SubscriberExt;

/// A collector that keeps what it is sent.
#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Vec<ExportTraceServiceRequest>>>);

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        self.0.lock().unwrap().push(request.into_inner());
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

impl Collector {
    async fn start(&self) -> Endpoint {
        let incoming = TcpIncoming::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = incoming.local_addr().unwrap();
        let server = Server::builder().add_service(TraceServiceServer::new(self.clone()));
        tokio::spawn(server.serve_with_incoming(incoming));
        Endpoint::parse(&format!("http://{address}")).unwrap()
    }

    fn spans(&self) -> HashMap<String, Span> {
        let requests = self.0.lock().unwrap();
        let scopes = requests
            .iter()
            .flat_map(|request| &request.resource_spans)
            .flat_map(|resource| &resource.scope_spans);
        scopes.flat_map(|scope| &scope.spans).map(|span| (span.name.clone(), span.clone())).collect()
    }
}

async fn ask_health() {
    let incoming = TcpIncoming::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let to = Endpoint::parse(&format!("http://{}", incoming.local_addr().unwrap())).unwrap();
    let stop = CancellationToken::new();
    let (_, server) = grpc::Services::default().serve(incoming, stop.clone()).await.unwrap();
    let server = tokio::spawn(server);
    let mut client = HealthClient::new(grpc::channel(&to).unwrap());
    client.check(HealthCheckRequest::default()).await.unwrap();
    stop.cancel();
    server.await.unwrap().unwrap();
}

#[tokio::test]
async fn one_tap_is_one_trace() {
    let collector = Collector::default();
    let provider = telemetry::exporting("test", Network::Local, &collector.start().await).unwrap();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
    // For this thread, which runs all tasks of the test.
    let guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(layer));

    // A tap is published as a message, which is answered by asking another service; a row keeps the rest for later.
    let (mut headers, mut row) = (async_nats::HeaderMap::new(), None);
    info_span!("tap").in_scope(|| {
        telemetry::inject(&mut headers);
        row = telemetry::traceparent();
    });
    let handle = info_span!("handle");
    telemetry::follow(&handle, &headers);
    ask_health().instrument(handle).await;
    let later = info_span!("later");
    let row = row.unwrap();
    telemetry::follow_traceparent(&later, &row);
    later.in_scope(|| {});
    let stranger = info_span!("stranger");
    telemetry::follow(&stranger, &async_nats::HeaderMap::new());
    // Done for both, in the trace of one.
    telemetry::link_traceparent(&stranger, &row);
    stranger.in_scope(|| {});

    // A span is sent when its last handle is gone.
    drop((later, stranger, guard));
    tokio::task::spawn_blocking(move || provider.shutdown()).await.unwrap().unwrap();
    let spans = collector.spans();
    let (tap, handle, later) = (&spans["tap"], &spans["handle"], &spans["later"]);
    let question = &spans["/grpc.health.v1.Health/Check"];
    assert!(tap.parent_span_id.is_empty());
    assert_eq!(handle.parent_span_id, tap.span_id);
    assert_eq!(question.parent_span_id, handle.span_id);
    assert_eq!(later.parent_span_id, tap.span_id);
    assert!([handle, question, later].iter().all(|span| span.trace_id == tap.trace_id));
    let stranger = &spans["stranger"];
    assert_ne!(stranger.trace_id, tap.trace_id);
    let linked: Vec<_> = stranger.links.iter().map(|link| &link.trace_id).collect();
    assert_eq!(linked, [&tap.trace_id]);
}

#[tokio::test]
async fn without_tracing_nothing_is_added_to_a_message() {
    let mut headers = async_nats::HeaderMap::new();
    info_span!("tap").in_scope(|| telemetry::inject(&mut headers));
    assert!(headers.is_empty());
    assert_eq!(telemetry::traceparent(), None);
}
