//! Rooms and bets.
use std::process::ExitCode;

fn main() -> ExitCode {
    chassis::main::<room_svc::RoomSvc>()
}
