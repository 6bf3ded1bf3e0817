//! Questions about notifications over gRPC.

use crate::{
    domain::broadcast,
    settings::Rules,
    store::{
        broadcast as stored,
        listing::{self, Place},
        preferences, statistics, webhook,
    },
    tracking::queries::Lists,
    webhooks::Caller,
};
use chassis::{Db, Fault, grpc::Unanswered};
use proto::{
    AccountId, Malformed,
    common::Page,
    notifier::{
        self, ListBroadcastsResponse, ListNotificationsRequest, ListNotificationsResponse,
        notifier_service_server::NotifierService,
    },
    timestamp,
};
use std::{collections::BTreeSet, sync::Arc};
use time::OffsetDateTime;
use tonic::{Request, Response, Status, async_trait};

/// Rows of a page where the caller does not say.
const PAGE: u32 = 20;

/// Rows of one page at most.
const PAGE_MAX: u32 = 100;

/// Days of statistics where the caller does not say, and at most.
const DAYS: u32 = 7;
const DAYS_MAX: u32 = 90;

/// Answers from the schema.
pub struct Queries {
    /// Read only.
    pub db: Db,
    /// What holds for who never said anything.
    pub rules: Rules,
    /// What is tracked, waited for and found.
    pub lists: Lists,
    /// Knows the keys of webhooks.
    pub webhooks: Option<Arc<Caller>>,
}

impl Queries {
    async fn list(&self, request: ListNotificationsRequest) -> Result<ListNotificationsResponse, Unanswered> {
        let account = AccountId::try_from_bytes(&request.account_id)?;
        let rows = async |after, limit| listing::notifications(self.db.pool(), account, after, limit).await;
        let (notifications, next_page_token) = paged(request.page, rows).await?;
        Ok(ListNotificationsResponse { notifications, next_page_token })
    }

    async fn webhook(&self, account: &[u8]) -> Result<notifier::GetWebhookResponse, Unanswered> {
        let account = AccountId::try_from_bytes(account)?;
        let found = webhook::of(self.db.pool(), account).await?;
        let (webhook, caller) = found.zip(self.webhooks.as_ref()).ok_or_else(Unanswered::not_found)?;
        Ok(notifier::GetWebhookResponse {
            key: caller.key(account, &webhook.url),
            url: webhook.url,
            last_error: webhook.last_error,
            last_success_at: webhook.last_success_at.map(timestamp),
        })
    }

    async fn broadcasts(&self, page: Option<Page>) -> Result<ListBroadcastsResponse, Unanswered> {
        let rows = async |after, limit| stored::list(self.db.pool(), after, limit).await;
        let (broadcasts, next_page_token) = paged(page, rows).await?;
        Ok(ListBroadcastsResponse { broadcasts, next_page_token })
    }
}

/// A page of rows, and the token of the next one.
async fn paged<T>(
    page: Option<Page>,
    rows: impl AsyncFnOnce(Option<Place>, i64) -> Result<Vec<(Place, T)>, Fault>,
) -> Result<(Vec<T>, String), Unanswered> {
    let page = page.unwrap_or_default();
    let after = match page.token.as_str() {
        "" => None,
        token => Some(place(token).ok_or(Malformed("page token"))?),
    };
    let size = if page.size == 0 { PAGE } else { page.size.min(PAGE_MAX) };
    // One more than asked for tells whether there is a next page.
    let mut rows = rows(after, i64::from(size) + 1).await?;
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let more = rows.len() > size;
    rows.truncate(size);
    let last = rows.last().filter(|_| more).map(|(place, _)| token(*place));
    Ok((rows.into_iter().map(|(_, row)| row).collect(), last.unwrap_or_default()))
}

fn token((at, id): Place) -> String {
    format!("{}.{id}", at.unix_timestamp_nanos())
}

fn place(token: &str) -> Option<Place> {
    let (nanos, id) = token.split_once('.')?;
    Some((OffsetDateTime::from_unix_timestamp_nanos(nanos.parse().ok()?).ok()?, id.parse().ok()?))
}

#[async_trait]
impl NotifierService for Queries {
    async fn list_notifications(
        &self,
        request: Request<ListNotificationsRequest>,
    ) -> Result<Response<ListNotificationsResponse>, Status> {
        Ok(Response::new(self.list(request.into_inner()).await?))
    }

    async fn get_preferences(
        &self,
        request: Request<notifier::GetPreferencesRequest>,
    ) -> Result<Response<notifier::GetPreferencesResponse>, Status> {
        let wanted = async {
            let account = AccountId::try_from_bytes(&request.get_ref().account_id)?;
            let asked = BTreeSet::from([account]);
            let known = preferences::of(self.db.pool(), &asked, self.rules.thresholds).await?;
            Ok::<_, Unanswered>(known.of(account).to_message())
        };
        Ok(Response::new(notifier::GetPreferencesResponse { preferences: Some(wanted.await?) }))
    }

    async fn get_webhook(
        &self,
        request: Request<notifier::GetWebhookRequest>,
    ) -> Result<Response<notifier::GetWebhookResponse>, Status> {
        Ok(Response::new(self.webhook(&request.get_ref().account_id).await?))
    }

    async fn list_tracked(
        &self,
        request: Request<notifier::ListTrackedRequest>,
    ) -> Result<Response<notifier::ListTrackedResponse>, Status> {
        Ok(Response::new(self.lists.tracked(request.get_ref()).await?))
    }

    async fn list_price_alerts(
        &self,
        request: Request<notifier::ListPriceAlertsRequest>,
    ) -> Result<Response<notifier::ListPriceAlertsResponse>, Status> {
        Ok(Response::new(self.lists.price_alerts(request.get_ref()).await?))
    }

    async fn list_smart_wallets(
        &self,
        request: Request<notifier::ListSmartWalletsRequest>,
    ) -> Result<Response<notifier::ListSmartWalletsResponse>, Status> {
        Ok(Response::new(self.lists.smart_wallets(request.into_inner()).await?))
    }

    async fn list_signals(
        &self,
        request: Request<notifier::ListSignalsRequest>,
    ) -> Result<Response<notifier::ListSignalsResponse>, Status> {
        Ok(Response::new(self.lists.signals(request.into_inner()).await?))
    }

    async fn get_deliveries(
        &self,
        request: Request<notifier::GetDeliveriesRequest>,
    ) -> Result<Response<notifier::GetDeliveriesResponse>, Status> {
        let days = match request.get_ref().days {
            0 => DAYS,
            days => days.min(DAYS_MAX),
        };
        let days = statistics::deliveries(self.db.pool(), days).await.map_err(Unanswered::from)?;
        Ok(Response::new(notifier::GetDeliveriesResponse { days }))
    }

    async fn preview_broadcast(
        &self,
        request: Request<notifier::PreviewBroadcastRequest>,
    ) -> Result<Response<notifier::PreviewBroadcastResponse>, Status> {
        let words = request.into_inner().broadcast.unwrap_or_default();
        broadcast::check(&words).map_err(Unanswered::from)?;
        let recipients = stored::recipients(self.db.pool()).await.map_err(Unanswered::from)?;
        Ok(Response::new(notifier::PreviewBroadcastResponse { recipients }))
    }

    async fn list_broadcasts(
        &self,
        request: Request<notifier::ListBroadcastsRequest>,
    ) -> Result<Response<ListBroadcastsResponse>, Status> {
        Ok(Response::new(self.broadcasts(request.into_inner().page).await?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_token_leads_back_to_its_place() {
        let here = (OffsetDateTime::UNIX_EPOCH + time::Duration::microseconds(1_234_567), Uuid::from_u128(7));
        assert_eq!(place(&token(here)), Some(here));
        for wrong in ["", "1", "1.", "x.00000000-0000-0000-0000-000000000007", "1.7"] {
            assert_eq!(place(wrong), None, "{wrong}");
        }
    }
}
