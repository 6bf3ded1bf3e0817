//! The other services' parts: room-svc freezes and shows its bets, wallet-svc posts and anchors,
//! oracle-svc shows its series. Commands reach them as they reach the real ones.

use crate::{
    ledger::Ledger,
    room::{Room, TOUCHED},
};
use async_nats::{
    HeaderMap,
    jetstream::{self, consumer::pull},
};
use futures::StreamExt;
use prost::{Message, Name};
use proto::{
    Event, oracle, receipt_memo,
    room::{self, FreezeRoom},
    settlement::{ReceiptReady, RoomDecided, RoomSettled},
    timestamp,
    wallet::{AnchorReceipt, PayoutsPosted, PostPayouts, ReceiptAnchored},
};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex},
    time::Duration,
};
use time::Duration as Span;
use tonic::{Request, Response, Status, async_trait};
use uuid::Uuid;

/// Streams and consumers that are drained in the name of others.
const CONSUMERS: [(&str, &str); 4] = [
    ("CMD_ROOM", "room-commands"),
    ("CMD_WALLET", "wallet-payouts"),
    ("CMD_WALLET", "wallet-commands"),
    ("EVENTS", "room-events"),
];

/// How the others misbehave.
#[derive(Default)]
pub struct Misbehaviour {
    /// So many commands of a type are lost before they have an effect.
    pub lose: HashMap<String, u32>,
    /// So many answers are lost after the effect of the command.
    pub silent: HashMap<String, u32>,
    /// Everything is answered twice.
    pub twice: bool,
    /// So many questions of a kind are not answered.
    pub unavailable: HashMap<&'static str, u32>,
    /// room-svc shows other bets than it froze.
    pub forged: bool,
}

/// What settlement-svc told.
#[derive(Default)]
pub struct Told {
    pub decided: Vec<RoomDecided>,
    pub settled: BTreeMap<(Vec<u8>, u32), RoomSettled>,
    pub receipts: BTreeMap<Vec<u8>, ReceiptReady>,
    /// Two results of one room that differ.
    pub contradictions: u32,
}

/// Everybody else.
pub struct Parties {
    pub jetstream: jetstream::Context,
    pub rooms: Mutex<BTreeMap<Vec<u8>, Room>>,
    pub ledger: Mutex<Ledger>,
    pub misbehaviour: Mutex<Misbehaviour>,
    pub told: Mutex<Told>,
}

impl Parties {
    pub fn new(jetstream: jetstream::Context) -> Arc<Self> {
        Arc::new(Self {
            jetstream,
            rooms: Mutex::default(),
            ledger: Mutex::default(),
            misbehaviour: Mutex::default(),
            told: Mutex::default(),
        })
    }

    /// Drains all consumers until the test ends, through any number of outages.
    pub fn listen(self: &Arc<Self>) {
        for (stream, consumer) in CONSUMERS {
            let this = Arc::clone(self);
            tokio::spawn(async move {
                loop {
                    // An error is an outage of the broker: the test wanted it.
                    let _ = this.drain(stream, consumer).await;
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    let _ = chassis::topology::ensure(&this.jetstream, 1).await;
                }
            });
        }
    }

    async fn drain(&self, stream: &str, consumer: &str) -> anyhow::Result<()> {
        let consumer: jetstream::consumer::Consumer<pull::Config> = self
            .jetstream
            .get_stream(stream)
            .await?
            .get_consumer(consumer)
            .await
            .map_err(anyhow::Error::msg)?;
        let mut messages = consumer
            .stream()
            .expires(Duration::from_secs(5))
            .heartbeat(Duration::from_secs(1))
            .messages()
            .await?;
        while let Some(message) = messages.next().await {
            let message = message?;
            let kind = message.headers.as_ref().unwrap().get("ce-type").unwrap().to_string();
            self.obey(&kind, &message.payload).await?;
            message.ack().await.map_err(anyhow::Error::msg)?;
        }
        Ok(())
    }

    async fn obey(&self, kind: &str, payload: &[u8]) -> anyhow::Result<()> {
        if kind == FreezeRoom::full_name() {
            let freeze = FreezeRoom::decode(payload)?;
            let frozen = self.rooms.lock().unwrap().get(&freeze.room_id).map(Room::frozen);
            if self.strikes(|all| &mut all.lose, kind) {
                return Ok(());
            }
            return self.answer(kind, &frozen.unwrap()).await;
        }
        if kind == PostPayouts::full_name() {
            let chunk = PostPayouts::decode(payload)?;
            if self.strikes(|all| &mut all.lose, kind) {
                return Ok(());
            }
            self.ledger.lock().unwrap().post(&chunk);
            return self.answer(kind, &PayoutsPosted { room_id: chunk.room_id, chunk: chunk.chunk }).await;
        }
        if kind == AnchorReceipt::full_name() {
            let receipt = AnchorReceipt::decode(payload)?;
            if self.strikes(|all| &mut all.lose, kind) {
                return Ok(());
            }
            let anchored = ReceiptAnchored {
                signature: format!("signature-{}", Uuid::from_slice(&receipt.room_id)?),
                slot: 77,
                memo: receipt_memo(&receipt)?,
                room_id: receipt.room_id,
                ..ReceiptAnchored::default()
            };
            return self.answer(kind, &anchored).await;
        }
        self.hear(kind, payload)
    }

    fn hear(&self, kind: &str, payload: &[u8]) -> anyhow::Result<()> {
        let told = &mut *self.told.lock().unwrap();
        if kind == RoomDecided::full_name() {
            told.decided.push(RoomDecided::decode(payload)?);
        } else if kind == RoomSettled::full_name() {
            let part = RoomSettled::decode(payload)?;
            let before = told.settled.insert((part.room_id.clone(), part.part), part.clone());
            told.contradictions += u32::from(before.is_some_and(|before| before != part));
        } else if kind == ReceiptReady::full_name() {
            let receipt = ReceiptReady::decode(payload)?;
            told.receipts.insert(receipt.room_id.clone(), receipt);
        }
        Ok(())
    }

    /// Whether one of the misfortunes that are still due strikes now.
    fn strikes(&self, which: impl Fn(&mut Misbehaviour) -> &mut HashMap<String, u32>, kind: &str) -> bool {
        let all = &mut *self.misbehaviour.lock().unwrap();
        match which(all).get_mut(kind) {
            Some(left) if *left > 0 => {
                *left -= 1;
                true
            }
            _ => false,
        }
    }

    async fn answer<E: Event>(&self, command: &str, event: &E) -> anyhow::Result<()> {
        if self.strikes(|all| &mut all.silent, command) {
            return Ok(());
        }
        let times = if self.misbehaviour.lock().unwrap().twice { 2 } else { 1 };
        for _ in 0..times {
            self.publish(event.subject(), E::full_name(), event.encode_to_vec()).await?;
        }
        Ok(())
    }

    /// Publishes under a new message id.
    pub async fn publish(&self, subject: String, kind: String, payload: Vec<u8>) -> anyhow::Result<()> {
        let mut headers = HeaderMap::new();
        headers.insert("ce-id", Uuid::now_v7().to_string());
        headers.insert("ce-type", kind);
        self.jetstream.publish_with_headers(subject, headers, payload.into()).await?.await?;
        Ok(())
    }

    fn unavailable(&self, question: &'static str) -> Result<(), Status> {
        match self.misbehaviour.lock().unwrap().unavailable.get_mut(question) {
            Some(left) if *left > 0 => {
                *left -= 1;
                Err(Status::unavailable("as told"))
            }
            _ => Ok(()),
        }
    }
}

/// The gRPC doors of room-svc and oracle-svc.
#[derive(Clone)]
pub struct Doors(pub Arc<Parties>);

#[async_trait]
impl room::room_service_server::RoomService for Doors {
    async fn read_frozen_bets(
        &self,
        request: Request<room::ReadFrozenBetsRequest>,
    ) -> Result<Response<room::ReadFrozenBetsResponse>, Status> {
        self.0.unavailable("bets")?;
        let request = request.into_inner();
        let room = self.0.rooms.lock().unwrap().get(&request.room_id).cloned();
        let mut bets = room.ok_or_else(|| Status::not_found("no such room"))?.bets;
        if self.0.misbehaviour.lock().unwrap().forged {
            // The sums stay the same: two players' stakes change hands.
            let account = bets[0].account_id.clone();
            bets[0].account_id = std::mem::replace(&mut bets[1].account_id, account);
        }
        bets.retain(|bet| bet.bet_id > request.after_bet_id);
        bets.truncate(request.limit as usize);
        Ok(Response::new(room::ReadFrozenBetsResponse { bets }))
    }

    async fn get_room(
        &self,
        _: Request<room::GetRoomRequest>,
    ) -> Result<Response<room::GetRoomResponse>, Status> {
        Err(Status::unimplemented("not asked by settlement-svc"))
    }

    async fn list_rooms(
        &self,
        _: Request<room::ListRoomsRequest>,
    ) -> Result<Response<room::ListRoomsResponse>, Status> {
        Err(Status::unimplemented("not asked by settlement-svc"))
    }

    async fn list_bets(
        &self,
        _: Request<room::ListBetsRequest>,
    ) -> Result<Response<room::ListBetsResponse>, Status> {
        Err(Status::unimplemented("not asked by settlement-svc"))
    }

    async fn preview_bet(
        &self,
        _: Request<room::PreviewBetRequest>,
    ) -> Result<Response<room::PreviewBetResponse>, Status> {
        Err(Status::unimplemented("not asked by settlement-svc"))
    }
}

/// Seconds in one answer of the oracle.
const SERIES_CUT: usize = 3;

#[async_trait]
impl oracle::oracle_service_server::OracleService for Doors {
    async fn get_aggregate(
        &self,
        _: Request<oracle::GetAggregateRequest>,
    ) -> Result<Response<oracle::GetAggregateResponse>, Status> {
        Err(Status::unimplemented("not asked by settlement-svc"))
    }

    /// Every second from a minute before the touch to a minute after it, but for one gap.
    async fn get_series(
        &self,
        request: Request<oracle::GetSeriesRequest>,
    ) -> Result<Response<oracle::GetSeriesResponse>, Status> {
        self.0.unavailable("series")?;
        let request = request.into_inner();
        let stored = TOUCHED.unix_timestamp() - 60..=TOUCHED.unix_timestamp() + 60;
        let gap = TOUCHED.unix_timestamp() + 4;
        let seconds = (request.first_second..=request.last_second)
            .filter(|second| stored.contains(second) && *second != gap && request.asset == "SOL")
            .take(SERIES_CUT)
            .map(second);
        Ok(Response::new(oracle::GetSeriesResponse { seconds: seconds.collect() }))
    }

    async fn get_candles(
        &self,
        _: Request<oracle::GetCandlesRequest>,
    ) -> Result<Response<oracle::GetCandlesResponse>, Status> {
        Err(Status::unimplemented("not asked here"))
    }

    async fn get_token(
        &self,
        _: Request<oracle::GetTokenRequest>,
    ) -> Result<Response<oracle::GetTokenResponse>, Status> {
        Err(Status::unimplemented("not asked here"))
    }
}

fn second(second: i64) -> oracle::Second {
    let at = timestamp(TOUCHED + Span::seconds(second - TOUCHED.unix_timestamp()));
    let quote = |venue: &str, price: &str| oracle::Quote {
        venue: venue.to_owned(),
        price: price.to_owned(),
        venue_at: Some(at),
        received_at: Some(at),
        counted: true,
        ..Default::default()
    };
    let aggregate = oracle::Aggregate {
        asset: "SOL".to_owned(),
        price: "165.02".to_owned(),
        confidence: "0.01".to_owned(),
        at: Some(at),
        quotes: vec![quote("binance", "165.01"), quote("coinbase", "165.02"), quote("kraken", "165.03")],
        ..Default::default()
    };
    oracle::Second { second, aggregates: vec![aggregate], complete: true }
}
