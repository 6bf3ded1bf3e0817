//! What `smoke`, `bench` and `chaos` found, for people and for machines.

use serde::Serialize;
use serde_json::{Map, Value};
use std::process::ExitCode;
use tabled::{Table, Tabled, settings::Style};

/// One thing that was checked.
#[derive(Clone, Debug, Serialize, Tabled)]
pub struct Check {
    /// What.
    pub name: String,
    /// What it should be.
    pub goal: String,
    /// What it was.
    pub measured: String,
    /// Whether that is good.
    #[tabled(display("mark"))]
    pub ok: bool,
}

fn mark(ok: &bool) -> &'static str {
    if *ok { "ok" } else { "FAILED" }
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
        self.checks.push(Check {
            name: name.to_owned(),
            goal: goal.to_string(),
            measured: measured.to_string(),
            ok,
        });
        self.ok = self.checks.iter().all(|check| check.ok);
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
            println!("{}", Table::new(&self.checks).with(Style::sharp()));
        }
        if self.ok { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}
