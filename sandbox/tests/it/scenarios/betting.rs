//! Scenarios 25 to 31: placing bets.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use futures::future::{join_all, try_join_all};
use tokio::time::sleep;

use super::people::{Ask, Opened, Person, SOL, Town, says};
use gateway::callbacks::Callback;
use proto::Lamports;
use sandbox::botapi::Shown;
use sandbox::venues::Asset;

/// Rooms of all these scenarios differ in target and horizon: the same question twice is refused.
fn ask(percent: i64) -> Ask {
    Ask { asset: Asset::Eth, percent, horizon: "40m" }
}

/// Scenario 25: The card before the last tap shows the stake, the odds, what it would pay and the fee.
pub async fn scenario_25_the_preview_says_stake_odds_and_payout(town: &Town<'_>) -> Result<()> {
    let (host, ann, bob) =
        tokio::try_join!(town.member("Hal"), town.rich("Ann", SOL), town.rich("Bob", SOL))?;
    let room = host.open(ask(101)).await?;
    let alone = ann.preview(room, "YES", "0.1").await?;
    says(&alone, &["Stake 0.1 SOL on YES", "Nobody has staked against YES yet"])?;
    bob.bet(room, "NO", "0.1").await?;
    // Not in the pools that are shown while it can be taken back.
    let waiting = async {
        while town.room(room).await?.pools_lamports != [0, SOL / 10] {
            sleep(Duration::from_millis(200)).await;
        }
        anyhow::Ok(())
    };
    tokio::time::timeout(Duration::from_secs(20), waiting).await.context("the pool stays empty")??;
    let asked = ann.stake_screen(room, "YES").await?;
    let preview = ann.tap(&asked, "0.1 SOL", "Your bet · room").await?;
    // 0.1 + (0.1 − 3 %) × 0.1 / 0.1
    let pays = "If YES wins you get 0.197 SOL (×1.97)";
    says(&preview, &["Stake 0.1 SOL on YES", pays, "fee is already taken off", "the stake is lost"])?;
    ensure!(preview.button("Confirm 0.1 SOL on YES").is_some(), "{:?}", preview.buttons);
    ann.has(SOL).await
}

/// Scenario 26: Below the smallest, above the largest stake or above the balance: refused, and nothing is debited.
pub async fn scenario_26_stakes_outside_the_limits_take_nothing(town: &Town<'_>) -> Result<()> {
    let (host, ann) = tokio::try_join!(town.member("Hal"), town.rich("Ann", SOL))?;
    let room = host.open(ask(102)).await?;
    for (stake, why) in [
        ("0.049", "The smallest stake here is 0.05 SOL; you chose 0.049 SOL"),
        ("5.1", "The largest stake here is 5 SOL; you chose 5.1 SOL"),
        ("1.5", "You have 1 SOL and the stake is 1.5 SOL"),
    ] {
        let asked = ann.stake_screen(room, "YES").await?;
        ann.tap(&asked, "Other amount", "Type your stake").await?;
        let answer = ann.say(stake, "").await?;
        // Where the preview does not know the rule's number, the service does.
        match answer.button("Confirm") {
            Some(_) => ann.refused(&answer, why).await.map(drop)?,
            None => says(&answer, &[why])?,
        }
    }
    ensure!(town.room(room).await?.players == 0, "somebody plays");
    ann.has(SOL).await
}

/// Scenario 27: Confirm tapped twice, and on two devices at once: one bet, one debit, one increment of the pool.
pub async fn scenario_27_two_confirmations_are_one_bet(town: &Town<'_>) -> Result<()> {
    let (host, ann) = tokio::try_join!(town.member("Hal"), town.rich("Ann", SOL))?;
    let room = host.open(ask(103)).await?;
    // Two previews of the same bet, as on two devices, each tapped twice.
    let (one, other) = (ann.preview(room, "YES", "0.2").await?, ann.preview(room, "YES", "0.2").await?);
    let data = |shown: &Shown| shown.data("Confirm").map(str::to_owned).context("nothing to confirm");
    let (first, second) = (data(&one)?, data(&other)?);
    let taps = [(&one, &first), (&one, &first), (&other, &second), (&other, &second)];
    let pressed = join_all(taps.map(|(on, data)| ann.player.press_data(on, data))).await;
    for press in pressed {
        ann.player.answer(&press?).await?;
    }
    ann.hear(&format!("Bet accepted · room #{}", room.number)).await?;
    ann.hear("You already have a bet in this room").await?;
    let accepted = ann.player.messages().await?;
    let accepted = accepted.iter().filter(|shown| shown.text.starts_with("Bet accepted")).count();
    ensure!(accepted == 1, "{accepted} bets accepted");
    let found = town.room(room).await?;
    ensure!(found.players == 1, "{} players", found.players);
    let staked = found.pending_lamports + found.pools_lamports.iter().sum::<i64>();
    ensure!(staked == SOL / 5, "{staked} staked");
    ann.has(SOL * 4 / 5).await
}

/// Scenario 28: Somebody with a bet tries the other side: not offered at side selection, and refused by the service.
pub async fn scenario_28_one_bet_per_room(town: &Town<'_>) -> Result<()> {
    let (host, ann) = tokio::try_join!(town.member("Hal"), town.rich("Ann", SOL))?;
    let room = host.open(ask(104)).await?;
    // A preview from before the bet, as on another device.
    let old = ann.preview(room, "NO", "0.1").await?;
    let old_no = old.data("Confirm").context("nothing to confirm")?.to_owned();
    ann.bet(room, "YES", "0.1").await?;
    let card = ann.card(room).await?;
    says(&card, &["Your bet: 0.1 SOL on YES"])?;
    ensure!(card.button("NO").is_none() && card.button("YES").is_none(), "{:?}", card.buttons);
    let stake = Callback::Stake { room: room.id, outcome: 1, stake: Lamports::new(SOL / 10) };
    let forged = ann.forge(&card, &stake.here().encode(), "").await?;
    if forged.button("Confirm").is_some() {
        ann.refused(&forged, "You already have a bet in this room").await?;
    } else {
        says(&forged, &["You already have a bet in this room"])?;
    }
    let fresh = ann.card(room).await?;
    ann.forge(&fresh, &old_no, "You already have a bet in this room").await?;
    ensure!(town.room(room).await?.players == 1, "more than one bet");
    ann.has(SOL * 9 / 10).await
}

/// Scenario 29: One free seat and five confirmations at once: one succeeds, four hear that it is full, without a debit.
pub async fn scenario_29_one_seat_is_taken_once(town: &Town<'_>) -> Result<()> {
    let host = town.member("Hal").await?;
    let room = host.open(ask(106)).await?;
    let coming = ["Ann", "Bob", "Cid", "Dan", "Eve", "Fay", "Gus", "Ida"].map(|name| town.rich(name, SOL));
    let people = try_join_all(coming).await?;
    // Four seats; the last one is kept for a side that is empty, so both sides are taken first.
    for (person, side) in people.iter().zip(["YES", "NO", "YES"]) {
        person.bet(room, side, "0.1").await?;
    }
    let late: Vec<&Person> = people.iter().skip(3).collect();
    let previews = try_join_all(late.iter().map(|person| person.preview(room, "NO", "0.1"))).await?;
    let confirming = late.iter().zip(&previews).map(|(person, preview)| confirmed(person, preview, room));
    let placed = try_join_all(confirming).await?.into_iter().filter(|placed| *placed).count();
    ensure!(placed == 1, "{placed} took the last seat");
    ensure!(town.room(room).await?.players == 4, "not four players");
    let balances = try_join_all(late.iter().map(|person| person.balance())).await?;
    let untouched = balances.iter().filter(|balance| **balance == SOL).count();
    ensure!(untouched == 4, "{balances:?}");
    Ok(())
}

/// Whether the bet was accepted; if not, the room was full.
async fn confirmed(person: &Person<'_>, preview: &Shown, room: Opened) -> Result<bool> {
    let press = person.player.press(preview, "Confirm").await?;
    let accepted = format!("Bet accepted · room #{}", room.number);
    let told = |shown: &Shown| {
        shown.seq > press.seq() && (shown.text.contains(&accepted) || shown.text.contains("Not placed."))
    };
    let told = person.player.find(told).await?;
    if told.text.contains(&accepted) {
        return Ok(true);
    }
    says(&told, &["All 4 seats are taken"])?;
    Ok(false)
}

/// Scenario 30: The lock has passed by the database's clock: whatever has or has not run since, a confirmation is refused.
pub async fn scenario_30_after_the_lock_nothing_is_accepted(town: &Town<'_>) -> Result<()> {
    let (host, ann) = tokio::try_join!(town.member("Hal"), town.rich("Ann", SOL))?;
    let room = host.open(Ask { horizon: "44s", ..ask(107) }).await?;
    let preview = ann.preview(room, "YES", "0.1").await?;
    let lock_at = town.room(room).await?.terms.context("no terms")?.lock_at;
    let lock_at = proto::from_timestamp(lock_at.as_ref())?;
    #[expect(clippy::disallowed_methods, reason = "the database has this machine's clock")]
    let left = lock_at - time::OffsetDateTime::now_utc();
    sleep(Duration::try_from(left).unwrap_or_default() + Duration::from_millis(1)).await;
    ann.refused(&preview, "Betting closed").await?;
    let found = town.room(room).await?;
    ensure!(found.players == 0, "a late bet");
    ann.has(SOL).await
}

/// Scenario 31: A preview of earlier is confirmed: balance and the rule of one bet are checked anew (the lock: 30; and an hour later the
/// preview itself is too old, which the gateway's own tests show).
pub async fn scenario_31_an_old_preview_is_checked_anew(town: &Town<'_>) -> Result<()> {
    let (host, ann) = tokio::try_join!(town.member("Hal"), town.rich("Ann", SOL))?;
    let (first, second) = (host.open(ask(108)).await?, host.open(ask(109)).await?);
    let old = ann.preview(first, "YES", "0.6").await?;
    ann.bet(second, "NO", "0.7").await?;
    // Enough when it was shown, not any more.
    ann.refused(&old, "You have 0.3 SOL and the stake is 0.6 SOL").await?;
    ensure!(town.room(first).await?.players == 0, "somebody plays");
    ann.has(SOL * 3 / 10).await
}
