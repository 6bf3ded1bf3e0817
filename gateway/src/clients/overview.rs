//! What the operators' overview shows: asked side by side, and whatever does not answer is left out.

use super::{Clients, DEADLINE, PAUSE, answered};
use crate::screens::{ADMIN_LINES, Disputed, Listed, Named, Overview, Waiting};
use chassis::Fault;
use futures::future::try_join_all;
use proto::{
    RoomId,
    common::Page,
    from_timestamp,
    room::{self, RoomState},
    settlement::{DisputeState, ListDisputesRequest, ListWaitingRequest},
    wallet::{ListPausesRequest, ListWithdrawalsRequest, Pause, WithdrawalState},
};
use tonic::{Code, Status};

/// Open disputes of one listing at most.
const DISPUTES: u32 = 100;

/// States of rooms, from opening to the end.
const STATES: [RoomState; 7] = [
    RoomState::Queuing,
    RoomState::Open,
    RoomState::Locked,
    RoomState::Settling,
    RoomState::Settled,
    RoomState::Voided,
    RoomState::Archived,
];

impl Clients {
    /// Everything at once.
    pub async fn overview(&self) -> Overview {
        let (rooms, waiting, disputes, held, pauses) =
            tokio::join!(self.rooms_by_state(), self.waiting(), self.disputes(), self.held(), self.pauses());
        Overview {
            rooms: known(rooms),
            waiting: known(waiting),
            disputes: known(disputes),
            held: known(held),
            pauses: known(pauses),
        }
    }

    async fn rooms_by_state(&self) -> Result<Vec<(RoomState, u64)>, Fault> {
        try_join_all(STATES.map(|state| async move {
            let page = Some(Page { size: 1, token: String::new() });
            let request = room::ListRoomsRequest {
                states: vec![state.into()],
                page,
                ..room::ListRoomsRequest::default()
            };
            let answer = ask!("room-svc", self.room, list_rooms, request.clone());
            Ok((state, answered("room-svc", answer)?.total))
        }))
        .await
    }

    async fn waiting(&self) -> Result<Listed<Waiting>, Fault> {
        let answer = ask!("settlement-svc", self.rulings, list_waiting, ListWaitingRequest {});
        let rooms = answered("settlement-svc", answer)?.rooms;
        let waiting = rooms.iter().take(ADMIN_LINES).map(|waiting| async {
            Ok::<_, Fault>(Waiting {
                room: self.named(&waiting.room_id).await?,
                until: waiting.until.as_ref().map(|at| from_timestamp(Some(at))).transpose()?,
                rulings: waiting.rulings.len(),
            })
        });
        Ok(Listed { shown: try_join_all(waiting).await?, total: rooms.len(), more: false })
    }

    async fn disputes(&self) -> Result<Listed<Disputed>, Fault> {
        let page = Some(Page { size: DISPUTES, token: String::new() });
        let request = ListDisputesRequest { state: DisputeState::Open.into(), page };
        let answer = ask!("settlement-svc", self.rulings, list_disputes, request.clone());
        let answer = answered("settlement-svc", answer)?;
        let disputes = answer.disputes.iter().take(ADMIN_LINES).map(|dispute| async {
            let at = from_timestamp(dispute.opened_at.as_ref())?;
            Ok::<_, Fault>(Disputed { room: self.named(&dispute.room_id).await?, at })
        });
        let shown = try_join_all(disputes).await?;
        Ok(Listed { shown, total: answer.disputes.len(), more: !answer.next_page_token.is_empty() })
    }

    async fn held(&self) -> Result<u64, Fault> {
        let page = Some(Page { size: 1, token: String::new() });
        let request =
            ListWithdrawalsRequest { state: WithdrawalState::Held.into(), page, ..Default::default() };
        let answer = ask!("wallet-svc", self.wallet, list_withdrawals, request.clone());
        Ok(answered("wallet-svc", answer)?.total)
    }

    async fn pauses(&self) -> Result<Vec<Pause>, Fault> {
        let answer = ask!("wallet-svc", self.pauses, list_pauses, ListPausesRequest {});
        Ok(answered("wallet-svc", answer)?.pauses)
    }

    /// The number of a room; its id does where room-svc does not know or say it.
    async fn named(&self, room: &[u8]) -> Result<Named, Fault> {
        let id = RoomId::try_from_bytes(room)?;
        let room = known(self.room(id).await).flatten();
        Ok(Named { id, number: room.map(|room| room.number) })
    }
}

fn known<T>(answer: Result<T, Fault>) -> Option<T> {
    answer.inspect_err(|fault| tracing::warn!(error = fault.chain(), "the overview is incomplete")).ok()
}
