//! What operators do over gRPC. Each call is a command under the id of its request: it enters the same inbox as one that
//! comes over the broker, so the same id through both doors has one effect.

use crate::store::{dispute, ruling, settlement};
use chassis::{Db, Door, grpc::Unanswered};
use proto::{
    Malformed,
    settlement::{
        DisputeState, JudgeDisputeRequest, JudgeDisputeResponse, ListDisputesRequest, ListDisputesResponse,
        ListWaitingRequest, ListWaitingResponse, RuleRoomRequest, RuleRoomResponse, WaitingRoom,
        settlement_operator_service_server::SettlementOperatorService,
    },
    timestamp,
};
use time::OffsetDateTime;
use tonic::{Request, Response, Status, async_trait};
use uuid::Uuid;

/// Disputes of a page that does not say how many, and at most.
const PAGE: u32 = 20;
const PAGE_MAX: u32 = 100;

/// Rooms of one listing at most; nobody looks at more at once.
const WAITING_MAX: i64 = 200;

/// Hands commands in and lists what waits.
pub struct Operators {
    /// To the inbox.
    pub door: Door,
    /// Read only.
    pub db: Db,
}

impl Operators {
    async fn disputes(&self, request: ListDisputesRequest) -> Result<ListDisputesResponse, Unanswered> {
        let state = match DisputeState::try_from(request.state) {
            Ok(DisputeState::Unspecified) => None,
            Ok(state) => Some(state),
            Err(_) => return Err(Malformed("unknown state").into()),
        };
        let page = request.page.unwrap_or_default();
        let size = if page.size == 0 { PAGE } else { page.size.min(PAGE_MAX) };
        let after = match page.token.as_str() {
            "" => None,
            token => Some(place(token).ok_or(Malformed("page token"))?),
        };
        // One more, to see whether there is a next page.
        let mut found = dispute::page(self.db.pool(), state, after, i64::from(size) + 1).await?;
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let more = found.len() > size;
        found.truncate(size);
        let last = found.last().filter(|_| more);
        let token = last.map(|last| format!("{}.{}", last.opened_at.unix_timestamp_nanos(), last.id));
        Ok(ListDisputesResponse {
            disputes: found.iter().map(dispute::Dispute::wire).collect(),
            next_page_token: token.unwrap_or_default(),
        })
    }

    async fn waiting(&self) -> Result<ListWaitingResponse, Unanswered> {
        let connection = &mut *self.db.pool().reader().await?;
        let mut rooms = Vec::new();
        for room in ruling::waiting(connection, WAITING_MAX).await? {
            let standing = settlement::read(connection, room).await?.map(|standing| standing.settlement);
            let rulings = ruling::newest(connection, room).await?;
            rooms.push(WaitingRoom {
                room_id: room.bytes(),
                verdict: standing.as_ref().map(|settlement| (&settlement.verdict).into()),
                until: standing.and_then(|settlement| settlement.waits_until).map(timestamp),
                rulings: rulings.iter().map(ruling::Given::wire).collect(),
            });
        }
        Ok(ListWaitingResponse { rooms })
    }
}

/// Where a page ended.
fn place(token: &str) -> Option<(OffsetDateTime, Uuid)> {
    let (nanos, id) = token.split_once('.')?;
    Some((OffsetDateTime::from_unix_timestamp_nanos(nanos.parse().ok()?).ok()?, id.parse().ok()?))
}

#[async_trait]
impl SettlementOperatorService for Operators {
    async fn rule_room(
        &self,
        request: Request<RuleRoomRequest>,
    ) -> Result<Response<RuleRoomResponse>, Status> {
        let RuleRoomRequest { request_id, command } = request.into_inner();
        let outcome = self.door.enter_signed(&request_id, command).await?;
        Ok(Response::new(RuleRoomResponse { outcome }))
    }

    async fn judge_dispute(
        &self,
        request: Request<JudgeDisputeRequest>,
    ) -> Result<Response<JudgeDisputeResponse>, Status> {
        let JudgeDisputeRequest { request_id, command } = request.into_inner();
        let outcome = self.door.enter_signed(&request_id, command).await?;
        Ok(Response::new(JudgeDisputeResponse { outcome }))
    }

    async fn list_disputes(
        &self,
        request: Request<ListDisputesRequest>,
    ) -> Result<Response<ListDisputesResponse>, Status> {
        Ok(Response::new(self.disputes(request.into_inner()).await?))
    }

    async fn list_waiting(
        &self,
        _: Request<ListWaitingRequest>,
    ) -> Result<Response<ListWaitingResponse>, Status> {
        Ok(Response::new(self.waiting().await?))
    }
}
