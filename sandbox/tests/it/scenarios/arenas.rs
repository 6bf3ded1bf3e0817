//! Scenarios 49 and 51: the group in which the players of a room meet.

use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use chassis::grpc::Channel;
use proto::common::RefusalCode;
use proto::room::{
    ArenaState, ListArenasRequest, RegisterArena, RegisterArenaDone, RegisterArenaRequest,
    room_operator_service_client::RoomOperatorServiceClient,
};
use proto::statement::Statement;
use proto::wallet::OperatorSignature;
use sandbox::botapi::{GroupNow, Shown};
use sandbox::venues::Asset;
use sandbox::world::operators;
use solana_keypair::{Keypair, Signer, read_keypair_file};
use tokio::time::sleep;
use uuid::Uuid;

use super::people::{Ask, SOL, Town};

const FREE: &str = "ROOMS arena – free";

/// A step of a group takes less.
const PATIENCE: Duration = Duration::from_secs(60);

fn operators(town: &Town<'_>) -> Result<RoomOperatorServiceClient<Channel>> {
    Ok(RoomOperatorServiceClient::new(town.world.channel("room-svc")?))
}

/// The world's first operator adds a group to the pool.
async fn add(town: &Town<'_>, chat_id: i64) -> Result<proto::Decided<RegisterArenaDone>> {
    let file = town.world.folder().path().join(operators::FILES[0]);
    let key: Keypair = read_keypair_file(&file).map_err(|error| anyhow!("{error}"))?;
    #[expect(clippy::disallowed_methods, reason = "an operator has the machine's clock")]
    let now = time::OffsetDateTime::now_utc();
    let mut by = OperatorSignature {
        operator: key.pubkey().to_string(),
        signed_at: Some(proto::timestamp(now)),
        ..OperatorSignature::default()
    };
    let command = RegisterArena { chat_id, by: Some(by.clone()) };
    by.signature = key.sign_message(&command.bytes()?).as_ref().to_vec();
    let command = Some(RegisterArena { by: Some(by), ..command });
    let request = RegisterArenaRequest { request_id: Uuid::now_v7().as_bytes().to_vec(), command };
    let answer = operators(town)?.register_arena(request).await?.into_inner();
    Ok(answer.outcome.context("no outcome")?.decided()?)
}

/// Waits until a group is as it should be.
async fn becomes(town: &Town<'_>, chat: i64, what: &str, fits: impl Fn(&GroupNow) -> bool) -> Result<()> {
    let waiting = async {
        while !fits(&town.game.group_now(chat).await?) {
            sleep(Duration::from_millis(100)).await;
        }
        anyhow::Ok(())
    };
    match tokio::time::timeout(PATIENCE, waiting).await {
        Ok(done) => done,
        Err(_) => Err(anyhow!("{what} in vain: {:?}", town.game.group_now(chat).await?)),
    }
}

/// Waits until the pool knows the only group so.
async fn is(town: &Town<'_>, state: ArenaState) -> Result<()> {
    let mut client = operators(town)?;
    let waiting = async {
        loop {
            let arenas = client.list_arenas(ListArenasRequest {}).await?.into_inner().arenas;
            if arenas.iter().all(|arena| arena.state() == state) {
                return anyhow::Ok(());
            }
            sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.with_context(|| format!("no arena is {state:?}"))?
}

/// Where the button into the group leads.
fn link(shown: &Shown) -> Result<String> {
    let keyboard = shown.message.reply_markup.as_ref().context("no keyboard")?;
    let button =
        keyboard.inline_keyboard.iter().flatten().find(|button| button.text == "Group of the players");
    button.and_then(|button| button.url.clone()).with_context(|| format!("no way in: {:?}", shown.buttons))
}

/// Scenario 49: A room that opens gets the free group: renamed, silent, its link for players alone.
///
/// Scenario 51: Once it is locked they may talk; after the result the link is revoked, they are removed, and the group is free again.
pub async fn scenarios_49_and_51_a_group_hosts_the_players_of_a_room(town: &Town<'_>) -> Result<()> {
    let (host, ann, bob, eve, owner) = tokio::try_join!(
        town.member("Hal"),
        town.rich("Ann", SOL),
        town.rich("Bob", SOL),
        town.member("Eve"),
        town.stranger("Olga"),
    )?;
    let group = town.game.group("Hall", &[&owner.player]).await?;
    let mine = owner.player.id();

    // Without its rights the bot can do nothing, and says so; with them the group is free.
    add(town, group.id).await?.map_err(|refusal| anyhow!("{refusal}"))?;
    is(town, ArenaState::Faulty).await?;
    town.game.appoint(&group, true).await?;
    // The same words in the same second have the same signature, which counts once.
    sleep(Duration::from_secs(1)).await;
    add(town, group.id).await?.map_err(|refusal| anyhow!("{refusal}"))?;
    is(town, ArenaState::Free).await?;
    becomes(town, group.id, "free", |now| now.title == FREE && now.muted).await?;
    sleep(Duration::from_secs(1)).await;
    let again = add(town, group.id).await?.err().context("twice in the pool")?;
    ensure!(again.code == RefusalCode::ArenaState, "{again}");

    let room = host.open(Ask { asset: Asset::Btc, percent: 99, horizon: "40s" }).await?;
    let title = format!("ROOMS #{} – BTC ≥ ", room.number);
    becomes(town, group.id, "prepared", |now| now.title.starts_with(&title) && now.muted).await?;
    is(town, ArenaState::Ready).await?;
    let (accepted, _) = tokio::try_join!(ann.bet(room, "YES", "0.1"), bob.bet(room, "NO", "0.1"))?;
    let link = link(&accepted)?;
    ensure!(self::link(&ann.card(room).await?)? == link, "another link on the card");

    ensure!(!ann.player.open_link(&link).await?, "nobody was asked");
    ensure!(!eve.player.open_link(&link).await?, "nobody was asked");
    becomes(town, group.id, "joined", |now| now.members == [mine, ann.player.id()]).await?;
    eve.hear(&format!("for the players of room #{}", room.number)).await?;
    ensure!(ann.player.say_in(&group, "hello?").await.is_err(), "before the lock they bet");

    becomes(town, group.id, "talking", |now| !now.muted).await?;
    ann.player.say_in(&group, "Up it goes").await?;
    ann.hear("You won").await?;
    let over = |now: &GroupNow| now.title == FREE && now.muted && now.members == [mine];
    becomes(town, group.id, "cleared", over).await?;
    let expired = ann.player.open_link(&link).await.err().context("the link still works")?;
    ensure!(expired.to_string().contains("INVITE_HASH_EXPIRED"), "{expired}");
    is(town, ArenaState::Free).await
}
