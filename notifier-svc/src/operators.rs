//! What operators do over gRPC. Each call is a command under the id of its request: it enters the same inbox as one that
//! comes over the broker, so the same id through both doors has one effect.

use chassis::Door;
use proto::notifier::{
    SetSmartWalletRequest, SetSmartWalletResponse, StartBroadcastRequest, StartBroadcastResponse,
    SteerBroadcastRequest, SteerBroadcastResponse, notifier_operator_service_server::NotifierOperatorService,
};
use tonic::{Request, Response, Status, async_trait};

/// Hands commands in.
pub struct Operators {
    /// To the inbox.
    pub door: Door,
}

#[async_trait]
impl NotifierOperatorService for Operators {
    async fn set_smart_wallet(
        &self,
        request: Request<SetSmartWalletRequest>,
    ) -> Result<Response<SetSmartWalletResponse>, Status> {
        let SetSmartWalletRequest { request_id, command } = request.into_inner();
        let outcome = self.door.enter_signed(&request_id, command).await?;
        Ok(Response::new(SetSmartWalletResponse { outcome }))
    }

    async fn start_broadcast(
        &self,
        request: Request<StartBroadcastRequest>,
    ) -> Result<Response<StartBroadcastResponse>, Status> {
        let StartBroadcastRequest { request_id, command } = request.into_inner();
        let outcome = self.door.enter_signed(&request_id, command).await?;
        Ok(Response::new(StartBroadcastResponse { outcome }))
    }

    async fn steer_broadcast(
        &self,
        request: Request<SteerBroadcastRequest>,
    ) -> Result<Response<SteerBroadcastResponse>, Status> {
        let SteerBroadcastRequest { request_id, command } = request.into_inner();
        let outcome = self.door.enter_signed(&request_id, command).await?;
        Ok(Response::new(SteerBroadcastResponse { outcome }))
    }
}
