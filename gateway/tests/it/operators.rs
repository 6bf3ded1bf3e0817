//! What operators are shown by the services, as part of the services the gateway asks.

use crate::services::Services;
use proto::{
    settlement::{self, settlement_operator_service_server::SettlementOperatorService},
    wallet::{self, wallet_operator_service_server::WalletOperatorService},
};
use tonic::{Request, Response, Status};

/// What waits for operators.
#[derive(Default)]
pub struct Desk {
    pub waiting: Vec<settlement::WaitingRoom>,
    pub disputes: Vec<settlement::Dispute>,
    pub pauses: Vec<wallet::Pause>,
}

fn never<T>() -> Result<Response<T>, Status> {
    Err(Status::unimplemented("the gateway decides nothing"))
}

#[tonic::async_trait]
impl SettlementOperatorService for Services {
    async fn rule_room(
        &self,
        _: Request<settlement::RuleRoomRequest>,
    ) -> Result<Response<settlement::RuleRoomResponse>, Status> {
        never()
    }

    async fn judge_dispute(
        &self,
        _: Request<settlement::JudgeDisputeRequest>,
    ) -> Result<Response<settlement::JudgeDisputeResponse>, Status> {
        never()
    }

    async fn list_disputes(
        &self,
        request: Request<settlement::ListDisputesRequest>,
    ) -> Result<Response<settlement::ListDisputesResponse>, Status> {
        let state = request.into_inner().state();
        let mut disputes = self.state.lock().unwrap().desk.disputes.clone();
        disputes.retain(|dispute| dispute.state() == state);
        Ok(Response::new(settlement::ListDisputesResponse { disputes, next_page_token: String::new() }))
    }

    async fn list_waiting(
        &self,
        _: Request<settlement::ListWaitingRequest>,
    ) -> Result<Response<settlement::ListWaitingResponse>, Status> {
        let rooms = self.state.lock().unwrap().desk.waiting.clone();
        Ok(Response::new(settlement::ListWaitingResponse { rooms }))
    }
}

#[tonic::async_trait]
impl WalletOperatorService for Services {
    async fn approve_withdrawal(
        &self,
        _: Request<wallet::ApproveWithdrawalRequest>,
    ) -> Result<Response<wallet::ApproveWithdrawalResponse>, Status> {
        never()
    }

    async fn reject_withdrawal(
        &self,
        _: Request<wallet::RejectWithdrawalRequest>,
    ) -> Result<Response<wallet::RejectWithdrawalResponse>, Status> {
        never()
    }

    async fn pause_withdrawals(
        &self,
        _: Request<wallet::PauseWithdrawalsRequest>,
    ) -> Result<Response<wallet::PauseWithdrawalsResponse>, Status> {
        never()
    }

    async fn resume_withdrawals(
        &self,
        _: Request<wallet::ResumeWithdrawalsRequest>,
    ) -> Result<Response<wallet::ResumeWithdrawalsResponse>, Status> {
        never()
    }

    async fn set_ban(
        &self,
        _: Request<wallet::SetBanRequest>,
    ) -> Result<Response<wallet::SetBanResponse>, Status> {
        never()
    }

    async fn list_bans(
        &self,
        _: Request<wallet::ListBansRequest>,
    ) -> Result<Response<wallet::ListBansResponse>, Status> {
        never()
    }

    async fn take_proof(
        &self,
        _: Request<wallet::TakeProofRequest>,
    ) -> Result<Response<wallet::TakeProofResponse>, Status> {
        never()
    }

    async fn list_pauses(
        &self,
        _: Request<wallet::ListPausesRequest>,
    ) -> Result<Response<wallet::ListPausesResponse>, Status> {
        let pauses = self.state.lock().unwrap().desk.pauses.clone();
        Ok(Response::new(wallet::ListPausesResponse { pauses }))
    }

    async fn list_anomalies(
        &self,
        _: Request<wallet::ListAnomaliesRequest>,
    ) -> Result<Response<wallet::ListAnomaliesResponse>, Status> {
        never()
    }
}
