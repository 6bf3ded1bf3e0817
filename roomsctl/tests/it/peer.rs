//! One server that answers for all services, over one small world.

use std::{net::SocketAddr, time::Duration};

use prost_types::Timestamp;
use proto::{
    letters::dead_letter_service_server,
    notifier::{notifier_operator_service_server, notifier_service_server},
    room::{room_operator_service_server, room_service_server::RoomService, *},
    settlement::{settlement_operator_service_server, settlement_service_server::SettlementService, *},
    wallet::{wallet_service_server::WalletService, *},
};
use tokio::net::TcpListener;
use tonic::{
    Request, Response, Status,
    transport::{Server, server::TcpIncoming},
};
use uuid::Uuid;

use crate::{desk::Desk, evidence::EXAMPLE, letters::Letters, operators::Operators, telling::Teller};

pub const ROOM: u128 = 1;
pub const ACCOUNT: u128 = 0xa;
pub const WITHDRAWAL: u128 = 0xd;

pub fn id(number: u128) -> String {
    Uuid::from_u128(number).to_string()
}

fn bytes(number: u128) -> Vec<u8> {
    number.to_be_bytes().to_vec()
}

pub struct Peer(SocketAddr);

impl Peer {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (desk, teller) = (Desk::default(), Teller::default());
        let server = Server::builder()
            .add_service(room_service_server::RoomServiceServer::new(World))
            .add_service(wallet_service_server::WalletServiceServer::new(World))
            .add_service(wallet_operator_service_server::WalletOperatorServiceServer::new(
                Operators::default(),
            ))
            .add_service(settlement_service_server::SettlementServiceServer::new(World))
            .add_service(settlement_operator_service_server::SettlementOperatorServiceServer::new(
                desk.clone(),
            ))
            .add_service(room_operator_service_server::RoomOperatorServiceServer::new(desk))
            .add_service(dead_letter_service_server::DeadLetterServiceServer::new(Letters::default()))
            .add_service(notifier_service_server::NotifierServiceServer::new(teller.clone()))
            .add_service(notifier_operator_service_server::NotifierOperatorServiceServer::new(teller))
            .serve_with_incoming(TcpIncoming::from(listener));
        tokio::spawn(server);
        Peer(address)
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.0)
    }
}

struct World;

/// Waits for operators, and for its new address until 2026-11-23 03:00:00 UTC.
pub fn withdrawal() -> Withdrawal {
    let at = |seconds| Some(Timestamp { seconds, nanos: 0 });
    Withdrawal {
        withdrawal_id: bytes(WITHDRAWAL),
        account_id: bytes(ACCOUNT),
        address: "4zvwRjXUKGfvwnParsHAS3HuSVzV5cA4McphgmoCtajS".into(),
        lamports: 10_000_000_000,
        fee_lamports: 10_000,
        state: WithdrawalState::Held.into(),
        requested_at: at(1_795_316_400),
        held_until: at(1_795_316_400 + 86_400),
        approvals_needed: 2,
        ..Withdrawal::default()
    }
}

pub fn room(number: i64) -> Room {
    // 2026-11-22 03:00:00 UTC
    let at = |minutes: i64| Some(Timestamp { seconds: 1_795_316_400 + minutes * 60, nanos: 0 });
    let terms = Terms {
        room_id: bytes(number.unsigned_abs().into()),
        kind: Kind::Touch.into(),
        asset: "SOL".into(),
        comparator: Comparator::AtOrAbove.into(),
        target: "165".into(),
        open_price: "150.01".into(),
        open_at: at(0),
        lock_at: at(30),
        deadline: at(60),
        outcomes: vec!["YES".into(), "NO".into()],
        max_players: 10,
        protocol_fee_bps: 200,
        host_fee_bps: 100,
        host_account_id: bytes(ACCOUNT),
        ..Terms::default()
    };
    let result =
        Result { void_reason: VoidReason::NoOpposition.into(), settled_at: at(61), ..Result::default() };
    Room {
        room_id: bytes(number.unsigned_abs().into()),
        number,
        terms: Some(terms),
        state: RoomState::Open.into(),
        players: 2,
        pools_lamports: vec![1_500_000_000, 1],
        version: 4,
        result: Some(result),
        ..Room::default()
    }
}

#[tonic::async_trait]
impl RoomService for World {
    async fn get_room(
        &self,
        request: Request<GetRoomRequest>,
    ) -> std::result::Result<Response<GetRoomResponse>, Status> {
        use get_room_request::Key;
        match request.into_inner().key.unwrap() {
            Key::Number(1) => Ok(Response::new(GetRoomResponse { room: Some(room(1)) })),
            Key::RoomId(id) if id == bytes(ROOM) => {
                Ok(Response::new(GetRoomResponse { room: Some(room(1)) }))
            }
            Key::Number(666) => {
                Ok(Response::new(GetRoomResponse { room: Some(Room { terms: None, ..room(666) }) }))
            }
            Key::Number(667) => Err(Status::internal("boom")),
            Key::Number(668) => {
                tokio::time::sleep(Duration::from_secs(60)).await;
                Err(Status::internal("late"))
            }
            _ => Err(Status::not_found("no such room")),
        }
    }

    async fn list_rooms(
        &self,
        request: Request<ListRoomsRequest>,
    ) -> std::result::Result<Response<ListRoomsResponse>, Status> {
        let request = request.into_inner();
        if !request.states.is_empty() || request.scope_chat_id != 0 {
            let locked: [i32; 2] = [RoomState::Locked.into(), RoomState::Settled.into()];
            assert!(request.states == locked || request.scope_chat_id == -1001);
            return Ok(Response::new(ListRoomsResponse::default()));
        }
        let page = request.page.unwrap();
        let first: i64 = page.token.parse().unwrap_or(1);
        let next = (first + i64::from(page.size)).min(251);
        let rooms = (first..next).map(room).collect();
        let next_page_token = if next > 250 { String::new() } else { next.to_string() };
        Ok(Response::new(ListRoomsResponse { rooms, total: 250, next_page_token }))
    }

    async fn list_bets(
        &self,
        request: Request<ListBetsRequest>,
    ) -> std::result::Result<Response<ListBetsResponse>, Status> {
        let request = request.into_inner();
        assert!(request.room_id == bytes(ROOM) || request.account_id == bytes(ACCOUNT));
        let bet = Bet {
            bet_id: bytes(0xb),
            room_id: bytes(ROOM),
            account_id: bytes(ACCOUNT),
            outcome: 1,
            stake_lamports: 1,
            state: BetState::Accepted.into(),
            ..Bet::default()
        };
        let rooms = vec![room(1)];
        Ok(Response::new(ListBetsResponse {
            bets: vec![bet],
            rooms,
            total: 1,
            next_page_token: String::new(),
        }))
    }

    async fn read_frozen_bets(
        &self,
        _: Request<ReadFrozenBetsRequest>,
    ) -> std::result::Result<Response<ReadFrozenBetsResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn preview_bet(
        &self,
        _: Request<PreviewBetRequest>,
    ) -> std::result::Result<Response<PreviewBetResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn get_arena(
        &self,
        _: Request<proto::room::GetArenaRequest>,
    ) -> std::result::Result<Response<proto::room::GetArenaResponse>, Status> {
        Err(Status::unimplemented("not asked by roomsctl"))
    }

    async fn list_players(
        &self,
        _: Request<proto::room::ListPlayersRequest>,
    ) -> std::result::Result<Response<proto::room::ListPlayersResponse>, Status> {
        Err(Status::unimplemented("not asked by roomsctl"))
    }
}

#[tonic::async_trait]
impl WalletService for World {
    async fn get_account(
        &self,
        request: Request<GetAccountRequest>,
    ) -> std::result::Result<Response<GetAccountResponse>, Status> {
        if request.into_inner().account_id != bytes(ACCOUNT) {
            return Err(Status::not_found("no such account"));
        }
        let account = Account {
            account_id: bytes(ACCOUNT),
            deposit_address: "So1".into(),
            available_lamports: 2_500_000_000,
            ..Account::default()
        };
        Ok(Response::new(GetAccountResponse { account: Some(account) }))
    }

    async fn list_transfers(
        &self,
        _: Request<ListTransfersRequest>,
    ) -> std::result::Result<Response<ListTransfersResponse>, Status> {
        let stake = Transfer {
            kind: TransferKind::Stake.into(),
            lamports: -1,
            reference: bytes(0xb),
            ..Transfer::default()
        };
        Ok(Response::new(ListTransfersResponse {
            transfers: vec![stake],
            total: 1,
            next_page_token: String::new(),
        }))
    }

    async fn preview_withdrawal(
        &self,
        _: Request<PreviewWithdrawalRequest>,
    ) -> std::result::Result<Response<PreviewWithdrawalResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn get_withdrawal(
        &self,
        request: Request<GetWithdrawalRequest>,
    ) -> std::result::Result<Response<GetWithdrawalResponse>, Status> {
        if request.into_inner().withdrawal_id != bytes(WITHDRAWAL) {
            return Err(Status::not_found("no such withdrawal"));
        }
        Ok(Response::new(GetWithdrawalResponse { withdrawal: Some(withdrawal()) }))
    }

    async fn get_ledger_summary(
        &self,
        _: Request<GetLedgerSummaryRequest>,
    ) -> std::result::Result<Response<GetLedgerSummaryResponse>, Status> {
        let at = Some(Timestamp { seconds: 1_795_316_400, nanos: 0 });
        Ok(Response::new(GetLedgerSummaryResponse {
            balances: vec![LedgerBalance { kind: "escrow".into(), lamports: 1_500_000_000, accounts: 2 }],
            chain_comparison: Some(ChainComparison {
                at,
                slot: 77,
                chain_lamports: 2_000_000_000,
                drift_lamports: -5,
            }),
            entry_comparison: Some(EntryComparison {
                begun_at: at,
                ended_at: at,
                accounts: 9,
                ..Default::default()
            }),
            ..Default::default()
        }))
    }

    async fn list_withdrawals(
        &self,
        request: Request<ListWithdrawalsRequest>,
    ) -> std::result::Result<Response<ListWithdrawalsResponse>, Status> {
        let request = request.into_inner();
        assert!(request.state() == WithdrawalState::Held || request.account_id == bytes(ACCOUNT));
        Ok(Response::new(ListWithdrawalsResponse {
            withdrawals: vec![withdrawal()],
            total: 1,
            next_page_token: String::new(),
        }))
    }

    async fn get_limits(
        &self,
        _: Request<GetLimitsRequest>,
    ) -> std::result::Result<Response<GetLimitsResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn begin_totp(
        &self,
        _: Request<BeginTotpRequest>,
    ) -> std::result::Result<Response<BeginTotpResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn get_totp(
        &self,
        _: Request<GetTotpRequest>,
    ) -> std::result::Result<Response<GetTotpResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn get_proof(
        &self,
        _: Request<GetProofRequest>,
    ) -> std::result::Result<Response<GetProofResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn export_account(
        &self,
        _: Request<ExportAccountRequest>,
    ) -> std::result::Result<Response<ExportAccountResponse>, Status> {
        Err(Status::unimplemented(""))
    }
}

#[tonic::async_trait]
impl SettlementService for World {
    type GetEvidenceStream = tonic::codegen::BoxStream<GetEvidenceResponse>;

    async fn get_settlement(
        &self,
        request: Request<GetSettlementRequest>,
    ) -> std::result::Result<Response<GetSettlementResponse>, Status> {
        Ok(Response::new(GetSettlementResponse {
            room_id: request.into_inner().room_id,
            verdict: Some(Verdict { outcome: 1, price: "165.02".into(), ..Verdict::default() }),
            state: SettlementState::Anchored.into(),
            protocol_fee_lamports: 30_000_000,
            root: vec![0xff; 32],
            ..GetSettlementResponse::default()
        }))
    }

    async fn get_referrals(
        &self,
        _: Request<proto::settlement::GetReferralsRequest>,
    ) -> std::result::Result<Response<proto::settlement::GetReferralsResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn get_evidence(
        &self,
        request: Request<GetEvidenceRequest>,
    ) -> std::result::Result<Response<Self::GetEvidenceStream>, Status> {
        let room = request.into_inner().room_id;
        if room != bytes(ROOM) && room != bytes(666) {
            return Err(Status::not_found("no evidence for this room"));
        }
        let (one, other) = EXAMPLE.split_at(EXAMPLE.len() / 2);
        let piece = |text: &str| Ok(GetEvidenceResponse { bundle: text.as_bytes().to_vec() });
        let last = if room == bytes(ROOM) { piece(other) } else { Err(Status::unavailable("gone")) };
        Ok(Response::new(Box::pin(futures::stream::iter([piece(one), last]))))
    }

    async fn get_player(
        &self,
        _: Request<proto::settlement::GetPlayerRequest>,
    ) -> std::result::Result<Response<proto::settlement::GetPlayerResponse>, Status> {
        Err(Status::unimplemented("not asked by roomsctl"))
    }

    async fn list_results(
        &self,
        _: Request<proto::settlement::ListResultsRequest>,
    ) -> std::result::Result<Response<proto::settlement::ListResultsResponse>, Status> {
        Err(Status::unimplemented("not asked by roomsctl"))
    }

    async fn get_leaderboard(
        &self,
        _: Request<proto::settlement::GetLeaderboardRequest>,
    ) -> std::result::Result<Response<proto::settlement::GetLeaderboardResponse>, Status> {
        Err(Status::unimplemented("not asked by roomsctl"))
    }
}
