//! Questions about balances and movements over gRPC.

use crate::{
    domain::{ledger::Account, withdrawal::State},
    keys::KeyOwner,
    leaving, limits,
    proofs::Proofs,
    store::{self, transfer},
    totp::Authenticators,
    workers::{ChainSettings, ChainView, requests},
};
use chassis::{Db, grpc::Unanswered};
use proto::{
    AccountId, Lamports, Malformed, Refusal, WithdrawalId,
    common::{Page, RefusalCode},
    timestamp,
    wallet::{
        Account as AccountMessage, BeginTotpRequest, BeginTotpResponse, ChainComparison, EntryComparison,
        GetAccountRequest, GetAccountResponse, GetLedgerSummaryRequest, GetLedgerSummaryResponse,
        GetProofRequest, GetProofResponse, GetTotpRequest, GetTotpResponse, GetWithdrawalRequest,
        GetWithdrawalResponse, LedgerBalance, ListTransfersRequest, ListTransfersResponse,
        ListWithdrawalsRequest, ListWithdrawalsResponse, PreviewWithdrawalRequest, PreviewWithdrawalResponse,
        Withdrawal, WithdrawalState, wallet_service_server::WalletService,
    },
};
use tonic::{Request, Response, Status, async_trait};

/// Rows of one page at most.
const PAGE_MAX: u32 = 100;

/// Where a page begins, and how many rows it has.
#[derive(Clone, Copy)]
pub(crate) struct Slice {
    pub(crate) offset: i64,
    pub(crate) limit: i64,
}

impl Slice {
    pub(crate) fn of(page: Page) -> Result<Self, Malformed> {
        let offset: i64 = if page.token.is_empty() {
            0
        } else {
            page.token.parse().map_err(|_| Malformed("page token"))?
        };
        let limit = i64::from(if page.size == 0 { 10 } else { page.size.min(PAGE_MAX) });
        Ok(Self { offset: offset.max(0), limit })
    }

    /// The token of the page after it, empty after the last.
    pub(crate) fn next(self, total: i64) -> String {
        let next = self.offset.saturating_add(self.limit);
        if next < total { next.to_string() } else { String::new() }
    }
}

/// Answers from the schema and, where it is asked, from the chain.
pub struct Queries {
    /// Read only.
    pub db: Db,
    /// The chain.
    pub chain: ChainView,
    /// Rules that previews apply.
    pub settings: ChainSettings,
    /// Authenticators of accounts.
    pub authenticators: Authenticators,
    /// Files with branches.
    pub proofs: Proofs,
}

impl Queries {
    async fn account(&self, request: &GetAccountRequest) -> Result<AccountMessage, Unanswered> {
        let account = AccountId::try_from_bytes(&request.account_id)?;
        let key = store::key::of_owner(self.db.pool(), KeyOwner::Account(account)).await?;
        let key = key.ok_or_else(|| Refusal::new(RefusalCode::AccountUnknown))?;
        let (available, held) = (Account::available(account), Account::held(account));
        let balances = store::ledger::balances(self.db.pool(), &[available, held]).await?;
        let balance = |account| balances.get(&account).copied().unwrap_or_default();
        let mut connection = self.db.pool().reader().await?;
        let withdrawable =
            requests::withdrawable_now(&mut connection, account, balance(available), &self.settings).await?;
        Ok(AccountMessage {
            account_id: account.bytes(),
            deposit_address: key.address.to_string(),
            available_lamports: balance(available).get(),
            held_lamports: balance(held).get(),
            withdrawable_lamports: withdrawable.get(),
            withdraw_only_lamports: limits::withdraw_only_now(&mut connection, account).await?.get(),
        })
    }

    async fn transfers(&self, request: ListTransfersRequest) -> Result<ListTransfersResponse, Unanswered> {
        let account = AccountId::try_from_bytes(&request.account_id)?;
        let Slice { offset, limit } = Slice::of(request.page.unwrap_or_default())?;
        let (transfers, total) = transfer::of_account(self.db.pool(), account, offset, limit).await?;
        Ok(ListTransfersResponse {
            transfers,
            total: total.try_into().unwrap_or_default(),
            next_page_token: Slice { offset, limit }.next(total),
        })
    }

    async fn withdrawals(
        &self,
        request: ListWithdrawalsRequest,
    ) -> Result<ListWithdrawalsResponse, Unanswered> {
        let account = match request.account_id.as_slice() {
            [] => None,
            id => Some(AccountId::try_from_bytes(id)?),
        };
        let state = match request.state() {
            WithdrawalState::Unspecified => None,
            state => Some(State::from_wire(state).ok_or(Malformed("state"))?),
        };
        let slice = Slice::of(request.page.unwrap_or_default())?;
        let (withdrawals, total) =
            store::withdrawal::list(self.db.pool(), account, state, slice.offset, slice.limit).await?;
        Ok(ListWithdrawalsResponse {
            withdrawals: withdrawals.iter().map(|withdrawal| withdrawal.wire()).collect(),
            total: total.try_into().unwrap_or_default(),
            next_page_token: slice.next(total),
        })
    }

    async fn preview(
        &self,
        request: PreviewWithdrawalRequest,
    ) -> Result<PreviewWithdrawalResponse, Unanswered> {
        let account = AccountId::try_from_bytes(&request.account_id)?;
        let amount = Lamports::try_positive(request.lamports).map_err(|_| Malformed("lamports"))?;
        let totp = self.authenticators.expects(&self.db, account).await?;
        Ok(self.chain.preview(account, request.address, amount, totp).await?)
    }

    async fn withdrawal(&self, request: &GetWithdrawalRequest) -> Result<Withdrawal, Unanswered> {
        let id = WithdrawalId::try_from_bytes(&request.withdrawal_id)?;
        let withdrawal = store::withdrawal::get(self.db.pool(), id).await?;
        Ok(withdrawal.ok_or_else(Unanswered::not_found)?.wire())
    }

    async fn summary(&self) -> Result<GetLedgerSummaryResponse, Unanswered> {
        let balances = store::ledger::summary(self.db.pool()).await?;
        let chain = self.chain.lamports().await?;
        let (slot, lamports) = chain.map_or((0, Lamports::ZERO), |read| (read.slot, read.value));
        Ok(GetLedgerSummaryResponse {
            balances: balances
                .into_iter()
                .map(|(kind, lamports, accounts)| LedgerBalance {
                    kind: kind.name().to_owned(),
                    lamports,
                    accounts: accounts.try_into().unwrap_or_default(),
                })
                .collect(),
            chain_lamports: lamports.get(),
            chain_slot: slot,
            treasury_address: self.chain.treasury().await?.to_string(),
            chain_comparison: store::reconciliation::last(self.db.pool()).await?.map(|last| {
                ChainComparison {
                    at: Some(timestamp(last.at)),
                    slot: last.slot,
                    chain_lamports: last.chain.get(),
                    drift_lamports: last.drift.get(),
                }
            }),
            entry_comparison: store::entry_check::last(self.db.pool()).await?.map(|last| EntryComparison {
                begun_at: Some(timestamp(last.begun_at)),
                ended_at: Some(timestamp(last.ended_at)),
                accounts: last.accounts.try_into().unwrap_or_default(),
                differing: last.wrong.try_into().unwrap_or_default(),
                first: last.first,
            }),
        })
    }
}

#[async_trait]
impl WalletService for Queries {
    async fn get_account(
        &self,
        request: Request<GetAccountRequest>,
    ) -> Result<Response<GetAccountResponse>, Status> {
        let account = self.account(request.get_ref()).await?;
        Ok(Response::new(GetAccountResponse { account: Some(account) }))
    }

    async fn list_transfers(
        &self,
        request: Request<ListTransfersRequest>,
    ) -> Result<Response<ListTransfersResponse>, Status> {
        Ok(Response::new(self.transfers(request.into_inner()).await?))
    }

    async fn preview_withdrawal(
        &self,
        request: Request<PreviewWithdrawalRequest>,
    ) -> Result<Response<PreviewWithdrawalResponse>, Status> {
        Ok(Response::new(self.preview(request.into_inner()).await?))
    }

    async fn get_withdrawal(
        &self,
        request: Request<GetWithdrawalRequest>,
    ) -> Result<Response<GetWithdrawalResponse>, Status> {
        let withdrawal = self.withdrawal(request.get_ref()).await?;
        Ok(Response::new(GetWithdrawalResponse { withdrawal: Some(withdrawal) }))
    }

    async fn get_ledger_summary(
        &self,
        _request: Request<GetLedgerSummaryRequest>,
    ) -> Result<Response<GetLedgerSummaryResponse>, Status> {
        Ok(Response::new(self.summary().await?))
    }

    async fn list_withdrawals(
        &self,
        request: Request<ListWithdrawalsRequest>,
    ) -> Result<Response<ListWithdrawalsResponse>, Status> {
        Ok(Response::new(self.withdrawals(request.into_inner()).await?))
    }

    async fn get_limits(
        &self,
        request: Request<proto::wallet::GetLimitsRequest>,
    ) -> Result<Response<proto::wallet::GetLimitsResponse>, Status> {
        let mut connection = self.db.pool().reader().await.map_err(Unanswered::from)?;
        Ok(Response::new(limits::answer(&mut connection, request.get_ref()).await?))
    }

    async fn begin_totp(
        &self,
        request: Request<BeginTotpRequest>,
    ) -> Result<Response<BeginTotpResponse>, Status> {
        let account = AccountId::try_from_bytes(&request.get_ref().account_id).map_err(Unanswered::from)?;
        Ok(Response::new(self.authenticators.begin(&self.db, account).await?))
    }

    async fn get_totp(&self, request: Request<GetTotpRequest>) -> Result<Response<GetTotpResponse>, Status> {
        let account = AccountId::try_from_bytes(&request.get_ref().account_id).map_err(Unanswered::from)?;
        Ok(Response::new(self.authenticators.get(&self.db, account).await.map_err(Unanswered::from)?))
    }

    async fn get_proof(
        &self,
        request: Request<GetProofRequest>,
    ) -> Result<Response<GetProofResponse>, Status> {
        let account = AccountId::try_from_bytes(&request.get_ref().account_id).map_err(Unanswered::from)?;
        Ok(Response::new(self.proofs.file(account).await.map_err(Unanswered::from)?))
    }

    async fn export_account(
        &self,
        request: Request<proto::wallet::ExportAccountRequest>,
    ) -> Result<Response<proto::wallet::ExportAccountResponse>, Status> {
        Ok(Response::new(leaving::export(&self.db, request.get_ref()).await?))
    }
}
