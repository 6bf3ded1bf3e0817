//! Notifications.
use std::process::ExitCode;

fn main() -> ExitCode {
    chassis::main::<notifier_svc::NotifierSvc>()
}
