//! Questions this service answers over gRPC.

use crate::{
    domain::{State, Totals, Verdict},
    evidence::Bundles,
    leaderboard::Boards,
    results,
    store::{facts, referral, settlement},
};
use async_trait::async_trait;
use chassis::{Pool, grpc::Unanswered};
use futures::{Stream, StreamExt};
use proto::{
    AccountId, Lamports, RoomId,
    settlement::{
        GetEvidenceRequest, GetEvidenceResponse, GetLeaderboardRequest, GetLeaderboardResponse,
        GetPlayerRequest, GetPlayerResponse, GetReferralsRequest, GetReferralsResponse, GetSettlementRequest,
        GetSettlementResponse, ListResultsRequest, ListResultsResponse, SettlementState,
        settlement_service_server,
    },
    timestamp,
};
use std::pin::Pin;
use tonic::{Request, Response, Status};

/// Answers from the stored facts.
pub struct Queries {
    pool: Pool,
    bundles: Bundles,
    boards: Boards,
}

impl Queries {
    /// Reads from the given database.
    pub const fn new(pool: Pool, bundles: Bundles, boards: Boards) -> Self {
        Self { pool, bundles, boards }
    }

    async fn settlement(&self, room: &[u8]) -> Result<GetSettlementResponse, Unanswered> {
        let room = RoomId::try_from_bytes(room)?;
        let mut connection = self.pool.reader().await?;
        let standing = settlement::read(&mut connection, room).await?;
        let standing = standing.ok_or_else(Unanswered::not_found)?.settlement;
        let totals = facts::totals(&mut connection, room).await?;
        let receipt = facts::receipt(&mut connection, room).await?;
        let ruling = totals.as_ref().map_or(standing.verdict.ruling, |totals| totals.ruling);
        let waits_until = standing.waits_until.map(timestamp);
        let verdict = Verdict { ruling, ..standing.verdict };
        let answer = answer(room, &verdict, standing.state, totals, receipt);
        Ok(GetSettlementResponse { waits_until, ..answer })
    }

    async fn referrals(&self, account: &[u8]) -> Result<GetReferralsResponse, Unanswered> {
        let account = AccountId::try_from_bytes(account)?;
        Ok(referral::screen(&mut *self.pool.reader().await?, account).await?.into())
    }
}

fn answer(
    room: RoomId,
    verdict: &Verdict,
    state: State,
    totals: Option<Totals>,
    receipt: Option<facts::Receipt>,
) -> GetSettlementResponse {
    let (protocol_fee, host_fee, referrals, root) = totals
        .map(|totals| {
            let [protocol, host, referrals] =
                [totals.protocol_fee, totals.host_fee, totals.referrals].map(Lamports::get);
            (protocol, host, referrals, totals.root.to_vec())
        })
        .unwrap_or_default();
    GetSettlementResponse {
        room_id: room.bytes(),
        verdict: Some(verdict.into()),
        state: SettlementState::from(state).into(),
        protocol_fee_lamports: protocol_fee,
        host_fee_lamports: host_fee,
        referral_lamports: referrals,
        root,
        receipt_signature: receipt.map(|receipt| receipt.signature).unwrap_or_default(),
        ..GetSettlementResponse::default()
    }
}

impl From<State> for SettlementState {
    fn from(state: State) -> Self {
        match state {
            State::Decided => Self::Decided,
            State::Frozen => Self::Frozen,
            State::Computed => Self::Computed,
            State::Posting => Self::Posting,
            State::Posted => Self::Posted,
            State::Anchored => Self::Anchored,
        }
    }
}

#[async_trait]
impl settlement_service_server::SettlementService for Queries {
    async fn get_settlement(
        &self,
        request: Request<GetSettlementRequest>,
    ) -> Result<Response<GetSettlementResponse>, Status> {
        Ok(Response::new(self.settlement(&request.get_ref().room_id).await?))
    }

    async fn get_referrals(
        &self,
        request: Request<GetReferralsRequest>,
    ) -> Result<Response<GetReferralsResponse>, Status> {
        Ok(Response::new(self.referrals(&request.get_ref().account_id).await?))
    }

    type GetEvidenceStream = Pin<Box<dyn Stream<Item = Result<GetEvidenceResponse, Status>> + Send>>;

    async fn get_evidence(
        &self,
        request: Request<GetEvidenceRequest>,
    ) -> Result<Response<Self::GetEvidenceStream>, Status> {
        let room = RoomId::try_from_bytes(&request.get_ref().room_id).map_err(Unanswered::from)?;
        let bundle = self.bundles.find(room).await.map_err(Unanswered::from)?;
        let pieces = bundle.ok_or_else(Unanswered::not_found)?.pieces().map(|piece| match piece {
            Ok(piece) => Ok(GetEvidenceResponse { bundle: piece.to_vec() }),
            Err(fault) => Err(Unanswered::from(fault).into()),
        });
        Ok(Response::new(Box::pin(pieces)))
    }

    async fn get_player(
        &self,
        request: Request<GetPlayerRequest>,
    ) -> Result<Response<GetPlayerResponse>, Status> {
        Ok(Response::new(results::player(&self.pool, request.into_inner()).await?))
    }

    async fn list_results(
        &self,
        request: Request<ListResultsRequest>,
    ) -> Result<Response<ListResultsResponse>, Status> {
        Ok(Response::new(results::list(&self.pool, request.into_inner()).await?))
    }

    async fn get_leaderboard(
        &self,
        request: Request<GetLeaderboardRequest>,
    ) -> Result<Response<GetLeaderboardResponse>, Status> {
        Ok(Response::new(self.boards.page(request.into_inner()).await?))
    }
}
