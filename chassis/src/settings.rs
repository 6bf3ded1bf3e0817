//! Settings come from environment variables and from nowhere else.
//!
//! A service declares each of its variables once, in code, with its meaning, default and limits. The same declaration
//! reads the value, fills `--help` and writes `docs/settings.md`, so the three cannot disagree. Every problem is
//! reported in one go: an operator corrects a deployment once, not once per variable.
//!
//! ```
//! use chassis::settings::{self, Invalid, Reader, Variables};
//! use std::time::Duration;
//!
//! struct RoomSettings {
//!     max_players: u32,
//!     cancel_window: Duration,
//! }
//!
//! fn declare(r: &mut Reader) -> Result<RoomSettings, Invalid> {
//!     let max_players = r.setting("MAX_PLAYERS", "Seats of a room.").between(2, 100_000).or(10);
//!     let cancel_window = r
//!         .setting("CANCEL_WINDOW", "How long a bet can be taken back.")
//!         .mainnet_no_less()
//!         .or(Duration::from_secs(5));
//!     // Read everything first, then `?`: a value that could not be read stops the service, but not the reading.
//!     Ok(RoomSettings { max_players: max_players?, cancel_window: cancel_window? })
//! }
//!
//! let variables = Variables::from([("MAX_PLAYERS", "one"), ("CANCEL_WINDOW", "1s"), ("NETWORK", "mainnet")]);
//! let problems = settings::read(variables, declare).err().unwrap();
//! assert_eq!(problems.len(), 2);
//! ```

mod common;
mod manual;
mod value;

pub use common::{BusFaults, Common, LogFormat, Nats, Network, Postgres};
pub use manual::{Declaration, Manual, Presence, help, markdown};
pub use value::{Endpoint, Switch, Value};

use std::{collections::BTreeMap, fmt};

/// The environment of a process, or a substitute for it.
///
/// An empty value counts as absent: deployment templates cannot leave a variable out, only leave it empty.
#[derive(Clone, Default)]
pub struct Variables(BTreeMap<String, Text>);

/// A variable's text; `None` when its bytes are not UTF-8.
type Text = Option<String>;

impl Variables {
    /// The variables of this process. Nothing else in the product reads the environment.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub fn of_process() -> Self {
        let named = std::env::vars_os()
            .filter_map(|(name, text)| Some((name.into_string().ok()?, text.into_string().ok())));
        Self(named.collect())
    }

    /// The same with one variable set.
    #[must_use]
    pub fn with(mut self, name: &str, text: &str) -> Self {
        self.0.insert(name.to_owned(), Some(text.to_owned()));
        self
    }

    fn get(&self, name: &str) -> Option<&Text> {
        self.0.get(name).filter(|text| text.as_deref() != Some(""))
    }
}

impl<N: Into<String>, T: Into<String>, const LEN: usize> From<[(N, T); LEN]> for Variables {
    fn from(pairs: [(N, T); LEN]) -> Self {
        pairs.into_iter().collect()
    }
}

impl<N: Into<String>, T: Into<String>> FromIterator<(N, T)> for Variables {
    fn from_iter<I: IntoIterator<Item = (N, T)>>(pairs: I) -> Self {
        Self(pairs.into_iter().map(|(name, text)| (name.into(), Some(text.into()))).collect())
    }
}

/// Values may be secret, names are not.
impl fmt::Debug for Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// A setting could not be read. What was wrong is in the [`Problems`] of the whole reading.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("a setting is invalid")]
pub struct Invalid(());

/// One variable that cannot be used, and why. Secret values are never quoted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {why}")]
pub struct Problem {
    /// The variable.
    pub name: &'static str,
    /// What is wrong with it.
    pub why: String,
}

/// Everything that is wrong with the settings of one service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl std::ops::Deref for Problems {
    type Target = [Problem];
    fn deref(&self) -> &[Problem] {
        &self.0
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} setting(s) cannot be used:", self.0.len())?;
        self.0.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

impl std::error::Error for Problems {}

/// Reads all settings that `declare` asks for, or reports every problem found.
pub fn read<T>(
    variables: Variables,
    declare: impl Fn(&mut Reader) -> Result<T, Invalid>,
) -> Result<T, Problems> {
    let mut reader = Reader::new(Source::Variables(variables));
    let outcome = declare(&mut reader);
    if outcome.is_err() {
        reader.report_unread(&describe(&declare)?);
    }
    match outcome {
        Ok(settings) if reader.problems.is_empty() => Ok(settings),
        _ => Err(Problems(reader.problems)),
    }
}

/// What `declare` asks for, without reading any variable. Problems here are mistakes in the declarations themselves:
/// an example or a default that its own limits refuse, or a name declared twice.
pub fn describe<T>(
    declare: impl Fn(&mut Reader) -> Result<T, Invalid>,
) -> Result<Vec<Declaration>, Problems> {
    let mut reader = Reader::new(Source::Examples);
    // Only the declarations matter: examples of different variables need not fit together.
    let _ = declare(&mut reader);
    if reader.problems.is_empty() { Ok(reader.declared) } else { Err(Problems(reader.problems)) }
}

enum Source {
    Variables(Variables),
    /// Each setting takes its default or its example, to learn what is declared.
    Examples,
}

/// Hands out the settings one by one and collects what is wrong with them.
pub struct Reader {
    source: Source,
    network: Network,
    declared: Vec<Declaration>,
    problems: Vec<Problem>,
}

impl Reader {
    fn new(source: Source) -> Self {
        let mut reader = Self { source, network: Network::Local, declared: Vec::new(), problems: Vec::new() };
        // First, because the limits of the others depend on it.
        let network = reader
            .setting("NETWORK", "Where the money is. On `mainnet` it is real, and settings weaker than their default are refused.")
            .or(Network::Local);
        reader.network = network.unwrap_or(Network::Local);
        reader
    }

    /// The network everything runs against.
    pub fn network(&self) -> Network {
        self.network
    }

    /// Begins the declaration of the variable `name`, which means `doc`; its type is the one its limits, default or
    /// use ask for.
    pub fn setting<T: Value>(&mut self, name: &'static str, doc: &'static str) -> Setting<'_, T> {
        Setting { reader: self, name, doc, limits: Vec::new(), checks: Vec::new(), mainnet: None }
    }

    /// Refuses a variable for a reason that involves others, after all of them were read.
    pub fn refuse(&mut self, name: &'static str, why: impl Into<String>) -> Invalid {
        if let Source::Variables(_) = self.source {
            self.problems.push(Problem { name, why: why.into() });
        }
        Invalid(())
    }

    fn declare(&mut self, declaration: Declaration) {
        if self.declared.iter().any(|other| other.name == declaration.name) {
            self.problems.push(Problem { name: declaration.name, why: "is declared twice".to_owned() });
        }
        self.declared.push(declaration);
    }

    /// A declaring function that returns before it has read everything would report problems one by one.
    fn report_unread(&mut self, all: &[Declaration]) {
        let unread = all.iter().filter(|one| !self.declared.iter().any(|read| read.name == one.name));
        let why =
            "was not looked at, because an earlier setting is wrong; read all settings before the first `?`";
        self.problems.extend(unread.map(|one| Problem { name: one.name, why: why.to_owned() }));
    }
}

type Check<T> = Box<dyn Fn(&T) -> Result<(), String>>;

/// How a value compares with the default that is the weakest allowed on mainnet.
struct Mainnet<T> {
    allows: fn(&T, &T) -> bool,
    words: &'static str,
}

/// One setting being declared; [`or`](Self::or), [`required`](Self::required) or [`optional`](Self::optional) reads it.
#[must_use = "a setting is declared by reading it"]
pub struct Setting<'r, T> {
    reader: &'r mut Reader,
    name: &'static str,
    doc: &'static str,
    limits: Vec<String>,
    checks: Vec<Check<T>>,
    mainnet: Option<Mainnet<T>>,
}

impl<T: Value> Setting<'_, T> {
    /// Adds a condition; `limit` describes it for the manual, the error says what is wrong with the value.
    pub fn check(
        mut self,
        limit: impl Into<String>,
        check: impl Fn(&T) -> Result<(), String> + 'static,
    ) -> Self {
        self.limits.push(limit.into());
        self.checks.push(Box::new(check));
        self
    }

    /// Reads the variable; `default` stands in when it is absent.
    pub fn or(mut self, default: T) -> Result<T, Invalid> {
        self.declare(Presence::Default(default.show()));
        if let Err(why) = self.checks.iter().try_for_each(|check| check(&default)) {
            return Err(self.problem(format!("the default {why}")));
        }
        let Some(value) = self.text()?.map(|text| self.parse(&text)).transpose()? else { return Ok(default) };
        if let (Network::Mainnet, Some(mainnet)) = (self.reader.network, &self.mainnet)
            && !(mainnet.allows)(&value, &default)
        {
            let why = format!("on mainnet it must be {} {}", mainnet.words, default.show());
            return Err(self.problem(self.quote(&value.show(), &why)));
        }
        Ok(value)
    }

    /// Reads the variable, which must be present. The example appears in the manual.
    pub fn required(mut self, example: &'static str) -> Result<T, Invalid> {
        self.declare(Presence::Required { example });
        match self.text()?.or_else(|| self.example(example)) {
            Some(text) => self.parse(&text),
            None => Err(self.problem(format!("is required and not set ({})", self.doc))),
        }
    }

    /// Reads the variable, which may be absent. The example appears in the manual.
    pub fn optional(mut self, example: &'static str) -> Result<Option<T>, Invalid> {
        self.declare(Presence::Optional { example });
        self.text()?.or_else(|| self.example(example)).map(|text| self.parse(&text)).transpose()
    }

    fn declare(&mut self, presence: Presence) {
        if let Some(mainnet) = &self.mainnet {
            self.limits.push(format!("mainnet: {} the default", mainnet.words));
        }
        self.reader.declare(Declaration {
            name: self.name,
            doc: self.doc,
            kind: T::kind(),
            limits: self.limits.clone(),
            secret: T::SECRET,
            presence,
        });
    }

    fn text(&mut self) -> Result<Option<String>, Invalid> {
        let Source::Variables(variables) = &self.reader.source else { return Ok(None) };
        match variables.get(self.name) {
            None => Ok(None),
            Some(Some(text)) => Ok(Some(text.trim().to_owned())),
            Some(None) => Err(self.problem("is not valid UTF-8".to_owned())),
        }
    }

    fn example(&self, example: &str) -> Option<String> {
        matches!(self.reader.source, Source::Examples).then(|| example.to_owned())
    }

    fn parse(&mut self, text: &str) -> Result<T, Invalid> {
        let parsed = T::parse(text)
            .and_then(|value| self.checks.iter().try_for_each(|check| check(&value)).map(|()| value));
        parsed.map_err(|why| self.problem(self.quote(text, &why)))
    }

    fn quote(&self, text: &str, why: &str) -> String {
        if T::SECRET { format!("the value {why}") } else { format!("{text:?} {why}") }
    }

    fn problem(&mut self, why: String) -> Invalid {
        self.reader.problems.push(Problem { name: self.name, why });
        Invalid(())
    }
}

impl<T: Value + PartialOrd + 'static> Setting<'_, T> {
    /// Refuses values below `min` or above `max`.
    pub fn between(self, min: T, max: T) -> Self {
        let limit = format!("{} to {}", min.show(), max.show());
        let why = format!("is not within {limit}");
        self.check(limit, move |value| if min <= *value && *value <= max { Ok(()) } else { Err(why.clone()) })
    }

    /// Refuses values below `min`.
    pub fn at_least(self, min: T) -> Self {
        let limit = format!("at least {}", min.show());
        let why = format!("is not {limit}");
        self.check(limit, move |value| if min <= *value { Ok(()) } else { Err(why.clone()) })
    }

    /// On mainnet, refuses values below the default.
    pub fn mainnet_no_less(mut self) -> Self {
        self.mainnet = Some(Mainnet { allows: |value, default| value >= default, words: "at least" });
        self
    }

    /// On mainnet, refuses values above the default.
    pub fn mainnet_no_more(mut self) -> Self {
        self.mainnet = Some(Mainnet { allows: |value, default| value <= default, words: "at most" });
        self
    }
}

impl<T: Value + PartialEq> Setting<'_, T> {
    /// On mainnet, refuses everything but the default.
    pub fn mainnet_fixed(mut self) -> Self {
        self.mainnet = Some(Mainnet { allows: |value, default| value == default, words: "exactly" });
        self
    }
}

#[cfg(test)]
mod tests;
