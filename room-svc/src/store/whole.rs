//! Table `room.room` as it is told.

use super::room::state;
use chassis::Fault;
use prost::Message;
use proto::{
    AccountId, Lamports, RoomId,
    room::{Result as RoomResult, Room as RoomMessage, RoomState, Terms},
    timestamp,
};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// A whole row, for messages.
#[derive(Debug, sqlx::FromRow)]
pub struct Whole {
    /// Identity.
    pub id: Uuid,
    number: i64,
    /// The canonical bytes.
    pub terms: Vec<u8>,
    terms_hash: Vec<u8>,
    state: i16,
    seats: Vec<i32>,
    /// Accepted stakes per outcome.
    pub pools: Vec<i64>,
    /// Stakes of pending bets.
    pending_stakes: i64,
    /// Stakes that counted in the settlement, per outcome.
    pub counted: Option<Vec<i64>>,
    /// From then on no bet comes or goes.
    pub closed_at: Option<OffsetDateTime>,
    outcome: Option<i16>,
    void_reason: Option<i16>,
    price: String,
    observed_at: Option<OffsetDateTime>,
    settled_at: Option<OffsetDateTime>,
    receipt: String,
    corrected: bool,
    version: i64,
    /// Hash of the frozen bets.
    pub bets_hash: Option<Vec<u8>>,
}

impl Whole {
    /// The terms.
    ///
    /// # Errors
    /// Bytes that are not terms.
    pub fn decoded(&self) -> Result<Terms, Fault> {
        Terms::decode(self.terms.as_slice()).map_err(|_| Fault::bug("stored terms do not decode"))
    }

    /// Where it stands.
    ///
    /// # Errors
    /// A number that is no state.
    pub fn state(&self) -> Result<RoomState, Fault> {
        state(self.state)
    }

    /// Stakes of pending bets.
    #[must_use]
    pub const fn pending(&self) -> Lamports {
        Lamports::new(self.pending_stakes)
    }

    /// With all accepted stakes in its pools, as they are frozen. What is shown is in `crate::standing`.
    ///
    /// # Errors
    /// A row that breaks the contract.
    pub fn to_message(&self) -> Result<RoomMessage, Fault> {
        let terms = self.decoded()?;
        let result = self.settled_at.map(|settled_at| RoomResult {
            outcome: self.outcome.and_then(|outcome| outcome.try_into().ok()).unwrap_or_default(),
            void_reason: self.void_reason.unwrap_or_default().into(),
            price: self.price.clone(),
            observed_at: self.observed_at.map(timestamp),
            settled_at: Some(timestamp(settled_at)),
            receipt_signature: self.receipt.clone(),
            corrected: self.corrected,
        });
        Ok(RoomMessage {
            room_id: self.id.as_bytes().to_vec(),
            number: self.number,
            terms: Some(terms),
            terms_hash: self.terms_hash.clone(),
            state: self.state.into(),
            players: self.seats.iter().sum::<i32>().try_into().unwrap_or_default(),
            pools_lamports: self.pools.clone(),
            pending_lamports: self.pending_stakes,
            version: self.version.try_into().unwrap_or_default(),
            result,
        })
    }
}

/// Whole rooms by id, in the order of their numbers.
///
/// # Errors
/// The database.
pub async fn whole(conn: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<Whole>, Fault> {
    let rows = sqlx::query_as!(
        Whole,
        "SELECT id, number, terms, terms_hash, state, seats, pools, pending_stakes, counted, closed_at, outcome,
                void_reason, price, observed_at, settled_at, receipt, corrected, version, bets_hash
         FROM room.room WHERE id = ANY($1) ORDER BY number",
        ids
    );
    Ok(rows.fetch_all(conn).await?)
}

/// Who opened a room; nobody where operators did, or where there is no such room.
///
/// # Errors
/// The database.
pub async fn host(conn: &mut PgConnection, id: RoomId) -> Result<Option<AccountId>, Fault> {
    let host = sqlx::query_scalar!("SELECT host FROM room.room WHERE id = $1", id.uuid());
    Ok(host.fetch_optional(conn).await?.flatten().map(AccountId::new))
}
