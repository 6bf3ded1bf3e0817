//! Who crawls, what they have done before, and who walks to the ends that nobody comes back from.

use anyhow::{Context, Result, ensure};
use rust_decimal::Decimal;

use super::replies;
use crate::botapi::Shown;
use crate::smoke::person::{Person, line_below};
use crate::smoke::plan::{NO, Wager, Which, Who, YES, sol};
use crate::smoke::table::{self, Opened, Question};
use crate::venues::Asset;
use crate::world::World;

/// Deposited by everybody with money.
const DEPOSIT: u64 = 5_000_000_000;

/// Bets are taken for half of a room's time, and there is twice the time for the answers that two bets need.
const ANSWERS: u32 = 50;

/// What those with a past did before.
#[derive(Clone, Debug)]
pub struct Past {
    /// A room that takes bets.
    pub open: Opened,
    /// A room that is settled.
    pub settled: Opened,
    /// A room that waits for players.
    pub queuing: Shown,
    /// A room for the members of a group.
    pub of_group: Shown,
}

/// Terms, account, deposit.
///
/// # Errors
/// The bot does not play along.
pub async fn arrive(world: &World, person: &Person) -> Result<()> {
    let terms = person.say("/start", "Welcome to ROOMS").await?;
    person.tap(&terms, "I am 18+", "Your desk").await?;
    let screen = person.say("/deposit", "Send SOL to your address").await?;
    let address = line_below(&screen.text, "Send SOL to your address")?;
    let outside = world.outside();
    outside.airdrop(&outside.address(person.id())?, DEPOSIT + 10_000_000).await?;
    outside.send(person.id(), &address.parse()?, DEPOSIT).await?;
    person.hear("the credit", |text| text.starts_with("Deposit credited")).await?;
    Ok(())
}

/// Rooms in every state, bets, a won and a lost one, a withdrawal that waits.
///
/// # Errors
/// The bot does not play along.
pub async fn live(world: &World, host: &Person, player: &Person, group: i64) -> Result<Past> {
    tokio::try_join!(arrive(world, host), arrive(world, player))?;
    let price = |asset, percent: i64| {
        (world.market().price(asset) * Decimal::new(percent, 2)).round_dp(2).normalize()
    };
    // Far enough below the price that YES wins.
    let target = price(Asset::Eth, 95);
    let settled = Question { which: Which::Close, asset: "ETH", touch: false, target };
    let settled = contest(host, player, &settled).await?;
    let target = price(Asset::Btc, 95);
    let also = Question { which: Which::Close, asset: "BTC", touch: false, target };
    let also = contest(host, player, &also).await?;
    let target = price(Asset::Sol, 110);
    let open = Question { which: Which::Touch, asset: "SOL", touch: true, target };
    let open = table::open(host, &open, || 3_600).await?;
    let queuing = open_queuing(host, price(Asset::Btc, 90)).await?;
    let of_group = open_in(host, group, price(Asset::Eth, 112)).await?;
    withdraw(world, player).await?;
    for room in [&settled, &also] {
        let of_room = format!(" · room #{}", room.number);
        let told = |how: &str, text: &str| {
            text.starts_with(how) && text.lines().next().is_some_and(|first| first.ends_with(&of_room))
        };
        host.hear("the win", |text| told("You won", text)).await?;
        player.hear("the loss", |text| told("You lost", text)).await?;
    }
    take_back(player, &open).await?;
    // Last, so that there is time to take this one back, too.
    bet(player, &open, YES).await?;
    Ok(Past { open, settled, queuing, of_group })
}

/// A room in which both have bet, for as long as they need for it.
async fn contest(host: &Person, player: &Person, question: &Question) -> Result<Opened> {
    let horizon = || u32::try_from((host.tale.pace() * ANSWERS).as_secs()).unwrap_or(u32::MAX).clamp(30, 300);
    let room = table::open(host, question, horizon).await?;
    bet(host, &room, YES).await?;
    bet(player, &room, NO).await?;
    Ok(room)
}

async fn bet(person: &Person, room: &Opened, outcome: usize) -> Result<()> {
    let card = person.follow(&room.link, &format!("Room #{} ", room.number)).await?;
    let wager = Wager { who: Who::Ann, which: room.which, outcome, stake: 100_000_000, payout: 0 };
    table::bet(person, &card, room, &wager).await
}

/// A bet that is placed and taken back; one may bet once more after it.
async fn take_back(person: &Person, room: &Opened) -> Result<()> {
    let card = person.follow(&room.link, &format!("Room #{} ", room.number)).await?;
    let preview = table::preview(person, &card, YES, 100_000_000).await?;
    let told = person.tap(&preview, "Confirm", "Bet accepted").await?;
    person.tap(&told, "Take it back", "Bet taken back").await.map(drop)
}

/// A room that begins with its second player.
async fn open_queuing(host: &Person, target: Decimal) -> Result<Shown> {
    let kinds = host.say("/create", "What kind of question?").await?;
    let assets = host.tap(&kinds, "Close", "Which price?").await?;
    let sides = host.tap(&assets, "BTC", "YES means").await?;
    host.tap(&sides, "at or below", "Type the target price").await?;
    let horizons = host.say(&target.to_string(), "How long until the deadline?").await?;
    let review = host.tap(&horizons, "1 h", "Review your room").await?;
    let players = host.tap(&review, "Players", "How many players").await?;
    let review = host.tap(&players, "2", "Review your room").await?;
    host.tap(&review, "Open this room", "Your room is open.").await
}

/// A room that only the members of a group see.
async fn open_in(host: &Person, group: i64, target: Decimal) -> Result<Shown> {
    let kinds = host.follow(&format!("group_{group}"), "What kind of question?").await?;
    let assets = host.tap(&kinds, "Touch", "Which price?").await?;
    host.tap(&assets, "ETH", "Type the target price").await?;
    let horizons = host.say(&target.to_string(), "How long until the deadline?").await?;
    let review = host.tap(&horizons, "1 h", "Review your room").await?;
    // For everybody, and then for the group again.
    host.tap(&review, "For everybody instead", "Review your room").await?;
    let review = host.follow(&format!("group_{group}"), "Review your room").await?;
    host.tap(&review, "Open this room", "Your room is open.").await
}

/// To an address of the user's own: it is new, so the withdrawal waits and can be taken back.
async fn withdraw(world: &World, player: &Person) -> Result<()> {
    let address = world.outside().address(player.id())?;
    player.say("/withdraw", "Send me the Solana address").await?;
    player.say(&address.to_string(), "How much?").await?;
    let preview = player.say("0.5", "Check it once more").await?;
    let told = player.tap(&preview, "Confirm", "Withdrawal 0.5 SOL").await?;
    ensure!(told.button("Cancel").is_some(), "a withdrawal that waits cannot be cancelled: {}", told.text);
    Ok(())
}

/// Adds an authenticator and removes it, and then a limit.
///
/// # Errors
/// The bot does not play along.
pub async fn authenticate(person: &Person) -> Result<()> {
    let terms = person.say("/start", "Welcome to ROOMS").await?;
    person.tap(&terms, "I am 18+", "Your desk").await?;
    let settings = person.say("/settings", "Settings").await?;
    let scan = person.tap(&settings, "Add an authenticator", "Scan the picture").await?;
    let secret = scan.text.lines().find(|line| line.len() == 32).context("no secret")?;
    let secret = from_base32(secret).context("no base32")?;
    let confirm = person.say(&replies::code(&secret, 0)?, "Add the authenticator").await?;
    person.tap(&confirm, "Yes, use the code", "Your authenticator is added").await?;
    person.hear("that it was added", |text| text.starts_with("An authenticator was added")).await?;
    let settings = person.say("/settings", "Authenticator: added").await?;
    person.tap(&settings, "Remove the authenticator", "Send me the six digits").await?;
    // A code is taken once; the next one is taken already.
    let confirm = person.say(&replies::code(&secret, 1)?, "Remove the authenticator").await?;
    person.tap(&confirm, "Yes, use the code", "Your authenticator is removed").await?;

    let limits = person.say("/limits", "Your limits").await?;
    let limit = person.tap(&limits, "Losses", "Choose an amount").await?;
    let review = person.tap(&limit, "5 SOL", "It holds at once").await?;
    person.tap(&review, "Confirm this limit", "Your limit is set").await?;
    let limits = person.say("/limits", "Your limits").await?;
    let limit = person.tap(&limits, "Losses", "Choose an amount").await?;
    let review = person.tap(&limit, "No limit", "so it begins in a day").await?;
    person.tap(&review, "Confirm this limit", "The looser limit begins in a day").await?;
    Ok(())
}

/// The ends that nobody comes back from: a break, an exclusion, and giving up what is left.
///
/// # Errors
/// The bot does not play along.
pub async fn leave(world: &World, person: &Person) -> Result<()> {
    arrive(world, person).await?;
    let limits = person.say("/limits", "Your limits").await?;
    let days = person.tap(&limits, "Take a break", "Take a break").await?;
    let review = person.tap(&days, "1 day", "A break of one day").await?;
    person.tap(&review, "Begin the break", "Your break has begun").await?;
    let limits = person.say("/limits", "You are taking a break").await?;
    let months = person.tap(&limits, "Exclude myself", "Exclude yourself").await?;
    let first = person.tap(&months, "6 months", "You are about to exclude yourself").await?;
    let last = person.tap(&first, "I understand", "This cannot be undone").await?;
    person.tap(&last, "Exclude me", "You have excluded yourself").await?;
    let privacy = person.say("/privacy", "Your data").await?;
    let leave = person.tap(&privacy, "Delete my account", "You still have").await?;
    let amount = sol(i64::try_from(DEPOSIT)?);
    let last = person.tap(&leave, "Give up", &format!("You give up {amount} SOL")).await?;
    person.tap(&last, "Delete my account for good", "Your account is deleted").await?;
    person.say("/start", "Welcome to ROOMS").await?;
    Ok(())
}

/// RFC 4648, without padding.
fn from_base32(text: &str) -> Option<Vec<u8>> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut bits = Vec::new();
    for byte in text.bytes() {
        let digit = DIGITS.iter().position(|digit| *digit == byte)?;
        bits.extend((0..5).rev().map(|place| u8::from(digit >> place & 1 == 1)));
    }
    Some(bits.chunks_exact(8).map(|eight| eight.iter().fold(0, |byte, bit| byte << 1 | bit)).collect())
}

#[cfg(test)]
mod tests {
    use super::from_base32;

    #[test]
    fn secrets_are_read_as_the_standard_writes_them() {
        assert_eq!(from_base32("MZXW6YTB").unwrap(), b"fooba");
        assert!(from_base32("mzxw").is_none());
    }
}
