//! Questions about notifications over gRPC.

use crate::{
    settings::Rules,
    tracking::queries::Lists,
    store::{
        listing::{self, Place},
        preferences,
    },
};
use chassis::{Db, grpc::Unanswered};
use proto::{
    AccountId, Malformed,
    notifier::{
        self, ListNotificationsRequest, ListNotificationsResponse, notifier_service_server::NotifierService,
    },
};
use std::collections::BTreeSet;
use time::OffsetDateTime;
use tonic::{Request, Response, Status, async_trait};

/// Rows of a page where the caller does not say.
const PAGE: u32 = 20;

/// Rows of one page at most.
const PAGE_MAX: u32 = 100;

/// Answers from the schema.
pub struct Queries {
    /// Read only.
    pub db: Db,
    /// What holds for who never said anything.
    pub rules: Rules,
    /// What is tracked, waited for and found.
    pub lists: Lists,
}

impl Queries {
    async fn list(&self, request: ListNotificationsRequest) -> Result<ListNotificationsResponse, Unanswered> {
        let account = AccountId::try_from_bytes(&request.account_id)?;
        let page = request.page.unwrap_or_default();
        let after = match page.token.as_str() {
            "" => None,
            token => Some(place(token).ok_or(Malformed("page token"))?),
        };
        let size = if page.size == 0 { PAGE } else { page.size.min(PAGE_MAX) };
        // One more than asked for tells whether there is a next page.
        let mut rows = listing::notifications(self.db.pool(), account, after, i64::from(size) + 1).await?;
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let more = rows.len() > size;
        rows.truncate(size);
        let last = rows.last().filter(|_| more).map(|(place, _)| token(*place));
        Ok(ListNotificationsResponse {
            notifications: rows.into_iter().map(|(_, notification)| notification).collect(),
            next_page_token: last.unwrap_or_default(),
        })
    }
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
        _: Request<notifier::GetWebhookRequest>,
    ) -> Result<Response<notifier::GetWebhookResponse>, Status> {
        Err(Status::unimplemented("not yet"))
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
        _: Request<notifier::GetDeliveriesRequest>,
    ) -> Result<Response<notifier::GetDeliveriesResponse>, Status> {
        Err(Status::unimplemented("not yet"))
    }

    async fn preview_broadcast(
        &self,
        _: Request<notifier::PreviewBroadcastRequest>,
    ) -> Result<Response<notifier::PreviewBroadcastResponse>, Status> {
        Err(Status::unimplemented("not yet"))
    }

    async fn list_broadcasts(
        &self,
        _: Request<notifier::ListBroadcastsRequest>,
    ) -> Result<Response<notifier::ListBroadcastsResponse>, Status> {
        Err(Status::unimplemented("not yet"))
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
