//! `oracle-svc`: see `--help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    chassis::main::<oracle_svc::OracleSvc>()
}
