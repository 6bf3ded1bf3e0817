//! The operators' side: what they sign, and the door it goes through.

use crate::{polymarket::now, world::World};
use chassis::operators::OperatorKey;
use ed25519_dalek::{Signer, SigningKey};
use proto::{
    Refusal,
    common::Outcome,
    notifier::{
        Broadcast, BroadcastState, BroadcastText, StartBroadcast, StartBroadcastDone, StartBroadcastRequest,
        SteerBroadcast, SteerBroadcastDone, SteerBroadcastRequest,
        notifier_operator_service_client::NotifierOperatorServiceClient,
    },
    statement::Statement,
    timestamp,
    wallet::OperatorSignature,
};
use std::{collections::BTreeSet, sync::Mutex};
use tonic::transport::Channel;
use uuid::Uuid;

fn operator() -> SigningKey {
    SigningKey::from_bytes(&[9; 32])
}

/// Who that is, as in the setting.
pub fn key() -> &'static str {
    OperatorKey::try_from_bytes(operator().verifying_key().as_bytes()).unwrap().to_string().leak()
}

/// An action signed in a second of its own, the newest that is left: the same words in the same second are one signature.
/// `action` puts it where it belongs.
async fn signed<S: Statement>(world: &World, action: impl Fn(OperatorSignature) -> S) -> S {
    static TAKEN: Mutex<BTreeSet<i64>> = Mutex::new(BTreeSet::new());
    let mut at = now(world).await;
    while !TAKEN.lock().unwrap().insert(at.unix_timestamp()) {
        at -= time::Duration::SECOND;
    }
    let signed_at = Some(timestamp(at));
    let by = OperatorSignature { operator: key().to_owned(), signature: Vec::new(), signed_at };
    let signature = operator().sign(&action(by.clone()).bytes().unwrap()).to_bytes().to_vec();
    action(OperatorSignature { signature, ..by })
}

fn door(world: &World) -> NotifierOperatorServiceClient<Channel> {
    let address = world.replicas[0].grpc();
    let channel = Channel::from_shared(format!("http://{address}")).unwrap().connect_lazy();
    NotifierOperatorServiceClient::new(channel)
}

fn decided<D: prost::Message + Default>(outcome: Option<Outcome>) -> Result<D, Refusal> {
    outcome.unwrap().decided::<D>().unwrap()
}

/// The `number`th broadcast, in English and Russian.
pub fn words(number: u8) -> Broadcast {
    let text = |language: &str, text: &str| BroadcastText { language: language.into(), text: text.into() };
    Broadcast {
        broadcast_id: vec![number; 16],
        texts: vec![
            text("en", "We move tonight.\nNothing is lost."),
            text("ru", "Сегодня ночью мы переезжаем."),
        ],
    }
}

pub async fn start(world: &World, broadcast: &Broadcast) -> Result<StartBroadcastDone, Refusal> {
    let command =
        signed(world, |by| StartBroadcast { broadcast: Some(broadcast.clone()), by: Some(by) }).await;
    hand_in(world, command).await
}

/// As it is, whoever signed it.
pub async fn hand_in(world: &World, command: StartBroadcast) -> Result<StartBroadcastDone, Refusal> {
    let request =
        StartBroadcastRequest { request_id: Uuid::now_v7().as_bytes().to_vec(), command: Some(command) };
    decided(door(world).start_broadcast(request).await.unwrap().into_inner().outcome)
}

pub async fn steer(
    world: &World,
    broadcast: &Broadcast,
    state: BroadcastState,
) -> Result<SteerBroadcastDone, Refusal> {
    let broadcast_id = broadcast.broadcast_id.clone();
    let command = signed(world, |by| SteerBroadcast {
        broadcast_id: broadcast_id.clone(),
        state: state.into(),
        by: Some(by),
    });
    let command = Some(command.await);
    let request = SteerBroadcastRequest { request_id: Uuid::now_v7().as_bytes().to_vec(), command };
    decided(door(world).steer_broadcast(request).await.unwrap().into_inner().outcome)
}
