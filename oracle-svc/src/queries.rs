//! What the service answers: the price now, and the series it settles by.

use crate::{
    domain::{Asset, Second},
    store,
    workers::tokens::Tokens,
};
use chassis::{Clock, Fault, Pool, grpc::Unanswered};
use prost::Message as _;
use proto::{
    from_timestamp,
    oracle::{
        Aggregate, Candle, GetAggregateRequest, GetAggregateResponse, GetCandlesRequest, GetCandlesResponse,
        GetSeriesRequest, GetSeriesResponse, GetTokenRequest, GetTokenResponse, Second as SecondMessage,
        oracle_service_server::OracleService,
    },
    timestamp,
};
use std::sync::Arc;
use time::Duration;
use tonic::{Request, Response, Status};

/// An aggregate older than this is no price any more: the series stands still.
const STALE: Duration = Duration::seconds(5);

/// Bytes of one answer, below the limit of 4 MiB.
const ANSWER_BYTES: usize = 3 * 1024 * 1024;

/// Answers from storage, so that every replica tells the one series.
pub(crate) struct Queries {
    pub(crate) pool: Pool,
    pub(crate) tokens: Arc<Tokens>,
    pub(crate) clock: Clock,
}

#[tonic::async_trait]
impl OracleService for Queries {
    async fn get_aggregate(
        &self,
        request: Request<GetAggregateRequest>,
    ) -> Result<Response<GetAggregateResponse>, Status> {
        Ok(Response::new(self.aggregate(&request.into_inner()).await?))
    }

    async fn get_series(
        &self,
        request: Request<GetSeriesRequest>,
    ) -> Result<Response<GetSeriesResponse>, Status> {
        Ok(Response::new(self.series(&request.into_inner()).await?))
    }

    async fn get_candles(
        &self,
        request: Request<GetCandlesRequest>,
    ) -> Result<Response<GetCandlesResponse>, Status> {
        Ok(Response::new(self.candles(&request.into_inner()).await?))
    }

    async fn get_token(
        &self,
        request: Request<GetTokenRequest>,
    ) -> Result<Response<GetTokenResponse>, Status> {
        let token = self.tokens.ask(&request.into_inner().mint).await?;
        Ok(Response::new(GetTokenResponse { token: Some(token) }))
    }
}

impl Queries {
    async fn aggregate(&self, request: &GetAggregateRequest) -> Result<GetAggregateResponse, Unanswered> {
        let asset = asset(&request.asset)?;
        let latest = store::seconds::latest(&self.pool, asset).await?;
        let newest = latest.and_then(|second| second.aggregates.into_iter().last());
        let mut aggregate =
            newest.unwrap_or_else(|| Aggregate { asset: asset.name().to_owned(), ..Default::default() });
        let age = match aggregate.at.as_ref() {
            Some(at) => self.clock.now() - from_timestamp(Some(at))?,
            None => STALE,
        };
        if age >= STALE {
            // Never the last one: what nobody has seen for seconds is not the price.
            aggregate.price.clear();
            aggregate.confidence.clear();
        }
        let age_ms = u32::try_from(age.whole_milliseconds().max(0)).unwrap_or(u32::MAX);
        Ok(GetAggregateResponse { aggregate: Some(aggregate), age_ms })
    }

    async fn series(&self, request: &GetSeriesRequest) -> Result<GetSeriesResponse, Unanswered> {
        let asset = asset(&request.asset)?;
        let (first, last) = (Second::new(request.first_second), Second::new(request.last_second));
        if request.every_seconds > 0 {
            let every = i64::from(request.every_seconds);
            let points = store::seconds::points(&self.pool, asset, first, last, every).await?;
            let seconds = points.into_iter().map(|(second, price)| SecondMessage {
                second,
                complete: true,
                aggregates: vec![Aggregate {
                    asset: asset.name().to_owned(),
                    price: price.to_string(),
                    at: Some(timestamp(Second::new(second).begin().time())),
                    ..Default::default()
                }],
            });
            return Ok(GetSeriesResponse { seconds: seconds.collect() });
        }
        let frames = store::seconds::encoded(&self.pool, asset, first, last).await?;
        let mut bytes = 0;
        let seconds = frames
            .iter()
            .take_while(|frame| {
                bytes += frame.len() + 8;
                bytes <= ANSWER_BYTES
            })
            .map(|frame| {
                SecondMessage::decode(frame.as_slice())
                    .map_err(|_| Fault::bug("a stored second does not decode"))
            })
            .collect::<Result<_, _>>()?;
        Ok(GetSeriesResponse { seconds })
    }
}

impl Queries {
    async fn candles(&self, request: &GetCandlesRequest) -> Result<GetCandlesResponse, Unanswered> {
        let asset = asset(&request.asset)?;
        let (first, last) = (Second::new(request.first_second), Second::new(request.last_second));
        let candles = store::candles::between(&self.pool, asset, first, last).await?;
        let candles = candles.into_iter().map(|candle| Candle {
            second: candle.minute,
            open: candle.open.normalize().to_string(),
            high: candle.high.normalize().to_string(),
            low: candle.low.normalize().to_string(),
            close: candle.close.normalize().to_string(),
            seconds: u32::try_from(candle.seconds).unwrap_or_default(),
        });
        Ok(GetCandlesResponse { candles: candles.collect() })
    }
}

fn asset(name: &str) -> Result<Asset, Unanswered> {
    Asset::from_name(name).ok_or_else(Unanswered::not_found)
}
