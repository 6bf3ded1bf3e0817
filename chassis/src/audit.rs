//! The audit log of a service: who decided what, in an order and with hashes that nobody can change afterwards without
//! being found out.
//!
//! A record is inserted by the transaction that it is about and commits with it: no lock of the log is on that way. One
//! sealer per service then takes what is committed, in chunks, gives it numbers without gaps and chains the hashes
//! (`proto::audit`). A record is open to silent change by a superuser only until then, for about a second.

use crate::{Db, Fault, Held, Lease, grpc::Unanswered};
use proto::{
    Service,
    audit::{Head, Said as Sealed},
    common::{
        AuditRecord, ListAuditRequest, ListAuditResponse, audit_service_server::AuditService as AuditContract,
    },
    timestamp,
};
use sqlx::{FromRow, PgConnection};
use std::time::Duration;
use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, async_trait};

/// Records sealed in one transaction.
const CHUNK: i64 = 2_000;

/// Pause between looks for records to seal.
const PAUSE: Duration = Duration::from_secs(1);

/// Records of one answer at most.
const PAGE: u32 = 2_000;

/// An answer ends with the record that passes this, well below gRPC's 4 MiB.
const PAGE_BYTES: usize = 1024 * 1024;

/// A record to be written.
pub(crate) struct Said {
    pub(crate) actor: String,
    pub(crate) action: &'static str,
    pub(crate) subject: Vec<u8>,
    pub(crate) body: String,
}

/// Writes records, unsealed, with one statement.
pub(crate) async fn write(conn: &mut PgConnection, at: OffsetDateTime, said: &[Said]) -> Result<(), Fault> {
    let actors: Vec<&str> = said.iter().map(|one| one.actor.as_str()).collect();
    let actions: Vec<&str> = said.iter().map(|one| one.action).collect();
    let subjects: Vec<&[u8]> = said.iter().map(|one| one.subject.as_slice()).collect();
    let bodies: Vec<&str> = said.iter().map(|one| one.body.as_str()).collect();
    sqlx::query(
        "INSERT INTO audit (at, actor, action, subject, body)
         SELECT $1, actor, action, subject, body
         FROM unnest($2::text[], $3::text[], $4::bytea[], $5::text[]) WITH ORDINALITY AS t (actor, action, subject, body, place)
         ORDER BY place",
    )
    .bind(at)
    .bind(&actors)
    .bind(&actions)
    .bind(&subjects)
    .bind(&bodies)
    .execute(conn)
    .await?;
    Ok(())
}

/// Seals what is committed, under the lease, until the shutdown.
pub(crate) async fn seal(db: Db, lease: Lease, shutdown: CancellationToken) {
    lease
        .run(shutdown, |held| {
            let db = db.clone();
            async move {
                let lost = held.lost();
                while !lost.is_cancelled() {
                    if seal_chunk(&db, &held).await? == CHUNK {
                        continue;
                    }
                    tokio::select! {
                        () = lost.cancelled() => {}
                        () = tokio::time::sleep(PAUSE) => {}
                    }
                }
                Ok(())
            }
        })
        .await;
}

#[derive(FromRow)]
struct Unsealed {
    id: i64,
    at: OffsetDateTime,
    actor: String,
    action: String,
    subject: Vec<u8>,
    body: String,
}

/// Seals the oldest records that are not. Returns how many.
async fn seal_chunk(db: &Db, held: &Held) -> Result<i64, Fault> {
    let mut unit = db.unit().await?;
    held.check(&mut unit).await?;
    let records: Vec<Unsealed> = sqlx::query_as(
        "SELECT id, at, actor, action, subject, body FROM audit WHERE number IS NULL ORDER BY id LIMIT $1",
    )
    .bind(CHUNK)
    .fetch_all(unit.conn())
    .await?;
    if records.is_empty() {
        return Ok(0);
    }
    let mut head = head(unit.conn(), db.service()).await?;
    let first = head.number + 1;
    let mut hashes = Vec::with_capacity(records.len());
    for record in &records {
        let at_us = i64::try_from(record.at.unix_timestamp_nanos() / 1_000)
            .map_err(|_| Fault::bug("an audit record is of another age"))?;
        let sealed = Sealed {
            at_us,
            actor: &record.actor,
            action: &record.action,
            subject: &record.subject,
            body: &record.body,
        };
        hashes.push(head.seal(&sealed)?.to_vec());
    }
    let ids: Vec<i64> = records.iter().map(|record| record.id).collect();
    let first = i64::try_from(first).map_err(|_| Fault::bug("an audit log is full"))?;
    sqlx::query(
        "UPDATE audit AS a SET number = $1 + t.place - 1, hash = t.hash
         FROM unnest($2::bigint[], $3::bytea[]) WITH ORDINALITY AS t (id, hash, place) WHERE a.id = t.id",
    )
    .bind(first)
    .bind(&ids)
    .bind(&hashes)
    .execute(unit.conn())
    .await?;
    unit.commit().await?;
    let count = i64::try_from(records.len()).unwrap_or(i64::MAX);
    metrics::counter!("rooms_audit_sealed_total").increment(count.unsigned_abs());
    Ok(count)
}

/// The end of the service's chain, as far as it is sealed. The statement is resolved by the role's `search_path`.
///
/// # Errors
/// The database, or a table that holds what cannot be.
pub async fn head(conn: &mut PgConnection, service: Service) -> Result<Head, Fault> {
    let last: Option<(i64, Vec<u8>)> = sqlx::query_as(
        "SELECT number, hash FROM audit WHERE number IS NOT NULL ORDER BY number DESC LIMIT 1",
    )
    .fetch_optional(conn)
    .await?;
    let Some((number, hash)) = last else { return Ok(Head::genesis(service)) };
    match (u64::try_from(number), hash.try_into()) {
        (Ok(number), Ok(hash)) => Ok(Head::at(number, hash)),
        _ => Err(Fault::bug("the audit log ends with what is no record")),
    }
}

#[derive(FromRow)]
struct Stored {
    number: i64,
    at: OffsetDateTime,
    actor: String,
    action: String,
    subject: Vec<u8>,
    body: String,
    hash: Vec<u8>,
}

/// Answers questions about the log of its service.
pub struct Log {
    db: Db,
}

impl Log {
    /// Reads from this database.
    #[must_use]
    pub const fn new(db: Db) -> Self {
        Self { db }
    }

    async fn list(&self, request: &ListAuditRequest) -> Result<ListAuditResponse, Unanswered> {
        let size = if request.size == 0 { PAGE } else { request.size.min(PAGE) };
        let rows: Vec<Stored> = sqlx::query_as(
            "SELECT number, at, actor, action, subject, body, hash FROM audit
             WHERE number > $1 ORDER BY number LIMIT $2",
        )
        .bind(i64::try_from(request.after).unwrap_or(i64::MAX))
        .bind(i64::from(size))
        .fetch_all(self.db.pool())
        .await?;
        let mut bytes = 0;
        let mut records = Vec::with_capacity(rows.len());
        for row in rows {
            if bytes > PAGE_BYTES {
                break;
            }
            bytes += row.actor.len() + row.action.len() + row.subject.len() + row.body.len();
            records.push(AuditRecord {
                number: u64::try_from(row.number).unwrap_or_default(),
                at: Some(timestamp(row.at)),
                actor: row.actor,
                action: row.action,
                subject: row.subject,
                body: row.body,
                hash: row.hash,
            });
        }
        Ok(ListAuditResponse { records })
    }
}

#[async_trait]
impl AuditContract for Log {
    async fn list_audit(
        &self,
        request: Request<ListAuditRequest>,
    ) -> Result<Response<ListAuditResponse>, Status> {
        Ok(Response::new(self.list(request.get_ref()).await?))
    }
}
