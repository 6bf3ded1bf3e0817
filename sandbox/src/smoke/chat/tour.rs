//! Pictures of the screens, as somebody sees them on the chat page, and a page with all of them.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use tokio::sync::Mutex;

use super::screen;
use crate::botapi::{Player, Shown};
use crate::browser::{Browser, Page};

/// The window, in CSS pixels: a phone, with the chat alone.
const WINDOW: (u32, u32) = (480, 1_400);

/// Pictures beside each other on the page.
const ACROSS: usize = 3;

/// Takes each kind of screen once.
pub struct Camera {
    browser: Browser,
    base: String,
    folder: PathBuf,
    album: Mutex<Album>,
}

#[derive(Default)]
struct Album {
    /// The page of each user, by user and chat.
    pages: BTreeMap<(i64, i64), Page>,
    taken: BTreeSet<String>,
    sections: Vec<(String, Vec<Taken>)>,
}

struct Taken {
    title: String,
    file: String,
}

impl Camera {
    /// Pictures go into `folder`, which is emptied of older ones.
    ///
    /// # Errors
    /// There is no browser, or the folder cannot be written.
    pub async fn open(base: &str, folder: &Path) -> Result<Self> {
        std::fs::create_dir_all(folder).with_context(|| format!("create {}", folder.display()))?;
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "png") {
                std::fs::remove_file(path)?;
            }
        }
        let browser = Browser::start().await?;
        Ok(Self { browser, base: base.to_owned(), folder: folder.to_owned(), album: Mutex::default() })
    }

    /// What comes next belongs to a new section of the page.
    pub async fn section(&self, title: &str) {
        self.album.lock().await.sections.push((title.to_owned(), Vec::new()));
    }

    /// Takes a message, unless one like it was taken.
    ///
    /// # Errors
    /// The browser is gone, or the file cannot be written.
    pub async fn take(&self, player: &Player, shown: &Shown) -> Result<()> {
        let title = shown.text.lines().next().unwrap_or_default().trim().to_owned();
        let mut names: Vec<&str> = screen::keys(shown).iter().map(screen::Key::name).collect();
        names.dedup();
        let kind = format!("{} {}", screen::words(&title), names.join(" "));
        let mut album = self.album.lock().await;
        if title.is_empty() || !album.taken.insert(kind) {
            return Ok(());
        }
        let number = album.taken.len();
        let page = match album.pages.entry((player.id(), shown.chat_id)) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let (user, chat) = *new.key();
                let url = format!("{}/?user={user}&chat={chat}&theme=light", self.base);
                new.insert(self.browser.open(&url, WINDOW).await?)
            }
        };
        let row = format!("[data-message='{}']", shown.message_id);
        let first = serde_json::json!(title.split_whitespace().next().unwrap_or_default());
        let there = format!(
            "(() => {{ const row = document.querySelector(\"{row}\"); row?.scrollIntoView({{ block: 'end' }});
                return Boolean(row?.querySelector('.text')?.innerText.trim().startsWith({first}))
                    && [...row.querySelectorAll('img')].every((image) => image.complete); }})()"
        );
        // A message that went on to something else meanwhile is met elsewhere.
        if page.until(&title, &there).await.is_err() {
            return Ok(());
        }
        let Some(area) = page.area(&format!("{row} .stack")).await? else { return Ok(()) };
        let file = format!("{number:03}-{}.png", slug(&title));
        std::fs::write(self.folder.join(&file), page.picture(area).await?)?;
        if album.sections.is_empty() {
            album.sections.push(("Screens".to_owned(), Vec::new()));
        }
        if let Some((_, section)) = album.sections.last_mut() {
            section.push(Taken { title, file });
        }
        Ok(())
    }

    /// Writes the page beside the folder, and says how many pictures there are.
    ///
    /// # Errors
    /// It cannot be written.
    pub async fn publish(&self) -> Result<usize> {
        let album = self.album.lock().await;
        let folder = self.folder.file_name().and_then(|name| name.to_str()).unwrap_or("tour");
        let mut page = String::from(
            "# A tour of the chat\n\nEvery kind of screen once, in the order in which a crawler meets them. Made by \
             `cargo run -- smoke --chat --tour docs/tour`.\n",
        );
        let mut count = 0;
        for (title, section) in album.sections.iter().filter(|(_, section)| !section.is_empty()) {
            write!(page, "\n## {title}\n\n|{}\n|{}\n", " |".repeat(ACROSS), "---|".repeat(ACROSS))?;
            for row in section.chunks(ACROSS) {
                page.push('|');
                for taken in row {
                    let alt = taken.title.replace(['|', '[', ']', '#'], "");
                    write!(page, " ![{}]({folder}/{}) |", alt.trim(), taken.file)?;
                    count += 1;
                }
                page.push('\n');
            }
        }
        std::fs::write(self.folder.with_extension("md"), page)?;
        Ok(count)
    }
}

/// A title as a file name.
fn slug(title: &str) -> String {
    let words = title.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| !word.is_empty());
    words.take(4).collect::<Vec<_>>().join("-").to_lowercase()
}
