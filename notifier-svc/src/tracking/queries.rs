//! Lists of what is tracked, waited for and found.

use super::settings::Limits;
use crate::store::{price_alert, scan, signal, smart_wallet, tracked};
use chassis::{Clock, Db, grpc::Unanswered};
use proto::{
    AccountId, Malformed,
    common::Page,
    notifier::{
        ListPriceAlertsRequest, ListPriceAlertsResponse, ListSignalsRequest, ListSignalsResponse,
        ListSmartWalletsRequest, ListSmartWalletsResponse, ListTrackedRequest, ListTrackedResponse,
    },
    timestamp,
};
use time::{Date, Duration};

/// Rows of a page where the caller does not say, and at most.
const PAGE: u32 = 20;
const PAGE_MAX: u32 = 100;

/// Older signals are not listed.
const LISTED: Duration = Duration::days(7);

/// Answers from the schema.
#[derive(Clone)]
pub struct Lists {
    /// Read only.
    pub db: Db,
    /// For what is old.
    pub clock: Clock,
    /// Told with the lists.
    pub limits: Limits,
}

impl Lists {
    /// The wallets that an account tracks.
    ///
    /// # Errors
    /// The request or the database.
    pub async fn tracked(&self, request: &ListTrackedRequest) -> Result<ListTrackedResponse, Unanswered> {
        let account = AccountId::try_from_bytes(&request.account_id)?;
        let wallets = tracked::list(self.db.pool(), account).await?;
        let wallets = wallets.into_iter().map(tracked::Tracked::into_message).collect();
        Ok(ListTrackedResponse { wallets, max: self.limits.wallets.into() })
    }

    /// The price alerts of an account that wait.
    ///
    /// # Errors
    /// The request or the database.
    pub async fn price_alerts(
        &self,
        request: &ListPriceAlertsRequest,
    ) -> Result<ListPriceAlertsResponse, Unanswered> {
        let account = AccountId::try_from_bytes(&request.account_id)?;
        let alerts = price_alert::list(self.db.pool(), account).await?;
        Ok(ListPriceAlertsResponse { alerts, max: self.limits.price_alerts.into() })
    }

    /// The operators' list, in the order of addresses.
    ///
    /// # Errors
    /// The database.
    pub async fn smart_wallets(
        &self,
        request: ListSmartWalletsRequest,
    ) -> Result<ListSmartWalletsResponse, Unanswered> {
        let page = request.page.unwrap_or_default();
        let size = size(&page);
        let mut wallets = smart_wallet::page(self.db.pool(), &page.token, size.asked()).await?;
        let more = size.cut(&mut wallets);
        let last = wallets.last().filter(|_| more).map(|wallet| wallet.address.clone());
        Ok(ListSmartWalletsResponse { wallets, next_page_token: last.unwrap_or_default() })
    }

    /// The signals of the last seven days, and how often signals were right.
    ///
    /// # Errors
    /// The request or the database.
    pub async fn signals(&self, request: ListSignalsRequest) -> Result<ListSignalsResponse, Unanswered> {
        let page = request.page.unwrap_or_default();
        let after = match page.token.as_str() {
            "" => None,
            token => Some(place(token).ok_or(Malformed("page token"))?),
        };
        let size = size(&page);
        let since = self.clock.now() - LISTED;
        let mut signals = signal::page(self.db.pool(), since, after, size.asked()).await?;
        let more = size.cut(&mut signals);
        let last = signals.last().filter(|_| more).map(|(place, _)| token(place));
        let (right, wrong) = signal::record(self.db.pool()).await?;
        Ok(ListSignalsResponse {
            signals: signals.into_iter().map(|(_, signal)| signal).collect(),
            next_page_token: last.unwrap_or_default(),
            right: u32::try_from(right).unwrap_or(u32::MAX),
            wrong: u32::try_from(wrong).unwrap_or(u32::MAX),
            scanned_at: scan::last(self.db.pool()).await?.map(timestamp),
        })
    }
}

/// Rows of a page.
#[derive(Clone, Copy)]
struct Size(u32);

fn size(page: &Page) -> Size {
    Size(if page.size == 0 { PAGE } else { page.size.min(PAGE_MAX) })
}

impl Size {
    /// One more tells whether there is a next page.
    fn asked(self) -> i64 {
        i64::from(self.0) + 1
    }

    fn cut<T>(self, rows: &mut Vec<T>) -> bool {
        let size = usize::try_from(self.0).unwrap_or(usize::MAX);
        let more = rows.len() > size;
        rows.truncate(size);
        more
    }
}

fn token((day, score, id): &signal::Place) -> String {
    format!("{}.{score}.{id}", day.to_julian_day())
}

fn place(token: &str) -> Option<signal::Place> {
    let mut parts = token.splitn(3, '.');
    let day = Date::from_julian_day(parts.next()?.parse().ok()?).ok()?;
    Some((day, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_token_leads_back_to_its_place() {
        let here = (Date::from_julian_day(2_461_110).unwrap(), 72, Uuid::from_u128(7));
        assert_eq!(place(&token(&here)), Some(here));
        for wrong in ["", "1", "1.2", "1.2.", "x.2.00000000-0000-0000-0000-000000000007", "1.2.3"] {
            assert_eq!(place(wrong), None, "{wrong}");
        }
    }
}
