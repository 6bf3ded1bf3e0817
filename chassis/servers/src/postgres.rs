//! PostgreSQL: one cluster, its databases, and per service one schema and one role.

use std::ffi::OsStr;
use std::fs::{self, File, Permissions};
use std::net::Ipv4Addr;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use nix::sys::signal::Signal;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor};
use tokio::sync::Mutex;

use crate::cache::{self, UNPRIVILEGED_ID};
use crate::guard::{Guarded, Layer};
use crate::nats::log_tail;
use crate::scratch::Scratch;
use crate::{port, provision};

/// The role that owns the cluster.
pub const SUPERUSER: &str = "postgres";

const READY_WITHIN: Duration = Duration::from_secs(60);
const STOP_WITHIN: Duration = Duration::from_secs(10);

/// Where a cluster lives and how it is run.
#[derive(Clone, Debug)]
pub struct PostgresOptions {
    /// The cluster's folder; an empty or missing one is initialised. As root it belongs to uid 65534
    /// and every folder above it must be open to that account.
    pub data_dir: PathBuf,
    /// The log file; it is appended to.
    pub log: PathBuf,
    /// The port on 127.0.0.1; `None` takes a free one.
    pub port: Option<u16>,
    /// `false` gives up fsync, so a lost machine loses data (a killed server does not): for tests only,
    /// never for a world or a measurement.
    pub durable: bool,
    /// The password of every role, checked with SCRAM. `None` lets anyone on this machine in without
    /// one: for tests, where the exchange would cost more than the queries.
    pub password: Option<String>,
}

/// A running cluster. Dropping it kills it; its folder stays unless it was made for a test.
#[derive(Debug)]
pub struct Postgres {
    bin: PathBuf,
    options: PostgresOptions,
    port: u16,
    running: Mutex<Option<Guarded>>,
    /// Roles belong to the whole cluster: two that create or alter the same one at once collide.
    roles: Mutex<()>,
    /// Dropped after the server.
    _scratch: Option<Scratch>,
}

impl Postgres {
    /// Initialises the cluster when its folder is empty, starts it and returns when it takes queries.
    ///
    /// # Errors
    /// No binaries, a folder out of reach for uid 65534, the given port is taken, or the server ends:
    /// then the error carries the end of its log.
    pub async fn start(options: PostgresOptions) -> Result<Self> {
        Self::start_with(options, None).await
    }

    /// Starts a throw-away cluster of one's own, for a test that stops or kills it. Takes about 1.6 s:
    /// other tests share [`crate::TestDb`]'s.
    ///
    /// # Errors
    /// As [`Postgres::start`].
    pub async fn for_test() -> Result<Self> {
        let scratch = Scratch::create()?;
        let options = PostgresOptions {
            data_dir: scratch.path().join("data"),
            log: scratch.path().join("postgres.log"),
            port: None,
            durable: false,
            password: None,
        };
        Self::start_with(options, Some(scratch)).await
    }

    async fn start_with(options: PostgresOptions, scratch: Option<Scratch>) -> Result<Self> {
        let bin = tokio::task::spawn_blocking(provision::postgres_bin).await??;
        let mut postgres = Self {
            bin,
            port: 0,
            running: Mutex::new(None),
            roles: Mutex::new(()),
            options,
            _scratch: scratch,
        };
        if !postgres.options.data_dir.join("PG_VERSION").is_file() {
            let (bin, options) = (postgres.bin.clone(), postgres.options.clone());
            tokio::task::spawn_blocking(move || initialise(&bin, &options)).await??;
        }
        let attempts = if postgres.options.port.is_some() { 1 } else { 5 };
        for attempt in 1..=attempts {
            postgres.port = postgres.options.port.map_or_else(port::free, Ok)?;
            match postgres.launch().await {
                Ok(server) => {
                    postgres.running = Mutex::new(Some(server));
                    return Ok(postgres);
                }
                Err(error) if attempt == attempts || port::is_free(postgres.port) => {
                    return Err(error);
                }
                Err(_) => {} // Somebody took the port between the choice and the start.
            }
        }
        bail!("PostgreSQL was not started")
    }

    /// The port; the same across restarts.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `postgres://ROLE:PASSWORD@127.0.0.1:PORT/DATABASE`.
    #[must_use]
    pub fn url_for(&self, role: &str, database: &str) -> String {
        let password = self.options.password.as_deref().unwrap_or("unused");
        format!("postgres://{role}:{password}@127.0.0.1:{}/{database}", self.port)
    }

    /// The same as options for sqlx.
    #[must_use]
    pub fn connect_options(&self, role: &str, database: &str) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .host("127.0.0.1")
            .port(self.port)
            .username(role)
            .password(self.options.password.as_deref().unwrap_or("unused"))
            .database(database)
    }

    /// Opens a connection.
    ///
    /// # Errors
    /// The server is away, or the role or database does not exist.
    pub async fn connect(&self, role: &str, database: &str) -> Result<PgConnection> {
        self.connect_options(role, database)
            .connect()
            .await
            .with_context(|| format!("connect to database {database} as {role}"))
    }

    /// Creates `database` unless it exists.
    ///
    /// # Errors
    /// The server refuses.
    pub async fn ensure_database(&self, database: &str) -> Result<()> {
        let name = identifier(database)?;
        let mut connection = self.connect(SUPERUSER, SUPERUSER).await?;
        let exists: Option<i32> = sqlx::query_scalar("SELECT 1 FROM pg_database WHERE datname = $1")
            .bind(name)
            .fetch_optional(&mut connection)
            .await?;
        if exists.is_none() {
            run(&mut connection, format!("CREATE DATABASE {name}")).await?;
        }
        connection.close().await?;
        Ok(())
    }

    /// Gives a service its place in `database`: a role named like the schema, which logs in, owns the
    /// schema and finds unqualified names there. Repeating it changes nothing.
    ///
    /// # Errors
    /// The server refuses.
    pub async fn ensure_schema(&self, database: &str, schema: &str) -> Result<()> {
        let schema = identifier(schema)?;
        let password = self.options.password.as_deref().unwrap_or("unused");
        ensure!(
            password.chars().all(|c| c.is_ascii_alphanumeric()),
            "a cluster's password consists of letters and digits",
        );
        let _one_at_a_time = self.roles.lock().await;
        let mut connection = self.connect(SUPERUSER, database).await?;
        let exists: Option<i32> = sqlx::query_scalar("SELECT 1 FROM pg_roles WHERE rolname = $1")
            .bind(schema)
            .fetch_optional(&mut connection)
            .await?;
        if exists.is_none() {
            // Thousands of hashing rounds protect weak passwords. Ours is random, and each connection of
            // a debug build would pay a tenth of a second for them. PostgreSQL 15 has no such setting.
            sqlx::query(
                "SELECT set_config('scram_iterations', '1', false)
                 WHERE current_setting('scram_iterations', true) IS NOT NULL",
            )
            .execute(&mut connection)
            .await?;
            run(
                &mut connection,
                format!(
                    "CREATE ROLE {schema} LOGIN PASSWORD '{password}';
                     ALTER ROLE {schema} SET search_path = {schema}"
                ),
            )
            .await?;
        }
        run(&mut connection, format!("CREATE SCHEMA IF NOT EXISTS {schema} AUTHORIZATION {schema}")).await?;
        connection.close().await?;
        Ok(())
    }

    /// Runs a file of psql commands as superuser, with variables in its environment.
    ///
    /// # Errors
    /// There is no psql beside the server, or a command in the file fails.
    pub async fn run_file(&self, database: &str, file: &Path, variables: &[(String, String)]) -> Result<()> {
        let mut command = Command::new(self.bin.join("psql"));
        command
            .args([
                "--no-psqlrc",
                "--quiet",
                "--host=127.0.0.1",
                "--username",
                SUPERUSER,
                "--dbname",
                database,
            ])
            .args(["--port", &self.port.to_string()])
            .arg("--file")
            .arg(file)
            .env("PGPASSWORD", self.options.password.as_deref().unwrap_or("unused"))
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null());
        let output = tokio::task::spawn_blocking(move || command.output()).await?.context("run psql")?;
        ensure!(
            output.status.success(),
            "psql could not run {} ({}):\n{}",
            file.display(),
            output.status,
            String::from_utf8_lossy(&output.stderr).trim_end(),
        );
        Ok(())
    }

    /// Stops it (fast shutdown: open transactions are rolled back); nothing happens when it does not
    /// run.
    pub async fn stop(&self) {
        if let Some(server) = self.running.lock().await.take() {
            server.stop(STOP_WITHIN).await;
        }
    }

    /// Kills it with SIGKILL; the next start recovers from the log.
    pub async fn kill(&self) {
        if let Some(server) = self.running.lock().await.take() {
            server.kill().await;
        }
    }

    /// How it ended, if it ended by itself; nothing while it runs, and after a stop or kill of ours.
    pub async fn ended(&self) -> Option<ExitStatus> {
        self.running.lock().await.as_ref().and_then(Guarded::exit_status)
    }

    /// Stops it if it runs and starts it on the same port.
    ///
    /// # Errors
    /// As [`Postgres::start`].
    pub async fn restart(&self) -> Result<()> {
        self.stop().await;
        *self.running.lock().await = Some(self.launch().await?);
        Ok(())
    }

    /// A killed predecessor may still be dying: its lock file or shared memory is waited for.
    async fn launch(&self) -> Result<Guarded> {
        let attempt = async {
            loop {
                let logged = fs::metadata(&self.options.log).map_or(0, |log| log.len());
                match self.launch_once().await {
                    Err(error) if predecessor_lives(&self.options.log, logged) => {
                        tracing::debug!(%error, "waiting for the previous PostgreSQL to end");
                        tokio::time::sleep(Duration::from_millis(100)).await;
                    }
                    result => return result,
                }
            }
        };
        match tokio::time::timeout(READY_WITHIN, attempt).await {
            Ok(result) => result,
            Err(_) => {
                bail!("PostgreSQL was not ready within {READY_WITHIN:?}:\n{}", log_tail(&self.options.log))
            }
        }
    }

    async fn launch_once(&self) -> Result<Guarded> {
        let log = File::options()
            .create(true)
            .append(true)
            .open(&self.options.log)
            .with_context(|| format!("open {}", self.options.log.display()))?;
        let mut command = Guarded::command(&self.bin.join("postgres"));
        command
            .arg("-D")
            .arg(&self.options.data_dir)
            .args(["-p", &self.port.to_string()])
            .args(settings(self.options.durable))
            .stdout(log.try_clone()?)
            .stderr(log);
        as_unprivileged(&mut command, &self.options.data_dir);
        let server = Guarded::spawn(command, "postgres", Layer::Database, Signal::SIGINT)?;
        tokio::select! {
            () = self.answers() => Ok(server),
            status = server.exited() => bail!(
                "PostgreSQL ended at start ({}):\n{}",
                status.map_or_else(|| "unknown status".to_owned(), |status| status.to_string()),
                log_tail(&self.options.log),
            ),
        }
    }

    /// Returns when our own server takes queries; a stranger on the port has another data folder.
    async fn answers(&self) {
        let ours = self.options.data_dir.as_os_str();
        loop {
            if let Ok(mut connection) = self.connect(SUPERUSER, SUPERUSER).await {
                let folder: sqlx::Result<String> =
                    sqlx::query_scalar("SHOW data_directory").fetch_one(&mut connection).await;
                let _ = connection.close().await;
                if folder.is_ok_and(|folder| OsStr::new(&folder) == ours) {
                    return;
                }
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// The server's settings beyond its defaults.
fn settings(durable: bool) -> Vec<String> {
    let mut settings = vec![
        format!("listen_addresses={}", Ipv4Addr::LOCALHOST),
        "unix_socket_directories=".to_owned(),
        "max_connections=300".to_owned(),
        "timezone=UTC".to_owned(),
    ];
    if !durable {
        // Not `synchronous_commit=off`: without fsync it saves nothing, and a killed server would
        // lose commits, which only a lost machine should.
        settings.extend(
            ["fsync=off", "full_page_writes=off", "autovacuum=off", "shared_buffers=64MB"].map(str::to_owned),
        );
    }
    settings.into_iter().flat_map(|setting| ["-c".to_owned(), setting]).collect()
}

/// Makes the cluster aside and renames it: an interrupted `initdb` leaves nothing that looks like one.
fn initialise(bin: &Path, options: &PostgresOptions) -> Result<()> {
    let data = &options.data_dir.with_extension("partial");
    if data.exists() {
        fs::remove_dir_all(data).with_context(|| format!("delete {}", data.display()))?;
    }
    fs::create_dir_all(data).with_context(|| format!("create {}", data.display()))?;
    fs::set_permissions(data, Permissions::from_mode(0o700))?;
    if nix::unistd::geteuid().is_root() {
        if let Some(parent) = data.parent() {
            cache::ensure_reachable(parent)?;
        }
        chown(data, Some(UNPRIVILEGED_ID), Some(UNPRIVILEGED_ID))?;
    }
    let mut command = Command::new(bin.join("initdb"));
    command
        .arg("-D")
        .arg(data)
        .args(["-U", SUPERUSER, "-E", "UTF8", "--locale=C"])
        .arg("--no-instructions")
        .stdin(Stdio::null());
    as_unprivileged(&mut command, Path::new("/"));
    if !options.durable {
        command.arg("--no-sync");
    }
    let password_file = data.with_extension("password");
    if let Some(password) = &options.password {
        fs::write(&password_file, password)?;
        fs::set_permissions(&password_file, Permissions::from_mode(0o600))?;
        if nix::unistd::geteuid().is_root() {
            chown(&password_file, Some(UNPRIVILEGED_ID), Some(UNPRIVILEGED_ID))?;
        }
        command.args(["--auth", "scram-sha-256", "--pwfile"]).arg(&password_file);
    } else {
        command.args(["--auth", "trust"]);
    }
    let output = command.output();
    if options.password.is_some() {
        fs::remove_file(&password_file)?;
    }
    let output = output.context("run initdb")?;
    ensure!(
        output.status.success(),
        "initdb failed ({}):\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    fs::rename(data, &options.data_dir).with_context(|| format!("create {}", options.data_dir.display()))
}

/// Leaves root behind, and a working folder the new account may not enter.
fn as_unprivileged(command: &mut Command, folder: &Path) {
    command.current_dir(folder);
    if nix::unistd::geteuid().is_root() {
        command.uid(UNPRIVILEGED_ID).gid(UNPRIVILEGED_ID);
    }
}

/// Whether what was logged after the first `logged` bytes says that another server still holds the
/// folder.
fn predecessor_lives(log: &Path, logged: u64) -> bool {
    let text = fs::read(log).unwrap_or_default();
    let new = text.get(usize::try_from(logged).unwrap_or(0)..).unwrap_or_default();
    let new = String::from_utf8_lossy(new);
    new.contains("lock file \"postmaster.pid\" already exists")
        || new.contains("pre-existing shared memory block")
}

/// Names of databases, schemas and roles are ours and plain, so they need no quoting.
///
/// # Errors
/// `name` is anything but lower-case letters, digits and underscores.
pub(crate) fn identifier(name: &str) -> Result<&str> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    ensure!(
        name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(plain),
        "{name:?} is not a plain SQL name",
    );
    Ok(name)
}

/// Runs statements that take no parameters; every name in them went through [`identifier`].
pub(crate) async fn run(connection: &mut PgConnection, sql: String) -> Result<()> {
    connection.execute(AssertSqlSafe(sql.clone())).await.with_context(|| format!("run {sql}"))?;
    Ok(())
}
