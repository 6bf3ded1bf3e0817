//! Keeps the world of chats on disk: one JSON record a line, appended before anything is answered.
//!
//! A record states how a thing is now, so reading them in order gives the world back. Opening the
//! journal writes what is left of it to a new file that replaces the old one by an atomic rename;
//! a last line torn by a kill is dropped, nobody was told about it.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::botapi::state::{Answer, FileMeta, Group, Pending, Person, State, Stored, Webhook};
use crate::botapi::wire::Command;

/// A fact that outlives the process.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Record {
    /// Numbers that must never be used again.
    Numbers {
        update_id: i64,
        message_id: i64,
        user_id: i64,
        group_id: i64,
        seq: u64,
    },
    Person(Person),
    Group(Group),
    Message(Box<Stored>),
    File(FileMeta),
    /// An update waiting for the bot.
    Update(Pending),
    /// The bot has seen all updates below this one.
    Confirmed {
        below: i64,
    },
    Answer(Answer),
    AllowedUpdates {
        kinds: Vec<String>,
    },
    Webhook(Option<Webhook>),
    Commands {
        scope: String,
        language: String,
        commands: Vec<Command>,
    },
    Profile {
        field: String,
        value: Value,
    },
}

/// The open journal.
pub(crate) struct Journal {
    file: File,
}

impl Journal {
    /// Reads the world kept in `folder` and compacts its journal. A new world counts its updates from
    /// `first_update_id`: with the clock for it they do not go back even if the folder is lost.
    pub(crate) fn open(folder: &Path, first_update_id: i64) -> io::Result<(Self, State)> {
        std::fs::create_dir_all(folder.join("files"))?;
        let path = folder.join("journal.jsonl");
        let mut state = State::new();
        match File::open(&path) {
            Ok(file) => replay(&path, file, &mut state)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => state.next_update_id = first_update_id,
            Err(error) => return Err(error),
        }
        let fresh = folder.join("journal.new");
        let mut writer = BufWriter::new(File::create(&fresh)?);
        for record in state.records() {
            write_line(&mut writer, &record)?;
        }
        writer.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        std::fs::rename(&fresh, &path)?;
        let file = OpenOptions::new().append(true).open(&path)?;
        Ok((Self { file }, state))
    }

    /// Appends one record; after a return it survives the death of this process.
    pub(crate) fn append(&mut self, record: &Record) -> io::Result<()> {
        let mut line = Vec::new();
        write_line(&mut line, record)?;
        self.file.write_all(&line)
    }
}

fn write_line(to: &mut impl Write, record: &Record) -> io::Result<()> {
    serde_json::to_writer(&mut *to, record)?;
    to.write_all(b"\n")
}

fn replay(path: &Path, file: File, state: &mut State) -> io::Result<()> {
    let mut reader = BufReader::new(file);
    let mut line = Vec::new();
    let mut number = 0_usize;
    loop {
        line.clear();
        number = number.saturating_add(1);
        if reader.read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        if line.last() != Some(&b'\n') {
            tracing::warn!(path = %path.display(), number, "the last record was torn, dropped");
            return Ok(());
        }
        let record = serde_json::from_slice(&line).map_err(|error| {
            io::Error::new(io::ErrorKind::InvalidData, format!("{} line {number}: {error}", path.display()))
        })?;
        state.apply(record);
    }
}

/// Where the bytes of a file live.
pub(crate) fn file_path(folder: &Path, file_id: &str) -> PathBuf {
    folder.join("files").join(file_id)
}

/// Writes a file's bytes so that it is there whole or not at all.
pub(crate) fn write_file(folder: &Path, file_id: &str, bytes: &[u8]) -> io::Result<()> {
    let path = file_path(folder, file_id);
    let fresh = path.with_extension("new");
    std::fs::write(&fresh, bytes)?;
    std::fs::rename(fresh, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn update(update_id: i64) -> Record {
        Record::Update(Pending { update_id, date: 0, kind: "message".into(), body: Value::Null })
    }

    #[test]
    fn update_ids_go_on_whatever_the_clock_says_later() {
        let folder = std::env::temp_dir().join(format!("journal-{}", uuid::Uuid::new_v4()));
        let (mut journal, state) = Journal::open(&folder, 1_000).unwrap();
        assert_eq!(state.next_update_id, 1_000);
        journal.append(&update(1_000)).unwrap();
        journal.append(&update(1_001)).unwrap();
        journal.append(&Record::Confirmed { below: 1_001 }).unwrap();
        for later in [500, 9_000] {
            let (_, state) = Journal::open(&folder, later).unwrap();
            let waiting: Vec<_> = state.pending.iter().map(|pending| pending.update_id).collect();
            assert_eq!((state.next_update_id, waiting), (1_002, vec![1_001]));
        }
        let (mut journal, _) = Journal::open(&folder, 9_000).unwrap();
        journal.append(&Record::Confirmed { below: 1_002 }).unwrap();
        for _ in 0..2 {
            // The second time nothing but the compacted numbers is left to tell.
            let (_, state) = Journal::open(&folder, 9_000).unwrap();
            assert_eq!((state.next_update_id, state.pending.len()), (1_002, 0));
        }
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_damaged_record_is_named() {
        let folder = std::env::temp_dir().join(format!("journal-{}", uuid::Uuid::new_v4()));
        let (mut journal, _) = Journal::open(&folder, 1).unwrap();
        journal.file.write_all(b"{\"update\":1}\n").unwrap();
        let error = Journal::open(&folder, 1).err().unwrap();
        assert!(error.to_string().contains("line"), "{error}");
        std::fs::remove_dir_all(folder).unwrap();
    }
}
