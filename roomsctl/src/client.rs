//! The services, and how they are asked.

use std::future::Future;

use proto::{
    common::audit_service_client::AuditServiceClient,
    letters::dead_letter_service_client::DeadLetterServiceClient,
    notifier::{
        notifier_operator_service_client::NotifierOperatorServiceClient,
        notifier_service_client::NotifierServiceClient,
    },
    room::{room_operator_service_client::RoomOperatorServiceClient, room_service_client::RoomServiceClient},
    settlement::{
        settlement_operator_service_client::SettlementOperatorServiceClient,
        settlement_service_client::SettlementServiceClient,
    },
    wallet::{
        wallet_operator_service_client::WalletOperatorServiceClient,
        wallet_service_client::WalletServiceClient,
    },
};
use tonic::{Response, Status, transport::Uri};

use crate::{audit::Logged, channel::Channel, cli::Options, failure::Failure};

/// Who tells people.
const NOTIFIER: &str = "notifier-svc";
/// Whom rooms belong to.
pub const ROOM: &str = "room-svc";
/// Whom results belong to.
const SETTLEMENT: &str = "settlement-svc";
/// Whom withdrawals belong to.
pub const WALLET: &str = "wallet-svc";

/// A client of one service, which remembers whom it asks.
pub struct Service<C> {
    pub name: &'static str,
    url: Uri,
    client: C,
}

impl<C> Service<C> {
    /// It answered with an error.
    pub fn failed(&self, status: Status) -> Failure {
        Failure::Service { service: self.name, url: self.url.clone(), status: Box::new(status) }
    }

    /// Who it is and where: several contracts are answered at one place.
    fn place(self) -> (&'static str, Uri) {
        (self.name, self.url)
    }
}

impl<C: Clone> Service<C> {
    /// Asks one question.
    pub async fn ask<T, F>(&self, question: impl FnOnce(C) -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<Response<T>, Status>>,
    {
        match question(self.client.clone()).await {
            Ok(answer) => Ok(answer.into_inner()),
            Err(status) => Err(self.failed(status)),
        }
    }
}

pub fn rooms(options: &Options) -> Result<Service<RoomServiceClient<Channel>>, Failure> {
    let url = known(options.room_url.as_ref(), ROOM, "room-url", "ROOMSCTL_ROOM_URL")?;
    let client = RoomServiceClient::new(channel(&url, options)?);
    Ok(Service { name: ROOM, url, client })
}

pub fn wallet(options: &Options) -> Result<Service<WalletServiceClient<Channel>>, Failure> {
    let url = wallet_url(options)?;
    let client = WalletServiceClient::new(channel(&url, options)?);
    Ok(Service { name: WALLET, url, client })
}

pub fn operators(options: &Options) -> Result<Service<WalletOperatorServiceClient<Channel>>, Failure> {
    let url = wallet_url(options)?;
    let client = WalletOperatorServiceClient::new(channel(&url, options)?);
    Ok(Service { name: WALLET, url, client })
}

fn wallet_url(options: &Options) -> Result<Uri, Failure> {
    known(options.wallet_url.as_ref(), WALLET, "wallet-url", "ROOMSCTL_WALLET_URL")
}

pub fn settlement(options: &Options) -> Result<Service<SettlementServiceClient<Channel>>, Failure> {
    let url = options.settlement_url.as_ref();
    let url = known(url, SETTLEMENT, "settlement-url", "ROOMSCTL_SETTLEMENT_URL")?;
    let client = SettlementServiceClient::new(channel(&url, options)?);
    Ok(Service { name: SETTLEMENT, url, client })
}

pub fn room_operators(options: &Options) -> Result<Service<RoomOperatorServiceClient<Channel>>, Failure> {
    let (name, url) = rooms(options)?.place();
    let client = RoomOperatorServiceClient::new(channel(&url, options)?);
    Ok(Service { name, url, client })
}

pub fn settlement_operators(
    options: &Options,
) -> Result<Service<SettlementOperatorServiceClient<Channel>>, Failure> {
    let (name, url) = settlement(options)?.place();
    let client = SettlementOperatorServiceClient::new(channel(&url, options)?);
    Ok(Service { name, url, client })
}

pub fn notifier(options: &Options) -> Result<Service<NotifierServiceClient<Channel>>, Failure> {
    let url = options.notifier_url.as_ref();
    let url = known(url, NOTIFIER, "notifier-url", "ROOMSCTL_NOTIFIER_URL")?;
    let client = NotifierServiceClient::new(channel(&url, options)?);
    Ok(Service { name: NOTIFIER, url, client })
}

pub fn notifier_operators(
    options: &Options,
) -> Result<Service<NotifierOperatorServiceClient<Channel>>, Failure> {
    let (name, url) = notifier(options)?.place();
    let client = NotifierOperatorServiceClient::new(channel(&url, options)?);
    Ok(Service { name, url, client })
}

/// Whoever reads an audit log.
pub type Auditor = AuditServiceClient<Channel>;

pub fn audit(options: &Options, of: Logged) -> Result<Service<Auditor>, Failure> {
    let (name, url) = place_of(options, of)?;
    let client = AuditServiceClient::new(channel(&url, options)?);
    Ok(Service { name, url, client })
}

pub fn letters(options: &Options, of: Logged) -> Result<Service<DeadLetterServiceClient<Channel>>, Failure> {
    let (name, url) = place_of(options, of)?;
    let client = DeadLetterServiceClient::new(channel(&url, options)?);
    Ok(Service { name, url, client })
}

/// What every service answers is asked where the service is.
fn place_of(options: &Options, of: Logged) -> Result<(&'static str, Uri), Failure> {
    Ok(match of {
        Logged::Notifier => notifier(options)?.place(),
        Logged::Room => rooms(options)?.place(),
        Logged::Settlement => settlement(options)?.place(),
        Logged::Wallet => wallet(options)?.place(),
    })
}

fn known(
    url: Option<&Uri>,
    service: &'static str,
    flag: &'static str,
    variable: &'static str,
) -> Result<Uri, Failure> {
    url.cloned().ok_or(Failure::NoUrl { service, flag, variable })
}

/// Connects with the first question.
fn channel(url: &Uri, options: &Options) -> Result<Channel, Failure> {
    options.credentials.channel(url, options.timeout)
}
