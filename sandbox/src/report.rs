//! What `smoke`, `bench` and `chaos` found, for people and for machines.

use serde::Serialize;
use serde_json::{Map, Value};
use std::process::ExitCode;
use tabled::{
    Table, Tabled,
    settings::{Remove, Style, location::ByColumnName},
};

/// One thing that was checked.
#[derive(Clone, Debug, Serialize, Tabled)]
pub struct Check {
    /// What.
    pub name: String,
    /// What it should be.
    pub goal: String,
    /// What nothing on this machine can do better; empty where nothing of the kind was measured.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub limit: String,
    /// What it was.
    pub measured: String,
    /// The same against the baseline of the run; empty without one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub ratio: String,
    /// Lowest and highest of all rounds; empty where there are none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub spread: String,
    /// Whether that is good.
    #[tabled(display("mark"))]
    pub ok: bool,
}

fn mark(ok: &bool) -> &'static str {
    if *ok { "ok" } else { "FAILED" }
}

/// A column of the table.
type Column = fn(&Check) -> &String;

/// The columns that are left out where no check fills them.
const OPTIONAL: [(&str, Column); 3] =
    [("limit", |check| &check.limit), ("ratio", |check| &check.ratio), ("spread", |check| &check.spread)];

/// A figure with what it is to be held against, each part as it is to be read.
#[derive(Clone, Debug, Default)]
pub struct Figure {
    /// As in [`Check`].
    pub limit: String,
    /// As in [`Check`].
    pub measured: String,
    /// As in [`Check`].
    pub ratio: String,
    /// As in [`Check`].
    pub spread: String,
}

/// All checks of a run. Printed once, at the end.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    ok: bool,
    checks: Vec<Check>,
    #[serde(flatten)]
    more: Map<String, Value>,
}

impl Report {
    /// Nothing checked yet, so nothing is good.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a check.
    pub fn check(&mut self, name: &str, goal: impl ToString, measured: impl ToString, ok: bool) {
        self.figure(name, goal, Figure { measured: measured.to_string(), ..Figure::default() }, ok);
    }

    /// Adds a check of a measurement.
    pub fn figure(&mut self, name: &str, goal: impl ToString, figure: Figure, ok: bool) {
        let Figure { limit, measured, ratio, spread } = figure;
        let (name, goal) = (name.to_owned(), goal.to_string());
        self.checks.push(Check { name, goal, limit, measured, ratio, spread, ok });
        self.ok = self.checks.iter().all(|check| check.ok);
    }

    /// Adds everything that another run found, under its name.
    pub fn add(&mut self, name: &str, other: Self) {
        let named = |check: Check| Check { name: format!("{name}: {}", check.name), ..check };
        self.checks.extend(other.checks.into_iter().map(named));
        self.more.insert(name.to_owned(), Value::Object(other.more));
        self.ok = self.checks.iter().all(|check| check.ok) && !self.checks.is_empty();
    }

    /// Adds what is worth knowing and has no goal.
    pub fn note(&mut self, name: &str, value: impl Serialize) {
        self.more.insert(name.to_owned(), serde_json::to_value(value).unwrap_or(Value::Null));
    }

    /// Whether something was checked and all of it is good.
    #[must_use]
    pub const fn ok(&self) -> bool {
        self.ok
    }

    /// Everything that is not good, a line each.
    #[must_use]
    pub fn failures(&self) -> String {
        let failed = self.checks.iter().filter(|check| !check.ok);
        let lines: Vec<String> = failed
            .map(|check| format!("{}: {} instead of {}", check.name, check.measured, check.goal))
            .collect();
        lines.join("\n")
    }

    /// Prints one JSON object, or a table, on standard output; the exit status says whether all is
    /// good.
    #[must_use]
    pub fn print(&self, json: bool) -> ExitCode {
        if json {
            println!(
                "{}",
                serde_json::to_string(self)
                    .unwrap_or_else(|error| format!(r#"{{"ok":false,"error":"{error}"}}"#))
            );
        } else {
            println!("{}", self.table());
        }
        if self.ok { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
    fn table(&self) -> Table {
        let mut table = Table::new(&self.checks);
        for (name, of) in OPTIONAL {
            if self.checks.iter().all(|check| of(check).is_empty()) {
                table.with(Remove::column(ByColumnName::new(name)));
            }
        }
        table.with(Style::sharp());
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_that_nothing_fills_are_left_out() {
        let mut report = Report::new();
        report.check("doors", 2, 2, true);
        let plain = report.table().to_string();
        assert!(plain.contains("doors") && !plain.contains("limit") && !plain.contains("ratio"), "{plain}");
        let figure = Figure { measured: "7 ms".into(), limit: "3 ms".into(), ..Figure::default() };
        report.figure("walk", "at most 10 ms", figure, true);
        let wide = report.table().to_string();
        assert!(wide.contains("3 ms") && wide.contains("limit") && !wide.contains("ratio"), "{wide}");
    }

    #[test]
    fn what_another_run_found_keeps_its_name_and_its_failures() {
        let mut all = Report::new();
        let mut one = Report::new();
        one.check("doors", 2, 3, false);
        one.note("rounds", 5);
        all.add("house", one);
        assert!(!all.ok() && all.failures().contains("house: doors: 3 instead of 2"), "{}", all.failures());
        let json = serde_json::to_value(&all).unwrap();
        assert_eq!((&json["house"]["rounds"], &json["checks"][0]["limit"]), (&5.into(), &Value::Null));
        let mut none = Report::new();
        none.add("nothing", Report::new());
        assert!(!none.ok(), "nothing checked is nothing good");
    }
}
