//! oracle-svc, as far as it is asked about prices and tokens.

use proto::oracle::{
    Aggregate, GetAggregateRequest, GetAggregateResponse, GetCandlesRequest, GetCandlesResponse,
    GetSeriesRequest, GetSeriesResponse, GetTokenRequest, GetTokenResponse, Token,
    oracle_service_server::{OracleService, OracleServiceServer},
};
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};
use tonic::{
    Request, Response, Status,
    transport::{Server, server::TcpIncoming},
};

/// One price for every asset and one token.
pub struct Oracle {
    /// Empty is no quorum.
    pub price: Mutex<String>,
    /// Nothing: no endpoint answers.
    pub token: Mutex<Option<Token>>,
    /// What keeps a question about a token from being answered.
    pub reading: tokio::sync::Mutex<()>,
}

impl Default for Oracle {
    fn default() -> Self {
        Self {
            price: Mutex::new("160".to_owned()),
            token: Mutex::default(),
            reading: tokio::sync::Mutex::default(),
        }
    }
}

impl Oracle {
    pub fn serve(self: &Arc<Self>, at: SocketAddr) {
        let incoming = TcpIncoming::bind(at).unwrap();
        let service = OracleServiceServer::from_arc(Arc::clone(self));
        tokio::spawn(Server::builder().add_service(service).serve_with_incoming(incoming));
    }
}

#[tonic::async_trait]
impl OracleService for Oracle {
    async fn get_aggregate(
        &self,
        request: Request<GetAggregateRequest>,
    ) -> Result<Response<GetAggregateResponse>, Status> {
        let price = self.price.lock().unwrap().clone();
        let aggregate = Aggregate { asset: request.into_inner().asset, price, ..Default::default() };
        Ok(Response::new(GetAggregateResponse { aggregate: Some(aggregate), age_ms: 0 }))
    }

    async fn get_series(&self, _: Request<GetSeriesRequest>) -> Result<Response<GetSeriesResponse>, Status> {
        Err(Status::unimplemented("nobody draws charts here"))
    }

    async fn get_candles(
        &self,
        _: Request<GetCandlesRequest>,
    ) -> Result<Response<GetCandlesResponse>, Status> {
        Err(Status::unimplemented("nobody draws charts here"))
    }

    async fn get_token(
        &self,
        request: Request<GetTokenRequest>,
    ) -> Result<Response<GetTokenResponse>, Status> {
        let _read = self.reading.lock().await;
        let mint = request.into_inner().mint;
        let token = self.token.lock().unwrap().clone().filter(|token| token.mint == mint);
        match token {
            Some(token) => Ok(Response::new(GetTokenResponse { token: Some(token) })),
            None => Err(Status::unavailable("the endpoints disagree")),
        }
    }
}
