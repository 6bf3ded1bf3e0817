//! The services that are asked: room-svc for bets, oracle-svc for series.

mod asked;

pub use asked::Asked;

use crate::domain::{Bet, Frozen};
use chassis::{
    Fault,
    grpc::{Channel, Identity},
    settings::Endpoint,
};
use proto::{
    AccountId, RoomId,
    common::Page,
    oracle::{GetSeriesRequest, GetSeriesResponse, oracle_service_client::OracleServiceClient},
    room::{self, BetState, ListBetsRequest, ReadFrozenBetsRequest, room_service_client::RoomServiceClient},
};
use std::ops::RangeInclusive;

/// Bets asked for at once: some 2 MB, half of the limit of a message. room-svc looks through all bets of the room for
/// each page.
const PAGE: u32 = 20_000;

/// An account's bets looked through: pages of this size, and how many of them.
const BETS: u32 = 100;
const BETS_PAGES: u32 = 20;

/// room-svc.
#[derive(Clone, Debug)]
pub struct Rooms(RoomServiceClient<Channel>);

impl Rooms {
    /// Connects when first asked.
    pub fn connect(identity: &Identity, to: &Endpoint) -> Result<Self, tonic::transport::Error> {
        Ok(Self(RoomServiceClient::new(identity.channel(to)?)))
    }

    /// All bets of a frozen room, checked against what it froze. That room-svc is away blames
    /// nobody; that the bets differ blames what it said.
    pub async fn frozen_bets(&self, frozen: &Frozen) -> Result<Vec<Bet>, Fault> {
        let bets = self.read(frozen.room, frozen.bet_count).await?;
        frozen
            .accept(&bets)
            .map_err(|mismatch| Fault::bug(format!("room {} is not paid: {mismatch}", frozen.room)))
    }

    /// Whether an account has ever had an accepted bet, were it taken back or voided later. Bets that were refused do
    /// not count; two thousand of those are no newcomer's.
    pub async fn has_bet(&self, account: AccountId) -> Result<bool, Fault> {
        let mut token = String::new();
        for _ in 0..BETS_PAGES {
            let request = ListBetsRequest {
                account_id: account.bytes(),
                page: Some(Page { size: BETS, token }),
                ..Default::default()
            };
            let answer = self.0.clone().list_bets(request).await;
            let answer = answer.map_err(|status| Fault::upstream("room-svc", status))?.into_inner();
            let accepted = |bet: &room::Bet| !matches!(bet.state(), BetState::Pending | BetState::Refused);
            if answer.bets.iter().any(accepted) {
                return Ok(true);
            }
            token = answer.next_page_token;
            if token.is_empty() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Reads page by page; one bet too many is enough to see that they are too many.
    async fn read(&self, room: RoomId, count: u32) -> Result<Vec<room::Bet>, Fault> {
        let mut bets: Vec<room::Bet> = Vec::new();
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        while bets.len() <= count {
            let request = ReadFrozenBetsRequest {
                room_id: room.bytes(),
                after_bet_id: bets.last().map(|bet| bet.bet_id.clone()).unwrap_or_default(),
                limit: PAGE,
            };
            let answer = self.0.clone().read_frozen_bets(request).await;
            let page = answer.map_err(|status| Fault::upstream("room-svc", status))?.into_inner().bets;
            if page.is_empty() {
                break;
            }
            bets.extend(page);
        }
        Ok(bets)
    }
}

/// oracle-svc.
#[derive(Clone, Debug)]
pub struct Oracle(OracleServiceClient<Channel>);

impl Oracle {
    /// Connects when first asked.
    pub fn connect(identity: &Identity, to: &Endpoint) -> Result<Self, tonic::transport::Error> {
        Ok(Self(OracleServiceClient::new(identity.channel(to)?)))
    }

    /// The stored seconds of an asset, or the first of them: an answer has its limits.
    pub async fn series(
        &self,
        asset: &str,
        seconds: RangeInclusive<i64>,
    ) -> Result<GetSeriesResponse, Fault> {
        let request = GetSeriesRequest {
            asset: asset.to_owned(),
            first_second: *seconds.start(),
            last_second: *seconds.end(),
            ..Default::default()
        };
        let answer = self.0.clone().get_series(request).await;
        Ok(answer.map_err(|status| Fault::upstream("oracle-svc", status))?.into_inner())
    }
}
