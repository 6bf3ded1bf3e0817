//! One person who presses everything: breadth first from every door, three presses deep.
//!
//! A door is a command, a link, a notice or a text; a screen is known by its name ([`screen::name_of`]), and of
//! each kind ([`screen::kind_of`]) a few are looked through. Within a dialogue every
//! button is pressed with the dialogue where it was, by whoever has the patience: the way there is walked again first. Else a
//! button is pressed as it was seen, though its message may show something else by now, as on a second device.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use anyhow::Result;
use gateway::callbacks::Callback;
use gateway::locales::Language;
use solana_pubkey::Pubkey;
use tokio::time::{Instant, sleep, timeout};

use super::log::Log;
use super::replies;
use super::screen::{self, Key};
use crate::botapi::{Game, Player, Shown};
use crate::smoke::tale::{Tale, is_for_good, one_line};

/// Presses from a door.
const DEPTH: usize = 3;

/// So many screens of a kind are looked through by one person: one is like the other but for what is said on it.
const LOOKS: usize = 2;

/// How long a user waits for anything.
const PATIENCE: Duration = Duration::from_secs(15);

/// After this long without a word a press may have had none to give.
const QUIET: Duration = Duration::from_millis(350);

/// Callbacks whose outcome is told in the pressed message, whatever it is.
const REQUESTS: [&str; 5] = ["Agree", "AgreeFor", "Confirm", "CancelBet", "CancelWithdrawal"];

/// What is confirmed below these is for somebody made for it, see [`super::cast`].
const FATEFUL: [&str; 4] = ["BreakDays", "ExclusionSure", "Erase", "GiveUp"];

/// How a screen was reached.
#[derive(Clone, Debug)]
enum Deed {
    Says(String),
    Presses(Key),
}

/// A screen that was reached and not looked through yet.
struct Place {
    shown: Shown,
    way: Vec<Deed>,
    depth: usize,
    /// The callback that led there.
    by: Option<&'static str>,
}

/// Somebody who presses everything.
pub struct Crawler<'a> {
    /// As Telegram shows them.
    pub name: &'static str,
    /// The user.
    pub player: Player,
    chat: i64,
    /// Whether the way to a button is walked again within a dialogue; if not, it is pressed as it was seen there, too.
    patient: bool,
    game: &'a Game,
    log: &'a Log,
    tale: &'a Tale,
    /// Their wallet outside.
    address: Pubkey,
    /// Screens, and the fewest presses from a door to each.
    known: BTreeMap<String, usize>,
    /// How many screens of a kind are looked through, with presses and without.
    looks: BTreeMap<(String, bool), usize>,
    places: VecDeque<Place>,
    /// The newest message seen.
    newest: i64,
    /// Those that nobody else in a group sees; they have numbers of their own, below zero.
    whispers: BTreeSet<i64>,
    camera: Option<&'a super::tour::Camera>,
}

impl<'a> Crawler<'a> {
    /// Somebody in the private chat with the bot.
    pub fn new(
        name: &'static str,
        player: Player,
        (game, log, tale): (&'a Game, &'a Log, &'a Tale),
        address: Pubkey,
        camera: Option<&'a super::tour::Camera>,
    ) -> Self {
        Self {
            name,
            chat: player.id(),
            player,
            patient: false,
            game,
            log,
            tale,
            address,
            known: BTreeMap::new(),
            looks: BTreeMap::new(),
            places: VecDeque::new(),
            newest: 0,
            whispers: BTreeSet::new(),
            camera,
        }
    }

    /// The same, with the patience to go through each dialogue as it is meant.
    pub fn patient(self) -> Self {
        Self { patient: true, ..self }
    }

    /// The same in a group.
    pub fn in_group(mut self, chat: i64) -> Self {
        self.chat = chat;
        self
    }

    /// Opens a door: writes something.
    ///
    /// # Errors
    /// The local Telegram does not answer.
    pub async fn enter(&mut self, text: &str) -> Result<()> {
        if let Some(shown) = self.say(text).await? {
            self.arrive(shown, vec![Deed::Says(text.to_owned())], 0, None).await?;
        }
        Ok(())
    }

    /// Opens all doors that stand in the chat already: what the bot said by itself, and what was done before.
    ///
    /// # Errors
    /// The local Telegram does not answer.
    pub async fn enter_messages(&mut self) -> Result<()> {
        for shown in self.player.messages_in(self.chat).await? {
            self.newest = self.newest.max(shown.message_id);
            if shown.from_bot && !screen::is_under_way(&shown) {
                self.arrive(shown, Vec::new(), 0, None).await?;
            }
        }
        Ok(())
    }

    /// Accepts the terms, if they were shown; the doors are still to be opened then.
    ///
    /// # Errors
    /// The local Telegram does not answer.
    pub async fn agree(&mut self) -> Result<()> {
        while let Some(place) = self.places.pop_front() {
            let agrees = |key: &Key| key.name().starts_with("Agree");
            for key in screen::keys(&place.shown).into_iter().filter(agrees) {
                if let Some(shown) = self.press(&place.shown, &key).await? {
                    self.arrive(shown, Vec::new(), 0, Some(key.name())).await?;
                }
            }
        }
        self.known.clear();
        self.looks.clear();
        Ok(())
    }

    /// Looks through everything that was reached, and what is reached from there.
    ///
    /// # Errors
    /// The local Telegram does not answer.
    pub async fn crawl(&mut self) -> Result<()> {
        let began = self.log.found().presses;
        while let Some(place) = self.places.pop_front() {
            self.look_through(place).await?;
        }
        let presses = self.log.found().presses - began;
        self.tale.tell(
            self.name,
            format_args!("has seen {} screens ({presses} presses by all)", self.known.len()),
        );
        Ok(())
    }

    async fn look_through(&mut self, place: Place) -> Result<()> {
        let own: Vec<Key> = screen::keys(&place.shown);
        for text in replies::to(&place.shown, &self.address) {
            // What is typed belongs to the dialogue that was touched last.
            if !self.walk_again(&place).await?.is_some_and(|there| there.1) {
                continue;
            }
            if let Some(shown) = self.say(&text).await? {
                let way = [place.way.as_slice(), &[Deed::Says(text)]].concat();
                self.arrive(shown, way, place.depth, None).await?;
            }
        }
        if place.depth >= DEPTH {
            return Ok(());
        }
        let mut last = None;
        for (nth, key) in own.iter().enumerate() {
            if key.name() == "Confirm" && place.by.is_some_and(|by| FATEFUL.contains(&by)) {
                continue;
            }
            let mut at = (place.shown.clone(), key.clone());
            // Another choice of the same kind takes the place of the one before.
            let again = last.replace(key.name()) != Some(key.name());
            if again
                && self.patient
                && key.continues()
                && place.is_in_dialogue()
                && let Some((there, true)) = self.walk_again(&place).await?
                && let Some(same) =
                    screen::keys(&there).into_iter().nth(nth).filter(|it| it.name() == key.name())
            {
                at = (there, same);
            }
            let (on, key) = at;
            if let Some(shown) = self.press(&on, &key).await? {
                let speaks = key.name() == "Speak";
                let at = shown.clone();
                let way = [place.way.as_slice(), &[Deed::Presses(key.clone())]].concat();
                self.arrive(shown, way, place.depth + 1, Some(key.name())).await?;
                if REQUESTS.contains(&key.name()) {
                    // What follows it comes in messages of its own.
                    sleep(QUIET).await;
                    self.enter_messages().await?;
                }
                // Here one goes on in English.
                if speaks {
                    let english = Callback::Speak { language: Language::ENGLISH }.here().encode();
                    self.press_data(&at, &english, "English", "Speak", false).await?;
                }
            }
        }
        Ok(())
    }

    /// Notes a screen, and comes back to it if it is a new one.
    async fn arrive(
        &mut self,
        shown: Shown,
        way: Vec<Deed>,
        depth: usize,
        by: Option<&'static str>,
    ) -> Result<()> {
        if self.log.saw(&shown, by)
            && let Some(camera) = self.camera
        {
            camera.take(&self.player, &shown).await?;
        }
        self.come_back_to(Place { shown, way, depth, by });
        Ok(())
    }

    /// Looks through a place later, unless its screen is known from as near to a door, or enough of its kind are.
    fn come_back_to(&mut self, place: Place) {
        let name = screen::name_of(&place.shown);
        if self.known.get(&name).is_some_and(|known| *known <= place.depth) {
            return;
        }
        self.known.insert(name, place.depth);
        let looks = self.looks.entry((screen::kind_of(&place.shown), place.depth < DEPTH)).or_default();
        if *looks < LOOKS {
            *looks += 1;
            self.places.push_back(place);
        }
    }

    /// Walks to a place once more, and says whether it is the same screen. Nothing if the way cannot be walked twice.
    async fn walk_again(&mut self, place: &Place) -> Result<Option<(Shown, bool)>> {
        if !place.is_walkable() {
            // The last step of a way that is none, as below a notice.
            let Some(Deed::Presses(key)) = place.way.last() else { return Ok(None) };
            if REQUESTS.contains(&key.name()) {
                return Ok(None);
            }
            let there = self.press(&place.shown, key).await?;
            return Ok(there.map(|there| {
                let same = screen::name_of(&there) == screen::name_of(&place.shown);
                (there, same)
            }));
        }
        // A draft that is complete would be resumed at its end.
        if place.is_wizard()
            && let Some(shown) = self.say("/create").await?
        {
            let data = Callback::CreateCancel.here().encode();
            self.press_data(&shown, &data, "Cancel", "CreateCancel", false).await?;
        }
        let mut there: Option<Shown> = None;
        for deed in &place.way {
            let next = match (deed, &there) {
                (Deed::Says(text), _) => self.say(text).await?,
                (Deed::Presses(key), Some(on)) => self.press(&on.clone(), key).await?,
                (Deed::Presses(_), None) => return Ok(None),
            };
            there = next.or(there);
        }
        let name = screen::name_of(&place.shown);
        Ok(there.map(|there| {
            let same = screen::name_of(&there) == name;
            (there, same)
        }))
    }

    /// Writes, and hears the answer.
    async fn say(&mut self, text: &str) -> Result<Option<Shown>> {
        let said = match text.strip_prefix("/start ").filter(|_| self.chat > 0) {
            Some(payload) => self.player.start(Some(payload)).await?,
            None if self.chat > 0 => self.player.say(text).await?,
            None => self.player.say_in(&self.group(), text).await?,
        };
        self.log.found().texts += 1;
        self.newest = self.newest.max(said.message_id);
        let at = format!("{} writes {text:?}", self.name);
        let heard = self.listen(said.seq, None, false, PATIENCE, &at).await?;
        if heard.is_none() {
            self.log.error(format!("{at} and hears nothing"));
        }
        Ok(heard)
    }

    fn group(&self) -> crate::botapi::Chat {
        crate::botapi::Chat {
            id: self.chat,
            kind: "supergroup".to_owned(),
            title: None,
            first_name: None,
            last_name: None,
            username: None,
        }
    }

    /// Presses a button, and hears the answer; nothing if a toast was all of it, or if the screen stays as it is.
    ///
    /// # Errors
    /// The local Telegram does not answer.
    pub async fn press(&mut self, on: &Shown, key: &Key) -> Result<Option<Shown>> {
        let fresh = key.press.is_some_and(|press| press.fresh);
        self.press_data(on, &key.data, &key.label, key.name(), fresh).await
    }

    async fn press_data(
        &mut self,
        on: &Shown,
        data: &str,
        label: &str,
        name: &'static str,
        fresh: bool,
    ) -> Result<Option<Shown>> {
        let at = format!("{} presses [{label}] ({name}) on {:?}", self.name, one_line(&on.text));
        let unchanged = self.game.counters().await?.not_modified;
        let mut message = on.message_id;
        let mut began = Instant::now();
        let press = match self.player.press_data(on, data).await {
            Ok(press) => press,
            // Gone since, as a picture that made place for a text: pressed on another message.
            Err(_) => {
                let Some(other) = self.say("/start").await? else { return Ok(None) };
                message = other.message_id;
                began = Instant::now();
                self.player.press_data(&other, data).await?
            }
        };
        let answer = match self.player.answer(&press).await {
            Ok(answer) => answer,
            Err(_) => {
                self.log.error(format!("{at}: never answered"));
                return Ok(None);
            }
        };
        let answered = began.elapsed();
        let request = REQUESTS.contains(&name);
        // The pressed message of a fresh button is a record: whatever comes, it comes in a new one.
        let pressed = (message, fresh && !request);
        let mut heard = self.listen(press.seq(), Some(pressed), request, QUIET, &at).await?;
        // A toast may be all of it; of what is requested it is so only where it was requested before.
        let told = answer.text.as_deref().is_some_and(|toast| !request || toast.contains("already"));
        if heard.is_none() && !(answer.url.is_some() || answer.show_alert || told) {
            loop {
                // The same screen again changes nothing, which is as good; a card in a group is not even sent again.
                if self.game.counters().await?.not_modified > unchanged || name == "GroupRoom" {
                    break;
                }
                if self.chat < 0 && self.is_answered_in_private(press.seq()).await? {
                    break;
                }
                heard = self.listen(press.seq(), Some(pressed), request, QUIET, &at).await?;
                if heard.is_some() {
                    break;
                }
                if began.elapsed() > PATIENCE {
                    self.log.error(format!("{at}: nothing happens"));
                    break;
                }
                sleep(Duration::from_millis(50)).await;
            }
        }
        let shown = if heard.is_some() { began.elapsed() } else { answered };
        self.log.found().waited(name, answered, shown, &at);
        Ok(heard)
    }

    /// What is pressed in a group may go on in the private chat.
    async fn is_answered_in_private(&self, since: u64) -> Result<bool> {
        let news = self.player.news(self.player.id(), since, 0).await?;
        Ok(news.iter().any(|shown| shown.from_bot && !shown.deleted && !screen::is_under_way(shown)))
    }

    /// The next word of the bot after a deed: a new message, or a change of the pressed one. `record` is a pressed message that
    /// has to stay as it is.
    async fn listen(
        &mut self,
        mut after: u64,
        pressed: Option<(i64, bool)>,
        request: bool,
        patience: Duration,
        at: &str,
    ) -> Result<Option<Shown>> {
        let deadline = Instant::now() + patience;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(news) = timeout(left, self.player.news(self.chat, after, 20)).await else {
                return Ok(None);
            };
            for shown in news? {
                after = after.max(shown.seq);
                if !shown.from_bot || shown.deleted {
                    continue;
                }
                if screen::is_fault(&shown) {
                    self.log.error(format!("{at}: {}", one_line(&shown.text)));
                }
                if let Some(flaw) = screen::flaw(&shown) {
                    self.log.error(format!("{at}: {flaw}"));
                }
                let whispered = shown.message_id < 0 && self.whispers.insert(shown.message_id);
                let new = whispered || shown.message_id > self.newest;
                self.newest = self.newest.max(shown.message_id);
                // Of what one member alone sees in a group there is one slip for all its rooms; and a text that took the place of
                // a picture is a message of its own, the newest one.
                let own = pressed.is_some_and(|(message, record)| {
                    let instead = shown.message_id == self.newest || (message < 0 && shown.message_id < 0);
                    let instead = instead && !record;
                    message == shown.message_id || instead
                });
                if own && pressed.is_some_and(|(_, record)| record) {
                    if !is_for_good(&shown) {
                        self.log.error(format!("{at}: the record became {:?}", one_line(&shown.text)));
                    }
                    continue;
                }
                if screen::is_under_way(&shown) || !(new || own) {
                    continue;
                }
                // What the bot says by itself is no answer, but a door.
                if new && is_for_good(&shown) && !request {
                    self.known_later(shown);
                    continue;
                }
                return Ok(Some(shown));
            }
        }
    }

    fn known_later(&mut self, shown: Shown) {
        self.log.saw(&shown, None);
        self.come_back_to(Place { shown, way: Vec::new(), depth: 0, by: None });
    }
}

impl Place {
    /// Names of the callbacks on the way, the last one first.
    fn names(&self) -> impl Iterator<Item = &'static str> {
        self.way.iter().rev().filter_map(|deed| match deed {
            Deed::Presses(key) => Some(key.name()),
            Deed::Says(_) => None,
        })
    }

    /// A way begins with words, and what was confirmed cannot be confirmed again.
    fn is_walkable(&self) -> bool {
        matches!(self.way.first(), Some(Deed::Says(_))) && !self.names().any(|name| REQUESTS.contains(&name))
    }

    fn is_wizard(&self) -> bool {
        let begins = matches!(self.way.first(), Some(Deed::Says(text)) if text == "/create");
        begins || self.names().any(|name| name.starts_with("Create"))
    }

    /// Whether what a button does depends on what was chosen or typed before.
    fn is_in_dialogue(&self) -> bool {
        let typed = self.way.iter().skip(1).any(|deed| matches!(deed, Deed::Says(_)));
        let chosen = |name: &str| name.starts_with("Create") || name.starts_with("Withdraw");
        typed || self.is_wizard() || self.names().any(chosen)
    }
}
