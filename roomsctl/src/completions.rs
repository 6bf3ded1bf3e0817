//! `roomsctl completions`: what a shell needs to complete command lines.

use crate::{
    cli::{Cli, Options},
    failure::Failure,
    output,
};
use clap::CommandFactory;
use clap_complete::Shell;
use serde_json::json;

/// Prints the script of a shell.
pub fn run(options: &Options, shell: Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "roomsctl", &mut script);
    let script = String::from_utf8_lossy(&script);
    if options.json {
        output::json(&json!({"shell": shell.to_string(), "script": script}))
    } else {
        output::text(script.trim_end())
    }
}
