//! The command line.

use std::fmt::Display;
use std::str::FromStr;

use solana_pubkey::Pubkey;
use surfpool_types::BlockProductionMode;

/// What `--help` prints.
pub const HELP: &str = "\
A local Solana chain: real runtime, real JSON-RPC and WebSocket, no network.

Usage: localchain [OPTIONS]

  --port PORT               JSON-RPC port on 127.0.0.1 [8899]
  --ws PORT                 WebSocket port on 127.0.0.1 [8900]
  --slot-ms MILLISECONDS    length of a slot, 20 to 10000; below 50 block hashes expire
                            under load [100]
  --db FILE                 keep the chain in this SQLite file; without it, in memory
  --fund ADDRESS:LAMPORTS   give lamports to an address at every start; may be repeated
  --mode clock|tx           a block each slot, or one per transaction [clock]
  --help                    print this

Prints one line that starts with `ready` when it answers. SIGINT and SIGTERM end it in order.
";

/// What the chain is started with.
#[derive(Debug)]
pub struct Options {
    /// JSON-RPC port.
    pub port: u16,
    /// WebSocket port.
    pub ws: u16,
    /// Length of a slot in milliseconds.
    pub slot_ms: u64,
    /// SQLite file; `None` keeps the chain in memory.
    pub db: Option<String>,
    /// Addresses and the lamports each is given.
    pub fund: Vec<(Pubkey, u64)>,
    /// When blocks are made.
    pub mode: BlockProductionMode,
}

impl Options {
    /// Reads the arguments; `None` when help was asked for. The error says which argument is wrong.
    pub fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Option<Self>, String> {
        let mut options = Self {
            port: 8899,
            ws: 8900,
            slot_ms: 100,
            db: None,
            fund: Vec::new(),
            mode: BlockProductionMode::Clock,
        };
        while let Some(name) = arguments.next() {
            if name == "--help" || name == "-h" {
                return Ok(None);
            }
            let mut value = || arguments.next().ok_or_else(|| format!("{name} needs a value"));
            match name.as_str() {
                "--port" => options.port = parse(&name, &value()?)?,
                "--ws" => options.ws = parse(&name, &value()?)?,
                "--slot-ms" => {
                    options.slot_ms = parse(&name, &value()?)?;
                    if !(20..=10_000).contains(&options.slot_ms) {
                        return Err("--slot-ms is not within 20 to 10000".to_owned());
                    }
                }
                "--db" => options.db = Some(value()?),
                "--fund" => options.fund.push(funding(&value()?)?),
                "--mode" => options.mode = mode(&value()?)?,
                unknown => return Err(format!("unknown argument {unknown:?}")),
            }
        }
        Ok(Some(options))
    }
}

fn parse<T: FromStr<Err: Display>>(name: &str, text: &str) -> Result<T, String> {
    text.parse().map_err(|error| format!("{name} {text:?}: {error}"))
}

fn funding(text: &str) -> Result<(Pubkey, u64), String> {
    let (address, lamports) =
        text.split_once(':').ok_or_else(|| format!("--fund {text:?} is not ADDRESS:LAMPORTS"))?;
    Ok((parse("--fund", address)?, parse("--fund", lamports)?))
}

fn mode(text: &str) -> Result<BlockProductionMode, String> {
    match text {
        "clock" => Ok(BlockProductionMode::Clock),
        "tx" => Ok(BlockProductionMode::Transaction),
        other => Err(format!("--mode {other:?} is neither clock nor tx")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Option<Options>, String> {
        Options::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn every_argument_is_read() {
        let key = "11111111111111111111111111111112";
        let line = format!("--port 1 --ws 2 --slot-ms 50 --db x --fund {key}:7 --mode tx");
        let options = parsed(&line).unwrap().unwrap();
        assert_eq!((options.port, options.ws, options.slot_ms), (1, 2, 50));
        assert_eq!(options.db.as_deref(), Some("x"));
        assert_eq!(options.fund, [(key.parse().unwrap(), 7)]);
        assert!(matches!(options.mode, BlockProductionMode::Transaction));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (line, word) in [
            ("--port", "--port needs a value"),
            ("--port x", "--port \"x\""),
            ("--slot-ms 5", "--slot-ms is not"),
            ("--fund x", "is not ADDRESS:LAMPORTS"),
            ("--mode x", "neither clock nor tx"),
            ("--x", "unknown argument"),
        ] {
            let problem = parsed(line).err().unwrap();
            assert!(problem.contains(word), "{line}: {problem}");
        }
        assert!(parsed("--help").unwrap().is_none());
    }
}
