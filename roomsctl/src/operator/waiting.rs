//! `roomsctl waiting`: everything that waits for operators.

use crate::{
    cli::Options,
    client,
    commands::{Pages, malformed},
    failure::Failure,
    output,
    view::{
        WithdrawalView,
        desk::{DisputeView, WaitingView},
    },
};
use proto::{
    Malformed,
    settlement::{DisputeState, ListDisputesRequest, ListWaitingRequest},
    wallet::{ListWithdrawalsRequest, WithdrawalState},
};
use serde_json::json;
use std::num::NonZeroU32;

/// What one operator begins, a second one finds here.
pub async fn run(options: &Options) -> Result<(), Failure> {
    let (withdrawals, disputes) = (withdrawals(options).await?, disputes(options).await?);
    let service = client::settlement_operators(options)?;
    let answer = service.ask(async |mut client| client.list_waiting(ListWaitingRequest {}).await).await?;
    let rooms: Result<Vec<WaitingView>, Malformed> = answer.rooms.iter().map(WaitingView::try_from).collect();
    let rooms = rooms.map_err(malformed(service.name))?;
    if options.json {
        return output::json(&json!({"withdrawals": withdrawals, "rooms": rooms, "disputes": disputes}));
    }
    if withdrawals.is_empty() && rooms.is_empty() && disputes.is_empty() {
        return output::text("nothing waits for operators");
    }
    if !withdrawals.is_empty() {
        output::text("withdrawals that need operators")?;
        output::withdrawals(&withdrawals, u64::try_from(withdrawals.len()).unwrap_or(u64::MAX))?;
    }
    if !rooms.is_empty() {
        output::text("rooms with a suspicious verdict, or a ruling that needs a second operator")?;
        output::desk::waiting(&rooms)?;
    }
    if !disputes.is_empty() {
        output::text("disputes that nobody has judged")?;
        output::desk::disputes(&disputes)?;
    }
    Ok(())
}

/// Held withdrawals that lack an approval; a new address's hold ends without anybody.
async fn withdrawals(options: &Options) -> Result<Vec<WithdrawalView>, Failure> {
    let service = client::wallet(options)?;
    let mut waiting = Vec::new();
    let mut pages = Pages::new(NonZeroU32::MAX);
    while let Some(page) = pages.next() {
        let state = WithdrawalState::Held.into();
        let request = ListWithdrawalsRequest { account_id: Vec::new(), state, page: Some(page) };
        let answer = service.ask(async |mut client| client.list_withdrawals(request).await).await?;
        let lacking = answer.withdrawals.iter().filter(|one| one.approvals < one.approvals_needed);
        let views: Result<Vec<_>, Malformed> = lacking.map(WithdrawalView::try_from).collect();
        waiting.extend(views.map_err(malformed(service.name))?);
        pages.read(answer.withdrawals.len(), answer.next_page_token, answer.total);
    }
    Ok(waiting)
}

async fn disputes(options: &Options) -> Result<Vec<DisputeView>, Failure> {
    let service = client::settlement_operators(options)?;
    let mut open = Vec::new();
    let mut pages = Pages::new(NonZeroU32::MAX);
    while let Some(page) = pages.next() {
        let request = ListDisputesRequest { state: DisputeState::Open.into(), page: Some(page) };
        let answer = service.ask(async |mut client| client.list_disputes(request).await).await?;
        let views: Result<Vec<_>, Malformed> = answer.disputes.iter().map(DisputeView::try_from).collect();
        open.extend(views.map_err(malformed(service.name))?);
        pages.read(answer.disputes.len(), answer.next_page_token, 0);
    }
    Ok(open)
}
