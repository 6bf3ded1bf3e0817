//! The folder that outlives a checkout: fetched servers, the built local chain.

use std::fs::{self, DirBuilder, File, Permissions};
use std::io::IsTerminal;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};

/// The account that runs PostgreSQL when we are root, because its `initdb` refuses root.
pub const UNPRIVILEGED_ID: u32 = 65534;

/// The cache folder, created when missing: `ROOMS_CACHE`; else `/var/cache/rooms` for root, because
/// PostgreSQL then runs under another account, for which root's home folder is closed; else
/// `$XDG_CACHE_HOME/rooms` or `~/.cache/rooms`.
///
/// # Errors
/// No home folder is known, the folder cannot be created, or root's choice is out of reach for the
/// account [`UNPRIVILEGED_ID`].
pub fn folder() -> Result<PathBuf> {
    let folder = if let Some(named) = path_variable("ROOMS_CACHE") {
        std::path::absolute(named)?
    } else if nix::unistd::geteuid().is_root() {
        PathBuf::from("/var/cache/rooms")
    } else if let Some(caches) = path_variable("XDG_CACHE_HOME") {
        caches.join("rooms")
    } else if let Some(home) = path_variable("HOME") {
        home.join(".cache/rooms")
    } else {
        bail!("no cache folder: set ROOMS_CACHE to a folder that may be written");
    };
    DirBuilder::new()
        .recursive(true)
        .mode(0o755)
        .create(&folder)
        .with_context(|| format!("create the cache folder {}", folder.display()))?;
    if nix::unistd::geteuid().is_root() {
        ensure_reachable(&folder)?;
    }
    Ok(folder)
}

/// Checks that an account without rights can pass through every folder down to `path`.
///
/// # Errors
/// Names the first folder that is closed to others.
pub fn ensure_reachable(path: &Path) -> Result<()> {
    for folder in path.ancestors().collect::<Vec<_>>().into_iter().rev() {
        let mode = fs::metadata(folder)
            .with_context(|| format!("look at {}", folder.display()))?
            .permissions()
            .mode();
        if mode & 0o001 == 0 {
            bail!(
                "{} is closed to uid {UNPRIVILEGED_ID}, which runs PostgreSQL because initdb refuses \
                 root: choose another place for {} (ROOMS_CACHE, --world or TMPDIR) or `chmod o+x` it",
                folder.display(),
                path.display(),
            );
        }
    }
    Ok(())
}

/// Takes the lock file `name` in the cache folder, waiting for another process that holds it.
/// Dropping the file releases the lock; so does the death of its holder.
///
/// # Errors
/// The lock file cannot be created or locked.
pub fn lock(name: &str) -> Result<File> {
    let path = folder()?.join(name);
    let file = File::create(&path).with_context(|| format!("create {}", path.display()))?;
    file.lock().with_context(|| format!("lock {}", path.display()))?;
    Ok(file)
}

/// A line on standard error that moves while `what` is under way; without a terminal it is printed
/// once. Finish it with [`ProgressBar::finish_and_clear`].
#[must_use]
pub fn spinner(what: &str) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        eprintln!("{what}");
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner().with_message(what.to_owned());
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

/// A path from the environment; an empty one counts as unset.
#[expect(clippy::disallowed_methods, reason = "which servers to run is not a setting of a service")]
pub(crate) fn path_variable(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// Opens `folder` to all readers, whatever the umask was when it was created.
pub(crate) fn open_to_readers(folder: &Path) -> Result<()> {
    fs::set_permissions(folder, Permissions::from_mode(0o755))
        .with_context(|| format!("chmod {}", folder.display()))
}
