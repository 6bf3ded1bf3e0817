//! Many people at once, for measurements: the same deeds as over HTTP, without a request for each.

use anyhow::{Result, anyhow};

use crate::botapi::journal::Record;
use crate::botapi::limits::Peaks;
use crate::botapi::refusal::Refusal;
use crate::botapi::state::Person;
use crate::botapi::wire::{Chat, Message, User};
use crate::botapi::world::Counters;
use crate::botapi::{BotApi, people};

fn refused(refusal: Refusal) -> anyhow::Error {
    anyhow!("Telegram refuses: {}", refusal.description)
}

impl BotApi {
    /// People who started the bot long ago; it hears nothing of them. Returns their ids.
    ///
    /// # Errors
    /// The journal.
    pub fn crowd(&self, people: usize) -> Result<Vec<i64>> {
        self.change(|world| {
            let comes = |_| {
                let id = world.state.next_user_id;
                let user = User {
                    id,
                    is_bot: false,
                    first_name: format!("Player {id}"),
                    last_name: None,
                    username: None,
                    language_code: Some("en".into()),
                };
                world.record(Record::Person(Person { user, started: true, blocked: false }))?;
                Ok(id)
            };
            (0..people).map(comes).collect()
        })
        .map_err(refused)
    }

    /// A group with the bot in it.
    ///
    /// # Errors
    /// The founder is nobody.
    pub fn group(&self, title: &str, founder: i64) -> Result<Chat> {
        self.change(|world| people::add_group(world, title, vec![founder], true)).map_err(refused)
    }

    /// Somebody writes to the bot.
    ///
    /// # Errors
    /// There is nobody of this id.
    pub fn write(&self, user: i64, text: &str) -> Result<()> {
        self.change(|world| people::say(world, user, user, text, None)).map(|_| ()).map_err(refused)
    }

    /// Somebody presses the button of a message whose label begins so.
    ///
    /// # Errors
    /// There is no such person, message or button.
    pub fn tap(&self, user: i64, message_id: i64, label: &str) -> Result<()> {
        let press = self.change(|world| people::press(world, user, user, message_id, Some(label), None));
        press.map(|_| ()).map_err(refused)
    }

    /// What was counted, and the highest rates that were let through.
    #[must_use]
    pub fn figures(&self) -> (Counters, Peaks) {
        self.read(|world| (world.counted(), world.peaks()))
    }

    /// The bot's messages that changed after a mark, waiting for at least one; with the next mark.
    pub async fn tidings(&self, mark: u64) -> (u64, Vec<Message>) {
        let mut pulse = self.0.pulse.subscribe();
        loop {
            pulse.mark_unchanged();
            let (next, found) = self.read(|world| {
                let changed = world.state.by_change.range(mark.saturating_add(1)..);
                let stored = changed.filter_map(|(_, key)| world.state.messages.get(key));
                let own = stored.filter(|stored| stored.message.from.id == world.bot.id);
                (world.state.seq, own.map(|stored| stored.message.clone()).collect::<Vec<_>>())
            });
            // The server lives as long as this handle of it.
            if !found.is_empty() || pulse.changed().await.is_err() {
                return (next, found);
            }
        }
    }
}
