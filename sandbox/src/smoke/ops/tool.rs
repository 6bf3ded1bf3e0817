//! `roomsctl` in the hands of operators: what they type, what it answers, and what of that is checked.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use tokio::process::Command;
use tokio::time::Instant;

use super::super::tale::{Tale, one_line};
use crate::environment;
use crate::report::Report;
use crate::world::{World, callers, operators};

/// How long is waited for what comes by itself.
const PATIENCE: Duration = Duration::from_secs(90);
const PAUSE: Duration = Duration::from_millis(300);

/// Its exit status; `roomsctl --help` explains them.
pub const REFUSED: i32 = 2;
/// There is no such thing.
pub const UNKNOWN: i32 = 3;
/// Nobody is there.
pub const AWAY: i32 = 4;
/// Nobody said yes.
pub const UNCONFIRMED: i32 = 5;

/// By types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The first operator of the world.
    Olga,
    /// The second.
    Oleg,
    /// Somebody whose key no service knows.
    Stranger,
    /// Somebody without a key.
    Nobody,
}

/// What a token lets its bearer do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Ask.
    Reader,
    /// Ask, and hand in what operators sign.
    Operator,
    /// As an operator, and what concerns everybody.
    Admin,
    /// Nothing: it bears the name of a role that its key may not vouch for.
    Forged,
    /// There is no token.
    None,
}

impl Role {
    /// What is asked for where a token is made; and its file.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::Operator => "operator",
            Self::Admin => "admin",
            Self::Forged => "forged",
            Self::None => "none",
        }
    }
}

impl By {
    /// Two admins; whoever only looks is a reader. A stranger's token is as good as an admin's: it is the key that is not.
    const fn role(self) -> Role {
        match self {
            Self::Olga | Self::Oleg | Self::Stranger => Role::Admin,
            Self::Nobody => Role::Reader,
        }
    }
}

/// The tool, with where the services are.
pub struct Tool {
    program: PathBuf,
    urls: Vec<(String, String)>,
    /// Where keys and files are.
    world: PathBuf,
    desk: PathBuf,
    tale: Tale,
    report: Mutex<Report>,
}

/// What came of a command line.
struct Ran {
    code: i32,
    out: Vec<u8>,
    err: String,
}

/// The program beside this one. Where cargo runs us, it builds it first.
pub async fn find(sandbox: &Path) -> Result<PathBuf> {
    if let Some(cargo) = environment::get("CARGO") {
        let built = Command::new(cargo).args(["build", "--workspace", "--bin", "roomsctl"]).status().await?;
        ensure!(built.success(), "roomsctl is not built");
    }
    let program = sandbox.with_file_name("roomsctl");
    ensure!(program.exists(), "{} is not there: cargo build --workspace", program.display());
    Ok(program)
}

impl Tool {
    /// `world` is the folder with the operators' keys, `desk` one for files.
    pub fn take_up(program: PathBuf, world: &World, dir: &Path, desk: &Path, tale: &Tale) -> Self {
        let services = &world.addresses().services;
        let urls = services.iter().filter(|service| service.replica == 1).map(|service| {
            (format!("ROOMSCTL_{}_URL", service.schema.to_uppercase()), format!("http://{}", service.grpc))
        });
        let token = ("ROOMSCTL_TOKEN_FILE".to_owned(), callers::file(dir).display().to_string());
        Self {
            program,
            urls: urls.chain([token]).collect(),
            world: dir.to_owned(),
            desk: desk.to_owned(),
            tale: tale.clone(),
            report: Mutex::default(),
        }
    }

    /// What was checked so far.
    pub fn found(&self) -> Report {
        self.lock().clone()
    }

    /// A poisoned lock only means that somebody panicked; what was checked is whole.
    fn lock(&self) -> MutexGuard<'_, Report> {
        self.report.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A heading of the transcript.
    pub fn scene(&self, title: &str) {
        self.tale.scene(title);
    }

    /// A file on the desk.
    pub fn file(&self, name: &str) -> String {
        self.desk.join(name).display().to_string()
    }

    /// Checks what is not a command of its own.
    pub fn check(&self, name: &str, goal: impl ToString, measured: impl ToString, ok: bool) {
        self.lock().check(name, goal, measured, ok);
    }

    fn key(&self, who: By) -> Option<PathBuf> {
        let [olga, oleg] = operators::FILES;
        match who {
            By::Olga => Some(self.world.join(olga)),
            By::Oleg => Some(self.world.join(oleg)),
            By::Stranger => Some(self.desk.join("stranger.json")),
            By::Nobody => None,
        }
    }

    /// The token of a role is kept here.
    pub fn token(&self, role: Role) -> PathBuf {
        self.desk.join(role.word())
    }

    /// A file of the world.
    pub fn of_world(&self, name: &str) -> String {
        self.world.join(name).display().to_string()
    }

    async fn run(&self, who: By, arguments: &[&str]) -> Result<Ran> {
        self.run_as(who.role(), who, arguments).await
    }

    async fn run_as(&self, role: Role, who: By, arguments: &[&str]) -> Result<Ran> {
        let mut command = Command::new(&self.program);
        command.envs(self.urls.iter().cloned()).args(arguments).stdin(std::process::Stdio::null());
        match self.key(who) {
            Some(key) => command.env("ROOMSCTL_KEY", key),
            None => command.env_remove("ROOMSCTL_KEY"),
        };
        command.env_remove("ROOMSCTL_TOKEN").env_remove("ROOMSCTL_TOKEN_FILE");
        let token = self.token(role);
        // The first command of all makes a key, and needs no token.
        if token.exists() {
            command.env("ROOMSCTL_TOKEN_FILE", token);
        }
        let output = command.output().await.context("run roomsctl")?;
        let code = output.status.code().context("roomsctl was killed")?;
        Ok(Ran { code, out: output.stdout, err: String::from_utf8_lossy(&output.stderr).into_owned() })
    }

    fn tell(&self, who: By, arguments: &[&str], ran: &Ran) {
        let name = format!("{who:?}");
        self.tale.tell(&name, format_args!("$ roomsctl {}", arguments.join(" ")));
        let said =
            if ran.code == 0 { String::from_utf8_lossy(&ran.out).into_owned() } else { ran.err.clone() };
        self.tale.tell("", format_args!("  {} {}", ran.code, one_line(&said)));
    }

    /// A command that does what it is asked, and prints one JSON document.
    ///
    /// # Errors
    /// It does not; what follows rests on it.
    pub async fn good(&self, who: By, arguments: &[&str]) -> Result<Value> {
        let arguments = [arguments, &["--json"]].concat();
        let ran = self.run(who, &arguments).await?;
        self.tell(who, &arguments, &ran);
        let answer = (ran.code == 0).then(|| serde_json::from_slice(&ran.out).ok()).flatten();
        let ok = answer.is_some() && ran.err.is_empty();
        let measured = if ok { "done".to_owned() } else { format!("{} {}", ran.code, one_line(&ran.err)) };
        self.check(&named(arguments.as_slice()), "done", measured, ok);
        answer.with_context(|| format!("roomsctl {}: {} {}", arguments.join(" "), ran.code, ran.err))
    }

    /// The same with a token of another role.
    ///
    /// # Errors
    /// As [`Tool::good`].
    pub async fn good_as(&self, role: Role, who: By, arguments: &[&str]) -> Result<()> {
        let arguments = [arguments, &["--json"]].concat();
        let ran = self.run_as(role, who, &arguments).await?;
        self.tell(who, &arguments, &ran);
        let measured = if ran.code == 0 { "done".to_owned() } else { one_line(&ran.err) };
        self.check(&format!("{role:?}: {}", named(&arguments)), "done", measured, ran.code == 0);
        Ok(())
    }

    /// A command that a token of this role does not allow.
    ///
    /// # Errors
    /// It cannot be run.
    pub async fn denied(&self, role: Role, who: By, arguments: &[&str], complaint: &str) -> Result<()> {
        let ran = self.run_as(role, who, arguments).await?;
        self.tell(who, arguments, &ran);
        let ok = ran.code == REFUSED && ran.err.contains(complaint) && ran.out.is_empty();
        let (goal, measured) =
            (format!("{REFUSED} {complaint}"), format!("{} {}", ran.code, one_line(&ran.err)));
        self.check(&format!("{role:?}: {}", named(arguments)), goal, measured, ok);
        Ok(())
    }

    /// The same of a command that asks before.
    ///
    /// # Errors
    /// As [`Tool::good`].
    pub async fn sure(&self, who: By, arguments: &[&str]) -> Result<Value> {
        self.good(who, &[arguments, &["--yes"]].concat()).await
    }

    /// A command that must fail, and how. Nothing is on its standard output then.
    ///
    /// # Errors
    /// It cannot be run.
    pub async fn bad(&self, who: By, arguments: &[&str], code: i32, complaint: &str) -> Result<()> {
        let ran = self.run(who, arguments).await?;
        self.tell(who, arguments, &ran);
        let ok = ran.code == code && ran.err.contains(complaint) && ran.out.is_empty();
        let name = format!("{} by {who:?}", named(arguments));
        self.check(&name, format!("{code} {complaint}"), format!("{} {}", ran.code, one_line(&ran.err)), ok);
        Ok(())
    }

    /// Asks again until the answer is as it should be.
    ///
    /// # Errors
    /// It never is.
    pub async fn until(
        &self,
        what: &str,
        arguments: &[&str],
        holds: impl Fn(&Value) -> bool,
    ) -> Result<Value> {
        let arguments = [arguments, &["--json"]].concat();
        let began = Instant::now();
        loop {
            let ran = self.run(By::Nobody, &arguments).await?;
            let answer: Option<Value> = serde_json::from_slice(&ran.out).ok();
            if let Some(answer) = answer.filter(|answer| ran.code == 0 && holds(answer)) {
                self.tale.tell("", format_args!("{what}: roomsctl {}", arguments.join(" ")));
                self.check(what, "so", "so", true);
                return Ok(answer);
            }
            if began.elapsed() > PATIENCE {
                self.tell(By::Nobody, &arguments, &ran);
                self.check(what, "so", format!("not within {PATIENCE:?}"), false);
                bail!("waited for {what} in vain");
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// The words of a command without its values, for the report.
fn named(arguments: &[&str]) -> String {
    let values = |word: &&&str| word.len() > 24 || word.starts_with('/');
    let words: Vec<&str> = arguments.iter().filter(|word| !values(word)).copied().collect();
    words.into_iter().filter(|word| *word != "--json").collect::<Vec<_>>().join(" ")
}

/// A text of an answer.
///
/// # Errors
/// It has none there.
pub fn text(answer: &Value, pointer: &str) -> Result<String> {
    let found = answer.pointer(pointer).and_then(Value::as_str);
    Ok(found.with_context(|| format!("no text at {pointer} in {answer}"))?.to_owned())
}
