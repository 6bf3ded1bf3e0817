//! The settings that every service has.

use std::{net::SocketAddr, path::PathBuf, str::FromStr, sync::Arc, time::Duration};

use sqlx::postgres::PgConnectOptions;
use tracing_subscriber::EnvFilter;

use super::{Endpoint, Invalid, Reader, Switch};
use crate::{
    choice,
    grpc::{Rates, Tls, Trust},
};

choice! {
    /// Where the money is.
    pub enum Network {
        /// A chain on this machine, play money.
        Local = "local",
        /// Solana's public test network, play money.
        Devnet = "devnet",
        /// Real money.
        Mainnet = "mainnet",
    }
}

choice! {
    /// How log lines are written.
    pub enum LogFormat {
        /// One JSON object a line.
        Json = "json",
        /// For people.
        Text = "text",
    }
}

choice! {
    /// What the bus does wrong on purpose, to show that nothing depends on the broker's good behaviour.
    pub enum BusFaults {
        /// Nothing.
        None = "none",
        /// Every message is handled twice.
        Twice = "twice",
        /// Messages are handled in another order than they came.
        Shuffle = "shuffle",
    }
}

/// The settings that every service has.
#[derive(Clone, Debug)]
pub struct Common {
    /// Where the money is.
    pub network: Network,
    /// The database.
    pub postgres: Postgres,
    /// The broker.
    pub nats: Nats,
    /// Where health and metrics are served.
    pub http_addr: SocketAddr,
    /// Where questions are answered.
    pub grpc_addr: SocketAddr,
    /// Whose tokens count there; nothing where nobody is asked for one.
    pub grpc_trust: Option<Arc<Trust>>,
    /// How often who may call.
    pub grpc_rates: Rates,
    /// The certificates of gRPC, where it is not plain.
    pub grpc_tls: Option<Arc<Tls>>,
    /// Where traces go; without it they go nowhere.
    pub otlp_endpoint: Option<Endpoint>,
    /// What is logged, in the syntax of `tracing_subscriber::EnvFilter`.
    pub log: String,
    /// How it is logged.
    pub log_format: LogFormat,
    /// How long an orderly shutdown may take.
    pub shutdown_grace: Duration,
    /// Disorder made on purpose; never on mainnet.
    pub bus_faults: BusFaults,
    /// The named step at which the process kills itself; never on mainnet.
    pub fault_kill_at: Option<String>,
}

/// How to reach the database.
#[derive(Clone, Debug)]
pub struct Postgres {
    /// `postgres://role:password@host/database`
    pub url: Endpoint,
    /// Connections at most.
    pub pool_max: u32,
    /// Whether statements are prepared once per connection.
    pub statement_cache: Switch,
}

/// How to reach the broker.
#[derive(Clone, Debug)]
pub struct Nats {
    /// Servers of one cluster, any of which will do. The first carries the user and its password, if there is one.
    pub urls: Vec<Endpoint>,
    /// Copies of each stream and bucket.
    pub replicas: usize,
    /// Who may vouch for the servers, in place of whom this machine trusts.
    pub ca_file: Option<PathBuf>,
}

impl Common {
    /// Declares and reads them.
    pub fn declare(r: &mut Reader) -> Result<Self, Invalid> {
        let network = r.network();
        let postgres = Postgres::declare(r);
        let nats = Nats::declare(r);
        let http_addr = r
            .setting("HTTP_ADDR", "Address of `/health/…` and `/metrics`; port 0 takes any free one.")
            .or(SocketAddr::from(([127, 0, 0, 1], 8080)));
        let grpc_addr = r
            .setting("GRPC_ADDR", "Address of the gRPC server; port 0 takes any free one.")
            .or(SocketAddr::from(([127, 0, 0, 1], 8081)));
        // An address that cannot be read is reported; until then the safer of two cases is assumed.
        let anywhere = SocketAddr::from(([0, 0, 0, 0], 0));
        let grpc_trust = Trust::declare(r, *grpc_addr.as_ref().unwrap_or(&anywhere));
        let grpc_rates = Rates::declare(r);
        let grpc_tls = Tls::declare(r);
        let otlp_endpoint = r
            .setting(
                "OTLP_ENDPOINT",
                "OpenTelemetry collector (gRPC) for traces; without it no traces are sent.",
            )
            .optional("http://otel-collector:4317");
        let log = r
            .setting("LOG", "What is logged: a level, or levels by target such as `info,sqlx=warn`.")
            .check("a tracing filter", |text: &String| match EnvFilter::builder().parse(text) {
                Ok(_) => Ok(()),
                Err(error) => Err(format!("is not a filter: {error}")),
            })
            .or("info".to_owned());
        let log_format =
            r.setting("LOG_FORMAT", "How log lines are written, to standard error.").or(LogFormat::Json);
        let shutdown_grace = r
            .setting("SHUTDOWN_GRACE", "How long work in hand may take to finish after SIGTERM.")
            .between(Duration::from_secs(1), Duration::from_secs(300))
            .or(Duration::from_secs(20));
        let bus_faults = r
            .setting("BUS_FAULTS", "Disorder made on purpose: every message handled twice, or out of order.")
            .mainnet_fixed()
            .or(BusFaults::None);
        let fault_kill_at = r
            .setting("FAULT_KILL_AT", "Named step at which the process kills itself; refused on mainnet.")
            .check("not on mainnet", move |_: &String| match network {
                Network::Mainnet => Err("is refused on mainnet".to_owned()),
                Network::Local | Network::Devnet => Ok(()),
            })
            .optional("relay.published");
        Ok(Self {
            network,
            postgres: postgres?,
            nats: nats?,
            http_addr: http_addr?,
            grpc_addr: grpc_addr?,
            grpc_trust: grpc_trust?,
            grpc_rates: grpc_rates?,
            grpc_tls: grpc_tls?,
            otlp_endpoint: otlp_endpoint?,
            log: log?,
            log_format: log_format?,
            shutdown_grace: shutdown_grace?,
            bus_faults: bus_faults?,
            fault_kill_at: fault_kill_at?,
        })
    }
}

impl Postgres {
    /// Declares and reads them; `migrate` needs no others.
    pub fn declare(r: &mut Reader) -> Result<Self, Invalid> {
        let url = r
            .setting("POSTGRES_URL", "The database, with the role of this service; `?sslmode=verify-full&sslrootcert=FILE` for TLS.")
            .check("postgres://…", |url: &Endpoint| match PgConnectOptions::from_str(url.expose()) {
                Ok(_) if url.expose().starts_with("postgres") => Ok(()),
                _ => Err("is not an address of a PostgreSQL database".to_owned()),
            })
            .required("postgres://room:secret@localhost:5432/rooms");
        let pool_max =
            r.setting("POSTGRES_POOL_MAX", "Connections to the database at most.").between(2, 10).or(10);
        let statement_cache = r
            .setting(
                "POSTGRES_STATEMENT_CACHE",
                "Whether statements stay prepared; off behind PgBouncer in transaction mode, which gives each query a \
                 transaction of its own.",
            )
            .or(Switch::On);
        Ok(Self { url: url?, pool_max: pool_max?, statement_cache: statement_cache? })
    }
}

impl Nats {
    /// Declares and reads them; `topology` needs no others.
    pub fn declare(r: &mut Reader) -> Result<Self, Invalid> {
        let urls = r
            .setting("NATS_URLS", "Servers of the NATS cluster (2.12 or newer, with JetStream); `tls://` insists on TLS. User and password \
                 stand in the first; with one, the `topology` command makes streams and buckets.")
            .required("tls://room:secret@nats-0:4222,tls://nats-1:4222");
        let replicas = r
            .setting("NATS_REPLICAS", "Copies the broker keeps of each stream and bucket.")
            .between(1, 5)
            .or(1);
        let ca_file = r
            .setting(
                "NATS_CA_FILE",
                "Certificates (PEM) that vouch for the NATS servers, in place of this machine's.",
            )
            .optional("/etc/rooms/nats/ca.crt");
        Ok(Self { urls: urls?, replicas: replicas?, ca_file: ca_file? })
    }
}
