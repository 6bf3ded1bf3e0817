//! What operators tell everybody: begun, paused, gone on with, ended.

use super::{Incoming, Notices};
use crate::{
    domain::{
        broadcast::{self, Stand},
        state::State,
    },
    measures,
    store::broadcast as stored,
};
use chassis::{Delivery, Fault, Unit, grpc::Unanswered, operators};
use prost::Message as _;
use proto::{
    Malformed, Refusal,
    common::RefusalCode,
    notifier::{
        Notice, StartBroadcast, StartBroadcastDone, SteerBroadcast, SteerBroadcastDone, notice::Kind,
    },
};
use uuid::Uuid;

impl Notices {
    /// Keeps the words; the worker tells them, piece by piece.
    pub(super) async fn start_broadcast(
        &self,
        unit: &mut Unit,
        delivery: &Delivery<Incoming>,
        command: &StartBroadcast,
    ) -> Result<(), Fault> {
        if delivery.repeat {
            return Ok(());
        }
        let decided = async {
            let signed = self.operators.take(unit, delivery, command).await?;
            let words = command.broadcast.as_ref().ok_or(Malformed("no broadcast"))?;
            let id = broadcast::check(words)?;
            let recipients = stored::recipients(&mut *unit.conn()).await?;
            let notice = Notice { kind: Some(Kind::Broadcast(words.clone())) }.encode_to_vec();
            let (operator, now) = (signed.operator.bytes(), unit.now().await?);
            if !stored::begin(unit.conn(), id, &notice, operator, recipients, now).await? {
                return Err(Refusal::new(RefusalCode::BroadcastState).into());
            }
            Ok::<_, Unanswered>(StartBroadcastDone { recipients })
        };
        let decided = decided.await;
        operators::answer(unit, delivery, decided)
    }

    /// Brings one where an operator wants it, unless it has ended.
    pub(super) async fn steer_broadcast(
        &self,
        unit: &mut Unit,
        delivery: &Delivery<Incoming>,
        command: &SteerBroadcast,
    ) -> Result<(), Fault> {
        if delivery.repeat {
            return Ok(());
        }
        let decided = async {
            self.operators.take(unit, delivery, command).await?;
            let id = Uuid::from_slice(&command.broadcast_id).map_err(|_| Malformed("broadcast id"))?;
            let wanted = Stand::wanted(command.state())?;
            match stored::stand(unit.conn(), id).await? {
                None | Some(Stand::Ended) => {
                    return Err(Unanswered::from(Refusal::new(RefusalCode::BroadcastState)));
                }
                Some(stand) if stand == wanted => {}
                Some(Stand::Running | Stand::Paused) => {
                    let now = unit.now().await?;
                    let ended = stored::steer(unit.conn(), id, wanted, now).await?;
                    measures::done(State::Unwanted, ended);
                }
            }
            Ok(SteerBroadcastDone {})
        };
        let decided = decided.await;
        operators::answer(unit, delivery, decided)
    }
}
