//! Disputes of players.

use super::broken;
use crate::domain::dispute::{before, state_from_word, state_word};
use chassis::Fault;
use proto::{
    AccountId, RoomId,
    settlement::{self, DisputeState},
    timestamp,
};
use sqlx::{PgConnection, PgExecutor};
use time::OffsetDateTime;
use uuid::Uuid;

/// What one player says of one room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dispute {
    /// Follows from room and player.
    pub id: Uuid,
    /// The settled room.
    pub room: RoomId,
    /// The player.
    pub account: AccountId,
    /// What the player wrote.
    pub text: String,
    /// How far it has come.
    pub state: DisputeState,
    /// When it was opened.
    pub opened_at: OffsetDateTime,
    /// Given with the judgement.
    pub reason: Option<String>,
    /// Counts the changes, from 1.
    pub version: i64,
}

impl Dispute {
    /// A new one.
    #[must_use]
    pub fn new(room: RoomId, account: AccountId, text: &str, opened_at: OffsetDateTime) -> Self {
        Self {
            id: Uuid::new_v5(&room.uuid(), account.uuid().as_bytes()),
            room,
            account,
            text: text.to_owned(),
            state: DisputeState::Open,
            opened_at,
            reason: None,
            version: 1,
        }
    }

    /// For messages.
    #[must_use]
    pub fn wire(&self) -> settlement::Dispute {
        settlement::Dispute {
            dispute_id: self.id.as_bytes().to_vec(),
            room_id: self.room.bytes(),
            account_id: self.account.bytes(),
            text: self.text.clone(),
            state: self.state.into(),
            opened_at: Some(timestamp(self.opened_at)),
            reason: self.reason.clone().unwrap_or_default(),
            version: self.version.unsigned_abs(),
        }
    }
}

struct Row {
    id: Uuid,
    room_id: Uuid,
    account_id: Uuid,
    text: String,
    state: String,
    opened_at: OffsetDateTime,
    reason: Option<String>,
    version: i64,
}

impl TryFrom<Row> for Dispute {
    type Error = Fault;

    fn try_from(row: Row) -> Result<Self, Fault> {
        Ok(Self {
            id: row.id,
            room: RoomId::new(row.room_id),
            account: AccountId::new(row.account_id),
            text: row.text,
            state: state_from_word(&row.state).ok_or_else(|| broken("an unknown state of a dispute"))?,
            opened_at: row.opened_at,
            reason: row.reason,
            version: row.version,
        })
    }
}

/// Keeps a new dispute of a locked settlement. False if the player has one.
///
/// # Errors
/// The database.
pub async fn open(connection: &mut PgConnection, dispute: &Dispute) -> Result<bool, Fault> {
    let opened = sqlx::query!(
        "INSERT INTO settlement.dispute (id, room_id, account_id, text, opened_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT DO NOTHING",
        dispute.id,
        dispute.room.uuid(),
        dispute.account.uuid(),
        dispute.text,
        dispute.opened_at,
    );
    Ok(opened.execute(connection).await?.rows_affected() == 1)
}

/// How many disputes of a room wait for a judgement.
///
/// # Errors
/// The database.
pub async fn open_count(connection: &mut PgConnection, room: RoomId) -> Result<i64, Fault> {
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM settlement.dispute WHERE room_id = $1 AND state = 'OPEN'"#,
        room.uuid()
    );
    Ok(count.fetch_one(connection).await?)
}

/// Takes all disputes of a room, whose settlement is locked, to a state. Returns those that it changed. `reason` comes
/// with the judgement.
///
/// # Errors
/// The database.
pub async fn advance(
    connection: &mut PgConnection,
    room: RoomId,
    to: DisputeState,
    reason: Option<&str>,
) -> Result<Vec<Dispute>, Fault> {
    let from: Vec<String> = before(to).iter().map(|state| state_word(*state).to_owned()).collect();
    let rows = sqlx::query_as!(
        Row,
        "UPDATE settlement.dispute SET state = $2, reason = coalesce(reason, $3), version = version + 1
         WHERE room_id = $1 AND state = ANY($4)
         RETURNING id, room_id, account_id, text, state, opened_at, reason, version",
        room.uuid(),
        state_word(to),
        reason,
        &from,
    );
    rows.fetch_all(connection).await?.into_iter().map(Dispute::try_from).collect()
}

/// Disputes, newest first, after one of them.
///
/// # Errors
/// The database.
pub async fn page(
    executor: impl PgExecutor<'_>,
    state: Option<DisputeState>,
    after: Option<(OffsetDateTime, Uuid)>,
    limit: i64,
) -> Result<Vec<Dispute>, Fault> {
    let (at, id) = after.unzip();
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, room_id, account_id, text, state, opened_at, reason, version FROM settlement.dispute
         WHERE ($1::text IS NULL OR state = $1) AND ($2::timestamptz IS NULL OR (opened_at, id) < ($2, $3))
         ORDER BY opened_at DESC, id DESC LIMIT $4",
        state.map(state_word),
        at,
        id,
        limit,
    );
    rows.fetch_all(executor).await?.into_iter().map(Dispute::try_from).collect()
}

/// How many disputes wait for a judgement, and how many rooms' refunds wait for capital.
///
/// # Errors
/// The database.
pub async fn waiting(connection: &mut PgConnection) -> Result<(i32, i32), Fault> {
    let row = sqlx::query!(
        r#"SELECT (count(*) FILTER (WHERE state = 'OPEN'))::int AS "open!",
                  (count(DISTINCT room_id) FILTER (WHERE state = 'AWAITING_FUNDS'))::int AS "unfunded!"
           FROM settlement.dispute WHERE state NOT IN ('UPHELD', 'REFUNDED')"#
    )
    .fetch_one(connection)
    .await?;
    Ok((row.open, row.unfunded))
}
