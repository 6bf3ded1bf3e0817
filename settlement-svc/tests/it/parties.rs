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
    Event, merkle, oracle, receipt_leaf, receipt_memo, receipts_memo,
    room::{self, FreezeRoom},
    settlement::{Dispute, DisputeChanged, ReceiptReady, RoomCorrected, RoomDecided, RoomSettled},
    timestamp,
    wallet::{AnchorReceipt, PayoutsPosted, PostPayouts, ReceiptAnchored, RefundStakes, StakesRefunded},
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Mutex},
    time::Duration,
};
use time::Duration as Span;
use tonic::{Request, Response, Status, async_trait};
use uuid::Uuid;

/// Streams and consumers that are drained in the name of others.
const CONSUMERS: [(&str, &str); 7] = [
    ("CMD_ROOM", "room-commands"),
    ("CMD_ROOM", "room-freezes"),
    ("CMD_WALLET", "wallet-payouts"),
    ("CMD_WALLET", "wallet-commands"),
    ("EVENTS", "room-events"),
    ("EVENTS", "room-ends"),
    ("EVENTS", "notifier-events"),
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
    /// Receipts stand under memos of two rooms.
    pub together: bool,
    /// Accounts that have no part in the takeout any more.
    pub withheld: Vec<Vec<u8>>,
}

/// What settlement-svc told.
#[derive(Default)]
pub struct Told {
    pub decided: Vec<RoomDecided>,
    pub settled: BTreeMap<(Vec<u8>, u32), RoomSettled>,
    pub receipts: BTreeMap<Vec<u8>, ReceiptReady>,
    /// Two results of one room that differ.
    pub contradictions: u32,
    /// Type and id of every event.
    pub events: BTreeSet<(String, String)>,
    /// Of each dispute, the states it was told in.
    pub disputes: BTreeMap<Vec<u8>, BTreeMap<u64, Dispute>>,
    pub corrected: BTreeMap<(Vec<u8>, u32), RoomCorrected>,
}

/// Everybody else.
pub struct Parties {
    pub jetstream: jetstream::Context,
    pub rooms: Mutex<BTreeMap<Vec<u8>, Room>>,
    pub ledger: Mutex<Ledger>,
    pub misbehaviour: Mutex<Misbehaviour>,
    pub told: Mutex<Told>,
    /// What the oracle stored, by asset. Without it, an asset has the prices of `second`.
    pub tapes: Mutex<HashMap<String, Vec<oracle::Second>>>,
}

impl Parties {
    pub fn new(jetstream: jetstream::Context) -> Arc<Self> {
        Arc::new(Self {
            jetstream,
            rooms: Mutex::default(),
            ledger: Mutex::default(),
            misbehaviour: Mutex::default(),
            told: Mutex::default(),
            tapes: Mutex::default(),
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
            let header = |name| message.headers.as_ref().unwrap().get(name).unwrap().to_string();
            let (kind, id) = (header("ce-type"), header("ce-id"));
            self.obey(&kind, &message.payload).await?;
            if stream == "EVENTS" {
                self.told.lock().unwrap().events.insert((kind, id));
            }
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
            let mut withheld = chunk.referrals;
            let gone = self.misbehaviour.lock().unwrap().withheld.clone();
            withheld.retain(|part| gone.contains(&part.account_id));
            let answer = PayoutsPosted { room_id: chunk.room_id, chunk: chunk.chunk, withheld };
            return self.answer(kind, &answer).await;
        }
        if kind == AnchorReceipt::full_name() {
            let receipt = AnchorReceipt::decode(payload)?;
            if self.strikes(|all| &mut all.lose, kind) {
                return Ok(());
            }
            let mut anchored = ReceiptAnchored {
                signature: format!("signature-{}", Uuid::from_slice(&receipt.room_id)?),
                slot: 77,
                memo: receipt_memo(&receipt)?,
                room_id: receipt.room_id.clone(),
                ..ReceiptAnchored::default()
            };
            if self.misbehaviour.lock().unwrap().together {
                let neighbour = merkle::leaf(b"another room");
                (anchored.leaf, anchored.leaves) = (1, 2);
                anchored.memo = receipts_memo(&[neighbour, receipt_leaf(&receipt)?]);
                anchored.branch = vec![neighbour.to_vec()];
            }
            return self.answer(kind, &anchored).await;
        }
        if kind == RefundStakes::full_name() {
            let part = RefundStakes::decode(payload)?;
            if self.strikes(|all| &mut all.lose, kind) {
                return Ok(());
            }
            let awaiting_funds = !self.ledger.lock().unwrap().refund(&part);
            let answer = StakesRefunded { room_id: part.room_id, chunk: part.chunk, awaiting_funds };
            return self.answer(kind, &answer).await;
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
        } else if kind == DisputeChanged::full_name() {
            let dispute = DisputeChanged::decode(payload)?.dispute.unwrap();
            told.disputes.entry(dispute.dispute_id.clone()).or_default().insert(dispute.version, dispute);
        } else if kind == RoomCorrected::full_name() {
            let part = RoomCorrected::decode(payload)?;
            let before = told.corrected.insert((part.room_id.clone(), part.part), part.clone());
            told.contradictions += u32::from(before.is_some_and(|before| before != part));
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
        request: Request<room::GetRoomRequest>,
    ) -> Result<Response<room::GetRoomResponse>, Status> {
        self.0.unavailable("rooms")?;
        let Some(room::get_room_request::Key::RoomId(id)) = request.into_inner().key else {
            return Err(Status::invalid_argument("asked by id alone"));
        };
        let room = self.0.rooms.lock().unwrap().get(&id).and_then(|room| room.frozen().room);
        let room = room.ok_or_else(|| Status::not_found("no such room"))?;
        Ok(Response::new(room::GetRoomResponse { room: Some(room) }))
    }

    async fn list_rooms(
        &self,
        _: Request<room::ListRoomsRequest>,
    ) -> Result<Response<room::ListRoomsResponse>, Status> {
        Err(Status::unimplemented("not asked by settlement-svc"))
    }

    async fn list_bets(
        &self,
        request: Request<room::ListBetsRequest>,
    ) -> Result<Response<room::ListBetsResponse>, Status> {
        self.0.unavailable("players")?;
        let request = request.into_inner();
        let rooms = self.0.rooms.lock().unwrap();
        let bets = rooms.values().flat_map(|room| &room.bets).filter(|bet| {
            bet.account_id == request.account_id
                && (request.room_id.is_empty() || bet.room_id == request.room_id)
        });
        // The token says how many were shown.
        let page = request.page.unwrap_or_default();
        let (shown, size) =
            (page.token.parse().unwrap_or(0), if page.size == 0 { 20 } else { page.size as usize });
        let mut bets: Vec<room::Bet> = bets.skip(shown).cloned().collect();
        let next_page_token = if bets.len() > size { (shown + size).to_string() } else { String::new() };
        bets.truncate(size);
        Ok(Response::new(room::ListBetsResponse { bets, next_page_token, ..Default::default() }))
    }

    async fn preview_bet(
        &self,
        _: Request<room::PreviewBetRequest>,
    ) -> Result<Response<room::PreviewBetResponse>, Status> {
        Err(Status::unimplemented("not asked by settlement-svc"))
    }

    async fn get_arena(
        &self,
        _: Request<room::GetArenaRequest>,
    ) -> Result<Response<room::GetArenaResponse>, Status> {
        Err(Status::unimplemented("not asked by settlement-svc"))
    }

    async fn list_players(
        &self,
        _: Request<room::ListPlayersRequest>,
    ) -> Result<Response<room::ListPlayersResponse>, Status> {
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
        if let Some(tape) = self.0.tapes.lock().unwrap().get(&request.asset) {
            let asked = request.first_second..=request.last_second;
            let seconds = tape.iter().filter(|stored| asked.contains(&stored.second)).take(SERIES_CUT);
            return Ok(Response::new(oracle::GetSeriesResponse { seconds: seconds.cloned().collect() }));
        }
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
