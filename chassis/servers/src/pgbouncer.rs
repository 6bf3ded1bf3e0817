//! PgBouncer in transaction mode: a session lasts as long as a transaction, and not a moment longer.

use std::fs::{self, File, Permissions};
use std::net::Ipv4Addr;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nix::sys::signal::Signal;
use tokio::net::TcpStream;

use crate::cache::{self, UNPRIVILEGED_ID};
use crate::guard::{Guarded, Layer};
use crate::nats::log_tail;
use crate::port;

const READY_WITHIN: Duration = Duration::from_secs(20);
const STOP_WITHIN: Duration = Duration::from_secs(5);

/// Sessions of one role: fewer than a service has connections, or nothing would be shared.
const SESSIONS: u32 = 5;

/// A running PgBouncer. Dropping it kills it.
#[derive(Debug)]
pub struct PgBouncer {
    port: u16,
    server: Guarded,
}

impl PgBouncer {
    /// Starts it before the server at `upstream` on 127.0.0.1. `dir` is made, for its configuration and log; `roles`
    /// are who may connect, all with one password.
    ///
    /// # Errors
    /// There is none on this machine, or it ends: then the error carries the end of its log.
    pub async fn start(dir: &Path, upstream: u16, roles: &[&str], password: &str) -> Result<Self> {
        let binary = find()?;
        let port = port::free()?;
        let log = dir.join("pgbouncer.log");
        fs::create_dir_all(dir).with_context(|| format!("create {}", dir.display()))?;
        let users: String = roles.iter().map(|role| format!("\"{role}\" \"{password}\"\n")).collect();
        write(&dir.join("users.txt"), &users)?;
        let config = dir.join("pgbouncer.ini");
        write(&config, &configuration(dir, upstream, port))?;
        let mut command = Guarded::command(&binary);
        command.arg(&config).current_dir("/").stdin(Stdio::null());
        let logged = File::options().create(true).append(true).open(&log)?;
        command.stdout(logged.try_clone()?).stderr(logged);
        if nix::unistd::geteuid().is_root() {
            // It refuses to run as root.
            cache::ensure_reachable(dir)?;
            command.uid(UNPRIVILEGED_ID).gid(UNPRIVILEGED_ID);
        }
        let server = Guarded::spawn(command, "pgbouncer", Layer::Upstream, Signal::SIGINT)?;
        let ready = async {
            while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.is_err() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::select! {
            () = ready => {}
            _ = server.exited() => bail!("pgbouncer ended at start:\n{}", log_tail(&log)),
            () = tokio::time::sleep(READY_WITHIN) => {
                bail!("pgbouncer was not ready within {READY_WITHIN:?}:\n{}", log_tail(&log))
            }
        }
        Ok(Self { port, server })
    }

    /// The port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Ends it.
    pub async fn stop(self) {
        self.server.stop(STOP_WITHIN).await;
    }
}

/// The binary on the PATH, or where Debian puts it, which is not on everybody's.
///
/// # Errors
/// There is none; the message says how to get it.
pub fn find() -> Result<PathBuf> {
    let named = cache::path_variable("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&named).chain([PathBuf::from("/usr/sbin")]);
    let mut found = folders.map(|folder| folder.join("pgbouncer")).filter(|binary| binary.is_file());
    found.next().context("there is no pgbouncer on the PATH: install it (Debian: apt-get install pgbouncer)")
}

/// Secrets are in it: for the account that runs it alone.
fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("write {}", path.display()))?;
    fs::set_permissions(path, Permissions::from_mode(0o600))?;
    if nix::unistd::geteuid().is_root() {
        chown(path, Some(UNPRIVILEGED_ID), Some(UNPRIVILEGED_ID))?;
    }
    Ok(())
}

/// sqlx names its statements and never closes them where their cache is off; another's session could have the same names. So
/// they end with the transaction.
fn configuration(dir: &Path, upstream: u16, port: u16) -> String {
    format!(
        "[databases]\n\
         * = host=127.0.0.1 port={upstream}\n\
         [pgbouncer]\n\
         listen_addr = 127.0.0.1\n\
         listen_port = {port}\n\
         unix_socket_dir =\n\
         auth_type = scram-sha-256\n\
         auth_file = {}\n\
         pool_mode = transaction\n\
         server_reset_query = DEALLOCATE ALL\n\
         server_reset_query_always = 1\n\
         ignore_startup_parameters = extra_float_digits\n\
         max_client_conn = 500\n\
         default_pool_size = {SESSIONS}\n",
        dir.join("users.txt").display(),
    )
}
