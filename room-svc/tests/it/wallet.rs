//! wallet-svc, as far as it is asked about the limits of hosts.

use proto::wallet::{
    self, GetLimitsRequest, GetLimitsResponse,
    wallet_service_server::{WalletService, WalletServiceServer},
};
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};
use tonic::{
    Request, Response, Status,
    transport::{Server, server::TcpIncoming},
};

/// What every account has set for itself.
#[derive(Default)]
pub struct Wallet(pub Mutex<GetLimitsResponse>);

impl Wallet {
    pub fn serve(self: &Arc<Self>, at: SocketAddr) {
        let incoming = TcpIncoming::bind(at).unwrap();
        let service = WalletServiceServer::from_arc(Arc::clone(self));
        tokio::spawn(Server::builder().add_service(service).serve_with_incoming(incoming));
    }
}

macro_rules! asked_for_limits_only {
    ($($method:ident: $request:ident => $response:ident),+ $(,)?) => {
        #[tonic::async_trait]
        impl WalletService for Wallet {
            async fn get_limits(
                &self,
                _: Request<GetLimitsRequest>,
            ) -> Result<Response<GetLimitsResponse>, Status> {
                Ok(Response::new(self.0.lock().unwrap().clone()))
            }

            $(async fn $method(
                &self,
                _: Request<wallet::$request>,
            ) -> Result<Response<wallet::$response>, Status> {
                Err(Status::unimplemented("not asked by room-svc"))
            })+
        }
    };
}

asked_for_limits_only! {
    get_account: GetAccountRequest => GetAccountResponse,
    list_transfers: ListTransfersRequest => ListTransfersResponse,
    preview_withdrawal: PreviewWithdrawalRequest => PreviewWithdrawalResponse,
    get_withdrawal: GetWithdrawalRequest => GetWithdrawalResponse,
    list_withdrawals: ListWithdrawalsRequest => ListWithdrawalsResponse,
    begin_totp: BeginTotpRequest => BeginTotpResponse,
    get_totp: GetTotpRequest => GetTotpResponse,
    get_proof: GetProofRequest => GetProofResponse,
    export_account: ExportAccountRequest => ExportAccountResponse,
    get_ledger_summary: GetLedgerSummaryRequest => GetLedgerSummaryResponse,
}
