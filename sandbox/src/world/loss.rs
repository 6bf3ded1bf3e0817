//! A server that ends by itself. Services are started again, because they must survive that; a world
//! without its broker, database or chain says so and stops.

use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

use super::World;

/// How often servers are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// The end of a server that nobody asked for.
#[derive(Debug, thiserror::Error)]
#[error("{server} ended by itself ({status}), see {}", log.display())]
pub struct Loss {
    /// Which.
    pub server: &'static str,
    /// How.
    pub status: ExitStatus,
    /// Where it says why.
    pub log: PathBuf,
}

impl World {
    /// Waits until a server ends that nobody stopped.
    pub async fn loss(&self) -> Loss {
        loop {
            for (server, log, ended) in [
                ("PostgreSQL", "postgres.log", self.postgres.ended().await),
                ("nats-server", "nats.log", self.nats.ended().await),
                ("the local chain", "chain.log", self.chain.ended().await),
            ] {
                if let Some(status) = ended {
                    return Loss { server, status, log: self.folder.path().join("logs").join(log) };
                }
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}
