//! Operators and players who speak about rooms: what they sign, and the commands as any service would hand them in.

use crate::{eventually, room::Room, world::World};
use chassis::{
    Outgoing,
    bus::Bus,
    operators::OperatorKey,
    settings::{BusFaults, Endpoint, Nats as NatsSettings, Value},
};
use ed25519_dalek::{Signer as _, SigningKey};
use prost::Message;
use proto::{
    Command, Refusal, RoomId, Service,
    common::Outcome,
    room::VoidReason,
    settlement::{
        Dispute, JudgeDispute, JudgeDisputeDone, Judgement, OpenDispute, OpenDisputeDone, RuleRoom,
        RuleRoomDone, settlement_operator_service_client::SettlementOperatorServiceClient,
    },
    statement::Statement,
    timestamp,
    wallet::OperatorSignature,
};
use std::sync::atomic::{AtomicU32, Ordering};
use time::OffsetDateTime;
use tonic::transport::Channel;
use uuid::Uuid;

/// Operators of every world.
pub const ANN: Person = Person(1);
pub const BOB: Person = Person(2);
pub const CID: Person = Person(3);
/// An admin of every world, who is no operator.
pub const ADA: Person = Person(4);
/// Nobody.
pub const EVE: Person = Person(5);

/// Whoever has a key.
#[derive(Clone, Copy, Debug)]
pub struct Person(u8);

impl Person {
    fn secret(self) -> SigningKey {
        SigningKey::from_bytes(&[self.0; 32])
    }

    pub fn key(self) -> OperatorKey {
        OperatorKey::try_from_bytes(self.secret().verifying_key().as_bytes()).unwrap()
    }

    /// The account under which this person plays.
    pub fn account(self) -> Vec<u8> {
        Uuid::from_u128(0xacc0 + u128::from(self.0)).as_bytes().to_vec()
    }

    /// An action that bears this person's signature.
    pub fn signs<S: Statement>(self, at: OffsetDateTime, action: impl Fn(OperatorSignature) -> S) -> S {
        let operator = self.key().to_string();
        let by = OperatorSignature { operator, signature: Vec::new(), signed_at: Some(timestamp(at)) };
        let signature = self.secret().sign(&action(by.clone()).bytes().unwrap()).to_bytes().to_vec();
        action(OperatorSignature { signature, ..by })
    }
}

fn joined(people: &[Person], one: impl Fn(&Person) -> String) -> String {
    people.iter().map(one).collect::<Vec<_>>().join(",")
}

pub fn operators() -> String {
    joined(&[ANN, BOB, CID], |person| person.key().to_string())
}

pub fn admins() -> String {
    joined(&[ADA], |person| person.key().to_string())
}

pub fn accounts() -> String {
    joined(&[ANN, BOB, CID, ADA], |person| {
        format!("{}={}", person.key(), Uuid::from_slice(&person.account()).unwrap())
    })
}

/// A reason that nobody gave before: two statements of one second would else bear the same signature.
fn unlike(reason: &str) -> String {
    static GIVEN: AtomicU32 = AtomicU32::new(0);
    format!("{reason} ({})", GIVEN.fetch_add(1, Ordering::Relaxed))
}

/// Hands commands in.
pub struct Office<'a> {
    pub world: &'a World,
    bus: Bus,
}

impl<'a> Office<'a> {
    pub async fn open(world: &'a World) -> Self {
        let settings = NatsSettings {
            urls: vec![Endpoint::parse(&world.nats.url()).unwrap()],
            replicas: 1,
            ca_file: None,
        };
        Self { world, bus: Bus::connect(Service::Gateway, &settings, BusFaults::None).await.unwrap() }
    }

    /// What the database says the time is.
    pub async fn now(&self) -> OffsetDateTime {
        sqlx::query_scalar("SELECT settlement.db_clock()").fetch_one(self.world.db.pool()).await.unwrap()
    }

    /// Publishes a command under an id. The broker takes each time for another message, so the inbox sees all of them.
    pub async fn publish(&self, id: Uuid, command: &impl Command) {
        let message = Outgoing::command(command).id(id).reply_to(Service::Gateway).into_message();
        let attempt = format!(":{}", Uuid::now_v7());
        self.bus.publish(&[(&message, &attempt)]).await.unwrap();
    }

    /// The stored outcome of a command, if there is one.
    pub async fn outcome(&self, id: Uuid) -> Option<Outcome> {
        let body: Option<Vec<u8>> =
            sqlx::query_scalar("SELECT body FROM settlement.outcome WHERE command_id = $1")
                .bind(id)
                .fetch_optional(self.world.db.pool())
                .await
                .unwrap();
        body.map(|body| Outcome::decode(body.as_slice()).unwrap())
    }

    pub async fn decided<D: Message + Default>(&self, id: Uuid) -> Result<D, Refusal> {
        eventually("an outcome", || async { self.outcome(id).await.is_some() }).await;
        self.outcome(id).await.unwrap().decided().unwrap()
    }

    pub async fn obeyed<D: Message + Default>(&self, command: &impl Command) -> Result<D, Refusal> {
        let id = Uuid::now_v7();
        self.publish(id, command).await;
        self.decided(id).await
    }

    /// A ruling, signed now.
    pub async fn ruling(&self, by: Person, room: RoomId, said: Said) -> RuleRoom {
        let (outcome, reason) = match said {
            Said::Outcome(outcome) => (outcome, VoidReason::Unspecified),
            Said::Void(reason) => (0, reason),
        };
        let why = unlike("as the source says");
        by.signs(self.now().await, |by| RuleRoom {
            room_id: room.bytes(),
            outcome,
            void_reason: reason.into(),
            reason: why.clone(),
            by: Some(by),
        })
    }

    pub async fn rule(&self, by: Person, room: RoomId, said: Said) -> Result<RuleRoomDone, Refusal> {
        self.obeyed(&self.ruling(by, room, said).await).await
    }

    /// How many agree with a ruling that was taken.
    pub async fn ruled(&self, by: Person, room: RoomId, said: Said) -> (u32, u32) {
        let done = self.rule(by, room, said).await.unwrap();
        (done.rulings, done.needed)
    }

    /// A player of a room, by the place of the bet, says that its result is wrong.
    pub async fn dispute(&self, room: &Room, bet: usize) -> Result<Dispute, Refusal> {
        let account_id = room.bets[bet].account_id.clone();
        let text = "the price was another one".to_owned();
        let command = OpenDispute { room_id: room.id.bytes(), account_id, text };
        self.obeyed::<OpenDisputeDone>(&command).await.map(|done| done.dispute.unwrap())
    }

    pub async fn judgement(&self, by: Person, room: RoomId, judgement: Judgement) -> JudgeDispute {
        let why = unlike("we looked at it");
        by.signs(self.now().await, |by| JudgeDispute {
            room_id: room.bytes(),
            judgement: judgement.into(),
            reason: why.clone(),
            by: Some(by),
        })
    }

    pub async fn judge(
        &self,
        by: Person,
        room: RoomId,
        judgement: Judgement,
    ) -> Result<JudgeDisputeDone, Refusal> {
        self.obeyed(&self.judgement(by, room, judgement).await).await
    }

    /// The other door.
    pub async fn client(&self) -> SettlementOperatorServiceClient<Channel> {
        let address = self.world.replicas[0].grpc();
        SettlementOperatorServiceClient::connect(format!("http://{address}")).await.unwrap()
    }
}

/// What a ruling says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    Outcome(u32),
    Void(VoidReason),
}
