//! The folder a world is kept in: one id, its parts, its ports and its secrets.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io::{ErrorKind, Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use rand::Rng;
use rand::distr::Alphanumeric;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{callers, operators};

/// The file that makes a folder a world.
const FILE: &str = "world.json";
const LOCK: &str = "lock";
const KEY: &str = "master.key";
const PEOPLE: &str = "people.key";
const WEBHOOKS: &str = "webhooks.key";
const SERVICES: &str = "services.key";
/// In each part, the id of the world it belongs to.
const MARK: &str = "world-id";

/// How long a killed predecessor's servers may take to end.
const PREDECESSOR_ENDS_WITHIN: Duration = Duration::from_secs(30);

/// What a world consists of. They belong together: money on the chain, accounts in the database, chats
/// in Telegram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// PostgreSQL's cluster.
    Database,
    /// JetStream's store.
    Broker,
    /// Users, chats and numbering of the Bot API.
    Telegram,
    /// The chain's ledger.
    Chain,
}

impl Part {
    const ALL: [Self; 4] = [Self::Database, Self::Broker, Self::Telegram, Self::Chain];

    const fn folder(self) -> &'static str {
        match self {
            Self::Database => "database",
            Self::Broker => "broker",
            Self::Telegram => "telegram",
            Self::Chain => "chain",
        }
    }
}

/// What is remembered from one start to the next.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    id: Uuid,
    secrets: BTreeMap<String, String>,
    ports: BTreeMap<String, u16>,
    /// Whether the operators' capital was paid in.
    #[serde(default)]
    funded: bool,
}

/// An opened world folder. The lock on it is held by this process and by every child started from now
/// on: as long as anything of this world lives, nobody else opens it.
#[derive(Debug)]
pub struct Folder {
    dir: PathBuf,
    kept: Kept,
    /// Whether this start made it.
    new: bool,
    taken: Vec<u16>,
    _lock: File,
}

impl Folder {
    /// Opens the world in `dir`, or makes a new one where there is none or `fresh` asks for it.
    ///
    /// # Errors
    /// Another sandbox runs it, the folder is something else, or a part is missing: the message names
    /// the part and the remedy.
    pub async fn open(dir: &Path, fresh: bool) -> Result<Self> {
        // Started before the lock is taken: the guard, which serves the whole process, must not inherit it.
        servers::guard::ready()?;
        let dir = std::path::absolute(dir)?;
        fs::create_dir_all(&dir).with_context(|| format!("create {}", dir.display()))?;
        let lock = lock(&dir).await?;
        let file = dir.join(FILE);
        if file.is_file() && !fresh {
            let kept: Kept = serde_json::from_slice(&fs::read(&file)?)
                .with_context(|| format!("{} is damaged: start with --fresh", file.display()))?;
            check_parts(&dir, kept.id)?;
            return Ok(Self { dir, kept, new: false, taken: Vec::new(), _lock: lock });
        }
        empty(&dir)?;
        let id = Uuid::now_v7();
        for part in Part::ALL {
            fs::create_dir(dir.join(part.folder()))?;
            fs::write(dir.join(part.folder()).join(MARK), id.to_string())?;
        }
        let kept = Kept { id, secrets: BTreeMap::new(), ports: BTreeMap::new(), funded: false };
        let folder = Self { dir, kept, new: true, taken: Vec::new(), _lock: lock };
        folder.save()?;
        Ok(folder)
    }

    /// The world's id.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.kept.id
    }

    /// Whether this start made it.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.new
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.dir
    }

    /// The folder of a part.
    #[must_use]
    pub fn part(&self, part: Part) -> PathBuf {
        self.dir.join(part.folder())
    }

    /// The folder of the children's logs.
    ///
    /// # Errors
    /// It cannot be created.
    pub fn logs(&self) -> Result<PathBuf> {
        let logs = self.dir.join("logs");
        fs::create_dir_all(&logs)?;
        Ok(logs)
    }

    /// The port `name` had last time if it is free, else the first free one from `preferred` on.
    ///
    /// # Errors
    /// No port is free.
    pub fn port(&mut self, name: &str, preferred: u16) -> Result<u16> {
        self.ports(name, preferred, 1)
    }

    /// As [`Folder::port`] for `count` ports in a row, of which the first is returned.
    ///
    /// # Errors
    /// No such row is free.
    pub fn ports(&mut self, name: &str, preferred: u16, count: u16) -> Result<u16> {
        let free = |first: &u16| {
            let mut row = *first..first.saturating_add(count);
            row.all(|port| !self.taken.contains(&port) && servers::port::is_free(port))
        };
        let remembered = self.kept.ports.get(name).copied();
        let first = remembered
            .into_iter()
            .chain(preferred..preferred.saturating_add(1_000))
            .find(free)
            .with_context(|| format!("no free port for {name} from {preferred} on"))?;
        self.taken.extend(first..first.saturating_add(count));
        self.kept.ports.insert(name.to_owned(), first);
        Ok(first)
    }

    /// A secret of this world, made when first asked for: letters and digits.
    pub fn secret(&mut self, name: &str) -> String {
        let make = || rand::rng().sample_iter(Alphanumeric).take(32).map(char::from).collect();
        self.kept.secrets.entry(name.to_owned()).or_insert_with(make).clone()
    }

    /// The master key of wallets.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn key_file(&self) -> Result<PathBuf> {
        self.random_file(KEY)
    }

    /// The master key of personal data.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn people_file(&self) -> Result<PathBuf> {
        self.random_file(PEOPLE)
    }

    /// The master key of webhooks.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn webhooks_file(&self) -> Result<PathBuf> {
        self.random_file(WEBHOOKS)
    }

    /// The secret by which the services know each other.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn services_file(&self) -> Result<PathBuf> {
        self.random_file(SERVICES)
    }

    /// A file with 32 random bytes in hexadecimal, made when first asked for.
    fn random_file(&self, name: &str) -> Result<PathBuf> {
        let path = self.dir.join(name);
        if !path.exists() {
            let aside = path.with_extension("partial");
            let mut file =
                File::options().write(true).create(true).truncate(true).mode(0o600).open(&aside)?;
            file.write_all(hex::encode(rand::random::<[u8; 32]>()).as_bytes())?;
            fs::rename(&aside, &path).context("write the master key")?;
        }
        Ok(path)
    }

    /// Whether the operators' capital was paid in.
    #[must_use]
    pub fn is_funded(&self) -> bool {
        self.kept.funded
    }

    /// Remembers that it was.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn set_funded(&mut self) -> Result<()> {
        self.kept.funded = true;
        self.save()
    }

    /// Writes down ports and secrets.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn save(&self) -> Result<()> {
        let aside = self.dir.join(FILE).with_extension("partial");
        fs::write(&aside, serde_json::to_vec_pretty(&self.kept)?)?;
        fs::rename(&aside, self.dir.join(FILE)).context("write the world's id file")
    }
}

/// Takes the world's lock; a predecessor that is still being stopped by its guard is waited for.
async fn lock(dir: &Path) -> Result<File> {
    let path = dir.join(LOCK);
    let mut file = File::options().read(true).write(true).create(true).truncate(false).open(&path)?;
    let waiting = async {
        let mut told = false;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(()),
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => {
                    return Err(error).with_context(|| format!("lock {}", path.display()));
                }
            }
            let owner = fs::read_to_string(&path).unwrap_or_default();
            let pid = owner.trim().parse().map(nix::unistd::Pid::from_raw);
            if pid.is_ok_and(|pid| nix::sys::signal::kill(pid, None).is_ok()) {
                bail!(
                    "the world in {} is run by process {}: stop it, or choose another with --world",
                    dir.display(),
                    owner.trim(),
                );
            }
            if !told {
                eprintln!("waiting for the servers of the previous run to end");
                told = true;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    match tokio::time::timeout(PREDECESSOR_ENDS_WITHIN, waiting).await {
        Ok(result) => result?,
        Err(_) => bail!("processes of a previous run still use the world in {}", dir.display()),
    }
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(std::process::id().to_string().as_bytes())?;
    // Children inherit it.
    fcntl(&file, FcntlArg::F_SETFD(FdFlag::empty()))?;
    Ok(file)
}

fn check_parts(dir: &Path, id: Uuid) -> Result<()> {
    for part in Part::ALL {
        let mark = dir.join(part.folder()).join(MARK);
        let mut text = String::new();
        match File::open(&mark).and_then(|mut file| file.read_to_string(&mut text)) {
            Err(error) if error.kind() == ErrorKind::NotFound => bail!(
                "the world in {} has lost its {name}: {} is missing. Its parts only fit together; put \
                 {name} back, or begin anew with --fresh",
                dir.display(),
                mark.display(),
                name = part.folder(),
            ),
            result => result.with_context(|| format!("read {}", mark.display()))?,
        };
        ensure!(
            text.trim() == id.to_string(),
            "{} belongs to another world ({}, this one is {id}): put the right one back, or begin anew \
             with --fresh",
            dir.join(part.folder()).display(),
            text.trim(),
        );
    }
    Ok(())
}

/// Deletes a world, and refuses to delete anything else.
fn empty(dir: &Path) -> Result<()> {
    let files = [
        FILE,
        LOCK,
        KEY,
        PEOPLE,
        WEBHOOKS,
        SERVICES,
        "world.partial",
        "master.partial",
        "people.partial",
        "webhooks.partial",
        "services.partial",
        "logs",
    ];
    let keys =
        operators::FILES.into_iter().chain(operators::PARTIAL).chain(callers::ISSUER).chain(callers::TOKEN);
    let ours: Vec<&str> = Part::ALL.iter().map(|part| part.folder()).chain(files).chain(keys).collect();
    let entries = fs::read_dir(dir)?.collect::<Result<Vec<_>, _>>()?;
    for entry in &entries {
        let name = entry.file_name();
        ensure!(
            name.to_str().is_some_and(|name| ours.contains(&name)),
            "{} is not a world: it holds {}, so nothing in it is touched",
            dir.display(),
            name.display(),
        );
    }
    for entry in entries.iter().filter(|entry| entry.file_name() != LOCK) {
        let path = entry.path();
        let deleted =
            if entry.file_type()?.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        deleted.with_context(|| format!("delete {}", path.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use servers::scratch::Scratch;

    use super::*;

    async fn refusal(dir: &Path, fresh: bool) -> String {
        format!("{:#}", Folder::open(dir, fresh).await.unwrap_err())
    }

    #[tokio::test]
    async fn a_world_is_found_again_with_its_ports_and_secrets() {
        let scratch = Scratch::create().unwrap();
        let mut first = Folder::open(scratch.path(), false).await.unwrap();
        assert!(first.is_new());
        let port = first.port("page", 17_400).unwrap();
        let row = first.ports("chain", 17_400, 2).unwrap();
        assert!(row > port, "a port is given once");
        let (id, secret) = (first.id(), first.secret("password"));
        first.save().unwrap();
        drop(first);

        let mut again = Folder::open(scratch.path(), false).await.unwrap();
        assert!(!again.is_new());
        assert_eq!((again.id(), again.secret("password")), (id, secret));
        assert_eq!(again.port("page", 20_000).unwrap(), port);
        drop(again);

        let fresh = Folder::open(scratch.path(), true).await.unwrap();
        assert_ne!(fresh.id(), id);
    }

    #[tokio::test]
    async fn a_port_in_use_is_avoided() {
        let scratch = Scratch::create().unwrap();
        let mut folder = Folder::open(scratch.path(), false).await.unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let used = listener.local_addr().unwrap().port();
        assert_ne!(folder.port("page", used).unwrap(), used);
    }

    #[tokio::test]
    async fn a_missing_part_is_named_with_the_remedy() {
        let scratch = Scratch::create().unwrap();
        drop(Folder::open(scratch.path(), false).await.unwrap());
        fs::remove_dir_all(scratch.path().join("chain")).unwrap();
        let text = refusal(scratch.path(), false).await;
        assert!(text.contains("lost its chain") && text.contains("--fresh"), "{text}");
        Folder::open(scratch.path(), true).await.unwrap();
    }

    #[tokio::test]
    async fn a_part_of_another_world_is_refused() {
        let (one, two) = (Scratch::create().unwrap(), Scratch::create().unwrap());
        for scratch in [&one, &two] {
            drop(Folder::open(scratch.path(), false).await.unwrap());
        }
        let mark = |scratch: &Scratch| scratch.path().join("broker").join(MARK);
        fs::copy(mark(&one), mark(&two)).unwrap();
        let text = refusal(two.path(), false).await;
        assert!(text.contains("belongs to another world"), "{text}");
    }

    #[tokio::test]
    async fn a_running_world_is_not_opened_twice() {
        let scratch = Scratch::create().unwrap();
        let _running = Folder::open(scratch.path(), false).await.unwrap();
        for fresh in [false, true] {
            let text = refusal(scratch.path(), fresh).await;
            assert!(text.contains("is run by process"), "{text}");
        }
    }

    #[tokio::test]
    async fn somebody_elses_files_survive_fresh() {
        let scratch = Scratch::create().unwrap();
        let thesis = scratch.path().join("thesis.txt");
        fs::write(&thesis, "years of work").unwrap();
        let text = refusal(scratch.path(), true).await;
        assert!(text.contains("is not a world"), "{text}");
        assert!(thesis.exists());
    }
}
