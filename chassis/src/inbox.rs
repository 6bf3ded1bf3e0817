//! Who came, and whether it came before.

use crate::{Fault, Unit, bus::Raw};
use prost::Message as _;
use proto::common::Outcome;
use std::collections::HashMap;
use time::OffsetDateTime;
use uuid::Uuid;

/// A decoded message in the hands of a handler.
#[derive(Clone, Debug)]
pub struct Delivery<M> {
    /// The message id; of a command, its idempotency key.
    pub id: Uuid,
    /// What it says.
    pub message: M,
    /// It came before and no answer was stored: derive the answer again, with no new effect.
    pub repeat: bool,
    /// Who caused it.
    pub actor: String,
    /// Who wants the outcome; empty for nobody.
    pub reply_to: String,
    /// When its sender wrote it.
    pub at: OffsetDateTime,
    /// W3C trace context of its sender.
    pub traceparent: String,
}

/// Decodes what a service takes in, by the protobuf name of the payload.
pub trait Incoming: Sized + Send + Sync {
    /// # Errors
    /// A name that the service does not know, or bytes that are not of that message.
    fn decode(kind: &str, payload: &[u8]) -> Result<Self, proto::Malformed>;

    /// The name under which messages of this kind are measured; [`UNKNOWN`](crate::measures::UNKNOWN) if it is none of these.
    fn label(kind: &str) -> &'static str;
}

/// Declares the messages a service takes in as an enum, with its decoder.
///
/// ```
/// chassis::incoming! {
///     /// What this service obeys and follows.
///     pub enum Incoming {
///         /// A command.
///         Freeze(proto::room::FreezeRoom),
///     }
/// }
/// ```
#[macro_export]
macro_rules! incoming {
    ($(#[$outer:meta])* $visibility:vis enum $name:ident { $($(#[$inner:meta])* $variant:ident($message:ty)),+ $(,)? }) => {
        $(#[$outer])*
        #[derive(Clone, Debug)]
        $visibility enum $name { $($(#[$inner])* $variant($message)),+ }

        impl $crate::Incoming for $name {
            fn decode(kind: &str, payload: &[u8]) -> Result<Self, ::proto::Malformed> {
                $(if kind == <$message as ::prost::Name>::full_name() {
                    return <$message as ::prost::Message>::decode(payload)
                        .map(Self::$variant)
                        .map_err(|_| ::proto::Malformed(concat!("not a ", stringify!($message))));
                })+
                Err(::proto::Malformed("unknown type of message"))
            }

            fn label(kind: &str) -> &'static str {
                let name = kind.rsplit('.').next().unwrap_or_default();
                $(if name == <$message as ::prost::Name>::NAME {
                    return <$message as ::prost::Name>::NAME;
                })+
                $crate::measures::UNKNOWN
            }
        }
    };
}

/// What the inbox knows of one id that it has seen before.
pub(crate) enum Before {
    /// With another body: somebody reuses ids.
    Conflict,
    /// Answered; the answer is stored.
    Answered(Outcome),
    /// Taken in, without a stored answer.
    Pending,
}

/// Inserts all ids that are new and says what is known of the others. Sorted, so that two
/// replicas with the same messages cannot wait for each other.
pub(crate) async fn enter(
    unit: &mut Unit,
    raws: impl Iterator<Item = &'_ Raw>,
) -> Result<HashMap<Uuid, Before>, Fault> {
    let mut entries: Vec<(Uuid, Uuid)> = raws.map(|raw| (raw.id, raw.request_hash())).collect();
    entries.sort_unstable();
    let (ids, hashes): (Vec<Uuid>, Vec<Uuid>) = entries.into_iter().unzip();
    let fresh: Vec<Uuid> = sqlx::query_scalar(
        "INSERT INTO inbox (id, request_hash)
         SELECT id, hash FROM unnest($1::uuid[], $2::uuid[]) AS t (id, hash)
         ON CONFLICT (id) DO NOTHING RETURNING id",
    )
    .bind(&ids)
    .bind(&hashes)
    .fetch_all(unit.conn())
    .await?;
    if fresh.len() == ids.len() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(Uuid, bool, Option<Vec<u8>>)> = sqlx::query_as(
        "SELECT t.id, i.request_hash = t.hash, o.body
         FROM unnest($1::uuid[], $2::uuid[]) AS t (id, hash)
         JOIN inbox i USING (id) LEFT JOIN outcome o ON o.command_id = t.id
         WHERE NOT t.id = ANY($3)",
    )
    .bind(&ids)
    .bind(&hashes)
    .bind(&fresh)
    .fetch_all(unit.conn())
    .await?;
    rows.into_iter()
        .map(|(id, same, body)| {
            let before = match (same, body) {
                (false, _) => Before::Conflict,
                (true, Some(body)) => Before::Answered(
                    Outcome::decode(body.as_slice())
                        .map_err(|_| Fault::bug("a stored outcome does not decode"))?,
                ),
                (true, None) => Before::Pending,
            };
            Ok((id, before))
        })
        .collect()
}
