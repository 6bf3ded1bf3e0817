//! Endpoints between the service and the chain that misbehave on request.

pub use servers::faulty_rpc::{Faults, FaultyRpc};
