//! What users are in the middle of.

use crate::domain::{CodeFor, ConditionId, CreateDraft, EvmAddress, LimitKind, Threshold, WithdrawDraft};
use chassis::Fault;
use proto::{AccountId, RoomId};
use serde::{Deserialize, Serialize};
use sqlx::PgExecutor;
use time::{Duration, OffsetDateTime};

/// Sessions end after a day.
const KEPT: Duration = Duration::hours(24);

/// A dialogue that is not finished; one of each kind per user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "dialogue", rename_all = "snake_case")]
pub enum Draft {
    /// A room.
    Create(CreateDraft),
    /// A withdrawal.
    Withdraw(WithdrawDraft),
    /// A stake that will be typed.
    Stake {
        /// Where.
        room: RoomId,
        /// On which outcome.
        outcome: u32,
    },
    /// A code of an authenticator that will be typed.
    Totp {
        /// What for.
        code_for: CodeFor,
    },
    /// An amount that will be typed.
    Limit {
        /// For which limit.
        kind: LimitKind,
    },
    /// What is wrong with a result, which will be typed.
    Dispute {
        /// Of which room.
        room: RoomId,
    },
    /// A wallet that will be typed.
    Track,
    /// A wallet's name that will be typed.
    Rename {
        /// Of which wallet.
        wallet: EvmAddress,
    },
    /// Words that markets are searched for.
    Search {
        /// None yet if empty: they will be typed.
        words: String,
    },
    /// A price that will be typed.
    PriceAlert {
        /// Of which market.
        market: ConditionId,
        /// Of which outcome.
        outcome: u32,
    },
    /// A size that will be typed.
    Threshold {
        /// Of what.
        kind: Threshold,
    },
    /// Hours without a sound that will be typed.
    Quiet,
    /// A time of the day that will be typed.
    Digest,
    /// The address of a webhook that will be typed.
    Webhook,
}

/// Which dialogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DraftKind {
    /// A room.
    Create,
    /// A withdrawal.
    Withdraw,
    /// A stake.
    Stake,
    /// A code of an authenticator.
    Totp,
    /// A limit of one's own.
    Limit,
    /// A dispute.
    Dispute,
    /// A wallet.
    Track,
    /// A name.
    Rename,
    /// Words of a search.
    Search,
    /// A price.
    PriceAlert,
    /// A size.
    Threshold,
    /// Hours.
    Quiet,
    /// A time.
    Digest,
    /// An address.
    Webhook,
}

impl DraftKind {
    const fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Withdraw => "withdraw",
            Self::Stake => "stake",
            Self::Totp => "totp",
            Self::Limit => "limit",
            Self::Dispute => "dispute",
            Self::Track => "track",
            Self::Rename => "rename",
            Self::Search => "search",
            Self::PriceAlert => "price_alert",
            Self::Threshold => "threshold",
            Self::Quiet => "quiet",
            Self::Digest => "digest",
            Self::Webhook => "webhook",
        }
    }
}

impl Draft {
    const fn kind(&self) -> DraftKind {
        match self {
            Self::Create(_) => DraftKind::Create,
            Self::Withdraw(_) => DraftKind::Withdraw,
            Self::Stake { .. } => DraftKind::Stake,
            Self::Totp { .. } => DraftKind::Totp,
            Self::Limit { .. } => DraftKind::Limit,
            Self::Dispute { .. } => DraftKind::Dispute,
            Self::Track => DraftKind::Track,
            Self::Rename { .. } => DraftKind::Rename,
            Self::Search { .. } => DraftKind::Search,
            Self::PriceAlert { .. } => DraftKind::PriceAlert,
            Self::Threshold { .. } => DraftKind::Threshold,
            Self::Quiet => DraftKind::Quiet,
            Self::Digest => DraftKind::Digest,
            Self::Webhook => DraftKind::Webhook,
        }
    }

    /// Whether the next message of the user may be meant for it.
    #[must_use]
    pub fn awaits_text(&self) -> bool {
        match self {
            Self::Create(draft) => draft.awaits_text(),
            Self::Withdraw(draft) => draft.awaits_text(),
            Self::Search { words } => words.is_empty(),
            Self::Stake { .. }
            | Self::Totp { .. }
            | Self::Limit { .. }
            | Self::Dispute { .. }
            | Self::Track
            | Self::Rename { .. }
            | Self::PriceAlert { .. }
            | Self::Threshold { .. }
            | Self::Quiet
            | Self::Digest
            | Self::Webhook => true,
        }
    }
}

/// Keeps a draft and makes it the one that the next message is meant for.
///
/// # Errors
/// The database.
pub async fn save(
    db: impl PgExecutor<'_>,
    account: AccountId,
    draft: &Draft,
    now: OffsetDateTime,
) -> Result<(), Fault> {
    let body = serde_json::to_value(draft).map_err(|error| Fault::bug(error.to_string()))?;
    sqlx::query!(
        "INSERT INTO gateway.draft (account_id, kind, body, touched_at, expires_at)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (account_id, kind) DO UPDATE
            SET body = EXCLUDED.body, touched_at = EXCLUDED.touched_at, expires_at = EXCLUDED.expires_at",
        account.uuid(),
        draft.kind().name(),
        body,
        now,
        now + KEPT
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Throws a draft away.
///
/// # Errors
/// The database.
pub async fn drop(db: impl PgExecutor<'_>, account: AccountId, kind: DraftKind) -> sqlx::Result<()> {
    sqlx::query!(
        "DELETE FROM gateway.draft WHERE account_id = $1 AND kind = $2",
        account.uuid(),
        kind.name()
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The user's drafts, the one touched last first. One that an older release wrote and this one
/// cannot read is left out.
///
/// # Errors
/// The database.
pub async fn of(
    db: impl PgExecutor<'_>,
    account: AccountId,
    now: OffsetDateTime,
) -> sqlx::Result<Vec<Draft>> {
    let rows = sqlx::query!(
        "SELECT body FROM gateway.draft WHERE account_id = $1 AND expires_at > $2 ORDER BY touched_at DESC",
        account.uuid(),
        now
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().filter_map(|row| serde_json::from_value(row.body).ok()).collect())
}

/// How many users are in the middle of something.
///
/// # Errors
/// The database.
pub async fn sessions(db: impl PgExecutor<'_>, now: OffsetDateTime) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"SELECT count(DISTINCT account_id) AS "sessions!" FROM gateway.draft WHERE expires_at > $1"#,
        now
    )
    .fetch_one(db)
    .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{CreateStep, Kind, WithdrawStep};

    #[test]
    fn drafts_return_from_the_database_as_they_went() {
        let create =
            CreateDraft { step: CreateStep::Asset, kind: Some(Kind::Close), ..CreateDraft::default() };
        let withdraw = WithdrawDraft { step: WithdrawStep::Amount, address: Some("x".into()), amount: None };
        let stake = Draft::Stake { room: RoomId::new(uuid::Uuid::from_u128(1)), outcome: 1 };
        let wallet = Draft::Rename { wallet: EvmAddress::new([7; 20]) };
        let price = Draft::PriceAlert { market: ConditionId::new([9; 32]), outcome: 1 };
        for draft in [Draft::Create(create), Draft::Withdraw(withdraw), stake, wallet, price, Draft::Quiet] {
            let stored = serde_json::to_value(&draft).unwrap();
            assert_eq!(serde_json::from_value::<Draft>(stored).unwrap(), draft);
        }
    }
}
