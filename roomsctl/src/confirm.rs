//! What moves money or cannot be undone is done after a yes: `--yes`, or one that somebody types.

use std::io::{self, BufRead, IsTerminal, Write};

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum Unconfirmed {
    #[error("nobody is at a terminal to confirm this; with --yes it is done without asking")]
    NoTerminal,
    #[error("not confirmed, nothing was done")]
    No,
    #[error("the answer cannot be read: {0}")]
    Read(#[from] io::Error),
}

/// Asks on standard error, so that standard output has the answer of the command alone.
pub fn ask(yes: bool, what: &str, operator: &str) -> Result<(), Unconfirmed> {
    if yes {
        return Ok(());
    }
    let input = io::stdin();
    if !input.is_terminal() {
        return Err(Unconfirmed::NoTerminal);
    }
    answered(&mut input.lock(), &mut io::stderr(), what, operator)
}

fn answered(
    input: &mut impl BufRead,
    output: &mut impl Write,
    what: &str,
    operator: &str,
) -> Result<(), Unconfirmed> {
    write!(output, "{what}\nSigned by {operator}. Do it? [y/N] ")?;
    output.flush()?;
    let mut line = String::new();
    input.read_line(&mut line)?;
    match line.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(Unconfirmed::No),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_yes_is_one() {
        let asked = |line: &str| {
            let mut shown = Vec::new();
            let done = answered(&mut line.as_bytes(), &mut shown, "Approve 10 SOL.", "ann").is_ok();
            assert_eq!(String::from_utf8(shown).unwrap(), "Approve 10 SOL.\nSigned by ann. Do it? [y/N] ");
            done
        };
        for yes in ["y\n", "Y\n", " yes \n", "YES"] {
            assert!(asked(yes), "{yes}");
        }
        for no in ["", "\n", "n\n", "yep\n", "yes please\n", "\ny\n"] {
            assert!(!asked(no), "{no}");
        }
    }
}
