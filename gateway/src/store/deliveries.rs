//! Notices that have to be delivered.

use chassis::Fault;
use prost::Message as _;
use proto::{
    AccountId, Malformed, NotificationId,
    gateway::Deliver,
    notifier::{Lane, Notice, NotificationState, notice::Kind},
};
use sqlx::PgExecutor;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// A notice on its way.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    /// Identity.
    pub id: NotificationId,
    /// Whom to.
    pub to: Recipient,
    /// How urgent: the lower, the sooner.
    pub lane: i16,
    /// What happened.
    pub notice: Notice,
    /// Later notices with this key edit the same message.
    pub thread: Option<String>,
    /// Only a newer state may.
    pub version: i64,
    /// Calls that were begun.
    pub attempts: i32,
    /// Without a sound.
    pub silent: bool,
    /// W3C trace context of its command.
    pub traceparent: String,
}

/// Whom a notice is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recipient {
    /// The owner of an account.
    Account(AccountId),
    /// A group, by its chat.
    Group(i64),
}

impl Recipient {
    fn of(deliver: &Deliver) -> Result<Self, Malformed> {
        match deliver.chat_id {
            0 => AccountId::try_from_bytes(&deliver.account_id).map(Self::Account),
            chat if chat < 0 && deliver.account_id.is_empty() => Ok(Self::Group(chat)),
            _ => Err(Malformed("deliver to nobody")),
        }
    }

    /// The account, if it is one.
    #[must_use]
    pub const fn account(self) -> Option<AccountId> {
        match self {
            Self::Account(account) => Some(account),
            Self::Group(_) => None,
        }
    }

    /// The chat of a group, if it is one.
    #[must_use]
    pub const fn group(self) -> Option<i64> {
        match self {
            Self::Account(_) => None,
            Self::Group(chat) => Some(chat),
        }
    }
}

impl Delivery {
    /// The thread it belongs to, and whose: groups have none.
    #[must_use]
    pub fn thread(&self) -> Option<(AccountId, &str)> {
        self.to.account().zip(self.thread.as_deref())
    }
}

/// How a delivery ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// Telegram has it.
    Sent,
    /// The user has blocked the bot.
    Blocked,
    /// It cannot be delivered.
    Failed(String),
}

impl End {
    const fn name(&self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Blocked => "blocked",
            Self::Failed(_) => "failed",
        }
    }

    /// As the contract says it.
    #[must_use]
    pub const fn state(&self) -> NotificationState {
        match self {
            Self::Sent => NotificationState::Sent,
            Self::Blocked => NotificationState::Blocked,
            Self::Failed(_) => NotificationState::Failed,
        }
    }

    /// Why, if it failed.
    #[must_use]
    pub fn error(&self) -> &str {
        match self {
            Self::Failed(why) => why,
            Self::Sent | Self::Blocked => "",
        }
    }
}

/// The thread a notice belongs to and how far along it is: a deposit is seen, then credited;
/// withdrawals and disputes count their changes.
#[must_use]
pub fn thread_of(notice: &Notice, given: &str) -> (Option<String>, i64) {
    let uuid = |bytes: &[u8]| Uuid::from_slice(bytes).ok();
    let own = match &notice.kind {
        Some(Kind::Deposit(deposit)) => {
            uuid(&deposit.deposit_id).map(|id| (format!("deposit:{id}"), i64::from(deposit.state)))
        }
        Some(Kind::Withdrawal(withdrawal)) => uuid(&withdrawal.withdrawal_id)
            .map(|id| (withdrawal_thread(id), i64::try_from(withdrawal.version).unwrap_or(i64::MAX))),
        // A message of its own, not the one in which it was handed in: an edit rings no bell.
        Some(Kind::Dispute(dispute)) => uuid(&dispute.dispute_id)
            .map(|id| (format!("dispute:{id}"), i64::try_from(dispute.version).unwrap_or(i64::MAX))),
        _ => None,
    };
    match own {
        Some((key, version)) => (Some(key), version),
        None => ((!given.is_empty()).then(|| given.to_owned()), 0),
    }
}

/// The thread of a withdrawal: the message in which it was confirmed.
#[must_use]
pub fn withdrawal_thread(id: Uuid) -> String {
    format!("withdrawal:{id}")
}

/// Takes a notice in, to be delivered as a part of the trace that its command belongs to. Returns how an earlier delivery of it
/// ended, if it has.
///
/// # Errors
/// The database, or a command that breaks its contract.
pub async fn enter(
    db: &mut sqlx::PgConnection,
    deliver: &Deliver,
    traceparent: &str,
    now: OffsetDateTime,
) -> Result<Option<End>, Fault> {
    let id = NotificationId::try_from_bytes(&deliver.notification_id)?;
    let notice = deliver.notice.as_ref().ok_or(proto::Malformed("deliver without a notice"))?;
    let (thread, version) = thread_of(notice, &deliver.thread_key);
    let to = Recipient::of(deliver)?;
    sqlx::query!(
        "INSERT INTO gateway.delivery
            (notification_id, account_id, chat_id, lane, notice, thread_key, thread_version, state, not_before, created_at,
             silent, traceparent)
         VALUES ($1, $2, $8, $3, $4, $5, $6, 'waiting', $7, $7, $9, $10) ON CONFLICT (notification_id) DO NOTHING",
        id.uuid(),
        to.account().map(AccountId::uuid),
        lane_number(deliver.lane()),
        notice.encode_to_vec(),
        thread,
        version,
        now,
        to.group(),
        deliver.silent,
        traceparent
    )
    .execute(&mut *db)
    .await?;
    let row = sqlx::query!("SELECT state, error FROM gateway.delivery WHERE notification_id = $1", id.uuid())
        .fetch_one(db)
        .await?;
    Ok(match row.state.as_str() {
        "sent" => Some(End::Sent),
        "blocked" => Some(End::Blocked),
        "failed" => Some(End::Failed(row.error)),
        _ => None,
    })
}

/// What was begun and is not in hand has an unknown outcome: an earlier sender was replaced, or
/// the database was away after the call. Notices of money and results go out again, others are
/// given up; returns these.
///
/// # Errors
/// The database.
pub async fn recover(db: &mut sqlx::PgConnection, in_hand: &[Uuid]) -> sqlx::Result<Vec<Uuid>> {
    let last_resent = lane_number(Lane::Result);
    sqlx::query!(
        "UPDATE gateway.delivery SET state = 'waiting'
         WHERE state = 'sending' AND lane <= $1 AND NOT notification_id = ANY($2)",
        last_resent,
        in_hand
    )
    .execute(&mut *db)
    .await?;
    let given_up = sqlx::query!(
        "UPDATE gateway.delivery SET state = 'failed', error = 'unknown outcome'
         WHERE state = 'sending' AND NOT notification_id = ANY($1) RETURNING notification_id",
        in_hand
    )
    .fetch_all(db)
    .await?;
    Ok(given_up.into_iter().map(|row| row.notification_id).collect())
}

/// What is due and not in hand, by lane and age.
///
/// # Errors
/// The database, or a stored notice that does not decode.
pub async fn due(
    db: impl PgExecutor<'_>,
    in_hand: &[Uuid],
    limit: i64,
    now: OffsetDateTime,
) -> Result<Vec<Delivery>, Fault> {
    let rows = sqlx::query!(
        "SELECT notification_id, account_id, chat_id, lane, notice, thread_key, thread_version, attempts, silent,
                traceparent
         FROM gateway.delivery
         WHERE state = 'waiting' AND not_before <= $1 AND NOT notification_id = ANY($2)
         ORDER BY lane, created_at, notification_id LIMIT $3",
        now,
        in_hand,
        limit
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            let to = match (row.account_id, row.chat_id) {
                (Some(account), _) => Recipient::Account(AccountId::new(account)),
                (None, Some(chat)) => Recipient::Group(chat),
                (None, None) => return Err(Fault::bug("a stored notice for nobody")),
            };
            Ok(Delivery {
                id: NotificationId::new(row.notification_id),
                to,
                lane: row.lane,
                notice: Notice::decode(row.notice.as_slice())
                    .map_err(|_| Fault::bug("a stored notice does not decode"))?,
                thread: row.thread_key,
                version: row.thread_version,
                attempts: row.attempts,
                silent: row.silent,
                traceparent: row.traceparent,
            })
        })
        .collect()
}

/// Whether a newer state of the same thread waits as well, which makes this one needless.
///
/// # Errors
/// The database.
pub async fn is_outdated(db: impl PgExecutor<'_>, delivery: &Delivery) -> sqlx::Result<bool> {
    let Some(thread) = &delivery.thread else { return Ok(false) };
    let row = sqlx::query!(
        r#"SELECT EXISTS (SELECT FROM gateway.delivery
                          WHERE account_id = $1 AND thread_key = $2 AND thread_version > $3
                            AND state IN ('waiting', 'sending')) AS "outdated!""#,
        delivery.to.account().map(AccountId::uuid),
        thread,
        delivery.version
    )
    .fetch_one(db)
    .await?;
    Ok(row.outdated)
}

/// The call begins. False: it is not waiting any more.
///
/// # Errors
/// The database.
pub async fn sending(db: impl PgExecutor<'_>, id: NotificationId) -> sqlx::Result<bool> {
    let taken = sqlx::query!(
        "UPDATE gateway.delivery SET state = 'sending', attempts = attempts + 1
         WHERE notification_id = $1 AND state = 'waiting'",
        id.uuid()
    )
    .execute(db)
    .await?;
    Ok(taken.rows_affected() == 1)
}

/// The call has to be made again, not before a moment.
///
/// # Errors
/// The database.
pub async fn again(
    db: impl PgExecutor<'_>,
    id: NotificationId,
    after: Duration,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE gateway.delivery SET state = 'waiting', not_before = $2 WHERE notification_id = $1 AND state = 'sending'",
        id.uuid(),
        now + after
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The delivery ended.
///
/// # Errors
/// The database.
pub async fn end(db: impl PgExecutor<'_>, id: NotificationId, end: &End) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE gateway.delivery SET state = $2, error = $3 WHERE notification_id = $1",
        id.uuid(),
        end.name(),
        end.error()
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Security first, the unnamed last.
fn lane_number(lane: Lane) -> i16 {
    match lane {
        Lane::Security => 1,
        Lane::Result => 2,
        Lane::Room => 3,
        Lane::Tracker => 4,
        Lane::Whale => 5,
        Lane::Digest => 6,
        Lane::Broadcast => 7,
        Lane::Unspecified => 8,
    }
}
