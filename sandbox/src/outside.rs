//! `outside`: the world without the services: Telegram, venues, a chain, a listing of tokens and Polymarket, for services that run
//! somewhere else, as in a trial on Kubernetes. All of it answers at every address of this machine, on the ports that
//! `helm/files/sandbox.yaml` gives the services; behind them the servers are those of the local world.

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::Args;
use reqwest::Url;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::botapi::{self, BotApi};
use crate::environment;
use crate::faucet::{self, Outside};
use crate::localchain::Program;
use crate::polymarket::{self, Host, Polymarket};
use crate::tokens::{self, TokenMarket};
use crate::venues::{self, Market, Venue};
use crate::world::{Chain, Folder, Part};

/// What the chart tells the services.
const TOLD: &str = include_str!("../../helm/files/sandbox.yaml");

/// The first port of the chain behind its door; WebSocket is on the next one.
const CHAIN: u16 = 17_400;

/// Arguments of `outside`.
#[derive(Args, Clone, Debug)]
pub struct Arguments {
    /// The folder that chain, chats and keys of players are kept in
    #[arg(long, value_name = "DIR")]
    world: PathBuf,
    /// Decides the venues' prices and Polymarket's life
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Serves until Ctrl-C or SIGTERM. The bot's token is read from `TELEGRAM_BOT_TOKEN`.
///
/// # Errors
/// Something cannot be started, or the chain ends by itself.
pub async fn run(arguments: Arguments) -> Result<ExitCode> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let token = environment::get("TELEGRAM_BOT_TOKEN").context("TELEGRAM_BOT_TOKEN is not set")?;
    let servers = Servers::start(&arguments, token).await?;
    for (variable, url) in servers.doors()? {
        println!("{variable}: {url}");
    }
    let stop = servers.shutdown.token().clone();
    for (port, inner) in doors(TOLD, &servers.doors()?)? {
        let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).await;
        let listener = listener.with_context(|| format!("listen on port {port}"))?;
        tokio::spawn(stop.clone().run_until_cancelled_owned(pass(listener, inner)));
    }
    println!("ready: the chat page is on port 7400");
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    servers.chain.stop().await;
    Ok(ExitCode::SUCCESS)
}

/// The servers, each on ports of this machine alone.
struct Servers {
    chain: Chain,
    market: Market,
    tokens: TokenMarket,
    polymarket: Polymarket,
    page: u16,
    shutdown: DropGuard,
    _folder: Folder,
}

impl Servers {
    async fn start(arguments: &Arguments, token: String) -> Result<Self> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let shutdown = CancellationToken::new();
        let mut folder = Folder::open(&arguments.world, false).await?;
        let port = folder.ports("chain", CHAIN, 2)?;
        folder.save()?;
        let log = folder.logs()?.join("chain.log");
        let program = Program::find().await?;
        let chain =
            Chain::start(program, folder.part(Part::Chain), log, port, reqwest::Client::new()).await?;
        let seed = arguments.seed;
        let market = venues::serve(venues::Settings { seed, ..Default::default() }, shutdown.clone()).await?;
        let tokens = tokens::serve(seed, chain.rpc_url(), market.clone(), 0, shutdown.clone()).await?;
        let life = polymarket::Settings { seed, ..Default::default() };
        let polymarket = polymarket::serve(life, shutdown.clone()).await?;
        let telegram = BotApi::open(botapi::Config::new(folder.part(Part::Telegram).join("state"), token))?;
        let outside = Outside::new(chain.rpc_url(), folder.part(Part::Chain).join("outside"));
        let routes = botapi::router(telegram)
            .merge(venues::router(market.clone()))
            .merge(tokens::router(tokens.clone()))
            .merge(polymarket::router(polymarket.clone()))
            .merge(faucet::router(outside));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let page = listener.local_addr()?.port();
        // Dropped rather than ended gracefully: long polls and pages stay open for ever.
        tokio::spawn(shutdown.clone().run_until_cancelled_owned(async move {
            if let Err(error) = axum::serve(listener, routes).await {
                tracing::error!(%error, "the chat page ended");
            }
        }));
        Ok(Self { chain, market, tokens, polymarket, page, shutdown: shutdown.drop_guard(), _folder: folder })
    }

    /// The variables of services and where these would look on this machine.
    fn doors(&self) -> Result<Vec<(String, String)>> {
        let mut doors = vec![
            ("TELEGRAM_API_URL".to_owned(), format!("http://127.0.0.1:{}", self.page)),
            ("SOLANA_RPC_URLS".to_owned(), self.chain.rpc_url()),
            ("SOLANA_WS_URL".to_owned(), self.chain.ws_url()),
            ("DEXSCREENER_URL".to_owned(), self.tokens.listing_url().to_owned()),
            ("TOKEN_RPC_URLS".to_owned(), self.tokens.rpc_urls().join(",")),
            ("POLYMARKET_WS_URL".to_owned(), self.polymarket.socket_url()),
        ];
        doors.extend(
            Venue::ALL
                .map(|venue| (format!("{}_WS_URL", venue.name().to_uppercase()), self.market.url(venue))),
        );
        doors.extend(Host::ALL.map(|host| {
            (format!("POLYMARKET_{}_URL", host.name().to_uppercase()), self.polymarket.url(host))
        }));
        Ok(doors)
    }
}

/// The port of each door and the server behind it. The paths that services are told are those of the servers.
fn doors(told: &str, servers: &[(String, String)]) -> Result<Vec<(u16, u16)>> {
    let mut doors = Vec::new();
    for (variable, urls) in servers {
        let line =
            told.lines().find_map(|line| line.trim().strip_prefix(variable.as_str())?.strip_prefix(": "));
        let line = line.with_context(|| format!("helm/files/sandbox.yaml does not say {variable}"))?;
        let (outer, inner) = (addresses(line)?, addresses(urls)?);
        ensure!(
            outer.len() == inner.len(),
            "{variable} has {} addresses and not {}",
            outer.len(),
            inner.len()
        );
        for ((port, path), (behind, served)) in outer.into_iter().zip(inner) {
            ensure!(path == served, "{variable} is served at {served} and not at {path}");
            doors.push((port, behind));
        }
    }
    doors.sort_unstable();
    doors.dedup();
    Ok(doors)
}

/// Port and path of each URL of a list.
fn addresses(urls: &str) -> Result<Vec<(u16, String)>> {
    let address = |url: &str| {
        let parsed = Url::parse(url).with_context(|| format!("{url:?} is no URL"))?;
        let port = parsed.port().with_context(|| format!("{url} has no port"))?;
        anyhow::Ok((port, parsed.path().to_owned()))
    };
    urls.split(',').map(address).collect()
}

/// Passes on whatever comes. A connection that cannot be made is closed, as by a server that is not there.
async fn pass(listener: TcpListener, inner: u16) {
    loop {
        match listener.accept().await {
            Ok((mut outer, _)) => {
                tokio::spawn(async move {
                    if let Ok(mut inner) = TcpStream::connect((Ipv4Addr::LOCALHOST, inner)).await {
                        // Either side may go away at any time.
                        let _ = copy_bidirectional(&mut outer, &mut inner).await;
                    }
                });
            }
            Err(error) => tracing::warn!(%error, "a connection is not taken"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doors_lead_to_the_servers_of_their_variables() {
        let told = "oracle-svc:\n  A_URL: http://HOST:1/x\n  B_URLS: http://HOST:2,http://HOST:3\n";
        let servers = |a: &str| {
            vec![
                ("A_URL".to_owned(), a.to_owned()),
                ("B_URLS".to_owned(), "http://127.0.0.1:22,http://127.0.0.1:33".to_owned()),
            ]
        };
        assert_eq!(doors(told, &servers("http://127.0.0.1:11/x")).unwrap(), [(1, 11), (2, 22), (3, 33)]);
        let other = doors(told, &servers("http://127.0.0.1:11/y")).unwrap_err();
        assert_eq!(other.to_string(), "A_URL is served at /y and not at /x");
        let unknown = doors(told, &[("C_URL".to_owned(), "http://127.0.0.1:1".to_owned())]).unwrap_err();
        assert_eq!(unknown.to_string(), "helm/files/sandbox.yaml does not say C_URL");
    }
}
