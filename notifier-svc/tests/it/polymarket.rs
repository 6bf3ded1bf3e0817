//! The Polymarket role's part: it obeys `follow_address` and `watch_price`, and says what wallets hold.

use crate::{
    gateway::event,
    world::{World, account},
};
use async_nats::jetstream::consumer::{Consumer, pull};
use chassis::{
    bus::Bus,
    settings::{BusFaults, Endpoint, Nats as NatsSettings, Value},
};
use futures::StreamExt;
use prost::{Message, Name};
use proto::{
    AccountId, Command, Refusal, frame,
    oracle::{
        AddressFollowed, FollowAddress, GetMarketRequest, GetMarketResponse, GetPortfolioRequest,
        GetPortfolioResponse, GetPriceHistoryRequest, GetPriceHistoryResponse, ListActivityRequest,
        ListActivityResponse, ListMarketsRequest, ListMarketsResponse, ListPositionsRequest,
        ListPositionsResponse, Market, MarketRef, Position, PositionTotals, PriceWatched, WatchPrice,
        polymarket_service_server::{PolymarketService, PolymarketServiceServer},
    },
    timestamp,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};
use time::OffsetDateTime;
use tonic::{
    Request, Response, Status,
    transport::{Server, server::TcpIncoming},
};
use uuid::Uuid;

/// What the role was told and what it says.
#[derive(Default)]
pub struct State {
    /// It does not answer commands.
    pub silent: bool,
    /// `follow_address`, as often as it came.
    pub follows: Vec<FollowAddress>,
    /// `watch_price`, as often as it came.
    pub watches: Vec<WatchPrice>,
    /// What wallets hold, and the value of their portfolios.
    pub holdings: BTreeMap<String, (Vec<Position>, String)>,
    /// Wallets that cannot be read.
    pub unreachable: BTreeSet<String>,
    /// Wallets that were asked about, as often as they were.
    pub asked: Vec<String>,
    /// Markets by their condition ids.
    pub markets: BTreeMap<String, Market>,
}

/// The Polymarket role.
#[derive(Default)]
pub struct Role {
    pub state: Mutex<State>,
}

impl Role {
    /// Answers questions from now on, at the address that is returned.
    pub fn serve() -> (Arc<Self>, &'static str) {
        let this = Arc::new(Self::default());
        let incoming = TcpIncoming::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let url = format!("http://{}", incoming.local_addr().unwrap());
        let service = PolymarketServiceServer::from_arc(Arc::clone(&this));
        tokio::spawn(Server::builder().add_service(service).serve_with_incoming(incoming));
        (this, url.leak())
    }

    /// Obeys commands from now on.
    pub async fn listen(self: &Arc<Self>, world: &World) {
        let urls = vec![Endpoint::parse(&world.nats.url()).unwrap()];
        let at = NatsSettings { urls, replicas: 1, ca_file: None };
        let bus = Bus::connect(proto::Service::Oracle, &at, BusFaults::None).await.unwrap();
        let this = Arc::clone(self);
        tokio::spawn(async move {
            loop {
                let _ = this.drain(&bus).await;
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        });
    }

    async fn drain(&self, bus: &Bus) -> anyhow::Result<()> {
        let stream = bus.context().get_stream("CMD_ORACLE").await?;
        let consumer: Consumer<pull::Config> =
            stream.get_consumer("polymarket-commands").await.map_err(anyhow::Error::msg)?;
        let mut messages = consumer.messages().await?;
        while let Some(message) = messages.next().await {
            let message = message?;
            let kind =
                message.headers.as_ref().and_then(|headers| headers.get("ce-type")).unwrap().to_string();
            let answer = self.obey(&kind, &message.payload);
            if let Some(answer) = answer {
                bus.publish(&[(&answer, "")]).await?;
            }
            message.ack().await.map_err(anyhow::Error::msg)?;
        }
        Ok(())
    }

    fn obey(&self, kind: &str, payload: &[u8]) -> Option<frame::Message> {
        let mut state = self.state.lock().unwrap();
        let answer = if kind == FollowAddress::full_name() {
            let command = FollowAddress::decode(payload).unwrap();
            let FollowAddress { address, version, follow } = command.clone();
            state.follows.push(command);
            event(&AddressFollowed { address, version, follow })
        } else {
            let command = WatchPrice::decode(payload).unwrap();
            let answer = event(&PriceWatched { alert_id: command.alert_id.clone(), watch: command.watch });
            state.watches.push(command);
            answer
        };
        (!state.silent).then_some(answer)
    }
}

#[tonic::async_trait]
impl PolymarketService for Role {
    /// Two positions a page.
    async fn list_positions(
        &self,
        request: Request<ListPositionsRequest>,
    ) -> Result<Response<ListPositionsResponse>, Status> {
        let ListPositionsRequest { address, page } = request.into_inner();
        let mut state = self.state.lock().unwrap();
        state.asked.push(address.clone());
        if state.unreachable.contains(&address) {
            return Err(Status::unavailable("Polymarket does not answer"));
        }
        let (positions, portfolio) = state.holdings.get(&address).cloned().unwrap_or_default();
        let from: usize = page.unwrap_or_default().token.parse().unwrap_or_default();
        let until = positions.len().min(from + 2);
        let next = if until < positions.len() { until.to_string() } else { String::new() };
        Ok(Response::new(ListPositionsResponse {
            totals: Some(PositionTotals { value_usd: portfolio, ..Default::default() }),
            positions: positions[from..until].to_vec(),
            next_page_token: next,
            age_seconds: 3,
        }))
    }

    async fn get_market(
        &self,
        request: Request<GetMarketRequest>,
    ) -> Result<Response<GetMarketResponse>, Status> {
        let market = self.state.lock().unwrap().markets.get(&request.get_ref().market).cloned();
        let market = market.ok_or_else(|| Status::not_found("no such market"))?;
        Ok(Response::new(GetMarketResponse { market: Some(market), siblings: Vec::new() }))
    }

    async fn list_markets(
        &self,
        _: Request<ListMarketsRequest>,
    ) -> Result<Response<ListMarketsResponse>, Status> {
        Err(Status::unimplemented("nobody asks for markets here"))
    }

    async fn get_price_history(
        &self,
        _: Request<GetPriceHistoryRequest>,
    ) -> Result<Response<GetPriceHistoryResponse>, Status> {
        Err(Status::unimplemented("nobody draws prices here"))
    }

    async fn get_portfolio(
        &self,
        _: Request<GetPortfolioRequest>,
    ) -> Result<Response<GetPortfolioResponse>, Status> {
        Err(Status::unimplemented("nobody asks for portfolios here"))
    }

    async fn list_activity(
        &self,
        _: Request<ListActivityRequest>,
    ) -> Result<Response<ListActivityResponse>, Status> {
        Err(Status::unimplemented("nobody asks for activity here"))
    }
}

/// The `number`th wallet.
pub fn wallet(number: u32) -> String {
    format!("0x{:040x}", 0xa11c_e000_u64 + u64::from(number))
}

/// The `number`th market.
pub fn market(number: u32) -> MarketRef {
    MarketRef {
        condition_id: format!("0x{:064x}", 0xc0de_0000_u64 + u64::from(number)),
        question: format!("Will it happen by day {number}?"),
        slug: format!("will-it-{number}"),
        event_slug: format!("it-{number}"),
    }
}

/// The token of an outcome of the `number`th market.
pub fn token(number: u32, outcome: &str) -> String {
    let digits: String = outcome.bytes().map(|byte| byte.to_string()).collect();
    format!("7{number:04}{digits}")
}

/// What the database's clock shows, in whole seconds: so are times on chain.
pub async fn now(world: &World) -> OffsetDateTime {
    let now: OffsetDateTime =
        sqlx::query_scalar("SELECT notifier.db_clock()").fetch_one(world.db.superuser()).await.unwrap();
    now.replace_nanosecond(0).unwrap()
}

pub fn at(time: OffsetDateTime) -> Option<prost_types::Timestamp> {
    Some(timestamp(time))
}

/// What becomes of a command.
pub async fn ask<C: Command, D: Message + Default>(world: &World, command: &C) -> Result<D, Refusal> {
    let command = chassis::Outgoing::command(command).reply_to(proto::Service::Gateway).into_message();
    let id = Uuid::from_slice(&command.id).unwrap();
    world.tell(&[command]).await;
    let told = || world.gateway.heard.lock().unwrap().outcomes.get(&id).and_then(|all| all.first().cloned());
    crate::eventually("an answer", || async { told().is_some() }).await;
    told().unwrap().decided::<D>().unwrap()
}

/// The first accounts by name.
pub fn people() -> [AccountId; 3] {
    [account(0), account(1), account(2)]
}
