//! A series for a chart, from the same stored seconds that settle rooms.

use super::{Clients, answered};
use crate::pictures::Point;
use chassis::Fault;
use proto::oracle::{GetCandlesRequest, GetSeriesRequest};
use rust_decimal::Decimal;
use std::time::Duration;
use tonic::Status;

/// A chart is nothing to wait for: asked once, and not for long.
const PATIENCE: Duration = Duration::from_millis(1_500);

/// Spans up to here are drawn from seconds, longer ones from minutes.
const SECONDS: i64 = 3_600;

/// More points than this no eye can tell apart.
const POINTS: i64 = 400;

/// Candles of one answer.
const PAGE: usize = 1_000;

impl Clients {
    /// The prices of an asset from one Unix second to another in ascending order, at most some 400 of them. Empty where
    /// nothing is stored.
    ///
    /// # Errors
    /// oracle-svc does not answer.
    pub async fn points(&self, asset: &str, first: i64, last: i64) -> Result<Vec<Point>, Fault> {
        let reading = async {
            if last - first <= SECONDS {
                return self.seconds(asset, first, last).await;
            }
            let minutes = self.minutes(asset, first, last).await?;
            Ok(joined(&minutes))
        };
        let late = |_| Err(Fault::upstream("oracle-svc", Status::deadline_exceeded("no answer in time")));
        tokio::time::timeout(PATIENCE, reading).await.unwrap_or_else(late)
    }

    async fn seconds(&self, asset: &str, first: i64, last: i64) -> Result<Vec<Point>, Fault> {
        let every = u32::try_from((last - first) / POINTS + 1).unwrap_or(1);
        let request = GetSeriesRequest {
            asset: asset.to_owned(),
            first_second: first,
            last_second: last,
            every_seconds: every,
        };
        let answer = self.oracle.clone().get_series(request).await.map(tonic::Response::into_inner);
        let seconds = answered("oracle-svc", answer)?.seconds;
        let price = |second: &proto::oracle::Second| {
            let price = second.aggregates.iter().rev().find(|aggregate| !aggregate.price.is_empty())?;
            Some((second.second, price.price.clone()))
        };
        let points = seconds.iter().filter_map(price).map(|(second, price)| {
            let close = proto::decimal(&price)?;
            Ok(Point { second, low: close, high: close, close })
        });
        points.collect()
    }

    async fn minutes(&self, asset: &str, first: i64, last: i64) -> Result<Vec<Point>, Fault> {
        let (mut points, mut from) = (Vec::new(), first);
        while from <= last {
            let request =
                GetCandlesRequest { asset: asset.to_owned(), first_second: from, last_second: last };
            let answer = self.oracle.clone().get_candles(request).await.map(tonic::Response::into_inner);
            let candles = answered("oracle-svc", answer)?.candles;
            let read = candles.len();
            for candle in candles {
                from = from.max(candle.second + 1);
                // A candle is told by its end: that is when it closed.
                let second = (candle.second + 59).min(last);
                let value = |text: &str| proto::decimal(text);
                let (low, high) = (value(&candle.low)?, value(&candle.high)?);
                points.push(Point { second, low, high, close: value(&candle.close)? });
            }
            if read < PAGE {
                break;
            }
        }
        Ok(points)
    }
}

/// Several minutes as one point each, so that no spike is lost.
fn joined(minutes: &[Point]) -> Vec<Point> {
    let most = usize::try_from(POINTS).unwrap_or(1);
    let together = |group: &[Point]| {
        let last = group.last()?;
        let low = group.iter().map(|point| point.low).min().unwrap_or(last.low);
        let high: Decimal = group.iter().map(|point| point.high).max().unwrap_or(last.high);
        Some(Point { low, high, ..*last })
    };
    minutes.chunks(minutes.len().div_ceil(most).max(1)).filter_map(together).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_spike_is_lost_where_minutes_are_joined() {
        let minute = |at: i64, high: i64| Point {
            second: at * 60 + 59,
            low: Decimal::from(150),
            high: Decimal::from(high),
            close: Decimal::from(151),
        };
        let minutes: Vec<_> = (0..1_500).map(|at| minute(at, if at == 777 { 170 } else { 152 })).collect();
        let points = joined(&minutes);
        assert_eq!((points.len(), points.last().unwrap().second), (375, 1_499 * 60 + 59));
        assert_eq!(points.iter().filter(|point| point.high == Decimal::from(170)).count(), 1);
        assert_eq!(joined(&minutes[..300]), minutes[..300], "few stay as they are");
        assert!(joined(&[]).is_empty());
    }
}
