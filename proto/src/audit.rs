//! The hash chain of audit logs: what seals a record, and how anybody checks a whole log.
//!
//! The hash of a record is the SHA-256 of these bytes, integers big-endian:
//!
//! | bytes | what |
//! |---|---|
//! | 32 | the hash of the record before; of the first record [`genesis`] |
//! | 8 | its number, from 1 without gaps |
//! | 8 | its time in Unix microseconds |
//! | 4 + n | length and UTF-8 of `actor` |
//! | 4 + n | length and UTF-8 of `action` |
//! | 4 + n | length and bytes of `subject` |
//! | 4 + n | length and UTF-8 of `body` |
//!
//! So a record that is changed, moved, taken out or put in breaks the chain at its place. Whoever can write the whole
//! table can also compute a whole new chain, or cut off the end: against that a hash of it has to be kept elsewhere, as
//! every anchored proof of liabilities does on chain.

use crate::{Malformed, Service, common::AuditRecord, from_timestamp};
use sha2::{Digest, Sha256};
use std::fmt;

/// SHA-256.
pub type Hash = [u8; 32];

/// What the first record of a service's log follows: SHA-256 of `rooms audit ` and the service's name. So the log of one
/// service cannot pass for that of another.
#[must_use]
pub fn genesis(service: Service) -> Hash {
    Sha256::digest(format!("rooms audit {service}")).into()
}

/// What a record says, without its number and its hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said<'a> {
    /// When, in Unix microseconds.
    pub at_us: i64,
    /// Who.
    pub actor: &'a str,
    /// What was done.
    pub action: &'a str,
    /// To which aggregate.
    pub subject: &'a [u8],
    /// What was decided, in JSON.
    pub body: &'a str,
}

/// The end of a chain: its last number and hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The number of the last record, 0 before the first.
    pub number: u64,
    /// Its hash.
    pub hash: Hash,
    /// Kept between records, so that a long log allocates nothing.
    bytes: Vec<u8>,
}

impl Head {
    /// The beginning of a service's chain.
    #[must_use]
    pub fn genesis(service: Service) -> Self {
        Self::at(0, genesis(service))
    }

    /// The end of a chain that was sealed before.
    #[must_use]
    pub const fn at(number: u64, hash: Hash) -> Self {
        Self { number, hash, bytes: Vec::new() }
    }

    /// Seals the next record. Returns its hash, which is the new end.
    ///
    /// # Errors
    /// A field longer than 4 GiB.
    pub fn seal(&mut self, said: &Said<'_>) -> Result<Hash, Malformed> {
        let number = self.number.checked_add(1).ok_or(Malformed("an audit log is full"))?;
        self.bytes.clear();
        self.bytes.extend_from_slice(&self.hash);
        self.bytes.extend_from_slice(&number.to_be_bytes());
        self.bytes.extend_from_slice(&said.at_us.to_be_bytes());
        for field in [said.actor.as_bytes(), said.action.as_bytes(), said.subject, said.body.as_bytes()] {
            let length = u32::try_from(field.len()).map_err(|_| Malformed("an audit record is too long"))?;
            self.bytes.extend_from_slice(&length.to_be_bytes());
            self.bytes.extend_from_slice(field);
        }
        self.hash = Sha256::digest(&self.bytes).into();
        self.number = number;
        Ok(self.hash)
    }

    /// Takes the next record of a log that is being checked.
    ///
    /// # Errors
    /// The first thing about it that does not fit. The chain then ends before it.
    pub fn check(&mut self, record: &AuditRecord) -> Result<(), Broken> {
        let expected = self.number.saturating_add(1);
        if record.number > expected {
            return Err(Broken::Missing { expected, found: record.number });
        }
        if record.number < expected {
            return Err(Broken::Repeated { number: record.number, after: self.number });
        }
        let broken = Broken::Changed { number: record.number };
        let Ok(at_us) = micros(record) else { return Err(broken) };
        let before = self.hash;
        let said = Said {
            at_us,
            actor: &record.actor,
            action: &record.action,
            subject: &record.subject,
            body: &record.body,
        };
        match self.seal(&said) {
            Ok(hash) if hash.as_slice() == record.hash => Ok(()),
            _ => {
                (self.number, self.hash) = (expected.saturating_sub(1), before);
                Err(broken)
            }
        }
    }
}

fn micros(record: &AuditRecord) -> Result<i64, Malformed> {
    let nanos = from_timestamp(record.at.as_ref())?.unix_timestamp_nanos();
    if nanos % 1_000 != 0 {
        return Err(Malformed("time of an audit record has more than microseconds"));
    }
    i64::try_from(nanos / 1_000).map_err(|_| Malformed("time of an audit record is out of range"))
}

/// `number:hash`, as it is printed, kept and compared.
impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.number, hex::encode(self.hash))
    }
}

/// The first record of a log that does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// Records were taken out.
    #[error("record {expected} is missing: record {found} comes in its place")]
    Missing {
        /// The number that should come.
        expected: u64,
        /// The number that came.
        found: u64,
    },
    /// A record was put in.
    #[error("record {number} comes again, after record {after}")]
    Repeated {
        /// The number that came.
        number: u64,
        /// The one before it.
        after: u64,
    },
    /// A record is not what was sealed, or not at its place.
    #[error("record {number} is not what was sealed as number {number}")]
    Changed {
        /// Its number.
        number: u64,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timestamp;
    use proptest::prelude::*;
    use time::OffsetDateTime;

    fn log(length: u64) -> Vec<AuditRecord> {
        let mut head = Head::genesis(Service::Wallet);
        let record = |number: u64| {
            let at_us = 1_700_000_000_000_000 + i64::try_from(number).unwrap();
            let mut record = AuditRecord {
                number,
                at: Some(timestamp(
                    OffsetDateTime::from_unix_timestamp_nanos(i128::from(at_us) * 1_000).unwrap(),
                )),
                actor: "operator".to_owned(),
                action: "approve_withdrawal".to_owned(),
                subject: vec![7; 16],
                body: format!("{{\"lamports\":\"{number}\"}}"),
                hash: Vec::new(),
            };
            let said = Said {
                at_us,
                actor: &record.actor,
                action: &record.action,
                subject: &record.subject,
                body: &record.body,
            };
            record.hash = head.seal(&said).unwrap().to_vec();
            record
        };
        (1..=length).map(record).collect()
    }

    fn verify(log: &[AuditRecord]) -> Result<Head, Broken> {
        let mut head = Head::genesis(Service::Wallet);
        log.iter().try_for_each(|record| head.check(record))?;
        Ok(head)
    }

    #[test]
    fn the_bytes_under_a_hash_are_those_of_the_table() {
        let log = log(1);
        let bytes = [
            Sha256::digest("rooms audit wallet").to_vec(),
            1_u64.to_be_bytes().to_vec(),
            1_700_000_000_000_001_i64.to_be_bytes().to_vec(),
            b"\0\0\0\x08operator".to_vec(),
            b"\0\0\0\x12approve_withdrawal".to_vec(),
            [b"\0\0\0\x10".as_slice(), &[7; 16]].concat(),
            b"\0\0\0\x10{\"lamports\":\"1\"}".to_vec(),
        ]
        .concat();
        assert_eq!(log[0].hash, Sha256::digest(bytes).to_vec());
    }

    #[test]
    fn what_is_wrong_is_named() {
        let whole = log(9);
        assert_eq!(verify(&whole).unwrap().number, 9);
        let broken = |change: fn(&mut Vec<AuditRecord>)| {
            let mut log = whole.clone();
            change(&mut log);
            verify(&log).unwrap_err()
        };
        assert_eq!(broken(|log| log[4].body.push(' ')), Broken::Changed { number: 5 });
        assert_eq!(broken(|log| drop(log.remove(4))), Broken::Missing { expected: 5, found: 6 });
        assert_eq!(broken(|log| log.swap(4, 6)), Broken::Missing { expected: 5, found: 7 });
        assert_eq!(
            broken(|log| {
                // Their numbers too: only the hashes tell.
                log.swap(4, 6);
                (log[4].number, log[6].number) = (5, 7);
            }),
            Broken::Changed { number: 5 }
        );
        assert_eq!(broken(|log| log.insert(4, log[3].clone())), Broken::Repeated { number: 4, after: 4 });
        // A log of another service, and one whose beginning was cut off.
        let mut head = Head::genesis(Service::Settlement);
        assert_eq!(head.check(&whole[0]), Err(Broken::Changed { number: 1 }));
        assert_eq!(head.number, 0);
        assert_eq!(broken(|log| drop(log.remove(0))), Broken::Missing { expected: 1, found: 2 });
    }

    proptest! {
        /// Lengths are under the hash, so nothing can move from one field to the next.
        #[test]
        fn fields_do_not_run_into_each_other(text in "[a-z]{2,20}", cut in 1_usize..20) {
            let cut = cut.min(text.len() - 1);
            let (actor, action) = text.split_at(cut);
            let seal = |actor: &str, action: &str| {
                let said = Said { at_us: 1, actor, action, subject: &[], body: "" };
                Head::genesis(Service::Wallet).seal(&said).unwrap()
            };
            prop_assert_ne!(seal(actor, action), seal(&text, ""));
            prop_assert_ne!(seal(actor, action), seal("", &text));
        }
    }
}
