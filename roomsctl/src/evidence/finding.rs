//! What does not fit in a bundle, each under the path of the value that is wrong.

use std::fmt;

/// Findings that are kept; whoever has read so many knows enough.
const KEPT: usize = 20;

/// One value that is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// Where it stands, `series[12].aggregates[0].price` for example; empty where the whole is meant.
    pub path: String,
    /// What is wrong with it, and what it should be.
    pub why: String,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() { f.write_str(&self.why) } else { write!(f, "{}: {}", self.path, self.why) }
    }
}

/// Everything found so far, in the order of the bundle.
#[derive(Debug, Default)]
pub(super) struct Findings {
    kept: Vec<Wrong>,
    more: u64,
}

impl Findings {
    pub(super) fn add(&mut self, path: impl Into<String>, why: impl Into<String>) {
        if self.kept.len() < KEPT {
            self.kept.push(Wrong { path: path.into(), why: why.into() });
        } else {
            self.more += 1;
        }
    }

    /// Holds a value against what it follows from: "is 165.02, the quotes make 165.03".
    pub(super) fn compare(&mut self, path: impl Into<String>, is: &str, source: &str, should: &str) {
        if is != should {
            self.add(path, format!("is {}, {source} {}", shown(is), shown(should)));
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// The findings that were kept, and how many more there are.
    pub(super) fn into_parts(self) -> (Vec<Wrong>, u64) {
        (self.kept, self.more)
    }
}

/// A value in a message: nothing is said aloud, and what somebody wrote into a file cannot steer a terminal.
pub(super) fn shown(value: &str) -> String {
    const LONGEST: usize = 120;
    if value.is_empty() {
        return "nothing".to_owned();
    }
    let clean: String = value.chars().take(LONGEST).flat_map(char::escape_debug).collect();
    if value.chars().count() > LONGEST { clean + "…" } else { clean }
}
