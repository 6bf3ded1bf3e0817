//! Where everything of a world listens.

use std::net::SocketAddr;

use tabled::Table;
use tabled::settings::Style;

use crate::polymarket::Host;
use crate::services::Process;
use crate::venues::{Venue, aggregators::Aggregator};

/// A replica of a service.
#[derive(Clone, Debug)]
pub struct ServiceAddress {
    /// `room-svc`, or the name of a role.
    pub name: &'static str,
    /// Which service it is, and how it is started.
    pub process: Process,
    /// `room`
    pub schema: &'static str,
    /// From 1.
    pub replica: usize,
    /// Health, metrics and its own routes.
    pub http: SocketAddr,
    /// gRPC.
    pub grpc: SocketAddr,
}

impl ServiceAddress {
    /// `room-svc` or `room-svc-2`.
    #[must_use]
    pub fn label(&self) -> String {
        if self.replica == 1 { self.name.to_owned() } else { format!("{}-{}", self.name, self.replica) }
    }
}

/// Where everything listens.
#[derive(Clone, Debug)]
pub struct Addresses {
    /// The chat page; the Bot API is below it.
    pub page: String,
    /// The bot's token.
    pub bot_token: String,
    /// The database, as its owner.
    pub postgres: String,
    /// The broker.
    pub nats: String,
    /// The broker's monitoring pages.
    pub nats_monitor: String,
    /// The chain's JSON-RPC.
    pub rpc: String,
    /// The chain's WebSocket.
    pub ws: String,
    /// The venues' WebSockets.
    pub venues: Vec<(Venue, String)>,
    /// The aggregators' HTTP servers.
    pub aggregators: Vec<(Aggregator, String)>,
    /// The endpoints through which tokens are read.
    pub token_rpcs: Vec<String>,
    /// The listing of tokens.
    pub dexscreener: String,
    /// Polymarket's servers.
    pub polymarket: Vec<(Host, String)>,
    /// Polymarket's WebSocket.
    pub polymarket_ws: String,
    /// The services.
    pub services: Vec<ServiceAddress>,
}

impl Addresses {
    /// The first replica of a service.
    #[must_use]
    pub fn service(&self, name: &str) -> Option<&ServiceAddress> {
        self.services.iter().find(|service| service.name == name)
    }

    /// A table for people.
    #[must_use]
    pub fn table(&self) -> String {
        let mut rows = vec![
            ["what".to_owned(), "where".to_owned(), "besides".to_owned()],
            ["chat page".to_owned(), self.page.clone(), "play here; the Bot API too".to_owned()],
            ["PostgreSQL".to_owned(), self.postgres.clone(), "one schema per service".to_owned()],
            ["NATS".to_owned(), self.nats.clone(), format!("monitoring: {}", self.nats_monitor)],
            ["Solana".to_owned(), self.rpc.clone(), format!("WebSocket: {}", self.ws)],
        ];
        rows.extend(
            self.venues
                .iter()
                .map(|(venue, url)| [venue.name().to_owned(), url.clone(), "simulated prices".to_owned()]),
        );
        let tokens = "tokens; steered at /sandbox/tokens of the chat page".to_owned();
        rows.push(["dexscreener".to_owned(), self.dexscreener.clone(), tokens]);
        rows.extend(self.polymarket.iter().map(|(host, url)| {
            let steered = "simulated; steered at /sandbox/polymarket of the chat page".to_owned();
            [format!("polymarket {host}"), url.clone(), steered]
        }));
        rows.extend(self.services.iter().map(|service| {
            let http = format!("http://{}", service.http);
            [service.label(), http, format!("gRPC: {}", service.grpc)]
        }));
        Table::from_iter(rows).with(Style::sharp()).to_string()
    }
}
