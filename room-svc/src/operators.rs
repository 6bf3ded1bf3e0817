//! What operators do over gRPC. The call is a command under the id of its request: it enters the same inbox as one that
//! comes over the broker, so the same id through both doors has one effect.

use chassis::Door;
use proto::room::{
    OpenOperatorRoomRequest, OpenOperatorRoomResponse, room_operator_service_server::RoomOperatorService,
};
use tonic::{Request, Response, Status, async_trait};

/// Hands commands in.
pub struct Operators {
    /// To the inbox.
    pub door: Door,
}

#[async_trait]
impl RoomOperatorService for Operators {
    async fn open_operator_room(
        &self,
        request: Request<OpenOperatorRoomRequest>,
    ) -> Result<Response<OpenOperatorRoomResponse>, Status> {
        let OpenOperatorRoomRequest { request_id, command } = request.into_inner();
        let outcome = self.door.enter_signed(&request_id, command).await?;
        Ok(Response::new(OpenOperatorRoomResponse { outcome }))
    }

    async fn register_arena(
        &self,
        _: Request<proto::room::RegisterArenaRequest>,
    ) -> Result<Response<proto::room::RegisterArenaResponse>, Status> {
        Err(Status::unimplemented("not yet"))
    }

    async fn retire_arena(
        &self,
        _: Request<proto::room::RetireArenaRequest>,
    ) -> Result<Response<proto::room::RetireArenaResponse>, Status> {
        Err(Status::unimplemented("not yet"))
    }

    async fn list_arenas(
        &self,
        _: Request<proto::room::ListArenasRequest>,
    ) -> Result<Response<proto::room::ListArenasResponse>, Status> {
        Err(Status::unimplemented("not yet"))
    }
}
