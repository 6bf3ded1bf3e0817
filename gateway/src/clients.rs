//! Questions to the other services. A question that fails is asked again for a moment (a service
//! may be starting), and then told as what it is.

use crate::{
    domain::{LimitsView, RoomFilter, RoomView},
    screens::Quote,
    settings::Services,
};
use chassis::{Fault, grpc};
use proto::{
    AccountId, Decided, Lamports, RoomId, WithdrawalId,
    common::{Page, RefusalCode},
    from_timestamp,
    notifier::{self, notifier_service_client::NotifierServiceClient},
    oracle::{
        GetAggregateRequest, GetSeriesRequest, GetTokenRequest, Token,
        oracle_service_client::OracleServiceClient, polymarket_service_client::PolymarketServiceClient,
    },
    room::{self, RoomState, room_service_client::RoomServiceClient},
    settlement::{
        self, GetReferralsRequest, GetReferralsResponse, GetSettlementRequest, GetSettlementResponse,
        settlement_operator_service_client::SettlementOperatorServiceClient,
        settlement_service_client::SettlementServiceClient,
    },
    wallet::{
        self, wallet_operator_service_client::WalletOperatorServiceClient,
        wallet_service_client::WalletServiceClient,
    },
};
use std::{collections::BTreeSet, time::Duration};
use time::{Duration as Span, OffsetDateTime};
use tonic::{Code, Status};

pub use polymarket::{Found, Gap, Leaf, Positions};
pub use standings::{Fared, Results};
pub use tracking::Signals;

/// One question, with its repetitions.
const DEADLINE: Duration = Duration::from_secs(4);

/// Between two attempts while a service is away.
const PAUSE: Duration = Duration::from_millis(250);

/// Most items of one page of a service.
const CHUNK: u32 = 50;

/// A price older than this is not shown as the price now.
const STALE: Span = Span::seconds(15);

/// The services that are asked.
#[derive(Clone)]
pub struct Clients {
    room: RoomServiceClient<grpc::Channel>,
    wallet: WalletServiceClient<grpc::Channel>,
    oracle: OracleServiceClient<grpc::Channel>,
    settlement: SettlementServiceClient<grpc::Channel>,
    notifier: NotifierServiceClient<grpc::Channel>,
    rulings: SettlementOperatorServiceClient<grpc::Channel>,
    pauses: WalletOperatorServiceClient<grpc::Channel>,
    /// None where there is no process of this role.
    polymarket: Option<PolymarketServiceClient<grpc::Channel>>,
}

/// A token, as the wizard shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenView {
    /// What it calls itself; anybody can call theirs the same.
    pub symbol: String,
    /// Its market cap in USD, where price and supply are known.
    pub cap: Option<Quote>,
}

impl TokenView {
    fn of(token: &Token) -> Self {
        let number = |text: &str| proto::decimal(text).ok();
        let cap = number(&token.price).zip(number(&token.supply));
        let cap = cap.and_then(|(price, supply)| price.checked_mul(supply));
        Self { symbol: token.symbol.clone(), cap: cap.map(|price| Quote { price, age: Span::ZERO }) }
    }
}

/// What there is to show that an account's money is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The newest file with the account in it.
    File(Vec<u8>),
    /// None yet; the next proof is due then.
    NotYet(Option<OffsetDateTime>),
}

/// A list of bets with the rooms they belong to.
#[derive(Clone, Debug, Default)]
pub struct Bets {
    /// Newest first.
    pub bets: Vec<room::Bet>,
    /// Each once.
    pub rooms: Vec<RoomView>,
    /// On all pages.
    pub total: u64,
}

/// Asks until there is an answer, the answer is an error that stays, or the deadline is over.
macro_rules! ask {
    ($service:literal, $client:expr, $method:ident, $request:expr) => {{
        let request = $request;
        let asking = async {
            loop {
                let mut client = $client.clone();
                match client.$method(request.clone()).await {
                    Err(status) if status.code() == Code::Unavailable => tokio::time::sleep(PAUSE).await,
                    answer => return answer.map(tonic::Response::into_inner),
                }
            }
        };
        let late = |_| Err(Status::deadline_exceeded("no answer in time"));
        tokio::time::timeout(DEADLINE, asking).await.unwrap_or_else(late)
    }};
}

mod overview;

mod groups;

mod players;

mod points;

mod polymarket;

mod standings;

mod tracking;

impl Clients {
    /// Connects when first asked.
    ///
    /// # Errors
    /// An address that is none.
    pub fn new(identity: &grpc::Identity, services: &Services) -> Result<Self, tonic::transport::Error> {
        Ok(Self {
            room: RoomServiceClient::new(identity.channel(&services.room)?),
            wallet: WalletServiceClient::new(identity.channel(&services.wallet)?),
            oracle: OracleServiceClient::new(identity.channel(&services.oracle)?),
            settlement: SettlementServiceClient::new(identity.channel(&services.settlement)?),
            notifier: NotifierServiceClient::new(identity.channel(&services.notifier)?),
            rulings: SettlementOperatorServiceClient::new(identity.channel(&services.settlement)?),
            pauses: WalletOperatorServiceClient::new(identity.channel(&services.wallet)?),
            polymarket: match &services.polymarket {
                Some(url) => Some(PolymarketServiceClient::new(identity.channel(url)?)),
                None => None,
            },
        })
    }

    /// A room, if there is one of this id.
    ///
    /// # Errors
    /// room-svc does not answer.
    pub async fn room(&self, room: RoomId) -> Result<Option<RoomView>, Fault> {
        self.room_by(room::get_room_request::Key::RoomId(room.bytes())).await
    }

    /// A room, if there is one of this number.
    ///
    /// # Errors
    /// room-svc does not answer.
    pub async fn room_by_number(&self, number: i64) -> Result<Option<RoomView>, Fault> {
        self.room_by(room::get_room_request::Key::Number(number)).await
    }

    async fn room_by(&self, key: room::get_room_request::Key) -> Result<Option<RoomView>, Fault> {
        let answer = ask!("room-svc", self.room, get_room, room::GetRoomRequest { key: Some(key.clone()) });
        let Some(answer) = found("room-svc", answer)? else { return Ok(None) };
        Ok(answer.room.as_ref().map(RoomView::try_from).transpose()?)
    }

    /// One page of rooms, with the number of all.
    ///
    /// # Errors
    /// room-svc does not answer.
    pub async fn rooms(
        &self,
        filter: RoomFilter,
        host: AccountId,
        page: u32,
        size: u32,
    ) -> Result<(Vec<RoomView>, u64), Fault> {
        let states = match filter {
            RoomFilter::Live | RoomFilter::Of { .. } => {
                vec![RoomState::Queuing, RoomState::Open, RoomState::Locked, RoomState::Settling]
            }
            RoomFilter::Past => vec![RoomState::Settled, RoomState::Voided, RoomState::Archived],
            RoomFilter::Mine => Vec::new(),
        };
        let host = if filter == RoomFilter::Mine { host.bytes() } else { Vec::new() };
        let scope_chat_id = if let RoomFilter::Of { chat } = filter { chat } else { 0 };
        let request = |token| room::ListRoomsRequest {
            states: states.iter().map(|state| i32::from(*state)).collect(),
            scope_chat_id,
            host_account_id: host.clone(),
            page: Some(token),
        };
        let mut window = Window::new(page, size);
        while let Some(next) = window.next() {
            let answer =
                answered("room-svc", ask!("room-svc", self.room, list_rooms, request(next.clone())))?;
            window.take(answer.rooms, answer.total, answer.next_page_token);
        }
        let (rooms, total) = window.finish();
        let rooms = rooms.iter().map(RoomView::try_from).collect::<Result<Vec<_>, _>>()?;
        Ok((rooms, total))
    }

    /// One page of an account's bets.
    ///
    /// # Errors
    /// room-svc does not answer.
    pub async fn bets(&self, account: AccountId, page: u32, size: u32) -> Result<Bets, Fault> {
        let mut window = Window::new(page, size);
        let mut rooms: Vec<room::Room> = Vec::new();
        while let Some(next) = window.next() {
            let request = room::ListBetsRequest {
                account_id: account.bytes(),
                live_only: false,
                page: Some(next.clone()),
                room_id: Vec::new(),
            };
            let answer = answered("room-svc", ask!("room-svc", self.room, list_bets, request.clone()))?;
            rooms.extend(answer.rooms);
            window.take(answer.bets, answer.total, answer.next_page_token);
        }
        let (bets, total) = window.finish();
        let shown = |room: &&room::Room| bets.iter().any(|bet| bet.room_id == room.room_id);
        let rooms = rooms.iter().filter(shown).map(RoomView::try_from).collect::<Result<Vec<_>, _>>()?;
        Ok(Bets { bets, rooms, total })
    }

    /// How many bets of an account have no result yet.
    ///
    /// # Errors
    /// room-svc does not answer.
    pub async fn live_bets(&self, account: AccountId) -> Result<u64, Fault> {
        let page = Some(Page { size: 1, token: String::new() });
        let request =
            room::ListBetsRequest { account_id: account.bytes(), live_only: true, page, room_id: Vec::new() };
        Ok(answered("room-svc", ask!("room-svc", self.room, list_bets, request.clone()))?.total)
    }

    /// The bets of an account in a room, newest first: one that counts, and what was refused or taken back before.
    ///
    /// # Errors
    /// room-svc does not answer.
    pub async fn bets_in(&self, account: AccountId, room: RoomId) -> Result<Vec<room::Bet>, Fault> {
        let page = Some(Page { size: CHUNK, token: String::new() });
        let request = room::ListBetsRequest {
            account_id: account.bytes(),
            live_only: false,
            page,
            room_id: room.bytes(),
        };
        Ok(answered("room-svc", ask!("room-svc", self.room, list_bets, request.clone()))?.bets)
    }

    /// What a stake would pay, with its own impact.
    ///
    /// # Errors
    /// room-svc does not answer.
    pub async fn preview_bet(
        &self,
        room: RoomId,
        outcome: u32,
        stake: Lamports,
    ) -> Result<Decided<(RoomView, Lamports)>, Fault> {
        let request = room::PreviewBetRequest { room_id: room.bytes(), outcome, stake_lamports: stake.get() };
        let answer = ask!("room-svc", self.room, preview_bet, request.clone());
        if let Some(refusal) = answer.as_ref().err().and_then(grpc::refusal) {
            return Ok(Err(refusal));
        }
        let answer = answered("room-svc", answer)?;
        let room = answer.room.as_ref().ok_or(proto::Malformed("preview without a room"))?;
        Ok(Ok((RoomView::try_from(room)?, Lamports::new(answer.payout_lamports))))
    }

    /// Balance and address; nothing while the account is being opened.
    ///
    /// # Errors
    /// wallet-svc does not answer.
    pub async fn account(&self, account: AccountId) -> Result<Option<wallet::Account>, Fault> {
        let request = wallet::GetAccountRequest { account_id: account.bytes() };
        let answer = ask!("wallet-svc", self.wallet, get_account, request.clone());
        Ok(found("wallet-svc", answer)?.and_then(|answer| answer.account))
    }

    /// Everything that wallet-svc keeps of an account, as JSON; nothing for one that does not exist.
    ///
    /// # Errors
    /// wallet-svc does not answer.
    pub async fn export(&self, account: AccountId) -> Result<Option<Vec<u8>>, Fault> {
        let request = wallet::ExportAccountRequest { account_id: account.bytes() };
        let answer = ask!("wallet-svc", self.wallet, export_account, request.clone());
        Ok(found("wallet-svc", answer)?.map(|answer| answer.json))
    }

    /// All bets of an account.
    ///
    /// # Errors
    /// room-svc does not answer.
    pub async fn all_bets(&self, account: AccountId) -> Result<Vec<room::Bet>, Fault> {
        Ok(self.bets(account, 0, u32::MAX).await?.bets)
    }

    /// All notifications of an account.
    ///
    /// # Errors
    /// notifier-svc does not answer.
    pub async fn all_notifications(&self, account: AccountId) -> Result<Vec<notifier::Notification>, Fault> {
        let (mut all, mut token) = (Vec::new(), String::new());
        loop {
            let page = Some(Page { size: CHUNK, token });
            let request = notifier::ListNotificationsRequest { account_id: account.bytes(), page };
            let answer = ask!("notifier-svc", self.notifier, list_notifications, request.clone());
            let answer = answered("notifier-svc", answer)?;
            all.extend(answer.notifications);
            token = answer.next_page_token;
            if token.is_empty() {
                return Ok(all);
            }
        }
    }

    /// The limits that an account has set for itself.
    ///
    /// # Errors
    /// wallet-svc does not answer.
    pub async fn limits(&self, account: AccountId) -> Result<LimitsView, Fault> {
        let request = wallet::GetLimitsRequest { account_id: account.bytes() };
        let answer = answered("wallet-svc", ask!("wallet-svc", self.wallet, get_limits, request.clone()))?;
        Ok(LimitsView::from(&answer))
    }

    /// A secret for an authenticator; or why there is none.
    ///
    /// # Errors
    /// wallet-svc does not answer.
    pub async fn begin_totp(
        &self,
        account: AccountId,
    ) -> Result<Result<wallet::BeginTotpResponse, RefusalCode>, Fault> {
        let request = wallet::BeginTotpRequest { account_id: account.bytes() };
        match ask!("wallet-svc", self.wallet, begin_totp, request.clone()) {
            Err(status) if status.code() == Code::FailedPrecondition => Ok(Err(RefusalCode::TotpAlready)),
            Err(status) if status.code() == Code::NotFound => Ok(Err(RefusalCode::AccountUnknown)),
            answer => answered("wallet-svc", answer).map(Ok),
        }
    }

    /// Whether there is an authenticator.
    ///
    /// # Errors
    /// wallet-svc does not answer.
    pub async fn totp(&self, account: AccountId) -> Result<wallet::GetTotpResponse, Fault> {
        let request = wallet::GetTotpRequest { account_id: account.bytes() };
        answered("wallet-svc", ask!("wallet-svc", self.wallet, get_totp, request.clone()))
    }

    /// One page of movements, with the number of all.
    ///
    /// # Errors
    /// wallet-svc does not answer.
    pub async fn transfers(
        &self,
        account: AccountId,
        page: u32,
        size: u32,
    ) -> Result<(Vec<wallet::Transfer>, u64), Fault> {
        let mut window = Window::new(page, size);
        while let Some(next) = window.next() {
            let request =
                wallet::ListTransfersRequest { account_id: account.bytes(), page: Some(next.clone()) };
            let answer =
                answered("wallet-svc", ask!("wallet-svc", self.wallet, list_transfers, request.clone()))?;
            window.take(answer.transfers, answer.total, answer.next_page_token);
        }
        Ok(window.finish())
    }

    /// The final fee of a withdrawal and what arrives, or why it would be refused.
    ///
    /// # Errors
    /// wallet-svc does not answer.
    pub async fn preview_withdrawal(
        &self,
        account: AccountId,
        address: &str,
        amount: Lamports,
    ) -> Result<wallet::PreviewWithdrawalResponse, Fault> {
        let request = wallet::PreviewWithdrawalRequest {
            account_id: account.bytes(),
            address: address.to_owned(),
            lamports: amount.get(),
        };
        answered("wallet-svc", ask!("wallet-svc", self.wallet, preview_withdrawal, request.clone()))
    }

    /// One withdrawal, if it exists.
    ///
    /// # Errors
    /// wallet-svc does not answer.
    pub async fn withdrawal(&self, id: WithdrawalId) -> Result<Option<wallet::Withdrawal>, Fault> {
        let request = wallet::GetWithdrawalRequest { withdrawal_id: id.bytes() };
        let answer = ask!("wallet-svc", self.wallet, get_withdrawal, request.clone());
        Ok(found("wallet-svc", answer)?.and_then(|answer| answer.withdrawal))
    }

    /// The newest proof of what is owed to an account.
    ///
    /// # Errors
    /// wallet-svc does not answer.
    pub async fn proof(&self, account: AccountId) -> Result<Proof, Fault> {
        let request = wallet::GetProofRequest { account_id: account.bytes() };
        let answer = answered("wallet-svc", ask!("wallet-svc", self.wallet, get_proof, request.clone()))?;
        let next = answer.next_at.as_ref().map(|at| from_timestamp(Some(at))).transpose()?;
        Ok(if answer.file.is_empty() { Proof::NotYet(next) } else { Proof::File(answer.file) })
    }

    /// The price of an asset now; nothing while there is no quorum or the price is old.
    ///
    /// # Errors
    /// oracle-svc does not answer.
    pub async fn price(&self, asset: &str) -> Result<Option<Quote>, Fault> {
        let request = GetAggregateRequest { asset: asset.to_owned() };
        let answer = ask!("oracle-svc", self.oracle, get_aggregate, request.clone());
        let Some(answer) = found("oracle-svc", answer)? else { return Ok(None) };
        let age = Span::milliseconds(i64::from(answer.age_ms));
        let price = answer.aggregate.map(|aggregate| aggregate.price).unwrap_or_default();
        if price.is_empty() || age > STALE {
            return Ok(None);
        }
        Ok(Some(Quote { price: proto::decimal(&price)?, age }))
    }

    /// The price of an asset for a screen that goes on without it.
    pub async fn price_if_known(&self, asset: &str) -> Option<Quote> {
        let price = self.price(asset).await;
        price.inspect_err(|fault| tracing::warn!(asset, error = fault.chain(), "no price")).ok().flatten()
    }

    /// A token for a screen that goes on without it.
    pub async fn token_if_known(&self, mint: &str) -> Option<TokenView> {
        let request = GetTokenRequest { mint: mint.to_owned() };
        // Read from the chain for this question: once has to do.
        let mut client = self.oracle.clone();
        let answer = tokio::time::timeout(DEADLINE, client.get_token(request)).await.ok()?;
        let answer = found("oracle-svc", answer.map(tonic::Response::into_inner));
        let told = |fault: &Fault| tracing::warn!(mint, error = fault.chain(), "a token is not known");
        let token = answer.inspect_err(told).ok().flatten()?.token?;
        Some(TokenView::of(&token))
    }

    /// Venues whose quotes made the prices that decided, for a screen that goes on without them.
    pub async fn venues(&self, room: &RoomView, verdict: &settlement::Verdict) -> Vec<String> {
        let length = i64::from(room.mean_seconds.max(1));
        let last_second = verdict.series_last_second;
        let first_second = verdict.series_first_second.max(last_second - length + 1);
        if verdict.price.is_empty() || last_second == 0 {
            return Vec::new();
        }
        let request =
            GetSeriesRequest { asset: room.asset.clone(), first_second, last_second, every_seconds: 0 };
        let answer = ask!("oracle-svc", self.oracle, get_series, request.clone());
        let told = |fault: &Fault| tracing::warn!(error = fault.chain(), "venues are not known");
        let Ok(answer) = answered("oracle-svc", answer).inspect_err(told) else { return Vec::new() };
        let quotes = answer.seconds.into_iter().flat_map(|second| second.aggregates);
        let quotes = quotes.flat_map(|aggregate| aggregate.quotes).filter(|quote| quote.counted);
        quotes.map(|quote| quote.venue).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// An account's code, and what came of it.
    ///
    /// # Errors
    /// settlement-svc does not answer.
    pub async fn referrals(&self, account: AccountId) -> Result<GetReferralsResponse, Fault> {
        let request = GetReferralsRequest { account_id: account.bytes() };
        let answer = ask!("settlement-svc", self.settlement, get_referrals, request.clone());
        Ok(found("settlement-svc", answer)?.unwrap_or_default())
    }

    /// What was decided about a room, once something was.
    ///
    /// # Errors
    /// settlement-svc does not answer.
    pub async fn settlement(&self, room: RoomId) -> Result<Option<GetSettlementResponse>, Fault> {
        let request = GetSettlementRequest { room_id: room.bytes() };
        found("settlement-svc", ask!("settlement-svc", self.settlement, get_settlement, request.clone()))
    }

    /// Which services answer, by the key of their name's text.
    pub async fn reachable(&self) -> [(&'static str, bool); 5] {
        let nobody = proto::RoomId::new(uuid::Uuid::max());
        let account = AccountId::new(uuid::Uuid::max());
        let (room, wallet, oracle, settlement, polymarket) = tokio::join!(
            self.room(nobody),
            self.account(account),
            self.price("SOL"),
            self.settlement(nobody),
            self.markets("", 0, 1)
        );
        [
            ("status-service-room", room.is_ok()),
            ("status-service-wallet", wallet.is_ok()),
            ("status-service-oracle", oracle.is_ok()),
            ("status-service-settlement", settlement.is_ok()),
            ("status-service-polymarket", matches!(polymarket, Ok(Ok(_)))),
        ]
    }
}

fn answered<T>(service: &'static str, answer: Result<T, Status>) -> Result<T, Fault> {
    answer.map_err(|status| Fault::upstream(service, status))
}

fn found<T>(service: &'static str, answer: Result<T, Status>) -> Result<Option<T>, Fault> {
    match answer {
        Err(status) if status.code() == Code::NotFound => Ok(None),
        answer => answered(service, answer).map(Some),
    }
}

/// A page by its number, out of a listing that goes by tokens.
struct Window<T> {
    skip: usize,
    size: usize,
    items: Vec<T>,
    total: u64,
    next: Option<String>,
}

impl<T> Window<T> {
    fn new(page: u32, size: u32) -> Self {
        let skip = usize::try_from(page.saturating_mul(size)).unwrap_or(usize::MAX);
        let size = usize::try_from(size).unwrap_or_default();
        Self { skip, size, items: Vec::new(), total: 0, next: Some(String::new()) }
    }

    /// What to ask for next; nothing once the page is complete or the listing ends.
    fn next(&self) -> Option<Page> {
        let missing = self.skip.saturating_add(self.size).checked_sub(self.items.len()).filter(|n| *n > 0)?;
        let token = self.next.clone()?;
        Some(Page { size: u32::try_from(missing).unwrap_or(CHUNK).min(CHUNK), token })
    }

    fn take(&mut self, items: Vec<T>, total: u64, next: String) {
        self.next = (!next.is_empty() && !items.is_empty()).then_some(next);
        self.items.extend(items);
        self.total = total;
    }

    fn finish(self) -> (Vec<T>, u64) {
        (self.items.into_iter().skip(self.skip).take(self.size).collect(), self.total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_cut_from_a_listing_by_tokens() {
        let listing: Vec<u32> = (0..130).collect();
        let read = |page, size| {
            let mut window = Window::new(page, size);
            let mut asked = 0;
            while let Some(next) = window.next() {
                let from: usize = if next.token.is_empty() { 0 } else { next.token.parse().unwrap() };
                let to = (from + usize::try_from(next.size).unwrap()).min(listing.len());
                let token = if to < listing.len() { to.to_string() } else { String::new() };
                window.take(listing[from..to].to_vec(), 130, token);
                asked += 1;
            }
            (window.finish(), asked)
        };
        assert_eq!(read(0, 5), ((vec![0, 1, 2, 3, 4], 130), 1));
        assert_eq!(read(11, 10), (((110..120).collect(), 130), 3));
        assert_eq!(read(12, 10).0.0, (120..130).collect::<Vec<_>>());
        assert_eq!(read(13, 10).0.0, Vec::<u32>::new());
        assert_eq!(read(u32::MAX, 10).0.0, Vec::<u32>::new());
    }
}
