//! What operators do over gRPC. The call is a command under the id of its request: it enters the same inbox as one that
//! comes over the broker, so the same id through both doors has one effect.

use crate::{domain::arena::Arena, store};
use chassis::{Db, Door, grpc::Unanswered};
use proto::room::{
    ListArenasRequest, ListArenasResponse, LockRoomRequest, LockRoomResponse, OpenOperatorRoomRequest,
    OpenOperatorRoomResponse, RegisterArenaRequest, RegisterArenaResponse, RetireArenaRequest,
    RetireArenaResponse, room_operator_service_server::RoomOperatorService,
};
use tonic::{Request, Response, Status, async_trait};

/// Hands commands in.
pub struct Operators {
    /// To the inbox.
    pub door: Door,
    /// For what is only read.
    pub db: Db,
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

    async fn lock_room(
        &self,
        request: Request<LockRoomRequest>,
    ) -> Result<Response<LockRoomResponse>, Status> {
        let LockRoomRequest { request_id, command } = request.into_inner();
        let outcome = self.door.enter_signed(&request_id, command).await?;
        Ok(Response::new(LockRoomResponse { outcome }))
    }

    async fn register_arena(
        &self,
        request: Request<RegisterArenaRequest>,
    ) -> Result<Response<RegisterArenaResponse>, Status> {
        let RegisterArenaRequest { request_id, command } = request.into_inner();
        let outcome = self.door.enter_signed(&request_id, command).await?;
        Ok(Response::new(RegisterArenaResponse { outcome }))
    }

    async fn retire_arena(
        &self,
        request: Request<RetireArenaRequest>,
    ) -> Result<Response<RetireArenaResponse>, Status> {
        let RetireArenaRequest { request_id, command } = request.into_inner();
        let outcome = self.door.enter_signed(&request_id, command).await?;
        Ok(Response::new(RetireArenaResponse { outcome }))
    }

    async fn list_arenas(
        &self,
        _: Request<ListArenasRequest>,
    ) -> Result<Response<ListArenasResponse>, Status> {
        let arenas = async {
            let mut connection = self.db.pool().reader().await?;
            Ok::<_, Unanswered>(store::arena::all(&mut connection).await?)
        };
        let arenas = arenas.await?.iter().map(Arena::to_message).collect();
        Ok(Response::new(ListArenasResponse { arenas }))
    }
}
