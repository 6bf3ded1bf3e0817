//! The local world: servers, chain, Telegram, venues and the services, started in order and stopped in
//! order. `cargo run`, `smoke`, `bench` and the tests all use this one.
//!
//! ```no_run
//! # async fn play() -> anyhow::Result<()> {
//! use sandbox::world::{World, WorldOptions};
//!
//! let world = World::start(WorldOptions { fresh: true, ..WorldOptions::new("./.rooms") }).await?;
//! println!("{}", world.addresses().table());
//! world.service("room-svc")?.kill().await;
//! world.nats().wipe_and_restart().await?;
//! world.ready().await?;
//! world.stop().await;
//! # Ok(()) }
//! ```

pub mod access;
pub mod addresses;
pub mod callers;
pub mod chain;
pub mod folder;
pub mod links;
pub mod loss;
pub mod operators;
pub mod settings;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use chassis::grpc::Channel;
use gateway::vault::Vault;
use proto::wallet::GetLedgerSummaryRequest;
use proto::wallet::wallet_service_client::WalletServiceClient;
use servers::faulty_rpc::{Faults as RpcFaults, FaultyRpc};
use servers::{Nats, NatsOptions, PgBouncer, Postgres, PostgresOptions};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

pub use addresses::{Addresses, ServiceAddress};
pub use chain::Chain;
pub use folder::{Folder, Part};
pub use links::Links;
pub use loss::Loss;

use crate::botapi::{self, BotApi};
use crate::faucet::{self, Outside};
use crate::helius::Helius;
use crate::localchain::Program;
use crate::polymarket::{self, Host, Polymarket};
use crate::services::{self, Process};
use crate::supervise::{Exit, Launch, Supervised};
use crate::tokens::{self, TokenMarket};
use crate::venues::aggregators::{self, Aggregator, Aggregators};
use crate::venues::{self, Market, PerVenue, Venue};

/// The database of the world.
pub const DATABASE: &str = "rooms";

/// What the operators begin with: 10 SOL.
pub const CAPITAL: u64 = 10 * 1_000_000_000;

const READY_WITHIN: Duration = Duration::from_secs(60);

/// What the world is started with.
#[derive(Clone, Debug)]
pub struct WorldOptions {
    /// The world folder.
    pub dir: PathBuf,
    /// Begin anew, deleting what is in the folder.
    pub fresh: bool,
    /// The sandbox binary, which is every service, too.
    pub program: PathBuf,
    /// Processes per service.
    pub replicas: usize,
    /// Services with a second process, whatever the number of replicas.
    pub doubled: Vec<&'static str>,
    /// The first port asked for; those taken are skipped.
    pub first_port: u16,
    /// Decides the venues' prices.
    pub seed: u64,
    /// Further variables for every service; they win over the world's own.
    pub variables: Vec<(String, String)>,
    /// Steps at which a service kills itself, one per life of its first replica.
    pub kill_at: Vec<(&'static str, Vec<String>)>,
    /// Endpoints between the services and the chain that can misbehave; with none they are one.
    pub faulty_endpoints: usize,
    /// Lay wires between the services and their servers that can be cut.
    pub links: bool,
    /// The Bot API's flood control.
    pub telegram_limits: botapi::Limits,
    /// Put PgBouncer in transaction mode between the services and the database.
    pub pgbouncer: bool,
    /// Polymarket's life; its seed and ports are the world's.
    pub polymarket: polymarket::Settings,
}

impl WorldOptions {
    /// One replica of each service of this binary, no faults, the usual ports.
    #[must_use]
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            fresh: false,
            program: std::env::current_exe().unwrap_or_else(|_| "sandbox".into()),
            replicas: 1,
            doubled: Vec::new(),
            first_port: 7400,
            seed: 1,
            variables: Vec::new(),
            kill_at: Vec::new(),
            faulty_endpoints: 0,
            links: false,
            telegram_limits: botapi::Limits::default(),
            pgbouncer: false,
            polymarket: polymarket::Settings::default(),
        }
    }

    /// The same at ports of its own, for worlds that must not get into each other's way.
    ///
    /// # Errors
    /// Too many such worlds.
    pub fn elsewhere(self) -> Result<Self> {
        Ok(Self { first_port: servers::port::row()?, ..self })
    }
}

/// A running world. Dropping it kills its processes; [`World::stop`] ends them in order.
pub struct World {
    // Dropped in this order: services first, the database last.
    services: Vec<Supervised>,
    links: Option<Links>,
    within: Within,
    chain: Chain,
    nats: Nats,
    pgbouncer: Option<PgBouncer>,
    postgres: Postgres,
    addresses: Addresses,
    folder: Folder,
}

/// What runs inside this process.
struct Within {
    market: Market,
    aggregators: Aggregators,
    tokens: TokenMarket,
    polymarket: Polymarket,
    telegram: BotApi,
    outside: Outside,
    endpoints: Vec<FaultyRpc>,
    /// Ends the servers of the first four, and Helius.
    shutdown: DropGuard,
}

impl World {
    /// Who people are in this world: finds them in the gateway's schema.
    ///
    /// # Errors
    /// The key file cannot be read.
    pub fn vault(&self) -> Result<Vault> {
        let key = std::fs::read_to_string(self.folder.people_file()?).context("read the key of people")?;
        Vault::try_from_hex(&key).context("the key of people")
    }

    /// Starts everything and returns when every service is ready. What takes long is said on standard
    /// error.
    ///
    /// # Errors
    /// Whatever could not be started, with the end of its log where it has one.
    pub async fn start(options: WorldOptions) -> Result<Self> {
        // Fails only if somebody chose one before, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::new();
        let mut folder = Folder::open(&options.dir, options.fresh).await?;
        let program = Program::find().await?;
        let ports = Ports::choose(&mut folder, &options)?;
        let password = folder.secret("database password");
        let broker_password = folder.secret("broker password");
        let bot_token = format!("7000000001:{}", folder.secret("bot token"));
        let webhook_secret = folder.secret("webhook secret");
        // Before anything is created with them: they must be found again.
        folder.save()?;

        let logs = folder.logs()?;
        let (postgres, nats, chain) = tokio::try_join!(
            Postgres::start(PostgresOptions {
                data_dir: folder.part(Part::Database).join("data"),
                log: logs.join("postgres.log"),
                port: Some(ports.postgres),
                durable: true,
                password: Some(password.clone()),
            }),
            Nats::start(NatsOptions {
                store_dir: folder.part(Part::Broker).join("store"),
                log: logs.join("nats.log"),
                port: Some(ports.nats),
                monitor_port: Some(ports.nats_monitor),
                access: Some(access::nats(&folder.part(Part::Broker), &broker_password)?),
            }),
            Chain::start(
                program,
                folder.part(Part::Chain),
                logs.join("chain.log"),
                ports.rpc,
                client.clone()
            ),
        )?;
        let within = Within::start(&options, &folder, &ports, &bot_token, &chain).await?;
        access::keep_topology(&nats, within.shutdown.token().clone()).await?;
        callers::keep_token(folder.path(), within.shutdown.token().clone())?;
        access::migrate(&postgres, &folder.part(Part::Database), &password).await?;
        let pgbouncer = if options.pgbouncer {
            Some(access::pool(&postgres, &folder.part(Part::Database), &password).await?)
        } else {
            None
        };

        let addresses = Addresses {
            page: format!("http://127.0.0.1:{}", ports.page),
            bot_token,
            postgres: postgres.url_for(servers::postgres::SUPERUSER, DATABASE),
            nats: nats.url_for(access::OBSERVER),
            nats_monitor: format!("http://127.0.0.1:{}", ports.nats_monitor),
            rpc: chain.rpc_url(),
            ws: chain.ws_url(),
            venues: Venue::ALL.map(|venue| (venue, within.market.url(venue))).into(),
            aggregators: Aggregator::ALL.map(|one| (one, within.aggregators.url(one))).into(),
            token_rpcs: within.tokens.rpc_urls().to_vec(),
            dexscreener: within.tokens.listing_url().to_owned(),
            polymarket: Host::ALL.map(|host| (host, within.polymarket.url(host))).into(),
            polymarket_ws: within.polymarket.socket_url(),
            services: ports.services,
        };
        within.play_helius(&addresses, &webhook_secret);
        let shared = settings::shared(&addresses, &folder, within.rpc_urls(&addresses), webhook_secret)?;
        let links = if options.links {
            Some(Links::lay(&addresses.services, nats.port(), postgres.port()).await?)
        } else {
            None
        };
        let launch = |service: &ServiceAddress| {
            let own = own(&postgres, pgbouncer.as_ref(), &nats, service);
            let own = links.iter().fold(own, |own, links| links.reroute(&service.label(), own));
            let launch = launch(&options, own, &shared, &logs, service);
            Supervised::start(launch, client.clone())
        };
        let services = addresses.services.iter().map(launch).collect::<Result<_>>()?;
        let mut world = Self { services, links, within, chain, nats, pgbouncer, postgres, addresses, folder };
        world.ready().await?;
        if !world.folder.is_funded() {
            world.pay_in_capital().await.context("pay in the operators' capital")?;
            world.folder.set_funded()?;
        }
        Ok(world)
    }

    /// Gives the operators their money: sweeps and receipts pay their network fees from it.
    async fn pay_in_capital(&self) -> Result<()> {
        let mut wallet = WalletServiceClient::new(self.channel("wallet-svc")?);
        let asking = async {
            loop {
                let summary = wallet.get_ledger_summary(GetLedgerSummaryRequest {}).await?.into_inner();
                if !summary.treasury_address.is_empty() {
                    return anyhow::Ok(summary.treasury_address);
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        let treasury = tokio::time::timeout(READY_WITHIN, asking).await.context("no treasury yet")??;
        self.within.outside.airdrop(&treasury.parse()?, CAPITAL).await?;
        Ok(())
    }

    /// Waits until every service says that it can work.
    ///
    /// # Errors
    /// One does not, within a minute.
    pub async fn ready(&self) -> Result<()> {
        let waiting = self.services.iter().map(|service| service.ready_within(READY_WITHIN));
        futures::future::try_join_all(waiting).await?;
        Ok(())
    }

    /// Ends everything in order: the services together, then chain and broker, then the database.
    pub async fn stop(self) {
        futures::future::join_all(self.services.iter().map(Supervised::stop)).await;
        drop(self.within);
        tokio::join!(self.chain.stop(), self.nats.stop());
        if let Some(pgbouncer) = self.pgbouncer {
            pgbouncer.stop().await;
        }
        self.postgres.stop().await;
    }

    /// Where everything listens.
    #[must_use]
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// The world folder.
    #[must_use]
    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    /// A way to the gRPC of the first replica of a service, as somebody who may call everything there.
    ///
    /// # Errors
    /// There is no such service, or the issuer's key cannot be read.
    pub fn channel(&self, name: &str) -> Result<Channel> {
        self.channel_to(self.addresses.service(name).with_context(|| format!("no service is called {name}"))?)
    }

    /// The same to a certain replica.
    ///
    /// # Errors
    /// The issuer's key cannot be read.
    pub fn channel_to(&self, service: &ServiceAddress) -> Result<Channel> {
        callers::channel(self.folder.path(), &format!("http://{}", service.grpc))
    }

    /// A client of the broker that may hear and say anything.
    ///
    /// # Errors
    /// The broker is away.
    pub async fn observe_broker(&self) -> Result<async_nats::Client> {
        let address: async_nats::ServerAddr = self.addresses.nats.parse()?;
        let (user, password) =
            address.username().zip(address.password()).context("a broker without users")?;
        Ok(async_nats::ConnectOptions::with_user_and_password(user.to_owned(), password.to_owned())
            .connect(&address)
            .await?)
    }

    /// The broker, to be killed, frozen or wiped.
    #[must_use]
    pub fn nats(&self) -> &Nats {
        &self.nats
    }

    /// The database, to be killed, restarted or looked into.
    #[must_use]
    pub fn postgres(&self) -> &Postgres {
        &self.postgres
    }

    /// The chain.
    #[must_use]
    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    /// The endpoints between the services and the chain, if any were asked for.
    #[must_use]
    pub fn endpoints(&self) -> &[FaultyRpc] {
        &self.within.endpoints
    }

    /// The wires between the services and their servers, if any were asked for.
    #[must_use]
    pub const fn links(&self) -> Option<&Links> {
        self.links.as_ref()
    }

    /// The venues' prices and faults.
    #[must_use]
    pub fn market(&self) -> &Market {
        &self.within.market
    }

    /// The tokens' prices and faults.
    #[must_use]
    pub fn tokens(&self) -> &TokenMarket {
        &self.within.tokens
    }

    /// Polymarket: its life and faults.
    #[must_use]
    pub fn polymarket(&self) -> &Polymarket {
        &self.within.polymarket
    }

    /// The aggregators' faults.
    #[must_use]
    pub fn aggregators(&self) -> &Aggregators {
        &self.within.aggregators
    }

    /// The local Telegram.
    #[must_use]
    pub fn telegram(&self) -> &BotApi {
        &self.within.telegram
    }

    /// The faucet and the players' outside wallets.
    #[must_use]
    pub fn outside(&self) -> &Outside {
        &self.within.outside
    }

    /// All processes of all services.
    #[must_use]
    pub fn services(&self) -> &[Supervised] {
        &self.services
    }

    /// A process of a service by its label: `room-svc`, `room-svc-2`.
    ///
    /// # Errors
    /// There is none.
    pub fn service(&self, label: &str) -> Result<&Supervised> {
        self.services
            .iter()
            .find(|service| service.name() == label)
            .with_context(|| format!("no service is called {label}"))
    }

    /// Every end of a service that nobody asked for.
    #[must_use]
    pub fn exits(&self) -> Vec<Exit> {
        self.services.iter().flat_map(Supervised::exits).collect()
    }
}

impl Within {
    async fn start(
        options: &WorldOptions,
        folder: &Folder,
        ports: &Ports,
        bot_token: &str,
        chain: &Chain,
    ) -> Result<Self> {
        let shutdown = CancellationToken::new();
        let settings = venues::Settings { seed: options.seed, ports: ports.venues, ..Default::default() };
        let market = venues::serve(settings, shutdown.clone()).await.context("start the simulated venues")?;
        let aggregators = aggregators::serve(&market, Ipv4Addr::LOCALHOST.into(), &shutdown).await;
        let aggregators = aggregators.context("start the simulated aggregators")?;
        let tokens =
            tokens::serve(options.seed, chain.rpc_url(), market.clone(), ports.dexscreener, shutdown.clone())
                .await
                .context("start the simulated tokens")?;
        let life = polymarket::Settings {
            seed: options.seed,
            ports: ports.polymarket,
            ..options.polymarket.clone()
        };
        let polymarket = polymarket::serve(life, shutdown.clone()).await;
        let polymarket = polymarket.context("start the simulated Polymarket")?;
        let telegram = BotApi::open(botapi::Config {
            limits: options.telegram_limits,
            ..botapi::Config::new(folder.part(Part::Telegram).join("state"), bot_token)
        })
        .context("open the local Telegram")?;
        let outside = Outside::new(chain.rpc_url(), folder.part(Part::Chain).join("outside"));
        let routes = botapi::router(telegram.clone())
            .merge(venues::router(market.clone()))
            .merge(tokens::router(tokens.clone()))
            .merge(polymarket::router(polymarket.clone()))
            .merge(faucet::router(outside.clone()));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, ports.page)).await?;
        // Dropped rather than ended gracefully: long polls and pages stay open for ever.
        tokio::spawn(shutdown.clone().run_until_cancelled_owned(async move {
            if let Err(error) = axum::serve(listener, routes).await {
                tracing::error!(%error, "the chat page ended");
            }
        }));
        let mut endpoints = Vec::new();
        for _ in 0..options.faulty_endpoints {
            endpoints.push(FaultyRpc::start(chain.rpc_url(), RpcFaults::default()).await?);
        }
        Ok(Self {
            market,
            aggregators,
            tokens,
            polymarket,
            telegram,
            outside,
            endpoints,
            shutdown: shutdown.drop_guard(),
        })
    }

    /// Where the services reach the chain.
    fn rpc_urls(&self, addresses: &Addresses) -> String {
        let urls: Vec<&str> = self.endpoints.iter().map(|endpoint| endpoint.url.as_str()).collect();
        if urls.is_empty() { addresses.rpc.clone() } else { urls.join(",") }
    }

    fn play_helius(&self, addresses: &Addresses, secret: &str) {
        let Some(wallet) = addresses.service("wallet-svc") else { return };
        let helius = Helius {
            rpc: addresses.rpc.clone(),
            ws: addresses.ws.clone(),
            webhook: format!("http://{}/helius/webhook", wallet.http),
            secret: secret.to_owned(),
        };
        let shutdown = self.shutdown.token().clone();
        tokio::spawn(shutdown.run_until_cancelled_owned(helius.play()));
    }
}

/// The ports of everything, chosen before anything starts.
struct Ports {
    page: u16,
    postgres: u16,
    nats: u16,
    nats_monitor: u16,
    rpc: u16,
    venues: PerVenue<u16>,
    dexscreener: u16,
    polymarket: [u16; 3],
    services: Vec<ServiceAddress>,
}

impl Ports {
    fn choose(folder: &mut Folder, options: &WorldOptions) -> Result<Self> {
        let mut next = options.first_port;
        let mut port = |name: &str, count: u16| {
            let first = folder.ports(name, next, count)?;
            next = next.saturating_add(count);
            anyhow::Ok(first)
        };
        let (page, postgres) = (port("page", 1)?, port("postgres", 1)?);
        let (nats, nats_monitor) = (port("nats", 1)?, port("nats monitor", 1)?);
        let rpc = port("chain", 2)?;
        let venues = PerVenue {
            binance: port("binance", 1)?,
            coinbase: port("coinbase", 1)?,
            kraken: port("kraken", 1)?,
            okx: port("okx", 1)?,
            bitstamp: port("bitstamp", 1)?,
        };
        let dexscreener = port("dexscreener", 1)?;
        let [data, gamma, clob] = Host::ALL.map(|host| port(&format!("polymarket {host}"), 1));
        let polymarket = [data?, gamma?, clob?];
        let mut services = Vec::new();
        for replica in 1..=options.replicas.max(2) {
            let doubled = |name: &str| replica == 2 && options.doubled.contains(&name);
            let wanted = |process: &Process| replica <= options.replicas || doubled(process.name);
            for process in services::processes().filter(wanted) {
                let Process { name, service, .. } = process;
                let schema = services::find(service).context("no such service")?.schema;
                let http = port(&format!("{name} {replica}"), 2)?;
                let address = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
                let (http, grpc) = (address(http), address(http.saturating_add(1)));
                services.push(ServiceAddress { name, process, schema, replica, http, grpc });
            }
        }
        Ok(Self { page, postgres, nats, nats_monitor, rpc, venues, dexscreener, polymarket, services })
    }
}

/// What differs from replica to replica: where it listens, and as whom it comes to the servers.
fn own(
    postgres: &Postgres,
    pgbouncer: Option<&PgBouncer>,
    nats: &Nats,
    service: &ServiceAddress,
) -> Vec<(String, String)> {
    let mut own = vec![
        ("NATS_URLS", nats.url_for(service.schema)),
        ("HTTP_ADDR", service.http.to_string()),
        ("GRPC_ADDR", service.grpc.to_string()),
    ];
    let database = postgres.url_for(service.schema, DATABASE);
    match pgbouncer {
        Some(pooler) => {
            let (direct, pooled) = (format!(":{}/", postgres.port()), format!(":{}/", pooler.port()));
            own.push(("POSTGRES_URL", database.replace(&direct, &pooled)));
            own.push(("POSTGRES_STATEMENT_CACHE", "off".to_owned()));
        }
        None => own.push(("POSTGRES_URL", database)),
    }
    own.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// How to start one replica.
fn launch(
    options: &WorldOptions,
    own: Vec<(String, String)>,
    shared: &[(String, String)],
    logs: &Path,
    service: &ServiceAddress,
) -> Launch {
    let kill_at = options.kill_at.iter().find(|(name, _)| *name == service.name && service.replica == 1);
    Launch {
        name: service.label(),
        program: options.program.clone(),
        arguments: service.process.command_line(),
        variables: shared.iter().cloned().chain(own).chain(options.variables.iter().cloned()).collect(),
        log: logs.join(format!("{}.log", service.label())),
        http: service.http.to_string(),
        kill_at: kill_at.map(|(_, steps)| steps.clone()).unwrap_or_default(),
    }
}
