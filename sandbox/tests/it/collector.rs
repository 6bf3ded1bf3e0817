//! A collector of traces, as services see it.

use opentelemetry_proto::tonic::{
    collector::trace::v1::{
        ExportTraceServiceRequest, ExportTraceServiceResponse,
        trace_service_client::TraceServiceClient,
        trace_service_server::{TraceService, TraceServiceServer},
    },
    common::v1::any_value::Value,
    trace::v1::{ResourceSpans, ScopeSpans, Span},
};
use prost::Message as _;
use std::sync::{Arc, Mutex};
use tonic::{
    Request, Response, Status,
    transport::{Server, server::TcpIncoming},
};

/// A collector of traces.
pub struct Collector {
    pub url: String,
    kept: Kept,
}

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<ExportTraceServiceRequest>>>);

#[tonic::async_trait]
impl TraceService for Kept {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        self.0.lock().unwrap().push(request.into_inner());
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

impl Collector {
    pub async fn start() -> Self {
        let kept = Kept::default();
        let incoming = TcpIncoming::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let url = format!("http://{}", incoming.local_addr().unwrap());
        let server = Server::builder().add_service(TraceServiceServer::new(kept.clone()));
        tokio::spawn(server.serve_with_incoming(incoming));
        Self { url, kept }
    }

    pub async fn leak(&self, text: &str) {
        let span = Span { name: text.to_owned(), ..Default::default() };
        let scope_spans = vec![ScopeSpans { spans: vec![span], ..Default::default() }];
        let resource_spans = vec![ResourceSpans { scope_spans, ..Default::default() }];
        let mut client = TraceServiceClient::connect(self.url.clone()).await.unwrap();
        client.export(ExportTraceServiceRequest { resource_spans }).await.unwrap();
    }

    pub fn received(&self) -> Vec<(String, Vec<u8>)> {
        let kept = self.kept.0.lock().unwrap();
        kept.iter()
            .enumerate()
            .map(|(at, request)| (format!("export {at}"), request.encode_to_vec()))
            .collect()
    }

    /// Every span, with the service that sent it.
    pub fn spans(&self) -> Vec<(String, Span)> {
        let kept = self.kept.0.lock().unwrap();
        let resources = kept.iter().flat_map(|request| &request.resource_spans);
        let of_resource = |one: &ResourceSpans| {
            let service = service(one);
            let spans = one.scope_spans.iter().flat_map(|scope| &scope.spans);
            spans.map(|span| (service.clone(), span.clone())).collect::<Vec<_>>()
        };
        resources.flat_map(of_resource).collect()
    }
}

fn service(of: &ResourceSpans) -> String {
    let attributes = of.resource.iter().flat_map(|resource| &resource.attributes);
    let mut names =
        attributes.filter(|one| one.key == "service.name").filter_map(|one| one.value.clone()?.value);
    match names.next() {
        Some(Value::StringValue(name)) => name,
        _ => String::new(),
    }
}
