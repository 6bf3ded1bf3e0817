//! Opening rooms and betting, tap by tap.

use anyhow::{Context, Result, bail, ensure};
use proto::RoomId;
use rust_decimal::Decimal;
use uuid::Uuid;

use super::person::{Person, between};
use super::plan::{Wager, Which, answer, sol};
use crate::botapi::Shown;

/// Stakes that the bot offers, in lamports.
const OFFERED: [i64; 4] = [50_000_000, 100_000_000, 500_000_000, 1_000_000_000];

/// What a host asks.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    /// Which of the four.
    pub which: Which,
    /// `SOL`, `BTC` or `ETH`.
    pub asset: &'static str,
    /// The target is reached at any time, or judged at the deadline.
    pub touch: bool,
    /// In USD.
    pub target: Decimal,
}

/// A room that is open.
#[derive(Clone, Debug)]
pub struct Opened {
    /// Which of the four.
    pub which: Which,
    /// As people know it.
    pub number: i64,
    /// As the services know it.
    pub id: RoomId,
    /// The payload of a deep link to it.
    pub link: String,
    /// From opening to deadline.
    pub seconds: u32,
}

/// Opens a room by the wizard. Its horizon is asked for as late as possible.
///
/// # Errors
/// The bot does not play along.
pub async fn open(host: &Person, question: &Question, horizon: impl Fn() -> u32) -> Result<Opened> {
    let kinds = host.say("/create", "What kind of question?").await?;
    let kind = if question.touch { "Touch" } else { "Close" };
    let assets = host.tap(&kinds, kind, "Which price?").await?;
    if question.touch {
        host.tap(&assets, question.asset, "Type the target price").await?;
    } else {
        let sides = host.tap(&assets, question.asset, "YES means").await?;
        host.tap(&sides, "at or above", "Type the target price").await?;
    }
    let horizons = host.say(&question.target.to_string(), "How long until the deadline?").await?;
    host.tap(&horizons, "Other", "Type how long").await?;
    let seconds = horizon();
    let mut review = host.say(&format!("{seconds}s"), "Review your room").await?;
    for _ in 0..20 {
        let told = host.tap_for(&review, "Open this room", &["Your room is open.", "Not opened."]).await?;
        if told.text.starts_with("Your room is open.") {
            let number = between(&told.text, "Room #", " ·")?.parse()?;
            let data = told.data("Refresh").context("a card without a button to refresh it")?;
            let id = data.rsplit('.').next().unwrap_or_default();
            let link = format!("room_{id}");
            return Ok(Opened { which: question.which, number, id: room_id(id)?, link, seconds });
        }
        // An oracle that was killed has no price for a moment, and a room needs one to open.
        ensure!(told.text.contains("no reliable"), "not opened: {}", told.text);
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        review = host.tap(&told, "Change it", "Review your room").await?;
    }
    bail!("{} cannot open a room", host.name)
}

/// An id as buttons carry it: base64 with the URL alphabet.
fn room_id(text: &str) -> Result<RoomId> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut bits: u128 = 0;
    ensure!(text.len() == 22, "{text:?} is not the id of a room");
    for (place, byte) in text.bytes().enumerate() {
        let six = ALPHABET.iter().position(|letter| *letter == byte).context("not base64")?;
        let six = u128::try_from(six)?;
        bits = if place < 21 { bits << 6 | six } else { bits << 2 | six >> 4 };
    }
    Ok(RoomId::new(Uuid::from_u128(bits)))
}

/// Finds a room in the list and opens its card.
///
/// # Errors
/// The bot does not play along.
pub async fn card(player: &Person, room: &Opened) -> Result<Shown> {
    let list = player.say("/rooms", "Live rooms").await?;
    player.tap(&list, &format!("#{} ", room.number), &format!("Room #{} ", room.number)).await
}

/// The first two taps: from the card to the preview of a bet.
///
/// # Errors
/// The bot does not play along.
pub async fn preview(player: &Person, card: &Shown, outcome: usize, stake: i64) -> Result<Shown> {
    let asked = player.tap(card, answer(outcome), "How much do you stake?").await?;
    if OFFERED.contains(&stake) {
        return player.tap(&asked, &format!("{} SOL", sol(stake)), "Your bet · room").await;
    }
    player.tap(&asked, "Other amount", "Type your stake").await?;
    player.say(&sol(stake), "Your bet · room").await
}

/// A bet that is accepted.
///
/// # Errors
/// It is not.
pub async fn bet(player: &Person, card: &Shown, room: &Opened, wager: &Wager) -> Result<()> {
    let preview = preview(player, card, wager.outcome, wager.stake).await?;
    player.tale.begins(player.name);
    let told = player.tap(&preview, "Confirm", &format!("Bet accepted · room #{}", room.number)).await?;
    player.tale.ends(player.name, "bet confirmed to accepted");
    says(&told, &[&format!("{} SOL on {}", sol(wager.stake), answer(wager.outcome))])
}

/// As [`bet`], with two taps on the last button: one bet.
///
/// # Errors
/// As [`bet`].
pub async fn bet_with_two_taps(player: &Person, card: &Shown, room: &Opened, wager: &Wager) -> Result<()> {
    let preview = preview(player, card, wager.outcome, wager.stake).await?;
    let wanted = format!("Bet accepted · room #{}", room.number);
    player.tap_twice(&preview, "Confirm", &wanted).await.map(drop)
}

/// A bet that is refused, and why.
///
/// # Errors
/// It is not, or for another reason.
pub async fn refused(player: &Person, card: &Shown, outcome: usize, stake: i64, why: &str) -> Result<Shown> {
    let preview = preview(player, card, outcome, stake).await?;
    refused_at_last(player, &preview, why).await
}

/// A preview that is confirmed and refused, and why.
///
/// # Errors
/// It is not, or for another reason.
pub async fn refused_at_last(player: &Person, preview: &Shown, why: &str) -> Result<Shown> {
    let told = player.tap(preview, "Confirm", "Not placed.").await?;
    says(&told, &[why])?;
    Ok(told)
}

/// Whether a message says all of it.
///
/// # Errors
/// What it does not say.
pub fn says(shown: &Shown, all: &[&str]) -> Result<()> {
    for wanted in all {
        ensure!(shown.text.contains(wanted), "it does not say {wanted:?} but {:?}", shown.text);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_button_names_its_room() {
        let room = RoomId::new(Uuid::from_u128(0x0001_0203_0405_0607_0809_0a0b_0c0d_0e0f));
        assert_eq!(room_id("AAECAwQFBgcICQoLDA0ODw").unwrap(), room);
        assert!(room_id("AAEC").is_err());
    }
}
