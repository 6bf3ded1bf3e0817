//! Accounts, the ledger, and the chain.
use std::process::ExitCode;

fn main() -> ExitCode {
    chassis::main::<wallet_svc::WalletSvc>()
}
