//! Verdict and state: the row that every step locks first.

use super::{broken, signed, unsigned};
use crate::domain::{
    Ruling, Settlement, State, Verdict, suspicion_from_word, suspicion_word, void_from_word, void_word,
};
use chassis::Fault;
use proto::{RoomId, room::VoidReason};
use rust_decimal::Decimal;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// A settlement as it is read outside the writer.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Verdict and state.
    pub settlement: Settlement,
    /// When the ledger had all credits.
    pub settled_at: Option<OffsetDateTime>,
}

struct Row {
    room_id: Uuid,
    state: String,
    version: i64,
    outcome: Option<i32>,
    void_reason: Option<String>,
    price: Option<String>,
    observed_at: Option<OffsetDateTime>,
    series_first_second: Option<i64>,
    series_last_second: Option<i64>,
    suspicions: Vec<String>,
    window_end_second: Option<i64>,
    start_price: Option<String>,
    start_window_end_second: Option<i64>,
    rival_price: Option<String>,
    rival_start_price: Option<String>,
    decided_at: OffsetDateTime,
    ruled_at: Option<OffsetDateTime>,
    waits_until: Option<OffsetDateTime>,
    settled_at: Option<OffsetDateTime>,
}

impl TryFrom<Row> for Standing {
    type Error = Fault;

    fn try_from(row: Row) -> Result<Self, Fault> {
        let price = |text: Option<String>| {
            text.map(|text| text.parse::<Decimal>()).transpose().map_err(|_| broken("a price that is none"))
        };
        let suspicion =
            |word: &String| suspicion_from_word(word).ok_or_else(|| broken("an unknown suspicion"));
        let verdict = Verdict {
            ruling: ruling(row.outcome, row.void_reason.as_deref())?,
            price: price(row.price)?,
            observed_at: row.observed_at,
            series: row.series_first_second.zip(row.series_last_second).map(|(first, last)| first..=last),
            suspicions: row.suspicions.iter().map(suspicion).collect::<Result<_, _>>()?,
            window_end: row.window_end_second,
            start_price: price(row.start_price)?,
            start_window_end: row.start_window_end_second,
            rival_price: price(row.rival_price)?,
            rival_start_price: price(row.rival_start_price)?,
        };
        let settlement = Settlement {
            room: RoomId::new(row.room_id),
            verdict,
            state: State::from_word(&row.state).ok_or_else(|| broken("an unknown state"))?,
            version: row.version,
            decided_at: row.decided_at,
            ruled_at: row.ruled_at,
            waits_until: row.waits_until,
        };
        Ok(Self { settlement, settled_at: row.settled_at })
    }
}

/// The two columns of a ruling, one of which is empty.
pub(super) fn columns(ruling: Ruling) -> Result<(Option<i32>, Option<&'static str>), Fault> {
    match ruling {
        Ruling::Outcome(outcome) => Ok((Some(signed(outcome)?), None)),
        Ruling::Void(reason) => Ok((None, Some(void_word(reason)))),
    }
}

pub(super) fn ruling(outcome: Option<i32>, void_reason: Option<&str>) -> Result<Ruling, Fault> {
    match (outcome, void_reason) {
        (Some(outcome), None) => unsigned(outcome).map(Ruling::Outcome),
        (None, Some(word)) => {
            void_from_word(word).map(Ruling::Void).ok_or_else(|| broken("an unknown void reason"))
        }
        _ => Err(broken("a ruling that is both or neither")),
    }
}

fn text(price: Option<Decimal>) -> Option<String> {
    price.map(|price| price.to_string())
}

fn words(verdict: &Verdict) -> Vec<String> {
    verdict.suspicions.iter().map(|suspicion| suspicion_word(*suspicion).to_owned()).collect()
}

/// Lets a verdict stand if it is the room's first. Says whether it was.
///
/// # Errors
/// The database.
pub async fn insert(connection: &mut PgConnection, room: RoomId, verdict: &Verdict) -> Result<bool, Fault> {
    let (outcome, void_reason) = columns(verdict.ruling)?;
    let inserted = sqlx::query!(
        "INSERT INTO settlement.settlement
             (room_id, outcome, void_reason, price, observed_at, series_first_second, series_last_second, suspicions,
              window_end_second, start_price, start_window_end_second, rival_price, rival_start_price)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
         ON CONFLICT (room_id) DO NOTHING",
        room.uuid(),
        outcome,
        void_reason,
        text(verdict.price),
        verdict.observed_at,
        verdict.series.as_ref().map(|series| *series.start()),
        verdict.series.as_ref().map(|series| *series.end()),
        &words(verdict),
        verdict.window_end,
        text(verdict.start_price),
        verdict.start_window_end,
        text(verdict.rival_price),
        text(verdict.rival_start_price),
    )
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// Locks a settlement for the rest of the transaction.
///
/// # Errors
/// The database.
pub async fn lock(connection: &mut PgConnection, room: RoomId) -> Result<Option<Settlement>, Fault> {
    sqlx::query_as!(
        Row,
        r#"SELECT room_id, state::text AS "state!", version, outcome, void_reason, price, observed_at,
                  series_first_second, series_last_second, suspicions, window_end_second, start_price,
                  start_window_end_second, rival_price, rival_start_price, decided_at, ruled_at, waits_until,
                  settled_at
           FROM settlement.settlement WHERE room_id = $1 FOR NO KEY UPDATE"#,
        room.uuid(),
    )
    .fetch_optional(connection)
    .await?
    .map(|row| Standing::try_from(row).map(|standing| standing.settlement))
    .transpose()
}

/// Reads a settlement as it stands.
///
/// # Errors
/// The database.
pub async fn read(connection: &mut PgConnection, room: RoomId) -> Result<Option<Standing>, Fault> {
    Ok(read_all(connection, &[room.uuid()]).await?.pop())
}

/// Reads settlements as they stand.
///
/// # Errors
/// The database.
pub async fn read_all(connection: &mut PgConnection, rooms: &[Uuid]) -> Result<Vec<Standing>, Fault> {
    sqlx::query_as!(
        Row,
        r#"SELECT room_id, state::text AS "state!", version, outcome, void_reason, price, observed_at,
                  series_first_second, series_last_second, suspicions, window_end_second, start_price,
                  start_window_end_second, rival_price, rival_start_price, decided_at, ruled_at, waits_until,
                  settled_at
           FROM settlement.settlement WHERE room_id = ANY($1)"#,
        rooms,
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(Standing::try_from)
    .collect()
}

/// Writes the step reached, and until when it waits there, and counts the change. `settled_at` is given with the step
/// to [`State::Posted`] alone.
///
/// # Errors
/// The database.
pub async fn save(
    connection: &mut PgConnection,
    settlement: &mut Settlement,
    settled_at: Option<OffsetDateTime>,
) -> Result<(), Fault> {
    settlement.version = sqlx::query_scalar!(
        "UPDATE settlement.settlement
         SET state = $2::text::settlement.state, settled_at = coalesce(settled_at, $3), waits_until = $4,
             version = version + 1
         WHERE room_id = $1
         RETURNING version",
        settlement.room.uuid(),
        settlement.state.word(),
        settled_at,
        settlement.waits_until,
    )
    .fetch_one(connection)
    .await?;
    Ok(())
}

/// Lets what operators agreed on stand instead of the verdict before, as long as nothing is paid. What the oracle saw
/// stays with it.
///
/// # Errors
/// The database; a book that is made already is a bug.
pub async fn rule(
    connection: &mut PgConnection,
    settlement: &mut Settlement,
    ruling: Ruling,
    at: OffsetDateTime,
) -> Result<(), Fault> {
    let (outcome, void_reason) = columns(ruling)?;
    let version = sqlx::query_scalar!(
        "UPDATE settlement.settlement
         SET outcome = $2, void_reason = $3, ruled_at = $4, waits_until = NULL, version = version + 1
         WHERE room_id = $1 AND state IN ('DECIDED', 'FROZEN')
         RETURNING version",
        settlement.room.uuid(),
        outcome,
        void_reason,
        at,
    )
    .fetch_optional(connection)
    .await?;
    settlement.version = version.ok_or_else(|| Fault::bug("a verdict changed after its book was made"))?;
    settlement.verdict.ruling = ruling;
    (settlement.ruled_at, settlement.waits_until) = (Some(at), None);
    Ok(())
}

/// Lets a void stand instead of the verdict before, as long as nothing is paid. What the oracle saw decides nothing then,
/// and goes.
///
/// # Errors
/// The database; a book that is made already is a bug.
pub async fn void(
    connection: &mut PgConnection,
    settlement: &mut Settlement,
    reason: VoidReason,
) -> Result<(), Fault> {
    let verdict = Verdict::of(Ruling::Void(reason));
    let (outcome, void_reason) = columns(verdict.ruling)?;
    let version = sqlx::query_scalar!(
        "UPDATE settlement.settlement
         SET outcome = $2, void_reason = $3, price = NULL, observed_at = NULL, series_first_second = NULL,
             series_last_second = NULL, suspicions = '{}', window_end_second = NULL, start_price = NULL,
             start_window_end_second = NULL, rival_price = NULL, rival_start_price = NULL, ruled_at = NULL,
             waits_until = NULL, version = version + 1
         WHERE room_id = $1 AND state IN ('DECIDED', 'FROZEN')
         RETURNING version",
        settlement.room.uuid(),
        outcome,
        void_reason,
    )
    .fetch_optional(connection)
    .await?;
    settlement.version = version.ok_or_else(|| Fault::bug("a verdict changed after its book was made"))?;
    settlement.verdict = verdict;
    (settlement.ruled_at, settlement.waits_until) = (None, None);
    Ok(())
}
