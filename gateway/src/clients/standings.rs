//! What is asked about results and the leaderboard.

use super::{Clients, DEADLINE, PAUSE, Window, answered};
use crate::domain::{Board, Period, Record, Settled, Standing};
use chassis::Fault;
use proto::{
    AccountId, Lamports, Malformed,
    settlement::{GetLeaderboardRequest, GetLeaderboardResponse, GetPlayerRequest, ListResultsRequest},
};
use tonic::{Code, Status};

/// How an account has fared.
#[derive(Clone, Copy, Debug, Default)]
pub struct Fared {
    /// Ever.
    pub lifetime: Record,
    /// In the last 24 hours, by the time of settling.
    pub day: Record,
    /// Not on the leaderboard, by own choice.
    pub hidden: bool,
}

/// A page of settled bets.
#[derive(Clone, Debug, Default)]
pub struct Results {
    /// Newest first.
    pub shown: Vec<Settled>,
    /// On all pages.
    pub total: u64,
    /// What all of them came to.
    pub totals: Record,
}

impl Clients {
    /// How an account has fared.
    ///
    /// # Errors
    /// settlement-svc does not answer.
    pub async fn fared(&self, account: AccountId) -> Result<Fared, Fault> {
        let request = GetPlayerRequest { account_id: account.bytes() };
        let answer = ask!("settlement-svc", self.settlement, get_player, request.clone());
        let answer = answered("settlement-svc", answer)?;
        Ok(Fared {
            lifetime: Record::try_from(&answer.lifetime.unwrap_or_default())?,
            day: Record::try_from(&answer.day.unwrap_or_default())?,
            hidden: answer.hidden,
        })
    }

    /// The same for a screen that goes on without it.
    pub async fn fared_if_known(&self, account: AccountId) -> Option<Fared> {
        let told = |fault: &Fault| tracing::warn!(%account, error = fault.chain(), "no record");
        self.fared(account).await.inspect_err(told).ok()
    }

    /// One page of an account's settled bets.
    ///
    /// # Errors
    /// settlement-svc does not answer.
    pub async fn results(
        &self,
        account: AccountId,
        won_only: bool,
        page: u32,
        size: u32,
    ) -> Result<Results, Fault> {
        let mut window = Window::new(page, size);
        let mut totals = None;
        while let Some(next) = window.next() {
            let request = ListResultsRequest { account_id: account.bytes(), won_only, page: Some(next) };
            let answer = ask!("settlement-svc", self.settlement, list_results, request.clone());
            let answer = answered("settlement-svc", answer)?;
            totals = answer.totals.or(totals);
            window.take(answer.results, answer.total, answer.next_page_token);
        }
        let (results, total) = window.finish();
        let shown = results.iter().map(Settled::try_from).collect::<Result<_, _>>()?;
        Ok(Results { shown, total, totals: Record::try_from(&totals.unwrap_or_default())? })
    }

    /// One page of the leaderboard, with the place of an account.
    ///
    /// # Errors
    /// settlement-svc does not answer.
    pub async fn leaderboard(
        &self,
        period: Period,
        own: AccountId,
        page: u32,
        size: u32,
    ) -> Result<Board, Fault> {
        let mut window = Window::new(page, size);
        let mut last = GetLeaderboardResponse::default();
        while let Some(next) = window.next() {
            let request = GetLeaderboardRequest {
                period: period.wire().into(),
                account_id: own.bytes(),
                page: Some(next),
            };
            let answer = ask!("settlement-svc", self.settlement, get_leaderboard, request.clone());
            last = answered("settlement-svc", answer)?;
            let standings = std::mem::take(&mut last.standings);
            window.take(standings, last.total, std::mem::take(&mut last.next_page_token));
        }
        let (standings, total) = window.finish();
        let amount = Lamports::try_positive(last.min_staked_lamports);
        Ok(Board {
            standings: standings.iter().map(Standing::try_from).collect::<Result<_, _>>()?,
            total,
            own: last.own.as_ref().map(Standing::try_from).transpose()?,
            min_bets: last.min_bets,
            min_staked: amount.map_err(|_| Malformed("negative amount"))?,
        })
    }
}
