//! Folders that vanish with their owner, or with the whole process.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rand::Rng;

use crate::guard::Guard;

/// A folder below the system's temporary one, deleted when dropped; when the process dies first,
/// the guard deletes it.
#[derive(Debug)]
pub struct Scratch(PathBuf);

impl Scratch {
    /// Creates an empty folder; anybody may pass through it, because PostgreSQL may run under another
    /// account.
    ///
    /// # Errors
    /// The folder cannot be created or the guard cannot be started.
    pub fn create() -> Result<Self> {
        let id: u64 = rand::rng().random();
        let path = std::env::temp_dir().join(format!("rooms-{id:016x}"));
        DirBuilder::new().mode(0o711).create(&path).with_context(|| format!("create {}", path.display()))?;
        Guard::get()?.adopt_folder(&path)?;
        Ok(Self(path))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be deleted now (a server is still writing) is the guard's to delete at the end.
        if std::fs::remove_dir_all(&self.0).is_ok()
            && let Ok(guard) = Guard::get()
        {
            guard.release_folder(&self.0);
        }
    }
}
