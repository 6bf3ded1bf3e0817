use crate::Malformed;
use time::{Duration, OffsetDateTime};

/// A time for a message, to the microsecond: what PostgreSQL keeps.
#[must_use]
pub fn timestamp(at: OffsetDateTime) -> prost_types::Timestamp {
    prost_types::Timestamp {
        seconds: at.unix_timestamp(),
        nanos: i32::try_from(at.microsecond()).unwrap_or_default() * 1_000,
    }
}

/// Reads a time of a message.
///
/// # Errors
/// Missing, or outside the years 0001 to 9999.
pub fn from_timestamp(at: Option<&prost_types::Timestamp>) -> Result<OffsetDateTime, Malformed> {
    let at = at.ok_or(Malformed("time is missing"))?;
    OffsetDateTime::from_unix_timestamp(at.seconds)
        .map(|seconds| seconds + Duration::nanoseconds(i64::from(at.nanos)))
        .map_err(|_| Malformed("time is out of range"))
}
