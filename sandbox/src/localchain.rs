//! Which Solana runtime the world runs. Ours is built by [`servers::localchain`].

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::environment;

/// A program that runs a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Program {
    /// Ours.
    Localchain(PathBuf),
    /// surfpool's command line, named by the user.
    Surfpool(PathBuf),
    /// Agave's test validator, named by the user.
    TestValidator(PathBuf),
}

impl Program {
    /// The one the user names in `ROOMS_LOCALCHAIN` (a path or a name on PATH; what it is is told by
    /// its file name), else ours, built now if the cache folder does not have it.
    ///
    /// # Errors
    /// The build fails; the error carries the end of its log.
    pub async fn find() -> Result<Self> {
        if let Some(named) = environment::get("ROOMS_LOCALCHAIN") {
            return Ok(Self::named(PathBuf::from(named)));
        }
        Ok(Self::Localchain(servers::localchain::build().await?))
    }

    fn named(path: PathBuf) -> Self {
        match path.file_name().and_then(|name| name.to_str()) {
            Some("surfpool") => Self::Surfpool(path),
            Some("solana-test-validator") => Self::TestValidator(path),
            _ => Self::Localchain(path),
        }
    }

    /// Its file.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::Localchain(path) | Self::Surfpool(path) | Self::TestValidator(path) => path,
        }
    }

    /// Arguments for a chain kept in `folder` that serves JSON-RPC on `rpc` and WebSocket on the next
    /// port, which is where the test validator always has it.
    #[must_use]
    pub fn arguments(&self, folder: &Path, rpc: u16) -> Vec<String> {
        let ws = rpc.saturating_add(1);
        let line = match self {
            Self::Localchain(_) => format!("--port {rpc} --ws {ws} --slot-ms 100 --db"),
            Self::Surfpool(_) => format!(
                "start --offline --no-tui --no-studio --no-deploy --host 127.0.0.1 --port {rpc} --ws-port {ws} \
                 --slot-time 100 --db"
            ),
            Self::TestValidator(_) => format!("--quiet --bind-address 127.0.0.1 --rpc-port {rpc} --ledger"),
        };
        // Last, and apart from the others: a path may hold spaces.
        let kept = folder.join(match self {
            Self::TestValidator(_) => "ledger",
            Self::Localchain(_) | Self::Surfpool(_) => "chain.sqlite",
        });
        let words = line.split_whitespace().map(str::to_owned);
        words.chain([kept.display().to_string()]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_known_by_its_name() {
        let named = |path: &str| Program::named(PathBuf::from(path));
        assert_eq!(named("surfpool"), Program::Surfpool("surfpool".into()));
        let validator = "/opt/bin/solana-test-validator";
        assert_eq!(named(validator), Program::TestValidator(validator.into()));
        assert_eq!(named("./mine"), Program::Localchain("./mine".into()));
    }

    #[test]
    fn its_folder_may_hold_spaces() {
        let ours = Program::Localchain("localchain".into());
        let arguments = ours.arguments(Path::new("/my world/chain"), 8_899);
        let expected =
            ["--port", "8899", "--ws", "8900", "--slot-ms", "100", "--db", "/my world/chain/chain.sqlite"];
        assert_eq!(arguments, expected);
    }
}
