//! Broadcasts, statistics and smart wallets as they are shown.

use super::{Instant, word};
use proto::{
    Malformed,
    notifier::{BroadcastProgress, BroadcastState, Category, DeliveryStatistics, SmartWallet},
};
use serde::Serialize;
use uuid::Uuid;

#[derive(Debug, Serialize)]
pub struct BroadcastView {
    pub id: Uuid,
    pub state: String,
    pub recipients: u64,
    pub sent: u64,
    pub failed: u64,
    pub started_at: Instant,
    pub ended_at: Instant,
    pub languages: Vec<String>,
    /// In English.
    pub text: String,
}

impl TryFrom<&BroadcastProgress> for BroadcastView {
    type Error = Malformed;

    fn try_from(progress: &BroadcastProgress) -> Result<Self, Malformed> {
        let broadcast = progress.broadcast.as_ref().ok_or(Malformed("progress of no broadcast"))?;
        let state = BroadcastState::try_from(progress.state).map(|state| state.as_str_name());
        Ok(Self {
            id: Uuid::from_slice(&broadcast.broadcast_id).map_err(|_| Malformed("broadcast id"))?,
            state: word("BROADCAST_STATE_", state, progress.state),
            recipients: progress.recipients,
            sent: progress.sent,
            failed: progress.failed,
            started_at: Instant::of(progress.started_at.as_ref())?,
            ended_at: Instant::of(progress.ended_at.as_ref())?,
            languages: broadcast.texts.iter().map(|text| text.language.clone()).collect(),
            text: broadcast.texts.first().map(|text| text.text.clone()).unwrap_or_default(),
        })
    }
}

/// A day of one category. Digests have none of their own.
#[derive(Debug, Serialize)]
pub struct DeliveriesView {
    pub day: String,
    pub category: String,
    pub sent: u64,
    pub failed: u64,
    pub blocked: u64,
    pub expired: u64,
    pub digested: u64,
    pub superseded: u64,
    pub unwanted: u64,
    pub waiting: u64,
    pub p50_ms: u64,
    pub p99_ms: u64,
}

impl DeliveriesView {
    /// Names of the columns.
    pub const HEAD: [&str; 12] = [
        "day",
        "category",
        "sent",
        "failed",
        "blocked",
        "expired",
        "digested",
        "superseded",
        "unwanted",
        "waiting",
        "p50_ms",
        "p99_ms",
    ];

    pub fn row(&self) -> Vec<String> {
        let counts = [
            self.sent,
            self.failed,
            self.blocked,
            self.expired,
            self.digested,
            self.superseded,
            self.unwanted,
            self.waiting,
            self.p50_ms,
            self.p99_ms,
        ];
        let words = [self.day.clone(), self.category.clone()];
        words.into_iter().chain(counts.iter().map(u64::to_string)).collect()
    }
}

impl From<&DeliveryStatistics> for DeliveriesView {
    fn from(day: &DeliveryStatistics) -> Self {
        let category = match day.category() {
            Category::Unspecified => "DIGEST".to_owned(),
            category => word("CATEGORY_", Ok::<_, ()>(category.as_str_name()), day.category),
        };
        Self {
            day: day.day.clone(),
            category,
            sent: day.sent,
            failed: day.failed,
            blocked: day.blocked,
            expired: day.expired,
            digested: day.digested,
            superseded: day.superseded,
            unwanted: day.unwanted,
            waiting: day.waiting,
            p50_ms: day.p50_ms,
            p99_ms: day.p99_ms,
        }
    }
}

#[derive(Debug, Serialize)]
pub struct SmartWalletView {
    pub address: String,
    pub label: String,
    pub listed_at: Instant,
}

impl TryFrom<&SmartWallet> for SmartWalletView {
    type Error = Malformed;

    fn try_from(wallet: &SmartWallet) -> Result<Self, Malformed> {
        Ok(Self {
            address: wallet.address.clone(),
            label: wallet.label.clone(),
            listed_at: Instant::of(wallet.listed_at.as_ref())?,
        })
    }
}
