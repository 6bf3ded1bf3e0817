//! Questions about balances and movements over gRPC.

use crate::{
    domain::ledger::Account,
    keys::KeyOwner,
    store::{self, transfer},
    workers::{ChainSettings, ChainView, requests},
};
use chassis::{Db, grpc::Unanswered};
use proto::{
    AccountId, Lamports, Malformed, Refusal, WithdrawalId,
    common::RefusalCode,
    wallet::{
        Account as AccountMessage, GetAccountRequest, GetAccountResponse, GetLedgerSummaryRequest,
        GetLedgerSummaryResponse, GetWithdrawalRequest, GetWithdrawalResponse, LedgerBalance,
        ListTransfersRequest, ListTransfersResponse, PreviewWithdrawalRequest, PreviewWithdrawalResponse,
        Withdrawal, wallet_service_server::WalletService,
    },
};
use tonic::{Request, Response, Status, async_trait};

/// Rows of one page at most.
const PAGE_MAX: u32 = 100;

/// Answers from the schema and, where it is asked, from the chain.
pub struct Queries {
    /// Read only.
    pub db: Db,
    /// The chain.
    pub chain: ChainView,
    /// Rules that previews apply.
    pub settings: ChainSettings,
}

impl Queries {
    async fn account(&self, request: &GetAccountRequest) -> Result<AccountMessage, Unanswered> {
        let account = AccountId::try_from_bytes(&request.account_id)?;
        let key = store::key::of_owner(self.db.pool(), KeyOwner::Account(account)).await?;
        let key = key.ok_or_else(|| Refusal::new(RefusalCode::AccountUnknown))?;
        let (available, held) = (Account::available(account), Account::held(account));
        let balances = store::ledger::balances(self.db.pool(), &[available, held]).await?;
        let balance = |account| balances.get(&account).copied().unwrap_or_default();
        let mut connection = self.db.pool().acquire().await?;
        let withdrawable =
            requests::withdrawable_now(&mut connection, account, balance(available), &self.settings).await?;
        Ok(AccountMessage {
            account_id: account.bytes(),
            deposit_address: key.address.to_string(),
            available_lamports: balance(available).get(),
            held_lamports: balance(held).get(),
            withdrawable_lamports: withdrawable.get(),
        })
    }

    async fn transfers(&self, request: ListTransfersRequest) -> Result<ListTransfersResponse, Unanswered> {
        let account = AccountId::try_from_bytes(&request.account_id)?;
        let page = request.page.unwrap_or_default();
        let offset: i64 = if page.token.is_empty() {
            0
        } else {
            page.token.parse().map_err(|_| Malformed("page token"))?
        };
        let limit = i64::from(if page.size == 0 { 10 } else { page.size.min(PAGE_MAX) });
        let (transfers, total) = transfer::of_account(self.db.pool(), account, offset.max(0), limit).await?;
        let next = offset.saturating_add(limit);
        Ok(ListTransfersResponse {
            transfers,
            total: total.try_into().unwrap_or_default(),
            next_page_token: if next < total { next.to_string() } else { String::new() },
        })
    }

    async fn preview(
        &self,
        request: PreviewWithdrawalRequest,
    ) -> Result<PreviewWithdrawalResponse, Unanswered> {
        let account = AccountId::try_from_bytes(&request.account_id)?;
        let amount = Lamports::try_positive(request.lamports).map_err(|_| Malformed("lamports"))?;
        Ok(self.chain.preview(account, request.address, amount).await?)
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
}
