//! Logs, traces and metrics, and the trace context that travels with messages and questions.
//!
//! Logs go to standard error. Traces go to an OTLP collector when one is configured; every span of level `info` and up
//! is sent, whatever the log filter hides. Metrics are read from `/metrics`.

use std::{
    collections::HashMap,
    io::{self, IsTerminal},
    sync::OnceLock,
    time::Duration,
};

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use opentelemetry::{
    Context, KeyValue,
    propagation::{Extractor, Injector, TextMapPropagator},
    trace::{TraceContextExt, TracerProvider as _},
};
use opentelemetry_otlp::{ExporterBuildError, WithExportConfig};
use opentelemetry_sdk::{
    Resource, error::OTelSdkResult, propagation::TraceContextPropagator, trace::SdkTracerProvider,
};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::{
    EnvFilter, Layer, filter::ParseError, layer::SubscriberExt, util::SubscriberInitExt,
};

use crate::settings::{Common, Endpoint, LogFormat, Network};

/// How long one export to the collector may take.
const EXPORT_LIMIT: Duration = Duration::from_secs(3);

/// How long the last export may hold up the end of the process.
const FLUSH_LIMIT: Duration = Duration::from_secs(3);

/// What is traced. The transports are left out: exporting a span would make spans.
const TRACED: &str = "info,h2=off,hyper=off,hyper_util=off,tower=off,tonic=off,opentelemetry=off,opentelemetry_sdk=off,opentelemetry_otlp=off";

/// Durations, in seconds: from a request inside the machine to a withdrawal's way through the chain.
const SECONDS: [f64; 16] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];

/// Counts of things in a batch or frame.
const ITEMS: [f64; 11] = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0, 2_000.0];

/// Sizes of messages.
const BYTES: [f64; 7] = [256.0, 1_024.0, 4_096.0, 16_384.0, 65_536.0, 262_144.0, 1_048_576.0];

/// Why logs and traces cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The log filter cannot be parsed.
    #[error("LOG is not a filter")]
    Filter(#[from] ParseError),
    /// The exporter cannot be built, for instance because its address is not one.
    #[error("no trace exporter")]
    Exporter(#[from] ExporterBuildError),
    /// Something else in this process is already receiving logs.
    #[error("logging is set up already")]
    Twice(#[from] tracing_subscriber::util::TryInitError),
}

/// The telemetry of a process; [`flush`](Self::flush) it at the end.
pub struct Telemetry {
    traces: Option<SdkTracerProvider>,
}

impl Telemetry {
    /// Begins to log and trace in the whole process. Must be called within a Tokio runtime.
    pub fn start(service: &'static str, common: &Common) -> Result<Self, TelemetryError> {
        let traces =
            common.otlp_endpoint.as_ref().map(|to| exporting(service, common.network, to)).transpose()?;
        let spans = traces.as_ref().map(|provider| {
            tracing_opentelemetry::layer()
                .with_tracer(provider.tracer(service))
                .with_filter(EnvFilter::new(TRACED))
        });
        // Colours are for people at a terminal, not for files.
        let lines =
            tracing_subscriber::fmt::layer().with_writer(io::stderr).with_ansi(io::stderr().is_terminal());
        let lines = match common.log_format {
            LogFormat::Json => lines.json().boxed(),
            LogFormat::Text => lines.boxed(),
        };
        let filter = EnvFilter::builder().parse(&common.log)?;
        tracing_subscriber::registry().with(spans).with(lines.with_filter(filter)).try_init()?;
        log_panics();
        Ok(Self { traces })
    }

    /// Sends what was not yet sent, for at most three seconds.
    pub async fn flush(self) {
        let Some(traces) = self.traces else { return };
        // It blocks until its own thread is done.
        let flushed = tokio::task::spawn_blocking(move || traces.shutdown_with_timeout(FLUSH_LIMIT)).await;
        if !matches!(flushed, Ok(OTelSdkResult::Ok(()))) {
            tracing::warn!("the last traces were not sent");
        }
    }
}

/// A provider that sends to an OTLP collector over gRPC.
pub fn exporting(
    service: &'static str,
    network: Network,
    collector: &Endpoint,
) -> Result<SdkTracerProvider, ExporterBuildError> {
    let exporter = opentelemetry_otlp::SpanExporter::builder()
        .with_tonic()
        .with_endpoint(collector.expose())
        .with_timeout(EXPORT_LIMIT)
        .build()?;
    let resource = Resource::builder()
        .with_service_name(service)
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .with_attribute(KeyValue::new("deployment.environment.name", network.to_string()));
    Ok(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource.build()).build())
}

/// Panics go where all other failures go, in the same format.
fn log_panics() {
    std::panic::set_hook(Box::new(|info| {
        let message = info.payload_as_str().unwrap_or("(no text)");
        let place = info.location().map(ToString::to_string);
        tracing::error!(place, backtrace = %std::backtrace::Backtrace::capture(), "panic: {message}");
    }));
}

/// The metrics of this process, recorded from the first call on.
///
/// Histograms whose name ends in `_items` or `_bytes` have buckets for these; all others are in seconds.
pub fn metrics() -> &'static PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(|| {
        let builder = [
            (Matcher::Suffix("_items".to_owned()), &ITEMS[..]),
            (Matcher::Suffix("_bytes".to_owned()), &BYTES[..]),
        ]
        .into_iter()
        .try_fold(PrometheusBuilder::new(), |builder, (names, buckets)| {
            builder.set_buckets_for_metric(names, buckets)
        })
        .and_then(|builder| builder.set_buckets(&SECONDS));
        // Only an empty list of buckets is refused, and none is empty.
        let recorder = builder.unwrap_or_default().build_recorder();
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::warn!("metrics are recorded elsewhere: /metrics stays empty");
        }
        handle
    })
}

/// What carries a trace context from one service to another.
pub trait Carrier {
    /// The value of a header.
    fn get(&self, name: &str) -> Option<&str>;
    /// Sets a header; a value that the carrier cannot take is left out, because no trace is worth a message.
    fn set(&mut self, name: &str, value: String);
}

impl Carrier for async_nats::HeaderMap {
    fn get(&self, name: &str) -> Option<&str> {
        Self::get(self, name).map(async_nats::HeaderValue::as_str)
    }
    fn set(&mut self, name: &str, value: String) {
        self.insert(name, value);
    }
}

impl Carrier for axum::http::HeaderMap {
    fn get(&self, name: &str) -> Option<&str> {
        Self::get(self, name).and_then(|value| value.to_str().ok())
    }
    fn set(&mut self, name: &str, value: String) {
        let name = axum::http::HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, axum::http::HeaderValue::try_from(value)) {
            self.insert(name, value);
        }
    }
}

/// The form in which a context waits in a database row.
impl Carrier for HashMap<String, String> {
    fn get(&self, name: &str) -> Option<&str> {
        Self::get(self, name).map(String::as_str)
    }
    fn set(&mut self, name: &str, value: String) {
        self.insert(name.to_owned(), value);
    }
}

impl Carrier for tonic::metadata::MetadataMap {
    fn get(&self, name: &str) -> Option<&str> {
        Self::get(self, name).and_then(|value| value.to_str().ok())
    }
    fn set(&mut self, name: &str, value: String) {
        use tonic::metadata::{Ascii, MetadataKey};
        if let (Ok(name), Ok(value)) = (MetadataKey::<Ascii>::from_bytes(name.as_bytes()), value.parse()) {
            self.insert(name, value);
        }
    }
}

struct Adapter<C>(C);

impl<C: Carrier> Injector for Adapter<&mut C> {
    fn set(&mut self, key: &str, value: String) {
        self.0.set(key, value);
    }
}

impl<C: Carrier> Extractor for Adapter<&C> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)
    }
    fn keys(&self) -> Vec<&str> {
        // W3C trace context is found by name.
        Vec::new()
    }
}

/// Writes the current span's context into `carrier`, as W3C `traceparent` and `tracestate`. Without tracing it writes
/// nothing.
pub fn inject<C: Carrier>(carrier: &mut C) {
    TraceContextPropagator::new().inject_context(&Span::current().context(), &mut Adapter(carrier));
}

/// The current span's W3C `traceparent`, to be kept with work that is done later.
pub fn traceparent() -> Option<String> {
    let mut carrier = HashMap::new();
    inject(&mut carrier);
    carrier.remove("traceparent")
}

/// Makes `span` a child of the context in `carrier`, if there is one. Call it before the span is first entered:
/// afterwards its parent is fixed.
pub fn follow<C: Carrier>(span: &Span, carrier: &C) {
    let context = TraceContextPropagator::new().extract_with_context(&Context::new(), &Adapter(carrier));
    if context.span().span_context().is_valid()
        && let Err(error) = span.set_parent(context)
    {
        // As a rule because nothing is traced here.
        tracing::trace!(?error, "the span keeps its parent");
    }
}

/// Lets `span` name another trace that it worked for, too, from a `traceparent` that was kept.
pub fn link_traceparent(span: &Span, traceparent: &str) {
    let carrier = HashMap::from([("traceparent".to_owned(), traceparent.to_owned())]);
    let context = TraceContextPropagator::new().extract_with_context(&Context::new(), &Adapter(&carrier));
    let linked = context.span().span_context().clone();
    if linked.is_valid() {
        span.add_link(linked);
    }
}

/// As [`follow`], from a `traceparent` that was kept.
pub fn follow_traceparent(span: &Span, traceparent: &str) {
    follow(span, &HashMap::from([("traceparent".to_owned(), traceparent.to_owned())]));
}
