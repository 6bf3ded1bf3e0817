//! Dead letters: messages that failed alone, by their own fault. They keep their bytes, so that an operator can have one
//! handled again once its cause is gone.
//!
//! It does not go through the broker, where its subject may be another service's: the writer whose consumers would have
//! brought it takes it from the table, through the same inbox as any message. What fails again is a dead letter again.

use crate::{
    Db, Delivery, Door, Fault, Runtime, Unit,
    bus::{Raw, request_hash},
    clock::monotonic,
    door::Seen,
    grpc::Unanswered,
    operators::{self, Operators},
    topology,
};
use prost::{Message as _, Name as _};
use proto::{
    CommandId, Refusal,
    common::{Outcome, RefusalCode},
    letters::{
        DeadLetter, ListDeadLettersRequest, ListDeadLettersResponse, ReplayDeadLetter, ReplayDeadLetterDone,
        ReplayDeadLetterRequest, ReplayDeadLetterResponse,
        dead_letter_service_server::{DeadLetterService, DeadLetterServiceServer},
    },
    statement::Statement as _,
    timestamp,
};
use sqlx::FromRow;
use time::OffsetDateTime;
use tonic::{Request, Response, Status, async_trait};
use uuid::Uuid;

/// Letters of a listing that does not say how many, and of one at most.
const LISTED: u32 = 50;
const LISTED_MAX: u32 = 500;

/// Letters taken at once.
const TAKEN: i64 = 100;

#[derive(FromRow)]
struct Row {
    id: Uuid,
    subject: String,
    r#type: String,
    reason: String,
    buried_at: OffsetDateTime,
    replay_asked_at: Option<OffsetDateTime>,
    bytes: i32,
}

impl From<Row> for DeadLetter {
    fn from(row: Row) -> Self {
        Self {
            message_id: row.id.as_bytes().to_vec(),
            subject: row.subject,
            r#type: row.r#type,
            reason: row.reason,
            buried_at: Some(timestamp(row.buried_at)),
            replay_asked_at: row.replay_asked_at.map(timestamp),
            payload_bytes: u64::try_from(row.bytes).unwrap_or_default(),
        }
    }
}

/// Lists the dead letters of a service, and takes what operators sign about them.
struct Letters {
    /// To the inbox.
    door: Door,
    /// Who may have one handled again.
    operators: Operators,
}

impl Runtime {
    /// Answers questions about dead letters, and lets these operators have one handled again. For services with the table
    /// `statement`.
    pub fn dead_letters(&mut self, operators: Operators) {
        let letters = Letters { door: self.door(), operators };
        self.grpc.add(DeadLetterServiceServer::new(letters));
    }
}

impl Letters {
    const fn db(&self) -> &Db {
        &self.door.db
    }

    /// A message that was published again and again lies there as often; it is one letter.
    async fn list(&self, request: &ListDeadLettersRequest) -> Result<ListDeadLettersResponse, Unanswered> {
        let size = if request.size == 0 { LISTED } else { request.size.min(LISTED_MAX) };
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT * FROM (
                 SELECT DISTINCT ON (id) id, subject, type, reason, buried_at, replay_asked_at, octet_length(payload) AS bytes
                 FROM dead_letter WHERE replayed_at IS NULL ORDER BY id, buried_at DESC
             ) AS letter ORDER BY buried_at DESC LIMIT $1",
        )
        .bind(i64::from(size))
        .fetch_all(self.db().pool())
        .await?;
        let total: i64 =
            sqlx::query_scalar("SELECT count(DISTINCT id) FROM dead_letter WHERE replayed_at IS NULL")
                .fetch_one(self.db().pool())
                .await?;
        Ok(ListDeadLettersResponse {
            letters: rows.into_iter().map(DeadLetter::from).collect(),
            total: u64::try_from(total).unwrap_or_default(),
        })
    }

    async fn replay(&self, request: ReplayDeadLetterRequest) -> Result<Outcome, Status> {
        let id = CommandId::try_from_bytes(&request.request_id).map_err(Unanswered::from)?.uuid();
        let command = request.command.ok_or_else(|| Status::invalid_argument("no command"))?;
        // One without a statement that could be signed never gets as far as the inbox.
        command.bytes().map_err(Unanswered::from)?;
        let hash = request_hash(&ReplayDeadLetter::full_name(), &command.encode_to_vec());
        self.enter(id, hash, &command).await.map_err(Unanswered::from)?;
        match self.door.seen(id, hash).await.map_err(Unanswered::from)? {
            Seen::Answered(outcome) => Ok(outcome),
            Seen::Another => {
                Err(Status::already_exists(format!("request {id} came before with another body")))
            }
            Seen::Nothing | Seen::Pending => {
                Err(Status::unavailable("still working, ask again with the same id"))
            }
        }
    }

    /// One transaction with the inbox, the audit log and the outcome. Whoever comes with the same id waits for it at the
    /// inbox and changes nothing.
    async fn enter(&self, id: Uuid, hash: Uuid, command: &ReplayDeadLetter) -> Result<(), Fault> {
        let mut unit = self.db().unit().await?;
        let fresh =
            sqlx::query("INSERT INTO inbox (id, request_hash) VALUES ($1, $2) ON CONFLICT DO NOTHING")
                .bind(id)
                .bind(hash)
                .execute(unit.conn())
                .await?;
        if fresh.rows_affected() == 0 {
            return Ok(());
        }
        let delivery = Delivery {
            id,
            message: (),
            repeat: false,
            actor: command.by.as_ref().map(|by| by.operator.clone()).unwrap_or_default(),
            reply_to: String::new(),
            at: unit.now().await?,
            traceparent: String::new(),
        };
        let decided = self.decide(&mut unit, &delivery, command).await;
        operators::answer(&mut unit, &delivery, decided)?;
        unit.commit().await
    }

    async fn decide(
        &self,
        unit: &mut Unit,
        delivery: &Delivery<()>,
        command: &ReplayDeadLetter,
    ) -> Result<ReplayDeadLetterDone, Unanswered> {
        let signed = self.operators.take(unit, delivery, command).await?;
        if command.service != self.db().service().token() {
            return Err(Refusal::new(RefusalCode::Malformed).with("field", "service").into());
        }
        let row: Option<Row> = sqlx::query_as(
            "WITH asked AS (
                 UPDATE dead_letter SET replay_asked_at = db_clock() WHERE id = $1 AND replayed_at IS NULL RETURNING *
             )
             SELECT id, subject, type, reason, buried_at, replay_asked_at, octet_length(payload) AS bytes
             FROM asked ORDER BY buried_at DESC LIMIT 1",
        )
        .bind(Uuid::from_slice(&command.message_id).map_err(|_| proto::Malformed("message_id"))?)
        .fetch_optional(unit.conn())
        .await?;
        let letter = DeadLetter::from(row.ok_or_else(Unanswered::not_found)?);
        tracing::warn!(operator = %signed.operator, subject = letter.subject, "a dead letter is handled again");
        Ok(ReplayDeadLetterDone { letter: Some(letter) })
    }
}

#[async_trait]
impl DeadLetterService for Letters {
    async fn list_dead_letters(
        &self,
        request: Request<ListDeadLettersRequest>,
    ) -> Result<Response<ListDeadLettersResponse>, Status> {
        Ok(Response::new(self.list(request.get_ref()).await?))
    }

    async fn replay_dead_letter(
        &self,
        request: Request<ReplayDeadLetterRequest>,
    ) -> Result<Response<ReplayDeadLetterResponse>, Status> {
        let outcome = Some(self.replay(request.into_inner()).await?);
        Ok(Response::new(ReplayDeadLetterResponse { outcome }))
    }
}

/// Writes a message down as a dead letter. One that is there already, and was to be handled again, stays there.
pub(crate) async fn bury(unit: &mut Unit, raw: &Raw, reason: &str) -> Result<(), Fault> {
    if raw.is_letter() {
        sqlx::query(
            "UPDATE dead_letter SET reason = $2, replay_asked_at = NULL
             WHERE id = $1 AND replay_asked_at IS NOT NULL AND replayed_at IS NULL",
        )
        .bind(raw.id)
        .bind(reason)
        .execute(unit.conn())
        .await?;
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO dead_letter (id, subject, type, payload, reason, actor, reply_to, sent_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(raw.id)
    .bind(&raw.subject)
    .bind(&raw.kind)
    .bind(raw.payload.as_ref())
    .bind(reason)
    .bind(&raw.actor)
    .bind(&raw.reply_to)
    .bind(raw.at)
    .bind(raw.expires_at)
    .execute(unit.conn())
    .await?;
    Ok(())
}

/// A letter was handled, by the transaction that says so.
pub(crate) async fn handled(unit: &mut Unit, id: Uuid) -> Result<(), Fault> {
    sqlx::query(
        "UPDATE dead_letter SET replayed_at = db_clock()
         WHERE id = $1 AND replay_asked_at IS NOT NULL AND replayed_at IS NULL",
    )
    .bind(id)
    .execute(unit.conn())
    .await?;
    Ok(())
}

#[derive(FromRow)]
struct Asked {
    id: Uuid,
    subject: String,
    r#type: String,
    payload: Vec<u8>,
    actor: String,
    reply_to: String,
    sent_at: OffsetDateTime,
    expires_at: Option<OffsetDateTime>,
}

/// The letters to be handled again that one of these consumers would have brought.
pub(crate) async fn asked(db: &Db, consumers: &[&str]) -> Result<Vec<Raw>, Fault> {
    let rows: Vec<Asked> = sqlx::query_as(
        "SELECT DISTINCT ON (id) id, subject, type, payload, actor, reply_to,
                coalesce(sent_at, buried_at) AS sent_at, expires_at
         FROM dead_letter WHERE replay_asked_at IS NOT NULL AND replayed_at IS NULL
         ORDER BY id, buried_at DESC LIMIT $1",
    )
    .bind(TAKEN)
    .fetch_all(db.pool())
    .await?;
    let ours = rows.into_iter().filter(|row| topology::brings(consumers, &row.subject));
    Ok(ours.map(Asked::raw).collect())
}

impl Asked {
    fn raw(self) -> Raw {
        Raw {
            id: self.id,
            subject: self.subject,
            kind: self.r#type,
            payload: self.payload.into(),
            traceparent: String::new(),
            actor: self.actor,
            reply_to: self.reply_to,
            at: self.sent_at,
            expires_at: self.expires_at,
            delivered: 1,
            arrived: monotonic(),
            acker: None,
        }
    }
}
