//! Reads a bundle as it comes, one record at a time: a day's series is hundreds of megabytes.

use super::tree::Strict;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use std::{fmt, io::Read};

/// The arrays of a bundle, whose items come one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Array {
    Bets,
    Series,
    RivalSeries,
}

impl Array {
    const ALL: [Self; 3] = [Self::Bets, Self::Series, Self::RivalSeries];

    /// The member's name.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Bets => "bets",
            Self::Series => "series",
            Self::RivalSeries => "rival_series",
        }
    }
}

/// Who takes what was read.
pub(super) trait Reader {
    /// A member of the bundle that is no array of records.
    fn member(&mut self, name: String, value: Value);
    /// An array begins.
    fn begin(&mut self, array: Array);
    /// The next of its records.
    fn record(&mut self, array: Array, index: u64, value: &Value);
}

/// Reads a bundle to its end.
///
/// # Errors
/// No JSON, cut off, a member twice, a number that is not whole, or the reader's own.
pub(super) fn read(input: impl Read, reader: &mut impl Reader) -> serde_json::Result<()> {
    let mut json = serde_json::Deserializer::from_reader(input);
    json.deserialize_map(Bundle(reader))?;
    json.end()
}

struct Bundle<'a, R>(&'a mut R);

impl<'de, R: Reader> Visitor<'de> for Bundle<'_, R> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a bundle: a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(name) = members.next_key::<String>()? {
            if let Some(array) = Array::ALL.into_iter().find(|array| array.name() == name) {
                self.0.begin(array);
                members.next_value_seed(Records { array, reader: &mut *self.0 })?;
            } else {
                let Strict(value) = members.next_value()?;
                self.0.member(name, value);
            }
        }
        Ok(())
    }
}

struct Records<'a, R> {
    array: Array,
    reader: &'a mut R,
}

impl<'de, R: Reader> DeserializeSeed<'de> for Records<'_, R> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, R: Reader> Visitor<'de> for Records<'_, R> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the array `{}`", self.array.name())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let mut index = 0;
        while let Some(Strict(value)) = items.next_element()? {
            self.reader.record(self.array, index, &value);
            index += 1;
        }
        Ok(())
    }
}
