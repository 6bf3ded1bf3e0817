//! The binary of settlement-svc.

use std::process::ExitCode;

fn main() -> ExitCode {
    chassis::main::<settlement_svc::SettlementService>()
}
