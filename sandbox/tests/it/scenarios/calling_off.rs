//! Scenarios 32 and 53: rooms that end without a result, because too few came or because operators say so.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use prost::Message as _;
use proto::common::{
    AuditRecord, ListAuditRequest, RefusalCode, audit_service_client::AuditServiceClient, outcome,
};
use proto::room::{RoomState, VoidReason};
use proto::settlement::{
    RuleRoom, RuleRoomDone, RuleRoomRequest,
    settlement_operator_service_client::SettlementOperatorServiceClient,
};
use proto::statement::Statement as _;
use proto::wallet::OperatorSignature;
use sandbox::venues::Asset;
use sandbox::world::operators;
use solana_keypair::{Keypair, read_keypair_file};
use solana_signer::Signer as _;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::people::{Ask, Opened, Person, SOL, Town, opened, says};

/// What the two operators say, word for word.
const REASON: &str = "the question was <b>misprinted</b>";

/// Scenario 32: A room that queues takes stakes and sides at once, and begins with the player who is still missing; one that never
/// begins gives back every stake (the spec has no second moment at which sides are chosen).
pub async fn scenario_32_a_room_queues_until_its_players_are_there(town: &Town<'_>) -> Result<()> {
    let (host, ann, bob) =
        tokio::try_join!(town.member("Hal"), town.rich("Ann", SOL), town.rich("Bob", SOL))?;
    let room = open_queuing(&host, Ask { asset: Asset::Btc, percent: 141, horizon: "45m" }).await?;
    ann.bet(room, "YES", "0.1").await?;
    says(&ann.card(room).await?, &["waiting for players", "1 of 2 players"])?;
    ensure!(town.room(room).await?.state() == RoomState::Queuing, "it began with one player");
    bob.bet(room, "NO", "0.1").await?;
    ensure!(town.room(room).await?.state() == RoomState::Open, "it queues with all its players");

    let lonely = open_queuing(&host, Ask { asset: Asset::Btc, percent: 142, horizon: "40s" }).await?;
    ann.bet(lonely, "YES", "0.2").await?;
    ann.has(SOL * 7 / 10).await?;
    ann.hear("too few players").await?;
    let found = town.room(lonely).await?;
    let reason = found.result.as_ref().map(|result| result.void_reason());
    ensure!((found.state(), reason) == (RoomState::Voided, Some(VoidReason::MinPlayers)), "{found:?}");
    ann.has(SOL * 9 / 10).await
}

/// A room that begins with its second player.
async fn open_queuing(host: &Person<'_>, ask: Ask) -> Result<Opened> {
    let review = host.review(ask).await?;
    let players = host.tap(&review, "Players", "How many players").await?;
    let review = host.tap(&players, "2", "Review your room").await?;
    opened(&host.tap(&review, "Open this room", "Your room is open.").await?)
}

/// Scenario 53: Operators void a room: with a reason, with a second operator who says the same, on record; the players hear it and get
/// everything back (the spec lets operators void a room of prices, not decide it).
pub async fn scenario_53_two_operators_void_a_room_with_a_reason(town: &Town<'_>) -> Result<()> {
    let (host, ann, bob) =
        tokio::try_join!(town.member("Hal"), town.rich("Ann", SOL), town.rich("Bob", SOL))?;
    let room = host.open(Ask { asset: Asset::Btc, percent: 143, horizon: "46m" }).await?;
    ann.bet(room, "YES", "0.3").await?;
    bob.bet(room, "NO", "0.2").await?;

    let void = |reason| RuleRoom {
        room_id: room.id.bytes(),
        void_reason: VoidReason::OperatorVoid.into(),
        reason: String::from(reason),
        ..RuleRoom::default()
    };
    ensure!(rule(town, 0, void("")).await? == Err(RefusalCode::Malformed), "taken without a reason");
    let outcome = RuleRoom { void_reason: 0, ..void(REASON) };
    ensure!(rule(town, 0, outcome).await? == Err(RefusalCode::SettlementRuling), "a price was overruled");
    // Said twice by one operator, it is said once.
    for reason in [REASON, "it is <b>misprinted</b>, I say"] {
        let said = rule(town, 0, void(reason)).await?;
        ensure!(said.as_ref().is_ok_and(|done| (done.rulings, done.needed) == (1, 2)), "{said:?}");
    }
    ensure!(town.room(room).await?.state() == RoomState::Open, "one operator was enough");
    let done = rule(town, 1, void(REASON)).await?;
    ensure!(done.as_ref().is_ok_and(|done| done.rulings == 2), "{done:?}");

    for (player, stake) in [(&ann, "0.3"), (&bob, "0.2")] {
        let told = player.hear("cancelled by the operators").await?;
        says(&told, &[stake])?;
        player.has(SOL).await?;
    }
    on_record(town, room).await
}

/// Waits until the audit log has what each of the two signed, and what they agreed on: it is sealed behind what it tells of.
async fn on_record(town: &Town<'_>, room: Opened) -> Result<()> {
    let deadline = Instant::now() + Duration::from_secs(30);
    let id = room.id.uuid().to_string();
    loop {
        let records = audit(town).await?;
        let told = |action: &'static str| {
            records.iter().filter(move |record| record.action == action && record.body.contains("misprinted"))
        };
        let signed: BTreeSet<_> = told("rule_room")
            .filter(|record| record.body.contains(&id))
            .map(|record| &record.actor)
            .collect();
        let agreed = told("operators_ruled").filter(|record| record.subject == room.id.bytes()).count();
        if (signed.len(), agreed) == (2, 1) {
            return Ok(());
        }
        ensure!(Instant::now() < deadline, "{} signed, {agreed} times agreed", signed.len());
        sleep(Duration::from_millis(500)).await;
    }
}

/// One operator's ruling, signed; what it did, or why it was refused.
async fn rule(
    town: &Town<'_>,
    operator: usize,
    ruling: RuleRoom,
) -> Result<Result<RuleRoomDone, RefusalCode>> {
    let file = operators::FILES.get(operator).context("no such operator")?;
    let key: Keypair = read_keypair_file(town.world.folder().path().join(file))
        .map_err(|error| anyhow::anyhow!("{error}"))?;
    #[expect(clippy::disallowed_methods, reason = "an operator has the machine's clock")]
    let now = time::OffsetDateTime::now_utc();
    let mut by = OperatorSignature {
        operator: key.pubkey().to_string(),
        signed_at: Some(proto::timestamp(now)),
        ..OperatorSignature::default()
    };
    let mut command = RuleRoom { by: Some(by.clone()), ..ruling };
    by.signature = key.sign_message(&command.bytes()?).as_ref().to_vec();
    command.by = Some(by);
    let request = RuleRoomRequest { request_id: Uuid::now_v7().as_bytes().to_vec(), command: Some(command) };
    let mut client = SettlementOperatorServiceClient::new(town.world.channel("settlement-svc")?);
    let answer = client.rule_room(request).await?.into_inner().outcome.context("no outcome")?;
    match answer.result {
        Some(outcome::Result::Done(done)) => Ok(Ok(RuleRoomDone::decode(done.as_slice())?)),
        Some(outcome::Result::Refused(refused)) => Ok(Err(refused.code())),
        None => bail!("an outcome that says nothing"),
    }
}

/// settlement-svc's audit log as far as it is sealed.
async fn audit(town: &Town<'_>) -> Result<Vec<AuditRecord>> {
    let mut client = AuditServiceClient::new(town.world.channel("settlement-svc")?);
    let mut records = Vec::new();
    loop {
        let page = client.list_audit(ListAuditRequest { after: records.len() as u64, size: 500 }).await?;
        let page = page.into_inner().records;
        if page.is_empty() {
            return Ok(records);
        }
        records.extend(page);
    }
}
