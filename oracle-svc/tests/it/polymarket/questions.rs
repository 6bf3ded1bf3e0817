//! What the role answers, and how a process gets it.

use super::{
    stand::{CONDITION, Mood, NO, YES},
    world::{World, wallet},
};
use chassis::{
    grpc::{Channel, channel},
    service::Running,
    settings::{Endpoint, Value},
};
use proto::{
    common::Page,
    oracle::{
        ActivityKind, GetMarketRequest, GetPortfolioRequest, ListActivityRequest, ListPositionsRequest,
        polymarket_service_client::PolymarketServiceClient,
    },
};
use std::{process::Stdio, time::Duration};
use tonic::Code;

type Client = PolymarketServiceClient<Channel>;

fn at(address: &str) -> Client {
    let address = <Endpoint as Value>::parse(&format!("http://{address}")).unwrap();
    PolymarketServiceClient::new(channel(&address).unwrap())
}

fn client(service: &Running) -> Client {
    at(&service.grpc().to_string())
}

fn market(market: &str) -> GetMarketRequest {
    GetMarketRequest { market: market.to_owned() }
}

fn page(size: u32, token: &str) -> Option<Page> {
    Some(Page { size, token: token.to_owned() })
}

#[tokio::test]
async fn a_market_is_what_was_asked_for_or_not_found() {
    let world = World::new("1d").await;
    let service = world.start().await;
    let mut client = client(&service);
    for name in [CONDITION, "rain", "https://polymarket.com/event/weather/rain"] {
        let found = client.get_market(market(name)).await.unwrap().into_inner();
        let told = found.market.unwrap();
        assert_eq!(told.r#ref.as_ref().unwrap().condition_id, CONDITION, "{name}");
        let yes = &told.outcomes[0];
        let offers = [&yes.price, &yes.best_bid, &yes.best_ask, &yes.spread].map(String::as_str);
        assert_eq!(offers, ["0.5", "0.49", "0.51", "0.02"]);
        let bids: Vec<_> = yes.bids.iter().map(|level| level.price.as_str()).collect();
        assert_eq!((bids, told.liquidity_usd.as_str()), (vec!["0.49", "0.48"], "100.25"));
        assert_eq!(found.siblings.len(), 1);
    }
    // The host ignores the filter and returns other markets: those are not what was asked for.
    let unknown = CONDITION.replace("a1", "ff");
    for name in [unknown.as_str(), "sunshine", "not a market"] {
        let refused = client.get_market(market(name)).await.unwrap_err();
        assert_eq!(refused.code(), Code::NotFound, "{name}");
    }
    world.stand.decide(1.0);
    service.stop().await.unwrap();
    let service = world.start().await;
    let told =
        self::client(&service).get_market(market(CONDITION)).await.unwrap().into_inner().market.unwrap();
    assert_eq!((told.closed, told.resolved.as_str(), told.outcomes[0].bids.len()), (true, "Yes", 0));
    service.stop().await.unwrap();
}

#[tokio::test]
async fn positions_page_with_totals_over_all_rows_and_an_error_is_never_an_empty_list() {
    let world = World::new("1d").await;
    let one = wallet(1);
    world.stand.hold(&one, YES, 100.0);
    world.stand.hold(&one, NO, 20.0);
    world.stand.fill(&one, "0xa", (YES, false), 10.0, 0.5);
    world.stand.fill(&one, "0xb", (YES, true), 5.0, 0.5);
    world.stand.pages(1, 0);
    let service = world.start().await;
    let mut client = client(&service);
    let ask = |token: &str| ListPositionsRequest { address: one.to_uppercase(), page: page(1, token) };
    let first = client.list_positions(ask("")).await.unwrap().into_inner();
    assert_eq!((first.positions.len(), first.positions[0].shares.as_str()), (1, "105"));
    let totals = first.totals.unwrap();
    assert_eq!((totals.positions, totals.value_usd.as_str(), totals.cost_usd.as_str()), (2, "62.5", "50"));
    let last = client.list_positions(ask(&first.next_page_token)).await.unwrap().into_inner();
    assert_eq!((last.positions[0].token_id.as_str(), last.next_page_token.as_str()), (NO, ""));
    assert_eq!(last.totals.unwrap(), totals);
    let portfolio =
        client.get_portfolio(GetPortfolioRequest { address: one.clone() }).await.unwrap().into_inner();
    assert_eq!((portfolio.value_usd.as_str(), portfolio.unrealized_pnl_usd.as_str()), ("62.5", "12.5"));
    assert_eq!((portfolio.open_positions, portfolio.name.as_str()), (2, "Owl"));
    let sales = ListActivityRequest {
        address: one.clone(),
        kinds: vec![ActivityKind::Sell.into()],
        page: page(10, ""),
    };
    let first = client.list_activity(sales.clone()).await.unwrap().into_inner();
    assert_eq!(first.items.len(), 1);
    assert_eq!((first.items[0].kind(), first.items[0].shares.as_str()), (ActivityKind::Sell, "5"));
    assert_ne!(first.next_page_token, "");

    world.stand.mood(Mood::ErrorObject);
    let aged = client.list_positions(ask("")).await.unwrap().into_inner();
    assert_eq!(aged.positions.len(), 1, "what was answered a moment ago is still the answer");
    let unknown = ListPositionsRequest { address: wallet(2), page: None };
    assert_eq!(client.list_positions(unknown).await.unwrap_err().code(), Code::Unavailable);
    let unknown = ListActivityRequest { address: wallet(2), ..Default::default() };
    assert_eq!(client.list_activity(unknown).await.unwrap_err().code(), Code::Unavailable);
    assert_eq!(client.get_market(market("rain")).await.unwrap_err().code(), Code::Unavailable);
    world.stand.mood(Mood::Well);
    let nobody = ListPositionsRequest { address: wallet(2), page: None };
    assert_eq!(client.list_positions(nobody).await.unwrap().into_inner().totals.unwrap().positions, 0);
    let wrong = GetPortfolioRequest { address: "So11111111111111111111111111111111111111112".to_owned() };
    assert_eq!(client.get_portfolio(wrong).await.unwrap_err().code(), Code::InvalidArgument);
    service.stop().await.unwrap();
}

/// A process of the binary, its settings without the role.
async fn code(world: &World, arguments: &[&str], role: Option<&str>) -> Code {
    let address = format!("127.0.0.1:{}", servers::port::free().unwrap());
    let settings = world.settings.iter().filter(|(name, _)| name != "ORACLE_ROLE" && name != "GRPC_ADDR");
    let mut process = tokio::process::Command::new(env!("CARGO_BIN_EXE_oracle-svc"))
        .args(arguments)
        .env_clear()
        .envs(settings.cloned())
        .envs(role.map(|role| ("ORACLE_ROLE", role)))
        .env("GRPC_ADDR", &address)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut client = at(&address);
    let answered = async {
        loop {
            match client.get_market(market("sunshine")).await.unwrap_err().code() {
                // Not yet there, or not yet connected.
                Code::Unavailable => tokio::time::sleep(Duration::from_millis(50)).await,
                code => return code,
            }
        }
    };
    let code = tokio::time::timeout(Duration::from_secs(60), answered).await.expect("an answer in a minute");
    process.kill().await.unwrap();
    code
}

#[tokio::test]
async fn the_role_is_chosen_by_a_flag_or_a_variable_and_is_prices_otherwise() {
    let world = World::new("1d").await;
    assert_eq!(code(&world, &["--role", "polymarket"], None).await, Code::NotFound);
    assert_eq!(code(&world, &["serve"], Some("polymarket")).await, Code::NotFound);
    assert_eq!(code(&world, &["serve", "--role=prices"], Some("polymarket")).await, Code::Unimplemented);
    assert_eq!(code(&world, &[], None).await, Code::Unimplemented);
}
