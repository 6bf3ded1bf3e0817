//! A service from its start to its end.

use std::{future::Future, io, net::SocketAddr, str::FromStr, sync::Arc, time::Duration};

use axum::{
    Router, extract::DefaultBodyLimit, http::StatusCode, middleware, response::IntoResponse, routing::get,
};
use proto::common::audit_service_server::AuditServiceServer;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::{net::TcpListener, sync::mpsc};
use tonic::transport::server::TcpIncoming;
use tonic_health::{ServingStatus, server::HealthReporter};

use super::{Runtime, Service};
use crate::{
    Db, Pool, audit,
    bus::Bus,
    clock::Clock,
    grpc::{Guard, Identity, NotServed, Services},
    health::{Health, Role},
    lease::Lease,
    outbox::{self, Relay, Sent},
    reissue, replay,
    settings::{self, Common, Postgres, Problems, Variables},
    steps,
    tasks::{BoxError, Stage, TaskFailure, Tasks},
    telemetry,
};

/// The largest body of an HTTP request, in bytes. Telegram's updates are the largest and stay well below.
const BODY_LIMIT: usize = 256 * 1024;

/// How long an HTTP request may take.
const HTTP_LIMIT: Duration = Duration::from_secs(10);

/// How often readiness is looked at when nobody asks, for logs, metrics and gRPC's health service.
const WATCH: Duration = Duration::from_secs(1);

/// Why a service does not start. Databases and brokers that are away are no reason.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Settings are missing or wrong.
    #[error(transparent)]
    Settings(#[from] Problems),
    /// An address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address, from HTTP_ADDR or GRPC_ADDR.
        address: SocketAddr,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The database's address is not understood.
    #[error("POSTGRES_URL is not understood")]
    Database(#[from] sqlx::Error),
    /// The broker's addresses are not understood.
    #[error("NATS_URLS is not understood")]
    Broker(#[source] BoxError),
    /// gRPC cannot be served.
    #[error(transparent)]
    Grpc(#[from] NotServed),
    /// The service's own start failed.
    #[error("the service does not start")]
    Service(#[source] BoxError),
}

/// A service that runs.
#[derive(Debug)]
pub struct Running {
    tasks: Tasks,
    grace: Duration,
    http: SocketAddr,
    grpc: SocketAddr,
}

impl Running {
    /// Where health, metrics and the service's own routes are.
    pub fn http(&self) -> SocketAddr {
        self.http
    }

    /// Where questions are answered.
    pub fn grpc(&self) -> SocketAddr {
        self.grpc
    }

    /// Runs until `signal` or until a task fails, and then ends in order. The error is the first failure.
    pub async fn until(self, signal: impl Future<Output = ()>) -> Result<(), TaskFailure> {
        tokio::select! {
            () = signal => {}
            () = self.tasks.ending() => {}
        }
        let ended = self.tasks.shut_down(self.grace).await;
        tracing::info!(ok = ended.is_ok(), "ended");
        ended
    }

    /// Ends in order, now.
    pub async fn stop(self) -> Result<(), TaskFailure> {
        self.until(std::future::ready(())).await
    }
}

/// Starts a service within this process, without logs and traces, which are the process's.
pub async fn start<S: Service>(variables: Variables) -> Result<Running, StartError> {
    let (common, own) = settings::<S>(variables)?;
    start_with::<S>(common, own).await
}

pub(super) fn settings<S: Service>(variables: Variables) -> Result<(Common, S::Settings), Problems> {
    settings::read(variables, |r| {
        let common = Common::declare(r);
        let own = S::settings(r);
        Ok((common?, own?))
    })
}

pub(super) async fn start_with<S: Service>(common: Common, own: S::Settings) -> Result<Running, StartError> {
    // Fails only if somebody chose a provider before, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    telemetry::metrics();
    metrics::gauge!("build_info", "service" => S::NAME, "version" => env!("CARGO_PKG_VERSION")).set(1.0);

    if let Some(step) = &common.fault_kill_at {
        steps::arm(step).map_err(|error| StartError::Service(error.into()))?;
    }
    let http = bind(common.http_addr).await?;
    let grpc = bind(common.grpc_addr).await?;
    let running = Running {
        tasks: Tasks::default(),
        grace: common.shutdown_grace,
        http: address(&http, common.http_addr),
        grpc: address(&grpc, common.grpc_addr),
    };
    let health = Health::default();
    let pool = database(&common.postgres, S::NAME, &health)?;
    let bus = broker(&common, S::SERVICE, &health).await?;
    let (relay, exit) = Relay::new();
    let clock = Clock::new(pool.clone());
    let (trust, tls) = (&common.grpc_trust, &common.grpc_tls);
    let guard = Guard::new(trust.clone(), common.grpc_rates, clock.clone());
    let mut runtime = Runtime {
        db: Db::new(S::SERVICE, pool, relay),
        bus,
        grpc: Services::guarded(guard, tls.clone()),
        identity: Identity::new(S::SERVICE, trust.clone(), tls.clone(), clock.clone()),
        clock,
        common: Arc::new(common),
        health,
        tasks: running.tasks.clone(),
        http: Router::new(),
    };
    attend::<S>(&runtime, exit);
    runtime.grpc.add(AuditServiceServer::new(audit::Log::new(runtime.db.clone())));
    S::start(&mut runtime, own).await.map_err(StartError::Service)?;
    serve_http(&runtime.tasks, http, runtime.http.merge(operations(&runtime.health)));
    serve_grpc(&runtime.tasks, grpc, runtime.grpc, runtime.health).await?;
    tracing::info!(service = S::NAME, http = %running.http, grpc = %running.grpc, "started");
    Ok(running)
}

async fn bind(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|source| StartError::Listen { address, source })
}

/// The address really bound, where the asked one had port 0.
fn address(listener: &TcpListener, asked: SocketAddr) -> SocketAddr {
    listener.local_addr().unwrap_or(asked)
}

/// The pool of spec 11: 2 to 10 connections, idle for 30 s, waited for 10 s.
pub(super) fn pool(postgres: &Postgres, service: &str) -> Result<Pool, sqlx::Error> {
    let pooled = !postgres.statement_cache.is_on();
    let cached = if pooled { 0 } else { 100 };
    let options = PgConnectOptions::from_str(postgres.url.expose())?
        .application_name(service)
        .statement_cache_capacity(cached);
    let connections = PgPoolOptions::new()
        .min_connections(2)
        .max_connections(postgres.pool_max)
        .idle_timeout(Duration::from_secs(30))
        .acquire_timeout(Duration::from_secs(10))
        .connect_lazy_with(options);
    Ok(if pooled { Pool::behind_pooler(connections) } else { connections.into() })
}

fn database(postgres: &Postgres, service: &str, health: &Health) -> Result<Pool, sqlx::Error> {
    let pool = pool(postgres, service)?;
    let probed = pool.clone();
    health.probe("postgres", Role::Database, move || {
        let pool = probed.clone();
        async move { sqlx::query("SELECT 1").execute(&pool).await.map(|_| ()).map_err(|error| error.to_string()) }
    });
    Ok(pool)
}

async fn broker(common: &Common, service: proto::Service, health: &Health) -> Result<Bus, StartError> {
    let bus = Bus::connect(service, &common.nats, common.bus_faults).await.map_err(StartError::Broker)?;
    let probed = bus.clone();
    health.probe("nats", Role::Broker, move || {
        let bus = probed.clone();
        async move { bus.reachable().await }
    });
    Ok(bus)
}

/// A process whose clock may be off by more decides nothing by it.
const CLOCK_TOLERANCE: Duration = Duration::from_millis(250);

/// What runs beside every service: clock, streams, the way out, re-issued commands, housekeeping.
fn attend<S: Service>(runtime: &Runtime, exit: mpsc::Receiver<Sent>) {
    let (tasks, bus, pool) = (&runtime.tasks, &runtime.bus, runtime.db.pool());
    let stopping = |stage| tasks.stopping(stage);
    let relay = outbox::relay(bus.clone(), pool.clone(), exit, stopping(Stage::Relay));
    tasks.spawn_rounds(Stage::Relay, "relay", relay);
    tasks.spawn_rounds(Stage::Relay, "clock", runtime.clock.clone().keep(stopping(Stage::Relay)));
    tasks.spawn_rounds(
        Stage::Relay,
        "sweeper",
        outbox::sweep(bus.clone(), pool.clone(), stopping(Stage::Relay)),
    );
    tasks.spawn_rounds(Stage::Intake, "topology", bus.clone().keep_topology(stopping(Stage::Intake)));
    tasks.spawn_rounds(
        Stage::Intake,
        "reissue",
        reissue::run(bus.clone(), pool.clone(), stopping(Stage::Intake)),
    );
    let lease = |name| Lease::new(pool.clone(), name, Duration::from_secs(6));
    let watch = replay::watch(bus.clone(), pool.clone(), lease("replay"), stopping(Stage::Intake));
    tasks.spawn_rounds(Stage::Intake, "replay", watch);
    let house = outbox::keep_house(pool.clone(), lease("housekeeping"), stopping(Stage::Intake));
    tasks.spawn_rounds(Stage::Intake, "housekeeping", house);
    let sealer = audit::seal(runtime.db.clone(), lease("audit"), stopping(Stage::Intake));
    tasks.spawn_rounds(Stage::Intake, "audit", sealer);

    let clock = runtime.clock.clone();
    runtime.health.probe("clock", Role::Clock, move || {
        let uncertainty = clock.uncertainty();
        async move {
            match uncertainty {
                Some(off) if off <= CLOCK_TOLERANCE => Ok(()),
                Some(off) => Err(format!("may be off by {} ms", off.as_millis())),
                None => Err("not measured yet".to_owned()),
            }
        }
    });
    let (pool, network) = (pool.clone(), runtime.common.network);
    runtime.health.probe("schema", Role::Database, move || {
        let (pool, migrator) = (pool.clone(), crate::db::migrator(&S::migrator()));
        async move { crate::db::check_schema(&pool, &migrator, network).await.map_err(|fault| fault.chain()) }
    });
}

/// What every service serves over HTTP.
fn operations(health: &Health) -> Router {
    let asked = health.clone();
    let metrics = || async move {
        // Brings the gauges of the checks up to date.
        asked.ask(|_| true).await;
        telemetry::metrics().render()
    };
    Router::new().route("/metrics", get(metrics)).merge(health.router())
}

fn serve_http(tasks: &Tasks, listener: TcpListener, routes: Router) {
    let routes = routes.layer(DefaultBodyLimit::max(BODY_LIMIT)).layer(middleware::from_fn(
        |request, next: middleware::Next| async move {
            match tokio::time::timeout(HTTP_LIMIT, next.run(request)).await {
                Ok(response) => response,
                Err(_) => StatusCode::GATEWAY_TIMEOUT.into_response(),
            }
        },
    ));
    let stop = tasks.stopping(Stage::Servers);
    tasks.spawn(Stage::Servers, "http", async move {
        axum::serve(listener, routes).with_graceful_shutdown(stop.cancelled_owned()).await
    });
}

async fn serve_grpc(
    tasks: &Tasks,
    listener: TcpListener,
    services: Services,
    health: Health,
) -> Result<(), StartError> {
    let stop = tasks.stopping(Stage::Servers);
    let (reporter, server) = services.serve(TcpIncoming::from(listener), stop.clone()).await?;
    tasks.spawn(Stage::Servers, "grpc", server);
    tasks.spawn(Stage::Servers, "health", async move {
        // None: it was told to stop.
        stop.run_until_cancelled(watch(health, reporter)).await;
        Ok::<(), std::convert::Infallible>(())
    });
    Ok(())
}

/// Looks at readiness when nobody asks, and tells gRPC's health service.
async fn watch(health: Health, reporter: HealthReporter) {
    loop {
        let status = match health.ready().await.status {
            "failing" => ServingStatus::NotServing,
            _ => ServingStatus::Serving,
        };
        // The empty name stands for the whole server.
        reporter.set_service_status("", status).await;
        telemetry::metrics().run_upkeep();
        tokio::time::sleep(WATCH).await;
    }
}
