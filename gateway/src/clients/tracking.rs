//! What notifier-svc is asked: who is tracked, what is told, which signals there are.

use super::{Clients, DEADLINE, PAUSE, Window, answered, found};
use crate::clients::polymarket::Leaf;
use chassis::Fault;
use proto::{
    AccountId, from_timestamp,
    notifier::{
        GetPreferencesRequest, GetWebhookRequest, GetWebhookResponse, ListPriceAlertsRequest,
        ListPriceAlertsResponse, ListSignalsRequest, ListSmartWalletsRequest, ListTrackedRequest,
        ListTrackedResponse, Preferences, Signal, SmartWallet,
    },
};
use time::OffsetDateTime;
use tonic::{Code, Status};

/// A page of signals.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Signals {
    /// Those of the last seven days.
    pub leaf: Leaf<Signal>,
    /// Of all ever whose market is decided: right, wrong.
    pub hits: (u32, u32),
    /// When the wallets were looked at last.
    pub scanned_at: Option<OffsetDateTime>,
}

impl Clients {
    /// The wallets that an account tracks.
    ///
    /// # Errors
    /// notifier-svc does not answer.
    pub async fn tracked(&self, account: AccountId) -> Result<ListTrackedResponse, Fault> {
        let request = ListTrackedRequest { account_id: account.bytes() };
        answered("notifier-svc", ask!("notifier-svc", self.notifier, list_tracked, request.clone()))
    }

    /// The price alerts of an account that still wait.
    ///
    /// # Errors
    /// notifier-svc does not answer.
    pub async fn price_alerts(&self, account: AccountId) -> Result<ListPriceAlertsResponse, Fault> {
        let request = ListPriceAlertsRequest { account_id: account.bytes() };
        answered("notifier-svc", ask!("notifier-svc", self.notifier, list_price_alerts, request.clone()))
    }

    /// What an account wants to be told.
    ///
    /// # Errors
    /// notifier-svc does not answer.
    pub async fn preferences(&self, account: AccountId) -> Result<Preferences, Fault> {
        let request = GetPreferencesRequest { account_id: account.bytes() };
        let answer = ask!("notifier-svc", self.notifier, get_preferences, request.clone());
        Ok(answered("notifier-svc", answer)?.preferences.unwrap_or_default())
    }

    /// The webhook of an account, if it has one.
    ///
    /// # Errors
    /// notifier-svc does not answer.
    pub async fn webhook(&self, account: AccountId) -> Result<Option<GetWebhookResponse>, Fault> {
        let request = GetWebhookRequest { account_id: account.bytes() };
        let answer = ask!("notifier-svc", self.notifier, get_webhook, request.clone());
        Ok(found("notifier-svc", answer)?.filter(|webhook| !webhook.url.is_empty()))
    }

    /// A page of the wallets whose agreement makes a signal.
    ///
    /// # Errors
    /// notifier-svc does not answer.
    pub async fn smart_wallets(&self, page: u32, size: u32) -> Result<Leaf<SmartWallet>, Fault> {
        let mut window = Window::after(page, size);
        while let Some(next) = window.next() {
            let request = ListSmartWalletsRequest { page: Some(next) };
            let answer = ask!("notifier-svc", self.notifier, list_smart_wallets, request.clone());
            let answer = answered("notifier-svc", answer)?;
            window.take(answer.wallets, 0, answer.next_page_token);
        }
        Ok(window.leaf(size, 0))
    }

    /// A page of signals.
    ///
    /// # Errors
    /// notifier-svc does not answer.
    pub async fn signals(&self, page: u32, size: u32) -> Result<Signals, Fault> {
        let (mut window, mut hits, mut scanned_at) = (Window::after(page, size), (0, 0), None);
        while let Some(next) = window.next() {
            let request = ListSignalsRequest { page: Some(next) };
            let answer = ask!("notifier-svc", self.notifier, list_signals, request.clone());
            let answer = answered("notifier-svc", answer)?;
            hits = (answer.right, answer.wrong);
            scanned_at = from_timestamp(answer.scanned_at.as_ref()).ok();
            window.take(answer.signals, 0, answer.next_page_token);
        }
        Ok(Signals { leaf: window.leaf(size, 0), hits, scanned_at })
    }
}
