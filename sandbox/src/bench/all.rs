//! Every measurement in turn, as one report. One that cannot be made is a failed check, and the others are made all the same.

use super::What;
use crate::report::Report;
use anyhow::{Result, ensure};
use clap::{Args, Parser};

/// The measurements: the name of each, and the arguments of a short run, whose figures mean nothing.
const EACH: [(&str, &str); 15] = [
    ("handler", "--rounds 50"),
    ("pack", "--batches 2"),
    ("picture", "--pictures 2"),
    ("proof", "--rounds 1 --users 1000"),
    ("watch", "--watches 2000 --few 100 --rounds 2 --runs 10"),
    ("relay", "--rounds 1 --events 2000 --rate 500 --seconds 2"),
    ("idle", "--rounds 1 --settle 1 --seconds 2"),
    ("bets", "--rounds 1 --bets 1000 --rooms 50"),
    ("latency", "--rounds 1 --burst 1000 --seconds 2"),
    ("load", "--rounds 1 --burst 1000 --rooms 50 --seconds 2"),
    ("settle", "--rounds 1 --largest 1000"),
    ("tick", "--rooms 2"),
    ("sessions", "--sessions 200"),
    ("fanout", "--notices 1000 --span 15s"),
    ("tracker", "--wallets 200 --users 20 --seconds 10"),
];

/// Arguments of `bench all`.
#[derive(Args, Clone, Debug)]
pub struct Arguments {
    /// Small sizes: shows that everything can be measured; the figures mean nothing
    #[arg(long)]
    short: bool,
    /// Leave these out
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    without: Vec<String>,
}

/// A measurement with its arguments.
#[derive(Parser)]
struct Line {
    #[command(subcommand)]
    what: What,
}

fn line(name: &str, arguments: &str) -> Result<What> {
    let words = ["bench", name].into_iter().chain(arguments.split_whitespace());
    Ok(Line::try_parse_from(words)?.what)
}

pub(super) async fn run(arguments: &Arguments, report: &mut Report) -> Result<()> {
    for name in &arguments.without {
        ensure!(EACH.iter().any(|(known, _)| known == name), "there is no measurement {name}");
    }
    let wanted = |name: &str| !arguments.without.iter().any(|without| without == name);
    for (name, short) in EACH.into_iter().filter(|(name, _)| wanted(name)) {
        eprintln!("== {name}");
        let mut one = Report::new();
        // Its future is as large as that of everything it may call.
        let measured =
            Box::pin(super::measure(line(name, if arguments.short { short } else { "" })?, &mut one));
        if let Err(error) = measured.await {
            one.check("measured", "without an error", format!("{error:#}"), false);
        }
        report.add(name, one);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;
    use std::collections::BTreeSet;

    #[test]
    fn every_measurement_is_in_its_turn_and_understands_its_arguments() {
        for (name, short) in EACH {
            line(name, short).unwrap();
            line(name, "").unwrap();
        }
        let command = Line::command();
        let known: BTreeSet<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
        let listed: BTreeSet<&str> = EACH.iter().map(|(name, _)| *name).chain(["all"]).collect();
        assert_eq!(known, listed);
    }
}
