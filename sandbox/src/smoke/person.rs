//! A user in the hands of the script: says and taps, waits for what the bot makes of it, and tells.

use std::time::Duration;

use anyhow::{Context, Result, bail};

use tokio::time::Instant;

use super::tale::{Tale, one_line};
use crate::botapi::{Game, Player, Shown};

/// How the bot tells that something of ours did not work.
const FAULT: &str = "Something on our side did not work";

/// What a user does.
#[derive(Clone, Copy)]
enum Deed<'a> {
    Says(&'a str),
    Starts(&'a str),
    Taps(&'a Shown, &'a str),
}

/// How long a user waits, and how often they try.
#[derive(Clone, Copy, Debug)]
pub struct Manners {
    /// For one answer.
    pub patience: Duration,
    /// Of one deed. Where nothing is disturbed, the first must do.
    pub tries: u32,
    /// For what the bot says by itself.
    pub calm: Duration,
}

/// A user.
#[derive(Clone, Debug)]
pub struct Person {
    /// As Telegram shows it.
    pub name: &'static str,
    player: Player,
    /// Where all of it is told.
    pub tale: Tale,
    manners: Manners,
}

impl Person {
    /// Somebody who has not written to the bot yet.
    ///
    /// # Errors
    /// The local Telegram does not answer.
    pub async fn meet(game: &Game, name: &'static str, tale: &Tale, manners: Manners) -> Result<Self> {
        Ok(Self { name, player: game.player(name).await?, tale: tale.clone(), manners })
    }

    /// Telegram's number of the user.
    pub fn id(&self) -> i64 {
        self.player.id()
    }

    /// The user in the hands of another script.
    pub const fn player(&self) -> &Player {
        &self.player
    }

    /// Adds a line to the transcript.
    pub fn tell(&self, what: impl std::fmt::Display) {
        self.tale.tell(self.name, what);
    }

    /// Writes, and waits for a message of the bot with `wanted` in it.
    ///
    /// # Errors
    /// None came; the error shows what did.
    pub async fn say(&self, text: &str, wanted: &str) -> Result<Shown> {
        self.perform(Deed::Says(text), &[wanted]).await
    }

    /// Follows a deep link.
    ///
    /// # Errors
    /// As [`Person::say`].
    pub async fn follow(&self, payload: &str, wanted: &str) -> Result<Shown> {
        self.perform(Deed::Starts(payload), &[wanted]).await
    }

    /// Taps the button that begins with `label`.
    ///
    /// # Errors
    /// As [`Person::say`], or there is no such button.
    pub async fn tap(&self, on: &Shown, label: &str, wanted: &str) -> Result<Shown> {
        self.perform(Deed::Taps(on, label), &[wanted]).await
    }

    /// As [`Person::tap`], where one of several messages may come.
    ///
    /// # Errors
    /// As [`Person::tap`].
    pub async fn tap_for(&self, on: &Shown, label: &str, wanted: &[&str]) -> Result<Shown> {
        self.perform(Deed::Taps(on, label), wanted).await
    }

    /// Taps twice at once, and waits for one answer.
    ///
    /// # Errors
    /// As [`Person::tap`].
    pub async fn tap_twice(&self, on: &Shown, label: &str, wanted: &str) -> Result<Shown> {
        let before = self.newest().await?;
        self.tell(format_args!("> [{0}] [{0}]", on.button(label).unwrap_or(label)));
        let taps = tokio::join!(self.player.press(on, label), self.player.press(on, label));
        // The slower finger may find the button gone.
        taps.0.or(taps.1).with_context(|| format!("{} taps {label}", self.name))?;
        self.perform_since(before, true, Deed::Taps(on, label), &[wanted]).await
    }

    async fn perform(&self, deed: Deed<'_>, wanted: &[&str]) -> Result<Shown> {
        self.perform_since(self.newest().await?, false, deed, wanted).await
    }

    /// `begun`: the first try was made already.
    async fn perform_since(
        &self,
        before: u64,
        mut begun: bool,
        deed: Deed<'_>,
        wanted: &[&str],
    ) -> Result<Shown> {
        let fits = |shown: &Shown| {
            shown.seq > before && shown.from_bot && wanted.iter().any(|wanted| shown.text.contains(wanted))
        };
        let mut floor = before;
        let began = Instant::now();
        for left in (0..self.manners.tries).rev() {
            // What an earlier try has brought about by now is as good.
            let done = self.player.messages().await?.into_iter().rfind(&fits);
            let answer = match done {
                Some(shown) => Ok(shown),
                None => {
                    if !std::mem::take(&mut begun) {
                        self.carry_out(deed).await?;
                    }
                    let player = self.player.patient(self.manners.patience);
                    let failed = |shown: &Shown| shown.seq > floor && is_fault(&shown.text);
                    player.find(|shown| fits(shown) || failed(shown)).await
                }
            };
            match answer {
                Ok(shown) if fits(&shown) => {
                    self.tale.answered(began.elapsed());
                    self.tell(format_args!("< {}", one_line(&shown.text)));
                    return Ok(shown);
                }
                Ok(fault) if left > 0 => {
                    self.tell(format_args!("< {}", one_line(&fault.text)));
                    floor = fault.seq;
                }
                Ok(fault) => bail!("{} waits for {wanted:?} and hears {}", self.name, one_line(&fault.text)),
                Err(_) if left > 0 => self.tell("  (nothing comes; once more)"),
                Err(error) => return Err(error.context(format!("{} waits for {wanted:?}", self.name))),
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        bail!("{} does not even try", self.name)
    }

    async fn carry_out(&self, deed: Deed<'_>) -> Result<()> {
        match deed {
            Deed::Says(text) => {
                self.tell(format_args!("> {text}"));
                self.player.say(text).await.map(drop)
            }
            Deed::Starts(payload) => {
                self.tell(format_args!("> opens the link {payload}"));
                self.player.start(Some(payload)).await.map(drop)
            }
            Deed::Taps(on, label) => {
                self.tell(format_args!("> [{}]", on.button(label).unwrap_or(label)));
                match self.player.press(on, label).await {
                    Ok(_) => Ok(()),
                    // The message has changed since: the answer to an earlier try is on its way.
                    Err(error) if self.manners.tries > 1 => {
                        tracing::debug!(%error, "not tapped");
                        Ok(())
                    }
                    Err(error) => Err(error),
                }
            }
        }
    }

    /// Waits for what the bot says by itself.
    ///
    /// # Errors
    /// It says nothing of the kind.
    pub async fn hear(&self, what: &str, wanted: impl Fn(&str) -> bool) -> Result<Shown> {
        let player = self.player.patient(self.manners.calm);
        let heard = player.find(|shown| wanted(&shown.text)).await;
        let heard = heard.with_context(|| format!("{} waits for {what}", self.name))?;
        self.tell(format_args!("< {}", one_line(&heard.text)));
        Ok(heard)
    }

    /// All messages of the bot as they stand, deleted ones left out.
    ///
    /// # Errors
    /// The local Telegram does not answer.
    pub async fn heard(&self) -> Result<Vec<Shown>> {
        let mut all = self.player.messages().await?;
        all.retain(|shown| shown.from_bot);
        Ok(all)
    }

    async fn newest(&self) -> Result<u64> {
        Ok(self.player.messages().await?.iter().map(|shown| shown.seq).max().unwrap_or_default())
    }
}

/// Whether a message says that something of ours did not work.
pub fn is_fault(text: &str) -> bool {
    text.starts_with(FAULT)
}

/// The line below the one that begins with `heading`.
///
/// # Errors
/// There is none.
pub fn line_below(text: &str, heading: &str) -> Result<String> {
    let mut lines = text.lines().skip_while(|line| !line.starts_with(heading));
    match lines.nth(1) {
        Some(line) => Ok(line.to_owned()),
        None => bail!("no line below {heading:?} in {text:?}"),
    }
}

/// What stands between `from` and `to` in a message.
///
/// # Errors
/// It is not there.
pub fn between<'a>(text: &'a str, from: &str, to: &str) -> Result<&'a str> {
    let found = text.split_once(from).and_then(|(_, rest)| rest.split_once(to).map(|(found, _)| found));
    found.with_context(|| format!("nothing between {from:?} and {to:?} in {text:?}"))
}
