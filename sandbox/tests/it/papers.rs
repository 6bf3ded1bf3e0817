//! What is promised on paper has to be there: the pages on defects, invariants and promises name tests, constraints and
//! code, and every name is looked up in the sources. A row that is missing, or a name that nothing bears any more, fails.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The pages, with the rows that each must have: the letter of a row and the last number behind it.
const PAGES: [(&str, &[(char, usize)]); 3] = [
    ("defects.md", &[('R', 56), ('P', 32)]),
    ("invariants.md", &[('I', 95)]),
    ("seed-coverage.md", &[('A', 81), ('B', 48), ('C', 22)]),
];

/// A link whose text is code: `[`name`](../crate/file)`.
struct Name<'a> {
    text: &'a str,
    file: &'a str,
}

#[test]
fn every_row_is_there_and_every_name_exists() {
    let sources = Sources::default();
    for (page, rows) in PAGES {
        let text = sources.read(&format!("docs/{page}")).unwrap();
        let complaints = complaints(&text, rows, &sources);
        assert!(complaints.is_empty(), "docs/{page}:\n{}", complaints.join("\n"));
    }
}

/// The check itself would notice: each change of a page that is right is a complaint.
#[test]
fn what_is_wrong_on_a_page_is_named() {
    let sources = Sources::default();
    let test = "[`what_is_wrong_on_a_page_is_named`](../sandbox/tests/it/papers.rs)";
    let guard = "[`entry_append_only`](../wallet-svc/migrations/20261122000100_ledger.sql)";
    let page = format!("| I1 | one | {guard} | {test} |\n| I2 | two | {guard} | None: it is a page. |\n");
    assert_eq!(complaints(&page, &[('I', 2)], &sources), [""; 0]);
    let cases: [(&str, &str, &str); 9] = [
        ("| I2 |", "| I3 |", "I2: this row is missing"),
        ("| I2 |", "| I1 |", "I1: this row is there twice"),
        ("None: it is a page.", "", "I2: nothing is said about who notices"),
        ("is_named`]", "was_named`]", "what_is_wrong_on_a_page_was_named: no test of this name"),
        ("[`what_is_wrong_on_a_page_is_named`]", "[`complaints`]", "complaints: no test of this name"),
        ("it/papers.rs", "it/papyri.rs", "sandbox/tests/it/papyri.rs: there is no such file"),
        ("`entry_append_only`", "`entry_append`", "entry_append: not in force"),
        ("000100_ledger.sql", "000500_proofs.sql", "entry_append_only: not in force"),
        ("`entry_append_only`", "`CHECK (lamports <> 1)`", "CHECK (lamports <> 1): not in"),
    ];
    for (from, to, complaint) in cases {
        let changed = page.replacen(from, to, 1);
        assert_ne!(changed, page, "{from}");
        let found = complaints(&changed, &[('I', 2)], &sources);
        assert!(found.iter().any(|found| found.contains(complaint)), "{complaint}: {found:?}");
    }
    // An index that a later migration drops protects nothing.
    let dropped = "[`entry_of_user`](../wallet-svc/migrations/20261122000100_ledger.sql)";
    let changed = page.replace(guard, dropped);
    assert!(complaints(&changed, &[('I', 2)], &sources).iter().any(|found| found.contains("not in force")));
}

/// Everything that is wrong with a page.
fn complaints(page: &str, rows: &[(char, usize)], sources: &Sources) -> Vec<String> {
    let mut found = Vec::new();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for line in page.lines() {
        let Some((row, cells)) = row_of(line, rows) else {
            found.extend(names(line).iter().filter_map(|name| sources.lacks(name)));
            continue;
        };
        *seen.entry(row.to_owned()).or_default() += 1;
        let (last, others) = cells.split_last().unwrap_or((&"", &[]));
        if last.is_empty() {
            found.push(format!("{row}: nothing is said about who notices"));
        }
        let others = others.iter().flat_map(|cell| names(cell));
        found.extend(others.filter_map(|name| sources.lacks(&name)).map(|what| format!("{row}: {what}")));
        let tests = names(last);
        found.extend(
            tests.iter().filter_map(|name| sources.lacks_test(name)).map(|what| format!("{row}: {what}")),
        );
    }
    for (letter, last) in rows {
        for number in 1..=*last {
            match seen.remove(&format!("{letter}{number}")) {
                None => found.push(format!("{letter}{number}: this row is missing")),
                Some(1) => {}
                Some(_) => found.push(format!("{letter}{number}: this row is there twice")),
            }
        }
    }
    found.extend(seen.into_keys().map(|row| format!("{row}: there should be no such row")));
    found
}

/// A row of a table with a number of the page, and its other cells.
fn row_of<'a>(line: &'a str, rows: &[(char, usize)]) -> Option<(&'a str, Vec<&'a str>)> {
    let mut cells = line.strip_prefix("| ")?.strip_suffix('|')?.split('|').map(str::trim);
    let row = cells.next()?;
    let (letter, number) = (row.chars().next()?, row.get(1..)?);
    let known = rows.iter().any(|(one, _)| *one == letter) && number.parse::<usize>().is_ok();
    known.then(|| (row, cells.collect()))
}

fn names(cell: &str) -> Vec<Name<'_>> {
    let links = cell.split("[`").skip(1).filter_map(|rest| rest.split_once("`](../"));
    links.filter_map(|(text, rest)| Some(Name { text, file: rest.split_once(')')?.0 })).collect()
}

/// The workspace as files.
struct Sources {
    root: PathBuf,
}

impl Default for Sources {
    fn default() -> Self {
        Self { root: Path::new(env!("CARGO_MANIFEST_DIR")).join("..") }
    }
}

impl Sources {
    fn read(&self, file: &str) -> Result<String, String> {
        std::fs::read_to_string(self.root.join(file)).map_err(|_| format!("{file}: there is no such file"))
    }

    /// What is wrong with a name of a test.
    fn lacks_test(&self, name: &Name<'_>) -> Option<String> {
        let text = match self.read(name.file) {
            Ok(text) => text,
            Err(missing) => return Some(missing),
        };
        let is = tests(&text).contains(name.text) || defines(&text, name.text) && self.is_scenario(name);
        (!is).then(|| format!("{}: no test of this name in {}", name.text, name.file))
    }

    /// What is wrong with a name of a constraint, of code or of a file.
    fn lacks(&self, name: &Name<'_>) -> Option<String> {
        let text = match self.read(name.file) {
            Ok(text) => text,
            Err(missing) => return Some(missing),
        };
        let bare = name.text.chars().all(|one| one.is_alphanumeric() || one == '_');
        if name.file.ends_with(".sql") && bare {
            let stands = in_force(&text, name.text) && in_force(&self.migrations(name.file), name.text);
            return (!stands).then(|| format!("{}: not in force after {}", name.text, name.file));
        }
        let last = name.text.rsplit("::").next().unwrap_or_default();
        let there = if name.file.ends_with(".rs") {
            defines(&text, last)
        } else {
            plain(&text).contains(&plain(name.text))
        };
        (!there).then(|| format!("{}: not in {}", name.text, name.file))
    }

    /// Whether the test of a whole world plays it: as one of a list `scenarios![…]`, in its own file or in that of its folder.
    fn is_scenario(&self, name: &Name<'_>) -> bool {
        let folder = name.file.rsplit_once('/').map(|(folder, _)| format!("{folder}.rs"));
        [Some(name.file.to_owned()), folder]
            .into_iter()
            .flatten()
            .filter_map(|file| self.read(&file).ok())
            .any(|text| {
                let lists = text.split("scenarios![").skip(1).filter_map(|rest| rest.split(']').next());
                let word = |one: char| one.is_alphanumeric() || one == '_';
                lists.flat_map(|list| list.split(|one| !word(one))).any(|word| word == name.text)
            })
    }

    /// All migrations of the crate, in their order.
    fn migrations(&self, file: &str) -> String {
        let folder = self.root.join(file).parent().map(Path::to_path_buf).unwrap_or_default();
        let mut files: Vec<_> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect()
    }
}

/// The functions that a test runner calls: those under `#[test]` or `#[tokio::test]`, unless they are passed over.
fn tests(text: &str) -> BTreeSet<&str> {
    let mut found = BTreeSet::new();
    let mut awaited = false;
    for line in text.lines().map(str::trim) {
        if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            awaited = true;
        } else if line.starts_with("#[ignore") {
            awaited = false;
        } else if let Some(rest) = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ") {
            if awaited {
                found.extend(rest.split(['(', '<']).next());
            }
            awaited = false;
        }
    }
    found
}

/// Whether Rust code makes something of this name.
fn defines(text: &str, name: &str) -> bool {
    ["fn", "struct", "enum", "trait", "const", "mod", "type"].iter().any(|kind| {
        text.match_indices(&format!("{kind} {name}")).any(|(at, found)| {
            !text[at + found.len()..].starts_with(|one: char| one.is_alphanumeric() || one == '_')
        })
    })
}

/// Whether SQL that is run to its end leaves a constraint, index, trigger, function or table of this name.
fn in_force(sql: &str, name: &str) -> bool {
    let code = sql.lines().filter_map(|line| line.split("--").next());
    let word = |one: char| one.is_alphanumeric() || one == '_' || one == '.';
    let words: Vec<&str> =
        code.flat_map(|line| line.split(|one| !word(one))).filter(|word| !word.is_empty()).collect();
    let mut stands = false;
    for three in words.windows(3) {
        let [verb, kind, found] = three else { continue };
        let kinds = ["CONSTRAINT", "INDEX", "TRIGGER", "FUNCTION", "TABLE"];
        if kinds.contains(kind) && found.rsplit('.').next() == Some(name) && *verb != "EXECUTE" {
            stands = !["DROP", "DISABLE"].contains(verb);
        }
    }
    stands
}

/// Without the layout.
fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
