//! The services the gateway asks, as one gRPC server with a little state.

use crate::polymarket::{Tracker, page};
use proto::{
    Lamports, RoomId,
    notifier::{
        self,
        notifier_service_server::{NotifierService, NotifierServiceServer},
    },
    oracle::{
        self,
        oracle_service_server::{OracleService, OracleServiceServer},
        polymarket_service_server::PolymarketServiceServer,
    },
    room::{
        self, Room,
        room_service_server::{RoomService, RoomServiceServer},
    },
    settlement::{
        self,
        settlement_operator_service_server::SettlementOperatorServiceServer,
        settlement_service_server::{SettlementService, SettlementServiceServer},
    },
    timestamp,
    wallet::{
        self,
        wallet_operator_service_server::WalletOperatorServiceServer,
        wallet_service_server::{WalletService, WalletServiceServer},
    },
};
use std::sync::{Arc, Mutex};
use time::{Duration, OffsetDateTime};
use tokio::net::TcpListener;
use tonic::{Request, Response, Status, transport::server::TcpIncoming};

#[derive(Default)]
pub struct State {
    pub rooms: Vec<Room>,
    pub bets: Vec<room::Bet>,
    pub balance: i64,
    pub limits: wallet::GetLimitsResponse,
    pub totp: wallet::GetTotpResponse,
    pub proof: wallet::GetProofResponse,
    pub withdrawal: Option<wallet::Withdrawal>,
    pub settlement: Option<settlement::GetSettlementResponse>,
    pub referrals: settlement::GetReferralsResponse,
    pub token: Option<oracle::Token>,
    /// No quorum, for any asset.
    pub priceless: bool,
    pub arena: Option<room::Arena>,
    pub fared: settlement::GetPlayerResponse,
    /// Newest first.
    pub results: Vec<settlement::PlayerResult>,
    pub board: settlement::GetLeaderboardResponse,
    /// The price of every second, where there is one.
    pub charted: Option<String>,
    /// Venues whose quotes counted in every second.
    pub venues: Vec<String>,
    /// What operators see.
    pub desk: crate::operators::Desk,
    /// Wallets and markets of Polymarket.
    pub tracker: Tracker,
    pub broken: bool,
}

#[derive(Clone)]
pub struct Services {
    pub state: Arc<Mutex<State>>,
    pub url: String,
}

pub const ADDRESS: &str = "9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin";

impl Services {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = State { balance: 2_000_000_000, ..State::default() };
        let services = Self { state: Arc::new(Mutex::new(state)), url };
        let server = tonic::transport::Server::builder()
            .add_service(RoomServiceServer::new(services.clone()))
            .add_service(WalletServiceServer::new(services.clone()))
            .add_service(OracleServiceServer::new(services.clone()))
            .add_service(SettlementServiceServer::new(services.clone()))
            .add_service(NotifierServiceServer::new(services.clone()))
            .add_service(PolymarketServiceServer::new(services.clone()))
            .add_service(SettlementOperatorServiceServer::new(services.clone()))
            .add_service(WalletOperatorServiceServer::new(services.clone()));
        tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener)));
        services
    }

    /// An open TOUCH room with a stake on NO.
    pub fn open_room(&self, id: RoomId, number: i64) {
        let now = OffsetDateTime::now_utc();
        let terms = room::Terms {
            room_id: id.bytes(),
            kind: room::Kind::Touch.into(),
            asset: "SOL".into(),
            target: "165".into(),
            open_price: "160".into(),
            open_at: Some(timestamp(now)),
            lock_at: Some(timestamp(now + Duration::minutes(30))),
            deadline: Some(timestamp(now + Duration::minutes(60))),
            outcomes: vec!["YES".into(), "NO".into()],
            min_stake_lamports: 50_000_000,
            max_stake_lamports: 5_000_000_000,
            max_players: 10,
            protocol_fee_bps: 200,
            host_fee_bps: 100,
            quorum: 3,
            ..room::Terms::default()
        };
        let room = Room {
            room_id: id.bytes(),
            number,
            terms: Some(terms),
            terms_hash: vec![7; 32],
            state: room::RoomState::Open.into(),
            players: 1,
            pools_lamports: vec![0, 1_000_000_000],
            version: 1,
            ..Room::default()
        };
        self.state.lock().unwrap().rooms.push(room);
    }

    /// What a chart is drawn from.
    fn points(&self, request: &oracle::GetSeriesRequest) -> oracle::GetSeriesResponse {
        let price = self.state.lock().unwrap().charted.clone();
        let seconds = request.first_second..=request.last_second;
        let seconds = seconds.step_by(usize::try_from(request.every_seconds).unwrap());
        let seconds = seconds.zip(price.iter().cycle()).map(|(second, price)| oracle::Second {
            second,
            aggregates: vec![oracle::Aggregate { price: price.clone(), ..Default::default() }],
            complete: true,
        });
        oracle::GetSeriesResponse { seconds: seconds.collect() }
    }

    fn check(&self) -> Result<(), Status> {
        if self.state.lock().unwrap().broken { Err(Status::internal("reference 42")) } else { Ok(()) }
    }

    fn room(&self, id: &[u8]) -> Result<Room, Status> {
        let state = self.state.lock().unwrap();
        state
            .rooms
            .iter()
            .find(|room| room.room_id == id)
            .cloned()
            .ok_or_else(|| Status::not_found("no such room"))
    }
}

#[tonic::async_trait]
impl RoomService for Services {
    async fn get_room(
        &self,
        request: Request<room::GetRoomRequest>,
    ) -> Result<Response<room::GetRoomResponse>, Status> {
        self.check()?;
        let room = match request.into_inner().key {
            Some(room::get_room_request::Key::RoomId(id)) => self.room(&id)?,
            Some(room::get_room_request::Key::Number(number)) => {
                let state = self.state.lock().unwrap();
                let found = state.rooms.iter().find(|room| room.number == number).cloned();
                found.ok_or_else(|| Status::not_found("no such room"))?
            }
            None => return Err(Status::not_found("no such room")),
        };
        Ok(Response::new(room::GetRoomResponse { room: Some(room) }))
    }

    async fn list_rooms(
        &self,
        request: Request<room::ListRoomsRequest>,
    ) -> Result<Response<room::ListRoomsResponse>, Status> {
        self.check()?;
        let request = request.into_inner();
        let mut rooms = self.state.lock().unwrap().rooms.clone();
        rooms.retain(|room| {
            room.terms.as_ref().unwrap().scope_chat_id == request.scope_chat_id
                && (request.states.is_empty() || request.states.contains(&room.state))
        });
        let total = rooms.len() as u64;
        Ok(Response::new(room::ListRoomsResponse { rooms, total, next_page_token: String::new() }))
    }

    async fn list_bets(
        &self,
        request: Request<room::ListBetsRequest>,
    ) -> Result<Response<room::ListBetsResponse>, Status> {
        self.check()?;
        let request = request.into_inner();
        let state = self.state.lock().unwrap();
        let wanted = |bet: &&room::Bet| {
            bet.account_id == request.account_id
                && (request.room_id.is_empty() || bet.room_id == request.room_id)
        };
        let bets: Vec<_> = state.bets.iter().filter(wanted).cloned().collect();
        let total = bets.len() as u64;
        let answer = room::ListBetsResponse {
            bets,
            rooms: state.rooms.clone(),
            total,
            next_page_token: String::new(),
        };
        Ok(Response::new(answer))
    }

    async fn read_frozen_bets(
        &self,
        _: Request<room::ReadFrozenBetsRequest>,
    ) -> Result<Response<room::ReadFrozenBetsResponse>, Status> {
        Err(Status::unimplemented("not asked by the gateway"))
    }

    async fn preview_bet(
        &self,
        request: Request<room::PreviewBetRequest>,
    ) -> Result<Response<room::PreviewBetResponse>, Status> {
        self.check()?;
        let request = request.into_inner();
        let room = self.room(&request.room_id)?;
        let payout_lamports = Lamports::new(request.stake_lamports).get() * 2;
        Ok(Response::new(room::PreviewBetResponse { room: Some(room), payout_lamports }))
    }

    async fn get_arena(
        &self,
        _: Request<room::GetArenaRequest>,
    ) -> Result<Response<room::GetArenaResponse>, Status> {
        self.check()?;
        Ok(Response::new(room::GetArenaResponse { arena: self.state.lock().unwrap().arena.clone() }))
    }

    async fn list_players(
        &self,
        request: Request<room::ListPlayersRequest>,
    ) -> Result<Response<room::ListPlayersResponse>, Status> {
        self.check()?;
        let request = request.into_inner();
        let mut bets = self.state.lock().unwrap().bets.clone();
        bets.retain(|bet| {
            bet.room_id == request.room_id
                && (request.account_ids.is_empty() || request.account_ids.contains(&bet.account_id))
        });
        let total = bets.len() as u64;
        Ok(Response::new(room::ListPlayersResponse { bets, total, next_page_token: String::new() }))
    }
}

#[tonic::async_trait]
impl WalletService for Services {
    async fn get_account(
        &self,
        request: Request<wallet::GetAccountRequest>,
    ) -> Result<Response<wallet::GetAccountResponse>, Status> {
        self.check()?;
        let balance = self.state.lock().unwrap().balance;
        let account = wallet::Account {
            account_id: request.into_inner().account_id,
            deposit_address: ADDRESS.into(),
            available_lamports: balance,
            held_lamports: 0,
            withdrawable_lamports: balance,
            ..Default::default()
        };
        Ok(Response::new(wallet::GetAccountResponse { account: Some(account) }))
    }

    async fn list_transfers(
        &self,
        _: Request<wallet::ListTransfersRequest>,
    ) -> Result<Response<wallet::ListTransfersResponse>, Status> {
        self.check()?;
        Ok(Response::new(wallet::ListTransfersResponse::default()))
    }

    async fn preview_withdrawal(
        &self,
        request: Request<wallet::PreviewWithdrawalRequest>,
    ) -> Result<Response<wallet::PreviewWithdrawalResponse>, Status> {
        self.check()?;
        let wallet::PreviewWithdrawalRequest { lamports, address, .. } = request.into_inner();
        if address == ADDRESS {
            let refusal = proto::Refusal::new(proto::common::RefusalCode::WithdrawAddressIsDeposit);
            let refusal = Some((&refusal).into());
            return Ok(Response::new(wallet::PreviewWithdrawalResponse { refusal, ..Default::default() }));
        }
        let refusal = (lamports < 10_000_000).then(|| {
            let refusal = proto::Refusal::new(proto::common::RefusalCode::WithdrawTooSmall);
            (&refusal.with("min", 10_000_000).with("amount", lamports)).into()
        });
        let answer = wallet::PreviewWithdrawalResponse {
            fee_lamports: 5_000,
            arrives_lamports: lamports - 5_000,
            refusal,
            needs_totp: self.state.lock().unwrap().totp.confirmed,
            ..Default::default()
        };
        Ok(Response::new(answer))
    }

    async fn get_withdrawal(
        &self,
        _: Request<wallet::GetWithdrawalRequest>,
    ) -> Result<Response<wallet::GetWithdrawalResponse>, Status> {
        self.check()?;
        let withdrawal = self.state.lock().unwrap().withdrawal.clone();
        Ok(Response::new(wallet::GetWithdrawalResponse { withdrawal }))
    }

    async fn get_ledger_summary(
        &self,
        _: Request<wallet::GetLedgerSummaryRequest>,
    ) -> Result<Response<wallet::GetLedgerSummaryResponse>, Status> {
        Err(Status::unimplemented("not asked by the gateway"))
    }

    async fn list_withdrawals(
        &self,
        _: Request<wallet::ListWithdrawalsRequest>,
    ) -> Result<Response<wallet::ListWithdrawalsResponse>, Status> {
        self.check()?;
        Ok(Response::new(wallet::ListWithdrawalsResponse::default()))
    }

    async fn get_limits(
        &self,
        _: Request<wallet::GetLimitsRequest>,
    ) -> Result<Response<wallet::GetLimitsResponse>, Status> {
        self.check()?;
        Ok(Response::new(self.state.lock().unwrap().limits.clone()))
    }

    async fn begin_totp(
        &self,
        _: Request<wallet::BeginTotpRequest>,
    ) -> Result<Response<wallet::BeginTotpResponse>, Status> {
        Err(Status::unimplemented("not asked by the gateway"))
    }

    async fn get_totp(
        &self,
        _: Request<wallet::GetTotpRequest>,
    ) -> Result<Response<wallet::GetTotpResponse>, Status> {
        self.check()?;
        Ok(Response::new(self.state.lock().unwrap().totp))
    }

    async fn get_proof(
        &self,
        _: Request<wallet::GetProofRequest>,
    ) -> Result<Response<wallet::GetProofResponse>, Status> {
        self.check()?;
        Ok(Response::new(self.state.lock().unwrap().proof.clone()))
    }

    async fn export_account(
        &self,
        request: Request<wallet::ExportAccountRequest>,
    ) -> Result<Response<wallet::ExportAccountResponse>, Status> {
        let account = uuid::Uuid::from_slice(&request.into_inner().account_id).unwrap();
        let json = serde_json::json!({"account_id": account}).to_string().into_bytes();
        Ok(Response::new(wallet::ExportAccountResponse { json }))
    }
}

#[tonic::async_trait]
impl OracleService for Services {
    async fn get_aggregate(
        &self,
        request: Request<oracle::GetAggregateRequest>,
    ) -> Result<Response<oracle::GetAggregateResponse>, Status> {
        self.check()?;
        if self.state.lock().unwrap().priceless {
            return Err(Status::not_found("no quorum"));
        }
        let aggregate = oracle::Aggregate {
            asset: request.into_inner().asset,
            price: "160.21".into(),
            ..Default::default()
        };
        Ok(Response::new(oracle::GetAggregateResponse { aggregate: Some(aggregate), age_ms: 900 }))
    }

    async fn get_series(
        &self,
        request: Request<oracle::GetSeriesRequest>,
    ) -> Result<Response<oracle::GetSeriesResponse>, Status> {
        self.check()?;
        let request = request.into_inner();
        if request.every_seconds > 0 {
            return Ok(Response::new(self.points(&request)));
        }
        let quotes: Vec<_> = self
            .state
            .lock()
            .unwrap()
            .venues
            .iter()
            .map(|venue| oracle::Quote { venue: venue.clone(), counted: true, ..Default::default() })
            .chain([oracle::Quote { venue: "liar".into(), ..Default::default() }])
            .collect();
        let seconds = (request.first_second..=request.last_second).map(|second| oracle::Second {
            second,
            aggregates: vec![oracle::Aggregate { quotes: quotes.clone(), ..Default::default() }],
            complete: true,
        });
        Ok(Response::new(oracle::GetSeriesResponse { seconds: seconds.collect() }))
    }

    async fn get_candles(
        &self,
        request: Request<oracle::GetCandlesRequest>,
    ) -> Result<Response<oracle::GetCandlesResponse>, Status> {
        self.check()?;
        let request = request.into_inner();
        let price = self.state.lock().unwrap().charted.clone();
        let minutes = (request.first_second..=request.last_second).filter(|second| second % 60 == 0);
        let candles = minutes.zip(price.iter().cycle()).map(|(second, price)| oracle::Candle {
            second,
            open: price.clone(),
            high: price.clone(),
            low: "150.5".into(),
            close: price.clone(),
            seconds: 60,
        });
        Ok(Response::new(oracle::GetCandlesResponse { candles: candles.collect() }))
    }

    async fn get_token(
        &self,
        request: Request<oracle::GetTokenRequest>,
    ) -> Result<Response<oracle::GetTokenResponse>, Status> {
        self.check()?;
        let mint = request.into_inner().mint;
        let token = self.state.lock().unwrap().token.clone().filter(|token| token.mint == mint);
        let token = token.ok_or_else(|| Status::not_found("no such token"))?;
        Ok(Response::new(oracle::GetTokenResponse { token: Some(token) }))
    }
}

#[tonic::async_trait]
impl SettlementService for Services {
    async fn get_settlement(
        &self,
        _: Request<settlement::GetSettlementRequest>,
    ) -> Result<Response<settlement::GetSettlementResponse>, Status> {
        self.check()?;
        let settlement = self.state.lock().unwrap().settlement.clone();
        settlement.map(Response::new).ok_or_else(|| Status::not_found("not decided"))
    }

    async fn get_referrals(
        &self,
        _: Request<settlement::GetReferralsRequest>,
    ) -> Result<Response<settlement::GetReferralsResponse>, Status> {
        self.check()?;
        Ok(Response::new(self.state.lock().unwrap().referrals.clone()))
    }

    type GetEvidenceStream = futures::stream::Empty<Result<settlement::GetEvidenceResponse, Status>>;

    async fn get_evidence(
        &self,
        _: Request<settlement::GetEvidenceRequest>,
    ) -> Result<Response<Self::GetEvidenceStream>, Status> {
        Err(Status::unimplemented("not asked by the gateway"))
    }

    async fn get_player(
        &self,
        _: Request<settlement::GetPlayerRequest>,
    ) -> Result<Response<settlement::GetPlayerResponse>, Status> {
        self.check()?;
        Ok(Response::new(self.state.lock().unwrap().fared))
    }

    async fn list_results(
        &self,
        request: Request<settlement::ListResultsRequest>,
    ) -> Result<Response<settlement::ListResultsResponse>, Status> {
        self.check()?;
        let request = request.into_inner();
        let mut results = self.state.lock().unwrap().results.clone();
        let won = |one: &settlement::PlayerResult| one.bet.as_ref().unwrap().fate() == settlement::Fate::Won;
        results.retain(|one| !request.won_only || won(one));
        let mut totals = settlement::Record::default();
        for bet in results.iter().filter_map(|one| one.bet.as_ref()) {
            match bet.fate() {
                settlement::Fate::Won => totals.won += 1,
                settlement::Fate::Lost => totals.lost += 1,
                _ => {
                    totals.returned += 1;
                    continue;
                }
            }
            totals.staked_lamports += bet.stake_lamports;
            totals.paid_lamports += bet.payout_lamports;
        }
        let total = results.len();
        let page = request.page.unwrap();
        let (from, size) = (page.token.parse().unwrap_or(0), page.size as usize);
        let next = if from + size < total { (from + size).to_string() } else { String::new() };
        let results = results.into_iter().skip(from).take(size).collect();
        let (totals, total) = (Some(totals), total as u64);
        Ok(Response::new(settlement::ListResultsResponse { results, totals, total, next_page_token: next }))
    }

    async fn get_leaderboard(
        &self,
        _: Request<settlement::GetLeaderboardRequest>,
    ) -> Result<Response<settlement::GetLeaderboardResponse>, Status> {
        self.check()?;
        Ok(Response::new(self.state.lock().unwrap().board.clone()))
    }
}

#[tonic::async_trait]
impl NotifierService for Services {
    async fn list_notifications(
        &self,
        request: Request<notifier::ListNotificationsRequest>,
    ) -> Result<Response<notifier::ListNotificationsResponse>, Status> {
        self.check()?;
        let account_id = request.into_inner().account_id;
        let notifications = vec![notifier::Notification { account_id, ..Default::default() }];
        Ok(Response::new(notifier::ListNotificationsResponse { notifications, ..Default::default() }))
    }

    async fn get_preferences(
        &self,
        _: Request<notifier::GetPreferencesRequest>,
    ) -> Result<Response<notifier::GetPreferencesResponse>, Status> {
        self.check()?;
        let preferences = Some(self.state.lock().unwrap().tracker.preferences.clone());
        Ok(Response::new(notifier::GetPreferencesResponse { preferences }))
    }

    async fn get_webhook(
        &self,
        _: Request<notifier::GetWebhookRequest>,
    ) -> Result<Response<notifier::GetWebhookResponse>, Status> {
        self.check()?;
        let webhook = self.state.lock().unwrap().tracker.webhook.clone();
        webhook.map(Response::new).ok_or_else(|| Status::not_found("no webhook"))
    }

    async fn list_tracked(
        &self,
        _: Request<notifier::ListTrackedRequest>,
    ) -> Result<Response<notifier::ListTrackedResponse>, Status> {
        self.check()?;
        let wallets = self.state.lock().unwrap().tracker.tracked.clone();
        Ok(Response::new(notifier::ListTrackedResponse { wallets, max: 20 }))
    }

    async fn list_price_alerts(
        &self,
        _: Request<notifier::ListPriceAlertsRequest>,
    ) -> Result<Response<notifier::ListPriceAlertsResponse>, Status> {
        self.check()?;
        let alerts = self.state.lock().unwrap().tracker.alerts.clone();
        Ok(Response::new(notifier::ListPriceAlertsResponse { alerts, max: 20 }))
    }

    async fn list_smart_wallets(
        &self,
        request: Request<notifier::ListSmartWalletsRequest>,
    ) -> Result<Response<notifier::ListSmartWalletsResponse>, Status> {
        self.check()?;
        let (wallets, next_page_token) =
            page(&self.state.lock().unwrap().tracker.smart, request.into_inner().page);
        Ok(Response::new(notifier::ListSmartWalletsResponse { wallets, next_page_token }))
    }

    async fn list_signals(
        &self,
        request: Request<notifier::ListSignalsRequest>,
    ) -> Result<Response<notifier::ListSignalsResponse>, Status> {
        self.check()?;
        let (signals, next_page_token) =
            page(&self.state.lock().unwrap().tracker.signals, request.into_inner().page);
        let (right, wrong) = (3, 1);
        let answer =
            notifier::ListSignalsResponse { signals, next_page_token, right, wrong, scanned_at: None };
        Ok(Response::new(answer))
    }

    async fn get_deliveries(
        &self,
        _: Request<notifier::GetDeliveriesRequest>,
    ) -> Result<Response<notifier::GetDeliveriesResponse>, Status> {
        Err(Status::unimplemented("not asked by the gateway"))
    }

    async fn preview_broadcast(
        &self,
        _: Request<notifier::PreviewBroadcastRequest>,
    ) -> Result<Response<notifier::PreviewBroadcastResponse>, Status> {
        Err(Status::unimplemented("not asked by the gateway"))
    }

    async fn list_broadcasts(
        &self,
        _: Request<notifier::ListBroadcastsRequest>,
    ) -> Result<Response<notifier::ListBroadcastsResponse>, Status> {
        Err(Status::unimplemented("not asked by the gateway"))
    }
}
