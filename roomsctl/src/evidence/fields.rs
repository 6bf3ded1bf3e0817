//! Reading the values of a record: what is not of its kind is a finding under its path.

use super::check::inside;
use super::finding::{Findings, shown};
use serde_json::{Map, Value};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use uuid::Uuid;

/// One object of a bundle and where it stands.
#[derive(Clone, Copy)]
pub(super) struct Fields<'p, 'a> {
    at: &'p str,
    members: &'a Map<String, Value>,
}

impl<'p, 'a> Fields<'p, 'a> {
    pub(super) const fn new(at: &'p str, members: &'a Map<String, Value>) -> Self {
        Self { at, members }
    }

    /// The path of a member.
    pub(super) fn path(&self, name: &str) -> String {
        inside(self.at, name)
    }

    /// Names what the format does not know.
    pub(super) fn only(&self, known: &[&str], findings: &mut Findings) {
        for name in self.members.keys().filter(|name| !known.contains(&name.as_str())) {
            findings.add(self.path(name), "is no member of this format");
        }
    }

    /// A member that may be absent, where `null` is as good as absent.
    pub(super) fn value(&self, name: &str) -> Option<&'a Value> {
        self.members.get(name).filter(|value| !value.is_null())
    }

    /// A member that is read in some way, and a finding where it is missing or cannot be.
    fn read<T>(
        &self,
        name: &str,
        what: &str,
        findings: &mut Findings,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Option<T> {
        let Some(value) = self.value(name) else {
            findings.add(self.path(name), format!("is missing: should be {what}"));
            return None;
        };
        let found = read(value);
        if found.is_none() {
            findings.add(self.path(name), format!("is {}, should be {what}", shown(&value.to_string())));
        }
        found
    }

    /// As [`Fields::read`], but absent is no finding.
    fn optional<T>(&self, name: &str, read: impl FnOnce(&Self) -> Option<T>) -> Option<T> {
        self.value(name).and_then(|_| read(self))
    }

    pub(super) fn text(&self, name: &str, findings: &mut Findings) -> Option<&'a str> {
        self.read(name, "a text", findings, Value::as_str)
    }

    /// The text of a member, or nothing.
    pub(super) fn optional_text(&self, name: &str, findings: &mut Findings) -> &'a str {
        self.optional(name, |this| this.text(name, findings)).unwrap_or_default()
    }

    pub(super) fn flag(&self, name: &str, findings: &mut Findings) -> bool {
        self.optional(name, |this| this.read(name, "true or false", findings, Value::as_bool))
            .unwrap_or_default()
    }

    pub(super) fn number<T: TryFrom<i64>>(&self, name: &str, findings: &mut Findings) -> Option<T> {
        self.read(name, "a whole number in range", findings, |value| {
            value.as_i64().and_then(|it| T::try_from(it).ok())
        })
    }

    pub(super) fn optional_number<T: TryFrom<i64>>(&self, name: &str, findings: &mut Findings) -> Option<T> {
        self.optional(name, |this| this.number(name, findings))
    }

    /// Lamports: a text of decimal digits, so that no reader rounds them.
    pub(super) fn lamports(&self, name: &str, findings: &mut Findings) -> Option<i64> {
        self.read(name, "an amount in lamports", findings, |value| value.as_str().and_then(amount))
    }

    pub(super) fn uuid(&self, name: &str, findings: &mut Findings) -> Option<Uuid> {
        self.read(name, "an id", findings, |value| {
            let text = value.as_str()?;
            Uuid::try_parse(text).ok().filter(|id| id.to_string() == text)
        })
    }

    pub(super) fn bytes(&self, name: &str, findings: &mut Findings) -> Option<Vec<u8>> {
        self.read(name, "bytes in lower-case hexadecimal", findings, |value| unhex(value.as_str()?))
    }

    pub(super) fn hash(&self, name: &str, findings: &mut Findings) -> Option<[u8; 32]> {
        self.read(name, "a hash of 64 hexadecimal digits", findings, |value| {
            unhex(value.as_str()?)?.try_into().ok()
        })
    }

    /// A moment in microseconds since 1970.
    pub(super) fn moment(&self, name: &str, findings: &mut Findings) -> Option<i64> {
        self.read(name, "a moment in UTC", findings, |value| value.as_str().and_then(moment))
    }

    pub(super) fn optional_moment(&self, name: &str, findings: &mut Findings) -> Option<i64> {
        self.optional(name, |this| this.moment(name, findings))
    }

    pub(super) fn array(&self, name: &str, findings: &mut Findings) -> &'a [Value] {
        self.read(name, "an array", findings, Value::as_array).map(Vec::as_slice).unwrap_or_default()
    }

    pub(super) fn optional_array(&self, name: &str, findings: &mut Findings) -> &'a [Value] {
        self.optional(name, |this| Some(this.array(name, findings))).unwrap_or_default()
    }

    pub(super) fn object(&self, name: &str, findings: &mut Findings) -> Option<&'a Map<String, Value>> {
        self.read(name, "an object", findings, Value::as_object)
    }

    /// An array of amounts.
    pub(super) fn amounts(&self, name: &str, findings: &mut Findings) -> Vec<i64> {
        let items = self.array(name, findings);
        let read = items.iter().map(|item| item.as_str().and_then(amount));
        let amounts: Option<Vec<i64>> = read.collect();
        if amounts.is_none() {
            findings.add(self.path(name), "should be amounts in lamports");
        }
        amounts.unwrap_or_default()
    }
}

fn amount(text: &str) -> Option<i64> {
    text.parse::<i64>().ok().filter(|amount| *amount >= 0 && amount.to_string() == text)
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    hex::decode(text).ok().filter(|_| !text.bytes().any(|byte| byte.is_ascii_uppercase()))
}

fn moment(text: &str) -> Option<i64> {
    let at = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    let micros = i64::try_from(at.unix_timestamp_nanos().div_euclid(1_000)).ok()?;
    (written(micros) == text).then_some(micros)
}

/// A moment as bundles write it.
pub(super) fn written(micros: i64) -> String {
    let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1_000).ok();
    at.and_then(|at| at.format(&Rfc3339).ok()).unwrap_or_default()
}
