//! What all crawlers found, together.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::screen;
use crate::botapi::Shown;

/// Shared by the crawlers of a run.
#[derive(Debug, Default)]
pub struct Log(Mutex<Found>);

/// What was found.
#[derive(Debug, Default)]
pub struct Found {
    /// Screens by name.
    pub screens: BTreeMap<String, Screen>,
    /// Presses whose effect was waited for.
    pub presses: usize,
    /// Buttons that open something outside of the chat.
    pub links: BTreeSet<String>,
    /// Commands and texts that were written.
    pub texts: usize,
    /// What should not be, and where.
    pub errors: Vec<String>,
    /// The longest wait for the end of the little clock on a button, and where.
    pub slowest_answer: (Duration, String),
    /// The longest wait for a screen, and where.
    pub slowest_screen: (Duration, String),
    /// How often what was pressed, and how long that took.
    spent: BTreeMap<&'static str, (u32, Duration)>,
    /// Callbacks, and the screens they led to.
    leads: BTreeMap<&'static str, BTreeSet<String>>,
}

/// A screen, as it was first seen.
#[derive(Debug)]
pub struct Screen {
    /// The names of its callbacks.
    keys: BTreeSet<&'static str>,
    /// Whether its text has the way on.
    command: bool,
    /// Nobody is at home in a group.
    private: bool,
}

impl Log {
    /// What was found until now.
    pub fn found(&self) -> MutexGuard<'_, Found> {
        // A poisoned lock only means that somebody panicked; what it protects is whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a screen; true if nobody has seen it before. `by` is what led there.
    pub fn saw(&self, shown: &Shown, by: Option<&'static str>) -> bool {
        let mut found = self.found();
        let name = screen::name_of(shown);
        if let Some(by) = by {
            found.leads.entry(by).or_default().insert(name.clone());
        }
        found.links.extend(screen::links(shown));
        let new = !found.screens.contains_key(&name);
        if new {
            let screen = Screen {
                keys: screen::keys(shown).iter().map(screen::Key::name).collect(),
                command: screen::has_command(shown),
                private: shown.chat_id > 0,
            };
            found.screens.insert(name, screen);
        }
        new
    }

    /// Notes and tells what should not be.
    pub fn error(&self, what: String) {
        eprintln!("! {what}");
        self.found().errors.push(what);
    }
}

impl Found {
    /// Private screens from which no row of buttons leads to the desk.
    pub fn dead_ends(&self) -> Vec<&str> {
        let mut homeward: BTreeSet<&str> = ["Home", "Agree"].into();
        let leads_home = |screen: &Screen, homeward: &BTreeSet<&str>| {
            screen.command || screen.keys.iter().any(|key| homeward.contains(key))
        };
        loop {
            let more: Vec<&str> = self
                .leads
                .iter()
                .filter(|(callback, targets)| {
                    let home = |target: &String| {
                        self.screens.get(target).is_some_and(|screen| leads_home(screen, &homeward))
                    };
                    !homeward.contains(*callback) && targets.iter().any(home)
                })
                .map(|(callback, _)| *callback)
                .collect();
            if more.is_empty() {
                break;
            }
            homeward.extend(more);
        }
        let stuck =
            self.screens.iter().filter(|(_, screen)| screen.private && !leads_home(screen, &homeward));
        stuck.map(|(name, _)| name.as_str()).collect()
    }

    /// The presses that took longest in total, the longest first.
    pub fn costs(&self, most: usize) -> Vec<String> {
        let mut spent: Vec<_> = self.spent.iter().collect();
        spent.sort_by_key(|(_, (_, time))| std::cmp::Reverse(*time));
        let told = |(name, (presses, time)): (&&str, &(u32, Duration))| {
            format!("{name} {presses} in {:.1} s", time.as_secs_f64())
        };
        spent.into_iter().take(most).map(told).collect()
    }

    /// Notes how long a press waited.
    pub fn waited(&mut self, name: &'static str, answer: Duration, screen: Duration, at: &str) {
        self.presses += 1;
        let (presses, time) = self.spent.entry(name).or_default();
        *presses += 1;
        *time += screen;
        if answer > self.slowest_answer.0 {
            self.slowest_answer = (answer, at.to_owned());
        }
        if screen > self.slowest_screen.0 {
            self.slowest_screen = (screen, at.to_owned());
        }
    }
}
