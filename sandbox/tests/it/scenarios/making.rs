//! Scenarios 18 to 24: rooms as they are opened and shown.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use prost::Message;
use proto::room::{
    Kind, OpenOperatorRoom, OpenOperatorRoomRequest, OpenRoom, OpenRoomDone, RoomState,
    room_operator_service_client::RoomOperatorServiceClient,
};
use proto::statement::Statement;
use proto::wallet::OperatorSignature;
use proto::{RoomId, common::outcome};
use rust_decimal::Decimal;
use sandbox::tokens::FROG;
use sandbox::venues::Asset;
use sandbox::world::operators;
use solana_keypair::{Keypair, Signer, read_keypair_file};
use tokio::time::sleep;
use uuid::Uuid;

use super::people::{Ask, Opened, SOL, Town, between, opened, says};

/// Everything that a markup could take for its own, and letters from elsewhere.
const QUESTION: &str = "Is <b>5 & 3</b> > \"2\"? *_`[x](https://example.org)` &amp; <script>alert('1')</script> 🐸 \
                        Größe, 測試, проверка – will anybody still read this question whole at its two hundredth sign?";

/// Scenario 18: A text with markup, emoji and two hundred characters is shown as it was written: in list, card, history and confirmation.
pub async fn scenario_18_whatever_an_operator_writes_is_shown_as_text(town: &Town<'_>) -> Result<()> {
    let ann = town.rich("Ann", SOL).await?;
    ensure!(QUESTION.chars().count() <= 200, "{}", QUESTION.chars().count());
    let room = open_custom(town).await?;
    let card = ann.card(room).await?;
    says(&card, &[QUESTION, "<i>maybe</i>"])?;
    let plain = |entity: &sandbox::botapi::Entity| entity.kind != "text_link";
    ensure!(card.message.entities.iter().all(plain), "a link was smuggled in");
    let asked = ann.tap(&card, "<i>maybe", "How much do you stake?").await?;
    let preview = ann.tap(&asked, "0.1 SOL", "Your bet · room").await?;
    says(&preview, &[QUESTION])?;
    let placed = ann.tap(&preview, "Confirm", "Bet accepted").await?;
    says(&placed, &[QUESTION])?;
    says(&ann.say("/bets", "My bets").await?, &[QUESTION, "<i>maybe</i>"])
}

/// A question in words, signed by the world's first operator.
async fn open_custom(town: &Town<'_>) -> Result<Opened> {
    let id = RoomId::new(Uuid::now_v7());
    let file = town.world.folder().path().join(operators::FILES[0]);
    let key: Keypair = read_keypair_file(&file).map_err(|error| anyhow::anyhow!("{error}"))?;
    #[expect(clippy::disallowed_methods, reason = "an operator has the machine's clock")]
    let now = time::OffsetDateTime::now_utc();
    let mut by = OperatorSignature {
        operator: key.pubkey().to_string(),
        signed_at: Some(proto::timestamp(now)),
        ..OperatorSignature::default()
    };
    let room = OpenRoom {
        room_id: id.bytes(),
        kind: Kind::Custom.into(),
        horizon_seconds: 3_600,
        ..OpenRoom::default()
    };
    let mut command = OpenOperatorRoom {
        room: Some(room),
        question: QUESTION.to_owned(),
        outcomes: vec!["<i>maybe</i>".to_owned(), "no & never".to_owned()],
        criterion: "what <u>everybody</u> says".to_owned(),
        source_url: "https://example.org/?a=1&b=2".to_owned(),
        by: Some(by.clone()),
        ..OpenOperatorRoom::default()
    };
    by.signature = key.sign_message(&command.bytes()?).as_ref().to_vec();
    command.by = Some(by);
    let mut client = RoomOperatorServiceClient::new(town.world.channel("room-svc")?);
    let request =
        OpenOperatorRoomRequest { request_id: Uuid::now_v7().as_bytes().to_vec(), command: Some(command) };
    let answer = client.open_operator_room(request).await?.into_inner().outcome.context("no outcome")?;
    let Some(outcome::Result::Done(done)) = answer.result else { anyhow::bail!("refused: {answer:?}") };
    let room = OpenRoomDone::decode(done.as_slice())?.room.context("no room")?;
    Ok(Opened { number: room.number, id })
}

/// Scenario 19: From a room to the wallet, while the room changes: the wallet stays.
pub async fn scenario_19_a_screen_is_not_overwritten_by_another(town: &Town<'_>) -> Result<()> {
    let (host, ann, bob) = tokio::try_join!(town.member("Hal"), town.member("Ann"), town.rich("Bob", SOL))?;
    let room = host.open(Ask { asset: Asset::Btc, percent: 101, horizon: "41m" }).await?;
    let card = ann.card(room).await?;
    let desk = ann.tap(&card, "Desk", "Your desk").await?;
    let wallet = ann.tap(&desk, "Wallet", "Available").await?;
    bob.bet(room, "YES", "0.1").await?;
    // Longer than live cards wait between two changes.
    sleep(Duration::from_secs(7)).await;
    let now = ann.player.messages().await?;
    let now = now.iter().find(|shown| shown.message_id == wallet.message_id).context("the wallet is gone")?;
    ensure!(now.text == wallet.text, "overwritten by {}", now.text);
    Ok(())
}

/// Scenario 20: A price room is completed and reviewed: it is open, with the right times, and its creator is the host.
pub async fn scenario_20_the_wizard_opens_what_was_reviewed(town: &Town<'_>) -> Result<()> {
    let host = town.member("Hal").await?;
    let review = host.review(Ask { asset: Asset::Sol, percent: 103, horizon: "1h" }).await?;
    let target = between(&review.text, "at or above $", " ")?.replace(',', "");
    let card = host.tap(&review, "Open this room", "Your room is open.").await?;
    let found = town.room(opened(&card)?).await?;
    ensure!(found.state() == RoomState::Open, "{:?}", found.state());
    let terms = found.terms.context("no terms")?;
    let at = |stamp: &Option<_>| proto::from_timestamp(stamp.as_ref());
    let (open, lock, deadline) = (at(&terms.open_at)?, at(&terms.lock_at)?, at(&terms.deadline)?);
    ensure!(deadline - open == time::Duration::HOUR, "{}", deadline - open);
    ensure!(lock - open == time::Duration::minutes(30), "{}", lock - open);
    ensure!(terms.host_account_id == host.account().await?.bytes(), "another host");
    ensure!((terms.kind(), terms.asset.as_str()) == (Kind::Close, "SOL"), "{terms:?}");
    let (kept, shown): (Decimal, Decimal) = (terms.target.parse()?, target.parse()?);
    ensure!(kept == shown, "{kept} instead of {shown}");
    says(&host.card(opened(&card)?).await?, &["You opened this room"])
}

/// Scenario 21: `2m` and `5b` as market caps: the wizard completes, and 2,000,000 and 5,000,000,000 are stored.
pub async fn scenario_21_market_caps_are_typed_short_and_kept_long(town: &Town<'_>) -> Result<()> {
    let host = town.member("Hal").await?;
    for (typed, stored) in [("2m", "2000000"), ("5b", "5000000000")] {
        let kinds = host.say("/create", "What kind of question?").await?;
        host.tap(&kinds, "Market cap, touch", "mint address").await?;
        host.say(FROG, "Type the target market cap").await?;
        let horizons = host.say(typed, "How long until the deadline?").await?;
        let review = host.tap(&horizons, "1 h", "Review your room").await?;
        let card = host.tap(&review, "Open this room", "Your room is open.").await?;
        let terms = town.room(opened(&card)?).await?.terms.context("no terms")?;
        ensure!(terms.kind() == Kind::CapTouch && terms.asset == FROG, "{terms:?}");
        ensure!(terms.target == stored, "{typed} is kept as {}", terms.target);
    }
    Ok(())
}

/// Scenario 22: Assets are chosen among those that there are; one that is unknown is said to be.
pub async fn scenario_22_an_unknown_asset_is_said_to_be_unknown(town: &Town<'_>) -> Result<()> {
    let host = town.member("Hal").await?;
    let kinds = host.say("/create", "What kind of question?").await?;
    let assets = host.tap(&kinds, "Touch", "Which price?").await?;
    for symbol in ["SOL", "BTC", "ETH"] {
        ensure!(assets.button(symbol).is_some(), "{:?}", assets.buttons);
    }
    host.say("DOGE", "").await?;
    // What was typed chose nothing.
    host.say("/create", "Which price?").await?;
    let kinds = host.forge(&assets, "2cr.k", "What kind of question?").await?;
    host.tap(&kinds, "Market cap, close", "mint address").await?;
    host.say("FROG", "That is not a mint address").await?;
    host.say(&Keypair::new().pubkey().to_string(), "YES means").await?;
    let sides = host.player.last_screen().await?;
    host.tap(&sides, "at or above", "I cannot read the market cap").await?;
    Ok(())
}

/// Scenario 23: A target already met or unreadable, a room that there is, a horizon outside of the limits: refused with the reason.
pub async fn scenario_23_what_cannot_be_a_room_is_refused_with_its_reason(town: &Town<'_>) -> Result<()> {
    let (host, other) = tokio::try_join!(town.member("Hal"), town.member("Ann"))?;
    let kinds = host.say("/create", "What kind of question?").await?;
    let assets = host.tap(&kinds, "Touch", "Which price?").await?;
    host.tap(&assets, "BTC", "Type the target price").await?;
    for target in ["10abc", "-5", "0", "NaN", "1e5"] {
        host.say(target, "I cannot read that as a price").await?;
    }
    // As near as the price moves by itself.
    let near = town.percent(Asset::Btc, 100);
    let horizons = host.say(&near.to_string(), "How long until the deadline?").await?;
    let review = host.tap(&horizons, "1 h", "Review your room").await?;
    let refused = host.tap(&review, "Open this room", "Not opened.").await?;
    ensure!(
        refused.text.contains("already at the target") || refused.text.contains("too near"),
        "{}",
        refused.text
    );
    let review = host.tap(&refused, "Change it", "Review your room").await?;
    host.tap(&review, "Target", "Type the target price").await?;
    host.say(&town.percent(Asset::Btc, 120).to_string(), "").await?;
    for horizon in ["5s", "25h"] {
        let review = host.say("/create", "Review your room").await?;
        let horizons = host.tap(&review, "Deadline", "How long until the deadline?").await?;
        host.tap(&horizons, "Other", "Type how long").await?;
        let review = host.say(horizon, "Review your room").await?;
        let refused = host.tap(&review, "Open this room", "Not opened.").await?;
        says(&refused, &["The deadline must be between 10 s and"])?;
    }
    // The same question twice.
    let ask = Ask { asset: Asset::Btc, percent: 130, horizon: "3h" };
    let review = other.review(ask).await?;
    let target = between(&review.text, "at or above $", " ")?.replace(',', "");
    let card = other.tap(&review, "Open this room", "Your room is open.").await?;
    let first = opened(&card)?;
    let third = town.member("Bob").await?;
    let kinds = third.say("/create", "What kind of question?").await?;
    let assets = third.tap(&kinds, "Close", "Which price?").await?;
    let sides = third.tap(&assets, "BTC", "YES means").await?;
    third.tap(&sides, "at or above", "Type the target price").await?;
    let horizons = third.say(&target, "How long until the deadline?").await?;
    third.tap(&horizons, "Other", "Type how long").await?;
    let review = third.say("3h", "Review your room").await?;
    let refused = third.tap(&review, "Open this room", "").await?;
    // A minute may have begun in between; then it is another question.
    if refused.text.contains("Not opened.") {
        says(&refused, &[&format!("Room #{} asks the same question already", first.number)])?;
        third
            .tap(&refused, &format!("Open room #{}", first.number), &format!("Room #{} ", first.number))
            .await?;
    }
    Ok(())
}

/// Scenario 24: Going back in a dialogue loses nothing.
pub async fn scenario_24_going_back_loses_nothing(town: &Town<'_>) -> Result<()> {
    let host = town.member("Hal").await?;
    let review = host.review(Ask { asset: Asset::Eth, percent: 121, horizon: "2h" }).await?;
    let target = between(&review.text, "at or above $", " ")?.to_owned();
    let kinds = host.tap(&review, "Kind", "What kind of question?").await?;
    host.tap(&kinds, "Touch", "").await?;
    // Away and back again, by another door.
    host.say("/wallet", "Available").await?;
    let review = host.say("/create", "Review your room").await?;
    says(&review, &["ETH", &target, "2 h"])?;
    let kinds = host.tap(&review, "Kind", "What kind of question?").await?;
    let review = host.tap(&kinds, "Close", "Review your room").await?;
    says(&review, &[&format!("at or above ${target}")])
}

/// Scenario 24: The gateway ends in the middle of a dialogue: the draft is still there.
pub async fn scenario_24_a_draft_survives_a_restart(town: &Town<'_>) -> Result<()> {
    let host = town.member("Hal").await?;
    let review = host.review(Ask { asset: Asset::Eth, percent: 123, horizon: "2h" }).await?;
    let target = between(&review.text, "at or above $", " ")?.to_owned();
    let gateway = town.world.service("gateway")?;
    gateway.kill().await;
    // While it is away.
    let waiting = host.say("/create", "Review your room");
    let (again, ready) = tokio::join!(waiting, gateway.ready_within(Duration::from_secs(30)));
    ready?;
    let again = again?;
    says(&again, &[&format!("at or above ${target}"), "2 h"])?;
    host.tap(&again, "Open this room", "Your room is open.").await?;
    Ok(())
}
