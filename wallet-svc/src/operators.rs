//! What operators do over gRPC. Each call is a command under the id of its request: it enters the same inbox as one that
//! comes over the broker, so the same id through both doors has one effect.

use crate::{queries::Slice, store};
use chassis::{Db, Door, grpc::Unanswered};
use proto::wallet::{
    ApproveWithdrawalRequest, ApproveWithdrawalResponse, ListAnomaliesRequest, ListAnomaliesResponse,
    ListBansRequest, ListBansResponse, ListPausesRequest, ListPausesResponse, PauseWithdrawalsRequest,
    PauseWithdrawalsResponse, RejectWithdrawalRequest, RejectWithdrawalResponse, ResumeWithdrawalsRequest,
    ResumeWithdrawalsResponse, SetBanRequest, SetBanResponse, TakeProofRequest, TakeProofResponse,
    wallet_operator_service_server::WalletOperatorService,
};
use tonic::{Request, Response, Status, async_trait};

/// Findings of a listing that does not say how many.
const ANOMALIES: u32 = 20;

/// Findings of one listing at most.
const ANOMALIES_MAX: u32 = 200;

/// Hands commands in and lists pauses and findings.
pub struct Operators {
    /// To the inbox.
    pub door: Door,
    /// Read only.
    pub db: Db,
}

#[async_trait]
impl WalletOperatorService for Operators {
    async fn approve_withdrawal(
        &self,
        request: Request<ApproveWithdrawalRequest>,
    ) -> Result<Response<ApproveWithdrawalResponse>, Status> {
        let ApproveWithdrawalRequest { request_id, command } = request.into_inner();
        let outcome = self.door.enter_signed(&request_id, command).await?;
        Ok(Response::new(ApproveWithdrawalResponse { outcome }))
    }

    async fn reject_withdrawal(
        &self,
        request: Request<RejectWithdrawalRequest>,
    ) -> Result<Response<RejectWithdrawalResponse>, Status> {
        let RejectWithdrawalRequest { request_id, command } = request.into_inner();
        let outcome = self.door.enter_signed(&request_id, command).await?;
        Ok(Response::new(RejectWithdrawalResponse { outcome }))
    }

    async fn pause_withdrawals(
        &self,
        request: Request<PauseWithdrawalsRequest>,
    ) -> Result<Response<PauseWithdrawalsResponse>, Status> {
        let PauseWithdrawalsRequest { request_id, command } = request.into_inner();
        let outcome = self.door.enter_signed(&request_id, command).await?;
        Ok(Response::new(PauseWithdrawalsResponse { outcome }))
    }

    async fn resume_withdrawals(
        &self,
        request: Request<ResumeWithdrawalsRequest>,
    ) -> Result<Response<ResumeWithdrawalsResponse>, Status> {
        let ResumeWithdrawalsRequest { request_id, command } = request.into_inner();
        let outcome = self.door.enter_signed(&request_id, command).await?;
        Ok(Response::new(ResumeWithdrawalsResponse { outcome }))
    }

    async fn set_ban(&self, request: Request<SetBanRequest>) -> Result<Response<SetBanResponse>, Status> {
        let SetBanRequest { request_id, command } = request.into_inner();
        let outcome = self.door.enter_signed(&request_id, command).await?;
        Ok(Response::new(SetBanResponse { outcome }))
    }

    async fn list_bans(
        &self,
        request: Request<ListBansRequest>,
    ) -> Result<Response<ListBansResponse>, Status> {
        let slice = Slice::of(request.into_inner().page.unwrap_or_default()).map_err(Unanswered::from)?;
        let page = store::ban::page(self.db.pool(), slice.offset, slice.limit).await;
        let (bans, total) = page.map_err(Unanswered::from)?;
        Ok(Response::new(ListBansResponse {
            bans,
            total: total.try_into().unwrap_or_default(),
            next_page_token: slice.next(total),
        }))
    }

    async fn take_proof(
        &self,
        request: Request<TakeProofRequest>,
    ) -> Result<Response<TakeProofResponse>, Status> {
        let TakeProofRequest { request_id, command } = request.into_inner();
        let outcome = self.door.enter_signed(&request_id, command).await?;
        Ok(Response::new(TakeProofResponse { outcome }))
    }

    async fn list_pauses(
        &self,
        _: Request<ListPausesRequest>,
    ) -> Result<Response<ListPausesResponse>, Status> {
        let pauses = store::pause::all(self.db.pool()).await.map_err(Unanswered::from)?;
        Ok(Response::new(ListPausesResponse {
            pauses: pauses.iter().map(store::pause::Pause::wire).collect(),
        }))
    }

    async fn list_anomalies(
        &self,
        request: Request<ListAnomaliesRequest>,
    ) -> Result<Response<ListAnomaliesResponse>, Status> {
        let size = match request.get_ref().size {
            0 => ANOMALIES,
            size => size.min(ANOMALIES_MAX),
        };
        let anomalies = store::anomaly::newest(self.db.pool(), size).await.map_err(Unanswered::from)?;
        Ok(Response::new(ListAnomaliesResponse { anomalies }))
    }
}
