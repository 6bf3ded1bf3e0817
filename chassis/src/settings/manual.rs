//! What the declarations say about themselves: `--help` and `docs/settings.md`.

use std::fmt::Write as _;

/// One variable as its service declares it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declaration {
    /// The variable.
    pub name: &'static str,
    /// What it means.
    pub doc: &'static str,
    /// How its value is written.
    pub kind: String,
    /// Which values are refused.
    pub limits: Vec<String>,
    /// Whether it must be kept from view.
    pub secret: bool,
    /// What happens when it is absent.
    pub presence: Presence,
}

/// What happens when a variable is absent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presence {
    /// The service refuses to start.
    Required {
        /// A value that would do.
        example: &'static str,
    },
    /// The feature is not used.
    Optional {
        /// A value that would do.
        example: &'static str,
    },
    /// This value is used.
    Default(String),
}

/// The settings of one service.
#[derive(Clone, Debug)]
pub struct Manual {
    /// The service.
    pub service: &'static str,
    /// Its variables, the common ones among them.
    pub declarations: Vec<Declaration>,
}

impl Declaration {
    fn default(&self) -> String {
        match &self.presence {
            Presence::Required { example } => format!("required, e.g. {example}"),
            Presence::Optional { example } => format!("optional, e.g. {example}"),
            Presence::Default(default) => format!("default {default}"),
        }
    }

    fn value(&self) -> String {
        let limits = self.limits.iter().map(String::as_str);
        let secret = self.secret.then_some("secret");
        std::iter::once(self.kind.as_str()).chain(limits).chain(secret).collect::<Vec<_>>().join("; ")
    }
}

/// The part of `--help` that lists the variables.
pub fn help(declarations: &[Declaration]) -> String {
    let mut text = "Settings (environment variables; an empty one counts as absent):\n".to_owned();
    for one in declarations {
        // Writing to a String cannot fail.
        let _ =
            write!(text, "\n  {}  ({})\n      {}\n      {}\n", one.name, one.default(), one.doc, one.value());
    }
    text
}

/// The body of `docs/settings.md`: first what all services share, then each service's own.
pub fn markdown(manuals: &[Manual]) -> String {
    let shared = |one: &Declaration| {
        manuals.len() > 1 && manuals.iter().all(|manual| manual.declarations.contains(one))
    };
    let mut text = "# Settings\n\nEvery service is configured by environment variables only; an empty one counts as absent. \
        With `NETWORK=mainnet` a service refuses to start with a value weaker than stated here. This page is generated from \
        the declarations in the code.\n"
        .to_owned();
    let common = manuals.first().map(|manual| manual.declarations.iter().filter(|one| shared(one)));
    section(&mut text, "Every service", common.into_iter().flatten());
    for manual in manuals {
        section(&mut text, manual.service, manual.declarations.iter().filter(|one| !shared(one)));
    }
    text
}

fn section<'a>(text: &mut String, title: &str, declarations: impl Iterator<Item = &'a Declaration>) {
    let mut rows = declarations.peekable();
    if rows.peek().is_none() {
        return;
    }
    // Writing to a String cannot fail.
    let _ = write!(text, "\n## {title}\n\n| variable | meaning | value | when absent |\n|---|---|---|---|\n");
    for one in rows {
        let absent = match &one.presence {
            Presence::Required { example } => format!("refuses to start (e.g. `{example}`)"),
            Presence::Optional { example } => format!("not used (e.g. `{example}`)"),
            Presence::Default(default) => format!("`{default}`"),
        };
        let cells = [format!("`{}`", one.name), one.doc.to_owned(), one.value(), absent];
        let _ = writeln!(text, "| {} |", cells.map(|cell| cell.replace('|', "\\|")).join(" | "));
    }
}
